"""A real DHT of libtorrent nodes on loopback: counts are right, samples complete, and nobody hears of us."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import cast

import libtorrent as lt
import pytest

from leakwatch.swarm.dht_client import DhtClient, DhtSettings
from leakwatch.swarm.discovery import Sampled, Sampler, SamplerSettings
from leakwatch.swarm.estimate import estimate
from leakwatch.swarm.hosts import Endpoint
from leakwatch.swarm.krpc import Ask, Question, Reply
from leakwatch.swarm.wall import Wall
from leakwatch.torrent.bencode import decode
from leakwatch.torrent.infohash import SwarmKey

pytestmark = pytest.mark.swarm

NODES = 20
SEED = 1
SWARMS = 120
SECOND_OCTET = random.SystemRandom().randrange(110, 250)
"""Of this run's addresses in 127.0.0.0/8: runs beside one another do not meet."""
WALL = Wall(["127.0.0.0/8"])
FAST = DhtSettings(("127.0.0.1", 0), packets_per_s=5000, node_interval_s=0, deadline_s=1)
LOOPBACK_DHT = {
    "enable_dht": True,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_ip_notifier": False,
    "webtorrent_stun_server": "",
    "dht_bootstrap_nodes": "",
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_prefer_verified_node_ids": False,
    "dht_enforce_node_id": False,
    "dht_ignore_dark_internet": False,
    "dht_block_ratelimit": 100_000,
    "dht_upload_rate_limit": 100_000_000,
    "aio_threads": 1,
    "hashing_threads": 1,
    "alert_mask": lt.alert_category.dht,
}


def address(number: int) -> str:
    """One of this run's loopback addresses, each in a network of its own."""
    return f"127.{SECOND_OCTET}.{number}.1"


def until(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until it is so. Raises: TimeoutError."""
    ends = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > ends:
            raise TimeoutError
        time.sleep(0.02)


def dht_session(number: int) -> lt.session:
    """An ordinary DHT node that talks to loopback only."""
    params = lt.session_params()
    params.settings = cast("lt.settings_pack", {**LOOPBACK_DHT, "listen_interfaces": f"{address(number)}:0"})
    session = lt.session(params)
    rules = lt.ip_filter()
    rules.add_rule("0.0.0.0", "126.255.255.255", 1)
    rules.add_rule("128.0.0.0", "255.255.255.255", 1)
    session.set_ip_filter(rules)
    return session


@dataclass
class World:
    """The nodes, how many of them announced themselves as seeds and as leechers of a swarm, and other swarms."""

    sessions: list[lt.session]
    endpoints: list[Endpoint] = field(default_factory=list[Endpoint])
    sizes: dict[tuple[int, int], SwarmKey] = field(default_factory=dict[tuple[int, int], SwarmKey])
    others: set[SwarmKey] = field(default_factory=set[SwarmKey])

    @property
    def start(self) -> list[Endpoint]:
        """One node, as an operator would name it."""
        return self.endpoints[:1]

    def announce(self, key: SwarmKey, numbers: range, flags: int) -> None:
        """Let some nodes announce themselves."""
        for number in numbers:
            self.sessions[number].dht_announce(lt.sha1_hash(key), 4000 + number, flags)

    def announcements(self) -> int:
        """How often somebody announced something to any node, since this was asked last."""
        alerts = [alert for session in self.sessions for alert in session.pop_alerts()]
        return sum(isinstance(alert, lt.dht_announce_alert) for alert in alerts)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """The DHT, once all announcements have arrived."""
    made = World([dht_session(number + 1) for number in range(NODES)])
    until(lambda: all(session.listen_port() > 0 for session in made.sessions))
    made.endpoints = [
        (address(place + 1), session.listen_port()) for place, session in enumerate(made.sessions)
    ]
    for session in made.sessions:
        for endpoint in made.endpoints:
            session.add_dht_node(endpoint)
    asyncio.run(everybody_knows_some(made))
    for seeds, leechers in ((1, 0), (2, 0), (3, 2), (5, 5), (8, 0), (0, 4), (13, 7), (20, 0)):
        key = made.sizes[seeds, leechers] = SwarmKey(os.urandom(20))
        made.announce(key, range(seeds), SEED)
        made.announce(key, range(seeds, seeds + leechers), 0)
    for number in range(SWARMS):
        key = SwarmKey(os.urandom(20))
        made.others.add(key)
        made.announce(key, range(number % NODES, number % NODES + 1), SEED)
    asyncio.run(everything_is_told(made))
    yield made
    made.sessions.clear()  # sessions end here, not whenever the garbage collector comes by
    del session


async def everybody_knows_some(world: World) -> None:
    """Wait until every node has met enough others."""
    async with DhtClient(os.urandom(20), WALL, FAST) as client, asyncio.timeout(20):
        for endpoint in world.endpoints:
            while True:
                answer = await client.ask(endpoint, Question(Ask.FIND_NODE, os.urandom(20)))
                if isinstance(answer, Reply) and len(answer.nodes) == 8:
                    break
                await asyncio.sleep(0.05)


async def everything_is_told(world: World) -> None:
    """Wait until no more announcements arrive."""
    async with asyncio.timeout(20):
        while world.announcements() == 0:
            await asyncio.sleep(0.2)
        while world.announcements() > 0:
            await asyncio.sleep(0.4)


class Wire:
    """In place of a client's transport: every datagram that it sends passes here."""

    def __init__(self, transport: asyncio.DatagramTransport) -> None:
        self.transport, self.sent = transport, list[tuple[bytes, Endpoint]]()

    def sendto(self, data: bytes, endpoint: Endpoint) -> None:
        """Note it and send it."""
        self.sent.append((data, endpoint))
        self.transport.sendto(data, endpoint)

    def is_closing(self) -> bool:
        """As the transport says."""
        return self.transport.is_closing()

    def close(self) -> None:
        """Close it."""
        self.transport.close()


@asynccontextmanager
async def tapped() -> AsyncGenerator[tuple[DhtClient, Wire]]:
    """A client whose bytes are all seen."""
    async with DhtClient(os.urandom(20), WALL, FAST) as client:
        wire = Wire(client._transport)
        client._transport = cast("asyncio.DatagramTransport", wire)
        yield client, wire


async def sampled(
    world: World, client: DhtClient, is_enough: Callable[[Sampler, set[SwarmKey]], bool], seconds: float = 15
) -> tuple[set[SwarmKey], Sampler]:
    """Sample until it is enough, or the time is up."""
    found: set[SwarmKey] = set()

    async def keep(batch: Sequence[Sampled]) -> None:
        found.update(each.key for each in batch)

    async def bootstrap() -> Sequence[Endpoint]:
        return world.start

    settings = SamplerSettings(batch_wait_s=0.02, least_interval_s=0.05, seen_capacity=10_000)
    sampler = Sampler(client, bootstrap, keep, settings=settings)
    task = asyncio.create_task(sampler.run())
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not is_enough(sampler, found):
                await asyncio.sleep(0.02)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return found, sampler


async def test_estimates_are_right(world: World) -> None:
    """Swarms of 0 to 20 seeds and 0 to 7 leechers are counted to within the error that is given, from one node on."""
    async with tapped() as (client, _):
        for (seeds, leechers), key in world.sizes.items():
            told: list[str] = []
            found = await estimate(client, key, world.start, tell=told.append)
            assert abs(found.seeds - seeds) <= found.error == 1
            assert abs(found.leechers - leechers) <= found.error
            assert (found.nodes_answered, found.filters) == (8, 8)
            assert found.peers_seen == seeds + leechers
            assert sorted(told) == sorted(address(number + 1) for number in range(seeds + leechers))


async def test_a_swarm_that_nobody_has(world: World) -> None:
    """A swarm without peers is estimated at zero by nodes that answered."""
    async with tapped() as (client, _):
        found = await estimate(client, SwarmKey(os.urandom(20)), world.start)
        assert (found.seeds, found.leechers, found.error, found.nodes_answered) == (0, 0, 0, 8)


async def test_sampling_finds_what_the_nodes_have(world: World) -> None:
    """Of nodes that let themselves be asked again soon, over 95 % of all infohashes are found from one node on."""
    for session in world.sessions:
        session.apply_settings({"dht_sample_infohashes_interval": 0})
    everything = world.others | set(world.sizes.values())
    async with tapped() as (client, _):
        found, sampler = await sampled(world, client, lambda _, keys: len(keys) >= 0.99 * len(everything))
    assert found <= everything
    assert len(found) > 0.95 * len(everything)
    assert sampler.statistics.nodes_known == NODES
    assert sampler.statistics.nodes_dead == 0


async def test_interval_of_real_nodes_is_honoured(world: World) -> None:
    """Nodes that ask for hours of rest are asked for samples once each."""
    for session in world.sessions:
        session.apply_settings({"dht_sample_infohashes_interval": 21_600})
    async with tapped() as (client, wire):
        await sampled(world, client, lambda sampler, _: sampler.statistics.nodes_asked >= NODES)
        await all_answered(client)
    asked = [endpoint for data, endpoint in wire.sent if b"sample_infohashes" in data]
    assert sorted(asked) == sorted(world.endpoints)


async def all_answered(client: DhtClient) -> None:
    """Wait until every open question has ended."""
    async with asyncio.timeout(5):
        while client._asked:
            await asyncio.sleep(0.01)


async def test_nothing_is_announced_and_every_byte_is_known(world: World) -> None:
    """Of all bytes that look-ups, estimates and sampling send, each packet is one of three questions, read-only."""
    world.announcements()  # those of before
    async with tapped() as (client, wire):
        for key in world.sizes.values():
            await estimate(client, key, world.start)
        await sampled(world, client, lambda sampler, _: sampler.statistics.nodes_asked >= NODES, seconds=5)
        assert client.packets.sent == len(wire.sent) > 100
        own_id = client.own_id
    for data, endpoint in wire.sent:
        decoded = decode(data)
        message = decoded.value
        assert isinstance(message, dict)
        assert (decoded.remarks, set(message)) == ([], {b"a", b"q", b"ro", b"t", b"y"})
        assert (message[b"ro"], message[b"y"]) == (1, b"q")
        arguments = message[b"a"]
        assert isinstance(arguments, dict)
        assert arguments.pop(b"id") == own_id
        assert (message[b"q"], set(arguments)) in (
            (b"find_node", {b"target"}),
            (b"sample_infohashes", {b"target"}),
            (b"get_peers", {b"info_hash"}),
            (b"get_peers", {b"info_hash", b"scrape"}),
        )
        assert endpoint in world.endpoints
    assert {decode(data).value[b"q"] for data, _ in wire.sent} == {
        b"find_node",
        b"get_peers",
        b"sample_infohashes",
    }
    assert world.announcements() == 0
