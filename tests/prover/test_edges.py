"""Where files may be cut: as torrents do it, never a few bytes apart."""

from __future__ import annotations

import random

import pytest

from leakwatch.model.asset import AssetFile
from leakwatch.proof import Part, Piece
from leakwatch.prover.edges import MIN_STEP_BYTES, Edges

KIB, MIB = 2**10, 2**20
FILE = AssetFile(path="", sha256=bytes(32), size_bytes=64 * MIB)
OTHER = AssetFile(path="", sha256=bytes(range(32)), size_bytes=64 * MIB)


def cut(start: int, length: int, file: AssetFile = FILE) -> Piece:
    """One range."""
    return (Part(file, start, length),)


@pytest.mark.parametrize("step", [1, 2, 5, MIN_STEP_BYTES - 1])
def test_cuts_side_by_side_are_refused(step: int) -> None:
    """A range that begins or ends a few bytes before or behind another one is not taken, whatever lies beside it."""
    edges = Edges()
    assert edges.take(cut(100 * KIB, 100 * KIB))
    for moved in (
        cut(100 * KIB, 100 * KIB + step),
        cut(100 * KIB, 100 * KIB - step),
        cut(100 * KIB + step, 50 * KIB),
        cut(20 * KIB, 80 * KIB - step),
        cut(200 * KIB + step, 50 * KIB),
        (Part(OTHER, 0, 64 * MIB), Part(FILE, 0, 200 * KIB + step)),
        (Part(None, 0, 5), *cut(0, 200 * KIB + step)),
    ):
        assert not edges.take(moved)
    assert edges.take(cut(100 * KIB, 100 * KIB, OTHER))
    assert edges.take(cut(100 * KIB, 100 * KIB + MIN_STEP_BYTES))


def test_a_piece_is_held_against_itself() -> None:
    """Two ranges of one piece may not be cut side by side either; what is refused leaves no trace."""
    edges = Edges()
    assert not edges.take((*cut(0, 20 * KIB), *cut(0, 20 * KIB + 1)))
    assert edges.take(cut(0, 20 * KIB + 1))
    assert edges.take((*cut(0, 20 * KIB + 1), *cut(20 * KIB + 1, 16 * KIB)))


def test_the_ends_of_a_file_are_no_cuts() -> None:
    """Whole files, and ranges to their beginning or end, are taken again and again."""
    edges = Edges()
    small = AssetFile(path="", sha256=b"s" * 32, size_bytes=9)
    for piece in (
        cut(0, 64 * MIB),
        cut(0, MIB),
        cut(63 * MIB, MIB),
        cut(0, 9, small),
        (Part(None, 0, 7),),
    ) * 2:
        assert edges.take(piece)


def test_torrents_of_many_alignments_pass() -> None:
    """Of the pieces of 40 torrents, each with an alignment of its own, nearly all are taken."""
    rng, edges = random.Random(1), Edges()
    taken: list[bool] = []
    for _ in range(40):
        length = rng.choice([256 * KIB, MIB, 4 * MIB])
        shift, pieces = rng.randrange(length), range(64 * MIB // length - 1)
        drawn = rng.sample(pieces, min(16, len(pieces)))
        taken += [edges.take(cut(shift + number * length, length)) for number in drawn]
    assert sum(taken) / len(taken) > 0.99


def test_memory_is_bounded() -> None:
    """With too many cuts it begins anew instead of growing or refusing for ever."""
    edges = Edges(max_cuts=4)
    assert edges.take(cut(100 * KIB, 100 * KIB))
    assert edges.take(cut(300 * KIB, 100 * KIB))
    assert not edges.take(cut(100 * KIB, 100 * KIB + 1))
    assert edges.take(cut(500 * KIB, 100 * KIB))
    assert edges.take(cut(100 * KIB, 100 * KIB + 1))
