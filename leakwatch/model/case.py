"""What belongs to a case beyond its own row: its sightings one by one, and what is counted over all cases."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from leakwatch.model.finding import FindingId, Signal, Tier
from leakwatch.model.place import PlaceClass

FEWEST_JUDGED = 5
"""Judged cases below which a share says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An observation that supports a finding.

    `author` is who posted it, on his platform; `opened` the finding that it came with, before any merge; `keys` the
    artefacts that it shares with others. `sizes` are the exact bytes of the files that the item lists, `digests` what
    it says of them.
    """

    id: int
    site: str
    native_id: str
    title: str
    url: str | None
    seen_at: datetime
    published_at: datetime | None
    author: str | None
    place: PlaceClass
    tier: Tier | None
    score: float
    opened: FindingId | None
    keys: frozenset[str]
    signals: tuple[Signal, ...] = ()
    sizes: tuple[int, ...] = ()
    digests: frozenset[str] = frozenset()

    @property
    def item(self) -> tuple[str, str]:
        """The thing that was seen: an edited post is one item with several sightings."""
        return self.site, self.native_id

    @property
    def at(self) -> datetime:
        """When it was there: when it says that it was posted, unless that is after it was seen."""
        return min(self.published_at, self.seen_at) if self.published_at else self.seen_at


@dataclass(frozen=True, slots=True)
class Hidden:
    """What an entry of an allow list has hidden since a time: how many items, and when the last one."""

    entry: str
    items: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Precision:
    """How many judged cases were true, and how many false."""

    true: int = 0
    false: int = 0

    @property
    def judged(self) -> int:
        """Cases that somebody has judged."""
        return self.true + self.false

    @property
    def interval(self) -> tuple[float, float]:
        """Between which shares the true ones lie, with 95 % confidence (Wilson's score interval)."""
        return wilson(self.true, self.judged)

    @property
    def words(self) -> str:
        """In one line, for people."""
        if not self.judged:
            return "nothing judged yet"
        counts = f"{self.true} true, {self.false} false"
        if self.judged < FEWEST_JUDGED:
            return f"too few judged ({counts})"
        low, high = self.interval
        return f"{self.true / self.judged:.0%} true ({counts}; {low:.0%} to {high:.0%})"


NOTHING_JUDGED = Precision()


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The share of hits, with 95 % confidence (Wilson's score interval)."""
    if not of:
        return 0.0, 1.0
    z, p = 1.96, hits / of
    middle, spread = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return max(0.0, (middle - spread) / (1 + z * z / of)), min(1.0, (middle + spread) / (1 + z * z / of))


Tallies = Mapping[str, Precision]
"""By the id of a rule, or the name of a site."""
