"""Hostile torrents are read in a process of its own, one at a time; it is ended where it takes too long.

What it answers is checked field by field: it is our own code, but it has read what a stranger wrote.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import socket
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from leakwatch.errors import InfohashError, MetainfoError, SwarmError
from leakwatch.swarm.frames import HEADER_BYTES
from leakwatch.swarm.process import spawn
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2, PiecesRoot
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo

log = structlog.get_logger()

MAX_BYTES = 64 * 2**20
_PROGRAM = ("-m", "leakwatch.swarm.parser_child")
_MAX_ANSWER = 512 * 2**20
_TOO_LONG = "the torrent takes longer to read than is allowed"


@dataclass(slots=True)
class _Child:
    process: asyncio.subprocess.Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class MetainfoParser:
    """Reads torrents (the port `Parser`). Units: `seconds` that one torrent may take."""

    def __init__(self, seconds: int = 10) -> None:
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._child: _Child | None = None

    async def info(self, raw: bytes) -> TorrentInfo:
        """What an info dictionary says; its infohashes are computed here. Raises: MetainfoError, SwarmError."""
        return await asyncio.to_thread(_info_of, await self._asked(b"i", raw), raw)

    async def raw_info(self, torrent: bytes) -> bytes:
        """The info dictionary inside a torrent file, as it stands there. Raises: MetainfoError, SwarmError."""
        told = await self._asked(b"t", torrent)
        start, length = told.get("start"), told.get("length")
        if not isinstance(start, int) or not isinstance(length, int) or not 0 <= start < start + length:
            raise SwarmError("the torrent reader answered what is no answer")
        return torrent[start : start + length]

    async def aclose(self) -> None:
        """End the process."""
        async with self._turn:
            await self._end()

    async def _asked(self, kind: bytes, data: bytes) -> dict[str, Any]:
        if len(data) > MAX_BYTES:
            raise MetainfoError(f"the torrent has more than {MAX_BYTES} bytes")
        async with self._turn:
            child = self._child or await self._start()
            try:
                async with asyncio.timeout(self._seconds):
                    child.writer.write(kind + len(data).to_bytes(HEADER_BYTES, "big") + data)
                    header = await child.reader.readexactly(HEADER_BYTES)
                    length = int.from_bytes(header, "big")
                    if length > _MAX_ANSWER:
                        raise SwarmError("the torrent reader answered too much")  # noqa: TRY301
                    body = await child.reader.readexactly(length)
            except (TimeoutError, asyncio.IncompleteReadError, OSError) as error:
                await self._end()
                log.warning("torrent_reader_ended", size_bytes=len(data), error=repr(error))
                raise MetainfoError(_TOO_LONG) from error
            except BaseException:
                await self._end()
                raise
        told = await asyncio.to_thread(json.loads, body)
        if "error" in told:
            raise MetainfoError(str(told["error"]))
        return told

    async def _start(self) -> _Child:
        ours, theirs = socket.socketpair()
        try:
            with tempfile.TemporaryDirectory(prefix="leakwatch-reader-") as folder:
                process = await spawn(_PROGRAM, theirs, folder, str(self._seconds))
            reader, writer = await asyncio.open_connection(sock=ours)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._child = _Child(process, reader, writer)
        return self._child

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.writer.close()
        if child.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(child.process.pid, signal.SIGKILL)
        await child.process.wait()


def _info_of(told: dict[str, Any], raw: bytes) -> TorrentInfo:
    try:
        is_v1, is_v2 = told["versions"]
        infohashes = Infohashes(
            InfohashV1(hashlib.sha1(raw, usedforsecurity=False).digest()) if is_v1 else None,
            InfohashV2(hashlib.sha256(raw).digest()) if is_v2 else None,
        )
        files = tuple(
            TorrentFile(
                tuple(bytes.fromhex(part) for part in path),
                int(size),
                None if offset is None else int(offset),
                PiecesRoot(bytes.fromhex(root)) if root else None,
                is_pad=bool(is_pad),
            )
            for path, size, offset, root, is_pad in told["files"]
        )
        name, pieces = bytes.fromhex(told["name"]), bytes.fromhex(told["pieces"])
        return TorrentInfo(infohashes, name, int(told["piece_length"]), files, pieces, bool(told["private"]))
    except (InfohashError, KeyError, TypeError, ValueError) as error:
        raise SwarmError("the torrent reader answered what is no answer") from error
