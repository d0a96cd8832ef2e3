"""Alerts on their way: leased claims by compare-and-set."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.alert import (
    AnyAlert,
    Delivery,
    DeliveryState,
    OutboxRow,
    SetAside,
    Thread,
    Unreadable,
    delivery_key,
    is_repeat,
)
from leakwatch.store import alerts
from leakwatch.store.statements import insert_for
from leakwatch.store.tables import channel as channel_table
from leakwatch.store.tables import message_thread, outbox
from leakwatch.store.unreadable import set_aside

WAITING = (DeliveryState.PENDING.value, DeliveryState.RETRY.value, DeliveryState.UNCERTAIN.value)
_UNSENT = (*WAITING, DeliveryState.FOLDED.value, DeliveryState.DEAD.value)
_AHEAD = timedelta(hours=2)
"""No alert is put off for more than an hour: what is due later than this was written before the clock was put back."""
_LEASED_AHEAD = timedelta(minutes=10)
"""The same of a lease, which is for two minutes."""
_ALL = alerts.columns_of(outbox)


class SqlOutbox:
    """The alerts, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def enqueue(
        self, channel: str, alert: AnyAlert, at: datetime, *, recipient: str = "", route: str = ""
    ) -> bool:
        """Add an alert for a channel, or one recipient of it; false if the same one is there already."""
        row = {
            "key": delivery_key(channel, alert.subject, alert.content, recipient),
            "channel": channel,
            "recipient": recipient,
            "route": route,
            "urgency": 0 if is_repeat(alert) else alert.severity.rank,
            "finding_id": alert.subject,
            "alert": alerts.alert_json(alert),
            "state": DeliveryState.PENDING.value,
            "due_at": at,
            "created_at": at,
        }
        statement = insert_for(self._connection, outbox).values(row)
        return (
            await self._connection.execute(statement.on_conflict_do_nothing(index_elements=["key"]))
        ).rowcount > 0

    async def due_channels(self, now: datetime) -> list[str]:
        """Channels with something to send now, without those that rest."""
        resting = sa.and_(
            channel_table.c.rests_until > now,
            channel_table.c.rests_until <= now + _AHEAD,
            channel_table.c.closed_at.is_(None),
        )
        rests = sa.select(channel_table.c.name).where(resting)
        query = sa.select(outbox.c.channel).distinct().where(_due(now), outbox.c.channel.not_in(rests))
        return list((await self._connection.execute(query)).scalars())

    async def has_due(self, channel: str, now: datetime) -> bool:
        """Whether a channel has something to send now."""
        query = sa.select(outbox.c.id).where(outbox.c.channel == channel, _due(now)).limit(1)
        return (await self._connection.execute(query)).first() is not None

    async def claim(
        self, channel: str, now: datetime, lease_s: float, *, is_probe: bool = False
    ) -> Delivery | SetAside | None:
        """Lease the most urgent due alert of a channel, of one matter or several the oldest, or None.

        A probe of a channel that fails takes the oldest of a matter, though it may not be due itself.
        One that cannot be read is dead at once, and is the answer.

        A lease that ran out belongs to a sender that died: its alert may have arrived, so it is uncertain.
        """
        query = (
            sa.select(outbox.c.id)
            .where(outbox.c.channel == channel, _due(now))
            .order_by(outbox.c.urgency.desc(), outbox.c.id)
            .limit(1)
        )
        query = sa.select(*_ALL).where(outbox.c.id == query.scalar_subquery())  # sorts ids, not what they say
        urgent = (await self._connection.execute(query)).mappings().first()
        if urgent is None:
            return None
        row = await self._first_of(urgent, outbox.c.state.in_(WAITING) if is_probe else _due(now))
        token, alert = secrets.token_hex(8), alerts.alert_of(row["alert"])
        lost = row["state"] == DeliveryState.LEASED.value
        changes: dict[str, Any] = {
            "state": DeliveryState.LEASED.value,
            "lease_token": token,
            "lease_until": now + timedelta(seconds=lease_s),
            "attempts": row["attempts"] + 1,
            "uncertain": row["uncertain"] or lost,
        }
        unchanged = (
            outbox.c.lease_token == row["lease_token"]
            if row["lease_token"]
            else outbox.c.lease_token.is_(None)
        )
        statement = (
            sa.update(outbox)
            .where(outbox.c.id == row["id"], outbox.c.state == row["state"], unchanged)
            .values(changes)
        )
        if (await self._connection.execute(statement)).rowcount != 1:
            return None
        if isinstance(alert, Unreadable):
            return await set_aside(self._connection, row, alert, now)
        return alerts.delivery_of(dict(row) | changes, alert, token, await self._thread(row))

    async def _first_of(self, urgent: sa.RowMapping, among: sa.ColumnElement[bool]) -> sa.RowMapping:
        """Of the alerts of one matter the one that was there first: what came later speaks of it."""
        same = [outbox.c[name] == urgent[name] for name in ("channel", "recipient", "finding_id")]
        query = sa.select(*_ALL).where(*same, among).order_by(outbox.c.id).limit(1)
        return (await self._connection.execute(query)).mappings().first() or urgent

    async def _thread(self, row: sa.RowMapping) -> Thread | None:
        query = sa.select(*alerts.columns_of(message_thread)).where(
            message_thread.c.channel == row["channel"],
            message_thread.c.recipient == row["recipient"],
            message_thread.c.subject == row["finding_id"],
        )
        found = (await self._connection.execute(query)).mappings().first()
        return alerts.thread_of(dict(found)) if found else None

    async def keep_thread(self, delivery: Delivery, thread: Thread, at: datetime) -> None:
        """Remember the message by which a channel knows a matter."""
        key = {
            "channel": delivery.channel,
            "recipient": delivery.recipient,
            "subject": delivery.alert.subject,
        }
        row = key | {"reference": thread.reference, "detail": dict(thread.detail), "at": at}
        statement = insert_for(self._connection, message_thread).values(row)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=row))

    async def settle(
        self,
        delivery: Delivery,
        state: DeliveryState,
        at: datetime,
        *,
        due_at: datetime | None = None,
        error: str | None = None,
        reference: str = "",
        waited_s: float = 0.0,
    ) -> bool:
        """Write the outcome of an attempt, and of what its digest tells of; false if the lease was lost meanwhile."""
        changes: dict[str, Any] = {
            "state": state.value,
            "lease_token": None,
            "lease_until": None,
            "last_error": error,
            "waited_s": outbox.c.waited_s + waited_s,
        }
        if state is DeliveryState.SENT:
            changes |= {"sent_at": at, "reference": reference}
        if state is DeliveryState.UNCERTAIN:
            changes["uncertain"] = True
        if due_at is not None:
            changes["due_at"] = due_at
        mine = sa.and_(outbox.c.id == delivery.id, outbox.c.lease_token == delivery.lease_token)
        settled = (
            await self._connection.execute(sa.update(outbox).where(mine).values(changes))
        ).rowcount == 1
        if settled and state in (DeliveryState.SENT, DeliveryState.DEAD):
            await self._settle_folded(delivery.key, changes)
        return settled

    async def _settle_folded(self, key: str, changes: dict[str, Any]) -> None:
        """What a digest told of ends as it did."""
        told = sa.and_(outbox.c.folded_into == key, outbox.c.state == DeliveryState.FOLDED.value)
        same = {name: changes[name] for name in ("state", "sent_at", "last_error") if name in changes}
        await self._connection.execute(sa.update(outbox).where(told).values(same))

    async def release_leases(self, now: datetime) -> int:
        """After a crash of the only process: make what was leased due again, marked as a possible repeat."""
        statement = (
            sa.update(outbox)
            .where(outbox.c.state == DeliveryState.LEASED.value)
            .values(
                state=DeliveryState.UNCERTAIN.value,
                uncertain=True,
                due_at=now,
                lease_token=None,
                lease_until=None,
            )
        )
        return (await self._connection.execute(statement)).rowcount

    async def list(
        self,
        states: Sequence[DeliveryState] = (),
        limit: int = 200,
        *,
        channels: Sequence[str] = (),
        subject: str | None = None,
    ) -> list[OutboxRow]:
        """Alerts with their state, newest first; only those in `states`, on `channels`, of a matter, where given."""
        query = sa.select(*_ALL).order_by(outbox.c.id.desc()).limit(limit)
        if states:
            query = query.where(outbox.c.state.in_([state.value for state in states]))
        if channels:
            query = query.where(outbox.c.channel.in_(channels))
        if subject is not None:
            query = query.where(outbox.c.finding_id == subject)
        return [alerts.outbox_row_of(dict(row)) for row in (await self._connection.execute(query)).mappings()]

    async def get(self, ident: int) -> tuple[OutboxRow, AnyAlert | Unreadable] | None:
        """One alert with its state, and what it says, or what is kept of it where it cannot be read."""
        query = sa.select(*_ALL).where(outbox.c.id == ident)
        row = (await self._connection.execute(query)).mappings().first()
        return (alerts.outbox_row_of(dict(row)), alerts.alert_of(row["alert"])) if row else None

    async def retry(self, ident: int, at: datetime) -> bool:
        """Make a dead, dropped or waiting alert due now; false if there is none of this id."""
        states = (*_UNSENT, DeliveryState.DROPPED.value)
        chosen = sa.and_(outbox.c.id == ident, outbox.c.state.in_(states))
        return await self._again(chosen, at) == 1

    async def retry_dead(self, at: datetime, channel: str | None = None) -> int:
        """Make all dead alerts due now, of one channel or of all; answers how many there are."""
        dead = sa.and_(outbox.c.state == DeliveryState.DEAD.value, outbox.c.folded_into.is_(None))
        return await self._again(dead if channel is None else sa.and_(dead, outbox.c.channel == channel), at)

    async def _again(self, chosen: sa.ColumnElement[bool], at: datetime) -> int:
        """Make alerts due, for three days of tries; what a digest among them told of is told by it again.

        They are as old as they are: where many are, people get one digest of them.
        """
        changes = {
            "state": DeliveryState.RETRY.value,
            "due_at": at,
            "waited_s": 0.0,
            "folded_into": None,
        }
        count = (await self._connection.execute(sa.update(outbox).where(chosen).values(changes))).rowcount
        digests = sa.select(outbox.c.key).where(outbox.c.state == DeliveryState.RETRY.value)
        told = sa.and_(
            outbox.c.folded_into.in_(digests),
            outbox.c.state.in_((DeliveryState.DEAD.value, DeliveryState.DROPPED.value)),
        )
        await self._connection.execute(sa.update(outbox).where(told).values(state=DeliveryState.FOLDED.value))
        return count

    async def drop(self, ident: int, reason: str) -> bool:
        """Give an alert up that was not sent; false if there is none of this id."""
        chosen = sa.and_(outbox.c.id == ident, outbox.c.state.in_(_UNSENT))
        dropped = {"state": DeliveryState.DROPPED.value, "last_error": reason}
        row = (
            await self._connection.execute(
                sa.update(outbox).where(chosen).values(dropped).returning(outbox.c.key)
            )
        ).first()
        if row is None:
            return False
        told = sa.and_(outbox.c.folded_into == row[0], outbox.c.state == DeliveryState.FOLDED.value)
        await self._connection.execute(sa.update(outbox).where(told).values(dropped))
        return True

    async def counts(self) -> dict[str, int]:
        """Rows by state."""
        query = sa.select(outbox.c.state, sa.func.count()).group_by(outbox.c.state)
        return {str(row[0]): int(row[1]) for row in (await self._connection.execute(query)).all()}


def has_come(time: datetime, now: datetime) -> bool:
    """Whether a time of ours is there: it has passed, or lies so far ahead that the clock was put back since."""
    return time <= now or time > now + _AHEAD


def _due(now: datetime) -> sa.ColumnElement[bool]:
    """What waits and whose time has come, and what a sender took that died; a clock that was put back holds up neither."""
    come = sa.or_(outbox.c.due_at <= now, outbox.c.due_at > now + _AHEAD)
    lost = sa.or_(outbox.c.lease_until < now, outbox.c.lease_until > now + _LEASED_AHEAD)
    open_ones = outbox.c.state.in_((*WAITING, DeliveryState.LEASED.value))  # for the index: most are sent
    return sa.and_(
        open_ones,
        sa.or_(
            sa.and_(outbox.c.state.in_(WAITING), come),
            sa.and_(outbox.c.state == DeliveryState.LEASED.value, lost),
        ),
    )
