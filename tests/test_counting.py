"""Counting swarms: who is asked how often, what is kept, what it says, and what brings a case back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leakwatch.counting import Counted, Counter, count_swarms
from leakwatch.errors import StoreError
from leakwatch.matching.index import build_index
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Finding, FindingId, Severity, State, Tier, Verdict
from leakwatch.model.route import Routing
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
from leakwatch.telling import Telling, tell_due
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
        self.packets = list[bytes]()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.packets.append(data)
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


def sample(
    minutes: float, seeds: int | None, leechers: int = 0, source: str = "a", swarm: str = KEY
) -> SwarmSample:
    """One count; the source's name tells how it was made."""
    at, methods = NOON + timedelta(minutes=minutes), {"dht": SampleMethod.DHT, "index": SampleMethod.INDEX}
    return SwarmSample(
        swarm_key=swarm, at=at, method=methods.get(source, SampleMethod.TRACKER), source=source, seeds=seeds,
        leechers=leechers,
    )  # fmt: skip


def seeds_over_time(*samples: SwarmSample) -> list[int]:
    """The seeds of the curve."""
    return [seeds for _, seeds, _ in curve(samples)]


def brain() -> Brain:
    """A catalogue of one film, and one route."""
    return Brain(build_index([ASSET]), Weights({}), RulePack(), Routing.to("ops"))


def counter(repository: SqlRepository, clock: Clock) -> Counter:
    """A counter that may ask loopback."""
    return Counter(
        repository=repository, fetcher=None, dht=None, bootstrap=(),  # type: ignore[arg-type]
        allow_networks=("127.0.0.0/8",), clock=clock,
    )  # fmt: skip


async def count_all(keys: Sequence[str], brain: Brain, counter: Counter) -> list[Counted]:
    """What came of counting some swarms."""
    told: list[Counted] = []

    async def tell(counted: Counted) -> None:
        told.append(counted)

    await count_swarms(keys, brain, counter, tell)
    return told


async def count_one(brain: Brain, counter: Counter) -> Counted:
    """What came of counting the one swarm."""
    (counted,) = await count_all([KEY], brain, counter)
    return counted


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
    counted = await count_one(brain(), counter(repository, clock))
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
    await count_one(brain(), replace(counter(repository, Clock()), every_s=30.0))
    transport.close()
    async with repository.reading() as work:
        assert await work.swarms.due(NOON + timedelta(seconds=29)) == []
        assert await work.swarms.due(NOON + timedelta(seconds=30)) == [KEY]


async def test_nobody_who_answers_is_asked_less(repository: SqlRepository) -> None:
    """A swarm that nobody could count is asked for later and later."""
    await prepared(repository, ["wss://tracker.invalid/"])
    clock = Clock()
    for wait in (20, 40, 80):
        counted = await count_one(brain(), counter(repository, clock))
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


async def counted(
    repository: SqlRepository, seeders: Sequence[int], **changes: Any
) -> tuple[list[int], Finding]:
    """The alerts that each count of a swarm caused, and the case after them."""
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        Udp, local_addr=("127.0.0.1", 0)
    )
    await prepared(repository, [f"udp://127.0.0.1:{transport.get_extra_info('sockname')[1]}/announce"])
    async with repository.writing() as work:
        await work.findings.save(replace(CASE, **changes))
    clock, told = Clock(), list[int]()
    for number in seeders:
        clock.at += timedelta(minutes=10)
        protocol.seeders = number
        told.append((await count_one(brain(), counter(repository, clock))).alerts)
    transport.close()
    async with repository.reading() as work:
        found = await work.findings.get(CASE.id)
    assert found is not None
    return told, found


@pytest.mark.parametrize(("seeders", "state"), [((1, 1, 9), State.REPORTED), ((3, 0, 9), State.REOPENED)])
async def test_a_reported_case_returns_only_after_its_swarm_had_died(
    repository: SqlRepository, seeders: tuple[int, ...], state: State
) -> None:
    """What is reported and still spreads is no news; what was gone and comes back is."""
    told, found = await counted(repository, seeders, state=State.REPORTED, verdict=Verdict.PROVED)
    assert (found.state, told) == (state, [0, 0, int(state is State.REOPENED)])


async def test_fast_growth_raises_the_severity_once(repository: SqlRepository) -> None:
    """A swarm that doubles between counts makes a case more urgent, which is told once, with the reason."""
    told, found = await counted(repository, (10, 20, 40, 80, 160))
    assert (found.severity, sum(told)) == (Severity.CRITICAL, 1)
    assert "the swarm doubles every" in (found.severity_why or "")


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
        told.append((await count_one(brain(), counter(repository, clock))).alerts)
    transport.close()
    assert told == [0, 0, 1]
    await tell_due(Telling(routing=Routing.to("ops")), repository, clock.at)
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
    assert await count_all([KEY, "e" * 40], hushed, counter(repository, Clock())) == []
    async with repository.reading() as work:
        assert await work.swarms.due(NOON + timedelta(minutes=9)) == []


@pytest.mark.parametrize("state", [State.NEW, State.FALSE_POSITIVE])
async def test_one_owners_embargo_holds_for_all(repository: SqlRepository, state: State) -> None:
    """A swarm of two assets is not asked for as long as one of them is embargoed and its case is not dismissed."""
    await prepared(repository, ["udp://10.0.0.1:6969/announce"])
    hidden = Asset(id=AssetId("hidden"), title="Hidden", embargoed=True)
    case = replace(CASE, id=FindingId("LW-2"), asset=hidden.id, state=state)
    async with repository.writing() as work:
        await work.catalogue.save(hidden, NOON)
        await work.findings.save(case)
        await work.findings.add_artefacts(hidden.id, case.id, [f"swarm:{KEY}"])
        await work.findings.request_proof(case.id, HASHES, NOON)
    both = replace(brain(), index=build_index([ASSET, hidden]))
    told = await count_all([KEY], both, counter(repository, Clock()))
    assert [len(one.problems) for one in told] == ([] if state is State.NEW else [1])


async def test_tracker_is_asked_once_for_all_its_swarms(repository: SqlRepository) -> None:
    """Of 200 swarms that name one tracker it gets four packets, and each swarm its own sample at the same time."""
    transport, tracker = await asyncio.get_running_loop().create_datagram_endpoint(
        Udp, local_addr=("127.0.0.1", 0)
    )
    url = f"udp://127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    await prepared(repository, [url])
    others = [Infohashes(InfohashV1(number.to_bytes(20, "big"))) for number in range(199)]
    async with repository.writing() as work:
        for number, one in enumerate(others):
            case = replace(CASE, id=FindingId(f"LW-{number}"))
            await work.findings.save(case)
            await work.findings.request_proof(case.id, one, NOON)
            await work.swarms.watch(one, [f"{url}/{'announce' if number % 2 else ''}"], NOON)
    async with repository.reading() as work:
        due = await work.swarms.due(NOON)
    told = await count_all(due, brain(), counter(repository, Clock()))
    transport.close()
    assert sorted(one.swarm_key for one in told) == sorted(due)
    assert {(len(one.samples), one.problems) for one in told} == {(1, ())}
    assert len(tracker.packets) == 4
    async with repository.reading() as work:
        assert len(due) == 200
        assert len(await work.swarms.samples(FindingId("LW-198"))) == 1
        assert await work.swarms.due(NOON + timedelta(minutes=9)) == []


async def test_swarm_that_fails_stops_no_other(repository: SqlRepository) -> None:
    """Where one swarm of a batch cannot be dealt with, the others are counted, and its error is raised in the end."""
    await prepared(repository, [])
    other = Infohashes(InfohashV1(b"o" * 20))
    async with repository.writing() as work:
        await work.findings.request_proof(CASE.id, other, NOON)
        await work.swarms.watch(other, ["wss://tracker.invalid/"], NOON)
    told: list[str] = []

    async def tell(counted: Counted) -> None:
        if counted.swarm_key == KEY:
            raise StoreError("this one")
        told.append(counted.swarm_key)

    keys = [KEY, other.swarm_keys[0].hex()]
    with pytest.raises(StoreError, match="this one"):
        await count_swarms(keys, brain(), counter(repository, Clock()), tell)
    assert told == keys[1:]


def test_largest_counts_never_the_sum() -> None:
    """What two sources say of one time is one point, the larger of each; what one said last stands beside it."""
    told = [sample(0, 3, 9), sample(0, 5, 1, "b"), sample(10, 4)]
    assert [(seeds, leechers) for _, seeds, leechers in curve(told)] == [(5, 9), (5, 1)]


@pytest.mark.parametrize("interval", [0.07, 10, 60, 1440], ids=["replay", "first day", "first week", "later"])
def test_swarms_counted_at_their_own_times_are_one_curve(interval: float) -> None:
    """Two swarms that never change are no curve that goes up and down, at whatever pace, and no return."""
    large = [sample(interval * step, 1000) for step in range(6)]
    small = [sample(interval * (step + 0.01), 5, swarm="b") for step in range(6)]
    assert seeds_over_time(*large, *small) == [1000] * 12
    assert not resurged([*large, *small][:-1], NOON - timedelta(seconds=1))
    spread = spread_of([*large, *small])
    assert spread is not None
    assert (spread.words, spread.doubling_s) == ("1000 seeds, 0 leechers", None)


def test_source_that_is_silent_once_still_counts() -> None:
    """What a tracker said stands while it misses one count, not two; its return is no growth."""
    other = [sample(10 * step, 2, source="dht") for step in range(4)]
    once, twice = [sample(0, 6), *other[:2], sample(20, 6)], [sample(0, 6), *other, sample(30, 6)]
    assert seeds_over_time(*once) == [6, 6, 6]
    assert seeds_over_time(*twice) == [6, 6, 2, 6]
    assert not resurged(once, NOON - timedelta(seconds=1))
    assert not resurged(twice, NOON - timedelta(seconds=1))


def test_pace_that_slows_down_leaves_no_gap() -> None:
    """When counts become hourly or daily, what a silent tracker said stands as long as before: for one count."""
    dht = [sample(minute, 2, source="dht") for minute in (0, 10, 70, 1510, 2950)]
    assert seeds_over_time(*dht, sample(0, 6), sample(70, 6)) == [6, 6, 6, 6, 2]


def test_swarm_counted_no_more_fades() -> None:
    """A swarm of which nobody speaks any more is passed over in the end, though another is counted on."""
    gone = [sample(0, 50, swarm="b"), sample(10, 50, swarm="b")]
    told = [sample(60 * hour, 3) for hour in range(48)]
    counted = seeds_over_time(*gone, *told)
    assert (counted[0], counted[30], counted[-1]) == (50, 50, 3)


def test_index_number_does_not_replace_a_count() -> None:
    """What an index shows after a tracker is one more source; it is dropped when two counts came after it."""
    assert seeds_over_time(sample(0, 500), sample(0.2, 3, source="index")) == [500, 500]
    counts = [sample(10 * step, 4) for step in range(4)]
    assert seeds_over_time(*counts, sample(1, 900, source="index")) == [4, 900, 900, 4, 4]


def test_change_of_source_is_no_growth() -> None:
    """A tracker that knows more peers than the DHT did does not double the swarm; its own counts over time may."""
    told = [sample(0, 10, source="dht"), sample(10, 12, source="dht"), sample(20, 40)]
    spread = spread_of(told)
    assert spread is not None
    assert (spread.seeds, spread.doubling_s) == (40, None)
    told += [sample(30, 80), sample(40, 160), sample(40, 1, source="index")]
    grown = spread_of(told)
    assert grown is not None
    assert grown.doubling_s == pytest.approx(600, rel=0.01)


def test_growth_is_told_by_our_own_counts() -> None:
    """An index whose large number stands still hides no growth, and one whose number grows makes up none."""
    ours = [sample(10 * step, 2**step) for step in range(4)]
    still = spread_of([*ours, *(sample(10 * step + 1, 9999, source="index") for step in range(4))])
    assert still is not None
    assert still.doubling_s == pytest.approx(600)
    flat = [sample(10 * step, 7) for step in range(4)]
    lied = spread_of([*flat, *(sample(10 * step + 1, 9**step, source="index") for step in range(4))])
    assert lied is not None
    assert lied.doubling_s is None


def test_two_counts_of_a_hybrid_are_one() -> None:
    """Of the two swarms of a hybrid, asked of one tracker at one time, the larger counts, and each number alone."""
    told = [sample(0, 5, 9), sample(0, 7, 1), sample(10, None, 3)]
    assert curve(told) == [(NOON, 7, 9), (NOON + timedelta(minutes=10), 0, 3)]
    assert not resurged([sample(0, 1), sample(0, 9), sample(10, 1), sample(10, 9)], NOON - timedelta(days=1))


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


async def test_peak_is_not_forgotten(repository: SqlRepository) -> None:
    """The largest count is told with its day, however many smaller ones came after it."""
    await prepared(repository, [])
    told = [replace(sample(10 * step, 9 if step else 9000), swarm_key=KEY) for step in range(5002)]
    async with repository.writing() as work:
        await work.swarms.keep(KEY, told, NOON, 0)
    async with repository.reading() as work:
        samples = await work.swarms.samples(CASE.id)
    spread = spread_of(samples)
    assert spread is not None
    assert (len(samples), spread.seeds, spread.peak_seeds, spread.peak_at) == (5001, 9, 9000, NOON)


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
