"""Swarms that are counted, and their samples."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.finding import QUIET_STATES, FindingId, Verdict
from leakwatch.model.swarm import SampleMethod, SwarmSample, SwarmTask
from leakwatch.store import mapping
from leakwatch.store.proofs import WANTED
from leakwatch.store.statements import batches, insert_for
from leakwatch.store.tables import finding, proof, swarm, swarm_sample
from leakwatch.torrent.infohash import Infohashes

MAX_TRACKERS = 10
_MAX_DUE, _MAX_SAMPLES = 2000, 5000
_COUNTED = (Verdict.PROVED.value, Verdict.LIKELY.value, Verdict.UNKNOWN.value)
_CLOSED = [one.value for one in QUIET_STATES]


def _is_counted() -> sa.ColumnElement[bool]:
    """Whether a swarm belongs to an open finding and was not refuted."""
    return sa.exists().where(
        proof.c.swarm_key == swarm.c.swarm_key,
        sa.or_(proof.c.verdict.in_(_COUNTED), proof.c.state == WANTED),
        finding.c.id == proof.c.finding_id,
        finding.c.state.not_in(_CLOSED),
    )


class SqlSwarms:
    """The swarms of open findings, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def watch(self, infohashes: Infohashes, trackers: Sequence[str], at: datetime) -> None:
        """Count a swarm from now on; trackers that are told of later are added, up to ten."""
        key = infohashes.swarm_keys[0].hex()
        row = {
            "swarm_key": key,
            "infohashes": mapping.infohashes_json(infohashes),
            "trackers": list(trackers)[:MAX_TRACKERS],
            "since": at,
            "next_sample_at": at,
            "failures": 0,
        }
        made = await self._connection.execute(
            insert_for(self._connection, swarm).values(row).on_conflict_do_nothing()
        )
        if made.rowcount or not trackers:
            return
        known = await self._connection.scalar(sa.select(swarm.c.trackers).where(swarm.c.swarm_key == key))
        joined = list(dict.fromkeys([*(known or ()), *trackers]))[:MAX_TRACKERS]
        await self._connection.execute(
            sa.update(swarm).where(swarm.c.swarm_key == key).values(trackers=joined)
        )

    async def due(self, now: datetime) -> list[str]:
        """Keys of swarms to count now: those of open findings that were not refuted."""
        query = (
            sa.select(swarm.c.swarm_key)
            .where(swarm.c.next_sample_at <= now, _is_counted())
            .order_by(swarm.c.next_sample_at)
            .limit(_MAX_DUE)
        )
        return list((await self._connection.execute(query)).scalars())

    async def heard(
        self, site: str, swarm_keys: Sequence[str]
    ) -> dict[str, tuple[datetime, datetime | None]]:
        """Of some swarms those that are counted: since when, and when this index was last heard of them."""
        last = (
            sa.select(sa.func.max(swarm_sample.c.at))
            .where(
                swarm_sample.c.swarm_key == swarm.c.swarm_key,
                swarm_sample.c.method == SampleMethod.INDEX.value,
                swarm_sample.c.source == site,
            )
            .scalar_subquery()
        )
        found: dict[str, tuple[datetime, datetime | None]] = {}
        for batch in batches(list(swarm_keys)):
            query = sa.select(swarm.c.swarm_key, swarm.c.since, last).where(
                swarm.c.swarm_key.in_(batch), _is_counted()
            )
            for key, since, at in (await self._connection.execute(query)).all():
                found[key] = since, at
        return found

    async def get(self, swarm_key: str) -> SwarmTask | None:
        """One swarm."""
        query = sa.select(swarm).where(swarm.c.swarm_key == swarm_key)
        row = (await self._connection.execute(query)).mappings().first()
        if row is None:
            return None
        return SwarmTask(
            swarm_key=row["swarm_key"],
            infohashes=mapping.infohashes_of(row["infohashes"]),
            trackers=tuple(row["trackers"]),
            since=row["since"],
            failures=row["failures"],
        )

    async def findings_of(self, swarm_key: str) -> list[FindingId]:
        """The findings that a swarm belongs to."""
        query = sa.select(proof.c.finding_id).where(proof.c.swarm_key == swarm_key).distinct()
        return [FindingId(one) for one in (await self._connection.execute(query)).scalars()]

    async def keep(
        self, swarm_key: str, samples: Sequence[SwarmSample], next_sample_at: datetime, failures: int
    ) -> None:
        """Record one count by all who answered, and when the next one is due."""
        await self.add(samples)
        changes = {"next_sample_at": next_sample_at, "failures": failures}
        await self._connection.execute(sa.update(swarm).where(swarm.c.swarm_key == swarm_key).values(changes))

    async def add(self, samples: Sequence[SwarmSample]) -> None:
        """Record samples; when the swarms are counted next does not change."""
        rows = [
            {
                "swarm_key": one.swarm_key,
                "at": one.at,
                "method": one.method.value,
                "source": one.source,
                "seeds": one.seeds,
                "leechers": one.leechers,
                "completed": one.completed,
                "error": one.error,
                "origins": dict(one.origins) if one.origins else None,
            }
            for one in samples
        ]
        if rows:
            await self._connection.execute(sa.insert(swarm_sample), rows)

    async def samples(self, finding_id: FindingId) -> list[SwarmSample]:
        """The newest 5,000 samples of a finding's swarms and the one with the most seeds, oldest first."""
        own = sa.select(proof.c.swarm_key).where(
            proof.c.finding_id == finding_id, proof.c.verdict.in_(_COUNTED)
        )
        counted = sa.select(swarm_sample).where(swarm_sample.c.swarm_key.in_(own))
        newest = counted.order_by(swarm_sample.c.at.desc(), swarm_sample.c.id.desc()).limit(_MAX_SAMPLES)
        rows = list((await self._connection.execute(newest)).mappings())
        if len(rows) == _MAX_SAMPLES:
            most = swarm_sample.c.seeds.desc(), swarm_sample.c.at, swarm_sample.c.id
            peak = counted.where(swarm_sample.c.seeds.is_not(None)).order_by(*most).limit(1)
            known = {row["id"] for row in rows}
            rows += [
                row for row in (await self._connection.execute(peak)).mappings() if row["id"] not in known
            ]
        return [
            SwarmSample(
                swarm_key=row["swarm_key"],
                at=row["at"],
                method=SampleMethod(row["method"]),
                source=row["source"],
                seeds=row["seeds"],
                leechers=row["leechers"],
                completed=row["completed"],
                error=row["error"],
                origins=row["origins"],
            )
            for row in reversed(rows)
        ]
