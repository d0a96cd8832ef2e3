"""Does a torrent hold the asset? Asked of a prover: `leakwatch prover serve`, a process of its own, on a Unix socket."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from decisions_content import Work, tried, work
from decisions_torrents import LAYOUTS, LENGTHS, Decision, Way
from prover_process import serving


def decide(works: int, folder: Path) -> Iterator[Decision]:
    """All decisions by so many assets, whose files lie at the prover and nowhere else."""
    made: list[tuple[Work, random.Random]] = []
    for number in range(works):
        chance, own = random.Random(number), folder / str(number)
        own.mkdir()
        made.append((work(own, number, chance), chance))
    files = [file for one, _ in made for file in one.files]
    with serving(folder, files) as prover:
        way = Way("by prover", prover, is_remote=True)
        for one, chance in made:
            yield from tried(one, LAYOUTS, LENGTHS, way, chance)
        if prover.failures:
            raise SystemExit(f"the prover failed: {dict(prover.failures)}")
