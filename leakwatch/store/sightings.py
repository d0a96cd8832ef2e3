"""Which observations support a finding, and which an allow list hides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.alert import Place
from leakwatch.model.asset import AssetId
from leakwatch.model.author import author_of
from leakwatch.model.finding import FindingId, Match
from leakwatch.model.observation import Observation
from leakwatch.model.place import PlaceClass
from leakwatch.store import mapping
from leakwatch.store.statements import insert_for
from leakwatch.store.tables import finding as finding_table
from leakwatch.store.tables import observation, observed_swarm, sighting, signal, suppressed


class SqlSightings:
    """Sightings with their signals, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def sites_of_assets(self) -> dict[AssetId, frozenset[str]]:
        """On which sites each asset was sighted; drills are no sightings."""
        drills = sa.select(finding_table.c.id).where(finding_table.c.drill)
        query = (
            sa.select(sighting.c.asset_id, sighting.c.site)
            .where(sighting.c.finding_id.not_in(drills))
            .distinct()
        )
        found: dict[AssetId, frozenset[str]] = {}
        for asset, site in (await self._connection.execute(query)).all():
            found[AssetId(asset)] = found.get(AssetId(asset), frozenset()) | {site}
        return found

    async def sighted(
        self, finding: FindingId, swarm_keys: Sequence[str], limit: int = 50
    ) -> list[Observation]:
        """A finding's sightings that name one of these swarms, newest first."""
        named = sa.select(observed_swarm.c.observation_id).where(observed_swarm.c.swarm_key.in_(swarm_keys))
        query = (
            sa.select(observation)
            .join(sighting, sighting.c.observation_id == observation.c.id)
            .where(sighting.c.finding_id == finding, observation.c.id.in_(named))
            .order_by(sighting.c.id.desc())
            .limit(limit)
        )
        return [
            mapping.observation_of(dict(row)) for row in (await self._connection.execute(query)).mappings()
        ]

    async def add_sighting(
        self,
        finding: FindingId,
        observation: int,
        seen: Observation,
        match: Match,
        keys: Sequence[str] = (),
        place: PlaceClass = PlaceClass.OTHER,
    ) -> bool:
        """Attach an observation to a finding, with the artefacts it shows; false if it was attached already."""
        row = {
            "finding_id": finding,
            "observation_id": observation,
            "asset_id": match.asset,
            "site": seen.site,
            "locators": [mapping.shown_locator(one.value) for one in seen.locators],
            "tier": match.tier.value if match.tier else "",
            "score": match.score,
            "seen_at": seen.fetched_at,
            "opened": finding,
            "author": author_of(seen),
            "place": place.value,
            "keys": list(dict.fromkeys(keys)),
        }
        statement = (
            insert_for(self._connection, sighting)
            .values(row)
            .on_conflict_do_nothing()
            .returning(sighting.c.id)
        )
        ident = (await self._connection.execute(statement)).scalar()
        if ident is None:
            return False
        signals = [
            {"sighting_id": ident, "kind": s.kind.value, "detail": s.detail, "weight": s.weight}
            for s in match.signals
        ]
        if signals:
            await self._connection.execute(sa.insert(signal), signals)
        return True

    async def suppress(self, asset: AssetId, observation: int, entry: str, at: datetime) -> bool:
        """Count an observation that an allow list hides; false if it is counted already."""
        row = {"asset_id": asset, "observation_id": observation, "entry": entry, "at": at}
        statement = insert_for(self._connection, suppressed).values(row).on_conflict_do_nothing()
        return (await self._connection.execute(statement)).rowcount > 0

    async def suppressed(self, asset: AssetId) -> list[tuple[str, int, datetime]]:
        """What an asset's allow list has hidden: entry, how many items, when the last one."""
        query = (
            sa.select(suppressed.c.entry, sa.func.count(), sa.func.max(suppressed.c.at))
            .where(suppressed.c.asset_id == asset)
            .group_by(suppressed.c.entry)
            .order_by(suppressed.c.entry)
        )
        return [(entry, count, last) for entry, count, last in (await self._connection.execute(query)).all()]

    async def places(self, finding: FindingId, limit: int = 20) -> list[Place]:
        """Where a finding was seen, newest first."""
        query = (
            sa.select(
                sighting,
                observation.c.url,
                observation.c.title,
                observation.c.published_at,
                observation.c.native_id,
            )
            .join(observation, observation.c.id == sighting.c.observation_id)
            .where(sighting.c.finding_id == finding)
            .order_by(sighting.c.id.desc())
            .limit(limit)
        )
        return [
            Place(
                site=row["site"],
                url=row["url"],
                title=row["title"] or row["native_id"],
                seen_at=row["seen_at"].isoformat(timespec="seconds"),
                published_at=row["published_at"].isoformat(timespec="seconds")
                if row["published_at"]
                else None,
                locators=tuple(row["locators"]),
            )
            for row in (await self._connection.execute(query)).mappings()
        ]

    async def signals(self, finding: FindingId) -> list[tuple[str, str, float]]:
        """Kind, detail and weight of the strongest sighting's signals."""
        strongest = (
            sa.select(sighting.c.id)
            .where(sighting.c.finding_id == finding)
            .order_by(sighting.c.score.desc(), sighting.c.id)
            .limit(1)
        )
        query = sa.select(signal.c.kind, signal.c.detail, signal.c.weight).where(
            signal.c.sighting_id.in_(strongest)
        )
        rows = (await self._connection.execute(query.order_by(signal.c.id))).all()
        return [(kind, detail, weight) for kind, detail, weight in rows]
