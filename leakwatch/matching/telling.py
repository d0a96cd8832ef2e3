"""What is told of the names that stand in a batch of texts: each with its signals, in words.

Told of are the candidates that are left. In a large catalogue that may be one a text; so what is the same step
for all of them is taken for all at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from leakwatch.extract.columns import Columns, Flags, Ints
from leakwatch.extract.fold import origins, readings, split_camel
from leakwatch.extract.regions import Regions
from leakwatch.matching.candidates import BAG, SKELETON, SLIP, Candidates
from leakwatch.matching.features import FEATURES, Places
from leakwatch.matching.index import Index
from leakwatch.matching.scale import TOLD_APART, Scale
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Signal, SignalKind

_SIZED = re.compile(r"(\d+)([bmkt])(?![a-z0-9])")
_APART = [FEATURES.index(feature) for feature in TOLD_APART]
_IN_PROSE, _COVERS, _PIECE, _IN_TITLE, _AMONG_TAGS = range(5)
_PLACES = {
    _IN_PROSE: "stands in the text",
    _COVERS: "is the name",
    _PIECE: "is a part of its own of the name",
    _AMONG_TAGS: "stands among the tags",
}
_HOW = {BAG: "in other words or order, ", SKELETON: "its consonants alone, "}
_LOOSE = frozenset({SLIP, BAG, SKELETON})
_MOST_WORDS, _MOST_LETTERS = 12, 80


@dataclass(frozen=True, slots=True)
class Batch:
    """What is known of one batch when its signals are told: `numbers` of its texts, `pieces` of them, their columns."""

    numbers: Ints
    pieces: Sequence[str]
    found: Columns
    cut: Regions
    some: Candidates
    at: Places
    matrix: NDArray[np.float64]
    bits: NDArray[np.float64]
    apart: NDArray[np.float64]
    in_prose: Flags


class _Told(NamedTuple):
    """One candidate, taken out of its columns. `behind` is the rest of the word behind it, or the next word of its row."""

    which: int
    asset: Asset
    title: str
    year: int
    how: int
    slips: int
    bits: float
    place: int
    has_apart: bool
    behind: str
    text: str


def tell(
    batch: Batch, best: Ints, index: Index, scale: Scale, told: dict[int, dict[AssetId, list[Signal]]]
) -> None:
    """Write the signals of some candidates, where the text has not said more of that asset already."""
    apart: dict[str, float] = dict(zip(FEATURES, scale.apart.tolist(), strict=True))
    for number, one in _taken_out(batch, best, index):
        signals = list(_signals(batch, one, apart, scale.other_size))
        named = told.setdefault(number, {})
        other = named.get(one.asset.id)
        if other is None or sum(s.weight for s in other) < sum(s.weight for s in signals):
            named[one.asset.id] = signals


def _taken_out(batch: Batch, best: Ints, index: Index) -> Iterator[tuple[int, _Told]]:
    """(number of the text, candidate)."""
    some, names = batch.some, index.book.names
    row, name = some.row[best], some.name[best]
    begin, end = _behind(batch.found, row, some.last[best])
    columns = (
        best,
        batch.numbers[batch.found.row_text[row]],
        names.asset[name],
        names.alias[name],
        names.year[name],
        some.how[best],
        some.slips[best],
        batch.bits[best],
        _places(batch, best),
        (batch.matrix[best][:, _APART] != 0).any(1) & ~batch.in_prose[best],
        begin,
        end,
    )
    letters = batch.found.letters
    pieces = [batch.pieces[text] for text in batch.found.row_text[row].tolist()]
    for piece, which, number, owner, alias, year, how, slips, bits, place, has_apart, first, last in zip(
        pieces, *(column.tolist() for column in columns), strict=True
    ):
        asset = index.assets[index.numbered[owner]]
        title = asset.names[alias] if alias else asset.title
        behind = letters[first:last]
        yield (
            number,
            _Told(which, asset, title, year, how, slips, bits, place, has_apart, behind, piece),
        )


def _behind(found: Columns, row: Ints, last: Ints) -> tuple[Ints, Ints]:
    """The rest of the word behind a stretch that ends before the letter `last`, or the next word of its row."""
    word = np.searchsorted(found.word_end, last, "right")
    inside = np.minimum(word, len(found.word_at) - 1)
    there = (word < len(found.word_at)) & (found.word_row[inside] == row)
    begin = np.maximum(last, found.word_at[inside])
    return begin, np.where(there, found.word_end[inside], begin)


def _places(batch: Batch, best: Ints) -> Ints:
    at = batch.at
    section, word = at.section[best], at.first_word[best]
    in_title = (batch.cut.title[section] <= word) & (word < batch.cut.end_title[section])
    conditions = [batch.in_prose[best], at.covers[best], at.is_piece[best], in_title]
    return np.select(conditions, [_IN_PROSE, _COVERS, _PIECE, _IN_TITLE], _AMONG_TAGS)


def _signals(batch: Batch, one: _Told, apart: dict[str, float], other_size: float) -> Iterator[Signal]:
    kind = SignalKind.TITLE_FUZZY if one.how in _LOOSE else SignalKind.TITLE
    yield Signal(kind, f"{one.title!r} {_where(batch, one)}", round(one.bits, 2))
    if one.has_apart:
        row = dict(zip(TOLD_APART, batch.matrix[one.which, _APART].tolist(), strict=True))
        for feature in TOLD_APART[:-1]:
            if row[feature]:
                years = batch.cut.years[batch.some.row[one.which]].tolist()
                seen = "/".join(str(year) for year in dict.fromkeys(years) if year)
                yield Signal(SignalKind.YEAR, f"{seen} for {one.year}", apart[feature])
        if row["number_follows"]:
            yield Signal(SignalKind.VERSION, f"{one.behind!r} follows the name", apart["number_follows"])
            return
    if _is_other_size(one.behind, one.asset):
        yield Signal(SignalKind.VERSION, f"{one.behind!r} follows the name", other_size)


def _where(batch: Batch, one: _Told) -> str:
    """How the name stands in the text, and how it is spelt there where that is not the title itself."""
    place = _PLACES.get(one.place) or f"is a part of the name {_title(batch, one.which)!r}"
    slips = f"{one.slips} {'letter' if one.slips == 1 else 'letters'} off, " if one.slips else ""
    told = f"{slips or _HOW.get(one.how, '')}{place}"
    spelt = "" if one.text.isascii() else _spelt(batch, one)
    return f"{told}, written {spelt!r}" if spelt else told


def _title(batch: Batch, which: int) -> str:
    section, found = batch.at.section[which], batch.found
    begin = int(batch.cut.title[section])
    words = slice(begin, min(int(batch.cut.end_title[section]), begin + _MOST_WORDS))
    ends = zip(found.word_at[words].tolist(), found.word_end[words].tolist(), strict=True)
    return " ".join(found.letters[first:last] for first, last in ends)[:_MOST_LETTERS]


def _spelt(batch: Batch, one: _Told) -> str:
    """The stretch of the original text in which the name was read."""
    some, found = batch.some, batch.found
    row = int(some.row[one.which])
    marked = split_camel(one.text[:1000].replace("\n", " "))
    read = readings(marked)
    begins = int(found.row_begins[row])
    first = int(found.place[some.first[one.which]]) - begins
    last = int(found.place[some.last[one.which] - 1]) - begins
    laid = origins(marked, read[min(int(found.reading[row]), len(read) - 1)])
    if last >= len(laid):
        return ""
    return "".join(char for char in marked[laid[first] : laid[last] + 1] if char.isprintable())[
        :_MOST_LETTERS
    ]


def _is_other_size(following: str, asset: Asset) -> bool:
    """A size directly behind the name that is not the asset's, where the asset's names have one: 7B is not 70B."""
    found = _SIZED.match(following)
    if not found:
        return False
    own = {(one[1], one[2]) for name in asset.names for one in _SIZED.finditer(name.lower())}
    return (found[1], found[2]) not in own and any(unit == found[2] for _, unit in own)
