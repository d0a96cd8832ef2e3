"""One round of questions to trackers: who is asked how often, and what a failure costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from leakwatch.errors import SwarmError
from leakwatch.swarm.scrapes import Scrapes
from leakwatch.swarm.tracker import Counts
from leakwatch.torrent.infohash import SwarmKey

KEYS = [SwarmKey(number.to_bytes(20, "big")) for number in range(1000)]


class Trackers:
    """Trackers that know the swarms with an even number, and of which some questions fail."""

    def __init__(self, failing: Sequence[int] = ()) -> None:
        self.asked: list[tuple[str, int]] = []
        self.failing = failing
        self.open = self.most = 0

    async def ask(self, url: str, keys: Sequence[SwarmKey]) -> Mapping[SwarmKey, Counts]:
        """Answer after a turn of the loop."""
        number = len(self.asked)
        self.asked.append((url, len(keys)))
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(0)
        self.open -= 1
        if number in self.failing:
            raise SwarmError(f"question {number}")
        return {key: Counts(key[-1], 0, 0) for key in keys if key[-1] % 2 == 0}


@asynccontextmanager
async def scraping(
    trackers: Trackers, wanted: Sequence[tuple[Sequence[str], Sequence[SwarmKey]]], at_once: int = 64
) -> AsyncGenerator[Scrapes]:
    """A round, ended in order."""
    scrapes = Scrapes(wanted, trackers.ask, asyncio.Semaphore(at_once))
    yield scrapes
    await scrapes.aclose()


async def test_http_tracker_is_asked_by_the_urlful() -> None:
    """A thousand swarms of one HTTP tracker are 42 requests, and each swarm gets its own counts."""
    trackers = Trackers()
    async with scraping(trackers, [(["http://t/announce"], [key]) for key in KEYS]) as scrapes:
        assert await scrapes.counts("http://t/announce", [KEYS[4], KEYS[5]]) == [Counts(4, 0, 0)]
    assert len(trackers.asked) == 42
    assert sum(count for _, count in trackers.asked) == 1000


async def test_udp_trackers_are_told_apart_by_host_and_port() -> None:
    """Paths of UDP trackers say nothing, those of HTTP trackers do; what cannot be read is asked as it stands."""
    urls = [
        "udp://t:1",
        "udp://T:1/announce",
        "udp://t:2",
        "http://t/a/announce",
        "http://t/b/announce",
        "nonsense",
    ]
    trackers = Trackers()
    async with scraping(trackers, [(urls, KEYS[:3]), (urls, KEYS[:2])]) as scrapes:
        assert await scrapes.counts("udp://t:1/x", KEYS[:3]) == [Counts(0, 0, 0), Counts(2, 0, 0)]
        await asyncio.gather(*(scrapes.counts(url, KEYS[:1]) for url in urls))
    assert sorted(trackers.asked) == sorted((url, 3) for url in urls if url != "udp://T:1/announce")


async def test_failed_question_costs_only_its_own_swarms() -> None:
    """A request that fails is the error of the swarms in it; those of the others are counted."""
    trackers = Trackers(failing=[1])
    async with scraping(trackers, [(["http://t/announce"], KEYS[:72])]) as scrapes:
        assert await scrapes.counts("http://t/announce", [KEYS[0]]) == [Counts(0, 0, 0)]
        assert await scrapes.counts("http://t/announce", [KEYS[48]]) == [Counts(48, 0, 0)]
        with pytest.raises(SwarmError, match="question 1"):
            await scrapes.counts("http://t/announce", [KEYS[0], KEYS[24]])


async def test_dead_tracker_is_given_up() -> None:
    """After two failures in a row a tracker is asked no more in this round, and all the rest have that error."""
    trackers = Trackers(failing=range(99))
    async with scraping(trackers, [(["http://t/announce"], KEYS)]) as scrapes:
        with pytest.raises(SwarmError, match="question 1"):
            await scrapes.counts("http://t/announce", [KEYS[999]])
    assert len(trackers.asked) == 2


@pytest.mark.parametrize(
    ("urls", "most"),
    [
        ([f"http://t/{number}/announce" for number in range(9)], 1),
        ([f"http://t{number}/announce" for number in range(9)], 4),
        ([f"udp://t:{number + 1}" for number in range(9)], 4),
    ],
    ids=["one host", "many hosts", "udp"],
)
async def test_questions_are_bounded(urls: Sequence[str], most: int) -> None:
    """One host is asked by HTTP one question at a time, and all trackers together no more than the bound."""
    trackers = Trackers()
    async with scraping(trackers, [(urls, KEYS[:1])], at_once=4) as scrapes:
        for url in urls:
            await scrapes.counts(url, KEYS[:1])
    assert (len(trackers.asked), trackers.most) == (9, most)


async def test_round_that_ends_early_leaves_nobody_asking() -> None:
    """When the round is closed before its end, no question goes on."""
    begun = asyncio.Event()
    ended: list[str] = []

    async def ask(url: str, keys: Sequence[SwarmKey]) -> Mapping[SwarmKey, Counts]:
        begun.set()
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            ended.append(url)

    scrapes = Scrapes([(["udp://t:1"], KEYS[:1])], ask, asyncio.Semaphore(1))
    await begun.wait()
    await scrapes.aclose()
    assert ended == ["udp://t:1"]
