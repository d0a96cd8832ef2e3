"""Announcements that a silence, or a worse finding, keeps back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.announcement import Fate, Held
from leakwatch.model.finding import OVER_STATES, Severity, Verdict
from leakwatch.store.statements import batches
from leakwatch.store.tables import announcement, finding

HELD = "inhibited:"
_GONE = [one.value for one in OVER_STATES]


class SqlKeptBack:
    """What is kept back, in one transaction. What a finding keeps back names it as its group."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def hidden(self, silence: int) -> list[tuple[int, str, str, str]]:
        """What a silence has hidden: id, matter, route and channel."""
        names = ("id", "subject", "route", "channel")
        query = sa.select(*(announcement.c[name] for name in names)).where(
            announcement.c.silence_id == silence, announcement.c.state == Fate.SILENCED.value
        )
        rows = (await self._connection.execute(query.order_by(announcement.c.id))).mappings()
        return [(row["id"], row["subject"], row["route"], row["channel"]) for row in rows]

    async def hand_over(self, ids: Sequence[int], silence: int, why: str) -> None:
        """What waits, or is kept back, falls under a silence now, or another one."""
        await self._change(ids, state=Fate.SILENCED.value, silence_id=silence, why=why)

    async def release(self, ids: Sequence[int], group: str, due_at: datetime, why: str, at: datetime) -> None:
        """Let what was kept back wait to be told together."""
        waits = {"state": Fate.WAITING.value, "group_key": group, "due_at": due_at, "created_at": at}
        await self._change(ids, **waits, why=why)

    async def worst_open(self, asset: str, but: str, limit: int = 20) -> list[str]:
        """Open findings of an asset that somebody was told of, the most severe first."""
        ranks = {one.value: one.rank for one in Severity}
        told = sa.exists().where(
            announcement.c.subject == finding.c.id,
            announcement.c.state.in_([Fate.TOLD.value, Fate.WAITING.value]),
        )
        query = (
            sa.select(finding.c.id)
            .where(finding.c.asset_id == asset, finding.c.id != but, finding.c.state.not_in(_GONE), told)
            .order_by(
                sa.case(ranks, value=finding.c.severity).desc(),
                sa.case({Verdict.PROVED.value: 0, Verdict.LIKELY.value: 1}, value=finding.c.verdict, else_=2),
            )
            .limit(limit)
        )
        return [str(one) for one in (await self._connection.execute(query)).scalars()]

    async def holders(self) -> dict[str, int]:
        """Findings that keep others back, each with the urgency of the most urgent news that it keeps back."""
        query = (
            sa.select(announcement.c.group_key, sa.func.max(announcement.c.urgency))
            .where(announcement.c.state == Fate.INHIBITED.value, announcement.c.group_key.startswith(HELD))
            .group_by(announcement.c.group_key)
        )
        rows = (await self._connection.execute(query)).all()
        return {group.removeprefix(HELD): urgency for group, urgency in rows}

    async def held(self, holder: str, urgency: int) -> list[Held]:
        """What a finding keeps back of at least this urgency, oldest first."""
        later = announcement.alias()
        is_told = sa.exists().where(
            later.c.subject == announcement.c.subject,
            later.c.channel == announcement.c.channel,
            later.c.id > announcement.c.id,
            later.c.state.in_([Fate.TOLD.value, Fate.WAITING.value]),
        )
        names = ("id", "subject", "route", "channel")
        query = sa.select(*(announcement.c[name] for name in names), is_told.label("is_told")).where(
            announcement.c.state == Fate.INHIBITED.value,
            announcement.c.group_key == f"{HELD}{holder}",
            announcement.c.urgency >= urgency,
        )
        rows = (await self._connection.execute(query.order_by(announcement.c.id))).mappings()
        return [Held(**row) for row in rows]

    async def hold(self, ids: Sequence[int], holder: str) -> None:
        """Another finding keeps these back now."""
        await self._change(ids, group_key=f"{HELD}{holder}", why=f"{holder} is open")

    async def drop(self, ids: Sequence[int], why: str) -> None:
        """What was kept back is over without anybody's being told."""
        await self._change(ids, state=Fate.SETTLED.value, why=why)

    async def _change(self, ids: Sequence[int], **values: object) -> None:
        for batch in batches(list(ids)):
            chosen = announcement.c.id.in_(batch)
            await self._connection.execute(sa.update(announcement).where(chosen).values(values))
