"""What was seen lately, in memory that does not grow: two Bloom filters that take turns."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Iterator


class SeenFilter:
    """Remembers at least the newest `capacity` items; now and then it takes a new one for a seen one.

    When one filter has its fill the older one is cleared and takes over, so an item is remembered for
    `capacity` to twice as many others. Memories that end with time are turned by `rotate` instead; one that
    is overfull until then takes more new items for seen ones.
    The hash is keyed: nobody outside can choose items that hide one another.
    """

    def __init__(
        self, capacity: int, false_positives: float = 0.001, *, rotates_when_full: bool = True
    ) -> None:
        # Two filters are asked, so each has half of what may go wrong.
        self._bits = math.ceil(-capacity * math.log(false_positives / 2) / math.log(2) ** 2)
        self._hashes = max(1, round(self._bits / capacity * math.log(2)))
        self._capacity, self._key = capacity, secrets.token_bytes(16)
        self._new, self._old = self._empty(), self._empty()
        self._count, self._rotates_when_full = 0, rotates_when_full

    @property
    def size_bytes(self) -> int:
        """Memory of both filters, from the first item to the last."""
        return len(self._new) + len(self._old)

    def __contains__(self, item: bytes) -> bool:
        places = list(self._places(item))
        return _has(self._new, places) or _has(self._old, places)

    def add(self, item: bytes) -> bool:
        """Remember an item; whether it was new. One of the older filter moves to the newer."""
        places = list(self._places(item))
        if _has(self._new, places):
            return False
        is_new = not _has(self._old, places)
        for place in places:
            self._new[place >> 3] |= 1 << (place & 7)
        self._count += 1
        if self._rotates_when_full and self._count >= self._capacity:
            self.rotate()
        return is_new

    def rotate(self) -> None:
        """Forget what was not seen since the last turn."""
        self._new, self._old, self._count = self._empty(), self._new, 0

    def _empty(self) -> bytearray:
        return bytearray((self._bits + 7) // 8)

    def _places(self, item: bytes) -> Iterator[int]:
        """Bits of an item, by double hashing (Kirsch, Mitzenmacher: "Less hashing, same performance", 2006)."""
        digest = hashlib.blake2b(item, digest_size=16, key=self._key).digest()
        place, step = int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big") | 1
        for _ in range(self._hashes):
            yield place % self._bits
            place += step


def _has(bits: bytearray, places: list[int]) -> bool:
    return all(bits[place >> 3] & (1 << (place & 7)) for place in places)
