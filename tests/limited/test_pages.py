"""Pages are read aside: the same as here, and an end to whatever takes too long, alone."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.errors import FetchFailed, LayoutChanged, LeakwatchError, Refused
from leakwatch.limited import prescan, wire
from leakwatch.limited.pages import PageReader
from leakwatch.limited.reading import parsed
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.sources import KINDS
from leakwatch.sources._kind import CredentialRef, Page, Payload, PolledKind, Request

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FEED = KINDS["feed"]
assert isinstance(FEED, PolledKind)
ITEM = "<item><title>Tideglass</title><guid>%d</guid><link>https://a.example/%d</link></item>"


def payload(body: bytes, name: str = "feed") -> Payload:
    """A page."""
    request = Request(url="https://a.example/feed", state={"site": name, "deep": [1, {"a": None}]})
    return Payload(
        request=request,
        url=request.url,
        status=200,
        headers={"content-type": "text/xml"},
        body=body,
        fetched_at=NOW,
    )


def feed(items: str) -> bytes:
    """A feed."""
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()
    )


GOOD = payload(feed("".join(ITEM % (n, n) for n in range(20))))
SLOW = payload(feed("".join(ITEM % (n, n) for n in range(40_000))))


@pytest.fixture
async def reader() -> AsyncIterator[PageReader]:
    """A reader that is ended after the test."""
    made = PageReader()
    yield made
    await made.aclose()


async def test_an_index_that_contradicts_itself_is_read(reader: PageReader) -> None:
    """An infohash beside another magnet URI is a locator with bytes in it; so it is beside half a surrogate pair."""
    kind = KINDS["torznab"]
    assert isinstance(kind, PolledKind)
    attr = '<torznab:attr name="infohash" value="' + "ab" * 20 + '"/>'
    magnet = '<torznab:attr name="magneturl" value="magnet:?xt=urn:btih:' + "cd" * 20 + '"/>'
    item = f"<item><title>x</title><guid>1</guid>{attr}{magnet}</item>"
    body = f'<rss xmlns:torznab="http://torznab.com/schemas/2015/feed"><channel>{item}</channel></rss>'
    page = await reader.read(kind, payload(body.encode()))
    found = [one.infohashes.v1 for one in page.observations[0].locators if one.infohashes]
    assert (found, page.observations[0].magnet) == ([b"\xab" * 20], "magnet:?xt=urn:btih:" + "cd" * 20)
    odd = replace(page, observations=(replace(page.observations[0], title="\ud800"),))
    assert wire.page_of(wire.page_told(odd)) == odd


@pytest.mark.parametrize(
    "hashes",
    [
        '{"v1":"zz"}',
        '{"v1":"abab"}',
        '{"v1":5}',
        '{"v1":"ab","v2":[]}',
        '{"v1":null,"v2":null}',
        '{"x":"ab"}',
    ],
)
def test_infohashes_of_a_reader_gone_mad_are_no_answer(hashes: str) -> None:
    """What a process says of infohashes is checked like the rest."""
    seen = Observation(site="s", native_id="1", title="t", fetched_at=NOW)
    locator = Locator(LocatorKind.MAGNET, "magnet:?x")
    told = wire.page_told(Page(observations=(replace(seen, locators=(locator,)),)))
    with pytest.raises(wire.NoAnswer):
        wire.page_of(told.replace(b'"infohashes":null', b'"infohashes":' + hashes.encode()))


async def test_it_says_what_reading_here_says(reader: PageReader) -> None:
    """The page comes back whole, from a process of its own, which reads the next one too."""
    for _ in range(3):
        assert await reader.read(FEED, GOOD) == parsed(FEED, GOOD)
    started = [one.child.process.pid for one in reader.workers if one.child]
    assert len(started) == 1
    assert started[0] != os.getpid()


async def test_errors_come_back(reader: PageReader) -> None:
    """What a kind raises aside is raised here, with what it says."""
    with pytest.raises(LayoutChanged, match="got an HTML page"):
        await reader.read(FEED, payload(b"<html><body>moved</body></html>"))
    with pytest.raises(Refused, match="error 100: Incorrect user credentials"):
        await reader.read(FEED, payload(b'<error code="100" description="Incorrect user credentials"/>'))


async def test_recorded_pages(reader: PageReader, shared_data: Path) -> None:
    """Every recorded feed is read aside as it is here."""
    files = sorted((shared_data / "payloads").rglob("*.xml"))
    assert files
    for file in files:
        page = payload(file.read_bytes())
        try:
            here: object = parsed(FEED, page)
        except LeakwatchError as error:
            here = error.message
        try:
            aside: object = await reader.read(FEED, page)
        except LeakwatchError as error:
            aside = error.message
        assert aside == here or "nested" in str(aside), file


async def test_a_page_that_takes_too_long_ends_alone() -> None:
    """A page that uses up its processor time is refused; another process reads on meanwhile, and the next page finds one."""
    reader = PageReader(seconds=1)
    for worker in reader.workers:
        worker.wait_s = 120  # however busy this machine is
    try:
        began = time.monotonic()
        bomb = asyncio.create_task(reader.read(FEED, SLOW))
        await asyncio.sleep(0.2)
        others = [await reader.read(FEED, GOOD) for _ in range(5)]
        passed = time.monotonic() - began
        assert not bomb.done(), "the bomb was no bomb"
        with pytest.raises(LayoutChanged, match="takes longer to read than is allowed"):
            await bomb
        assert time.monotonic() - began > passed
        assert {len(one.observations) for one in others} == {20}
        assert await reader.read(FEED, GOOD) == parsed(FEED, GOOD)
    finally:
        await reader.aclose()


async def test_a_page_that_takes_too_much_memory(reader: PageReader) -> None:
    """The process may use a gibibyte; the page that wants more is refused and nothing else is harmed."""
    await reader.read(FEED, GOOD)
    (worker,) = [one for one in reader.workers if one.child]
    assert worker.child
    assert resource.prlimit(worker.child.process.pid, resource.RLIMIT_AS)[0] == 2**30
    resource.prlimit(worker.child.process.pid, resource.RLIMIT_AS, (2**27, 2**30))
    with pytest.raises((LayoutChanged, FetchFailed)):
        await reader.read(FEED, payload(feed("".join(ITEM % (n, n) for n in range(150_000)))))
    resource.prlimit(worker.child.process.pid, resource.RLIMIT_AS, (2**30, 2**30)) if worker.child else None
    assert len((await reader.read(FEED, GOOD)).observations) == 20


async def test_a_stuck_process_blames_nobody(reader: PageReader) -> None:
    """Where the process does not answer the page is not to blame: it is asked for again later."""
    await reader.read(FEED, GOOD)
    (worker,) = [one for one in reader.workers if one.child]
    assert worker.child
    os.kill(worker.child.process.pid, signal.SIGSTOP)
    worker.wait_s = 0.5
    with pytest.raises(FetchFailed, match="did not answer in time"):
        await reader.read(FEED, GOOD)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"P",
        b"P{}x",
        b'P{"observations": [{"site": "s"}]}',
        b'P{"observations": 1}',
        b'P{"observations": [{"site":"s","native_id":"n","title":3,"fetched_at":"2026-01-01T00:00:00Z"}]}',
        b"E[]",
        b'E["SystemExit","x",null,0,"drift"]',
        b'E["Refused","x",null,"many","refused"]',
        b"x" * 100,
        b"P" + b"[" * 100_000,
    ],
)
def test_an_answer_that_is_none(answer: bytes) -> None:
    """What the process says is checked field by field."""
    with pytest.raises(wire.NoAnswer):
        wire.page_of(answer)


TEXT = st.text(st.characters(), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | TEXT,
    lambda of: st.lists(of) | st.dictionaries(TEXT, of),
    max_leaves=5,
)
OBSERVATION = st.builds(
    Observation,
    site=TEXT,
    native_id=TEXT,
    title=TEXT,
    fetched_at=st.just(NOW),
    text=st.none() | TEXT,
    size_bytes=st.none() | st.integers(0, 2**62),
    files=st.lists(st.builds(ObservedFile, path=TEXT), max_size=2).map(tuple),
    parameters=st.lists(st.tuples(TEXT, st.integers(0, 9)), max_size=2).map(tuple),
)
REQUEST = st.builds(
    Request,
    url=TEXT,
    form=st.none() | st.dictionaries(TEXT, TEXT, max_size=2),
    headers=st.dictionaries(TEXT, TEXT, max_size=2),
    credential=st.none() | TEXT.map(CredentialRef),
    query_credential=st.none() | st.tuples(TEXT, TEXT.map(CredentialRef)),
    state=st.dictionaries(TEXT, JSON, max_size=2),
    keep=st.booleans(),
    named_by=st.none() | st.frozensets(TEXT, max_size=2),
)


@given(
    st.builds(
        Page,
        observations=st.lists(OBSERVATION, max_size=2).map(tuple),
        next_requests=st.lists(REQUEST, max_size=2).map(tuple),
        cursor=st.dictionaries(TEXT, JSON, max_size=2),
        incomplete=TEXT,
    )
)
def test_pages_survive_the_way(page: Page) -> None:
    """Whatever a page holds, it is the same on the other side, half surrogate pairs and all."""
    assert wire.page_of(wire.page_told(page)) == page


@given(REQUEST, st.binary(max_size=50))
def test_payloads_survive_the_way(request: Request, body: bytes) -> None:
    """So does what is to be read."""
    sent = Payload(request=request, url="u", status=200, headers={"a": "b"}, body=body, fetched_at=NOW)
    assert wire.question(wire.asked("feed", sent)) == ("feed", sent)


@pytest.mark.parametrize("coding", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 513,
        "<html><body>" + "<b><i>" * 300,
        "<?xml version='1.0'?><rss>" + "<p>" * 512,
        "<div " + "a=1 " * 1001 + ">",
        "<!-- a --><svg>" + "<g >" * 513,
    ],
)
def test_senseless_markup(page: str, coding: str) -> None:
    """Markup beyond all sense is not given to a parser."""
    with pytest.raises(LayoutChanged):
        prescan.check(page.encode(coding))


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 512 + "</div>" * 512,
        "<p>" * 5000 + "<br>" * 5000 + "<li>x" * 5000 + "<tr><td>" * 5000,
        "<!-- " + "<div>" * 5000 + " -->",
        "<script>" + "'<div>'" * 5000 + "</script><div></div>",
        "<rss><![CDATA[" + "<div>" * 5000 + "]]></rss>",
        "<rss>" + "<item><link/><title>x</title></item>" * 5000 + "</rss>",
        "<div></div>" * 5000,
        "a < b " * 5000,
        "<a href='?" + "a=1&" * 900 + "'>",
        "",
    ],
)
def test_honest_markup(page: str) -> None:
    """What is long, unclosed by custom, in a comment, a script or a section of text is not deep."""
    prescan.check(page.encode())


@given(st.binary(max_size=300))
def test_any_bytes_are_scanned(body: bytes) -> None:
    """On any bytes the scan answers or refuses."""
    with suppress(LayoutChanged):
        prescan.check(body)


def test_the_scan_is_linear() -> None:
    """A large page of the worst costs little more than ten times a tenth of it."""

    def cost(size: int) -> float:
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            for bad in (b"<p '", b"<!--", b"<p ", b"<", b"<script>", b"a<![CDATA["):
                prescan.check(bad * (size // len(bad)))
            best = min(best, time.process_time() - began)
        return best

    assert cost(200_000) < 30 * cost(20_000) + 0.05


async def test_recorded_pages_are_no_bombs(shared_data: Path) -> None:
    """No recorded page, of any kind, is taken for senseless."""
    files = [
        one
        for one in sorted((shared_data / "payloads").rglob("*"))
        if one.suffix in (".html", ".xml", ".htm")
    ]
    assert files
    refused = []
    for file in files:
        try:
            prescan.check(file.read_bytes())
        except LayoutChanged as error:
            refused.append((file.name, error.message))
    assert refused == []
