"""How fast each format is written, and how much memory that takes, of few and of very many findings.

    python benchmarks/exporting.py [--findings 100000] [--folder /tmp/x]

Each export is the real command in a process of its own: its CPU time and largest resident size are the system's.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from leakwatch.store import tables
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FEW = 1000
RUNS = [("findings", how) for how in ("csv", "jsonl", "parquet", "atom", "stix", "misp")] + [
    ("sightings", "csv")
]


def rows(start: int, end: int) -> dict[sa.Table, list[dict[str, Any]]]:
    """Findings with two sightings each, every other one with a torrent, and a file on the first sighting."""
    made: dict[sa.Table, list[dict[str, Any]]] = {
        one: [] for one in (tables.finding, tables.observation, tables.sighting, tables.proof)
    }
    for n in range(start, end):
        ident, at = f"LW-{n:08d}", NOON - timedelta(minutes=n % 100_000)
        common = {"asset_id": f"a{n % 50}", "tier": "auto", "score": 0.9}
        told = {"state": "new", "verdict": "likely", "severity": "high", "title": f"work {n} leaked"}
        made[tables.finding].append(common | told | {"id": ident, "opened_at": at, "updated_at": at})
        for k in (1, 2):
            number = 2 * n + k
            files = [{"path": "w.bin", "size_bytes": n, "sha256": f"{n:064x}"}] if k == 1 else []
            made[tables.observation].append(
                {
                    "id": number,
                    "site": f"s{k}",
                    "native_id": str(n),
                    "content_digest": f"{n:064x}",
                    "title": f"work {n} leaked, all of it",
                    "url": f"https://s{k}.example/{n}",
                    "fetched_at": at,
                    "facts": {"files": files},
                }
            )
            seen = {"id": number, "finding_id": ident, "observation_id": number, "site": f"s{k}"}
            made[tables.sighting].append(
                common | seen | {"locators": [], "seen_at": at, "author": f"s{k}.example:author-{n:016x}"}
            )
        if n % 2:
            made[tables.proof].append(
                {
                    "finding_id": ident,
                    "swarm_key": f"{n:040x}",
                    "infohashes": [f"{n:040x}", None],
                    "state": "done",
                    "next_try_at": at,
                    "verdict": "proved",
                    "reason": "12 of 12 pieces",
                    "files": [],
                    "updated_at": at,
                }
            )
    return made


async def fill(url: str, findings: int) -> None:
    await upgrade(url)
    repository = SqlRepository.open(url)
    async with repository.engine.begin() as connection:
        assets = [{"id": f"a{n}", "title": f"Work {n}", "aliases": [], "infohashes": []} for n in range(50)]
        await connection.execute(sa.insert(tables.asset), [one | {"created_at": NOON} for one in assets])
        for start in range(0, findings, 5000):
            for table, some in rows(start, min(start + 5000, findings)).items():
                await connection.execute(sa.insert(table), some)
    await repository.close()


def prepare(folder: Path, findings: int) -> Path:
    folder.mkdir(parents=True)
    (folder / "leakwatch.toml").write_text('[http]\ncontact = "mailto:a@b.example"\n')
    (folder / "leakwatch-data").mkdir()
    asyncio.run(fill(f"sqlite:///{folder / 'leakwatch-data' / 'leakwatch.db'}", findings))
    return folder


def measure(folder: Path, what: str, how: str) -> tuple[float, float, float]:
    """CPU seconds, largest resident MiB, and MiB written."""
    out = folder / f"{what}.{how}"
    command = [sys.executable, "-m", "leakwatch", "export", what, "-f", how, "-o", str(out)]
    pid = os.posix_spawn(sys.executable, [*command, "-c", str(folder / "leakwatch.toml")], dict(os.environ))
    _, status, used = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{what} as {how} failed")
    size = out.stat().st_size
    out.unlink()
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, size / 2**20


def main() -> None:
    """Print a line a format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=told.folder) as name:
        few = prepare(Path(name) / "few", FEW)
        many = prepare(Path(name) / "many", told.findings)
        print(
            f"{'what':10} {'format':8} {'lines/s of CPU':>14} {'CPU s':>7} {'MiB out':>8} {'RSS few':>8} {'RSS many':>9} MiB"
        )
        for what, how in RUNS:
            base, small, _ = measure(few, what, how)
            cpu, large, size = measure(many, what, how)
            lines = told.findings * (2 if what == "sightings" else 1)
            few_lines = FEW * (2 if what == "sightings" else 1)
            speed = (lines - few_lines) / max(cpu - base, 0.001)
            print(
                f"{what:10} {how:8} {speed:14.0f} {cpu:7.1f} {size:8.1f} {small:8.0f} {large:9.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
