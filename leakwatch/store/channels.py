"""How channels fare, and what happens to all that waits on one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.alert import DeliveryState
from leakwatch.model.channel import ChannelHealth, Waiting
from leakwatch.store import alerts, mapping
from leakwatch.store.outbox import WAITING, has_come
from leakwatch.store.statements import insert_for
from leakwatch.store.tables import channel as table
from leakwatch.store.tables import outbox

_LOCK = 8_240_118


class SqlChannels:
    """The channels, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock(self, name: str) -> None:
        """Let no other daemon judge this channel until the transaction ends. SQLite has one writer at a time anyway."""
        if self._connection.dialect.name == "postgresql":
            key = sa.func.hashtext(name)
            await self._connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK, key)))

    async def get(self, name: str) -> ChannelHealth:
        """How one channel fares; one that was never heard of works."""
        query = sa.select(table).where(table.c.name == name)
        row = (await self._connection.execute(query)).mappings().first()
        return mapping.channel_health_of(dict(row)) if row else ChannelHealth(name=name)

    async def all(self) -> list[ChannelHealth]:
        """Every channel that something is known of, by name."""
        found = await self._connection.execute(sa.select(table).order_by(table.c.name))
        return [mapping.channel_health_of(dict(row)) for row in found.mappings()]

    async def keep(self, health: ChannelHealth) -> None:
        """Write down how a channel fares."""
        row = mapping.channel_health_row(health)
        statement = insert_for(self._connection, table).values(row)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))

    async def forget(self, name: str) -> None:
        """Know nothing of a channel any more."""
        await self._connection.execute(sa.delete(table).where(table.c.name == name))

    async def take_turn(self, name: str, now: datetime, lease_s: float) -> bool:
        """Whether something may be sent to a channel now. After a rest one sender has a turn, and no other meanwhile."""
        health = await self.get(name)
        if health.rests_until is None:
            return True
        if not has_come(health.rests_until, now):
            return False
        mine = sa.and_(table.c.name == name, table.c.rests_until == health.rests_until)
        turn = sa.update(table).where(mine).values(rests_until=now + timedelta(seconds=lease_s))
        return (await self._connection.execute(turn)).rowcount == 1

    async def waiting(self, name: str, before: datetime, limit: int) -> list[Waiting]:
        """What waits on a channel since before a time, due or not, oldest first, of what can be read."""
        chosen = (outbox.c.channel == name, outbox.c.state.in_(WAITING), outbox.c.created_at < before)
        query = sa.select(*alerts.columns_of(outbox)).where(*chosen).order_by(outbox.c.id).limit(limit)
        rows = [alerts.waiting_of(dict(row)) for row in (await self._connection.execute(query)).mappings()]
        return [one for one in rows if one is not None]

    async def fold(self, keys: Sequence[str], into: str) -> None:
        """Let a digest tell of these alerts; `into` is its key. They end as it ends."""
        changes = {"state": DeliveryState.FOLDED.value, "folded_into": into}
        for start in range(0, len(keys), 500):
            chosen = sa.and_(outbox.c.key.in_(keys[start : start + 500]), outbox.c.state.in_(WAITING))
            await self._connection.execute(sa.update(outbox).where(chosen).values(changes))

    async def unknown(self, known: Collection[str], before: datetime) -> list[str]:
        """Channels that are none of these, for which something waits since before a time."""
        waits = outbox.c.state.in_((*WAITING, DeliveryState.LEASED.value)), outbox.c.created_at < before
        query = sa.select(outbox.c.channel).distinct().where(outbox.c.channel.not_in(sorted(known)), *waits)
        return sorted((await self._connection.execute(query)).scalars())

    async def bury(self, name: str, reason: str, *, lost_before: datetime | None = None) -> int:
        """A channel takes nothing any more: what waits there is dead with the reason. Answers how much that was.

        So is what a sender took whose lease ended before a time, where one is given.
        """
        waits = outbox.c.state.in_((*WAITING, DeliveryState.FOLDED.value))
        if lost_before is not None:
            leased = outbox.c.state == DeliveryState.LEASED.value
            waits = sa.or_(waits, sa.and_(leased, outbox.c.lease_until < lost_before))
        dead = {"state": DeliveryState.DEAD.value, "last_error": reason, "lease_token": None}
        chosen = sa.update(outbox).where(outbox.c.channel == name, waits)
        return (await self._connection.execute(chosen.values(dead))).rowcount

    async def release(self, name: str, now: datetime) -> int:
        """A channel is back: what waits there is due, so that it goes out in its order. Answers how much was not."""
        later = (outbox.c.channel == name, outbox.c.state.in_(WAITING), outbox.c.due_at > now)
        return (await self._connection.execute(sa.update(outbox).where(*later).values(due_at=now))).rowcount

    async def clock_set_back(self, now: datetime, by: timedelta) -> None:
        """The clock was put back: rests end as much earlier, and what was put off is due; channels that rest hold it up."""
        for health in await self.all():
            if health.rests_until is not None and health.rests_until > now:
                await self.keep(replace(health, rests_until=health.rests_until - by))
        later = (outbox.c.state.in_(WAITING), outbox.c.due_at > now)
        await self._connection.execute(sa.update(outbox).where(*later).values(due_at=now))

    async def delay(self, name: str, now: datetime, seconds: float) -> None:
        """A channel rests: what is due there waits for it, which counts as time that it was tried."""
        longer: dict[str, Any] = {"waited_s": outbox.c.waited_s + seconds}
        due = (outbox.c.channel == name, outbox.c.state.in_(WAITING), outbox.c.due_at <= now)
        await self._connection.execute(sa.update(outbox).where(*due).values(longer))
