"""Drills: the real command, parser, pipeline and outbox against a real channel, with a running daemon and without."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.config import Config
from leakwatch.drilling import drill_item, end_old_drills
from leakwatch.errors import InputError
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Finding, State
from leakwatch.service import add_asset, list_findings
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.torrent.metainfo import parse_torrent

from .daemons import ASSET, MAGNET, Web, configured, site, until, watching

PLAIN = replace(ASSET, critical=False)
ROUND = replace(PLAIN, files=(AssetFile(path="w.bin", size_bytes=600_000, sha256=b"\x11" * 32),))
"""One file, of whose size nothing can be said: its name and size alone are no reason to look twice."""
NAMED = Asset(id=AssetId("meridian"), title="Northwind Meridian Chronicles", year=2026)


async def command(config: Config, *arguments: str) -> tuple[int, list[dict[str, object]], str]:
    """Run `leakwatch drill` as a process of its own: its code, what it tells, what it says."""
    told = (sys.executable, "-m", "leakwatch", "drill", *arguments, "--json", "--config", str(config.file))
    process = await asyncio.create_subprocess_exec(
        *told, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    rows = [json.loads(line) for line in out.decode().splitlines()]
    return process.returncode or 0, rows, err.decode()


async def stored(config: Config, *assets: Asset) -> None:
    """A database with these assets, and no daemon."""
    config.data_dir.mkdir(parents=True, exist_ok=True)
    await upgrade(config.store_url)
    opened = SqlRepository.open(config.store_url)
    for one in assets:
        await add_asset(one, opened, datetime.now(UTC))
    await opened.close()


async def findings(config: Config) -> list[Finding]:
    """All findings."""
    opened = SqlRepository.open(config.store_url)
    try:
        return await list_findings(opened)
    finally:
        await opened.close()


def told(web: Web) -> list[tuple[str, bool, str]]:
    """What the channel was told: the kind, whether it is marked, and the headline."""
    return [(body["type"], body["data"]["drill"], body["data"]["headline"]) for _, body in web.posted]


@pytest.mark.parametrize("asset", [PLAIN, ROUND, NAMED], ids=["by its files", "by a file", "by its name"])
async def test_with_a_running_daemon(tmp_path: Path, web: Web, asset: Asset) -> None:
    """The daemon takes the drill and the channel is told of it, marked; then it is closed, and nothing is left."""
    web.feed("/rss")
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with watching(config, asset) as daemon:
        code, rows, said = await command(config, asset.id)
        assert (code, said) == (0, "handed in: a drill, no leak\n")
        (row,) = rows
        assert (row["channel"], row["state"]) == ("hook", "sent")
        assert 0 < float(str(row["seconds"])) < 10
        async with daemon.repository.reading() as work:
            assert await work.findings.due_proofs(datetime.now(UTC)) == []
            assert await work.swarms.due(datetime.now(UTC) + timedelta(days=1)) == []
            assert await work.findings.sites_of_assets() == {}
            assert [one.action for one in await work.audit.entries()] == ["drill.begin", "drill.end"]
        (finding,) = await list_findings(daemon.repository)
        assert (finding.drill, finding.state) == (True, State.FALSE_POSITIVE)
    assert told(web)[0][:2] == ("finding.opened", True)
    assert list((tmp_path / "data" / "drills").iterdir()) == []


async def test_without_a_daemon(tmp_path: Path, web: Web) -> None:
    """The command runs the way itself, tells the end as well, and reads no site."""
    web.feed("/rss")
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    await stored(config, PLAIN)
    code, rows, said = await command(config, PLAIN.id, "--by", "robin")
    assert (code, [one["state"] for one in rows]) == (0, ["sent"])
    assert "no daemon runs here" in said
    assert [(kind, is_drill) for kind, is_drill, _ in told(web)] == [
        ("finding.opened", True),
        ("finding.state_changed", True),
    ]
    assert told(web)[1][2] == "Tideglass 70B: the drill is over, nothing was leaked"
    begun, over = (body["data"] for _, body in web.posted)
    assert begun["advice"].startswith("Nothing leaked. Acknowledge it, or answer whoever drills")
    assert begun["verdict_detail"] == "Nobody is asked: a drill has no verdict."
    assert over["advice"] == "Nothing to do: nothing leaked."
    assert web.asked == []
    opened = SqlRepository.open(config.store_url)
    async with opened.reading() as work:
        assert [one.actor for one in await work.audit.entries()] == ["robin", "leakwatch:drill"]
    await opened.close()


async def test_a_channel_that_refuses_is_named(tmp_path: Path, web: Web) -> None:
    """The command says why the channel did not take it, and ends with 1."""
    web.answer_posts = 422
    config = configured(tmp_path, web, "")
    await stored(config, PLAIN)
    code, (row,), _ = await command(config, PLAIN.id)
    assert (code, row["state"], row["seconds"]) == (1, "dead", None)
    assert "answered 422" in str(row["error"])


async def test_as_if_on_a_site(tmp_path: Path, web: Web) -> None:
    """The alert names the site; the site itself is not touched, and is not one where the asset was sighted."""
    web.feed("/rss")
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    await stored(config, PLAIN)
    code, _, _ = await command(config, PLAIN.id, "--site", "index")
    assert code == 0
    assert web.posted[0][1]["data"]["places"][0]["site"] == "index"
    opened = SqlRepository.open(config.store_url)
    async with opened.reading() as work:
        assert await work.findings.sites_of_assets() == {}
        state = await work.sites.get("index")
    await opened.close()
    assert state is not None
    assert (dict(state.cursor), state.verdict) == ({}, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing",), "no asset 'nothing'"),
        (("tideglass", "--site", "elsewhere"), "no site 'elsewhere'"),
        (("to",), "the item was not matched: names alone may be too common"),
    ],
)
async def test_what_cannot_be_drilled(
    tmp_path: Path, web: Web, arguments: tuple[str, ...], message: str
) -> None:
    """An asset or site that there is not, and a name that no match would be made by, are told."""
    config = configured(tmp_path, web, "")
    await stored(config, PLAIN, Asset(id=AssetId("to"), title="?!"))
    code, rows, said = await command(config, *arguments)
    assert (code, rows) == (1, [])
    assert message in said
    assert web.posted == []


async def test_drills_and_leaks_do_not_mix(tmp_path: Path, web: Web) -> None:
    """A real post is a finding of its own beside drills, and is told as ever; each drill is one by itself."""
    web.feed("/rss")
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with watching(config, ASSET) as daemon:
        for _ in range(2):
            assert (await command(config, ASSET.id))[0] == 0
        web.feed("/rss", ("1", "Tideglass 70B", MAGNET))
        await until(lambda: [kind for kind, _, _ in told(web)].count("finding.opened") == 3)
        found = await list_findings(daemon.repository)
    assert sorted((one.drill, one.state.value) for one in found) == [
        (False, "new"),
        (True, "false_positive"),
        (True, "false_positive"),
    ]
    assert [is_drill for kind, is_drill, _ in told(web) if kind == "finding.opened"] == [True, True, False]


async def test_a_drill_that_was_left_open_ends(tmp_path: Path, web: Web) -> None:
    """Where the command was stopped, the daemon closes the drill after a quarter of an hour, and no real finding."""
    config = configured(tmp_path, web, "")
    await stored(config, PLAIN)
    assert (await command(config, PLAIN.id))[0] == 0
    opened = SqlRepository.open(config.store_url)
    (finding,) = await list_findings(opened)
    real = replace(finding, id=finding.id[:-1] + "X", drill=False, state=State.NEW)  # type: ignore[arg-type]
    async with opened.writing() as work:
        await work.findings.save(replace(finding, state=State.NEW))
        await work.findings.save(real)

    async def tell(*_: object) -> int:
        return 0

    now = datetime.now(UTC)
    assert await end_old_drills(opened, now, tell) == 0
    assert await end_old_drills(opened, now + timedelta(minutes=16), tell) == 1
    states = {one.drill: one.state for one in await list_findings(opened)}
    await opened.close()
    assert states == {True: State.FALSE_POSITIVE, False: State.NEW}


async def test_strange_files_are_left_alone(tmp_path: Path, web: Web) -> None:
    """What is no drill by its name is not read, and a broken drill is told of and does not stop the next one."""
    config = configured(tmp_path, web, "")
    async with watching(config, PLAIN) as daemon:
        folder = tmp_path / "data" / "drills"
        folder.mkdir(exist_ok=True)
        (folder / "notes.txt").write_text(MAGNET)
        (folder / f"{'0' * 16}-{'0' * 16}@drill.txt").write_text(MAGNET)
        assert (await command(config, PLAIN.id))[0] == 0
        assert (folder / "notes.txt").exists()
        assert len(await list_findings(daemon.repository)) == 1


@given(
    st.lists(st.tuples(st.text("abc/. é", min_size=1, max_size=12), st.integers(0, 2**42)), max_size=20),
    st.text(min_size=1, max_size=40),
)
def test_items_are_what_they_pretend_to_be(files: list[tuple[str, int]], title: str) -> None:
    """A torrent has the asset's sizes and few pieces, whatever their sizes; a line has the title."""
    told_files = tuple(AssetFile(path=path, size_bytes=size) for path, size in files)
    asset = Asset(id=AssetId("a"), title=title, files=told_files)
    try:
        item = drill_item(asset, "0" * 16)
    except InputError:
        assert any(0xD800 <= ord(char) < 0xE000 for char in title)
        return
    sizes = [size for _, size in files if size]
    if not sizes:
        assert item.body.startswith(b"magnet:?xt=urn:btih:")
        return
    torrent = parse_torrent(item.body)
    assert sorted(one.size_bytes for one in torrent.info.files) == sorted(sizes)
    assert torrent.info.name == title
    assert len(item.body) < 100_000
    assert drill_item(asset, "1" * 16).body != item.body
