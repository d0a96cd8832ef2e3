"""The process that reads hostile torrents: bytes in, plain facts out, under limits of memory and processor time.

python -m leakwatch.swarm.parser_child DESCRIPTOR PARENT SECONDS
"""

from __future__ import annotations

import json
import sys
from typing import Any

from leakwatch.errors import MetainfoError
from leakwatch.limited.serving import run
from leakwatch.torrent.metainfo import TorrentInfo, parse_info, parse_torrent

MAX_MEMORY_BYTES = 2 * 2**30


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


def answer(kind: bytes, data: bytes) -> bytes:
    """What is said of a torrent, as JSON."""
    return json.dumps(told(kind, data)).encode()


if __name__ == "__main__":
    run(sys.argv[1:], answer, MAX_MEMORY_BYTES)
