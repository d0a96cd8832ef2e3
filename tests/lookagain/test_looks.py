"""Further looks at places: still up, edited, gone, or unknown; with the real door, a board and a feed on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.crawl.vault import FileVault
from leakwatch.lookagain import LookDesk, look_at_host
from leakwatch.lookagain.renaming import led_to
from leakwatch.matching.index import build_index
from leakwatch.model.asset import Asset
from leakwatch.model.evidence import Look, Outcome
from leakwatch.model.finding import EventKind, Finding, State
from leakwatch.model.route import Routing
from leakwatch.pipeline import Brain
from leakwatch.polling import SiteConfig, poll
from leakwatch.service import load_rules, load_weights
from leakwatch.sources import KINDS
from leakwatch.sources._kind import Exchange, Payload, Request
from leakwatch.sources.feed import FeedSite
from leakwatch.sources.gitlab import GitlabSite
from leakwatch.sources.huggingface import HuggingfaceSite
from leakwatch.sources.imageboard import ImageboardSite
from leakwatch.store.repository import SqlRepository

from ..daemons import ASSET, MAGNET, Web  # noqa: TID252 - tests are no package that could be named
from ..pollers import NOON, Clock, Here  # noqa: TID252


@dataclass
class Watch:
    """A board and a feed, read by hand."""

    web: Web
    repository: SqlRepository
    clock: Clock
    desk: LookDesk

    def thread(self, *posts: tuple[int, str]) -> None:
        """What the board shows of its one thread; nothing means it is deleted."""
        if not posts:
            self.web.pages["/g/thread/1.json"] = (404, "gone", {})
            return
        told = [{"no": no, "resto": 0 if no == 1 else 1, "time": 1, "com": text} for no, text in posts]
        self.web.pages["/g/thread/1.json"] = (200, json.dumps({"posts": told}), {})
        catalog = [{"threads": [{"no": 1, "last_modified": int(self.clock.at.timestamp()), "replies": 1}]}]
        self.web.pages["/g/catalog.json"] = (200, json.dumps(catalog), {})

    def projects(self, *named: tuple[int, str]) -> None:
        """What the forge lists: numbers and names of projects."""
        told = [
            {
                "id": number,
                "path_with_namespace": f"ann/{name}",
                "web_url": f"{self.web.url}/ann/{name}",
                "description": "Tideglass 70B weights",
                "created_at": "2026-11-20T11:00:00Z",
            }
            for number, name in named
        ]
        self.web.pages["/api/v4/projects"] = (200, json.dumps(told), {})

    async def poll(self, name: str) -> None:
        """Poll one site."""

        async def announce(alerts: int, proofs: int) -> None:
            pass

        site, one = self.desk.sites[name], self.desk
        async with self.repository.reading() as work:
            state = await work.sites.get(name)
        assert state
        around = (one.brain, one.repository, one.vault, one.fetcher, one.reader, one.clock)
        due = self.clock.at + timedelta(minutes=1)
        await poll(site, KINDS[site.kind], state, *around, lambda: False, lambda *_: due, announce)

    async def look(self, minutes: float) -> dict[str, Outcome | None]:
        """So much later, look at what is due; answers the outcome of each step that was looked at."""
        self.clock.at += timedelta(minutes=minutes)
        host = self.web.url.removeprefix("http://")
        before = {one.id for one in await self.looks() if one.outcome}
        await look_at_host(host, self.desk)
        return {one.step: one.outcome for one in await self.looks() if one.outcome and one.id not in before}

    async def looks(self) -> list[Look]:
        """All looks at the one finding."""
        finding = await self.finding()
        async with self.repository.reading() as work:
            return await work.looks.of(finding.id)

    async def finding(self) -> Finding:
        """The one finding."""
        async with self.repository.reading() as work:
            (found,) = await work.findings.list()
        return found

    async def events(self, kind: EventKind) -> list[dict[str, str]]:
        """What happened of one kind."""
        finding = await self.finding()
        async with self.repository.reading() as work:
            return [dict(e.detail) for e in await work.findings.events(finding.id) if e.kind is kind]

    async def told(self) -> list[str]:
        """What was said, oldest first."""
        async with self.repository.reading() as work:
            noted = await work.announcements.noted((await work.findings.list())[0].id)
            return [one.headline for one in noted]


async def made(
    web: Web, repository: SqlRepository, folder: Path, asset: Asset, fetcher: Any, clock: Clock
) -> Watch:
    """Sites, an asset, and a channel."""
    sites = {
        "board": SiteConfig(
            name="board",
            kind="imageboard",
            settings=ImageboardSite(url=web.url, web_url=web.url, boards=("g",)),
            min_interval_s=0.0,
        ),
        "feed": SiteConfig(
            name="feed", kind="feed", settings=FeedSite(url=f"{web.url}/feed"), min_interval_s=0.0
        ),
    }
    forge = GitlabSite(url=web.url, newest_projects=True)
    sites["forge"] = SiteConfig(name="forge", kind="gitlab", settings=forge, min_interval_s=0.0)
    hub = HuggingfaceSite(url=web.url)
    sites["hub"] = SiteConfig(name="hub", kind="huggingface", settings=hub, min_interval_s=0.0)
    async with repository.writing() as work:
        await work.catalogue.save(asset, NOON)
        await work.sites.sync([(one.name, one.kind, one.host) for one in sites.values()], NOON)
    brain = Brain(build_index([asset]), load_weights(), load_rules(None), Routing.to("hook"))
    desk = LookDesk(
        sites=sites,
        brain=brain,
        repository=repository,
        vault=FileVault(folder / "evidence"),
        fetcher=fetcher,
        reader=Here(),
        clock=clock,
    )
    return Watch(web, repository, clock, desk)


@pytest.fixture
async def watch(web: Web, repository: SqlRepository, tmp_path: Path) -> AsyncIterator[Watch]:
    """The board has a post with a magnet, and it was seen."""
    clock = Clock()
    settings = DoorSettings(contact="mailto:test@leakwatch.invalid", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=lambda _: "", clock=clock) as fetcher:
        yield await made(web, repository, tmp_path, ASSET, fetcher, clock)


async def test_still_up_then_edited_then_deleted(watch: Watch) -> None:
    """A post is looked at after 1, 10 and 60 minutes: it is told once each that it was edited and that it is gone."""
    watch.thread((1, "hello"), (2, f"Tideglass 70B {MAGNET}"))
    await watch.poll("board")
    assert await watch.look(0.5) == {}
    assert await watch.look(1) == {"+1m": Outcome.SAME}
    watch.thread((1, "hello"), (2, f"Tideglass 70B, better {MAGNET}"))
    assert await watch.look(10) == {"+10m": Outcome.EDITED}
    watch.thread((1, "hello"))
    assert await watch.look(60) == {"+60m": Outcome.DELETED}
    assert [one["what"] for one in await watch.events(EventKind.EDITED)] == ["text"]
    assert [one["what"] for one in await watch.events(EventKind.DELETED)] == [
        "it is missing where all items stand until they are deleted"
    ]
    told = await watch.told()
    assert sum("was edited" in one for one in told) == 1
    assert sum("is gone; the evidence is kept" in one for one in told) == 1
    finding = await watch.finding()
    assert (finding.state, finding.sightings) == (State.NEW, 2)
    async with watch.repository.reading() as work:
        captures = await work.evidence.of(finding.id)
        entries = await work.audit.entries(finding.id)
    bodies = [watch.desk.vault.get(one.digest) for one in captures]
    assert any(b"better" in body for body in bodies)
    assert bodies[-1] == json.dumps({"posts": [{"no": 1, "resto": 0, "time": 1, "com": "hello"}]}).encode()
    assert [one.action for one in entries] == ["captured", "looked", "looked", "looked"]


async def test_an_edit_is_told_by_the_next_look_where_the_first_one_died(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a look stores of an edit and that it is told are one: killed in between, neither is there."""
    watch.thread((1, "hello"), (2, f"Tideglass 70B {MAGNET}"))
    await watch.poll("board")
    watch.thread((1, "hello"), (2, f"Tideglass 70B, better {MAGNET}"))

    async def dies(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("leakwatch.lookagain.job._tell", dies)
        with pytest.raises(KeyboardInterrupt):
            await watch.look(1)
    assert (await watch.finding()).sightings == 1
    await watch.look(1)
    assert [one["what"] for one in await watch.events(EventKind.EDITED)] == ["text"]
    assert (await watch.finding()).sightings == 2


async def test_all_gone_is_proposed(watch: Watch) -> None:
    """A case whose places are gone twice an hour apart is proposed as removed, once; its state stays."""
    watch.thread((1, f"Tideglass 70B {MAGNET}"))
    await watch.poll("board")
    watch.thread()
    assert await watch.look(1) == {"+1m": Outcome.DELETED}
    assert await watch.look(10) == {"+10m": Outcome.DELETED}
    assert len(await watch.events(EventKind.DELETED)) == 1
    assert set((await watch.look(60)).values()) == {Outcome.DELETED}
    assert [one.get("proposed") for one in await watch.events(EventKind.DELETED)] == [None, "removed"]
    assert (await watch.finding()).state is State.NEW


async def test_all_gone_closes_where_the_configuration_says_so(watch: Watch) -> None:
    """With close_when_gone the case is removed, by whom and why is told, and its places are looked at once more."""
    watch.desk = replace(watch.desk, close_when_gone=True)
    watch.thread((1, f"Tideglass 70B {MAGNET}"))
    await watch.poll("board")
    watch.thread()
    await watch.look(1)
    await watch.look(61)
    assert (await watch.finding()).state is State.REMOVED
    assert len(await watch.events(EventKind.STATE)) == 1
    async with watch.repository.writing() as work:
        assert await work.looks.plan_removed(watch.clock.at) == 1
        assert await work.looks.plan_removed(watch.clock.at) == 0
    assert any(one.startswith("removed ") and one.endswith("+1m") for one in await watch.look(1))


async def test_all_gone_once_more_after_it_was_there_again(watch: Watch) -> None:
    """A case that was closed because all was gone, and that is open again, is proposed and closed anew when all is gone."""
    watch.desk = replace(watch.desk, close_when_gone=True)
    watch.thread((1, f"Tideglass 70B {MAGNET}"))
    await watch.poll("board")
    for times in (1, 2):
        watch.thread()
        await watch.look(1)
        await watch.look(61)
        assert (await watch.finding()).state is State.REMOVED
        assert len([1 for one in await watch.events(EventKind.DELETED) if "proposed" in one]) == times
        async with watch.repository.writing() as work:
            assert await work.looks.plan_removed(watch.clock.at) == 1
        watch.thread((times + 1, f"Tideglass 70B once more {MAGNET}"))
        await watch.poll("board")
        assert (await watch.finding()).state is State.REOPENED


async def test_late_looks_are_one(watch: Watch) -> None:
    """A daemon that was down looks once, not three times."""
    watch.thread((1, f"Tideglass 70B {MAGNET}"))
    await watch.poll("board")
    asked = len(watch.web.asked)
    outcomes = await watch.look(600)
    assert outcomes == dict.fromkeys(("+1m", "+10m", "+60m"), Outcome.SAME)
    assert len(watch.web.asked) == asked + 1


@pytest.mark.parametrize(
    ("page", "outcome"),
    [
        ((200, f"<p>here it is: {MAGNET}", {}), Outcome.SAME),
        ((404, "nothing", {}), Outcome.DELETED),
        ((410, "nothing", {}), Outcome.DELETED),
        ((500, "oops", {}), Outcome.UNREACHABLE),
        ((403, "no", {}), Outcome.UNREACHABLE),
        ((429, "slower", {"Retry-After": "5"}), Outcome.UNREACHABLE),
        ((302, "", {"Location": "/"}), Outcome.UNREACHABLE),
        ((200, "", {}), Outcome.UNREACHABLE),
        (
            (
                200,
                "<!doctype html><html><head><title>Just a moment...</title></head><body><script>window._cf_chl_opt={}</script>",
                {},
            ),
            Outcome.UNREACHABLE,
        ),
    ],
)
async def test_a_page_for_people(
    watch: Watch, page: tuple[int, str, dict[str, str]], outcome: Outcome
) -> None:
    """Where no kind reads an item's page, its status and its links say whether it is there; a refusal says nothing."""
    await seen_in_feed(watch, page)
    assert await watch.look(1) == {"+1m": outcome}


async def test_a_page_that_no_look_has_seen(watch: Watch) -> None:
    """A page that was never there for us is told as such: what is taken for its address may be wrong."""
    await seen_in_feed(watch, (404, "nothing", {}))
    await watch.look(1)
    assert [one["what"] for one in await watch.events(EventKind.DELETED)] == [
        "the page answers 404; no look has seen it there"
    ]


async def test_a_page_that_was_there(watch: Watch) -> None:
    """A page that a look has seen and that is gone now is gone without a doubt."""
    await seen_in_feed(watch, (200, f"<p>{MAGNET}", {}))
    await watch.look(1)
    watch.web.pages["/item/7"] = (404, "nothing", {})
    await watch.look(10)
    assert [one["what"] for one in await watch.events(EventKind.DELETED)] == ["the page answers 404"]


async def seen_in_feed(watch: Watch, page: tuple[int, str, dict[str, str]]) -> None:
    """An item of a feed whose own page is on the same server."""
    link = f"{watch.web.url}/item/7"
    watch.web.pages["/"] = (200, "<p>welcome", {})
    watch.web.pages["/item/7"] = page
    told = f"<item><guid>7</guid><title>Tideglass 70B</title><link>{link}</link><description>{MAGNET}</description></item>"
    watch.web.pages["/feed"] = (
        200,
        f'<rss version="2.0"><channel><title>t</title>{told}</channel></rss>',
        {},
    )
    await watch.poll("feed")


async def test_a_repository(watch: Watch) -> None:
    """The page of a hub's repository is read by its kind: other files are an edit, and 404 says that it is deleted."""
    files = [{"rfilename": "w.bin", "size": 3_000_001, "lfs": {"sha256": "11" * 32, "size": 3_000_001}}]
    told = {"id": "somebody/w", "sha": "a" * 40, "lastModified": "2026-11-20T11:00:00.000Z"}
    watch.web.pages["/api/models"] = (200, json.dumps([told]), {})
    watch.web.pages["/api/models/somebody/w"] = (200, json.dumps({**told, "siblings": files}), {})
    for name in ("/api/datasets", "/api/spaces"):
        watch.web.pages[name] = (200, "[]", {})
    await watch.poll("hub")
    assert await watch.look(1) == {"+1m": Outcome.SAME}
    more = [*files, {"rfilename": "x.bin", "size": 5}]
    watch.web.pages["/api/models/somebody/w"] = (200, json.dumps({**told, "siblings": more}), {})
    assert await watch.look(10) == {"+10m": Outcome.EDITED}
    assert [one["what"] for one in await watch.events(EventKind.EDITED)] == ["size, files"]
    watch.web.pages["/api/models/somebody/w"] = (404, "{}", {})
    assert await watch.look(60) == {"+60m": Outcome.DELETED}


@pytest.mark.parametrize("number", [{"_id": "6571"}, {}], ids=["with its number", "by the way there"])
async def test_a_repository_that_was_renamed(watch: Watch, number: dict[str, str]) -> None:
    """Its old name leads to the new one: it was edited, not deleted, and whoever shows the new one joins the case."""
    told = {"id": "somebody/w", "sha": "a" * 40, "lastModified": "2026-11-20T11:00:00.000Z", **number}
    files = [{"rfilename": "w.bin", "size": 3_000_001, "lfs": {"sha256": "11" * 32, "size": 3_000_001}}]
    for name in ("/api/datasets", "/api/spaces"):
        watch.web.pages[name] = (200, "[]", {})
    watch.web.pages["/api/models"] = (200, json.dumps([told]), {})
    watch.web.pages["/api/models/somebody/w"] = (200, json.dumps({**told, "siblings": files}), {})
    await watch.poll("hub")
    new = {**told, "id": "somebody/other", "sha": "b" * 40}
    watch.web.pages["/api/models/somebody/w"] = (307, "", {"Location": "/api/models/somebody/other"})
    watch.web.pages["/api/models/somebody/other"] = (200, json.dumps({**new, "siblings": files}), {})
    assert await watch.look(1) == {"+1m": Outcome.EDITED}
    watch.web.pages["/api/models"] = (200, json.dumps([new]), {})
    await watch.poll("hub")
    async with watch.repository.reading() as work:
        (finding,) = await work.findings.list()
        keys = await work.findings.keys(finding.id)
    for name in ("w", "other"):
        assert f"repository:{watch.web.url.replace('http', 'https')}/somebody/{name}" in keys
    assert any(key.startswith("repo:") for key in keys) is bool(number)


@pytest.mark.parametrize(("number", "cases"), [(5, 1), (6, 2)])
async def test_one_number_is_one_case(watch: Watch, number: int, cases: int) -> None:
    """A project that is listed under another name, with nothing else to tell it by, is the case of its number."""
    for told in ((5, "Tideglass-70B"), (number, "Tideglass-70B-next")):
        watch.projects(told)
        await watch.poll("forge")
    async with watch.repository.reading() as work:
        found = await work.findings.list()
    assert (len(found), sum(one.sightings for one in found)) == (cases, 2)


async def test_a_page_that_leads_to_the_new_name(watch: Watch) -> None:
    """A project's old page leads to another one for good: a case that holds that address is the same case."""
    url = watch.web.url
    watch.projects((5, "Tideglass-70B"), (6, "Tideglass-70B-next"))
    watch.web.pages["/ann/Tideglass-70B"] = (301, "", {"Location": "/ann/tideglass-70b-next"})
    for page in ("/ann/tideglass-70b-next", "/ann/Tideglass-70B-next"):
        watch.web.pages[page] = (200, "<p>weights", {})
    await watch.poll("forge")
    async with watch.repository.reading() as work:
        assert len(await work.findings.list()) == 2
    watch.clock.at += timedelta(minutes=1)
    await look_at_host(url.removeprefix("http://"), watch.desk)
    async with watch.repository.reading() as work:
        (finding,) = await work.findings.list()
        keys = await work.findings.keys(finding.id)
    assert finding.sightings == 2
    assert {f"repo:127.0.0.1/{number}" for number in (5, 6)} <= set(keys)


OLD = "https://forge.example/ann/w"


@pytest.mark.parametrize(
    ("trail", "new"),
    [
        ([(301, OLD, "https://forge.example/bob/W2.git")], "https://forge.example/bob/w2"),
        ([(308, "http://forge.example/Ann/W", OLD), (301, OLD, "https://forge.example/bob/w")], "https://forge.example/bob/w"),
        ([(301, OLD, "https://forge.example/x/y"), (301, "", "https://forge.example/bob/w")], "https://forge.example/bob/w"),
        ([(302, OLD, "https://forge.example/bob/w")], None),
        ([(301, OLD, "https://forge.example/x/y"), (302, "", "https://forge.example/bob/w")], None),
        ([(301, OLD, "https://other.example/bob/w")], None),
        ([(301, OLD, "https://forge.example/ann")], None),
        ([(301, OLD, "https://forge.example/ann/w/tree")], None),
        ([(301, OLD, "https://forge.example/users/sign_in?to=w")], None),
        ([(301, OLD, "https://forge.example/ann/W/")], None),
        ([(301, "https://forge.example/api/w", "https://forge.example/bob/w")], None),
        ([], None),
    ],
)  # fmt: skip
def test_where_a_repository_moved(trail: list[tuple[int, str, str]], new: str | None) -> None:
    """Only a way for good, on the same host and as deep, to another name says that it was renamed."""
    exchange = Exchange(method="GET", sent=(), redirects=tuple(trail))
    url = trail[-1][2] if trail else OLD
    request = Request(url=OLD)
    payload = Payload(
        request=request, url=url, status=200, headers={}, body=b"", fetched_at=NOON, exchange=exchange
    )
    assert led_to(OLD, payload) == new
    assert led_to(OLD, replace(payload, status=404)) is None


async def test_links_that_leave_a_page(watch: Watch) -> None:
    """A page that named the links and names them no more was edited; one whose robots.txt forbids it is not asked."""
    await seen_in_feed(watch, (200, f"<p>{MAGNET}", {}))
    assert await watch.look(1) == {"+1m": Outcome.SAME}
    watch.web.pages["/item/7"] = (200, "<p>nothing to see", {})
    assert set((await watch.look(10)).values()) == {Outcome.EDITED}


async def test_robots_and_embargo_hold(web: Web, repository: SqlRepository, tmp_path: Path) -> None:
    """A page that robots.txt forbids is not asked for; of an embargoed asset nothing is planned at all."""
    web.pages["/robots.txt"] = (200, "User-agent: *\nDisallow: /item", {})
    clock = Clock()
    settings = DoorSettings(contact="mailto:test@leakwatch.invalid", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=lambda _: "", clock=clock) as fetcher:
        watch = await made(web, repository, tmp_path, ASSET, fetcher, clock)
        await seen_in_feed(watch, (200, "<p>x", {}))
        assert await watch.look(1) == {"+1m": Outcome.UNREACHABLE}
        assert not [target for target, _ in web.asked if target.startswith("/item")]


async def test_embargoed_assets_are_not_looked_at(
    web: Web, repository: SqlRepository, tmp_path: Path
) -> None:
    """Nobody can tell from our requests that a post about an embargoed asset was noticed."""
    clock = Clock()
    settings = DoorSettings(contact="mailto:test@leakwatch.invalid", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=lambda _: "", clock=clock) as fetcher:
        asset = replace(ASSET, embargoed=True)
        watch = await made(web, repository, tmp_path, asset, fetcher, clock)
        watch.thread((1, f"Tideglass 70B {MAGNET}"))
        await watch.poll("board")
        assert await watch.looks() == []
