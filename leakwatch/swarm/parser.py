"""Hostile torrents are read in a process of its own, one at a time; it is ended where it takes too long.

What it answers is checked field by field: it is our own code, but it has read what a stranger wrote. A torrent
is to blame where the reader used up its processor time on it, or died of it twice; an end that came of itself,
or a machine with no time to spare, says nothing about the torrent.
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
_START_S = 30.0
"""Until a new process says that it is up."""
_WAIT_FACTOR = 6
"""How much longer than its processor time a torrent may take by the clock: the machine has other work."""


@dataclass(slots=True)
class _Child:
    process: asyncio.subprocess.Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def answer(self) -> bytes:
        length = int.from_bytes(await self.reader.readexactly(HEADER_BYTES), "big")
        if length > _MAX_ANSWER:
            raise SwarmError("the torrent reader answered too much")
        return await self.reader.readexactly(length)


class MetainfoParser:
    """Reads torrents (the port `Parser`). Units: `seconds` of processor time that one torrent may take."""

    def __init__(self, seconds: int = 10) -> None:
        self._seconds = seconds
        self._wait_s: float = seconds * _WAIT_FACTOR
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
            try:
                body = await self._answer(kind, data)
            except BaseException:
                await self._end()
                raise
        told = await asyncio.to_thread(json.loads, body)
        if "error" in told:
            raise MetainfoError(str(told["error"]))
        return told

    async def _answer(self, kind: bytes, data: bytes) -> bytes:
        """Ask the process; where it dies, a new one once more: it may have been dead before it was asked."""
        for _ in range(2):
            child = self._child or await self._start()
            try:
                async with asyncio.timeout(self._wait_s):
                    child.writer.write(kind + len(data).to_bytes(HEADER_BYTES, "big") + data)
                    return await child.answer()
            except TimeoutError as error:
                log.warning("torrent_reader_stuck", size_bytes=len(data), waited_s=self._wait_s)
                raise SwarmError("the torrent reader did not answer in time and was ended") from error
            except (asyncio.IncompleteReadError, OSError) as error:
                code = await self._end()
                log.warning("torrent_reader_died", size_bytes=len(data), exit_code=code)
                if code == -signal.SIGXCPU:
                    raise MetainfoError("the torrent takes longer to read than is allowed") from error
        raise MetainfoError("the torrent ends every process that reads it")

    async def _start(self) -> _Child:
        ours, theirs = socket.socketpair()
        try:
            with tempfile.TemporaryDirectory(prefix="leakwatch-reader-") as folder:
                process = await spawn(_PROGRAM, theirs, folder, str(self._seconds))
            reader, writer = await asyncio.open_connection(sock=ours)
        except OSError as error:
            ours.close()
            raise SwarmError("the torrent reader cannot be started") from error
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._child = child = _Child(process, reader, writer)
        try:
            async with asyncio.timeout(_START_S):
                await child.answer()
        except (TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            raise SwarmError("the torrent reader does not come up") from error
        return child

    async def _end(self) -> int:
        """End the process, if it has not ended by itself; answers how it ended."""
        child, self._child = self._child, None
        if child is None:
            return 0
        child.writer.close()
        if child.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(child.process.pid, signal.SIGKILL)
        return await child.process.wait()


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
