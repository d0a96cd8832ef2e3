"""Slack's own library for Socket Mode: it keeps a WebSocket open in threads of its own, and renews it.

It encrypts on port 443 only and asks for its address by itself; so the address is asked for by us, through the door,
and checked, before the library gets it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

log = structlog.get_logger()

Heard = Callable[[Mapping[str, Any], Callable[[], None]], None]
"""Takes a payload, and what tells Slack that it was taken."""
_LAST_WORDS_S = 1.0
_SILENT = logging.Logger("leakwatch.slack", logging.CRITICAL + 1)  # noqa: LOG001 - of no tree: it may tell secrets


class _Client(SocketModeClient):
    """The library's client, which takes its addresses from us."""

    address: Callable[[], str]

    def issue_new_wss_url(self) -> str:
        """The address of the next connection."""
        return self.address()


class Socket:
    """One connection that is renewed until it is closed. What is heard is told in the loop that opened it."""

    def __init__(
        self,
        address: Callable[[], Awaitable[str]],
        hello: Callable[[], None],
        heard: Heard,
        ping_s: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._hello, self._heard = hello, heard
        self._sending = ThreadPoolExecutor(1, "slack-send")  # the library may wait for a new connection
        client = _Client("", logger=_SILENT, ping_interval=ping_s, concurrency=1, receive_buffer_size=16384)
        client.address = lambda: asyncio.run_coroutine_threadsafe(_of(address), self._loop).result()
        client.message_listeners.append(self._on_message)
        client.socket_mode_request_listeners.append(self._on_request)
        self._client = client

    async def open(self) -> None:
        """Connect. Raises: what `address` raises; a connection that fails is tried again by itself."""
        await asyncio.to_thread(self._client.connect)

    async def close(self) -> None:
        """Disconnect when what was to be sent is sent; an empty message wakes the thread that waits for messages."""
        self._client.closed = True
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(self._sending.shutdown), _LAST_WORDS_S)
        self._client.enqueue_message("")
        await asyncio.to_thread(self._client.close)

    def _on_message(self, _client: BaseSocketModeClient, message: dict[str, Any], _raw: str | None) -> None:
        if message.get("type") == "hello":
            self._loop.call_soon_threadsafe(self._hello)

    def _on_request(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        """Have a press done; of anything else it is said at once that it was taken."""
        send = partial(_send, client, request.envelope_id)
        if request.type == "interactive":
            self._loop.call_soon_threadsafe(self._heard, request.payload, partial(self._later, send))
        else:
            send()

    def _later(self, send: Callable[[], None]) -> None:
        self._sending.submit(send)


def _send(client: BaseSocketModeClient, envelope: str) -> None:
    """Say that it was taken. Where the connection is just being replaced nobody hears that: the deed is done all the same."""
    try:
        client.send_socket_mode_response({"envelope_id": envelope})
    except (SlackClientError, OSError) as error:
        log.warning("slack_press_not_acknowledged", error=type(error).__name__)


async def _of(address: Callable[[], Awaitable[str]]) -> str:
    return await address()
