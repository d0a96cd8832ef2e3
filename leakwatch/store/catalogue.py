"""Assets and their files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.allow import Allow
from leakwatch.model.asset import Asset, AssetFile, AssetId, PieceTable, Stage
from leakwatch.model.finding import OPEN_STATES
from leakwatch.store import mapping
from leakwatch.store.statements import batches, insert_for
from leakwatch.store.tables import (
    announcement,
    asset_file,
    counter,
    finding,
    message_thread,
    outbox,
    piece_table,
    standing,
)
from leakwatch.store.tables import asset as asset_table

_VERSION = "catalogue"
_SEARCHED = "searched:"
_SAID = (outbox.c.finding_id, announcement.c.subject, standing.c.subject, message_thread.c.subject)
"""What was said of a finding, is to be said, or is remembered of what was said, by its id."""


class SqlCatalogue:
    """The registered assets, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def version(self) -> int:
        """A number that grows with every change of the catalogue."""
        found = await self._connection.scalar(sa.select(counter.c.value).where(counter.c.name == _VERSION))
        return int(found or 0)

    async def all(self) -> list[Asset]:
        """Every asset with its files, by id."""
        rows = (
            (await self._connection.execute(sa.select(asset_table).order_by(asset_table.c.id)))
            .mappings()
            .all()
        )
        files: dict[str, list[AssetFile]] = {}
        for row in (
            await self._connection.execute(
                sa.select(asset_file).order_by(asset_file.c.path, asset_file.c.variant)
            )
        ).mappings():
            files.setdefault(row["asset_id"], []).append(mapping.file_of(dict(row)))
        return [mapping.asset_of(dict(row), tuple(files.get(row["id"], ()))) for row in rows]

    async def get(self, asset: AssetId) -> Asset | None:
        """One asset, or None."""
        row = (
            (await self._connection.execute(sa.select(asset_table).where(asset_table.c.id == asset)))
            .mappings()
            .first()
        )
        if row is None:
            return None
        query = (
            sa.select(asset_file)
            .where(asset_file.c.asset_id == asset)
            .order_by(asset_file.c.path, asset_file.c.variant)
        )
        files = (await self._connection.execute(query)).mappings()
        return mapping.asset_of(dict(row), tuple(mapping.file_of(dict(one)) for one in files))

    async def secret(self, assets: Collection[str]) -> list[Asset]:
        """Those of some assets that are under embargo now, without their files."""
        chosen = sa.and_(asset_table.c.id.in_(sorted(assets)), asset_table.c.embargoed)
        rows = await self._connection.execute(sa.select(asset_table).where(chosen))
        return [mapping.asset_of(dict(row), ()) for row in rows.mappings()]

    async def titled(self, title: str) -> list[AssetId]:
        """The assets of exactly this title, by id."""
        query = sa.select(asset_table.c.id).where(asset_table.c.title == title).order_by(asset_table.c.id)
        return [AssetId(one) for one in (await self._connection.execute(query)).scalars()]

    async def allow_lists(self) -> dict[AssetId, tuple[Allow, ...]]:
        """The allow lists that are not empty."""
        columns = asset_table.c.id, asset_table.c.allow
        rows = await self._connection.execute(sa.select(*columns).order_by(asset_table.c.id))
        return {AssetId(row.id): mapping.allow_of(row.allow) for row in rows if row.allow}

    async def dated(self) -> list[Asset]:
        """Assets, without their files, for which something is to happen by itself at some time."""
        waits = sa.or_(asset_table.c.embargo_until.is_not(None), asset_table.c.stage == Stage.SCHEDULED.value)
        rows = await self._connection.execute(sa.select(asset_table).where(waits).order_by(asset_table.c.id))
        return [mapping.asset_of(dict(row), ()) for row in rows.mappings()]

    async def awaited(self) -> list[Asset]:
        """Assets, without their files, that have a release window and an open finding."""
        stage = asset_table.c.stage
        is_open = finding.c.state.in_([one.value for one in OPEN_STATES])
        waits = sa.and_(
            asset_table.c.release_at.is_not(None),
            sa.or_(stage.is_(None), stage == Stage.SCHEDULED.value),
            asset_table.c.id.in_(sa.select(finding.c.asset_id).where(is_open)),
        )
        rows = await self._connection.execute(sa.select(asset_table).where(waits).order_by(asset_table.c.id))
        return [mapping.asset_of(dict(row), ()) for row in rows.mappings()]

    async def save(self, asset: Asset, at: datetime) -> None:
        """Add an asset, or replace the one of the same id with its files."""
        row = mapping.asset_row(asset, at)
        statement = insert_for(self._connection, asset_table).values(row)
        changes = {name: value for name, value in row.items() if name not in ("id", "created_at")}
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changes))
        await self._connection.execute(sa.delete(asset_file).where(asset_file.c.asset_id == asset.id))
        if asset.files:
            await self._connection.execute(
                sa.insert(asset_file), [mapping.file_row(asset.id, f) for f in asset.files]
            )
        await self._save_tables(asset.files)
        await self._connection.execute(sa.delete(counter).where(counter.c.name == f"{_SEARCHED}{asset.id}"))
        await self._forget_tables()
        await self._count()

    async def _save_tables(self, files: Sequence[AssetFile]) -> None:
        """Piece tables belong to content, not to a place: the same file in two assets has one set."""
        for file in files:
            if not file.tables or file.sha256 is None:
                continue
            await self._connection.execute(sa.delete(piece_table).where(piece_table.c.sha256 == file.sha256))
            rows = [
                {
                    "sha256": file.sha256,
                    "piece_length": t.piece_length,
                    "first": t.first,
                    "digests": t.digests,
                }
                for t in file.tables
            ]
            await self._connection.execute(sa.insert(piece_table), rows)

    async def _forget_tables(self) -> None:
        """Tables of files that no asset has any more."""
        known = sa.select(asset_file.c.sha256).where(asset_file.c.sha256 == piece_table.c.sha256)
        await self._connection.execute(sa.delete(piece_table).where(~known.exists()))

    async def with_tables(self, files: Sequence[AssetFile], piece_length: int) -> tuple[AssetFile, ...]:
        """The files, each with its tables of one piece length."""
        found: dict[bytes, list[PieceTable]] = {}
        wanted = sorted({file.sha256 for file in files if file.sha256})
        for batch in batches(wanted):
            query = (
                sa.select(piece_table)
                .where(piece_table.c.sha256.in_(batch), piece_table.c.piece_length == piece_length)
                .order_by(piece_table.c.first)
            )
            for row in (await self._connection.execute(query)).mappings():
                table = PieceTable(row["piece_length"], row["first"], row["digests"])
                found.setdefault(row["sha256"], []).append(table)
        return tuple(replace(file, tables=tuple(found.get(file.sha256 or b"", ()))) for file in files)

    async def unsearched(self) -> list[AssetId]:
        """Assets that were not looked for yet in what is stored, since they were registered or changed."""
        done = sa.select(counter.c.name).where(counter.c.name.like(f"{_SEARCHED}%"))
        names = set((await self._connection.execute(done)).scalars())
        ids = (
            await self._connection.execute(sa.select(asset_table.c.id).order_by(asset_table.c.id))
        ).scalars()
        return [AssetId(one) for one in ids if f"{_SEARCHED}{one}" not in names]

    async def searched(self, asset: AssetId) -> None:
        """An asset was looked for in what is stored."""
        row = {"name": f"{_SEARCHED}{asset}", "value": 1}
        await self._connection.execute(
            insert_for(self._connection, counter).values(row).on_conflict_do_nothing()
        )

    async def remove(self, asset: AssetId) -> bool:
        """Remove an asset with its findings and what was to be said of them; false if there was none."""
        findings = sa.select(finding.c.id).where(finding.c.asset_id == asset)
        for column in _SAID:  # a case has its id again if the asset is registered anew, and is news then
            await self._connection.execute(sa.delete(column.table).where(column.in_(findings)))
        await self._connection.execute(sa.delete(counter).where(counter.c.name == f"{_SEARCHED}{asset}"))
        done = await self._connection.execute(sa.delete(asset_table).where(asset_table.c.id == asset))
        await self._forget_tables()
        await self._count()
        return done.rowcount > 0

    async def _count(self) -> None:
        await count_change(self._connection)


async def count_change(connection: AsyncConnection) -> None:
    """Let everybody who holds the catalogue see that it is another one now."""
    statement = insert_for(connection, counter).values(name=_VERSION, value=1)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"value": counter.c.value + 1})
    )
