"""The DHT as a stream: nodes on loopback that name infohashes, a swarm that gives what the test says."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from leakwatch.crawl.vault import FileVault
from leakwatch.embargo import is_swarm_silent
from leakwatch.errors import ConfigError, MetainfoError, StoreError, SwarmError
from leakwatch.matching.index import build_index
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Finding, Rank, State
from leakwatch.model.observation import Observation
from leakwatch.model.route import Routing
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.pipeline import Brain
from leakwatch.polling import SiteConfig, poll
from leakwatch.service import load_rules, load_weights
from leakwatch.sources import KINDS
from leakwatch.sources.dht import DhtSite
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.streaming import StreamLimits, Surroundings, SwarmSide, watch_dht, watched_keys
from leakwatch.swarm.discovery import SamplerSettings
from leakwatch.swarm.metadata import SwarmSettings
from leakwatch.torrent.bencode import Value, decode, encode
from leakwatch.torrent.infohash import Infohashes, SwarmKey
from leakwatch.torrent.metainfo import TorrentInfo

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIZE = 3_000_001
ASSET = Asset(
    id=AssetId("tideglass"),
    title="Tideglass 70B",
    files=(AssetFile(path="w.bin", size_bytes=SIZE, sha256=b"\x11" * 32),),
)
QUICK = SamplerSettings(batch_wait_s=0.01, least_interval_s=0.02, rejoin_s=0.1, seen_capacity=1000)
RULES = load_rules(None)
LIMITS = StreamLimits(at_once=3, deadline_s=5, watched_every_s=0.05, window_s=3600)


def torrent(name: str, size: int = 12_345_678) -> bytes:
    """The info dictionary of a torrent with one file."""
    pieces = os.urandom(20) * -(-size // 2**20)
    return encode({b"length": size, b"name": name.encode(), b"piece length": 2**20, b"pieces": pieces})


def key_of(raw: bytes) -> SwarmKey:
    """What the DHT knows a torrent by."""
    return SwarmKey(hashlib.sha1(raw, usedforsecurity=False).digest())


class Node(asyncio.DatagramProtocol):
    """A DHT node that has these keys, and lets itself be asked again as soon as our own pace allows: in a second."""

    def __init__(self, keys: Sequence[SwarmKey]) -> None:
        self.keys = keys
        self.known = b""
        self.sampled = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        """Remember how to answer."""
        self.transport = transport
        self.endpoint: tuple[str, int] = transport.get_extra_info("sockname")

    @property
    def compact(self) -> bytes:
        """How others name it."""
        host, port = self.endpoint
        return bytes(20) + bytes(map(int, host.split("."))) + port.to_bytes(2, "big")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        question = decode(data).value
        assert isinstance(question, dict)
        told: dict[bytes, Value] = {b"id": bytes(20), b"nodes": self.known}
        if question[b"q"] == b"sample_infohashes":
            self.sampled += 1
            told |= {b"samples": b"".join(self.keys), b"num": len(self.keys), b"interval": 0}
        self.transport.sendto(encode({b"t": question[b"t"], b"y": b"r", b"r": told}), addr)


@dataclass
class TwinSwarm:
    """Gives the metadata that it has, and remembers what it was asked."""

    has: dict[SwarmKey, bytes] = field(default_factory=dict[SwarmKey, bytes])
    asked: list[SwarmKey] = field(default_factory=list[SwarmKey])

    async def metadata(
        self,
        infohashes: Infohashes,
        *,
        peers: Sequence[tuple[str, int]] = (),
        deadline_s: float = 60.0,
        rank: Rank = Rank.REVIEW,
    ) -> bytes:
        """The info dictionary, or an error as of a swarm where nobody answers."""
        (key,) = infohashes.swarm_keys
        self.asked.append(key)
        if key not in self.has:
            raise SwarmError("nobody")
        return self.has[key]


class Noon:
    """A clock that counts its readings, so that times differ."""

    def __init__(self) -> None:
        self.readings = 0

    def now(self) -> datetime:
        """A second later each time."""
        self.readings += 1
        return NOON + timedelta(seconds=self.readings)


@dataclass
class Desk:
    """A database with an asset and the site `dht`."""

    repository: SqlRepository
    vault: FileVault
    swarm: TwinSwarm = field(default_factory=TwinSwarm)
    announced: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    assets: list[Asset] = field(default_factory=lambda: [ASSET])

    async def brain(self) -> Brain:
        """What is registered now."""
        return Brain(build_index(self.assets), load_weights(), RULES, Routing())

    async def watched(self) -> frozenset[SwarmKey]:
        """What is watched now."""
        return await watched_keys(await self.brain(), self.repository)

    async def announce(self, alerts: int, proofs: int) -> None:
        """Remember what was announced."""
        self.announced.append((alerts, proofs))

    async def register(self, *assets: Asset) -> None:
        """Let the catalogue have these assets alone."""
        self.assets = list(assets)
        async with self.repository.writing() as work:
            for asset in assets:
                await work.catalogue.save(asset, NOON)

    def around(self) -> Surroundings:
        """What a stream is given."""
        return Surroundings(
            brain=self.brain,
            repository=self.repository,
            vault=self.vault,
            clock=Noon(),
            announce=self.announce,
        )

    def side(self) -> SwarmSide:
        """What listening to the DHT is given beside that."""
        return SwarmSide(swarm=self.swarm, watched=self.watched)

    @asynccontextmanager
    async def watching(
        self, *keys: SwarmKey, limits: StreamLimits = LIMITS
    ) -> AsyncGenerator[tuple[asyncio.Task[None], list[Node]]]:
        """Listen to three nodes that have these keys and know one another; the first is where it begins."""
        loop = asyncio.get_running_loop()
        nodes = [
            (await loop.create_datagram_endpoint(lambda: Node(keys), (f"127.0.0.{number}", 0)))[1]
            for number in (2, 3, 4)
        ]
        for node in nodes:
            node.known = b"".join(other.compact for other in nodes)
        host, port = nodes[0].endpoint
        site = DhtSite(packets_per_s=1000, bootstrap=(f"{host}:{port}",))
        dht = SwarmSettings(listen="127.0.0.1:0", allow_networks=("127.0.0.0/8",))
        task = asyncio.create_task(
            watch_dht("dht", site, dht, bytes(range(20)), self.around(), self.side(), limits, QUICK)
        )
        try:
            yield task, nodes
        finally:
            task.cancel()
            await asyncio.wait([task])  # a crash is the test's own business
            for node in nodes:
                node.transport.close()
            await asyncio.sleep(0)

    async def findings(self) -> list[Finding]:
        """All cases."""
        async with self.repository.reading() as work:
            return await work.findings.list()

    async def observations(self) -> list[Observation]:
        """All that was observed."""
        async with self.repository.reading() as work:
            return [one for _, one in await work.findings.stored(2**62, 100)]

    async def windows(self) -> list[CoverageWindow]:
        """What was covered, newest first."""
        async with self.repository.reading() as work:
            return await work.sites.windows("dht")

    async def until_observed(self, number: int) -> list[Observation]:
        """All observations, as soon as there are so many."""
        async with asyncio.timeout(10):
            while len(found := await self.observations()) < number:
                await asyncio.sleep(0.01)
        return found


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    """An empty SQLite database, the asset, the site."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    await upgrade(url)
    repository = SqlRepository.open(url)
    made = Desk(repository, FileVault(tmp_path / "evidence"))
    await made.register(ASSET)
    async with repository.writing() as work:
        await work.sites.sync([("dht", "dht", "dht")], NOON)
    yield made
    await repository.close()


async def until(is_so: Callable[[], object]) -> None:
    """Wait until it is so. Raises: TimeoutError."""
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.005)


async def test_a_leak_becomes_a_finding_and_others_observations(desk: Desk) -> None:
    """A torrent with the asset's name and size opens a case with its info dictionary as evidence; another is only kept."""
    leak, other = torrent("Tideglass 70B", SIZE), torrent("Gardening for beginners")
    desk.swarm.has = {key_of(raw): raw for raw in (leak, other)}
    async with desk.watching(*desk.swarm.has):
        seen = {one.title: one for one in await desk.until_observed(2)}
    (finding,) = await desk.findings()
    assert (finding.asset, finding.sightings) == (ASSET.id, 1)
    evidence = seen["Tideglass 70B"].evidence
    assert evidence
    assert desk.vault.get(evidence) == leak
    assert seen["Gardening for beginners"].evidence is None
    assert seen["Tideglass 70B"].native_id == key_of(leak).hex()
    assert desk.announced == [(0, 1)]
    (window,) = await desk.windows()
    assert (window.verdict, window.items, window.new_items) == (Coverage.OK, 2, 2)
    assert "2 new infohashes, 2 with metadata" in (window.detail or "")


class Lingering:
    """A repository whose commits are seen by others before whoever made them goes on."""

    def __init__(self, inner: SqlRepository) -> None:
        self.inner = inner
        self.reading = inner.reading

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[Any]:
        """A transaction, and a pause behind it."""
        async with self.inner.writing() as work:
            yield work
        await asyncio.sleep(0.1)


async def test_who_stops_a_stream_while_it_commits_finds_the_item_counted(desk: Desk) -> None:
    """An item is in the database and in the window, even where the stream is cancelled right behind the commit."""
    raw = torrent("Tideglass 70B", SIZE)
    desk.swarm.has = {key_of(raw): raw}
    inner, desk.repository = desk.repository, cast("SqlRepository", Lingering(desk.repository))
    async with desk.watching(key_of(raw)):
        await desk.until_observed(1)
    desk.repository = inner
    (window,) = await desk.windows()
    assert (window.items, window.new_items) == (1, 1)


async def test_a_stream_is_never_due(desk: Desk) -> None:
    """From the moment it listens on, the crawl finds nothing to poll for it."""
    raw = torrent("x")
    desk.swarm.has = {key_of(raw): raw}
    for _ in range(2):
        async with desk.watching(key_of(raw)):
            await desk.until_observed(1)
            async with desk.repository.reading() as work:
                assert await work.sites.due(NOON + timedelta(days=999)) == []
    async with desk.repository.reading() as work:
        assert await work.sites.due(NOON + timedelta(days=999)) == []


async def test_a_stream_is_not_polled(desk: Desk) -> None:
    """Whoever polls a stream all the same is told so, and nothing is asked or written."""
    site = SiteConfig(name="dht", kind="dht", settings=DhtSite())
    async with desk.repository.reading() as work:
        state = await work.sites.get("dht")
    assert state
    refusing = cast("Any", None)
    with pytest.raises(ConfigError, match="listened to, not polled"):
        await poll(site, KINDS["dht"], state, await desk.brain(), *[refusing] * 8)
    assert await desk.windows() == []


async def test_one_bad_torrent_stops_nothing(desk: Desk) -> None:
    """Nobody's metadata, broken metadata, or that of another torrent are counted, and the good one is kept."""
    good, broken = torrent("good"), b"d4:name1:xe"
    missing, false = SwarmKey(os.urandom(20)), SwarmKey(os.urandom(20))
    desk.swarm.has = {key_of(good): good, key_of(broken): broken, false: torrent("false")}
    with capture_logs() as logs:
        async with desk.watching(missing, key_of(broken), false, key_of(good)):
            await until(lambda: len(desk.swarm.asked) == 4)
            await desk.until_observed(1)
            await until(lambda: sum(one["event"] == "stream_item_failed" for one in logs) == 2)
    assert [one.title for one in await desk.observations()] == ["good"]
    (window,) = await desk.windows()
    assert window.verdict is Coverage.PARTIAL
    assert "3 with metadata, 1 without, 0 known, 2 unreadable, 0 dropped" in (window.detail or "")
    assert "127.0.0" not in str(logs)


async def test_metadata_is_not_read_in_this_process(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A torrent is observed though this process cannot read one: another reads what strangers wrote."""
    raw = torrent("good")
    desk.swarm.has = {key_of(raw): raw}
    here: list[bytes] = []

    def read_here(raw_info: bytes) -> TorrentInfo:
        here.append(raw_info)
        raise MetainfoError("read here")

    for module in ("leakwatch.sources._torrents", "leakwatch.torrent.metainfo"):
        monkeypatch.setattr(f"{module}.parse_info", read_here)
    async with desk.watching(key_of(raw)):
        (observed,) = await desk.until_observed(1)
    assert (observed.title, here) == ("good", [])


async def test_what_is_known_is_not_asked_again(desk: Desk) -> None:
    """After a restart a torrent that was observed before is not asked for."""
    raw, new = torrent("x"), torrent("y")
    desk.swarm.has = {key_of(raw): raw, key_of(new): new}
    async with desk.watching(key_of(raw)):
        await desk.until_observed(1)
    async with desk.watching(key_of(raw), key_of(new), limits=replace(LIMITS, at_once=1)):
        await desk.until_observed(2)
    assert desk.swarm.asked == [key_of(raw), key_of(new)]
    assert "1 with metadata, 0 without, 1 known" in ((await desk.windows())[0].detail or "")


@pytest.mark.parametrize("may_ask", [False, True])
async def test_embargoed_infohash_is_heard_and_not_asked(desk: Desk, may_ask: bool) -> None:
    """A registered infohash of an embargoed asset opens a case when heard, and is asked for only with the owner's yes."""
    raw = torrent("nothing that matches")
    key = key_of(raw)
    await desk.register(replace(ASSET, embargoed=True, swarm_lookup=may_ask, infohashes=(key.hex(),)))
    desk.swarm.has = {key: raw}
    async with desk.watching(key):
        (seen,) = await desk.until_observed(1)
        await asyncio.sleep(0.1)  # what would still be asked
    assert desk.swarm.asked == ([key] if may_ask else [])
    assert seen.title == ("nothing that matches" if may_ask else key.hex())
    assert [one.asset for one in await desk.findings()] == [ASSET.id]


async def test_an_asset_registered_meanwhile_is_not_asked_about(desk: Desk) -> None:
    """An embargo holds from the moment it is registered, though the watched keys were read before it."""
    raw = torrent("x")
    key = key_of(raw)

    async def nothing() -> frozenset[SwarmKey]:
        return frozenset[SwarmKey]()

    desk.watched = nothing  # type: ignore[method-assign]
    desk.swarm.has = {key: raw}
    await desk.register(replace(ASSET, embargoed=True, infohashes=(key.hex(),)))
    async with desk.watching(key):
        await desk.until_observed(1)
    assert desk.swarm.asked == []


async def test_watched_is_asked_again_and_others_once(desk: Desk) -> None:
    """A watched torrent that gave nothing is asked for again after a while, however often it is heard; others are not."""
    watched, other = SwarmKey(os.urandom(20)), SwarmKey(os.urandom(20))
    await desk.register(replace(ASSET, infohashes=(watched.hex(),)))
    async with desk.watching(watched, other, limits=replace(LIMITS, ask_again_s=0.1)):
        await until(lambda: desk.swarm.asked.count(watched) == 2)
    assert desk.swarm.asked.count(other) == 1
    desk.swarm.asked.clear()
    async with desk.watching(watched, other) as (_, nodes):
        await until(lambda: all(node.sampled >= 1 for node in nodes) and sum(n.sampled for n in nodes) > 3)
        await until(lambda: sorted(desk.swarm.asked) == sorted([watched, other]))


async def test_who_does_not_answer_has_a_second_turn(desk: Desk) -> None:
    """A torrent that gave nothing at first is asked for once more, and what it gives then is kept."""
    late, never = torrent("late"), SwarmKey(os.urandom(20))
    async with desk.watching(key_of(late), never, limits=replace(LIMITS, second_turn_s=0.1)):
        await until(lambda: len(desk.swarm.asked) == 2)
        desk.swarm.has = {key_of(late): late}
        await desk.until_observed(1)
        await until(lambda: len(desk.swarm.asked) == 4)
        await asyncio.sleep(0.2)  # what would still be asked
    assert sorted(desk.swarm.asked) == sorted([key_of(late), never] * 2)
    assert "1 with metadata, 3 without" in ((await desk.windows())[0].detail or "")


async def test_watched_keys_are_those_that_matter(desk: Desk) -> None:
    """Registered infohashes and swarms of cases are watched, dismissed cases are not; of embargoed ones nobody is asked."""
    leak, private = torrent("Tideglass 70B", SIZE), torrent("Ember Atlas 9", SIZE + 1)
    registered, v2 = os.urandom(20), os.urandom(32)
    embargoed = Asset(
        id=AssetId("ember"),
        title="Ember Atlas 9",
        embargoed=True,
        infohashes=(v2.hex(),),
        files=(AssetFile(path="e", size_bytes=SIZE + 1),),
    )
    await desk.register(replace(ASSET, infohashes=(registered.hex(),)), embargoed)
    desk.swarm.has = {key_of(raw): raw for raw in (leak, private)}
    async with desk.watching(*desk.swarm.has):
        await desk.until_observed(2)
    assert len(await desk.findings()) == 2
    told = await desk.watched()
    assert told == {registered, v2[:20], key_of(leak), key_of(private)}
    index = (await desk.brain()).index
    async with desk.repository.reading() as work:
        silent = {key for key in told if await is_swarm_silent([key], index, work)}
    assert silent == {v2[:20], key_of(private)}
    async with desk.repository.writing() as work:
        for finding in await work.findings.list():
            await work.findings.save(replace(finding, state=State.FALSE_POSITIVE))
    assert await desk.watched() == {registered, v2[:20]}


async def test_more_than_can_wait_is_dropped_and_said(desk: Desk) -> None:
    """Where more is heard than can wait, the rest is dropped, and the coverage window is partial and says how many."""
    keys = [SwarmKey(os.urandom(20)) for _ in range(40)]
    async with desk.watching(*keys, limits=replace(LIMITS, backlog=5, at_once=1)):
        await until(lambda: len(desk.swarm.asked) == 5)
    (window,) = await desk.windows()
    assert (window.verdict, window.items, window.new_items) == (Coverage.PARTIAL, 40, 0)
    assert "5 without, 0 known, 0 unreadable, 35 dropped" in (window.detail or "")
    assert desk.swarm.asked == keys[35:]


async def test_a_crash_ends_it_and_is_in_the_ledger(desk: Desk) -> None:
    """What is no error of ours ends the stream as itself, and the window names its kind without its words."""

    async def crashing() -> Brain:
        raise RuntimeError("127.0.0.1 said something")

    desk.brain = crashing  # type: ignore[method-assign]
    watched = frozenset[SwarmKey]()

    async def nothing() -> frozenset[SwarmKey]:
        return watched

    desk.watched = nothing  # type: ignore[method-assign]
    async with desk.watching(SwarmKey(os.urandom(20))) as (task, _):
        with pytest.raises(RuntimeError, match="said something"):
            await task
    (window,) = await desk.windows()
    assert window.verdict is Coverage.ERROR
    assert (window.detail or "").startswith("RuntimeError; sampled")
    async with desk.repository.reading() as work:
        state = await work.sites.get("dht")
    assert state
    assert (state.failures, (state.last_error or "")[:12]) == (1, "RuntimeError")


async def test_silence_is_an_error_of_the_site(desk: Desk) -> None:
    """A window in which no node answered is an error, and the next good one takes the failure back."""
    site = DhtSite(bootstrap=("127.0.0.1:9",))
    dht = SwarmSettings(listen="127.0.0.1:0", allow_networks=("127.0.0.0/8",))
    task = asyncio.create_task(
        watch_dht(
            "dht", site, dht, bytes(20), desk.around(), desk.side(), replace(LIMITS, window_s=0.1), QUICK
        )
    )
    async with asyncio.timeout(10):
        while not await desk.windows():
            await asyncio.sleep(0.01)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert (await desk.windows())[0].verdict is Coverage.ERROR
    assert "no node of the DHT answered" in ((await desk.windows())[0].detail or "")
    raw = torrent("x")
    desk.swarm.has = {key_of(raw): raw}
    async with desk.watching(key_of(raw)):
        await desk.until_observed(1)
    async with desk.repository.reading() as work:
        state = await work.sites.get("dht")
    assert state
    assert (state.failures, state.last_error) == (0, None)


async def test_wrong_settings_are_said_at_once(desk: Desk) -> None:
    """A name to listen on, a node id of another length, or a site that is not there end it before anything is sent."""
    good = SwarmSettings(listen="127.0.0.1:0", allow_networks=("127.0.0.0/8",))
    site, around = DhtSite(bootstrap=("127.0.0.1:9",)), desk.around()
    with pytest.raises(ConfigError, match="an address, not a name"):
        await watch_dht("dht", site, SwarmSettings(listen="localhost:0"), bytes(20), around, desk.side())
    with pytest.raises(ConfigError, match="20 bytes"):
        await watch_dht("dht", site, good, bytes(19), around, desk.side())
    with pytest.raises(StoreError, match="not in the database"):
        await watch_dht("nowhere", site, good, bytes(20), around, desk.side())


async def test_a_database_that_refuses_does_not_end_it(desk: Desk) -> None:
    """What is watched cannot be read for a while: it is said in the log, and listening goes on with what was known."""
    raw, tries = torrent("x"), [0]
    whole = desk.watched

    async def sometimes() -> frozenset[SwarmKey]:
        tries[0] += 1
        if tries[0] > 1:
            raise StoreError("busy")
        return await whole()

    desk.watched = sometimes  # type: ignore[method-assign]
    with capture_logs() as logs:
        async with desk.watching(key_of(raw)) as (task, _):
            await until(lambda: tries[0] >= 3)
            desk.swarm.has = {key_of(raw): raw}
            assert not task.done()
    assert sum(one["event"] == "stream_watched_unread" for one in logs) >= 1
