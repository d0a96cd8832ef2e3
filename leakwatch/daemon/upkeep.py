"""What time brings without anything being read: due dates, blind sites, room for evidence, old rows, drills left open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from leakwatch.alerts.gone import bury_unknown
from leakwatch.cases.assets import due_steps
from leakwatch.cases.telling import Tell
from leakwatch.cases.tending import tell_overdue, weigh_growing, weigh_windows
from leakwatch.config import Config
from leakwatch.daemon.keeper import Keeper
from leakwatch.daemon.sending import addressees, report_gone
from leakwatch.drilling import end_old_drills
from leakwatch.limited.browser import Browser
from leakwatch.matching.allowed import Judge
from leakwatch.pipeline import Brain, Counted, teller
from leakwatch.polling import SiteConfig, tell_blind
from leakwatch.ports import Clock, Notifier
from leakwatch.resurfacing import resurface
from leakwatch.retention import sweep
from leakwatch.screenshots import Studio, draw_due
from leakwatch.store.repository import SqlRepository
from leakwatch.telling import free

log = structlog.get_logger()

_WEIGHED = ((weigh_windows, timedelta(minutes=1)), (weigh_growing, timedelta(minutes=10)))


@dataclass(slots=True)
class Upkeep:
    """The daemon's chores. `caused` is called where one of them has something to tell; `sites` are all that are watched.

    `began` is when the watch was begun; None where nothing is watched for long.
    """

    config: Config
    repository: SqlRepository
    keeper: Keeper
    notifiers: Mapping[str, Notifier]
    clock: Clock
    brain: Callable[[], Awaitable[Brain]]
    sites: Callable[[], Mapping[str, SiteConfig]]
    tell: Tell
    caused: Callable[[], Awaitable[None]]
    stopping: asyncio.Event
    began: datetime | None = None
    weighed_at: dict[str, datetime] = field(default_factory=dict[str, datetime])

    async def tend(self) -> None:
        """Due dates, the ends of embargoes, releases and their windows, allow lists that expire, channels that went, news that nothing keeps back."""
        now, told, brain = self.clock.now(), Counted(), await self.brain()
        tell = teller(brain, told)
        await tell_overdue(self.repository, now, tell=tell)
        for asset in await due_steps(
            self.repository, now, tell=tell, judge=Judge(brain.hosts, brain.authors)
        ):
            log.info("asset_moved_on", asset=asset.shown_id, stage=asset.stage, embargoed=asset.embargoed)
        await self._weigh(now, tell)
        everybody = addressees("", self.config.channels, self.notifiers)
        report_gone(await bury_unknown(everybody, self.repository, now))
        freed = await free(self.config.routing, self.repository, now)
        if freed + told.alerts + await resurface(await self.brain(), self.repository, now):
            await self.caused()

    async def _weigh(self, now: datetime, tell: Tell) -> None:
        """Severities that time has moved."""
        for weigh, every in _WEIGHED:
            last = self.weighed_at.get(weigh.__name__)
            if last is None or abs(now - last) >= every:
                self.weighed_at[weigh.__name__] = now
                await weigh(self.repository, now, tell=tell)

    async def tell_blind(self) -> None:
        """Sites that are blind for too long, and those that see again."""
        if self.began is not None:
            self.began = min(self.began, self.clock.now())  # the clock may have been put back
        if await tell_blind(self.sites(), self.repository, self.config.routing, self.clock, self.began):
            await self.caused()

    async def keep_evidence(self) -> None:
        """The store of evidence: its room, its budget, time stamps, places of removed cases."""
        if await self.keeper.look():
            await self.caused()

    async def draw(self) -> None:
        """Draw kept pages that wait for it."""
        settings = self.config.evidence
        studio = Studio(
            browser=Browser(self.config.beside(settings.chromium_path), settings.chromium_sandbox),
            sites=self.sites(),
            repository=self.repository,
            vault=self.keeper.vault,
            fetcher=self.keeper.fetcher,
            clock=self.clock,
        )
        await draw_due(studio)

    async def sweep(self) -> None:
        """Throw away what no open finding needs any more."""
        swept = await sweep(self.config.retention, self.repository, self.clock.now(), self.stopping.is_set)
        forgotten = await self.keeper.forget(self.config.retention.evidence_days)
        log.info(
            "swept",
            **swept.gone,
            evidence_files=forgotten,
            batches=swept.batches,
            longest_s=round(swept.longest_s, 3),
        )

    async def end_drills(self) -> None:
        """Close drills whose command did not."""
        await end_old_drills(self.repository, self.clock.now(), self.tell)
