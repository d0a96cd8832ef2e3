"""The wall of addresses, the frames, and a parent whose child lies, babbles, dies or says nothing."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import signal
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.errors import ConfigError, SwarmError
from leakwatch.swarm import session as session_module
from leakwatch.swarm.frames import PROBLEMS, Answer, Ask, Frames, read_answer, read_ask
from leakwatch.swarm.metadata import SwarmSettings, checked
from leakwatch.swarm.quiet import as_filter
from leakwatch.swarm.session import SwarmSession
from leakwatch.swarm.wall import Wall
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2

RAW = b"d4:name1:x12:piece lengthi16384ee"
ASKED = Infohashes(
    InfohashV1(hashlib.sha1(RAW, usedforsecurity=False).digest()), InfohashV2(hashlib.sha256(RAW).digest())
)
PEER = ("198.51.100.77", 6881)

FAKE = f"""
import os, sys, time
sys.path[:0] = [os.environ["PYTHONPATH"]]
import socket
from leakwatch.swarm.frames import Answer, HEADER_BYTES, read_ask
channel = socket.socket(fileno=int(sys.argv[1]))
def asked():
    header = channel.recv(HEADER_BYTES, socket.MSG_WAITALL)
    if not header:
        os._exit(0)
    return read_ask(channel.recv(int.from_bytes(header, "big"), socket.MSG_WAITALL))
def say(number, raw=b"", problem=""):
    channel.sendall(Answer(number, raw, problem).frame())
RAW = bytes.fromhex("{RAW.hex()}")
"""
READY = FAKE + "say(0)\n"


@asynccontextmanager
async def session_with(
    monkeypatch: pytest.MonkeyPatch, program: str, **settings: float
) -> AsyncIterator[SwarmSession]:
    """A session whose child runs this program instead of libtorrent."""
    monkeypatch.setattr(session_module, "_PROGRAM", ("-c", program))
    session = SwarmSession(SwarmSettings(**settings))
    try:
        yield session
    finally:
        await session.aclose()


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
        *("198.51.100.1", "203.0.113.9", "192.88.99.1", "192.0.0.8", "168.63.129.16"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "fec0::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1"),
        *("3fff::1", "5f00::1", "tracker.example", "localhost", "", "1.2.3", "0x7f000001", "2130706433"),
    ],
)
def test_wall_refuses(host: str) -> None:
    """Loopback, private, link-local, multicast, reserved, embedded and unreadable addresses are not dialled."""
    assert not Wall().admits(host, 6881)


@pytest.mark.parametrize("host", ["8.8.8.8", "193.0.6.139", "2a00:1450:4001:81b::200e", "2600::1"])
def test_wall_admits_public_addresses(host: str) -> None:
    """A public address is dialled on a peer's port, and not on a port where other services live."""
    assert Wall().admits(host, 6881)
    assert not any(Wall().admits(host, port) for port in (-1, 0, 22, 25, 80, 443, 1023, 65536))


def test_wall_admits_listed_networks_only() -> None:
    """A listed network is open on every port; its neighbours stay closed."""
    wall = Wall(["127.9.0.0/16", "fd00:1::/64"])
    assert wall.admits("127.9.1.1", 80)
    assert wall.admits("fd00:1::5", 6881)
    assert not wall.admits("127.8.1.1", 6881)
    assert not wall.admits("fd00:2::5", 6881)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_walls_agree(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """What is not public is never dialled, and libtorrent's filter says the same as ours."""
    for networks in ((), ("127.0.0.0/8", "fd00::/8")):
        wall = Wall(networks)
        admits = wall.admits(str(address), 6881)
        assert admits == (as_filter(wall).access(str(address)) == 0)
        assert networks or address.is_global or not admits


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_an_error(body: bytes) -> None:
    """Whatever the other side sends is read or refused, by an error of ours."""
    for read in (read_answer, read_ask):
        with suppress(SwarmError):
            read(body)


@pytest.mark.parametrize(
    "body",
    [b"", bytes(4), b"\0\0\0\1\7", b"\0\0\0\1\xff", b"\0\0\0\1\2raw", b"\0\0\0\1\6" + bytes(100)],
)
def test_false_answers_are_refused(body: bytes) -> None:
    """An answer that is too short, of a problem that is not in the list, or with bytes beside a problem is none."""
    with pytest.raises(SwarmError):
        read_answer(body)


def numbers(deadline_s: float = 1.0, v1: int = 0, v2: int = 0, four: int = 0, six: int = 0) -> bytes:
    """How an ask begins."""
    return struct.pack("!IdBBBB", 1, deadline_s, v1, v2, four, six)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", numbers()[:-1], numbers() + b"x", numbers(v1=20) + bytes(19), numbers(v1=19) + bytes(19)),
        *(numbers(v2=20) + bytes(20), numbers(four=2) + bytes(11), numbers(six=1) + bytes(6)),
        *(numbers(four=101, six=100) + bytes(606 + 1800), numbers(float("nan")), numbers(float("inf"))),
    ],
)
def test_false_asks_are_refused(body: bytes) -> None:
    """An ask whose lengths do not fit its bytes, with too many peers or with no honest deadline is none."""
    with pytest.raises(SwarmError):
        read_ask(body)


ENDPOINTS = st.tuples(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str), st.integers(0, 65535))


@given(
    st.integers(0, 2**32 - 1),
    st.none() | st.binary(min_size=20, max_size=20),
    st.none() | st.binary(min_size=32, max_size=32),
    st.lists(ENDPOINTS, max_size=20),
    st.floats(0, 1e9),
)
def test_asks_survive_the_way(
    number: int, v1: bytes | None, v2: bytes | None, peers: list[tuple[str, int]], deadline_s: float
) -> None:
    """What the daemon asks the child reads, the addresses of IPv4 before those of IPv6."""
    asked = Infohashes(InfohashV1(v1) if v1 else None, InfohashV2(v2) if v2 else None) if v1 or v2 else None
    (body,) = Frames(0).cut(Ask(number, asked, tuple(peers), deadline_s).frame())
    told = read_ask(body)
    assert (told.number, told.infohashes, told.deadline_s) == (number, asked, deadline_s)
    addresses = [(ipaddress.ip_address(host), port) for host, port in peers]
    expected = [one for version in (4, 6) for one in addresses if one[0].version == version]
    assert [(ipaddress.ip_address(host), port) for host, port in told.peers] == expected


def test_only_addresses_are_packed() -> None:
    """Names, scopes and ports that there are not stay behind, and no more peers go than may."""
    odd = [
        ("tracker.example", 1),
        ("fe80::1%eth0", 1),
        ("", 1),
        ("1.2.3", 1),
        ("a\0b", 1),
        ("8.8.8.8", 70000),
    ]
    (body,) = Frames(0).cut(Ask(1, ASKED, (*odd, PEER), 1).frame())
    assert read_ask(body).peers == (PEER,)
    (body,) = Frames(0).cut(Ask(1, ASKED, (PEER,) * 300, 1).frame())
    assert read_ask(body).peers == (PEER,) * 200


@given(
    st.lists(st.tuples(st.binary(max_size=60), st.sampled_from(["", *PROBLEMS])), max_size=8),
    st.integers(1, 70),
)
def test_answers_survive_the_way_in_pieces(said: list[tuple[bytes, str]], size: int) -> None:
    """Answers are read back whole and in order, however the bytes are cut."""
    answers = [Answer(n, b"" if problem else raw, problem) for n, (raw, problem) in enumerate(said)]
    sent, frames = b"".join(one.frame() for one in answers), Frames(60)
    heard = [body for at in range(0, len(sent), size) for body in frames.cut(sent[at : at + size])]
    assert [read_answer(body) for body in heard] == answers


def test_frames_are_limited() -> None:
    """A frame of more than metadata and some room is refused by its length alone."""
    assert list(Frames(100).cut((4196).to_bytes(4, "big"))) == []
    with pytest.raises(SwarmError, match="too much"):
        list(Frames(100).cut((4197).to_bytes(4, "big")))


def test_twenty_bytes_of_a_v2_infohash_are_enough() -> None:
    """What the DHT tells of a v2 torrent names it, alone; beside a v2 infohash a v1 one must be one."""
    told = InfohashV1(ASKED.v2[:20] if ASKED.v2 else b"")
    assert checked(RAW, Infohashes(v1=told), 100) == RAW
    for raw, asked in ((RAW + b" ", Infohashes(v1=told)), (RAW, Infohashes(told, ASKED.v2))):
        with pytest.raises(SwarmError, match="v1 infohash"):
            checked(raw, asked, 100)


def test_metadata_is_checked() -> None:
    """Only bytes with every infohash that was asked for pass, and only within the limit."""
    assert checked(RAW, ASKED, 100) == RAW
    for asked in (ASKED, Infohashes(v1=ASKED.v1), Infohashes(v2=ASKED.v2)):
        with pytest.raises(SwarmError, match="infohash"):
            checked(RAW + b" ", asked, 100)
    with pytest.raises(SwarmError, match="v2"):
        checked(RAW, Infohashes(ASKED.v1, InfohashV2(bytes(32))), 100)
    with pytest.raises(SwarmError, match="larger"):
        checked(RAW, ASKED, len(RAW) - 1)


@pytest.mark.parametrize(
    "settings",
    [{"allow_networks": ("127.0.0.1/8",)}, {"dht_bootstrap": ("router",)}, {"listen": "0.0.0.0"}],
)
def test_settings_are_checked(settings: dict[str, object]) -> None:
    """A mistake in the settings is the operator's, and is said before a child is started."""
    with pytest.raises(ConfigError):
        SwarmSettings(**settings)


async def test_honest_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the child gives is handed on if its hashes are right, and one child serves many fetches."""
    program = READY + "while True: say(asked().number, RAW)\n"
    async with session_with(monkeypatch, program) as session:
        for asked in (ASKED, Infohashes(v1=ASKED.v1)):
            assert await session.metadata(asked, peers=[PEER], deadline_s=5) == RAW


LIES = {
    "other bytes": ("say(asked().number, RAW + b' ')", "v1 infohash"),
    "too much": ("say(asked().number, bytes(2000))", "larger than the limit"),
    "far too much": ("n = asked().number; channel.sendall(b'\\xff' * 8)", "sent too much"),
    "half a message": ("asked(); channel.sendall(bytes([0, 0, 0, 2]) + b'xx')", "not a message"),
    "a problem": ("say(asked().number, problem='silent')", PROBLEMS["silent"]),
    "a problem not listed": (
        "asked(); channel.sendall(bytes([0, 0, 0, 5, 0, 0, 0, 1, 77]))",
        "not a message",
    ),
    "death": ("asked(); os.kill(os.getpid(), 11)", "ended \\(-11\\)"),
    "half a frame, then the end": ("asked(); channel.sendall(b'\\0'); os._exit(3)", "ended"),
    "an answer to nobody": ("say(asked().number + 1, RAW)", "not asked"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_lying_child(lie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the child does wrong is a SwarmError that names no peer, and the next child serves again."""
    deed, message = LIES[lie]
    async with session_with(monkeypatch, READY + deed + "\nasked()\n", max_metadata_bytes=1000) as session:
        with pytest.raises(SwarmError, match=message) as caught:
            await session.metadata(ASKED, peers=[PEER], deadline_s=5)
        assert PEER[0] not in str(caught.value)
        if session._child:
            session._child._kill()
            await session._child.listener
        monkeypatch.setattr(session_module, "_PROGRAM", ("-c", READY + "say(asked().number, RAW)\nasked()\n"))
        assert await session.metadata(ASKED, deadline_s=5) == RAW


async def test_stuck_child_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that says nothing after the deadline is killed."""
    monkeypatch.setattr(session_module, "_GRACE_S", 0.1)
    async with session_with(monkeypatch, READY + "while True: asked()\n") as session:
        with pytest.raises(SwarmError, match="did not answer"):
            await session.metadata(ASKED, deadline_s=0.1)
        assert session._child
        await session._child.listener
        assert session._child.process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "program", ["raise SystemExit(1)", FAKE + "say(0, problem='x')", "import nothing_here"]
)
async def test_child_that_does_not_start(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that cannot start is a SwarmError, each time it is tried."""
    async with session_with(monkeypatch, program) as session:
        for _ in range(2):
            with pytest.raises(SwarmError):
                await session.metadata(ASKED, deadline_s=5)


async def test_start_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fetch that is cancelled while the child starts leaves no child behind."""
    async with session_with(monkeypatch, "import time; time.sleep(60)") as session:
        task = asyncio.create_task(session.metadata(ASKED, deadline_s=5))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        listeners = [one for one in asyncio.all_tasks() if one.get_name() == "swarm-child"]
        await asyncio.wait_for(asyncio.gather(*listeners), 5)


async def test_same_torrent_is_fetched_once_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second fetch of the same swarm is refused while the first runs, and allowed after it."""
    program = (
        READY + "number = asked().number\nasked()\nsay(number, RAW)\nsay(asked().number, RAW)\nasked()\n"
    )
    async with session_with(monkeypatch, program) as session:
        first = asyncio.create_task(session.metadata(ASKED, deadline_s=5))
        await asyncio.sleep(0)
        with pytest.raises(SwarmError, match="already"):
            await session.metadata(Infohashes(v1=ASKED.v1))
        other = asyncio.create_task(session.metadata(Infohashes(v1=InfohashV1(bytes(20))), deadline_s=5))
        assert await first == RAW
        assert await session.metadata(ASKED, deadline_s=5) == RAW
        other.cancel()
        with pytest.raises(asyncio.CancelledError):
            await other


async def test_closing_fails_what_is_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fetch in flight when the session closes fails, and so does every later one."""
    async with session_with(monkeypatch, READY + "while True: asked()\n") as session:
        task = asyncio.create_task(session.metadata(ASKED, deadline_s=5))
        async with asyncio.timeout(10):
            while session._child is None or not session._child.waiting:
                await asyncio.sleep(0.01)
        await session.aclose()
        with pytest.raises(SwarmError, match="ended"):
            await task
        with pytest.raises(SwarmError, match="closed"):
            await session.metadata(ASKED)
