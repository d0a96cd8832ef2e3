"""Ten thousand magnets that nobody has, all asked for at once: does what the daemon and its child hold stay flat?

    python benchmarks/dead_magnets.py [--daemon] [--magnets N] [--minutes M] [--deadline S] [--nodes N]

Samples resident memory and CPU of this process (the daemon's end) and of the child every ten seconds; prints the
slope of the first and of the last quarter of the time. With `--daemon` the magnets are pending in a database, and
what is sampled is the real daemon on it (`dead_daemon.py`). Without, and by default, no deadline passes: 128 torrents are in flight for the whole time, and all others
wait for their turn. With `--deadline` they take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections import Counter

from dead_daemon import run_daemon
from flatness import both_flat, told_cost, watch
from loopback import Cost, World, children, our_settings, quiet_logs, world

from leakwatch.errors import SwarmError
from leakwatch.swarm.session import SwarmSession
from leakwatch.torrent.infohash import Infohashes, InfohashV1

_START_S = 3.0
"""Until the child is up and has been asked."""
_KIB = 1024


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
    before = place.ask("counts")
    samples = await watch(seconds, os.getpid(), child, lambda: sum(task.done() for task in tasks))
    after = place.ask("counts")
    ended = Counter(task.result() for task in tasks if task.done())
    stopping = time.monotonic()
    for task in tasks:
        task.cancel()
    left = await asyncio.gather(*tasks, return_exceptions=True)
    strange = [one for one in left if not isinstance(one, asyncio.CancelledError | str)]
    print(f"ended by themselves: {dict(ended)}; the rest taken back in {time.monotonic() - stopping:.2f} s")
    await session.aclose()
    told_cost(samples, before, after)
    each_bytes = (samples[0].daemon.rss_bytes - empty) / options.magnets
    print(f"the daemon's memory grew by {each_bytes / _KIB:.1f} KiB a magnet when they were asked for")
    return both_flat(samples) and not strange and "METADATA" not in ended


def main() -> int:
    """Print the table; 1 if something does not stay flat, or ends as it must not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--daemon", action="store_true", help="through a database and the real daemon")
    parser.add_argument("--magnets", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument(
        "--deadline",
        type=float,
        default=0,
        help="seconds for each; 0: longer than the run, or as the daemon ships",
    )
    parser.add_argument("--nodes", type=int, default=12)
    options = parser.parse_args()
    quiet_logs()
    sizes = [f"--nodes={options.nodes}", "--torrents=0", "--watched=0"]
    with world("dht_world.py", *sizes) as place:
        is_flat = asyncio.run(run_daemon(place, options) if options.daemon else run(place, options))
    print("flat" if is_flat else "NOT AS IT MUST BE")
    return 0 if is_flat else 1


if __name__ == "__main__":
    sys.exit(main())
