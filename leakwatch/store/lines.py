"""Lists in batches, each found by the key after the last one: memory does not grow with their length."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import FindingId, Proof, Severity, State
from leakwatch.model.lines import MOST_SIGHTINGS, EventLine, FindingLine, SeenOn, SightingLine, Wanted
from leakwatch.model.observation import ObservedFile
from leakwatch.store import mapping
from leakwatch.store.tables import asset, finding, finding_event, observation, proof, sighting
from leakwatch.torrent.infohash import Infohashes

_BATCH = 500
_MOST_TORRENTS, _MOST_FILES = 20, 20
_ASSET = [asset.c[name].label(f"asset_{name}") for name in ("title", "codename", "embargoed")]
_OBSERVED = ("native_id", "title", "url", "published_at", "facts", "evidence")
_HASHES = ("sha256", "sha1", "md5")


class SqlLines:
    """Findings, sightings and events in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def findings(
        self, wanted: Wanted, *, by_asset: bool = False
    ) -> AsyncIterator[Sequence[FindingLine]]:
        """Findings in the order of their ids, or by asset and opening time."""
        query = sa.select(finding, *_ASSET).join(asset, asset.c.id == finding.c.asset_id)
        query = query.where(*_of(wanted, finding.c.updated_at))
        order = (finding.c.asset_id, finding.c.opened_at, finding.c.id) if by_asset else (finding.c.id,)
        async for rows in self._pages(query, order):
            yield await self._with_more(rows)

    async def sightings(self, wanted: Wanted) -> AsyncIterator[Sequence[SightingLine]]:
        """Sightings in the order in which they came."""
        query = _sightings().where(*_of(wanted, sighting.c.seen_at))
        async for rows in self._pages(query, (sighting.c.id,)):
            yield [_sighting_of(row) for row in rows]

    async def events(self, wanted: Wanted) -> AsyncIterator[Sequence[EventLine]]:
        """Events in the order in which they came."""
        query = (
            sa.select(finding_event, finding.c.asset_id, *_ASSET)
            .join(finding, finding.c.id == finding_event.c.finding_id)
            .join(asset, asset.c.id == finding.c.asset_id)
            .where(*_of(wanted, finding_event.c.at))
        )
        async for rows in self._pages(query, (finding_event.c.id,)):
            yield [EventLine(id=r["id"], asset=_asset_of(r), event=mapping.event_of(r)) for r in rows]

    async def newest(self, wanted: Wanted) -> datetime | None:
        """When a finding that is wanted changed last."""
        query = sa.select(sa.func.max(finding.c.updated_at)).where(*_of(wanted, finding.c.updated_at))
        return await self._connection.scalar(query)

    async def _pages(
        self, query: sa.Select[Any], order: Sequence[sa.Column[Any]]
    ) -> AsyncIterator[list[dict[str, Any]]]:
        after: list[Any] | None = None
        while True:
            page = query.order_by(*order).limit(_BATCH)
            if after is not None:
                page = page.where(_beyond(order, after))
            rows = [dict(row) for row in (await self._connection.execute(page)).mappings()]
            if not rows:
                return
            yield rows
            after = [rows[-1][column.name] for column in order]

    async def _with_more(self, rows: Sequence[Mapping[str, Any]]) -> list[FindingLine]:
        ids = [row["id"] for row in rows]
        seen, newest, torrents = await self._seen_on(ids), await self._newest(ids), await self._torrents(ids)
        return [
            FindingLine(
                finding=mapping.finding_of(
                    row,
                    frozenset(seen.get(row["id"], {})),
                    sum(one.count for one in seen.get(row["id"], {}).values()),
                ),
                asset=_asset_of(row),
                sightings=tuple(newest.get(row["id"], ())),
                seen_on=seen.get(row["id"], {}),
                torrents=tuple(torrents.get(row["id"], ())),
            )
            for row in rows
        ]

    async def _seen_on(self, ids: Sequence[str]) -> dict[str, dict[str, SeenOn]]:
        at = sighting.c.seen_at
        query = (
            sa.select(
                sighting.c.finding_id, sighting.c.site, sa.func.count(), sa.func.min(at), sa.func.max(at)
            )
            .where(sighting.c.finding_id.in_(ids))
            .group_by(sighting.c.finding_id, sighting.c.site)
            .order_by(sighting.c.site)
        )
        found: dict[str, dict[str, SeenOn]] = {}
        for ident, site, count, first, last in (await self._connection.execute(query)).all():
            found.setdefault(ident, {})[site] = SeenOn(count, first, last)
        return found

    async def _newest(self, ids: Sequence[str]) -> dict[str, list[SightingLine]]:
        number = sa.func.row_number().over(partition_by=sighting.c.finding_id, order_by=sighting.c.id.desc())
        numbered = (
            sa.select(sighting.c.id, number.label("number")).where(sighting.c.finding_id.in_(ids)).subquery()
        )
        query = (
            _sightings()
            .join(numbered, numbered.c.id == sighting.c.id)
            .where(numbered.c.number <= MOST_SIGHTINGS)
            .order_by(sighting.c.id.desc())
        )
        found: dict[str, list[SightingLine]] = {}
        for row in (await self._connection.execute(query)).mappings():
            found.setdefault(row["finding_id"], []).append(_sighting_of(dict(row)))
        return found

    async def _torrents(self, ids: Sequence[str]) -> dict[str, list[tuple[Infohashes, Proof]]]:
        query = sa.select(proof).where(proof.c.finding_id.in_(ids)).order_by(proof.c.id)
        found: dict[str, list[tuple[Infohashes, Proof]]] = {}
        for row in (await self._connection.execute(query)).mappings():
            some = found.setdefault(row["finding_id"], [])
            if any(row["infohashes"]) and len(some) < _MOST_TORRENTS:
                some.append((mapping.infohashes_of(row["infohashes"]), mapping.proof_of(dict(row))))
        return found


def _sightings() -> sa.Select[Any]:
    return (
        sa.select(
            sighting,
            *(observation.c[name].label(f"of_{name}") for name in _OBSERVED),
            *_ASSET,
        )
        .join(observation, observation.c.id == sighting.c.observation_id)
        .join(finding, finding.c.id == sighting.c.finding_id)
        .join(asset, asset.c.id == sighting.c.asset_id)
    )


def _of(wanted: Wanted, time: sa.Column[Any]) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [~finding.c.drill]
    if wanted.since:
        found.append(time >= wanted.since)
    if wanted.assets:
        found.append(finding.c.asset_id.in_(wanted.assets))
    if wanted.states:
        found.append(finding.c.state.in_([one.value for one in wanted.states]))
    else:
        found.append(finding.c.state != State.MERGED.value)
    if wanted.least:
        found.append(finding.c.severity.in_([one.value for one in Severity if one.rank >= wanted.least.rank]))
    return found


def _beyond(order: Sequence[sa.Column[Any]], after: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Rows that come after one with these values."""
    column, value = order[0], after[0]
    if len(order) == 1:
        return column > value
    return sa.or_(column > value, sa.and_(column == value, _beyond(order[1:], after[1:])))


def _asset_of(row: Mapping[str, Any]) -> Asset:
    """What is needed to call an asset by its name, or by another one."""
    return Asset(
        id=AssetId(row["asset_id"]),
        title=row["asset_title"],
        codename=row["asset_codename"],
        embargoed=row["asset_embargoed"],
    )


def _sighting_of(row: Mapping[str, Any]) -> SightingLine:
    told = row["of_facts"].get("files", ())
    files = [ObservedFile(**one) for one in told if any(one.get(name) for name in _HASHES)]
    return SightingLine(
        id=row["id"],
        finding=FindingId(row["finding_id"]),
        asset=_asset_of(row),
        site=row["site"],
        place=row["place"] or "other",
        native_id=row["of_native_id"],
        title=row["of_title"],
        url=row["of_url"],
        author=row["author"],
        tier=row["tier"],
        score=row["score"],
        seen_at=row["seen_at"],
        published_at=row["of_published_at"],
        locators=tuple(row["locators"]),
        evidence=row["of_evidence"],
        files=tuple(files[:_MOST_FILES]),
    )
