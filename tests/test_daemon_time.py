"""The real daemon as time goes by: release windows, releases, what was kept back, reminders of a long sleep."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from leakwatch.cases import Act, move
from leakwatch.daemon import Daemon, running
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Severity, State
from leakwatch.service import add_asset, list_findings
from leakwatch.store.tables import asset as asset_table
from leakwatch.store.tables import finding as finding_table
from leakwatch.store.tables import standing, told_message

from .daemons import ASSET, Web, configured, site

NAME = "Tideglass 70B"
DAY = timedelta(days=1)
QUIET = replace(ASSET, critical=False)


def magnet(number: int) -> str:
    """A magnet of its own."""
    return f"magnet:?xt=urn:btih:{number + 1:040x}"


async def changed(daemon: Daemon, *statements: sa.Update) -> None:
    """The database as if time had gone by."""
    async with daemon.repository.engine.begin() as connection:
        for one in statements:
            await connection.execute(one)


def said(web: Web) -> list[str]:
    """What the channel was told, oldest first."""
    return [body["type"] for _, body in web.posted]


async def test_a_window_opens_and_a_restart_repeats_nothing(tmp_path: Path, web: Web) -> None:
    """A case of which nobody was told is told when the release is near, once, however often the daemon starts."""
    web.feed("/rss", ("1", NAME, magnet(1)))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    now = datetime.now(UTC)
    async with running(config) as daemon:
        await add_asset(replace(QUIET, release_at=now + 40 * DAY), daemon.repository, daemon.clock.now())
        await daemon.run_once()
        (found,) = await list_findings(daemon.repository)
        assert (found.severity, said(web)) == (Severity.MEDIUM, [])
        await changed(daemon, sa.update(asset_table).values(release_at=now + 13 * DAY))
        await changed(daemon, sa.update(finding_table).values(opened_at=now - 30 * DAY))
    for _ in range(3):
        async with running(config) as daemon:
            await daemon.run_once()
            await daemon.run_once()
            (found,) = await list_findings(daemon.repository)
            assert found.severity is Severity.HIGH
            assert said(web) == ["finding.severity_changed"]


async def test_what_was_inhibited_is_told_after_a_restart(tmp_path: Path, web: Web) -> None:
    """The worse case is closed while the daemon is down; what it kept back is told by the next one, once."""
    web.feed("/rss", ("1", NAME, magnet(1)), ("2", NAME, magnet(2)))
    rule = '[[inhibit]]\nsource = { min_severity = "critical" }\ntarget = {}\n'
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"), rule)
    async with running(config) as daemon:
        await add_asset(ASSET, daemon.repository, daemon.clock.now())
        await daemon.run_once()
        first, second = await list_findings(daemon.repository)
        assert said(web) == ["finding.opened"] * 2
        await changed(
            daemon,
            sa.update(finding_table).where(finding_table.c.id == first.id).values(severity="critical"),
        )
        web.feed("/rss", ("3", NAME, magnet(3)))
        await daemon.run_once()
        assert len(said(web)) == 2, "a third is kept back"
        await move(daemon.repository, first.id, State.REMOVED, Act("ann", daemon.clock.now(), "gone"))
    for _ in range(2):
        async with running(config) as daemon:
            await daemon.run_once()
            await daemon.run_once()
    assert said(web)[2:].count("finding.opened") == 1
    told = [body["data"]["finding"] for _, body in web.posted if body["type"] == "finding.opened"]
    assert told[2] not in (first.id, second.id)


async def test_fifty_reminders_of_a_long_sleep_are_one_message(tmp_path: Path, web: Web) -> None:
    """Fifty cases of five works that nobody acknowledged: after the start one message reminds of all, and no second."""
    works = [
        Asset(id=AssetId(f"work{n}"), title=f"Copperfinch Meridian {n}00", critical=True) for n in range(1, 6)
    ]
    posts = [(str(n), works[n % 5].title, magnet(n)) for n in range(50)]
    web.feed("/rss", *posts)
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"), 'repeat = "4h"')
    async with running(config) as daemon:
        for work in works:
            await add_asset(work, daemon.repository, daemon.clock.now())
        await daemon.run_once()
        assert len(await list_findings(daemon.repository)) == 50
        ago = datetime.now(UTC) - 3 * DAY
        rows = sa.select(sa.func.count()).select_from(standing)
        async with daemon.repository.engine.connect() as connection:
            count = (await connection.execute(rows)).scalar_one()
        times = {"first_at": ago, "last_at": ago, "next_at": ago + timedelta(hours=4)}
        await changed(daemon, sa.update(standing).values(times), sa.update(told_message).values(at=ago))
    assert count >= 25, "the others wait for the next message of many"
    before = len(said(web))
    for _ in range(3):
        async with running(config) as daemon:
            await daemon.run_once()
            await daemon.run_once()
    reminders = [body for _, body in web.posted[before:] if "acknowledged" in body["data"]["headline"]]
    assert len(reminders) == 1
    assert reminders[0]["data"]["headline"].startswith(f"{count} findings")
