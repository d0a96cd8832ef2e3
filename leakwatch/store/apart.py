"""Cases that a person said are two, though they share an artefact."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.asset import AssetId
from leakwatch.model.finding import FindingId
from leakwatch.store.statements import insert_for
from leakwatch.store.tables import kept_apart


class SqlApart:
    """What does not join two cases, in one transaction."""

    _connection: AsyncConnection

    async def keep_apart(
        self, asset: AssetId, pair: tuple[FindingId, FindingId], keys: Iterable[str], actor: str, at: datetime
    ) -> None:
        """Remember that these keys do not join two findings."""
        one, other = sorted(pair)
        told = {"asset_id": asset, "one": one, "other": other, "actor": actor, "at": at}
        rows = [told | {"key": key} for key in dict.fromkeys(keys)]
        if rows:
            insert = insert_for(self._connection, kept_apart).on_conflict_do_nothing()
            await self._connection.execute(insert, rows)

    async def apart(
        self, asset: AssetId, findings: Collection[FindingId]
    ) -> list[tuple[frozenset[FindingId], str]]:
        """Pairs of these findings that are kept apart, each with one key that does not join them."""
        some = sorted(findings)
        query = sa.select(kept_apart).where(
            kept_apart.c.asset_id == asset, kept_apart.c.one.in_(some), kept_apart.c.other.in_(some)
        )
        rows = (await self._connection.execute(query)).mappings()
        return [(frozenset({FindingId(row["one"]), FindingId(row["other"])}), row["key"]) for row in rows]

    async def apart_from(self, asset: AssetId, finding: FindingId) -> list[tuple[FindingId, str]]:
        """What a finding is kept apart from, each with one key that does not join the two."""
        return [(_other(row, finding), row["key"]) for row in await self._apart_from(asset, finding)]

    async def _apart_from(self, asset: AssetId, finding: FindingId) -> list[dict[str, Any]]:
        query = sa.select(kept_apart).where(kept_apart.c.asset_id == asset, _names(finding))
        return [dict(row) for row in (await self._connection.execute(query)).mappings()]

    async def join_again(self, asset: AssetId, older: FindingId, newer: FindingId) -> None:
        """Forget what keeps two findings apart; what keeps the newer one from others holds for the older one now."""
        rows = await self._apart_from(asset, newer)
        forgotten = sa.delete(kept_apart).where(kept_apart.c.asset_id == asset, _names(newer))
        await self._connection.execute(forgotten)
        for row in rows:
            other = _other(row, newer)
            if other != older:
                await self.keep_apart(asset, (older, other), [row["key"]], row["actor"], row["at"])


def _names(finding: FindingId) -> sa.ColumnElement[bool]:
    return sa.or_(kept_apart.c.one == finding, kept_apart.c.other == finding)


def _other(row: Mapping[str, Any], finding: FindingId) -> FindingId:
    return FindingId(row["other"] if row["one"] == finding else row["one"])
