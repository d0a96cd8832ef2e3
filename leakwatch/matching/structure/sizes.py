"""Exact byte sizes of an observation's files against those of the catalogue: how many agree, and how rare they are.

A size says much where it has many possible values and few others have it. Of 31,138 files above 1 MiB of game
collections two different ones agree with nearly 15 bits against it (11 within an octave) where the size has 2^20
values over its grain, the largest power of 2 or 10 that divides it. Below that they agree with 1 in 1.1 to 1 in 20:
floppies, discs, cartridges. Not so those of 2^9 to 2^11, 2^13 and 2^19 values, which agree with 1 in 385 to 1 in 1,150;
they are a twelfth of the coarse ones, lie between kinds that do agree, and are taken as coarse, too
(`benchmarks/size_grains.py`).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from leakwatch.matching.index import Index
from leakwatch.matching.shapes import LARGE
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import AssetId
from leakwatch.model.finding import Signal, SignalKind

_FINE_BITS = 20
_LEAST_REPEATED = 3
_SHOWN = 3


@dataclass(slots=True)
class _Agreed:
    """What agrees with one asset: size, its bits before chance, and words."""

    fine: list[tuple[int, float, str]] = field(default_factory=list[tuple[int, float, str]])
    common: list[tuple[int, float, str]] = field(default_factory=list[tuple[int, float, str]])


def size_signals(
    listed: Iterable[tuple[int | None, str]], item: int | None, index: Index, weights: Weights
) -> Iterator[tuple[AssetId, Signal]]:
    """One signal for the telling sizes that agree with an asset, one for the common ones.

    `listed` are sizes and paths of files, `item` is the size of the whole, where it is exact. Cost: linear in the
    number of files; each distinct size is looked up once.
    """
    counts: Counter[int] = Counter()
    paths: dict[int, str] = {}
    for size, path in listed:
        if size:
            counts[size] += 1
            paths.setdefault(size, repr(path))
    if item and item not in counts:
        counts[item] = 1
        paths[item] = "the item"
    agreed: dict[AssetId, _Agreed] = {}
    for size, count in counts.items():
        for one in index.by_size.get(size, ()):
            bits = _size_bits(size, weights) - math.log2(len(index.by_size[size]))
            if bits <= 0:
                break
            is_repeated = count == one.count >= _LEAST_REPEATED
            times = f", {count} times in both" if is_repeated else ""
            told = f"{paths[size]} has the {size} bytes of {one.path!r}{times}"
            some = agreed.setdefault(one.asset, _Agreed())
            where = some.fine if is_fine(size) else some.common
            where.append((size, bits + (weights["size_repeated"] if is_repeated else 0.0), told))
    if not agreed:
        return
    octaves = Counter(size.bit_length() for size in counts)
    for asset, some in agreed.items():
        chance = _chance(some.fine, octaves, index.shapes[asset].sizes)
        fine = [(max(0.0, bits - chance[size.bit_length()]), told) for size, bits, told in some.fine]
        total = len(index.shapes[asset].sizes)
        yield from _told(asset, fine, total, weights["size_most"])
        common = [(bits, told) for _, bits, told in some.common]
        yield from _told(asset, common, total, weights["size_common_most"])


def _chance(
    fine: list[tuple[int, float, str]], octaves: Mapping[int, int], own: tuple[int, ...]
) -> dict[int, float]:
    """Bits to take off by octave: the more pairs of sizes there are for each that agrees, the likelier is chance.

    Where all of both sides agree, nothing is taken off; of one stray size among 10,000 like it nearly everything.
    """
    agreed = Counter(size.bit_length() for size, _, _ in fine)
    return {
        octave: math.log2(octaves[octave] / count)
        + math.log2((bisect_left(own, 1 << octave) - bisect_left(own, 1 << (octave - 1))) / count)
        for octave, count in agreed.items()
    }


def _told(
    asset: AssetId, some: list[tuple[float, str]], total: int, most: float
) -> Iterator[tuple[AssetId, Signal]]:
    """The n-th strongest counts an n-th: sizes of one work are not independent."""
    if not some:
        return
    some.sort(key=lambda one: -one[0])
    bits = round(min(most, sum(bits / place for place, (bits, _) in enumerate(some, 1))), 2)
    more = f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
    of_all = f"{len(some)} of its {total} sizes: " if len(some) > 1 else ""
    yield asset, Signal(SignalKind.SIZE, of_all + "; ".join(told for _, told in some[:_SHOWN]) + more, bits)


def is_fine(size: int) -> bool:
    """Whether a size is large and has so many possible values that it tells works apart."""
    return size >= LARGE and values_of(size) >= 1 << _FINE_BITS


def values_of(size: int) -> int:
    """How many values a size of its grain can have: the largest power of 2 or of 10 that divides it."""
    two, ten = size & -size, 1
    while size % (ten * 10) == 0:
        ten *= 10
    return size // max(two, ten)


def _size_bits(size: int, weights: Weights) -> float:
    if size < LARGE:
        return weights["size_small"]
    return weights["size"] if is_fine(size) else weights["size_round"]
