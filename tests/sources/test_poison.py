"""One bad item of a feed or an index hides no other; what is no torrent is not taken for one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from leakwatch.errors import LayoutChanged
from leakwatch.extract.links import locate
from leakwatch.model.observation import storable
from leakwatch.sources import KINDS, _feeds, _fields, torznab
from leakwatch.sources._kind import Page, Payload, Request

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
URL = "https://site.example/api"
GOOD = "<title>good</title><guid>g</guid>"
LINES = ["title", "guid", "link", "nyaa:size", "size", "pubDate", "description", "infoHash", "author"]
POISON = ["&#xD800;", "&#xDFFF", "&#99999999999;", "&#x110000;", f"&#{'9' * 5000};", "&#xDC00;&#xD800;"]
UNPLACED = "<gml:pos>1 2</gml:pos>"
"""A point outside <where>: feedparser raises KeyError and gives up the document."""


def rss(items: Sequence[str], encoding: str = "utf-8") -> bytes:
    """An RSS document of these items."""
    spaces = 'xmlns:nyaa="https://nyaa.si/xmlns/nyaa" xmlns:gml="http://www.opengis.net/gml"'
    inner = "".join(f"<item>{item}</item>" for item in items)
    text = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0" {spaces}><channel>{inner}'
    return f"{text}</channel></rss>".encode(encoding)


def read(kind: str, *items: str) -> Page:
    """The page of an RSS document of these items."""
    return parse(kind, rss(items))


def parse(kind: str, body: bytes) -> Page:
    """The page of a document."""
    payload = Payload(request=Request(url=URL), url=URL, status=200, headers={}, body=body, fetched_at=NOON)
    return KINDS[kind].parse(payload)


def titles(page: Page) -> list[str]:
    """The titles of a page, as they can be stored."""
    return [storable(locate(one)).title for one in page.observations]


@pytest.mark.parametrize("kind", ["feed", "torznab"])
@pytest.mark.parametrize("tag", LINES)
@pytest.mark.parametrize("poison", POISON)
def test_a_reference_to_no_character_costs_nothing(kind: str, tag: str, poison: str) -> None:
    """An item with such a reference is kept, with U+FFFD in its place, and so are its neighbours."""
    bad = f"<{tag}>{poison}</{tag}>" + ("" if tag == "title" else "<title>bad</title>")
    page = read(kind, GOOD, bad, GOOD)
    assert titles(page)[::2] == ["good", "good"]
    assert "bad" in titles(page)[1] or "\ufffd" in titles(page)[1]
    assert page.incomplete == ""


@pytest.mark.parametrize("kind", ["feed", "torznab"])
def test_references_to_characters_stay(kind: str) -> None:
    """Decimal and hexadecimal references, with leading zeros and beyond 16 bits, are read as ever."""
    assert titles(read(kind, "<title>&#65;&#x42;&#0000000000067;&#x1F600;</title>")) == ["ABC\U0001f600"]


@pytest.mark.parametrize("many", [1, 2, 3, 74])
@pytest.mark.parametrize("place", [0, -1])
def test_an_entry_that_the_reader_gives_up_is_counted(many: int, place: int) -> None:
    """Where the reader gives up the whole feed for one entry, the others are kept in their order."""
    items = [f"<title>good {number}</title>" for number in range(many)]
    items.insert(place % (many + 1), UNPLACED)
    page = read("feed", *items)
    assert titles(page) == [f"good {number}" for number in range(many)]
    assert page.incomplete == f"1 of {many + 1} items could not be read"


def test_a_feed_of_nothing_but_bad_entries_is_a_changed_layout() -> None:
    """No entry that can be read, however many there are, is an error and not an empty page."""
    for many in (1, 2, 2000):
        with pytest.raises(LayoutChanged, match="cannot be read: KeyError"):
            read("feed", *[UNPLACED] * many)


def test_the_search_for_bad_entries_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many tries the rest is counted as unread."""
    monkeypatch.setattr(_feeds, "_MAX_TRIES", 3)
    page = read("feed", GOOD, GOOD, UNPLACED, UNPLACED)
    assert (titles(page), page.incomplete) == (["good", "good"], "2 of 4 items could not be read")


@pytest.mark.parametrize(("kind", "module"), [("feed", _feeds), ("torznab", torznab)])
@pytest.mark.parametrize(
    "error",
    [
        UnicodeDecodeError("utf-8", b"", 0, 1, ""),
        *(one("x") for one in (ValueError, TypeError, KeyError, AttributeError, OverflowError, IndexError)),
    ],
)
def test_an_item_whose_reading_raises_is_counted(
    kind: str, module: ModuleType, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an unforeseen value raises, the others are kept; where all raise the layout has changed."""
    whole = module._observation

    def reading(item: Any, *more: Any) -> Any:
        seen = whole(item, *more)
        if seen.title == "bad":
            raise error
        return seen

    monkeypatch.setattr(module, "_observation", reading)
    page = read(kind, GOOD, "<title>bad</title>", GOOD)
    assert (titles(page), page.incomplete) == (["good", "good"], "1 of 3 items could not be read")
    with pytest.raises(LayoutChanged, match="none of 1 items"):
        read(kind, "<title>bad</title>")


@pytest.mark.parametrize("kind", ["feed", "torznab"])
def test_a_reader_that_gives_up_is_a_changed_layout(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the readers of XML raise never gets past us."""

    def fail(*_: Any, **__: Any) -> None:
        raise OverflowError("Python int too large to convert to C int")

    monkeypatch.setattr("leakwatch.sources._feeds.feedparser.parse", fail)
    monkeypatch.setattr("leakwatch.sources.torznab.etree.fromstring", fail)
    with pytest.raises(LayoutChanged, match="cannot be read: OverflowError"):
        read(kind, GOOD)


@pytest.mark.parametrize("kind", ["feed", "torznab"])
def test_a_wide_encoding_with_poison_is_survived(kind: str) -> None:
    """UTF-16 is not mended; the document is read without the item, or refused."""
    try:
        page = parse(kind, rss([GOOD, "<title>&#xD800;</title>"], "utf-16"))
    except LayoutChanged:
        return
    assert "good" in titles(page)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("url='https://a/dl?id=1'", "https://a/dl?id=1"),
        ("url='https://a/dl?id=1' type=''", "https://a/dl?id=1"),
        ("url='https://a/dl?id=1' type='Application/X-BitTorrent'", "https://a/dl?id=1"),
        ("url='https://a/x.TORRENT?k=1' type='application/octet-stream'", "https://a/x.TORRENT?k=1"),
        ("url='https://a/x.nzb' type='application/x-nzb'", None),
        ("url='https://a/cover.jpg' type='image/jpeg'", None),
        ("url='magnet:?xt=urn:btih:zz' type='application/x-bittorrent'", None),
        ("type='application/x-bittorrent'", None),
    ],
)
def test_only_a_torrent_is_a_torrent(told: str, expected: str | None) -> None:
    """An enclosure of an index is a torrent by its type or its name, or where it has no type."""
    (seen,) = read("torznab", f"{GOOD}<enclosure {told} length='5'/>").observations
    assert seen.torrent_url == expected


@pytest.mark.parametrize(
    ("mime", "exact"),
    [
        ("application/x-bittorrent", True),
        ("", True),
        ("image/png", False),
        ("Audio/mpeg", False),
        ("text/plain", False),
    ],
)
def test_the_length_of_a_picture_is_no_exact_size(mime: str, exact: bool) -> None:
    """The length of a picture, sound or text is kept, but never as the size of what is offered."""
    (seen,) = read(
        "feed", f"{GOOD}<enclosure url='https://a/x' length='5000000' type='{mime}'/>"
    ).observations
    assert (seen.size_bytes, seen.size_is_exact) == (5_000_000, exact)


def test_the_torrent_gives_the_size_before_the_picture() -> None:
    """Among several enclosures the size is that of the one that is no picture."""
    picture = "<enclosure url='https://a/x.png' length='7000000' type='image/png'/>"
    torrent = "<enclosure url='https://a/x.torrent' length='5000000' type='application/x-bittorrent'/>"
    (seen,) = read("feed", GOOD + picture + torrent).observations
    assert (seen.size_bytes, seen.size_is_exact) == (5_000_000, True)


def test_nothing_unread_is_nothing_to_say() -> None:
    """The count of unread items is in words, and empty where there are none."""
    assert _fields.readable((), str) == ((), "")
    assert _fields.readable((1, 2), str) == (("1", "2"), "")
    assert _fields.unread(1, 75) == "1 of 75 items could not be read"
