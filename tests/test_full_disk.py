"""The real daemon where the database cannot grow: somebody is told at once, nothing is lost, and it goes on by itself."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from leakwatch.daemon.opening import SystemClock
from leakwatch.daemon.storage import Storage
from leakwatch.errors import StoreError
from leakwatch.model.alert import Delivery, DeliveryState, Receipt
from leakwatch.model.asset import Asset, AssetId
from leakwatch.store.repository import SqlRepository

from .daemons import ASSET, MAGNET, Web, configured, polled, site, until, watching


async def test_full_disk_is_told_and_loses_nothing(
    tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be written: it is said past the outbox, once; when there is room, what came meanwhile is told."""
    monkeypatch.setattr("leakwatch.daemon.daemon._LOOK_S", 0.2)
    web.feed("/rss", ("0", "nothing of note", "none"))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with watching(config, ASSET) as daemon:
        await polled(daemon, "index", 1)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
            web.feed("/rss", ("1", "Tideglass 70B", MAGNET))
            await until(lambda: len(web.posted) == 1, 30)
            assert web.posted[0][1]["type"] == "site.blind"
            assert "database" in str(web.posted[0][1])
            await until(lambda: daemon.storage.since is not None)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        async with daemon.repository.writing() as work:
            await work.sites.defer("index", daemon.clock.now())

        async def sent() -> bool:
            async with daemon.repository.reading() as work:
                rows = await work.outbox.list([DeliveryState.SENT])
            return any(one.finding.startswith("LW-") for one in rows)

        await until(sent, 30)
    kinds = [body["type"] for _, body in web.posted]
    assert sorted(kinds) == ["finding.opened", "site.blind", "site.recovered"]


async def test_a_channel_with_a_fault_does_not_keep_it_from_the_next(repository: SqlRepository) -> None:
    """That nothing can be written is told on the first channel that takes it, whatever the one before it runs into."""
    told: list[Delivery] = []

    class Broken:
        async def send(self, delivery: Delivery) -> Receipt:
            raise ValueError(f"no telling {delivery.key}")

    class Sound:
        async def send(self, delivery: Delivery) -> Receipt:
            told.append(delivery)
            return Receipt()

    async def refused() -> None:
        raise StoreError("database or disk is full")

    storage = Storage(repository, {"first": Broken(), "second": Sound()}, SystemClock(), suspect=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repository, "try_writing", refused)
        await storage.look()
    assert [one.channel for one in told] == ["second"]


_SIZE = 24 * 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for little; skipped where nobody may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("a small file system can be mounted by root alone")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"no small file system can be mounted here: {made.stderr.strip()[:200]}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Take the room that is left, to the last byte."""
    with (folder / "ballast").open("ab", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1024 * 1024, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"\xff" * size)


@pytest.mark.parametrize("least", [0, 1024 * 1024])
async def test_disk_fills_while_findings_come(
    small_disk: Path, tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch, least: int
) -> None:
    """A real file system runs full: somebody is told, the daemon lives, and when there is room each leak is told once."""
    monkeypatch.setattr("leakwatch.daemon.daemon._LOOK_S", 0.2)
    works = ("Tideglass Meridian", "Northwind Halcyon", "Umbral Cartography", "Verdigris Pavilion")
    assets = [Asset(id=AssetId(one.split(maxsplit=1)[0].lower()), title=one, critical=True) for one in works]
    posts = [(str(n), one, f"magnet:?xt=urn:btih:{n:040x}") for n, one in enumerate(works)]
    web.feed("/rss", ("x", "nothing of note", "none"))
    (small_disk / "data").mkdir()
    (tmp_path / "data").symlink_to(small_disk / "data")
    more = f"[evidence]\nmin_free_bytes = {least}\n"
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"), more)

    def told(kind: str) -> int:
        return sum(body["type"] == kind for _, body in web.posted)

    async with watching(config, *assets) as daemon:
        await polled(daemon, "index", 1)
        web.feed("/rss", *posts[:1])
        await until(lambda: told("finding.opened") == 1, 20)
        fill(small_disk)
        web.feed("/rss", *posts[:3])
        await until(lambda: told("site.blind") >= 1, 30)
        web.feed("/rss", *posts)
        await until(lambda: daemon.storage.since is not None, 30)
        assert told("finding.opened") == 1
        assert "database" in str([body for _, body in web.posted if body["type"] == "site.blind"])
        (small_disk / "ballast").unlink()
        await until(lambda: daemon.storage.since is None, 30)
        async with daemon.repository.writing() as work:
            await work.sites.defer("index", daemon.clock.now())
        await until(lambda: told("finding.opened") == len(works), 60)
        await until(lambda: told("site.recovered") == told("site.blind"), 30)
    opened = [body["data"]["asset"] for _, body in web.posted if body["type"] == "finding.opened"]
    assert sorted(opened) == sorted(works)
    with contextlib.closing(sqlite3.connect(small_disk / "data" / "leakwatch.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
