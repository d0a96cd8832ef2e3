"""Migrations: the database brought to this release, by alembic, one transaction a revision."""

from __future__ import annotations

import asyncio
import fcntl
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from leakwatch.data import data_folder
from leakwatch.errors import StoreError
from leakwatch.store.engine import async_url

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

_ONE_AT_A_TIME = threading.Lock()
_REVISION = re.compile(r'^(down_)?revision = "(\w+)"', re.MULTILINE)


def _config(url: str) -> AlembicConfig:
    from alembic.config import Config as AlembicConfig  # noqa: PLC0415 - a quarter of a second that commands do without

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
        if not await _is_there(url):
            await asyncio.to_thread(_upgrade, url)


@contextmanager
def _in_our_words() -> Generator[None]:
    """No file that is no database, no server that is away and no newer release shows as a traceback."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        told = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StoreError(f"the database cannot be opened: {told}") from error


async def _is_there(url: str) -> bool:
    """Whether the database is at the newest revision, by a look that costs little: each command begins with it."""
    address = make_url(async_url(url))
    is_file = address.get_backend_name() == "sqlite"
    if is_file and not await asyncio.to_thread(Path(address.database or "").is_file):
        return False
    try:
        engine = create_async_engine(address)
    except ModuleNotFoundError:
        return False
    try:
        async with engine.connect() as connection:
            await connection.execute(sa.text("SELECT id FROM announcement LIMIT 1"))  # see alembic/env.py
            found = (await connection.execute(sa.text("SELECT version_num FROM alembic_version"))).scalars()
            return list(found) == [newest()]
    except (SQLAlchemyError, OSError):
        return False  # whatever is wrong, the migrations say it
    finally:
        await engine.dispose()


def _upgrade(url: str) -> None:
    from alembic import command  # noqa: PLC0415
    from alembic.util.exc import CommandError  # noqa: PLC0415

    try:
        with _ONE_AT_A_TIME, _file_lock(url):  # alembic keeps its state in module globals
            command.upgrade(_config(url), "head")
    except CommandError as error:
        raise StoreError(f"the database cannot be opened: {str(error).splitlines()[0]}") from error


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
    """The newest revision that this release knows: the one that no other follows."""
    files = (data_folder("alembic") / "versions").glob("*.py")
    told = [one for file in files for one in _REVISION.findall(file.read_text("utf-8"))]
    before = {revision for is_down, revision in told if is_down}
    (last,) = {revision for is_down, revision in told if not is_down} - before
    return last


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
