"""Silences, and findings that stand until somebody acknowledges them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.announcement import Silence, Standing
from leakwatch.model.route import Matchers
from leakwatch.routing.silencing import matchers_json, matchers_of
from leakwatch.store.alerts import UNREAD, columns_of
from leakwatch.store.statements import insert_for
from leakwatch.store.tables import silence, standing

_AHEAD = timedelta(seconds=5)


class SqlSilences:
    """Silences, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self,
        matchers: Matchers,
        starts_at: datetime,
        ends_at: datetime,
        actor: str,
        reason: str,
        at: datetime,
    ) -> Silence:
        """Begin one."""
        row = {
            "matchers": matchers_json(matchers),
            "starts_at": starts_at,
            "ends_at": ends_at,
            "actor": actor,
            "reason": reason,
            "created_at": at,
        }
        ident = (
            await self._connection.execute(sa.insert(silence).values(row).returning(silence.c.id))
        ).scalar_one()
        return Silence(
            id=ident,
            matchers=matchers,
            starts_at=starts_at,
            ends_at=ends_at,
            actor=actor,
            reason=reason,
            created_at=at,
        )

    async def get(self, ident: int) -> Silence | None:
        """One silence."""
        return next(iter(await self._those(silence.c.id == ident)), None)

    async def list(self, *, ended: bool = False, at: datetime) -> list[Silence]:
        """Those that are active or to come, newest first; all, where the ended are wanted too."""
        return await self._those(
            sa.true() if ended else sa.and_(silence.c.ended_at.is_(None), silence.c.ends_at > at)
        )

    async def active(self, at: datetime) -> list[Silence]:
        """Those that silence now."""
        return await self._those(
            silence.c.ended_at.is_(None), silence.c.starts_at <= at, silence.c.ends_at > at
        )

    async def end(self, ident: int, actor: str, at: datetime) -> bool:
        """End one; false if it had ended."""
        chosen = sa.and_(silence.c.id == ident, silence.c.ended_at.is_(None), silence.c.ends_at > at)
        statement = sa.update(silence).where(chosen).values(ended_at=at, ended_by=actor)
        return (await self._connection.execute(statement)).rowcount == 1

    async def count(self, ident: int, many: int = 1) -> None:
        """One more was silenced, or `many`."""
        statement = sa.update(silence).where(silence.c.id == ident).values(silenced=silence.c.silenced + many)
        await self._connection.execute(statement)

    async def over(self, at: datetime) -> list[Silence]:
        """Those that have ended, and whose end nobody has looked at."""
        ended = sa.or_(silence.c.ended_at.is_not(None), silence.c.ends_at <= at)
        return await self._those(silence.c.told_at.is_(None), ended)

    async def close(self, ident: int, at: datetime) -> None:
        """What one has hidden was looked at."""
        await self._connection.execute(sa.update(silence).where(silence.c.id == ident).values(told_at=at))

    async def _those(self, *chosen: sa.ColumnElement[bool]) -> list[Silence]:
        query = sa.select(*columns_of(silence)).where(*chosen).order_by(silence.c.id.desc())
        return [_silence_of(row) for row in (await self._connection.execute(query)).mappings()]


def _silence_of(row: sa.RowMapping) -> Silence:
    names = (
        "id",
        "starts_at",
        "ends_at",
        "actor",
        "reason",
        "created_at",
        "ended_at",
        "ended_by",
        "silenced",
    )
    return Silence(matchers=_matchers(row["matchers"]), **{name: row[name] for name in names})


def _matchers(told: bytes | str) -> Matchers:
    """What one silences; one that cannot be read silences nothing, says so, and keeps nobody from being told."""
    try:
        return matchers_of(json.loads(told))
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return Matchers(findings=frozenset({UNREAD}))


class SqlStandings:
    """Findings that stand on a route, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(self, rows: Sequence[Standing]) -> None:
        """From now on these stand; those that stand already stay as they are."""
        if rows:
            told = [{name: getattr(one, name) for name in Standing.__dataclass_fields__} for one in rows]
            await self._connection.execute(
                insert_for(self._connection, standing).on_conflict_do_nothing(), told
            )

    async def due(self, now: datetime, limit: int) -> list[Standing]:
        """Those whose time has come, or lies ahead because the clock was set back, longest overdue first."""
        is_due = sa.or_(standing.c.next_at <= now, standing.c.last_at > now + _AHEAD)
        return await self._those(sa.select(standing).where(is_due).order_by(standing.c.next_at).limit(limit))

    async def move(self, one: Standing) -> None:
        """Write when the next is due, and how often it was told."""
        mine = sa.and_(standing.c.route == one.route, standing.c.subject == one.subject)
        names = ("told", "step", "first_at", "last_at", "next_at")
        await self._connection.execute(
            sa.update(standing).where(mine).values({name: getattr(one, name) for name in names})
        )

    async def end(self, subject: str, route: str | None = None) -> int:
        """A finding does not stand any more; answers on how many routes it did."""
        statement = sa.delete(standing).where(standing.c.subject == subject)
        if route is not None:
            statement = statement.where(standing.c.route == route)
        return (await self._connection.execute(statement)).rowcount

    async def list(self, subject: str) -> list[Standing]:
        """On which routes a finding stands."""
        query = sa.select(standing).where(standing.c.subject == subject).order_by(standing.c.route)
        return await self._those(query)

    async def _those(self, query: sa.Select[tuple[object, ...]]) -> list[Standing]:
        return [Standing(**row) for row in (await self._connection.execute(query)).mappings()]
