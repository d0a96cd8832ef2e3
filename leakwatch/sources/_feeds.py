"""Reading RSS 2.0 and Atom with the dialects of torrent indexes, for every kind whose sites answer in them."""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import feedparser

from leakwatch.errors import LayoutChanged, Refused
from leakwatch.extract.links import plain
from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._encoding import text_of
from leakwatch.sources._kind import Json, Page, Payload, site_name

_SMALLEST_CONTENT = 2**20
_MARKED_UP = ("text/html", "application/xhtml+xml")
_MEDIA = ("image/", "audio/", "text/")
_MAX_TRIES = 500
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]{0,500}\[|<!ENTITY", re.IGNORECASE)
_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf|caps|channel)\s*>", re.IGNORECASE)
_ATOM = re.compile(rb"<(?:\w{1,20}:)?feed[\s>]")
_ITEM = re.compile(rb"<(?:\w{1,20}:)?(?:item|entry)[\s>]", re.IGNORECASE)
_ITEM_END = re.compile(rb"</(?:\w{1,20}:)?(?:item|entry)\s*>", re.IGNORECASE)
_HASH_GUID = re.compile(r"[0-9a-fA-F]{40}\Z")
_FAILURES = (*fields.UNREADABLE, AssertionError, RecursionError)
_LABELLED_SIZE = re.compile(r"size(?:</?\w+>|[\s:*=-]){0,12}(\d[\d.,]{0,12}\s?[KMGT]i?B)\b", re.IGNORECASE)


def parse_feed(payload: Payload) -> Page:
    """Every entry as an observation; an entry that cannot be read is counted, and hides no other.

    Raises: Refused for an `<error>` document; LayoutChanged if it is no feed, or declares XML entities.
    """
    payload = replace(payload, body=text_of(payload.body, payload.headers).encode("utf-8", "replace"))
    if _DOCTYPE.search(payload.body[:4096]):
        raise LayoutChanged("the feed declares entities of its own; it is not read")
    body, kind = fields.mended(payload.body), "application/xml; charset=utf-8"
    try:
        parsed = _parsed(body, kind)
        entries, lost = parsed.entries, 0
    except _FAILURES as error:
        parsed, entries, lost = None, *_entries_apart(body, kind, error)
    if parsed is not None and not parsed.get("version") and not entries:
        _refuse(payload)
    if not _END.search(payload.body[-4096:]):
        raise LayoutChanged("the feed is cut off: its end is missing")
    observations, _ = fields.readable(entries, lambda entry: _observation(payload.asked.told(entry), payload))
    of = len(entries) + lost
    return Page(observations=observations, incomplete=fields.unread(of - len(observations), of))


def _parsed(body: bytes, kind: str) -> feedparser.FeedParserDict:
    return feedparser.parse(
        io.BytesIO(body),  # bare bytes would be tried as the name of a local file first
        sanitize_html=False,
        resolve_relative_uris=False,
        response_headers={"content-type": kind},
    )


def _entries_apart(body: bytes, kind: str, error: Exception) -> tuple[list[Mapping[str, Json]], int]:
    """The entries of a document that the reader gives up as a whole, and how many of them it cannot read.

    The document is halved until the entries at fault stand alone. Raises: LayoutChanged if none can be read.
    """
    head, items, tail = _taken_apart(body)
    entries: list[Mapping[str, Json]] = []
    groups = [items]
    lost = tries = 0
    while groups:
        group, tries = groups.pop(), tries + 1
        half = len(group) // 2
        try:
            if tries <= _MAX_TRIES:
                entries += _parsed(head + b"".join(group) + tail, kind).entries
            else:
                lost += len(group)
        except _FAILURES:
            if half:
                groups += [group[half:], group[:half]]
            else:
                lost += len(group)
    if not entries:
        raise LayoutChanged(f"the feed cannot be read: {type(error).__name__}") from error
    return entries, lost


def _taken_apart(body: bytes) -> tuple[bytes, list[bytes], bytes]:
    """What stands before the entries, each entry with what follows it, and what stands after the last."""
    starts = [found.start() for found in _ITEM.finditer(body)] or [len(body)]
    end = max((found.end() for found in _ITEM_END.finditer(body, starts[-1])), default=len(body))
    parts = [body[i:j] for i, j in pairwise([*starts, end])]
    return body[: starts[0]], parts, body[end:]


def _refuse(payload: Payload) -> None:
    head = payload.body[:2000].decode("utf-8", "replace")
    error = re.search(r'<error\b[^>]*code="(\d+)"[^>]*description="([^"]*)"', head)
    if error:
        raise Refused(f"the site answers with error {error[1]}: {error[2]}")
    if not re.search(r"<(?:rss|feed|caps|rdf:RDF)\b", head, re.IGNORECASE):
        raise LayoutChanged(
            "expected RSS or Atom" + (", got an HTML page" if "<html" in head.lower() else "")
        )


def _observation(entry: Mapping[str, Json], payload: Payload) -> Observation:
    links = [one for one in entry.get("links", []) if isinstance(one, dict)]
    enclosures = [one for one in links if one.get("rel") == "enclosure" and one.get("href")]
    urls = [_absolute(url, payload.url) for url in (entry.get("link"), *(one["href"] for one in enclosures))]
    magnet = next(
        (m for m in map(fields.magnet, [entry.get("torrent_magneturi"), entry.get("magneturi"), *urls]) if m),
        None,
    )
    guid = fields.text(entry.get("id"))
    size, exact = _size(entry, enclosures)
    from_magnet = fields.magnet_hashes(magnet)
    page = next(
        (
            url
            for url in (urls[0], entry.get("comments"), guid if (guid or "").startswith("http") else None)
            if url and not str(url).startswith("magnet:")
        ),
        None,
    )
    torrent_url = _torrent_url(urls, enclosures)
    named = None if magnet else fields.named_infohash(torrent_url)
    return Observation(
        site=site_name(payload),
        native_id=(guid or urls[0] or magnet or str(entry.get("title", "")))[:2000],
        title=_title(entry, payload),
        fetched_at=payload.fetched_at,
        url=fields.text(page, 2000),
        published_at=_published(entry),
        author=fields.text(entry.get("author"), 200),
        text=_text(entry),
        size_bytes=size,
        size_is_exact=exact,
        torrent_url=torrent_url,
        magnet=magnet,
        infohash_v1=_infohash(entry, guid) or from_magnet[0] or named,
        infohash_v2=from_magnet[1],
        seeders=fields.peers(
            _any(entry, "nyaa_seeders", "torrent_seeds", "torrent_seeders", "seeders", "seeds")
        ),
        leechers=fields.peers(_any(entry, "nyaa_leechers", "torrent_peers", "torrent_leechers", "leechers")),
    )


def _title(entry: Mapping[str, Json], payload: Payload) -> str:
    """The title as a reader sees it. Atom says when it is markup (RFC 4287, 3.1.1); RSS does not, so there it stays as it is."""
    told = fields.text(entry.get("title"), 2000) or ""
    is_markup = fields.mapping(entry.get("title_detail")).get("type") in _MARKED_UP
    if is_markup and _ATOM.search(payload.body[:4096]):
        return " ".join(plain(told).split())
    return told


def _any(entry: Mapping[str, Json], *names: str) -> Json:
    return next((entry[name] for name in names if entry.get(name)), None)


def _text(entry: Mapping[str, Json]) -> str | None:
    contents = [one.get("value") for one in entry.get("content", []) if isinstance(one, dict)]
    return fields.text(next((one for one in contents if one), None) or entry.get("summary"))


def _published(entry: Mapping[str, Json]) -> datetime | None:
    told = entry.get("published_parsed") or (
        entry.get("updated_parsed") if "updated_parsed" in entry else None
    )
    try:
        return (
            datetime.fromtimestamp(calendar.timegm(told), UTC)
            if told
            else fields.when(entry.get("published"))
        )
    except (ValueError, OverflowError, TypeError):
        return None


def _infohash(entry: Mapping[str, Json], guid: str | None) -> str | None:
    told = _any(
        entry,
        "nyaa_infohash",
        "torrent_infohash",
        "showrss_info_hash",
        "infohash",
        "info_hash",
        "torznab_infohash",
    )
    return fields.infohash_v1(told) or (fields.infohash_v1(guid) if guid and _HASH_GUID.match(guid) else None)


def _absolute(url: Json, base: str) -> str:
    return fields.joined(base, url) or ""


def _torrent_url(urls: list[str], enclosures: list[dict[str, Json]]) -> str | None:
    """The enclosure that is a torrent, or a link that ends in .torrent; `urls` are the link and the enclosures."""
    for url, one in zip(urls[1:], enclosures, strict=True):
        if url.startswith("http") and ("bittorrent" in str(one.get("type", "")) or ".torrent" in url):
            return url
    return urls[0] if urls[0].startswith("http") and re.search(r"\.torrent(?:$|\?)", urls[0]) else None


def _is_media(enclosure: Mapping[str, Json]) -> bool:
    return str(enclosure.get("type", "")).strip().lower().startswith(_MEDIA)


def _size(entry: Mapping[str, Json], enclosures: list[dict[str, Json]]) -> tuple[int | None, bool]:
    """Content size and whether it is exact: a field in bytes, the enclosure's length, a text like "1.4 GiB".

    An enclosure below 1 MiB is more likely the length of the .torrent itself, and that of a picture, a sound
    or a text is its own: kept, but not as exact.
    """
    for name in ("torrent_contentlength", "contentlength", "size", "torrent_size"):
        size = fields.count(entry.get(name))
        if size:
            return size, True
    for one in sorted(enclosures, key=_is_media):
        size = fields.count(one.get("length"))
        if size:
            return size, size >= _SMALLEST_CONTENT and not _is_media(one)
    told = fields.text(_any(entry, "nyaa_size", "size", "torrent_size"), 100)
    if not told:
        labelled = _LABELLED_SIZE.search((fields.text(entry.get("summary")) or "")[:20_000])
        told = labelled[1] if labelled else None
    return (fields.size_text(told) if told else None), False
