"""The daemon: its parts, what each kind of job does, and how they run and stop: intake, drain, end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import structlog

from leakwatch.config import Config
from leakwatch.counting import Counted, Counter, count_swarms
from leakwatch.crawl.fetcher import HttpFetcher
from leakwatch.crawl.vault import FileVault
from leakwatch.daemon.answers import answer
from leakwatch.daemon.brains import Brains
from leakwatch.daemon.changes import Changes
from leakwatch.daemon.checking import check_notice
from leakwatch.daemon.crawling import Crawler
from leakwatch.daemon.guard import Guard
from leakwatch.daemon.heartbeat import Heartbeat
from leakwatch.daemon.keeper import Keeper
from leakwatch.daemon.listening import Listening
from leakwatch.daemon.rounds import Round, Rounds
from leakwatch.daemon.schedule import (
    ALL,
    CHECK,
    COUNT,
    CRAWL,
    DELIVER,
    GATHER,
    LOOK,
    LOOK_BACK,
    PROVE,
    Schedule,
)
from leakwatch.daemon.sending import Sender
from leakwatch.daemon.storage import Storage
from leakwatch.daemon.upkeep import Upkeep
from leakwatch.drilling import DRILL, SITE, Drills
from leakwatch.jobs import Handler, Jobs
from leakwatch.limited.pages import PageReader
from leakwatch.lookagain import LookDesk, look_at_host
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Finding, FindingEvent
from leakwatch.pipeline import Brain, look_back, tell_event
from leakwatch.polling import SiteConfig
from leakwatch.ports import Clock, Notifier, Work
from leakwatch.proving import Prover, prove_swarm
from leakwatch.rulepack.schema import RulePack
from leakwatch.store.repository import SqlRepository
from leakwatch.streaming import Surroundings
from leakwatch.swarm.outcomes import OutcomeLog

log = structlog.get_logger()

_DRAIN_S, _LOOK_S, _FILES_S, _DRILL_S, _OLD_DRILLS_S = 10.0, 15.0, 5.0, 1.0, 60.0
_FIRST_SWEEP_S, _SWEEP_S, _SHOT_S = 600.0, 86_400.0, 5.0
BLIND, READ, KEEP, TEND, ANSWER, CLOCK = "blind", "configuration", "keep", "tend", "answer", "clock"
SWEEP, BEAT, SHOT = "sweep", "heartbeat", "screenshot"
_HOSTS_A_PLACE = 4
"""Hosts that are read for each request that may be on the wire: the others are parsed, stored, or keep their pace."""
_MAX_PROVING, _MAX_COUNTING, _MAX_LOOKING, _MAX_CHECKING = 64, 8, 8, 4
"""Looks at swarms at once: each may take a minute, and crawling and alerts must never wait for them."""


@dataclass(slots=True)
class Daemon:
    """The running parts. Built by `running`, which also takes them down."""

    config: Config
    repository: SqlRepository
    vault: FileVault
    fetcher: HttpFetcher
    reader: PageReader
    prover: Prover
    counter: Counter | None
    notifiers: dict[str, Notifier]
    brains: Brains
    clock: Clock
    jobs: Jobs
    schedule: Schedule
    sites: dict[str, SiteConfig]
    outcomes: OutcomeLog
    changes: Changes
    streams: tuple[SiteConfig, ...] = ()
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    guard: Guard = field(init=False)
    crawler: Crawler = field(init=False)
    sender: Sender = field(init=False)
    upkeep: Upkeep = field(init=False)
    heartbeat: Heartbeat | None = field(init=False)
    storage: Storage = field(init=False)
    listening: Listening = field(init=False)

    def __post_init__(self) -> None:
        self.crawler = Crawler(
            sites=self.sites,
            repository=self.repository,
            vault=self.vault,
            fetcher=self.fetcher,
            reader=self.reader,
            clock=self.clock,
            schedule=self.schedule,
            stopping=self.stopping,
            brain=self.brain,
            announce=self._announce,
            has_room=self.vault.has_room,
        )
        self.storage = Storage(self.repository, self.notifiers, self.clock)
        self.guard = Guard(self.storage.suspects, {CRAWL: self.crawler.put_off}, frozenset({LOOK_BACK}))
        self.sender = Sender(
            self.config, self.repository, self.notifiers, self.clock, self.jobs, self.stopping
        )
        self.upkeep = Upkeep(
            config=self.config,
            repository=self.repository,
            keeper=Keeper(
                self.config.evidence,
                self.repository,
                self.vault,
                self.fetcher,
                self.config.routing,
                self.clock,
            ),
            notifiers=self.notifiers,
            clock=self.clock,
            brain=self.brain,
            sites=lambda: self.sites | {site.name: site for site in self.streams},
            tell=self.tell,
            caused=self._caused,
            stopping=self.stopping,
        )
        told = self.config.heartbeat
        self.heartbeat = told and Heartbeat(
            url=told.url.reveal(),
            every_s=float(told.every),
            channels=frozenset(self.notifiers),
            fetcher=self.fetcher,
            repository=self.repository,
            clock=self.clock,
            ticked=lambda: self.schedule.ticked,
            attempted=lambda: self.sender.attempted,
            takes_nothing=lambda: self.storage.since is not None,
        )
        around = Surroundings(
            brain=self.brain,
            repository=self.repository,
            vault=self.vault,
            clock=self.clock,
            announce=self._announce,
        )
        self.listening = Listening(
            self.config, around, self.fetcher, self.prover.swarm, self.brain, self.guard
        )

    async def brain(self, version: int | None = None) -> Brain:
        """What pages are held against now."""
        return await self.brains.get(version)

    def _handlers(self) -> int:
        """Say what each kind of job means; answers how many may run at once."""
        hosts = _HOSTS_A_PLACE * self.config.daemon.concurrency
        kinds: tuple[tuple[str, Handler, int], ...] = (
            (CRAWL, self.crawler.crawl, hosts),
            (PROVE, self.prove, _MAX_PROVING),
            (COUNT, self.count, _MAX_COUNTING),
            (LOOK, self.look, _MAX_LOOKING),
            (CHECK, self.check_notice, _MAX_CHECKING),
            (GATHER, self.sender.gather, 1),
            (LOOK_BACK, self.look_back, 1),
        )
        for kind, handle, limit in kinds:
            self.jobs.handler(kind, self.guard.guarded(kind, handle), limit)
        self.jobs.handler(DELIVER, self.guard.guarded(DELIVER, self.sender.deliver))
        return sum(limit for _, _, limit in kinds) + len(self.notifiers)

    def _rounds(self) -> Iterator[Round]:
        """What is done beside the jobs."""
        upkeep = self.upkeep
        chores = (
            (CLOCK, self.schedule.notice_clock),
            (BLIND, upkeep.tell_blind),
            (KEEP, upkeep.keep_evidence),
            (TEND, upkeep.tend),
            (KEEP, self.storage.look),
        )
        yield Round(_LOOK_S, chores)
        yield Round(_FILES_S, ((READ, lambda: self.changes.look(self.config, self.take_sites)),))
        yield Round(_SWEEP_S, ((SWEEP, upkeep.sweep),), _FIRST_SWEEP_S)
        yield Round(_DRILL_S, ((DRILL, self.drill),), 0.0)
        yield Round(_OLD_DRILLS_S, ((DRILL, upkeep.end_drills),), 0.0)
        if self.config.evidence.screenshot:
            yield Round(_SHOT_S, ((SHOT, upkeep.draw),), _SHOT_S)
        if self.heartbeat:
            yield Round(self.heartbeat.every_s, ((BEAT, self.heartbeat.beat),))

    async def run(self) -> None:
        """Work until told to stop."""
        working = asyncio.create_task(self.jobs.run(self._handlers()))
        self.upkeep.began = self.clock.now()
        rounds = Rounds([*self._rounds()], self.guard)
        await self.listening.to(self.streams)
        answering = asyncio.create_task(self._answer())
        await self.schedule.start()
        log.info("daemon_started", sites=len(self.sites), channels=len(self.notifiers))
        await self.stopping.wait()
        log.info("daemon_stopping")
        self.schedule.stop()
        await rounds.stop()
        await asyncio.wait({answering}, timeout=_DRAIN_S)
        await self.listening.to(())
        self.jobs.stop()
        _, late = await asyncio.wait({working}, timeout=_DRAIN_S)
        if late:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
        await self.outcomes.tell()
        log.info("daemon_stopped", drained=not late)

    async def run_once(self) -> None:
        """Read every site once, look at every swarm that is due, send what is due."""
        for host in sorted({site.host for site in self.sites.values()}):
            await self.guard.guarded(CRAWL, self.crawler.crawl)(host)
        for kind, chore in ((BLIND, self.upkeep.tell_blind), (TEND, self.upkeep.tend)):
            async with self.guard.over(kind):
                await chore()
        async with self.repository.reading() as work:
            unsearched = await work.catalogue.unsearched()
        for asset in unsearched:
            await self.guard.guarded(LOOK_BACK, self.look_back)(asset)
        async with self.repository.reading() as work:
            swarms = await work.findings.due_proofs(self.clock.now())
            notices = await work.notices.due(self.clock.now())
        await asyncio.gather(*(self.guard.guarded(PROVE, self.prove)(key) for key in swarms))
        for notice in notices:
            await self.guard.guarded(CHECK, self.check_notice)(notice)
        await self.send_all()
        await self.outcomes.tell()

    async def send_all(self) -> None:
        """Send what is due on every channel, and then what that has caused on others."""
        await self.guard.guarded(GATHER, self.sender.gather_all)(ALL)
        for channel in (*self.notifiers, *self.notifiers):
            await self.guard.guarded(DELIVER, self.sender.deliver)(channel)

    async def drill(self, _: str = "") -> None:
        """Take the drills that were handed in the way that every item goes."""
        told = (self.brain, self.repository, self.vault, self.clock, self._announce)
        await Drills(self.config.data_dir / "drills", *told).look()

    async def tell(self, event: FindingEvent, finding: Finding, asset: Asset, work: Work, /) -> int:
        """Write an event, and what it causes."""
        return await tell_event(event, finding, asset, (await self.brain()).routes, work)

    async def _answer(self) -> None:
        """Do what people press where they were told."""
        async with self.guard.over(ANSWER):
            channels = self.config.channels
            await answer(
                channels, self.repository, self.fetcher, self.clock, self.tell, self.guard, self.stopping
            )

    async def take_sites(self, read: Config, pack: RulePack) -> None:
        """Go on with the sites of this configuration, and with its secrets; those that have changed are due now."""
        wanted = {one.name: one for one in read.sites if one.enabled and not one.is_stream}
        streams = tuple(one for one in read.sites if one.enabled and one.is_stream)
        gone = sorted(self.sites.keys() - wanted.keys())
        changed = [one for name, one in wanted.items() if self.sites.get(name) != one]
        async with self.repository.writing() as work:
            told = [SITE, *((one.name, one.kind, one.host) for one in (*wanted.values(), *streams))]
            await work.sites.sync(told, self.clock.now())
            for one in changed:
                await work.sites.defer(one.name, self.clock.now())
        for name in gone:
            del self.sites[name]
        self.sites.update({one.name: one for one in changed})
        self.config = replace(self.config, sites=read.sites, secrets=read.secrets)
        self.fetcher.secret = self.config.secret
        self.streams = streams
        self.brains.take(read.sites, pack)
        self.schedule.resite(changed, gone)
        await self.listening.to(streams)
        log.info("sites_taken", sites=len(self.sites), changed=[one.name for one in changed], gone=gone)

    async def look_back(self, asset: str) -> None:
        """Look for a newly registered asset in what is stored."""
        brain = await self.brain()
        if AssetId(asset) in brain.index.assets:
            alerts, proofs = await look_back(AssetId(asset), brain, self.repository)
            shown = brain.index.assets[AssetId(asset)].shown_id
            log.info("looked_back", asset=shown, alerts=alerts, proofs=proofs)
            await self._announce(alerts, proofs)

    async def _caused(self) -> None:
        """There is something to tell."""
        await self.jobs.submit(GATHER, [ALL])

    async def _announce(self, alerts: int, proofs: int) -> None:
        """A page was committed: what it caused need not wait for the tick."""
        if alerts:
            await self._caused()
        if proofs:
            async with self.repository.reading() as work:
                await self.jobs.offer(PROVE, await work.findings.due_proofs(self.clock.now()))

    async def prove(self, swarm_key: str) -> None:
        """Look at one swarm for every finding that waits for it."""
        brain = await self.brain()
        proved = await prove_swarm(swarm_key, brain, self.prover)
        verdicts = [verdict.value for verdict in proved.verdicts]
        log.info(
            "swarm_looked_at",
            infohash=swarm_key,
            verdicts=verdicts,
            **({"error": proved.error} if proved.error else {}),
        )
        if proved.alerts:
            await self._caused()

    async def count(self, _: str) -> None:
        """Count all swarms that are due now and that no other job counts: the one that is named stands for them."""
        if self.counter is None:
            return
        brain, due = await self.brain(), await self._uncounted()
        self.schedule.counting.update(due)
        try:
            await count_swarms(due, brain, self.counter, self._counted)
        finally:
            self.schedule.counting.difference_update(due)

    async def look(self, host: str) -> None:
        """Look again at the places of a host that are due."""
        if not self.config.evidence.look_again:
            return
        desk = LookDesk(
            sites=self.sites,
            brain=await self.brain(),
            repository=self.repository,
            vault=self.vault,
            fetcher=self.fetcher,
            reader=self.reader,
            clock=self.clock,
            close_when_gone=self.config.evidence.close_when_gone,
        )
        if await look_at_host(host, desk):
            await self._caused()

    async def check_notice(self, notice: str) -> None:
        """Look whether the content that a notice is about is gone."""
        if await check_notice(notice, self.repository, self.fetcher, self.sites, self.clock, self.tell):
            await self._caused()

    async def _uncounted(self) -> list[str]:
        """Swarms that are due and not being counted."""
        async with self.repository.reading() as work:
            due = await work.swarms.due(self.clock.now())
        return [one for one in due if one not in self.schedule.counting]

    async def _counted(self, counted: Counted) -> None:
        told = {one.source: f"{one.seeds}+{one.leechers}" for one in counted.samples}
        log.info(
            "swarm_counted",
            infohash=counted.swarm_key,
            seeds_leechers=told,
            problems=list(counted.problems),
        )
        if counted.alerts:
            await self._caused()
