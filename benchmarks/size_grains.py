"""How often two different files have one size, by how many values a size of its kind can have.

    LEAKWATCH_SHARED_DATA=../shared/data python benchmarks/size_grains.py

Files from 1 MiB of game collections, each content once. The values of a size are those over its grain, the largest power
of 2 or of 10 that divides it: 1,048,576 has one, 4,699,979,776 (a full DVD) 2^14. `one octave`: of two files whose sizes
have as many bits, which is the pair that matters where a stray size agrees.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain

from matching_data import lines

from leakwatch.matching.shapes import LARGE
from leakwatch.matching.structure.sizes import is_fine, values_of

_LAST = 21
"""What has 2^20 values and more is told together, for the code takes it together."""


def sizes() -> list[int]:
    """Sizes of different contents."""
    rows = (line.split("\t") for line in lines("background/game_dat_files.tsv.zst")[1:])
    return [
        int(size) for size, _ in {(row[1], row[2]) for row in rows} if size.isdigit() and int(size) >= LARGE
    ]


def agreeing(groups: Iterable[Sequence[int]]) -> float:
    """The share of pairs within a group that are equal."""
    equal = pairs = 0
    for group in groups:
        equal += sum(count * (count - 1) for count in Counter(group).values())
        pairs += len(group) * (len(group) - 1)
    return equal / pairs if pairs else 0.0


def told(rate: float) -> str:
    """A rate as people read it."""
    return f"1 in {1 / rate:,.1f} (2^{math.log2(rate):.1f})" if rate else "none"


def main() -> None:
    """The table."""
    kinds: dict[int, list[int]] = defaultdict(list)
    for size in sizes():
        kinds[min(values_of(size).bit_length(), _LAST)].append(size)
    print("| values of the size | files | taken as | any two | one octave | the most frequent |")
    print("| --- | --: | --- | --- | --- | --- |")
    for bits, found in sorted(kinds.items()):
        octaves: dict[int, list[int]] = defaultdict(list)
        for size in found:
            octaves[size.bit_length()].append(size)
        ((most, count),) = Counter(found).most_common(1)
        taken = "telling" if is_fine(found[0]) else "round"
        values = f"from 2^{bits - 1}" if bits < _LAST else f"from 2^{_LAST - 1}, all"
        print(
            f"| {values} | {len(found)} | {taken} | {told(agreeing([found]))} | {told(agreeing(octaves.values()))} "
            f"| {most}, {count} times |"
        )
    print(f"\n{sum(map(len, kinds.values())):,} files, {len(set(chain(*kinds.values()))):,} sizes")


if __name__ == "__main__":
    main()
