"""The job `crawl:<host>`: the sites of one host whose time has come."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic

import structlog

from leakwatch.daemon.schedule import Schedule
from leakwatch.errors import Conflict, LeakwatchError
from leakwatch.model.asset import Asset
from leakwatch.model.site import SiteState
from leakwatch.pipeline import Brain
from leakwatch.polling import Polled, SiteConfig, poll
from leakwatch.ports import Clock, Fetcher, Reader, Repository, Vault
from leakwatch.sources import KINDS
from leakwatch.timetable import Interval, follow, is_adaptive, next_time, rank

log = structlog.get_logger()

_LOOK_S = 1.0


@dataclass(slots=True)
class Crawler:
    """Reads sites. `failed` are those that could not be read; `announce` is told what a page caused.

    While `has_room` says no, nothing is read: what could not be kept would be lost. All stays due.
    """

    sites: Mapping[str, SiteConfig]
    repository: Repository
    vault: Vault
    fetcher: Fetcher
    reader: Reader
    clock: Clock
    schedule: Schedule
    stopping: asyncio.Event
    brain: Callable[[int], Awaitable[Brain]]
    announce: Callable[[int, int], Awaitable[None]]
    has_room: Callable[[], bool] = lambda: True
    failed: set[str] = field(default_factory=set[str])
    _releases: tuple[Brain, tuple[Asset, ...]] | None = None

    async def crawl(self, host: str) -> None:
        """Read the sites of a host whose time has come. They take turns at its pace: a long poll holds up no other.

        While one is read, the others are looked at once a second. One whose time comes in the last second has a
        timer, which calls for another run.
        """
        reading: dict[str, asyncio.Task[None]] = {}
        once: set[str] = set()
        looked_at = -math.inf
        try:
            while not self.stopping.is_set():
                if monotonic() - looked_at >= _LOOK_S:
                    looked_at = monotonic()
                    states, version = await self._due(host, once | set(reading))
                    for state in states:
                        once.add(state.name)
                        site = self.sites.get(state.name)
                        if site is not None:
                            polling = self._poll(site, state, version)
                            reading[state.name] = asyncio.create_task(polling)
                if not reading:
                    return
                left_s = max(looked_at + _LOOK_S - monotonic(), 0.0)
                await asyncio.wait(reading.values(), timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
                for name in [name for name, task in reading.items() if task.done()]:
                    await reading.pop(name)
                    if reading:
                        once.discard(name)  # while another site of the host is read, this one may come again
            await asyncio.gather(*reading.values())
        finally:
            for task in reading.values():
                task.cancel()

    async def _due(self, host: str, but: set[str]) -> tuple[list[SiteState], int]:
        """The sites of a host whose time has come but some, and the version of the catalogue."""
        if not self.has_room():
            return [], 0
        async with self.repository.reading() as work:
            states = await work.sites.due(self.clock.now(), host, but)
            version = await work.catalogue.version() if states else 0
        return [state for state in states if state.name in self.sites], version

    async def _poll(self, site: SiteConfig, state: SiteState, version: int) -> None:
        """Read one site once; an error of ours moves its time on, and the other sites go on."""
        brain = await self.brain(version)
        began = (brain, self.repository, self.vault, self.fetcher, self.reader, self.clock)
        try:
            polled = await poll(
                site, KINDS[site.kind], state, *began, self.stopping.is_set, _next_time(state), self.announce
            )
        except Conflict as error:
            log.warning("poll_lost", site=site.name, error=error.message)
            return
        except LeakwatchError as error:
            log.error("poll_failed", site=site.name, error=error.message, blame=error.blame)
            self.failed.add(site.name)
            await self.schedule.defer(site)
            return
        window = polled.window
        log.info(
            "site_polled",
            site=site.name,
            verdict=window.verdict.value,
            pages=window.pages,
            items=window.items,
            new_items=window.new_items,
            alerts=polled.alerts,
            duration_s=round((window.ended_at - window.started_at).total_seconds(), 3),
            **({"suppressed": polled.suppressed} if polled.suppressed else {}),
            **({"detail": window.detail} if window.detail else {}),
        )
        if polled.failures:
            self.failed.add(site.name)
        due = await self._paced(site, state, polled, brain)
        if self.sites.get(site.name) is site:
            self.schedule.retime(site, due)
        else:
            await self.schedule.again(site.name)

    async def _paced(self, site: SiteConfig, state: SiteState, polled: Polled, brain: Brain) -> datetime:
        """When the site is due: where its interval follows what it shows, that is written down with its reason."""
        if not is_adaptive(site):
            if state.interval_s is not None:
                await self._write_pace(site, state, None, polled.next_due_at)
            return polled.next_due_at
        sharers = sum(other.host == site.host for other in self.sites.values())
        interval = follow(site, state.interval_s, polled.window, self._released(brain), sharers)
        due = polled.next_due_at
        if not polled.failures:
            due = next_time(site, polled.window.started_at, interval.every_s)
        await self._write_pace(site, state, interval, due)
        if interval.every_s != state.interval_s:
            log.info("interval_changed", site=site.name, every_s=round(interval.every_s, 1), why=interval.why)
        return due

    async def _write_pace(
        self, site: SiteConfig, state: SiteState, interval: Interval | None, due: datetime
    ) -> None:
        every_s, why = (interval.every_s, interval.why) if interval else (None, None)
        async with self.repository.writing() as work:
            await work.sites.pace(site.name, every_s, why, due)
        self.schedule.ranks[site.name] = rank(site, replace(state, interval_s=every_s))

    def _released(self, brain: Brain) -> str | None:
        """An asset that is in its release window, by the id that may be shown, if there is one."""
        if self._releases is None or self._releases[0] is not brain:
            dated = tuple(one for one in brain.index.assets.values() if one.release_at)
            self._releases = (brain, dated)
        now = self.clock.now()
        near = [one for one in self._releases[1] if one.in_release_window(now)]
        return min((one.shown_id for one in near), default=None)

    async def put_off(self, host: str) -> None:
        """Move the time of all sites of a host on: reading them crashed."""
        for site in self.sites.values():
            if site.host == host:
                await self.schedule.defer(site)


def _next_time(state: SiteState) -> Callable[[SiteConfig, datetime], datetime]:
    """By the schedule, at the interval that the site has now."""

    def due(site: SiteConfig, began: datetime) -> datetime:
        return next_time(site, began, state.interval_s if is_adaptive(site) else None)

    return due
