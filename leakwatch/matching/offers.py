"""What makes an offer of an item: how its locators stand to the name, and what is said around them. Pure.

Structure comes first, for it is the same in every language. `shown` cuts an item into what its locators are called,
what stands beside them and what stands apart; links are in none of these, so that no word of a link is taken for a
word of the post. `standing` then says of one asset, by the places that name it, one of:
- a locator is called like the asset, or the item is a torrent or a repository and its title is its name
- the name stands beside a locator that is called nothing
- the name stands apart from such a locator
- every locator is called something else: what is offered is another thing; a part of the asset's name is nothing else
- there is no locator: news, talk, a request
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import IntEnum

from leakwatch.errors import MagnetError
from leakwatch.extract.ed2k import parse_ed2k
from leakwatch.extract.layers import Layer
from leakwatch.extract.links import MAX_TEXT
from leakwatch.extract.markup import projected
from leakwatch.extract.names import readings, tokens
from leakwatch.extract.words import ENDING, NUMBER, TAG, WEAK_TAG, YEAR, meaning, rarity
from leakwatch.matching.weights import Weights
from leakwatch.model.finding import Signal, SignalKind
from leakwatch.model.observation import Locator, LocatorKind, Observation
from leakwatch.torrent.magnet import parse_magnet

_LOCATOR = r"magnet:\?\S+|ed2k://\S+|\S+\.torrent\b\S*|\bdn=[^\s&]+|(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40})(?![0-9a-zA-Z])"
_LINKS = re.compile(rf"(?P<locator>{_LOCATOR})|[a-z][a-z0-9+.-]{{1,15}}://\S+|\bwww\.\S+", re.IGNORECASE)
_SIGN_OF_LINK = re.compile(r"magnet:|://|www\.|\.torrent|dn=|[0-9a-f]{40}", re.IGNORECASE)
_LIST = 4
"""Locators on so many lines make a list: there only the line of one, and the line above, speak of it."""
_QUOTED = re.compile(r"\s*(?:>|&gt;)")
_ASKS = re.compile(r"[?？؟]['\")\]»”』」\s]*\Z")
_TELLING_WORDS, _TELLING_BITS = 2, 20
_NOTHING = TAG | WEAK_TAG | YEAR | NUMBER | ENDING
_CAPITALS_INSIDE = re.compile(r"[^\W\d_]*[a-z][^\W_]*[A-Z]|[A-Z]{2,}[a-z]|[A-Z]+[a-z]+[A-Z]")


class Place(IntEnum):
    """Where in an item a name stands, what says most first."""

    OWN = 0
    TITLE = 1
    NEAR = 2
    FAR = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """An item cut by its locators.

    `links` are those that are no locators; `own` is what locators are called, and `is_mute`, whether one is called
    nothing that tells.
    """

    title: str
    near: str = ""
    far: str = ""
    links: str = ""
    own: tuple[str, ...] = ()
    has_locator: bool = False
    is_mute: bool = False
    is_quoted: bool = False

    @property
    def words(self) -> str:
        """What rules read of the text: no links, but what locators are called."""
        return "\n".join(part for part in (self.near, self.far, *self.own) if part)


def shown(seen: Observation) -> Shown:
    """Cut an item. Without a locator all of its text stands apart."""
    if not seen.text and not seen.locators:
        return Shown(seen.title)
    layer = projected(Layer((seen.text or "")[:MAX_TEXT]))
    title = _without_links(seen.title)[0]
    if not seen.locators:
        far, others = _without_links(layer.text)
        return Shown(title, far=far, links=others)
    lines = layer.text.splitlines()
    at = sorted(_lines_of(seen.locators, layer))
    near = _beside(lines, at)
    parts: tuple[list[str], list[str]] = ([], [])
    links: list[str] = []
    for number, line in enumerate(lines):
        cut, more = _without_links(line)
        links.append(more)
        parts[number not in near].append(cut)
    names = dict.fromkeys(name for one in seen.locators for name in [locator_name(one)] if name)
    return Shown(
        title,
        near="\n".join(parts[0]),
        far="\n".join(parts[1]),
        links="\n".join(filter(None, links)),
        own=tuple(names),
        has_locator=True,
        is_mute=any(not _says_what(locator_name(one)) for one in seen.locators),
        is_quoted=bool(at) and all(_QUOTED.match(lines[number]) for number in at),
    )


def is_torrent(seen: Observation) -> bool:
    """Whether the item is one torrent, as indexes show them."""
    return bool(seen.magnet or seen.torrent_url or seen.infohash_v1 or seen.infohash_v2)


def is_repository(seen: Observation) -> bool:
    """Whether the item is a repository on a hub, whose title is its owner and its name."""
    return any(one.kind is LocatorKind.REPOSITORY for one in seen.locators)


def is_its_name(seen: Observation) -> bool:
    """Whether the title is what the content itself is called."""
    return is_torrent(seen) or is_repository(seen)


def standing(
    cut: Shown, places: AbstractSet[Place], names: Sequence[str], weights: Weights
) -> Iterator[Signal]:
    """How the locators stand to an asset that is named at these places, and how it is written there."""
    if cut.has_locator:
        key, told = _offer(cut, places, names)
        yield Signal(SignalKind.WORDS, told, weights[key])
        if Place.OWN in places:
            return
        if cut.is_quoted:
            yield Signal(SignalKind.WORDS, "the locator stands in a quotation only", weights["offer_quoted"])
        if spelt := _spelt(cut, names):
            yield Signal(SignalKind.WORDS, f"{spelt!r} is spelt with its capitals", weights["offer_spelt"])
    elif _is_asked(cut, places):
        yield Signal(SignalKind.WORDS, "what names it is a question", weights["offer_asked"])


def _offer(cut: Shown, places: AbstractSet[Place], names: Sequence[str]) -> tuple[str, str]:
    if Place.OWN in places:
        return "offer_own", "says where it can be had, under this very name"
    if not cut.is_mute and not _is_part(cut.own, names):
        return "offer_other", f"what can be had is called otherwise: {cut.own[0][:60]!r}"
    if places & {Place.TITLE, Place.NEAR}:
        return "offer_near", "says where it can be had, beside the name"
    return "offer_far", "says where something can be had, apart from the name"


def _is_asked(cut: Shown, places: AbstractSet[Place]) -> bool:
    """A post that ends in a question where it names the asset; a title by itself may be a name that ends so."""
    told = {Place.TITLE: cut.title, Place.FAR: cut.far}
    return bool(cut.far) and any(_ASKS.search(told[place]) for place in places if place in told)


def _spelt(cut: Shown, names: Sequence[str]) -> str | None:
    """A name that has capitals inside, written just so: `LLaMA` is no animal."""
    for name in names:
        if _CAPITALS_INSIDE.search(name):
            exact = re.compile(rf"(?<![^\W_]){re.escape(name)}(?![^\W_]|[.-][a-z])")
            if any(exact.search(text) for text in (cut.title, cut.near, cut.far)):
                return name
    return None


def locator_name(locator: Locator) -> str:
    """What the content is called by its locator itself, empty where it is called nothing."""
    if locator.kind is LocatorKind.MAGNET:
        try:
            return parse_magnet(locator.value).name
        except MagnetError:
            return ""
    if locator.kind is LocatorKind.TORRENT_URL:
        return re.sub(r"\.torrent$", "", locator.value.partition("?")[0].rsplit("/", 1)[-1])
    if locator.kind is LocatorKind.ED2K and (link := parse_ed2k(locator.value)):
        return link.name
    return ""


def _says_what(name: str) -> bool:
    """Whether a name tells what a thing is: two words that are not common, beside tags, years, numbers and endings."""
    words = [word for word in _words(name) if not meaning(word) & _NOTHING and not word.isdigit()]
    return len(words) >= _TELLING_WORDS and sum(map(rarity, words)) >= _TELLING_BITS


def _is_part(own: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a locator is called by a part of the asset's name, such as a model's folder without its size.

    Tags and endings aside; a number or a year that the name has not tells another part, or another edition.
    """
    held = {word for name in names for word in _words(name)}
    return any(
        {word for word in _words(one) if not meaning(word) & (TAG | WEAK_TAG | ENDING)} <= held for one in own
    )


def _words(name: str) -> list[str]:
    return [word for reading in readings(name[:300])[:1] for word in tokens(reading)]


def _without_links(text: str) -> tuple[str, str]:
    """A text without its links, and the links that are no locators, which may have a name in their path."""
    if not _SIGN_OF_LINK.search(text):
        return text, ""
    others = [found[0] for found in _LINKS.finditer(text) if not found["locator"]]
    return _LINKS.sub(" ", text), "\n".join(others)


def _lines_of(locators: Sequence[Locator], layer: Layer) -> set[int]:
    """The lines in which locators stand; one that came from a field, or from the store, is looked for by its value."""
    begins = [
        0,
        *(found.end() for found in re.finditer(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", layer.text)),
    ]
    found = {
        bisect_right(begins, at) - 1
        for one in locators
        for at in [_place(layer, one.offset) if one.offset >= 0 else layer.text.find(one.value)]
        if 0 <= at < len(layer.text)
    }
    return {number for number in found if number < len(layer.text.splitlines())}


def _place(layer: Layer, offset: int) -> int:
    """Where in the text as a reader sees it something stands of which the place in the markup is known."""
    if layer.parent is None:
        return offset
    index = bisect_right(layer.sources, (offset, len(layer.text) + MAX_TEXT)) - 1
    after = layer.starts[index + 1] if index + 1 < len(layer.starts) else len(layer.text)
    return min(layer.starts[index] + offset - layer.sources[index][0], max(layer.starts[index], after - 1))


def _beside(lines: Sequence[str], at: Sequence[int]) -> set[int]:
    """Lines beside a locator: of a list its own and the one above, else its paragraph and those next to it."""
    if not at:
        return set(range(len(lines)))
    if len(at) >= _LIST:
        return {number - step for number in at for step in (0, 1) if number >= step}
    near: set[int] = set()
    for number in at:
        for step in (-1, 1):
            near |= set(_paragraphs(lines, number, step))
    return near


def _paragraphs(lines: Sequence[str], number: int, step: int) -> Iterator[int]:
    """The rest of a line's paragraph in one direction, and the whole of the next."""
    gaps, was_blank = 0, False
    while 0 <= number < len(lines) and gaps < 2:
        blank = not lines[number].strip()
        gaps += blank and not was_blank
        was_blank = blank
        if gaps < 2:
            yield number
        number += step
