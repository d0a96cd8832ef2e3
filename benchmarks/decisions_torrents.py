"""Torrents built in process, and which of their pieces lie in one file: by hashlib and arithmetic alone."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from leakwatch.assetfiles import Found, LocalHasher, Wanted, fingerprint
from leakwatch.model.asset import AssetFile
from leakwatch.proof import Hasher, TableHasher
from leakwatch.torrent.infohash import Infohashes, InfohashV1
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo

TARGET = "model.bin"
"""The file that holds the asset, or stands in its place."""
TABLED = tuple(2**power for power in range(14, 27))
"""Piece lengths that tables are kept for."""
GRID = TABLED[:5]
"""Those of them that suit small files."""
ODD = 20_000
"""A piece length that no table is kept for."""
LENGTHS = (*GRID[:3], *GRID, ODD)
PROVER_LEAST_BYTES = 16 * 1024
"""What a prover hashes at least of a file, as its documentation says."""
LAYOUTS = ("alone", "first", "padded", "behind another")
_OFF_GRID = LAYOUTS[-1]


class Outcome(StrEnum):
    """What came of one decision. OPEN is left undecided where nothing could decide, MISSED where something could."""

    RIGHT = "right"
    OPEN = "open"
    MISSED = "missed"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: of which kind, whether it was one on the asset's own bytes, and what came of it."""

    kind: str
    is_positive: bool
    outcome: Outcome
    note: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the hashes of an asset's pieces; `on_grid_only` if it knows nothing but stored tables.

    Of a prover's files (`is_remote`) only the digests are here, and it hashes no short range of a file.
    """

    name: str
    hasher: Hasher
    on_grid_only: bool = False
    is_remote: bool = False

    def prints(self, made: AssetFile) -> AssetFile:
        """What this way is given of a file's prints."""
        if self.is_remote:
            return replace(without_bytes(made), mtime_ns=None, tables=())
        return without_bytes(made) if self.on_grid_only else made

    def may_hash(self, length: int) -> bool:
        """Whether so short a range of a file is hashed at all."""
        return not self.is_remote or length >= PROVER_LEAST_BYTES


BY_BYTES = Way("by bytes", LocalHasher())
BY_TABLES = Way("by tables", TableHasher(), on_grid_only=True)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a torrent lays its files out: what comes before and after the target, and whether it pads (BEP 47)."""

    before: int
    after: int
    is_padded: bool


def layouts(chance: random.Random) -> Mapping[str, Layout]:
    """The four layouts with files of random sizes beside the target; only in the last it is off the grid."""
    before, after = chance.randrange(100, 40_000) * 2 + 1, chance.randrange(100, 40_000)
    made = (
        Layout(0, 0, is_padded=False),
        Layout(0, after, is_padded=False),
        Layout(before, after, is_padded=True),
        Layout(before, chance.choice((0, after)), is_padded=False),
    )
    return dict(zip(LAYOUTS, made, strict=True))


def grid(name: str, length: int) -> str:
    """Whether tables can say anything of this layout at this piece length, in words."""
    return "off the grid" if name == _OFF_GRID or length not in TABLED else "on the grid"


def torrent_of(data: bytes, layout: Layout, piece_length: int, chance: random.Random) -> TorrentInfo:
    """A v1 torrent of these bytes, as `TARGET`, among random ones."""
    content = bytearray()
    files: list[TorrentFile] = []
    beside = {b"a.nfo": layout.before, TARGET.encode(): len(data), b"z.txt": layout.after}
    for name, size in beside.items():
        gap = -len(content) % piece_length
        if size and gap and layout.is_padded:
            files.append(TorrentFile((b".pad", str(gap).encode()), gap, len(content), is_pad=True))
            content += bytes(gap)
        if size:
            files.append(TorrentFile((b"t", name), size, len(content)))
            content += data if name == TARGET.encode() else chance.randbytes(size)
    view = memoryview(content)
    starts = range(0, len(view), piece_length)
    pieces = b"".join(hashlib.sha1(view[start : start + piece_length]).digest() for start in starts)
    return TorrentInfo(Infohashes(InfohashV1(bytes(20))), b"t", piece_length, tuple(files), pieces)


def whole_pieces(info: TorrentInfo) -> list[tuple[int, int]]:
    """The ranges of the target file that are one piece each, and nothing else; the torrent's last may be short."""
    target = next(file for file in info.files if file.raw_path[-1] == TARGET.encode())
    offset, length = target.offset or 0, info.piece_length
    total = sum(file.size_bytes for file in info.files)
    bounds = [(low, min(low + length, total)) for low in range(0, total, length)]
    stop = offset + target.size_bytes
    return [(low - offset, high - offset) for low, high in bounds if offset <= low and high <= stop]


def printed(local: Path, data: bytes, path: str, table_bytes: int = 2**40) -> AssetFile:
    """The product's own prints of these bytes, with tables, as they are made when an asset is added."""
    local.write_bytes(data)
    return fingerprint(Found(path, local), lambda _count: None, Wanted(table_bytes=table_bytes))


def without_bytes(file: AssetFile) -> AssetFile:
    """The same prints on a machine where the file is not."""
    return replace(file, local_path=None)
