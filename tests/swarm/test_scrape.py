"""Tracker scrape against trackers on loopback, honest and hostile ones."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.errors import LeakwatchError, SwarmError
from leakwatch.model.swarm import MAX_PEERS
from leakwatch.swarm import scrape_udp as udp_module
from leakwatch.swarm.scrape import Counts, scrape
from leakwatch.swarm.scrape_http import MAX_URL, read_scrape, scrape_url
from leakwatch.swarm.tracker import MAX_COMPLETED, PROBLEMS, checked_counts, read_tracker
from leakwatch.swarm.wall import TRACKER_PORTS, Wall
from leakwatch.torrent.bencode import encode
from leakwatch.torrent.infohash import SwarmKey

WALL = Wall(["127.0.0.0/8"], low_ports=TRACKER_PORTS)
KEYS = [SwarmKey(bytes([number % 256, number // 256, *range(18)])) for number in range(300)]
WORLD = {key: Counts(place, 2 * place, 3 * place) for place, key in enumerate(KEYS)}
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CONNECTION = b"connid!!"


@dataclass(slots=True)
class Clock:
    """A clock that stands still."""

    def now(self) -> datetime:
        """Always the same time."""
        return datetime(2026, 1, 2, tzinfo=UTC)


@asynccontextmanager
async def door(
    *hosts: str, resolve: Callable[[str, int], Awaitable[list[str]]] | None = None
) -> AsyncGenerator[HttpFetcher]:
    """The daemon's door, with these hosts listed."""
    chosen = {"resolve": resolve} if resolve else {}
    settings = DoorSettings("ops@example.org", frozenset(hosts), raw_cap_bytes=2**18, total_deadline_s=2)
    async with HttpFetcher(settings, secret=str, clock=Clock(), tls=TLS, **chosen) as fetcher:
        yield fetcher


async def ask(
    tracker: str, keys: Iterable[SwarmKey] = KEYS[:2], *hosts: str, **others: object
) -> Mapping[SwarmKey, Counts]:
    """Scrape with what these tests share."""
    options = {"wall": WALL, "deadline_s": 2.0, "min_interval_s": 0.0, **others}
    async with door(*hosts) as fetcher:
        return await scrape(tracker, list(keys), fetcher=fetcher, **options)


@dataclass
class UdpTracker(asyncio.DatagramProtocol):
    """A tracker whose answers are a function of what it is asked; an empty answer is silence."""

    answer: Callable[[bytes], Iterable[bytes]]
    packets: list[bytes] = field(default_factory=list)
    url: str = ""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        """Remember how to answer."""
        self.transport = transport
        self.url = "udp://{}:{}/announce".format(*transport.get_extra_info("sockname"))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one packet."""
        self.packets.append(data)
        for reply in self.answer(data):
            self.transport.sendto(reply, addr)


@asynccontextmanager
async def udp(answer: Callable[[bytes], Iterable[bytes]]) -> AsyncGenerator[UdpTracker]:
    """Run a UDP tracker."""
    loop = asyncio.get_running_loop()
    transport, tracker = await loop.create_datagram_endpoint(lambda: UdpTracker(answer), ("127.0.0.1", 0))
    try:
        yield tracker
    finally:
        transport.close()


def honest(packet: bytes) -> Iterable[bytes]:
    """What BEP 15 asks of a tracker."""
    action, transaction = packet[8:12], packet[12:16]
    if packet[:8] == struct.pack(">Q", 0x41727101980):
        assert (action, len(packet)) == (bytes(4), 16)
        return [bytes(4) + transaction + CONNECTION]
    assert (packet[:8], action) == (CONNECTION, b"\0\0\0\2")
    hashes = [SwarmKey(packet[start : start + 20]) for start in range(16, len(packet), 20)]
    assert len(hashes) <= 74
    told = [WORLD[key] for key in hashes]
    body = b"".join(struct.pack(">III", each.seeders, each.completed, each.leechers) for each in told)
    return [action + transaction + body]


async def test_udp_counts_of_many_swarms() -> None:
    """Every count comes back under its own swarm, 74 swarms a packet, each asked for once."""
    async with udp(honest) as tracker:
        assert await ask(tracker.url, KEYS + KEYS[:9]) == WORLD
        assert len(tracker.packets) == 1 + 5


async def test_nothing_but_connect_and_scrape_is_sent() -> None:
    """Of all bytes that a scrape sends, none is an announce: only actions 0 and 2 exist."""
    async with udp(honest) as tracker:
        await ask(tracker.url, KEYS)
        assert {packet[8:12] for packet in tracker.packets} == {bytes(4), b"\0\0\0\2"}


async def test_lost_packets_are_sent_again() -> None:
    """A tracker that loses the first two of each kind of packet is asked again within the deadline."""
    seen: dict[bytes, int] = {}

    def lossy(packet: bytes) -> Iterable[bytes]:
        seen[packet[8:12]] = seen.get(packet[8:12], 0) + 1
        return honest(packet) if seen[packet[8:12]] > 2 else []

    async with udp(lossy) as tracker:
        assert len(await ask(tracker.url, deadline_s=1.5)) == 2
        assert len({packet[12:16] for packet in tracker.packets}) == 2


async def test_connection_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection id is not used when it is older than its life."""
    monkeypatch.setattr(udp_module, "_CONNECTION_LIFE_S", 0.0)
    async with udp(honest) as tracker:
        assert len(await ask(tracker.url, KEYS[:160])) == 160
        assert sum(packet[8:12] == bytes(4) for packet in tracker.packets) == 1 + 3


def changed(change: Callable[[bytes], Iterable[bytes]]) -> Callable[[bytes], Iterable[bytes]]:
    """A tracker that connects honestly and then does something to its answers."""

    def answer(packet: bytes) -> Iterable[bytes]:
        told = honest(packet)
        return told if packet[8:12] == bytes(4) else [other for one in told for other in change(one)]

    return answer


HOSTILE_UDP = {
    "silence": (lambda _: [], "silent"),
    "garbage": (lambda _: [b"\xff" * 100], "unasked"),
    "empty": (lambda _: [b"", b"\0\0\0\0\0\0\0"], "unasked"),
    "wrong transaction id": (lambda p: [bytes(4) + bytes(4) + CONNECTION], "unasked"),
    "short connect": (lambda p: [bytes(4) + p[12:16] + b"1234567"], "length"),
    "bare header": (lambda p: [bytes(4) + p[12:16]], "length"),
    "wrong action": (lambda p: [b"\0\0\0\1" + p[12:16] + CONNECTION], "garbage"),
    "error": (lambda p: [b"\0\0\0\3" + p[12:16] + b"over \x1b[31mloaded"], "said"),
    "cut": (changed(lambda one: [one[:-1]]), "length"),
    "too long": (changed(lambda one: [one + bytes(12)]), "length"),
    "giant": (changed(lambda one: [one + bytes(60_000)]), "length"),
    "absurd": (changed(lambda one: [one[:8] + b"\xff" * 24]), "counts"),
    "late error": (changed(lambda one: [b"\0\0\0\3" + one[4:8]]), "said"),
    "late silence": (changed(lambda _: []), "silent"),
}


async def test_tracker_that_answers_fewer_at_once_is_asked_for_the_rest() -> None:
    """Where a UDP tracker has a limit of its own below a packet's, every swarm is counted all the same."""
    limited = changed(lambda one: [one[: 8 + 12 * 50]])
    async with udp(limited) as tracker:
        found = await ask(tracker.url, KEYS[:74])
    assert found == {key: WORLD[key] for key in KEYS[:74]}
    assert len(tracker.packets) == 3


def test_every_believable_count_fits_the_database() -> None:
    """The largest counts that are taken from a tracker are those that a 32-bit column holds; one more is refused."""
    counts = checked_counts(MAX_PEERS, MAX_PEERS, MAX_COMPLETED, "h")
    assert max(counts.seeders, counts.leechers, counts.completed) == 2**31 - 1
    with pytest.raises(SwarmError):
        checked_counts(0, 0, 2**31, "h")


@pytest.mark.parametrize("case", HOSTILE_UDP)
async def test_hostile_udp_trackers_are_named(case: str) -> None:
    """Whatever a UDP tracker sends instead of counts is an error from the closed list, with the host, in time."""
    answer, kind = HOSTILE_UDP[case]
    loop = asyncio.get_running_loop()
    async with udp(answer) as tracker:
        began = loop.time()
        with pytest.raises(SwarmError) as caught:
            await ask(tracker.url, deadline_s=0.3)
        assert loop.time() - began < 1.5
    assert caught.value.message.startswith(f"127.0.0.1: {PROBLEMS[kind]}")
    assert "\x1b" not in caught.value.message


async def test_a_good_answer_among_strays_is_found() -> None:
    """Packets with other transaction ids before the right one change nothing."""
    async with udp(lambda p: [b"x", bytes(8), bytes(4) + b"nope" + CONNECTION, *honest(p)]) as tracker:
        assert len(await ask(tracker.url)) == 2


async def test_answers_from_elsewhere_are_not_heard() -> None:
    """A right answer sent from another address than the tracker's does not count."""
    loop = asyncio.get_running_loop()
    other, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, ("127.0.0.2", 0))
    asker: list[tuple[str, int]] = []

    class Thief(UdpTracker):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            asker.append(addr)
            for reply in honest(data):
                other.sendto(reply, addr)

    transport, thief = await loop.create_datagram_endpoint(lambda: Thief(honest), ("127.0.0.1", 0))
    with pytest.raises(SwarmError, match="did not answer in time"):
        await ask(thief.url, deadline_s=0.3)
    assert asker
    other.close()
    transport.close()


async def test_nobody_there_is_told_at_once() -> None:
    """A port where nobody listens is reported by the network and not waited for."""
    async with udp(honest) as tracker:
        url = tracker.url
    with pytest.raises(SwarmError, match="cannot be reached"):
        await asyncio.wait_for(ask(url, deadline_s=30), 5)


async def test_second_address_of_a_host_is_tried() -> None:
    """Where the first address of a tracker is dead the second one gives the counts."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]

    async with udp(honest) as tracker:
        url = tracker.url.replace("127.0.0.1", "tracker.test")
        assert len(await ask(url, resolve=resolve)) == 2


@pytest.mark.parametrize(
    "answers",
    [
        ["169.254.169.254"],
        ["10.0.0.1"],
        ["8.8.8.8", "192.168.1.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        [],
        ["x"],
        ["fe80::1%lo"],
    ],
)
async def test_inward_udp_trackers_get_no_packet(answers: list[str]) -> None:
    """A tracker's name with one address that is not public, or with none, is refused before anything is sent."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return answers

    words = "not at public addresses" if answers not in ([], ["x"]) else "the name"
    with pytest.raises(SwarmError, match=rf"tracker\.test: {words}") as caught:
        await ask("udp://tracker.test:6969", resolve=resolve, wall=Wall(low_ports=TRACKER_PORTS))
    assert not any(answer and answer in caught.value.message for answer in answers if answer != "x")


@pytest.mark.parametrize(
    "url",
    ["udp://127.0.0.1:6969", "udp://2130706433:6969/", "udp://[::1]:6969/", "udp://localhost:6969/announce"],
)
async def test_spellings_of_loopback_are_refused(url: str) -> None:
    """Loopback in any spelling is refused where the operator did not list it."""
    with pytest.raises(SwarmError):
        await ask(url, wall=Wall())


@pytest.mark.parametrize(
    "url",
    [
        *("wss://tracker.test:443/announce", "ws://tracker.test/announce", "udp://tracker.test/announce"),
        *(
            "https://tracker.test/a",
            "http://tracker.test/x%064announce",
            "http://tracker.test/announce?x=2/4",
        ),
        *("http://tracker.test/", "http://tracker.test", "gopher://tracker.test/announce"),
    ],
)
async def test_what_cannot_be_scraped_is_said(url: str) -> None:
    """WebTorrent trackers, UDP without a port, and paths that BEP 48 excludes cannot be scraped, for good."""
    with pytest.raises(SwarmError, match=r"tracker\.test: this tracker cannot be scraped") as caught:
        await ask(url)
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("announce", "expected"),
    [
        ("http://a.test/announce", "http://a.test/scrape"),
        ("http://a.test/x/announce", "http://a.test/x/scrape"),
        ("http://a.test/announce.php", "http://a.test/scrape.php"),
        ("http://a.test/announce?x2%0644", "http://a.test/scrape?x2%0644"),
        ("https://a.test:8443/KEY/announce#part", "https://a.test:8443/KEY/scrape"),
    ],
)
def test_scrape_url(announce: str, expected: str) -> None:
    """An announce URL becomes a scrape URL as BEP 48's own examples do."""
    assert scrape_url(read_tracker(announce)) == expected


@given(st.text(max_size=60).map("http://".__add__) | st.text(max_size=80))
def test_any_text_is_a_tracker_or_an_error(text: str) -> None:
    """On any text the reader gives a tracker or an error of ours."""
    with suppress(LeakwatchError):
        scrape_url(read_tracker(text))


@given(st.binary(max_size=200))
def test_any_body_is_counts_or_an_error(body: bytes) -> None:
    """On any bytes in place of a scrape the reader gives counts or an error of ours."""
    for data in (body, b"d5:filesd20:" + KEYS[0] + body, b"d5:filesd20:" + KEYS[0] + b"d" + body + b"eee"):
        with suppress(LeakwatchError):
            read_scrape(data, KEYS[:1], "a.test")


def test_unsorted_and_missing_keys() -> None:
    """Keys out of order and a missing `downloaded` are read; other swarms than those asked for are not."""
    one = b"d10:incompletei2e8:completei1ee"
    body = b"d5:filesd20:" + KEYS[5] + one + b"20:" + KEYS[0] + one + b"ee"
    assert read_scrape(body, KEYS[:2], "a.test") == {KEYS[0]: Counts(1, 2, 0)}


def test_keys_that_a_tracker_took_for_text() -> None:
    """A key whose bytes were each encoded as UTF-8, as bittorrent-tracker 11 does, is known by that spelling too."""
    key = SwarmKey(bytes(range(120, 140)))
    one, two = (b"d8:completei%de10:incompletei0ee" % number for number in (1, 2))
    text = key.decode("latin-1").encode()
    body = b"d5:filesd%d:" % len(text) + text + one + b"%see"
    assert len(text) > 20
    assert read_scrape(body % b"", [key], "a.test") == {key: Counts(1, 0, 0)}
    assert read_scrape(body % (b"20:" + key + two), [key], "a.test") == {key: Counts(2, 0, 0)}


@dataclass(slots=True)
class HttpTracker:
    """A web server on loopback that gives one answer to each request."""

    answer: Callable[[str], bytes]
    paths: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def host(self) -> str:
        """What the operator lists."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Its announce URL."""
        return f"http://{self.host}/announce"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request on one connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.paths.append(head.split(b" ")[1].decode())
            writer.write(self.answer(self.paths[-1]))
            await writer.drain()
        writer.close()


@asynccontextmanager
async def web(answer: Callable[[str], bytes]) -> AsyncGenerator[HttpTracker]:
    """Run an HTTP tracker."""
    tracker = HttpTracker(answer)
    server = await asyncio.start_server(tracker.serve, "127.0.0.1", 0)
    tracker.port = server.sockets[0].getsockname()[1]
    async with server:
        yield tracker


def page(body: bytes, status: int = 200, *headers: str) -> bytes:
    """One HTTP answer."""
    lines = "".join(f"{line}\r\n" for line in (f"Content-Length: {len(body)}", "Connection: close", *headers))
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body


def bencoded(path: str) -> bytes:
    """What BEP 48 asks of a tracker."""
    assert path.startswith("/scrape?info_hash=")
    asked = [SwarmKey(unquote_to_bytes(pair.partition("=")[2])) for pair in path.partition("?")[2].split("&")]
    files = {
        key: {
            b"complete": WORLD[key].seeders,
            b"incomplete": WORLD[key].leechers,
            b"downloaded": WORLD[key].completed,
        }
        for key in asked
        if key in WORLD
    }
    return page(encode({b"files": files, b"flags": {b"min_request_interval": 60}}))


async def test_http_counts_of_many_swarms() -> None:
    """Every count comes back under its own swarm, in URLs of a sane length; an unknown swarm is absent."""
    async with web(bencoded) as tracker:
        assert await ask(tracker.url, [*KEYS, SwarmKey(b"\xff" * 20)], tracker.host) == WORLD
        assert 10 < len(tracker.paths) < 16
        assert all(len(f"http://{tracker.host}{path}") <= MAX_URL for path in tracker.paths)


@given(st.lists(st.binary(min_size=20, max_size=20), min_size=1, max_size=3, unique=True))
def test_every_byte_reaches_the_tracker(keys: list[bytes]) -> None:
    """Whatever bytes an infohash has, the tracker reads the same ones from the URL on the wire."""

    async def both() -> HttpTracker:
        async with web(lambda _: page(b"d5:filesdee")) as tracker:
            assert await ask(tracker.url, [SwarmKey(key) for key in keys], tracker.host) == {}
        return tracker

    path = asyncio.run(both()).paths[0]
    assert [unquote_to_bytes(pair[10:]) for pair in path.partition("?")[2].split("&")] == keys


HOSTILE_HTTP = {
    "html": (page(b"<html>busy</html>"), "garbage"),
    "empty": (page(b""), "garbage"),
    "list": (page(b"le"), "garbage"),
    "no files": (page(b"d5:flagsdee"), "garbage"),
    "files is a list": (page(b"d5:filesle1:xi1ee"), "garbage"),
    "deep": (page(b"l" * 100_000), "garbage"),
    "failure": (page(b"d14:failure reason9:go\xe2\x80\xae away".replace(b"9:", b"10:") + b"e"), "said"),
    "swarm is a number": (page(b"d5:filesd20:" + KEYS[0] + b"i7eee"), "garbage"),
    "negative": (page(b"d5:filesd20:" + KEYS[0] + b"d8:completei-1e10:incompletei0eeee"), "counts"),
    "absurd": (page(b"d5:filesd20:" + KEYS[0] + b"d8:completei99999999999e10:incompletei0eeee"), "counts"),
    "half": (page(b"d5:filesd20:" + KEYS[0] + b"d8:completei1eeee"), "counts"),
    "text": (page(b"d5:filesd20:" + KEYS[0] + b"d8:complete1:510:incompletei0eeee"), "counts"),
    "gone": (page(b"", 404), "status"),
    "no": (page(b"", 403), "refused"),
    "broken": (page(b"", 500), "broken"),
    "not HTTP": (b"\0\1\2\3" * 50, "broken"),
    "cut": (b"HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\nd5", "broken"),
    "endless": (b"HTTP/1.1 200 X\r\n\r\n" + b"d" * 2**19, "broken"),
    "to metadata": (page(b"", 302, "Location: http://169.254.169.254/scrape"), "inward"),
    "to loopback": (page(b"", 302, "Location: http://127.0.0.1:80/scrape"), "inward"),
    "to a high port": (page(b"", 302, "Location: http://127.0.0.1:6969/scrape"), "inward"),
    "to localhost": (page(b"", 301, "Location: http://localhost:6969/"), "inward"),
    "to a file": (page(b"", 302, "Location: file:///etc/passwd"), "inward"),
    "in a circle": (page(b"", 302, "Location: /scrape"), "broken"),
}


@pytest.mark.parametrize("case", HOSTILE_HTTP)
async def test_hostile_http_trackers_are_named(case: str) -> None:
    """Whatever an HTTP tracker sends instead of counts is an error from the closed list, with the host alone."""
    answer, kind = HOSTILE_HTTP[case]
    async with web(lambda _: answer) as tracker:
        with pytest.raises(SwarmError) as caught:
            await ask(tracker.url.replace("/announce", "/PASSKEY/announce"), KEYS[:1], tracker.host)
    assert caught.value.message.startswith(f"127.0.0.1: {PROBLEMS[kind]}")
    assert not any(word in caught.value.message for word in ("PASSKEY", "169.254", "\u202e", "info_hash"))


async def test_redirects_reach_nobody_inside() -> None:
    """A listed tracker that redirects to a listener on loopback, which is not listed, does not get us there."""
    async with web(lambda _: page(b"d5:filesdee")) as inner:
        onward = page(b"", 302, f"Location: http://127.0.0.1:{inner.port}/scrape")
        async with web(lambda _: onward) as tracker:
            with pytest.raises(SwarmError, match="not at a public address"):
                await ask(tracker.url, KEYS[:1], tracker.host)
        assert inner.paths == []


async def test_a_post_names_no_host_of_the_operator() -> None:
    """A tracker on a host that the door may reach, but that no network of the swarm allows, is not asked: a post named it."""
    async with web(lambda _: page(b"d5:filesdee")) as tracker:
        with pytest.raises(SwarmError, match="not at a public address"):
            await ask(tracker.url, KEYS[:1], tracker.host, wall=Wall(low_ports=TRACKER_PORTS))
        assert tracker.paths == []


async def test_silent_http_tracker() -> None:
    """A tracker that accepts the connection and says nothing costs the deadline and no more."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        async with asyncio.timeout(5):
            with pytest.raises(SwarmError, match="did not answer in time"):
                await ask(f"http://127.0.0.1:{port}/announce", KEYS[:1], f"127.0.0.1:{port}", deadline_s=0.2)


async def test_resolver_that_hangs() -> None:
    """A name that does not resolve costs the deadline and no more."""

    async def resolve(_host: str, _port: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    async with asyncio.timeout(5):
        with pytest.raises(SwarmError, match="did not answer in time"):
            await ask("udp://tracker.test:6969", resolve=resolve, deadline_s=0.1)


async def test_address_that_the_system_refuses() -> None:
    """An address that the system does not let us send to is out of reach, which is told and does not escape."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["255.255.255.255"]

    with pytest.raises(SwarmError, match="cannot be reached"):
        await ask("udp://tracker.test:6969", resolve=resolve, wall=Wall(["255.255.255.255/32"]))


async def test_keys_are_swarm_keys() -> None:
    """A v2 infohash that was not cut to 20 bytes is refused, and no key is no work."""
    with pytest.raises(SwarmError, match="20 bytes"):
        await ask("udp://127.0.0.1:9", [SwarmKey(bytes(32))])
    assert await ask("udp://127.0.0.1:9", []) == {}
