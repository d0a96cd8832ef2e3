"""`torznab`: the search API of Jackett, Prowlarr, bitmagnet and NZB-style indexes (Torznab 1.3, Newznab).

History
2026-11  first version: recent items by an empty query, attributes, error documents; one page, without paging
2026-11  items are read one by one; an enclosure of a foreign type is no torrent
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

from leakwatch.errors import LayoutChanged, Refused
from leakwatch.model.observation import Locator, LocatorKind, Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import CredentialRef, Cursor, Page, Payload, PolledKind, Request, site_name
from leakwatch.torrent.infohash import Infohashes, parse_v1
from leakwatch.torrent.magnet import parse_magnet

_ACCOUNT_ERRORS = range(100, 200)
_SERVER_ERRORS = range(500, 1000)
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]{0,500}\[|<!ENTITY", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TorznabSite:
    """Settings of a Torznab index: address of its API, categories, and the name of the secret with its key."""

    url: str
    categories: tuple[int, ...] = ()
    limit: int = 100
    apikey: CredentialRef | None = None


def start(site: TorznabSite, cursor: Cursor) -> Iterator[Request]:  # noqa: ARG001 - asks for the newest
    """One request: the newest items (an empty query), newest first."""
    query = {"t": "search", "extended": "1", "limit": str(site.limit), "offset": "0"}
    if site.categories:
        query["cat"] = ",".join(map(str, site.categories))
    parts = urlsplit(site.url)
    joined = urlencode(dict(parse_qsl(parts.query)) | query)
    yield Request(
        url=urlunsplit((parts.scheme, parts.netloc, parts.path, joined, "")),
        query_credential=("apikey", site.apikey) if site.apikey else None,
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
    root = _root(payload)
    name = _name(root)
    if name == "error":
        _refuse(root)
    if name not in ("rss", "caps", "RDF"):
        raise LayoutChanged(f"expected Torznab RSS, got <{name}>")
    items = list(root.iter("{*}item"))
    observations, incomplete = fields.readable(items, lambda item: _observation(item, payload, payload.url))
    return Page(observations=observations, incomplete=incomplete)


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


def _refuse(root: etree._Element) -> None:
    code = fields.count(root.get("code")) or 0
    told = f"the index answers with error {code}: {root.get('description', '')}"
    if code in _ACCOUNT_ERRORS or code in _SERVER_ERRORS:
        raise Refused(told)
    raise LayoutChanged(told)


def _child(item: etree._Element, name: str) -> str | None:
    found = item.find(f"{{*}}{name}")
    return found.text.strip() if found is not None and found.text and found.text.strip() else None


def _observation(item: etree._Element, payload: Payload, base: str) -> Observation:
    attributes: dict[str, str] = {}
    for one in item.iter("{*}attr"):
        attributes.setdefault(str(one.get("name", "")).lower(), str(one.get("value", "")))
    enclosure = item.find("{*}enclosure")
    href = enclosure.get("url", "") if enclosure is not None else ""
    link = _child(item, "link") or ""
    magnet = next((m for m in map(fields.magnet, (attributes.get("magneturl"), href, link)) if m), None)
    hashes = fields.magnet_hashes(magnet)
    told = fields.infohash_v1(
        attributes.get("infohash") or _child(item, "infoHash") or _child(item, "info_hash")
    )
    size = next(
        (
            s
            for s in map(
                fields.count,
                (
                    attributes.get("size"),
                    _child(item, "size"),
                    enclosure.get("length") if enclosure is not None else None,
                ),
            )
            if s
        ),
        None,
    )
    observation = Observation(
        site=site_name(payload),
        native_id=(
            _child(item, "guid") or attributes.get("guid") or link or href or _child(item, "title") or ""
        )[:2000],
        title=(_child(item, "title") or "")[:2000],
        fetched_at=payload.fetched_at,
        url=_page(item, link, base),
        published_at=fields.when(_child(item, "pubDate") or attributes.get("usenetdate")),
        author=fields.text(attributes.get("poster") or _child(item, "author"), 200),
        text=fields.text(_child(item, "description")),
        size_bytes=size,
        torrent_url=_torrent_url(href, enclosure.get("type", "") if enclosure is not None else "", base),
        magnet=magnet,
        infohash_v1=told or hashes[0],
        infohash_v2=hashes[1],
        seeders=fields.peers(attributes.get("seeders")),
        leechers=_leechers(attributes),
    )
    return replace(observation, locators=_both(told, magnet))


def _page(item: etree._Element, link: str, base: str) -> str | None:
    for url in (link, _child(item, "comments"), _child(item, "guid")):
        if url and (url.startswith("http") or (url is link and not url.startswith("magnet:"))):
            return fields.joined(base, url)
    return None


def _torrent_url(href: str, mime: str, base: str) -> str | None:
    """The enclosure's address if it is a torrent: NZB files, covers and subtitles come as enclosures too."""
    is_torrent = not mime or "bittorrent" in mime.lower() or ".torrent" in href.lower()
    return fields.joined(base, href) if is_torrent and not href.lower().startswith("magnet:") else None


def _leechers(attributes: dict[str, str]) -> int | None:
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
)
