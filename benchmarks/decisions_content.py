"""Does a torrent hold the asset? Torrents of its bytes and of others, with what follows from how they were built."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from decisions_torrents import (
    LAYOUTS,
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
from leakwatch.model.finding import Verdict
from leakwatch.proof import prove
from leakwatch.torrent.metainfo import TorrentInfo

MIB = 2**20
ENOUGH_TO_REFUTE = 4
"""Pieces that must differ before a v1 torrent is refuted, as `prove` documents it."""
_PATTERN = b"a line of text that a file repeats again and again\n"
_WINDOW = 64 * MIB
_LARGE, _LARGE_TABLES = 150 * MIB, 2 * 163_820
"""A file of which its tables cover the first and the last of three windows: what two of them may take in bytes."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """So many bytes of an asset: noise, a constant, or a pattern."""

    of: bytes | None
    size: int

    def data(self, chance: random.Random) -> bytes:
        """Noise is new each time; the rest is always the same."""
        if self.of is None:
            return chance.randbytes(self.size)
        return (self.of * (self.size // len(self.of) + 1))[: self.size]


@dataclass(frozen=True, slots=True)
class Work:
    """An asset: of what it is made, its bytes, its prints and those of a sibling, the ranges its tables cover."""

    stretches: tuple[Stretch, ...]
    data: bytes
    files: tuple[AssetFile, ...]
    covered: tuple[tuple[int, int], ...]

    @property
    def is_noise(self) -> bool:
        """Whether every piece of it says something."""
        return all(one.of is None for one in self.stretches)

    def again(self, chance: random.Random) -> bytes:
        """Another file of its make: the same constants and patterns at the same places, other noise."""
        return b"".join(one.data(chance) for one in self.stretches)


def stretches(size: int, number: int, chance: random.Random) -> tuple[Stretch, ...]:
    """By turns: noise; half zeros; noise, constants and patterns in turn, with borders anywhere."""
    if number % 3 == 0:
        return (Stretch(None, size),)
    if number % 3 == 1:
        return (Stretch(b"\0", size // 2), Stretch(None, size - size // 2))
    kinds = (None, b"\0", b"\xff", None, _PATTERN, b"\0")
    cuts = sorted(chance.sample(range(1, size), len(kinds)))
    sizes = [end - start for start, end in zip((0, *cuts), (*cuts, size), strict=True)]
    return tuple(Stretch(of, part) for of, part in zip((*kinds, None), sizes, strict=True))


def work(folder: Path, number: int, chance: random.Random) -> Work:
    """An asset of two files; the second has about the size of the first, and is in no torrent."""
    size = chance.randrange(300_000, 2_500_000)
    made = stretches(size, number, chance)
    data = b"".join(one.data(chance) for one in made)
    sibling = chance.randbytes(size * 4 // 5 + 7)
    files = printed(folder / "a", data, TARGET), printed(folder / "b", sibling, "sibling.bin")
    return Work(made, data, files, ((0, size),))


def large_work(folder: Path, chance: random.Random) -> Work:
    """An asset of which only two windows are in its tables."""
    data = chance.randbytes(_LARGE)
    file = printed(folder / "large", data, TARGET, _LARGE_TABLES)
    return Work((Stretch(None, _LARGE),), data, (file,), ((0, _WINDOW), (2 * _WINDOW, _LARGE)))


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes to make a torrent of; `same` is a range of them that is the asset's, and where that begins in it."""

    data: bytes
    same: tuple[int, int, int] | None = None


def positives(one: Work, length: int, chance: random.Random) -> Mapping[str, Held]:
    """The asset's own bytes, whole and in part."""
    data, size = one.data, len(one.data)
    whole = {"whole": Held(data, (0, size, 0))}
    if not one.is_noise:
        return whole  # a part of it may be nothing but zeros
    cut, half, ahead = size * chance.randrange(60, 90) // 100, size // 2, length * chance.randrange(1, 4)
    gone = min(length * chance.randrange(1, 4), half)
    return whole | {
        "first part": Held(data[:cut], (0, cut, 0)),
        "with a trailer": Held(data + chance.randbytes(50_000), (0, size, 0)),
        "last part": Held(data[gone:], (0, size - gone, gone)),
        "with a prefix": Held(chance.randbytes(ahead) + data, (ahead, ahead + size, 0)),
        "half overwritten": Held(chance.randbytes(half) + data[half:], (half, size, half)),
    }


def shifted(one: Work, way: Way, chance: random.Random) -> Mapping[str, Held]:
    """Copies of the asset's very size with bytes put in or cut off in front, by numbers that are tried."""
    size, by = (
        len(one.data),
        chance.choice((1, 2, 5, 8, 100, 512, 1000, 4096)),
    )
    if not one.is_noise or way.on_grid_only or way.is_remote:
        return {}  # tables and provers speak of copies in place
    return {
        "cut off in front, size kept": Held(one.data[by:] + chance.randbytes(by), (0, size - by, by)),
        "put in front, size kept": Held(chance.randbytes(by) + one.data[:-by], (by, size, 0)),
    }


def negatives(one: Work, chance: random.Random) -> Iterator[tuple[str, Held]]:
    """Bytes that are not the asset's, all of its size."""
    size = len(one.data)
    other = bytearray(chance.randbytes(size))
    yield "other bytes", Held(bytes(other))
    for _ in range(20):
        other[chance.randrange(size)] ^= 1
    yield "near copy of another file", Held(bytes(other))
    if not one.is_noise:
        yield (
            ("half zeros, other noise" if len(one.stretches) == 2 else "same make, other noise"),
            Held(one.again(chance)),
        )
    yield "zeros", Held(bytes(size))
    yield "a constant", Held(Stretch(bytes([chance.randrange(256)]), size).data(chance))
    yield "a pattern", Held(Stretch(chance.randbytes(chance.randrange(1, 65)), size).data(chance))
    start = chance.randrange(len(_PATTERN))
    yield "the asset's pattern", Held(Stretch(_PATTERN, size + start).data(chance)[start:])


def known_pieces(info: TorrentInfo, one: Work, begins: int, way: Way) -> list[tuple[int, int]]:
    """Whole pieces of the target that the way can hash, if the target's byte 0 is the asset's byte `begins`."""
    size, length = len(one.data), info.piece_length
    found = [(low, high) for low, high in whole_pieces(info) if low + begins >= 0 and high + begins <= size]
    if not way.on_grid_only:
        return [(low, high) for low, high in found if way.may_hash(high - low)]
    return [
        (low, high)
        for low, high in found
        if length in TABLED
        and not (low + begins) % length
        and (high - low == length or high + begins == size)
        and any(start <= low + begins and high + begins <= end for start, end in one.covered)
    ]


def judge(info: TorrentInfo, one: Work, way: Way, chance: random.Random) -> Verdict:
    """The product's verdict."""
    return prove(info, [way.prints(file) for file in one.files], way.hasher, chance).verdict


def decided(name: str, held: Held, info: TorrentInfo, one: Work, way: Way, chance: random.Random) -> Decision:
    """One verdict against what is right.

    Of the asset's own bytes, PROVED is right, and REFUTED wrong; of others, REFUTED is right, and PROVED or LIKELY
    wrong. UNPROVED is missed where a known piece lies within the asset's bytes, or enough differ to refute.
    """
    verdict = judge(info, one, way, chance)
    if held.same:
        start, end, begins = held.same
        pieces = known_pieces(info, one, begins - start, way)
        can_decide = any(start <= low and high <= end for low, high in pieces)
        right, wrong = {Verdict.PROVED}, {Verdict.REFUTED, Verdict.LIKELY}
    else:
        is_enough = len(known_pieces(info, one, 0, way)) >= ENOUGH_TO_REFUTE
        can_decide = one.is_noise and is_enough
        right, wrong = {Verdict.REFUTED}, {Verdict.PROVED, Verdict.LIKELY}
    outcome = Outcome.MISSED if can_decide else Outcome.OPEN
    outcome = Outcome.RIGHT if verdict in right else Outcome.WRONG if verdict in wrong else outcome
    made_of = "noise" if one.is_noise else f"{len(one.stretches)} stretches"
    note = f"{verdict.value}, piece length {info.piece_length}, asset of {made_of}"
    return Decision(name, held.same is not None, outcome, note)


def tried(
    one: Work, names: Sequence[str], lengths: Sequence[int], way: Way, chance: random.Random
) -> Iterator[Decision]:
    """Every kind of bytes in these layouts, at a piece length drawn for each."""
    laid = layouts(chance)
    for name in names:
        layout, length = laid[name], chance.choice(lengths)
        where = grid(name, length)
        moved = shifted(one, way, chance)
        held = [*positives(one, length, chance).items(), *moved.items(), *negatives(one, chance)]
        for kind, each in held:
            info = torrent_of(each.data, layout, length, chance)
            yield decided(f"{kind}, {where}", each, info, one, way, chance)


def part(way: Way) -> Callable[[int, Path], Iterator[Decision]]:
    """All decisions of one way, by so many assets."""

    def decide(works: int, folder: Path) -> Iterator[Decision]:
        for number in range(works):
            chance = random.Random(number)
            yield from tried(work(folder, number, chance), LAYOUTS, LENGTHS, way, chance)
        chance = random.Random(-1)
        yield from tried(large_work(folder, chance), ("alone", "padded"), (MIB, 4 * MIB), way, chance)

    return decide
