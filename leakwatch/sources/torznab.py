"""`torznab`: the search API of Jackett, Prowlarr, bitmagnet and NZB-style indexes (Torznab 1.3, Newznab).

History
2026-11  first version: recent items by an empty query, attributes, error documents
2026-11  items are read one by one; an enclosure of a foreign type is no torrent
2026-11  capabilities once a day, paging back by offset, search by words
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Locator, LocatorKind, Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._asked import Asked, Told
from leakwatch.sources._kind import (
    CredentialRef,
    Cursor,
    Json,
    Page,
    Payload,
    PolledKind,
    Question,
    Request,
    site_name,
)
from leakwatch.sources._newznab import NO_SUCH_ITEM, refusal
from leakwatch.torrent.infohash import Infohashes, parse_v1
from leakwatch.torrent.magnet import parse_magnet

_DAY = timedelta(days=1)
_MAX_OFFSET = 5000
_READ_AT, _LIMIT, _SEARCHES = "caps_at", "most", "searches"
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]{0,500}\[|<!ENTITY", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TorznabSite:
    """Settings of a Torznab index: address of its API, categories, and the name of the secret with its key."""

    url: str
    categories: tuple[int, ...] = ()
    limit: int = 100
    apikey: CredentialRef | None = None


def start(site: TorznabSite, cursor: Cursor) -> Iterator[Request]:
    """One request: the newest items (an empty query), newest first, as many as the index gives at once."""
    yield _search(site, cursor, 0)


def ask(site: TorznabSite, cursor: Cursor, question: Question) -> Iterator[Request]:
    """The newest items that have these words, unless the index says that it cannot be searched."""
    if question.words and cursor.get(_SEARCHES) is not False:
        yield _search(site, cursor, 0, question.words)


def back(site: TorznabSite, payload: Payload, page: Page) -> Request | None:
    """The items behind a page; one that comes twice, because newer ones moved it, is one item all the same."""
    state = payload.request.state
    offset = (fields.count(state.get("offset")) or 0) + len(page.observations)
    if state.get("step") != "search" or not page.observations or offset > _MAX_OFFSET:
        return None
    return _search(site, {_LIMIT: state.get("limit")}, offset)


def _search(site: TorznabSite, cursor: Cursor, offset: int, words: str = "") -> Request:
    limit = min(site.limit, fields.count(cursor.get(_LIMIT)) or site.limit)
    query = {"t": "search", "extended": "1", "limit": str(limit), "offset": str(offset)}
    if site.categories:
        query["cat"] = ",".join(map(str, site.categories))
    if words:
        query["q"] = words
    state: dict[str, Json] = {"step": "words" if words else "search", "offset": offset, "limit": limit}
    if not words and not offset:
        state |= {"caps_at": cursor.get(_READ_AT), "api": site.url, "apikey": site.apikey}
        state |= {"categories": list(site.categories)}
    return _request(site.url, query, site.apikey, state)


def _request(api: str, query: Mapping[str, str], apikey: Json, state: Mapping[str, Json]) -> Request:
    parts = urlsplit(api)
    joined = urlencode(dict(parse_qsl(parts.query)) | dict(query))
    return Request(
        url=urlunsplit((parts.scheme, parts.netloc, parts.path, joined, "")),
        query_credential=("apikey", CredentialRef(apikey)) if apikey else None,
        state=state,
    )


def parse(payload: Payload) -> Page:
    """Every item as an observation; an item that cannot be read is counted, and hides no other.

    Raises: Refused for an error document about the account, the limits or the server (100-199, 500 and up);
            LayoutChanged for any other, or if it is no RSS.
    """
    try:
        return _page_of(payload)
    except fields.UNREADABLE as error:
        raise LayoutChanged(f"the answer cannot be read: {type(error).__name__}") from error


def _page_of(payload: Payload) -> Page:
    if payload.request.state.get("step") == "caps":
        return _capabilities(payload)
    root = _root(payload)
    name = _name(root)
    if name == "error" and payload.request.state.get("step") == "words" and _code(root) == NO_SUCH_ITEM:
        return Page()
    if name == "error":
        raise refusal(_code(root), root.get("description", ""))
    if name not in ("rss", "caps", "RDF"):
        raise LayoutChanged(f"expected Torznab RSS, got <{name}>")
    items = list(root.iter("{*}item"))
    observations, incomplete = fields.readable(items, lambda item: _observation(item, payload, payload.url))
    wanted, cursor = _caps_request(payload)
    return Page(observations=observations, next_requests=wanted, cursor=cursor, incomplete=incomplete)


def _caps_request(payload: Payload) -> tuple[tuple[Request, ...], dict[str, Json]]:
    """What the index can do is asked for once a day, noted as done when it is asked: an index may not say."""
    state = payload.request.state
    api, read_at = fields.text(state.get("api")), fields.when(state.get("caps_at"))
    if api is None or (read_at and abs(payload.fetched_at - read_at) < _DAY):
        return (), {}
    told = {"step": "caps", "categories": state.get("categories")}
    request = _request(api, {"t": "caps"}, fields.text(state.get("apikey")), told)
    return (request,), {_READ_AT: payload.fetched_at.isoformat()}


def _capabilities(payload: Payload) -> Page:
    """The most items that one answer may have, whether words may be asked for, and wanted categories that are none.

    An index that does not say what it can do is none the worse for it: only the search shows whether it works.
    """
    try:
        root = _root(payload)
    except LayoutChanged as error:
        return Page(incomplete=f"the index does not say what it can do: {error.message}"[:500])
    if _name(root) != "caps":
        told = f"<{_name(root)}> {root.get('code', '')} {root.get('description', '')}".strip()
        return Page(incomplete=f"the index does not say what it can do: {told}"[:500])
    limits, search = root.find("{*}limits"), root.find("{*}searching/{*}search")
    most = fields.count(limits.get("max")) if limits is not None else None
    known = {one.get("id") for one in root.iter("{*}category", "{*}subcat")}
    wanted = payload.request.state.get("categories")
    missing = [str(one) for one in wanted if str(one) not in known] if isinstance(wanted, list) else []
    told = f"the index has no category {', '.join(missing)}; correct categories" if known and missing else ""
    searches = None if search is None else str(search.get("available", "yes")).lower() != "no"
    return Page(cursor={_LIMIT: most or None, _SEARCHES: searches}, incomplete=told[:500])


def _root(payload: Payload) -> etree._Element:
    if _DOCTYPE.search(payload.body[:4096]):
        raise LayoutChanged("the answer declares XML entities of its own; it is not read")
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(fields.mended(payload.body), parser)
    except etree.XMLSyntaxError as error:
        raise LayoutChanged(f"expected Torznab RSS: {error}") from error
    if root is None:
        raise LayoutChanged("expected Torznab RSS, got no XML")
    if parser.error_log and b"</rss>" not in payload.body[-2000:] and _name(root) == "rss":
        raise LayoutChanged("the answer is cut off: no end of <rss>")
    return root


def _name(element: etree._Element) -> str:
    """The local name; lxml's own reader raises where a mended document has a name like `a:b:c`."""
    return str(element.tag).rpartition("}")[2]


def _code(root: etree._Element) -> int:
    return fields.count(root.get("code")) or 0


def _elements(item: etree._Element, asked: Asked) -> Told:
    """The words of an item's elements by their names, and its attributes; of two with one name the first."""
    found: dict[str, Json] = {}
    attributes: dict[str, Json] = {}
    for one in item:
        found.setdefault(_name(one), (one.text or "").strip() or None)
    for one in item.iter("{*}attr"):
        attributes.setdefault(str(one.get("name", "")).lower(), str(one.get("value", "")))
    return asked.told({**found, "attr": asked.told(attributes)})


def _observation(item: etree._Element, payload: Payload, base: str) -> Observation:
    child = _elements(item, payload.asked)
    attributes = child["attr"]
    enclosure = item.find("{*}enclosure")
    href = enclosure.get("url", "") if enclosure is not None else ""
    link = child.get("link") or ""
    magnet = next((m for m in map(fields.magnet, (attributes.get("magneturl"), href, link)) if m), None)
    hashes = fields.magnet_hashes(magnet)
    told = fields.infohash_v1(attributes.get("infohash") or child.get("infoHash") or child.get("info_hash"))
    size = next(
        (
            s
            for s in map(
                fields.count,
                (
                    attributes.get("size"),
                    child.get("size"),
                    enclosure.get("length") if enclosure is not None else None,
                ),
            )
            if s
        ),
        None,
    )
    observation = Observation(
        site=site_name(payload),
        native_id=(child.get("guid") or attributes.get("guid") or link or href or child.get("title") or "")[
            :2000
        ],
        title=(child.get("title") or "")[:2000],
        fetched_at=payload.fetched_at,
        url=_page(child, base),
        published_at=fields.when(child.get("pubDate") or attributes.get("usenetdate")),
        author=fields.text(attributes.get("poster") or child.get("author"), 200),
        text=fields.text(child.get("description")),
        size_bytes=size,
        torrent_url=_torrent_url(href, enclosure.get("type", "") if enclosure is not None else "", base),
        magnet=magnet,
        infohash_v1=told or hashes[0],
        infohash_v2=hashes[1],
        seeders=fields.peers(attributes.get("seeders")),
        leechers=_leechers(attributes),
    )
    return replace(observation, locators=_both(told, magnet))


def _page(child: Told, base: str) -> str | None:
    link = child.get("link")
    for url in (link, child.get("comments"), child.get("guid")):
        if url and (url.startswith("http") or (url is link and not url.startswith("magnet:"))):
            return fields.joined(base, url)
    return None


def _torrent_url(href: str, mime: str, base: str) -> str | None:
    """The enclosure's address if it is a torrent: NZB files, covers and subtitles come as enclosures too."""
    is_torrent = not mime or "bittorrent" in mime.lower() or ".torrent" in href.lower()
    return fields.joined(base, href) if is_torrent and not href.lower().startswith("magnet:") else None


def _leechers(attributes: Told) -> int | None:
    leechers = fields.peers(attributes.get("leechers"))
    peers, seeders = fields.peers(attributes.get("peers")), fields.peers(attributes.get("seeders"))
    if leechers is None and peers is not None and seeders is not None:
        return max(0, peers - seeders)
    return leechers


def _both(told: str | None, magnet: str | None) -> tuple[Locator, ...]:
    """The infohash attribute as a locator of its own where the magnet names another torrent."""
    if not told or not magnet or parse_magnet(magnet).infohashes.v1 == bytes.fromhex(told):
        return ()
    return (Locator(LocatorKind.INFOHASH, told, Infohashes(v1=parse_v1(told))),)


KIND = PolledKind(
    name="torznab",
    settings=TorznabSite,
    start=start,
    parse=parse,
    empty_is_normal=True,
    is_window=True,
    is_markup=True,
    is_api=True,
    ask=ask,
    back=back,
)
