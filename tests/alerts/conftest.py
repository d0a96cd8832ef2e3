"""What the tests of buttons share: a Slack-shaped server with one message, and a database with its case."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

from .pressing import ASSET, CASE, Cases
from .samples import NOW
from .slack_server import CHANNEL, SlackServer, slack_server


@pytest.fixture
async def workspace() -> AsyncIterator[SlackServer]:
    """A running server, whose channel shows one message."""
    async with slack_server() as made:
        made.messages.append({"ts": "1700000001.000001", "channel": CHANNEL, "blocks": [], "text": "x"})
        yield made


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy from."""
    file = tmp_path_factory.mktemp("listener") / "empty.db"
    asyncio.run(upgrade(f"sqlite:///{file}"))
    return file


@pytest.fixture
async def cases(empty_database: Path, tmp_path: Path) -> AsyncIterator[Cases]:
    """The deeds over a database with one new case."""
    file = tmp_path / "leakwatch.db"
    shutil.copy(empty_database, file)
    opened = SqlRepository.open(f"sqlite:///{file}")
    async with opened.writing() as work:
        await work.catalogue.save(ASSET, NOW)
        await work.findings.save(CASE)
    yield Cases(opened)
    await opened.close()
