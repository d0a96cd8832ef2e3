"""Screenshots: drawn from what was kept, by a real Chromium that reaches nothing but what the door gives it."""

from __future__ import annotations

import asyncio
import os
import shutil
import struct
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from warcio.archiveiterator import ArchiveIterator

from leakwatch.cli._case import case_json, case_lines
from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.crawl.vault import FileVault
from leakwatch.evidence.archive import read
from leakwatch.evidence.checking import verify
from leakwatch.evidence.dossier import gather
from leakwatch.evidence.pack import build
from leakwatch.limited import browser as browsing
from leakwatch.limited.browser import Browser, NoPicture
from leakwatch.lookagain import LookDesk, look_at_host
from leakwatch.matching.index import build_index
from leakwatch.model.asset import Asset
from leakwatch.model.evidence import PICTURE, Screenshot
from leakwatch.model.route import Routing
from leakwatch.pipeline import Brain
from leakwatch.polling import SiteConfig, poll
from leakwatch.screenshots import Studio, draw_due
from leakwatch.service import load_rules, load_weights, show_finding
from leakwatch.sources import KINDS
from leakwatch.sources.feed import FeedSite
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import screenshot

from ..daemons import ASSET, MAGNET, Web, configured, site, until, watching  # noqa: TID252 - tests are no package that could be named
from ..pollers import NOON, Clock, Here  # noqa: TID252

needs_chromium = pytest.mark.skipif(
    not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    reason="there is no Chromium",
)
BROWSER = Browser(sandbox=os.geteuid() != 0)
HTML = {"content-type": "text/html; charset=utf-8"}


def png(red: int, green: int, blue: int, side: int = 40) -> bytes:
    """A square of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes((red, green, blue)) * side for _ in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    told = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + told


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height."""
    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


def pixels(picture: bytes) -> set[tuple[int, ...]]:
    """The colours of the first pixels of each row, whichever filter the row has: enough to tell plain pages apart."""
    data, at = b"", 8
    while at < len(picture):
        length = struct.unpack(">I", picture[at : at + 4])[0]
        if picture[at + 4 : at + 8] == b"IDAT":
            data += picture[at + 8 : at + 8 + length]
        at += length + 12
    width, height = size_of(picture)
    channels = {2: 3, 6: 4}[picture[25]]
    raw, stride = zlib.decompress(data), width * channels + 1
    found: set[tuple[int, ...]] = set()
    above = bytes(stride - 1)
    for row in range(height):
        line = unfiltered(raw[row * stride], raw[row * stride + 1 : (row + 1) * stride], above, channels)
        found |= {tuple(line[n : n + 3]) for n in range(0, 200 * channels, channels)}
        above = line
    return found


def unfiltered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    """One row of a PNG as it was before its filter (PNG, 9.2)."""
    told = bytearray(line)
    for n in range(len(told)):
        left, up = (told[n - step] if n >= step else 0), above[n]
        corner = above[n - step] if n >= step else 0
        guess = left + up - corner
        near = min((left, up, corner), key=lambda one, guess=guess: abs(guess - one))
        told[n] = (told[n] + (0, left, up, (left + up) // 2, near)[kind]) % 256
    return bytes(told)


@dataclass
class Room:
    """A feed whose item has a page for people, read by hand, and a studio."""

    web: Web
    repository: SqlRepository
    clock: Clock
    desk: LookDesk
    studio: Studio

    async def seen(self, page: str) -> None:
        """The item is seen in the feed, and its page is looked at a minute later."""
        link = f"{self.web.url}/item/7"
        self.web.pages["/item/7"] = (200, page, HTML)
        told = f"<item><guid>7</guid><title>Tideglass 70B</title><link>{link}</link><description>{MAGNET}</description></item>"
        self.web.pages["/feed"] = (
            200,
            f'<rss version="2.0"><channel><title>t</title>{told}</channel></rss>',
            {},
        )

        async def announce(alerts: int, proofs: int) -> None:
            pass

        one, own = self.desk, self.desk.sites["feed"]
        async with self.repository.reading() as work:
            state = await work.sites.get("feed")
        assert state
        around = (one.brain, one.repository, one.vault, one.fetcher, one.reader, one.clock)
        await poll(own, KINDS["feed"], state, *around, lambda: False, lambda *_: self.clock.at, announce)
        await self.look(1)

    async def look(self, minutes: float) -> None:
        """Look again, so much later."""
        self.clock.at = self.clock.at.replace(microsecond=0) + minutes * (NOON.replace(minute=1) - NOON)
        await look_at_host(self.web.url.removeprefix("http://"), self.desk)

    async def shots(self) -> list[Screenshot]:
        """What became of the pictures."""
        async with self.repository.reading() as work:
            (found,) = await work.findings.list()
            return await work.screenshots.of(found.id)


async def made(web: Web, repository: SqlRepository, folder: Path, fetcher: Any, asset: Asset = ASSET) -> Room:
    """All of it."""
    clock = Clock()
    own = SiteConfig(name="feed", kind="feed", settings=FeedSite(url=f"{web.url}/feed"), min_interval_s=0.0)
    async with repository.writing() as work:
        await work.catalogue.save(asset, NOON)
        await work.sites.sync([(own.name, own.kind, own.host)], NOON)
    brain = Brain(build_index([asset]), load_weights(), load_rules(None), Routing(), draws=True)
    vault, sites = FileVault(folder / "evidence"), {"feed": own}
    desk = LookDesk(
        sites=sites,
        brain=brain,
        repository=repository,
        vault=vault,
        fetcher=fetcher,
        reader=Here(),
        clock=clock,
    )
    studio = Studio(
        browser=BROWSER, sites=sites, repository=repository, vault=vault, fetcher=fetcher, clock=clock
    )
    return Room(web, repository, clock, desk, studio)


@pytest.fixture
async def room(web: Web, repository: SqlRepository, tmp_path: Path) -> AsyncIterator[Room]:
    """A work that is not under embargo."""
    settings = DoorSettings(contact="mailto:test@leakwatch.invalid", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=lambda _: "", clock=Clock()) as fetcher:
        yield await made(web, repository, tmp_path, fetcher)


@needs_chromium
async def test_a_page_is_drawn_from_what_was_kept(room: Room) -> None:
    """What a look kept is drawn with the images and styles that the door brings, though the page has changed since."""
    room.web.pages["/red.png"] = (200, png(250, 0, 0), {"content-type": "image/png"})
    room.web.pages["/style.css"] = (
        200,
        "body { background: #00c800; margin: 0 }",
        {"content-type": "text/css"},
    )
    await room.seen(f"<link rel=stylesheet href=/style.css><img src=/red.png><p>{MAGNET}")
    (wanted,) = await room.shots()
    assert wanted.words == "no screenshot yet"
    room.web.pages["/item/7"] = (200, "<body style='background: #0000ff'>gone", HTML)
    asked = len(room.web.asked)
    assert await draw_due(room.studio) == 1
    assert sorted(target for target, _ in room.web.asked[asked:]) == ["/red.png", "/style.css"]
    assert {headers["user-agent"].partition("/")[0] for _, headers in room.web.asked} == {"leakwatch"}
    (shot,) = await room.shots()
    assert shot.picture
    picture = room.studio.vault.get(shot.picture)
    colours = pixels(picture)
    assert {(250, 0, 0), (0, 200, 0)} <= colours
    assert (0, 0, 255) not in colours
    assert await draw_due(room.studio) == 0


@needs_chromium
async def test_a_picture_is_evidence(room: Room) -> None:
    """It has a WARC record beside the page's own, is in the audit, the pack and the report, and no budget evicts it."""
    await room.seen(f"<h1>Tideglass 70B</h1><p>{MAGNET}")
    await draw_due(room.studio)
    (shot,) = await room.shots()
    async with room.repository.reading() as work:
        (finding,) = await work.findings.list()
        captures = await work.evidence.of(finding.id)
        needed = await work.evidence.needed(NOON)
        entries = await work.audit.entries(finding.id)
    (drawn,) = [one for one in captures if one.parser == PICTURE]
    (page,) = [one for one in captures if one.digest == shot.digest]
    assert drawn.digest == shot.picture
    assert {drawn.digest, drawn.warc} <= needed
    assert any(shot.picture and shot.picture in one.detail for one in entries)
    told = [
        (one.rec_type, one.rec_headers, one.content_stream().read())
        for one in ArchiveIterator(BytesIO(room.studio.vault.get(drawn.warc or "")))
    ]
    page_ids = [
        one.rec_headers.get_header("WARC-Record-ID")
        for one in ArchiveIterator(BytesIO(room.studio.vault.get(page.warc or "")))
        if one.rec_type == "response"
    ]
    assert [one[0] for one in told] == ["resource", "metadata"]
    assert told[0][1].get_header("WARC-Concurrent-To") == page_ids[0]
    assert told[0][1].get_header("Content-Type") == "image/png"
    assert f"of: {page.digest}".encode() in told[1][2]
    dossier = await gather(finding.id, room.repository, room.studio.vault)
    pack = build(dossier)
    assert pack == build(await gather(finding.id, room.repository, room.studio.vault))
    assert verify(pack).problems == []
    members = read(pack).members
    assert f"bodies/{drawn.digest}" in members
    assert b'src="data:image/png;base64,iVBOR' in members["report.html"]
    case = await show_finding(finding.id, room.repository)
    assert any(f"screenshot: sha256 {drawn.digest}" in line for line in case_lines(case))
    assert case_json(case)["screenshots"][0]["picture"] == drawn.digest


HOSTILE = """
<meta http-equiv=refresh content="0;url={0}/refresh"><base href="{0}/">
<link rel=preconnect href="{0}"><link rel=dns-prefetch href="{0}"><link rel=prefetch href="{0}/prefetch">
<link rel=preload as=fetch crossorigin href="{0}/preload"><link rel=modulepreload href="{0}/module.js">
<link rel=prerender href="{0}/prerender"><link rel=manifest href="{0}/manifest"><link rel=icon href="{0}/icon.ico">
<script src="{0}/script.js"></script><script>fetch('{0}/fetch'); new Image().src = '{0}/by-script.png';
navigator.sendBeacon('{0}/beacon'); new WebSocket('ws://{1}/socket'); document.body.style.background = 'red'</script>
<script type=speculationrules>{{"prefetch": [{{"source": "list", "urls": ["{0}/speculation"]}}]}}</script>
<iframe src="{0}/frame"></iframe><object data="{0}/object"></object><embed src="{0}/embed">
<video src="{0}/video.mp4" poster="{0}/poster.png" autoplay></video><audio src="{0}/audio.mp3" autoplay></audio>
<style>@font-face {{ font-family: f; src: url("{0}/font.woff") }} p {{ font-family: f; background: url("{0}/back.png") }}</style>
<form id=f action="{0}/form" method=post><button autofocus>go</button></form><a ping="{0}/ping" href="{0}/link">x</a>
<img src="file:///etc/hostname"><img src="http://169.254.169.254/latest"><img src="http://localhost:{2}/local.png">
<img src="{0}/image.png" onerror="this.src='{0}/handler.png'"><p>some words</p>
"""


@needs_chromium
async def test_a_hostile_page_reaches_nothing_but_the_door(room: Room) -> None:
    """Scripts, frames, fonts, media, prefetches, pings and redirects of a page bring nothing to any server, nor its file."""
    other = Web()
    server = await asyncio.start_server(other.serve, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        told = f"127.0.0.1:{port}"
        await room.seen(HOSTILE.format(f"http://{told}", told, port) + MAGNET)
        assert await draw_due(room.studio) == 1
        await asyncio.sleep(0.5)
        assert other.asked == []
        room.web.pages["/image.png"] = (200, png(1, 2, 3), {"content-type": "image/png"})
        own = room.web.url.removeprefix("http://")
        room.web.pages["/item/7"] = (200, HOSTILE.format(room.web.url, own, port) + MAGNET, HTML)
        asked = len(room.web.asked)
        await room.look(10)
        assert await draw_due(room.studio) == 1
        await asyncio.sleep(0.5)
        had = {target for target, _ in room.web.asked[asked:]} - {"/item/7"}
        assert had <= {"/image.png", "/back.png", "/poster.png"}
        assert "/image.png" in had
        assert other.asked == []
    finally:
        server.close()
        await server.wait_closed()
    assert all(one.picture for one in await room.shots())


@needs_chromium
async def test_limits_of_what_a_page_may_have(room: Room) -> None:
    """At most thirty images and styles and 5 MiB of them are fetched, and none that is something else."""
    images = "".join(f"<img src=/i{number}.png>" for number in range(60))
    for number in range(60):
        room.web.pages[f"/i{number}.png"] = (200, png(number, 0, 0), {"content-type": "image/png"})
    room.web.pages["/i1.png"] = (200, "<p>no image", HTML)
    await room.seen(f"{images}<p>{MAGNET}")
    asked = len(room.web.asked)
    await draw_due(room.studio)
    assert len(room.web.asked) - asked == 30
    heavy = png(0, 0, 9) + os.urandom(2 * 2**20)
    for number in range(60):
        room.web.pages[f"/i{number}.png"] = (200, heavy, {"content-type": "image/png"})
    room.web.pages["/item/7"] = (200, f"{images}<p>other {MAGNET}", HTML)
    await room.look(10)
    asked = len(room.web.asked)
    await draw_due(room.studio)
    assert len(room.web.asked) - asked <= 7
    assert all(one.picture for one in await room.shots())


@needs_chromium
async def test_embargoed_assets_have_no_sub_resources(
    web: Web, repository: SqlRepository, tmp_path: Path
) -> None:
    """A page of a work under embargo, also one that was put under it later, is drawn from the kept bytes alone."""
    settings = DoorSettings(contact="mailto:test@leakwatch.invalid", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=lambda _: "", clock=Clock()) as fetcher:
        room = await made(web, repository, tmp_path, fetcher)
        web.pages["/red.png"] = (200, png(250, 0, 0), {"content-type": "image/png"})
        await room.seen(f"<img src=/red.png><p>{MAGNET}")
        async with repository.writing() as work:
            await work.catalogue.save(replace(ASSET, embargoed=True, swarm_lookup=True), NOON)
        asked = len(web.asked)
        assert await draw_due(room.studio) == 1
        assert len(web.asked) == asked


@needs_chromium
async def test_a_long_page_is_cut(room: Room) -> None:
    """A page of any height gives a picture of at most 4,000 pixels, and what it says of it tells of how many."""
    await room.seen(
        f"<body style='margin:0'><div style='height: 30000px; background: teal'></div><p>{MAGNET}"
    )
    await draw_due(room.studio)
    (shot,) = await room.shots()
    assert shot.picture
    assert size_of(room.studio.vault.get(shot.picture)) == (1280, 4000)


async def test_no_picture_says_why_and_blocks_nothing(room: Room) -> None:
    """Where there is no browser, the row and the finding say so; the capture, the look and the case are as ever."""
    await room.seen(f"<p>{MAGNET}")
    nowhere = replace(room.studio, browser=Browser(chromium=Path("/nowhere/chromium"), sandbox=False))
    assert await draw_due(nowhere) == 0
    (shot,) = await room.shots()
    assert shot.why
    assert "evidence.chromium_path" in shot.why or "Playwright is not installed" in shot.why
    async with room.repository.reading() as work:
        (finding,) = await work.findings.list()
        looks = await work.looks.of(finding.id)
    assert [one.outcome for one in looks if one.outcome]
    case = await show_finding(finding.id, room.repository)
    assert any(shot.words in line for line in case_lines(case))
    pack = build(await gather(finding.id, room.repository, room.studio.vault))
    assert verify(pack).problems == []
    assert b"no screenshot: " in read(pack).members["report.html"]


async def test_a_browser_that_hangs_is_ended(room: Room, tmp_path: Path) -> None:
    """A browser that never answers is ended with all its processes, and that is why there is no picture."""
    pytest.importorskip("playwright")
    marker = f"leakwatch-hang-{os.getpid()}"
    hanging = tmp_path / "chromium"
    hanging.write_text(f"#!/bin/sh\nexec sh -c 'sleep 300; true' {marker}\n")
    hanging.chmod(0o755)
    began = time.monotonic()
    slow = Browser(chromium=hanging, sandbox=False, wait_s=4.0)
    await room.seen(f"<p>{MAGNET}")
    drawing = asyncio.create_task(draw_due(replace(room.studio, browser=slow)))
    await until(lambda: bool(running(marker)))
    assert await drawing == 0
    assert time.monotonic() - began < 20
    (shot,) = await room.shots()
    assert shot.why == "it was not drawn within 4 s"
    assert running(marker) == []


def running(marker: str) -> list[int]:
    """Processes whose arguments have a word."""
    found: list[int] = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += [int(one.parent.name)] if marker.encode() in one.read_bytes() else []
    return found


async def test_root_needs_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """As root Chromium has no sandbox, so it is not started unless the configuration says so."""
    pytest.importorskip("playwright")
    monkeypatch.setattr(browsing.os, "geteuid", lambda: 0)
    with pytest.raises(NoPicture, match="chromium_sandbox"):
        Browser(chromium=Path("/bin/sh")).program()
    assert Browser(chromium=Path("/bin/sh"), sandbox=False).program() == "/bin/sh"


async def test_a_finding_has_at_most_twenty(room: Room) -> None:
    """Whoever edits a page without end does not keep the browser busy."""
    await room.seen(f"<p>{MAGNET}")
    async with room.repository.writing() as work:
        (finding,) = await work.findings.list()
        (page,) = [one for one in await work.evidence.of(finding.id) if one.url.endswith("/item/7")]
        for number in range(40):
            await work.screenshots.want([finding.id], replace(page, digest=f"{number:064x}"))
    assert len(await room.shots()) == 20
    async with room.repository.engine.connect() as connection:
        states = set((await connection.execute(sa.select(screenshot.c.state))).scalars())
    assert states == {"waiting"}


@needs_chromium
async def test_the_daemon_draws_the_first_capture(web: Web, tmp_path: Path) -> None:
    """With `screenshot = true` the page in HTML on which a leak was first seen is drawn by the daemon itself."""
    rows = f"<table><tr class=row><td class=name><a href=/item/1>Tideglass 70B</a> <a href='{MAGNET}'>m</a></table>"
    web.pages["/new"] = (200, f"<html><body>{rows}</body></html>", HTML)
    own = f"[evidence]\nscreenshot = true\nmin_free_bytes = 0\nchromium_sandbox = {str(BROWSER.sandbox).lower()}"
    listed = site("list", f"{web.url}/new", "page", 'rows = "tr.row"\ntitle = "td.name a"')
    async with watching(configured(tmp_path, web, listed, own), ASSET) as daemon:

        async def drawn() -> bool:
            async with daemon.repository.reading() as work:
                found = await work.findings.list()
                shots = await work.screenshots.of(found[0].id) if found else []
            return any(one.picture for one in shots)

        await until(drawn, 40)
