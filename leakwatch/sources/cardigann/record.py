"""The fields of one row, and the observation that they make."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources.cardigann import dates, filters, template
from leakwatch.sources.cardigann.definition import Block, Definition
from leakwatch.sources.cardigann.template import Value

_LINKS = ("details", "download", "magnet", "infohash")
_HASH = re.compile(r"(?<![0-9A-Za-z])([0-9a-fA-F]{40}|[A-Za-z2-7]{32})(?![0-9A-Za-z])")
_SIZE = re.compile(r"(\d[\d.,\s]{0,14}?)\s?(?:([KMGTPКМГТ])(?:i?[BOБ])?|B(?:ytes)?|Б)(?!\w)", re.IGNORECASE)
_UNITS = {
    "": 1,
    "k": 2**10,
    "m": 2**20,
    "g": 2**30,
    "t": 2**40,
    "p": 2**50,
    "к": 2**10,
    "м": 2**20,
    "г": 2**30,
    "т": 2**40,
}
_UNSAFE = re.compile(r"[\x00-\x20\x7f\"<>\\^`{|}]+")
_SPACES = re.compile(r"\s*[\r\n\t]+\s*")


@dataclass(frozen=True, slots=True)
class Record:
    """What was read of one row: each field's text, and the fields whose template or selector failed."""

    values: Mapping[str, str]
    constant: frozenset[str]

    @property
    def is_item(self) -> bool:
        """Whether the row is one: a heading of a table has neither a title nor a link of its own."""
        return bool(self.values.get("title")) or any(
            self.values.get(name) and name not in self.constant for name in _LINKS
        )

    @property
    def has_torrent(self) -> bool:
        """Whether the fields tell which torrent it is."""
        links = (_magnet(self.values.get("magnet", "")), _magnet(self.values.get("download", "")))
        return any(links) or infohash_in(self.values.get("infohash", "")) is not None


def read(
    definition: Definition,
    find: Callable[[Block, Callable[[str], str]], str | None],
    variables: Mapping[str, Value],
    now: datetime,
) -> Record:
    """The fields of one row in the definition's order: later ones may use earlier ones by `.Result.name`."""
    known: dict[str, Value] = dict(variables)
    values: dict[str, str] = {}

    def expand(text: str) -> str:
        return template.expand(text, known)

    for block in definition.search.fields:
        told = expand(block.text) if block.text is not None else find(block, expand)
        shown = told
        if told is not None:
            told = filters.apply(told, block.filters, now, expand, definition.encoding)
        if not told and block.name == "title":  # filters that leave nothing would hide the item
            told = shown
        if not told and block.default is not None:
            told = expand(block.default)
        values[block.name] = told or ""
        known[f".Result.{block.name}"] = told or None
    constant = frozenset(block.name for block in definition.search.fields if block.is_constant)
    return Record(values, constant)


def observation(record: Record, site: str, base: str, now: datetime) -> tuple[Observation, bool]:
    """The observation of a row, and whether it has a date that could not be read.

    Raises: ValueError for a row without a title, or with nothing that tells it from others.
    """
    told = record.values
    title = _SPACES.sub(" ", told.get("title", "")).strip()[:2000]
    if not title:
        raise ValueError("a row without a title")
    download = told.get("download", "").strip()
    magnet = _magnet(told.get("magnet", "")) or _magnet(download)
    hashes = fields.magnet_hashes(magnet)
    infohash = infohash_in(told.get("infohash", "")) or hashes[0]
    details = None if "details" in record.constant else web(base, told.get("details", ""))
    torrent = web(base, download)
    published, is_unread = _published(told, record.constant, now)
    size = (None, False) if "size" in record.constant else size_of(told.get("size", ""))
    return (
        Observation(
            site=site,
            native_id=details or infohash or magnet or torrent or f"title:{title}",
            title=title,
            fetched_at=now,
            url=details,
            published_at=published,
            text=None if "description" in record.constant else _text(told.get("description", ""), title),
            size_bytes=size[0],
            size_is_exact=size[1],
            torrent_url=torrent,
            magnet=magnet,
            infohash_v1=infohash,
            infohash_v2=hashes[1],
            seeders=_peers(record, "seeders"),
            leechers=_peers(record, "leechers"),
        ),
        is_unread,
    )


def _text(told: str, title: str) -> str | None:
    """A description that says more than the title."""
    return told[:20_000] if told and told != title else None


def infohash_in(text: str) -> str | None:
    """The infohash that a text is or holds."""
    whole = fields.infohash_v1(text)
    found = None if whole else _HASH.search(text[:4000])
    return whole or (fields.infohash_v1(found[1]) if found else None)


def _magnet(text: str) -> str | None:
    return fields.magnet(text.strip()) if len(text) <= 20_000 else None


def web(base: str, link: str) -> str | None:
    """The web address that a link on a page leads to."""
    url = fields.joined(base, link.strip()) if link and len(link) <= 4000 else None
    is_web = url is not None and url[:8].lower().startswith(("http://", "https://"))
    return _UNSAFE.sub(lambda found: quote(found[0]), url) if url and is_web else None


def size_of(text: str) -> tuple[int | None, bool]:
    """Bytes, and whether to the byte: a text such as "1.4 GiB", "700 Мо" or "1,024.5 MB" is rounded."""
    exact = fields.count(text)
    if exact is not None:
        return exact or None, True
    found = _SIZE.search(text[:2000])
    if not found:
        return None, False
    digits = re.sub(r"\s", "", found[1])
    is_thousands = digits.count(",") > 1 or ("." in digits and "," in digits)
    digits = digits.replace(",", "") if is_thousands else digits.replace(",", ".")
    try:
        size = int(float(digits) * _UNITS[(found[2] or "").lower()])
    except (ValueError, OverflowError):
        return None, False
    return (size if 0 < size < 2**63 else None), False


def _peers(record: Record, name: str) -> int | None:
    """A count that the page shows; one that the definition says of every row is no count."""
    if name in record.constant:
        return None
    digits = re.sub(r"[\s,.]", "", record.values.get(name, "")[:40])
    found = re.search(r"\d{1,18}", digits)
    return fields.peers(int(found[0])) if found else None


def _published(
    told: Mapping[str, str], constant: frozenset[str], now: datetime
) -> tuple[datetime | None, bool]:
    """The date of an item, and whether there was one that could not be read. "now" is a word for none."""
    text = told.get("date", "").strip()
    if not text or "date" in constant or text == "now":
        return None, False
    found = dates.in_words(text, now)
    return found, found is None
