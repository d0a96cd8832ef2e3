"""The sampler among nodes that answer as they please, its memory, and its table of nodes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from leakwatch.errors import SwarmError
from leakwatch.swarm.dht_client import DhtClient, DhtSettings
from leakwatch.swarm.discovery import Sampled, Sampler, SamplerSettings
from leakwatch.swarm.hosts import Endpoint
from leakwatch.swarm.nodes import NodeTable
from leakwatch.swarm.seen import SeenFilter
from leakwatch.swarm.wall import Wall
from leakwatch.torrent.bencode import Value, decode, encode
from leakwatch.torrent.infohash import SwarmKey

WALL = Wall(["127.0.0.0/8"])
FAST = DhtSettings(("127.0.0.1", 0), packets_per_s=10_000, node_interval_s=0, deadline_s=0.1)
QUICK = SamplerSettings(batch_wait_s=0.02, least_interval_s=0.02, rejoin_s=0.05, seen_capacity=10_000)


def test_seen_filter_tells_new_from_seen() -> None:
    """Nothing is forgotten within the capacity, and no more new items pass for seen ones than was promised."""
    seen = SeenFilter(20_000, 0.01)
    size_bytes = seen.size_bytes
    items = [os.urandom(20) for _ in range(40_000)]
    mistaken = sum(not seen.add(item) for item in items[:39_999])
    assert mistaken / 40_000 <= 0.01
    assert all(item in seen for item in items[19_999:39_999])
    strangers = sum(os.urandom(20) in seen for _ in range(20_000))
    assert 0 < strangers / 20_000 <= 0.013
    assert seen.size_bytes == size_bytes < 20_000 * 2 * 12 / 8


def test_seen_filter_forgets() -> None:
    """What was not seen for two fillings is new again; what is seen again stays."""
    seen = SeenFilter(100, 0.0001)
    assert (seen.add(b"often"), seen.add(b"once")) == (True, True)
    for number in range(250):
        seen.add(number.to_bytes(4, "big"))
        assert not seen.add(b"often")
    assert seen.add(b"once")


def test_memory_by_hand_is_not_turned_by_its_filling() -> None:
    """A filter that is turned by hand remembers everything between two turns, however full it is."""
    seen = SeenFilter(10, 0.01, rotates_when_full=False)
    for number in range(100):
        seen.add(bytes([number]))
    assert all(bytes([number]) in seen for number in range(100))
    seen.rotate()
    seen.rotate()
    assert not any(bytes([number]) in seen for number in range(100))


def test_table_is_bounded_and_asks_nobody_too_soon() -> None:
    """A full table gives the place of a resting node to a new one, and that node is not met again for hours."""
    table = NodeTable(3, now=0)
    endpoints = [(f"127.0.0.{number}", 6881) for number in range(1, 9)]
    assert [table.learn(endpoint, 0) for endpoint in endpoints[:4]] == [True, True, True, False]
    first = table.next(0)
    assert first
    assert not table.learn(endpoints[5], 0)
    table.rest(first, until=1000)
    assert table.learn(endpoints[5], 1)
    assert len(table) == 3
    assert not table.learn(first.endpoint, 2)
    assert [node.endpoint for node in iter(lambda: table.next(999), None)] == [
        endpoints[1],
        endpoints[2],
        endpoints[5],
    ]
    assert not table.learn((first.endpoint[0], 7000), 21_000)
    assert table.wait_s(0) is None


def test_table_keeps_the_order() -> None:
    """New nodes come first, in the order they were met; then those whose rest is over, and no others."""
    table = NodeTable(10, now=0)
    for number in (1, 2):
        table.learn((f"127.0.0.{number}", 1), 0)
    one, two = table.next(0), table.next(0)
    assert one
    assert two
    assert (one.endpoint[0], two.endpoint[0]) == ("127.0.0.1", "127.0.0.2")
    table.rest(one, 50)
    table.rest(two, 40)
    assert (table.next(39), table.wait_s(30), table.wait_s(60)) == (None, 10, 0)
    assert table.next(45) is two
    assert not table.failed(two, 45)
    assert table.next(344) is one
    assert table.next(346) is two
    assert table.failed(two, 346)
    assert (len(table), table.learn(two.endpoint, 347)) == (1, False)
    assert not table.learn(two.endpoint, 347 + 21_600)
    assert table.learn(two.endpoint, 347 + 3 * 21_600)


Told = Callable[[dict[bytes, Value]], dict[bytes, Value] | None]


@dataclass
class FakeNode(asyncio.DatagramProtocol):
    """A node that answers `sample_infohashes` by a function, other questions with the nodes it knows."""

    samples: Told
    known: list[FakeNode] = field(default_factory=list)
    asked: list[tuple[float, bytes]] = field(default_factory=list)

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        """Remember how to answer."""
        self.transport = transport
        self.endpoint: Endpoint = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question; None is an error message, as of a node without BEP 51."""
        question = decode(data).value
        assert isinstance(question, dict)
        self.asked.append((time.monotonic(), bytes(question[b"q"])))
        told = self.samples(question) if question[b"q"] == b"sample_infohashes" else {}
        if told is None:
            self.transport.sendto(encode({b"t": question[b"t"], b"y": b"e", b"e": [204, b"?"]}), addr)
            return
        fields: dict[bytes, Value] = {
            b"id": bytes(20),
            b"nodes": b"".join(each.compact for each in self.known),
        }
        self.transport.sendto(encode({b"t": question[b"t"], b"y": b"r", b"r": fields | told}), addr)

    @property
    def compact(self) -> bytes:
        """How others name it."""
        host, port = self.endpoint
        return os.urandom(20) + bytes(int(part) for part in host.split(".")) + port.to_bytes(2, "big")

    def times(self, name: bytes = b"sample_infohashes") -> list[float]:
        """When it was asked this."""
        return [at for at, asked in self.asked if asked == name]


@asynccontextmanager
async def nodes(*answers: Told) -> AsyncGenerator[list[FakeNode]]:
    """Run nodes that all know one another, each at an address of its own."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        running: list[FakeNode] = []
        for number, answer in enumerate(answers):
            made = await loop.create_datagram_endpoint(
                lambda answer=answer: FakeNode(answer), (f"127.0.0.{number + 2}", 0)
            )
            stack.callback(made[0].close)
            running.append(made[1])
        for each in running:
            each.known = running[:8]
        yield running


class Consumer:
    """Keeps what is handed on."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Sampled]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, batch: Sequence[Sampled]) -> None:
        """Take a batch, as soon as the gate is open."""
        await self.gate.wait()
        self.batches.append(batch)

    @property
    def keys(self) -> list[SwarmKey]:
        """All keys, in order."""
        return [each.key for batch in self.batches for each in batch]


@asynccontextmanager
async def sampling(
    start: Sequence[Endpoint],
    consumer: Consumer,
    *,
    watched: Iterable[SwarmKey] = (),
    settings: SamplerSettings = QUICK,
) -> AsyncGenerator[Sampler]:
    """Run a sampler beside the test."""

    async def bootstrap() -> Sequence[Endpoint]:
        return start

    async with DhtClient(bytes(range(20)), WALL, FAST) as client:
        sampler = Sampler(client, bootstrap, consumer, watched=frozenset(watched), settings=settings)
        task = asyncio.create_task(sampler.run())
        try:
            yield sampler
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def until(is_so: Callable[[], object], seconds: float = 10) -> None:
    """Wait until it is so. Raises: TimeoutError."""
    async with asyncio.timeout(seconds):
        while not is_so():
            await asyncio.sleep(0.005)


def giving(*keys: SwarmKey, interval: int | None = 21_600) -> Told:
    """A node that gives these samples."""
    told: dict[bytes, Value] = {b"samples": b"".join(keys), b"num": len(keys)}
    return lambda _: told | ({} if interval is None else {b"interval": interval})


def a_key() -> SwarmKey:
    """A key that nobody has yet."""
    return SwarmKey(os.urandom(20))


async def test_samples_are_handed_on_once() -> None:
    """Keys of all nodes come once each, however many nodes have them; watched ones are marked and always come."""
    shared, watched, own = a_key(), a_key(), [a_key() for _ in range(6)]
    consumer = Consumer()
    async with (
        nodes(*(giving(shared, watched, key) for key in own)) as running,
        sampling([running[0].endpoint], consumer, watched=[watched]) as sampler,
    ):
        await until(lambda: len(consumer.keys) == 1 + 6 + 6)
        await asyncio.sleep(0.1)
    assert sorted(consumer.keys) == sorted([shared, *own, *[watched] * 6])
    assert {each.key for batch in consumer.batches for each in batch if each.is_watched} == {watched}
    found = sampler.statistics
    assert (found.samples, found.new, found.watched, found.nodes_asked, found.nodes_dead) == (18, 8, 6, 6, 0)
    assert found.nodes_known == 6


@pytest.mark.parametrize("interval", [21_600, 99_999, -1, None])
async def test_long_or_missing_interval_is_six_hours(interval: int | None) -> None:
    """A node that names the longest interval, an impossible one or none is not asked a second time."""
    consumer = Consumer()
    async with nodes(*(giving(a_key(), interval=interval) for _ in range(3))) as running:
        async with sampling([running[0].endpoint], consumer):
            await until(lambda: len(consumer.keys) == 3)
            await asyncio.sleep(0.3)
        assert [len(each.times()) for each in running] == [1, 1, 1]


async def test_short_interval_is_honoured() -> None:
    """A node is asked again when its interval is over, and not before; one that asks for none gets the least."""
    settings = SamplerSettings(batch_wait_s=0.02, least_interval_s=0.02, seen_capacity=1000)
    async with nodes(giving(interval=1), giving(interval=0)) as running:
        async with sampling([running[0].endpoint], Consumer(), settings=settings):
            await until(lambda: len(running[0].times()) == 3)
        slow, fast = running
        assert all(later - earlier >= 0.95 for earlier, later in pairwise(slow.times()))
        assert len(fast.times()) <= 2.2 / 0.02 + 1
        assert len(fast.times()) > 10


async def test_nodes_without_samples_are_asked_for_nodes_only() -> None:
    """A node that refuses the question, or answers without samples, never gets it again."""
    consumer, key = Consumer(), a_key()
    plain: Told = lambda _: {b"interval": 0}  # noqa: E731
    async with nodes(lambda _: None, plain, giving(key)) as running:
        running[2].known = []
        async with sampling([running[0].endpoint], consumer):
            await until(lambda: len(running[1].times(b"find_node")) == 1 and consumer.keys == [key])
            await asyncio.sleep(0.2)
        assert [len(each.times()) for each in running] == [1, 1, 1]
        assert len(running[0].times(b"find_node")) >= 2  # once to begin with, once instead of samples
        assert len(running[1].times(b"find_node")) == 1


async def test_slow_consumer_slows_sampling() -> None:
    """While the consumer takes nothing, only what fits into the queue is asked for; then all of it comes."""
    consumer = Consumer()
    consumer.gate.clear()
    settings = SamplerSettings(batch=5, batch_wait_s=0.01, at_once=2, least_interval_s=0.01, rejoin_s=60)

    def endless(_: dict[bytes, Value]) -> dict[bytes, Value]:
        return {b"samples": os.urandom(20 * 5), b"interval": 0}

    async with (
        nodes(*[endless] * 4) as running,
        sampling([running[0].endpoint], consumer, settings=settings) as sampler,
    ):
        await until(lambda: sampler.statistics.samples >= 15)
        await asyncio.sleep(0.2)
        stuck = sampler.statistics
        await asyncio.sleep(0.2)
        assert sampler.statistics == stuck
        assert stuck.samples <= 5 + 2 * 5 + 2 * 5
        consumer.gate.set()
        await until(lambda: len(consumer.keys) > 100)
    assert all(len(batch) <= 5 for batch in consumer.batches)
    assert len(set(consumer.keys)) == len(consumer.keys)


async def test_dead_nodes_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that is silent twice leaves the table, and is not taken in again when others name it."""
    monkeypatch.setattr("leakwatch.swarm.nodes._TRY_AGAIN_S", 0.05)
    consumer = Consumer()
    async with nodes(giving(interval=0), giving()) as running:
        dead = FakeNode(giving())
        dead.endpoint = ("127.0.0.99", 6881)
        running[0].known = [*running, dead]
        async with sampling([running[0].endpoint], consumer) as sampler:
            await until(lambda: sampler.statistics.nodes_dead == 1)
            asked = len(running[0].times())
            await until(lambda: len(running[0].times()) > asked + 3)
            assert (sampler.statistics.nodes_known, sampler.statistics.nodes_dead) == (2, 1)


async def test_hostile_lists_fill_no_table() -> None:
    """Nodes that are made up by the thousand stay within the table; those inside are never sent a packet."""
    consumer, key = Consumer(), a_key()
    numbers = iter(range(100_000))

    def flood(_: dict[bytes, Value]) -> dict[bytes, Value]:
        made = [
            (127, 50 + n // 60_000, n // 250 % 240, n % 250 + 1) for n in (next(numbers) for _ in range(15))
        ]
        told = b"".join(os.urandom(20) + bytes(host) + b"\x1a\xe1" for host in made)
        inward = b"".join(
            bytes(20) + bytes(host) + b"\x1a\xe1" for host in ((10, 0, 0, 1), (169, 254, 169, 254))
        )
        return {b"samples": b"", b"interval": 0, b"nodes": told[:390] + inward[:26]}

    settings = SamplerSettings(max_nodes=50, at_once=16, least_interval_s=0.01, batch_wait_s=0.01)
    async with nodes(giving(key), flood) as running:
        async with sampling([running[0].endpoint], consumer, settings=settings) as sampler:
            await until(lambda: sampler.statistics.nodes_known == 50)
            await until(lambda: sampler.statistics.nodes_asked > 60)
            assert sampler.statistics.nodes_known <= 50
            assert sampler._client.packets.walled > 0
        assert consumer.keys == [key]


async def test_bootstrap_that_fails_is_tried_again() -> None:
    """A name that does not resolve at first is asked for again after a while, and said in the log."""
    consumer, tries, key = Consumer(), [0], a_key()
    async with nodes(giving(key)) as running, DhtClient(bytes(range(20)), WALL, FAST) as client:

        async def bootstrap() -> Sequence[Endpoint]:
            tries[0] += 1
            if tries[0] < 3:
                raise SwarmError("router.test: the name cannot be resolved")
            return [running[0].endpoint]

        with capture_logs() as logs:
            task = asyncio.create_task(Sampler(client, bootstrap, consumer, settings=QUICK).run())
            await until(lambda: consumer.keys == [key])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [line["event"] for line in logs] == ["dht_join_failed"] * 2


async def test_error_of_the_consumer_ends_sampling() -> None:
    """What the consumer raises comes out of the sampler as it is, and nothing goes on."""

    async def broken(_: Sequence[Sampled]) -> None:
        raise SwarmError("full")

    async with nodes(giving(a_key())) as running, DhtClient(bytes(range(20)), WALL, FAST) as client:

        async def bootstrap() -> Sequence[Endpoint]:
            return [running[0].endpoint]

        with pytest.raises(SwarmError, match="full"):
            await asyncio.wait_for(Sampler(client, bootstrap, broken, settings=QUICK).run(), 10)
        sent = client.packets.sent
        await asyncio.sleep(0.1)
        assert client.packets.sent == sent
