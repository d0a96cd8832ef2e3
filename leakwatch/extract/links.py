"""Magnet URIs, infohashes, .torrent URLs and ed2k links inside plain text and markup, with the offset where each stood.

The text is first *projected*: tags fall away (a `<wbr>` or `<b>` inside a link leaves no gap, a `<br>` ends the
line), entities are decoded, zero-width characters vanish; a map leads back to the offset in the original.
Attribute values are scanned beside it, for a link may stand in `href` only.
"""

from __future__ import annotations

import bisect
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from leakwatch.errors import InfohashError, MagnetError
from leakwatch.extract.ed2k import LINK, link_of
from leakwatch.model.observation import Locator, LocatorKind, Observation
from leakwatch.torrent.infohash import Infohashes, InfohashV2, parse_v1
from leakwatch.torrent.magnet import parse_magnet

MAX_TEXT = 2 * 2**20
"""Characters read of one text; the rest is cut, and the caller's evidence keeps the whole."""
_MAX_LOCATORS = 1000

_UNSEEN = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
MARKUP = re.compile(
    r"<(?P<tag>/?[a-zA-Z][a-zA-Z0-9]{0,15})(?=[\s/>])[^<>]{0,4000}>|<!--(?:[^<]|<(?!!--)){0,4000}?-->"
    r"|&(?:[a-zA-Z]{2,24}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});"
    rf"|{_UNSEEN}+",
    re.DOTALL,
)
_BREAKS = frozenset(
    [
        "br",
        "p",
        "div",
        "li",
        "tr",
        "td",
        "th",
        "pre",
        "blockquote",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "table",
        "hr",
        "code",
    ]
)
ATTRIBUTE = re.compile(
    r"""\b(?:href|src|value|content|data-[\w-]{1,30})\s*=\s*(?:"([^"<>]{8,9000})"|'([^'<>]{8,9000})')"""
)

_MAGNET = re.compile(r"magnet:\?[^\s\"'<>`\\^{}|\x00-\x20]{8,8192}", re.IGNORECASE)
_URN = re.compile(r"urn:bt[im]h:[0-9A-Za-z]{32,68}", re.IGNORECASE)
_DOT_TORRENT = re.compile(r"\.torrent(?![\w-]|\.\w)(?:\?[^\s\"'<>`\\^{}|]{0,800})?", re.IGNORECASE)
_URL_START = re.compile(r"https?://[^\s\"'<>`\\^{}|]+", re.IGNORECASE)
_MAX_URL = 1500
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:1220[0-9a-fA-F]{64}|[0-9a-fA-F]{64}|[0-9a-fA-F]{40})(?![0-9A-Za-z])")
_TRAILING = ".,;:!?)]}*_~…"

_FOR_INFOHASH = re.compile(
    r"info[\s_-]?hash|btih|btmh|\bbt\b|magnet|torrent|v1 hash|v2 hash|\bhash\b|\bih\b|хеш|хэш|торрент|种子|種子|磁力|磁链|ハッシュ|トレント|토렌트",
    re.IGNORECASE,
)
_AGAINST_INFOHASH = re.compile(
    r"commit|\bgit\b|\bsha-?(?:1|256)?\b|\btree\b|blob|revision|\brev\b|checksum|merge[sd]?|cherry|github\.com|@$",
    re.IGNORECASE,
)
_CONTEXT = 80


@dataclass(frozen=True, slots=True)
class _Projection:
    """Text without markup, and where each stretch of it began in the original."""

    text: str
    starts: tuple[int, ...]
    origins: tuple[int, ...]

    def origin(self, position: int) -> int:
        """The offset in the original of a position in the projected text."""
        index = bisect.bisect_right(self.starts, position) - 1
        return self.origins[index] + position - self.starts[index]


def project(text: str) -> _Projection:
    """Take markup, entities and invisible characters out of `text`, remembering where the rest stood."""
    parts: list[str] = []
    starts, origins = [0], [0]
    length = last = 0
    for found in MARKUP.finditer(text):
        parts.append(text[last : found.start()])
        length += found.start() - last
        instead = _instead(found)
        if instead:
            starts.append(length)
            origins.append(found.start())
            parts.append(instead)
            length += len(instead)
        last = found.end()
        starts.append(length)
        origins.append(last)
    parts.append(text[last:])
    return _Projection("".join(parts), tuple(starts), tuple(origins))


def _instead(found: re.Match[str]) -> str:
    tag = found["tag"]
    if tag:
        return "\n" if tag.lower().lstrip("/") in _BREAKS else ""
    if found[0].startswith("&"):
        decoded = html.unescape(found[0])
        return "" if re.fullmatch(_UNSEEN, decoded) else decoded
    return ""


def plain(text: str) -> str:
    """The text as a reader sees it, without markup."""
    return project(text[:MAX_TEXT]).text


def find_locators(text: str) -> tuple[Locator, ...]:
    """All locators in plain text or markup, in order; the same infohash or URL is given once, at its fullest."""
    text = text[:MAX_TEXT]
    projection = project(text)
    found: dict[tuple[LocatorKind, str], Locator] = {}
    for locator, shown in _scan(projection.text):
        origin = projection.origin(locator.offset)
        chain = () if text.startswith(shown, origin) else ("html",)
        _keep(found, replace(locator, offset=origin, decode_chain=chain))
    for attribute in ATTRIBUTE.finditer(text):
        group = 1 if attribute[1] is not None else 2
        inner = project(attribute[group])
        chain = ("html",) if inner.text != attribute[group] else ()
        for locator, _ in _scan(inner.text):
            origin = attribute.start(group) + inner.origin(locator.offset)
            _keep(found, replace(locator, offset=origin, decode_chain=chain))
        if len(found) > _MAX_LOCATORS:
            break
    told = {one.infohashes for one in found.values() if one.kind is LocatorKind.MAGNET}
    kept = (
        one for one in found.values() if one.kind is not LocatorKind.INFOHASH or one.infohashes not in told
    )
    return tuple(sorted(kept, key=lambda one: one.offset)[:_MAX_LOCATORS])


def _keep(found: dict[tuple[LocatorKind, str], Locator], locator: Locator) -> None:
    key = (locator.kind, str(locator.infohashes or locator.value))
    known = found.get(key)
    if known is None or len(locator.value) > len(known.value):
        found[key] = locator if known is None else replace(locator, offset=min(locator.offset, known.offset))


def _scan(text: str) -> Iterator[tuple[Locator, str]]:
    """Locators of one run of plain text with offsets into that run, and the characters each was read from."""
    taken = bytearray(len(text))
    for match in _MAGNET.finditer(text):
        value = html.unescape(match[0]).rstrip(_TRAILING)
        try:
            magnet = parse_magnet(value)
        except MagnetError:
            continue
        _take(match, taken)
        yield Locator(LocatorKind.MAGNET, value, magnet.infohashes, match.start()), match[0]
    for match in _URN.finditer(text):
        if not taken[match.start()]:
            try:
                magnet = parse_magnet(f"magnet:?xt={match[0]}")
            except MagnetError:
                continue
            _take(match, taken)
            yield _bare(magnet.infohashes, match.start()), match[0]
    for match in LINK.finditer(text):
        link = link_of(match)
        if link:
            _take(match, taken)
            yield Locator(LocatorKind.ED2K, str(link), None, match.start()), match[0]
    for start, url in _torrent_urls(text):
        if not taken[start]:
            yield Locator(LocatorKind.TORRENT_URL, url.rstrip(_TRAILING), None, start), url
    for match in _HEX.finditer(text):
        if not taken[match.start()] and _reads_as_infohash(text, match):
            yield _bare(_hex_infohash(match[0]), match.start()), match[0]


def _torrent_urls(text: str) -> Iterator[tuple[int, str]]:
    """Addresses of torrent files, found from their end: a text full of `http://` costs nothing that way."""
    lowered = text.lower()
    last = 0
    for ending in _DOT_TORRENT.finditer(text):
        start = lowered.rfind("http", max(last, ending.start() - _MAX_URL), ending.start())
        if start >= 0 and _URL_START.fullmatch(text, start, ending.start()):
            last = ending.end()
            yield start, text[start:last]


def _take(match: re.Match[str], taken: bytearray) -> None:
    taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())


def _bare(infohashes: Infohashes, offset: int) -> Locator:
    return Locator(LocatorKind.INFOHASH, (infohashes.v1 or infohashes.v2 or b"").hex(), infohashes, offset)


def _hex_infohash(digits: str) -> Infohashes:
    if len(digits) == 40:
        return Infohashes(v1=parse_v1(digits))
    return Infohashes(v2=InfohashV2(bytes.fromhex(digits[-64:])))


def _reads_as_infohash(text: str, match: re.Match[str]) -> bool:
    """Forty hex digits are a git commit as often as an infohash: the words around them decide."""
    if len(set(match[0].lower())) < 6:
        return False
    before = text[max(0, match.start() - _CONTEXT) : match.start()].rpartition("\n\n")[2]
    after = text[match.end() : match.end() + _CONTEXT // 4].partition("\n")[0]
    spoken_for = [found.end() for found in _FOR_INFOHASH.finditer(before)]
    spoken_against = [found.end() for found in _AGAINST_INFOHASH.finditer(before)]
    if not spoken_for:
        return not spoken_against and bool(
            re.match(r"\.torrent|\W{0,3}\(?torrent|\W{0,3}\(?btih", after, re.IGNORECASE)
        )
    nearer = max(spoken_for) >= max(spoken_against, default=-1)
    return nearer and not (len(match[0]) == 64 and not re.search("btmh|v2", before, re.IGNORECASE))


def locate(observation: Observation) -> Observation:
    """The observation with every locator that its fields and its text give; existing ones are kept.

    Where an item disagrees with itself (a magnet and an infohash field that differ), both are kept.
    """
    found = list(observation.locators)
    if observation.magnet:
        found += find_locators(observation.magnet)
    for field, version in ((observation.infohash_v1, 1), (observation.infohash_v2, 2)):
        if field:
            try:
                hashes = (
                    Infohashes(v1=parse_v1(field))
                    if version == 1
                    else Infohashes(v2=InfohashV2(bytes.fromhex(field)))
                )
            except (InfohashError, ValueError):
                continue
            found.append(_bare(hashes, -1))
    if observation.torrent_url:
        found.append(Locator(LocatorKind.TORRENT_URL, observation.torrent_url))
    found = [replace(one, offset=-1) for one in found]
    found += find_locators(observation.text or "")
    found += find_locators(observation.title)
    return replace(observation, locators=_distinct(found))


def _distinct(locators: list[Locator]) -> tuple[Locator, ...]:
    kept: dict[str, Locator] = {}
    magnets = {
        key
        for one in locators
        if one.kind is LocatorKind.MAGNET and one.infohashes
        for key in one.infohashes.swarm_keys
    }
    for one in locators:
        if one.kind is LocatorKind.INFOHASH and one.infohashes and set(one.infohashes.swarm_keys) <= magnets:
            continue
        kept.setdefault(f"{one.kind}:{one.infohashes or one.value}", one)
    return tuple(kept.values())
