"""Runs leakwatch's migrations on SQLite and PostgreSQL: timeouts, an advisory lock, one transaction each."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from alembic import context

from leakwatch.store.engine import open_engine
from leakwatch.store.tables import metadata

_LOCK = 0x6C656B77  # "lekw": any number that nothing else in the database uses


def _put_in_order(connection: sa.Connection) -> None:
    """Let a database catch up on 0008 that was made where 0009 came right after 0007; 0009 then passes over itself."""
    tables = sa.inspect(connection).get_table_names()
    if "alembic_version" in tables and "announcement" not in tables:
        connection.execute(
            sa.text("UPDATE alembic_version SET version_num = '0007' WHERE version_num = '0009'")
        )
    connection.commit()


def _run(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET lock_timeout = '4s'"))
        connection.execute(sa.text("SET statement_timeout = '300s'"))
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
    _put_in_order(connection)
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _main() -> None:
    engine = open_engine(context.config.attributes["url"])  # on SQLite it makes DDL transactional
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run)
            await connection.commit()
    finally:
        await engine.dispose()


asyncio.run(_main())
