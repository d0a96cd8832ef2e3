"""The heartbeat: it beats while the daemon works, and not when something stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from leakwatch.daemon import Daemon, running
from leakwatch.daemon.heartbeat import Heartbeat
from leakwatch.model.announcement import Announcement, Fate
from leakwatch.service import make_test_alert

from .daemons import Web, configured, site, until, watching


@dataclass
class Dog:
    """A watchdog that counts the calls."""

    url: str = ""
    status: int = 200
    calls: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one call."""
        self.calls.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].decode())
        writer.write(f"HTTP/1.1 {self.status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def dog() -> AsyncIterator[Dog]:
    """The watchdog, on a port of its own."""
    made = Dog()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ping/secret"
    yield made
    server.close()
    await server.wait_closed()


def beats(daemon: Daemon) -> Heartbeat:
    """The daemon's heartbeat."""
    assert daemon.heartbeat is not None
    return daemon.heartbeat


async def test_it_beats_while_the_daemon_works(tmp_path: Path, web: Web, dog: Dog) -> None:
    """The address is called again and again while the daemon runs, and not any more when it has stopped."""
    web.feed("/rss")
    more = f'[heartbeat]\nurl = "{dog.url}"\nevery = "200ms"\n'
    async with watching(configured(tmp_path, web, site("index", f"{web.url}/rss"), more)):
        await until(lambda: len(dog.calls) >= 3)
    assert set(dog.calls) == {"POST /ping/secret HTTP/1.1"}
    count = len(dog.calls)
    await asyncio.sleep(0.5)
    assert len(dog.calls) == count


async def test_it_is_withheld_when_something_stands_still(tmp_path: Path, web: Web, dog: Dog) -> None:
    """Without ticks, with news that nobody gathers, or with messages that nobody sends, the address is not called."""
    more = f'[heartbeat]\nurl = "{dog.url}"\n'
    async with running(configured(tmp_path, web, "", more)) as daemon:
        beat, now = beats(daemon), daemon.clock.now()
        assert await beat.stuck() == "the schedule stands still"
        assert not await beat.beat()
        daemon.schedule.ticked = monotonic()
        assert await beat.beat()
        assert len(dog.calls) == 1
        daemon.schedule.ticked = monotonic() - 61
        assert not await beat.beat()
        daemon.schedule.ticked = monotonic()
        long_ago = now - timedelta(minutes=11)
        alert = make_test_alert(now)
        async with daemon.repository.writing() as work:
            await work.outbox.enqueue("gone", alert, long_ago)
            await work.outbox.enqueue("hook", alert, now)
        assert await beat.stuck() == "", (
            "what was just put in is not late, and a channel that is gone is nobody's"
        )
        async with daemon.repository.writing() as work:
            await work.outbox.enqueue("hook", make_test_alert(long_ago), long_ago)
        assert await beat.stuck() == "nothing is sent to hook"
        daemon.sender.attempted = monotonic()
        assert await beat.stuck() == ""
        told = Announcement(
            key="k" * 64,
            route="1",
            channel="hook",
            group="g",
            subject="LW-1",
            asset="a",
            alert=alert,
            urgency=0,
            fate=Fate.WAITING,
            due_at=long_ago,
            at=long_ago,
        )
        async with daemon.repository.writing() as work:
            await work.announcements.add(told)
        assert await beat.stuck() == "what is due to be told is not"


async def test_an_address_that_refuses_stops_nothing(tmp_path: Path, web: Web, dog: Dog) -> None:
    """An answer that is no success, or none at all, is logged and tried again next time."""
    dog.status = 404
    more = f'[heartbeat]\nurl = "{dog.url}"\n'
    async with running(configured(tmp_path, web, "", more)) as daemon:
        daemon.schedule.ticked = monotonic()
        assert not await beats(daemon).beat()
        beats(daemon).url = "http://127.0.0.1:9/"
        assert not await beats(daemon).beat()
    assert len(dog.calls) == 1
