"""The process that reads hostile torrents: bytes in, plain facts out, under limits of memory and processor time.

python -m leakwatch.swarm.parser_child DESCRIPTOR PARENT SECONDS
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
from collections.abc import Sequence
from typing import Any

from leakwatch.errors import MetainfoError
from leakwatch.swarm.frames import HEADER_BYTES
from leakwatch.swarm.process import confine
from leakwatch.torrent.metainfo import TorrentInfo, parse_info, parse_torrent

MAX_MEMORY_BYTES = 2 * 2**30
MAX_DESCRIPTORS = 64


def told(kind: bytes, data: bytes) -> dict[str, Any]:
    """What a torrent file (`t`) or an info dictionary (`i`) says, or why it says nothing."""
    try:
        if kind == b"t":
            torrent = parse_torrent(data)
            return {"start": data.find(torrent.raw_info), "length": len(torrent.raw_info)}
        return _info_json(parse_info(data))
    except MetainfoError as error:
        return {"error": error.message[:500]}
    except (MemoryError, RecursionError):
        return {"error": "the torrent takes more to read than is allowed"}


def _info_json(info: TorrentInfo) -> dict[str, Any]:
    return {
        "versions": [info.infohashes.v1 is not None, info.infohashes.v2 is not None],
        "name": info.raw_name.hex(),
        "piece_length": info.piece_length,
        "pieces": info.pieces.hex(),
        "private": info.private,
        "files": [
            [
                [part.hex() for part in file.raw_path],
                file.size_bytes,
                file.offset,
                file.pieces_root.hex() if file.pieces_root else None,
                file.is_pad,
            ]
            for file in info.files
        ],
    }


def serve(channel: socket.socket, seconds: int) -> None:
    """Say that we are up, then answer one torrent after the other until the parent hangs up.

    Each may take so many seconds of processor time: then the system ends this process by SIGXCPU.
    """
    with channel.makefile("rwb") as stream:
        stream.write(_frame(b""))
        stream.flush()
        while header := stream.read(HEADER_BYTES + 1):
            spent = resource.getrusage(resource.RUSAGE_SELF)
            limit = int(spent.ru_utime + spent.ru_stime) + seconds + 1
            resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
            data = stream.read(int.from_bytes(header[1:], "big"))
            stream.write(_frame(json.dumps(told(header[:1], data)).encode()))
            stream.flush()


def _frame(body: bytes) -> bytes:
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def main(arguments: Sequence[str]) -> None:
    """Serve the parent at the other end of a descriptor, then vanish."""
    descriptor, parent, seconds = arguments
    confine(int(parent), memory_bytes=MAX_MEMORY_BYTES, descriptors=MAX_DESCRIPTORS)
    with socket.socket(fileno=int(descriptor)) as channel:
        try:
            serve(channel, int(seconds))
        except OSError:
            os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
