"""Builds everything, registers the jobs with APScheduler, and stops in reverse order: intake, drain, close."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from leakwatch.alerts import notifier_for
from leakwatch.alerts.deliver import Attempt, deliver
from leakwatch.config import Config
from leakwatch.counting import Counter, count_swarm
from leakwatch.crawl.fetcher import HttpFetcher
from leakwatch.crawl.vault import FileVault
from leakwatch.errors import ConfigError, Conflict, LeakwatchError
from leakwatch.extract.hosts import Hosts
from leakwatch.jobs import Handler, Jobs
from leakwatch.matching.index import build_index
from leakwatch.matching.weights import Weights
from leakwatch.model.alert import DeliveryState
from leakwatch.model.asset import AssetId
from leakwatch.model.site import SiteState
from leakwatch.parts import open_counter, open_prover
from leakwatch.pipeline import Brain, look_back
from leakwatch.polling import SiteConfig, poll
from leakwatch.ports import Notifier
from leakwatch.proving import Prover, prove_swarm
from leakwatch.rulepack.schema import RulePack
from leakwatch.service import load_hosts, load_rules, load_weights
from leakwatch.sources import KINDS
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.streaming import Surroundings, Watched, watch_dht, watched_keys
from leakwatch.swarm.identity import stable_node_id
from leakwatch.swarm.session import SwarmSession
from leakwatch.timetable import next_time, trigger_of

log = structlog.get_logger()

TICK_S = 5
_LISTEN_AGAIN_S = (5, 30, 60, 300, 900)
DRAIN_S = 10.0
_CRAWL, _PROVE, _DELIVER, _LOOK_BACK, _COUNT = "crawl", "prove", "deliver", "look_back", "count"
_MAX_PROVING, _MAX_COUNTING = 64, 8
"""Looks at swarms at once: each may take a minute, and crawling and alerts must never wait for them."""


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """Now, aware, in UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class Daemon:
    """The running parts. Built by `running`, which also takes them down."""

    config: Config
    repository: SqlRepository
    vault: FileVault
    fetcher: HttpFetcher
    prover: Prover
    counter: Counter | None
    notifiers: dict[str, Notifier]
    weights: Weights
    pack: RulePack
    hosts: Hosts
    clock: SystemClock
    jobs: Jobs
    scheduler: AsyncIOScheduler
    sites: dict[str, SiteConfig]
    streams: tuple[SiteConfig, ...] = ()
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    failed: set[str] = field(default_factory=set[str])
    _brain: tuple[int, Brain] | None = None
    _indexing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def brain(self) -> Brain:
        """The catalogue as an index, built anew when the catalogue has changed."""
        async with self._indexing, self.repository.reading() as work:
            version = await work.catalogue.version()
            if self._brain is None or self._brain[0] != version:
                index = build_index(await work.catalogue.all())
                priors = {site.name: site.prior_bits for site in self.config.sites}
                told = (self.weights, self.pack, self.config.routes, self.hosts, priors)
                self._brain = (version, Brain(index, *told))
                log.info("catalogue_loaded", assets=len(index.assets), names=len(index.book.names))
        return self._brain[1]

    async def run(self) -> None:
        """Work until told to stop."""
        self.jobs.handler(_CRAWL, self._guarded(_CRAWL, self.crawl))
        self.jobs.handler(_PROVE, self._guarded(_PROVE, self.prove), _MAX_PROVING)
        self.jobs.handler(_DELIVER, self._guarded(_DELIVER, self.deliver))
        self.jobs.handler(_LOOK_BACK, self._guarded(_LOOK_BACK, self.look_back), 1)
        self.jobs.handler(_COUNT, self._guarded(_COUNT, self.count), _MAX_COUNTING)
        working = asyncio.create_task(
            self.jobs.run(self.config.daemon.concurrency + _MAX_PROVING + _MAX_COUNTING)
        )
        listening = [asyncio.create_task(self.listen(site)) for site in self.streams]
        self.scheduler.start()
        await self._schedule()
        log.info("daemon_started", sites=len(self.sites), channels=len(self.notifiers))
        await self.stopping.wait()
        log.info("daemon_stopping")
        self.scheduler.shutdown(wait=False)
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        self.jobs.stop()
        _, late = await asyncio.wait({working}, timeout=DRAIN_S)
        if late:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
        log.info("daemon_stopped", drained=not late)

    async def run_once(self) -> None:
        """Read every site once, look at every swarm that is due, send what is due."""
        for host in sorted({site.host for site in self.sites.values()}):
            await self._guarded(_CRAWL, self.crawl)(host)
        async with self.repository.reading() as work:
            unsearched = await work.catalogue.unsearched()
        for asset in unsearched:
            await self._guarded(_LOOK_BACK, self.look_back)(asset)
        async with self.repository.reading() as work:
            swarms = await work.findings.due_proofs(self.clock.now())
        await asyncio.gather(*(self._guarded(_PROVE, self.prove)(key) for key in swarms))
        for channel in self.notifiers:
            await self._guarded(_DELIVER, self.deliver)(channel)

    async def _schedule(self) -> None:
        """A timer for each site from its stored due time, overdue ones at once and once; and the tick."""
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
            IntervalTrigger(seconds=TICK_S),
            id="tick",
            next_run_time=now,
            coalesce=True,
            misfire_grace_time=None,
        )

    async def _due(self, host: str) -> None:
        await self.jobs.submit(_CRAWL, [host])

    async def tick(self) -> None:
        """Derive from the database what is due: losing the queue loses nothing."""
        now = self.clock.now()
        async with self.repository.reading() as work:
            hosts = {state.host for state in await work.sites.due(now)}
            swarms = await work.findings.due_proofs(now)
            counts = await work.swarms.due(now) if self.counter else []
            channels = await work.outbox.due_channels(now)
            unsearched = await work.catalogue.unsearched()
        await self.jobs.submit(_CRAWL, sorted(hosts))
        await self.jobs.submit(_PROVE, swarms)
        await self.jobs.submit(_COUNT, counts)
        await self.jobs.submit(_DELIVER, [one for one in channels if one in self.notifiers])
        await self.jobs.submit(_LOOK_BACK, unsearched)

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
                        once.discard(
                            name
                        )  # while another site of the host is still read, this one may come again
            await asyncio.gather(*reading.values())
        finally:
            for task in reading.values():
                task.cancel()

    async def _poll(self, site: SiteConfig, state: SiteState) -> None:
        """Read one site once; an error of ours moves its time on, and the other sites go on."""
        brain = await self.brain()
        began = (brain, self.repository, self.vault, self.fetcher, self.clock)
        try:
            polled = await poll(
                site, KINDS[site.kind], state, *began, self.stopping.is_set, next_time, self._announce
            )
        except Conflict as error:
            log.warning("poll_lost", site=site.name, error=error.message)
            return
        except LeakwatchError as error:
            log.error("poll_failed", site=site.name, error=error.message, blame=error.blame)
            self.failed.add(site.name)
            await self._defer(site)
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
        self._retime(site, polled.next_due_at)

    async def look_back(self, asset: str) -> None:
        """Look for a newly registered asset in what is stored."""
        brain = await self.brain()
        if AssetId(asset) in brain.index.assets:
            alerts, proofs = await look_back(AssetId(asset), brain, self.repository)
            log.info("looked_back", asset=asset, alerts=alerts, proofs=proofs)
            await self._announce(alerts, proofs)

    async def _announce(self, alerts: int, proofs: int) -> None:
        """A page was committed: what it caused need not wait for the tick."""
        if alerts:
            await self.jobs.submit(_DELIVER, list(self.notifiers))
        if proofs:
            async with self.repository.reading() as work:
                await self.jobs.submit(_PROVE, await work.findings.due_proofs(self.clock.now()))

    async def _defer(self, site: SiteConfig) -> None:
        """After an error of ours, move the site's time on, so that it cannot come round in a circle."""
        due = self.clock.now() + timedelta(seconds=max(60.0, float(site.every)))
        async with self.repository.writing() as work:
            await work.sites.defer(site.name, due)
        self._retime(site, due)

    def _retime(self, site: SiteConfig, due: datetime) -> None:
        job = self.scheduler.get_job(f"site:{site.name}") if self.scheduler.running else None
        if job is not None:
            job.modify(next_run_time=due)

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
            await self.jobs.submit(_DELIVER, list(self.notifiers))

    async def count(self, swarm_key: str) -> None:
        """Count one swarm."""
        if self.counter is None:
            return
        counted = await count_swarm(swarm_key, await self.brain(), self.counter)
        told = {one.source: f"{one.seeds}+{one.leechers}" for one in counted.samples}
        log.info("swarm_counted", infohash=swarm_key, seeds_leechers=told, problems=list(counted.problems))
        if counted.alerts:
            await self.jobs.submit(_DELIVER, list(self.notifiers))

    async def listen(self, site: SiteConfig) -> None:
        """Listen to the DHT until the end; what ends it before is told, and it begins anew, later each time."""
        if self.prover.swarm is None:
            log.error(
                "stream_not_started", site=site.name, error="the swarm is switched off: set swarm.enabled"
            )
            return
        around = Surroundings(
            brain=self.brain,
            watched=self._watched,
            repository=self.repository,
            vault=self.vault,
            swarm=self.prover.swarm,
            clock=self.clock,
            announce=self._announce,
        )
        for wait_s in itertools.chain(_LISTEN_AGAIN_S, itertools.repeat(_LISTEN_AGAIN_S[-1])):
            try:
                own_id = stable_node_id(self.config.data_dir)
                await watch_dht(site.name, site.settings, self.config.swarm_settings, own_id, around)
            except LeakwatchError as error:
                log.error("stream_ended", site=site.name, error=error.message, again_in_s=wait_s)
            except Exception as error:
                log.exception("stream_crashed", site=site.name, error=repr(error), again_in_s=wait_s)
            await asyncio.sleep(wait_s)

    async def _watched(self) -> Watched:
        return await watched_keys(await self.brain(), self.repository)

    async def deliver(self, channel: str) -> None:
        """Send everything that is due on one channel."""
        notifier = self.notifiers.get(channel)
        if notifier is not None:
            await deliver(channel, notifier, self.repository, self.clock, _report, self.stopping.is_set)

    def _guarded(self, kind: str, handle: Handler) -> Handler:
        """The one place that catches broadly: a job that fails is counted and logged; the others go on."""

        async def run(key: str) -> None:
            with structlog.contextvars.bound_contextvars(job=f"{kind}:{key}"):
                try:
                    await handle(key)
                except LeakwatchError as error:
                    log.error("job_failed", error=error.message, blame=error.blame)
                except Exception as error:
                    log.exception("job_crashed", error=repr(error))
                    if kind == _CRAWL:
                        for site in self.sites.values():
                            if site.host == key:
                                await self._defer(site)

        return run


def _report(attempt: Attempt) -> None:
    delivery = attempt.delivery
    told = {
        "channel": delivery.channel,
        "finding": delivery.alert.finding,
        "change": delivery.alert.event.value,
    }
    if attempt.state is DeliveryState.SENT:
        log.info("alert_sent", **told, attempts=delivery.attempts)
    elif attempt.state is DeliveryState.DEAD:
        log.error("alert_dead", **told, error=attempt.error)
    else:
        log.warning("alert_put_off", **told, state=attempt.state.value, error=attempt.error)


@asynccontextmanager
async def running(config: Config) -> AsyncGenerator[Daemon]:
    """Everything that a daemon needs, opened in order and closed in reverse.

    Raises: ConfigError if another daemon uses the data folder.
    """
    config.data_dir.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        repository = SqlRepository.open(config.store_url)
        stack.push_async_callback(repository.close)
        if repository.is_embedded:
            stack.enter_context(_only_one(config.data_dir / "daemon.lock"))
        await upgrade(config.store_url)
        clock, vault = SystemClock(), FileVault(config.data_dir / "evidence")
        fetcher = await stack.enter_async_context(HttpFetcher(config.door, secret=config.secret, clock=clock))
        swarm = None
        if config.swarm.enabled:
            swarm = SwarmSession(config.swarm_settings)
            stack.push_async_callback(swarm.aclose)
        daemon = Daemon(
            config=config,
            repository=repository,
            vault=vault,
            fetcher=fetcher,
            prover=open_prover(config, repository, vault, fetcher, swarm, clock, stack),
            counter=await open_counter(config, repository, fetcher, clock, stack),
            notifiers={one.name: notifier_for(one, fetcher, clock) for one in config.channels},
            weights=load_weights(),
            hosts=load_hosts(),
            pack=load_rules(config.rules_dir, {site.name: site.kind for site in config.sites}),
            clock=clock,
            jobs=Jobs(),
            scheduler=AsyncIOScheduler(timezone=UTC),
            sites={site.name: site for site in config.sites if site.enabled and not site.is_stream},
            streams=tuple(site for site in config.sites if site.enabled and site.is_stream),
        )
        async with repository.writing() as work:
            await work.sites.sync(
                [(s.name, s.kind, s.host) for s in (*daemon.sites.values(), *daemon.streams)], clock.now()
            )
            released = await work.outbox.release_leases(clock.now()) if repository.is_embedded else 0
        if released:
            log.warning("leases_released", alerts=released)
        yield daemon


@contextlib.contextmanager
def _only_one(path: Path):  # noqa: ANN202
    """A lock on the data folder for as long as the daemon lives, however it dies."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"another leakwatch daemon uses {path.parent}; stop it first") from error
        file.write(str(os.getpid()))
        file.flush()
        yield


async def run_daemon(config: Config, *, once: bool) -> frozenset[str]:
    """The command `run`: until SIGTERM or SIGINT, or through everything once; answers the sites that failed."""
    async with running(config) as daemon:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, daemon.stopping.set)
        if not once:
            await daemon.run()
            return frozenset()
        working, stopped = asyncio.create_task(daemon.run_once()), asyncio.create_task(daemon.stopping.wait())
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (working, stopped):
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        return frozenset(daemon.failed)
