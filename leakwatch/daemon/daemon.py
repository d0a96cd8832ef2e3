"""What each kind of job does, and how they run and stop: intake, drain, end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic

import structlog

from leakwatch.alerts import is_read_by_people
from leakwatch.alerts.deliver import Attempt, deliver
from leakwatch.alerts.gone import bury_unknown
from leakwatch.cases.assets import due_steps
from leakwatch.cases.tending import tell_overdue
from leakwatch.config import Config
from leakwatch.counting import Counted, Counter, count_swarms
from leakwatch.crawl.fetcher import HttpFetcher
from leakwatch.crawl.silence import Silence
from leakwatch.crawl.vault import FileVault
from leakwatch.daemon.answers import answer
from leakwatch.daemon.changes import Changes
from leakwatch.daemon.checking import check_notice
from leakwatch.daemon.crawling import Crawler
from leakwatch.daemon.heartbeat import Heartbeat
from leakwatch.daemon.keeper import Keeper
from leakwatch.daemon.listening import Listening
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
from leakwatch.daemon.sending import addressees, report, report_gone
from leakwatch.daemon.storage import Storage
from leakwatch.drilling import DRILL, SITE, Drills, end_old_drills
from leakwatch.errors import LeakwatchError, StoreError
from leakwatch.extract.hosts import Hosts
from leakwatch.jobs import Handler, Jobs
from leakwatch.limited.pages import PageReader
from leakwatch.lookagain import LookDesk, look_at_host
from leakwatch.matching.index import build_index
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import Asset, AssetId, QueryMode
from leakwatch.model.finding import Finding, FindingEvent
from leakwatch.pipeline import Brain, look_back, tell_event, teller
from leakwatch.pipeline import Counted as Told
from leakwatch.polling import SiteConfig, tell_blind
from leakwatch.ports import Clock, Notifier, Work
from leakwatch.privacy import PLAIN, Authors
from leakwatch.proving import Prover, prove_swarm
from leakwatch.resurfacing import resurface
from leakwatch.retention import sweep
from leakwatch.rulepack.schema import RulePack
from leakwatch.store.repository import SqlRepository
from leakwatch.streaming import Surroundings
from leakwatch.swarm.outcomes import OutcomeLog
from leakwatch.telling import Telling, tell_due

log = structlog.get_logger()

_DRAIN_S, _LOOK_S, _FILES_S, _DRILL_S = 10.0, 15.0, 5.0, 1.0
BLIND, READ, KEEP, TEND, ANSWER, CLOCK = "blind", "configuration", "keep", "tend", "answer", "clock"
SWEEP = "sweep"
_FIRST_SWEEP_S, _SWEEP_S = 600.0, 86_400.0
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
    weights: Weights
    pack: RulePack
    hosts: Hosts
    clock: Clock
    jobs: Jobs
    schedule: Schedule
    sites: dict[str, SiteConfig]
    outcomes: OutcomeLog
    changes: Changes
    streams: tuple[SiteConfig, ...] = ()
    authors: Authors = PLAIN
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    crawler: Crawler = field(init=False)
    heartbeat: Heartbeat | None = field(init=False)
    keeper: Keeper = field(init=False)
    storage: Storage = field(init=False)
    listening: Listening = field(init=False)
    _brain: tuple[int, Brain] | None = None
    _indexing: asyncio.Lock = field(default_factory=asyncio.Lock)

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
        self.keeper = Keeper(
            self.config.evidence, self.repository, self.vault, self.fetcher, self.config.routing, self.clock
        )
        self.storage = Storage(self.repository, self.notifiers, self.clock)
        told = self.config.heartbeat
        self.heartbeat = told and Heartbeat(
            url=told.url.reveal(),
            every_s=float(told.every),
            channels=frozenset(self.notifiers),
            fetcher=self.fetcher,
            repository=self.repository,
            clock=self.clock,
            ticked=lambda: self.schedule.ticked,
            takes_nothing=lambda: self.storage.since is not None,
        )
        around = Surroundings(
            brain=self.brain,
            repository=self.repository,
            vault=self.vault,
            clock=self.clock,
            announce=self._announce,
        )
        self.listening = Listening(self.config, around, self.fetcher, self.prover.swarm, self.brain)

    async def brain(self, version: int | None = None) -> Brain:
        """The catalogue as an index, built anew when the catalogue has changed. `version` is what it is, where that is known."""
        if self._brain is not None and self._brain[0] == version:
            return self._brain[1]
        async with self._indexing:
            async with self.repository.reading() as work:
                version = await work.catalogue.version()
                is_new = self._brain is None or self._brain[0] != version
                assets = await work.catalogue.all() if is_new else []
            if self._brain is None or is_new:
                index = await asyncio.to_thread(build_index, assets)  # seconds for a large catalogue
                self.fetcher.silence = await asyncio.to_thread(_silence, assets)
                priors = {site.name: site.prior_bits for site in self.config.sites}
                told = (self.weights, self.pack, self.config.routing, self.hosts, priors)
                self._brain = (version, Brain(index, *told, self.authors))
                log.info("catalogue_loaded", assets=len(index.assets), names=len(index.book.names))
            return self._brain[1]

    async def run(self) -> None:
        """Work until told to stop."""
        hosts = _HOSTS_A_PLACE * self.config.daemon.concurrency
        self.jobs.handler(CRAWL, self._guarded(CRAWL, self.crawler.crawl), hosts)
        self.jobs.handler(PROVE, self._guarded(PROVE, self.prove), _MAX_PROVING)
        self.jobs.handler(GATHER, self._guarded(GATHER, self.gather), 1)
        self.jobs.handler(DELIVER, self._guarded(DELIVER, self.deliver))
        self.jobs.handler(LOOK_BACK, self._guarded(LOOK_BACK, self.look_back), 1)
        self.jobs.handler(COUNT, self._guarded(COUNT, self.count), _MAX_COUNTING)
        self.jobs.handler(LOOK, self._guarded(LOOK, self.look), _MAX_LOOKING)
        self.jobs.handler(CHECK, self._guarded(CHECK, self.check_notice), _MAX_CHECKING)
        looks = _MAX_LOOKING + _MAX_CHECKING
        working = asyncio.create_task(
            self.jobs.run(hosts + _MAX_PROVING + _MAX_COUNTING + looks + len(self.notifiers) + 2)
        )
        began = self.clock.now()
        looking = asyncio.create_task(self._keep_looking(began))
        beating = [asyncio.create_task(self.heartbeat.run())] if self.heartbeat else []
        reading = asyncio.create_task(self._keep_reading())
        await self.listening.to(self.streams)
        sweeping = asyncio.create_task(self._keep_sweeping())
        drilling = asyncio.create_task(self._keep_drilling())
        answering = asyncio.ensure_future(self._guarded(ANSWER, self._answer)(""))
        await self.schedule.start()
        log.info("daemon_started", sites=len(self.sites), channels=len(self.notifiers))
        await self.stopping.wait()
        log.info("daemon_stopping")
        self.schedule.stop()
        tasks = (reading, *beating, looking, drilling, sweeping)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
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
            await self._guarded(CRAWL, self.crawler.crawl)(host)
        await self._guarded(BLIND, self._tell_blind)("")
        await self._guarded(TEND, self._tend)("")
        async with self.repository.reading() as work:
            unsearched = await work.catalogue.unsearched()
        for asset in unsearched:
            await self._guarded(LOOK_BACK, self.look_back)(asset)
        async with self.repository.reading() as work:
            swarms = await work.findings.due_proofs(self.clock.now())
            notices = await work.notices.due(self.clock.now())
        await asyncio.gather(*(self._guarded(PROVE, self.prove)(key) for key in swarms))
        for notice in notices:
            await self._guarded(CHECK, self.check_notice)(notice)
        await self.send_all()
        await self.outcomes.tell()

    async def send_all(self) -> None:
        """Send what is due on every channel, and then what that has caused on others."""
        await self._guarded(GATHER, self._gather_all)(ALL)
        for channel in (*self.notifiers, *self.notifiers):
            await self._guarded(DELIVER, self.deliver)(channel)

    async def _gather_all(self, key: str) -> None:
        """Whatever waits for more to come: in one run through everything nothing more comes."""
        await self.gather(key, settle=False)

    async def drill(self, _: str = "") -> None:
        """Take the drills that were handed in the way that every item goes."""
        told = (self.brain, self.repository, self.vault, self.clock, self._announce)
        await Drills(self.config.data_dir / "drills", *told).look()

    async def _end_drills(self, _: str) -> None:
        """Close drills whose command did not."""
        await end_old_drills(self.repository, self.clock.now(), self.tell)

    async def tell(self, event: FindingEvent, finding: Finding, asset: Asset, work: Work, /) -> int:
        """Write an event, and what it causes."""
        return await tell_event(event, finding, asset, (await self.brain()).routes, work)

    async def _keep_drilling(self) -> None:
        """See every second whether somebody drills, and once a minute whether a drill was left open."""
        for turn in itertools.count():
            if turn % 60 == 0:
                await self._guarded(DRILL, self._end_drills)("")
            await self._guarded(DRILL, self.drill)("")
            await asyncio.sleep(_DRILL_S)

    async def _answer(self, _: str) -> None:
        """Do what people press where they were told."""
        await answer(
            self.config.channels, self.repository, self.fetcher, self.clock, self.tell, self.stopping
        )

    async def _keep_reading(self) -> None:
        """Notice changes of the configuration's files."""
        while True:
            await asyncio.sleep(_FILES_S)
            await self._guarded(READ, lambda _: self.changes.look(self.config, self.take_sites))("")

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
        self.pack, self.streams, self._brain = pack, streams, None
        self.schedule.resite(changed, gone)
        await self.listening.to(streams)
        log.info("sites_taken", sites=len(self.sites), changed=[one.name for one in changed], gone=gone)

    async def _keep_looking(self, began: datetime) -> None:
        """See again and again whether sites are blind."""
        while True:
            await asyncio.sleep(_LOOK_S)
            await self._guarded(CLOCK, lambda _: self.schedule.notice_clock())("")
            await self._guarded(BLIND, self._tell_blind)(began.isoformat())
            await self._guarded(KEEP, self._keep_evidence)("")
            await self._guarded(TEND, self._tend)("")
            await self._guarded(KEEP, lambda _: self.storage.look())("")

    async def _keep_sweeping(self) -> None:
        """Once a day throw away what is old."""
        while True:
            await asyncio.sleep(_FIRST_SWEEP_S)
            await self._guarded(SWEEP, self._sweep)("")
            await asyncio.sleep(_SWEEP_S)

    async def _sweep(self, _: str) -> None:
        """Throw away what no open finding needs any more."""
        swept = await sweep(self.config.retention, self.repository, self.clock.now(), self.stopping.is_set)
        log.info("swept", **swept.gone, batches=swept.batches, longest_s=round(swept.longest_s, 3))

    async def _tend(self, _: str) -> None:
        """What time brings: due dates, the ends of embargoes, releases, allow lists that expire, channels that went."""
        now, told, brain = self.clock.now(), Told(), await self.brain()
        tell = teller(brain, told)
        await tell_overdue(self.repository, now, tell=tell)
        for asset in await due_steps(self.repository, now, tell=tell):
            log.info("asset_moved_on", asset=asset.shown_id, stage=asset.stage, embargoed=asset.embargoed)
        everybody = addressees("", self.config.channels, self.notifiers)
        report_gone(await bury_unknown(everybody, self.repository, now))
        alerts = told.alerts + await resurface(await self.brain(), self.repository, now)
        if alerts:
            await self.jobs.submit(GATHER, [ALL])

    async def _keep_evidence(self, _: str) -> None:
        """See to the store of evidence: its room, its budget, time stamps, places of removed cases."""
        if await self.keeper.look():
            await self.jobs.submit(GATHER, [ALL])

    async def _tell_blind(self, began: str) -> None:
        """Tell of sites that are blind for too long; `began` is when the watch was started."""
        sites = self.sites | {site.name: site for site in self.streams}
        since = datetime.fromisoformat(began) if began else None
        told = await tell_blind(sites, self.repository, self.config.routing, self.clock, since)
        if told:
            await self.jobs.submit(GATHER, [ALL])

    async def look_back(self, asset: str) -> None:
        """Look for a newly registered asset in what is stored."""
        brain = await self.brain()
        if AssetId(asset) in brain.index.assets:
            alerts, proofs = await look_back(AssetId(asset), brain, self.repository)
            shown = brain.index.assets[AssetId(asset)].shown_id
            log.info("looked_back", asset=shown, alerts=alerts, proofs=proofs)
            await self._announce(alerts, proofs)

    async def _announce(self, alerts: int, proofs: int) -> None:
        """A page was committed: what it caused need not wait for the tick."""
        if alerts:
            await self.jobs.submit(GATHER, [ALL])
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
            await self.jobs.submit(GATHER, [ALL])

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
            await self.jobs.submit(GATHER, [ALL])

    async def check_notice(self, notice: str) -> None:
        """Look whether the content that a notice is about is gone."""
        if await check_notice(notice, self.repository, self.fetcher, self.sites, self.clock, self.tell):
            await self.jobs.submit(GATHER, [ALL])

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
            await self.jobs.submit(GATHER, [ALL])

    async def gather(self, _: str, *, settle: bool = True) -> None:
        """Make messages of what is due to be told, and have them sent."""
        recipients = {name: tuple(getattr(one, "recipients", ())) for name, one in self.notifiers.items()}
        telling = Telling(routing=self.config.routing, recipients=recipients, limits=self.config.limits)
        told = await tell_due(telling, self.repository, self.clock.now(), settle=settle)
        if told:
            log.info("alerts_gathered", messages=told)
            await self.jobs.submit(DELIVER, list(self.notifiers))

    async def deliver(self, channel: str) -> None:
        """Send everything that is due on one channel."""
        notifier = self.notifiers.get(channel)
        if notifier is not None:
            settings = next(one for one in self.config.channels if one.name == channel)
            await deliver(
                channel,
                notifier,
                self.repository,
                self.clock,
                self._report,
                self.stopping.is_set,
                others=addressees(channel, self.config.channels, self.notifiers),
                folds=is_read_by_people(settings),
            )
            await self.jobs.submit(DELIVER, await self._due_channels(channel))

    def _report(self, attempt: Attempt) -> None:
        if self.heartbeat:
            self.heartbeat.attempted = monotonic()
        report(attempt)

    async def _due_channels(self, but: str) -> list[str]:
        """Channels that an alarm about this one waits on, perhaps."""
        async with self.repository.reading() as work:
            due = await work.outbox.due_channels(self.clock.now())
        return [one for one in due if one in self.notifiers and one != but]

    def _guarded(self, kind: str, handle: Handler) -> Handler:
        """The one place that catches broadly: a job that fails is counted and logged; the others go on."""

        async def run(key: str) -> None:
            with structlog.contextvars.bound_contextvars(job=f"{kind}:{key}"):
                try:
                    await handle(key)
                except LeakwatchError as error:
                    log.error("job_failed", error=error.message, blame=error.blame)
                    self.storage.suspect |= isinstance(error, StoreError)
                except Exception as error:
                    log.exception("job_crashed", error=repr(error))
                    if kind == CRAWL:
                        await self.crawler.put_off(key)

        return run


def _silence(assets: list[Asset]) -> Silence:
    """The names that may not leave this machine: all under embargo, but those that somebody let be sent."""
    silent = [one for one in assets if one.embargoed and one.asked_as is not QueryMode.DIRECT]
    return Silence.about((name, one.shown_name) for one in silent for name in one.names)
