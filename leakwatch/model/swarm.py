"""How a torrent spreads: samples of its swarm, and what they say together. No peer is known, only counts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from leakwatch.torrent.infohash import Infohashes

_HOURLY, _DAILY = timedelta(hours=1), timedelta(days=1)
_FIRST_DAY, _FIRST_WEEK = timedelta(days=1), timedelta(days=7)
_GROWTH_WINDOW = timedelta(hours=24)
_FEWEST_SEEDS = 3


class SampleMethod(StrEnum):
    """Who counted."""

    TRACKER = "tracker"
    DHT = "dht"
    INDEX = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmSample:
    """What one source said of a swarm at one time; None where it does not say.

    Units:  peers; `error` is absolute, in peers, of an estimate. `source` is a tracker's host, `dht`, or a site.
    `origins` are totals by country or network, where the operator turned them on.
    """

    swarm_key: str
    at: datetime
    method: SampleMethod
    source: str
    seeds: int | None = None
    leechers: int | None = None
    completed: int | None = None
    error: float | None = None
    origins: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmTask:
    """A swarm that is counted: since when, by which trackers, and how often in a row nobody answered."""

    swarm_key: str
    infohashes: Infohashes
    trackers: tuple[str, ...]
    since: datetime
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Spread:
    """What the samples of a finding's swarms say together.

    Units:  `doubling_s` in seconds, None where it does not grow. Of several sources at one time the largest counts,
    never the sum: they know the same peers.
    """

    seeds: int
    leechers: int
    at: datetime
    peak_seeds: int
    peak_at: datetime
    doubling_s: float | None

    @property
    def words(self) -> str:
        """In one line, for people."""
        told = f"{self.seeds} seeds, {self.leechers} leechers"
        if self.peak_seeds > self.seeds:
            told += f"; peak {self.peak_seeds} seeds on {self.peak_at:%Y-%m-%d %H:%M} UTC"
        return told + (f"; doubling every {_duration(self.doubling_s)}" if self.doubling_s else "")


def next_sample_at(since: datetime, now: datetime, at_first: timedelta) -> datetime:
    """When a swarm is counted next: at the pace for its first day, then hourly for a week, then daily."""
    age = now - since
    return now + (at_first if age < _FIRST_DAY else _HOURLY if age < _FIRST_WEEK else _DAILY)


def curve(samples: Sequence[SwarmSample]) -> list[tuple[datetime, int, int]]:
    """Time, seeds and leechers, one point for each time: the largest that any source said of any of the swarms."""
    points: dict[datetime, tuple[int, int]] = {}
    for one in samples:
        if one.seeds is None and one.leechers is None:
            continue
        seeds, leechers = points.get(one.at, (0, 0))
        points[one.at] = max(seeds, one.seeds or 0), max(leechers, one.leechers or 0)
    return [(at, *points[at]) for at in sorted(points)]


def spread_of(samples: Sequence[SwarmSample]) -> Spread | None:
    """What the samples say together; None where nobody has counted yet."""
    points = curve(samples)
    if not points:
        return None
    at, seeds, leechers = points[-1]
    peak_at, peak_seeds, _ = max(points, key=lambda point: point[1])
    return Spread(seeds, leechers, at, peak_seeds, peak_at, _doubling_s(points))


def resurged(samples: Sequence[SwarmSample], removed_at: datetime) -> bool:
    """Whether a swarm that was thought to be gone grows again: at least three seeds, and three times its lowest since."""
    after = [seeds for at, seeds, _ in curve(samples) if at > removed_at]
    return len(after) > 1 and after[-1] >= max(_FEWEST_SEEDS, 3 * min(after[:-1]))


def _doubling_s(points: Sequence[tuple[datetime, int, int]]) -> float | None:
    """Seconds in which the peers double, by least squares on the logarithm over the last day; None if they do not."""
    last = points[-1][0]
    recent = [(at, seeds + leechers) for at, seeds, leechers in points if last - at <= _GROWTH_WINDOW]
    known = [((at - last).total_seconds(), math.log2(peers)) for at, peers in recent if peers]
    if len(known) < 3:
        return None
    middle_x, middle_y = (sum(axis) / len(known) for axis in zip(*known, strict=True))
    spread_x = sum((x - middle_x) ** 2 for x, _ in known)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in known) / spread_x if spread_x else 0.0
    return 1 / slope if slope > 1 / (7 * 86400) else None


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    if minutes < 90:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h" if minutes < 48 * 60 else f"{minutes / 1440:.1f} d"
