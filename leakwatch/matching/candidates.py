"""Which names may stand where: exact windows first, then loose looks at titles that are still undecided.

Exact windows are looked for everywhere. The order-free and misspelt ones only for the title of a name, and only where
no exact window covers it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from leakwatch.extract.columns import Columns, Flags, Hashes, Ints, mixed
from leakwatch.extract.regions import Regions
from leakwatch.matching.keys import bag_keys, segment_probes, slips_of
from leakwatch.matching.namebook import NameBook

_MOST_PARTS = 16
"""Parts that one window may have: `T.h.e.D.a.r.k.K.n.i.g.h.t` is longer than most titles in words."""
MOST_LOOSE = 200
"""Names that one title may be compared with letter by letter."""
EXACT, LEET, ARTICLE, SLIP, BAG = range(5)
"""How a name was found: as written; in figures for letters; without its article; misspelt; its words in another
order, or one more or less."""
_FIGURES = re.compile(r"\d{2,}|(?<![a-z])\d|\d(?![a-z])|\d(?=[bmkt](?![a-z]))")
_CANON = str.maketrans("oil@aes$tb", "011443557" + "8")


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
    undecided = loose.copy()
    undecided[exact.row[_covers(exact, found, cut)]] = False
    sections = np.flatnonzero(undecided[cut.row]) if len(cut.row) else cut.row
    if not len(sections):
        return exact
    return _joined((exact, _bags(found, meanings, cut, book, sections), _slips(found, cut, book, sections)))


def _windows(found: Columns, book: NameBook) -> Candidates:
    """Names whose letters are those of a run of parts, however it is split into words."""
    begins = found.before[found.part_at]
    ends = found.before[found.part_end]
    inverse = found.inverse[found.part_at]
    starts: list[Ints] = []
    stops: list[Ints] = []
    names: list[Ints] = []
    for parts in range(min(_MOST_PARTS, len(begins))):
        stop = len(begins) - parts
        wanted: Hashes = mixed((ends[parts:] - begins[:stop]) * inverse[:stop])
        for place, name in book.find_whole(wanted):
            inside = found.part_row[place] == found.part_row[place + parts]
            starts.append(place[inside])
            stops.append(place[inside] + parts)
            names.append(name[inside])
    start, stop_part, name = (
        np.concatenate([np.zeros(0, np.int64), *some]) for some in (starts, stops, names)
    )
    first, last = found.part_at[start], found.part_end[stop_part]
    same_length = last - first == book.names.end[name] - book.names.at[name]
    start, first, last, name = start[same_length], first[same_length], last[same_length], name[same_length]
    literal = found.plain_hashes(first, last) == book.names.literal[name]
    how = np.where(literal, EXACT, LEET)
    return Candidates(found.part_row[start], first, last, name, how, np.zeros(len(start), np.int64))


def _covers(some: Candidates, found: Columns, cut: Regions) -> Ints:
    """Which of the candidates cover the title of a section from end to end."""
    word = np.searchsorted(found.word_at, some.first, "right") - 1
    section = cut.section[word] if len(word) else word
    begins = found.word_at[cut.title[section]] == some.first
    last = np.maximum(cut.end_title[section] - 1, 0)
    return np.flatnonzero(begins & (found.word_end[last] == some.last)) if len(word) else word


def _spans(found: Columns, cut: Regions, sections: Ints) -> tuple[Ints, Ints, Ints]:
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


def _bags(found: Columns, meanings: Ints, cut: Regions, book: NameBook, sections: Ints) -> Candidates:
    begin, end, row = _spans(found, cut, sections)
    places: list[Ints] = []
    names: list[Ints] = []
    for which, keys in bag_keys(found, meanings, begin, end, is_name=False):
        for place, name in book.find_loose(keys):
            places.append(which[place])
            names.append(name)
    place, name = (np.concatenate([np.zeros(0, np.int64), *some]) for some in (places, names))
    pairs = _distinct(place, name)
    place, name = place[pairs], name[pairs]
    first, last = found.word_at[begin[place]], found.word_end[end[place] - 1]
    return Candidates(row[place], first, last, name, np.full(len(place), BAG), np.zeros(len(place), np.int64))


def _slips(found: Columns, cut: Regions, book: NameBook, sections: Ints) -> Candidates:
    """Names one or two letters off, verified letter by letter."""
    begin, end, row = _spans(found, cut, sections)
    first, last = found.word_at[begin], found.word_end[end - 1]
    short = np.flatnonzero(last - first <= book.longest + 2)
    first, last, row = first[short], last[short], row[short]
    places: list[Ints] = []
    names: list[Ints] = []
    probes = [*segment_probes(found, first, last), (np.arange(len(first)), found.hashes(first, last))]
    for which, keys in probes:
        for place, name in book.find_loose(keys):
            places.append(which[place])
            names.append(name)
    place, name = (np.concatenate([np.zeros(0, np.int64), *some]) for some in (places, names))
    length = book.names.end[name] - book.names.at[name]
    allowed = slips_of(length)
    lacking = length - (last - first)[place]  # an article makes three letters
    other = np.bitwise_count(found.signatures(first, last)[place] ^ book.names.signature[name])
    near = ((np.abs(lacking) <= allowed) & (other <= 2 * allowed)) | (
        (lacking > 0) & (lacking <= 3) & (other <= lacking)
    )
    place, name = place[near], name[near]
    pairs = _distinct(place, name)
    place, name = place[pairs], name[pairs]
    rank = np.arange(len(place)) - np.searchsorted(place, place)
    capped = len(np.unique(place[rank >= MOST_LOOSE]))
    place, name = place[rank < MOST_LOOSE], name[rank < MOST_LOOSE]
    theirs = [
        found.letters[a:b].translate(_CANON)
        for a, b in zip(first[place].tolist(), last[place].tolist(), strict=True)
    ]
    ours = [book.names.text(one).translate(_CANON) for one in name.tolist()]
    slips, how = _verified(theirs, ours, slips_of(book.names.end[name] - book.names.at[name]))
    written = [found.letters[a:b] for a, b in zip(first[place].tolist(), last[place].tolist(), strict=True)]
    same = [
        _figures(one) == _figures(book.names.text(other))
        for one, other in zip(written, name.tolist(), strict=True)
    ]
    kept = np.flatnonzero((slips >= 0) & np.array(same, np.bool_))
    place, name, slips, how = place[kept], name[kept], slips[kept], how[kept]
    return Candidates(row[place], first[place], last[place], name, how, slips, capped)


def _verified(theirs: Sequence[str], ours: Sequence[str], allowed: Ints) -> tuple[Ints, Ints]:
    """How many letters differ, −1 where too many do; a name that lacks only its article differs in none."""
    if not theirs:
        return allowed, allowed
    slips = process.cpdist(theirs, ours, scorer=OSA.distance, score_cutoff=2, dtype=np.int32).astype(np.int64)
    article = np.array(
        [
            len(one) < len(other) and other.endswith(one) and len(other) - len(one) <= 3
            for one, other in zip(theirs, ours, strict=True)
        ],
        np.bool_,
    )
    fits = (slips > 0) & (slips <= allowed)
    return np.where(article, 0, np.where(fits, slips, -1)), np.where(article, ARTICLE, SLIP)


def _figures(letters: str) -> list[str]:
    """The numbers in a name: 7b and 8b are one slip apart and two works. A figure between letters stands for one."""
    return _FIGURES.findall(letters)


def _distinct(place: Ints, name: Ints) -> Ints:
    """Positions of distinct pairs, in order of `place`."""
    if not len(place):
        return place
    _, first = np.unique(place << 32 | name, return_index=True)
    return first


def _joined(parts: Sequence[Candidates]) -> Candidates:
    fields = ("row", "first", "last", "name", "how", "slips")
    return Candidates(
        **{field: np.concatenate([getattr(part, field) for part in parts]) for field in fields},
        capped=sum(part.capped for part in parts),
    )
