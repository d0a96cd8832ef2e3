"""SQLite with one change of threads for each statement.

A connection of aiosqlite has a thread of its own. By itself a statement goes there four times: a cursor is opened, the
statement is executed, its rows are fetched, the cursor is closed. Each time costs far more than the statement. Here all
four happen in one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import Any, Self

import aiosqlite

_CHUNK = 64


class Connection(aiosqlite.Connection):
    """A connection whose cursors are read to the end as soon as they have rows."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connect, _CHUNK)
        self._thread.daemon = True  # an engine that nobody has closed keeps no process alive

    def cursor(self) -> Any:
        """A cursor that is open without any work."""
        return Cursor(self)

    async def run(self, statement: Callable[[sqlite3.Cursor], object], cursor: Cursor) -> None:
        """Do a statement on the connection's thread and take over what came of it."""
        await self._execute(self._run, statement, cursor)

    def _run(self, statement: Callable[[sqlite3.Cursor], object], cursor: Cursor) -> None:
        with closing(self._conn.cursor()) as real:
            statement(real)
            cursor.description, cursor.lastrowid = real.description, real.lastrowid
            cursor.rows = real.fetchall()
            cursor.rowcount = (
                real.rowcount
            )  # of a statement with RETURNING it is known when all rows are read


class Cursor:
    """What SQLAlchemy asks of an asynchronous cursor. `rows` are those that were not fetched yet."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.description: Any = None
        self.lastrowid: int | None = None
        self.rowcount = -1
        self.rows: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Execute a statement and read its rows."""
        await self._connection.run(lambda real: real.execute(statement, values), self)

    async def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute a statement once with each row of values."""
        await self._connection.run(lambda real: real.executemany(statement, rows), self)

    async def fetchall(self) -> list[Any]:
        """The rows."""
        rows, self.rows = self.rows, []
        return rows

    async def close(self) -> None:
        """Forget the rows; the cursor of SQLite is closed already."""
        self.rows = []


async def connect(path: str, **options: Any) -> aiosqlite.Connection:
    """Open a database. `options` are those of sqlite3.connect."""
    return await Connection(lambda: sqlite3.connect(path, **options))
