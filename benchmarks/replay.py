"""The replay in bulk: ten seeds, a world without a leak, and twenty kills at random times.

    python benchmarks/replay.py [--seeds N] [--kills N] [--seed FIRST]

Prints a line a run and a summary; exit 1 if any run failed. Every figure comes from outside the daemon.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
from pathlib import Path

from leakwatch.demo.replay import ReplayOptions, ReplayResult, run_replay

_KILL_WINDOW_S = (-2.0, 14.0)


async def _one(options: ReplayOptions) -> ReplayResult:
    return await run_replay(options)


def play(seed: int, *, leak: bool = True, kills: tuple[float, ...] = ()) -> ReplayResult:
    """One replay in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix=f"leakwatch-replay-{seed}-"))
    return asyncio.run(_one(ReplayOptions(seed=seed, leak=leak, folder=folder, kill_at_s=kills)))


def line(result: ReplayResult, kills: tuple[float, ...] = ()) -> str:
    """What one run showed."""
    first = [value for value in result.first_alert_s.values() if value is not None]
    told = [
        f"seed {result.seed:>4}",
        "leak   " if result.leak else "no leak",
        f"{result.torrent_kind:>6} {result.piece_length >> 10:>4} KiB",
        f"first alert {max(first):5.2f} s" if first else "first alert never  ",
        f"proved {result.proved_alert_s:5.2f} s" if result.proved_alert_s is not None else "proved never  ",
        f"findings {result.findings}",
        f"alerts {'/'.join(str(count) for count in result.alerts.values())}",
        f"repeats {'/'.join(str(count) for count in result.repeats.values())}",
        f"false {result.false_alerts}",
        f"seeders {'/'.join(map(str, result.growth.joined))}" if result.growth else "",
        f"counted {'/'.join(map(str, result.growth.case.counts))}" if result.growth else "",
        f"evidence {result.kept.pages} of {result.kept.files}" if result.kept else "",
        f"payload {result.payload_bytes} (control {result.control_payload_bytes})",
        f"killed at {', '.join(f'{at:+.1f}' for at in kills)} s" if kills else "",
        "passed" if result.passed else f"FAILED: {'; '.join(result.failures)} in {result.folder}",
    ]
    return "  ".join(part for part in told if part)


def main() -> int:
    """Run them all, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    results: list[ReplayResult] = []

    def take(result: ReplayResult, kills: tuple[float, ...] = ()) -> None:
        results.append(result)
        print(line(result, kills), flush=True)

    for seed in range(options.seed, options.seed + options.seeds):
        take(play(seed))
    if options.seeds:
        take(play(options.seed, leak=False))
    chance = random.Random(options.seed)
    for number in range(options.kills):
        kills = (round(chance.uniform(*_KILL_WINDOW_S), 2),)
        take(play(options.seed + 100 + number, kills=kills), kills)
    calm = [one for one in results if one.leak and not one.kills]
    first = sorted(max(v for v in one.first_alert_s.values() if v is not None) for one in calm if one.passed)
    if first:
        print(
            f"post to first alert on every channel: median {statistics.median(first):.2f} s, longest {first[-1]:.2f} s"
        )
    repeats = {name: sum(one.repeats[name] for one in results) for name in results[0].repeats}
    print(f"kills {sum(one.kills for one in results)}, repeats {repeats}")
    print(f"passed {sum(one.passed for one in results)} of {len(results)}")
    return 0 if all(one.passed for one in results) else 1


if __name__ == "__main__":
    sys.exit(main())
