"""What it costs to read pages in processes with limits: processor time against reading the same pages here.

LEAKWATCH_SHARED_DATA=… python benchmarks/limited.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from leakwatch.errors import LeakwatchError
from leakwatch.limited.pages import PageReader
from leakwatch.limited.reading import parsed
from leakwatch.sources import feed
from leakwatch.sources._kind import Payload, Request

_TICKS = os.sysconf("SC_CLK_TCK")


def readable(folder: Path) -> list[Payload]:
    """The recorded feeds that can be read."""
    request = Request(url="https://index.example/rss")
    found: list[Payload] = []
    for file in sorted(folder.rglob("*.xml")):
        body, now = file.read_bytes(), datetime.now(UTC)
        page = Payload(request=request, url=request.url, status=200, headers={}, body=body, fetched_at=now)
        try:
            parsed(feed.KIND, page)
        except LeakwatchError:
            continue
        found.append(page)
    return found


def spent_s(pid: int) -> float:
    """Processor time of another process."""
    told = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / _TICKS


async def run(rounds: int) -> None:
    """Read all pages here and aside, and print both."""
    pages = readable(Path(os.environ["LEAKWATCH_SHARED_DATA"]) / "payloads")
    reader = PageReader(processes=1)
    try:
        for page in pages:  # starts the process, and warms both up
            await reader.read(feed.KIND, page)
        child = reader.workers[0].child
        assert child
        began = time.process_time()
        for page in pages * rounds:
            parsed(feed.KIND, page)
        here_s = time.process_time() - began
        began, before = time.process_time(), spent_s(child.process.pid)
        for page in pages * rounds:
            await reader.read(feed.KIND, page)
        own_s, aside_s = time.process_time() - began, spent_s(child.process.pid) - before
    finally:
        await reader.aclose()
    each = 1000 / (rounds * len(pages))
    size = sum(len(page.body) for page in pages)
    print(f"{len(pages)} recorded feeds of {size:,} bytes, {rounds} rounds")
    print(f"read here: {here_s * each:.2f} ms a page")
    print(f"read aside: {aside_s * each:.2f} ms a page there, {own_s * each:.2f} ms here")
    print(
        f"all together {(own_s + aside_s) / here_s:.2f} times; of the daemon's own time {own_s / here_s:.2f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    asyncio.run(run(parser.parse_args().rounds))
