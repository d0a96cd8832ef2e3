"""Whose copy does a torrent carry? Copies of three to twenty recipients, with marks at random places and sizes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from decisions_torrents import (
    LENGTHS,
    TABLED,
    TARGET,
    Decision,
    Outcome,
    Way,
    grid,
    layouts,
    printed,
    torrent_of,
    whole_pieces,
)

from leakwatch.model.asset import AssetFile
from leakwatch.proof import prove
from leakwatch.torrent.metainfo import TorrentInfo

COMMON = ""
"""The copy that nobody in particular was given."""
STRANGER = "stranger"
"""Somebody who was never registered."""
_BLOCK = 16 * 1024
_FREE = 4
"""The first quarter of every copy has no mark."""
Mark = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Group:
    """Copies by recipient, the common and the stranger's among them; where each differs; the product's prints."""

    style: str
    copies: Mapping[str, bytes]
    marks: Mapping[str, tuple[Mark, ...]]
    files: tuple[AssetFile, ...]

    @property
    def recipients(self) -> list[str]:
        """All who were registered."""
        return [name for name in self.copies if name not in (COMMON, STRANGER)]

    @property
    def known(self) -> list[str]:
        """Whoever may be named: the recipients, and nobody in particular."""
        return [name for name in self.copies if name != STRANGER]


def new_mark(common: bytes, chance: random.Random) -> Mark:
    """From one byte to some thousands, other than the common ones from the first byte on."""
    size = int(5000 ** chance.random())
    start = chance.randrange(len(common) // _FREE, len(common) - size)
    return start, bytes([common[start] ^ chance.randrange(1, 256)]) + chance.randbytes(size - 1)


def own_places(names: list[str], common: bytes, chance: random.Random) -> Iterator[tuple[Mark, ...]]:
    """Each has one to three marks wherever they fall."""
    for _ in names:
        yield tuple(new_mark(common, chance) for _ in range(chance.randrange(1, 4)))


def same_places(names: list[str], common: bytes, chance: random.Random) -> Iterator[tuple[Mark, ...]]:
    """Everybody's marks are at the same one or two places, each with bytes of its own."""
    places = [(start, len(mark)) for start, mark in (new_mark(common, chance) for _ in range(2))]
    for number in range(len(names)):
        yield tuple(
            (start, bytes([common[start] ^ (number + 1)]) + chance.randbytes(size - 1))
            for start, size in places
        )


def two_of_each(names: list[str], common: bytes, chance: random.Random) -> Iterator[tuple[Mark, ...]]:
    """Eight segments of which there are two versions, as films are marked: each has another choice of them."""
    segments = [new_mark(common, chance) for _ in range(8)]
    for choice in chance.sample(range(1, 256), len(names)):
        yield tuple(mark for bit, mark in enumerate(segments) if choice >> bit & 1)


STYLES = {"own places": own_places, "same places": same_places, "two versions": two_of_each}


def marked(data: bytes, marks: tuple[Mark, ...]) -> bytes:
    """A copy with its marks written over."""
    copy = bytearray(data)
    for start, mark in marks:
        copy[start : start + len(mark)] = mark
    return bytes(copy)


def differing(common: bytes, copy: bytes) -> tuple[tuple[int, int], ...]:
    """The blocks of 16 KiB in which a copy differs, neighbours joined: what is registered of it."""
    found: list[tuple[int, int]] = []
    for start in range(0, len(common), _BLOCK):
        end = min(start + _BLOCK, len(common))
        if common[start:end] != copy[start:end]:
            begin = found.pop()[0] if found and found[-1][1] == start else start
            found.append((begin, end))
    return tuple(found)


def group(folder: Path, number: int, chance: random.Random) -> Group:
    """An asset and its copies."""
    common = chance.randbytes(chance.randrange(300_000, 1_500_000))
    names = [f"recipient {place}" for place in range(chance.randrange(3, 21))]
    style = list(STYLES)[number % len(STYLES)]
    made = STYLES[style]([*names, STRANGER], common, chance)
    marks = {COMMON: (), **dict(zip([*names, STRANGER], made, strict=True))}
    copies = {name: marked(common, own) for name, own in marks.items()}
    files: list[AssetFile] = []
    for name in (COMMON, *names):
        file = printed(folder / (name or "common"), copies[name], TARGET)
        files.append(replace(file, variant=name or None, differs=differing(common, copies[name])))
    return Group(style, copies, marks, tuple(files))


@dataclass(frozen=True, slots=True)
class Leak:
    """What is in a torrent, and whose it is; `begins` is the byte of the copy at which it begins."""

    data: bytes
    truth: str
    begins: int = 0
    gone: str | None = None
    """The recipient of whose copy neither bytes nor tables are at hand."""


def edited(one: Group, data: bytes, marks: Sequence[Mark], chance: random.Random) -> bytes:
    """Random bytes where marks were.

    The first of each is a byte that no copy has there, or a mark of one byte would now and then become another's.
    """
    made: list[Mark] = []
    for start, mark in marks:
        free = sorted(set(range(256)) - {copy[start] for copy in one.copies.values()})
        made.append((start, bytes([chance.choice(free)]) + chance.randbytes(len(mark) - 1)))
    return marked(data, tuple(made))


def negatives(one: Group, length: int, chance: random.Random) -> Iterator[tuple[str, Leak]]:
    """What names nobody, or not for sure: whoever leaked it must stay possible, and nobody else be named."""
    name = chance.choice(one.recipients)
    copy, size = one.copies[name], len(one.copies[name])
    every = [mark for marks in one.marks.values() for mark in marks]
    yield "all marks edited", Leak(edited(one, copy, every, chance), name)
    yield "own marks edited", Leak(edited(one, copy, one.marks[name], chance), name)
    yield "some marks edited", Leak(edited(one, copy, chance.sample(every, len(every) // 2), chance), name)
    flips = [(chance.randrange(size), b"-") for _ in range(8)]
    yield "eight bytes edited anywhere", Leak(edited(one, copy, flips, chance), name)
    yield "nothing but the part without marks", Leak(copy[: size // _FREE], name)
    yield "first part", Leak(copy[: size * chance.randrange(30, 95) // 100], name)
    gone = length * chance.randrange(1, max(2, size // length))
    yield "last part", Leak(copy[gone:], name, gone)
    yield "copy not at hand", Leak(copy, name, gone=name)
    yield (
        "copy not at hand, own marks edited",
        Leak(edited(one, copy, one.marks[name], chance), name, gone=name),
    )
    yield "copy of a stranger", Leak(one.copies[STRANGER], STRANGER)


def positives(one: Group, chance: random.Random) -> Iterator[tuple[str, Leak]]:
    """Whole copies."""
    for name in (*chance.sample(one.recipients, 2), COMMON):
        yield ("a recipient's copy" if name else "the common copy"), Leak(one.copies[name], name)


def compared(info: TorrentInfo, leak: Leak, one: Group, way: Way) -> list[tuple[int, int, int]]:
    """The pieces that the way can hash: their ranges in a copy, and where they begin in the leak."""
    size, length = len(one.copies[COMMON]), info.piece_length
    found: list[tuple[int, int, int]] = []
    for low, high in whole_pieces(info):
        start, end = low + leak.begins, high + leak.begins
        is_tabled = length in TABLED and not start % length and (high - low == length or end == size)
        if end <= size and (is_tabled or not way.on_grid_only):
            found.append((start, end, low))
    return found


def possible(info: TorrentInfo, leak: Leak, one: Group, way: Way) -> set[str]:
    """Who is left, by the bytes: each piece with which some copies agree excludes the others."""
    left = set(one.known)
    for start, end, low in compared(info, leak, one, way):
        committed = leak.data[low : low + end - start]
        agree = {name for name in one.known if one.copies[name][start:end] == committed}
        left = left & agree if agree else left
    return left


def may_be_named(info: TorrentInfo, leak: Leak, one: Group, way: Way) -> bool:
    """Whether the leaker may be named if nobody else is left.

    A piece must hold 16 KiB that his copy alone has, or all places must be compared in which copies differ: else
    another copy, which nobody registered, may have the same.
    """
    pieces = compared(info, leak, one, way)
    blocks = [(s, min(s + _BLOCK, end)) for start, end, _ in pieces for s in range(start, end, _BLOCK)]
    own = one.copies[leak.truth]
    for start, end in blocks:
        is_tabled = end - start == _BLOCK or end == len(own)
        others = [one.copies[name][start:end] for name in one.known if name != leak.truth]
        if (is_tabled or not way.on_grid_only) and own[start:end] not in others:
            return True
    seen = bytearray(len(own))
    for start, end, _ in pieces:
        seen[start:end] = b"\1" * (end - start)
    ranges = [r for name in one.known for r in differing(one.copies[COMMON], one.copies[name])]
    return all(all(seen[start:end]) for start, end in ranges)


def named(info: TorrentInfo, leak: Leak, one: Group, way: Way, chance: random.Random) -> set[str] | None:
    """Who is left, says the product; None where it does not say."""
    files = [way.prints(file) for file in one.files]
    if leak.gone is not None:
        files = [replace(f, local_path=None, tables=()) if f.variant == leak.gone else f for f in files]
    variant = prove(info, files, way.hasher, chance).variant
    return set(variant.candidates) if variant else None


def decided_positive(
    left: set[str] | None, should: set[str], truth: str, *, may_name: bool = True
) -> Outcome:
    """Exactly those must be left who are possible; one of them alone is a decision, where he may be named."""
    if left is not None and (truth not in left or not should <= left):
        return Outcome.WRONG
    if left == {truth}:
        return Outcome.RIGHT if may_name else Outcome.WRONG
    if not may_name:
        return Outcome.OPEN
    return Outcome.OPEN if len(should) > 1 and left in (None, should) else Outcome.MISSED


def decided_negative(left: set[str] | None, truth: str) -> Outcome:
    """The leaker must be among those who are left; of a stranger's copy no recipient may be named."""
    if left is None:
        return Outcome.OPEN
    is_framed = len(left) == 1 and left not in ({truth}, {COMMON})
    is_cleared = truth != STRANGER and truth not in left
    return Outcome.WRONG if is_framed or is_cleared else Outcome.RIGHT


def tried(one: Group, way: Way, chance: random.Random) -> Iterator[Decision]:
    """Every kind of leak in every layout, at a piece length drawn for each layout."""
    for name, layout in layouts(chance).items():
        length = chance.choice(LENGTHS)
        where = grid(name, length)
        for is_positive, leaks in ((True, positives(one, chance)), (False, negatives(one, length, chance))):
            for kind, leak in leaks:
                info = torrent_of(leak.data, layout, length, chance)
                left = named(info, leak, one, way, chance)
                outcome = (
                    decided_positive(
                        left,
                        possible(info, leak, one, way),
                        leak.truth,
                        may_name=may_be_named(info, leak, one, way),
                    )
                    if is_positive
                    else decided_negative(left, leak.truth)
                )
                note = f"{one.style}, piece length {length}, {len(one.recipients)} recipients, {len(left or ())} left"
                yield Decision(f"{kind}, {where}", is_positive, outcome, note)


def part(way: Way) -> Callable[[int, Path], Iterator[Decision]]:
    """All decisions of one way, by so many groups."""

    def decide(groups: int, folder: Path) -> Iterator[Decision]:
        for number in range(groups):
            chance = random.Random(number)
            yield from tried(group(folder, number, chance), way, chance)

    return decide
