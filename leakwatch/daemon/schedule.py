"""When: a timer for each site, and a tick that derives from the database whatever is due."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from leakwatch.jobs import Jobs
from leakwatch.polling import SiteConfig
from leakwatch.ports import Clock, Repository
from leakwatch.swarm.outcomes import OutcomeLog
from leakwatch.timetable import trigger_of

CRAWL, PROVE, DELIVER, LOOK_BACK, COUNT = "crawl", "prove", "deliver", "look_back", "count"
"""The kinds of jobs; the keys are a host, a torrent, a channel, an asset, a swarm that is due."""
_TICK_S = 5
_TELL_S = 600


@dataclass(slots=True)
class Schedule:
    """Says to the jobs what is due; does none of it.

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
    scheduler: AsyncIOScheduler = field(default_factory=lambda: AsyncIOScheduler(timezone=UTC))

    async def start(self) -> None:
        """A timer for each site from its stored due time, overdue ones at once and once; and the tick."""
        self.scheduler.start()
        now = self.clock.now()
        async with self.repository.reading() as work:
            due = {state.name: state.next_due_at for state in await work.sites.all()}
        for site in self.sites.values():
            self.scheduler.add_job(
                self._due,
                trigger=trigger_of(site),
                args=(site.host,),
                id=f"site:{site.name}",
                next_run_time=max(now, due.get(site.name, now)),
                coalesce=True,
                misfire_grace_time=None,
                max_instances=1,
            )
        self.scheduler.add_job(
            self.tick,
            IntervalTrigger(seconds=_TICK_S),
            id="tick",
            next_run_time=now,
            coalesce=True,
            misfire_grace_time=None,
        )
        self.scheduler.add_job(self.outcomes.tell, IntervalTrigger(seconds=_TELL_S), id="outcomes")

    async def _due(self, host: str) -> None:
        await self.jobs.submit(CRAWL, [host])

    async def tick(self) -> None:
        """Derive from the database what is due: losing the queue loses nothing."""
        now = self.clock.now()
        async with self.repository.reading() as work:
            hosts = [state.host for state in await work.sites.due(now)]
            swarms = await work.findings.due_proofs(now)
            counts = await work.swarms.due(now) if self.counts else []
            channels = await work.outbox.due_channels(now)
            unsearched = await work.catalogue.unsearched()
        await self.jobs.offer(CRAWL, hosts)
        await self.jobs.offer(PROVE, swarms)
        await self.jobs.offer(COUNT, [one for one in counts if one not in self.counting][:1])
        await self.jobs.offer(DELIVER, [one for one in channels if one in self.channels])
        await self.jobs.offer(LOOK_BACK, unsearched)

    def stop(self) -> None:
        """Nothing is due from now on."""
        self.scheduler.shutdown(wait=False)

    async def defer(self, site: SiteConfig) -> None:
        """After an error of ours, move the site's time on, so that it cannot come round in a circle."""
        due = self.clock.now() + timedelta(seconds=max(60.0, float(site.every)))
        async with self.repository.writing() as work:
            await work.sites.defer(site.name, due)
        self.retime(site, due)

    def retime(self, site: SiteConfig, due: datetime) -> None:
        """Read a site at this time, and by its schedule from then on."""
        job = self.scheduler.get_job(f"site:{site.name}") if self.scheduler.running else None
        if job is not None:
            job.modify(next_run_time=due)
