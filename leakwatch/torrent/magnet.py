"""Magnet URIs (BEP 9, BEP 52, BEP 53) to values and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from leakwatch.errors import InfohashError, MagnetError
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2, parse_v1, parse_v2

MAX_LENGTH = 8 * 1024
"""Longer magnet URIs are refused: they hold padding, not trackers."""
_MAX_SELECTED = 10_000
"""File numbers that one magnet URI may name: each is expanded, and a page may hold thousands of URIs."""
_ESCAPE = re.compile(r"%(.{0,2})", re.DOTALL)
_TRACKER = re.compile(r"(?:https?|udp|wss?)://", re.IGNORECASE)
_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?\Z")
_ENDPOINT = re.compile(
    r"(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9]{1,3}(?:\.[0-9]{1,3}){3})|([\w.-]{1,253})):([0-9]{1,5})\Z"
)


@dataclass(frozen=True, slots=True)
class Magnet:
    """What a magnet URI says. Everything but the infohashes is a claim of whoever wrote it."""

    infohashes: Infohashes
    name: str = ""
    size_bytes: int | None = None
    trackers: tuple[str, ...] = ()
    web_seeds: tuple[str, ...] = ()
    peers: tuple[tuple[str, int], ...] = ()
    dht_nodes: tuple[tuple[str, int], ...] = ()
    selected_files: tuple[int, ...] = ()

    def __str__(self) -> str:
        """The shortest URI that names the same torrent: infohashes and display name, no trackers."""
        topics: list[str] = []
        if self.infohashes.v1:
            topics.append(f"xt=urn:btih:{self.infohashes.v1.hex()}")
        if self.infohashes.v2:
            topics.append(f"xt=urn:btmh:1220{self.infohashes.v2.hex()}")
        return "magnet:?" + "&".join(
            topics + ([f"dn={quote(self.name, safe='', errors='replace')}"] if self.name else [])
        )


def parse_magnet(uri: str) -> Magnet:
    """Read a magnet URI.

    Raises: MagnetError if it is no magnet URI, too long, wrongly escaped, or names no valid infohash.
    Source: BEP 9 "magnet URI format", BEP 52 for `btmh`, BEP 53 for `so`.
    """
    if len(uri) > MAX_LENGTH:
        raise MagnetError(f"longer than {MAX_LENGTH} characters", uri[:80])
    if uri[:8].lower() != "magnet:?":
        raise MagnetError(value=uri[:80])
    fields: dict[str, list[str]] = {}
    for part in uri[8:].split("&"):
        name, _, raw = part.partition("=")
        fields.setdefault(_field_name(name), []).append(_unescape(raw, uri))
    return Magnet(
        infohashes=_topics(fields.get("xt", []), uri),
        name=next((value for value in fields.get("dn", []) if value), ""),
        size_bytes=_size(fields.get("xl", [])),
        trackers=tuple(value for value in fields.get("tr", []) if _TRACKER.match(value)),
        web_seeds=tuple(fields.get("ws", [])),
        peers=tuple(_endpoints(fields.get("x.pe", []), names=False)),
        dht_nodes=tuple(_endpoints(fields.get("dht", []), names=True)),
        selected_files=_selected(fields.get("so", [])),
    )


def _field_name(name: str) -> str:
    """`XT` is `xt`; `tr.1` is one of several `tr`; `tr.a` is nothing we know."""
    lowered = name.lower()
    stem, _, number = lowered.partition(".")
    return stem if number.isdigit() else lowered


def _unescape(raw: str, uri: str) -> str:
    """Percent-decoding that refuses a broken escape, as clients do, and survives text that is not UTF-8."""

    def byte(found: re.Match[str]) -> str:
        try:
            return chr(int(found[1], 16)) if len(found[1]) == 2 and found[1].isalnum() else _broken(uri)
        except ValueError:
            return _broken(uri)

    if "%" not in raw and "+" not in raw:
        return raw
    latin = _ESCAPE.sub(byte, "".join(chr(b) for b in raw.replace("+", " ").encode("utf-8", "surrogatepass")))
    return latin.encode("latin-1").decode("utf-8", "replace")


def _broken(uri: str) -> str:
    raise MagnetError("a percent escape is broken", uri[:80])


def _topics(topics: list[str], uri: str) -> Infohashes:
    v1: InfohashV1 | None = None
    v2: InfohashV2 | None = None
    for topic in topics:
        kind, value = topic[:9].lower(), topic[9:]
        try:
            if kind == "urn:btih:":
                v1 = parse_v1(value)
            elif kind == "urn:btmh:":
                v2 = parse_v2(value)
        except InfohashError as error:
            raise MagnetError(f"not an infohash: {value[:80]}", uri[:80]) from error
    if v1 is None and v2 is None:
        raise MagnetError("no infohash in it", uri[:80])
    return Infohashes(v1, v2)


def _size(values: list[str]) -> int | None:
    return next((int(v) for v in values if v.isascii() and v.isdigit() and len(v) < 20), None)


def _endpoints(values: list[str], *, names: bool) -> list[tuple[str, int]]:
    """Hosts and ports; `x.pe` only with literal addresses, since a name there would make us ask DNS for it."""
    out: list[tuple[str, int]] = []
    for value in values:
        found = _ENDPOINT.match(value)
        if found and 0 < int(found[4]) < 65536 and (names or not found[3]):
            out.append((found[1] or found[2] or found[3], int(found[4])))
    return out


def _selected(values: list[str]) -> tuple[int, ...]:
    chosen: set[int] = set()
    left = _MAX_SELECTED
    for piece in ",".join(values).split(","):
        found = _RANGE.match(piece)
        low, high = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if low <= high < _MAX_SELECTED and high - low < left:
            left -= high - low + 1
            chosen.update(range(low, high + 1))
    return tuple(sorted(chosen))
