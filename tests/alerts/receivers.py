"""What tests of channels share: what no text may have in it, a server on loopback with faults, the door to it."""

from __future__ import annotations

import asyncio
import re
import ssl
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher

from .samples import NOW

NO_TLS = ssl.SSLContext(
    ssl.PROTOCOL_TLS_CLIENT
)  # for servers that speak none: loading the authorities would be slow

_STEERING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_LIVE = re.compile(r"(?:https?|ftp|tg|slack|discord|steam)://|\bwww\.|magnet:\?", re.IGNORECASE)


def strings(value: Any) -> Iterator[str]:
    """All text inside JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)


def check_harmless(text: str) -> None:
    """No character that steers, no pile of marks, nothing that a client makes a link of by itself."""
    found = _STEERING.search(text)
    assert not found, ascii(found)
    assert not _LIVE.search(text), text[:500]
    run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        assert run <= 4, ascii(char)


@dataclass(slots=True)
class Clock:
    """A clock that is moved by hand."""

    time: datetime = NOW

    def now(self) -> datetime:
        """The time it was set to."""
        return self.time


def http(status: int, body: bytes = b"", **headers: str) -> bytes:
    """One HTTP answer."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body


@dataclass(slots=True)
class Receiver:
    """A server that reads one request a connection and gives the next of its answers, the last one for ever.

    An empty answer is a reset after the request was read; `reset_at_once` one before; `waits_s` before the answer.
    """

    answers: list[bytes] = field(default_factory=lambda: [http(200)])
    reset_at_once: bool = False
    waits_s: float = 0.0
    port: int = 0
    scheme: str = "http"
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    serving: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The address, with a secret in it."""
        return f"{self.scheme}://127.0.0.1:{self.port}/hooks/verysecretpart?token=verysecrettoo"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        answer = b""
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                if not self.reset_at_once:
                    answer = await self._answered(reader)
                    writer.write(answer)
                    await writer.drain()
        finally:
            if not answer:
                writer.transport.abort()
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
            self.serving.discard(task)

    async def _answered(self, reader: asyncio.StreamReader) -> bytes:
        """Read one request; its answer."""
        line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
        assert len(headers) == len(lines), "a header stands there twice"
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests.append((line, headers, body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await asyncio.sleep(self.waits_s)
        return answer


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A running receiver."""
    made = Receiver(scheme="https" if tls else "http")
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    for task in tuple(made.serving):
        task.cancel()
    await asyncio.gather(*made.serving, return_exceptions=True)
    await server.wait_closed()


@asynccontextmanager
async def door(tls: ssl.SSLContext = NO_TLS) -> AsyncIterator[HttpFetcher]:
    """The door, open to loopback."""
    settings = DoorSettings(contact="mailto:a@example.org", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=str, clock=Clock(), tls=tls) as made:
        yield made
