"""The daemon at work while somebody changes its configuration: real files, a real server on loopback."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from leakwatch.config import Config, load_config
from leakwatch.daemon import Daemon, daemon
from leakwatch.daemon.changes import Changes, stamp_of
from leakwatch.rulepack.schema import RulePack

from .daemons import ASSET, MAGNET, Web, configured, polled, site, until, watching


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are looked at often."""
    monkeypatch.setattr(daemon, "_FILES_S", 0.03)


def asked(web: Web, path: str) -> int:
    """How often a page was asked for."""
    return sum(one == path for one, _ in web.asked)


def write(folder: Path, name: str, text: str) -> None:
    """A file of sites.d, written in place as a careless editor does."""
    (folder / "sites.d").mkdir(exist_ok=True)
    (folder / "sites.d" / name).write_text(text, "utf-8")


async def sites_of(running: Daemon, *names: str) -> None:
    """Wait until exactly these sites are watched."""
    await until(lambda: running.sites.keys() == set(names))


async def test_a_new_file_is_read_and_a_site_that_goes_rests(tmp_path: Path, web: Web) -> None:
    """A site that is added alerts without a restart; switched off it is asked no more, and the others go on."""
    web.feed("/old", ("1", "gardening", ""))
    web.feed("/new", ("1", "Tideglass 70B", MAGNET))
    async with watching(configured(tmp_path, web, site("old", f"{web.url}/old")), ASSET) as running:
        await polled(running, "old", 2)
        write(tmp_path, "new.toml", site("new", f"{web.url}/new"))
        await until(lambda: len(web.posted) == 1)
        assert web.posted[0][1]["data"]["asset_id"] == "tideglass"
        write(tmp_path, "new.toml", site("new", f"{web.url}/new", more="enabled = false"))
        await sites_of(running, "old")
        before = asked(web, "/new")
        await polled(running, "old", 3)
        assert asked(web, "/new") <= before + 1  # one poll may have been on its way
        before = asked(web, "/new")
        await polled(running, "old", 3)
        assert asked(web, "/new") == before
        async with running.repository.reading() as work:
            assert {state.name for state in await work.sites.all()} - {"drill"} == {"old"}


async def test_a_changed_site_is_due_now_and_an_unchanged_one_is_not(tmp_path: Path, web: Web) -> None:
    """Settings that have changed are used at once, whatever the interval was; a site as it was keeps its time."""
    web.feed("/a", ("1", "gardening", ""))
    web.feed("/b", ("1", "gardening", ""))
    web.feed("/kept", ("1", "gardening", ""))
    seldom = 'every = "1d"\nmin_interval_s = 0.0\n'
    kept = f'[[sites]]\nname = "kept"\nkind = "feed"\nurl = "{web.url}/kept"\n{seldom}'
    moved = f'[[sites]]\nname = "moved"\nkind = "feed"\nurl = "{web.url}/a"\n{seldom}'
    async with watching(configured(tmp_path, web, kept + moved)) as running:
        await until(lambda: asked(web, "/a") == asked(web, "/kept") == 1)
        configured(tmp_path, web, kept + moved.replace("/a", "/b"))
        await until(lambda: asked(web, "/b") == 1)
        assert asked(web, "/a") == asked(web, "/kept") == 1
        assert running.sites["moved"].settings.url.endswith("/b")


async def test_a_wrong_file_keeps_the_old_sites_and_is_said_once(tmp_path: Path, web: Web) -> None:
    """A mistake is told with file and line, nothing changes by it, and the file mended is taken."""
    web.feed("/old", ("1", "gardening", ""))
    web.feed("/new", ("1", "gardening", ""))
    async with watching(configured(tmp_path, web, site("old", f"{web.url}/old"))) as running:
        with capture_logs() as logs:
            write(tmp_path, "new.toml", site("new", f"{web.url}/new", more='evry = "5m"'))
            await until(lambda: any(one["event"] == "configuration_kept" for one in logs))
            await polled(running, "old", 5)
            (told,) = [one for one in logs if one["event"] == "configuration_kept"]
            assert "new.toml:7" in told["error"]
            assert "did you mean 'every'" in told["error"]
            assert running.sites.keys() == {"old"}
            write(tmp_path, "new.toml", site("new", f"{web.url}/new"))
            await sites_of(running, "new", "old")
            await until(lambda: asked(web, "/new") > 0)


async def test_other_parts_wait_for_a_restart_and_secrets_do_not(tmp_path: Path, web: Web) -> None:
    """A route or a channel is named as waiting; a site may use a secret that came with it."""
    web.pages["/api"] = (200, "[]", {})
    web.feed("/old", ("1", "gardening", ""))
    old = site("old", f"{web.url}/old")
    async with watching(configured(tmp_path, web, old)) as running:
        await polled(running, "old", 1)
        new = f'[secrets]\nkey = "k-1"\n{old}[[sites]]\nname = "t"\nkind = "torznab"\nurl = "{web.url}/api"\napikey = "key"\n'
        with capture_logs() as logs:
            configured(tmp_path, web, new, 'name = "x"')
            await until(lambda: any("apikey=k-1" in one for one, _ in web.asked))
        (waits,) = [one for one in logs if one["event"] == "configuration_waits"]
        assert waits["parts"] == ["routes"]


async def test_a_stream_begins_and_ends_with_its_file(tmp_path: Path, web: Web) -> None:
    """An inbox that is added is read at once; one that is removed is left alone."""
    web.feed("/old", ("1", "gardening", ""))
    inbox = tmp_path / "tips"
    inbox.mkdir()
    text = '[[sites]]\nname = "tips"\nkind = "inbox"\nfolder = "tips"\nlook_every_s = 0.05\nenabled = true\n'
    async with watching(configured(tmp_path, web, site("old", f"{web.url}/old")), ASSET) as running:
        await polled(running, "old", 1)
        write(tmp_path, "tips.toml", text)
        (inbox / "a.txt").write_text(MAGNET)
        os.utime(inbox / "a.txt", (1, 1))
        await until(lambda: not (inbox / "a.txt").exists())
        (tmp_path / "sites.d" / "tips.toml").unlink()
        await until(lambda: running.streams == ())
        (inbox / "b.txt").write_text(MAGNET)
        os.utime(inbox / "b.txt", (1, 1))
        await polled(running, "old", 5)
        assert (inbox / "b.txt").exists()


async def test_a_poll_on_its_way_does_not_undo_the_change(tmp_path: Path, web: Web) -> None:
    """A site whose settings change while it is read is read again at once, by the new ones."""
    held, let_go, other = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/held" in head:
            held.set()
            await let_go.wait()
        elif b"/other" in head:
            other.set()
        body = b'<rss version="2.0"><channel><title>t</title><item><guid>1</guid><title>x</title></item></channel></rss>'
        writer.write(b"HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        text = (
            f'[[sites]]\nname = "a"\nkind = "feed"\nurl = "{url}/held"\nevery = "1d"\nmin_interval_s = 0.0\n'
        )
        async with watching(configured(tmp_path, web, text)) as running:
            await held.wait()
            configured(tmp_path, web, text.replace("/held", "/other"))
            await until(lambda: running.sites["a"].settings.url.endswith("/other"))
            later = datetime.now(UTC) + timedelta(hours=1)
            await until(
                lambda: running.schedule.scheduler.get_job("site:a").next_run_time > later
            )  # it has fired
            assert not other.is_set()
            let_go.set()
            await until(other.is_set)


async def test_nothing_is_read_while_somebody_writes(tmp_path: Path, web: Web) -> None:
    """A change is taken once, at the second look that finds the files the same."""
    config = configured(tmp_path, web, site("a", f"{web.url}/a"))
    taken: list[Config] = []

    async def take(read: Config, _: RulePack) -> None:
        taken.append(read)

    changes = Changes(stamp_of(config))
    for number in range(3):
        write(tmp_path, "b.toml", site(f"b{number}", f"{web.url}/b") + "#" * number)
        await changes.look(config, take)
    assert taken == []
    await changes.look(config, take)
    await changes.look(config, take)
    assert [[one.name for one in read.sites] for read in taken] == [["a", "b2"]]
    assert load_config(config.file) == taken[0]
