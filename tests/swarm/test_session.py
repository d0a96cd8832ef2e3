"""A real seeder with real payload and a small DHT on loopback: metadata comes, content never, and nobody notices."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import resource
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import libtorrent as lt
import pytest
from structlog.testing import capture_logs

from leakwatch.errors import SwarmError
from leakwatch.swarm.child import Child
from leakwatch.swarm.frames import PROBLEMS, Ask
from leakwatch.swarm.metadata import SwarmSettings
from leakwatch.swarm.quiet import add_torrent, open_session
from leakwatch.swarm.session import SwarmSession
from leakwatch.torrent.infohash import Infohashes, InfohashV1
from leakwatch.torrent.magnet import Magnet
from leakwatch.torrent.metainfo import parse_torrent

pytestmark = pytest.mark.swarm

FLAGS = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}
PAYLOAD_BYTES = 4 * 2**20
NODES = 6
SECOND_OCTET = random.SystemRandom().randrange(110, 250)
"""Of this run's addresses in 127.0.0.0/8: runs beside one another do not meet."""
STRANGER = Infohashes(InfohashV1(hashlib.sha1(b"nobody has this", usedforsecurity=False).digest()))
QUIET = {
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
    "allow_multiple_connections_per_ip": True,
    "aio_threads": 1,
    "hashing_threads": 1,
    "alert_mask": lt.alert_category.dht_operation | lt.alert_category.status,
}


def address(number: int) -> str:
    """One of this run's loopback addresses, each in a network of its own."""
    return f"127.{SECOND_OCTET}.{number}.1"


def plain_session(number: int, *, has_dht: bool = True) -> lt.session:
    """An ordinary session on loopback that talks to loopback only; it returns once it listens."""
    params = lt.session_params()
    settings = {**QUIET, "enable_dht": has_dht, "listen_interfaces": f"{address(number)}:0"}
    params.settings = cast("lt.settings_pack", settings)
    session = lt.session(params)
    rules = lt.ip_filter()
    rules.add_rule("0.0.0.0", "126.255.255.255", 1)
    rules.add_rule("128.0.0.0", "255.255.255.255", 1)
    session.set_ip_filter(rules)
    until(lambda: session.listen_port() > 0)
    return session


def until(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until it is so. Raises: TimeoutError."""
    ends = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > ends:
            raise TimeoutError
        time.sleep(0.02)


@dataclass
class Release:
    """A torrent that the seeder has, payload and all."""

    metainfo: bytes
    raw: bytes
    infohashes: Infohashes
    seed: lt.torrent_handle

    @property
    def uploaded(self) -> int:
        """Payload bytes that the seeder gave away."""
        return self.seed.status().total_payload_upload


@dataclass
class World:
    """Some DHT nodes, one seeder, three releases."""

    nodes: list[lt.session]
    seeder: lt.session
    releases: dict[str, Release] = field(default_factory=dict[str, Release])

    @property
    def bootstrap(self) -> tuple[str, ...]:
        """One node, as an operator would name it."""
        return (f"{address(1)}:{self.nodes[0].listen_port()}",)

    @property
    def seeder_endpoint(self) -> tuple[str, int]:
        """Where the seeder listens."""
        return address(100), self.seeder.listen_port()

    def peers_of(self, infohashes: Infohashes, seconds: float, node: int = 2) -> set[tuple[str, int]]:
        """Whom the DHT names for a torrent to one of its nodes, as soon as it names anybody."""
        found: set[tuple[str, int]] = set()
        asker, ends = self.nodes[node], time.monotonic() + seconds
        keys = [lt.sha1_hash(bytes(key)) for key in infohashes.swarm_keys]
        while time.monotonic() < ends and not found:
            for key in keys:
                asker.dht_get_peers(key)
            asker.wait_for_alert(200)
            for alert in asker.pop_alerts():
                if isinstance(alert, lt.dht_get_peers_reply_alert) and alert.info_hash in keys:
                    found.update(alert.peers())
        return found


def make_release(folder: Path, kind: str, seeder: lt.session) -> Release:
    """Write random payload, make a torrent of it, seed it.

    Two files: of a v2-only torrent with one, libtorrent drops the folder and would find nothing to seed.
    """
    content = folder / kind
    content.mkdir()
    (content / "weights.bin").write_bytes(os.urandom(PAYLOAD_BYTES))
    (content / "readme.txt").write_bytes(os.urandom(5000))
    made = lt.create_torrent(lt.list_files(str(content)), 64 * 1024, FLAGS[kind])
    lt.set_piece_hashes(made, str(folder))
    metainfo = lt.bencode(made.generate())
    parsed = parse_torrent(metainfo)
    params = lt.load_torrent_buffer(metainfo)
    params.save_path = str(folder)
    params.flags |= lt.torrent_flags.seed_mode
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    return Release(metainfo, parsed.raw_info, parsed.infohashes, seeder.add_torrent(params))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The loopback world, once the seeder can be found for each release."""
    nodes = [plain_session(number + 1) for number in range(NODES)]
    world = World(nodes, plain_session(100))
    ports = [node.listen_port() for node in nodes]
    for session in (*nodes, world.seeder):
        for number, port in enumerate(ports):
            if session is not nodes[number]:
                session.add_dht_node((address(number + 1), port))
    folder = tmp_path_factory.mktemp("seeder")
    world.releases = {kind: make_release(folder, kind, world.seeder) for kind in FLAGS}
    for release in world.releases.values():

        def can_be_found(release: Release = release) -> bool:
            release.seed.force_dht_announce()
            assert release.seed.status().is_seeding
            return world.seeder_endpoint in world.peers_of(release.infohashes, 0.5)

        until(can_be_found)
    yield world
    world.nodes.clear()  # sessions end here, not whenever the garbage collector comes by
    world.releases.clear()
    del world.seeder, session


@pytest.fixture
async def session(world: World) -> AsyncIterator[SwarmSession]:
    """A session that finds peers by the DHT alone."""
    session = SwarmSession(settings(world.bootstrap))
    yield session
    await session.aclose()


def settings(bootstrap: tuple[str, ...] = (), **others: object) -> SwarmSettings:
    """Settings for the loopback world."""
    values = {"listen": f"{address(200)}:0", "allow_networks": ("127.0.0.0/8",), **others}
    return SwarmSettings(dht_bootstrap=bootstrap, **values)


class Canary:
    """A listener that knows whether anybody ever connected."""

    def __init__(self) -> None:
        self.socket = socket.create_server((address(201), 0))
        self.endpoint: tuple[str, int] = self.socket.getsockname()

    def was_called(self, seconds: float) -> bool:
        """Whether somebody connects within this time."""
        return bool(select.select([self.socket], [], [], seconds)[0])


@pytest.fixture
def canary() -> Iterator[Canary]:
    """A canary in the world's network."""
    one = Canary()
    yield one
    one.socket.close()


@pytest.mark.parametrize("kind", FLAGS)
async def test_metadata_comes_by_the_dht_alone(kind: str, world: World, session: SwarmSession) -> None:
    """With an infohash and one DHT node the very bytes of the info dictionary arrive, in each version."""
    release = world.releases[kind]
    assert await session.metadata(release.infohashes, deadline_s=15) == release.raw


HALVES = ("v1", "v2", "truncated v2")


def half(hybrid: Infohashes, which: str) -> Infohashes:
    """A hybrid as somebody knows it who knows a half; of the v2 infohash the DHT tells 20 bytes (BEP 52)."""
    v1, v2 = hybrid.v1, hybrid.v2
    assert v2
    if which == "v1":
        return Infohashes(v1=v1)
    return Infohashes(v2=v2) if which == "v2" else Infohashes(v1=InfohashV1(v2[:20]))


@pytest.mark.parametrize("which", HALVES)
@pytest.mark.parametrize("by_dht", [True, False])
async def test_either_half_of_a_hybrid_will_do(which: str, by_dht: bool, world: World) -> None:
    """A hybrid torrent is fetched by its v1 infohash, its v2 one or the beginning of that one, alone."""
    hybrid = world.releases["hybrid"]
    session = SwarmSession(settings(world.bootstrap if by_dht else ()))
    peers = [] if by_dht else [world.seeder_endpoint]
    raw = await session.metadata(half(hybrid.infohashes, which), peers=peers, deadline_s=15)
    await session.aclose()
    assert raw == hybrid.raw


@pytest.mark.parametrize("other", HALVES[1:])
@pytest.mark.parametrize("by_dht", [True, False])
async def test_both_halves_of_a_hybrid_at_once(other: str, by_dht: bool, world: World) -> None:
    """Whoever asks for the halves side by side has an answer to each, time after time, in whichever order."""
    hybrid = world.releases["hybrid"]
    before = hybrid.uploaded
    session = SwarmSession(settings(world.bootstrap if by_dht else ()))
    peers = [] if by_dht else [world.seeder_endpoint]
    for order in (("v1", other), (other, "v1")) * 5:
        halves = [half(hybrid.infohashes, which) for which in order]
        raws = await asyncio.gather(*(session.metadata(one, peers=peers, deadline_s=5) for one in halves))
        assert raws == [hybrid.raw, hybrid.raw]
    await session.aclose()
    assert hybrid.uploaded == before


def test_no_payload_and_the_witness_works(world: World, tmp_path: Path) -> None:
    """The seeder has given no byte of payload to us, even later; an ordinary client gets some at once."""

    async def fetch_all() -> None:
        session = SwarmSession(settings(world.bootstrap))
        for release in world.releases.values():
            await session.metadata(release.infohashes, deadline_s=15)
        await asyncio.sleep(3)  # what a race would still bring
        await session.aclose()

    asyncio.run(fetch_all())
    assert {kind: release.uploaded for kind, release in world.releases.items()} == dict.fromkeys(FLAGS, 0)
    client = plain_session(202, has_dht=False)
    for release in world.releases.values():
        params = lt.parse_magnet_uri(str(Magnet(release.infohashes)))  # with the default flags
        params.save_path = str(tmp_path)
        params.peers = [world.seeder_endpoint]
        handle = client.add_torrent(params)
        until(lambda handle=handle: handle.status().is_seeding)
        assert release.uploaded >= PAYLOAD_BYTES
        client.remove_torrent(handle)


@pytest.mark.parametrize("kind", FLAGS)
def test_flags_hold_without_removal(kind: str, world: World, tmp_path: Path) -> None:
    """A torrent that stays in the session after its metadata came fetches no payload and writes no file."""
    release = world.releases[kind]
    before = release.uploaded
    session = open_session(settings())
    handle = add_torrent(session, release.infohashes, [world.seeder_endpoint], str(tmp_path))
    until(lambda: handle.status().has_metadata)
    time.sleep(1.5)
    assert (release.uploaded - before, handle.status().total_payload_download) == (0, 0)
    assert list(tmp_path.iterdir()) == []
    flags = handle.flags()
    assert flags & lt.torrent_flags.upload_mode
    assert not flags & (lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    session.remove_torrent(handle)


async def test_nothing_is_announced(world: World, session: SwarmSession) -> None:
    """After a fetch the DHT names the seeder and nobody else."""
    release = world.releases["v1"]
    await session.metadata(release.infohashes, deadline_s=15)
    with pytest.raises(SwarmError):
        await session.metadata(STRANGER, deadline_s=1.5)
    for node in range(NODES):
        found = await asyncio.to_thread(world.peers_of, release.infohashes, 5, node)
        assert found == {world.seeder_endpoint}
    assert await asyncio.to_thread(world.peers_of, STRANGER, 1.0) == set()


async def test_named_peers_are_dialled(world: World) -> None:
    """Without a DHT the peers that a magnet names are enough, however many of them are dead."""
    session = SwarmSession(settings())
    dead = [(address(203), 6881), ("not an address", 1), ("10.0.0.1", 6881)]
    release = world.releases["hybrid"]
    raw = await session.metadata(release.infohashes, peers=[*dead, world.seeder_endpoint], deadline_s=15)
    await session.aclose()
    assert raw == release.raw


@pytest.mark.parametrize("networks", [(), ("127.0.0.0/16",)])
async def test_peers_outside_the_wall_are_not_dialled(networks: tuple[str, ...], canary: Canary) -> None:
    """A peer at an address that is neither public nor in an allowed network gets no connection."""
    session = SwarmSession(settings(("127.0.0.1:9",), listen="127.0.0.1:0", allow_networks=networks))
    with pytest.raises(SwarmError, match="no peer of this torrent"):
        await session.metadata(STRANGER, peers=[canary.endpoint], deadline_s=1.5)
    await session.aclose()
    assert not canary.was_called(0)


@pytest.mark.parametrize("networks", [("127.0.0.0/16",), ("127.0.0.0/8",)])
def test_second_wall(networks: tuple[str, ...], canary: Canary, tmp_path: Path) -> None:
    """Were our own check to fail, libtorrent's filter holds; and where it admits, the canary sings."""
    session = open_session(settings(allow_networks=networks))
    handle = add_torrent(session, STRANGER, [canary.endpoint], str(tmp_path))
    handle.connect_peer(canary.endpoint)
    assert canary.was_called(2.0) == (networks == ("127.0.0.0/8",))
    session.remove_torrent(handle)


async def test_nobody_has_it(session: SwarmSession) -> None:
    """A torrent that nobody has fails at its deadline, not before and not much later."""
    start = time.monotonic()
    with pytest.raises(SwarmError, match="no peer of this torrent was found"):
        await session.metadata(STRANGER, deadline_s=1.0)
    assert 1.0 <= time.monotonic() - start < 3.0


async def test_silent_peer(canary: Canary) -> None:
    """A peer that accepts and says nothing costs the deadline; neither error nor log names it."""
    session = SwarmSession(settings())
    with capture_logs() as logs, pytest.raises(SwarmError, match="none gave the metadata") as caught:
        await session.metadata(STRANGER, peers=[canary.endpoint], deadline_s=1.0)
    await session.aclose()
    assert canary.was_called(0)
    assert canary.endpoint[0] not in f"{caught.value!r} {logs}"


async def test_nowhere_to_ask() -> None:
    """Without a peer and without a DHT node a fetch fails at once, and says which setting is missing."""
    session = SwarmSession(settings())
    start = time.monotonic()
    with pytest.raises(SwarmError, match="dht_bootstrap"):
        await session.metadata(STRANGER, deadline_s=30)
    await session.aclose()
    assert time.monotonic() - start < 5


async def test_too_large_metadata(world: World) -> None:
    """Metadata over the limit does not leave the child."""
    session = SwarmSession(settings(max_metadata_bytes=1000))
    release = world.releases["v1"]
    with pytest.raises(SwarmError, match="larger than the limit"):
        await session.metadata(release.infohashes, peers=[world.seeder_endpoint], deadline_s=10)
    await session.aclose()


async def test_two_torrents_in_one_magnet(world: World, session: SwarmSession) -> None:
    """A magnet whose v1 and v2 infohash belong to different torrents gives nothing."""
    mixed = Infohashes(world.releases["v1"].infohashes.v1, world.releases["v2"].infohashes.v2)
    with pytest.raises(SwarmError):
        await session.metadata(mixed, deadline_s=3)


async def test_killed_child_is_replaced(world: World, session: SwarmSession) -> None:
    """A child killed in the middle fails what is in flight; the next fetch has a new one."""
    task = asyncio.create_task(session.metadata(STRANGER, deadline_s=30))
    while session._child is None or not session._child.waiting:
        await asyncio.sleep(0.01)
    first = session._child.process.pid
    os.kill(first, signal.SIGKILL)
    with pytest.raises(SwarmError, match="ended"):
        await task
    assert await session.metadata(world.releases["v1"].infohashes, deadline_s=15)
    assert session._child.process.pid != first


async def test_cancelled_fetch_is_forgotten(world: World, session: SwarmSession) -> None:
    """A cancelled fetch leaves the child running and the torrent free to be asked for again."""
    task = asyncio.create_task(session.metadata(STRANGER, deadline_s=30))
    while session._child is None or not session._child.waiting:
        await asyncio.sleep(0.01)
    pid = session._child.process.pid
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(SwarmError, match="no peer"):
        await session.metadata(STRANGER, deadline_s=0.2)
    assert await session.metadata(world.releases["v2"].infohashes, deadline_s=15)
    assert session._child.process.pid == pid


async def test_many_at_once(world: World, session: SwarmSession) -> None:
    """Torrents that nobody has do not keep others waiting."""
    dead = [Infohashes(InfohashV1(os.urandom(20))) for _ in range(40)]
    waiting = asyncio.gather(*(session.metadata(one, deadline_s=3) for one in dead), return_exceptions=True)
    start = time.monotonic()
    raws = await asyncio.gather(
        *(session.metadata(release.infohashes, deadline_s=15) for release in world.releases.values())
    )
    took_s = time.monotonic() - start
    assert all(isinstance(one, SwarmError) for one in await waiting)
    assert raws == [release.raw for release in world.releases.values()]
    assert took_s < 3


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_child_is_confined(
    world: World, session: SwarmSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child has limits, none of our secrets, and a folder that is gone: it can write no file."""
    monkeypatch.setenv("LEAKWATCH_SECRET", "hunter2")
    await session.metadata(world.releases["hybrid"].infohashes, deadline_s=15)
    assert session._child
    pid = session._child.process.pid
    assert resource.prlimit(pid, resource.RLIMIT_FSIZE) == (0, 0)
    assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
    assert resource.prlimit(pid, resource.RLIMIT_AS)[0] <= 2 * 2**30
    assert resource.prlimit(pid, resource.RLIMIT_NOFILE)[0] <= 1024
    assert b"hunter2" not in Path(f"/proc/{pid}/environ").read_bytes()
    folder = str(Path(f"/proc/{pid}/cwd").readlink())
    assert folder.endswith(" (deleted)")
    assert not Path(folder.removesuffix(" (deleted)")).exists()
    await session.aclose()
    assert not Path(f"/proc/{pid}").exists()


ORPHAN = """
import asyncio, sys
from leakwatch.swarm.session import SwarmSession, SwarmSettings
from leakwatch.torrent.infohash import Infohashes, InfohashV1
async def main():
    session = SwarmSession(SwarmSettings(dht_bootstrap=("127.0.0.1:9",), listen="127.0.0.1:0"))
    task = asyncio.create_task(session.metadata(Infohashes(InfohashV1(bytes(20))), deadline_s=60))
    while session._child is None:
        await asyncio.sleep(0.01)
    print(session._child.process.pid, flush=True)
    await task
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the parent's death is a signal on Linux only")
def test_child_dies_with_its_parent() -> None:
    """A daemon that is killed leaves no child behind."""
    parent = subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout
        lines = iter(parent.stdout.readline, "")
        pid = next(line for line in lines if "swarm_child" not in line).strip()
        parent.kill()

    def is_gone() -> bool:
        try:
            return ") Z " in Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True

    until(is_gone)


async def test_dead_magnets_are_no_silence(world: World) -> None:
    """A DHT whose nodes answer costs no session, though nobody has what is looked for."""
    session = SwarmSession(settings(world.bootstrap, stall_s=2))
    with capture_logs() as logs, pytest.raises(SwarmError, match=PROBLEMS["nobody"]):
        await session.metadata(STRANGER, deadline_s=3.6)
    await session.aclose()
    assert [log for log in logs if log["event"] == "swarm_session_rebuilt"] == []


async def test_silent_session_is_built_anew(canary: Canary) -> None:
    """A DHT that sends nothing costs the session, which is counted in the log; the new one dials named peers again."""
    session = SwarmSession(settings((f"{address(98)}:9",), stall_s=1))
    canary.socket.setblocking(False)
    loop = asyncio.get_running_loop()
    with capture_logs() as logs:
        task = asyncio.create_task(session.metadata(STRANGER, peers=[canary.endpoint], deadline_s=30))
        async with asyncio.timeout(10):  # of itself libtorrent dials a peer again after 15 s
            first, _ = await loop.sock_accept(canary.socket)
            again, _ = await loop.sock_accept(canary.socket)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await session.aclose()
    first.close()
    again.close()
    told = [log for log in logs if log["event"] == "swarm_session_rebuilt"]
    assert told[0]["reason"] == PROBLEMS["stalled"]
    assert [log["times"] for log in told] == list(range(1, len(told) + 1))
    assert not session.outcomes


def test_idle_session_is_kept() -> None:
    """However long nobody asked, the first question does not cost the session; silence after it does."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        child = Child(theirs, settings((f"{address(98)}:9",), stall_s=60))
        before = child._session
        child._heard_at -= 3600
        child._obey(Ask(1, STRANGER, (), 60.0))
        child._rebuild_if_stalled()
        assert child._session is before
        child._heard_at -= 61
        child._rebuild_if_stalled()
        assert child._session is not before
        assert child._session.get_torrents() == []
        del before
        child._session = None  # type: ignore[assignment]
        child._bell.close()
        child._ringer.close()


def test_libtorrent_takes_no_kept_node_id() -> None:
    """A session is given a node id and takes another; once this fails, give the child that of `stable_node_id`."""
    given = b"\xab" * 20
    entry = {b"dht state": {b"node-id": [given + socket.inet_aton(address(99))]}}
    params = lt.read_session_params(lt.bencode(entry))
    assert _node_ids(params) == [given]
    params.settings = cast("lt.settings_pack", {**QUIET, "listen_interfaces": f"{address(99)}:0"})
    session = lt.session(params)
    until(lambda: bool(_node_ids(session.session_state())))
    assert given not in _node_ids(session.session_state())


def _node_ids(params: lt.session_params) -> list[bytes]:
    """The node ids in the state of a session's DHT; the address of each is cut off."""
    state = lt.write_session_params(params).get(b"dht state", {})
    return [ident[:20] for ident in state.get(b"node-id", [])]
