"""How a torrent spreads: samples of its swarm, and what they say together. No peer is known, only counts."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import heappop, heappush
from itertools import groupby, zip_longest

from leakwatch.torrent.infohash import Infohashes

_HOURLY, _DAILY = timedelta(hours=1), timedelta(days=1)
INTERVAL = timedelta(minutes=10)
"""Between two counts of a young swarm, where the operator sets nothing else."""
_FIRST_DAY, _FIRST_WEEK = timedelta(days=1), timedelta(days=7)
_GROWTH_WINDOW = timedelta(hours=24)
_FEWEST_SEEDS = _FEWEST_POINTS = 3
MAX_PEERS = 10_000_000
"""Larger counts are garbage: no swarm ever had a hundredth of it."""
_LONGEST = timedelta(hours=36)
"""What nobody spoke of since is passed over after this: half as much again as the longest time between counts."""


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


_Source = tuple[str, SampleMethod, str]
"""A swarm, and who counted it how."""


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


def believable(peers: int | None) -> int | None:
    """A count that can be true, or None."""
    return peers if peers is not None and 0 <= peers <= MAX_PEERS else None


def next_sample_at(since: datetime, now: datetime, at_first: timedelta) -> datetime:
    """When a swarm is counted next: at the pace for its first day, then hourly for a week, then daily."""
    age = now - since
    return now + (at_first if age < _FIRST_DAY else _HOURLY if age < _FIRST_WEEK else _DAILY)


def wants_index_count(since: datetime, heard_at: datetime | None, now: datetime) -> bool:
    """Whether what an index shows now is kept: one number in half an interval, for indexes are read far more often."""
    return heard_at is None or now - heard_at >= (next_sample_at(since, now, INTERVAL) - now) / 2


def curve(samples: Sequence[SwarmSample]) -> list[tuple[datetime, int, int]]:
    """Time, seeds and leechers, one point for each time: the largest of what stands then.

    A count stands until its source speaks of the swarm again, or the swarm was counted twice without it: sources
    are heard at times of their own, and one may be silent once.
    """
    spans = sorted(_spans(samples), key=lambda span: span[0].at)
    seeds: list[tuple[int, datetime]] = []
    leechers: list[tuple[int, datetime]] = []
    points: list[tuple[datetime, int, int]] = []
    for at, group in groupby(spans, key=lambda span: span[0].at):
        for one, until in group:
            if one.seeds is not None:
                heappush(seeds, (-one.seeds, until))
            if one.leechers is not None:
                heappush(leechers, (-one.leechers, until))
        points.append((at, _largest(seeds, at), _largest(leechers, at)))
    return points


def spread_of(samples: Sequence[SwarmSample]) -> Spread | None:
    """What the samples say together; None where nobody has counted yet."""
    points = curve(samples)
    if not points:
        return None
    at, seeds, leechers = points[-1]
    peak_at, peak_seeds, _ = max(points, key=lambda point: point[1])
    return Spread(seeds, leechers, at, peak_seeds, peak_at, _doubling_s(samples, at))


def spread_at(samples: Sequence[SwarmSample], now: datetime) -> Spread | None:
    """The same as it stands now: where nobody has counted for a day and a half, nothing says that it still grows."""
    told = spread_of(samples)
    return replace(told, doubling_s=None) if told and now - told.at > _LONGEST else told


def resurged(samples: Sequence[SwarmSample], removed_at: datetime, *, had_died: bool = False) -> bool:
    """Whether a swarm that was thought to be gone grows again, by what one source says of it over time.

    That is at least three seeds, and three times its lowest since. Different sources know different peers: what one
    says after another is no growth. `had_died`: only if it was without seeds in between.
    """
    for one in _by_source(samples).values():
        after = [sample.seeds for sample in one if sample.at > removed_at and sample.seeds is not None]
        lowest = min(after[:-1], default=None)
        if lowest is None or (had_died and lowest > 0):
            continue
        if after[-1] >= max(_FEWEST_SEEDS, 3 * lowest):
            return True
    return False


def _by_source(samples: Sequence[SwarmSample]) -> dict[_Source, list[SwarmSample]]:
    """What each source said of each swarm, oldest first; of several counts at one time (a hybrid's two) the larger."""
    told: dict[_Source, dict[datetime, SwarmSample]] = {}
    for one in samples:
        if one.seeds is None and one.leechers is None:
            continue
        series = told.setdefault((one.swarm_key, one.method, one.source), {})
        series[one.at] = _larger(one, series.get(one.at, one))
    return {source: [series[at] for at in sorted(series)] for source, series in told.items()}


def _larger(one: SwarmSample, other: SwarmSample) -> SwarmSample:
    seeds = [each.seeds for each in (one, other) if each.seeds is not None]
    leechers = [each.leechers for each in (one, other) if each.leechers is not None]
    return replace(one, seeds=max(seeds, default=None), leechers=max(leechers, default=None))


def _spans(samples: Sequence[SwarmSample]) -> Iterator[tuple[SwarmSample, datetime]]:
    """Each count with the time until which it stands."""
    rounds: dict[str, set[datetime]] = {}
    for one in samples:
        if one.method is not SampleMethod.INDEX:
            rounds.setdefault(one.swarm_key, set()).add(one.at)
    times = {key: sorted(ats) for key, ats in rounds.items()}
    for (key, _, _), series in _by_source(samples).items():
        counted = times.get(key, [])
        for one, after in zip_longest(series, series[1:]):
            missed = bisect_right(counted, one.at) + 1
            until = counted[missed] if missed < len(counted) else one.at + _LONGEST
            yield one, min(until, after.at) if after else until


def _largest(standing: list[tuple[int, datetime]], at: datetime) -> int:
    """The largest count that still stands; what no longer does is dropped as it comes up."""
    while standing and standing[0][1] <= at:
        heappop(standing)
    return -standing[0][0] if standing else 0


def _doubling_s(samples: Sequence[SwarmSample], last: datetime) -> float | None:
    """Seconds in which the peers double by one source's counts of the last day; None if they do not.

    That source is the one which says the most now; our own counts come before what an index shows.
    """
    recent = [
        [one for one in series if one.seeds is not None and last - one.at <= _GROWTH_WINDOW]
        for series in _by_source(samples).values()
    ]
    known = [series for series in recent if sum(_peers(one) > 0 for one in series) >= _FEWEST_POINTS]
    if not known:
        return None
    chosen = max(known, key=lambda series: (series[-1].method is not SampleMethod.INDEX, _peers(series[-1])))
    return _fitted_s([((one.at - last).total_seconds(), _peers(one)) for one in chosen if _peers(one)])


def _fitted_s(points: Sequence[tuple[float, int]]) -> float | None:
    """Seconds to double, by least squares on the logarithm."""
    known = [(at_s, math.log2(peers)) for at_s, peers in points]
    middle_x, middle_y = (sum(axis) / len(known) for axis in zip(*known, strict=True))
    spread_x = sum((x - middle_x) ** 2 for x, _ in known)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in known) / spread_x if spread_x else 0.0
    return 1 / slope if slope > 1 / (7 * 86400) else None


def _peers(sample: SwarmSample) -> int:
    return (sample.seeds or 0) + (sample.leechers or 0)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    if minutes < 90:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h" if minutes < 48 * 60 else f"{minutes / 1440:.1f} d"
