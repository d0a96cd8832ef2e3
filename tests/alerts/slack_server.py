"""A Slack-shaped server on loopback: an incoming webhook, the Web API methods that are used, and Socket Mode.

It keeps to the documented shape: `ok` and `error` inside HTTP 200, blocks refused that are over their limits, time
stamps as identities, threads, metadata told only when asked for, cursors. Faults are queued, one a request.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from .slack_validator import problems

TOKEN, APP_TOKEN, CHANNEL, TEAM = "xoxb-verysecret-1", "xapp-verysecret-2", "C024BE91L", "T0WORK"
_WEBSOCKET = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass(slots=True)
class Fault:
    """What goes wrong with one request to a method, "" for any: an answer, or a reset before or after accepting."""

    method: str = ""
    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    reset: str = ""
    slow_s: float = 0.0


def refusal(method: str, code: str) -> Fault:
    """`ok: false` inside an HTTP 200."""
    return Fault(method=method, status=200, body=json.dumps({"ok": False, "error": code}).encode())


@dataclass(slots=True)
class SlackServer:
    """One workspace with one channel."""

    faults: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    times: list[tuple[str, float]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    hooked: list[dict[str, Any]] = field(default_factory=list)
    whispered: list[dict[str, Any]] = field(default_factory=list)
    scopes: set[str] = field(default_factory=lambda: {"chat:write", "channels:history"})
    sockets: list[asyncio.StreamWriter] = field(default_factory=list)
    heard: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    stalls: dict[str, float] = field(default_factory=dict)
    opened: int = 0
    port: int = 0
    _count: int = 0

    @property
    def api(self) -> str:
        """The address of the methods."""
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def hook(self) -> str:
        """The secret address of the incoming webhook."""
        return f"http://127.0.0.1:{self.port}/services/T000/B000/verysecretpart"

    @property
    def parents(self) -> list[dict[str, Any]]:
        """The messages of the channel itself."""
        return [one for one in self.messages if "thread_ts" not in one]

    @property
    def replies(self) -> list[dict[str, Any]]:
        """The messages inside threads."""
        return [one for one in self.messages if "thread_ts" in one]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one request, or a WebSocket."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            if "upgrade: websocket" in head.lower():
                await self._websocket(head, reader, writer)
            else:
                await self._request(head, reader, writer)
        writer.close()

    async def _request(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = head.split(" ", 2)[1]
        method = "hook" if path.startswith("/services/") else path.removeprefix("/api/")
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        fault = self._fault(method)
        if fault.reset == "before":
            writer.transport.abort()
            return
        body = await reader.readexactly(int(length[1]) if length else 0)
        self.times.append((method, asyncio.get_running_loop().time()))
        await asyncio.sleep(fault.slow_s or self.stalls.get(method, 0.0))
        if fault.status:
            answer, headers, status = fault.body, fault.headers, fault.status
        else:
            status, answer = self._answer(method, head, body)
            headers = {}
        if fault.reset == "after":
            writer.transport.abort()
            return
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        start = f"HTTP/1.1 {status} X\r\n{lines}Content-Length: {len(answer)}\r\n\r\n"
        writer.write(start.encode("latin-1") + answer)
        await writer.drain()

    def _fault(self, method: str) -> Fault:
        for fault in self.faults:
            if fault.method in ("", method):
                self.faults.remove(fault)
                return fault
        return Fault()

    def _answer(self, method: str, head: str, body: bytes) -> tuple[int, bytes]:
        if method == "hook":
            told = json.loads(body)
            wrong = problems(told)
            self.hooked.append(told)
            return (400, f"invalid_blocks {wrong}".encode()) if wrong else (200, b"ok")
        if "x-www-form-urlencoded" in head:
            told = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
        else:
            told = json.loads(body)
        self.calls.append((method, told))
        token = re.search(r"^authorization: bearer (\S+)", head, re.IGNORECASE | re.MULTILINE)
        wanted = APP_TOKEN if method == "apps.connections.open" else TOKEN
        if not token or token[1] != wanted:
            return 200, _no("invalid_auth")
        return 200, self._called(method, told)

    def _called(self, method: str, told: dict[str, Any]) -> bytes:
        match method:
            case "chat.postMessage":
                return self._post(told)
            case "chat.update":
                return self._update(told)
            case "conversations.history" | "conversations.replies":
                return self._history(told)
            case "chat.postEphemeral":
                self.whispered.append(told)
                return _yes(message_ts="1.0")
            case "auth.test":
                return _yes(team_id=TEAM, user_id="U0BOT")
            case "apps.connections.open":
                self.opened += 1
                return _yes(url=f"ws://127.0.0.1:{self.port}/link?ticket={self.opened}")
        return _no("unknown_method")

    def _post(self, told: dict[str, Any]) -> bytes:
        if told.get("channel") != CHANNEL:
            return _no("channel_not_found")
        wrong = problems(told)
        if wrong:
            return _no(f"invalid_blocks {wrong}")
        self._count += 1
        stamp = f"17000000{self._count:02d}.{self._count:06d}"
        self.messages.append(told | {"ts": stamp})
        return _yes(channel=CHANNEL, ts=stamp, message={"text": told.get("text")})

    def _update(self, told: dict[str, Any]) -> bytes:
        found = next((one for one in self.messages if one["ts"] == told.get("ts")), None)
        if found is None:
            return _no("message_not_found")
        wrong = problems(told)
        if wrong:
            return _no(f"invalid_blocks {wrong}")
        found.update(told)
        return _yes(channel=CHANNEL, ts=told["ts"])

    def _history(self, told: dict[str, Any]) -> bytes:
        if "channels:history" not in self.scopes:
            return _no("missing_scope")
        thread = told.get("ts")
        chosen = [one for one in self.messages if one.get("thread_ts") == thread or one["ts"] == thread]
        if thread is None:
            chosen = [
                one for one in reversed(self.messages) if "thread_ts" not in one or one.get("reply_broadcast")
            ]
        if told.get("inclusive") == "true" and "latest" in told:
            chosen = [one for one in chosen if told["oldest"] <= one["ts"] <= told["latest"]]
        start, size = int(told.get("cursor", "0")), int(told.get("limit", "100"))
        page = [dict(one) for one in chosen[start : start + size]]
        if told.get("include_all_metadata") != "true":
            for one in page:
                one.pop("metadata", None)
        more = {"next_cursor": str(start + size)} if start + size < len(chosen) else {"next_cursor": ""}
        return _yes(messages=page, response_metadata=more)

    async def _websocket(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        key = re.search(r"^sec-websocket-key: (\S+)", head, re.IGNORECASE | re.MULTILINE)
        accept = base64.b64encode(
            hashlib.sha1((key[1] if key else "").encode() + _WEBSOCKET).digest()
        ).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        self.sockets.append(writer)
        self.say({"type": "hello", "num_connections": 1}, writer)
        try:
            while True:
                opcode, data = await _frame(reader)
                if opcode == 0x8:
                    return
                if opcode == 0x9:
                    writer.write(_framed(0xA, data))
                elif opcode == 0x1:
                    await self.heard.put(json.loads(data))
        finally:
            self.sockets.remove(writer)

    def say(self, told: dict[str, Any], writer: asyncio.StreamWriter | None = None) -> None:
        """Send a message over the newest WebSocket, or the one that is named."""
        (writer or self.sockets[-1]).write(_framed(0x1, json.dumps(told).encode()))


def _yes(**told: Any) -> bytes:
    return json.dumps({"ok": True, **told}).encode()


def _no(code: str) -> bytes:
    return json.dumps({"ok": False, "error": code}).encode()


def _framed(opcode: int, data: bytes) -> bytes:
    """One unmasked frame, as servers send them (RFC 6455 §5.2)."""
    if len(data) < 126:
        return bytes([0x80 | opcode, len(data)]) + data
    return bytes([0x80 | opcode, 126]) + struct.pack("!H", len(data)) + data


async def _frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """One frame of a client, whose mask is taken off."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size == 126:
        size = struct.unpack("!H", await reader.readexactly(2))[0]
    elif size == 127:
        size = struct.unpack("!Q", await reader.readexactly(8))[0]
    mask = await reader.readexactly(4)
    data = await reader.readexactly(size)
    return first & 0x0F, bytes(byte ^ mask[number % 4] for number, byte in enumerate(data))


@asynccontextmanager
async def slack_server() -> AsyncIterator[SlackServer]:
    """A running server."""
    made = SlackServer()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, limit=4 * 1024 * 1024)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        for writer in list(made.sockets):
            writer.transport.abort()
        server.close()
        await server.wait_closed()
