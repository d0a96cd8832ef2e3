"""`academic`: the database of Academic Torrents, one RSS-like document of everything it lists, once a day.

History
2026-11  first version: database.xml read item by item; the cursor is a digest of what was known, in 256 parts
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import urljoin

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Cursor, Page, Payload, PolledKind, Request, site_name

_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]{0,500}\[|<!ENTITY", re.IGNORECASE)
_END = re.compile(rb"</(?:\w+:)?rss>\s*\Z", re.IGNORECASE)
_MAX_ITEMS = 100_000
_MAX_DESCRIPTION = 20_000
_PARTS = [f"{number:02x}" for number in range(256)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcademicSite:
    """Settings of Academic Torrents: the address of its database."""

    url: str = "https://academictorrents.com/database.xml"


def start(site: AcademicSite, cursor: Cursor) -> Iterator[Request]:
    """One request: the database names everything, and nothing has to be asked for by name."""
    yield Request(url=site.url, state={"known": {part: cursor.get(part) for part in _PARTS}})


def parse(payload: Payload) -> Page:
    """What is new or has changed, by infohash, with its neighbours in the same 256th of all infohashes.

    A document that was cut short is read as far as it goes, and moves no cursor.
    Raises: LayoutChanged if it is no RSS, or has not one item that can be read.
    """
    if _DOCTYPE.search(payload.body[:4096]):
        raise LayoutChanged("the database declares XML entities of its own; it is not read")
    is_ended = _END.search(payload.body[-200:]) is not None
    found, bad = _items(payload)
    if found and not is_ended:
        found.popitem()  # the parser closed it; its last field may have been cut
    parts: dict[str, list[Observation]] = {part: [] for part in _PARTS}
    for infohash, one in found.items():
        parts[infohash[:2]].append(one)
    digests = {part: _digest(items) for part, items in parts.items()}
    known = fields.mapping(payload.request.state.get("known"))
    changed = [part for part in _PARTS if parts[part] and digests[part] != known.get(part)]
    is_whole = is_ended and len(found) + bad < _MAX_ITEMS
    unread = fields.unread(bad, len(found) + bad)
    return Page(
        observations=tuple(one for part in changed for one in parts[part]),
        cursor={part: digests[part] for part in _PARTS if digests[part] != known.get(part)}
        if is_whole
        else {},
        incomplete=unread if is_whole else "the database was cut short",
    )


def _items(payload: Payload) -> tuple[dict[str, Observation], int]:
    """Every item by its infohash, and how many could not be read; the tree is never whole in memory."""
    found: dict[str, Observation] = {}
    bad, root = 0, None
    try:
        for event, element in _events(payload.body):
            if event == "start":
                root = element if root is None else root
                continue
            if _name(element) != "item" or len(found) + bad >= _MAX_ITEMS:
                continue
            seen = _observation(element, payload)
            if seen and seen.infohash_v1:
                found.setdefault(seen.infohash_v1, seen)
            else:
                bad += 1
            _forget(element)
    except etree.XMLSyntaxError as error:
        raise LayoutChanged(f"the database is no XML: {error}") from error
    if root is None or _name(root) != "rss":
        raise LayoutChanged(f"expected a database in RSS from {payload.url}")
    if not found:
        raise LayoutChanged(
            f"none of {bad} items in {payload.url} has an infohash; there are always thousands"
        )
    return found, bad


def _events(body: bytes) -> Iterator[tuple[str, etree._Element]]:
    return etree.iterparse(
        BytesIO(fields.mended(body)),
        events=("start", "end"),
        recover=True,
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _forget(element: etree._Element) -> None:
    """Drop an item that was read, and what stands before it."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def _name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _observation(item: etree._Element, payload: Payload) -> Observation | None:
    told: dict[str, str] = {}
    for child in item:
        told.setdefault(_name(child), "".join(child.itertext())[: fields.MAX_TEXT].strip())
    infohash = fields.infohash_v1(told.get("infohash"))
    if not infohash:
        return None
    return Observation(
        site=site_name(payload),
        native_id=infohash,
        title=(told.get("title") or infohash)[:1000],
        fetched_at=payload.fetched_at,
        url=fields.joined(payload.url, told.get("link")),
        published_at=fields.when(told.get("pubDate")),
        text=told.get("description", "")[:_MAX_DESCRIPTION] or None,
        size_bytes=fields.count(told.get("size")),
        torrent_url=urljoin(payload.url, f"/download/{infohash}.torrent"),
        infohash_v1=infohash,
    )


def _digest(items: list[Observation]) -> str | None:
    """A digest of what is known of a part, whatever the order of its items; None for an empty one."""
    told = sorted(f"{one.infohash_v1}{one.content_digest}" for one in items)
    return hashlib.sha256("".join(told).encode()).hexdigest()[:16] if told else None


KIND = PolledKind(
    name="academic",
    settings=AcademicSite,
    start=start,
    parse=parse,
    empty_is_normal=True,
    is_markup=True,
    is_api=True,
)
"""Empty is normal for a page that tells only what has changed; a database of nothing is refused by `parse`."""
