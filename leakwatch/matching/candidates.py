"""Which names may stand where: exact windows, and loose looks at titles.

Exact windows are looked for everywhere; the order-free and misspelt ones only for the title of a name. What another asset
is called changes nothing: where one stands exactly, its neighbours are looked for all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

from leakwatch.extract.columns import Columns, Flags, Hashes, Ints, columns, mixed
from leakwatch.extract.regions import Regions
from leakwatch.matching.keys import bag_keys, segment_probes, skeleton_keys, slips_of
from leakwatch.matching.namebook import NameBook

_MOST_PARTS = 16
"""Parts that one window may have: `T.h.e.D.a.r.k.K.n.i.g.h.t` is longer than most titles in words."""
LEAST_ALIKE = 0.5
"""Of the letters of a name found by its consonants, and of the text's, how many must be common to both, in order."""
MOST_LOOSE = 200
"""Names that one title may be compared with letter by letter."""
_ARTICLE = 3
"""Letters that an article has at most."""
ARTICLES = frozenset(
    "the a an le la les el los las il lo gli un une una der die das ein de het o os as".split()
)
EXACT, LEET, ARTICLE, SLIP, BAG, SKELETON = range(6)
"""How a name was found: as written; in figures for letters; without its article; misspelt; its words in another
order, or one more or less; by its consonants alone, a name of another script in Latin letters."""
_FIGURES = re.compile(r"\d{2,}|(?<![a-z])\d|\d(?![a-z])|\d(?=[bmkt](?![a-z]))")
_ARTICLES = frozenset(columns([article]).canon for article in ARTICLES)
"""The same in figures where a letter looks like one, as stretches are compared."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Names that may stand in rows of a batch.

    Shape:  per candidate: `row`; `first` and `last`, its letters; `name`; `how`; `slips`, letters that differ.
            `capped` counts titles of which only the first `MOST_LOOSE` names were compared.
    """

    row: Ints
    first: Ints
    last: Ints
    name: Ints
    how: Ints
    slips: Ints
    capped: int = 0

    def __len__(self) -> int:
        return len(self.row)

    def at(self, kept: Ints) -> Candidates:
        """Some of them."""
        columns = (self.row, self.first, self.last, self.name, self.how, self.slips)
        return Candidates(*(column[kept] for column in columns), capped=self.capped)


def candidates(found: Columns, meanings: Ints, cut: Regions, book: NameBook, loose: Flags) -> Candidates:
    """Every name that a row may bear. `loose` says of each row whether it is a name, so that slips are looked for."""
    exact = _windows(found, book)
    sections = np.flatnonzero(loose[cut.row]) if len(cut.row) else cut.row
    if not len(sections):
        return exact
    looks = (
        exact,
        _bags(found, meanings, cut, book, sections),
        _slips(found, cut, book, sections),
        _skeletons(found, cut, book, sections),
    )
    return _joined(looks)


def _windows(found: Columns, book: NameBook) -> Candidates:
    """Names whose letters are those of a run of parts, however it is split into words."""
    begins = found.before[found.part_at]
    ends = found.before[found.part_end]
    inverse = found.inverse[found.part_at]
    starts: list[Ints] = []
    stops: list[Ints] = []
    names: list[Ints] = []
    start = np.arange(len(begins))
    for parts in range(_MOST_PARTS):
        start = start[: np.searchsorted(start, len(begins) - parts)]
        stop = start + parts
        letters = found.part_end[stop] - found.part_at[start]
        inside = (found.part_row[start] == found.part_row[stop]) & (letters <= book.longest)
        start, stop = start[inside], stop[inside]
        if not len(start):
            break
        wanted: Hashes = mixed((ends[stop] - begins[start]) * inverse[start])
        for place, name in book.find_whole(wanted):
            starts.append(start[place])
            stops.append(stop[place])
            names.append(name)
    start, stop_part, name = (
        np.concatenate([np.zeros(0, np.int64), *some]) for some in (starts, stops, names)
    )
    first, last = found.part_at[start], found.part_end[stop_part]
    same_length = last - first == book.names.end[name] - book.names.at[name]
    start, first, last, name = start[same_length], first[same_length], last[same_length], name[same_length]
    literal = found.plain_hashes(first, last) == book.names.literal[name]
    how = np.where(literal, EXACT, LEET)
    return Candidates(found.part_row[start], first, last, name, how, np.zeros(len(start), np.int64))


def _spans(cut: Regions, sections: Ints) -> tuple[Ints, Ints, Ints]:
    """Words from which to which a title may go, and the row: the title, and its first and last pieces."""
    begin, end = cut.title[sections], cut.end_title[sections]
    edges = np.flatnonzero(cut.edge)
    next_edge = np.minimum(edges[np.searchsorted(edges, begin, "right")], end)
    last_edge = np.maximum(edges[np.searchsorted(edges, end, "left") - 1], begin)
    parted = next_edge < end
    row = cut.row[sections]
    begin = np.concatenate((begin, begin[parted], last_edge[parted]))
    end = np.concatenate((end, next_edge[parted], end[parted]))
    row = np.concatenate((row, row[parted], row[parted]))
    kept = np.flatnonzero(end > begin)
    return begin[kept], end[kept], row[kept]


def _looked_up(probes: Iterable[tuple[Ints, Hashes]], book: NameBook) -> tuple[Ints, Ints]:
    """(span, name) of distinct pairs that share a key, in order of spans."""
    none = np.zeros(0, np.int64)
    found = [(which[place], name) for which, keys in probes for place, name in book.find_loose(keys)]
    place = np.concatenate([none, *(one for one, _ in found)])
    name = np.concatenate([none, *(one for _, one in found)])
    _, first = np.unique(place << 32 | name, return_index=True)
    return place[first], name[first]


def _bags(found: Columns, meanings: Ints, cut: Regions, book: NameBook, sections: Ints) -> Candidates:
    """Names of the same words in another order, or with one more or less."""
    begin, end, row = _spans(cut, sections)
    place, name = _looked_up(bag_keys(found, meanings, begin, end, is_name=False), book)
    first, last = found.word_at[begin[place]], found.word_end[end[place] - 1]
    kept = _same_figures(found, first, last, book, name)
    how, slips = np.full(len(place), BAG), np.zeros(len(place), np.int64)
    return Candidates(row[place], first, last, name, how, slips).at(kept)


def _skeletons(found: Columns, cut: Regions, book: NameBook, sections: Ints) -> Candidates:
    """Names of other scripts that have the consonants of a title in Latin letters."""
    begin, end, row = _spans(cut, sections)
    first, last = found.word_at[begin], found.word_end[end - 1]
    place, name = _looked_up([skeleton_keys(found, first, last)], book)
    theirs = _slices(found.letters, first[place], last[place])
    ours = _slices(book.names.letters, book.names.at[name], book.names.end[name])
    alike = process.cpdist(theirs, ours, scorer=Indel.normalized_similarity) if theirs else np.zeros(0)
    kept = np.flatnonzero(alike >= LEAST_ALIKE)
    place, name = place[kept], name[kept]
    none = np.zeros(len(place), np.int64)
    return Candidates(row[place], first[place], last[place], name, none + SKELETON, none)


def _slips(found: Columns, cut: Regions, book: NameBook, sections: Ints) -> Candidates:
    """Names one or two letters off, or without their article, verified letter by letter."""
    begin, end, row = _spans(cut, sections)
    first, last = found.word_at[begin], found.word_end[end - 1]
    short = np.flatnonzero(last - first <= book.longest + 2)
    first, last, row = first[short], last[short], row[short]
    whole = (np.arange(len(first)), found.hashes(first, last))
    place, name = _looked_up(chain(segment_probes(found, first, last), (whole,)), book)
    near = _near(found, first[place], last[place], book, name)
    place, name = place[near], name[near]
    rank = np.arange(len(place)) - np.searchsorted(place, place)
    capped = len(np.unique(place[rank >= MOST_LOOSE]))
    place, name = place[rank < MOST_LOOSE], name[rank < MOST_LOOSE]
    first, last, row = first[place], last[place], row[place]
    slips, how = _verified(found, first, last, book, name)
    some = Candidates(row, first, last, name, how, slips, capped)
    some = some.at(np.flatnonzero(slips >= 0))
    return some.at(_same_figures(found, some.first, some.last, book, some.name))


def _near(found: Columns, first: Ints, last: Ints, book: NameBook, name: Ints) -> Ints:
    """Which pairs can be as near as they must be, by their lengths and by which letters they have."""
    length = book.names.end[name] - book.names.at[name]
    allowed = slips_of(length)
    lacking = length - (last - first)
    other = np.bitwise_count(found.signatures(first, last) ^ book.names.signature[name])
    misspelt = (np.abs(lacking) <= allowed) & (other <= 2 * allowed)
    without_article = (lacking > 0) & (lacking <= _ARTICLE) & (other <= lacking)
    return np.flatnonzero(misspelt | without_article)


def _verified(found: Columns, first: Ints, last: Ints, book: NameBook, name: Ints) -> tuple[Ints, Ints]:
    """How many letters differ, −1 where too many do; a name that lacks only its article differs in none."""
    if not len(name):
        return name, name
    begin, end = book.names.at[name], book.names.end[name]
    theirs, ours = _slices(found.canon, first, last), _slices(book.names.canon, begin, end)
    slips = process.cpdist(theirs, ours, scorer=OSA.distance, score_cutoff=2, dtype=np.int32).astype(np.int64)
    lacking = end - begin - (last - first)
    article = (lacking > 0) & (lacking <= _ARTICLE)
    for pair in np.flatnonzero(article).tolist():
        article[pair] = ours[pair].endswith(theirs[pair]) and ours[pair][: lacking[pair]] in _ARTICLES
    fits = (slips > 0) & (slips <= slips_of(end - begin))
    return np.where(article, 0, np.where(fits, slips, -1)), np.where(article, ARTICLE, SLIP)


def _same_figures(found: Columns, first: Ints, last: Ints, book: NameBook, name: Ints) -> Ints:
    """Which stretches have the numbers of their names: 7b and 8b are one slip apart and two works."""
    theirs = _slices(found.letters, first, last)
    ours = _slices(book.names.letters, book.names.at[name], book.names.end[name])
    same = [_figures(one) == _figures(other) for one, other in zip(theirs, ours, strict=True)]
    return np.flatnonzero(np.array(same, np.bool_))


def _figures(letters: str) -> list[str]:
    """The numbers in a name, in any order. A figure between letters stands for one of them."""
    return [] if letters.isalpha() else sorted(_FIGURES.findall(letters))


def _slices(letters: str, first: Ints, last: Ints) -> list[str]:
    return [letters[begin:end] for begin, end in zip(first.tolist(), last.tolist(), strict=True)]


def _joined(parts: Sequence[Candidates]) -> Candidates:
    fields = ("row", "first", "last", "name", "how", "slips")
    return Candidates(
        **{field: np.concatenate([getattr(part, field) for part in parts]) for field in fields},
        capped=sum(part.capped for part in parts),
    )
