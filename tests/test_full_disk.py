"""The real daemon where the database cannot grow: somebody is told at once, nothing is lost, and it goes on by itself."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from leakwatch.model.alert import DeliveryState

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
