"""Sizes as people tell them: "1.4 GiB", "13.5GB", "1,4 Go" are intervals, never numbers of bytes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

_LETTERS = "kmgt"
_TOLD = re.compile(
    r"(?<![\w.,])(\d{1,3}(?:,\d{3})+|\d{1,5}(?:[.,]\d{1,3})?)[ \u00a0]?"
    r"(?:([kmgt])(i?)(?:b|o|bytes|octets)|([кмгт])(и?)б)(?!\w|/s|ps|[ -]?v?ram|[ -]?of[ -]v?ram)",
    re.IGNORECASE,
)
_CYRILLIC = str.maketrans("кмгт", "kmgt")
_MOST = 16
_DIGITS = 4
_LOOSE = 0.005
"""What an inexact number of bytes may be off where no short figure leads to it."""


@dataclass(frozen=True, slots=True)
class ToldSize:
    """What a told size may mean: ranges of bytes, from (included) to (excluded), one for each reading of its unit."""

    text: str
    ranges: tuple[tuple[int, int], ...]

    def holds(self, size: int) -> bool:
        """Whether a number of bytes may be told so."""
        return any(low <= size < high for low, high in self.ranges)


def told_sizes(text: str) -> Iterator[ToldSize]:
    """Sizes in a text, in order, at most sixteen. Memory of a machine and speeds are none."""
    for number, found in enumerate(_TOLD.finditer(text)):
        if number >= _MOST:
            return
        figure = found[1]
        figure = figure.replace(",", "") if re.search(r",\d{3}(?!\d)", figure) else figure.replace(",", ".")
        letter = (found[2] or found[4]).lower().translate(_CYRILLIC)
        bases = (1024,) if found[3] or found[5] else (1000, 1024)
        decimals = len(figure.partition(".")[2])
        ranges = _ranges(float(figure), decimals, _LETTERS.index(letter) + 1, bases)
        if ranges:
            yield ToldSize(found[0], ranges)


def told_as(size_bytes: int) -> ToldSize:
    """What a number of bytes that is not exact may mean: the shortest figure that leads to it, in either unit."""
    text = f"about {size_bytes} bytes"
    for decimals in range(_DIGITS):
        for power in (4, 3, 2, 1):
            for base in (1000, 1024):
                value = round(size_bytes / base**power, decimals)
                if 1 <= value < 10 ** (_DIGITS - decimals) and size_bytes in (
                    int(value * base**power),
                    round(value * base**power),
                ):
                    return ToldSize(text, _ranges(value, decimals, power, (1000, 1024)))
    return ToldSize(text, ((int(size_bytes * (1 - _LOOSE)), int(size_bytes * (1 + _LOOSE)) + 1),))


def _ranges(value: float, decimals: int, power: int, bases: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Half a unit of the last digit below, for it may be rounded up, and a whole one above, for it may be cut."""
    step = 10.0**-decimals
    return tuple(
        (math.floor((value - step / 2) * base**power), math.ceil((value + step) * base**power))
        for base in bases
        if value > 0
    )
