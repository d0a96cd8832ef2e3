"""Evidence records and the torrents whose metadata is wanted or known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.asset import AssetId
from leakwatch.model.finding import FindingId, Proof, ProofTask, Rank, State, Verdict
from leakwatch.sources._kind import Payload
from leakwatch.store import mapping
from leakwatch.store.statements import insert_for
from leakwatch.store.tables import evidence, finding, observation, observed_swarm, proof, sighting
from leakwatch.torrent.infohash import Infohashes

MAX_PROOFS = 50
"""Torrents of one finding whose metadata is looked for: a post may name a thousand magnets."""
_MAX_DUE = 500
_WANTED, _DONE = "wanted", "done"
_KEPT_HEADERS = frozenset(
    {"content-type", "content-length", "date", "etag", "last-modified", "server", "content-encoding"}
)


class SqlProofs:
    """Evidence and proofs, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep_evidence(self, digest: str, payload: Payload, site: str, parser: str) -> None:
        """Record what a piece of evidence is: address, status, headers, time, parser."""
        row = {
            "digest": digest,
            "site": site,
            "url": payload.url,
            "status": payload.status,
            "headers": {name: value for name, value in payload.headers.items() if name in _KEPT_HEADERS},
            "captured_at": payload.fetched_at,
            "parser": parser,
        }
        await self._connection.execute(
            insert_for(self._connection, evidence).values(row).on_conflict_do_nothing()
        )

    async def request_proof(
        self, finding: FindingId, infohashes: Infohashes, at: datetime, rank: Rank = Rank.REVIEW
    ) -> bool:
        """Want the metadata of a torrent; false if it is wanted already, or the finding has too many."""
        wanted = sa.select(sa.func.count()).select_from(proof).where(proof.c.finding_id == finding)
        if (await self._connection.scalar(wanted) or 0) >= MAX_PROOFS:
            return False
        row = {
            "finding_id": finding,
            "swarm_key": infohashes.swarm_keys[0].hex(),
            "infohashes": mapping.infohashes_json(infohashes),
            "state": _WANTED,
            "next_try_at": at,
            "verdict": Verdict.UNKNOWN.value,
            "files": [],
            "rank": int(rank),
            "updated_at": at,
        }
        statement = insert_for(self._connection, proof).values(row).on_conflict_do_nothing()
        return (await self._connection.execute(statement)).rowcount > 0

    async def due_proofs(self, now: datetime) -> list[str]:
        """Swarm keys, in hex, whose metadata is wanted now, the most wanted first; of very many the first 500."""
        query = (
            sa.select(proof.c.swarm_key)
            .where(proof.c.state == _WANTED, proof.c.next_try_at <= now)
            .group_by(proof.c.swarm_key)
            .order_by(sa.func.min(proof.c.rank), sa.func.min(proof.c.next_try_at))
            .limit(_MAX_DUE)
        )
        return list((await self._connection.execute(query)).scalars())

    async def proof_tasks(self, swarm_key: str) -> list[ProofTask]:
        """The open tasks of one swarm."""
        query = (
            sa.select(proof, finding.c.asset_id)
            .join(finding, finding.c.id == proof.c.finding_id)
            .where(
                proof.c.swarm_key == swarm_key,
                proof.c.state == _WANTED,
                finding.c.state != State.MERGED.value,
            )
        )
        return [
            ProofTask(
                id=row["id"],
                finding=FindingId(row["finding_id"]),
                asset=AssetId(row["asset_id"]),
                infohashes=mapping.infohashes_of(row["infohashes"]),
                attempts=row["attempts"],
                metadata_digest=row["metadata_digest"],
                rank=Rank(row["rank"]),
            )
            for row in (await self._connection.execute(query)).mappings()
        ]

    async def torrent_urls(self, finding: FindingId, swarm_keys: Sequence[str], limit: int = 3) -> list[str]:
        """Addresses of .torrent files that a finding's sightings give for one of these swarms, newest first."""
        query = (
            sa.select(observation.c.facts)
            .join(sighting, sighting.c.observation_id == observation.c.id)
            .join(observed_swarm, observed_swarm.c.observation_id == observation.c.id)
            .where(sighting.c.finding_id == finding, observed_swarm.c.swarm_key.in_(swarm_keys))
            .order_by(sighting.c.id.desc())
            .limit(50)
        )
        facts = (await self._connection.execute(query)).scalars()
        urls = (told.get("torrent_url") for told in facts)
        return list(dict.fromkeys(url for url in urls if url))[:limit]

    async def proofs(self, finding: FindingId) -> list[Proof]:
        """What was found out about the torrents of a finding."""
        query = sa.select(proof).where(proof.c.finding_id == finding).order_by(proof.c.id)
        return [mapping.proof_of(dict(row)) for row in (await self._connection.execute(query)).mappings()]

    async def close_proof(
        self, task: ProofTask, proof_made: Proof, metadata_digest: str, at: datetime
    ) -> FindingId | None:
        """Record the verdict on one torrent; answers the finding it belongs to now: cases may have been merged."""
        changes = {
            "state": _DONE,
            "attempts": task.attempts + 1,
            "verdict": proof_made.verdict.value,
            "method": proof_made.method,
            "reason": proof_made.reason,
            "files": [asdict(one) for one in proof_made.files],
            "error": proof_made.error,
            "variant": asdict(proof_made.variant) if proof_made.variant else None,
            "fake": asdict(proof_made.fake) if proof_made.fake else None,
            "metadata_digest": metadata_digest,
            "updated_at": at,
        }
        await self._connection.execute(sa.update(proof).where(proof.c.id == task.id).values(changes))
        return await self._connection.scalar(sa.select(proof.c.finding_id).where(proof.c.id == task.id))

    async def put_off_proof(self, task: ProofTask, next_try_at: datetime, reason: str, at: datetime) -> None:
        """Record a failed attempt and when the next one is due."""
        changes = {
            "attempts": task.attempts + 1,
            "next_try_at": next_try_at,
            "reason": reason,
            "updated_at": at,
        }
        await self._connection.execute(sa.update(proof).where(proof.c.id == task.id).values(changes))
