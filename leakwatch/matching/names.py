"""Names against names: which titles stand in which texts, how well, and what speaks against them.

All texts of a batch are looked at together. What is told of a candidate adds up to its bits: `Scale` holds the weight
of each feature, fitted on labelled names (docs/matching.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from leakwatch.extract.columns import Columns, columns
from leakwatch.extract.fold import origins, readings, split_camel
from leakwatch.extract.regions import Regions, regions
from leakwatch.extract.words import Meanings
from leakwatch.matching.candidates import BAG, SKELETON, SLIP, Candidates, candidates
from leakwatch.matching.features import FEATURES, Places, features, places
from leakwatch.matching.index import Index
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import AssetId
from leakwatch.model.finding import Signal, SignalKind

BATCH = 1024
"""Texts that are looked at together: their columns fit into a core's cache."""
_LEAST_BITS = 2.0
"""A name that says less is no reason for anything, whatever stands beside it."""
_MOST_TOLD = 10
_LONGEST_NAME = 25
"""Words beyond which a text is no name in which slips would be looked for."""
_MOST_PROSE = 200_000
_SIZED = re.compile(r"(\d+)([bmkt])(?![a-z0-9])")
_TOLD_APART = ("year_agrees", "year_near", "year_differs", "number_follows")


class Field(StrEnum):
    """What a text is: NAME may be a name or a sentence; RELEASE names a torrent; FILE is a path in one; PROSE is a post."""

    NAME = "name"
    RELEASE = "release"
    FILE = "file"
    PROSE = "prose"


@dataclass(frozen=True, slots=True)
class Text:
    """A text that may bear a name."""

    value: str
    field: Field = Field.NAME


@dataclass(frozen=True, slots=True)
class Scale:
    """The weights of names as columns: of each feature, of those told apart, of what prose says."""

    base: float
    weights: NDArray[np.float64]
    apart: NDArray[np.float64]
    prose: float
    most_prose: float
    other_size: float

    @classmethod
    def of(cls, weights: Weights) -> Scale:
        """The scale of a weights file."""
        told = np.array([weights[f"name_{feature}"] for feature in FEATURES])
        apart = np.array([feature in _TOLD_APART for feature in FEATURES])
        return cls(
            weights["name_found"],
            np.where(apart, 0, told),
            np.where(apart, told, 0),
            weights["prose_bit"],
            weights["prose_most"],
            weights["version_differs"],
        )


class Reader:
    """Reads batches of texts for one catalogue. Keeps the meanings of words that it has met."""

    def __init__(self) -> None:
        self._meanings = Meanings()

    def read(self, texts: Sequence[Text], index: Index, scale: Scale) -> list[dict[AssetId, list[Signal]]]:
        """Of each text the assets that it may name, with their signals. Cost: does not grow with the catalogue as a loop would."""
        told: list[dict[AssetId, list[Signal]]] = [{} for _ in texts]
        rows: list[tuple[int, str, Field]] = []
        for number, text in enumerate(texts):
            if text.field is Field.PROSE:
                rows += [(number, piece, text.field) for piece in _pieces(text.value)]
            else:
                rows.append((number, text.value, text.field))
        for start in range(0, len(rows), BATCH):
            self._read_batch(rows[start : start + BATCH], index, scale, told)
        return told

    def _read_batch(
        self,
        batch: Sequence[tuple[int, str, Field]],
        index: Index,
        scale: Scale,
        told: list[dict[AssetId, list[Signal]]],
    ) -> None:
        found = columns([piece for _, piece, _ in batch])
        meanings = self._meanings.of(found)
        field = np.array([_NUMBERS[one] for _, _, one in batch])[found.row_text]
        cut = regions(found, meanings, field == _NUMBERS[Field.RELEASE])
        prose = field == _NUMBERS[Field.PROSE]
        some = candidates(found, meanings, cut, index.book, ~prose & (cut.length <= _LONGEST_NAME))
        at = places(some, found, cut)
        some, at = worthy(some, at)
        if not len(some):
            return
        matrix = features(some, at, found, meanings, cut, index.book)
        in_prose = prose[some.row]
        spoken = np.minimum(scale.prose * index.book.names.bits[some.name], scale.most_prose)
        bits = np.where(in_prose, spoken, scale.base + matrix @ scale.weights)
        apart = np.where(in_prose, 0, matrix @ scale.apart)
        reading = _Batch(batch, found, cut, some, at, matrix, bits, apart, in_prose)
        for which in _best(reading, index):
            _tell(reading, which, index, scale, told)


_NUMBERS = {field: number for number, field in enumerate(Field)}


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is known of one batch when its signals are told."""

    texts: Sequence[tuple[int, str, Field]]
    found: Columns
    cut: Regions
    some: Candidates
    at: Places
    matrix: NDArray[np.float64]
    bits: NDArray[np.float64]
    apart: NDArray[np.float64]
    in_prose: NDArray[np.bool_]


def _pieces(prose: str) -> Iterator[str]:
    """Prose line by line, cut to what is read at once, overlapping so that no name is cut in two."""
    for line in prose[:_MOST_PROSE].splitlines():
        for start in range(0, max(1, len(line)), 800):
            yield line[start : start + 1000]


def worthy(some: Candidates, at: Places) -> tuple[Candidates, Places]:
    """Without stretches too short to be a name where they stand: three letters within a title, six within a word."""
    letters = some.last - some.first
    kept = np.flatnonzero(
        at.covers | (at.is_piece & (letters >= 2)) | (at.whole_words & (letters >= 3)) | (letters >= 6)
    )
    return some.at(kept), at.at(kept)


def _best(reading: _Batch, index: Index) -> list[int]:
    """Of each text and asset the candidate that says most, strongest first; of each text the ten strongest."""
    total = reading.bits + reading.apart
    worth = np.flatnonzero(reading.bits >= _LEAST_BITS)
    text = np.array([number for number, _, _ in reading.texts])[
        reading.found.row_text[reading.some.row[worth]]
    ]
    asset = index.book.names.asset[reading.some.name[worth]]
    order = np.lexsort((-total[worth], asset, text))
    worth, text, asset = worth[order], text[order], asset[order]
    first = np.ones(len(worth), np.bool_)
    first[1:] = (text[1:] != text[:-1]) | (asset[1:] != asset[:-1])
    worth, text = worth[first], text[first]
    order = np.lexsort((-total[worth], text))
    worth, text = worth[order], text[order]
    rank = np.arange(len(text)) - np.searchsorted(text, text)
    return worth[rank < _MOST_TOLD].tolist()


def _tell(
    reading: _Batch, which: int, index: Index, scale: Scale, told: list[dict[AssetId, list[Signal]]]
) -> None:
    """Write the signals of one candidate, unless the text has said more of that asset already."""
    number, _, _ = reading.texts[int(reading.found.row_text[reading.some.row[which]])]
    name = int(reading.some.name[which])
    asset = index.assets[index.numbered[int(index.book.names.asset[name])]]
    signals = list(_signals(reading, which, asset.names[int(index.book.names.alias[name])], index, scale))
    other = told[number].get(asset.id)
    if other is None or sum(one.weight for one in other) < sum(one.weight for one in signals):
        told[number][asset.id] = signals


def _signals(reading: _Batch, which: int, title: str, index: Index, scale: Scale) -> Iterator[Signal]:
    some, names = reading.some, index.book.names
    how = int(some.how[which])
    kind = SignalKind.TITLE_FUZZY if how in (SLIP, BAG, SKELETON) else SignalKind.TITLE
    yield Signal(kind, f"{title!r} {_where(reading, which, how)}", round(float(reading.bits[which]), 2))
    if not reading.in_prose[which]:
        row = {
            feature: value
            for feature, value in zip(FEATURES, reading.matrix[which].tolist(), strict=True)
            if value
        }
        apart = dict(zip(FEATURES, scale.apart.tolist(), strict=True))
        year = int(names.year[int(some.name[which])])
        for feature in ("year_agrees", "year_near", "year_differs"):
            if feature in row:
                seen = "/".join(
                    str(one) for one in dict.fromkeys(reading.cut.years[some.row[which]].tolist()) if one
                )
                yield Signal(SignalKind.YEAR, f"{seen} for {year}", apart[feature])
        if "number_follows" in row:
            yield Signal(
                SignalKind.VERSION, f"{_behind(reading, which)!r} follows the name", apart["number_follows"]
            )
            return
    asset = index.assets[index.numbered[int(names.asset[int(some.name[which])])]]
    if _is_other_size(_behind(reading, which), asset.names):
        yield Signal(SignalKind.VERSION, f"{_behind(reading, which)!r} follows the name", scale.other_size)


def _where(reading: _Batch, which: int, how: int) -> str:
    """How the name stands in the text, and how it is spelt there where that is not the title itself."""
    some, at = reading.some, reading.at
    if reading.in_prose[which]:
        place = "stands in the text"
    elif at.covers[which]:
        place = "is the name"
    elif at.is_piece[which]:
        place = "is a part of its own of the name"
    elif (
        reading.cut.title[at.section[which]]
        <= at.first_word[which]
        < reading.cut.end_title[at.section[which]]
    ):
        place = f"is a part of the name {_title(reading, which)!r}"
    else:
        place = "stands among the tags"
    spelt = _spelt(reading, which)
    slips = int(some.slips[which])
    apart = (
        f"{slips} {'letter' if slips == 1 else 'letters'} off, "
        if slips
        else "in other words or order, "
        if how == BAG
        else "its consonants alone, "
        if how == SKELETON
        else ""
    )
    return f"{apart}{place}, written {spelt!r}" if spelt else f"{apart}{place}"


def _title(reading: _Batch, which: int) -> str:
    section = reading.at.section[which]
    words = range(
        int(reading.cut.title[section]),
        min(int(reading.cut.end_title[section]), int(reading.cut.title[section]) + 12),
    )
    return " ".join(reading.found.word(word) for word in words)[:80]


def _spelt(reading: _Batch, which: int) -> str:
    """The stretch of the original text in which the name was read, where it is not plain ASCII."""
    row = int(reading.some.row[which])
    _, piece, _ = reading.texts[int(reading.found.row_text[row])]
    if piece.isascii():
        return ""
    marked = split_camel(piece[:1000].replace("\n", " "))
    read = readings(marked)
    begins = int(reading.found.row_begins[row])
    first = int(reading.found.place[reading.some.first[which]]) - begins
    last = int(reading.found.place[reading.some.last[which] - 1]) - begins
    laid = origins(marked, read[min(int(reading.found.reading[row]), len(read) - 1)])
    if last >= len(laid):
        return ""
    return "".join(char for char in marked[laid[first] : laid[last] + 1] if char.isprintable())[:80]


def _behind(reading: _Batch, which: int) -> str:
    """The rest of the word behind the name, or the next word of the row."""
    found, last, row = reading.found, int(reading.some.last[which]), int(reading.some.row[which])
    word = int(np.searchsorted(found.word_end, last, "right"))
    if word < len(found.word_at) and int(found.word_row[word]) == row:
        return found.letters[max(last, int(found.word_at[word])) : int(found.word_end[word])]
    return ""


def _is_other_size(following: str, names: Sequence[str]) -> bool:
    """A size directly behind the name that is not the asset's, where the asset's names have one: 7B is not 70B."""
    found = _SIZED.match(following)
    if not found:
        return False
    own = {(one[1], one[2]) for name in names for one in _SIZED.finditer(name.lower())}
    return (found[1], found[2]) not in own and any(unit == found[2] for _, unit in own)


def read_names(texts: Sequence[Text], index: Index, weights: Weights) -> list[dict[AssetId, list[Signal]]]:
    """Signals of each text by asset, with a reader of its own."""
    return Reader().read(texts, index, Scale.of(weights))
