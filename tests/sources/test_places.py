"""Kinds of places where things are dropped: how a poll begins, pages back, and what it may ask."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leakwatch.config import load_config
from leakwatch.errors import ConfigError
from leakwatch.model.asset import AssetId
from leakwatch.sources import feed, page, paste, telegram
from leakwatch.sources._kind import Page, Payload, PolledKind, Question, Request

HERE = Path(__file__).parent
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
QUESTION = Question(words="Silver Lantern", asset=AssetId("a1"))
HASH = "af16348eaf93c015c9f16b0807c24635406b4ffd"
CHANNEL = telegram.TelegramSite(channel="lantern_drops")


def answered(kind: PolledKind, request: Request, body: bytes) -> tuple[Payload, Page]:
    """What a kind makes of an answer to a request of its own."""
    payload = Payload(request=request, url=request.url, status=200, headers={}, body=body, fetched_at=NOON)
    return payload, kind.parse(payload)


def test_a_channel_is_paged_back_by_its_numbers() -> None:
    """The page behind is that of the posts before the oldest; nothing lies before the first post."""
    (request,) = telegram.start(CHANNEL, {})
    assert request.url == "https://t.me/s/lantern_drops"
    body = (HERE / "telegram" / "plain_page.html").read_bytes()
    payload, seen = answered(telegram.KIND, request, body)
    older = telegram.back(CHANNEL, payload, seen)
    assert older is not None
    assert older.url == "https://t.me/s/lantern_drops?before=101"
    first = body.replace(b"lantern_drops/101", b"lantern_drops/1")
    assert telegram.back(CHANNEL, *answered(telegram.KIND, request, first)) is None


def test_a_channel_is_asked_by_words_and_a_search_is_not_paged() -> None:
    """The words are one parameter; what is found says nothing about gaps."""
    (request,) = telegram.ask(CHANNEL, {}, QUESTION)
    assert request.url == "https://t.me/s/lantern_drops?q=Silver+Lantern"
    body = (HERE / "telegram" / "plain_page.html").read_bytes()
    assert telegram.back(CHANNEL, *answered(telegram.KIND, request, body)) is None
    assert list(telegram.ask(CHANNEL, {}, Question(digests={"sha256": ("00",)}))) == []


@pytest.mark.parametrize("channel", ["", "+AbCdEf123", "joinchat/x", "a b", "t.me/x", "x" * 40])
def test_an_invitation_is_no_channel(channel: str) -> None:
    """Only a public channel has a preview; the setting is named."""
    with pytest.raises(ConfigError) as caught:
        telegram.TelegramSite(channel=channel)
    assert caught.value.field == "channel"


def test_a_paste_is_read_once() -> None:
    """A text that was asked for is not asked for again while the list shows it, and must not be lost before."""
    site = paste.PasteSite(url="https://scrape.example/", limit=100)
    body = (HERE / "paste" / "list_known.json").read_bytes()
    cursor: dict[str, Any] = {}
    asked: list[list[str]] = []
    (request,) = paste.start(site, cursor)
    assert request.url == "https://scrape.example/api_scraping.php?limit=100"
    for _ in range(2):
        (request,) = paste.start(site, cursor)
        _, seen = answered(paste.KIND, request, body)
        cursor |= seen.cursor
        asked.append([one.url.rpartition("=")[2] for one in seen.next_requests])
        assert all(one.keep for one in seen.next_requests)
    assert asked == [["bB7tRw4e", "Zz1kkP09", "Qa8LmZ2x"], []]


@pytest.mark.parametrize("field", ["limit", "max_items"])
def test_a_list_of_pastes_has_an_end(field: str) -> None:
    """The API shows at most 250."""
    with pytest.raises(ConfigError) as caught:
        paste.PasteSite(**{field: 251})
    assert caught.value.field == field


LIST = page.PageSite(
    url="https://index.example/new/",
    rows="table.list tr.row",
    title="td.name a",
    older="https://index.example/new/?p={page}",
    search="https://index.example/?q={words}&sort=new",
)


def test_a_page_is_read_with_the_selectors_of_its_site() -> None:
    """What the operator gave stands in the request's state, and the page behind is numbered."""
    (request,) = page.start(LIST, {})
    assert request.state == {"page": 1, "rows": "table.list tr.row", "title": "td.name a"}
    body = (HERE / "page" / "plain_table.html").read_bytes()
    payload, seen = answered(page.KIND, request, body)
    assert [one.title for one in seen.observations] == ["Tideglass 7B weights", "Copper Weir"]
    older = page.back(LIST, payload, seen)
    assert older is not None
    assert (older.url, older.state["page"]) == ("https://index.example/new/?p=2", 2)
    last = replace(payload, request=replace(older, state={**older.state, "page": 50}))
    assert page.back(LIST, last, seen) is None
    assert page.back(replace(LIST, older=""), payload, seen) is None


def test_a_page_is_asked_where_its_search_is_known() -> None:
    """The words are put into the address that the operator gave; a search is not paged back."""
    (request,) = page.ask(LIST, {}, QUESTION)
    assert request.url == "https://index.example/?q=Silver+Lantern&sort=new"
    payload, seen = answered(page.KIND, request, b"<p>nothing</p>")
    assert seen.observations == ()
    assert page.back(LIST, payload, seen) is None
    assert list(page.ask(replace(LIST, search=""), {}, QUESTION)) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("rows", ""), ("rows", "tr["), ("title", "a:nonsense"), ("link", "a >@href"), ("text", "::x")),
        *(("older", "https://index.example/new/"), ("older", "https://elsewhere.example/{page}")),
        ("search", "https://index.example/?q=%s"),
    ],
)
def test_a_setting_of_a_page_that_cannot_be_used_is_named(field: str, value: str) -> None:
    """The operator is told which selector or address is wrong before anything is asked."""
    with pytest.raises(ConfigError) as caught:
        replace(LIST, **{field: value})
    assert caught.value.field == field


def test_a_wrong_selector_is_told_with_its_line(tmp_path: Path) -> None:
    """`config check` names file, line and setting."""
    told = "[http]\ncontact = 'mailto:a@b.example'\n[[sites]]\nname = 'a'\nkind = 'page'\nurl = 'https://a.example'\n"
    (tmp_path / "c.toml").write_text(f"{told}rows = 'tr'\ntitle = 'a['\n")
    with pytest.raises(ConfigError, match="not a CSS selector") as caught:
        load_config(tmp_path / "c.toml")
    assert (caught.value.line, caught.value.field) == (8, "sites.1.title")


def test_rows_without_end_are_bounded() -> None:
    """Of ten thousand rows two thousand are read, and the page says so, in less than five seconds."""
    (request,) = page.start(replace(LIST, rows="li"), {})
    began = time.process_time()
    _, seen = answered(page.KIND, request, b"<ul>" + b"<li><a href=x>name</a>" * 10_000)
    assert (len(seen.observations), seen.incomplete) == (2000, "8000 rows left out")
    assert time.process_time() - began < 5


def test_a_feed_is_asked_where_its_search_is_known() -> None:
    """The words stand where the operator said, encoded; a search elsewhere, or without a place for them, is refused."""
    site = feed.FeedSite(url="https://index.example/rss", search="https://index.example/rss?q={words}&s=new")
    (request,) = feed.ask(site, {}, Question(words="Lamp & Wéir"))
    assert request.url == "https://index.example/rss?q=Lamp+%26+W%C3%A9ir&s=new"
    assert list(feed.ask(feed.FeedSite(url="https://index.example/rss"), {}, QUESTION)) == []
    for search in ("https://index.example/rss?q=", "https://other.example/?q={words}"):
        with pytest.raises(ConfigError) as caught:
            feed.FeedSite(url="https://index.example/rss", search=search)
        assert caught.value.field == "search"


def test_rows_that_lead_to_one_address_stay_apart() -> None:
    """A category's link in each row makes no two items one; the title's own link is taken before it."""
    row = "<li><a href='/cat/1'>books</a> <b><a href='/t/{0}'>name {0}</a></b></li>"
    body = "".join(map(row.format, range(3))).encode()
    (request,) = page.start(replace(LIST, rows="li", title="b"), {})
    assert [one.url for one in answered(page.KIND, request, body)[1].observations] == [
        f"https://index.example/t/{number}" for number in range(3)
    ]
    (request,) = page.start(replace(LIST, rows="li", title="b", link="a"), {})
    _, seen = answered(page.KIND, request, body)
    assert len({one.native_id for one in seen.observations}) == 3
    assert seen.incomplete == "3 rows lead to addresses of others; give a selector for link"


@pytest.mark.parametrize(
    ("address", "infohash"),
    [
        ("https://cache.example/torrent/AF16348EAF93C015C9F16B0807C24635406B4FFD.torrent?title=x", HASH),
        ("https://cache.example/torrent/af16348eaf93c015c9f16b0807c24635406b4ffd.torrent", HASH),
        ("https://cache.example/af16348eaf93c015c9f16b0807c24635406b4ffd/name.torrent", None),
        ("https://cache.example/torrent/xaf16348eaf93c015c9f16b0807c24635406b4ffd.torrent", None),
        ("https://cache.example/torrent/af16348eaf93c015c9f16b0807c24635406b4ffd.html", None),
    ],
)
def test_a_torrent_that_is_named_by_its_infohash(address: str, infohash: str | None) -> None:
    """Pages and feeds that link to a cache of torrents tell the infohash by the file's name, and by nothing else."""
    (request,) = page.start(replace(LIST, rows="li", title="b", link=""), {})
    row = f"<li><b>name</b><a href='{address}'>get</a></li>"
    (seen,) = answered(page.KIND, request, row.encode())[1].observations
    assert seen.infohash_v1 == infohash
    item = f"<item><title>n</title><link>{address}</link></item>"
    body = f"<rss version='2.0'><channel>{item}</channel></rss>"
    (seen,) = answered(feed.KIND, Request(url="https://a.example/rss"), body.encode())[1].observations
    assert seen.infohash_v1 == infohash


def test_what_passes_is_no_edit_of_an_item() -> None:
    """How long ago an item was and how many have it are not part of its text, so a later look is no new observation."""
    body = (HERE / "page" / "times_ago.html").read_bytes()
    request = json.loads((HERE / "page" / "times_ago.request.json").read_text())
    later = body.replace(b"vor 3 Stunden", b"vor 5 Stunden").replace(b">12<", b">480<")
    assert later != body
    digests = [
        [
            one.content_digest
            for one in answered(page.KIND, Request(url=request["url"], state=request["state"]), told)[
                1
            ].observations
        ]
        for told in (body, later, body.replace(b"Tideglass 7B", b"Tideglass 8B"))
    ]
    assert digests[0] == digests[1]
    assert digests[0][0] != digests[2][0]
