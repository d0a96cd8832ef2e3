"""What became of messages in the outbox."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.alert import DeliveryState, Unreadable, delivery_key
from leakwatch.model.announcement import Delivered
from leakwatch.store.alerts import alert_of, columns_of
from leakwatch.store.statements import batches
from leakwatch.store.tables import outbox


async def deliveries(
    connection: AsyncConnection, channels: Collection[str], times: Collection[datetime]
) -> dict[str, tuple[Delivered, ...]]:
    """By the key of a message, which names no recipient: where it stands at each. Of messages that were made then."""
    found: dict[str, tuple[Delivered, ...]] = {}
    for batch in batches(sorted(times)):
        query = sa.select(*columns_of(outbox)).where(
            outbox.c.channel.in_(channels), outbox.c.created_at.in_(batch)
        )
        for row in (await connection.execute(query.order_by(outbox.c.id))).mappings():
            one = Delivered(
                row["recipient"], DeliveryState(row["state"]), row["sent_at"], row["last_error"] or ""
            )
            key = _key_of_message(row)
            found[key] = (*found.get(key, ()), one)
    return found


def _key_of_message(row: sa.RowMapping) -> str:
    alert = alert_of(row["alert"]) if row["recipient"] else None
    if alert is None or isinstance(alert, Unreadable):
        return str(row["key"])
    return delivery_key(row["channel"], alert.subject, alert.content)
