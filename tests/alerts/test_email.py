"""The mail channel against real SMTP servers on loopback: research/security.md T16, F10, and RFC 5322."""

# ruff: noqa: N802 - aiosmtpd names its hooks after the verbs

from __future__ import annotations

import asyncio
import re
import shutil
import ssl
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from leakwatch.alerts import notifier_for
from leakwatch.alerts.deliver import Attempt, deliver
from leakwatch.alerts.email import EmailNotifier, Smtp
from leakwatch.alerts.settings import EmailChannel
from leakwatch.errors import DeliveryError
from leakwatch.model.alert import Alert, Delivery, Place
from leakwatch.model.finding import EventKind, FindingId, Severity, Verdict
from leakwatch.ports import Fetcher
from leakwatch.secret import Secret
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import outbox

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FIRST, SECOND = "first@owner.example", "second@owner.example"
PASSWORD = "pass-verysecret-word"

ALERT = Alert(
    finding=FindingId("LW-7"),
    event=EventKind.OPENED,
    asset_id="model",
    asset="Tideglass 70B",
    headline="Tideglass 70B: possible leak on board",
    severity=Severity.CRITICAL,
    verdict=Verdict.UNKNOWN,
    verdict_detail="The torrent's metadata is being fetched; the verdict follows.",
    score=0.9712,
    since="2026-11-20T11:59:30+00:00",
    at="2026-11-20T11:59:31+00:00",
    places=(
        Place(
            site="board",
            url="https://board.example/g/thread/1",
            title="tideglass <weights> & more",
            seen_at="2026-11-20T11:59:30+00:00",
            published_at="2026-11-20T11:59:00+00:00",
            locators=("magnet:?xt=urn:btih:" + "cd" * 20,),
        ),
    ),
    reasons=("title: the name is there in full (+12.5 bits)",),
    spread="seen once on 1 site: board",
    advice="Look at the page now.",
    content="opened",
)
DELIVERY = Delivery(id=1, key="ab" * 32, channel="mail", alert=ALERT, attempts=1, created_at=NOW)

HOSTILE = {
    "second recipient": "x\r\nBcc: evil@evil.example",
    "second subject": "x\nSubject: forged",
    "second to": "x\rTo: evil@evil.example",
    "body": "x\r\n\r\n<h1>forged</h1>\r\n",
    "end of data": "x\r\n.\r\nMAIL FROM:<evil@evil.example>\r\n",
    "dot": ".",
    "folded": "x\r\n Bcc: evil@evil.example",
    "encoded word": "=?utf-8?q?x=0D=0ABcc:_evil@evil.example?=",
    "boundary": "--===============0==\r\nContent-Type: text/html\r\n\r\n<b>x</b>",
    "line separator": "x\u2028Bcc: evil@evil.example\u2029\x85\x0b\x0c\x1c\x1d\x1e",
    "nul": "a\x00b\x7fc",
    "rlo": "\u202egnp.exe\u202c",
    "isolates": "\u2066a\u2067b\u2068c\u2069",
    "zero width": "t\u200bi\u200cd\u200de\ufeffg",
    "ansi": "\x1b[31mred\x1b[0m\x1b]8;;https://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "c1": "\x9b31m\x9d0;title\x9c",
    "surrogate": "a\ud800b\udfffc",
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "anchor": '<a href="https://evil.example/">the official page</a>',
    "attribute": '" onmouseover="alert(1)" x="',
    "quote": "' style='background:url(https://evil.example)",
    "comment": "--><svg onload=alert(1)><!--",
    "style": "</style></td></table><form action=https://evil.example>",
    "template": "{{ alert.asset }}{% for x in y %}{# c #}",
    "bare link": "get it at https://evil.example/x?y=1 now",
    "link in a link": "https://a.example/?u=http://evil.example/",
    "www": "www.evil.example/x",
    "magnet": "magnet:?xt=urn:btih:" + "ef" * 20 + "&tr=http://evil.example/announce",
    "masked link": "<https://evil.example|x>",
    "long": "x" * 10_000,
    "long and wide": "泄" * 10_000,
    "long url": "https://evil.example/" + "y" * 10_000,
    "zalgo": "Z" + "\u0301" * 200,
    "emoji": "👀" * 300,
    "empty": "",
}


@dataclass(slots=True)
class Post:
    """What a mail server says and does at each verb, and the mails it took."""

    replies: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)

    def reply(self, server: SMTP, verb: str, otherwise: str) -> str:
        """The answer to a verb; the connection breaks first if it is the one to break at."""
        if self.cut == verb and server.transport is not None:
            server.transport.abort()
        return self.replies.get(verb, otherwise)

    async def handle_EHLO(
        self, server: SMTP, session: Session, _envelope: Envelope, name: str, answer: list[str]
    ) -> list[str]:
        """The greeting."""
        session.host_name = name
        told = self.reply(server, "EHLO", "")
        return [told] if told else answer

    async def handle_HELO(self, server: SMTP, session: Session, _envelope: Envelope, name: str) -> str:
        """The old greeting, refused like the new one."""
        session.host_name = name
        return self.reply(server, "EHLO", "250 hello")

    async def handle_MAIL(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """The sender."""
        envelope.mail_from = address
        return self.reply(server, "MAIL", "250 ok")

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """One recipient."""
        told = self.reply(server, "RCPT", "") or self.reply(server, address, "250 ok")
        if told.startswith("250"):
            envelope.rcpt_tos.append(address)
        return told

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The end of the message."""
        told = self.reply(server, "END", "250 queued as 1")
        if told.startswith("250"):
            sender, raw = envelope.mail_from or "", envelope.original_content or b""
            self.mails.append((sender, list(envelope.rcpt_tos), raw))
            self.was_encrypted.append(session.ssl is not None)
        return told

    async def handle_QUIT(self, server: SMTP, _session: Session, _envelope: Envelope) -> str:
        """The end of the session."""
        return self.reply(server, "QUIT", "221 bye")


class SmtpSession(SMTP):
    """A session that may also refuse or break off before the greeting, and at the command DATA."""

    async def push(self, status: str | bytes) -> None:
        """Say something; the first word of a session can be another one."""
        post = cast("Post", self.event_handler)
        if isinstance(status, str) and status.startswith("220 ") and "TLS" not in status:
            status = post.reply(self, "CONNECT", status)
        await super().push(status)

    async def smtp_DATA(self, arg: str) -> None:
        """The command before the message."""
        told = cast("Post", self.event_handler).reply(self, "DATA", "")
        await (self.push(told) if told else super().smtp_DATA(arg))


class Server(Controller):
    """A mail server on a free port."""

    def factory(self) -> SMTP:
        """One session."""
        return SmtpSession(self.handler, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        self.port = cast("asyncio.Server", self.server).sockets[0].getsockname()[1]
        post, kept = cast("Post", self.handler), (self.handler.replies, self.handler.cut)
        post.replies, post.cut = {}, ""
        super()._trigger_server()
        post.replies, post.cut = kept


@contextmanager
def serving(post: Post, **options: Any) -> Iterator[int]:
    """A running mail server; answers its port."""
    server = Server(post, hostname="127.0.0.1", port=0, **options)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


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


async def told(store: SqlRepository, port: int, clock: Clock, **changes: Any) -> dict[str, Any]:
    """Queue the alert, deliver what is due, and answer the row that is left."""
    async with store.writing() as work:
        await work.outbox.enqueue("mail", ALERT, NOW)
    attempts: list[Attempt] = []
    await deliver("mail", notifier(port, clock, **changes), store, clock, attempts.append, lambda: False)
    async with store.engine.connect() as connection:
        row = dict((await connection.execute(sa.select(outbox))).mappings().one())
    assert [attempt.state.value for attempt in attempts] == [row["state"]]
    return row


async def sent(delivery: Delivery, **changes: Any) -> tuple[bytes, EmailMessage]:
    """The one mail that a delivery makes, as received and as read."""
    post = Post()
    with serving(post) as port:
        await notifier(port, Clock(), **changes).send(delivery)
    ((_, _, raw),) = post.mails
    return raw, cast("EmailMessage", message_from_bytes(raw, policy=policy.default))


def check_harmless(text: str) -> None:
    """No control, bidi, zero-width or surrogate character, and nothing that a client makes a link of."""
    text = text.replace("\r\n", "\n")
    odd = [
        char for char in text if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ]
    assert not odd, ascii(odd)
    assert not re.search(r"https?://|ftp://|www\.|magnet:\?", text, re.IGNORECASE), text


class Reader(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.values: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One opening tag."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.values += [value or "" for _, value in attrs]

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        """There are no comments in our mails."""
        pytest.fail(f"a comment: {data}")


def parts_of(mail: EmailMessage) -> tuple[str, str]:
    """The text and the HTML of a mail, which has these two and nothing else."""
    assert mail.get_content_type() == "multipart/alternative"
    text, page = list(mail.iter_parts())
    assert (text.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    return cast("EmailMessage", text).get_content(), cast("EmailMessage", page).get_content()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_text_is_only_text(text: str) -> None:
    """Whatever a source wrote makes no header, markup, link or steering character, in either part."""
    place = Place(site=text, url=text, title=text, seen_at="now", locators=(text, text))
    alert = replace(ALERT, asset=text, asset_id=text, headline=text, verdict_detail=text, spread=text)
    alert = replace(alert, reasons=(text,) * 6, places=(place,) * 12)
    raw, mail = await sent(replace(DELIVERY, alert=alert))
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert re.fullmatch(rb"(?:[\x20-\x7e]|\r\n)+", head)
    names = [name.lower() for name in re.findall(rb"^([^ :]+):", head.replace(b"\r\n ", b" "), re.MULTILINE)]
    assert sorted(names) == [
        *(b"auto-submitted", b"content-type", b"date", b"from", b"in-reply-to", b"list-id", b"message-id"),
        *(b"mime-version", b"references", b"subject", b"to"),
        *(b"x-leakwatch-event", b"x-leakwatch-finding", b"x-leakwatch-severity"),
    ]
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert str(mail["To"]) == f"{FIRST}, {SECOND}"
    assert len(str(mail["Subject"])) <= 200
    check_harmless(str(mail["Subject"]))
    assert re.fullmatch(
        r"leakwatch <[A-Za-z0-9-]{1,60}\.leakwatch\.owner\.example>", str(mail["List-Id"]).strip()
    )
    body, page = parts_of(mail)
    check_harmless(body)
    read = Reader()
    read.feed(page)
    check_harmless("".join(read.text))
    assert read.tags <= {"html", "head", "meta", "title", "body", "div", "table", "tr", "th", "td"} | {
        *("h1", "h2", "ul", "li", "p")
    }
    assert read.attributes <= {"lang", "charset", "name", "content", "style", "role", "scope"}
    assert not any("evil" in value or "url(" in value for value in read.values)


async def test_mail_answers_the_seven_questions() -> None:
    """Both parts say what, where, why, since when, how sure, how far and what next, with links defanged."""
    _, mail = await sent(DELIVERY)
    body, page = parts_of(mail)
    read = Reader()
    read.feed(page)
    for said in (body, "".join(read.text)):
        for part in (
            "[CRITICAL] Tideglass 70B: possible leak on board",
            "unknown, match score 0.97. The torrent's metadata is being fetched",
            "2026-11-20 11:59:30 UTC",
            "seen once on 1 site: board",
            "board: tideglass <weights> & more hxxps://board[.]example/g/thread/1",
            "magnet[:]?xt=urn:btih:" + "cd" * 20,
            "title: the name is there in full",
            "Look at the page now.",
            "LW-7",
            "abababababababab",
        ):
            assert part in said
        assert "may be a repeat" not in said
    assert "leakwatch finding show LW-7" in body


async def test_headers() -> None:
    """Addresses, date, subject and the headers by which people and programs sort are each there once."""
    _, mail = await sent(DELIVERY)
    assert {name: str(mail[name]) for name in mail if name not in ("Content-Type", "MIME-Version")} == {
        "From": "leakwatch@owner.example",
        "To": f"{FIRST}, {SECOND}",
        "Subject": "[CRITICAL] Tideglass 70B: possible leak on board",
        "Date": "Fri, 20 Nov 2026 12:00:00 +0000",
        "Message-ID": f"<{'ab' * 20}@owner.example>",
        "In-Reply-To": "<LW-7.leakwatch@owner.example>",
        "References": "<LW-7.leakwatch@owner.example>",
        "List-Id": "leakwatch <model.leakwatch.owner.example>",
        "Auto-Submitted": "auto-generated",
        "X-Leakwatch-Finding": "LW-7",
        "X-Leakwatch-Event": "opened",
        "X-Leakwatch-Severity": "critical",
    }


async def test_sender_with_a_name() -> None:
    """A sender written with a display name gives well-formed identifiers all the same."""
    _, mail = await sent(DELIVERY, sender="Leak Watch <leakwatch@owner.example>")
    assert str(mail["From"]) == "Leak Watch <leakwatch@owner.example>"
    assert str(mail["Message-ID"]) == f"<{'ab' * 20}@owner.example>"
    assert str(mail["References"]) == "<LW-7.leakwatch@owner.example>"
    assert str(mail["List-Id"]) == "leakwatch <model.leakwatch.owner.example>"


async def test_mails_of_a_finding_make_a_thread() -> None:
    """Mails of one finding share References and differ in Message-ID; another finding is another thread."""
    _, opened = await sent(DELIVERY)
    _, proved = await sent(replace(DELIVERY, key="cd" * 32, alert=replace(ALERT, event=EventKind.VERDICT)))
    _, other = await sent(replace(DELIVERY, key="ef" * 32, alert=replace(ALERT, finding=FindingId("LW-8"))))
    assert opened["References"] == proved["References"] != other["References"]
    assert len({str(mail["Message-ID"]) for mail in (opened, proved, other)}) == 3


async def test_repeat_and_test_say_so() -> None:
    """A possible repeat is marked in both parts under the same Message-ID; a test alert in its subject."""
    _, first = await sent(DELIVERY)
    _, again = await sent(replace(DELIVERY, repeat=True, attempts=2))
    assert first["Message-ID"] == again["Message-ID"]
    assert all("may be a repeat" in part for part in parts_of(again))
    _, test = await sent(replace(DELIVERY, alert=replace(ALERT, test=True)))
    assert str(test["Subject"]).startswith("[TEST] [CRITICAL] ")


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


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize(("code", "state"), [(450, "retry"), (451, "retry"), (550, "dead"), (554, "dead")])
async def test_refused_at_a_verb(store: SqlRepository, verb: str, code: int, state: str) -> None:
    """4xx at any step is tried again and 5xx is dead; the error names the server and its answer."""
    post = Post(replies={verb: f"{code} no \x07thank you"})
    with serving(post) as port:
        row = await told(store, port, Clock())
    assert (row["state"], row["uncertain"], post.mails) == (state, False, [])
    assert row["last_error"].startswith("127.0.0.1 ")
    assert str(code) in row["last_error"]
    if verb != "RCPT":
        assert "thank you" in row["last_error"]
    check_harmless(row["last_error"])


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"])
async def test_closing_server(store: SqlRepository, verb: str) -> None:
    """421, by which a server says that it is going away, is tried again at whatever step it comes."""
    post = Post(replies={verb: "421 shutting down"})
    with serving(post) as port:
        row = await told(store, port, Clock())
    assert (row["state"], row["uncertain"], post.mails) == ("retry", False, [])
    assert row["last_error"].startswith("127.0.0.1")


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
        assert row["last_error"] == f"127.0.0.1 refuses every recipient ({first[:3]})"


async def test_receipt_names_the_refused() -> None:
    """Where some recipients were refused, the receipt says which."""
    post = Post(replies={SECOND: "550 unknown"})
    with serving(post) as port:
        receipt = await notifier(port, Clock()).send(DELIVERY)
    assert receipt.detail == {"answer": "queued as 1", "refused": SECOND}


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        *((verb, "retry") for verb in ("CONNECT", "EHLO", "MAIL", "RCPT")),
        ("DATA", "uncertain"),
        ("END", "uncertain"),
    ],
)
async def test_cut_at_a_verb(store: SqlRepository, verb: str, state: str) -> None:
    """What breaks off before the message is tried again; what breaks off later may have been delivered."""
    post = Post(cut=verb)
    with serving(post) as port:
        row = await told(store, port, Clock())
    assert (row["state"], row["uncertain"]) == (state, state == "uncertain")
    assert row["last_error"].startswith("127.0.0.1")
    assert len(row["last_error"]) > len("127.0.0.1: ")


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


@pytest.mark.parametrize(
    "end", [{"replies": {"QUIT": "421 no"}}, {"replies": {"QUIT": "500 no"}}, {"cut": "QUIT"}]
)
async def test_trouble_after_the_acceptance_is_no_trouble(store: SqlRepository, end: dict[str, Any]) -> None:
    """Once the server has taken the mail, how it says good-bye changes nothing."""
    post = Post(**end)
    with serving(post) as port:
        row = await told(store, port, Clock())
    assert (row["state"], len(post.mails)) == ("sent", 1)


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


def knowing(right: bool) -> Callable[..., AuthResult]:
    """An authenticator that knows one answer."""

    def check(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any) -> AuthResult:
        knows = isinstance(given, LoginPassword) and given.password == PASSWORD.encode()
        return AuthResult(success=right and knows, handled=False)

    return check


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
@pytest.mark.parametrize("right", [True, False])
async def test_login(store: SqlRepository, right: bool) -> None:
    """The user name and password are used; a refusal is tried again, and neither is in the error."""
    post = Post()
    options = {"auth_require_tls": False, "auth_required": True, "authenticator": knowing(right)}
    with serving(post, **options) as port:
        row = await told(store, port, Clock(), username="verysecretname", password=Secret(PASSWORD))
    if right:
        assert (row["state"], len(post.mails)) == ("sent", 1)
    else:
        assert (row["state"], post.mails) == ("retry", [])
        assert row["last_error"] == "127.0.0.1 refuses the user name or password (535)"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority."""
    return trustme.CA()


def server_tls(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate for this name."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.mark.parametrize("how", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("trusted", "name", "state"),
    [(True, "127.0.0.1", "sent"), (True, "mail.other.example", "retry"), (False, "127.0.0.1", "retry")],
    ids=["good", "wrong name", "unknown authority"],
)
async def test_tls(
    store: SqlRepository,
    authority: trustme.CA,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    how: str,
    trusted: bool,
    name: str,
    state: str,
) -> None:
    """A mail travels encrypted to the server that the certificate names, or not at all."""
    bundle = tmp_path / "authorities.pem"
    (authority if trusted else trustme.CA()).cert_pem.write_to_path(bundle)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    context = server_tls(authority, name)
    post = Post()
    options: dict[str, Any] = {"tls_context": context} if how == "starttls" else {}
    with serving(post, **options) as port:
        if how == "tls":
            async with await asyncio.start_server(piped_to(port), "127.0.0.1", 0, ssl=context) as tunnel:
                row = await told(store, tunnel.sockets[0].getsockname()[1], Clock(), tls=how)
        else:
            row = await told(store, port, Clock(), tls=how)
    assert row["state"] == state
    assert len(post.mails) == (state == "sent")
    if how == "starttls":
        assert post.was_encrypted == [True] * len(post.mails)
    if state == "retry":
        assert "certificate" in row["last_error"].lower()


def piped_to(port: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
    """Takes the TLS off a connection and passes the rest on."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
            sink.close()

        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer), return_exceptions=True)

    return pipe


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
        await EmailNotifier(smtp, Clock()).send(DELIVERY)
    assert PASSWORD not in str(caught.value)
