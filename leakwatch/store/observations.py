"""What sources showed, each thing once."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.asset import AssetId
from leakwatch.model.finding import FindingId
from leakwatch.model.observation import Observation
from leakwatch.store import mapping
from leakwatch.store.statements import batches, insert_for
from leakwatch.store.tables import observation, observed_swarm, sighting

_MAX_LOOKED_BACK = 200


class SqlObservations:
    """Observations and the swarms that they name, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def unseen(self, observations: Sequence[Observation]) -> tuple[list[Observation], frozenset[str]]:
        """Of a site's items those whose (native_id, content digest) is not stored yet, and the native ids that are known.

        Repeats within the list count once.
        """
        wanted = {f"{one.native_id}\n{one.content_digest}": one for one in observations}
        known: set[str] = set()
        for batch in batches(list(wanted.values())):
            query = sa.select(observation.c.native_id, observation.c.content_digest).where(
                observation.c.site == batch[0].site,
                observation.c.native_id.in_({one.native_id for one in batch}),
            )
            for native_id, digest in (await self._connection.execute(query)).all():
                wanted.pop(f"{native_id}\n{digest}", None)
                known.add(native_id)
        return list(wanted.values()), frozenset(known)

    async def known_items(self, site: str, native_ids: Sequence[str]) -> frozenset[str]:
        """Which of these items were seen on the site before."""
        found: set[str] = set()
        for batch in batches(list(native_ids)):
            query = sa.select(observation.c.native_id).where(
                observation.c.site == site, observation.c.native_id.in_(batch)
            )
            found |= set((await self._connection.execute(query.distinct())).scalars())
        return frozenset(found)

    async def store(self, observations: Sequence[Observation]) -> dict[str, int]:
        """Store observations; answers the row id of each by its key (native_id, newline, content digest)."""
        if not observations:
            return {}
        rows = [mapping.observation_row(one) for one in observations]
        await self._connection.execute(
            insert_for(self._connection, observation).on_conflict_do_nothing(), rows
        )
        ids: dict[str, int] = {}
        for batch in batches(rows):
            query = sa.select(observation.c.id, observation.c.native_id, observation.c.content_digest).where(
                observation.c.site == batch[0]["site"],
                observation.c.native_id.in_({row["native_id"] for row in batch}),
            )
            for ident, native_id, digest in (await self._connection.execute(query)).all():
                ids[f"{native_id}\n{digest}"] = ident
        await self._index_swarms(observations, ids)
        return ids

    async def _index_swarms(self, observations: Sequence[Observation], ids: dict[str, int]) -> None:
        rows = [
            {"swarm_key": key.hex(), "observation_id": ids[f"{one.native_id}\n{one.content_digest}"]}
            for one in observations
            for key in dict.fromkeys(
                k for where in one.locators if where.infohashes for k in where.infohashes.swarm_keys
            )
        ]
        if rows:
            insert = insert_for(self._connection, observed_swarm).on_conflict_do_nothing()
            await self._connection.execute(insert, rows)

    async def unsighted(self, asset: AssetId, swarm_keys: Sequence[str]) -> list[tuple[int, Observation]]:
        """Stored observations that name one of these swarms and support no finding of the asset yet."""
        sighted = sa.select(sighting.c.observation_id).where(sighting.c.asset_id == asset)
        found: dict[int, Observation] = {}
        for batch in batches(list(swarm_keys)):
            query = (
                sa.select(observation)
                .join(observed_swarm, observed_swarm.c.observation_id == observation.c.id)
                .where(observed_swarm.c.swarm_key.in_(batch), observation.c.id.not_in(sighted))
                .order_by(observation.c.id)
                .limit(_MAX_LOOKED_BACK)
            )
            for row in (await self._connection.execute(query)).mappings():
                found[row["id"]] = mapping.observation_of(dict(row))
        return list(found.items())

    async def of_finding(self, finding: FindingId, limit: int) -> list[Observation]:
        """What supports a finding, oldest first."""
        query = (
            sa.select(observation)
            .join(sighting, sighting.c.observation_id == observation.c.id)
            .where(sighting.c.finding_id == finding)
            .order_by(observation.c.id)
            .limit(limit)
        )
        return [
            mapping.observation_of(dict(row)) for row in (await self._connection.execute(query)).mappings()
        ]

    async def stored(self, before: int, limit: int) -> list[tuple[int, Observation]]:
        """Stored observations with a row id below `before`, newest first."""
        query = sa.select(observation).where(observation.c.id < before).order_by(observation.c.id.desc())
        rows = (await self._connection.execute(query.limit(limit))).mappings()
        return [(row["id"], mapping.observation_of(dict(row))) for row in rows]
