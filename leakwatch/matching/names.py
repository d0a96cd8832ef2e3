"""Names against names: which titles stand in which texts, how well, and what speaks against them.

All texts of a batch are looked at together. What is told of a candidate adds up to its bits: `Scale` holds the weight
of each feature, fitted on labelled names (docs/matching.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from leakwatch.extract.columns import Ints, columns
from leakwatch.extract.regions import regions
from leakwatch.extract.words import Meanings
from leakwatch.matching.candidates import LEET, Candidates, candidates
from leakwatch.matching.features import Places, features, places
from leakwatch.matching.index import Index
from leakwatch.matching.scale import Scale
from leakwatch.matching.telling import Batch, tell
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import AssetId
from leakwatch.model.finding import Signal

BATCH = 1024
"""Texts that are looked at together: their columns fit into a core's cache."""
_LEAST_BITS = 2.0
"""A name that says less is no reason for anything, whatever stands beside it."""
_MOST_TOLD = 10
_LONGEST_NAME = 25
"""Words beyond which a text is no name in which slips would be looked for."""
_MOST_PROSE = 200_000


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
        reading = Batch(batch, found, cut, some, at, matrix, bits, apart, in_prose)
        tell(reading, _best(reading, index), index, scale, told)


_NUMBERS = {field: number for number, field in enumerate(Field)}


def _pieces(prose: str) -> Iterator[str]:
    """Prose line by line, cut to what is read at once, overlapping so that no name is cut in two."""
    for line in prose[:_MOST_PROSE].splitlines():
        for start in range(0, max(1, len(line)), 800):
            yield line[start : start + 1000]


def worthy(some: Candidates, at: Places) -> tuple[Candidates, Places]:
    """Without stretches too short to be a name where they stand: three letters within a title, six within a word.

    Nor with figures for letters in three of them: IP is not 1P.
    """
    letters = some.last - some.first
    long = at.covers | (at.is_piece & (letters >= 2)) | (at.whole_words & (letters >= 3)) | (letters >= 6)
    kept = np.flatnonzero(long & ((some.how != LEET) | (letters > 3)))
    return some.at(kept), at.at(kept)


def _best(reading: Batch, index: Index) -> Ints:
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
    return worth[rank < _MOST_TOLD]


def read_names(texts: Sequence[Text], index: Index, weights: Weights) -> list[dict[AssetId, list[Signal]]]:
    """Signals of each text by asset, with a reader of its own."""
    return Reader().read(texts, index, Scale.of(weights))
