"""Edits and deletions of what each kind shows, by real servers on loopback: what was edited is told, kept and no noise."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.crawl.vault import FileVault
from leakwatch.evidence.checking import verify
from leakwatch.evidence.documents import Authors, timeline
from leakwatch.evidence.dossier import gather
from leakwatch.evidence.pack import build
from leakwatch.extract.hosts import NO_HOSTS
from leakwatch.limited.pages import PageReader
from leakwatch.lookagain import LookDesk
from leakwatch.lookagain.edits import Item, edits, lines_of, slots_of
from leakwatch.lookagain.seeing import Pages, Seen, compare_text
from leakwatch.matching.index import build_index
from leakwatch.model.evidence import DIFF, Outcome
from leakwatch.model.finding import EventKind
from leakwatch.model.observation import Observation
from leakwatch.model.route import Routing
from leakwatch.pipeline import Brain
from leakwatch.polling import SiteConfig
from leakwatch.service import load_rules, load_weights
from leakwatch.sources._kind import CredentialRef, Payload, Request
from leakwatch.sources._readable import MARK, READABLE, parse
from leakwatch.sources.discourse import DiscourseSite
from leakwatch.sources.feed import FeedSite
from leakwatch.sources.github import GithubSite
from leakwatch.sources.lemmy import LemmySite
from leakwatch.sources.paste import PasteSite
from leakwatch.sources.phpbb import PhpbbSite
from leakwatch.sources.reddit import RedditSite
from leakwatch.sources.telegram import TelegramSite
from leakwatch.sources.torznab import TorznabSite
from leakwatch.store.repository import SqlRepository

from ..daemons import ASSET, MAGNET, Web  # noqa: TID252 - tests are no package that could be named
from ..pollers import NOON, Clock, Here  # noqa: TID252
from .test_looks import Watch

HTML = {"content-type": "text/html; charset=utf-8"}
BOARD = (
    "<html><title>Tideglass 70B - a board</title><body><h2>Tideglass 70B</h2>{}"
    "<div class=stat-block><p>Users browsing this forum: {}</p></div></body></html>"
)
GIST = (
    "<html><title>Tideglass 70B</title><body><header>Star {}</header><main><h1>Tideglass 70B</h1>"
    "<table class='highlight'><tr><td>1<td>wget weights<tr><td>2<td>{}</table>"
    "<div class='timeline-comment'>{}</div></main></body></html>"
)
Opened = Callable[[str, Any], Any]


@pytest.fixture
async def opened(web: Web, repository: SqlRepository, tmp_path: Path) -> AsyncIterator[Opened]:
    """One site of any kind on the server, watched by hand."""
    clock = Clock()
    settings = DoorSettings(contact="mailto:test@leakwatch.invalid", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=lambda _: "id:secret", clock=clock) as fetcher:

        async def make(kind: str, told: Any) -> Watch:
            one = SiteConfig(name=kind, kind=kind, settings=told, min_interval_s=0.0)
            async with repository.writing() as work:
                await work.catalogue.save(ASSET, NOON)
                await work.sites.sync([(one.name, one.kind, one.host)], NOON)
            desk = LookDesk(
                sites={kind: one},
                brain=Brain(build_index([ASSET]), load_weights(), load_rules(None), Routing.to("hook")),
                repository=repository,
                vault=FileVault(tmp_path / "evidence"),
                fetcher=fetcher,
                reader=Here(),
                clock=clock,
            )
            return Watch(web, repository, clock, desk)

        yield make


def shown(web: Web, path: str, told: Any, status: int = 200) -> None:
    """An answer in JSON."""
    web.pages[path] = (status, json.dumps(told), {"content-type": "application/json"})


async def goes(watch: Watch, *, edit: Callable[[], None], delete: Callable[[], None]) -> str:
    """An item that was seen stays, is edited, and is deleted; answers the diff that was kept of the edit."""
    kind = next(iter(watch.desk.sites))
    await watch.poll(kind)
    assert set((await watch.look(1)).values()) == {Outcome.SAME}
    assert set((await watch.look(1)).values()) <= {Outcome.SAME}
    edit()
    assert (await watch.look(9))["+10m"] is Outcome.EDITED
    (event,) = await watch.events(EventKind.EDITED)
    diff = watch.desk.vault.get(event["diff"]).decode()
    assert event["now"] in diff
    delete()
    assert (await watch.look(60))["+60m"] is Outcome.DELETED
    assert len(await watch.events(EventKind.DELETED)) == 1
    finding = await watch.finding()
    dossier = await gather(finding.id, watch.repository, watch.desk.vault)
    assert [one.parser for one in dossier.captures].count(DIFF) == 1
    assert any("diff=" in line["detail"] for line in _timeline(dossier))
    assert verify(build(dossier)).problems == []
    async with watch.repository.reading() as work:
        assert event["diff"] in await work.evidence.needed(NOON)
    return diff


def _timeline(dossier: Any) -> list[dict[str, Any]]:
    return timeline(dossier, Authors(dossier, by_name=False))


async def test_a_post_of_discourse(web: Web, opened: Opened) -> None:
    """A post is read by its number, whatever was posted since; one that its author deleted is gone."""

    def post(number: int, text: str, **more: Any) -> dict[str, Any]:
        told = {
            "id": number,
            "username": "somebody",
            "created_at": "2026-11-20T11:58:30.123Z",
            "cooked": text,
        }
        return told | {"post_number": 1, "topic_id": 4, "topic_title": f"Tideglass 70B {number}", **more}

    def forum(*posts: dict[str, Any]) -> None:
        shown(web, "/posts.json", {"latest_posts": list(posts)})

    forum(post(7, f"<p>first</p><p>{MAGNET}</p>"))
    watch = await opened("discourse", DiscourseSite(url=web.url))
    diff = await goes(
        watch,
        edit=lambda: forum(post(7, f"<p>second, password: tide</p><p>{MAGNET}</p>")),
        delete=lambda: forum(post(7, "", user_deleted=True), post(6, "other")),
    )
    assert "+<p>second, password: tide</p>" in diff
    assert any(target == "/posts.json?before=7" for target, _ in web.asked)


async def test_a_post_of_lemmy(web: Web, opened: Opened) -> None:
    """A post of the instance's own is asked for alone; one that a moderator removed is gone."""

    def view(body: str, **more: Any) -> dict[str, Any]:
        post = {"id": 5, "ap_id": f"{web.url}/post/5", "name": "Tideglass 70B", "body": body}
        return {"post": post | {"published": "2026-11-20T11:00:00Z", **more}, "creator": {"name": "somebody"}}

    def now(body: str, **more: Any) -> None:
        shown(web, "/api/v3/post", {"post_view": view(body, **more)})

    shown(web, "/api/v3/post/list", {"posts": [view(f"here: {MAGNET}")]})
    now(f"here: {MAGNET}")
    watch = await opened("lemmy", LemmySite(url=web.url, comments=False))
    diff = await goes(
        watch, edit=lambda: now(f"there: {MAGNET}"), delete=lambda: now(f"there: {MAGNET}", removed=True)
    )
    assert f"-here: {MAGNET}" in diff


async def test_a_post_of_reddit(web: Web, opened: Opened) -> None:
    """A post is asked for by its name; one whose text was removed is gone."""

    def listing(text: str) -> dict[str, Any]:
        data = {
            "id": "abc",
            "name": "t3_abc",
            "title": "Tideglass 70B",
            "selftext": text,
            "author": "somebody",
        }
        data |= {"permalink": "/r/leaks/comments/abc/x/", "created_utc": 1795000000.0, "is_self": True}
        return {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": data}], "after": None}}

    def now(text: str) -> None:
        shown(web, "/api/info", listing(text))

    shown(web, "/api/v1/access_token", {"access_token": "token", "expires_in": 3600, "token_type": "bearer"})
    shown(web, "/r/leaks/new", listing(f"here: {MAGNET}"))
    now(f"here: {MAGNET}")
    told = RedditSite(
        url=web.url, web_url=web.url, subreddits=("leaks",), comments=False, app=CredentialRef("app")
    )
    watch = await opened("reddit", told)
    diff = await goes(watch, edit=lambda: now(f"mirror: {MAGNET}"), delete=lambda: now("[removed]"))
    assert f"+mirror: {MAGNET}" in diff


async def test_a_post_of_telegram(web: Web, opened: Opened) -> None:
    """A post is looked for among those up to it; what was posted later does not hide it."""

    def channel(*posts: tuple[int, str]) -> None:
        told = "".join(
            f'<div class="tgme_widget_message" data-post="lantern/{number}">'
            f'<div class="tgme_widget_message_text">{text}</div></div>'
            for number, text in posts
        )
        page = f'<html><body><section class="tgme_channel_history">{told}</section></body></html>'
        web.pages["/s/lantern"] = (200, page, HTML)

    channel((6, "hello"), (7, f"Tideglass 70B {MAGNET}"))
    watch = await opened("telegram", TelegramSite(channel="lantern", url=web.url))
    diff = await goes(
        watch,
        edit=lambda: channel((6, "hello"), (7, f"Tideglass 70B, all parts {MAGNET}")),
        delete=lambda: channel((5, "older"), (6, "hello")),
    )
    assert "all parts" in diff
    assert any(target == "/s/lantern?before=8" for target, _ in web.asked)


@pytest.mark.parametrize("what", ["issues", "releases"])
async def test_an_item_of_github(web: Web, opened: Opened, what: str) -> None:
    """An issue and a release are asked for alone by the API; 404 and 451 say that they are gone."""
    is_release = what == "releases"

    def item(body: str) -> dict[str, Any]:
        told = {"id": 9, "number": 3, "title": "Tideglass 70B", "name": "Tideglass 70B", "body": body}
        place = "releases/tag/v1" if is_release else "issues/3"
        told |= {"html_url": f"https://github.com/some/repo/{place}", "user": {"login": "somebody"}}
        return told | {
            "created_at": "2026-11-20T11:00:00Z",
            "updated_at": "2026-11-20T11:00:00Z",
            "assets": [],
        }

    one = f"/repos/some/repo/{what}/{9 if is_release else 3}"
    shown(web, f"/repos/some/repo/{what}", [item(f"here: {MAGNET}")])
    shown(web, one, item(f"here: {MAGNET}"))
    watch = await opened(
        "github",
        GithubSite(url=web.url, repositories=("some/repo",), streams=(what,)),  # pyright: ignore[reportArgumentType]
    )
    diff = await goes(
        watch,
        edit=lambda: shown(web, one, item(f"here it was: {MAGNET}")),
        delete=lambda: shown(
            web, one, {"message": "Unavailable for legal reasons"}, 451 if is_release else 404
        ),
    )
    assert f"+here it was: {MAGNET}" in diff


async def test_a_paste(web: Web, opened: Opened) -> None:
    """The text of a paste is read again where it was read; one that was removed is gone."""

    def text(told: str) -> None:
        web.pages["/api_scrape_item.php"] = (200, told, {"content-type": "text/plain"})

    key = {
        "key": "abcd1234",
        "title": "Tideglass 70B",
        "full_url": f"{web.url}/abcd1234",
        "date": "1795000000",
    }
    shown(web, "/api_scraping.php", [key | {"size": "100", "user": "somebody", "syntax": "text"}])
    web.pages["/abcd1234"] = (200, f"<h1>Tideglass 70B</h1><pre>{MAGNET}</pre>", HTML)
    text(f"Tideglass 70B {MAGNET}")
    watch = await opened("paste", PasteSite(url=web.url))
    await watch.poll("paste")
    assert set((await watch.look(1)).values()) == {Outcome.SAME}
    web.pages["/abcd1234"] = (200, f"<h1>Tideglass 70B</h1><pre>password: tide\n{MAGNET}</pre>", HTML)
    text(f"Tideglass 70B, password: tide {MAGNET}")
    assert Outcome.EDITED in (await watch.look(10)).values()
    web.pages["/abcd1234"] = (404, "Not Found (#404)", HTML)
    web.pages["/api_scrape_item.php"] = (404, "Error, paste not found", {})
    assert Outcome.DELETED in (await watch.look(60)).values()


class Index:
    """Pages for people of an item that a feed names, with all that changes by itself around it."""

    def __init__(self, web: Web, path: str) -> None:
        self.web, self.path, self.loads = web, path, 0

    def show(self, body: str, below: str = "", *, minutes: int = 1, related: str = "a b c") -> None:
        """The page as it is now."""
        self.loads += 1
        views, token = 1000 + 37 * self.loads, f"csrf{self.loads:040x}"
        advert = ("Win a boat", "Buy gold", "Hot deals near you", "Play now")[self.loads % 4]
        some = "".join(
            f"<li><a href='magnet:?xt=urn:btih:{one * 40}'>Other {one}</a>" for one in related.split()
        )
        page = (
            f"<html><head><title>Tideglass 70B - an index</title><meta name=csrf content={token}></head><body>"
            f"<nav><a href=/>home</a> {self.loads} online</nav><div class='ad-slot'>{advert}</div>"
            f"<p>{advert} again</p><form><input type=hidden name=token value={token}></form>"
            f"<h1>Tideglass 70B</h1><p>added {minutes} minutes ago, {views} views, {views * 3} downloads</p>"
            f"<div class=description>{body}</div><p>Seeders: {self.loads} | Leechers: {views}</p>"
            f"<div class=comments>{below}</div><div class=posts><ul>{some}</ul></div>"
            f"<footer>page made in 0.{self.loads} s</footer></body></html>"
        )
        self.web.pages[self.path] = (200, page, HTML)


async def seen_in(web: Web, watch: Watch, link: str) -> None:
    """The kind's feed shows an item with a link to its page."""
    told = f"<item><guid>7</guid><title>Tideglass 70B</title><link>{link}</link><description>{MAGNET}</description>"
    size = "<enclosure url='http://127.0.0.1/x.torrent' length='3000001' type='application/x-bittorrent'/>"
    rss = f'<rss version="2.0"><channel><title>t</title>{told}{size}</item></channel></rss>'
    for path in ("/feed", "/api", "/app.php/feed"):
        web.pages[path] = (200, rss, {"content-type": "application/rss+xml"})
    await watch.poll(next(iter(watch.desk.sites)))


async def test_the_page_of_an_index(web: Web, opened: Opened) -> None:
    """Counts, ages, advertisements, tokens, related items and comments are no edits; a word of the description is."""
    watch = await opened("torznab", TorznabSite(url=f"{web.url}/api"))
    page = Index(web, "/item/7")
    body = f"<p>all weights, 130 GB</p><p>unpack with 7z</p><a href='{MAGNET}'>get</a>"
    page.show(body)
    await seen_in(web, watch, f"{web.url}/item/7")
    assert await watch.look(1) == {"+1m": Outcome.SAME}
    page.show(body, minutes=2, related="b c d")
    assert await watch.look(1) == {"again+1m": Outcome.SAME}
    page.show(body, "<p class=comment>thanks!</p>", minutes=11, related="e f a")
    assert await watch.look(9) == {"+10m": Outcome.SAME}
    page.show(
        body.replace("unpack with 7z", "password: tideglass"), "<p class=comment>thanks!</p>", minutes=61
    )
    assert await watch.look(50) == {"+60m": Outcome.EDITED}
    (event,) = await watch.events(EventKind.EDITED)
    assert (event["was"], event["now"]) == ("unpack with 7z", "password: tideglass")
    assert event["what"] == "text of the page (1 lines gone, 1 new)"
    assert watch.desk.vault.get(event["diff"]) == b"@@\n-unpack with 7z\n+password: tideglass\n"


@pytest.mark.parametrize(
    ("notice", "says"),
    [
        (
            "<html><title>Removed</title><h1>This content has been removed</h1><p>DMCA notice of somebody",
            "removed",
        ),
        ("<html><title>Error 404</title><h1>Page not found</h1>", "not found"),
        ("<html><body><p>The topic you requested does not exist.", "does not exist"),
        ("<html><body><h2>Dieser Beitrag wurde gelöscht.</h2>", "gelöscht"),
    ],
)
async def test_a_notice_in_its_place(web: Web, opened: Opened, notice: str, says: str) -> None:
    """A page that answers 200 and says that what was there is gone is gone; what it says is told."""
    watch = await opened("feed", FeedSite(url=f"{web.url}/feed"))
    Index(web, "/item/7").show(f"<a href='{MAGNET}'>get</a>")
    await seen_in(web, watch, f"{web.url}/item/7")
    assert await watch.look(1) == {"+1m": Outcome.SAME}
    web.pages["/item/7"] = (200, notice, HTML)
    assert set((await watch.look(10)).values()) == {Outcome.DELETED}
    (event,) = await watch.events(EventKind.DELETED)
    assert says in event["what"]


async def test_451_is_a_deletion(web: Web, opened: Opened) -> None:
    """A page that is withheld for legal reasons is gone, and a server that only refuses says nothing."""
    watch = await opened("feed", FeedSite(url=f"{web.url}/feed"))
    Index(web, "/item/7").show("x")
    await seen_in(web, watch, f"{web.url}/item/7")
    await watch.look(1)
    web.pages["/item/7"] = (403, "no", {})
    assert set((await watch.look(1)).values()) == {Outcome.UNREACHABLE}
    web.pages["/item/7"] = (451, "no", {})
    assert set((await watch.look(10)).values()) == {Outcome.DELETED}


async def test_a_gist(web: Web, opened: Opened) -> None:
    """The page of a gist that a feed names is read as text: an edit of a line is seen, its comments are not its own."""
    watch = await opened("feed", FeedSite(url=f"{web.url}/feed"))

    def gist(line: str, comments: str = "", stars: int = 1) -> None:
        web.pages["/somebody/aa11"] = (
            200,
            GIST.format(stars, line, comments),
            HTML,
        )

    gist("sha256 of part one")
    await seen_in(web, watch, f"{web.url}/somebody/aa11")
    await watch.look(1)
    gist("sha256 of part one", "nice", 2)
    assert await watch.look(1) == {"again+1m": Outcome.SAME}
    gist("sha256 of part two", "nice", 3)
    assert await watch.look(9) == {"+10m": Outcome.EDITED}


async def test_a_topic_of_phpbb(web: Web, opened: Opened) -> None:
    """Of a topic's page only the post itself counts: answers come and go, who is online changes, the post was edited."""
    watch = await opened("phpbb", PhpbbSite(url=web.url))

    def topic(text: str, *answers: str, online: str = "anna, bert") -> None:
        posts = "".join(
            f"<div id=p{number} class='post has-profile bg2'><div class=postbody><div class=content>{one}</div></div></div>"
            for number, one in enumerate((text, *answers), 7)
        )
        web.pages["/viewtopic.php"] = (
            200,
            BOARD.format(posts, online),
            HTML,
        )

    text = f"get it while it lasts<br>{MAGNET}"
    topic(text, "thanks")
    await seen_in(web, watch, f"{web.url}/viewtopic.php?p=7#p7")
    await watch.look(1)
    topic(text, "thanks", "me too", online="carl")
    assert await watch.look(1) == {"again+1m": Outcome.SAME}
    topic(text, "me too", "does it work?", online="dora, emil")
    assert await watch.look(9) == {"+10m": Outcome.SAME}
    topic(text.replace("while it lasts", "with the key 1234"), "me too", online="dora")
    assert await watch.look(50) == {"+60m": Outcome.EDITED}
    (event,) = await watch.events(EventKind.EDITED)
    assert (event["was"], event["now"]) == ("get it while it lasts", "get it with the key 1234")


async def test_a_link_of_several_that_goes(web: Web, opened: Opened) -> None:
    """A page that names one of two links no more was edited."""
    other = f"magnet:?xt=urn:btih:{'e' * 40}"
    watch = await opened("feed", FeedSite(url=f"{web.url}/feed"))
    Index(web, "/item/7").show(f"<a href='{MAGNET}'>one</a> <a href='{other}'>two</a>")
    told = f"<item><guid>7</guid><title>Tideglass 70B</title><link>{web.url}/item/7</link><description>{MAGNET} {other}</description>"
    web.pages["/feed"] = (
        200,
        f'<rss version="2.0"><channel><title>t</title>{told}</item></channel></rss>',
        {},
    )
    await watch.poll("feed")
    await watch.look(1)
    Index(web, "/item/7").show(f"<a href='{MAGNET}'>one</a>")
    assert set((await watch.look(10)).values()) == {Outcome.EDITED}
    (event,) = await watch.events(EventKind.EDITED)
    assert "names 1 of 2 links no more" in event["what"]


@dataclass
class Text:
    """A page as text, compared by hand."""

    title: str = "Tideglass 70B"

    def lines(self, page: str) -> Any:
        item = Observation(site="s", native_id="1", title=self.title, fetched_at=NOON, text="take it")
        return lines_of(read(page), Item.of(item, (), NO_HOSTS))


def read(page: str) -> Observation:
    """A page as the reader tells it."""
    payload = Payload(
        request=Request(url="http://a.example/"),
        url="http://a.example/",
        status=200,
        headers=HTML,
        body=page.encode(),
        fetched_at=NOON,
    )
    return parse(payload).observations[0]


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("posted 5 minutes ago", "posted 1 hour ago"),
        ("vor 3 Stunden", "gestern"),
        ("il y a 2 heures, 12 vues", "il y a 3 jours, 99 vues"),
        ("5 分钟前", "2 小时前"),
        ("1,234 views · 5 likes", "98,765 views · 77 likes"),
        ("updated 2026-11-20 12:00:01", "updated 2026-11-20 13:10:59"),
    ],
)
def test_time_and_counts_are_no_edits(then: str, now: str) -> None:
    """What only counts or tells the time is the same, also where no pair of looks has shown that it changes."""
    told = Text()
    pages = [told.lines(f"<h1>Tideglass 70B</h1><p>{one}</p><p>take it</p>") for one in (then, now)]
    assert edits(*pages, {}) == []


@pytest.mark.parametrize("now", ["Tideglass 7B", "Tideglass 80B", "take it not", "new line"])
def test_what_the_item_showed_is_compared_to_the_letter(now: str) -> None:
    """A number of its own title, or a line within its part, is an edit."""
    told = Text()
    before = told.lines("<h1>Tideglass 70B</h1><p>a</p><p>take it</p>")
    after = told.lines("<h1>Tideglass 70B</h1><p>a</p><p>take it</p>".replace(*REPLACED[now]))
    assert edits(before, after, {})


REPLACED = {
    "Tideglass 7B": ("Tideglass 70B", "Tideglass 7B"),
    "Tideglass 80B": ("Tideglass 70B", "Tideglass 80B"),
    "take it not": ("take it", "take it not"),
    "new line": ("<p>a</p>", "<p>a</p><p>new line</p>"),
}


def test_a_place_that_changes_by_itself_holds_no_more_than_it_did() -> None:
    """Where one line changes by itself, another one is noise; a line more is an edit, and so is one of the item's own."""
    told = Text()
    page = "<h1>Tideglass 70B</h1><p>{}</p><p>take it</p>"
    first, second = told.lines(page.format("Buy gold")), told.lines(page.format("Win a boat"))
    slots = slots_of(first, second)
    assert edits(second, told.lines(page.format("Hot deals")), slots) == []
    assert edits(second, told.lines(page.format("Hot deals<br>password: x")), slots)
    assert edits(second, told.lines(page.format("Hot deals")), {})
    assert edits(second, told.lines(page.format("Hot deals")), None) == []


def test_deleted_text_on_a_page_that_stays() -> None:
    """A page that shows `[deleted]` in place of the item's text says that it was deleted."""
    told = Text()
    before = told.lines("<h1>Tideglass 70B</h1><p>take it</p><p>a comment</p>")
    after = told.lines("<h1>Tideglass 70B</h1><p>[deleted]</p><p>a comment</p>")
    seen = Seen(Outcome.SAME, "the page is there", is_page=True)
    assert compare_text(seen, Pages(after, before)).outcome is Outcome.DELETED


def test_what_is_read_of_a_page() -> None:
    """Scripts, navigation, hidden fields and advertisements are left out; links stand behind their line."""
    page = (
        "<title>t</title><script>x()</script><nav>home</nav><div class='ads top'>gold</div><p>a <b>b</b>c</p>"
        f"<a href='{MAGNET}&tr=http://x&dn=y'>get</a><article>z</article><style>p</style><p hidden>q</p>"
    )
    assert read(page).text == f"a bc\nget\n→ {MAGNET}\n{MARK}\nz\nq"
    assert read(page).title == "t"


def test_a_page_nested_without_end_is_read() -> None:
    """Depth costs nothing but the page itself."""
    assert (read("<p>top</p>" + "<div>" * 20_000 + "deep").text or "").startswith("top")


async def test_the_limited_process_reads_it() -> None:
    """The text of a page of strangers is read where their markup is, and comes back the same."""
    reader = PageReader(processes=1)
    payload = Payload(
        request=Request(url="http://a.example/"),
        url="http://a.example/",
        status=200,
        headers=HTML,
        body="<title>t</title><p>ä b</p>".encode(),
        fetched_at=NOON,
    )
    try:
        page = await reader.read(READABLE, payload)
    finally:
        await reader.aclose()
    assert page.observations[0].text == "ä b"
