"""Many names at once as columns: every letter, word and gap of a batch in a few arrays.

One name at a time costs Python a few microseconds a step; a batch costs numpy a few nanoseconds. A single name is
a batch of one, so there is one path. Arrays are int64 or uint64 unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from leakwatch.extract.fold import MAX_NAME, WEAK, readings, split_camel

Ints: TypeAlias = NDArray[np.int64]
Hashes: TypeAlias = NDArray[np.uint64]
Flags: TypeAlias = NDArray[np.bool_]

OPEN, CLOSE, DASH, SPACE, DOT, LINE, SLASH, STOP, BREAK, ROUND = (1 << bit for bit in range(10))
"""What stands in the gap before a word. OPEN and CLOSE are brackets of any kind, ROUND says that one is `(`;
STOP is what ends or parts a sentence; LINE an underscore; BREAK the end of a row."""

_WORD, _DIGIT, _UPPER, _SYMBOL = 1, 2, 4, 8
_GAPS = {
    "[": OPEN,
    "{": OPEN,
    "(": OPEN | ROUND,
    "]": CLOSE,
    "}": CLOSE,
    ")": CLOSE,
    "-": DASH,
    "~": DASH,
    "#": DASH,
    " ": SPACE,
    "\t": SPACE,
    ".": DOT,
    "_": LINE,
    "+": LINE,
    "/": SLASH,
    "|": SLASH | SPACE | DASH,
    "\\": SLASH,
    "?": STOP,
    "!": STOP,
    ",": STOP,
    ";": STOP,
    ":": STOP,
    '"': STOP,
    "\n": BREAK,
}
_LEVEL = np.array([0, 1, -1, 0], np.int8)
"""By how much OPEN and CLOSE change the number of open brackets."""
_SPACELESS = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x20000, 0x3FFFF),
)
"""Scripts without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han. Each letter is a word there."""
BASE = np.uint64(0x9E3779B97F4A7C15 | 1)
_NEWLINE, _APOSTROPHE, _WEAK = 10, 39, ord(WEAK)
INVERSE = np.uint64(pow(int(BASE), -1, 2**64))


def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint16], NDArray[np.uint32], NDArray[np.uint32]]:
    kind, gap = np.zeros(128, np.uint8), np.zeros(128, np.uint16)
    lower, canon = np.arange(128, dtype=np.uint32), np.arange(128, dtype=np.uint32)
    for code in range(128):
        char = chr(code)
        kind[code] = (
            _WORD * char.isalnum()
            | _DIGIT * char.isdigit()
            | _UPPER * char.isupper()
            | (_WORD | _SYMBOL) * (char in "@$")
        )
        gap[code] = _GAPS.get(char, 0)
        lower[code] = ord(char.lower())
    for digits, letters in zip("014357889", ("o", "il", "a@", "e", "s$", "t", "b", "", ""), strict=True):
        for letter in letters:
            canon[ord(letter)] = ord(digits)
    return kind, gap, lower, canon


_KIND, _GAP, _LOWER, _CANON = _tables()


def _split_table() -> Flags:
    """By the kinds of two neighbours: capitals behind small letters, digits beside letters, symbols."""
    table = np.zeros(256, np.bool_)
    for pair in range(256):
        before, kind = divmod(pair, 16)
        digit = bool(before & _DIGIT) != bool(kind & _DIGIT)
        camel = bool(kind & _UPPER) and not before & (_UPPER | _DIGIT)
        table[pair] = digit or camel or bool((before | kind) & _SYMBOL)
    return table


_SPLITS = _split_table()


@dataclass(frozen=True, slots=True)
class Columns:
    """A batch of texts, taken apart.

    A *row* is one reading of one text. The *letters* are all rows without anything between words; they are
    addressed by their number in the batch. A *part* is a stretch of letters that may stand alone (`tide` in
    TideGlass, `70` in 70b); a *word* is one or more parts with nothing between them.

    Shape:  per row: `row_text`, `reading` (0 own script, 1 transliteration, 2 look-alikes). `letters` is one text,
            `canon` the same in figures where a letter looks like one;
            `place` is where each letter stood in the batch, `row_begins` where each row did. Per word and per part: first letter, letter after the last,
            row. Per word: `gap`, flags of what stands before it, and `depth`, the open brackets around it.
            `before[i]` and `inverse[i]` make the hash of letters i to j `(before[j] - before[i]) * inverse[i]`.
    """

    row_text: Ints
    reading: Ints
    letters: str
    canon: str
    place: Ints
    row_begins: Ints
    word_at: Ints
    word_end: Ints
    word_row: Ints
    gap: Ints
    depth: Ints
    part_at: Ints
    part_end: Ints
    part_row: Ints
    before: Hashes
    inverse: Hashes
    exact: Hashes
    bits: Hashes

    def hashes(self, first: Ints, last: Ints) -> Hashes:
        """One hash for each stretch of letters, the same wherever it stands and however leet it is written."""
        return mixed((self.before[last] - self.before[first]) * self.inverse[first])

    def plain_hashes(self, first: Ints, last: Ints) -> Hashes:
        """The same with every letter as it is."""
        return mixed((self.exact[last] - self.exact[first]) * self.inverse[first])

    def signatures(self, first: Ints, last: Ints) -> Hashes:
        """Which letters each stretch has, one bit each: a slip changes two bits at most."""
        if not len(first):
            return first.astype(np.uint64)
        ends = np.stack((first, last), 1).ravel()
        return np.bitwise_or.reduceat(np.append(self.bits, np.uint64(0)), ends)[::2]

    def word(self, index: int) -> str:
        """The letters of one word."""
        return self.letters[self.word_at[index] : self.word_end[index]]


def mixed(hashes: Hashes) -> Hashes:
    """Spread what is known in the low bits over all (the finisher of splitmix64; Steele, Lea and Flood 2014)."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return hashes ^ (hashes >> np.uint64(27))


def columns(texts: Sequence[str]) -> Columns:
    """Take a batch of texts apart. Of each the first thousand characters are read. Cost: linear in characters."""
    rows = [text[:MAX_NAME].replace("\n", " ") for text in texts]
    row_text, reading = np.arange(len(rows)), np.zeros(len(rows), np.int64)
    odd = [number for number, text in enumerate(rows) if not text.isascii()]
    if odd:
        rows, row_text, reading = _with_readings(rows, odd)
    joined = "\n".join([*rows, ""])
    return _taken_apart(joined, row_text, reading)


def _with_readings(texts: Sequence[str], odd: Sequence[int]) -> tuple[list[str], Ints, Ints]:
    """Rows, their texts and readings, where the texts `odd` have more readings than one."""
    told = {number: readings(split_camel(texts[number])) for number in odd}
    counts = np.ones(len(texts), np.int64)
    counts[odd] = [len(some) for some in told.values()]
    row_text = np.repeat(np.arange(len(texts)), counts)
    reading = np.arange(len(row_text)) - np.repeat(np.cumsum(counts) - counts, counts)
    rows = [row for number, text in enumerate(texts) for row in told.get(number, (text,))]
    return rows, row_text, reading


def _taken_apart(joined: str, row_text: Ints, reading: Ints) -> Columns:
    """The columns of rows that are separated by newlines."""
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    kept, is_split = _without_marks(codes)
    row_begins = np.concatenate(([0], np.flatnonzero(codes == _NEWLINE) + 1))
    if len(kept) < len(codes):
        codes = codes[kept]
    low = np.minimum(codes, 127)
    kind, flags = _KIND[low], _GAP[low]
    lone: Flags | None = None
    if codes.max(initial=0) > 127:
        high = np.flatnonzero(codes > 127)
        kind[high], flags[high] = _WORD, 0
        lone = _in_spaceless_scripts(codes)
    _demote_lone_symbols(kind)
    is_word = (kind & _WORD).view(np.bool_)
    starts = (
        is_word & ~_shifted(is_word)
        if lone is None
        else is_word & (~_shifted(is_word) | lone | _shifted(lone))
    )
    letter_chars = np.flatnonzero(is_word)
    letters, total = codes[letter_chars], len(letter_chars)
    letters = np.where(letters > 127, letters, _LOWER[np.minimum(letters, 127)])
    letter_starts = starts[letter_chars]
    word_at = np.flatnonzero(letter_starts)
    split = _weakly_split(kind[letter_chars])
    if is_split is not None:
        split |= is_split[letter_chars]
    part_at = np.flatnonzero(letter_starts | split)
    word_row, gap, depth = _gaps(flags, starts, codes == _NEWLINE)
    powers, inverse = powers_of(total + 1)
    canon = np.where(letters > 127, letters, _CANON[np.minimum(letters, 127)])
    return Columns(
        row_text=row_text,
        reading=reading,
        letters=_text(letters),
        canon=_text(canon),
        place=kept[letter_chars],
        row_begins=row_begins,
        word_at=word_at,
        word_end=_ends(word_at, total),
        word_row=word_row,
        gap=gap,
        depth=depth,
        part_at=part_at,
        part_end=_ends(part_at, total),
        part_row=word_row[np.searchsorted(word_at, part_at, "right") - 1],
        before=_sums(canon, powers),
        inverse=inverse,
        exact=_sums(letters, powers),
        bits=np.uint64(1) << (canon & np.uint32(63)).astype(np.uint64),
    )


def _text(codes: NDArray[np.uint32]) -> str:
    return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def _demote_lone_symbols(kind: NDArray[np.uint8]) -> None:
    """Symbols stand for letters only between letters: in p@$$word, not in `5 $`. Changes `kind` in place."""
    symbols = np.flatnonzero(kind & _SYMBOL)
    if len(symbols):
        around = np.concatenate(([0], kind, [0]))
        begins = np.diff(symbols, prepend=-2) > 1
        first, last = symbols[begins], symbols[np.append(begins[1:], True)]
        between = (around[first] & _WORD > 0) & (around[last + 2] & _WORD > 0)
        kind[symbols[~between[np.cumsum(begins) - 1]]] = 0


def _without_marks(codes: NDArray[np.uint32]) -> tuple[Ints, Flags | None]:
    """Where the characters are that are neither apostrophes nor weak marks; and which of them stand behind a mark."""
    dropped = (codes == _APOSTROPHE) | (codes == _WEAK)
    kept = np.flatnonzero(~dropped)
    if len(kept) == len(codes):
        return kept, None
    marked = np.zeros(len(codes) + 1, np.bool_)
    marked[1:] = codes == _WEAK
    return kept, marked[kept]


def _ends(begins: Ints, total: int) -> Ints:
    """Where each stretch ends, if the next one begins there."""
    return np.append(begins[1:], total) if len(begins) else begins


def _shifted(flags: Flags) -> Flags:
    """Each flag's predecessor."""
    out = np.zeros_like(flags)
    out[1:] = flags[:-1]
    return out


def _in_spaceless_scripts(codes: NDArray[np.uint32]) -> Flags:
    found = np.zeros(len(codes), np.bool_)
    for first, last in _SPACELESS:
        found |= (codes >= first) & (codes <= last)
    return found


def _weakly_split(kind: NDArray[np.uint8]) -> Flags:
    """Letters before which a word may be split."""
    pairs = kind.copy()
    pairs[1:] += kind[:-1] << 4
    return _SPLITS[pairs]


def _gaps(flags: NDArray[np.uint16], starts: Flags, newline: Flags) -> tuple[Ints, Ints, Ints]:
    """For each word its row, what stands between it and the word before, and how many brackets are open around it."""
    begins = np.flatnonzero(starts | newline)  # a stretch from each word or newline to the next
    is_word = starts[begins]
    words = np.flatnonzero(is_word)
    if not len(words):
        return words, words, words
    told = np.bitwise_or.reduceat(flags, begins).astype(np.int64)
    brackets = np.flatnonzero(flags & (OPEN | CLOSE))
    stretch = np.searchsorted(begins, brackets, "right") - 1
    turns = _LEVEL[flags[brackets] & (OPEN | CLOSE)]
    first_turn = int(turns[stretch < 0].sum())
    opened = np.bincount(np.maximum(stretch, 0), np.where(stretch < 0, 0, turns), len(begins)).astype(
        np.int64
    )
    first = BREAK | int(np.bitwise_or.reduce(flags[: begins[0]], initial=0))  # as behind any other row
    level = first_turn + np.cumsum(opened)
    row: Ints = np.cumsum(~is_word, dtype=np.int64)
    row_level = np.concatenate(([0], level[~is_word] - opened[~is_word]))
    gap = np.where(words > 0, told[words - 1], first)
    before = np.where(words > 0, level[words - 1], first_turn)
    depth: Ints = np.maximum(before - row_level[row[words]], 0)
    return row[words], gap.astype(np.int64), depth


def powers_of(count: int) -> tuple[Hashes, Hashes]:
    """The first powers of the base and of its inverse modulo 2**64; computed once for the longest batch yet."""
    if len(_POWERS[0]) < count:
        size = max(count, 2 * len(_POWERS[0]))
        for place, base in enumerate((BASE, INVERSE)):
            factors = np.full(size, base, np.uint64)
            factors[0] = 1
            _POWERS[place] = np.cumprod(factors, dtype=np.uint64)
    return _POWERS[0][:count], _POWERS[1][:count]


_POWERS: list[Hashes] = [np.ones(1, np.uint64), np.ones(1, np.uint64)]


def _sums(letters: NDArray[Any], powers: Hashes) -> Hashes:
    """`out[i]` is the sum of the first i letters, each by its power of the base."""
    out = np.zeros(len(letters) + 1, np.uint64)
    np.cumsum((letters.astype(np.uint64) + np.uint64(1)) * powers[: len(letters)], out=out[1:])
    return out
