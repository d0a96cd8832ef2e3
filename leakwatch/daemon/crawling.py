"""The job `crawl:<host>`: the sites of one host whose time has come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from leakwatch.daemon.schedule import Schedule
from leakwatch.errors import Conflict, LeakwatchError
from leakwatch.model.site import SiteState
from leakwatch.pipeline import Brain
from leakwatch.polling import SiteConfig, poll
from leakwatch.ports import Clock, Fetcher, Reader, Repository, Vault
from leakwatch.sources import KINDS
from leakwatch.timetable import next_time

log = structlog.get_logger()


@dataclass(slots=True)
class Crawler:
    """Reads sites. `failed` are those that could not be read; `announce` is told what a page caused."""

    sites: Mapping[str, SiteConfig]
    repository: Repository
    vault: Vault
    fetcher: Fetcher
    reader: Reader
    clock: Clock
    schedule: Schedule
    stopping: asyncio.Event
    brain: Callable[[], Awaitable[Brain]]
    announce: Callable[[int, int], Awaitable[None]]
    failed: set[str] = field(default_factory=set[str])

    async def crawl(self, host: str) -> None:
        """Read the sites of a host whose time has come. They take turns at its pace: a long poll holds up no other."""
        reading: dict[str, asyncio.Task[None]] = {}
        once: set[str] = set()
        try:
            while not self.stopping.is_set():
                async with self.repository.reading() as work:
                    due = await work.sites.due(self.clock.now(), host)
                for state in due:
                    if state.name in self.sites and state.name not in once | set(reading):
                        once.add(state.name)
                        reading[state.name] = asyncio.create_task(self._poll(self.sites[state.name], state))
                if not reading:
                    return
                await asyncio.wait(reading.values(), timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
                for name in [name for name, task in reading.items() if task.done()]:
                    await reading.pop(name)
                    if reading:
                        once.discard(name)  # while another site of the host is read, this one may come again
            await asyncio.gather(*reading.values())
        finally:
            for task in reading.values():
                task.cancel()

    async def _poll(self, site: SiteConfig, state: SiteState) -> None:
        """Read one site once; an error of ours moves its time on, and the other sites go on."""
        brain = await self.brain()
        began = (brain, self.repository, self.vault, self.fetcher, self.reader, self.clock)
        try:
            polled = await poll(
                site, KINDS[site.kind], state, *began, self.stopping.is_set, next_time, self.announce
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
        self.schedule.retime(site, polled.next_due_at)

    async def put_off(self, host: str) -> None:
        """Move the time of all sites of a host on: reading them crashed."""
        for site in self.sites.values():
            if site.host == host:
                await self.schedule.defer(site)
