"""What asking a prover costs beside hashing the same pieces in this process.

    python benchmarks/prover.py [MIB]

The prover is `leakwatch prover serve` in a process of its own, on a Unix socket; the file is in the page cache.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from prover_process import serving

from leakwatch.assetfiles import Found, LocalHasher, Wanted, fingerprint
from leakwatch.model.asset import AssetFile
from leakwatch.proof import Part, Piece
from leakwatch.prover import ProverHasher

KIB, MIB = 2**10, 2**20
PIECES = 64


def median_s(work: Callable[[], object]) -> float:
    """Seconds for the work; the median of five."""
    times: list[float] = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[2]


def measure(file: AssetFile, prover: ProverHasher, piece_length: int) -> None:
    """Print one line for pieces of this length, drawn at random and not aligned."""
    count = min(PIECES, 256 * MIB // piece_length)
    rng, size = Random(1), file.size_bytes or 0
    pieces: Sequence[Piece] = [
        (Part(file, rng.randrange(size - piece_length), piece_length),) for _ in range(count)
    ]
    local = LocalHasher()
    if list(prover.hash(pieces)) != list(local.hash(pieces)):
        raise SystemExit(f"the prover disagrees: {dict(prover.failures)}")
    here, there = median_s(lambda: local.hash(pieces)), median_s(lambda: prover.hash(pieces))
    print(
        f"{piece_length // KIB:6} KiB x {count}: prover {1000 * there:7.1f} ms, here {1000 * here:7.1f} ms,"
        f" ratio {here / there:.2f}, {count * piece_length / there / MIB:.0f} MiB/s"
    )


def main() -> None:
    """Print the table."""
    size = int(sys.argv[1] if len(sys.argv) > 1 else 256) * MIB
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place = folder / "weights.bin"
        with place.open("wb") as out:
            for _ in range(0, size, 16 * MIB):
                out.write(os.urandom(16 * MIB))
        file = fingerprint(Found("weights.bin", place), lambda _: None, Wanted(0))
        with serving(folder, [file]) as prover:
            for piece_length in (16 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB):
                measure(file, prover, piece_length)
            known_s = median_s(lambda: (prover._kept.clear(), prover.known(file, MIB, 0)))  # noqa: SLF001
            print(f"known, not remembered: {1000 * known_s:.2f} ms")


if __name__ == "__main__":
    main()
