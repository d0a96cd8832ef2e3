"""How long the daily sweep lets others wait: a writer writes all the time while very many old items go.

    python benchmarks/sweeping.py [--items 200000] [--postgres URL] [--folder /tmp/x]

Prints how long batches held the database, how long the writer waited beside the sweep, and how long without it.
The database at URL must be empty; it is filled.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from leakwatch.model.observation import Observation
from leakwatch.retention import RetentionConfig, sweep
from leakwatch.store import tables
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=1000)


async def fill(repository: SqlRepository, items: int) -> None:
    """Old items of 20 sites, each with a text and two swarms."""
    async with repository.engine.begin() as connection:
        for start in range(0, items, 5000):
            numbers = range(start + 1, min(start + 5000, items) + 1)
            seen = [
                {
                    "site": f"s{n % 20}",
                    "native_id": str(n),
                    "content_digest": f"{n:064x}",
                    "title": f"item {n}",
                    "text": "word " * 100,
                    "fetched_at": OLD,
                    "facts": {},
                }
                for n in numbers
            ]
            await connection.execute(sa.insert(tables.observation), seen)
            swarms = [
                {"swarm_key": f"{n * 2 + k:040x}", "observation_id": n} for n in numbers for k in (0, 1)
            ]
            await connection.execute(sa.insert(tables.observed_swarm), swarms)


async def write(repository: SqlRepository, until: asyncio.Event, waited: list[float]) -> None:
    """Store an item every 10 ms, and note how long each took from asking for a transaction to its end."""
    while not until.is_set():
        seen = Observation(site="busy", native_id=str(time.perf_counter_ns()), title="t", fetched_at=NOW)
        began = time.perf_counter()
        async with repository.writing() as work:
            await work.findings.store([seen])
        waited.append(time.perf_counter() - began)
        await asyncio.sleep(0.01)


def told(waited: list[float]) -> str:
    """Median, 99th percentile and maximum, in milliseconds."""
    ordered = sorted(one * 1000 for one in waited)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"median {ordered[len(ordered) // 2]:.1f} ms, p99 {p99:.1f} ms, most {ordered[-1]:.1f} ms ({len(ordered)} writes)"


async def measure(url: str, items: int) -> None:
    await upgrade(url)
    repository = SqlRepository.open(url)
    await fill(repository, items)
    alone: list[float] = []
    beside: list[float] = []
    quiet = asyncio.Event()
    writing = asyncio.create_task(write(repository, quiet, alone))
    await asyncio.sleep(10)
    quiet.set()
    await writing
    done, began, cpu = asyncio.Event(), time.perf_counter(), time.process_time()
    writing = asyncio.create_task(write(repository, done, beside))
    swept = await sweep(RetentionConfig(), repository, NOW)
    done.set()
    await writing
    gone = swept.gone["observations"]
    print(
        f"{gone} of {items} items went in {swept.batches} batches, {time.perf_counter() - began:.0f} s, {time.process_time() - cpu:.0f} s of CPU"
    )
    print(f"longest that a batch held the database: {swept.longest_s * 1000:.1f} ms")
    print(f"writer alone:      {told(alone)}")
    print(f"writer beside it:  {told(beside)}")
    await repository.close()


def main() -> None:
    """Measure one database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--postgres")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        asyncio.run(measure(asked.postgres or f"sqlite:///{Path(name) / 'x.db'}", asked.items))


if __name__ == "__main__":
    main()
