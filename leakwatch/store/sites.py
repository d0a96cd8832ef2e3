"""What is remembered of each site, and the coverage ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.errors import Conflict, Failure
from leakwatch.model.site import Coverage, CoverageWindow, SiteState
from leakwatch.store.statements import insert_for
from leakwatch.store.tables import coverage_window
from leakwatch.store.tables import site as site_table

_STATE = [column for column in site_table.c if column.name != "active"]


def _is_due(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(site_table.c.active, site_table.c.next_due_at <= now)


class SqlSites:
    """The sites, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def sync(self, sites: Iterable[tuple[str, str, str]], now: datetime) -> None:
        """Make the rows agree with the configured (name, kind, host); new ones are due now, others rest.

        A site whose kind changed starts anew: its cursor means nothing to the other kind. A site that is new, or
        rested, is blind from now on, not since it was read last.
        """
        query = sa.select(site_table.c.name).where(site_table.c.active)
        active = set((await self._connection.execute(query)).scalars())
        await self._connection.execute(sa.update(site_table).values(active=False))
        for name, kind, host in sites:
            known = await self.get(name)
            if known is not None and known.kind == kind:
                changes: dict[str, Any] = {"active": True, "host": host}
                if name not in active or known.covered_until is None:
                    changes["covered_until"] = now  # nobody wanted it to be read before
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
            row |= {
                "verdict": None,
                "failure": None,
                "covered_until": now,
                "blind_told_at": None,
                "ledger": {},
            }
            statement = insert_for(self._connection, site_table).values(row)
            await self._connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))

    async def due(self, now: datetime, host: str | None = None, but: Collection[str] = ()) -> list[SiteState]:
        """Active sites whose time has come, longest overdue first, with all that is remembered of them.

        Those of one host only, where it is given, and none of those named in `but`.
        """
        query = sa.select(*_STATE).where(_is_due(now)).order_by(site_table.c.next_due_at)
        if host is not None:
            query = query.where(site_table.c.host == host)
        if but:
            query = query.where(site_table.c.name.not_in(sorted(but)))
        rows = (await self._connection.execute(query)).mappings()
        return [_state(row) for row in rows]

    async def due_names(self, now: datetime) -> list[tuple[str, str]]:
        """Names and hosts of active sites whose time has come, longest overdue first."""
        query = sa.select(site_table.c.name, site_table.c.host).where(_is_due(now))
        rows = await self._connection.execute(query.order_by(site_table.c.next_due_at))
        return [(row.name, row.host) for row in rows]

    async def get(self, name: str) -> SiteState | None:
        """One site's state."""
        row = (
            (await self._connection.execute(sa.select(*_STATE).where(site_table.c.name == name)))
            .mappings()
            .first()
        )
        return _state(row) if row else None

    async def all(self) -> list[SiteState]:
        """Every active site, by name."""
        query = sa.select(*_STATE).where(site_table.c.active).order_by(site_table.c.name)
        return [_state(row) for row in (await self._connection.execute(query)).mappings()]

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
        self,
        window: CoverageWindow,
        next_due_at: datetime,
        failures: int,
        error: str | None,
        ledger: Mapping[str, Any] | None = None,
    ) -> None:
        """Record what a poll covered, when the next one is due, and the ledger where it is given."""
        named = {"verdict": window.verdict.value, "failure": window.failure and window.failure.value}
        await self._connection.execute(sa.insert(coverage_window), [asdict(window) | named])
        changes: dict[str, Any] = {
            "next_due_at": next_due_at,
            "failures": failures,
            "last_error": error,
        } | named
        if not failures and error is None:
            changes["last_ok_at"] = window.ended_at
        if window.verdict.covers:
            changes["covered_until"] = window.ended_at
        if ledger is not None:
            changes["ledger"] = dict(ledger)
        await self._connection.execute(
            sa.update(site_table).where(site_table.c.name == window.site).values(changes)
        )

    async def repaired(self, name: str, hole_from: datetime, at: datetime) -> None:
        """What lay in the hole that begins at `hole_from` has been read by now."""
        await self._connection.execute(
            sa.update(coverage_window)
            .where(coverage_window.c.site == name, coverage_window.c.hole_from == hole_from)
            .values(repaired_at=at)
        )

    async def tell_blind(self, state: SiteState, at: datetime | None) -> bool:
        """Note that somebody is told that a site is blind, or sees again (None); false if it was noted already."""
        told = site_table.c.blind_told_at
        before = told.is_(None) if state.blind_told_at is None else told == state.blind_told_at
        statement = sa.update(site_table).where(site_table.c.name == state.name, before)
        return (await self._connection.execute(statement.values(blind_told_at=at))).rowcount == 1

    async def keep_ledger(self, state: SiteState, ledger: Mapping[str, Any]) -> None:
        """Write a ledger over the one that `state` knows. Raises: Conflict if a poll was first."""
        statement = (
            sa.update(site_table)
            .where(site_table.c.name == state.name, site_table.c.version == state.version)
            .values(ledger=dict(ledger), version=state.version + 1)
        )
        if (await self._connection.execute(statement)).rowcount != 1:
            raise Conflict(f"{state.name} was read in the meantime; try again")

    async def windows_since(self, since: datetime) -> dict[str, list[CoverageWindow]]:
        """All windows that ended after a time, by site, oldest first."""
        columns = [column for column in coverage_window.c if column.name != "id"]
        query = sa.select(*columns).where(coverage_window.c.ended_at > since).order_by(coverage_window.c.id)
        found: dict[str, list[CoverageWindow]] = {}
        for row in (await self._connection.execute(query)).mappings():
            found.setdefault(row["site"], []).append(_window(dict(row)))
        return found

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
    return CoverageWindow(**row | _named(row))


def _state(row: Mapping[Any, Any]) -> SiteState:
    return SiteState(**dict(row) | _named(row))


def _named(row: Mapping[Any, Any]) -> dict[str, Any]:
    verdict, failure = row["verdict"], row["failure"]
    return {"verdict": verdict and Coverage(verdict), "failure": failure and Failure(failure)}
