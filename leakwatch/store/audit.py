"""The chain of the audit, one entry after the other."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.audit import AuditEntry, make_entry
from leakwatch.store.statements import batches, insert_for
from leakwatch.store.tables import audit, counter

_CHAIN = "audit"


class SqlAudit:
    """The audit, in one transaction. Whoever appends holds the end of the chain until the transaction ends."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def append(
        self, actor: str, action: str, subject: str, detail: Mapping[str, Any], at: datetime
    ) -> AuditEntry:
        """Add an entry. `actor` is a person, or a part of leakwatch (`leakwatch:crawl`)."""
        return (await self.append_all(actor, action, {subject: detail}, at))[0]

    async def append_all(
        self, actor: str, action: str, told: Mapping[str, Mapping[str, Any]], at: datetime
    ) -> list[AuditEntry]:
        """Add one entry for each subject, all at once."""
        if not told:
            return []
        last = await self._hold()
        made: list[AuditEntry] = []
        for subject, detail in told.items():
            last = make_entry(last, actor, action, subject, detail, at)
            made.append(last)
        rows = [{name: getattr(one, name) for name in AuditEntry.__dataclass_fields__} for one in made]
        for batch in batches(rows):
            await self._connection.execute(sa.insert(audit), batch)
        return made

    async def _hold(self) -> AuditEntry | None:
        """The end of the chain, held until the transaction ends."""
        grown = insert_for(self._connection, counter).values(name=_CHAIN, value=1)
        await self._connection.execute(  # holds the row on PostgreSQL; SQLite has one writer
            grown.on_conflict_do_update(index_elements=["name"], set_={"value": counter.c.value + 1})
        )
        return await self.head()

    async def head(self, but: Sequence[str] = ()) -> AuditEntry | None:
        """The last entry; the last of another action than those in `but`, where any are given."""
        query = sa.select(audit).order_by(audit.c.seq.desc()).limit(1)
        row = (await self._connection.execute(query.where(audit.c.action.not_in(but)))).mappings().first()
        return _entry_of(row) if row else None

    async def entries(
        self, subject: str | None = None, after: int = 0, limit: int = 1000
    ) -> list[AuditEntry]:
        """Entries in order, of one subject or all."""
        query = sa.select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(limit)
        if subject is not None:
            query = query.where(audit.c.subject == subject)
        return [_entry_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def erase(self, names: Collection[str]) -> list[int]:
        """Put what they say out of the entries that have one of these names; answers their numbers. The chain still holds."""
        told = {json.dumps(name)[1:-1].lower() for name in names} | {name.lower() for name in names}
        hits = [sa.func.lower(audit.c.detail).contains(one, autoescape=True) for one in sorted(told)]
        query = sa.select(audit).where(sa.or_(*hits)).order_by(audit.c.seq)
        found = [_entry_of(row) for row in (await self._connection.execute(query)).mappings()]
        for one in found:
            changed = sa.update(audit).where(audit.c.seq == one.seq).values(detail=one.erased().detail)
            await self._connection.execute(changed)
        return [one.seq for one in found]


def _entry_of(row: sa.RowMapping) -> AuditEntry:
    return AuditEntry(**{name: row[name] for name in AuditEntry.__dataclass_fields__})
