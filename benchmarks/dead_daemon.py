"""The real daemon on a database where torrents that nobody has are pending (`dead_magnets.py --daemon`).

Every row is due at once. Each tick takes the 500 most wanted, 64 of them are looked for at a time, and what was not
found is due again after 5 s, 15 s, and so on: the database is written all the while.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from flatness import both_flat, told_cost, watch
from loopback import OUR_ADDRESS, World, children

from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Finding, FindingId, Severity, State, Tier, Verdict
from leakwatch.store.migrate import upgrade
from leakwatch.store.proofs import MAX_PROOFS
from leakwatch.store.repository import SqlRepository
from leakwatch.torrent.infohash import Infohashes, InfohashV1

_UP_DEADLINE_S = 60.0
_END_DEADLINE_S = 30.0
_START_S = 3.0
"""Until the child has begun its work."""
_CONFIG = """
[daemon]
data_dir = "data"
[http]
contact = "mailto:bench@leakwatch.invalid"
[swarm]
listen = "{address}:0"
allow_networks = ["127.0.0.0/8"]
dht_bootstrap = {bootstrap}
deadline_s = {deadline}
"""


async def fill(database: Path, magnets: int) -> None:
    """Findings of one asset, each with as many pending torrents as a finding may have."""
    url, now = f"sqlite:///{database}", datetime.now(UTC)
    await upgrade(url)
    repository = SqlRepository.open(url)
    asset = Asset(id=AssetId("a"), title="Tideglass 70B")
    async with repository.writing() as work:
        await work.catalogue.save(asset, now)
    for first in range(0, magnets, MAX_PROOFS):
        finding = Finding(
            id=FindingId(f"LW-{first}"),
            asset=asset.id,
            state=State.NEW,
            verdict=Verdict.UNKNOWN,
            severity=Severity.HIGH,
            tier=Tier.AUTO,
            score=0.9,
            opened_at=now,
            updated_at=now,
            title="weights",
        )
        async with repository.writing() as work:
            await work.findings.save(finding)
            for _ in range(min(MAX_PROOFS, magnets - first)):
                wanted = Infohashes(InfohashV1(os.urandom(20)))
                await work.findings.request_proof(finding.id, wanted, now)
    await repository.close()


def looks(database: Path) -> int:
    """How many looks have ended, by the database."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as store:
        return int(store.execute("select coalesce(sum(attempts), 0) from proof").fetchone()[0])


async def started(folder: Path) -> tuple[asyncio.subprocess.Process, int]:
    """The daemon and its libtorrent child. Raises: TimeoutError if there is none in time."""
    with (folder / "log").open("wb") as log:
        daemon = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "leakwatch", "run", "--log-format=json", "--config=leakwatch.toml"),
            cwd=folder,
            stderr=log,
        )
    async with asyncio.timeout(_UP_DEADLINE_S):
        while not (found := children(of=daemon.pid)):  # noqa: ASYNC110 - another process's doing sets no event
            await asyncio.sleep(0.1)
    return daemon, found[0]


async def run_daemon(place: World, options: argparse.Namespace) -> bool:
    """Fill a database, let the daemon work on it, watch, stop it."""
    with tempfile.TemporaryDirectory(prefix="dead-magnets-") as name:
        folder = Path(name)
        (folder / "data").mkdir()
        database = folder / "data" / "leakwatch.db"
        bootstrap, deadline_s = json.dumps(place.told["bootstrap"]), options.deadline or 60
        (folder / "leakwatch.toml").write_text(
            _CONFIG.format(address=OUR_ADDRESS, bootstrap=bootstrap, deadline=deadline_s)
        )
        await fill(database, options.magnets)
        print(f"{options.magnets} pending; deadline {deadline_s:.0f} s each")
        daemon, child = await started(folder)
        await asyncio.sleep(_START_S)
        before = place.ask("counts")
        samples = await watch(options.minutes * 60, daemon.pid, child, lambda: looks(database))
        after, was_alone = place.ask("counts"), children(of=daemon.pid) == [child]
        daemon.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_END_DEADLINE_S):
            code = await daemon.wait()
        lines = [json.loads(line) for line in (folder / "log").read_text().splitlines()]
    wrong = [line for line in lines if line.get("level") in ("error", "critical")]
    ended = [line["outcomes"] for line in lines if line["event"] == "swarm_looks_ended"]
    print(f"looks ended, by the daemon's log: {ended}; errors in the log: {len(wrong)}; exit code {code}")
    told_cost(samples, before, after)
    return both_flat(samples) and was_alone and not wrong and code == 0
