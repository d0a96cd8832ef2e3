"""SQLite or PostgreSQL from one address: pragmas, transactions, pool."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from leakwatch.errors import ConfigError
from leakwatch.store.sqlite import connect

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000")
_CONNECTIONS = 5
"""To SQLite. Each has a thread, a cache of pages and one of statements, and one that comes and goes costs more than it does."""
READ_ONLY = "leakwatch_read"


def async_url(url: str) -> str:
    """The address with its async driver. Raises: ConfigError for another database."""
    scheme, separator, rest = url.partition("://")
    driver = _DRIVERS.get(scheme.partition("+")[0])
    if not separator or driver is None:
        raise ConfigError("expected sqlite:///path or postgresql://user@host/name", field="store.url")
    return f"{driver}://{rest}"


def open_engine(url: str) -> AsyncEngine:
    """An engine for the address.

    On SQLite every transaction that may write begins IMMEDIATE: a deferred one that has read fails with
    SQLITE_BUSY_SNAPSHOT at its first write, whatever the busy timeout says.
    """
    address = async_url(url)
    if address.startswith("postgresql"):
        try:
            return create_async_engine(address, pool_pre_ping=True, pool_size=5, max_overflow=10)
        except ModuleNotFoundError as error:
            raise ConfigError(
                "PostgreSQL needs: pip install 'leakwatch[postgres]'", field="store.url"
            ) from error
    engine = create_async_engine(
        address,
        connect_args={"async_creator_fn": connect},
        poolclass=sa.AsyncAdaptedQueuePool,
        pool_size=_CONNECTIONS,
        max_overflow=0,
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver opens no transaction of its own; _begin_sqlite does
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    reading = connection.get_execution_options().get(READ_ONLY)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
