"""Time stamps by others, wanted and had."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.evidence import Stamp
from leakwatch.store.statements import batches, insert_for
from leakwatch.store.tables import finding, stamp

_WANTED, _HAD, _REFUSED = "wanted", "had", "refused"
_MAX_DUE = 20
_FIELDS = tuple(Stamp.__dataclass_fields__)


class SqlStamps:
    """Stamps, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def want(self, digest: str, authority: str, at: datetime) -> None:
        """Have a digest stamped; nothing where it is already."""
        row = {"digest": digest, "authority": authority, "state": _WANTED, "at": at, "next_try_at": at}
        await self._connection.execute(
            insert_for(self._connection, stamp).values(row).on_conflict_do_nothing()
        )

    async def due(self, now: datetime) -> list[Stamp]:
        """Stamps to be asked for now."""
        query = sa.select(stamp).where(stamp.c.state == _WANTED, stamp.c.next_try_at <= now)
        rows = await self._connection.execute(query.order_by(stamp.c.id).limit(_MAX_DUE))
        return [_stamp_of(row) for row in rows.mappings()]

    async def had(self, one: Stamp, token: str, at: datetime) -> None:
        """Record a stamp and where it is kept."""
        had = {"state": _HAD, "token": token, "at": at, "detail": None}
        await self._connection.execute(sa.update(stamp).where(stamp.c.id == one.id).values(had))

    async def put_off(self, one: Stamp, why: str, wait: timedelta | None, at: datetime) -> None:
        """Record a failed attempt; None for the last one."""
        changes = {"attempts": one.attempts + 1, "detail": why}
        changes |= {"next_try_at": at + wait} if wait else {"state": _REFUSED}
        await self._connection.execute(sa.update(stamp).where(stamp.c.id == one.id).values(changes))

    async def of(self, digests: Sequence[str]) -> list[Stamp]:
        """The stamps of these digests that were had."""
        found: list[Stamp] = []
        for batch in batches(list(digests)):
            query = sa.select(stamp).where(stamp.c.digest.in_(batch), stamp.c.state == _HAD)
            rows = await self._connection.execute(query.order_by(stamp.c.id))
            found += [_stamp_of(row) for row in rows.mappings()]
        return found

    async def opened_since(self, at: datetime) -> bool:
        """Whether a finding was opened after a time."""
        query = sa.select(finding.c.id).where(finding.c.opened_at > at).limit(1)
        return await self._connection.scalar(query) is not None

    async def newest(self) -> Stamp | None:
        """The stamp that was wanted last."""
        query = sa.select(stamp).order_by(stamp.c.id.desc()).limit(1)
        row = (await self._connection.execute(query)).mappings().first()
        return _stamp_of(row) if row else None


def _stamp_of(row: sa.RowMapping) -> Stamp:
    return Stamp(**{name: row[name] for name in _FIELDS})
