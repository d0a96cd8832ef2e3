"""The one statement that the two databases spell alike but SQLAlchemy keeps apart."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_for(connection: AsyncConnection, table: sa.Table) -> Any:
    """An INSERT of the connection's dialect, for `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def batches(values: list[Any], size: int = 500) -> list[list[Any]]:
    """Lists short enough for one IN clause."""
    return [values[start : start + size] for start in range(0, len(values), size)]
