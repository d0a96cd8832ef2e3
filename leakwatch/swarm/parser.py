"""Hostile torrents are read in a process of its own, one at a time; it is ended where it takes too long.

What it answers is checked field by field: it is our own code, but it has read what a stranger wrote.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

from leakwatch.errors import InfohashError, MetainfoError, SwarmError
from leakwatch.limited.worker import TooMuch, Worker, WorkerError
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2, PiecesRoot
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo

MAX_BYTES = 64 * 2**20
_PROGRAM = ("-m", "leakwatch.swarm.parser_child")
_MAX_ANSWER = 512 * 2**20


class MetainfoParser:
    """Reads torrents (the port `Parser`). Units: `seconds` of processor time that one torrent may take."""

    def __init__(self, seconds: int = 10) -> None:
        self.worker = Worker(_PROGRAM, "torrent reader", seconds, _MAX_ANSWER)

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
        await self.worker.aclose()

    async def _asked(self, kind: bytes, data: bytes) -> dict[str, Any]:
        if len(data) > MAX_BYTES:
            raise MetainfoError(f"the torrent has more than {MAX_BYTES} bytes")
        try:
            body = await self.worker.ask(kind, data)
        except TooMuch as error:
            raise MetainfoError(f"the torrent {error}") from error
        except WorkerError as error:
            raise SwarmError(str(error)) from error
        told = await asyncio.to_thread(json.loads, body)
        if "error" in told:
            raise MetainfoError(str(told["error"]))
        return told


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
