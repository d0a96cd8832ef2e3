"""The mail channel against real SMTP servers on loopback: F10 of the list of faults, TLS, one outcome a recipient."""

from __future__ import annotations

import asyncio
import ipaddress
import shutil
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from leakwatch.alerts import notifier_for
from leakwatch.alerts.deliver import Attempt, deliver
from leakwatch.alerts.email import EmailNotifier, Smtp
from leakwatch.alerts.settings import EmailChannel
from leakwatch.errors import DeliveryError
from leakwatch.ports import Fetcher
from leakwatch.secret import Secret
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import outbox

from .harmless import check_harmless
from .samples import NOW, OPENED, PROVED, due
from .smtp_server import Post, piped_to, serving

FIRST, SECOND = "first@owner.example", "second@owner.example"
PASSWORD = "pass-verysecret-word"


@dataclass(slots=True)
class Clock:
    """A clock that is moved by hand."""

    time: datetime = NOW

    def now(self) -> datetime:
        """The time it was set to."""
        return self.time


def channel(port: int, **changes: Any) -> EmailChannel:
    """The settings of a channel to this server."""
    told: dict[str, Any] = {"name": "mail", "kind": "email", "host": "127.0.0.1", "port": port, "tls": "none"}
    told |= {"sender": "leakwatch@owner.example", "recipients": (FIRST, SECOND), "timeout_s": 5.0}
    return EmailChannel(**(told | changes))


def notifier(port: int, clock: Clock, **changes: Any) -> EmailNotifier:
    """A notifier, made as the daemon makes it."""
    return cast("EmailNotifier", notifier_for(channel(port, **changes), cast("Fetcher", None), clock))


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy from."""
    file = tmp_path_factory.mktemp("mail") / "empty.db"
    asyncio.run(upgrade(f"sqlite:///{file}"))
    return file


@pytest.fixture
async def store(empty_database: Path, tmp_path: Path) -> AsyncIterator[SqlRepository]:
    """An empty database."""
    file = tmp_path / "leakwatch.db"
    shutil.copy(empty_database, file)
    opened = SqlRepository.open(f"sqlite:///{file}")
    yield opened
    await opened.close()


async def rows_after(
    store: SqlRepository, port: int, clock: Clock, to: tuple[str, ...] = ("",), **changes: Any
) -> list[dict[str, Any]]:
    """Queue the alert for each of these, deliver what is due, and answer the rows that are left."""
    async with store.writing() as work:
        for one in to:
            await work.outbox.enqueue("mail", OPENED, NOW, recipient=one)
    attempts: list[Attempt] = []
    await deliver("mail", notifier(port, clock, **changes), store, clock, attempts.append, lambda: False)
    async with store.engine.connect() as connection:
        rows = (await connection.execute(sa.select(outbox).order_by(outbox.c.id))).mappings().all()
    assert len(attempts) == len(rows)
    return [dict(row) for row in rows]


async def told(store: SqlRepository, port: int, clock: Clock, to: str = "", **changes: Any) -> dict[str, Any]:
    """The one row that is left of the alert."""
    (row,) = await rows_after(store, port, clock, (to,), **changes)
    return row


async def test_accepted(store: SqlRepository) -> None:
    """What the server takes for all recipients is sent once, and the row keeps its Message-ID."""
    post = Post()
    with serving(post) as port:
        row = await told(store, port, Clock())
    ((sender, recipients, raw),) = post.mails
    assert (sender, recipients) == ("leakwatch@owner.example", [FIRST, SECOND])
    assert (row["state"], row["sent_at"], row["last_error"]) == ("sent", NOW, None)
    assert f"Message-ID: {row['reference']}\r\n".encode() in raw
    assert row["reference"] == f"<{row['key'][:40]}@owner.example>"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority."""
    return trustme.CA()


def server_tls(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate for this name."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The authority is one of those that the machine trusts."""
    bundle = tmp_path / "authorities.pem"
    authority.cert_pem.write_to_path(bundle)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))


def knowing(right: bool) -> Callable[..., AuthResult]:
    """An authenticator that knows one answer."""

    def check(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any) -> AuthResult:
        knows = isinstance(given, LoginPassword) and given.password == PASSWORD.encode()
        return AuthResult(success=right and knows, handled=False)

    return check


VERBS = ("CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "END", "QUIT")


async def at_a_verb(store: SqlRepository, authority: trustme.CA, post: Post) -> dict[str, Any]:
    """The row of a mail to one recipient, over a session that has every verb."""
    options = {"tls_context": server_tls(authority, "127.0.0.1"), "authenticator": knowing(right=True)}
    with serving(post, **options) as port:
        login = {"username": "verysecretname", "password": Secret(PASSWORD)}
        return await told(store, port, Clock(), to=FIRST, tls="starttls", **login)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("code", "state"), [(421, "retry"), (450, "retry"), (454, "retry"), (550, "dead")])
async def test_refused_at_a_verb(
    store: SqlRepository, authority: trustme.CA, verb: str, code: int, state: str
) -> None:
    """4xx at any step is tried again and 5xx is dead; after the acceptance neither matters. The error says which."""
    post = Post(replies={verb: f"{code} no \x07thank you"})
    row = await at_a_verb(store, authority, post)
    if verb == "QUIT":
        assert (row["state"], len(post.mails)) == ("sent", 1)
        return
    assert (row["state"], row["uncertain"], post.mails) == (state, False, [])
    assert row["last_error"].startswith("127.0.0.1")
    assert str(code) in row["last_error"] or code == 421  # by which a server says that it hangs up
    assert "verysecret" not in row["last_error"]
    check_harmless(row["last_error"])


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("verb", VERBS)
async def test_cut_at_a_verb(store: SqlRepository, authority: trustme.CA, verb: str) -> None:
    """What breaks off before DATA is tried again, what breaks off later may have arrived; after the acceptance it has."""
    post = Post(cut=verb)
    row = await at_a_verb(store, authority, post)
    ends = {"DATA": "uncertain", "END": "uncertain", "QUIT": "sent"}
    state = ends.get(verb, "retry")
    assert (row["state"], row["uncertain"]) == (state, state == "uncertain")
    if state != "sent":
        assert row["last_error"].startswith("127.0.0.1")
        assert len(row["last_error"]) > len("127.0.0.1: ")
        assert "verysecret" not in row["last_error"]


@pytest.mark.parametrize(
    ("answer", "state"), [("250 ok", "sent"), ("450 greylisted", "retry"), ("550 unknown", "dead")]
)
async def test_each_recipient_has_his_own_outcome(store: SqlRepository, answer: str, state: str) -> None:
    """What becomes of one recipient's mail changes nothing of the other's, and neither sees whom else was written to."""
    post = Post(replies={SECOND: answer})
    with serving(post) as port:
        first, second = await rows_after(store, port, Clock(), (FIRST, SECOND))
    assert (first["state"], second["state"]) == ("sent", state)
    assert first["reference"] != second["reference"] or not second["reference"]
    if state != "sent":
        assert second["last_error"] == f"127.0.0.1 refuses the recipient ({answer[:3]}: {answer[4:]})"
    for _, recipients, raw in post.mails:
        read = message_from_bytes(raw, policy=policy.default)
        assert [str(one) for one in read.get_all("To", [])] == recipients


async def test_full_box_of_one_holds_up_nobody_else(store: SqlRepository) -> None:
    """However often one recipient is refused for now, the others are written to at once, and his mail goes out later."""
    post, clock = Post(replies={SECOND: "452 mailbox full"}), Clock()

    async def deliver_all(port: int) -> None:
        await deliver("mail", notifier(port, clock), store, clock, lambda _: None, lambda: False)

    with serving(post) as port:
        await rows_after(store, port, clock, (SECOND,))
        for _ in range(5):
            clock.time += timedelta(hours=1)
            await deliver_all(port)
        async with store.writing() as work:
            assert (await work.channels.get("mail")).failures == 6
            await work.outbox.enqueue("mail", PROVED, clock.time, recipient=FIRST)
        await deliver_all(port)
        assert [to for _, to, _ in post.mails] == [[FIRST]]
        post.replies = {}
        clock.time += timedelta(hours=1)
        await deliver_all(port)
    assert [to for _, to, _ in post.mails] == [[FIRST], [SECOND]]


async def test_refusal_of_one_after_an_outage_frees_the_others(store: SqlRepository) -> None:
    """Where a server that was away refuses one recipient, it is there again: the others are written to at once."""
    post, clock = Post(cut="EHLO", replies={SECOND: "452 mailbox full"}), Clock()
    with serving(post) as port:
        mail = notifier(port, clock)
        async with store.writing() as work:
            await work.outbox.enqueue("mail", OPENED, clock.time, recipient=SECOND)
        for _ in range(5):
            await deliver("mail", mail, store, clock, lambda _: None, lambda: False)
            clock.time += timedelta(hours=1)
        async with store.writing() as work:
            assert (await work.channels.get("mail")).rests_until is not None
            await work.outbox.enqueue("mail", PROVED, clock.time + timedelta(minutes=50), recipient=FIRST)
        post.cut = ""
        await deliver("mail", mail, store, clock, lambda _: None, lambda: False)
    assert [to for _, to, _ in post.mails] == [[FIRST]]


async def test_who_was_taken_off_the_list_is_written_to_no_more(store: SqlRepository) -> None:
    """A mail that waits for somebody who is no recipient any more is dead, and no server hears of it."""
    post = Post()
    with serving(post) as port:
        row = await told(store, port, Clock(), to=SECOND, recipients=(FIRST,))
    assert (row["state"], post.mails) == ("dead", [])
    assert "recipients" in row["last_error"]


def test_notifier_names_its_recipients() -> None:
    """Who sends a row to each asks the notifier who they are."""
    assert notifier(25, Clock()).recipients == (FIRST, SECOND)


async def test_later_mails_hang_on_the_first(store: SqlRepository) -> None:
    """The second mail of a matter names the first as its parent, for each recipient his own."""
    post, clock = Post(), Clock()
    with serving(post) as port:
        await rows_after(store, port, clock, (FIRST, SECOND))
        async with store.writing() as work:
            for one in (FIRST, SECOND):
                await work.outbox.enqueue("mail", PROVED, NOW, recipient=one)
        await deliver("mail", notifier(port, clock), store, clock, lambda _: None, lambda: False)
    read = [message_from_bytes(raw, policy=policy.default) for _, _, raw in post.mails]
    by_recipient: dict[str, list[Any]] = {}
    for mail in read:
        by_recipient.setdefault(str(mail["To"]), []).append(mail)
    for opened, proved in by_recipient.values():
        assert str(proved["In-Reply-To"]) == str(opened["Message-ID"])
        assert str(proved["References"]).split() == [str(opened["References"]), str(opened["Message-ID"])]
        assert str(proved["Subject"]) == "[CRITICAL] Tideglass 70B: proved"
    assert len({str(mail["Message-ID"]) for mail in read}) == 4


@pytest.mark.parametrize(
    ("first", "second", "state", "taken"),
    [
        ("250 ok", "550 unknown", "sent", [FIRST]),
        ("450 greylisted", "250 ok", "sent", [SECOND]),
        ("450 greylisted", "451 greylisted", "retry", []),
        ("550 unknown", "450 greylisted", "retry", []),
        ("450 greylisted", "550 unknown", "retry", []),
        ("550 unknown", "553 unknown", "dead", []),
    ],
)
async def test_refused_recipients(
    store: SqlRepository, first: str, second: str, state: str, taken: list[str]
) -> None:
    """A refused recipient does not keep the others from being told; dead is what all refuse for good."""
    post = Post(replies={FIRST: first, SECOND: second})
    with serving(post) as port:
        row = await told(store, port, Clock())
    assert row["state"] == state
    assert [recipients for _, recipients, _ in post.mails] == ([taken] if taken else [])
    if not taken:
        assert row["last_error"] == f"127.0.0.1 refuses every recipient ({first[:3]}: {first[4:]})"


async def test_receipt_names_the_refused() -> None:
    """Where some recipients were refused, the receipt says which."""
    post = Post(replies={SECOND: "550 unknown"})
    with serving(post) as port:
        receipt = await notifier(port, Clock()).send(due(OPENED))
    assert receipt.detail == {"answer": "queued as 1", "refused": SECOND}


async def test_cut_after_data_is_sent_again_as_a_repeat(store: SqlRepository) -> None:
    """A mail whose acceptance was never heard goes out again, same Message-ID, marked as a repeat."""
    post, clock = Post(cut="END"), Clock()
    with serving(post) as port:
        await told(store, port, clock)
        post.cut = ""
        clock.time += timedelta(minutes=1)
        row = await told(store, port, clock)
    assert (row["state"], row["attempts"]) == ("sent", 2)
    read = [message_from_bytes(raw, policy=policy.default) for _, _, raw in post.mails]
    assert len(read) == 2
    assert len({str(mail["Message-ID"]) for mail in read}) == 1
    assert [b"may be a repeat" in raw for _, _, raw in post.mails] == [False, True]


async def test_nobody_listens(store: SqlRepository) -> None:
    """Where nobody listens nothing was sent: it is tried again, and the error says where and why."""
    with serving(Post()) as port:
        pass
    row = await told(store, port, Clock())
    assert (row["state"], row["uncertain"]) == ("retry", False)
    assert row["last_error"].startswith(f"127.0.0.1:{port} cannot be reached: ")
    assert "Connect call failed" in row["last_error"]


async def test_silent_server_is_given_up(store: SqlRepository) -> None:
    """A server that accepts the connection and says nothing costs no more than the channel's time-out."""
    gone = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        gone.set()

    async with asyncio.timeout(5), await asyncio.start_server(listen, "127.0.0.1", 0) as silent:
        row = await told(store, silent.sockets[0].getsockname()[1], Clock(), timeout_s=0.2)
        await gone.wait()
    assert (row["state"], row["uncertain"]) == ("retry", False)
    assert "127.0.0.1" in row["last_error"]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
@pytest.mark.parametrize("right", [True, False])
async def test_login(store: SqlRepository, right: bool) -> None:
    """The user name and password are used; that they are refused is dead at once, and neither is in the error."""
    post = Post()
    options = {"auth_require_tls": False, "auth_required": True, "authenticator": knowing(right)}
    with serving(post, **options) as port:
        row = await told(store, port, Clock(), username="verysecretname", password=Secret(PASSWORD))
    if right:
        assert (row["state"], len(post.mails)) == ("sent", 1)
    else:
        assert (row["state"], post.mails) == ("dead", [])
        assert row["last_error"] == "127.0.0.1 refuses the user name or password (535)"


def certificate(authority: trustme.CA, kind: str, folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate that is good, or not in one way."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    match kind:
        case "expired":
            past = datetime(2020, 1, 1, tzinfo=UTC)
            authority.issue_cert(
                "127.0.0.1", not_before=past, not_after=past + timedelta(days=90)
            ).configure_cert(context)
        case "self-signed":
            self_signed(folder / "own.pem")
            context.load_cert_chain(folder / "own.pem")
        case "another authority":
            trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        case _:
            name = "mail.other.example" if kind == "wrong name" else "127.0.0.1"
            authority.issue_cert(name).configure_cert(context)
    return context


def self_signed(path: Path) -> None:
    """A certificate that nobody but itself vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(pem))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("how", ["starttls", "tls"])
@pytest.mark.parametrize("kind", ["good", "wrong name", "expired", "self-signed", "another authority"])
async def test_tls(store: SqlRepository, authority: trustme.CA, tmp_path: Path, how: str, kind: str) -> None:
    """A mail travels encrypted to the server that a valid certificate names, or not at all, nor does the password."""
    context = certificate(authority, kind, tmp_path)
    post = Post()
    known: list[bytes] = []
    options: dict[str, Any] = {"authenticator": noting(known), "auth_require_tls": how == "starttls"}
    options |= {"tls_context": context} if how == "starttls" else {}
    login = {"username": "verysecretname", "password": Secret(PASSWORD), "tls": how}
    with serving(post, **options) as port:
        if how == "tls":
            async with await asyncio.start_server(piped_to(port), "127.0.0.1", 0, ssl=context) as tunnel:
                row = await told(store, tunnel.sockets[0].getsockname()[1], Clock(), **login)
        else:
            row = await told(store, port, Clock(), **login)
    is_good = kind == "good"
    assert row["state"] == ("sent" if is_good else "retry")
    assert (len(post.mails), len(known)) == (is_good, is_good)
    if how == "starttls":
        assert post.was_encrypted == [True] * len(post.mails)
    if not is_good:
        assert "certificate" in row["last_error"].lower()


def noting(known: list[bytes]) -> Callable[..., AuthResult]:
    """An authenticator that notes the passwords it is told."""

    def check(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any) -> AuthResult:
        known.append(given.password)
        return AuthResult(success=True)

    return check


@pytest.mark.parametrize(
    "login", [{}, {"username": "verysecretname", "password": Secret(PASSWORD)}], ids=["", "login"]
)
async def test_no_tls_no_mail(store: SqlRepository, login: dict[str, Any]) -> None:
    """A server that offers no STARTTLS gets neither the mail nor the password in the clear."""
    post = Post()
    with serving(post) as port:
        row = await told(store, port, Clock(), tls="starttls", **login)
    assert (row["state"], post.mails) == ("retry", [])
    assert "STARTTLS" in row["last_error"]
    assert "verysecret" not in row["last_error"]


async def test_smtp_settings_do_not_show_the_password() -> None:
    """Neither the channel's settings nor an error of the notifier shows the password."""
    assert PASSWORD not in repr(channel(25, password=Secret(PASSWORD)))
    smtp = Smtp(
        host="127.0.0.1", port=1, sender="a@b.example", recipients=(FIRST,), tls="none", password=PASSWORD
    )
    with pytest.raises(DeliveryError) as caught:
        await EmailNotifier(smtp, Clock()).send(due(OPENED))
    assert PASSWORD not in str(caught.value)
