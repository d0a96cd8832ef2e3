"""Statements of SQLite: one change of threads each, and the answers of the plain driver."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from leakwatch.store.engine import open_engine

ITEM = sa.Table(
    "item",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, unique=True),
)
THREE = [{"name": name} for name in "abc"]


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """A database with an empty table."""
    opened = open_engine(f"sqlite:///{tmp_path / 'one.db'}")
    async with opened.begin() as connection:
        await connection.run_sync(ITEM.metadata.create_all)
    yield opened
    await opened.dispose()


async def test_a_statement_changes_threads_once(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin, insert, select with rows, commit: four statements, four steps on the connection's thread."""
    steps, plain = list[str](), aiosqlite.Connection._execute

    async def counted(self: aiosqlite.Connection, what: Any, *rest: Any) -> Any:
        steps.append(what.__name__)
        return await plain(self, what, *rest)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    async with engine.begin() as connection:
        await connection.execute(sa.insert(ITEM), THREE)
        assert (await connection.execute(sa.select(ITEM.c.name))).scalars().all() == ["a", "b", "c"]
    assert steps[:4] == ["_run", "_run", "_run", "commit"]
    assert set(steps[4:]) <= {"rollback"}  # the pool's, when the connection comes back


async def test_answers_are_those_of_the_driver(engine: AsyncEngine) -> None:
    """Rows that come back from an insert, counts, the last row's id, and a result without rows."""
    async with engine.begin() as connection:
        made = await connection.execute(sa.insert(ITEM).returning(ITEM.c.id, ITEM.c.name), THREE)
        assert made.all() == [(1, "a"), (2, "b"), (3, "c")]
        assert (await connection.execute(sa.insert(ITEM).values(name="d"))).inserted_primary_key == (4,)
        moved = await connection.execute(sa.update(ITEM).where(ITEM.c.id < 3).values(name=ITEM.c.name + "2"))
        assert moved.rowcount == 2
        gone = await connection.execute(sa.delete(ITEM).where(ITEM.c.id > 3).returning(ITEM.c.name))
        assert gone.scalars().all() == ["d"]
        none = await connection.execute(sa.select(ITEM).where(ITEM.c.id == 99))
        assert (none.all(), list(none.keys())) == ([], ["id", "name"])
        names = sa.select(ITEM.c.name).order_by(ITEM.c.id)
        assert (await connection.execute(names)).scalars().first() == "a2"


async def test_errors_are_those_of_the_driver(engine: AsyncEngine) -> None:
    """A broken constraint and a table that is missing are told as such, and the connection goes on."""
    async with engine.connect() as connection:
        with pytest.raises(IntegrityError) as error:
            await connection.execute(sa.insert(ITEM), [{"name": "a"}, {"name": "a"}])
        assert isinstance(error.value.orig, sqlite3.IntegrityError)
        await connection.rollback()
        with pytest.raises(OperationalError, match="no such table"):
            await connection.execute(sa.text("select 1 from nowhere"))
        assert (await connection.execute(sa.select(sa.func.count()).select_from(ITEM))).scalar() == 0


async def test_connections_are_few_and_stay(engine: AsyncEngine) -> None:
    """Of twenty that read at once five do, the others wait, and none is opened anew."""
    opened = list[object]()
    sa.event.listen(engine.sync_engine, "connect", lambda connection, _: opened.append(connection))

    async def read() -> None:
        async with engine.connect() as connection:
            await connection.execute(sa.select(ITEM))
            await asyncio.sleep(0.01)

    for _ in range(3):
        await asyncio.gather(*(read() for _ in range(20)))
    assert len(opened) == 4  # and the one that made the table
