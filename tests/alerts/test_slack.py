"""The Slack channel against a real server on loopback: research/security.md T12 and F11, Slack's limits."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from leakwatch.alerts import notifier_for
from leakwatch.alerts.deliver import Attempt, deliver
from leakwatch.alerts.settings import SlackChannel
from leakwatch.alerts.slack import payload
from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.model.alert import Alert, Delivery, DeliveryState, Place
from leakwatch.secret import Secret
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import outbox

from .harmless import check_harmless
from .hostile import HOSTILE
from .samples import ALERT, DELIVERY, NOW
from .slack_validator import problems

PATH = "/services/T000/B000/verysecretpart"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NO_TLS = ssl.SSLContext(
    ssl.PROTOCOL_TLS_CLIENT
)  # nothing here speaks TLS: loading the authorities would be slow


@dataclass(slots=True)
class Receiver:
    """A server that reads one request a connection and answers as told; an empty answer is a reset."""

    answer: bytes = OK
    reset_at_once: bool = False
    port: int = 0
    bodies: list[bytes] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The secret address."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if not self.reset_at_once:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
                self.heads.append(head)
                self.bodies.append(await reader.readexactly(int(length[1]) if length else 0))
                writer.write(self.answer)
                await writer.drain()
        if self.reset_at_once or not self.answer:
            writer.transport.abort()
        writer.close()


def http(status: int, body: bytes = b"", **headers: str) -> bytes:
    """One HTTP answer."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body


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
async def fetcher(*allowed: str) -> AsyncIterator[HttpFetcher]:
    """The door, open to these hosts."""
    settings = DoorSettings(contact="mailto:a@example.org", allow_hosts=frozenset(allowed))
    async with HttpFetcher(settings, secret=str, clock=Clock(), tls=NO_TLS) as door:
        yield door


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy from."""
    file = tmp_path_factory.mktemp("slack") / "empty.db"
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


async def told(store: SqlRepository, url: str, clock: Clock, *allowed: str) -> tuple[Attempt, dict[str, Any]]:
    """Queue the alert, deliver what is due, and answer the attempt with the row it left."""
    async with store.writing() as work:
        await work.outbox.enqueue("slack", ALERT, NOW)
    attempts: list[Attempt] = []
    channel = SlackChannel(name="slack", kind="slack", url=Secret(url))
    async with fetcher(*(allowed or ("127.0.0.1",))) as door:
        notifier = notifier_for(channel, door, clock)
        await deliver("slack", notifier, store, clock, attempts.append, lambda: False)
    async with store.engine.connect() as connection:
        row = (await connection.execute(sa.select(outbox))).mappings().one()
    (attempt,) = attempts
    return attempt, dict(row)


def texts(message: dict[str, Any]) -> Iterator[str]:
    """Every text of a message's blocks, all of which stand where no markup is read."""

    def walk(told: Any) -> Iterator[str]:
        if isinstance(told, list):
            for one in told:
                yield from walk(one)
        elif isinstance(told, dict):
            if isinstance(told.get("text"), str):
                assert told["type"] in ("plain_text", "text")
                assert told.get("emoji", False) is False
                yield told["text"]
            for value in told.values():
                yield from walk(value)

    return walk(message["blocks"])


def said_in(message: dict[str, Any]) -> str:
    """What a reader sees, the runs of a rich text one after the other."""
    return "".join(one if one.startswith("\n") or one.endswith(" ") else f"{one}\n" for one in texts(message))


def hostile_alert(text: str) -> Alert:
    """The text in every field that can hold what a source wrote."""
    place = Place(site=text, url=text, title=text, seen_at="2026-11-20T11:59:30+00:00", locators=(text, text))
    return replace(
        ALERT,
        asset=text,
        headline=text,
        verdict_detail=text,
        spread=text,
        reasons=(text,) * 6,
        places=(place,) * 12,
    )


async def send(door: HttpFetcher, url: str, delivery: Delivery) -> None:
    """Send one delivery, past the outbox."""
    await notifier_for(SlackChannel(name="s", kind="slack", url=Secret(url)), door, Clock()).send(delivery)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_text_is_only_text(receiver: Receiver, text: str) -> None:
    """Whatever a source wrote arrives as plain text without links, mentions or steering characters."""
    async with fetcher("127.0.0.1") as door:
        await send(door, receiver.url, replace(DELIVERY, alert=hostile_alert(text)))
    (body,) = receiver.bodies
    assert b"\x1b" not in body
    message = json.loads(body.decode("utf-8", "strict"))
    assert problems(message) == []
    assert message["unfurl_links"] is message["unfurl_media"] is False
    assert set(message) == {"text", "blocks", "unfurl_links", "unfurl_media"}
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", message["text"]), message["text"]
    check_harmless(message["text"])
    for one in texts(message):
        check_harmless(one)


def test_message_answers_the_seven_questions() -> None:
    """What, where, why, since when, how sure, how far and what next are all said, with links defanged."""
    message = payload(DELIVERY)
    said = said_in(message)
    for part in (
        "[CRITICAL] Tideglass 70B: possible leak on board",
        "What Tideglass 70B",
        "How sure unknown, match score 0.97",
        "Since 2026-11-20 11:59:30 UTC",
        "Spread seen once on 1 site: board",
        "Where board: tideglass weights hxxps://board[.]example/g/thread/1",
        "board: tideglass weights hxxps://board[.]example/g/thread/1 (seen 2026-11-20 11:59:30 UTC",
        "magnet[:]?xt=urn:btih:" + "cd" * 20,
        "Why title: the name is there in full",
        "Next Look at the page now.",
        "LW-7 · abababababababab · leakwatch finding show LW-7",
    ):
        assert part in said
    assert "repeat" not in said
    assert message["text"] == "[CRITICAL] Tideglass 70B: possible leak on board"


def test_bare_alert_is_a_message() -> None:
    """An alert that has neither places nor reasons nor details still keeps to Slack's limits."""
    message = payload(
        replace(
            DELIVERY, alert=replace(ALERT, places=(), reasons=(), verdict_detail="", spread="", advice="")
        )
    )
    assert problems(message) == []


def test_repeat_and_test_say_so() -> None:
    """A possible repeat and a test alert are marked as such, and the key is the same in both copies."""
    again = payload(replace(DELIVERY, repeat=True, attempts=2))
    assert (
        "abababababababab · leakwatch finding show LW-7 · possible repeat"
        in again["blocks"][-1]["elements"][0]["text"]
    )
    assert payload(replace(DELIVERY, alert=replace(ALERT, test=True)))["text"].startswith(
        "[TEST] [CRITICAL] "
    )


async def test_accepted(receiver: Receiver, store: SqlRepository) -> None:
    """The answer 200 with the body ok is sent, by one POST of JSON to the secret path."""
    attempt, row = await told(store, receiver.url, Clock())
    assert attempt.state is DeliveryState.SENT
    assert (row["state"], row["attempts"], row["sent_at"], row["last_error"]) == ("sent", 1, NOW, None)
    (head,) = receiver.heads
    assert head.startswith(f"POST {PATH} HTTP/1.1\r\n")
    assert "content-type: application/json; charset=utf-8\r\n" in head.lower()
    assert json.loads(receiver.bodies[0])["text"].startswith("[CRITICAL]")


REFUSALS = {
    "other text": (http(200, b"invalid_token"), "retry", "200: invalid_token"),
    "json": (http(200, b'{"ok":false,"error":"channel_not_found"}'), "retry", "channel_not_found"),
    "empty": (http(200), "retry", "200"),
    "not ok": (http(200, b"okay"), "retry", "okay"),
    "redirect": (http(302, Location="http://127.0.0.1:9/"), "retry", "302"),
    "400": (http(400, b"invalid_payload"), "dead", "400: invalid_payload"),
    "403": (http(403, b"action_prohibited"), "dead", "403: action_prohibited"),
    "404": (http(404, b"channel_not_found"), "dead", "404: channel_not_found"),
    "410": (http(410, b"channel_is_archived"), "dead", "410: channel_is_archived"),
    "429": (http(429, b"rate_limited", Retry_After="90"), "retry", "429: rate_limited"),
    "500": (http(500, b"rollup_error"), "retry", "500: rollup_error"),
    "503": (http(503), "retry", "503"),
    "hostile": (http(500, b"\x1b[31m<!channel>\xe2\x80\xae\xff"), "retry", "500: \\x1b[31m<!channel>\\u202e"),
    "huge": (http(500, b"x" * 100_000), "retry", "500: xxx"),
}


@pytest.mark.parametrize(("answer", "state", "cause"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_refused(
    receiver: Receiver, store: SqlRepository, answer: bytes, state: str, cause: str
) -> None:
    """A refusal is tried again or dead by its status; the error names host and cause, not the secret path."""
    receiver.answer = answer
    attempt, row = await told(store, receiver.url, Clock())
    assert (attempt.state.value, row["state"], row["attempts"]) == (state, state, 1)
    assert len(receiver.bodies) == 1
    assert cause in row["last_error"]
    assert "127.0.0.1" in row["last_error"]
    assert "verysecret" not in row["last_error"]
    assert len(row["last_error"]) < 400
    check_harmless(row["last_error"])
    assert row["uncertain"] is False


@pytest.mark.parametrize(
    ("wait", "least_s", "most_s"),
    [
        ("90", 90, 90),
        ("7200", 3600, 3600),
        ("9" * 30, 3600, 3600),
        ("0", 5, 10),
        ("-5", 5, 10),
        ("soon", 5, 10),
        ("", 5, 10),
        ("1e9", 5, 10),
        ("\u00b2", 5, 10),
    ],
)
async def test_retry_after(
    receiver: Receiver, store: SqlRepository, wait: str, least_s: float, most_s: float
) -> None:
    """Retry-After in seconds is obeyed up to an hour, and nonsense in it is as if it were not there."""
    receiver.answer = http(429, b"rate_limited", Retry_After=wait)
    _, row = await told(store, receiver.url, Clock())
    assert row["state"] == "retry"
    assert timedelta(seconds=least_s) <= row["due_at"] - NOW <= timedelta(seconds=most_s)


async def test_nothing_is_sent_inside_the_wait(receiver: Receiver, store: SqlRepository) -> None:
    """While Retry-After runs no request is made; after it the same message goes out, not as a repeat."""
    receiver.answer = http(429, b"rate_limited", Retry_After="90")
    clock = Clock()
    await told(store, receiver.url, clock)
    receiver.answer = OK
    clock.time = NOW + timedelta(seconds=89)
    channel = SlackChannel(name="slack", kind="slack", url=Secret(receiver.url))
    attempts: list[Attempt] = []
    async with fetcher("127.0.0.1") as door:
        notifier = notifier_for(channel, door, clock)
        await deliver("slack", notifier, store, clock, attempts.append, lambda: False)
        assert (attempts, len(receiver.bodies)) == ([], 1)
        clock.time = NOW + timedelta(seconds=91)
        await deliver("slack", notifier, store, clock, attempts.append, lambda: False)
    assert [one.state for one in attempts] == [DeliveryState.SENT]
    assert receiver.bodies[0] == receiver.bodies[1]


async def test_reset_after_the_body_is_uncertain(receiver: Receiver, store: SqlRepository) -> None:
    """A connection that breaks after the request was read may have delivered it; the next copy says so."""
    receiver.answer = b""
    clock = Clock()
    attempt, row = await told(store, receiver.url, clock)
    assert (attempt.state.value, row["state"], row["uncertain"]) == ("uncertain", "uncertain", True)
    assert "127.0.0.1" in row["last_error"]
    assert "may have arrived" in row["last_error"]
    assert "verysecret" not in row["last_error"]
    receiver.answer = OK
    clock.time = NOW + timedelta(minutes=1)
    attempt, row = await told(store, receiver.url, clock)
    assert (attempt.state.value, row["attempts"]) == ("sent", 2)
    keys = {
        json.loads(body)["blocks"][-1]["elements"][0]["text"].removesuffix(
            " · possible repeat: an earlier attempt may have arrived"
        )
        for body in receiver.bodies
    }
    assert len(keys) == 1
    assert [b"possible repeat" in body for body in receiver.bodies] == [False, True]


async def test_reset_before_reading_is_tried_again(receiver: Receiver, store: SqlRepository) -> None:
    """A connection that is reset before anything was read is never taken for sent, and never for dead."""
    receiver.reset_at_once = True
    attempt, row = await told(store, receiver.url, Clock())
    assert attempt.state in (DeliveryState.RETRY, DeliveryState.UNCERTAIN)
    assert "127.0.0.1" in row["last_error"]


async def test_cut_inside_the_answer_is_uncertain(receiver: Receiver, store: SqlRepository) -> None:
    """Half an answer proves nothing: the alert may have arrived."""
    receiver.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\no"
    attempt, _ = await told(store, receiver.url, Clock())
    assert attempt.state is DeliveryState.UNCERTAIN


async def test_closed_port_is_tried_again(receiver: Receiver, store: SqlRepository) -> None:
    """Where nobody listens nothing was sent: it is tried again, and the error says where and why."""
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    attempt, row = await told(store, f"http://127.0.0.1:{port}{PATH}", Clock())
    assert (attempt.state.value, row["uncertain"]) == ("retry", False)
    assert f"127.0.0.1: no connection to port {port} (Connection refused)" in row["last_error"]


async def test_private_address_is_dead_at_once(receiver: Receiver, store: SqlRepository) -> None:
    """A channel on an address that is not listed is not tried again, and the error names the remedy."""
    attempt, row = await told(store, receiver.url, Clock(), "other.example")
    assert attempt.state is DeliveryState.DEAD
    assert "http.allow_hosts" in row["last_error"]
    assert receiver.bodies == []
