"""Migrations: the database brought to this release, by alembic, one transaction a revision."""

from __future__ import annotations

import asyncio

from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from alembic import command
from leakwatch.data import data_folder
from leakwatch.store.engine import async_url


def _config(url: str) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(data_folder("alembic")))
    config.attributes["url"] = async_url(url)
    return config


async def upgrade(url: str) -> None:
    """Bring the database to the newest revision; does nothing if it is there."""
    await asyncio.to_thread(command.upgrade, _config(url), "head")


def newest() -> str:
    """The newest revision that this release knows."""
    return ScriptDirectory.from_config(_config("sqlite://")).get_current_head() or ""


async def current(url: str) -> str | None:
    """The revision that the database is at; None for an empty one."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - only `db status` and `doctor` need it

    engine = create_async_engine(async_url(url))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(
                lambda one: MigrationContext.configure(one).get_current_revision()
            )
    finally:
        await engine.dispose()
