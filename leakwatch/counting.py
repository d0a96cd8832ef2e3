"""The job `count:<infohash>`: how many peers the swarms have that are due, the named one first, by everybody who can say without our joining it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from leakwatch.cases.telling import Tell
from leakwatch.cases.weighing import reweigh, weigh
from leakwatch.embargo import is_swarm_silent
from leakwatch.errors import LeakwatchError, SwarmError
from leakwatch.model.asset import Asset
from leakwatch.model.finding import OPEN_STATES, Finding, State
from leakwatch.model.swarm import SampleMethod, SwarmSample, SwarmTask, next_sample_at, resurged, spread_of
from leakwatch.pipeline import Brain, teller
from leakwatch.pipeline import Counted as Told
from leakwatch.ports import Clock, Fetcher, Repository, Work
from leakwatch.swarm.dht_client import DhtClient
from leakwatch.swarm.estimate import estimate
from leakwatch.swarm.hosts import endpoints_of
from leakwatch.swarm.origins import Origins
from leakwatch.swarm.scrape import scrape
from leakwatch.swarm.scrapes import Scrapes
from leakwatch.swarm.tracker import read_tracker
from leakwatch.swarm.wall import TRACKER_PORTS, Wall
from leakwatch.triage import reopened

_MAX_BACK_OFF = timedelta(days=1)
_MAX_SCRAPES, _MAX_ESTIMATES = 64, 8


@dataclass(frozen=True, slots=True)
class Counter:
    """What counting needs. `dht` None: the DHT is not asked. `every_s` lies between two counts of a young swarm.

    The semaphores hold for all batches together.
    """

    repository: Repository
    fetcher: Fetcher
    dht: DhtClient | None
    bootstrap: tuple[str, ...]
    allow_networks: tuple[str, ...]
    clock: Clock
    every_s: float = 600.0
    countries: Path | None = None
    networks: Path | None = None
    scraping: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MAX_SCRAPES))
    estimating: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MAX_ESTIMATES))

    @property
    def every(self) -> timedelta:
        """Between two counts of a young swarm."""
        return timedelta(seconds=self.every_s)

    @property
    def wall(self) -> Wall:
        """Which trackers may be asked."""
        return Wall(self.allow_networks, low_ports=TRACKER_PORTS)


@dataclass(frozen=True, slots=True)
class Counted:
    """What came of counting one swarm."""

    swarm_key: str
    samples: tuple[SwarmSample, ...]
    problems: tuple[str, ...]
    alerts: int


Report = Callable[[Counted], Awaitable[None]]


async def count_swarms(swarm_keys: Sequence[str], brain: Brain, counter: Counter, tell: Report) -> None:
    """Ask each tracker once for all of some swarms, and the DHT for each; keep what they say, swarm by swarm.

    A swarm is kept, and told of, as soon as all have answered for it. Of several that fail all are tried.
    Raises: the error of the one swarm that could not be kept, or an ExceptionGroup of several.
    """
    now = counter.clock.now()
    wanted = [found for key in swarm_keys if (found := await _wanted(key, now, brain, counter))]
    ask = partial(scrape, fetcher=counter.fetcher, wall=counter.wall)
    scrapes = Scrapes(((one.trackers, one.infohashes.swarm_keys) for one, _ in wanted), ask, counter.scraping)

    async def run(task: SwarmTask, findings: Sequence[Finding]) -> None:
        await tell(await _count(task, findings, scrapes, now, brain, counter))

    try:
        done = await asyncio.gather(*(run(*one) for one in wanted), return_exceptions=True)
    finally:
        await scrapes.aclose()
    errors = [one for one in done if isinstance(one, BaseException)]
    if errors:
        raise (
            errors[0] if len(errors) == 1 else BaseExceptionGroup("swarms that could not be counted", errors)
        )


async def _wanted(
    swarm_key: str, now: datetime, brain: Brain, counter: Counter
) -> tuple[SwarmTask, list[Finding]] | None:
    """A swarm with its findings, if it may be asked for. One that may not comes round later, like any other."""
    async with counter.repository.reading() as work:
        task = await work.swarms.get(swarm_key)
        if task is None:
            return None
        findings = [await work.findings.get(one) for one in await work.swarms.findings_of(swarm_key)]
        is_silent = await is_swarm_silent(task.infohashes.swarm_keys, brain.index, work)
    known = [one for one in findings if one and one.asset in brain.index.assets]
    if not is_silent and any(brain.index.assets[one.asset].may_look_up_swarm for one in known):
        return task, known
    async with counter.repository.writing() as work:
        await work.swarms.keep(swarm_key, (), next_sample_at(task.since, now, counter.every), task.failures)
    return None


async def _count(
    task: SwarmTask,
    findings: Sequence[Finding],
    scrapes: Scrapes,
    now: datetime,
    brain: Brain,
    counter: Counter,
) -> Counted:
    asked = [_by_tracker(tracker, task, now, scrapes) for tracker in task.trackers]
    asked += [_by_dht(task, now, counter)] if counter.dht else []
    told = await asyncio.gather(*asked, return_exceptions=True)
    samples: list[SwarmSample] = []
    problems: list[str] = []
    for one in told:
        if isinstance(one, LeakwatchError):
            problems.append(one.message)
        elif isinstance(one, BaseException):
            raise one
        else:
            samples += one
    failures = 0 if samples or not asked else task.failures + 1
    due = next_sample_at(task.since, now, counter.every)
    if failures:
        due = now + min(_MAX_BACK_OFF, (due - now) * 2 ** min(failures, 8))
    alerts = await _keep(task, samples, due, failures, findings, brain, counter)
    return Counted(task.swarm_key, tuple(samples), tuple(problems), alerts)


async def _by_tracker(tracker: str, task: SwarmTask, at: datetime, scrapes: Scrapes) -> list[SwarmSample]:
    """Of a hybrid both swarms are asked for: the tracker may know either."""
    counts = await scrapes.counts(tracker, task.infohashes.swarm_keys)
    host = read_tracker(tracker).host
    return [
        SwarmSample(
            swarm_key=task.swarm_key,
            at=at,
            method=SampleMethod.TRACKER,
            source=host,
            seeds=one.seeders,
            leechers=one.leechers,
            completed=one.completed,
        )
        for one in counts
    ]


async def _by_dht(task: SwarmTask, at: datetime, counter: Counter) -> list[SwarmSample]:
    """BEP 33. Addresses go into totals by country or network, where the operator wants them, and nowhere else."""
    if counter.dht is None:
        return []
    start = await endpoints_of(counter.bootstrap, Wall(counter.allow_networks))
    found: list[SwarmSample] = []
    for key in task.infohashes.swarm_keys:
        origins = _origins(counter)
        async with counter.estimating:
            told = await estimate(counter.dht, key, start, tell=origins.add if origins else None)
        if not told.filters and not told.peers_seen:
            continue
        known = bool(told.filters)
        found.append(
            SwarmSample(
                swarm_key=task.swarm_key,
                at=at,
                method=SampleMethod.DHT,
                source="dht",
                seeds=told.seeds if known else None,
                leechers=told.leechers if known else told.peers_seen,
                error=float(told.error) if known else None,
                origins=origins.totals() if origins else None,
            )
        )
    if not found:
        raise SwarmError("dht: nobody knows the swarm")
    return found


def _origins(counter: Counter) -> Origins | None:
    if not counter.countries and not counter.networks:
        return None
    return Origins.open(counter.countries, counter.networks)


async def _keep(
    task: SwarmTask,
    samples: Sequence[SwarmSample],
    due: datetime,
    failures: int,
    findings: Sequence[Finding],
    brain: Brain,
    counter: Counter,
) -> int:
    alerts = 0
    async with counter.repository.writing() as work:
        await work.findings.lock({one.asset for one in findings})
        await work.swarms.keep(task.swarm_key, samples, due, failures)
        for known in findings:
            finding = await work.findings.get(known.id)
            if finding is None:
                continue
            asset, now, told = brain.index.assets[finding.asset], counter.clock.now(), Told()
            if finding.state in (State.REMOVED, State.REPORTED):
                await _reopened(finding, asset, work, now, teller(brain, told))
            elif finding.state in OPEN_STATES:
                await reweigh(finding, asset, now, work, teller(brain, told))
            alerts += told.alerts
    return alerts


async def _reopened(finding: Finding, asset: Asset, work: Work, at: datetime, tell: Tell) -> None:
    """A case thought to be gone is opened again when its swarm grows, one that was reported when it had died before."""
    samples = await work.swarms.samples(finding.id)
    since = finding.closed_at or finding.updated_at
    if not resurged(samples, since, had_died=finding.state is State.REPORTED):
        return
    spread = spread_of(samples)
    changed, events = reopened(finding, f"the swarm grows again: {spread.words if spread else ''}", at)
    changed = await weigh(changed, asset, at, work)
    await work.findings.save(changed)
    for event in events:
        await tell(event, changed, asset, work)
