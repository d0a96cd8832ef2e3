"""`feed`: torrent RSS and Atom with its dialects (nyaa, ezrss/eztv, showrss, bare infohash as guid).

History
2026-11  first version: RSS 2.0, Atom, BEP 36, nyaa:*, torrent:* (ezrss), showrss:info_hash
2026-11  entries are read one by one; the length of a picture, sound or text is no exact size
2026-11  asks by words where the site's search gives a feed
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_plus, urlsplit

from leakwatch.errors import ConfigError
from leakwatch.sources._feeds import parse_feed
from leakwatch.sources._kind import Cursor, PolledKind, Question, Request

_WORDS = "{words}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSite:
    """Settings of a feed: its address, and that of a search that answers with a feed, with `{words}` in it."""

    url: str
    search: str = ""

    def __post_init__(self) -> None:
        """Raises: ConfigError for a search without a place for the words, or on another host."""
        if self.search and (
            _WORDS not in self.search or urlsplit(self.search).netloc != urlsplit(self.url).netloc
        ):
            raise ConfigError(f"expected an address on the same host with {_WORDS} in it", field="search")


def start(site: FeedSite, cursor: Cursor) -> Iterator[Request]:  # noqa: ARG001 - a feed has no paging
    """One request: the feed itself."""
    yield Request(url=site.url)


def ask(site: FeedSite, cursor: Cursor, question: Question) -> Iterator[Request]:  # noqa: ARG001 - its first page only
    """The site's own search for these words, where its address is known."""
    if question.words and site.search:
        yield Request(url=site.search.replace(_WORDS, quote_plus(question.words)))


KIND = PolledKind(
    name="feed",
    settings=FeedSite,
    start=start,
    parse=parse_feed,
    ask=ask,
    empty_is_normal=True,
    is_window=True,
    is_markup=True,
)
