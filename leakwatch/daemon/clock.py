"""The clock was put back, while the daemon ran or before it was started: what waits must not wait for the old time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from leakwatch.model.site import SiteState
from leakwatch.notices.life import put_back
from leakwatch.notices.tables import addressee_named
from leakwatch.polling import SiteConfig
from leakwatch.ports import Repository, Work
from leakwatch.timetable import next_time

_SLACK = timedelta(minutes=1)
"""Clocks of two daemons on one database may differ by so much."""
_RESTS, _LEFT_ALONE = timedelta(hours=1), timedelta(days=1)
"""How long a site rests at most that was read, and one that could not be."""


async def put_right(repository: Repository, sites: Mapping[str, SiteConfig], now: datetime) -> timedelta:
    """At a start: by how much the clock was put back since the last poll. Whatever waits is due as much earlier."""
    async with repository.writing() as work:
        by = await work.clock.ahead(now)
        if by > _SLACK:
            await set_back(work, now, by)
        await work.clock.limit(now)
        for state in await work.sites.all():
            site = sites.get(state.name)
            if site is not None and state.next_due_at > latest(site, state, now):
                await work.sites.defer(state.name, next_time(site, now, state.interval_s))
    return by if by > _SLACK else timedelta()


async def set_back(work: Work, now: datetime, by: timedelta) -> None:
    """Let everything be due as much earlier."""
    for notice in await work.notices.later(now):
        await work.notices.save(put_back(notice, now, by, addressee_named(notice.addressee)))
    await work.channels.clock_set_back(now, by)
    await work.clock.set_back(now, by)
    await work.clock.limit(now)


def latest(site: SiteConfig, state: SiteState, now: datetime) -> datetime:
    """When a site may be due at the latest: by its schedule, or after the longest rest."""
    rest = _LEFT_ALONE if state.failures else _RESTS
    return max(next_time(site, now, state.interval_s) + timedelta(seconds=float(site.jitter)), now + rest)
