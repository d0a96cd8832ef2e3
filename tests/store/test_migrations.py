"""Migrations against the tables, on both databases."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from leakwatch.store.migrate import _config, current, newest, upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import metadata


async def differences(repository: SqlRepository) -> list[Any]:
    """What alembic would still change."""

    def compare(connection: sa.Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with repository.engine.connect() as connection:
        return await connection.run_sync(compare)


async def test_migrations_make_the_tables(repository: SqlRepository) -> None:
    """The migrated database is the one that the tables describe, and upgrading it again changes nothing."""
    url = repository.engine.url.render_as_string(hide_password=False)
    assert await differences(repository) == []
    assert await current(url) == newest()
    await upgrade(url)
    assert await current(url) == newest()


async def test_migrations_go_down_and_up(repository: SqlRepository) -> None:
    """Every revision can be undone and applied again."""
    url = repository.engine.url.render_as_string(hide_password=False)
    await repository.engine.dispose()
    await asyncio.to_thread(command.downgrade, _config(url), "base")
    assert await current(url) is None
    await upgrade(url)
    assert await differences(repository) == []


async def test_upgrades_side_by_side(repository: SqlRepository) -> None:
    """Processes that upgrade an empty database at once do not disturb each other."""
    url = repository.engine.url.render_as_string(hide_password=False)
    await asyncio.to_thread(command.downgrade, _config(url), "base")
    await repository.engine.dispose()
    code = f"import asyncio; from leakwatch.store.migrate import upgrade; asyncio.run(upgrade({url!r}))"
    running = [await asyncio.create_subprocess_exec(sys.executable, "-c", code) for _ in range(3)]
    assert [await one.wait() for one in running] == [0, 0, 0]
    assert await current(url) == newest()


def test_the_newest_revision_is_alembics_own() -> None:
    """What a look at the files says is what alembic says, which commands do without."""
    assert newest() == ScriptDirectory.from_config(_config("sqlite://")).get_current_head()
