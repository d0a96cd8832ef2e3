"""When a torrent is refuted, and for which alignments that holds.

Hashes of pieces say that bytes differ where the asset's would be. A byte put in front changes every piece, so a
file of the asset's size is tried at small shifts, too; and as long as another file could hold the asset, nothing
is refuted, whatever decoy stands beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from leakwatch.proof.hashing import Hasher, here
from leakwatch.proof.pairs import Pair
from leakwatch.proof.sampler import Sampler
from leakwatch.torrent.metainfo import TorrentInfo

_SMALL = (*range(1, 9), *(10**power for power in range(1, 7)), *(2**power for power in range(4, 27)))
SHIFTS = tuple(sign * size for size in sorted(_SMALL) for sign in (1, -1))
"""Bytes put in front of a copy, or cut off there: few, round numbers, and blocks up to the longest usual piece.

A prover is not asked for them: it cuts no file twice within 64 bytes, and remembers where it did, so that pieces in
place would have no answer later.
"""
_PACKED = 2
"""By how much the asset may have been packed in a file that could hold it."""
ELSEWHERE = "a file of the asset's size differs, but other files that could hold the asset were not compared"


@dataclass(frozen=True, slots=True)
class Differing:
    """Pairs of files of one size that differ in place, and how many pieces were tried at small shifts, in vain."""

    pairs: tuple[Pair, ...] = ()
    tried: int = 0

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of the torrent's files."""
        return tuple({pair.file.offset: pair.file.size_bytes for pair in self.pairs}.values())

    def pieces(self, least_bytes: float) -> int:
        """What was tested in place of the file of at least this size of which the least was; 0 if there is none."""
        large = (pair.tested for pair in self.pairs if pair.file.size_bytes >= least_bytes)
        return min(large, default=0)

    def reason(self, pieces: int) -> str:
        """What was tested, in words."""
        moved = f"nor does any of {self.tried} at small shifts" if self.tried else "shifts could not be tried"
        return f"none of {pieces} informative pieces of a file of the asset's size agrees with the asset's; {moved}"


def differing(sampler: Sampler, hasher: Hasher | None) -> Differing:
    """What differs in place, after a search at small shifts, which may find that it is a copy after all."""
    pairs = sampler.differing()
    tested = [pair for pair in sampler.equal() if pair.tested]
    tried = sampler.run_shifted(tested, SHIFTS, here(hasher)) if hasher else 0
    return Differing(tuple(pairs), tried)


def may_be_elsewhere(info: TorrentInfo, compared: Collection[int], least_bytes: float) -> bool:
    """Whether it has a file, or volumes of one size, that could hold what is in none of the files of these sizes."""
    wanted = min(size for size in compared if size >= least_bytes)
    left = Counter(file.size_bytes for file in info.files if not file.is_pad)
    left.subtract(compared)
    return any(_PACKED * size * count >= wanted for size, count in left.items())
