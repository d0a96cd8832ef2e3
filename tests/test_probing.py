"""`source test` against real servers on loopback: what is found, what it costs, and what is said of a failure."""

from __future__ import annotations

import asyncio
import json
import tomllib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leakwatch.cli import app
from leakwatch.config import load_config
from leakwatch.extract.hosts import NO_HOSTS
from leakwatch.model.observation import Observation
from leakwatch.probing import judge
from leakwatch.probing.finding import MAX_REQUESTS
from leakwatch.probing.guessing import by_address, by_page
from leakwatch.sources._kind import Payload, Request

from .daemons import MAGNET, Web

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own server need not be spared."""
    monkeypatch.setattr("leakwatch.cli._probing._PACE_S", 0.0)


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    """A web server on loopback."""
    served = Web()
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield served
    server.close()
    await server.wait_closed()


def rss(count: int, gap: timedelta, item: str = "", dated: bool = True) -> str:
    """A feed of items at even distances, the newest a minute ago."""
    told = "".join(
        f"<item><title>Release number {n}</title><link>https://x.example/{n}</link><guid>{n}</guid>"
        + (f"<pubDate>{format_datetime(NOW - timedelta(minutes=1) - n * gap)}</pubDate>" if dated else "")
        + f"{item}</item>"
        for n in range(count)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{told}</channel></rss>'


async def tried(folder: Path, what: str, *more: str, config: str = "") -> Result:
    """The command, as a person would give it."""
    file = folder / "leakwatch.toml"
    file.write_text(f'[http]\ncontact = "mailto:a@b.example"\nallow_hosts = ["127.0.0.1"]\n{config}')
    return await asyncio.to_thread(
        CliRunner().invoke, app, ["source", "test", what, "--config", str(file), *more]
    )


async def test_a_feed_on_one_screen(tmp_path: Path, web: Web) -> None:
    """A newcomer is told kind, items, times, fields, examples, an interval, and a block that the reader takes."""
    web.pages["/new.xml"] = (200, rss(75, timedelta(seconds=90), f"<description>{MAGNET}</description>"), {})
    result = await tried(tmp_path, f"{web.url}/new.xml")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100
    text = result.stdout
    assert "works     feed, by its content; 1 request" in text
    assert "items     75, newest " in text
    assert "about 40 an hour over 111.0 minutes: poll every 15m, or items are missed" in text
    assert "title 100%  date 100%  size 0%  infohash 100%  magnet 100%  torrent 0%  author 0%" in text
    assert text.count("Release number") == 3
    block = text[text.index("[[sites]]") :]
    (tmp_path / "sites.d").mkdir()
    (tmp_path / "sites.d" / "pasted.toml").write_text(block)
    (site,) = load_config(tmp_path / "leakwatch.toml").sites
    assert (site.kind, site.settings.url, float(site.every)) == ("feed", f"{web.url}/new.xml", 900.0)
    assert [path for path, _ in web.asked] == ["/new.xml"]


async def test_a_page_leads_to_its_feed(tmp_path: Path, web: Web) -> None:
    """Of a page the feed that it names on its own host is read; one elsewhere is not asked for."""
    head = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="{href}">'
        for href in ("http://127.0.0.1:9/steal", "/comments.xml", "/new.xml")
    )
    web.pages["/"] = (
        200,
        f"<!DOCTYPE html><html><head>{head}</head><body><p>welcome to our index</p></body></html>",
        {},
    )
    web.pages["/new.xml"] = (200, rss(20, timedelta(hours=1)), {})
    told = json.loads((await tried(tmp_path, f"{web.url}/", "--json")).stdout)
    assert (told["works"], told["kind"], told["why"]) == (True, "feed", "the page names it")
    assert tomllib.loads(told["block"])["sites"][0]["url"] == f"{web.url}/new.xml"
    assert len(web.asked) <= MAX_REQUESTS


TORZNAB = '<?xml version="1.0"?><rss version="2.0" xmlns:torznab="http://torznab.com/schemas/2015/feed"><channel><item><title>a</title><guid>1</guid><torznab:attr name="size" value="5"/></item></channel></rss>'
CATALOG = json.dumps([{"page": 1, "threads": [{"no": 5, "last_modified": 9, "replies": 0}]}])
THREAD = json.dumps({"posts": [{"no": 5, "resto": 0, "time": int(NOW.timestamp()), "com": "look here"}]})


@pytest.mark.parametrize(
    ("path", "pages", "kind", "setting"),
    [
        ("/api?t=search&q=", {"/api": TORZNAB}, "torznab", "/api"),
        (
            "/b/catalog.json",
            {"/b/catalog.json": CATALOG, "/b/thread/5.json": THREAD},
            "imageboard",
            "",
        ),
        (
            "/latest.json",
            {
                "/latest.json": '{"topic_list": {}}',
                "/posts.json": json.dumps(
                    {
                        "latest_posts": [
                            {
                                "id": 4,
                                "raw": "hi",
                                "created_at": "2026-11-01T10:00:00Z",
                                "topic_title": "t",
                                "topic_id": 1,
                                "post_number": 1,
                                "username": "u",
                            }
                        ]
                    }
                ),
            },
            "discourse",
            "",
        ),
    ],
)
async def test_kinds_are_told_by_what_they_show(
    tmp_path: Path, web: Web, path: str, pages: dict[str, str], kind: str, setting: str
) -> None:
    """An index, a board and a forum are known by an answer of theirs, and read by their kind."""
    web.pages |= {where: (200, body, {}) for where, body in pages.items()}
    told = json.loads((await tried(tmp_path, web.url + path, "--json")).stdout)
    assert (told["kind"], told["items"]) == (kind, 1), told
    assert tomllib.loads(told["block"])["sites"][0]["url"] == web.url + setting


LYNX_THREAD = json.dumps({"threadId": 7, "creation": NOW.isoformat(), "markdown": "look here", "posts": []})
VICHAN_CATALOG = json.dumps(
    [{"page": 0, "threads": [{"no": 5, "last_modified": 9, "tim": "15-0", "ext": ".png"}]}]
)
LYNX_CATALOG = json.dumps([{"threadId": 7, "lastBump": NOW.isoformat(), "markdown": "look here"}])
GITLAB = (
    '<html prefix="og: http://ogp.me/ns#"><head><meta content="GitLab" property="og:site_name"></head></html>'
)
ISSUE = {"iid": 1, "id": 9, "title": "look here", "created_at": "2026-11-01T10:00:00Z", "project_id": 3}


@pytest.mark.parametrize(
    ("path", "pages", "kind", "settings"),
    [
        (
            "/b/catalog.json",
            {"/b/catalog.json": VICHAN_CATALOG, "/b/res/5.json": THREAD},
            "imageboard",
            {"dialect": "vichan"},
        ),
        (
            "/b/catalog.json",
            {"/b/catalog.json": LYNX_CATALOG, "/b/res/7.json": LYNX_THREAD},
            "imageboard",
            {"dialect": "lynxchan"},
        ),
        (
            "/b/",
            {
                "/b/": "<html><body><footer><p>- Tinyboard + vichan 5 -</p></footer></body></html>",
                "/b/catalog.json": VICHAN_CATALOG,
                "/b/res/5.json": THREAD,
            },
            "imageboard",
            {"dialect": "vichan", "boards": ["b"]},
        ),
        (
            "/b/",
            {
                "/b/": '<!DOCTYPE html><html><footer>Powered by <a href="x">LynxChan</a> 2.8</footer></html>',
                "/b/catalog.json": LYNX_CATALOG,
                "/b/res/7.json": LYNX_THREAD,
            },
            "imageboard",
            {"dialect": "lynxchan", "boards": ["b"]},
        ),
        (
            "/lamps/reed/-/issues",
            {
                "/lamps/reed/-/issues": GITLAB,
                "/api/v4/projects/lamps%2Freed/issues": json.dumps(
                    [ISSUE | {"web_url": "https://git.example/lamps/reed/-/issues/1"}]
                ),
                "/api/v4/projects/lamps%2Freed/merge_requests": "[]",
            },
            "gitlab",
            {"projects": ["lamps/reed"]},
        ),
    ],
)
async def test_programs_are_told_by_their_pages(
    tmp_path: Path, web: Web, path: str, pages: dict[str, str], kind: str, settings: dict[str, object]
) -> None:
    """Boards of vichan and LynxChan and an instance of GitLab are known, and the block says which they are."""
    web.pages |= {where: (200, body, {}) for where, body in pages.items()}
    told = json.loads((await tried(tmp_path, web.url + path, "--json")).stdout)
    assert (told["kind"], told["items"]) == (kind, 1), told
    site = tomllib.loads(told["block"])["sites"][0]
    assert settings.items() <= site.items()
    assert site["url"] == web.url


@pytest.mark.parametrize(
    "body", ['[{"threads": 5}]', '{"threads": {}}', "[5, null, [1]]", '[{"threads": [5]}]', "{}"]
)
def test_a_strange_board_is_no_stumbling_block(body: str) -> None:
    """Whatever stands at a board's address, a guess is made; of a thread the board is the one around it."""
    request = Request(url="https://a.example/b/res/5.json")
    told = Payload(
        request=request, url=request.url, status=200, headers={}, body=body.encode(), fetched_at=NOW
    )
    (guess,) = by_page(told).kinds
    assert (guess.settings["boards"], guess.settings["dialect"]) == (["b"], "vichan")


async def test_a_server_says_what_it_runs(tmp_path: Path, web: Web) -> None:
    """A front page that tells nothing leads to the server's NodeInfo, on its own host only."""
    web.pages["/"] = (200, "<!DOCTYPE html><html><body><div id=app></div><p>loading</p></body></html>", {})
    links = {"links": [{"href": f"{web.url}/nodeinfo/2.0"}]}
    web.pages["/.well-known/nodeinfo"] = (200, json.dumps(links), {})
    web.pages["/nodeinfo/2.0"] = (200, '{"software": {"name": "lemmy"}}', {})
    web.pages["/api/v3/post/list"] = (200, '{"posts": []}', {})
    web.pages["/api/v3/comment/list"] = (200, '{"comments": []}', {})
    told = json.loads((await tried(tmp_path, f"{web.url}/", "--json")).stdout)
    assert (told["kind"], told["why"]) == ("lemmy", "it says so in its NodeInfo"), told
    links = {"links": [{"href": "http://127.0.0.1:9/nodeinfo/2.0"}]}
    web.pages["/.well-known/nodeinfo"] = (200, json.dumps(links), {})
    told = json.loads((await tried(tmp_path, f"{web.url}/", "--json")).stdout)
    assert (told["works"], told["error"]["failure"]) == (False, "drift")


async def test_a_server_outside_the_fediverse_is_not_called_gone(tmp_path: Path, web: Web) -> None:
    """A page without a feed says so; that it answers no NodeInfo is no fault of the address."""
    web.pages["/"] = (200, "<!DOCTYPE html><html><body><p>a garden of words and stones</p></body></html>", {})
    told = json.loads((await tried(tmp_path, f"{web.url}/", "--json")).stdout)
    assert "a page without a feed" in told["error"]["message"]
    assert told["tried"] == [{"what": "nodeinfo", "told": "none: it is no server of the fediverse"}]


CHALLENGE = '<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><script src="/cdn-cgi/challenge-platform/x"></script></body></html>'


@pytest.mark.parametrize(
    ("path", "page", "failure", "remedy"),
    [
        ("/x", (200, CHALLENGE, {}), "challenge", "never solved"),
        ("/x", (403, "no", {}), "refused", "ask its owner"),
        ("/x", (429, "no", {"retry-after": "60"}), "rate_limited", "more slowly"),
        ("/x", (404, "no", {}), "dead", "Correct the address"),
        ("/x", (500, "no", {}), "server", "try again later"),
        ("/x", (200, "", {}), "empty_body", "try again later"),
        (
            "/x",
            (200, "<!DOCTYPE html><html><body><p>just words</p></body></html>", {}),
            "drift",
            "feed or an API",
        ),
        ("/x", (200, '{"a": [1]}', {}), "drift", "feed or an API"),
        (
            "/x",
            (200, "<?xml version='1.0'?><error code='100' description='Incorrect user credentials'/>", {}),
            "login",
            "named by apikey",
        ),
        ("/secret/x", (200, "never asked for", {}), "refused", "Leave it out"),
    ],
)
async def test_a_failure_has_a_reason_and_a_remedy(
    tmp_path: Path, web: Web, path: str, page: tuple[int, str, dict[str, str]], failure: str, remedy: str
) -> None:
    """What cannot be watched ends with 3 and says why and what to do; nothing is printed as data."""
    web.pages |= {path: page, "/robots.txt": (200, "User-agent: *\nDisallow: /secret/\n", {})}
    result = await tried(tmp_path, web.url + path)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert f"reason   {failure}: " in result.stderr
    assert remedy in result.stderr
    if path.startswith("/secret"):
        assert web.asked == []


async def test_a_site_by_its_name(tmp_path: Path, web: Web) -> None:
    """A configured site is read with its own settings; a name that nobody knows is a mistake."""
    web.pages["/rss"] = (200, rss(10, timedelta(days=40), dated=True), {})
    site = f'[[sites]]\nname = "ours"\nkind = "feed"\nurl = "{web.url}/rss"\nmin_interval_s = 0.0\n'
    result = await tried(tmp_path, "ours", config=site)
    assert result.exit_code == 0, result.exception
    assert "works     feed; 1 request" in result.stdout
    assert "[[sites]]" not in result.stdout
    assert "no site 'other'" in str((await tried(tmp_path, "other", config=site)).exception)
    assert "template" in str((await tried(tmp_path, "any-feed", config=site)).exception)


async def test_a_hostile_feed_does_not_steer_the_terminal(tmp_path: Path, web: Web) -> None:
    """Titles and messages are cleaned before they are shown."""
    web.pages["/f"] = (200, rss(5, timedelta(hours=1)).replace("Release", "\u202e\u009b2J&#x9b;red"), {})
    result = await tried(tmp_path, f"{web.url}/f")
    assert "number 1" in result.stdout
    assert not {"\u202e", "\x9b", "\x1b"} & set(result.stdout)


async def test_an_endless_board_is_read_in_part(tmp_path: Path, web: Web) -> None:
    """A board of a thousand threads costs no more requests than the bound."""
    threads = [{"no": n, "last_modified": 9, "replies": 0} for n in range(1, 1000)]
    web.pages["/b/catalog.json"] = (200, json.dumps([{"page": 1, "threads": threads}]), {})
    web.pages |= {f"/b/thread/{n}.json": (404, "gone", {}) for n in range(1, 1000)}
    await tried(tmp_path, f"{web.url}/b/catalog.json")
    assert 3 <= len(web.asked) <= MAX_REQUESTS + 1


def items(*ages: timedelta | None, size: int | None = None, title: str = "t") -> list[Observation]:
    """Items of these ages."""
    return [
        Observation(
            site="s",
            native_id=str(n),
            title=f"{title}{n}",
            fetched_at=NOW,
            published_at=None if age is None else NOW - age,
            size_bytes=size,
            size_is_exact=False,
        )
        for n, age in enumerate(ages)
    ]


def warned(seen: list[Observation], first_page: int = 50) -> str:
    """The warnings of items, joined."""
    return "; ".join(judge(seen, NO_HOSTS, is_window=True, first_page=first_page, incomplete="").warnings)


def test_warnings() -> None:
    """No dates, dates that cannot be true, rounded sizes, few items and a site asleep are warned of."""
    hour = timedelta(hours=1)
    assert "no dates" in warned(items(None, None, None))
    assert "2 of the dates cannot be true" in warned(items(timedelta(days=20800), -timedelta(days=9), hour))
    assert "sizes are rounded" in warned(items(hour, size=7))
    assert "very few items" in warned(items(hour), first_page=1)
    assert "given up" in warned(items(timedelta(days=90)))
    assert "no items now" in warned([])
    assert "no item here says where" in warned(items(hour))


def test_a_burst_asks_for_a_shorter_interval() -> None:
    """The interval follows the fastest half of the window, not its mean."""
    minute = timedelta(minutes=1)
    even = items(*(n * 60 * minute for n in range(20)))
    burst = items(*(n * minute for n in range(11)), *(n * 120 * minute for n in range(1, 10)))
    every = [
        judge(one, NO_HOSTS, is_window=True, first_page=20, incomplete="").every_s for one in (even, burst)
    ]
    assert every[0] == 14400
    assert every[1] == 300


@pytest.mark.parametrize(
    ("url", "kind", "settings"),
    [
        ("https://boards.4chan.org/g/thread/1", "imageboard", {"boards": ["g"]}),
        ("https://github.com/some/thing/issues", "github", {"repositories": ["some/thing"]}),
        ("https://huggingface.co/someone/model-7b", "huggingface", {"authors": ["someone"]}),
        ("https://huggingface.co/datasets/someone/x", "huggingface", {"authors": ["someone"]}),
        ("https://www.reddit.com/r/LocalLLaMA/new/", "reddit", {"subreddits": ["LocalLLaMA"]}),
        ("https://news.ycombinator.com/item?id=1", "hackernews", {}),
        ("https://index.example/r/x", None, None),
        ("https://github.com/someone", None, None),
    ],
)
def test_well_known_hosts(url: str, kind: str | None, settings: dict[str, list[str]] | None) -> None:
    """A well-known host is known by its address, without asking it anything."""
    guess = by_address(url)
    assert (guess.kind if guess else None, guess.settings if guess else None) == (kind, settings)
