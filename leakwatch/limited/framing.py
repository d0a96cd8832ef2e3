"""Messages between a process that draws and its parent: four bytes of length, then JSON."""

from __future__ import annotations

import asyncio
import json
from typing import Any

MAX_MESSAGE = 48 * 2**20


async def send(writer: asyncio.StreamWriter, told: dict[str, Any]) -> None:
    """Say something."""
    data = json.dumps(told).encode()
    writer.write(len(data).to_bytes(4, "big") + data)
    await writer.drain()


async def receive(reader: asyncio.StreamReader) -> dict[str, Any]:
    """What the other side says next. Raises: EOFError where it has hung up, ValueError for what is no message."""
    length = int.from_bytes(await reader.readexactly(4), "big")
    if length > MAX_MESSAGE:
        raise ValueError("a message without measure")
    told = json.loads(await reader.readexactly(length))
    if not isinstance(told, dict):
        raise ValueError("no message")  # noqa: TRY004 - as all that is no message
    return told
