"""Locators that stand in a run of plain text as they are: nothing is decoded here."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leakwatch.errors import MagnetError
from leakwatch.extract.context import reads_as_infohash
from leakwatch.extract.ed2k import LINK, link_of
from leakwatch.extract.fragments import joined_parts, speaks
from leakwatch.extract.hosts import Hosts, find_host_links
from leakwatch.extract.ipfs import find_cids
from leakwatch.model.observation import Locator, LocatorKind
from leakwatch.torrent.infohash import Infohashes, InfohashV2, parse_v1
from leakwatch.torrent.magnet import parse_magnet

_MAGNET = re.compile(r"magnet:\?[^\s\"'<>`\\^{}|\x00-\x20\ufffd]{8,8192}", re.IGNORECASE)
_URN = re.compile(r"urn:bt[im]h:[0-9A-Za-z]{32,68}", re.IGNORECASE)
_DOT_TORRENT = re.compile(r"\.torrent(?![\w-]|\.\w)(?:\?[^\s\"'<>`\\^{}|]{0,800})?", re.IGNORECASE)
_URL_START = re.compile(r"https?://[^\s\"'<>`\\^{}|]+", re.IGNORECASE)
_MAX_URL = 1500
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:1220[0-9a-fA-F]{64}|[0-9a-fA-F]{64}|[0-9a-fA-F]{40})(?![0-9A-Za-z])")
_TRAILING = ".,;:!?)]}*_~…"


@dataclass(frozen=True, slots=True)
class Hit:
    """A locator and the stretch of the text that it was read from; `steps` if it was put together."""

    locator: Locator
    start: int
    end: int
    steps: tuple[str, ...] = ()


def scan(text: str, lowered: str, words: Sequence[tuple[int, int]], hosts: Hosts) -> list[Hit]:
    """All locators of a text, none inside another.

    Shape:  `lowered` is the text in lower case, letter by letter; `words` are its long words (`decoding.long_words`).
    """
    taken = bytearray(len(text))
    hits: list[Hit] = []
    for reader in (_magnets, _urns, _torrent_urls, _ed2k_links, _cids):
        for hit in reader(text, lowered):
            _take(hit, taken, hits)
    for hit in (*_bare_hashes(text, words), *_parts(text, lowered)):
        _take(hit, taken, hits)
    for start, end, address in find_host_links(text, hosts):
        _take(Hit(Locator(LocatorKind.FILE_HOST, address, None, start), start, end), taken, hits)
    return hits


def _take(hit: Hit, taken: bytearray, hits: list[Hit]) -> None:
    if not taken[hit.start] and not taken[hit.end - 1]:
        taken[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
        hits.append(hit)


def bare(infohashes: Infohashes, offset: int) -> Locator:
    """The locator of an infohash that stands alone."""
    return Locator(LocatorKind.INFOHASH, (infohashes.v1 or infohashes.v2 or b"").hex(), infohashes, offset)


def hex_infohash(digits: str) -> Infohashes:
    """Forty digits are a v1 infohash; the last sixty-four of more are a v2 one."""
    if len(digits) == 40:
        return Infohashes(v1=parse_v1(digits))
    return Infohashes(v2=InfohashV2(bytes.fromhex(digits[-64:])))


def _magnets(text: str, lowered: str) -> Iterator[Hit]:
    for match in _MAGNET.finditer(text) if "magnet:?" in lowered else ():
        value = html.unescape(match[0]).rstrip(_TRAILING)
        try:
            magnet = parse_magnet(value)
        except MagnetError:
            continue
        yield Hit(Locator(LocatorKind.MAGNET, value, magnet.infohashes, match.start()), *match.span())


def _urns(text: str, lowered: str) -> Iterator[Hit]:
    for match in _URN.finditer(text) if "urn:bt" in lowered else ():
        try:
            magnet = parse_magnet(f"magnet:?xt={match[0]}")
        except MagnetError:
            continue
        yield Hit(bare(magnet.infohashes, match.start()), *match.span())


def _torrent_urls(text: str, lowered: str) -> Iterator[Hit]:
    """Addresses of torrent files, found from their end: a text full of `http://` costs nothing that way."""
    last = 0
    for ending in _DOT_TORRENT.finditer(text) if ".torrent" in lowered else ():
        start = lowered.rfind("http", max(last, ending.start() - _MAX_URL), ending.start())
        if start >= 0 and _URL_START.fullmatch(text, start, ending.start()):
            last = ending.end()
            value = text[start:last].rstrip(_TRAILING)
            yield Hit(Locator(LocatorKind.TORRENT_URL, value, None, start), start, last)


def _ed2k_links(text: str, lowered: str) -> Iterator[Hit]:
    for match in LINK.finditer(text) if "ed2k:" in lowered else ():
        link = link_of(match)
        if link:
            yield Hit(Locator(LocatorKind.ED2K, str(link), None, match.start()), *match.span())


def _cids(text: str, lowered: str) -> Iterator[Hit]:
    for start, end, cid in find_cids(text, lowered):
        yield Hit(Locator(LocatorKind.IPFS, cid, None, start), start, end)


def _bare_hashes(text: str, words: Sequence[tuple[int, int]]) -> Iterator[Hit]:
    for start, end in words:
        for match in _HEX.finditer(text, start, end) if end - start >= 40 else ():
            if reads_as_infohash(text, *match.span()):
                yield Hit(bare(hex_infohash(match[0]), match.start()), *match.span())


def _parts(text: str, lowered: str) -> Iterator[Hit]:
    for start, end, digits in joined_parts(text, lowered) if speaks(lowered) else ():
        yield Hit(bare(hex_infohash(digits), start), start, end, ("fragments",))
