"""`feed`: torrent RSS and Atom with its dialects (nyaa, ezrss/eztv, showrss, bare infohash as guid).

History
2026-11  first version: RSS 2.0, Atom, BEP 36, nyaa:*, torrent:* (ezrss), showrss:info_hash
2026-11  entries are read one by one; the length of a picture, sound or text is no exact size
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leakwatch.sources._feeds import parse_feed
from leakwatch.sources._kind import Cursor, PolledKind, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSite:
    """Settings of a feed: its address."""

    url: str


def start(site: FeedSite, cursor: Cursor) -> Iterator[Request]:  # noqa: ARG001 - a feed has no paging
    """One request: the feed itself."""
    yield Request(url=site.url)


KIND = PolledKind(
    name="feed",
    settings=FeedSite,
    start=start,
    parse=parse_feed,
    empty_is_normal=True,
    is_window=True,
    is_markup=True,
)
