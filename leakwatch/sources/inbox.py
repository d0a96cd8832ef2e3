"""`inbox`: a folder into which people drop addresses, magnet URIs and .torrent files; it is watched, not polled.

A text file is read line by line, a .torrent file as the torrent it is, and the pages that lines lead to as they answer.

History
2026-11  first version
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass, replace

from leakwatch.errors import LayoutChanged, MagnetError
from leakwatch.extract.links import identity, locate
from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._encoding import text_of
from leakwatch.sources._kind import Page, Payload, Request, StreamKind, site_name
from leakwatch.sources._markup import MAX_CHARS, MAX_HIDDEN, hidden_links
from leakwatch.sources._torrents import read_torrent, torrent_page
from leakwatch.torrent.magnet import parse_magnet

MAX_LINES = 1000
_MAX_LINE = 20_000
_MAX_PAGES = 50
_HEX = re.compile(r"(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})\Z")
_ADDRESS = re.compile(r"https?://\S+")
_TORRENT = re.compile(r"https?://[^\s?#]+\.torrent(?:[?#]\S*)?\Z")
_SHORTCUT = re.compile(r"\s*URL=(\S.*)", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,1000})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxSite:
    """Settings: the folder, beside the configuration unless its path is absolute, and how often it is looked into."""

    folder: str
    look_every_s: float = 2.0


def parse(payload: Payload) -> Page:
    """The lines of a text file, one torrent, or a page that was fetched for a line.

    A page that a line leads to is a request to follow: it may lead to public hosts only, for lines are pasted from anywhere.
    Raises: LayoutChanged if the file is neither a torrent nor text with an address or infohash in it.
    """
    if payload.request.state.get("step") == "page":
        return _web_page(payload)
    if payload.body[:1] == b"d" and payload.body[1:2].isdigit():
        return torrent_page(read_torrent(payload), payload)
    lines = _lines(payload)
    told = [one for one in map(_read, lines[:MAX_LINES]) if one]
    if not told:
        raise LayoutChanged("expected a .torrent file, or lines with an address, a magnet URI or an infohash")
    pages = [url for _, url in told if url and not _TORRENT.match(url)]
    left_out = max(len(lines) - MAX_LINES, 0) + max(len(pages) - _MAX_PAGES, 0)
    return Page(
        observations=tuple(_observation(line, url, payload) for line, url in told),
        next_requests=tuple(
            Request(url=url, state={"step": "page"}, named_by=frozenset()) for url in pages[:_MAX_PAGES]
        ),
        incomplete=f"{left_out} lines were left out: at most {MAX_LINES}, {_MAX_PAGES} pages"
        if left_out
        else "",
    )


def _lines(payload: Payload) -> list[str]:
    """Lines that are not blank or comments; of an Internet shortcut (.url) the address alone."""
    is_wide = payload.body[:2] in (b"\xff\xfe", b"\xfe\xff")
    if b"\0" in payload.body and not is_wide:
        raise LayoutChanged("expected text, got binary data")
    encoding = "utf-16" if is_wide else "utf-8-sig"
    lines = [one.strip()[:_MAX_LINE] for one in payload.body.decode(encoding, "replace").splitlines()]
    if any(one.lower() == "[internetshortcut]" for one in lines[:5]):
        return [found[1] for one in lines if (found := _SHORTCUT.match(one))]
    return [one for one in lines if one and not one.startswith("#")]


def _read(line: str) -> tuple[str, str | None] | None:
    """The line, and the address of a page in it; None where it says nothing."""
    if _HEX.match(line) or "magnet:?" in line.lower():
        return line, None
    found = _ADDRESS.search(line)
    if found:
        return line, found[0].rstrip(".,;)>]\"'")
    return (line, None) if "ed2k://" in line.lower() or "ipfs" in line.lower() else None


def _observation(line: str, url: str | None, payload: Payload) -> Observation:
    digest = hashlib.sha256(line.encode("utf-8", "replace")).hexdigest()
    magnet = fields.magnet(line)
    digits = line.lower() if _HEX.match(line) else ""
    return Observation(
        site=site_name(payload),
        native_id=digest[:32],
        title=_title(magnet),
        fetched_at=payload.fetched_at,
        url=url,
        text=line,
        torrent_url=url if url and _TORRENT.match(url) else None,
        magnet=magnet,
        infohash_v1=digits if len(digits) == 40 else fields.magnet_hashes(magnet)[0],
        infohash_v2=digits if len(digits) == 64 else fields.magnet_hashes(magnet)[1],
    )


def _title(magnet: str | None) -> str:
    try:
        return (parse_magnet(magnet).name or "")[:2000] if magnet else ""
    except MagnetError:
        return ""


def _web_page(payload: Payload) -> Page:
    """A page as one observation: its title, all of it as text, and the links that are hidden in it."""
    text = text_of(payload.body[:MAX_CHARS], payload.headers)[: fields.MAX_TEXT]
    found = _TITLE.search(text)
    seen = Observation(
        site=site_name(payload),
        native_id=payload.url[:2000],
        title=html.unescape(found[1]).strip()[:2000] if found else "",
        fetched_at=payload.fetched_at,
        url=payload.url,
        text=fields.text(text),
    )
    known = {identity(one) for one in locate(seen).locators}
    return Page(
        observations=(
            replace(seen, locators=tuple(one for _, one in hidden_links(text, known))[:MAX_HIDDEN]),
        )
    )


KIND = StreamKind(name="inbox", settings=InboxSite, parse=parse)
