"""Looks at torrents, from the daemon down: what is fetched, handed over, judged later, and held against a page."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from leakwatch.assetfiles import LocalHasher
from leakwatch.catalogue import file_json
from leakwatch.cli._proofs import proof_lines
from leakwatch.config import Config
from leakwatch.daemon import Daemon, running
from leakwatch.errors import SwarmError
from leakwatch.model.asset import AssetFile, AssetId
from leakwatch.model.finding import Proof, Rank, State, Verdict
from leakwatch.proof import Away, Hashed, Hasher, Piece
from leakwatch.service import Case, add_asset, list_findings, show_finding
from leakwatch.store.tables import metadata
from leakwatch.torrent.infohash import Infohashes
from leakwatch.torrent.metainfo import TorrentInfo

from .daemons import ASSET, Web, configured, offered, polled, site, until, watching


async def only_case(daemon: Daemon) -> Case:
    """The one finding, with all that belongs to it."""
    (finding,) = await list_findings(daemon.repository)
    return await show_finding(finding.id, daemon.repository)


async def make_due(daemon: Daemon) -> None:
    """Let everything that was put off be due now."""
    async with daemon.repository.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE proof SET next_try_at = '2026-01-01 00:00:00.000000'")
        await connection.exec_driver_sql("UPDATE site SET next_due_at = '2026-01-01 00:00:00.000000'")


def item(guid: str, title: str, text: str, more: str = "") -> str:
    """One item of a feed."""
    return f"<item><guid>{guid}</guid><title>{title}</title><description><![CDATA[{text}]]></description>{more}</item>"


def feed(web: Web, path: str, *items: str) -> None:
    """A feed of these items."""
    web.pages[path] = (
        200,
        f'<rss version="2.0"><channel><title>t</title>{"".join(items)}</channel></rss>',
        {},
    )


def asked(web: Web, path: str) -> int:
    """How often a page was asked for."""
    return sum(one == path for one, _ in web.asked)


# .torrent files


async def test_a_torrent_file_alone_is_proved(tmp_path: Path, web: Web) -> None:
    """A post with the address of a .torrent file and no infohash is proved by what is in the file, which is kept."""
    asset, torrent, infohash = offered(tmp_path)
    web.pages["/w.torrent"] = (200, torrent, {})
    feed(web, "/rss", item("1", "Tideglass 70B", f"here: {web.url}/w.torrent"))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with watching(config, asset) as daemon:
        await until(lambda: len(web.posted) == 2)
        await polled(daemon, "index", 2)
        case = await only_case(daemon)
        async with daemon.repository.reading() as work:
            keys = await work.findings.keys(case.finding.id)
            (seen,) = await work.findings.sighted(case.finding.id, [infohash])
            assert (await work.swarms.get(infohash)) is not None
    assert case.finding.verdict is Verdict.PROVED
    assert f"swarm:{infohash}" in keys
    assert seen.title == "Tideglass 70B"
    assert asked(web, "/w.torrent") == 1
    kept = tmp_path / "data" / "evidence"
    digest = hashlib.sha256(torrent).hexdigest()
    assert (kept / digest[:2] / digest).read_bytes() == torrent
    assert [body["type"] for _, body in web.posted] == ["finding.opened", "finding.verdict_changed"]


async def test_a_torrent_file_unites_cases(tmp_path: Path, web: Web) -> None:
    """Two posts, one with the magnet and one with the file of the same torrent, are one case once the file is read."""
    asset, torrent, infohash = offered(tmp_path)
    feed(web, "/a", item("1", "Tideglass 70B", f"magnet:?xt=urn:btih:{infohash}"))
    feed(web, "/b", item("2", "Tideglass 70B again", f"{web.url}/w.torrent"))
    config = configured(tmp_path, web, site("a", f"{web.url}/a") + site("b", f"{web.url}/b"))
    async with running(config) as daemon:
        await add_asset(asset, daemon.repository, datetime.now(UTC))
        await daemon.run_once()
        assert len(await list_findings(daemon.repository)) == 2
        web.pages["/w.torrent"] = (200, torrent, {})
        await make_due(daemon)
        await daemon.run_once()
        case = await only_case(daemon)
    assert case.finding.verdict is Verdict.PROVED
    assert (case.finding.sightings, case.finding.sites) == (2, frozenset({"a", "b"}))
    assert [one.verdict for one in case.proofs] == [Verdict.PROVED]


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (404, b"nothing here", "404"),
        (200, b"\n<!doctype html><p>log in first", "shows a page, not a torrent"),
        (200, b"d4:infod4:name1:xee", "its .torrent file could not be had"),
        (200, b"l" * 5000, "its .torrent file could not be had"),
    ],
)
async def test_a_torrent_file_that_is_none_is_told(
    tmp_path: Path, web: Web, status: int, body: bytes, told: str
) -> None:
    """What came instead of a torrent stands in the finding; it is tried again some times, then given up."""
    web.pages["/w.torrent"] = (status, body, {})
    feed(web, "/rss", item("1", "Tideglass 70B", f"here: {web.url}/w.torrent"))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with running(config) as daemon:
        await add_asset(ASSET, daemon.repository, datetime.now(UTC))
        for tries in range(1, 10):
            await daemon.run_once()
            assert asked(web, "/w.torrent") == tries
            (proof,) = (await only_case(daemon)).proofs
            assert told in next(proof_lines(proof))
            assert proof.verdict is (Verdict.UNKNOWN if tries < 9 else Verdict.UNPROVED)
            await daemon.run_once()
            await make_due(daemon)
        await daemon.run_once()
    assert asked(web, "/w.torrent") == 9


async def test_torrent_files_are_bounded(tmp_path: Path, web: Web) -> None:
    """Of one post at most three files are fetched, and of one case at most ten, however many posts name them."""

    def text(post: int) -> str:
        return f"{web.url}/same.torrent " + " ".join(f"{web.url}/{post}-{n}.torrent" for n in range(9))

    feed(web, "/rss", *(item(str(n), "Tideglass 70B", text(n)) for n in range(20)))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with running(config) as daemon:
        await add_asset(ASSET, daemon.repository, datetime.now(UTC))
        await daemon.run_once()
        await daemon.run_once()
        assert (await only_case(daemon)).finding.sightings == 20
    fetched = [path for path, _ in web.asked if path.endswith(".torrent")]
    assert len(fetched) == len(set(fetched)) == 10
    assert sum(path.startswith("/0-") for path in fetched) == 2


@pytest.mark.parametrize("is_field", [False, True])
async def test_a_post_cannot_send_us_to_the_operators_machines(
    tmp_path: Path, web: Web, is_field: bool
) -> None:
    """A .torrent file on a private host that is listed for another site is not asked for, whoever names it how."""
    asset, torrent, infohash = offered(tmp_path)
    other = Web()
    server = await asyncio.start_server(other.serve, "127.0.0.1", 0)
    other.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    other.pages["/w.torrent"] = (200, torrent, {})
    text, more = f"{other.url}/w.torrent", ""
    if is_field:
        text = f"magnet:?xt=urn:btih:{infohash}"
        more = f'<enclosure url="{other.url}/w.torrent" type="application/x-bittorrent"/>'
    feed(web, "/rss", item("1", "Tideglass 70B", text, more))
    feed(other, "/rss", item("1", "Something else", "nothing"))
    sites = site("board", f"{web.url}/rss") + site("own", f"{other.url}/rss")
    async with server, running(configured(tmp_path, web, sites)) as daemon:
        await add_asset(asset, daemon.repository, datetime.now(UTC))
        await daemon.run_once()
        (proof,) = (await only_case(daemon)).proofs
        assert proof.verdict is Verdict.UNKNOWN
        assert is_field or "named by a page, which may be hostile" in proof.reason
        assert [path for path, _ in other.asked] == ["/rss"]
        feed(other, "/rss", item("2", "Tideglass 70B", text, more))
        await daemon.run_once()
        await make_due(daemon)
        await daemon.run_once()
        verdicts = {one.verdict for one in await list_findings(daemon.repository)}
    assert verdicts == {Verdict.PROVED}


@pytest.mark.parametrize("may_look", [False, True])
async def test_an_embargoed_works_torrent_file_waits(tmp_path: Path, web: Web, may_look: bool) -> None:
    """The file of an embargoed work is fetched on the owner's yes alone, as its swarm is looked up."""
    made, torrent, _ = offered(tmp_path)
    asset = replace(made, embargoed=True, codename="BLUE-07", swarm_lookup=may_look)
    web.pages["/w.torrent"] = (200, torrent, {})
    feed(web, "/rss", item("1", "Tideglass 70B", f"here: {web.url}/w.torrent"))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with running(config) as daemon:
        await add_asset(asset, daemon.repository, datetime.now(UTC))
        await daemon.run_once()
        (proof,) = (await only_case(daemon)).proofs
    assert asked(web, "/w.torrent") == int(may_look)
    assert proof.verdict is (Verdict.PROVED if may_look else Verdict.UNKNOWN)
    assert ("waits for the owner's yes" in proof.reason) is not may_look


@pytest.mark.parametrize("is_file", [False, True])
async def test_one_owners_embargo_holds_for_all(tmp_path: Path, web: Web, is_file: bool) -> None:
    """Of a torrent that two works claim nobody is asked as long as one of them is embargoed and not dismissed."""
    asset, torrent, infohash = offered(tmp_path)
    hidden = replace(
        asset, id=AssetId("quillfern"), title="Quillfern Nocturne", embargoed=True, codename="BLUE-07"
    )
    web.pages["/w.torrent"] = (200, torrent, {})
    swarm = CountedSwarm(torrent[len(b"d4:info") : -1])
    named = f"{web.url}/w.torrent" if is_file else f"magnet:?xt=urn:btih:{infohash}"
    feed(web, "/rss", item("1", "Tideglass 70B and Quillfern Nocturne", named))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with running(config) as daemon:
        daemon.prover = replace(daemon.prover, swarm=swarm)
        for one in (asset, hidden):
            await add_asset(one, daemon.repository, datetime.now(UTC))
        await daemon.run_once()
        findings = await list_findings(daemon.repository)
        cases = [await show_finding(one.id, daemon.repository) for one in findings]
        assert {one.asset for one in findings} == {asset.id, hidden.id}
        assert all("waits for the owner's yes" in case.proofs[0].reason for case in cases)
        assert (swarm.asked, asked(web, "/w.torrent")) == (0, 0)
        async with daemon.repository.writing() as work:
            (dismissed,) = (one for one in findings if one.asset == hidden.id)
            await work.findings.save(replace(dismissed, state=State.FALSE_POSITIVE))
        await make_due(daemon)
        await daemon.run_once()
        verdicts = {one.asset: one.verdict for one in await list_findings(daemon.repository)}
    assert (swarm.asked, asked(web, "/w.torrent")) == ((0, 1) if is_file else (1, 0))
    assert verdicts[asset.id] is Verdict.PROVED


# metadata that is at hand


@dataclass
class CountedSwarm:
    """A swarm that gives one torrent's metadata, and counts how often it is asked."""

    raw: bytes
    asked: int = 0
    peers: list[tuple[tuple[str, int], ...]] = field(default_factory=list)

    async def metadata(
        self,
        infohashes: Infohashes,
        *,
        peers: Sequence[tuple[str, int]] = (),
        deadline_s: float = 60.0,
        rank: Rank = Rank.REVIEW,
    ) -> bytes:
        """The info dictionary; nothing, where that is empty."""
        self.asked += 1
        self.peers.append(tuple(peers))
        if not self.raw:
            raise SwarmError("nobody answers")
        return self.raw


async def test_metadata_is_fetched_once_for_all_works(tmp_path: Path, web: Web) -> None:
    """A work registered later is judged by the metadata that was fetched for another, and nobody is asked again."""
    asset, torrent, infohash = offered(tmp_path)
    swarm = CountedSwarm(torrent[len(b"d4:info") : -1])
    feed(web, "/rss", item("1", "Tideglass 70B and Quillfern Nocturne", f"magnet:?xt=urn:btih:{infohash}"))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    second = replace(
        asset, id=AssetId("quillfern"), title="Quillfern Nocturne", embargoed=True, codename="BLUE-07"
    )
    async with running(config) as daemon:
        daemon.prover = replace(daemon.prover, swarm=swarm)
        await add_asset(ASSET, daemon.repository, datetime.now(UTC))
        await daemon.run_once()
        assert swarm.asked == 1
        await add_asset(second, daemon.repository, datetime.now(UTC))
        await daemon.run_once()
        verdicts = {one.asset: one.verdict for one in await list_findings(daemon.repository)}
    assert verdicts == {ASSET.id: Verdict.UNPROVED, second.id: Verdict.PROVED}
    assert swarm.asked == 1


async def test_spoilt_metadata_is_fetched_again(tmp_path: Path, web: Web) -> None:
    """What is kept is held against the infohash: bytes that were changed on disk are nobody's metadata."""
    asset, torrent, infohash = offered(tmp_path)
    raw = torrent[len(b"d4:info") : -1]
    swarm = CountedSwarm(raw)
    feed(web, "/rss", item("1", "Tideglass 70B and Quillfern Nocturne", f"magnet:?xt=urn:btih:{infohash}"))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with running(config) as daemon:
        daemon.prover = replace(daemon.prover, swarm=swarm)
        await add_asset(asset, daemon.repository, datetime.now(UTC))
        await daemon.run_once()
        digest = hashlib.sha256(raw).hexdigest()
        (tmp_path / "data" / "evidence" / digest[:2] / digest).write_bytes(b"d4:name1:xe")
        second = replace(asset, id=AssetId("quillfern"), title="Quillfern Nocturne")
        await add_asset(second, daemon.repository, datetime.now(UTC))
        await daemon.run_once()
    assert swarm.asked == 2


async def test_a_reader_that_cannot_start_costs_no_second_look(tmp_path: Path, web: Web) -> None:
    """Where the torrent reader is at fault the metadata is kept, and judged once the reader works."""
    asset, torrent, infohash = offered(tmp_path)
    swarm = CountedSwarm(torrent[len(b"d4:info") : -1])
    feed(web, "/rss", item("1", "Tideglass 70B", f"magnet:?xt=urn:btih:{infohash}"))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))

    class Broken:
        async def info(self, _: bytes) -> TorrentInfo:
            raise SwarmError("a process that reads hostile bytes cannot be started")

        async def raw_info(self, _: bytes) -> bytes:
            raise AssertionError

    async with running(config) as daemon:
        whole = daemon.prover
        daemon.prover = replace(whole, swarm=swarm, parser=Broken())
        await add_asset(asset, daemon.repository, datetime.now(UTC))
        await daemon.run_once()
        (proof,) = (await only_case(daemon)).proofs
        assert (proof.verdict, "cannot be started" in proof.reason) == (Verdict.UNKNOWN, True)
        daemon.prover = replace(whole, swarm=swarm)
        await make_due(daemon)
        await daemon.run_once()
        assert (await only_case(daemon)).finding.verdict is Verdict.PROVED
    assert swarm.asked == 1


# peers that a post names


async def stored(daemon: Daemon) -> str:
    """All rows of all tables."""
    async with daemon.repository.engine.connect() as connection:
        return "".join(
            [repr((await connection.execute(table.select())).all()) for table in metadata.sorted_tables]
        )


async def filled(daemon: Daemon) -> set[str]:
    """The tables that have rows."""
    async with daemon.repository.engine.connect() as connection:
        tables = metadata.sorted_tables
        return {one.name for one in tables if (await connection.execute(one.select().limit(1))).first()}


@pytest.mark.parametrize("is_field", [False, True])
async def test_named_peers_are_dialled_and_forgotten(tmp_path: Path, web: Web, is_field: bool) -> None:
    """Peers in a text or in the magnet of an index are asked until the metadata is there; no row has them then.

    Before it, they stand in the proof's row alone; the evidence is the page as it was.
    """
    asset, torrent, infohash = offered(tmp_path)
    magnet = f"magnet:?xt=urn:btih:{infohash}&amp;x.pe=93.184.216.34:6881"
    text, more = (f"see {magnet}", "") if not is_field else ("", f'<enclosure url="{magnet}"/>')
    feed(web, "/rss", item("1", "Tideglass 70B", text, more))
    swarm = CountedSwarm(b"")
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    with capture_logs() as logs:
        async with running(config) as daemon:
            daemon.prover = replace(daemon.prover, swarm=swarm)
            await add_asset(asset, daemon.repository, datetime.now(UTC))
            await daemon.run_once()
            rows = await stored(daemon)
            assert rows.count("93.184") == 1
            assert rows.count("'93.184.216.34', 6881,") == 1
            swarm.raw = torrent[len(b"d4:info") : -1]
            await make_due(daemon)
            await daemon.run_once()
            case = await only_case(daemon)
            assert case.finding.verdict is Verdict.PROVED
            assert "93.184" not in await stored(daemon) + repr(case)
            assert await filled(daemon) >= {"announcement", "audit", "evidence", "finding_event", "outbox"}
    assert {one["event"] for one in logs} >= {"alert_sent"}
    assert "93.184" not in repr(logs)
    assert swarm.peers == [(("93.184.216.34", 6881),)] * 2
    kept = [file.read_bytes() for file in (tmp_path / "data" / "evidence").rglob("*") if file.is_file()]
    assert any(b"x.pe=93.184.216.34:6881" in one for one in kept)
    assert "93.184" not in str(web.posted)


async def test_named_peers_are_kept_for_three_days(tmp_path: Path, web: Web) -> None:
    """Peers of a torrent that nobody gives are forgotten; a later post may name others."""
    asset, _, infohash = offered(tmp_path)
    magnet = f"magnet:?xt=urn:btih:{infohash}"
    feed(web, "/rss", item("1", "Tideglass 70B", f"{magnet}&x.pe=93.184.216.34:6881"))
    swarm = CountedSwarm(b"")
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with running(config) as daemon:
        await add_asset(asset, daemon.repository, datetime.now(UTC))
        for later, expected in ((timedelta(0), 1), (timedelta(days=2), 1), (timedelta(days=3, seconds=1), 0)):
            daemon.prover = replace(daemon.prover, swarm=swarm, clock=Later(later))
            await daemon.run_once()
            assert (await stored(daemon)).count("93.184") == expected
            await make_due(daemon)
        daemon.prover = replace(
            daemon.prover, clock=Later(timedelta(0))
        )  # that of the door, which dates the post
        feed(web, "/rss", item("2", "Tideglass 70B", f"{magnet}&x.pe=93.184.216.35:1"))
        await daemon.run_once()
    assert swarm.peers == [(("93.184.216.34", 6881),)] * 3 + [(("93.184.216.35", 1),)]


@dataclass(frozen=True)
class Later:
    """A clock that is ahead."""

    by: timedelta

    def now(self) -> datetime:
        """The time there."""
        return datetime.now(UTC) + self.by


# those who hash and are away


@dataclass
class Serving:
    """The real `leakwatch prover serve` of some files, on a socket."""

    folder: Path
    process: subprocess.Popen[str] | None = field(default=None)

    @property
    def section(self) -> str:
        """What the configuration says of it."""
        return f'[[provers]]\nname = "vault"\nsocket = "{self.folder}/p.sock"\ntoken = "{"0" * 32}"\n'

    def begin(self) -> None:
        """Start it, and return once it listens."""
        (self.folder / "token").write_text("0" * 32)
        command = [sys.executable, "-W", "error", "-m", "leakwatch", "prover", "serve"]
        command += ["--prints", f"{self.folder}/prints", "--token-file", f"{self.folder}/token"]
        self.process = subprocess.Popen(
            [*command, "--socket", f"{self.folder}/p.sock"], stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        assert "asked for at" in self.process.stderr.readline()

    def end(self) -> None:
        """Stop it."""
        assert self.process is not None
        assert self.process.stderr is not None
        self.process.terminate()
        self.process.wait(15)
        self.process.stderr.close()


class Hanging:
    """A prover that was asked and does not answer, until it is let go."""

    def __init__(self) -> None:
        self.asked, self.let_go = threading.Semaphore(0), threading.Event()

    def noting(self, away: Away, files: Sequence[AssetFile] = ()) -> Hasher:
        """Itself."""
        return self

    def known(self, file: AssetFile, piece_length: int, start: int) -> Sequence[range]:
        """Nothing, in the end."""
        self.asked.release()
        self.let_go.wait(60)
        return ()

    def hash(self, pieces: Sequence[Piece]) -> Sequence[Hashed | None]:
        """Nothing."""
        return [None] * len(pieces)


async def test_a_prover_that_hangs_stops_no_page(tmp_path: Path, web: Web) -> None:
    """While as many proofs wait for a prover as there are threads for other work, that work goes on."""
    asset, torrent, _ = offered(tmp_path)
    bare = replace(asset, files=(replace(asset.files[0], local_path=None, tables=(), sha1=None),))
    many = range(2)
    assets = [replace(bare, id=AssetId(f"a{n}"), title=f"Tideglass {n + 1}0B") for n in many]
    for n in many:
        web.pages[f"/{n}.torrent"] = (200, torrent.replace(b"4:name5:w.bin", b"4:name5:%05d" % n), {})
    feed(web, "/rss", *(item(f"{n}", f"Tideglass {n + 1}0B", f"{web.url}/{n}.torrent") for n in many))
    prover = Hanging()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(len(many)))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with running(config) as daemon:
        daemon.prover = replace(daemon.prover, others=(prover,))
        for one in assets:
            await add_asset(one, daemon.repository, datetime.now(UTC))
        working = asyncio.create_task(daemon.run_once())
        try:
            for _ in many:
                await until(lambda: prover.asked.acquire(blocking=False))
            await asyncio.wait_for(asyncio.to_thread(lambda: None), 5.0)
        finally:
            prover.let_go.set()
            await working


async def test_a_prover_that_is_down_is_asked_again(
    tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the prover is down a torrent is unproved and says why; it is proved once the prover is up."""
    monkeypatch.setattr("leakwatch.prover.client._REST_S", 0.0)
    asset, torrent, infohash = offered(tmp_path)
    (tmp_path / "prints").write_text("".join(json.dumps(file_json(one)) + "\n" for one in asset.files))
    remote = replace(
        asset,
        files=tuple(
            replace(one, local_path=None, mtime_ns=None, tables=(), sha1=None) for one in asset.files
        ),
    )
    prover = Serving(tmp_path)
    web.pages["/w.torrent"] = (200, torrent, {})
    feed(web, "/rss", item("1", "Tideglass 70B", f"{web.url}/w.torrent"))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"), prover.section)
    async with running(config) as daemon:
        await add_asset(remote, daemon.repository, datetime.now(UTC))
        await daemon.run_once()
        case = await only_case(daemon)
        assert case.finding.verdict is Verdict.UNPROVED
        assert "the prover 'vault' could not be asked: no connection" in case.proofs[0].reason
        assert case.proofs[0].fake is None
        async with daemon.repository.reading() as work:
            (task,) = await work.findings.proof_tasks(infohash)
            assert infohash in await work.swarms.due(datetime.now(UTC))
        assert task.attempts == 1
        await asyncio.to_thread(prover.begin)
        try:
            await make_due(daemon)
            await daemon.run_once()
        finally:
            await asyncio.to_thread(prover.end)
        case = await only_case(daemon)
        async with daemon.repository.reading() as work:
            assert await work.findings.proof_tasks(infohash) == []
    assert case.finding.verdict is Verdict.PROVED
    assert asked(web, "/w.torrent") == 1
    assert [(body["type"], body["data"]["verdict"]) for _, body in web.posted] == [
        ("finding.opened", "unproved"),  # what both steps of one run have to say is one message
        ("finding.verdict_changed", "proved"),
    ]


async def test_an_unmounted_disk_is_waited_for(tmp_path: Path, web: Web) -> None:
    """A file that is gone from its place is no answer for a week; one that was changed there is one at once."""
    asset, torrent, _ = offered(tmp_path)
    bare = replace(asset, files=tuple(replace(one, tables=(), sha1=None) for one in asset.files))
    web.pages["/w.torrent"] = (200, torrent, {})
    feed(web, "/rss", item("1", "Tideglass 70B", f"{web.url}/w.torrent"))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    (tmp_path / "w.bin").rename(tmp_path / "elsewhere")
    async with running(config) as daemon:
        await add_asset(bare, daemon.repository, datetime.now(UTC))
        for tries in range(1, 18):
            await daemon.run_once()
            (proof,) = (await only_case(daemon)).proofs
            assert proof.verdict is Verdict.UNPROVED
            assert "could not be read where it lay" in proof.reason
            async with daemon.repository.reading() as work:
                open_until = await work.findings.due_proofs(datetime.now(UTC) + timedelta(days=2))
            assert open_until == ([] if tries == 17 else open_until[:1])
            await make_due(daemon)
        assert open_until == []
        assert "judged again" not in proof.reason
    told: list[str] = []
    file = bare.files[0]
    assert LocalHasher(told.append).known(file, 65536, 0) == ()
    (tmp_path / "w.bin").write_bytes(os.urandom(300_000))
    assert (LocalHasher(told.append).known(file, 65536, 0), len(told)) == ((), 1)


# what a page claims


@pytest.mark.parametrize(
    ("extra", "is_claim"),
    [
        ("<size>900000000</size>", True),
        ('<enclosure url="{url}/w.torrent" type="application/x-bittorrent" length="20"/>', False),
        ("", False),
    ],
)
async def test_a_pages_size_is_held_against_the_torrent(
    tmp_path: Path, web: Web, extra: str, is_claim: bool
) -> None:
    """A torrent that is far from what the page says it is looks like a fake; the length of its .torrent says nothing."""
    _, torrent, infohash = offered(tmp_path)
    web.pages["/w.torrent"] = (200, torrent, {})
    enclosure = extra.replace("{url}", web.url)
    if "enclosure" not in extra:
        enclosure += f'<enclosure url="{web.url}/w.torrent" type="application/x-bittorrent"/>'
    feed(web, "/rss", item("1", "Tideglass 70B", f"magnet:?xt=urn:btih:{infohash}", enclosure))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    proof = await proof_of(daemon_config=config)
    assert proof.fake is not None
    assert any(reason.startswith("claim: the page says 900 MB") for reason in proof.fake.reasons) is is_claim


async def test_one_lying_post_makes_no_fake(tmp_path: Path, web: Web) -> None:
    """Where posts of one torrent disagree the least suspect counts: nobody can talk a leak down."""
    _, torrent, infohash = offered(tmp_path)
    web.pages["/w.torrent"] = (200, torrent, {})
    enclosure = f'<enclosure url="{web.url}/w.torrent" type="application/x-bittorrent"/>'
    magnet = f"magnet:?xt=urn:btih:{infohash}"
    feed(
        web,
        "/rss",
        item("1", "Tideglass 70B", magnet, enclosure),
        item("2", "Tideglass 70B", magnet, enclosure + "<size>900000000</size>"),
    )
    proof = await proof_of(configured(tmp_path, web, site("index", f"{web.url}/rss")))
    assert proof.fake is not None
    assert not any(reason.startswith("claim") for reason in proof.fake.reasons)


async def proof_of(daemon_config: Config) -> Proof:
    """What a daemon makes of the one torrent, read once."""
    async with running(daemon_config) as daemon:
        await add_asset(ASSET, daemon.repository, datetime.now(UTC))
        await daemon.run_once()
        (proof,) = (await only_case(daemon)).proofs
    return proof
