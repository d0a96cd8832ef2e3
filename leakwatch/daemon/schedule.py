"""When: a timer for each site, and a tick that derives from the database whatever is due."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from leakwatch.daemon.clock import put_right, set_back
from leakwatch.jobs import Jobs
from leakwatch.model.site import SiteState
from leakwatch.polling import SiteConfig
from leakwatch.ports import Clock, Repository
from leakwatch.swarm.outcomes import OutcomeLog
from leakwatch.telling import is_due
from leakwatch.timetable import Every, rank, spread_s, trigger_of

CRAWL, PROVE, DELIVER, LOOK_BACK, COUNT, GATHER = "crawl", "prove", "deliver", "look_back", "count", "gather"
LOOK, CHECK = "look", "check"
"""The kinds of jobs; the keys are a host, a torrent, a channel, an asset, a swarm that is due, a host with places to see again, a notice, and for `gather` all."""
ALL = "all"
log = structlog.get_logger()

_TICK_S = 5
_SLEPT_S = 60.0
"""A pause between two ticks by which the machine must have slept, or the daemon been down."""
_TELL_S = 600


@dataclass(slots=True)
class Schedule:
    """Says to the jobs what is due; does none of it.

    `ticked` is when the last tick ended, by the monotonic clock.
    `counts`: whether swarms are counted at all; `counting` are those that a job counts now. One job counts all that are due.
    """

    repository: Repository
    jobs: Jobs
    sites: Mapping[str, SiteConfig]
    channels: Collection[str]
    counts: bool
    outcomes: OutcomeLog
    clock: Clock
    counting: set[str] = field(default_factory=set[str])
    ranks: dict[str, int] = field(default_factory=dict[str, int])
    scheduler: AsyncIOScheduler = field(default_factory=lambda: AsyncIOScheduler(timezone=UTC))
    ticked: float | None = None
    _awake_at: datetime | None = None
    _waking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self) -> None:
        """A timer for each site from its stored due time, overdue ones once; and the tick."""
        self.scheduler.start()
        now = self.clock.now()
        by = await put_right(self.repository, self.sites, now)
        if by:
            log.warning("clock_set_back", seconds=round(by.total_seconds()))
        await self._wake()
        async with self.repository.reading() as work:
            states = {state.name: state for state in await work.sites.all()}
        due = {name: state.next_due_at for name, state in states.items()}
        self.ranks.update({name: rank(site, states.get(name)) for name, site in self.sites.items()})
        for site in self.sites.values():
            self._set_timer(site, max(now, due.get(site.name, now)))
        self.scheduler.add_job(
            self.tick,
            Every(seconds=_TICK_S),
            id="tick",
            next_run_time=now,
            coalesce=True,
            misfire_grace_time=None,
        )
        self.scheduler.add_job(self.outcomes.tell, Every(seconds=_TELL_S), id="outcomes")

    def _set_timer(self, site: SiteConfig, first: datetime) -> None:
        self.scheduler.add_job(
            self._due,
            trigger=trigger_of(site),
            args=(site,),
            id=f"site:{site.name}",
            next_run_time=first,
            coalesce=True,
            misfire_grace_time=None,
            max_instances=1,
            replace_existing=True,
        )

    def resite(self, changed: Iterable[SiteConfig], gone: Iterable[str]) -> None:
        """Sites have changed, and are due now, or are watched no more."""
        for name in gone:
            self.ranks.pop(name, None)
            if self.scheduler.get_job(f"site:{name}"):
                self.scheduler.remove_job(f"site:{name}")
        for site in changed:
            self.ranks[site.name] = rank(site, None)
            self._set_timer(site, self.clock.now())

    async def _due(self, site: SiteConfig) -> None:
        if not await self._wake():
            await self.jobs.submit(CRAWL, [site.host], self.ranks.get(site.name, 0))

    async def _wake(self) -> bool:
        """Notice that the machine slept, and catch up without a storm; true if it just did.

        Each overdue site is read once, spread over its jitter; sites of high priority at once.
        """
        async with self._waking:
            now, before = self.clock.now(), self._awake_at
            if before is not None and before - now > timedelta(seconds=_TICK_S):
                return False  # the clock was put back, which `notice_clock` sees to
            self._awake_at = now
            if before is not None and now - before < timedelta(seconds=_SLEPT_S):
                return False
            async with self.repository.writing() as work:
                overdue = [state for state in await work.sites.due(now) if self._is_late(state, now)]
                for state in overdue:
                    site = self.sites.get(state.name)
                    if site is None:
                        continue  # the configuration has changed meanwhile
                    wait_s = 0.0 if site.priority == "high" else random.uniform(0, spread_s(site))  # noqa: S311
                    due = now + timedelta(seconds=wait_s)
                    await work.sites.defer(state.name, due)
                    self.retime(site, due)
        if overdue and before is not None:
            log.info("slept", seconds=round((now - before).total_seconds()), overdue=len(overdue))
        return bool(overdue)

    async def notice_clock(self) -> None:
        """Where the clock was put back, let everything be due as much earlier: timers would stand still until then.

        Where it was put forward no site is blind for it: what is late by that is read first.
        """
        if self._awake_at is not None and self.clock.now() > self._awake_at:
            await self._wake()
        async with self._waking:
            now, before = self.clock.now(), self._awake_at
            if before is None or before - now <= timedelta(seconds=_TICK_S):
                return
            by, self._awake_at = before - now, now
            async with self.repository.writing() as work:
                await set_back(work, now, by)
        for job in self.scheduler.get_jobs():
            if job.next_run_time is not None:
                job.modify(next_run_time=max(now, job.next_run_time - by))
        log.warning("clock_set_back", seconds=round(by.total_seconds()))

    def _is_late(self, state: SiteState, now: datetime) -> bool:
        """Whether a site was read before and its time has passed while nobody looked."""
        site = self.sites.get(state.name)
        return (
            site is not None and state.version > 0 and now - state.next_due_at >= timedelta(seconds=_TICK_S)
        )

    async def tick(self) -> None:
        """Derive from the database what is due: losing the queue loses nothing."""
        await self._wake()
        now = self.clock.now()
        async with self.repository.reading() as work:
            due = await work.sites.due_names(now)
            swarms = await work.findings.due_proofs(now)
            counts = await work.swarms.due(now) if self.counts else []
            channels = await work.outbox.due_channels(now)
            unsearched = await work.catalogue.unsearched()
            gather = [ALL] if await is_due(work, now) else []
            looks = await work.looks.due_hosts(now)
            notices = await work.notices.due(now)
        due.sort(key=lambda site: -self.ranks.get(site[0], 0))  # of one rank the longest overdue first
        await self.jobs.offer(CRAWL, [host for _, host in due])
        await self.jobs.offer(PROVE, swarms)
        await self.jobs.offer(COUNT, [one for one in counts if one not in self.counting][:1])
        await self.jobs.offer(GATHER, gather)
        await self.jobs.offer(DELIVER, [one for one in channels if one in self.channels])
        await self.jobs.offer(LOOK_BACK, unsearched)
        await self.jobs.offer(LOOK, looks)
        await self.jobs.offer(CHECK, notices)
        self.ticked = monotonic()

    def stop(self) -> None:
        """Nothing is due from now on."""
        self.scheduler.shutdown(wait=False)

    async def defer(self, site: SiteConfig) -> None:
        """After an error of ours, move the site's time on, so that it cannot come round in a circle."""
        due = self.clock.now() + timedelta(seconds=max(60.0, float(site.every)))
        async with self.repository.writing() as work:
            await work.sites.defer(site.name, due)
        self.retime(site, due)

    async def again(self, name: str) -> None:
        """Read a site now, if it is still watched: while it was read its settings have changed."""
        site = self.sites.get(name)
        if site is not None:
            async with self.repository.writing() as work:
                await work.sites.defer(name, self.clock.now())
            self.retime(site, self.clock.now())

    def retime(self, site: SiteConfig, due: datetime) -> None:
        """Read a site at this time, and by its schedule from then on."""
        job = self.scheduler.get_job(f"site:{site.name}") if self.scheduler.running else None
        if job is not None:
            job.modify(next_run_time=due)
