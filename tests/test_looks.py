"""The daemon's looks for torrents, and what it needs for them: the most wanted first, and nothing stands still."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from leakwatch.config import load_config
from leakwatch.daemon import Daemon, running
from leakwatch.errors import SwarmError
from leakwatch.matching.index import Index, build_index
from leakwatch.model.asset import Asset
from leakwatch.model.finding import Finding, FindingId, Rank, Severity, State, Tier, Verdict
from leakwatch.service import add_asset
from leakwatch.torrent.infohash import Infohashes, InfohashV1

from .daemons import ASSET, Web, configured, until, watching


async def test_index_is_built_aside(tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a large catalogue is indexed the daemon goes on, and whoever needs the index meanwhile gets the same."""
    went_on, built = threading.Event(), list[int]()

    def slow(assets: Sequence[Asset]) -> Index:
        built.append(len(assets))
        assert went_on.wait(5), "the daemon stood still"
        return build_index(assets)

    monkeypatch.setattr("leakwatch.daemon.brains.build_index", slow)
    async with running(configured(tmp_path, web, "")) as daemon:
        await add_asset(ASSET, daemon.repository, datetime.now(UTC))
        waiting = [asyncio.create_task(daemon.brain()) for _ in range(3)]
        await until(lambda: bool(built))
        went_on.set()
        first, *others = await asyncio.gather(*waiting)
    assert built == [1]
    assert all(other is first for other in others)


async def wanting(daemon: Daemon, name: str, rank: Rank, hashes: Sequence[int]) -> None:
    """A finding whose torrents are wanted, at most fifty."""
    now = datetime.now(UTC)
    finding = Finding(
        id=FindingId(name),
        asset=ASSET.id,
        state=State.NEW,
        verdict=Verdict.UNKNOWN,
        severity=Severity.HIGH,
        tier=Tier.AUTO,
        score=0.9,
        opened_at=now,
        updated_at=now,
        title="t",
    )
    async with daemon.repository.writing() as work:
        await work.findings.save(finding)
        for number in hashes:
            hashed = Infohashes(v1=InfohashV1(number.to_bytes(20, "big")))
            assert await work.findings.request_proof(finding.id, hashed, now, rank)


async def test_most_wanted_torrent_comes_before_those_that_wait(tmp_path: Path, web: Web) -> None:
    """With three hundred torrents waiting, the first free slot looks for a registered infohash that came last."""

    class OneByOne:
        def __init__(self) -> None:
            self.asked: list[bytes] = []
            self.ends: dict[bytes, asyncio.Event] = {}

        async def metadata(self, infohashes: Infohashes, **_: object) -> bytes:
            key = bytes(infohashes.v1 or b"")
            self.asked.append(key)
            self.ends[key] = asyncio.Event()
            await self.ends[key].wait()
            raise SwarmError

    swarm = OneByOne()
    async with watching(configured(tmp_path, web, ""), ASSET) as daemon:
        daemon.prover = replace(daemon.prover, swarm=swarm)
        for number in range(6):
            await wanting(daemon, f"LW-{number}", Rank.REVIEW, range(100 * number + 1, 100 * number + 51))
        await daemon.schedule.tick()
        await until(lambda: len(swarm.asked) == 64)
        await wanting(daemon, "LW-9", Rank.WATCHED, [999])
        await daemon.schedule.tick()
        swarm.ends[swarm.asked[0]].set()
        await until(lambda: len(swarm.asked) == 65)
        assert swarm.asked[64] == (999).to_bytes(20, "big")
        await daemon.jobs.offer("prove", [])
        for end in swarm.ends.values():
            end.set()


async def test_how_looks_ended_is_told_at_the_end(tmp_path: Path, web: Web) -> None:
    """The swarm's own count of how looks ended reaches the log when the daemon stops."""
    config = configured(tmp_path, web, "")
    (tmp_path / "leakwatch.toml").write_text(
        (tmp_path / "leakwatch.toml").read_text().replace("enabled = false", 'listen = "127.0.0.1:0"')
    )
    config = load_config(tmp_path / "leakwatch.toml")
    with capture_logs() as lines:
        async with running(config) as daemon:
            await add_asset(ASSET, daemon.repository, datetime.now(UTC))
            await wanting(daemon, "LW-1", Rank.REVIEW, [1, 2])
            await daemon.run_once()
    (told,) = [line for line in lines if line["event"] == "swarm_looks_ended"]
    assert told["looks"] == 2
    assert any("no DHT node to ask" in reason for reason in told["outcomes"])
