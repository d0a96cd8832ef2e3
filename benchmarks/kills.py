"""The kill matrix: the daemon dies at every named step and visit, and at random times; what do the channels hear?

    python benchmarks/kills.py                       # 400 deaths at steps, 200 kills at random times
    python benchmarks/kills.py --steps 40 --times 20 --seed 7 --at-once 3

A run without a death lists the steps. Each run has a world of its own and ends when nothing is left to tell. The
promise: nothing is lost; nothing is told twice where a channel takes a key; elsewhere at most one repeat a kill.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from killing import Outcome, Trial

_MAX_KILLS = 3


@dataclass(frozen=True, slots=True)
class Fate:
    """How one daemon dies: at a step, or so many seconds after each of its starts."""

    name: str = "without a death"
    die_at: str = ""
    kill_after: tuple[float, ...] = ()


def run(fate: Fate = Fate()) -> Outcome:
    """One world, one death or several kills, and the judgement."""
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        trial = Trial(Path(folder))
        with trial.running():
            return trial.play(fate.die_at, 120.0, fate.kill_after)


def matrix(steps: Counter[str], count: int) -> list[str]:
    """`count` deaths: the first visit of every step, then the second of every step that has one, and so on."""
    rounds = (
        [f"{name}:{visit}" for name, visits in sorted(steps.items()) if visits >= visit]
        for visit in range(1, max(steps.values(), default=0) + 1)
    )
    return list(itertools.islice(itertools.cycle(list(itertools.chain(*rounds))), count))


def main() -> int:
    """Run, print a line for each run that broke the promise, and a summary. Exit 1 if one did."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=1, help="runs side by side; most of a run is waiting")
    options = parser.parse_args()
    plain = run()
    seen = Counter(plain.steps)
    print(
        f"without a death: {plain.messages} messages, {len(seen)} steps, {seen.total()} visits, kept {plain.is_kept}",
        flush=True,
    )
    at_steps = [Fate(one, die_at=one) for one in matrix(seen, options.steps)]
    broken = 0 if plain.is_kept else 1
    with ProcessPoolExecutor(options.at_once) as pool:
        for what, fates in (
            ("at steps", at_steps),
            ("at random times", [*timed(options.times, options.seed)]),
        ):
            broken += report(what, zip(fates, pool.map(run, fates), strict=True))
    return 1 if broken else 0


def timed(count: int, seed: int) -> Iterator[Fate]:
    """Runs with one to three kills each, so many seconds after each start, until there were `count` kills."""
    chance, kills = random.Random(seed), 0
    while kills < count:
        times = [chance.uniform(0.2, 3.0) for _ in range(min(chance.randint(1, _MAX_KILLS), count - kills))]
        kills += len(times)
        yield Fate(" ".join(f"{one:.2f} s" for one in times), kill_after=tuple(times))


def report(what: str, runs: Iterable[tuple[Fate, Outcome]]) -> int:
    """Print what broke the promise and the sums; answers how many runs did."""
    began, number, broken, kills, unreached = time.monotonic(), 0, 0, 0, 0
    repeated: Counter[str] = Counter()
    lost = 0
    for fate, one in runs:
        number += 1
        kills, lost = kills + one.kills, lost + len(one.lost)
        unreached += not one.kills
        repeated += one.repeated
        if not one.is_kept:
            broken += 1
            print(
                f"  {fate.name}: lost {one.lost}, repeated {dict(one.repeated)}, {one.problems}", flush=True
            )
    spent = time.monotonic() - began
    told = ", ".join(f"{channel} {repeated[channel]}" for channel in ("hook", "slack", "mail"))
    print(
        f"{what}: {number} runs, {kills} kills ({unreached} runs without), lost {lost}, repeated: {told}; "
        f"promise broken in {broken}; {spent / max(number, 1):.1f} s a run",
        flush=True,
    )
    return broken


if __name__ == "__main__":
    sys.exit(main())
