"""Throws away with time what no open finding needs, a little at once, so that nobody waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from leakwatch.ports import Repository
from leakwatch.ports.retention import KEYED, Aging

_FIRST_BATCH, _LEAST_BATCH, _MOST_BATCH = 50, 10, 400
_SHORT_S, _LONG_S = 0.010, 0.025
_REST = 4
"""After a batch nothing is done for so many times as long as it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionConfig:
    """For how many days what no open finding needs is kept; 36500 is for good. The audit is kept for good.

    `observations_days` is of items that belong to no finding, of which the newest 200 of each site stay;
    `samples_days` of counts of swarms, and `proofs_days` of verdicts, both after their case was closed;
    `looks_days` of what further looks and screenshots of a closed case have shown; `sent_days` also of the threads and
    repeats of closed cases, `announcements_days` also of when messages went out. `evidence_days` is of pages that belong to
    nothing any more, and of the bytes of those of cases that were closed for as long.
    """

    observations_days: int = 365
    coverage_days: int = 90
    samples_days: int = 365
    sent_days: int = 90
    announcements_days: int = 90
    proofs_days: int = 730
    looks_days: int = 365
    evidence_days: int = 365

    def days(self, what: Aging) -> int:
        """For how many days something is kept."""
        return int(getattr(self, f"{_SETTING.get(what, what.value)}_days"))


_SETTING: Mapping[Aging, str] = {
    Aging.SWARMS: "samples",
    Aging.THREADS: "sent",
    Aging.STANDINGS: "sent",
    Aging.MESSAGES: "announcements",
    Aging.SCREENSHOTS: "looks",
}
"""What goes by the setting of something else."""

LEAST_DAYS: Mapping[str, int] = {
    "observations_days": 30,
    "coverage_days": 14,
    "samples_days": 30,
    "sent_days": 7,
    "announcements_days": 14,
    "proofs_days": 90,
    "looks_days": 90,
    "evidence_days": 90,
}
"""Below these leakwatch would forget what it works with: new assets are looked for in what is stored, health in windows."""

if LEAST_DAYS.keys() != {one.name for one in fields(RetentionConfig)}:
    raise AssertionError("each setting has a least value")


@dataclass(slots=True)
class Swept:
    """What went, by table, and the longest time that a batch held the database. Units: seconds."""

    gone: dict[str, int]
    batches: int = 0
    longest_s: float = 0.0

    def add(self, what: Aging, count: int, took_s: float) -> None:
        """One batch more."""
        self.gone[what.value] = self.gone.get(what.value, 0) + count
        self.batches, self.longest_s = self.batches + 1, max(self.longest_s, took_s)


async def sweep(
    config: RetentionConfig,
    repository: Repository,
    now: datetime,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Swept:
    """Throw away what is old, batch after batch, until nothing is or the daemon stops. Raises: StoreError."""
    swept = Swept({})
    for what in Aging:
        before = now - timedelta(days=config.days(what))
        if what in KEYED:
            await _shed(what, before, repository, swept, is_stopping)
        else:
            await _sweep(what, before, repository, swept, is_stopping)
    return swept


async def _sweep(
    what: Aging, before: datetime, repository: Repository, swept: Swept, is_stopping: Callable[[], bool]
) -> None:
    after, size = 0, _FIRST_BATCH
    while not is_stopping():
        async with repository.reading() as work:
            ids = await work.retention.old(what, before, after, size)
        if not ids:
            return
        after = ids[-1]
        async with repository.writing() as work:
            began = time.perf_counter()
            count = await work.retention.drop(what, ids, before)
        took = time.perf_counter() - began
        swept.add(what, count, took)
        size = _next_size(size, took)
        await asyncio.sleep(_REST * took)


async def _shed(
    what: Aging, before: datetime, repository: Repository, swept: Swept, is_stopping: Callable[[], bool]
) -> None:
    size = _FIRST_BATCH
    while not is_stopping():
        async with repository.writing() as work:
            began = time.perf_counter()
            count = await work.retention.shed(what, before, size)
        took = time.perf_counter() - began
        if not count:
            return
        swept.add(what, count, took)
        size = _next_size(size, took)
        await asyncio.sleep(_REST * took)


def _next_size(size: int, took_s: float) -> int:
    if took_s > _LONG_S:
        return max(_LEAST_BATCH, size // 2)
    return min(_MOST_BATCH, size * 2) if took_s < _SHORT_S else size
