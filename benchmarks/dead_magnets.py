"""Ten thousand magnets that nobody has, all asked for at once: does what the daemon and its child hold stay flat?

    python benchmarks/dead_magnets.py [--magnets N] [--minutes M] [--deadline S] [--nodes N]

Samples resident memory and CPU of this process (the daemon's end) and of the child every ten seconds; prints the
slope of the first and of the last quarter of the time. Flat is what grows by at most 1 MiB an hour in the last
quarter (DESIGN §12). By default no deadline passes: 128 torrents are in flight for the whole time, and all others
wait for their turn. With `--deadline` they take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from loopback import Cost, World, children, our_settings, quiet_logs, world

from leakwatch.errors import SwarmError
from leakwatch.swarm.session import SwarmSession
from leakwatch.torrent.infohash import Infohashes, InfohashV1

_START_S = 3.0
"""Until the child is up and has been asked."""
_EVERY_S = 10.0
_KIB = 1024
_FLAT_KIB_PER_MINUTE = 1024 / 60


@dataclass(frozen=True, slots=True)
class Sample:
    """What both processes held and had used at one time; `done` are the fetches that had ended."""

    at_s: float
    daemon: Cost
    child: Cost
    done: int

    def line(self, before: Sample) -> str:
        """One row; CPU is of the time since the row before."""
        span = max(self.at_s - before.at_s, 1e-9)
        parts = [f"{self.at_s:7.0f} s"]
        for now, then in ((self.daemon, before.daemon), (self.child, before.child)):
            share = (now.cpu_s - then.cpu_s) / span
            parts.append(f"{now.rss_bytes / _KIB / _KIB:8.1f} MiB {share:6.1%}")
        return "  ".join((*parts, f"{self.done} ended"))


def slope(samples: Sequence[Sample], rss: Sequence[int]) -> float:
    """KiB per minute, by least squares."""
    times = [sample.at_s / 60 for sample in samples]
    mean_t, mean_r = sum(times) / len(times), sum(rss) / len(rss)
    over = sum((t - mean_t) * (r - mean_r) for t, r in zip(times, rss, strict=True))
    return over / max(sum((t - mean_t) ** 2 for t in times), 1e-9) / _KIB


def told(name: str, samples: Sequence[Sample], rss: Sequence[int]) -> bool:
    """Print the slopes of one process; whether it ends flat."""
    quarter = max(len(samples) // 4, 2)
    first = slope(samples[:quarter], rss[:quarter])
    last = slope(samples[-quarter:], rss[-quarter:])
    is_flat = last <= _FLAT_KIB_PER_MINUTE
    print(
        f"{name}: {rss[0] / _KIB / _KIB:.1f} MiB at the start, {rss[-1] / _KIB / _KIB:.1f} at the end,"
        f" most {max(rss) / _KIB / _KIB:.1f}; first quarter {first:+.1f} KiB/min, last quarter {last:+.1f} KiB/min:"
        f" {'flat' if is_flat else 'NOT FLAT'}"
    )
    return is_flat


async def watch(seconds: float, child: int, tasks: Sequence[asyncio.Task[str]]) -> list[Sample]:
    """A sample every ten seconds; printed once a minute."""
    started, samples = time.monotonic(), list[Sample]()
    printed = 0
    while True:
        at_s, done = time.monotonic() - started, sum(task.done() for task in tasks)
        samples.append(Sample(at_s, Cost.of(os.getpid()), Cost.of(child), done))
        if len(samples) % 6 == 1:
            print(samples[-1].line(samples[printed]), flush=True)
            printed = len(samples) - 1
        if at_s >= seconds:
            return samples
        await asyncio.sleep(min(_EVERY_S, max(seconds - at_s, 0.1)))


async def fetched(session: SwarmSession, deadline_s: float) -> str:
    """Ask for a torrent that nobody has; how it ended. An error is not kept: it would hold its frames."""
    try:
        await session.metadata(Infohashes(InfohashV1(os.urandom(20))), deadline_s=deadline_s)
    except SwarmError as error:
        return error.message
    return "METADATA"


async def run(place: World, options: argparse.Namespace) -> bool:
    """Ask for them all, watch, take it all back."""
    seconds = options.minutes * 60
    deadline_s = options.deadline or seconds + 600
    session = SwarmSession(our_settings(place.told["bootstrap"], deadline_s=deadline_s))
    started, empty = time.monotonic(), Cost.of(os.getpid()).rss_bytes
    tasks = [asyncio.create_task(fetched(session, deadline_s)) for _ in range(options.magnets)]
    await asyncio.sleep(0)  # each task runs until it waits
    asked_s = time.monotonic() - started
    await asyncio.sleep(_START_S)
    (child,) = children(without=[place.pid])
    print(f"{len(tasks)} asked for in {asked_s:.1f} s; deadline {deadline_s:.0f} s each")
    print(f"{'':9}  {'daemon':>19}  {'child':>19}")
    before = place.ask("counts")
    samples = await watch(seconds, child, tasks)
    after = place.ask("counts")
    ended = Counter(task.result() for task in tasks if task.done())
    stopping = time.monotonic()
    for task in tasks:
        task.cancel()
    left = await asyncio.gather(*tasks, return_exceptions=True)
    strange = [one for one in left if not isinstance(one, asyncio.CancelledError | str)]
    print(f"ended by themselves: {dict(ended)}; the rest taken back in {time.monotonic() - stopping:.2f} s")
    await session.aclose()
    summary(samples, before, after, (samples[0].daemon.rss_bytes - empty) / options.magnets)
    flat = [
        told("daemon", samples, [sample.daemon.rss_bytes for sample in samples]),
        told("child", samples, [sample.child.rss_bytes for sample in samples]),
    ]
    return all(flat) and not strange and "METADATA" not in ended


def summary(
    samples: Sequence[Sample], before: dict[str, int], after: dict[str, int], each_bytes: float
) -> None:
    """Print CPU and packets over the whole time."""
    span = samples[-1].at_s - samples[0].at_s
    daemon = samples[-1].daemon.cpu_s - samples[0].daemon.cpu_s
    child = samples[-1].child.cpu_s - samples[0].child.cpu_s
    packets = after["dht.dht_messages_in"] - before["dht.dht_messages_in"]
    print(
        f"CPU in {span:.0f} s: daemon {daemon:.2f} s ({daemon / span:.2%} of a core), child {child:.2f} s"
        f" ({child / span:.2%}); the DHT's nodes received {packets / span:.1f} packets/s, announces"
        f" {after['announces'] - before['announces']}; the daemon's memory grew by"
        f" {each_bytes / _KIB:.1f} KiB a magnet when they were asked for"
    )


def main() -> int:
    """Print the table; 1 if something does not stay flat, or ends as it must not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--magnets", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--deadline", type=float, default=0, help="seconds for each; 0: longer than the run")
    parser.add_argument("--nodes", type=int, default=12)
    options = parser.parse_args()
    quiet_logs()
    sizes = [f"--nodes={options.nodes}", "--torrents=0", "--watched=0"]
    with world("dht_world.py", *sizes) as place:
        is_flat = asyncio.run(run(place, options))
    print("flat" if is_flat else "NOT AS IT MUST BE")
    return 0 if is_flat else 1


if __name__ == "__main__":
    sys.exit(main())
