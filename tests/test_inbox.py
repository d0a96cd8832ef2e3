"""The inbox: what people drop is read once, kept, and put aside with the reason where it is of no use."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.crawl.vault import FileVault
from leakwatch.errors import AddressRefused, ConfigError, FetchFailed, SourceError
from leakwatch.matching.index import build_index
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Verdict
from leakwatch.model.route import Routing
from leakwatch.model.site import Coverage
from leakwatch.pipeline import Brain
from leakwatch.service import load_rules, load_weights
from leakwatch.sources._kind import Payload, Request
from leakwatch.sources.inbox import InboxSite
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.streaming import Surroundings, watch_inbox
from leakwatch.torrent.bencode import encode

ASSET = Asset(
    id=AssetId("tideglass"),
    title="Tideglass 70B",
    critical=True,
    files=(AssetFile(path="tideglass-70b.bin", size_bytes=3_000_001, sha256=b"\x11" * 32),),
)
HEX = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
SETTINGS = InboxSite(folder="inbox", look_every_s=0.02)


class Clock:
    """The time it is."""

    def now(self) -> datetime:
        """Now."""
        return datetime.now(UTC)


@dataclass
class Pages:
    """Answers for public addresses, which no test may ask; an address that is an error raises it."""

    has: Mapping[str, bytes | SourceError]
    asked: list[Request] = field(default_factory=list[Request])

    async def fetch(self, request: Request, *, min_interval_s: float = 0.0) -> Payload:
        """The page of this address."""
        self.asked.append(request)
        told = self.has[request.url]
        if isinstance(told, SourceError):
            raise told
        return Payload(
            request=request,
            url=request.url,
            status=200,
            headers={"content-type": "text/html; charset=utf-8"},
            body=told,
            fetched_at=datetime.now(UTC),
        )

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout_s: float = 20.0,
        most_bytes: int = 0,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Nobody posts from an inbox."""
        raise AssertionError(url)


@dataclass
class Desk:
    """A database with one asset and the site `inbox`."""

    root: Path
    repository: SqlRepository

    @property
    def inbox(self) -> Path:
        """The folder that is watched."""
        return self.root / "inbox"

    def drop(self, name: str, body: bytes) -> None:
        """Put a file into the folder, as one that has come to rest."""
        self.inbox.mkdir(exist_ok=True)
        path = self.inbox / name
        path.write_bytes(body)
        os.utime(path, (time.time() - 60,) * 2)

    @asynccontextmanager
    async def watching(self, fetcher: Pages | HttpFetcher) -> AsyncGenerator[asyncio.Task[None]]:
        """Watch the folder as the daemon does."""
        brain = Brain(build_index([ASSET]), load_weights(), load_rules(None), Routing())

        async def current() -> Brain:
            return brain

        async def announce(alerts: int, proofs: int) -> None:
            pass

        around = Surroundings(
            brain=current,
            repository=self.repository,
            vault=FileVault(self.root / "evidence"),
            clock=Clock(),
            announce=announce,
        )
        task = asyncio.create_task(watch_inbox("inbox", self.inbox, SETTINGS, around, fetcher))
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait([task])  # how it ended is the test's own business

    async def until_empty(self) -> None:
        """Wait until every file was put aside."""
        async with asyncio.timeout(20):
            while any(one.is_file() for one in self.inbox.iterdir()):
                await asyncio.sleep(0.02)

    async def titles(self) -> list[str]:
        """What was stored, in order."""
        async with self.repository.reading() as work:
            return [one.title or one.text or "" for _, one in await work.findings.stored(10**9, 1000)][::-1]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    """An empty database that has the asset and the site."""
    url = f"sqlite:///{tmp_path / 'd.db'}"
    await upgrade(url)
    repository = SqlRepository.open(url)
    async with repository.writing() as work:
        await work.catalogue.save(ASSET, datetime.now(UTC))
        await work.sites.sync([("inbox", "inbox", "inbox")], datetime.now(UTC))
    yield Desk(tmp_path, repository)
    await repository.close()


async def test_a_magnet_that_was_dropped_becomes_a_finding(desk: Desk) -> None:
    """A line with a magnet of a named critical asset is a finding; the file then lies in `done`."""
    desk.drop("tip.txt", f"# from a colleague\nmagnet:?xt=urn:btih:{HEX}&dn=Tideglass-70B\n".encode())
    async with desk.watching(Pages({})):
        await desk.until_empty()
    async with desk.repository.reading() as work:
        (finding,) = await work.findings.list()
        (window,) = await work.sites.windows("inbox")
    assert (finding.asset, finding.verdict) == ("tideglass", Verdict.UNKNOWN)
    assert (window.verdict, window.items, window.new_items) == (Coverage.OK, 1, 1)
    assert [one.name for one in (desk.inbox / "done").iterdir()] == ["tip.txt"]


async def test_a_torrent_file_is_read_as_the_torrent_it_is(desk: Desk) -> None:
    """Name, size and infohash come from the info dictionary."""
    info = {b"length": 3_000_001, b"name": b"w.bin", b"piece length": 2**20, b"pieces": os.urandom(60)}
    desk.drop("x.torrent", encode({b"announce": b"http://t.example", b"info": info}))
    async with desk.watching(Pages({})):
        await desk.until_empty()
    async with desk.repository.reading() as work:
        ((_, seen),) = await work.findings.stored(10**9, 10)
    assert (seen.title, seen.size_bytes) == ("w.bin", 3_000_001)
    assert seen.files[0].path == "w.bin"


async def test_what_is_of_no_use_is_put_aside_with_the_reason(desk: Desk) -> None:
    """A broken torrent, a picture and a text that names nothing lie in `refused`, each with its reason."""
    desk.drop("broken.torrent", b"d4:infod6:lengthi1ee")
    desk.drop("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    desk.drop("words.txt", b"nothing to see\n")
    async with desk.watching(Pages({})):
        await desk.until_empty()
    refused = {one.name: one for one in (desk.inbox / "refused").iterdir()}
    assert set(refused) == {
        *("broken.torrent", "broken.torrent.reason.txt", "picture.png", "picture.png.reason.txt"),
        *("words.txt", "words.txt.reason.txt"),
    }
    assert "binary" in refused["picture.png.reason.txt"].read_text()
    assert "expected a .torrent file, or lines" in refused["words.txt.reason.txt"].read_text()
    assert refused["broken.torrent.reason.txt"].read_text().strip()


async def test_pages_that_lines_lead_to_are_read(desk: Desk) -> None:
    """An address is fetched, as one that may lead to public hosts only, and what the page says is held against the assets."""
    url = "https://paste.example/abc"
    body = f"<title>mirror</title>Tideglass 70B <a href='magnet:?xt=urn:btih:{HEX}'>get</a>".encode()
    pages = Pages({url: body})
    desk.drop("link.url", f"[InternetShortcut]\r\nURL={url}\r\nIconIndex=0\r\n".encode())
    async with desk.watching(pages):
        await desk.until_empty()
    assert [one.named_by for one in pages.asked] == [frozenset()]
    async with desk.repository.reading() as work:
        (finding,) = await work.findings.list()
    assert finding.asset == "tideglass"
    assert await desk.titles() == [url, "mirror"]


async def test_a_page_that_cannot_be_read_loses_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that fails for now keeps its file until a later try; one that is refused is told beside the file."""
    monkeypatch.setattr("leakwatch.streaming.inbox._AGAIN_S", 0.05)
    url, own = "https://slow.example/a", "https://own.example/b"
    answers: dict[str, bytes | SourceError] = {
        url: FetchFailed("no route"),
        own: AddressRefused("not public"),
    }
    pages = Pages(answers)
    desk.drop("links.txt", f"{url}\n{own}\n".encode())
    async with desk.watching(pages):
        async with asyncio.timeout(20):
            while sum(one.url == url for one in pages.asked) < 2:
                await asyncio.sleep(0.01)
        assert (desk.inbox / "links.txt").exists()
        answers[url] = b"<title>there</title>"
        await desk.until_empty()
    assert "there" in await desk.titles()
    assert (desk.inbox / "done" / "links.txt.unread.txt").read_text() == f"{own}: not public\n"


async def test_the_door_lets_no_line_reach_this_machine(desk: Desk) -> None:
    """A line with a loopback address is refused by the real door, although the operator listed that host for a site."""
    door = HttpFetcher(
        DoorSettings(contact="mailto:a@b.example", allow_hosts=frozenset({"127.0.0.1:9"})),
        secret=lambda name: "",
        clock=Clock(),
    )
    desk.drop("in.txt", b"http://127.0.0.1:9/admin\n")
    async with door, desk.watching(door):
        await desk.until_empty()
    told = (desk.inbox / "done" / "in.txt.unread.txt").read_text()
    assert "named by a page" in told


async def test_a_file_that_still_grows_is_left(desk: Desk) -> None:
    """What was written to just now, is hidden or is a download under way is not read."""
    desk.inbox.mkdir()
    for name in ("fresh.txt", ".hidden", "x.torrent.part"):
        (desk.inbox / name).write_text("magnet:?xt=urn:btih:" + HEX)
    for name in (".hidden", "x.torrent.part"):
        os.utime(desk.inbox / name, (1, 1))
    desk.drop("old.txt", f"{HEX}\n".encode())
    async with desk.watching(Pages({})):
        async with asyncio.timeout(20):
            while (desk.inbox / "old.txt").exists():
                os.utime(desk.inbox / "fresh.txt")
                await asyncio.sleep(0.01)
    left = {one.name for one in desk.inbox.iterdir() if one.is_file()}
    assert left == {"fresh.txt", ".hidden", "x.torrent.part"}


async def test_a_file_read_twice_is_one_item(desk: Desk) -> None:
    """After a death between commit and move the file is read again, and nothing is new."""
    body = f"magnet:?xt=urn:btih:{HEX}&dn=Tideglass-70B\n".encode()
    for _ in range(2):
        desk.drop("tip.txt", body)
        async with desk.watching(Pages({})):
            await desk.until_empty()
    async with desk.repository.reading() as work:
        windows = await work.sites.windows("inbox")
        assert len(await work.findings.list()) == 1
    assert sorted(one.new_items for one in windows) == [0, 1]
    assert len(list((desk.inbox / "done").iterdir())) == 2


async def test_a_folder_that_cannot_be_made_is_the_operators_mistake(desk: Desk) -> None:
    """A file in the folder's place is named."""
    desk.inbox.write_text("x")
    async with desk.watching(Pages({})) as task:
        with pytest.raises(ConfigError, match="cannot be used"):
            await asyncio.wait_for(task, 10)
