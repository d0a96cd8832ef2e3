"""The signed webhook against a real server on loopback: the Standard Webhooks specification, F12."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import re
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.alerts import notifier_for
from leakwatch.alerts.deliver import Attempt, deliver
from leakwatch.alerts.settings import WebhookChannel
from leakwatch.alerts.webhook import secret_bytes, sign
from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.errors import ConfigError
from leakwatch.model.alert import Alert, Delivery, DeliveryState, Place
from leakwatch.model.finding import EventKind, FindingId, Severity, Verdict
from leakwatch.secret import Secret
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import outbox

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
PATH = "/hooks/verysecretpart?token=verysecrettoo"
NO_TLS = ssl.SSLContext(
    ssl.PROTOCOL_TLS_CLIENT
)  # nothing here speaks TLS: loading the authorities would be slow

ALERT = Alert(
    finding=FindingId("LW-7"),
    event=EventKind.VERDICT,
    asset_id="model",
    asset="Tideglass 70B",
    headline="Tideglass 70B: proved",
    severity=Severity.CRITICAL,
    verdict=Verdict.PROVED,
    verdict_detail="3 of 3 sampled pieces agree",
    score=0.9999,
    since="2026-11-20T11:59:30+00:00",
    at="2026-11-20T11:59:31.250+00:00",
    places=(
        Place(site="board", url="https://board.example/1", title="weights", seen_at="now", locators=("ab",)),
    ),
    reasons=("title: is there (+12.5 bits)",),
    spread="seen once on 1 site: board",
    advice="Confirm.",
    content="verdict:proved",
)
DELIVERY = Delivery(id=1, key="ab" * 32, channel="hook", alert=ALERT, attempts=1, created_at=NOW)

HOSTILE = {
    "mention": "<!channel>",
    "masked link": "<https://evil.example|x>",
    "html": "<script>alert(1)</script>",
    "header": "x\r\nwebhook-id: msg_forged\r\nX-Evil: 1",
    "request": "x\r\n\r\nPOST /evil HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "line ends": "a\nb\rc\r\nd",
    "separators": "a\u2028b\u2029c\x85d",
    "json": '","type":"finding.forged","x":"',
    "backslash": "\\u0022}\\",
    "ansi": "\x1b[31mred\x1b]8;;https://evil.example\x07",
    "c0": "".join(map(chr, range(32))),
    "c1": "".join(map(chr, range(0x7F, 0xA0))),
    "rlo": "\u202egnp.exe",
    "surrogate": "a\ud800b\udc00",
    "pair": "\ud83d\udc40",
    "long": "x" * 10_000,
    "wide": "泄露👀" * 500,
    "zalgo": "Z" + "\u0301" * 200,
    "dots": ".1.2.v1,",
    "empty": "",
}


@dataclass(slots=True)
class Receiver:
    """A server that reads one request a connection and answers as told; an empty answer is a reset."""

    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    reset_at_once: bool = False
    port: int = 0
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address, with a token in it."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if not self.reset_at_once:
                line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
                assert len(headers) == len(lines), "a header stands there twice"
                body = await reader.readexactly(int(headers["content-length"]))
                self.requests.append((line, headers, body))
                writer.write(self.answer)
                await writer.drain()
        if self.reset_at_once or not self.answer:
            writer.transport.abort()
        writer.close()


def http(status: int, **headers: str) -> bytes:
    """One HTTP answer without a body."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\n{lines}Content-Length: 0\r\n\r\n".encode("latin-1")


@dataclass(slots=True)
class Clock:
    """A clock that is moved by hand."""

    time: datetime = NOW

    def now(self) -> datetime:
        """The time it was set to."""
        return self.time


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A running receiver."""
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await server.wait_closed()


@asynccontextmanager
async def fetcher() -> AsyncIterator[HttpFetcher]:
    """The door, open to loopback."""
    settings = DoorSettings(contact="mailto:a@example.org", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=str, clock=Clock(), tls=NO_TLS) as door:
        yield door


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy from."""
    file = tmp_path_factory.mktemp("hook") / "empty.db"
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


async def told(store: SqlRepository, url: str, clock: Clock) -> tuple[Attempt, dict[str, Any]]:
    """Queue the alert, deliver what is due, and answer the attempt with the row it left."""
    async with store.writing() as work:
        await work.outbox.enqueue("hook", ALERT, NOW)
    attempts: list[Attempt] = []
    async with fetcher() as door:
        channel = WebhookChannel(name="hook", kind="webhook", url=url, secret=Secret(SECRET))
        await deliver(
            "hook", notifier_for(channel, door, clock), store, clock, attempts.append, lambda: False
        )
    async with store.engine.connect() as connection:
        row = (await connection.execute(sa.select(outbox))).mappings().one()
    (attempt,) = attempts
    return attempt, dict(row)


async def send(receiver: Receiver, delivery: Delivery, clock: Clock | None = None) -> None:
    """Send one delivery, past the outbox."""
    async with fetcher() as door:
        channel = WebhookChannel(name="h", kind="webhook", url=receiver.url, secret=Secret(SECRET))
        await notifier_for(channel, door, clock or Clock()).send(delivery)


def is_signed(headers: dict[str, str], body: bytes, key: bytes = KEY) -> bool:
    """A receiver's check by the specification: `v1,` and base64 of HMAC-SHA256 over id.timestamp.body."""
    content = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
    version, _, signature = headers["webhook-signature"].partition(",")
    expected = hmac.digest(key, content, "sha256")
    return version == "v1" and hmac.compare_digest(base64.b64decode(signature, validate=True), expected)


def test_signature_of_the_specification() -> None:
    """The example that the reference libraries of Standard Webhooks are tested with gives its signature."""
    key = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(min_size=24, max_size=64), st.integers(0, 2**40), st.binary(max_size=200))
def test_any_signature_verifies_and_no_other(key: bytes, timestamp: int, body: bytes) -> None:
    """For any key, time and body the receiver's own computation agrees, and a changed one does not."""
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(timestamp)}
    headers["webhook-signature"] = sign(key, "msg_1", timestamp, body)
    assert is_signed(headers, body, key)
    assert not is_signed(headers, body + b"x", key)
    assert not is_signed(headers | {"webhook-id": "msg_2"}, body, key)
    assert not is_signed(headers | {"webhook-timestamp": str(timestamp + 1)}, body, key)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_not base64!",
        "whsec_" + base64.b64encode(b"x" * 23).decode(),
        "whsec_" + base64.b64encode(b"x" * 65).decode(),
        "whsec_" + base64.b64encode(b"x" * 32).decode().rstrip("="),
        "whsec_ümläüt",
    ],
)
def test_weak_or_broken_secret_is_refused(secret: str) -> None:
    """A signing secret that is no base64 of 24 to 64 bytes is a ConfigError, which does not repeat it."""
    with pytest.raises(ConfigError, match="24 to 64 bytes") as caught:
        secret_bytes(secret)
    assert len(secret) < 8 or secret.removeprefix("whsec_") not in str(caught.value)


async def test_request_is_as_the_specification_says(receiver: Receiver) -> None:
    """One signed POST of JSON: a type, a time, and the alert with all its fields as they are."""
    await send(receiver, DELIVERY)
    ((line, headers, body),) = receiver.requests
    assert line == f"POST {PATH} HTTP/1.1"
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == "msg_" + "ab" * 20
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert is_signed(headers, body)
    told = json.loads(body)
    assert set(told) == {"type", "timestamp", "data"}
    assert (told["type"], told["timestamp"]) == ("finding.verdict_changed", ALERT.at)
    assert told["data"] == json.loads(json.dumps(asdict(ALERT)))
    assert told["data"]["places"][0]["url"] == "https://board.example/1"


async def test_test_alert_has_a_type_of_its_own(receiver: Receiver) -> None:
    """A receiver can tell a test from a finding by the type."""
    await send(receiver, replace(DELIVERY, alert=replace(ALERT, test=True)))
    assert json.loads(receiver.requests[0][2])["type"] == "test"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_text_stays_inside_its_json_string(receiver: Receiver, text: str) -> None:
    """What a source wrote arrives as the value it is: one signed line of valid JSON, and no header."""
    place = Place(site=text, url=text, title=text, seen_at="now", locators=(text,))
    alert = replace(
        ALERT, asset=text, headline=text, verdict_detail=text, spread=text, reasons=(text,), places=(place,)
    )
    await send(receiver, replace(DELIVERY, alert=alert))
    ((_, headers, body),) = receiver.requests
    ours = {"content-type", "webhook-id", "webhook-timestamp", "webhook-signature"}
    assert set(headers) == ours | {"host", "accept-encoding", "user-agent", "content-length"}
    assert headers["webhook-id"] == "msg_" + "ab" * 20
    assert is_signed(headers, body)
    assert not re.search(rb"[\x00-\x1f]", body)
    told = json.loads(body.decode("utf-8", "strict"))
    expected = re.sub("[\ud800-\udfff]", "?", text)
    assert told["type"] == "finding.verdict_changed"
    for value in (told["data"][name] for name in ("asset", "headline", "verdict_detail", "spread")):
        assert value == expected
    assert told["data"]["places"] == [
        {"site": expected, "url": expected, "title": expected, "seen_at": "now"}
        | {"published_at": None, "locators": [expected]}
    ]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_accepted(receiver: Receiver, store: SqlRepository, status: int) -> None:
    """Any 2xx is sent, and the row keeps the id under which the receiver knows it."""
    receiver.answer = http(status)
    attempt, row = await told(store, receiver.url, Clock())
    assert (attempt.state, row["state"]) == (DeliveryState.SENT, "sent")
    assert row["reference"] == receiver.requests[0][1]["webhook-id"] == f"msg_{row['key'][:40]}"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        *((status, "dead") for status in (400, 401, 403, 404, 405, 410, 413, 422)),
        *((status, "retry") for status in (301, 302, 307, 308, 408, 409, 418, 425, 429, 500, 502, 503, 504)),
    ],
)
async def test_refused(receiver: Receiver, store: SqlRepository, status: int, state: str) -> None:
    """A refusal is dead or tried again by its status; no redirect is followed; errors name the host."""
    receiver.answer = http(status, Location=f"http://127.0.0.1:{receiver.port}/elsewhere")
    attempt, row = await told(store, receiver.url, Clock())
    assert (attempt.state.value, row["state"], row["uncertain"]) == (state, state, False)
    assert len(receiver.requests) == 1
    assert f"127.0.0.1 answered {status}" in row["last_error"]
    assert "verysecret" not in row["last_error"]


async def test_gone_says_so(receiver: Receiver, store: SqlRepository) -> None:
    """410 means that the receiver wants no more, and the error says it."""
    receiver.answer = http(410)
    assert "it wants no more" in (await told(store, receiver.url, Clock()))[0].error


async def test_retry_after_is_obeyed(receiver: Receiver, store: SqlRepository) -> None:
    """A receiver that asks for a pause gets it."""
    receiver.answer = http(429, Retry_After="120")
    _, row = await told(store, receiver.url, Clock())
    assert row["due_at"] == NOW + timedelta(seconds=120)


async def test_every_attempt_has_the_same_id(receiver: Receiver, store: SqlRepository) -> None:
    """Refused, cut off, then accepted: id and body stay, the timestamp moves, every copy verifies."""
    clock = Clock()
    states: list[DeliveryState] = []
    for answer in (http(503), b"", http(200)):
        receiver.answer = answer
        attempt, _ = await told(store, receiver.url, clock)
        states.append(attempt.state)
        clock.time += timedelta(hours=1)
    assert states == [DeliveryState.RETRY, DeliveryState.UNCERTAIN, DeliveryState.SENT]
    assert all(is_signed(headers, body) for _, headers, body in receiver.requests)
    assert len({headers["webhook-id"] for _, headers, _ in receiver.requests}) == 1
    assert len({body for _, _, body in receiver.requests}) == 1
    times = [int(headers["webhook-timestamp"]) for _, headers, _ in receiver.requests]
    assert times == [int(NOW.timestamp()) + 3600 * number for number in range(3)]


async def test_reset_after_the_body_is_uncertain(receiver: Receiver, store: SqlRepository) -> None:
    """A connection that breaks after the request was read may have delivered it."""
    receiver.answer = b""
    attempt, row = await told(store, receiver.url, Clock())
    assert (attempt.state.value, row["uncertain"]) == ("uncertain", True)
    assert f"127.0.0.1:{receiver.port}" in row["last_error"]
    assert "verysecret" not in row["last_error"]


async def test_reset_before_reading_is_tried_again(receiver: Receiver, store: SqlRepository) -> None:
    """A connection that is reset before anything was read is never taken for sent, and never for dead."""
    receiver.reset_at_once = True
    attempt, _ = await told(store, receiver.url, Clock())
    assert attempt.state in (DeliveryState.RETRY, DeliveryState.UNCERTAIN)


async def test_closed_port_is_tried_again(store: SqlRepository) -> None:
    """Where nobody listens nothing was sent: it is tried again, and the error says where and why."""
    server = await asyncio.start_server(Receiver().serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    attempt, row = await told(store, f"http://127.0.0.1:{port}/", Clock())
    assert (attempt.state.value, row["uncertain"]) == ("retry", False)
    assert "Connection refused" in row["last_error"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2:9/x",
        "http://169.254.169.254/latest",
        "http://[::1]/",
        "file:///etc/passwd",
        "nonsense",
    ],
)
async def test_forbidden_address_is_dead_at_once(store: SqlRepository, url: str) -> None:
    """A channel goes through the same door as everything else: what it may not reach is dead."""
    attempt, row = await told(store, url, Clock())
    assert attempt.state is DeliveryState.DEAD
    assert row["last_error"].startswith("webhook: ")
