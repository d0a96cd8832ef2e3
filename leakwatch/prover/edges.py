"""Where files were cut by pieces that were hashed: no two cuts may lie so near that what is between can be guessed.

Whoever knows a stretch of a file can ask for a range that ends a byte or two behind it, try all values of these,
and go on from there through the whole file. Torrents cut a file at few places, far apart.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence

from leakwatch.proof import Part, Piece

MIN_STEP_BYTES = 64
"""Between two cuts: nobody can try so many unknown bytes, and torrents that differ rarely come nearer."""
_MAX_CUTS = 1_000_000


class Edges:
    """The places inside files at which pieces began or ended. With too many of them it begins anew."""

    def __init__(self, max_cuts: int = _MAX_CUTS) -> None:
        self._cuts: dict[tuple[bytes | None, int | None], list[int]] = {}
        self._count, self._max = 0, max_cuts

    def take(self, piece: Piece) -> bool:
        """Whether a piece may be hashed; if so, where it cuts its files is remembered."""
        news: dict[tuple[bytes | None, int | None], list[int]] = {}
        for part in piece:
            key = (part.file.sha256, part.file.size_bytes) if part.file else (None, None)
            known, own = self._cuts.get(key, []), news.setdefault(key, [])
            for cut in _cuts(part):
                nearest = min(_distance(known, cut), _distance(own, cut))
                if 0 < nearest < MIN_STEP_BYTES:
                    return False
                if nearest:
                    insort(own, cut)
        self._remember(news)
        return True

    def _remember(self, news: dict[tuple[bytes | None, int | None], list[int]]) -> None:
        count = sum(map(len, news.values()))
        if self._count + count > self._max:
            self._cuts.clear()
            self._count = 0
        self._count += count
        for key, cuts in news.items():
            known = self._cuts.setdefault(key, [])
            for cut in cuts:
                insort(known, cut)


def _cuts(part: Part) -> Iterator[int]:
    """The ends of a range that are not ends of its file."""
    if part.file:
        yield from (
            cut for cut in (part.start, part.start + part.length) if 0 < cut < (part.file.size_bytes or 0)
        )


def _distance(places: Sequence[int], cut: int) -> float:
    """How far away the nearest place is."""
    at = bisect_left(places, cut)
    return min((abs(place - cut) for place in places[max(0, at - 1) : at + 1]), default=float("inf"))
