"""Tables of an asset file's v1 piece hashes, so that a torrent can be judged where the file is not at hand.

A torrent that begins a file on a piece boundary hashes the same pieces as the table of its piece length: those
of a single file, of the first file, and of every file behind padding (BEP 47). One read gives all thirteen
lengths: the hasher of a piece is the hasher of its first half, continued, so that each longer length costs half
a pass more. A large file is covered in windows, within a budget of bytes.

A piece that says nothing (`is_informative`) stands in the table as twenty zero bytes.

A file shorter than a piece is a piece together with the padding behind it, in a torrent that pads. So the row of a
longer length has a second digest: that of the file and zeros (`filled_lengths`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from leakwatch.model.asset import PIECE_DIGEST_BYTES, PieceTable
from leakwatch.torrent.tree import BLOCK_BYTES

LENGTHS = tuple(BLOCK_BYTES << power for power in range(13))
"""16 KiB to 64 MiB: the piece lengths that makers of torrents choose from."""
STEP_BYTES = 4 * 2**20
"""How many bytes are taken at a time; the last step of a file may be shorter."""
WINDOW_BYTES = LENGTHS[-1]
WINDOW_COST = PIECE_DIGEST_BYTES * sum(WINDOW_BYTES // length for length in LENGTHS)
"""Bytes that the tables of one window take: 163,820."""
NOTHING = bytes(PIECE_DIGEST_BYTES)
"""What stands for a piece that would prove nothing."""

Work = tuple[float, Callable[[], None]]
"""What a step has to do, in parts that may run side by side: the bytes it hashes, and the doing."""

_LONGEST_PERIOD, _STRETCHES = 4096, 8
_DOMINANT = 7 / 8
_LEAST_BYTES = 64
_QUARTER, _STEP = LENGTHS.index(STEP_BYTES // 4), LENGTHS.index(STEP_BYTES)
"""The levels at which a step is shared out, and at which it is one piece."""


def is_informative(data: bytes | memoryview) -> bool:
    """Whether bytes are no mere padding or pattern: at least one block of 16 KiB in them says something.

    A constant or periodic piece is in many files; that a torrent has it proves nothing.
    """
    view = memoryview(data)
    return any(
        not _is_dull(bytes(view[start : start + BLOCK_BYTES])) for start in range(0, len(view), BLOCK_BYTES)
    )


def _is_dull(block: bytes) -> bool:
    """Periodic, or less than half of it telling: where two dull stretches meet, their border tells nothing."""
    if len(block) < _LEAST_BYTES or _is_periodic(block, _LONGEST_PERIOD):
        return True
    step = max(_LEAST_BYTES, len(block) // _STRETCHES)
    starts = range(0, len(block) - step + 1, step)
    needed = (len(starts) + 1) // 2
    for start in starts:
        needed -= _is_telling(block[start : start + step])
        if needed <= 0:
            return False
    return True


def _is_telling(stretch: bytes) -> bool:
    """Neither periodic nor nearly all one byte."""
    if _is_periodic(stretch, len(stretch) // 2):
        return False
    sample = stretch[::7] if len(stretch) > 512 else stretch
    most = max(sample.count(sample[place]) for place in (0, len(sample) // 3, 2 * len(sample) // 3))
    return most <= _DOMINANT * len(sample)


def _is_periodic(data: bytes, longest: int) -> bool:
    head = data[:32]
    period = data.find(head, 1, longest + len(head))
    return period > 0 and data[period:] == data[:-period]


def filled_lengths(size_bytes: int) -> tuple[int, ...]:
    """For which lengths a short file is hashed with zeros up to a piece, as padding fills it up (BEP 47).

    Up to 4 MiB, which costs as much as to hash 4 MiB: who pads files so short does not take longer pieces. Of a
    file below 16 KiB it would say little, and cost as much.
    """
    return tuple(length for length in LENGTHS if BLOCK_BYTES <= size_bytes < length <= STEP_BYTES)


def windows(size_bytes: int, budget_bytes: int) -> tuple[range, ...]:
    """Which ranges of a file its tables cover: all of it, or windows of 64 MiB spread evenly.

    Units:  `budget_bytes` is what the tables may take: 20 bytes a piece, 163,820 a window.
    The first window is the file's beginning and the last one reaches its end.
    """
    digests = sum(-(-size_bytes // length) for length in LENGTHS) + len(filled_lengths(size_bytes))
    if size_bytes and PIECE_DIGEST_BYTES * digests <= budget_bytes:
        return (range(size_bytes),)
    total = -(-size_bytes // WINDOW_BYTES)
    count = min(budget_bytes // WINDOW_COST, total)
    places = [round(place * (total - 1) / max(count - 1, 1)) * WINDOW_BYTES for place in range(count)]
    return tuple(range(start, min(start + WINDOW_BYTES, size_bytes)) for start in places)


class Tabulator:
    """Takes a file in steps, in order, and ends with its tables for the ranges that `windows` gave."""

    __slots__ = ("_covered", "_open", "_position", "_rows", "_step", "_step_hash")

    def __init__(self, covered: Sequence[range]) -> None:
        self._covered = tuple(covered)
        self._rows = [[bytearray(_row_bytes(window, length)) for length in LENGTHS] for window in covered]
        self._position = 0
        self._step = memoryview(b"")
        self._step_hash: Any = None
        self._open: dict[int, Any] = {}
        """By level, the hasher of a piece of which the first half is hashed."""

    @property
    def is_wanted(self) -> bool:
        """Whether there is anything to tabulate."""
        return bool(self._covered)

    def works(self, step: memoryview) -> list[Work]:
        """What the next step has to do. Once all of it is done, `close` must be called."""
        if self._position % STEP_BYTES or len(step) > STEP_BYTES:
            raise ValueError("steps of 4 MiB; only a file's last one may be shorter")
        self._step = step
        if self._place() is None:
            return []
        quarter = LENGTHS[_QUARTER]
        starts = range(0, len(step), quarter)
        low: list[Work] = [(_low_cost(start), partial(self._hash_quarter, start)) for start in starts]
        return low + [(len(step), partial(self._open[level].update, step)) for level in self._open]

    def close(self) -> None:
        """Finish a step: note the pieces that ended with it, and keep the hashers that go on."""
        place, size = self._place(), len(self._step)
        if place is not None and size:
            window, begin = self._covered[place], self._position - self._covered[place].start
            for level in (_QUARTER + 1, _STEP):
                for start in range(0, size, LENGTHS[level]):
                    self._silence(place, level, (begin + start) // LENGTHS[level])
            self._close_long(place, begin, is_last=self._position + size == window.stop)
        self._position += size
        self._step = memoryview(b"")

    def tables(self, whole: Any) -> tuple[PieceTable, ...]:
        """The tables of everything that was taken; none of an empty file. `whole` is the SHA-1 hasher of all of it."""
        if self._covered == (range(self._position),):
            self._fill_up(whole.copy())
        return tuple(
            PieceTable(length, window.start // length, bytes(row))
            for window, rows in zip(self._covered, self._rows, strict=True)
            for length, row in zip(LENGTHS, rows, strict=True)
        )

    def _fill_up(self, whole: Any) -> None:
        """Behind the only piece of a short file, its digest with zeros up to each longer length."""
        filled = self._position
        for length in filled_lengths(self._position):
            row = self._rows[0][LENGTHS.index(length)]
            if bytes(row) == NOTHING:
                return
            whole.update(bytes(length - filled))
            filled = length
            row += whole.digest()

    def _place(self) -> int | None:
        """The window in which the step lies."""
        found = (place for place, window in enumerate(self._covered) if self._position in window)
        return next(found, None)

    def _hash_quarter(self, start: int) -> None:
        """All pieces that begin in one quarter of a step and end in the step."""
        place = self._place()
        if place is None:
            return
        begin = self._position - self._covered[place].start
        hasher = self._hash_within(place, begin, _QUARTER, start)
        for level in (_QUARTER + 1, _STEP):
            if start % LENGTHS[level]:
                return
            hasher.update(self._step[start + LENGTHS[level - 1] : start + LENGTHS[level]])
            self._put(place, level, (begin + start) // LENGTHS[level], hasher.digest())
        self._step_hash = hasher

    def _hash_within(self, place: int, begin: int, level: int, start: int) -> Any:
        """The piece of a level that begins at `start` of the step, and all shorter ones in it."""
        if not level:
            block = bytes(self._step[start : start + BLOCK_BYTES])
            hasher = hashlib.sha1(block, usedforsecurity=False)
            digest = NOTHING if _is_dull(block) else hasher.digest()
            self._put(place, 0, (begin + start) // BLOCK_BYTES, digest)
            return hasher
        hasher = self._hash_within(place, begin, level - 1, start)
        middle = start + LENGTHS[level - 1]
        if middle < len(self._step):
            self._hash_within(place, begin, level - 1, middle)
            hasher.update(self._step[middle : start + LENGTHS[level]])
        index = (begin + start) // LENGTHS[level]
        self._put(place, level, index, hasher.digest())
        self._silence(place, level, index)
        return hasher

    def _close_long(self, place: int, begin: int, *, is_last: bool) -> None:
        """Pieces longer than a step. One that ends with the file in its first half is its first half's piece."""
        end = begin + len(self._step)
        hasher = self._step_hash
        for level in range(_STEP + 1, len(LENGTHS)):
            length, index = LENGTHS[level], begin // LENGTHS[level]
            own = self._open.get(level)
            if own is not None and (end % length == 0 or is_last):
                self._put(place, level, index, own.digest())
                self._silence(place, level, index)
                hasher = self._open.pop(level)
            elif own is not None:
                return
            elif is_last:
                self._put(place, level, index, self._get(place, level - 1, 2 * index))
            elif end % length == length // 2:
                self._open[level] = hasher
                return
            else:
                return

    def _silence(self, place: int, level: int, index: int) -> None:
        """A piece says nothing if neither of its halves does."""
        halves = self._get(place, level - 1, 2 * index), self._get(place, level - 1, 2 * index + 1)
        if halves in ((NOTHING, NOTHING), (NOTHING, b"")):
            self._put(place, level, index, NOTHING)

    def _get(self, place: int, level: int, index: int) -> bytes:
        return bytes(self._rows[place][level][index * PIECE_DIGEST_BYTES : (index + 1) * PIECE_DIGEST_BYTES])

    def _put(self, place: int, level: int, index: int, digest: bytes) -> None:
        self._rows[place][level][index * PIECE_DIGEST_BYTES : (index + 1) * PIECE_DIGEST_BYTES] = digest


def _row_bytes(window: range, length: int) -> int:
    return PIECE_DIGEST_BYTES * -(-len(window) // length)


def _low_cost(start: int) -> float:
    """Bytes that a quarter's work hashes: its own levels, and the halves that it goes on with."""
    quarter = LENGTHS[_QUARTER]
    longer = 0 if start % (2 * quarter) else 1 if start else 3
    return quarter * (1 + _QUARTER / 2 + longer)
