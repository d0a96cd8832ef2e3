"""Alerts that cannot be read are set aside in the outbox: dead, with the reason and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.alert import DeliveryState, SetAside, Unreadable, delivery_key
from leakwatch.model.announcement import Waiting
from leakwatch.store.tables import announcement, outbox


async def set_aside(
    connection: AsyncConnection, row: Mapping[Any, Any], why: Unreadable, now: datetime
) -> SetAside:
    """Give up an alert of the outbox; what it told of, where it is a digest, can be told without it."""
    because = f"the alert cannot be read: {why.because}"
    dead = {"state": DeliveryState.DEAD.value, "last_error": because, "lease_token": None}
    this = sa.update(outbox).where(outbox.c.id == row["id"])
    await connection.execute(this.values(dead | {"lease_until": None}))
    free = {"state": DeliveryState.RETRY.value, "due_at": now, "folded_into": None}
    told = sa.and_(outbox.c.folded_into == row["key"], outbox.c.state == DeliveryState.FOLDED.value)
    await connection.execute(sa.update(outbox).where(told).values(free))
    return SetAside(id=row["id"], channel=row["channel"], subject=row["finding_id"], because=because)


async def hand_on(connection: AsyncConnection, one: Waiting, recipients: Sequence[str], at: datetime) -> str:
    """Put an announcement into the outbox, byte for byte: it is set aside there. Answers the key of the first."""
    content = f"unreadable:{one.key}"
    keys = {each: delivery_key(one.channel, one.subject, content, each) for each in recipients}
    for recipient, key in keys.items():
        row: dict[str, object] = {
            "key": key,
            "channel": one.channel,
            "recipient": recipient,
            "route": one.route,
            "urgency": one.urgency,
            "finding_id": one.subject,
            "state": DeliveryState.PENDING.value,
            "due_at": at,
            "created_at": at,
            "attempts": 0,
            "uncertain": False,
        }
        columns = [sa.literal(value, outbox.c[name].type) for name, value in row.items()]
        as_kept = sa.select(*columns, announcement.c.alert).where(announcement.c.id == one.id)
        statement = sa.insert(outbox).from_select([*row, "alert"], as_kept, include_defaults=False)
        await connection.execute(statement)
    return keys[recipients[0]]
