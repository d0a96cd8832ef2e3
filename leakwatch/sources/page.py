"""`page`: a plain web page, read by CSS selectors that the operator gives.

History
2026-11  first version
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote_plus, urlsplit

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

from leakwatch.errors import ConfigError, LayoutChanged
from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources import _markup
from leakwatch.sources._ago import relative
from leakwatch.sources._kind import Cursor, Json, Page, Payload, PolledKind, Question, Request, site_name

_SELECTORS = ("rows", "title", "link", "date", "size", "seeders", "leechers", "author", "text")
_MAX_ROWS = 2000
_MAX_PAGES = 50
_ATTRIBUTE = re.compile(r"@([\w:-]{1,60})\Z")
_ZONE = re.compile(r"\s*\(?(?:UTC|GMT|Z)\)?\Z")
_PLACES = {"older": "{page}", "search": "{words}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSite:
    """Settings: the page's address, a selector of its rows, and selectors of each part inside a row.

    A selector may end in `@name`, for an attribute instead of the text. `older` and `search` are addresses with
    `{page}` and `{words}`.
    """

    url: str
    rows: str
    title: str = ""
    link: str = ""
    date: str = ""
    date_format: str = ""
    size: str = ""
    seeders: str = ""
    leechers: str = ""
    author: str = ""
    text: str = ""
    older: str = ""
    search: str = ""

    def __post_init__(self) -> None:
        """Raises: ConfigError naming the setting that is no selector, or no address with its place."""
        for name in _SELECTORS:
            selector, _ = _split(getattr(self, name))
            if selector or name == "rows":
                _markup.checked(selector, name)
        for name, place in _PLACES.items():
            told = getattr(self, name)
            if told and (place not in told or urlsplit(told).netloc != urlsplit(self.url).netloc):
                raise ConfigError(f"expected an address on the same host with {place} in it", field=name)


def start(site: PageSite, cursor: Cursor) -> Iterator[Request]:  # noqa: ARG001 - a page shows what it shows
    """The page."""
    yield Request(url=site.url, state=_state(site, 1))


def ask(site: PageSite, cursor: Cursor, question: Question) -> Iterator[Request]:  # noqa: ARG001 - its first page only
    """The site's own search for these words, where its address is known."""
    if question.words and site.search:
        yield Request(url=site.search.replace("{words}", quote_plus(question.words)), state=_state(site, 0))


def back(site: PageSite, payload: Payload, page: Page) -> Request | None:  # noqa: ARG001 - its pages are numbered
    """The page of older items, where its address is known."""
    number = fields.count(payload.request.state.get("page")) or 0
    if not site.older or not 0 < number < _MAX_PAGES:
        return None
    return Request(url=site.older.replace("{page}", str(number + 1)), state=_state(site, number + 1))


def _state(site: PageSite, page: int) -> dict[str, Json]:
    told = {name: getattr(site, name) for name in (*_SELECTORS, "date_format")}
    return {"page": page, **{name: value for name, value in told.items() if value}}


def parse(payload: Payload) -> Page:
    """Every row as an observation; one that has nothing of its own is counted, and hides no other.

    Raises: LayoutChanged if there are no rows, or none can be read; a search may honestly find nothing.
    """
    state = payload.request.state
    selector = fields.text(state.get("rows"))
    if selector is None:
        raise LayoutChanged("no selector for the rows; a page is read with the settings of its site")
    page = _markup.document(payload)
    rows = _markup.select(page.root, selector)
    if not rows:
        if state.get("page") == 0:
            return Page()
        raise LayoutChanged(
            f"nothing on {payload.url} is found by {selector!r}: the page has changed, or rows is wrong"
        )
    base = _base(page.root, payload.url)
    shown = rows[:_MAX_ROWS]
    told, unread = fields.readable(shown, lambda row: _row(row, base, payload))
    apart, same = _apart([one for one, _ in told])
    observations, hidden = _markup.with_hidden(apart, [mark for _, mark in told], page, payload)
    more = f"{len(rows) - len(shown)} rows left out" if len(rows) > len(shown) else ""
    return Page(observations=observations, incomplete=unread or more or same or hidden)


def _apart(items: Sequence[Observation]) -> tuple[list[Observation], str]:
    """The items, with ids of their own where several rows lead to one address, as to a category's page."""
    counted = Counter(one.native_id for one in items)
    same = sum(count for count in counted.values() if count > 1)
    told = [
        one
        if counted[one.native_id] == 1
        else replace(
            one,
            native_id=f"{one.native_id[:1900]}#{one.infohash_v1 or one.infohash_v2 or _digest(one.title)}",
        )
        for one in items
    ]
    return told, f"{same} rows lead to addresses of others; give a selector for link" if same else ""


def _base(root: etree._Element, url: str) -> str:
    """What the page's addresses are relative to."""
    told = _markup.first(root, "base[href]")
    return (fields.joined(url, told.get("href")) if told is not None else None) or url


def _row(row: etree._Element, base: str, payload: Payload) -> tuple[Observation, str]:
    """A row, and a text of the raw page that says where it begins."""
    told = payload.request.state
    links = [str(one.get("href")) for one in _markup.select(row, "a[href], area[href], link[href]")]
    link = _link(row, told, links)
    title = _part(row, told.get("title")) if told.get("title") else _title(row, link)
    text = (
        _markup.markup(_found(row, told["text"]))
        if told.get("text")
        else _markup.markup(row, _samples(row, told))
    )
    url = fields.joined(base, link) if link and not link.startswith("magnet:") else None
    magnet = next(filter(None, map(fields.magnet, links)), None)
    torrent = next((one for one in links if re.search(r"\.torrent(?:$|[?#])", one)), None)
    if not title and not url and not magnet:
        raise ValueError("a row without a title and a link")
    size = _part(row, told.get("size"))
    hashes = fields.magnet_hashes(magnet)
    named = None if magnet else fields.named_infohash(torrent)
    observation = Observation(
        site=site_name(payload),
        native_id=(url or hashes[0] or hashes[1] or named or _digest(title))[:2000],
        title=title,
        fetched_at=payload.fetched_at,
        url=fields.text(url, 2000),
        published_at=_date(row, told, payload.fetched_at),
        author=_part(row, told.get("author"))[:200] or None,
        text=text,
        size_bytes=fields.count(size) or fields.size_text(size),
        size_is_exact=fields.count(size) is not None,
        torrent_url=fields.joined(base, torrent) if torrent else None,
        magnet=magnet,
        infohash_v1=hashes[0] or named,
        infohash_v2=hashes[1],
        seeders=fields.peers(_part(row, told.get("seeders"))),
        leechers=fields.peers(_part(row, told.get("leechers"))),
    )
    return observation, link or title


def _samples(row: etree._Element, told: Mapping[str, Json]) -> list[etree._Element]:
    """What differs from poll to poll although nobody edits the item: how long ago it was, and how many have it."""
    found = [_found(row, told[name]) for name in ("date", "seeders", "leechers") if told.get(name)]
    return [one for one in found if one is not None]


def _link(row: etree._Element, told: Mapping[str, Json], links: list[str]) -> str:
    """The address that a row leads to: what the selector finds, else the title's link, else the row's first to a page."""
    if told.get("link"):
        return _part(row, told["link"], attribute="href")
    title = _found(row, told.get("title")) if told.get("title") else None
    if title is not None and title is not row:
        around = next((one for one in title.iterancestors("a") if one.get("href")), None)
        inside = _markup.first(title, "a[href]") if around is None else around
        if inside is not None:
            return str(inside.get("href")).strip()
    pages = [one for one in links if not one.startswith(("magnet:", "#", "javascript:"))]
    return next(iter(pages or links), "").strip()


def _title(row: etree._Element, link: str) -> str:
    """The words of the row's link, else all of the row's."""
    for one in _markup.select(row, "a[href]"):
        if str(one.get("href")).strip() == link and _markup.words(one):
            return _markup.words(one)
    return _markup.words(row, 500)


def _date(row: etree._Element, told: Mapping[str, Json], now: datetime) -> datetime | None:
    """A time in the operator's format, relative to now, as ISO 8601, RFC 2822 or seconds; without a zone it is UTC."""
    said = _part(row, told.get("date"), attribute="datetime")
    form = fields.text(told.get("date_format"), 100)
    if not said:
        return None
    ago = relative(said, now)
    if ago or not form:
        return ago or fields.when(fields.count(said) if said.isdigit() else _ZONE.sub("", said))
    try:
        read = datetime.strptime(said, form)  # noqa: DTZ007 - the zone follows
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def _found(row: etree._Element, selector: Json) -> etree._Element | None:
    plain, _ = _split(str(selector or ""))
    return _markup.first(row, plain) if plain else row


def _part(row: etree._Element, selector: Json, attribute: str = "") -> str:
    """The text of what a selector finds in a row, or an attribute: the one that it names, or this one if there."""
    if not selector:
        return ""
    found, named = _found(row, selector), _split(str(selector))[1]
    if found is None:
        return ""
    if attribute and not named and (found.get(attribute) is not None or attribute == "href"):
        named = attribute
    return str(found.get(named) or "").strip()[:4000] if named else _markup.words(found)


def _split(selector: str) -> tuple[str, str]:
    """A selector and the attribute after it."""
    found = _ATTRIBUTE.search(selector)
    return (selector[: found.start()].strip(), found[1]) if found else (selector.strip(), "")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


KIND = PolledKind(
    name="page",
    settings=PageSite,
    start=start,
    parse=parse,
    ask=ask,
    back=back,
    is_window=True,
    is_markup=True,
)
