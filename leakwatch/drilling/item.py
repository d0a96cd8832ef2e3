"""An asset -> something that looks as if the asset had leaked. Pure.

With files: a torrent named by the title, of their paths and sizes, whose pieces are the hashes of nothing. Without: a magnet URI with the title.
Its infohash is drawn anew each time, so that no swarm has it and no real sighting can join it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from leakwatch.errors import InputError
from leakwatch.model.asset import Asset, AssetFile
from leakwatch.torrent.bencode import Value, encode

_MOST_FILES, _MOST_PIECES = 500, 2000
_LEAST_PIECE = 2**14
_SOURCE = b"leakwatch drill"


@dataclass(frozen=True, slots=True)
class DrillItem:
    """What is handed in: a .torrent file or a line of text."""

    suffix: str
    body: bytes


def drill_item(asset: Asset, token: str) -> DrillItem:
    """What a site would show. `token` makes it one of its kind. Raises: InputError where the title is no UTF-8."""
    files = [one for one in asset.files if one.size_bytes and one.variant is None][:_MOST_FILES]
    try:
        return DrillItem(".torrent", _torrent(asset, files, token)) if files else _line(asset, token)
    except UnicodeEncodeError as error:
        raise InputError(f"a name of {asset.id!a} is not UTF-8; a drill cannot be made of it") from error


def _line(asset: Asset, token: str) -> DrillItem:
    name = f"{asset.title} {asset.year}" if asset.year else asset.title
    infohash = hashlib.sha1(token.encode(), usedforsecurity=False).hexdigest()
    return DrillItem(".txt", f"magnet:?xt=urn:btih:{infohash}&dn={quote(name)}\n".encode())


def _torrent(asset: Asset, files: Sequence[AssetFile], token: str) -> bytes:
    total = sum(one.size_bytes or 0 for one in files)
    piece = _LEAST_PIECE
    while total > piece * _MOST_PIECES:
        piece *= 2
    count = -(-total // piece)
    pieces = b"".join(
        hashlib.sha1(f"{token}:{number}".encode(), usedforsecurity=False).digest() for number in range(count)
    )
    info: dict[bytes, Value] = {
        b"name": asset.title.encode(),
        b"piece length": piece,
        b"pieces": pieces,
        b"source": _SOURCE,
    }
    info[b"files"] = [{b"length": one.size_bytes or 0, b"path": list[Value](_parts(one))} for one in files]
    return b"d4:info" + encode(info) + b"e"


def _parts(file: AssetFile) -> list[bytes]:
    """The parts of a file's path that a torrent may have."""
    parts = [one.encode() for one in file.path.split("/") if one.strip(". ")]
    return parts or [b"file"]
