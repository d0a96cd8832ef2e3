"""How much room the evidence takes, and what of it may be thrown away. Pure, but for what the vault lists.

Never what a finding needs: that stays, also where it alone is more than the budget.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

GRACE_S = 3600.0
"""What was written or asked for within this time stays: a transaction that will need it may still be open."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of the vault. Units: bytes; `at` seconds since the epoch, when it was last written or put again."""

    digest: str
    size_bytes: int
    at: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What the vault holds. Units: bytes."""

    files: int
    total_bytes: int
    needed_files: int
    needed_bytes: int


def usage(files: Iterable[Kept], needed: Collection[str]) -> Usage:
    """How much of the vault findings need."""
    every = list(files)
    own = [one for one in every if one.digest in needed]
    return Usage(len(every), _sum(every), len(own), _sum(own))


def evictable(files: Iterable[Kept], needed: Collection[str], max_bytes: int, now: float) -> list[Kept]:
    """What to throw away so that the vault comes within its budget: the oldest that no finding needs, and no more."""
    every = list(files)
    over = _sum(every) - max_bytes
    found: list[Kept] = []
    for one in sorted(_unneeded(every, needed, now), key=lambda one: (one.at, one.digest)):
        if over <= 0:
            break
        found.append(one)
        over -= one.size_bytes
    return found


def _unneeded(files: Iterable[Kept], needed: Collection[str], now: float) -> Iterator[Kept]:
    return (one for one in files if one.digest not in needed and now - one.at >= GRACE_S)


def _sum(files: Iterable[Kept]) -> int:
    return sum(one.size_bytes for one in files)
