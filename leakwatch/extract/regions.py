"""Where the titles of release names begin and end, for a whole batch.

A name is cut into *sections* at the slashes of a path. In each section the title begins behind a leading group or
site and ends at the first tag, bracket, year or episode. Where that is open to doubt (a number may count episodes or the list, a country may tell two series apart, a word and a dash may
be a group) there is a second place, and a title that begins or ends there is as good. Brackets, dashes and
changes of script cut the whole into pieces of which each may be a title.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakwatch.extract.columns import CLOSE, DASH, DOT, LINE, OPEN, SLASH, SPACE, Columns, Flags, Ints
from leakwatch.extract.words import (
    AKA,
    CHECKSUM,
    COUNTER,
    COUNTRY,
    DOMAIN,
    ENDING,
    EPISODE,
    FUNCTION,
    HIGH,
    LANGUAGE,
    MEDIA,
    MONTH,
    NUMBER,
    ORDINAL,
    SEASON,
    SITE,
    TAG,
    WEAK_TAG,
    YEAR,
)

_NONE = 2**40
_SHALLOW = 2
_ARTICLES = frozenset(("the", "la", "le", "el", "il", "die", "das"))


@dataclass(frozen=True, slots=True)
class Regions:
    """Titles of a batch, as numbers of words.

    Shape:  per section: `row`; `title` and `end_title`, the words of its title; `second`, behind what may be a
            number in a list or a group, equal to `title` where there is none; `shallow` says that it is one of the last two of
            its path, folders of seasons not counted. Per word: `section`; `soft`, whether a title may end before it: a number that may count
            episodes; `edge`, whether something new begins there: behind a bracket, a dash, a stop, where
            the script changes (one more for the end of the batch, as of `soft`). Per row: `years`, two columns, 0 where there is none, and `year_words`, which
            words they are; `is_named`, whether it reads as a release name or media file, and `tags`, how many words only those have;
            `is_led`, whether a group in brackets leads it; `functions`, how many words make a sentence of it;
            `length` in words.
    """

    row: Ints
    title: Ints
    second: Ints
    end_title: Ints
    shallow: Flags
    section: Ints
    soft: Flags
    edge: Flags
    years: Ints
    year_words: Ints
    tags: Ints
    is_named: Flags
    is_led: Flags
    functions: Ints
    length: Ints


def regions(columns: Columns, meanings: Ints, named: Flags | None = None) -> Regions:
    """Cut every row of a batch; `named` says which rows are known to be names. Cost: linear in words."""
    count, rows = len(columns.word_at), len(columns.row_text)
    length = np.bincount(columns.word_row, minlength=rows)
    begin, section = _sections(columns, meanings, length)
    end = _ends(begin, count)
    place = np.arange(count)
    last = np.zeros(count + 1, np.bool_)
    last[end] = True
    title = _title_begins(columns, meanings, begin, section, place)
    ending = last[1:] & _has(meanings, ENDING) & ((columns.gap & DOT) > 0)
    behind = place > title[section]
    nested = columns.depth > columns.depth[title[section]]
    stop = _stops(columns, meanings, ending, nested) & behind
    first = _first(stop, place, begin, end)
    counts = _has(meanings, NUMBER) & (columns.gap != DASH) & ~_shifted(_has(meanings, SEASON))  # not F-15
    soft = (counts | _tells_series(columns, meanings)) & behind
    years, year_words = _years(columns, meanings, title[section], place, rows)
    edge = np.append(stop | _edges(columns, meanings), True)
    second = _second_begins(columns, meanings, title, first)
    edge[begin] = edge[title] = True
    edge[second[_has(meanings[title], NUMBER)]] = True
    row_sections = np.bincount(columns.word_row[begin], minlength=rows)
    shallow = _shallow(columns, meanings, begin)
    told = (
        (_sure(columns, meanings) | _numbered(columns, meanings) | _dated(columns, meanings))
        & (behind | (columns.depth > 0))
        & shallow[section]
    )
    tags = np.bincount(columns.word_row, told, rows).astype(np.int64)
    glued = np.bincount(columns.word_row, (columns.gap & (DOT | LINE) > 0) & (columns.gap & SPACE == 0), rows)
    spaced = np.bincount(columns.word_row, columns.gap & SPACE > 0, rows)
    media = np.bincount(columns.word_row, ending & _has(meanings, MEDIA), rows) > 0
    is_named = (tags > 0) | media | ((glued >= 2) & (spaced == 0) & (row_sections == 1))
    is_last = np.append(columns.word_row[1:] != columns.word_row[:-1], True) if count else behind
    listed = np.bincount(columns.word_row, is_last & _has(meanings, NUMBER) & ~_has(meanings, YEAR), rows) > 0
    led = np.bincount(columns.word_row[begin], (columns.depth[begin] > 0) & (title > begin), rows) > 0
    return Regions(
        row=columns.word_row[begin],
        title=title,
        second=second,
        end_title=first,
        section=section,
        soft=np.append(soft, False),
        edge=edge,
        years=years,
        year_words=year_words,
        tags=tags,
        is_named=is_named | (led & listed) if named is None else is_named | (led & listed) | named,
        is_led=led,
        shallow=shallow,
        functions=np.bincount(columns.word_row, _has(meanings, FUNCTION), rows).astype(np.int64),
        length=length,
    )


def _sure(columns: Columns, meanings: Ints) -> Flags:
    return _has(meanings, TAG | EPISODE) | (_has(meanings, YEAR | CHECKSUM) & (columns.depth > 0))


def _numbered(columns: Columns, meanings: Ints) -> Flags:
    """Words that count seasons or episodes: `season` before a number, 第 before one, 期 behind one, 5 before `серия`."""
    number = _has(meanings, NUMBER)
    following, previous = np.append(number[1:], False), _shifted(number)
    same = _same_row(columns)
    before = _has(meanings, SEASON | ORDINAL) & following & same
    behind = _has(meanings, SEASON) & ~before
    return before | (_has(meanings, COUNTER) & previous) | (number & same & np.append(behind[1:], False))


def _shallow(columns: Columns, meanings: Ints, begin: Ints) -> Flags:
    """The last two sections of each path; that of a season is none of its own: Show/Season 1/Episode."""
    row = columns.word_row[begin]
    season = _has(meanings[begin], SEASON | EPISODE) if len(begin) else np.zeros(0, np.bool_)
    season[:-1] &= row[1:] == row[:-1]
    counts = np.cumsum(~season)
    last = np.searchsorted(row, row, "right") - 1
    return counts[last] - counts < _SHALLOW if len(begin) else season


def _tells_series(columns: Columns, meanings: Ints) -> Flags:
    """A country before a season or an episode: The Office US S01."""
    counted = _has(meanings, EPISODE | SEASON)
    return _has(meanings, COUNTRY) & np.append(counted[1:], False) & _same_row(columns)


def _second_begins(columns: Columns, meanings: Ints, title: Ints, end: Ints) -> Ints:
    """Behind a first word that may be no part of the title: `01 - `, `003-004. `, `2009.`, `h265 `, `group-`."""
    second = title.copy()
    gap, following = columns.gap, np.minimum(title + 1, max(0, len(columns.gap) - 1))
    told = _has(meanings[title], NUMBER) & ((gap[following] & (DASH | DOT | LINE)) > 0)
    told |= _has(meanings[title], TAG) | (gap[following] == DASH)
    for index in np.flatnonzero(told & (end - title > 1)).tolist():
        second[index] = _behind_lead(columns, meanings, int(title[index]), int(end[index]))
    return second


def _behind_lead(columns: Columns, meanings: Ints, title: int, end: int) -> int:
    """Where the title begins behind the word at `title`, or `title`."""
    gap, following = columns.gap, title + 1
    if meanings[title] & NUMBER:
        if meanings[following] & NUMBER and gap[following] & DASH and following + 1 < end:
            following += 1  # a range
        return following
    if meanings[title] & TAG:
        return following
    rest = gap[following + 1 : end]  # a group glued to words between dots
    glued = len(rest) > 0 and bool(((rest & (DOT | LINE)) > 0).all()) and not (rest & SPACE).any()
    return following if glued else title


def _same_row(columns: Columns) -> Flags:
    """Whether the next word is of the same row."""
    same = np.zeros(len(columns.word_row), np.bool_)
    same[:-1] = columns.word_row[1:] == columns.word_row[:-1]
    return same


def _ends(begin: Ints, count: int) -> Ints:
    return np.append(begin[1:], count) if len(begin) else begin


def _edges(columns: Columns, meanings: Ints) -> Flags:
    """Words before which something new begins: a bracket, a dash with spaces, a slash with spaces, another script."""
    gap = columns.gap
    spaced = (gap & (SPACE | LINE)) > 0
    high = _has(meanings, HIGH)
    return (
        ((gap & (OPEN | CLOSE)) > 0)
        | (((gap & (DASH | SLASH)) > 0) & spaced)
        | ((gap == DASH) & _apart(columns))
        | (high != _shifted(high))
        | (high & _shifted(high) & spaced)
        | _shifted(_has(meanings, AKA))
    )


def _apart(columns: Columns) -> Flags:
    """Words with more than one character between them and the word before: a dash by itself joins, `--` parts."""
    out = np.zeros(len(columns.word_at), np.bool_)
    begin, end = columns.place[columns.word_at], columns.place[columns.word_end - 1]
    out[1:] = begin[1:] - end[:-1] > 2
    return out


def _shifted(flags: Flags) -> Flags:
    out = np.zeros_like(flags)
    out[1:] = flags[:-1]
    return out


def _has(meanings: Ints, flags: int) -> Flags:
    return (meanings & flags) > 0


def _sections(columns: Columns, meanings: Ints, length: Ints) -> tuple[Ints, Ints]:
    """First word of each section, and the section of each word. A slash parts a path, not AC/DC: a path has an ending."""
    if not len(columns.word_at):
        return columns.word_at, columns.word_at
    new_row = np.ones(len(columns.word_row), np.bool_)
    new_row[1:] = columns.word_row[1:] != columns.word_row[:-1]
    slash = ((columns.gap & (SLASH | SPACE)) == SLASH) & ~new_row
    if slash.any():
        last = np.cumsum(length) - 1
        ended = _has(meanings, ENDING)[np.maximum(last, 0)] & ((columns.gap[np.maximum(last, 0)] & DOT) > 0)
        slashes = np.bincount(columns.word_row, slash, len(length))
        slash &= (ended | (slashes > 2))[columns.word_row]
    starts = new_row | slash
    return np.flatnonzero(starts), np.cumsum(starts) - 1


def _title_begins(columns: Columns, meanings: Ints, begin: Ints, section: Ints, place: Ints) -> Ints:
    """Behind leading brackets and a leading site; where all is in brackets, at the beginning."""
    if not len(begin):
        return begin
    outside = np.minimum.reduceat(np.where(columns.depth == 0, place, _NONE), begin)
    title = np.where(outside == _NONE, begin, outside)
    doubtful = np.flatnonzero(_has(meanings, DOMAIN | SITE) & (place - title[section] < 4))
    for index in doubtful.tolist():  # www.site.to - Title
        named = _site_ends(columns, meanings, section, index)
        if named:
            title[section[index]] = named
    listed = np.flatnonzero(_has(meanings, NUMBER) & (place == title[section]))
    for index in listed.tolist():  # 03. Title
        if (
            index + 1 < len(section)
            and section[index + 1] == section[index]
            and columns.gap[index + 1] & DOT
            and columns.gap[index + 1] & SPACE
        ):
            title[section[index]] = index + 1
    return title


def _site_ends(columns: Columns, meanings: Ints, section: Ints, index: int) -> int:
    """The word behind the dash that ends a site's name; 0 where it is no site's."""
    if not meanings[index] & SITE and columns.gap[index] & 0xFFF != DOT:
        return 0
    for following in range(index + 1, min(index + 5, len(section))):
        if section[following] != section[index]:
            return 0
        if columns.gap[following] & DASH and columns.gap[following] & SPACE:
            return following
    return 0


def _stops(columns: Columns, meanings: Ints, ending: Flags, nested: Flags) -> Flags:
    """Words that no title goes on with."""
    gap = columns.gap
    dashed = ((gap & DASH) > 0) & ((gap & (SPACE | LINE | OPEN)) > 0)
    number = _has(meanings, NUMBER)
    numbered = _numbered(columns, meanings)
    counted = number & np.append(_has(meanings, COUNTER)[1:], False)
    sure = (
        _has(meanings, TAG | YEAR | EPISODE)
        | nested
        | ((gap & OPEN) > 0)
        | (dashed & number)
        | counted
        | ending
        | _dated(columns, meanings)
    )
    tag = _has(meanings, TAG | EPISODE | YEAR | WEAK_TAG | LANGUAGE) | ending | numbered
    same = _same_row(columns)
    tag |= number & same & np.append(tag[1:], False)
    beside = same & np.append(tag[1:], False)
    near = beside | (same & np.append(beside[1:], False))
    weak = (_has(meanings, WEAK_TAG) & (beside | ~same)) | (_has(meanings, LANGUAGE) & near)
    return sure | weak | _articles(columns, meanings, weak) | numbered


def _articles(columns: Columns, meanings: Ints, weak: Flags) -> Flags:
    """Articles that belong to a tag behind them: Title The Complete Series."""
    behind = np.append(weak[1:], False) & _has(meanings, FUNCTION) & _same_row(columns)
    out = np.zeros(len(weak), np.bool_)
    which = np.flatnonzero(behind)
    out[which] = [columns.word(index) in _ARTICLES for index in which.tolist()]
    return out


def _dated(columns: Columns, meanings: Ints) -> Flags:
    """Words that begin a date with a year: 2 mar 2013, mar 2 2013, 2013 03 02."""
    number, month, year = _has(meanings, NUMBER), _has(meanings, MONTH), _has(meanings, YEAR)
    same = _same_row(columns)
    day = number & ~year
    next_, after = _moved(day | month, 1) & same, _moved(same, 1) & same
    first = day & _moved(month, 1) & _moved(year, 2) | month & _moved(day, 1) & _moved(year, 2)
    return (first | year & _moved(day, 1) & _moved(day, 2)) & next_ & after


def _moved(flags: Flags, by: int) -> Flags:
    """Of each word what is said of one behind it."""
    return np.append(flags[by:], np.zeros(min(by, len(flags)), np.bool_))


def _first(flags: Flags, place: Ints, begin: Ints, end: Ints) -> Ints:
    """In each section the first word with the flag, or the section's end."""
    if not len(begin):
        return begin
    return np.minimum(np.minimum.reduceat(np.where(flags, place, _NONE), begin), end)


def _years(columns: Columns, meanings: Ints, title: Ints, place: Ints, rows: int) -> tuple[Ints, Ints]:
    """The first and the last year of each row that does not begin a title, and which words they are."""
    at = np.flatnonzero(_has(meanings, YEAR) & (place > title))
    found, words = np.zeros((rows, 2), np.int64), np.full((rows, 2), -1)
    values = np.array([int(columns.word(index)) for index in at.tolist()], np.int64)
    for column, order in ((0, slice(None, None, -1)), (1, slice(None))):
        found[columns.word_row[at[order]], column] = values[order]
        words[columns.word_row[at[order]], column] = at[order]
    return found, words
