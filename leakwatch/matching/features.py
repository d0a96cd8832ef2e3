"""What speaks for and against each candidate, as columns of one matrix: `FEATURES` names them.

Every feature is a number around one, so that its weight is the bits that it adds (`weights.yaml`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leakwatch.extract.columns import Columns, Flags, Ints
from leakwatch.extract.regions import Regions
from leakwatch.extract.words import EPISODE, FUNCTION, NUMBER, ROMAN, YEAR, rarities
from leakwatch.matching.candidates import ARTICLE, BAG, LEET, SKELETON, SLIP, Candidates
from leakwatch.matching.namebook import NameBook

FEATURES = (
    "cover_tagged",
    "piece_tagged",
    "head_tagged",
    "begins_tagged",
    "ends_tagged",
    "inside_tagged",
    "cover_bare",
    "piece_bare",
    "head_bare",
    "begins_bare",
    "ends_bare",
    "inside_bare",
    "behind",
    "beheaded",
    "tags",
    "led",
    "rare_tagged",
    "rare_bare",
    "left_tagged",
    "left_bare",
    "left_rare_tagged",
    "left_rare_bare",
    "sentence_tagged",
    "sentence_bare",
    "split",
    "short_tagged",
    "short_bare",
    "short_part",
    "one_word_bare",
    "one_word_part",
    "leet",
    "article",
    "slip",
    "second_slip",
    "bag",
    "lacks",
    "adds",
    "skeleton",
    "year_agrees",
    "year_near",
    "year_differs",
    "number_follows",
    "heard",
    "looks",
)
_MOST_BITS, _TEN = 60.0, 10.0
_MOST_LEFT, _MOST_TAGS = 6, 3


@dataclass(frozen=True, slots=True)
class Places:
    """Where each candidate stands: its section, the word that it begins in, the word behind it, and how it fits.

    `behind` says that it stands in brackets which do not follow the title at once.
    """

    section: Ints
    first_word: Ints
    next_word: Ints
    whole_words: Flags
    covers: Flags
    is_piece: Flags
    behind: Flags

    def at(self, kept: Ints) -> Places:
        """Those of some candidates."""
        return Places(
            section=self.section[kept],
            first_word=self.first_word[kept],
            next_word=self.next_word[kept],
            whole_words=self.whole_words[kept],
            covers=self.covers[kept],
            is_piece=self.is_piece[kept],
            behind=self.behind[kept],
        )


def places(some: Candidates, found: Columns, cut: Regions) -> Places:
    """Where the candidates stand in their names."""
    first_word = np.searchsorted(found.word_at, some.first, "right") - 1
    next_word = np.searchsorted(found.word_end, some.last, "left") + 1
    section = cut.section[first_word]
    whole = (found.word_at[first_word] == some.first) & (found.word_end[next_word - 1] == some.last)
    at_end = cut.soft[next_word] | ((next_word >= cut.end_title[section]) & cut.edge[next_word])
    begins = (first_word == cut.title[section]) | (first_word == cut.second[section])
    nested = found.depth[first_word] > found.depth[cut.title[section]]
    return Places(
        section=section,
        first_word=first_word,
        next_word=next_word,
        whole_words=whole,
        covers=whole & cut.shallow[section] & begins & at_end,
        is_piece=whole & cut.shallow[section] & cut.edge[first_word] & cut.edge[next_word],
        behind=nested & (first_word > cut.end_title[section]),
    )


def features(
    some: Candidates, at: Places, found: Columns, meanings: Ints, cut: Regions, book: NameBook
) -> NDArray[np.float64]:
    """One row a candidate, one column a feature."""
    out = np.zeros((len(some), len(FEATURES)))
    if not len(some):
        return out
    names, name = book.names, some.name
    tags = np.minimum(cut.tags[some.row], _MOST_TAGS)
    tagged = cut.is_named[some.row]
    begin, end = cut.title[at.section], cut.end_title[at.section]
    head = at.is_piece & ~at.covers & ((at.first_word == begin) | (at.first_word == cut.second[at.section]))
    piece = at.is_piece & ~at.covers & ~head
    begins = ~at.covers & ~at.is_piece & (at.first_word == begin)
    ends = ~at.covers & ~at.is_piece & ~begins & (at.next_word == end)
    inside = ~at.covers & ~at.is_piece & ~begins & ~ends
    rare = np.minimum(names.bits[name], _MOST_BITS) / _TEN
    left, left_rare = _left(at, meanings, begin, end)
    own_functions = _counts((meanings & FUNCTION) > 0, at.first_word, at.next_word)
    short = np.maximum(0, 8 - (names.end[name] - names.at[name])) / 4
    one_word = names.words[name] == 1
    apart, known = _years_apart(some, at, cut, names.year[name])
    sentence = np.minimum(cut.functions[some.row] - own_functions, 4)
    lacking = (some.how == BAG) * (
        names.bits[name] - _counts(rarities(meanings), at.first_word, at.next_word)
    )
    told = {
        "behind": piece & at.behind,
        "beheaded": at.covers & (at.first_word != begin),
        "tags": tags,
        "led": cut.is_led[some.row],
        "sentence_tagged": sentence * tagged,
        "sentence_bare": sentence * ~tagged,
        "split": ~at.whole_words,
        "short_tagged": short * tagged * at.covers,
        "short_bare": short * ~tagged * at.covers,
        "short_part": short * ~at.covers,
        "one_word_bare": one_word & ~tagged & at.covers,
        "one_word_part": one_word & ~at.covers,
        "leet": some.how == LEET,
        "article": some.how == ARTICLE,
        "slip": some.how == SLIP,
        "second_slip": (some.how == SLIP) & (some.slips > 1),
        "bag": some.how == BAG,
        "lacks": np.maximum(lacking, 0) / _TEN,
        "adds": np.maximum(-lacking, 0) / _TEN,
        "skeleton": some.how == SKELETON,
        "year_agrees": known & (apart == 0),
        "year_near": known & (apart == 1),
        "year_differs": known & (apart > 1),
        "number_follows": _number_follows(some, at, found, meanings, cut),
        "heard": names.reading[name] == 1,
        "looks": found.reading[some.row] == 2,
    }
    by_tags = {
        "cover": at.covers,
        "piece": piece,
        "head": head,
        "begins": begins,
        "ends": ends,
        "inside": inside,
        "rare": rare,
        "left": np.minimum(left, _MOST_LEFT),
        "left_rare": np.minimum(left_rare, _MOST_BITS) / _TEN,
    }
    told |= {f"{key}_tagged": value * tagged for key, value in by_tags.items()}
    told |= {f"{key}_bare": value * ~tagged for key, value in by_tags.items()}
    for column, feature in enumerate(FEATURES):
        out[:, column] = told[feature]
    return out


def _years_apart(some: Candidates, at: Places, cut: Regions, year: NDArray[np.int32]) -> tuple[Ints, Flags]:
    """How many years lie between the work's and the nearest that the name has outside of the title; whether both are known."""
    years, words = cut.years[some.row], cut.year_words[some.row]
    outside = (years > 0) & ((words < at.first_word[:, None]) | (words >= at.next_word[:, None]))
    return np.where(outside, np.abs(years - year[:, None]), 9999).min(1), (year > 0) & outside.any(1)


def _counts(flags: Ints | Flags, begin: Ints, end: Ints) -> Ints:
    sums = np.concatenate(([0], np.cumsum(flags)))
    return sums[np.minimum(end, len(flags))] - sums[begin]


def _left(at: Places, meanings: Ints, begin: Ints, end: Ints) -> tuple[Ints, Ints]:
    """How many words of the title the candidate leaves, and how rare they are in bits."""
    sums = np.concatenate(([0], np.cumsum(rarities(meanings))))
    inside_from, inside_to = np.maximum(at.first_word, begin), np.minimum(at.next_word, end)
    inside_to = np.maximum(inside_to, inside_from)
    nothing = inside_from >= end
    own = np.where(
        nothing, 0, sums[np.minimum(inside_to, len(meanings))] - sums[np.minimum(inside_from, len(meanings))]
    )
    return np.maximum(end - begin - np.where(nothing, 0, inside_to - inside_from), 0), sums[end] - sums[
        begin
    ] - own


def _number_follows(some: Candidates, at: Places, found: Columns, meanings: Ints, cut: Regions) -> Flags:
    """A part number behind the name that is not its own: 2 to 9 or Roman, without a leading zero, within the title."""
    following = np.minimum(at.next_word, len(meanings) - 1)
    within = (at.next_word < cut.end_title[at.section]) & at.whole_words
    counted = (meanings[following] & (NUMBER | ROMAN) > 0) & ((meanings[following] & (YEAR | EPISODE)) == 0)
    which = np.flatnonzero(within & counted)
    out = np.zeros(len(some), np.bool_)
    out[which] = [_is_part(found.word(index)) for index in following[which].tolist()]
    return out


def _is_part(word: str) -> bool:
    return not word.isdigit() or (word[0] != "0" and 2 <= int(word) <= 9)
