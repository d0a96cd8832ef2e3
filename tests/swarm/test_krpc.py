"""The DHT client against nodes on loopback that answer as they please."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.errors import ConfigError, SwarmError
from leakwatch.swarm.budget import Budget, Lanes
from leakwatch.swarm.dht_client import DhtClient, DhtSettings
from leakwatch.swarm.estimate import estimate
from leakwatch.swarm.hosts import Endpoint, addresses_of, endpoints_of, place_of
from leakwatch.swarm.krpc import Ask, Node, Question, Refusal, Reply, distance, read_answer, write_question
from leakwatch.swarm.lookup import nearest_nodes
from leakwatch.swarm.wall import Wall
from leakwatch.torrent.bencode import Value, decode, encode
from leakwatch.torrent.infohash import SwarmKey

WALL = Wall(["127.0.0.0/8"])
FAST = DhtSettings(("127.0.0.1", 0), packets_per_s=10_000, node_interval_s=0, deadline_s=0.2)
OWN_ID = b"our own stable id 20"
KEY = SwarmKey(bytes(range(20)))
FIND = Question(Ask.FIND_NODE, KEY)
Answer = Callable[[dict[bytes, Value]], Iterable[bytes]]


@dataclass
class FakeNode(asyncio.DatagramProtocol):
    """A node whose answers are a function of the question; what it was asked is kept."""

    answer: Answer
    ident: bytes = field(default_factory=lambda: os.urandom(20))
    asked: list[tuple[float, dict[bytes, Value]]] = field(default_factory=list)

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        """Remember how to answer."""
        self.transport = transport
        self.endpoint: Endpoint = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        question = decode(data).value
        assert isinstance(question, dict)
        self.asked.append((time.monotonic(), question))
        for reply in self.answer(question):
            self.transport.sendto(reply, addr)

    @property
    def compact(self) -> bytes:
        """How other nodes name it."""
        return compact(*self.endpoint, self.ident)


def compact(host: str, port: int, ident: bytes = b"some other nodes id.") -> bytes:
    """A node in compact form."""
    return ident + ipaddress.ip_address(host).packed + port.to_bytes(2, "big")


@asynccontextmanager
async def node(answer: Answer, host: str = "127.0.0.2") -> AsyncGenerator[FakeNode]:
    """Run a node."""
    loop = asyncio.get_running_loop()
    transport, one = await loop.create_datagram_endpoint(lambda: FakeNode(answer), (host, 0))
    try:
        yield one
    finally:
        transport.close()


def reply(question: dict[bytes, Value], **told: Value) -> bytes:
    """An honest answer, with these fields."""
    fields: dict[bytes, Value] = {
        b"id": b"the id of some node.",
        **{name.encode(): value for name, value in told.items()},
    }
    return encode({b"t": question[b"t"], b"y": b"r", b"r": fields})


def test_questions_on_the_wire() -> None:
    """Each question is exactly what its BEP says, read-only, and nothing more."""
    written = {ask: write_question(Question(ask, KEY), b"tttt", OWN_ID) for ask in Ask}
    assert written[Ask.FIND_NODE] == (
        b"d1:ad2:id20:" + OWN_ID + b"6:target20:" + KEY + b"e1:q9:find_node2:roi1e1:t4:tttt1:y1:qe"
    )
    assert written[Ask.GET_PEERS] == (
        b"d1:ad2:id20:" + OWN_ID + b"9:info_hash20:" + KEY + b"e1:q9:get_peers2:roi1e1:t4:tttt1:y1:qe"
    )
    assert b"1:q17:sample_infohashes2:roi1e" in written[Ask.SAMPLE]
    scrape = write_question(Question(Ask.GET_PEERS, KEY, wants_filters=True), b"tttt", OWN_ID)
    assert b"6:scrapei1ee1:q9:get_peers" in scrape
    assert {ask.value for ask in Ask} == {b"find_node", b"get_peers", b"sample_infohashes"}


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_an_error(data: bytes) -> None:
    """On any datagram the reader gives an answer or an error of ours."""
    for datagram in (
        data,
        b"d1:t2:aa1:y1:r1:rd2:id20:" + KEY + data + b"ee",
        b"d1:t2:aa1:y1:e1:el" + data + b"ee",
    ):
        with suppress(SwarmError):
            transaction, answer = read_answer(datagram)
            assert isinstance(transaction, bytes)
            assert isinstance(answer, Reply | Refusal)


@given(
    st.lists(
        st.tuples(st.binary(min_size=20, max_size=20), st.ip_addresses(v=4), st.integers(0, 65535)),
        max_size=16,
    ),
    st.lists(st.binary(min_size=20, max_size=20), max_size=50),
    st.integers(-10, 30_000),
)
def test_answers_are_read_as_written(
    nodes: list[tuple[bytes, ipaddress.IPv4Address, int]], samples: list[bytes], interval: int
) -> None:
    """Nodes, samples and interval come out as they went in; an interval outside BEP 51's range is the longest."""
    packed = b"".join(compact(str(address), port, ident) for ident, address, port in nodes)
    _, answer = read_answer(reply({b"t": b"x"}, nodes=packed, samples=b"".join(samples), interval=interval))
    assert isinstance(answer, Reply)
    assert answer.nodes == tuple(Node(ident, (str(address), port)) for ident, address, port in nodes)
    assert (answer.samples, answer.peers) == (tuple(samples), ())
    assert answer.interval_s == (interval if 0 <= interval <= 21_600 else 21_600)


def test_second_family_and_what_is_missing() -> None:
    """`nodes6` and peers of both families are read; without `interval` a node means six hours."""
    six = compact("2001:db8::1", 6881)
    values: list[Value] = [bytes([1, 2, 3, 4, 0, 80]), ipaddress.ip_address("2001:db8::2").packed + b"\1\0"]
    _, answer = read_answer(reply({b"t": b"x"}, nodes6=six, values=values))
    assert isinstance(answer, Reply)
    assert [each.endpoint for each in answer.nodes] == [("2001:db8::1", 6881)]
    assert answer.peers == (("1.2.3.4", 80), ("2001:db8::2", 256))
    assert (answer.samples, answer.interval_s, answer.seed_filter) == (None, 21_600, None)
    assert not any(text in repr(answer) for text in ("1.2.3.4", "2001:db8"))


def test_what_one_answer_may_hold_is_bounded() -> None:
    """Of a datagram that is full of nodes, peers or samples only so many are taken."""
    one = compact("1.2.3.4", 6881)
    for fields in ({"nodes": one * 300}, {"values": [b"123456"] * 1000}, {"samples": KEY * 400}):
        _, answer = read_answer(reply({b"t": b"x"}, **fields))
        assert isinstance(answer, Reply)
        assert len(answer.nodes) + len(answer.peers) + len(answer.samples or ()) in (16, 200, 100)
    with pytest.raises(SwarmError, match="larger"):
        read_answer(reply({b"t": b"x"}, samples=KEY * 410))


async def test_a_node_answers() -> None:
    """What a node says comes back, and the counters know of both packets."""
    async with (
        node(lambda q: [reply(q, nodes=compact("127.0.0.3", 6881))]) as one,
        DhtClient(OWN_ID, WALL, FAST) as client,
    ):
        answer = await client.ask(one.endpoint, FIND)
        assert isinstance(answer, Reply)
        assert [each.endpoint for each in answer.nodes] == [("127.0.0.3", 6881)]
        assert (client.packets.sent, client.packets.received, client.packets.strays) == (1, 1, 0)
    assert [question[b"ro"] for _, question in one.asked] == [1]


def with_bad(**told: Value) -> Answer:
    """A node that answers with these fields."""
    return lambda q: [reply(q, **told)]


HOSTILE: dict[str, tuple[Answer, str]] = {
    "silence": (lambda _: [], ""),
    "garbage": (lambda _: [os.urandom(500)], "unreadable"),
    "one byte": (lambda _: [b"d"], "unreadable"),
    "giant": (lambda q: [reply(q, token=bytes(60_000))], "unreadable"),
    "deep": (lambda _: [b"l" * 8000], "unreadable"),
    "a million digits": (lambda _: [b"i" + b"9" * 8000 + b"e"], "unreadable"),
    "short id": (with_bad(id=b"short"), "unreadable"),
    "long id": (with_bad(id=bytes(21)), "unreadable"),
    "id is a number": (with_bad(id=7), "unreadable"),
    "cut nodes": (with_bad(nodes=bytes(27)), "unreadable"),
    "nodes is a list": (with_bad(nodes=[]), "unreadable"),
    "odd peers": (with_bad(values=[bytes(7)]), "unreadable"),
    "peers are bytes": (with_bad(values=bytes(6)), "unreadable"),
    "odd samples": (with_bad(samples=bytes(19)), "unreadable"),
    "short filter": (with_bad(BFsd=bytes(255)), "unreadable"),
    "filter is a dictionary": (with_bad(BFpe={}), "unreadable"),
    "no content": (lambda q: [encode({b"t": q[b"t"], b"y": b"r"})], "unreadable"),
    "a question": (lambda q: [encode({**q, b"q": b"ping"})], "unreadable"),
    "wrong transaction": (lambda _: [reply({b"t": b"nope"})], "strays"),
    "no transaction": (lambda _: [b"d1:rd2:id20:" + KEY + b"e1:y1:re"], "unreadable"),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_hostile_nodes_give_nothing(case: str) -> None:
    """Whatever a node sends instead of an answer is counted and comes to nothing, within the deadline."""
    answer, counter = HOSTILE[case]
    async with node(answer) as one, DhtClient(OWN_ID, WALL, FAST) as client:
        began = time.monotonic()
        assert await client.ask(one.endpoint, FIND) is None
        assert time.monotonic() - began < 2
        assert client.packets.sent == 1
        assert not counter or getattr(client.packets, counter) == 1
        one.transport.sendto(reply({b"t": b"nope"}), client._transport.get_extra_info("sockname"))
        assert client._asked == {}


async def test_errors_are_told_apart() -> None:
    """An error message is a refusal with its code and without its text."""

    def refuse(question: dict[bytes, Value]) -> Iterable[bytes]:
        return [encode({b"t": question[b"t"], b"y": b"e", b"e": [204, b"\x1b[31m"]})]

    async with node(refuse) as one, DhtClient(OWN_ID, WALL, FAST) as client:
        assert await client.ask(one.endpoint, FIND) == Refusal(204)


async def test_junk_before_the_answer_changes_nothing() -> None:
    """The right answer is found behind packets that are none, unless there are too many of them."""
    for count, is_heard in ((5, True), (50, False)):
        junk = [b"junk"] * count
        async with (
            node(lambda q, junk=junk: [*junk, reply(q)]) as one,
            DhtClient(OWN_ID, WALL, FAST) as client,
        ):
            assert (await client.ask(one.endpoint, FIND) is not None) is is_heard


async def test_answers_from_other_addresses_are_not_heard() -> None:
    """An answer with the right transaction id from another address or port is a stray and never parsed."""
    async with node(lambda _: [], "127.0.0.3") as other, DhtClient(OWN_ID, WALL, FAST) as client:
        ours = client._transport.get_extra_info("sockname")

        def elsewhere(question: dict[bytes, Value]) -> Iterable[bytes]:
            other.transport.sendto(reply(question), ours)
            return []

        async with node(elsewhere) as one, node(elsewhere, "127.0.0.2") as two:
            assert await client.ask(one.endpoint, FIND) is None
            assert await client.ask(two.endpoint, FIND) is None
        assert (client.packets.strays, client.packets.unreadable) == (2, 0)


async def test_nodes_that_may_not_be_asked_are_not_passed_on() -> None:
    """Private and link-local addresses, low ports and port 0 are cut from answers, and never asked."""
    bad = [("10.0.0.1", 6881), ("169.254.169.254", 6881), ("8.8.8.8", 53), ("8.8.8.8", 0), ("127.0.0.4", 0)]
    packed = b"".join(compact(*endpoint) for endpoint in bad)
    peers: list[Value] = [compact(*endpoint)[20:] for endpoint in bad]
    bad_node = with_bad(nodes=packed, values=peers)
    async with node(bad_node) as one, DhtClient(OWN_ID, WALL, FAST) as client:
        answer = await client.ask(one.endpoint, FIND)
        assert isinstance(answer, Reply)
        assert (answer.nodes, answer.peers, client.packets.walled) == ((), (), 2 * len(bad))
        for endpoint in (*bad, ("::1", 6881), ("router.test", 6881)):
            assert await client.ask(endpoint, FIND) is None
        assert client.packets.sent == 1


async def test_questions_wait_for_the_budget() -> None:
    """No stretch of time holds more packets than its share, however many questions are asked at once."""
    per_s = 300.0
    settings = DhtSettings(("127.0.0.1", 0), packets_per_s=per_s, node_interval_s=0, deadline_s=0.01)
    async with DhtClient(OWN_ID, WALL, settings) as client:
        noted = noting_times(client)
        await asyncio.gather(*(client.ask(("127.0.0.9", 2000 + port), FIND) for port in range(100)))
    times = [at for at, _ in noted]
    most = [
        (last - first) + 1 - (times[last] - times[first]) * per_s
        for first in range(100)
        for last in range(first, 100)
    ]
    assert len(times) == 100
    assert max(most) <= per_s / 50 + 2


def noting_times(client: DhtClient) -> list[tuple[float, Endpoint]]:
    """When the client sent each packet, and where to."""
    times: list[tuple[float, Endpoint]] = []
    send = client._send

    def noting(endpoint: Endpoint, question: Question) -> object:
        times.append((time.monotonic(), endpoint))
        return send(endpoint, question)

    client._send = noting
    return times


async def test_one_node_is_asked_apart() -> None:
    """Two questions to one address, on whatever ports, are at least the interval apart; others do not wait."""
    settings = DhtSettings(("127.0.0.1", 0), packets_per_s=10_000, node_interval_s=0.15, deadline_s=0.01)
    async with DhtClient(OWN_ID, WALL, settings) as client:
        times = noting_times(client)
        same = [("127.0.0.8", port) for port in (4001, 4002, 4001)]
        await asyncio.gather(*(client.ask(each, FIND) for each in (*same, ("127.0.0.9", 4001))))
    apart = [at for at, endpoint in times if endpoint in same]
    assert [later - earlier >= 0.15 for earlier, later in pairwise(apart)] == [True, True]
    assert [endpoint[0] for _, endpoint in times[:2]] == ["127.0.0.8", "127.0.0.9"]


async def test_questions_in_flight_are_bounded() -> None:
    """No more questions are open at once than allowed; each ends, and leaves nothing behind."""
    settings = DhtSettings(
        ("127.0.0.1", 0), packets_per_s=10_000, node_interval_s=0, deadline_s=0.05, max_in_flight=4
    )
    async with DhtClient(OWN_ID, WALL, settings) as client:
        asked = [asyncio.create_task(client.ask(("127.0.0.9", 2000 + port), FIND)) for port in range(12)]
        most = 0
        while not all(task.done() for task in asked):
            most = max(most, len(client._asked))
            await asyncio.sleep(0.005)
        assert (most, client._asked, len(client._lanes)) == (4, {}, 1)


async def test_closing_ends_open_questions() -> None:
    """A closed client answers open questions with nothing at once, and new ones with an error of ours."""
    slow = DhtSettings(("127.0.0.1", 0), deadline_s=60)
    async with node(lambda _: []) as one:
        async with DhtClient(OWN_ID, WALL, slow) as client:
            asked = asyncio.create_task(client.ask(one.endpoint, FIND))
            while not one.asked:
                await asyncio.sleep(0.005)
        assert await asyncio.wait_for(asked, 5) is None
        with pytest.raises(SwarmError, match="closed"):
            await client.ask(("127.0.0.7", 2000), FIND)


async def test_cancelled_questions_leave_nothing() -> None:
    """A cancelled question gives its slot back."""
    settings = DhtSettings(("127.0.0.1", 0), node_interval_s=0, deadline_s=60, max_in_flight=1)
    async with (
        node(lambda _: []) as silent,
        node(lambda q: [reply(q)]) as one,
        DhtClient(OWN_ID, WALL, settings) as client,
    ):
        first = asyncio.create_task(client.ask(silent.endpoint, FIND))
        while not silent.asked:
            await asyncio.sleep(0.005)
        second = asyncio.create_task(client.ask(one.endpoint, FIND))
        await asyncio.sleep(0)
        first.cancel()
        assert await asyncio.wait_for(second, 5)
        assert client._asked == {}


async def test_socket_that_cannot_be_opened() -> None:
    """A port that is taken is an error of ours."""
    async with node(lambda _: []) as one:
        with pytest.raises(SwarmError, match="cannot be opened"):
            async with DhtClient(OWN_ID, WALL, DhtSettings(one.endpoint)):
                pass


def test_mistakes_of_the_operator_are_named() -> None:
    """A node id of another length and an empty budget are configuration errors."""
    with pytest.raises(ConfigError, match="20 bytes"):
        DhtClient(b"short", WALL)
    with pytest.raises(ConfigError, match="packets_per_s"):
        DhtClient(OWN_ID, WALL, DhtSettings(packets_per_s=0))


class StoppedClock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> float:
        """The time."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Move on, and let the others run."""
        self.at += seconds
        await asyncio.sleep(0)


async def test_budget_by_the_clock() -> None:
    """The hundredth packet at ten a second goes out after ten seconds, and a pause saves up next to nothing."""
    clock = StoppedClock()
    budget = Budget(10, clock.now, clock.sleep)
    for _ in range(101):
        await budget.take()
    assert clock.at == pytest.approx(110)
    clock.at += 3600
    for _ in range(11):
        await budget.take()
    assert clock.at == pytest.approx(110 + 3600 + 1)


async def test_lanes_by_the_clock() -> None:
    """Each place is passed once in its interval, and places whose pause is over are forgotten."""
    clock = StoppedClock()
    lanes = Lanes(1.0, clock.now, clock.sleep)
    for _ in range(3):
        async with lanes.turn("a"):
            pass
    assert clock.at == pytest.approx(102)
    for number in range(10_000):
        clock.at += 0.01
        async with lanes.turn(str(number)):
            pass
    assert len(lanes) < 4300


async def test_a_look_up_among_liars_ends() -> None:
    """Nodes that name ever new nodes, or take the key for their id, neither stop a look-up nor lead it out."""
    hosts = iter(f"127.66.{number // 250}.{number % 250 + 1}" for number in range(10_000))

    def endless(question: dict[bytes, Value]) -> Iterable[bytes]:
        near = [bytes(KEY[:19]) + bytes([number]) for number in range(15)]
        more = b"".join(compact(next(hosts), 4000, ident) for ident in near)
        return [
            reply(question, nodes=more + compact("192.168.0.1", 6881), values=[b"\x08\x08\x08\x08\x1a\xe1"])
        ]

    settings = DhtSettings(("127.0.0.1", 0), packets_per_s=10_000, node_interval_s=0, deadline_s=0.02)
    async with (
        node(endless) as liar,
        node(with_bad(id=KEY, BFsd=b"\xff" * 256), "127.0.0.5") as twin,
        DhtClient(OWN_ID, WALL, settings) as client,
    ):
        found = await estimate(client, KEY, [liar.endpoint, twin.endpoint])
        assert (found.seeds, found.leechers, found.nodes_answered, found.peers_seen) == (0, 0, 1, 1)
        assert client.packets.sent <= 100
        with pytest.raises(SwarmError, match="no node of the DHT answered"):
            await estimate(client, KEY, [twin.endpoint])
        with pytest.raises(SwarmError, match="not end in time"):
            await estimate(client, KEY, [("127.0.0.77", 4000)], deadline_s=0.005)


async def test_a_look_up_ends_at_the_nearest() -> None:
    """The eight nearest of many nodes are found, in order, and those farther away are left alone."""
    idents = [bytes([KEY[0] ^ 1 << 7, number]) + bytes(18) for number in range(20)]
    async with AsyncExitStack() as stack:
        running: list[FakeNode] = []

        def answer(question: dict[bytes, Value], number: int) -> Iterable[bytes]:
            named = [running[place].compact for place in ((number + step) % 20 for step in range(16))]
            return [reply(question, id=idents[number], nodes=b"".join(named))]

        for number, ident in enumerate(idents):
            made = node(lambda question, number=number: answer(question, number), f"127.0.3.{number + 1}")
            running.append(await stack.enter_async_context(made))
            running[-1].ident = ident
        client = await stack.enter_async_context(DhtClient(OWN_ID, WALL, FAST))
        found = await nearest_nodes(client, KEY, [running[19].endpoint], lambda _: None)
    nearest = sorted(idents, key=lambda ident: distance(ident, KEY))[:8]
    assert [each.ident for each in found] == nearest
    assert sum(bool(each.asked) for each in running) < 20


async def test_bootstrap_nodes_are_resolved_past_the_wall() -> None:
    """Of the operator's nodes those at public addresses are used; where there is none the error says why."""

    async def resolve(host: str, _port: int) -> list[str]:
        if host == "gone.test":
            raise OSError
        return {"in.test": ["10.0.0.1"], "out.test": ["8.8.8.8", "8.8.8.8"]}[host]

    named = ["in.test:6881", "gone.test:1", "bad", "out.test:6881"]
    assert await endpoints_of(named, Wall(), resolve) == [("8.8.8.8", 6881)]
    for bad, words in (
        (named[:1], "public"),
        (named[1:2], "resolved"),
        (["bad"], "host and port"),
        ([], "dht_bootstrap"),
    ):
        with pytest.raises(SwarmError, match=words):
            await endpoints_of(bad, Wall(), resolve)
    assert await addresses_of("127.0.0.1", 6881, WALL) == ["127.0.0.1"]


def test_places() -> None:
    """An IPv4 address is a place of its own, and all of an IPv6 /64 is one."""
    assert place_of("192.0.2.1") != place_of("192.0.2.2")
    assert place_of("2001:db8::1") == place_of("2001:db8::ffff:1") != place_of("2001:db8:0:1::1")
