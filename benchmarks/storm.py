"""Too much at once, and nothing new: how many messages do people get?

    python benchmarks/storm.py                 # 10,000 fake items that name an asset, and 3 real leaks among them
    python benchmarks/storm.py --restarts      # 50 restarts with 1,000 open findings, then one new leak

The daemon is a process of its own with an ordinary configuration, the channels are real servers on loopback
(`killing.py`), and all figures come from what they received.
"""

from __future__ import annotations

import argparse
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import sha1
from pathlib import Path

from killing import RECIPIENTS, WORKS, Leak, Trial, World
from starlette.requests import Request
from starlette.responses import Response

_WINDOW = 500
_QUIET_S = 12.0
_TOP = 3


class Index(World):
    """An index that shows the newest items of a list: fakes by number, and leaks by name."""

    def __init__(self, folder: Path, leaks: Sequence[Leak], fakes: int, real: Sequence[int]) -> None:
        super().__init__(folder, leaks)
        self.items: list[str] = []
        for number in range(fakes):
            self.items.append(_fake(number, leaks[0].asset.title, self.now))
            self.items += [f"leak {n}" for n, at in enumerate(real) if at == number]
        self.visible = 0

    async def _feed(self, _: Request) -> Response:
        shown = self.items[max(0, self.visible - _WINDOW) : self.visible]
        rows = "".join(
            self._leak(int(one[5:])) if one.startswith("leak ") else one for one in reversed(shown)
        )
        text = f'<rss version="2.0"><channel><title>index</title>{rows}</channel></rss>'
        return Response(text, media_type="application/rss+xml")

    def _leak(self, number: int) -> str:
        leak = self.leaks[number]
        return (
            f"<item><guid>leak-{number}</guid><title>{leak.asset.title} full</title><pubDate>{self.now}</pubDate>"
            f'<enclosure url="{self.url}/torrents/{number}.torrent" type="application/x-bittorrent" length="1"/>'
            f"<description>all of it</description></item>"
        )


def _fake(number: int, title: str, now: str) -> str:
    digest = sha1(f"fake {number}".encode()).hexdigest()
    return (
        f"<item><guid>fake-{number}</guid><title>{title} full {number}</title><pubDate>{now}</pubDate>"
        f"<description>magnet:?xt=urn:btih:{digest}</description></item>"
    )


class Flood(Trial):
    """A trial whose index is full of fakes; the three leaks are three parts of the same work."""

    def __init__(self, folder: Path, fakes: int, real: Sequence[int]) -> None:
        super().__init__(folder)
        parts = [Leak.make(WORKS[0], folder, f".part{number}") for number in range(3)]
        whole = replace(parts[0].asset, files=tuple(file for one in parts for file in one.asset.files))
        self.leaks = [replace(one, asset=whole) for one in parts]
        self.index = Index(folder, self.leaks, fakes, real)
        self.world = self.index


@dataclass(slots=True)
class Told:
    """What people got: messages a person and channel, which of the real leaks stood on top of one, and what they said."""

    messages: Counter[str] = field(default_factory=Counter[str])
    on_top: set[str] = field(default_factory=set[str])
    findings: int = 0
    headlines: list[str] = field(default_factory=list[str])
    seconds: float = 0.0


def storm(folder: Path, fakes: int = 10_000) -> Told:
    """Show the fakes, a page at a time, and the leaks among them; wait until nothing more is sent."""
    trial = Flood(folder, fakes, [fakes * share // 10 for share in (3, 5, 8)])
    began = time.monotonic()
    with trial.running():
        daemon = trial.start()
        try:
            while trial.index.visible < len(trial.index.items):
                trial.index.visible = min(trial.index.visible + _WINDOW // 2, len(trial.index.items))
                _wait_for(lambda: _count(trial, "observation") >= trial.index.visible, 120)
            _wait_quiet(trial)
        finally:
            _stop(daemon)
        return Told(
            messages=_messages(trial),
            on_top=_on_top(trial),
            findings=_count(trial, "finding"),
            headlines=[
                json.loads(line)["body"]["data"]["headline"]
                for line in (trial.folder / "arrivals" / "hook.jsonl").read_text("utf-8").splitlines()
            ],
            seconds=time.monotonic() - began,
        )


def _messages(trial: Trial) -> Counter[str]:
    """How many messages each person got on each channel."""
    counts = Counter(one.channel for one in trial.world.sinks.arrivals)
    counts["mail"] //= len(RECIPIENTS)
    return counts


def _on_top(trial: Trial) -> set[str]:
    """The findings whose proved leak was told by itself, or among the first of a message of several."""
    found: set[str] = set()
    for line in (trial.folder / "arrivals" / "hook.jsonl").read_text("utf-8").splitlines():
        data = json.loads(line)["body"]["data"]
        for one in data.get("entries", [data])[:_TOP]:
            if one.get("verdict") == "proved":
                found.add(one["finding"])
    return found


def restarts(folder: Path, findings: int = 1000, times: int = 50) -> tuple[int, int, float]:
    """Open findings, restart so often, then show one leak more.

    Answers how many messages the restarts sent, how many the leak, and after how many seconds its first came.
    """
    trial = Flood(folder, findings, ())
    with trial.running():
        daemon = trial.start()
        while trial.index.visible < len(trial.index.items):
            trial.index.visible = min(trial.index.visible + _WINDOW // 2, len(trial.index.items))
            _wait_for(lambda: _count(trial, "observation") >= trial.index.visible, 120)
        _wait_for(lambda: _count(trial, "finding") >= findings, 300)
        _wait_quiet(trial)
        _stop(daemon)
        before = len(trial.world.sinks.arrivals)
        for _ in range(times):
            daemon = trial.start()
            polls = _count(trial, "coverage_window")
            _wait_for(lambda polls=polls: _count(trial, "coverage_window") >= polls + 3, 60)
            _stop(daemon)
        after = len(trial.world.sinks.arrivals)
        daemon = trial.start()
        polls = _count(trial, "coverage_window")
        _wait_for(lambda: _count(trial, "coverage_window") >= polls + 2, 60)
        shown = time.time()
        trial.index.items.append("leak 1")
        trial.index.visible += 1
        _wait_for(lambda: len(trial.world.sinks.arrivals) > after, 60)
        first = trial.world.sinks.arrivals[after].at - shown
        _wait_quiet(trial)
        _stop(daemon)
        opened = [
            one
            for one in trial.world.sinks.arrivals[after:]
            if one.channel == "hook" and one.event == "opened"
        ]
        return after - before, len(opened), first


def _wait_for(holds: object, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        if time.monotonic() > ends:
            raise TimeoutError("it did not come about in time")
        time.sleep(0.1)


def _wait_quiet(trial: Trial) -> None:
    """Until nothing was received for a while and nothing is due."""
    since, seen = time.monotonic(), -1
    while time.monotonic() - since < _QUIET_S:
        if len(trial.world.sinks.arrivals) != seen:
            seen, since = len(trial.world.sinks.arrivals), time.monotonic()
        time.sleep(0.2)


def _count(trial: Trial, table: str) -> int:
    with closing(sqlite3.connect(trial.folder / "data" / "leakwatch.db", timeout=30)) as database:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(60)


def main() -> int:
    """Run one of the two and print what was received."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--restarts", action="store_true")
    parser.add_argument("--fakes", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        if options.restarts:
            sent, new, first = restarts(Path(folder), times=options.times)
            print(f"{options.times} restarts with 1,000 open findings: {sent} messages")
            print(f"then one new leak: {new} message on the webhook, the first after {first:.1f} s")
            return 1 if sent or new != 1 or first > 5 else 0
        told = storm(Path(folder), options.fakes)
        print(f"{options.fakes} fakes and 3 leaks in {told.seconds:.0f} s: {told.findings} findings")
        print(*(f"    {one}" for one in told.headlines), sep="\n")
        print(f"messages: {dict(told.messages)}; {len(told.on_top)} of 3 leaks on top of one")
        return 1 if max(told.messages.values()) > 12 or len(told.on_top) != 3 else 0


if __name__ == "__main__":
    sys.exit(main())
