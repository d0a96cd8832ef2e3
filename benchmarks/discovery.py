"""What a discovered torrent costs from its info dictionary to the database, beside what the swarm can give.

    .venv/bin/python benchmarks/discovery.py [--torrents 1000] [--files 40]

Metadata comes at once from memory; parsing, matching against 1,000 assets and one SQLite transaction each are the
real ones. The rate beside it is that of the network side where nobody answers: each look-up takes its whole deadline.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from leakwatch.crawl.vault import FileVault
from leakwatch.matching.index import build_index
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Rank
from leakwatch.model.route import Routing
from leakwatch.pipeline import Brain
from leakwatch.service import load_rules, load_weights
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.streaming import StreamLimits, Surroundings, SwarmSide
from leakwatch.streaming.stream import Stream
from leakwatch.swarm.discovery import Sampled
from leakwatch.swarm.parser import MetainfoParser
from leakwatch.torrent.bencode import encode
from leakwatch.torrent.infohash import Infohashes, SwarmKey


class Memory:
    """A swarm that gives what it has at once."""

    def __init__(self, has: dict[SwarmKey, bytes]) -> None:
        self.has = has

    async def metadata(
        self,
        infohashes: Infohashes,
        *,
        peers: Sequence[tuple[str, int]] = (),  # noqa: ARG002
        deadline_s: float = 60.0,  # noqa: ARG002
        rank: Rank = Rank.REVIEW,  # noqa: ARG002
    ) -> bytes:
        """The info dictionary."""
        return self.has[infohashes.swarm_keys[0]]


class Clock:
    """The machine's time."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)


def torrent(number: int, files: int) -> bytes:
    """An info dictionary of so many files of 20 MB, in pieces of 1 MiB."""
    told = [
        {b"length": 20_000_003 + index, b"path": [b"season %d" % number, b"part %d.bin" % index]}
        for index in range(files)
    ]
    pieces = os.urandom(20) * -(-sum(one[b"length"] for one in told) // 2**20)  # type: ignore[misc]
    return encode(
        {b"files": told, b"name": b"release %d" % number, b"piece length": 2**20, b"pieces": pieces}
    )  # type: ignore[dict-item]


def brain() -> Brain:
    """A catalogue of 1,000 assets."""
    assets = [
        Asset(
            id=AssetId(f"a{number}"),
            title=f"Work {number} of somebody",
            files=(AssetFile(path="w", size_bytes=10**9 + number),),
        )
        for number in range(1000)
    ]
    return Brain(build_index(assets), load_weights(), load_rules(None), Routing())


async def measure(folder: Path, torrents: int, files: int) -> float:
    """Seconds until all torrents are stored."""
    url = f"sqlite:///{folder / 'bench.db'}"
    await upgrade(url)
    repository = SqlRepository.open(url)
    async with repository.writing() as work:
        await work.sites.sync([("dht", "dht", "dht")], datetime.now(UTC))
    made = brain()

    async def current() -> Brain:
        return made

    async def watched() -> frozenset[SwarmKey]:
        return frozenset()

    async def announce(alerts: int, proofs: int) -> None:
        pass

    raws = [torrent(number, files) for number in range(torrents)]
    has = {SwarmKey(hashlib.sha1(raw, usedforsecurity=False).digest()): raw for raw in raws}
    around = Surroundings(
        brain=current,
        repository=repository,
        vault=FileVault(folder / "evidence"),
        clock=Clock(),
        announce=announce,
    )
    parser, side = MetainfoParser(), SwarmSide(swarm=Memory(has), watched=watched)
    stream = Stream("dht", around, side, parser, StreamLimits())
    await stream.hand_over([Sampled(key) for key in has])
    began = time.perf_counter()
    workers = [asyncio.create_task(stream.work()) for _ in range(StreamLimits().at_once)]
    while stream.counts.stored < torrents:
        ended, _ = await asyncio.wait(workers, timeout=0.01, return_when=asyncio.FIRST_COMPLETED)
        for worker in ended:
            worker.result()
    took = time.perf_counter() - began
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    await parser.aclose()
    await repository.close()
    return took


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--torrents", type=int, default=1000)
    parser.add_argument("--files", type=int, default=40)
    told = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with tempfile.TemporaryDirectory() as folder:
        took = asyncio.run(measure(Path(folder), told.torrents, told.files))
    limits = StreamLimits()
    rate, asked = told.torrents / took, limits.at_once / limits.deadline_s
    print(f"stored: {told.torrents} torrents of {told.files} files in {took:.2f} s, {rate:.0f} a second")
    print(
        f"asked at least: {asked:.2f} a second ({limits.at_once} at once, {limits.deadline_s:.0f} s each where nobody answers)"
    )
    print(f"ratio: {rate / asked:.0f}")


if __name__ == "__main__":
    main()
