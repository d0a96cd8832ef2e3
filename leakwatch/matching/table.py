"""A sorted table of 64-bit keys: many look-ups at once, with a filter of one bit a slot before the search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from leakwatch.extract.columns import Hashes, Ints

_SLOTS_PER_KEY = 32
_SMALLEST = 10
_IN_BYTE, _LAST = np.uint64(3), np.uint64(7)
_BITS = np.uint8(1) << np.arange(8, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class KeyTable:
    """Distinct keys in order, and the numbers that each stands for: those from its `start` to the next one's."""

    keys: Hashes
    starts: NDArray[np.int32]
    numbers: NDArray[np.int32]
    filter: NDArray[np.uint8]
    shift: np.uint64

    @classmethod
    def of(cls, pairs: Sequence[tuple[Ints, Hashes]]) -> Self:
        """Build from (number, key) columns. Cost: a sort."""
        keys = np.concatenate([np.zeros(0, np.uint64), *(key for _, key in pairs)])
        numbers = np.concatenate([np.zeros(0, np.int32), *(number.astype(np.int32) for number, _ in pairs)])
        return cls._sorted(keys, numbers)

    def merged(self, other: KeyTable) -> KeyTable:
        """One table of both."""
        keys = [np.repeat(one.keys, np.diff(one.starts)) for one in (self, other)]
        return self._sorted(np.concatenate(keys), np.concatenate((self.numbers, other.numbers)))

    @classmethod
    def _sorted(cls, keys: Hashes, numbers: NDArray[np.int32]) -> Self:
        order = np.argsort(keys)
        keys, numbers = keys[order], numbers[order]
        bits = max(_SMALLEST, (len(keys) * _SLOTS_PER_KEY).bit_length())
        shift = np.uint64(64 - bits)
        is_first = _firsts(keys)
        starts = np.append(np.flatnonzero(is_first), len(keys)).astype(np.int32)
        keys = keys[is_first]
        return cls(keys, starts, numbers, _filter(keys >> shift, bits), shift)

    def maybe(self, wanted: Hashes) -> Ints:
        """Which of the wanted keys may be there: all that are, and at most one in 32 of the others."""
        slot = wanted >> self.shift
        byte = self.filter[(slot >> _IN_BYTE).astype(np.int64)]
        return np.flatnonzero(byte & _BITS[(slot & _LAST).astype(np.int64)])

    def find(self, wanted: Hashes) -> tuple[Ints, Ints]:
        """(place in `wanted`, number) for every key that is there."""
        place = self.maybe(wanted)
        if not len(place):
            return place, place
        some = wanted[place]
        slot = np.searchsorted(self.keys, some)
        there = np.flatnonzero(self.keys[np.minimum(slot, len(self.keys) - 1)] == some)
        place, slot = place[there], slot[there]
        first, count = self.starts[slot].astype(np.int64), self.starts[slot + 1] - self.starts[slot]
        if len(count) and count.max() > 1:
            begins = np.cumsum(count) - count
            rows = np.arange(int(count.sum())) - np.repeat(begins - first, count)
            return np.repeat(place, count), self.numbers[rows].astype(np.int64)
        return place, self.numbers[first].astype(np.int64)


def _firsts(some: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of some numbers in order are the first of their value."""
    out = np.ones(len(some), np.bool_)
    out[1:] = some[1:] != some[:-1]
    return out


def _filter(slots: NDArray[np.uint64], bits: int) -> NDArray[np.uint8]:
    """One bit for each slot that is taken; `slots` are in order."""
    out = np.zeros(1 << (bits - 3), np.uint8)
    if len(slots):
        byte = slots >> _IN_BYTE
        begins = np.flatnonzero(_firsts(byte))
        taken = _BITS[(slots & _LAST).astype(np.int64)]
        out[byte[begins].astype(np.int64)] = np.bitwise_or.reduceat(taken, begins)
    return out
