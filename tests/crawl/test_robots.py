"""robots.txt by RFC 9309: its rules as text, and a door that obeys them on loopback."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.crawl.robots import Robots, read
from leakwatch.errors import Disallowed, FetchFailed, Refused
from leakwatch.model.manner import Manner
from leakwatch.sources._kind import CredentialRef, Request

from .test_fetcher import Seen, door, http, site

OBEY = Manner(site="s", robots=True)


def allowed(text: str, path: str) -> bool:
    """Whether a robots.txt allows a path."""
    return read(text.encode()).against(path) is None


@pytest.mark.parametrize(
    ("text", "path", "allows"),
    [
        ("User-agent: *\nDisallow: /a", "/a/b", False),
        ("User-agent: *\nDisallow: /a", "/b", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: LeakWatch/2\nDisallow: /x", "/a", True),
        ("User-agent: *\nAllow: /\n\nUser-agent: leakwatch\nDisallow: /x", "/x", False),
        ("User-agent: a\nUser-agent: leakwatch\nDisallow: /x", "/x", False),
        (
            "User-agent: leakwatch\nDisallow: /x\nUser-agent: b\nDisallow: /y\nUser-agent: leakwatch\nDisallow: /z",
            "/z",
            False,
        ),
        ("User-agent: *\nDisallow: /page\nAllow: /page/free", "/page/free/1", True),
        ("User-agent: *\nDisallow: /page\nAllow: /page", "/page", True),
        ("User-agent: *\nDisallow: /*.php$", "/index.php", False),
        ("User-agent: *\nDisallow: /*.php$", "/index.php?a=1", True),
        ("User-agent: *\nDisallow: /*?q=", "/search?q=x", False),
        ("User-agent: *\nDisallow: /a**b*", "/a/x/b", False),
        ("User-agent: *\nDisallow: /**\nAllow: /a", "/a", False),
        ("User-agent: *\nDisallow: /foo/bar/ツ", "/foo/bar/%E3%83%84", False),
        ("User-agent: *\nDisallow: /foo/%62ar", "/foo/bar", False),
        ("User-agent: *\nDisallow: /a%3cd.html", "/a%3Cd.html", False),
        ("user-agent:*\r\n  DISALLOW :/a # because", "/a", False),
        ("\ufeffUser-agent: *\rDisallow: /a", "/a", False),
        ("Disallow: /a", "/a", True),
        ("<html>User-agent: *\nnothing</html>", "/a", True),
    ],
)
def test_rules(text: str, path: str, allows: bool) -> None:
    """The longest rule of our group decides, percent-encoding does not matter, and what is no line is passed over."""
    assert allowed(text, path) is allows


@given(st.binary(max_size=400), st.text(max_size=60))
def test_any_bytes_are_read(body: bytes, path: str) -> None:
    """On any bytes there are rules, if only none."""
    found = read(b"User-agent: *\nDisallow: " + body)
    assert isinstance(found, Robots)
    found.against("/" + path)


def test_a_hostile_pattern_costs_little() -> None:
    """Ten thousand patterns full of stars against a long path are done at once, where regular expressions never end."""
    body = b"User-agent: *\n" + b"".join(b"Disallow: /" + b"a*" * 40 + b"%d$\n" % n for n in range(5000))
    rules, began = read(body), time.process_time()
    assert rules.against("/" + "a" * 2000) is None
    assert time.process_time() - began < 2.0


def robots(text: str, status: int = 200):
    """A server with this robots.txt and pages beside it."""
    return lambda seen: http(status, text.encode()) if seen.path == "/robots.txt" else http(200, b"page")


async def test_a_forbidden_page_is_not_asked_for() -> None:
    """The rule and its line are told; the file is asked for once, without secrets."""
    async with site(robots("User-agent: *\nDisallow: /private")) as server, door() as fetcher:
        with pytest.raises(Disallowed, match=r"line 2, says 'Disallow: /private' to leakwatch") as told:
            await fetcher.fetch(
                Request(url=server.url("/private/1"), credential=CredentialRef("key")), manner=OBEY
            )
        assert told.value.is_of_item
        assert (
            await fetcher.fetch(
                Request(url=server.url("/open"), credential=CredentialRef("key")), manner=OBEY
            )
        ).body
        await fetcher.fetch(Request(url=server.url("/private/1")))  # a manner that does not ask for it
    assert [one.path for one in server.seen] == ["/robots.txt", "/open", "/private/1"]
    assert "authorization" not in server.seen[0].headers


async def test_a_redirect_into_a_forbidden_place_is_not_followed() -> None:
    """The rules hold for every hop, each under those of its own host."""

    def answer(seen: Seen) -> bytes:
        if seen.path == "/robots.txt":
            return http(200, b"User-agent: *\nDisallow: /b")
        return http(302, Location="/b") if seen.path == "/a" else http(200, b"secret")

    async with site(answer) as server, door() as fetcher:
        with pytest.raises(Disallowed):
            await fetcher.fetch(Request(url=server.url("/a")), manner=OBEY)
    assert [one.path for one in server.seen] == ["/robots.txt", "/a"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_no_file_allows_everything(status: int) -> None:
    """A robots.txt that is not there, or not for us, forbids nothing."""
    async with site(robots("User-agent: *\nDisallow: /", status)) as server, door() as fetcher:
        assert (await fetcher.fetch(Request(url=server.url("/a")), manner=OBEY)).body == b"page"


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_file_that_cannot_be_read_forbids_until_it_can(status: int) -> None:
    """Nothing is asked for until the rules are known; then it is."""
    down = [True]

    def answer(seen: Seen) -> bytes:
        return http(status) if seen.path == "/robots.txt" and down[0] else http(200, b"page")

    async with site(answer) as server, door() as fetcher:
        with pytest.raises((FetchFailed, Refused), match=r"nothing is asked until its robots\.txt is known"):
            await fetcher.fetch(Request(url=server.url("/a")), manner=OBEY)
        down[0] = False
        assert (await fetcher.fetch(Request(url=server.url("/a")), manner=OBEY)).body == b"page"
    assert [one.path for one in server.seen] == ["/robots.txt", "/robots.txt", "/a"]


async def test_an_older_copy_goes_on_to_hold() -> None:
    """After a day the file is read anew; where that fails the old rules hold."""
    now, down = [0.0], [False]

    def answer(seen: Seen) -> bytes:
        if seen.path != "/robots.txt":
            return http(200, b"page")
        return http(500) if down[0] else http(200, b"User-agent: *\nDisallow: /x")

    async with site(answer) as server, door() as fetcher:
        fetcher._robots._now = lambda: now[0]
        await fetcher.fetch(Request(url=server.url("/a")), manner=OBEY)
        now[0], down[0] = 86_401.0, True
        with pytest.raises(Disallowed):
            await fetcher.fetch(Request(url=server.url("/x")), manner=OBEY)
        await fetcher.fetch(Request(url=server.url("/a")), manner=OBEY)
    assert [one.path for one in server.seen] == ["/robots.txt", "/a", "/robots.txt", "/a"]


async def test_crawl_delay_is_the_least_pace() -> None:
    """The host's Crawl-delay holds where the site's own pace is faster."""
    async with site(robots("User-agent: *\nCrawl-delay: 0.4")) as server, door() as fetcher:
        for _ in range(3):
            await fetcher.fetch(
                Request(url=server.url("/a")), min_interval_s=0.01, manner=Manner(robots=True)
            )
    starts = [one.at for one in server.seen]
    assert min(b - a for a, b in pairwise(starts[1:])) >= 0.39
