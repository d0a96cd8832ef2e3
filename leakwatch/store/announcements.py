"""What is to be told, and the messages that were."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from leakwatch.model.alert import Alert, AnyAlert, Unreadable
from leakwatch.model.announcement import Announcement, Fate, Message, MessageKind, Noted, Said, Waiting
from leakwatch.model.finding import EventKind
from leakwatch.store.alerts import alert_json, alert_of, columns_of, headline_of, kept
from leakwatch.store.delivered import deliveries
from leakwatch.store.kept_back import SqlKeptBack
from leakwatch.store.statements import batches, insert_for
from leakwatch.store.tables import announcement, told_message
from leakwatch.store.unreadable import hand_on

_LOCK = 8_240_117
_AHEAD = timedelta(seconds=5)
_IS_WAITING = announcement.c.state == Fate.WAITING.value
_LIGHT = [
    announcement.c[name]
    for name in (
        "id",
        "key",
        "route",
        "channel",
        "group_key",
        "subject",
        "asset",
        "urgency",
        "due_at",
        "created_at",
    )
]


class SqlAnnouncements(SqlKeptBack):
    """Announcements and messages, in one transaction."""

    async def lock(self) -> None:
        """Let nobody else gather until this transaction ends. SQLite has one writer at a time anyway."""
        if self._connection.dialect.name == "postgresql":
            await self._connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))

    async def add(self, one: Announcement) -> bool:
        """Write one down; false if it is there already."""
        row = {
            "key": one.key,
            "route": one.route,
            "channel": one.channel,
            "group_key": one.group,
            "subject": one.subject,
            "asset": one.asset,
            "alert": alert_json(one.alert),
            "urgency": one.urgency,
            "state": one.fate.value,
            "why": one.why,
            "due_at": one.due_at,
            "created_at": one.at,
            "silence_id": one.silence,
        }
        statement = insert_for(self._connection, announcement).values(row)
        statement = statement.on_conflict_do_nothing(index_elements=["key"])
        return (await self._connection.execute(statement)).rowcount > 0

    async def is_due(self, now: datetime) -> bool:
        """Whether anything that waits is due, or began in what is the future now."""
        query = sa.select(announcement.c.id).where(
            _IS_WAITING, sa.or_(announcement.c.due_at <= now, _ahead(now))
        )
        return (await self._connection.execute(query.limit(1))).first() is not None

    async def overdue(self, before: datetime) -> bool:
        """Whether something that was due before a time still waits."""
        query = sa.select(announcement.c.id).where(_IS_WAITING, announcement.c.due_at < before)
        return (await self._connection.execute(query.limit(1))).first() is not None

    async def due(self, now: datetime) -> list[Waiting]:
        """All that waits in groups of which something is due, oldest first."""
        names = ("route", "channel", "group_key")
        due = (
            sa.select(*(announcement.c[name] for name in names))
            .where(_IS_WAITING, announcement.c.due_at <= now)
            .distinct()
            .subquery()
        )
        same = sa.and_(*(announcement.c[name] == due.c[name] for name in names))
        query = sa.select(*_LIGHT).join(due, same).where(_IS_WAITING).order_by(announcement.c.id)
        return [_waiting_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def ahead(self, now: datetime) -> list[Waiting]:
        """What waits and began in what is the future now: the clock was set back."""
        query = sa.select(*_LIGHT).where(_IS_WAITING, _ahead(now))
        return [_waiting_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def put_off(self, ids: Sequence[int], until: datetime, why: str, group: str | None = None) -> None:
        """Let announcements wait until a time, where one is given with another group."""
        await self._change(ids, due_at=until, why=why, **({} if group is None else {"group_key": group}))

    async def restart(self, ident: int, due_at: datetime, at: datetime) -> None:
        """Write anew when one began and when it is due."""
        await self._change([ident], due_at=due_at, created_at=at)

    async def alerts(self, ids: Sequence[int]) -> dict[int, AnyAlert]:
        """What some announcements say, without those that cannot be read."""
        found: dict[int, AnyAlert] = {}
        for batch in batches(list(ids)):
            query = sa.select(announcement.c.id, kept(announcement.c.alert)).where(
                announcement.c.id.in_(batch)
            )
            for ident, told in (await self._connection.execute(query)).all():
                alert = alert_of(told)
                if not isinstance(alert, Unreadable):
                    found[ident] = alert
        return found

    async def hand_on(self, one: Waiting, recipients: Sequence[str], at: datetime) -> None:
        """Put one that cannot be read into the outbox as it is kept: there it is dead, with the reason, and shown."""
        key = await hand_on(self._connection, one, recipients, at)
        told = {"state": Fate.TOLD.value, "told_at": at, "why": "it cannot be read"}
        await self._change([one.id], **told, outbox_key=key)

    async def told(self, ids: Sequence[int], message: Message) -> None:
        """These became a message."""
        state = {"state": Fate.TOLD.value, "told_at": message.at, "outbox_key": message.key}
        await self._change(ids, **state)
        row = {
            "key": message.key,
            "route": message.route,
            "channel": message.channel,
            "group_key": message.group,
            "asset": message.asset,
            "kind": message.kind.value,
            "urgency": message.urgency,
            "at": message.at,
        }
        await self._connection.execute(sa.insert(told_message), [row])

    async def messages(self, channel: str, since: datetime) -> list[Message]:
        """The messages of a channel after a time, oldest first."""
        query = (
            sa.select(told_message)
            .where(told_message.c.channel == channel, told_message.c.at > since)
            .order_by(told_message.c.at, told_message.c.id)
        )
        return [
            Message(
                key=row["key"],
                route=row["route"],
                channel=row["channel"],
                group=row["group_key"],
                asset=row["asset"],
                kind=MessageKind(row["kind"]),
                urgency=row["urgency"],
                at=row["at"],
            )
            for row in (await self._connection.execute(query)).mappings()
        ]

    async def last(self, route: str, channel: str, group: str) -> datetime | None:
        """When a group was told of last."""
        query = (
            sa.select(told_message.c.at)
            .where(
                told_message.c.route == route,
                told_message.c.channel == channel,
                told_message.c.group_key == group,
            )
            .order_by(told_message.c.at.desc())
        )
        return (await self._connection.execute(query.limit(1))).scalar()

    async def legs(self, subjects: Collection[str]) -> list[tuple[str, str, bool]]:
        """Routes and channels that were told of these matters, or will be; and whether they were told already."""
        columns = (announcement.c.route, announcement.c.channel)
        is_told = sa.func.max(sa.case((announcement.c.state == Fate.TOLD.value, 1), else_=0))
        query = (
            sa.select(*columns, is_told)
            .where(
                announcement.c.subject.in_(sorted(subjects)),
                announcement.c.state.in_([Fate.TOLD.value, Fate.WAITING.value]),
            )
            .group_by(*columns)
            .order_by(*columns)
        )
        return [
            (route, channel, bool(told))
            for route, channel, told in (await self._connection.execute(query)).all()
        ]

    async def newest(self, subject: str) -> list[Said]:
        """What each channel that was told of a matter, or will be, was told last."""
        states = [Fate.TOLD.value, Fate.WAITING.value]
        last = (
            sa.select(sa.func.max(announcement.c.id))
            .where(announcement.c.subject == subject, announcement.c.state.in_(states))
            .group_by(announcement.c.channel)
        )
        query = sa.select(*columns_of(announcement)).where(announcement.c.id.in_(last))
        rows = (await self._connection.execute(query.order_by(announcement.c.id))).mappings()
        return [
            Said(
                id=row["id"],
                route=row["route"],
                channel=row["channel"],
                alert=alert,
                is_told=row["state"] == Fate.TOLD.value,
            )
            for row in rows
            if not isinstance(alert := alert_of(row["alert"]), Unreadable)
        ]

    async def settle(
        self, subject: str, why: str, *, route: str | None = None, channel: str | None = None
    ) -> int:
        """What waits of a matter is over before anybody was told; answers how much that was."""
        chosen = [_IS_WAITING, announcement.c.subject == subject]
        chosen += [announcement.c.route == route] if route is not None else []
        chosen += [announcement.c.channel == channel] if channel is not None else []
        statement = sa.update(announcement).where(*chosen).values(state=Fate.SETTLED.value, why=why)
        return (await self._connection.execute(statement)).rowcount

    async def forget(self, subject: str, events: Collection[EventKind], why: str) -> int:
        """Such events of a matter that nobody was told of are over, also where something keeps them back."""
        untold = [one.value for one in (Fate.WAITING, Fate.SILENCED, Fate.INHIBITED)]
        query = sa.select(*columns_of(announcement)).where(
            announcement.c.subject == subject, announcement.c.state.in_(untold)
        )
        rows = (await self._connection.execute(query)).mappings()
        alerts = {row["id"]: alert_of(row["alert"]) for row in rows}
        over = [
            ident for ident, alert in alerts.items() if isinstance(alert, Alert) and alert.event in events
        ]
        await self._change(over, state=Fate.SETTLED.value, why=why)
        return len(over)

    async def rename(self, before: str, after: str) -> None:
        """A matter is part of another one now."""
        statement = sa.update(announcement).where(announcement.c.subject == before).values(subject=after)
        await self._connection.execute(statement)

    async def noted(self, subject: str) -> list[Noted]:
        """What was announced of a matter, oldest first."""
        query = sa.select(*columns_of(announcement)).where(announcement.c.subject == subject)
        rows = (await self._connection.execute(query.order_by(announcement.c.id))).mappings().all()
        times = {row["told_at"] for row in rows if row["told_at"]}
        sent = await deliveries(self._connection, {row["channel"] for row in rows}, times)
        return [
            Noted(
                at=row["created_at"],
                route=row["route"],
                channel=row["channel"],
                headline=headline_of(alert_of(row["alert"])),
                fate=Fate(row["state"]),
                why=row["why"],
                due_at=row["due_at"],
                told_at=row["told_at"],
                deliveries=sent.get(row["outbox_key"] or "", ()),
            )
            for row in rows
        ]


def _ahead(now: datetime) -> sa.ColumnElement[bool]:
    return announcement.c.created_at > now + _AHEAD


def _waiting_of(row: sa.RowMapping) -> Waiting:
    return Waiting(
        id=row["id"],
        key=row["key"],
        route=row["route"],
        channel=row["channel"],
        group=row["group_key"],
        subject=row["subject"],
        asset=row["asset"],
        urgency=row["urgency"],
        due_at=row["due_at"],
        at=row["created_at"],
    )
