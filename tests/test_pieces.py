"""Piece tables against hashing every piece by itself, and what says nothing."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.fingerprints import Fingerprinter
from leakwatch.model.asset import PieceTable
from leakwatch.pieces import (
    BLOCK_BYTES,
    LENGTHS,
    NOTHING,
    STEP_BYTES,
    WINDOW_BYTES,
    WINDOW_COST,
    filled_lengths,
    is_informative,
    windows,
)

MIB = 2**20


def content(size: int, seed: int) -> bytes:
    """Random bytes with some stretches of zeros."""
    rng = random.Random(seed)
    data = bytearray(rng.randbytes(size))
    for _ in range(3):
        start = rng.randrange(size + 1)
        stop = min(size, start + rng.choice([BLOCK_BYTES, MIB, 5 * MIB]))
        data[start:stop] = bytes(stop - start)
    return bytes(data)


def expected(data: bytes, covered: Sequence[range]) -> list[PieceTable]:
    """Every piece of every length hashed by itself."""
    made: list[PieceTable] = []
    for window in covered:
        for length in LENGTHS:
            pieces = [
                data[start : min(start + length, window.stop)]
                for start in range(window.start, window.stop, length)
            ]
            digests = [hashlib.sha1(one).digest() if is_informative(one) else NOTHING for one in pieces]
            if BLOCK_BYTES <= len(data) < length <= STEP_BYTES and is_informative(data):
                digests.append(hashlib.sha1(data + bytes(length - len(data))).digest())
            made.append(PieceTable(length, window.start // length, b"".join(digests)))
    return made


SIZES = [1, 63, 64, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 40_000, MIB, MIB + 1, STEP_BYTES - 1, STEP_BYTES, STEP_BYTES + 5,
         3 * STEP_BYTES + 100_000, 7 * STEP_BYTES + 7, WINDOW_BYTES + 1, 2 * WINDOW_BYTES + 9 * STEP_BYTES + 9]  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("budget", [2**40, 2 * WINDOW_COST])
def test_tables_equal_hashing_each_piece(size: int, budget: int) -> None:
    """One read gives the same tables as a read for each of the thirteen lengths, on one thread and on two.

    Short files have a second digest, with zeros up to the piece length.
    """
    data = content(size, size)
    wanted = expected(data, windows(size, budget))
    with ThreadPoolExecutor(1) as helper:
        for second in (None, helper):
            printer = Fingerprinter(second, size_bytes=size, table_bytes=budget)
            for start in range(0, size, STEP_BYTES):
                printer.update(memoryview(data)[start : start + STEP_BYTES])
            assert list(printer.finish().tables) == wanted


def test_odd_steps_are_refused() -> None:
    """Tables take steps of 4 MiB; another chunk in the middle of a file is the caller's mistake."""
    printer = Fingerprinter(size_bytes=3 * MIB, table_bytes=10**6)
    printer.update(bytes(MIB))
    with pytest.raises(ValueError, match="steps of 4 MiB"):
        printer.update(bytes(MIB))


@given(st.integers(0, 2**42), st.integers(0, 50 * WINDOW_COST))
def test_windows_keep_to_the_budget(size: int, budget: int) -> None:
    """Windows begin on the grid of the longest piece, do not overlap, reach both ends, and cost no more than told."""
    covered = windows(size, budget)
    digests = sum(-(-len(one) // length) for one in covered for length in LENGTHS)
    assert 20 * (digests + (len(filled_lengths(size)) if covered else 0)) <= budget
    assert all(one.start % WINDOW_BYTES == 0 and one.stop <= size for one in covered)
    assert all(one.stop <= other.start for one, other in itertools.pairwise(covered))
    if covered:
        assert covered[0].start == 0
        assert len(covered) == 1 or covered[-1].stop == size


def test_everything_fits_or_nothing() -> None:
    """A small file is covered whole; without a budget, or of an empty file, there is nothing."""
    assert windows(10 * MIB, 30_000) == (range(10 * MIB),)
    assert windows(10 * MIB, 0) == windows(0, 10**9) == ()


@pytest.mark.parametrize(
    "dull",
    [
        bytes(BLOCK_BYTES),
        b"\xff" * 100_000,
        b"abc" * 30_000,
        bytes(range(256)) * 64,
        random.Random(1).randbytes(4096) * 4,
        b"tiny",
        bytes(4000) + b"\1" + bytes(12_383),
    ],
    ids=["zeros", "ones", "period of 3", "ramp", "period of 4096", "tiny", "one byte set"],
)
def test_patterns_say_nothing(dull: bytes) -> None:
    """Constant, periodic and nearly constant bytes are in many files."""
    assert not is_informative(dull)


@pytest.mark.parametrize(
    "telling",
    [
        random.Random(2).randbytes(100),
        "".join(random.Random(3).choices("ACGT", k=BLOCK_BYTES)).encode(),
        bytes(3 * BLOCK_BYTES) + random.Random(4).randbytes(BLOCK_BYTES),
        b"".join(number.to_bytes(4, "little") for number in range(4096)),
    ],
    ids=["noise", "four letters", "one block of four", "counter"],
)
def test_other_bytes_say_something(telling: bytes) -> None:
    """Noise, text and a single telling block are enough."""
    assert is_informative(telling)
