"""Notices and their history, and the places of a finding as notices need them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.finding import EXACT_SIGNALS, FindingId, SignalKind
from leakwatch.model.notice import Notice, NoticeEvent, NoticeId, NoticeState, SignOff, Spot
from leakwatch.store.mapping import origin_from
from leakwatch.store.statements import batches, insert_for
from leakwatch.store.tables import notice, notice_event, observation, sighting, signal

_MAX_FILES = 200
_DIGESTS = [one.value for one in EXACT_SIGNALS if one is not SignalKind.INFOHASH]
_PLAIN = tuple(
    "addressee subject body drafted_by drafted_at detail submitted_at removed_at deadline_at next_check_at".split()
)


class SqlNotices:
    """Notices, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save(self, changed: Notice) -> None:
        """Add a notice, or replace the one of this id."""
        row: dict[str, Any] = {name: getattr(changed, name) for name in _PLAIN}
        row |= {"id": changed.id, "finding_id": changed.finding, "host": changed.host}
        row |= {"state": changed.state.value, "detail": dict(changed.detail)}
        row["signoffs"] = [
            {"by": one.by, "at": one.at.isoformat(), "digest": one.digest} for one in changed.signoffs
        ]
        statement = insert_for(self._connection, notice).values(row)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))

    async def get(self, ident: NoticeId, *, lock: bool = False) -> Notice | None:
        """One notice; with `lock` nobody else changes it until the transaction ends."""
        query = sa.select(notice).where(notice.c.id == ident)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).mappings().first()
        return _notice_of(row) if row else None

    async def list(self, finding: FindingId | None = None, limit: int = 1000) -> list[Notice]:
        """The notices, of one finding or all, newest first."""
        query = sa.select(notice).order_by(notice.c.drafted_at.desc(), notice.c.id).limit(limit)
        if finding is not None:
            query = query.where(notice.c.finding_id == finding)
        return [_notice_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def due(self, now: datetime, limit: int = 50) -> list[NoticeId]:
        """Notices whose addresses are to be looked at now, the longest due first."""
        query = sa.select(notice.c.id).where(notice.c.next_check_at <= now)
        query = query.order_by(notice.c.next_check_at, notice.c.id).limit(limit)
        return [NoticeId(one) for one in (await self._connection.execute(query)).scalars()]

    async def later(self, now: datetime, limit: int = 1000) -> list[Notice]:
        """Notices whose addresses are to be looked at after now."""
        query = sa.select(notice).where(notice.c.next_check_at > now).order_by(notice.c.id).limit(limit)
        return [_notice_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def add_event(self, event: NoticeEvent) -> None:
        """Append to a notice's history."""
        row = {"notice_id": event.notice, "at": event.at, "actor": event.actor}
        row |= {"kind": event.kind, "detail": dict(event.detail)}
        await self._connection.execute(sa.insert(notice_event), [row])

    async def events(self, ident: NoticeId) -> list[NoticeEvent]:
        """A notice's history, oldest first."""
        query = sa.select(notice_event).where(notice_event.c.notice_id == ident).order_by(notice_event.c.id)
        return [
            NoticeEvent(
                notice=ident, at=row["at"], actor=row["actor"], kind=row["kind"], detail=row["detail"]
            )
            for row in (await self._connection.execute(query)).mappings()
        ]

    async def spots(self, finding: FindingId, limit: int = 5000) -> list[Spot]:
        """Where a finding was seen, oldest first, with files, digests that agree, and evidence."""
        query = (
            sa.select(
                sighting.c.id.label("sighting_id"), sighting.c.locators, sighting.c.seen_at, observation
            )
            .join(observation, observation.c.id == sighting.c.observation_id)
            .where(sighting.c.finding_id == finding)
            .order_by(sighting.c.seen_at, sighting.c.id)
            .limit(limit)
        )
        rows = [dict(row) for row in (await self._connection.execute(query)).mappings()]
        agrees = await self._agreeing([row["sighting_id"] for row in rows])
        return [_spot_of(row, agrees.get(row["sighting_id"], ())) for row in rows]

    async def _agreeing(self, sightings: list[int]) -> dict[int, tuple[str, ...]]:
        found: dict[int, tuple[str, ...]] = {}
        for batch in batches(sightings):
            query = sa.select(signal.c.sighting_id, signal.c.kind).where(
                signal.c.sighting_id.in_(batch), signal.c.kind.in_(_DIGESTS), signal.c.weight > 0
            )
            for ident, kind in (await self._connection.execute(query.order_by(signal.c.id))).all():
                found[ident] = (*found.get(ident, ()), kind)
        return found


def _notice_of(row: sa.RowMapping) -> Notice:
    told = {name: row[name] for name in _PLAIN}
    return Notice(
        id=NoticeId(row["id"]),
        finding=FindingId(row["finding_id"]),
        host=row["host"] or "",
        state=NoticeState(row["state"]),
        signoffs=tuple(
            SignOff(by=one["by"], at=datetime.fromisoformat(one["at"]), digest=one["digest"])
            for one in row["signoffs"]
        ),
        **told,
    )


def _spot_of(row: dict[str, Any], agrees: tuple[str, ...]) -> Spot:
    files = [one["path"] for one in row["facts"].get("files", ()) if one.get("path")]
    return Spot(
        site=row["site"],
        native_id=row["native_id"],
        title=row["title"] or "",
        url=row["url"],
        author=row["author"],
        seen_at=row["seen_at"],
        locators=tuple(row["locators"]),
        files=tuple(files[:_MAX_FILES]),
        agrees=agrees,
        evidence=row["evidence"],
        origin=origin_from(row["facts"]),
    )
