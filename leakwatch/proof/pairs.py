"""A file of a torrent beside one of the asset, and what may still be read to compare them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from leakwatch.model.asset import AssetFile
from leakwatch.model.finding import FileProof
from leakwatch.proof.hashing import Hashed, joined
from leakwatch.torrent.metainfo import TorrentFile

MAX_READ_BYTES = 256 * 2**20
"""What one `prove` reads at most."""
_SEEK = 64 * 1024
"""What a read counts for at least: tiny pieces cost seeks."""
_MAX_RANGES = 64
_GIVE_UP = 4


@dataclass(slots=True)
class Budget:
    """Bytes that may still be read."""

    left: int = MAX_READ_BYTES

    def take(self, hashed: Hashed | None) -> None:
        """Count what was read for one piece."""
        if hashed is not None and hashed.read_bytes:
            self.left -= max(hashed.read_bytes, _SEEK)


@dataclass(slots=True)
class Pair:
    """A file of the torrent and one of the asset, aligned; the pieces to compare, and what came of it."""

    file: TorrentFile
    asset: AssetFile
    shift: int
    pieces: range
    draws: Iterator[int]
    ok: int = 0
    tested: int = 0
    drawn: int = 0
    missing: int = 0
    agreed: list[range] = field(default_factory=list[range])

    @property
    def is_unread(self) -> bool:
        """Whether it is given up: of the first pieces that were drawn none was to be had."""
        return not self.tested and self.missing >= _GIVE_UP

    def told(self) -> FileProof:
        """What came of it; of many ranges the first."""
        ranges = tuple((one.start, one.stop) for one in joined(self.agreed))
        size = self.asset.size_bytes or 0
        return FileProof(
            path=self.file.path,
            asset_path=self.asset.path,
            pieces_ok=self.ok,
            pieces_tested=self.tested,
            pieces_total=len(self.pieces),
            shift=self.shift,
            size_bytes=size,
            ranges=ranges[:_MAX_RANGES],
            variant=self.asset.variant,
        )
