"""Pictures of pages that were kept: wanted, made, or not."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.evidence import Capture, Screenshot
from leakwatch.model.finding import FindingId
from leakwatch.store.parts import parts_of
from leakwatch.store.statements import insert_for
from leakwatch.store.tables import screenshot

_WAITING, _MADE, _FAILED = "waiting", "made", "failed"
_MAX_OF_FINDING = 20
"""Pages of one finding that are drawn: whoever edits a post without end must not keep the browser busy."""
_FIELDS = tuple(name for name in Screenshot.__dataclass_fields__ if name != "finding")


class SqlScreenshots:
    """Pictures, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def want(self, findings: Collection[FindingId], page: Capture) -> None:
        """Have a page drawn for these findings; nothing where that is wanted or done already."""
        of = {"digest": page.digest, "site": page.site, "url": page.url, "captured_at": page.captured_at}
        for ident in sorted(findings):
            count = sa.select(sa.func.count()).where(screenshot.c.finding_id == ident)
            if (await self._connection.scalar(count) or 0) < _MAX_OF_FINDING:
                row = of | {"finding_id": ident, "state": _WAITING}
                wanted = insert_for(self._connection, screenshot).values(row).on_conflict_do_nothing()
                await self._connection.execute(wanted)

    async def due(self, limit: int) -> list[Screenshot]:
        """Pages that are to be drawn, the newest first, each once whatever number of findings want it."""
        query = sa.select(screenshot).where(screenshot.c.state == _WAITING).order_by(screenshot.c.id.desc())
        pages: dict[tuple[str, str], Screenshot] = {}
        for row in (await self._connection.execute(query.limit(10 * limit))).mappings():
            pages.setdefault((row["digest"], row["site"]), _shot_of(row))
        return list(pages.values())[:limit]

    async def wanted_by(self, one: Screenshot) -> list[FindingId]:
        """All findings that a page belongs to, drawn for them or not."""
        query = sa.select(screenshot.c.finding_id).where(*_of_page(one)).distinct()
        return [FindingId(ident) for ident in (await self._connection.execute(query)).scalars()]

    async def close(self, one: Screenshot, picture: str | None, why: str | None, at: datetime) -> None:
        """Record for all findings that want it that a page was drawn, or why not."""
        told = {"state": _MADE if picture else _FAILED, "picture": picture, "why": why, "done_at": at}
        waiting = sa.update(screenshot).where(*_of_page(one), screenshot.c.state == _WAITING)
        await self._connection.execute(waiting.values(**told))

    async def of(self, ident: FindingId) -> list[Screenshot]:
        """The pictures of a finding's pages, also of cases that became part of it, oldest first."""
        mine = sa.or_(screenshot.c.finding_id == ident, screenshot.c.finding_id.in_(parts_of(ident)))
        query = sa.select(screenshot).where(mine).order_by(screenshot.c.captured_at, screenshot.c.id)
        return [_shot_of(row) for row in (await self._connection.execute(query)).mappings()]


def _of_page(one: Screenshot) -> tuple[sa.ColumnElement[bool], ...]:
    return screenshot.c.digest == one.digest, screenshot.c.site == one.site


def _shot_of(row: sa.RowMapping) -> Screenshot:
    return Screenshot(finding=FindingId(row["finding_id"]), **{name: row[name] for name in _FIELDS})
