"""Names against names: which titles stand in which texts, how well, and what speaks against them.

All texts of a batch are looked at together. What is told of a candidate adds up to its bits: `Scale` holds the weight
of each feature, fitted on labelled names (docs/matching.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

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

BATCH = 4096
"""Texts that are looked at together: so many that a step costs its letters, not its call."""
_LEAST_BITS = 2.0
"""A name that says less is no reason for anything, whatever stands beside it."""
_MOST_TOLD = 10
_LONGEST_NAME = 25
"""Words beyond which a text is no name in which slips would be looked for."""
_MOST_PROSE = 200_000


class Field(IntEnum):
    """What a text is: NAME may be a name or a sentence; RELEASE names a torrent; FILE is a path in one; PROSE is a post."""

    NAME = 0
    RELEASE = 1
    FILE = 2
    PROSE = 3


class Text(NamedTuple):
    """A text that may bear a name."""

    value: str
    field: Field = Field.NAME


Named: TypeAlias = dict[AssetId, list[Signal]]
"""The assets that a text may name, with their signals."""
LeastBits: TypeAlias = Callable[[int], float]
"""Of a text, by its number: the bits from which on a name in it is told."""


def _no_least(_number: int) -> float:
    return -math.inf


class Reader:
    """Reads batches of texts for one catalogue. Keeps the meanings of words that it has met."""

    def __init__(self) -> None:
        self._meanings = Meanings()

    def read(
        self, texts: Sequence[Text], index: Index, scale: Scale, least: LeastBits = _no_least
    ) -> dict[int, Named]:
        """What texts name, by their numbers; those that name nothing are left out.

        Cost: does not grow with the catalogue as a loop would. `least` is asked for texts only that have a name.
        """
        told: dict[int, Named] = {}
        numbers, pieces, fields = _rows(texts)
        for start in range(0, len(pieces), BATCH):
            end = start + BATCH
            batch = numbers[start:end], pieces[start:end], fields[start:end]
            self._read_batch(*batch, index, scale, least, told)
        return told

    def _read_batch(
        self,
        numbers: Ints,
        pieces: Sequence[str],
        fields: NDArray[np.int8],
        index: Index,
        scale: Scale,
        least: LeastBits,
        told: dict[int, Named],
    ) -> None:
        found = columns(pieces)
        meanings = self._meanings.of(found)
        field = fields[found.row_text]
        cut = regions(found, meanings, field == Field.RELEASE)
        prose = field == Field.PROSE
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
        reading = Batch(numbers, pieces, found, cut, some, at, matrix, bits, apart, in_prose)
        tell(reading, _best(reading, index, least), index, scale, told)


def _rows(texts: Sequence[Text]) -> tuple[Ints, list[str], NDArray[np.int8]]:
    """Of each row the number of its text, what is read, and its field: prose has a row for each piece."""
    fields = np.array([field for _, field in texts], np.int8)
    if not (fields == Field.PROSE).any():
        return np.arange(len(texts)), [value for value, _ in texts], fields
    split = [list(_pieces(value)) if field is Field.PROSE else [value] for value, field in texts]
    numbers = np.repeat(np.arange(len(texts)), [len(some) for some in split])
    return numbers, [piece for some in split for piece in some], fields[numbers]


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


def _best(reading: Batch, index: Index, least: LeastBits) -> Ints:
    """Of each text and asset the candidate that says most, strongest first; of each text the ten strongest that say enough."""
    total = reading.bits + reading.apart
    worth = np.flatnonzero(reading.bits >= _LEAST_BITS)
    text = reading.numbers[reading.found.row_text[reading.some.row[worth]]]
    asset = index.book.names.asset[reading.some.name[worth]]
    order = np.lexsort((-total[worth], asset, text))
    worth, text, asset = worth[order], text[order], asset[order]
    first = np.ones(len(worth), np.bool_)
    first[1:] = (text[1:] != text[:-1]) | (asset[1:] != asset[:-1])
    worth, text = worth[first], text[first]
    order = np.lexsort((-total[worth], text))
    worth, text = worth[order], text[order]
    rank = np.arange(len(text)) - np.searchsorted(text, text)
    worth, text = worth[rank < _MOST_TOLD], text[rank < _MOST_TOLD]
    each, which = np.unique(text, return_inverse=True)
    enough = np.array([least(number) for number in each.tolist()], np.float64)
    return worth[total[worth] >= enough[which]]


def read_names(texts: Sequence[Text], index: Index, weights: Weights) -> list[Named]:
    """Signals of each text by asset, with a reader of its own."""
    told = Reader().read(texts, index, Scale.of(weights))
    return [told.get(number, {}) for number in range(len(texts))]
