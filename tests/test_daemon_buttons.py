"""What the buttons under Slack's messages do to real cases, as the daemon has it done, and whatever ends it."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leakwatch.answering import CaseDeeds
from leakwatch.config import Config
from leakwatch.errors import InputError
from leakwatch.model.finding import Finding, State
from leakwatch.service import add_asset, list_findings
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

from .alerts.presses import pressed
from .alerts.pressing import envelope
from .alerts.slack_server import APP_TOKEN, CHANNEL, TOKEN, SlackServer, slack_server
from .daemons import ASSET, MAGNET, Web, configured, site, until, watching


async def test_buttons_move_cases(tmp_path: Path, web: Web) -> None:
    """Acknowledging is done once and audited with who pressed; a silence holds the finding; a false positive ends it."""
    web.feed("/rss", ("1", "Tideglass 70B", f"<b>{MAGNET}</b>"))
    async with watching(configured(tmp_path, web, site("index", f"{web.url}/rss")), ASSET) as daemon:
        await until(lambda: len(web.posted) == 1)
        (finding,) = await list_findings(daemon.repository)
        deeds, now, who = CaseDeeds(daemon.repository, daemon.tell), datetime.now(UTC), "slack:U1 (ana)"
        await deeds.acknowledge(finding.id, who, "1", now)
        with pytest.raises(InputError):
            await deeds.acknowledge(finding.id, who, "2", now)
        await deeds.acknowledge(finding.id, who, "1", now)
        await deeds.silence(finding.id, who, "3", now, timedelta(hours=4))
        async with daemon.repository.reading() as work:
            (silence,) = await work.silences.active(now + timedelta(hours=3))
            actions = [one.action for one in await work.audit.entries() if one.actor == who]
        assert silence.actor == who
        assert (await list_findings(daemon.repository))[0].state is State.ACKNOWLEDGED
        assert (await list_findings(daemon.repository))[0].acknowledged_by == who
        await deeds.false_positive(finding.id, who, "4", now)
        assert (await list_findings(daemon.repository))[0].state is State.FALSE_POSITIVE
    assert actions == ["finding.state", "press", "silence.add", "press"]


@dataclass
class Machine:
    """The command `leakwatch run` beside a Slack-shaped server, and its database."""

    config: Config
    slack: SlackServer
    repository: SqlRepository
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it listens and has told of its one finding."""
        told = (sys.executable, "-m", "leakwatch", "run", "--config", str(self.config.file))
        with (self.config.data_dir / "daemon.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(*told, stdout=log, stderr=log)
        await until(lambda: bool(self.slack.sockets and self.slack.messages), 60)

    async def end(self, how: signal.Signals) -> int:
        """Send it a signal, and wait for its end."""
        assert self.process is not None
        self.process.send_signal(how)
        code = await asyncio.wait_for(self.process.wait(), 30)
        self.slack.sockets.clear()
        return code

    async def finding(self) -> Finding:
        """The one finding."""
        (found,) = await list_findings(self.repository)
        return found

    async def press(self, deed: str, at: str) -> None:
        """Somebody presses a button of the message."""
        shown = self.slack.parents[0]
        finding = (await self.finding()).id
        told = pressed(deed, finding=finding, stamp=shown["ts"], at=at, blocks=shown["blocks"])
        self.slack.say(envelope(told, at))

    async def presses(self) -> int:
        """How many presses were done."""
        async with self.repository.reading() as work:
            return sum(one.action == "press" for one in await work.audit.entries())

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Nobody else can write to the database."""
        file = self.config.store_url.removeprefix("sqlite:///")
        holding = sqlite3.connect(file, isolation_level=None, timeout=30)
        holding.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            holding.close()


@asynccontextmanager
async def machine(folder: Path, web: Web) -> AsyncIterator[Machine]:
    """A database with one work, a feed that shows a leak of it, and a channel with buttons."""
    web.feed("/rss", ("1", "Tideglass 70B", f"<b>{MAGNET}</b>"))
    async with slack_server() as slack:
        channel: dict[str, Any] = {"name": "team", "kind": "slack_bot", "token": TOKEN, "channel": CHANNEL}
        channel |= {"app_token": APP_TOKEN, "api": slack.api}
        lines = "\n".join(f'{name} = "{value}"' for name, value in channel.items())
        more = f'[[channels]]\n{lines}\n[[routes]]\nchannels = ["team"]\ngroup_interval = "0s"\n'
        config = configured(folder, web, site("index", f"{web.url}/rss"), more)
        config.data_dir.mkdir(parents=True)
        await upgrade(config.store_url)
        repository = SqlRepository.open(config.store_url)
        await add_asset(ASSET, repository, datetime.now(UTC))
        made = Machine(config, slack, repository)
        try:
            yield made
        finally:
            if made.process is not None and made.process.returncode is None:
                await made.end(signal.SIGKILL)
            await repository.close()


async def test_press_of_a_killed_daemon_was_never_taken(tmp_path: Path, web: Web) -> None:
    """Killed between the press and the commit nothing is done and Slack heard nothing; pressed again it is done once."""
    async with machine(tmp_path, web) as leakwatch:
        await leakwatch.start()
        with leakwatch.busy():
            await leakwatch.press("acknowledge", "1700000001.500000")
            await asyncio.sleep(0.7)
            await leakwatch.end(signal.SIGKILL)
        assert leakwatch.slack.heard.empty()
        assert (await leakwatch.finding()).state is State.NEW
        await leakwatch.start()
        await leakwatch.press("acknowledge", "1700000009.500000")
        heard = await asyncio.wait_for(leakwatch.slack.heard.get(), 10)
        assert heard == {"envelope_id": "1700000009.500000"}
        found = await leakwatch.finding()
        assert (found.state, found.acknowledged_by) == (State.ACKNOWLEDGED, "slack:U012A3CDE (ana)")
        await until(lambda: "Acknowledged by ana" in str(leakwatch.slack.parents[0]["blocks"]))
        assert await leakwatch.presses() == 1
        assert leakwatch.slack.whispered == []


async def test_stop_does_what_was_pressed(tmp_path: Path, web: Web) -> None:
    """A daemon that is told to stop does first what was pressed, and says so; it ends within its ten seconds."""
    async with machine(tmp_path, web) as leakwatch:
        await leakwatch.start()
        assert leakwatch.process is not None
        with leakwatch.busy():
            await leakwatch.press("silence", "1700000001.500000")
            await leakwatch.press("acknowledge", "1700000002.500000")
            await asyncio.sleep(0.5)
            leakwatch.process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            await asyncio.sleep(0.5)
        assert await asyncio.wait_for(leakwatch.process.wait(), 20) == 0
        assert time.monotonic() - began < 10
        assert [(await leakwatch.slack.heard.get())["envelope_id"][:10] for _ in range(2)] == [
            "1700000001",
            "1700000002",
        ]
        assert (await leakwatch.finding()).state is State.ACKNOWLEDGED
        assert await leakwatch.presses() == 2
        shown = str(leakwatch.slack.parents[0]["blocks"])
        assert "Silenced until" in shown
        assert "Acknowledged by ana" in shown
