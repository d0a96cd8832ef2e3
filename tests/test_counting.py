"""Counting swarms: who is asked how often, what is kept, what it says, and what brings a case back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leakwatch.counting import Counter, count_swarm
from leakwatch.matching.index import build_index
from leakwatch.matching.weights import Weights
from leakwatch.model.alert import Route
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Finding, FindingId, Severity, State, Tier, Verdict
from leakwatch.model.swarm import (
    SampleMethod,
    SwarmSample,
    curve,
    next_sample_at,
    resurged,
    spread_of,
)
from leakwatch.pipeline import Brain
from leakwatch.rulepack.schema import RulePack
from leakwatch.store.repository import SqlRepository
from leakwatch.torrent.infohash import Infohashes, InfohashV1

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ASSET = Asset(id=AssetId("film"), title="Film")
HASHES = Infohashes(InfohashV1(b"k" * 20))
KEY = HASHES.swarm_keys[0].hex()
CASE = Finding(
    id=FindingId("LW-1"), asset=ASSET.id, state=State.NEW, verdict=Verdict.UNKNOWN, severity=Severity.HIGH,
    tier=Tier.AUTO, score=0.99, opened_at=NOON, updated_at=NOON, title="film",
)  # fmt: skip


class Udp(asyncio.DatagramProtocol):
    """A BEP 15 tracker that knows one swarm."""

    seeders = 5

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        action, transaction = data[8:12], data[12:16]
        if action == b"\0\0\0\0":
            self.transport.sendto(action + transaction + b"c" * 8, addr)
        else:
            counts = b"".join(n.to_bytes(4, "big") for n in (self.seeders, 7, 2))
            self.transport.sendto(action + transaction + counts * ((len(data) - 16) // 20), addr)


class Clock:
    """A time that the test sets."""

    at = NOON

    def now(self) -> datetime:
        """That time."""
        return self.at


def sample(minutes: float, seeds: int, leechers: int = 0, source: str = "a") -> SwarmSample:
    """One count."""
    at = NOON + timedelta(minutes=minutes)
    return SwarmSample(
        swarm_key=KEY, at=at, method=SampleMethod.TRACKER, source=source, seeds=seeds, leechers=leechers
    )


def brain() -> Brain:
    """A catalogue of one film, and one route."""
    return Brain(build_index([ASSET]), Weights({}), RulePack(), (Route(channel="ops"),))


def counter(repository: SqlRepository, clock: Clock) -> Counter:
    """A counter that may ask loopback."""
    return Counter(
        repository=repository, fetcher=None, dht=None, bootstrap=(),  # type: ignore[arg-type]
        allow_networks=("127.0.0.0/8",), clock=clock,
    )  # fmt: skip


async def prepared(repository: SqlRepository, trackers: list[str]) -> None:
    """A finding whose torrent is counted."""
    async with repository.writing() as work:
        await work.catalogue.save(ASSET, NOON)
        await work.findings.save(CASE)
        await work.findings.request_proof(CASE.id, HASHES, NOON)
        await work.swarms.watch(HASHES, trackers, NOON)


async def test_tracker_is_counted_and_comes_round(repository: SqlRepository) -> None:
    """A scrape is kept as a sample, the next one is due in ten minutes, and a tracker that fails is named."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Udp, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    await prepared(repository, [f"udp://127.0.0.1:{port}/announce", "udp://10.0.0.1:6969/announce"])
    clock = Clock()
    counted = await count_swarm(KEY, brain(), counter(repository, clock))
    transport.close()
    assert [(one.seeds, one.leechers, one.completed) for one in counted.samples] == [(5, 2, 7)]
    assert len(counted.problems) == 1
    async with repository.reading() as work:
        assert await work.swarms.due(NOON + timedelta(minutes=9)) == []
        assert await work.swarms.due(NOON + timedelta(minutes=10)) == [KEY]
        spread = spread_of(await work.swarms.samples(CASE.id))
    assert spread is not None
    assert (spread.seeds, spread.leechers, spread.words) == (5, 2, "5 seeds, 2 leechers")


async def test_pace_of_the_first_day_is_the_operators(repository: SqlRepository) -> None:
    """Where the configuration wants a count every half minute, a swarm that was counted is due then."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Udp, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    await prepared(repository, [f"udp://127.0.0.1:{port}/announce"])
    await count_swarm(KEY, brain(), replace(counter(repository, Clock()), every_s=30.0))
    transport.close()
    async with repository.reading() as work:
        assert await work.swarms.due(NOON + timedelta(seconds=29)) == []
        assert await work.swarms.due(NOON + timedelta(seconds=30)) == [KEY]


async def test_nobody_who_answers_is_asked_less(repository: SqlRepository) -> None:
    """A swarm that nobody could count is asked for later and later."""
    await prepared(repository, ["wss://tracker.invalid/"])
    clock = Clock()
    for wait in (20, 40, 80):
        counted = await count_swarm(KEY, brain(), counter(repository, clock))
        assert (counted.samples, len(counted.problems)) == ((), 1)
        async with repository.reading() as work:
            assert await work.swarms.due(clock.at + timedelta(minutes=wait - 1)) == []
            assert await work.swarms.due(clock.at + timedelta(minutes=wait)) == [KEY]
        clock.at += timedelta(minutes=wait)


@pytest.mark.parametrize(
    ("change", "is_due"),
    [({}, True), ({"state": State.FALSE_POSITIVE}, False), ({"state": State.REMOVED}, True)],
)
async def test_closed_cases_are_not_counted(
    repository: SqlRepository, change: dict[str, Any], is_due: bool
) -> None:
    """A false positive is counted no more; one that was removed is, to see whether it returns."""
    await prepared(repository, [])
    async with repository.writing() as work:
        await work.findings.save(replace(CASE, **change))
    async with repository.reading() as work:
        assert bool(await work.swarms.due(NOON)) is is_due


async def test_growth_after_removal_reopens(repository: SqlRepository) -> None:
    """A removed case whose swarm grows again is reopened, and the channel is told how large it is."""
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        Udp, local_addr=("127.0.0.1", 0)
    )
    await prepared(repository, [f"udp://127.0.0.1:{transport.get_extra_info('sockname')[1]}/announce"])
    async with repository.writing() as work:
        await work.findings.save(replace(CASE, state=State.REMOVED, verdict=Verdict.PROVED))
    clock, told = Clock(), list[int]()
    for seeders in (1, 1, 9):
        clock.at += timedelta(minutes=10)
        protocol.seeders = seeders
        told.append((await count_swarm(KEY, brain(), counter(repository, clock))).alerts)
    transport.close()
    assert told == [0, 0, 1]
    async with repository.reading() as work:
        found = await work.findings.get(CASE.id)
        alert = (await work.outbox.list())[0]
    assert found is not None
    assert (found.state, alert.channel) == (State.REOPENED, "ops")


async def test_embargoed_swarm_is_not_asked_for(repository: SqlRepository) -> None:
    """Of an embargoed asset no tracker hears the infohash, without the owner's yes."""
    await prepared(repository, ["udp://127.0.0.1:6969/announce"])
    secret = replace(ASSET, embargoed=True)
    hushed = replace(brain(), index=build_index([secret]))
    counted = await count_swarm(KEY, hushed, counter(repository, Clock()))
    assert (counted.samples, counted.problems) == ((), ())


def test_largest_counts_never_the_sum() -> None:
    """What two sources say of one time is one point, the larger of each."""
    told = [sample(0, 3, 9), sample(0, 5, 1, "b"), sample(10, 4)]
    assert [(seeds, leechers) for _, seeds, leechers in curve(told)] == [(5, 9), (4, 0)]


def test_doubling_peak_and_now() -> None:
    """Seeds that double every half hour are told as that, with the peak where it is over."""
    grown = spread_of([sample(10 * step, round(8 * 2 ** (step / 3))) for step in range(10)])
    assert grown is not None
    assert grown.doubling_s == pytest.approx(1800, rel=0.05)
    assert "doubling every 30 min" in grown.words
    fallen = spread_of([sample(0, 50), sample(10, 20), sample(20, 5)])
    assert fallen is not None
    assert (fallen.doubling_s, fallen.peak_seeds) == (None, 50)
    assert "peak 50 seeds" in fallen.words
    assert spread_of([]) is None


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        (timedelta(0), timedelta(minutes=4)),
        (timedelta(days=1), timedelta(hours=1)),
        (timedelta(days=7), timedelta(days=1)),
    ],
)
def test_samples_grow_rarer(age: timedelta, wait: timedelta) -> None:
    """At the wanted pace for a day, hourly for a week, then daily."""
    assert next_sample_at(NOON - age, NOON, timedelta(minutes=4)) == NOON + wait


def test_small_change_is_no_return() -> None:
    """One seed more, or counts from before the removal, bring nothing back."""
    assert not resurged([sample(-10, 1), sample(10, 1), sample(20, 2)], NOON)
    assert not resurged([sample(-10, 1), sample(10, 30)], NOON)
    assert resurged([sample(10, 0), sample(20, 3)], NOON)
