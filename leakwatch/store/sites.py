"""What is remembered of each site, and the coverage ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.errors import Conflict
from leakwatch.model.site import Coverage, CoverageWindow, SiteState
from leakwatch.store.statements import insert_for
from leakwatch.store.tables import coverage_window
from leakwatch.store.tables import site as site_table

_STATE = [column for column in site_table.c if column.name != "active"]


class SqlSites:
    """The sites, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def sync(self, sites: Iterable[tuple[str, str, str]], now: datetime) -> None:
        """Make the rows agree with the configured (name, kind, host); new ones are due now, others rest.

        A site whose kind changed starts anew: its cursor means nothing to the other kind.
        """
        await self._connection.execute(sa.update(site_table).values(active=False))
        for name, kind, host in sites:
            known = await self.get(name)
            if known is not None and known.kind == kind:
                changes: dict[str, Any] = {"active": True, "host": host}
                await self._connection.execute(
                    sa.update(site_table).where(site_table.c.name == name).values(changes)
                )
                continue
            row = {
                "name": name,
                "kind": kind,
                "host": host,
                "active": True,
                "cursor": {},
                "validators": {},
                "version": 0,
            }
            row |= {"next_due_at": now, "failures": 0, "last_error": None, "last_ok_at": None}
            row |= {"interval_s": None, "interval_why": None}
            statement = insert_for(self._connection, site_table).values(row)
            await self._connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))

    async def due(self, now: datetime, host: str | None = None) -> list[SiteState]:
        """Active sites whose time has come, longest overdue first."""
        query = sa.select(*_STATE).where(site_table.c.active, site_table.c.next_due_at <= now)
        if host is not None:
            query = query.where(site_table.c.host == host)
        rows = (await self._connection.execute(query.order_by(site_table.c.next_due_at))).mappings()
        return [SiteState(**row) for row in rows]

    async def get(self, name: str) -> SiteState | None:
        """One site's state."""
        row = (
            (await self._connection.execute(sa.select(*_STATE).where(site_table.c.name == name)))
            .mappings()
            .first()
        )
        return SiteState(**row) if row else None

    async def all(self) -> list[SiteState]:
        """Every active site, by name."""
        query = sa.select(*_STATE).where(site_table.c.active).order_by(site_table.c.name)
        return [SiteState(**row) for row in (await self._connection.execute(query)).mappings()]

    async def move_cursor(
        self, state: SiteState, cursor: Mapping[str, Any], validators: Mapping[str, Any]
    ) -> SiteState:
        """Write a cursor over the one that `state` knows. Raises: Conflict if another process was first."""
        statement = (
            sa.update(site_table)
            .where(site_table.c.name == state.name, site_table.c.version == state.version)
            .values(cursor=dict(cursor), validators=dict(validators), version=state.version + 1)
        )
        if (await self._connection.execute(statement)).rowcount != 1:
            raise Conflict(f"another process has read {state.name} in the meantime")
        return replace(state, cursor=cursor, validators=validators, version=state.version + 1)

    async def close_poll(
        self, window: CoverageWindow, next_due_at: datetime, failures: int, error: str | None
    ) -> None:
        """Record what a poll covered, and when the next one is due."""
        await self._connection.execute(
            sa.insert(coverage_window), [asdict(window) | {"verdict": window.verdict.value}]
        )
        changes: dict[str, Any] = {"next_due_at": next_due_at, "failures": failures, "last_error": error}
        if not failures:
            changes["last_ok_at"] = window.ended_at
        await self._connection.execute(
            sa.update(site_table).where(site_table.c.name == window.site).values(changes)
        )

    async def defer(self, name: str, due: datetime) -> None:
        """Move a site's time on without a coverage window: the error was ours."""
        await self._connection.execute(
            sa.update(site_table).where(site_table.c.name == name).values(next_due_at=due)
        )

    async def pace(self, name: str, interval_s: float | None, why: str | None, due: datetime) -> None:
        """Write how often a site is read from now on and why, and when it is due by that."""
        await self._connection.execute(
            sa.update(site_table)
            .where(site_table.c.name == name)
            .values(interval_s=interval_s, interval_why=why, next_due_at=due)
        )

    async def windows(self, name: str, limit: int = 20) -> list[CoverageWindow]:
        """The newest coverage windows of a site."""
        columns = [column for column in coverage_window.c if column.name != "id"]
        query = sa.select(*columns).where(coverage_window.c.site == name)
        rows = await self._connection.execute(query.order_by(coverage_window.c.id.desc()).limit(limit))
        return [_window(dict(row)) for row in rows.mappings()]


def _window(row: dict[str, Any]) -> CoverageWindow:
    row["verdict"] = Coverage(row["verdict"])
    return CoverageWindow(**row)
