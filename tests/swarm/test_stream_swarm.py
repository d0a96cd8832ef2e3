"""A real DHT, a real seeder and the real session: from an infohash that nobody told us to a finding, with no payload."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import libtorrent as lt
import pytest
from structlog.testing import capture_logs

from leakwatch.assetfiles import Found, fingerprint
from leakwatch.config import Config, load_config
from leakwatch.crawl.vault import FileVault
from leakwatch.daemon import Daemon, running
from leakwatch.matching.index import build_index
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Verdict
from leakwatch.model.route import Routing
from leakwatch.model.swarm import SwarmSample
from leakwatch.pipeline import Brain
from leakwatch.ports import Repository, Swarm
from leakwatch.service import add_asset, list_findings, load_rules, load_weights, show_finding
from leakwatch.sources.dht import DhtSite
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.streaming import StreamLimits, Surroundings, SwarmSide, watch_dht, watched_keys
from leakwatch.swarm.discovery import SamplerSettings
from leakwatch.swarm.identity import stable_node_id
from leakwatch.swarm.metadata import SwarmSettings
from leakwatch.swarm.session import SwarmSession
from leakwatch.torrent.infohash import Infohashes, SwarmKey
from leakwatch.torrent.metainfo import parse_torrent

from ..daemons import Web, site  # noqa: TID252 - tests are no package that could be named
from .mmdb import write_mmdb

pytestmark = pytest.mark.swarm

NODES = 6
SIZE = 1_500_007
SECOND_OCTET = random.SystemRandom().randrange(110, 250)
"""Of this run's addresses in 127.0.0.0/8: runs beside one another do not meet."""
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ASSET = Asset(
    id=AssetId("tideglass"),
    title="Tideglass 70B",
    files=(AssetFile(path="tideglass.bin", size_bytes=SIZE, sha256=b"\x11" * 32),),
)
FLAGS = {
    "Tideglass 70B": lt.create_torrent.v1_only,
    "Gardening for beginners": 0,
    "Night sky atlas": lt.create_torrent.v2_only,
}
"""One of each version: the leak is a v1 torrent, and of the hybrid the DHT knows two keys."""
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
    "dht_sample_infohashes_interval": 0,
    "aio_threads": 1,
    "hashing_threads": 1,
    "alert_mask": lt.alert_category.dht | lt.alert_category.dht_operation,
}


class Clock:
    """The machine's time."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)


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


@dataclass
class World:
    """Some DHT nodes, and a seeder of torrents by name."""

    nodes: list[lt.session]
    seeder: lt.session
    torrents: dict[str, bytes]
    seeds: dict[str, lt.torrent_handle]

    @property
    def bootstrap(self) -> tuple[str, ...]:
        """One node, as an operator would name it."""
        return (f"{address(1)}:{self.nodes[0].listen_port()}",)

    @property
    def uploaded(self) -> dict[str, int]:
        """Payload bytes that the seeder gave away."""
        return {name: seed.status().total_payload_upload for name, seed in self.seeds.items()}

    def can_be_found(self, infohashes: Infohashes) -> bool:
        """Whether a node of the DHT names the seeder."""
        key = lt.sha1_hash(bytes(infohashes.swarm_keys[0]))
        self.nodes[2].dht_get_peers(key)
        self.nodes[2].wait_for_alert(200)
        return any(
            isinstance(alert, lt.dht_get_peers_reply_alert) and alert.info_hash == key and alert.peers()
            for alert in self.nodes[2].pop_alerts()
        )


def seed(folder: Path, name: str, seeder: lt.session) -> tuple[bytes, lt.torrent_handle]:
    """Write random payload, make a torrent of it, seed it."""
    content = folder / name
    content.mkdir()
    file = "tideglass.bin" if name == ASSET.title else "roses.bin"
    (content / file).write_bytes(os.urandom(SIZE if name == ASSET.title else 700_001))
    (content / "readme.txt").write_bytes(os.urandom(5000))
    made = lt.create_torrent(lt.list_files(str(content)), 64 * 1024, FLAGS[name])
    lt.set_piece_hashes(made, str(folder))
    metainfo = lt.bencode(made.generate())
    params = lt.load_torrent_buffer(metainfo)
    params.save_path = str(folder)
    params.flags |= lt.torrent_flags.seed_mode
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    return metainfo, seeder.add_torrent(params)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The loopback world, once the seeder can be found for each torrent."""
    world = World([plain_session(number + 1) for number in range(NODES)], plain_session(100), {}, {})
    for session in (*world.nodes, world.seeder):
        for number, node in enumerate(world.nodes):
            if session is not node:
                session.add_dht_node((address(number + 1), node.listen_port()))
    folder = tmp_path_factory.mktemp("seeder")
    for name in FLAGS:
        world.torrents[name], handle = seed(folder, name, world.seeder)
        world.seeds[name] = handle

        def is_there(name: str = name) -> bool:
            world.seeds[name].force_dht_announce()
            return world.can_be_found(parse_torrent(world.torrents[name]).infohashes)

        until(is_there)
    yield world
    world.nodes.clear()  # sessions end here, not whenever the garbage collector comes by
    world.seeds.clear()
    del world.seeder, session, node, handle


@pytest.fixture
async def repository(tmp_path: Path) -> AsyncIterator[SqlRepository]:
    """SQLite with the asset and the site."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    await upgrade(url)
    opened = SqlRepository.open(url)
    async with opened.writing() as work:
        await work.catalogue.save(ASSET, NOON)
        await work.sites.sync([("dht", "dht", "dht")], NOON)
    yield opened
    await opened.close()


async def test_from_the_dht_to_a_finding(world: World, repository: SqlRepository, tmp_path: Path) -> None:
    """Torrents nobody told us of are heard of in the DHT; the asset's becomes a case, the others observations."""
    settings = SwarmSettings(
        listen=f"{address(200)}:0", dht_bootstrap=world.bootstrap, allow_networks=("127.0.0.0/8",)
    )
    session = SwarmSession(settings)
    vault, brain = (
        FileVault(tmp_path / "evidence"),
        Brain(build_index([ASSET]), load_weights(), load_rules(None), Routing()),
    )
    told: list[tuple[int, int]] = []

    async def announce(alerts: int, proofs: int) -> None:
        told.append((alerts, proofs))

    async def current() -> Brain:
        return brain

    around = Surroundings(
        brain=current,
        repository=repository,
        vault=vault,
        clock=Clock(),
        announce=announce,
    )
    side = SwarmSide(swarm=session, watched=lambda: watched_keys(brain, repository))
    limits = StreamLimits(deadline_s=5)
    sampling = SamplerSettings(batch_wait_s=0.02, least_interval_s=0.1, rejoin_s=1, seen_capacity=10_000)
    task = asyncio.create_task(
        watch_dht("dht", DhtSite(), settings, stable_node_id(tmp_path), around, side, limits, sampling)
    )
    try:
        async with asyncio.timeout(30):
            while len(stored := await observed(repository)) < len(FLAGS):
                await asyncio.sleep(0.05)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await session.aclose()

    seen = {one.title: one for one in stored}
    for name, metainfo in world.torrents.items():
        parsed = parse_torrent(metainfo)
        assert seen[name].native_id == (parsed.infohashes.v1 or parsed.infohashes.v2 or b"").hex()
        assert parsed.info
        assert seen[name].size_bytes == parsed.info.size_bytes
        assert max(one.path for one in seen[name].files).startswith(f"{name}/")
    leak = seen[ASSET.title]
    assert vault.get(leak.evidence or "") == parse_torrent(world.torrents[ASSET.title]).raw_info
    assert [name for name, one in seen.items() if one.evidence] == [ASSET.title]
    async with repository.reading() as work:
        (finding,) = await work.findings.list()
        assert await work.findings.due_proofs(datetime.now(UTC)) == [leak.native_id]
        (window,) = await work.sites.windows("dht")
    assert (finding.asset, finding.sightings, told) == (ASSET.id, 1, [(0, 1)])
    assert window.new_items == len(FLAGS)
    assert world.uploaded == dict.fromkeys(FLAGS, 0)


async def observed(repository: SqlRepository) -> list:
    """All that was observed."""
    async with repository.reading() as work:
        return [one for _, one in await work.findings.stored(2**62, 100)]


def test_the_witness_works(world: World, tmp_path: Path) -> None:
    """The seeder's counter, which stood at nothing, moves for an ordinary client."""
    client = plain_session(202, has_dht=False)
    params = lt.load_torrent_buffer(world.torrents[ASSET.title])
    params.save_path = str(tmp_path)
    params.peers = [(address(100), world.seeder.listen_port())]
    handle = client.add_torrent(params)
    until(lambda: handle.status().is_seeding)
    assert world.uploaded[ASSET.title] >= SIZE
    client.remove_torrent(handle)


@dataclass
class CountingSwarm:
    """The real session, and what it was asked for."""

    inner: Swarm
    asked: list[bytes]

    async def metadata(self, infohashes: Infohashes, **how: Any) -> bytes:
        """What the session gives."""
        self.asked += [bytes(key) for key in infohashes.swarm_keys]
        return await self.inner.metadata(infohashes, **how)


def configured(folder: Path, world: World, more: str, swarm: str = "") -> Config:
    """The configuration of a daemon in this world."""
    (folder / "leakwatch.toml").write_text(
        f"""
[daemon]
data_dir = "data"
[http]
contact = "mailto:test@leakwatch.invalid"
allow_hosts = ["127.0.0.1"]
[swarm]
listen = "{address(201)}:0"
dht_bootstrap = ["{world.bootstrap[0]}"]
allow_networks = ["127.0.0.0/8"]
deadline_s = 20
{swarm}
{more}
""",
        "utf-8",
    )
    return load_config(folder / "leakwatch.toml")


def work_of(world: World) -> Asset:
    """The asset, with the file that the seeder has."""
    local = Path(world.seeds[ASSET.title].status().save_path, ASSET.title, "tideglass.bin")
    return replace(ASSET, files=(fingerprint(Found("tideglass.bin", local), lambda _: None),))


@asynccontextmanager
async def at_work(daemon: Daemon) -> AsyncIterator[None]:
    """The daemon runs, and ends in order."""
    working = asyncio.create_task(daemon.run())
    try:
        yield
    finally:
        daemon.stopping.set()
        await working


async def test_the_daemon_listens_and_begins_anew(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that ends or crashes begins anew, later each time; what it then hears is proved by one look-up."""
    monkeypatch.setattr("leakwatch.daemon.listening._AGAIN_S", (0.1, 0.2, 0.3))
    config = configured(
        tmp_path, world, '[[sites]]\nname = "dht"\nkind = "dht"\nenabled = true\n', "count = false"
    )
    tries, uploaded = 0, world.uploaded

    async def crashing_once(brain: Brain, repository: Repository) -> frozenset[SwarmKey]:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise RuntimeError("no error of ours")
        return await watched_keys(brain, repository)

    monkeypatch.setattr("leakwatch.daemon.listening.watched_keys", crashing_once)
    with capture_logs() as logs:
        async with running(config) as daemon:
            assert daemon.prover.swarm is not None
            swarm = CountingSwarm(daemon.prover.swarm, [])
            daemon.prover, daemon.listening.swarm = replace(daemon.prover, swarm=swarm), swarm
            await add_asset(work_of(world), daemon.repository, datetime.now(UTC))
            own_id = config.data_dir / "dht.id"
            own_id.write_bytes(b"broken")
            async with at_work(daemon), asyncio.timeout(60):
                while not any(one["event"] == "stream_ended" for one in logs):
                    await asyncio.sleep(0.01)
                own_id.unlink()
                while (
                    not (found := await list_findings(daemon.repository))
                    or found[0].verdict is Verdict.UNKNOWN
                ):
                    await asyncio.sleep(0.05)
            (finding,) = found
            async with daemon.repository.reading() as work:
                windows = await work.sites.windows("dht")
    told = [
        (one["event"], one["again_in_s"])
        for one in logs
        if one["event"] in ("stream_ended", "stream_crashed")
    ]
    assert told[0] == ("stream_ended", 0.1)
    assert told[-1][0] == "stream_crashed"
    assert [wait for _, wait in told] == [(0.1, 0.2, 0.3)[min(place, 2)] for place in range(len(told))]
    assert finding.verdict is Verdict.PROVED
    leak = parse_torrent(world.torrents[ASSET.title]).infohashes
    assert swarm.asked.count(bytes(leak.swarm_keys[0])) == 1
    assert windows[0].new_items >= 1
    assert world.uploaded == uploaded


async def test_the_daemon_counts_countries_and_networks(world: World, tmp_path: Path, web: Web) -> None:
    """Peers that the DHT names are kept as totals by country and network; groups of fewer than five stay unnamed."""
    infohashes = parse_torrent(world.torrents[ASSET.title]).infohashes
    key = lt.sha1_hash(bytes(infohashes.swarm_keys[0]))
    base = f"127.{SECOND_OCTET}"
    write_mmdb(tmp_path / "countries.mmdb", {f"{base}.0.0/16": {"country": {"iso_code": "DE"}}})
    networks = {f"{base}.0.0/18": {"autonomous_system_number": 64500}, f"{base}.64.0/18": {"asn": "AS64501"}}
    write_mmdb(tmp_path / "networks.mmdb", networks)

    def peers() -> int:
        for number, node in enumerate(world.nodes):
            node.dht_announce(key, 7000 + number)
        world.nodes[2].dht_get_peers(key)
        world.nodes[2].wait_for_alert(200)
        replies = [
            one for one in world.nodes[2].pop_alerts() if isinstance(one, lt.dht_get_peers_reply_alert)
        ]
        return max((len(set(one.peers())) for one in replies if one.info_hash == key), default=0)

    await asyncio.to_thread(until, lambda: peers() >= NODES)
    web.feed("/rss", ("1", ASSET.title, f"magnet:?xt=urn:btih:{infohashes.swarm_keys[0].hex()}"))
    files = 'countries_file = "countries.mmdb"\nnetworks_file = "networks.mmdb"'
    config = configured(tmp_path, world, site("index", f"{web.url}/rss"), files)
    async with running(config) as daemon:
        await add_asset(work_of(world), daemon.repository, datetime.now(UTC))
        async with at_work(daemon), asyncio.timeout(60):
            samples: list[SwarmSample] = []
            while not any(one.origins for one in samples):
                await asyncio.sleep(0.05)
                for finding in await list_findings(daemon.repository):
                    samples = list((await show_finding(finding.id, daemon.repository)).samples)
    origins = next(one.origins for one in samples if one.origins)
    named = sum(count for name, count in origins.items() if name.startswith("country:"))
    assert named >= NODES
    assert origins["country:DE"] == named
    assert origins["network:AS64500"] == NODES
    assert origins.get("network:other", 0) == named - NODES
    assert "network:AS64501" not in origins
    stored = b"".join(file.read_bytes() for file in (tmp_path / "data").glob("leakwatch.db*"))
    assert base.encode() not in stored
