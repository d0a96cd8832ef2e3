"""Migrations: the database brought to this release, by alembic, one transaction a revision."""

from __future__ import annotations

import asyncio
import fcntl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from leakwatch.data import data_folder
from leakwatch.errors import StoreError
from leakwatch.store.engine import async_url

_ONE_AT_A_TIME = threading.Lock()


def _config(url: str) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(data_folder("alembic")))
    config.attributes["url"] = async_url(url)
    return config


async def upgrade(url: str) -> None:
    """Bring the database to the newest revision; does nothing if it is there.

    Two processes may do so at once: PostgreSQL holds an advisory lock meanwhile (alembic/env.py), for SQLite a
    lock file beside the database does. Raises: StoreError.
    """
    with _in_our_words():
        await asyncio.to_thread(_upgrade, url)


@contextmanager
def _in_our_words() -> Generator[None]:
    """No file that is no database, no server that is away and no newer release shows as a traceback."""
    try:
        yield
    except (SQLAlchemyError, CommandError, OSError) as error:
        told = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StoreError(f"the database cannot be opened: {told}") from error


def _upgrade(url: str) -> None:
    with _ONE_AT_A_TIME, _file_lock(url):  # alembic keeps its state in module globals
        command.upgrade(_config(url), "head")


@contextmanager
def _file_lock(url: str) -> Generator[None]:
    database = make_url(async_url(url)).database
    if not url.startswith("sqlite") or not database or database == ":memory:":
        yield
        return
    with Path(f"{database}.upgrade-lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def newest() -> str:
    """The newest revision that this release knows."""
    return ScriptDirectory.from_config(_config("sqlite://")).get_current_head() or ""


async def current(url: str) -> str | None:
    """The revision that the database is at; None for an empty one. Raises: StoreError."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - only `db status` and `doctor` need it

    engine = create_async_engine(async_url(url))
    try:
        with _in_our_words():
            async with engine.connect() as connection:
                return await connection.run_sync(
                    lambda one: MigrationContext.configure(one).get_current_revision()
                )
    finally:
        await engine.dispose()
