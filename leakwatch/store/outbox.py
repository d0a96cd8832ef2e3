"""Alerts on their way: leased claims by compare-and-set."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.alert import AnyAlert, Delivery, DeliveryState, OutboxRow, Thread, delivery_key
from leakwatch.store import mapping
from leakwatch.store.statements import insert_for
from leakwatch.store.tables import message_thread, outbox

_WAITING = (DeliveryState.PENDING.value, DeliveryState.RETRY.value, DeliveryState.UNCERTAIN.value)


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
            "urgency": alert.severity.rank,
            "finding_id": alert.subject,
            "alert": mapping.alert_json(alert),
            "state": DeliveryState.PENDING.value,
            "due_at": at,
            "created_at": at,
        }
        statement = insert_for(self._connection, outbox).values(row)
        return (
            await self._connection.execute(statement.on_conflict_do_nothing(index_elements=["key"]))
        ).rowcount > 0

    async def due_channels(self, now: datetime) -> list[str]:
        """Channels with something to send now."""
        return list(
            (
                await self._connection.execute(sa.select(outbox.c.channel).distinct().where(_due(now)))
            ).scalars()
        )

    async def claim(self, channel: str, now: datetime, lease_s: float) -> Delivery | None:
        """Lease the most urgent due alert of a channel, of several the oldest, or None.

        A lease that ran out belongs to a sender that died: its alert may have arrived, so it is uncertain.
        """
        query = (
            sa.select(outbox)
            .where(outbox.c.channel == channel, _due(now))
            .order_by(outbox.c.urgency.desc(), outbox.c.id)
            .limit(1)
        )
        row = (await self._connection.execute(query)).mappings().first()
        if row is None:
            return None
        token = secrets.token_hex(8)
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
        return mapping.delivery_of(dict(row) | changes, token, await self._thread(row))

    async def _thread(self, row: sa.RowMapping) -> Thread | None:
        query = sa.select(message_thread).where(
            message_thread.c.channel == row["channel"],
            message_thread.c.recipient == row["recipient"],
            message_thread.c.subject == row["finding_id"],
        )
        found = (await self._connection.execute(query)).mappings().first()
        return mapping.thread_of(dict(found)) if found else None

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
    ) -> bool:
        """Write the outcome of an attempt; false if the lease was lost in the meantime."""
        changes: dict[str, Any] = {
            "state": state.value,
            "lease_token": None,
            "lease_until": None,
            "last_error": error,
        }
        if state is DeliveryState.SENT:
            changes |= {"sent_at": at, "reference": reference}
        if state is DeliveryState.UNCERTAIN:
            changes["uncertain"] = True
        if due_at is not None:
            changes["due_at"] = due_at
        mine = sa.and_(outbox.c.id == delivery.id, outbox.c.lease_token == delivery.lease_token)
        return (await self._connection.execute(sa.update(outbox).where(mine).values(changes))).rowcount == 1

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

    async def list(self, states: Sequence[DeliveryState] = (), limit: int = 200) -> list[OutboxRow]:
        """Alerts with their state, newest first; only those in `states`, where any are given."""
        query = sa.select(outbox).order_by(outbox.c.id.desc()).limit(limit)
        if states:
            query = query.where(outbox.c.state.in_([state.value for state in states]))
        return [
            mapping.outbox_row_of(dict(row)) for row in (await self._connection.execute(query)).mappings()
        ]

    async def retry(self, ident: int, at: datetime) -> bool:
        """Make a dead or waiting alert due now; false if there is none of this id."""
        again = (*_WAITING, DeliveryState.DEAD.value)
        chosen = sa.and_(outbox.c.id == ident, outbox.c.state.in_(again))
        changes = {"state": DeliveryState.RETRY.value, "due_at": at, "created_at": at}
        return (await self._connection.execute(sa.update(outbox).where(chosen).values(changes))).rowcount == 1

    async def counts(self) -> dict[str, int]:
        """Rows by state."""
        query = sa.select(outbox.c.state, sa.func.count()).group_by(outbox.c.state)
        return {str(row[0]): int(row[1]) for row in (await self._connection.execute(query)).all()}


def _due(now: datetime) -> sa.ColumnElement[bool]:
    waiting = sa.and_(outbox.c.state.in_(_WAITING), outbox.c.due_at <= now)
    abandoned = sa.and_(outbox.c.state == DeliveryState.LEASED.value, outbox.c.lease_until < now)
    return sa.or_(waiting, abandoned)
