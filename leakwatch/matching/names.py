"""Names against names: which titles stand in a text, how completely, and what speaks against them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from leakwatch.extract.names import ReleaseName, is_number, parse_name, readings, tokens
from leakwatch.matching.index import Index, Name
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import AssetId
from leakwatch.model.finding import Signal, SignalKind

_FUZZY_LETTERS = 8
_LONG_LETTERS = 14
_MAX_TEXT_TOKENS = 20_000
_MAX_CLOSE = 20
_PART = re.compile(r"(?:\d{1,3}|ii|iii|iv|vi{1,3}|ix)\Z")
_NO_PART = frozenset({"1", "01"})
_SIZED = re.compile(r"\d+([bmkt])\Z")
_STOP = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "and",
        "or",
        "in",
        "on",
        "at",
        "to",
        "for",
        "by",
        "with",
        "de",
        "la",
        "le",
        "el",
        "der",
        "die",
        "das",
        "und",
        "et",
        "il",
        "i",
        "no",
    ]
)


@dataclass(frozen=True, slots=True)
class NameHit:
    """A name found in a text. Units: `edits` counts letters; `first`, `last` are token positions."""

    name: Name
    first: int
    last: int
    edits: int = 0


def hits_in(words: tuple[str, ...], index: Index) -> Iterator[NameHit]:
    """Every name whose letters stand in a run of tokens, however the run is split into words."""
    words = words[:_MAX_TEXT_TOKENS]
    for first in range(len(words)):
        key = ""
        for last in range(first + 1, min(len(words), first + index.longest + 8) + 1):
            key += words[last - 1]
            for name in index.by_key.get(key, ()):
                if last - first <= 2 * len(name.tokens) + 2:
                    yield NameHit(name, first, last)


def fuzzy_hits(release: ReleaseName, index: Index) -> Iterator[NameHit]:
    """Names within one or two letters of the title part; numbers must agree to the digit."""
    key = "".join(release.title)
    if len(key) < _FUZZY_LETTERS:
        return
    allowed = 2 if len(key) >= _LONG_LETTERS else 1
    numbers = frozenset(word for word in release.title if is_number(word))
    for length in range(len(key) - allowed, len(key) + allowed + 1):
        choices = index.keys_by_length.get(length, ())
        close = process.extract(key, choices, scorer=OSA.distance, score_cutoff=allowed, limit=_MAX_CLOSE)
        for found, edits, _ in close:
            for name in index.by_key[found]:
                if edits and _digits(numbers) == _digits(name.numbers):
                    yield NameHit(name, release.start, release.end, int(edits))


def _digits(numbers: frozenset[str]) -> frozenset[str]:
    return frozenset(number for number in numbers if any(char.isdigit() for char in number))


def title_signals(text: str, index: Index, weights: Weights) -> dict[AssetId, list[Signal]]:
    """Signals of a release name or title by asset: the best name found, its year, its numbers."""
    best: dict[AssetId, tuple[float, list[Signal]]] = {}
    for reading in readings(text):
        release = parse_name(reading)
        hits = list(hits_in(release.tokens, index)) or list(fuzzy_hits(release, index))
        for hit in hits:
            signals = _judge(hit, release, weights, index)
            total = sum(signal.weight for signal in signals)
            if hit.name.asset not in best or best[hit.name.asset][0] < total:
                best[hit.name.asset] = (total, signals)
    return {asset: signals for asset, (_, signals) in best.items()}


def text_signals(text: str, index: Index, weights: Weights) -> dict[AssetId, list[Signal]]:
    """Signals of running text by asset: the strongest name that stands in it, and what speaks against it."""
    best: dict[AssetId, tuple[float, list[Signal]]] = {}
    for chunk in _paragraphs(text):
        for reading in readings(chunk):
            words = tokens(reading)
            for hit in hits_in(words, index):
                bits = round(title_bits(hit.name, weights) * weights["title_text"], 2)
                told = [Signal(SignalKind.TITLE, f"{hit.name.text!r} stands in the text", bits)]
                differs = _other_size(hit, words, index)
                if differs:
                    told.append(Signal(SignalKind.VERSION, differs, weights["version_differs"]))
                total = sum(signal.weight for signal in told)
                if hit.name.asset not in best or best[hit.name.asset][0] < total:
                    best[hit.name.asset] = (total, told)
    return {asset: told for asset, (_, told) in best.items()}


def _paragraphs(text: str) -> Iterator[str]:
    """Lines, cut to what a reading takes at once, overlapping so that no name is cut in two."""
    for line in text[:200_000].splitlines():
        for start in range(0, max(1, len(line)), 800):
            yield line[start : start + 1000]


def title_bits(name: Name, weights: Weights) -> float:
    """How much a name says, in bits: its letters, digits and words, without articles, up to a limit."""
    words = [word for word in name.tokens if word not in _STOP] or list(name.tokens)
    letters = "".join(words)
    digits = sum(char.isdigit() for char in letters)
    wide = sum(ord(char) > 0x2E7F for char in letters)
    bits = (
        weights["title_digit"] * digits
        + weights["title_wide"] * wide
        + weights["title_letter"] * (len(letters) - digits - wide)
        + weights["title_word"] * (len(words) - 1)
    )
    return min(weights["title_most"], bits)


def _judge(hit: NameHit, release: ReleaseName, weights: Weights, index: Index) -> list[Signal]:
    """The signals of one name in one release name: cover, edits, year, numbers."""
    bits = title_bits(hit.name, weights)
    year = index.assets[hit.name.asset].year
    covered = hit.first <= release.start and hit.last >= release.end
    inside = release.start <= hit.first and hit.last <= release.end
    if covered:
        bits, how = bits + weights["title_cover"], "is the name"
    elif inside:
        bits, how = bits * weights["title_part"], f"is a part of the name {' '.join(release.title)[:80]!r}"
    else:
        bits, how = bits * weights["title_part"], "stands among the tags"
    kind = SignalKind.TITLE_FUZZY if hit.edits else SignalKind.TITLE
    if hit.edits:
        bits, how = bits + hit.edits * weights["title_edit"], f"{hit.edits} letters off, {how}"
    if len(hit.name.key) < _FUZZY_LETTERS:
        bits += weights["short_title"]
    signals = [Signal(kind, f"{hit.name.text!r} {how}", round(bits, 2))]
    if year is not None and release.year is not None:
        agrees = abs(year - release.year) <= 1
        weight = (
            weights["year_agrees"] if year == release.year else 0.0 if agrees else weights["year_differs"]
        )
        signals.append(Signal(SignalKind.YEAR, f"{release.year} for {year}", weight))
    differs = _differs(hit, release.tokens[: release.end], index)
    if differs:
        signals.append(Signal(SignalKind.VERSION, differs, weights["version_differs"]))
    return signals


def _differs(hit: NameHit, words: tuple[str, ...], index: Index) -> str:
    """What makes it another work of the same family: in a release name, a part number directly behind the name."""
    following = words[hit.last] if hit.last < len(words) else ""
    if following in hit.name.numbers or following in _NO_PART or not _PART.match(following):
        return _other_size(hit, words, index)
    return f"{following!r} follows the name"


def _other_size(hit: NameHit, words: tuple[str, ...], index: Index) -> str:
    """A size directly behind the name that is not the asset's, where the asset's names have one: 7B is not 70B."""
    following = words[hit.last] if hit.last < len(words) else ""
    found = _SIZED.match(following)
    own = index.numbers.get(hit.name.asset, frozenset())
    if not found or following in own:
        return ""
    same_class = any((other := _SIZED.match(number)) and other[1] == found[1] for number in own)
    return f"{following!r} follows the name" if same_class else ""
