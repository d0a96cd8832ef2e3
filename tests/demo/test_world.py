"""The replay's world without a daemon: the story, the sites' shapes, the sinks."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from leakwatch.demo.background import Background
from leakwatch.demo.board import comment_html
from leakwatch.demo.director import Director
from leakwatch.demo.narrator import Narrator
from leakwatch.demo.story import LeakCopy, LeakPost, LeakPull, News, Story, plan_story
from leakwatch.demo.weights import write_weights
from leakwatch.demo.world import World, listening_socket, served
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2
from leakwatch.torrent.metainfo import parse_torrent

BASE = "http://world.test"
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
HASHES = Infohashes(InfohashV1(bytes(range(20))), InfohashV2(bytes(range(32))))
MAGNET = f"magnet:?xt=urn:btih:{bytes(range(20)).hex()}&dn=the%20file&tr=udp%3A%2F%2Fnowhere.invalid%3A1"
NYAA = "{https://nyaa.si/xmlns/nyaa}"
TORZNAB = "{http://torznab.com/schemas/2015/feed}"


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float = 1_700_000_000.25

    def __call__(self) -> float:
        return self.now


@dataclass
class Stand:
    """A furnished world, a client of it, and its director."""

    world: World
    clock: Clock
    director: Director
    background: Background
    client: httpx.AsyncClient

    async def json(self, path: str) -> object:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def happen(self, kind: type) -> None:
        """Let the story's beats of one kind happen."""
        for beat in self.world.story.beats:
            if isinstance(beat, kind):
                self.director.happen(beat)


@asynccontextmanager
async def furnished(folder: Path, story: Story | None = None) -> AsyncIterator[Stand]:
    """A world in its first moment."""
    story = story or plan_story(11)
    clock = Clock()
    world = World(story, BASE, folder, clock, SECRET)
    background = Background(world)
    background.furnish()
    write_weights(story, folder / "weights")
    director = Director(world, MAGNET, folder / "weights", Narrator(clock, io.StringIO()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=world.app), base_url=BASE) as client:
        yield Stand(world, clock, director, background, client)


def seed_with(kind: type, text: str, *, inside: bool) -> int:
    """A seed whose beat of this kind has, or has not, the text in its body."""
    for seed in range(100):
        beat = next(beat for beat in plan_story(seed).beats if isinstance(beat, kind))
        if (text in beat.body) is inside:
            return seed
    raise AssertionError("no such seed")


def test_comments_are_html_with_breaks_inside_long_runs() -> None:
    """A run without spaces is cut by <wbr> every 35 characters, and what remains without tags is the text."""
    text = f">look & see\n{MAGNET}\n>>123"
    shown = comment_html(text)
    lines = shown.split("<br>")
    assert lines[0] == '<span class="quote">&gt;look &amp; see</span>'
    assert lines[2] == '<a href="#p123" class="quotelink">&gt;&gt;123</a>'
    parts = [html.unescape(part) for part in lines[1].split("<wbr>")]
    assert "".join(parts) == MAGNET
    assert {len(part) for part in parts[:-1]} == {35}
    assert html.unescape(re.sub(r"<(?!br)[^>]*>", "", shown)).replace("<br>", "\n") == text


async def test_the_catalogue_agrees_with_the_threads(tmp_path: Path) -> None:
    """Every thread of the catalogue can be read, with as many replies and the opening post that were listed."""
    async with furnished(tmp_path) as stand:
        listed = [thread for page in await stand.json("/board/g/catalog.json") for thread in page["threads"]]
        plain = [thread for page in await stand.json("/board/g/threads.json") for thread in page["threads"]]
        assert [one["no"] for one in plain] == [one["no"] for one in listed]
        for one in listed:
            posts = (await stand.json(f"/board/g/thread/{one['no']}.json"))["posts"]
            assert len(posts) - 1 == one["replies"]
            assert posts[0]["com"] == one["com"]
            assert {post["resto"] for post in posts[1:]} <= {one["no"]}
            assert all(post["time"] <= one["last_modified"] for post in posts)
        assert (await stand.client.get("/board/g/thread/1.json")).status_code == 404
        assert (await stand.client.get("/board/b/catalog.json")).status_code == 404


async def test_an_unchanged_page_is_answered_304_and_a_change_within_the_second_is_not(
    tmp_path: Path,
) -> None:
    """Last-Modified sent back gives 304 without a body until a post arrives, be it in the same second."""
    async with furnished(tmp_path) as stand:
        number = stand.world.board.thread_numbers[0]
        for path in (
            "/board/g/catalog.json",
            f"/board/g/thread/{number}.json",
            "/index/rss.xml",
            "/news/rss.xml",
        ):
            first = await stand.client.get(path)
            known = {"If-Modified-Since": first.headers["Last-Modified"]}
            again = await stand.client.get(path, headers=known)
            assert (again.status_code, again.content) == (304, b"")
        before = await stand.client.get(f"/board/g/thread/{number}.json")
        for _ in range(2):  # the clock stands still
            stand.world.board.reply(number, "one more")
            known = {"If-Modified-Since": before.headers["Last-Modified"]}
            before = await stand.client.get(f"/board/g/thread/{number}.json", headers=known)
            assert before.status_code == 200


async def test_the_indexes_list_real_torrents_none_of_which_is_the_asset(tmp_path: Path) -> None:
    """Each entry's infohash is that of its torrent file, RSS and Torznab alike, and new ones come every second."""
    async with furnished(tmp_path) as stand:
        rss = ET.fromstring((await stand.client.get("/index/rss.xml")).content)
        items = rss.findall("channel/item")
        assert len(items) >= 40
        for item in items[:5]:
            enclosure = item.find("enclosure").attrib
            torrent = parse_torrent((await stand.client.get(enclosure["url"])).content)
            assert str(torrent.infohashes) == item.findtext(f"{NYAA}infoHash")
            assert re.fullmatch(r"[\d.]+ [KMGT]iB", item.findtext(f"{NYAA}size"))
            assert not torrent.problems
        answer = ET.fromstring((await stand.client.get("/torznab/api", params={"t": "search"})).content)
        first = answer.find("channel/item")
        attributes = {one.get("name"): one.get("value") for one in first.findall(f"{TORZNAB}attr")}
        assert attributes.keys() >= {"infohash", "size", "magneturl", "seeders", "category"}
        assert attributes["magneturl"].endswith(attributes["infohash"])
        assert (await stand.client.get("/torznab/api", params={"t": "caps"})).text.count("<category ") == 5
        titles = {item.findtext("title") for item in items}
        family = stand.world.story.family
        near = {title for title in titles if family.brand in title or family.model in title}
        assert near
        assert not any(family.size_class in title.replace("-", " ").split() for title in near)
        stand.background.tick()
        later = ET.fromstring((await stand.client.get("/index/rss.xml")).content)
        assert {item.findtext("title") for item in later.findall("channel/item")} - titles


async def test_a_post_with_the_magnet_appears_on_the_board(tmp_path: Path) -> None:
    """Before the beat no post has the magnet; after it one reply has, cut by <wbr>, and its thread has grown."""
    async with furnished(tmp_path) as stand:

        async def threads() -> dict[int, dict]:
            pages = await stand.json("/board/g/catalog.json")
            return {thread["no"]: thread for page in pages for thread in page["threads"]}

        async def bearers() -> list[int]:
            posts = [
                post
                for number in await threads()
                for post in (await stand.json(f"/board/g/thread/{number}.json"))["posts"]
            ]
            return [p["resto"] for p in posts if html.escape(MAGNET) in p["com"].replace("<wbr>", "")]

        before = await threads()
        assert await bearers() == []
        stand.happen(LeakPost)
        (thread,) = await bearers()
        assert (await threads())[thread]["last_modified"] > before[thread]["last_modified"]
        assert stand.director.visible_at == {"board": stand.clock.now}


async def test_a_deleted_post_is_gone_from_catalog_and_address(tmp_path: Path) -> None:
    """Once its thread is taken down, a catalog asked for with the old time is new, and the thread is not found."""
    async with furnished(tmp_path) as stand:
        stand.director.delete_post()
        assert stand.director.deleted_at is None
        stand.happen(LeakPost)
        post = stand.director.post
        address = f"/board/g/thread/{post.resto}.json"
        assert (await stand.client.get(address)).status_code == 200
        catalog = await stand.client.get("/board/g/catalog.json")
        stand.clock.now += 1
        stand.director.delete_post()
        assert not stand.world.catalog_read_since(stand.director.deleted_at)
        assert (await stand.client.get(address)).status_code == 404
        stand.clock.now += 1
        known = {"If-Modified-Since": catalog.headers["Last-Modified"]}
        pages = (await stand.client.get("/board/g/catalog.json", headers=known)).json()
        assert post.resto not in {thread["no"] for page in pages for thread in page["threads"]}
        assert stand.world.catalog_read_since(stand.director.deleted_at)


async def test_a_pull_request_has_the_magnet_in_its_body_or_in_its_diff(tmp_path: Path) -> None:
    """After the beat the newest issue of the owner's repository is a pull request with the magnet in one place."""
    for inside in (True, False):
        story = plan_story(seed_with(LeakPull, "{magnet}", inside=inside))
        async with furnished(tmp_path / str(inside), story) as stand:
            issues = f"/github/repos/{story.owner}/{story.repository}/issues"
            query = {"state": "all", "sort": "updated", "direction": "desc"}
            before = (await stand.client.get(issues, params=query)).json()
            assert not any(MAGNET in one["body"] for one in before)
            stand.happen(LeakPull)
            newest, *_ = (await stand.client.get(issues, params=query)).json()
            assert newest["pull_request"]["html_url"] == newest["html_url"]
            people = await stand.client.get(newest["html_url"])
            assert (people.status_code, newest["title"] in people.text) == (200, True)
            assert (await stand.client.get(f"{newest['html_url']}00")).status_code == 404
            files = await stand.json(f"{newest['pull_request']['url']}/files")
            assert [one["filename"] for one in files] == ["README.md"]
            assert (MAGNET in newest["body"], MAGNET in files[0]["patch"]) == (inside, not inside)
            since = query | {"since": newest["updated_at"]}
            assert [one["number"] for one in (await stand.client.get(issues, params=since)).json()] == [
                newest["number"]
            ]
            found = (
                await stand.client.get("/github/search/issues", params={"q": f'"{newest["title"]}" is:pr'})
            ).json()
            assert (found["total_count"], found["items"][0]["id"]) == (1, newest["id"])


async def test_the_code_host_pages_with_links_and_lists_comments(tmp_path: Path) -> None:
    """A short page names the next one, following it gives the rest, and comments point to their issue."""
    async with furnished(tmp_path) as stand:
        story = stand.world.story
        repository = f"/github/repos/{story.owner}/{story.repository}"
        first = await stand.client.get(f"{repository}/issues", params={"per_page": 5})
        second = await stand.client.get(first.links["next"]["url"])
        numbers = [one["number"] for one in first.json() + second.json()]
        assert sorted(numbers) == list(range(1, 9))
        issue = first.json()[0]
        assert (await stand.json(f"{repository}/issues/{issue['number']}"))["title"] == issue["title"]
        assert (await stand.client.get(f"{repository}/issues/999999")).status_code == 404
        comment, *_ = await stand.json(f"{repository}/issues/comments")
        assert comment["issue_url"].startswith(f"{BASE}{repository}/issues/")
        assert await stand.json(f"{repository}/pulls/comments") == []
        assert (await stand.client.get("/github/repos/no/body/issues")).status_code == 404


async def test_a_copy_with_the_assets_hashes_appears_on_the_hub(tmp_path: Path) -> None:
    """After the beat the newest model is the stranger's, and its LFS files have the asset's sizes and SHA-256."""
    async with furnished(tmp_path) as stand:
        newest = {"sort": "lastModified", "direction": "-1", "limit": "10", "full": "true"}
        before = (await stand.client.get("/hub/api/models", params=newest)).json()
        stand.clock.now += 1
        stand.happen(LeakCopy)
        after = (await stand.client.get("/hub/api/models", params=newest)).json()
        assert after[0]["id"] not in {model["id"] for model in before}
        model = await stand.json(f"/hub/api/models/{after[0]['id']}?blobs=true")
        files = {path.name: path.read_bytes() for path in (tmp_path / "weights").iterdir()}
        assert {one["rfilename"]: one["size"] for one in model["siblings"]} == {
            n: len(d) for n, d in files.items()
        }
        kept = {one["rfilename"]: one["lfs"] for one in model["siblings"] if "lfs" in one}
        assert kept
        assert all(lfs["sha256"] == hashlib.sha256(files[name]).hexdigest() for name, lfs in kept.items())
        small = [one for one in model["siblings"] if "lfs" not in one]
        for one in small:
            blob = b"blob %d\0%s" % (one["size"], files[one["rfilename"]])
            assert one["blobId"] == hashlib.sha1(blob).hexdigest()


async def test_noise_and_news_are_counted_when_they_are_handed_out(tmp_path: Path) -> None:
    """Only what a client received counts, once each, the leak's own items never, and polls are noticed per site."""
    async with furnished(tmp_path) as stand:
        assert (stand.world.noise_items, stand.world.news_items) == (0, 0)
        assert not stand.world.polled_sites
        stand.happen(News)
        await stand.client.get("/news/rss.xml")
        assert (stand.world.noise_items, stand.world.news_items) == (3, 10)
        for path in ("/index/rss.xml", "/index/rss.xml", "/torznab/api?t=search", "/hub/api/models"):
            await stand.client.get(path)
        counted = stand.world.noise_items
        stand.clock.now += 1
        stand.happen(LeakCopy)
        await stand.client.get("/hub/api/models")
        assert stand.world.noise_items == counted > 100
        assert stand.world.polled_sites == {"news", "index", "torznab", "hub"}


async def test_the_world_answers_on_a_real_socket(tmp_path: Path) -> None:
    """Served by uvicorn on a free port, the world answers and stops again."""
    listener = listening_socket()
    base = "http://{}:{}".format(*listener.getsockname())
    world = World(plan_story(3), base, tmp_path, Clock(), SECRET)
    async with served(world.app, listener), httpx.AsyncClient() as client:
        assert (await client.get(f"{base}/robots.txt")).status_code == 200
        assert (await client.get(f"{base}/nothing")).status_code == 404
    assert [one.status for one in world.requests] == [200, 404]
