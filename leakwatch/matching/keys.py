"""Keys by which names are looked up: whole, in any order of words, with a word more or less, and by segments.

A name of 8 to 13 letters is found with one slip of the pen in it, a longer one with two. It is cut into one segment
more than that: by the pigeonhole principle one of them stands unharmed in the misspelt name, at most as many letters
away as there were slips before it (Li, Deng, Wang and Feng, "Pass-Join", VLDB 2011, the multi-match-aware selection).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from leakwatch.extract.columns import BASE, INVERSE, Columns, Hashes, Ints, mixed, powers_of
from leakwatch.extract.words import FUNCTION, NUMBER, ROMAN

ONE_SLIP, TWO_SLIPS = 8, 14
"""Letters from which a name may have one slip, two slips."""
_BAG_WORDS, _LEAVE_OUT_WORDS = 2, 4
_WHOLE, _BAG, _SHORT_BAG, _SEGMENT, _SKELETON = (
    np.uint64(salt)
    for salt in (0, 0x5851F42D4C957F2D, 0x14057B7EF767814F, 0x2545F4914F6CDD1D, 0xD1342543DE82EF95)
)
LEAST_CONSONANTS = 6
"""Fewer say too little: six of thirteen sounds are as telling as four letters of any kind."""
_SOUNDS = ("b v", "k c g q", "d", "f p", "j", "l", "m", "n", "r", "s z", "t", "x")
"""Consonants that one script writes alike or one scheme mixes up; vowels, h, w and y are no consonants here."""


def slips_of(length: Ints) -> Ints:
    """How many slips a name of this many letters may have."""
    return (length >= ONE_SLIP).astype(np.int64) + (length >= TWO_SLIPS)


def segment_keys(columns: Columns, first: Ints, last: Ints) -> Iterator[tuple[Ints, Hashes]]:
    """Keys of names to be found: (which of the names, key) for each segment."""
    length = last - first
    slips = slips_of(length)
    for number in range(3):
        which = np.flatnonzero((slips > 0) & (number <= slips))
        begin, end = _segment(length[which], slips[which], number)
        hashes = columns.hashes(first[which] + begin, first[which] + end)
        yield which, _segment_key(hashes, length[which], number)


def segment_probes(columns: Columns, first: Ints, last: Ints) -> Iterator[tuple[Ints, Hashes]]:
    """Keys under which a name that has these spans as misspelt forms would stand: (which span, key)."""
    have = last - first
    for difference in range(-2, 3):
        length = have + difference  # of the name that is looked for
        slips = slips_of(length)
        for number in range(3):
            for shift in range(-number, number + 1):
                # `shift` slips at most before the segment, the rest behind it
                fits = (
                    (slips >= abs(difference))
                    & (number <= slips)
                    & (abs(-difference - shift) <= slips - number)
                )
                which = np.flatnonzero(fits)
                if not len(which):
                    continue
                begin, end = _segment(length[which], slips[which], number)
                begin, end = begin + shift, end + shift
                inside = (begin >= 0) & (end <= have[which])
                which, begin, end = which[inside], begin[inside], end[inside]
                hashes = columns.hashes(first[which] + begin, first[which] + end)
                yield which, _segment_key(hashes, length[which], number)


def _segment(length: Ints, slips: Ints, number: int) -> tuple[Ints, Ints]:
    pieces = slips + 1
    return length * number // pieces, length * (number + 1) // pieces


def _segment_key(hashes: Hashes, length: Ints, number: int) -> Hashes:
    return mixed(hashes ^ (_SEGMENT * (length * 4 + number + 1).astype(np.uint64)))


def _sound_table() -> NDArray[np.uint8]:
    table = np.zeros(128, np.uint8)
    for number, letters in enumerate(_SOUNDS, 1):
        for letter in letters.split():
            table[ord(letter)] = number
    for figure in range(10):
        table[ord(str(figure))] = len(_SOUNDS) + 1 + figure
    return table


_SOUND = _sound_table()


def skeleton_keys(columns: Columns, first: Ints, last: Ints) -> tuple[Ints, Hashes]:
    """Keys of the consonants of spans of plain Latin letters that have enough of them: (which span, key).

    A consonant written twice is one; figures count as themselves.
    """
    codes = np.frombuffer(columns.letters.encode("utf-32-le", "surrogatepass"), np.uint32)
    sound = np.where(codes < 128, _SOUND[np.minimum(codes, 127)], 0)
    told = sound > 0
    told[1:] &= sound[1:] != sound[:-1]
    told[first] = sound[first] > 0
    count = np.concatenate(([0], np.cumsum(told)))
    foreign = np.concatenate(([0], np.cumsum(codes > 127)))
    letters = np.concatenate(([0], np.cumsum(told & (sound <= len(_SOUNDS)))))
    which = np.flatnonzero(
        (letters[last] - letters[first] >= LEAST_CONSONANTS) & (foreign[last] == foreign[first])
    )
    powers, inverse = powers_of(int(count[-1]) + 1)
    sums = np.zeros(int(count[-1]) + 1, np.uint64)
    np.cumsum(sound[told].astype(np.uint64) * powers[:-1], out=sums[1:])
    begin, end = count[first[which]], count[last[which]]
    return which, mixed(mixed((sums[end] - sums[begin]) * inverse[begin]) ^ _SKELETON)


def bag_keys(
    columns: Columns, meanings: Ints, begin: Ints, end: Ints, *, is_name: bool
) -> Iterator[tuple[Ints, Hashes]]:
    """Keys of the words from `begin` to `end`, whatever their order; of names to be found, or of spans that look for one.

    With four words or more, one may be missing on either side: a name has keys of its words without one each, and
    is looked for by the words of a span without one each. Articles and the like do not count,
    and a number is never left out: it makes another work.
    """
    counts = (meanings & FUNCTION) == 0
    values = np.where(counts, mixed(columns.hashes(columns.word_at, columns.word_end)), np.uint64(0))
    sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(values, dtype=np.uint64)))
    numbers = np.concatenate(([0], np.cumsum(counts)))
    total, words = sums[end] - sums[begin], numbers[end] - numbers[begin]
    letters = (
        columns.word_end[np.maximum(end - 1, 0)] - columns.word_at[np.minimum(begin, max(0, len(counts) - 1))]
        if len(counts)
        else begin
    )
    spelled = (end > begin) & (letters >= 2 * (end - begin))  # not the letters of a script without spaces
    bags = np.flatnonzero(spelled & (words >= _BAG_WORDS))
    yield bags, mixed(total[bags] ^ _BAG)
    if not is_name:
        yield bags, mixed(total[bags] ^ _SHORT_BAG)
    long = np.flatnonzero(spelled & (words >= _LEAVE_OUT_WORDS))
    repeated = np.repeat(long, (end - begin)[long])
    word = _ranges(begin[long], end[long])
    told = counts[word] & ((meanings[word] & (NUMBER | ROMAN)) == 0)
    repeated, word = repeated[told], word[told]
    yield repeated, mixed((total[repeated] - values[word]) ^ (_SHORT_BAG if is_name else _BAG))


def _ranges(begin: Ints, end: Ints) -> Ints:
    """All numbers from each begin to its end, one after the other."""
    lengths = end - begin
    starts = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) - np.repeat(starts - begin, lengths)


def swapped_keys(columns: Columns, first: Ints, last: Ints) -> tuple[Ints, Hashes]:
    """Whole keys of short names with the two letters at the border of their segments changed over.

    That slip harms both segments, and is the only one that does.
    """
    length = last - first
    which = np.flatnonzero(slips_of(length) == 1)
    border = first[which] + length[which] // 2
    before, middle = columns.before, border - 1
    one = before[border] - before[middle]  # the letter before the border, times its power
    other = before[border + 1] - before[border]
    # the power of a place is the inverse's inverse: moving a letter one place on multiplies it by the base
    changed = one * BASE + other * INVERSE
    total = before[last[which]] - before[first[which]] - one - other + changed
    return which, mixed(total * columns.inverse[first[which]])
