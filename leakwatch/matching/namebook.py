"""All titles and aliases of a catalogue in one structure that names are looked up in.

It is never changed: what is added or removed gives another one that shares the arrays. New names have small tables
of their own, merged into the large ones once they are no longer small beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from leakwatch.extract.columns import Columns, Flags, Hashes, Ints, columns
from leakwatch.extract.romanise import romanisations
from leakwatch.extract.words import FUNCTION, Meanings, rarities
from leakwatch.matching.keys import bag_keys, segment_keys, skeleton_keys, swapped_keys
from leakwatch.matching.table import KeyTable
from leakwatch.model.asset import Asset

_Spelling: TypeAlias = tuple[int, int, int, str, bool]
"""Number of the asset, of its name, year, text, and whether the text is one of the name's romanisations."""
_HEARD = 1
_BATCH = 2048
_MOST_TABLES = 4
_YEAR_AT_END = re.compile(r"\s*[(\[（]\s*((?:19|20)\d\d)\s*[)\]）]\s*\Z")
_CLOSING = (")", "]", "）")
_ROMAN = {
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "ix": "9",
    "xi": "11",
    "xii": "12",
    "xiii": "13",
}
_NUMBER = {digits: roman for roman, digits in _ROMAN.items()}
_LAST_OF_NUMBERS = "0123456789ivxIVX"
_LAST_WORD = re.compile(r"(\w+)(\W*)\Z")


@dataclass(frozen=True, slots=True)
class Names:
    """Every title and alias in every reading.

    Shape:  per name: `asset` and `alias`, numbers of the asset and of its title (0) or alias; `at` and `end` in
            `letters` and `canon`; `bits`, how rare its words are; `words`; `year`, 0 where none is known; `literal`, the hash of its
            letters as they are; `signature`, which letters there are; `reading` as in `Columns`.
    """

    letters: str
    canon: str
    asset: NDArray[np.int32]
    alias: NDArray[np.int32]
    at: Ints
    end: Ints
    bits: NDArray[np.float32]
    words: NDArray[np.int32]
    year: NDArray[np.int32]
    literal: Hashes
    signature: NDArray[np.uint64]
    reading: NDArray[np.int32]

    def text(self, name: int) -> str:
        """The letters of one name."""
        return self.letters[self.at[name] : self.end[name]]

    def __len__(self) -> int:
        return len(self.at)

    def joined(self, other: Names) -> Names:
        """These names and the others behind them."""
        shift = len(self.letters)
        moved = replace(other, at=other.at + shift, end=other.end + shift)
        both = {
            field: np.concatenate((getattr(self, field), getattr(moved, field)))
            for field in (
                "asset",
                "alias",
                "at",
                "end",
                "bits",
                "words",
                "year",
                "literal",
                "signature",
                "reading",
            )
        }
        return Names(letters=self.letters + other.letters, canon=self.canon + other.canon, **both)


@dataclass(frozen=True, slots=True)
class NameBook:
    """Names with the tables that find them. `alive` is false for names of removed assets."""

    names: Names
    alive: Flags
    whole: tuple[KeyTable, ...]
    loose: tuple[KeyTable, ...]
    longest: int

    def added(self, assets: Iterable[tuple[int, Asset]]) -> NameBook:
        """A book that has these assets, too, each with the number that it is to be known by. Cost: that of the new ones."""
        new, whole, loose = _read(assets, len(self.names))
        return NameBook(
            names=self.names.joined(new) if len(self.names) else new,
            alive=np.concatenate((self.alive, np.ones(len(new), np.bool_))),
            whole=_with(self.whole, whole),
            loose=_with(self.loose, loose),
            longest=max(self.longest, int((new.end - new.at).max(initial=0))),
        )

    def removed(self, assets: Iterable[int]) -> NameBook:
        """A book in which no name of these assets is found any more."""
        gone = np.isin(self.names.asset, np.fromiter(assets, np.int64))
        return replace(self, alive=self.alive & ~gone)

    def find_whole(self, wanted: Hashes) -> Iterator[tuple[Ints, Ints]]:
        """(place in `wanted`, name) of names that have such a key."""
        for table in self.whole:
            yield self._living(table.find(wanted))

    def find_loose(self, wanted: Hashes) -> Iterator[tuple[Ints, Ints]]:
        """The same for keys of bags and segments."""
        for table in self.loose:
            yield self._living(table.find(wanted))

    def _living(self, found: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
        place, name = found
        living = self.alive[name]
        return (place, name) if living.all() else (place[living], name[living])


def empty_book() -> NameBook:
    """A book without a name."""
    none = np.zeros(0, np.int64)
    few = none.astype(np.int32)
    names = Names(
        "",
        "",
        few,
        few,
        none,
        none,
        none.astype(np.float32),
        few,
        few,
        none.astype(np.uint64),
        none.astype(np.uint64),
        few,
    )
    return NameBook(names, np.zeros(0, np.bool_), (), (), 0)


def _with(tables: tuple[KeyTable, ...], new: KeyTable) -> tuple[KeyTable, ...]:
    """The tables and a new one, merged where they would be many or the new one large beside the last."""
    grown = [*tables, new]
    while len(grown) > 1 and (
        len(grown) > _MOST_TABLES or len(grown[-1].numbers) * 4 > len(grown[-2].numbers)
    ):
        last = grown.pop()
        grown[-1] = grown[-1].merged(last)
    return tuple(grown)


def spellings(text: str) -> Iterator[str]:
    """A name as it is written, and with a number at its end in the other numerals."""
    yield text
    if text[-1:].isalnum() and text[-1] not in _LAST_OF_NUMBERS:  # nearly always
        return
    found = _LAST_WORD.search(text)
    if found and found.start():
        other = _ROMAN.get(found[1].lower()) or _NUMBER.get(found[1])
        if other:
            yield text[: found.start()] + other + found[2]


def _texts(assets: Iterable[tuple[int, Asset]]) -> Iterator[_Spelling]:
    """Every spelling of every name, those in other Latin letters behind the others."""
    for number, asset in assets:
        for alias, text in enumerate(asset.names):
            found = _YEAR_AT_END.search(text) if text.rstrip()[-1:] in _CLOSING else None
            year = asset.year or 0
            cut = text
            if found and found.start() and asset.year in (None, int(found[1])):
                cut, year = text[: found.start()], int(found[1])
            for spelling in spellings(cut):
                yield number, alias, year, spelling, False
                for romanised in romanisations(spelling):
                    yield number, alias, year, romanised, True


def _read(assets: Iterable[tuple[int, Asset]], first: int) -> tuple[Names, KeyTable, KeyTable]:
    """Names and the keys of them, batch by batch; the first of them gets the number `first`."""
    meanings = Meanings()
    parts: list[Names] = []
    whole: list[tuple[Ints, Hashes]] = []
    loose: list[tuple[Ints, Hashes]] = []
    batch: list[_Spelling] = []
    taken = first

    def take() -> None:
        nonlocal taken
        names, some_whole, some_loose = _keyed(batch, meanings)
        whole.extend((which + taken, key) for which, key in some_whole)
        loose.extend((which + taken, key) for which, key in some_loose)
        parts.append(names)
        taken += len(names)
        batch.clear()

    for one in _texts(assets):
        batch.append(one)
        if len(batch) == _BATCH:
            take()
    take()
    return _all(parts), KeyTable.of(whole), KeyTable.of(loose)


def _all(parts: Sequence[Names]) -> Names:
    names = parts[0]
    if len(parts) == 1:
        return names
    shifts = np.cumsum([0, *(len(part.letters) for part in parts)])
    columns_ = {
        field: np.concatenate(
            [
                getattr(part, field) + (shift if field in ("at", "end") else 0)
                for part, shift in zip(parts, shifts, strict=False)
            ]
        )
        for field in ("at", "end")
    }
    rest = {
        field: np.concatenate([getattr(part, field) for part in parts])
        for field in ("asset", "alias", "bits", "words", "year", "literal", "signature", "reading")
    }
    letters, canon = ("".join(getattr(part, field) for part in parts) for field in ("letters", "canon"))
    return Names(letters=letters, canon=canon, **columns_, **rest)


def _keyed(
    batch: Sequence[_Spelling], known: Meanings
) -> tuple[Names, list[tuple[Ints, Hashes]], list[tuple[Ints, Hashes]]]:
    """The names of one batch, one for each row that has a letter, and their keys."""
    found: Columns = columns([text for _, _, _, text, _ in batch])
    meanings = known.of(found)
    count = np.bincount(found.word_row, minlength=len(found.row_text))
    rows = np.flatnonzero(count)
    end_word = np.cumsum(count)[rows]
    begin_word = end_word - count[rows]
    first, last = (found.word_at[begin_word], found.word_end[end_word - 1]) if len(rows) else (rows, rows)
    told = np.array([one[:3] for one in batch], np.int64).reshape(-1, 3)[found.row_text[rows]]
    romanised = np.array([one[4] for one in batch], np.bool_)[found.row_text[rows]]
    reading = np.where(romanised, _HEARD, found.reading[rows])
    bits = np.concatenate((np.zeros(1), np.cumsum(rarities(meanings)))) if len(meanings) else np.zeros(1)
    names = Names(
        letters=found.letters,
        canon=found.canon,
        asset=told[:, 0].astype(np.int32),
        alias=told[:, 1].astype(np.int32),
        at=first,
        end=last,
        bits=(bits[end_word] - bits[begin_word]).astype(np.float32),
        words=count[rows].astype(np.int32),
        year=told[:, 2].astype(np.int32),
        literal=found.plain_hashes(first, last),
        signature=found.signatures(first, last),
        reading=reading.astype(np.int32),
    )
    every = np.arange(len(rows))
    whole = [(every, found.hashes(first, last))]
    article = (
        np.flatnonzero((meanings[begin_word] & FUNCTION > 0) & (count[rows] > 2)) if len(rows) else every
    )
    loose = [swapped_keys(found, first, last)]
    loose += [(article, found.hashes(found.word_at[begin_word[article] + 1], last[article]))]
    loose.append(_skeletons(found, names, np.flatnonzero(romanised)))
    loose += list(segment_keys(found, first, last))
    loose += list(bag_keys(found, meanings, begin_word, end_word, is_name=True))
    return names, whole, loose


def _skeletons(found: Columns, names: Names, heard: Ints) -> tuple[Ints, Hashes]:
    """Keys of the consonants of romanised names; those of one title that are the same only once."""
    which, keys = skeleton_keys(found, names.at[heard], names.end[heard])
    heard = heard[which]
    order = np.lexsort((keys, names.alias[heard], names.asset[heard]))
    heard, keys = heard[order], keys[order]
    is_first = np.ones(len(keys), np.bool_)
    is_first[1:] = (
        (keys[1:] != keys[:-1])
        | (names.alias[heard[1:]] != names.alias[heard[:-1]])
        | (names.asset[heard[1:]] != names.asset[heard[:-1]])
    )
    return heard[is_first], keys[is_first]
