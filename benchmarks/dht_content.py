"""What the DHT's world seeds: releases of a few assets, and torrents of other things that nobody watches.

Both sides make the assets from the same seed: the world hashes them, the benchmark owns them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import libtorrent as lt

ASSETS = 10
ASSET_BYTES = 16 * 2**20
LENGTHS = (2**14, 2**15, 2**16)
"""Of pieces: metadata of 5 to 20 KB for an asset of 16 MiB."""
_WORDS = ("amber", "basin", "cedar", "delta", "ember", "fjord", "gale", "harbor", "iris", "jetty", "kelp")
_SAME_SIZE_EVERY = 10


@dataclass(frozen=True, slots=True)
class Made:
    """A torrent to seed; `asset` is the number of the asset that it holds, or None."""

    metainfo: bytes
    v1: bytes
    asset: int | None


def asset(number: int) -> bytes:
    """The bytes of one asset; each has a size of its own."""
    return random.Random(f"asset {number}").randbytes(asset_size(number))


def asset_size(number: int) -> int:
    """Bytes of one asset."""
    return ASSET_BYTES + 1000 * number


def watched(count: int) -> Iterator[Made]:
    """Releases of the assets in turn, each with other neighbours and lengths: no piece lies where another does."""
    for number in range(count):
        chance = random.Random(f"watched {number}")
        before, after = chance.randbytes(chance.randrange(200_000)), chance.randbytes(chance.randrange(9000))
        mine, length = number % ASSETS, chance.choice(LENGTHS)
        content = before + asset(mine) + after
        view = memoryview(content)
        digests = [hashlib.sha1(view[at : at + length]).digest() for at in range(0, len(content), length)]
        sizes = {"a.nfo": len(before), "model.bin": asset_size(mine), "z.txt": len(after)}
        yield _made(chance, sizes, length, b"".join(digests), mine)


def others(count: int) -> Iterator[Made]:
    """Torrents of something else; some have a file of exactly an asset's size."""
    for number in range(count):
        chance = random.Random(f"other {number}")
        length, pieces = 2**18, chance.randrange(250, 1000)
        total = pieces * length - chance.randrange(length)
        if number % _SAME_SIZE_EVERY == 0:
            size, length = asset_size(chance.randrange(ASSETS)), chance.choice(LENGTHS)
            total, pieces = size + 5000, -(-(size + 5000) // length)
            sizes = {"a.nfo": 5000, "model.bin": size}
        else:
            sizes = {"a.nfo": 5000, "film.mkv": total - 5000}
        yield _made(chance, sizes, length, chance.randbytes(20 * pieces), None)


def _made(
    chance: random.Random, sizes: dict[str, int], length: int, pieces: bytes, asset: int | None
) -> Made:
    name = ".".join(chance.choices(_WORDS, k=4)) + f".{chance.randrange(10**9)}"
    files = [{b"length": size, b"path": [path.encode()]} for path, size in sizes.items()]
    info = {b"files": files, b"name": name.encode(), b"piece length": length, b"pieces": pieces}
    raw = lt.bencode(cast("Any", info))
    return Made(b"d4:info" + raw + b"e", hashlib.sha1(raw).digest(), asset)
