"""Slack's own library for Socket Mode: it keeps a WebSocket open in threads of its own, and renews it.

It encrypts on port 443 only and asks for its address by itself; so the address is asked for by us, through the door,
and checked, before the library gets it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

log = structlog.get_logger()

Heard = Callable[[Mapping[str, Any]], None]
_SILENT = logging.Logger("leakwatch.slack", logging.CRITICAL + 1)  # noqa: LOG001 - of no tree: it may tell secrets


class _Client(SocketModeClient):
    """The library's client, which takes its addresses from us."""

    address: Callable[[], str]

    def issue_new_wss_url(self) -> str:
        """The address of the next connection."""
        return self.address()


class Socket:
    """One connection that is renewed until it is closed. What is heard is told in the loop that opened it."""

    def __init__(self, address: Callable[[], Awaitable[str]], heard: Heard, ping_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._heard = heard
        client = _Client("", logger=_SILENT, ping_interval=ping_s, concurrency=1, receive_buffer_size=16384)
        client.address = lambda: asyncio.run_coroutine_threadsafe(_of(address), self._loop).result()
        client.message_listeners.append(self._on_message)
        client.socket_mode_request_listeners.append(self._on_request)
        self._client = client

    async def open(self) -> None:
        """Connect. Raises: what `address` raises; a connection that fails is tried again by itself."""
        await asyncio.to_thread(self._client.connect)

    async def close(self) -> None:
        """Disconnect, and let the threads end; an empty message wakes the one that waits for messages."""
        self._client.closed = True
        self._client.enqueue_message("")
        await asyncio.to_thread(self._client.close)

    def _on_message(self, _client: BaseSocketModeClient, message: dict[str, Any], _raw: str | None) -> None:
        if message.get("type") == "hello":
            self._tell({"type": "hello"})

    def _on_request(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        """Say at once that it was heard: Slack waits for three seconds and shows the person a failure then."""
        try:
            client.send_socket_mode_response({"envelope_id": request.envelope_id})
        except (
            SlackClientError,
            OSError,
        ) as error:  # the connection was just replaced; the deed is done all the same
            log.warning("slack_press_not_acknowledged", error=type(error).__name__)
        if request.type == "interactive":
            self._tell(request.payload)

    def _tell(self, told: Mapping[str, Any]) -> None:
        self._loop.call_soon_threadsafe(self._heard, told)


async def _of(address: Callable[[], Awaitable[str]]) -> str:
    return await address()
