"""What can be told of one item: whether a field is there, of what shape it is, and how it agrees with the others. Pure.

Each test says that an item is good, so that only a fall of their share is a sign; where either of two things may be
usual, both are tests. Shapes tell fields apart that change places: an author is a word, a text is not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from leakwatch.extract.shapes import BROKEN, is_measure
from leakwatch.model.observation import Observation

_RECENT, _AHEAD, _FIRST_YEAR = timedelta(days=45), timedelta(days=1), 1995
_LONG_TEXT, _READ, _LEAD, _FEW = 40, 2000, 300, 12
_FORM = 24
_NUMBER = re.compile(r"[0-9A-Fa-f]{16,}|[0-9]+")
_LAST_NUMBER = re.compile(r"([0-9]{2,20})[^0-9]*\Z")
_PLAIN = re.compile(r"[A-Za-z_.-]{1,12}\Z")
_WORD = re.compile(r"[^\W\d_]{3}")
_BROKEN = re.compile(BROKEN.pattern + r"|</?[a-z]{1,10}[ >]|&(?:amp|lt|gt|quot|#\d+);")
_CELL = re.compile(r"<t[dh]\b[^>]{0,300}>\s{0,20}(</t[dh]>)?", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,300}>")

Test = Callable[[Observation], bool | None]
"""Whether an item is good; None where the question does not arise."""


SHAPED: Mapping[str, Callable[[Observation], str | None]] = {
    "title": lambda one: one.title,
    "author": lambda one: one.author,
    "text": lambda one: one.text,
    "id": lambda one: one.native_id,
}


def _has_spaces(told: str | None) -> bool | None:
    return " " in told.strip() if told and told.strip() else None


def _no(told: bool | None) -> bool | None:
    return None if told is None else not told


def _is_words(title: str) -> bool:
    return bool(_WORD.search(title)) and not is_measure(title.strip())


def _is_true(one: Observation) -> bool | None:
    if one.published_at is None:
        return None
    return one.published_at.year >= _FIRST_YEAR and one.published_at <= one.fetched_at + _AHEAD


def _is_recent(one: Observation) -> bool | None:
    if one.published_at is None:
        return None
    return abs(one.fetched_at - one.published_at) <= _RECENT


def _has_a_time(one: Observation) -> bool | None:
    told = one.published_at
    return None if told is None else bool(told.hour or told.minute or told.second)


def _has_more(one: Observation) -> bool | None:
    if one.seeders is None or one.leechers is None or one.seeders == one.leechers:
        return None
    return one.seeders > one.leechers


def _url_has_id(one: Observation) -> bool | None:
    found = _LAST_NUMBER.search(one.native_id)
    return found[1] in one.url if found and one.url else None


FIELDS: Mapping[str, Test] = {
    "title": lambda one: bool(one.title.strip()),
    "url": lambda one: bool(one.url),
    "published_at": lambda one: one.published_at is not None,
    "author": lambda one: bool(one.author),
    "text": lambda one: bool(one.text),
    "size": lambda one: bool(one.size_bytes),
    "torrent_url": lambda one: bool(one.torrent_url),
    "magnet": lambda one: bool(one.magnet),
    "infohash": lambda one: bool(one.infohash_v1 or one.infohash_v2),
    "seeders": lambda one: one.seeders is not None,
    "leechers": lambda one: one.leechers is not None,
    "files": lambda one: bool(one.files),
    "parameters": lambda one: bool(one.parameters),
    "file with a size": lambda one: one.files[0].size_bytes is not None if one.files else None,
    "file with a hash": lambda one: (
        bool(one.files[0].sha256 or one.files[0].md5 or one.files[0].git_blob) if one.files else None
    ),
    "file without broken characters": lambda one: (
        not _BROKEN.search(one.files[0].path) if one.files else None
    ),
    "file with an ending": lambda one: "." in one.files[0].path if one.files else None,
    "titles that are no urls": lambda one: "://" not in one.title if one.title.strip() else None,
    "title in words": lambda one: _is_words(one.title) if one.title.strip() else None,
    "title without broken characters": lambda one: (
        not _BROKEN.search(one.title) if one.title.strip() else None
    ),
    "text without broken characters": lambda one: not BROKEN.search(one.text[:_READ]) if one.text else None,
    "author without broken characters": lambda one: not _BROKEN.search(one.author) if one.author else None,
    "text of a sentence or more": lambda one: len(one.text) >= _LONG_TEXT if one.text else None,
    "title with spaces": lambda one: _has_spaces(one.title),
    "title without spaces": lambda one: _no(_has_spaces(one.title)),
    "author with spaces": lambda one: _has_spaces(one.author),
    "author without spaces": lambda one: _no(_has_spaces(one.author)),
    "text with markup": lambda one: "<" in one.text[:_READ] if one.text else None,
    "text without markup": lambda one: "<" not in one.text[:_READ] if one.text else None,
    "text with an address": lambda one: "://" in one.text[:_READ] if one.text else None,
    "text with the title": lambda one: (
        one.title in one.text[:_READ] if one.text and one.title.strip() else None
    ),
    "ids that are urls": lambda one: "://" in one.native_id,
    "ids that are no urls": lambda one: "://" not in one.native_id,
    "ids of digits": lambda one: one.native_id.isdigit(),
    "url with a host": lambda one: "://" in one.url if one.url else None,
    "url with the author": lambda one: one.author in one.url if one.author and one.url else None,
    "url with the id": _url_has_id,
    "url that is the id": lambda one: one.url == one.native_id if one.url else None,
    "url that is not the id": lambda one: one.url != one.native_id if one.url else None,
    "published_at that can be true": _is_true,
    "published_at of the last weeks": _is_recent,
    "published_at with a time of day": _has_a_time,
    "more seeders than leechers": _has_more,
}
ONCE: Mapping[str, Callable[[Observation], object]] = {
    "title": lambda one: one.title,
}
"""Fields that many items of a page may share, and whose look then says little of the layout."""
KEYS: Mapping[str, Callable[[Observation], object]] = {
    "titles": lambda one: one.title or None,
    "urls": lambda one: one.url,
    "dates": lambda one: one.published_at,
    "ids": lambda one: one.native_id,
    "authors": lambda one: one.author,
    "texts": lambda one: one.text,
    "beginnings of texts": lambda one: _TAG.sub("", one.text[:_LEAD]).strip()[:_FEW] if one.text else None,
    "files": lambda one: one.files[0].path if one.files else None,
    "ends of urls": lambda one: one.url.rstrip("/").rpartition("/")[2] if one.url else None,
}
NUMBERS: Mapping[str, Callable[[Observation], float | None]] = {
    "size": lambda one: one.size_bytes or None,
    "file size": lambda one: (one.files[0].size_bytes or None) if one.files else None,
    "title length": lambda one: len(one.title) or None,
    "text length": lambda one: len(one.text) if one.text else None,
    "seeders": lambda one: 1 + one.seeders if one.seeders is not None else None,
}


def _beginning(told: str | None) -> str | None:
    """How an id or address begins, whatever its numbers and digests are; of one that is no address, what it is made of."""
    if not told:
        return None
    if "://" in told or told.startswith("magnet:"):
        return _NUMBER.sub("0", told.partition("://")[2] or "magnet")[:_FORM]
    return "".join(sorted({"0" if one.isdigit() else "a" if one.isalpha() else one for one in told[:200]}))[
        :_FORM
    ]


def _build(told: str | None) -> str | None:
    """How an address is built: its host, the first part of its path, how many there are, its ending, its query."""
    if not told or "://" not in told:
        return None
    try:
        parts = urlsplit(told[:_READ])
    except ValueError:
        return "broken"
    path = parts.path.strip("/").split("/")
    ending = path[-1].rpartition(".")[2] if "." in path[-1] else ""
    query = [
        f"{name}={value}" if _PLAIN.match(value) else name for name, value in parse_qsl(parts.query)[:10]
    ]
    told = f"{parts.netloc}/{_plain(path[0])}/{len(path)}.{_plain(ending)}?{'&'.join(sorted(query))}"
    return told[:200] + ("#" if parts.fragment else "")


def _plain(word: str) -> str:
    return word if _PLAIN.match(word) else "*"


def _cells(text: str | None) -> str | None:
    """Of a text that is the row of a table, which cells have something in them."""
    if not text or not text[:3].lower().startswith("<tr"):
        return None
    return "".join("0" if found[1] else "1" for found in _CELL.finditer(text[:_READ]))[:_FORM]


def _digest(told: str | None) -> str | None:
    """Who wrote it, in as little as tells authors apart: no names are kept."""
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:8] if told else None


FORMS: Mapping[str, Callable[[Observation], str | None]] = {
    "ids of a known form": lambda one: _beginning(one.native_id),
    "urls of a known form": lambda one: _beginning(one.url),
    "torrent_urls of a known form": lambda one: _beginning(one.torrent_url),
    "urls of a known build": lambda one: _build(one.url),
    "ids of a known build": lambda one: _build(one.native_id),
    "torrent_urls of a known build": lambda one: _build(one.torrent_url),
    "rows of a known build": lambda one: _cells(one.text),
    "authors that are known": lambda one: _digest(one.author),
}
KNOWN_AFTER: Mapping[str, int] = {"authors that are known": 100}
"""After how many items the known are counted, where there are many to get to know."""
SOUND = ("without broken characters", "different ids")
"""How the signs end of which a small fall is odd already: what is sound breaks for few reasons."""
