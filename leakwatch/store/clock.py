"""Times in the database that lie ahead because the clock was put back since they were written."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.store.tables import (
    channel,
    coverage_window,
    finding_event,
    notice,
    outbox,
    proof,
    recheck,
    silence,
    site,
    stamp,
    swarm,
)

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SLACK = timedelta(seconds=5)
_DUE: tuple[tuple[sa.Column[Any], timedelta | None], ...] = (
    (site.c.next_due_at, None),
    (proof.c.next_try_at, _DAY),
    (swarm.c.next_sample_at, _DAY),
    (recheck.c.due_at, _HOUR),
    (stamp.c.next_try_at, _DAY),
    (notice.c.next_check_at, 60 * _DAY),
    (outbox.c.lease_until, timedelta(minutes=10)),
)
"""When things are due, and how far ahead that may lie at most; of sites their schedules say it.

What else waits keeps when it began beside when it is due, and is put right whenever it is looked at: announcements,
reminders. Alerts and channels: `channels.clock_set_back`.
"""
_TIMES = ("created_at", "starts_at", "ends_at")
_SINCE: tuple[sa.Column[Any], ...] = (site.c.covered_until, channel.c.failing_since)
"""Since when something is so; for how long, would not be known while it lies ahead."""


class SqlClock:
    """All that waits, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def ahead(self, now: datetime) -> timedelta:
        """How far ahead of now the last poll was written down, or where none was, the last event; nothing if it was not."""
        for column in (coverage_window.c.ended_at, finding_event.c.at):
            newest = sa.select(column).order_by(column.table.c.id.desc()).limit(1)
            last = await self._connection.scalar(newest)
            if last is not None:
                return max(last - now, timedelta())
        return timedelta()

    async def set_back(self, now: datetime, by: timedelta) -> int:
        """The clock was put back: what waits is due as much earlier; answers how much that was."""
        moved = 0
        for column, _ in _DUE:
            (key,) = column.table.primary_key.columns
            query = sa.select(key, column).where(column > now)
            rows = [
                {"row": ident, "due": max(now, due - by)}
                for ident, due in (await self._connection.execute(query)).all()
            ]
            if rows:
                change = sa.update(column.table).where(key == sa.bindparam("row"))
                await self._connection.execute(change.values({column.name: sa.bindparam("due")}), rows)
            moved += len(rows)
        for column in _SINCE:
            since = sa.update(column.table).where(column > now)
            await self._connection.execute(since.values({column.name: now}))
        return moved

    async def limit(self, now: datetime) -> None:
        """What lies further ahead than anything is put off is due now; silences that begin in what is the future begin now."""
        for column, longest in _DUE:
            if longest is not None:
                too_far = sa.update(column.table).where(column > now + longest)
                await self._connection.execute(too_far.values({column.name: now}))
        early = sa.select(*(silence.c[name] for name in ("id", *_TIMES))).where(
            silence.c.created_at > now + _SLACK
        )
        for row in (await self._connection.execute(early)).mappings().all():
            by = row["created_at"] - now
            times = {name: row[name] - by for name in _TIMES}
            await self._connection.execute(sa.update(silence).where(silence.c.id == row["id"]).values(times))
