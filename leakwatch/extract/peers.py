"""Addresses of peers that a post names: who may be dialled, and the post without them.

A magnet's `x.pe` (BEP 9) and an ed2k link's `sources` tell where somebody has the content. Of what is kept of a post
they are no part; what somebody writes in prose is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from leakwatch.extract.layers import Layer
from leakwatch.extract.markup import ATTRIBUTE, projected
from leakwatch.extract.named import magnets
from leakwatch.model.observation import LocatorKind, Observation
from leakwatch.torrent.infohash import Infohashes

MAX_PEERS = 20
_WITH_PEERS = frozenset({LocatorKind.MAGNET, LocatorKind.ED2K})
_ESCAPED = r"%(?:25){0,3}"
_VALUE = re.compile(
    rf"(?:(?<![0-9a-z])|(?<=26))x(?:\.|{_ESCAPED}2e)pe(?:=|{_ESCAPED}3d)((?:(?!{_ESCAPED}26)[^\s&\"'<>])+)"
    rf"|(?:\||{_ESCAPED}7c)sources,((?:(?!{_ESCAPED}7c)[^\s|\"'<>])+)",
    re.IGNORECASE,
)


def peers(seen: Observation, infohashes: Infohashes) -> tuple[tuple[str, int], ...]:
    """Peers that the item's magnets name for a torrent; at most twenty."""
    told = (peer for magnet in magnets(seen, infohashes) for peer in magnet.peers)
    return tuple(dict.fromkeys(told))[:MAX_PEERS]


def without_peers(seen: Observation) -> Observation:
    """A located observation whose title and text name no peers any more; its locators are as they were."""
    is_likely = any(one.kind in _WITH_PEERS for one in seen.locators)
    title, text = (
        cut_peers(one) if one and (is_likely or _VALUE.search(one)) else one
        for one in (seen.title, seen.text)
    )
    return seen if (title, text) == (seen.title, seen.text) else replace(seen, title=title or "", text=text)


def cut_peers(text: str) -> str:
    """Plain text or markup without the values of `x.pe` and `sources`, however they are escaped or cut up by tags."""
    kept, last = list[str](), 0
    for start, end in sorted(_spans(text)):
        kept.append(text[last : max(last, start)])
        last = max(last, end)
    return "".join([*kept, text[last:]])


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the values stand: as a reader sees the text, in its attributes, and letter by letter."""
    yield from _shown(text, 0)
    for found in ATTRIBUTE.finditer(text):
        group = 1 if found[1] is not None else 2
        yield from _shown(found[group], found.start(group))
    yield from (_value(found) for found in _VALUE.finditer(text))


def _shown(text: str, offset: int) -> Iterator[tuple[int, int]]:
    shown = projected(Layer(text))
    for start, end in (_value(found) for found in _VALUE.finditer(shown.text)):
        first, last = shown.back(start, end) if shown.parent else (start, end)
        yield offset + first, offset + last


def _value(found: re.Match[str]) -> tuple[int, int]:
    return found.span(1) if found[1] is not None else found.span(2)
