"""The torrents whose metadata is wanted or known."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.asset import AssetId
from leakwatch.model.finding import FileTask, FindingId, Proof, ProofTask, Rank, State, Verdict
from leakwatch.store import mapping
from leakwatch.store.named_peers import add_peers, dated, drop_old_peers
from leakwatch.store.statements import insert_for
from leakwatch.store.tables import evidence, finding, observation, observed_swarm, proof, sighting
from leakwatch.store.turns import lines_of
from leakwatch.torrent.infohash import Infohashes

MAX_PROOFS = 50
"""Torrents of one finding whose metadata is looked for: a post may name a thousand magnets."""
MAX_FILES = 10
"""Addresses of .torrent files of one finding that are fetched."""
_MAX_DUE, _MAX_NAMED, _MAX_DIGESTS = 500, 500, 5
WANTED, _DONE = "wanted", "done"


class SqlProofs:
    """Proofs, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def request_proof(
        self,
        finding: FindingId,
        infohashes: Infohashes,
        at: datetime,
        rank: Rank = Rank.REVIEW,
        peers: Sequence[tuple[str, int]] = (),
    ) -> bool:
        """Want the metadata of a torrent; false if it is wanted already, or the finding has too many.

        `peers` that a post named are kept until the metadata is there, and for three days at most.
        """
        key = infohashes.swarm_keys[0].hex()
        if peers:
            same = sa.and_(proof.c.finding_id == finding, proof.c.swarm_key == key, proof.c.state == WANTED)
            await add_peers(self._connection, same, peers, at)
        wanted = sa.select(sa.func.count()).select_from(proof).where(proof.c.finding_id == finding)
        if (await self._connection.scalar(wanted) or 0) >= MAX_PROOFS:
            return False
        row = {
            "finding_id": finding,
            "swarm_key": key,
            "infohashes": mapping.infohashes_json(infohashes),
            "state": WANTED,
            "next_try_at": at,
            "verdict": Verdict.UNKNOWN.value,
            "files": [],
            "rank": int(rank),
            "peers": dated(peers, at),
            "updated_at": at,
        }
        statement = insert_for(self._connection, proof).values(row).on_conflict_do_nothing()
        return (await self._connection.execute(statement)).rowcount > 0

    async def due_proofs(self, now: datetime) -> list[str]:
        """Keys, in hex, of torrents and .torrent files that are wanted now, the most wanted first; at most 500.

        Of those wanted alike each asset on each site has a line of its own, magnets, .torrent files and retries apart,
        and from each line the oldest and the newest come by turns: a flood of one work on one site delays neither other
        works, nor other sites, nor for hours what is posted now.
        """
        lines = lines_of(sa.and_(proof.c.state == WANTED, proof.c.next_try_at <= now))
        turn = sa.case((lines.c.oldest < lines.c.newest, lines.c.oldest), else_=lines.c.newest)
        query = (
            sa.select(lines.c.swarm_key)
            .group_by(lines.c.swarm_key)
            .order_by(sa.func.min(lines.c.rank), sa.func.min(turn), sa.func.min(lines.c.next_try_at))
            .limit(_MAX_DUE)
        )
        return list((await self._connection.execute(query)).scalars())

    async def awaited(self) -> dict[str, int]:
        """How many torrents wait for a look, by what the last one gave ("" before the first), most first."""
        query = (
            sa.select(proof.c.reason, sa.func.count(proof.c.swarm_key.distinct()).label("torrents"))
            .where(proof.c.state == WANTED)
            .group_by(proof.c.reason)
            .order_by(sa.desc("torrents"), proof.c.reason)
        )
        return {row.reason or "": row.torrents for row in await self._connection.execute(query)}

    async def proof_tasks(self, swarm_key: str) -> list[ProofTask]:
        """The open tasks of one swarm."""
        return [
            ProofTask(
                id=row["id"],
                finding=FindingId(row["finding_id"]),
                asset=AssetId(row["asset_id"]),
                infohashes=mapping.infohashes_of(row["infohashes"]),
                attempts=row["attempts"],
                metadata_digest=row["metadata_digest"],
                rank=Rank(row["rank"]),
                peers=tuple((host, port) for host, port, _ in row["peers"]),
            )
            for row in await self._wanted(swarm_key)
            if any(row["infohashes"])
        ]

    async def _wanted(self, key: str) -> list[dict[str, Any]]:
        query = (
            sa.select(proof, finding.c.asset_id)
            .join(finding, finding.c.id == proof.c.finding_id)
            .where(
                proof.c.swarm_key == key,
                proof.c.state == WANTED,
                finding.c.state != State.MERGED.value,
            )
        )
        return [dict(row) for row in (await self._connection.execute(query)).mappings()]

    async def request_file(self, finding: FindingId, url: str, at: datetime, rank: Rank) -> bool:
        """Want the torrent that a .torrent file holds; false if it is wanted already, or the finding has too many."""
        rows = (
            await self._connection.execute(sa.select(proof.c.urls).where(proof.c.finding_id == finding))
        ).all()
        told = {one for (urls,) in rows for one in urls}
        if url in told or len(told) >= MAX_FILES or len(rows) >= MAX_PROOFS:
            return False
        row = {
            "finding_id": finding,
            "swarm_key": _file_key(url),
            "infohashes": [None, None],
            "state": WANTED,
            "next_try_at": at,
            "verdict": Verdict.UNKNOWN.value,
            "files": [],
            "rank": int(rank),
            "urls": [url],
            "updated_at": at,
        }
        await self._connection.execute(sa.insert(proof), [row])
        return True

    async def file_tasks(self, key: str) -> list[FileTask]:
        """The open tasks of one .torrent file."""
        return [
            FileTask(
                id=row["id"],
                finding=FindingId(row["finding_id"]),
                asset=AssetId(row["asset_id"]),
                key=key,
                url=row["urls"][0],
                attempts=row["attempts"],
                rank=Rank(row["rank"]),
            )
            for row in await self._wanted(key)
            if not any(row["infohashes"])
        ]

    async def name_torrent(
        self, task: FileTask, finding: FindingId, infohashes: Infohashes, metadata_digest: str, at: datetime
    ) -> ProofTask | None:
        """Record what torrent a .torrent file holds, and which sightings name it by that.

        Answers the task that it is now; None where the finding knew the torrent and it is judged.
        """
        keys = [key.hex() for key in infohashes.swarm_keys]
        await self._name_sightings(finding, task.url, keys)
        known = sa.select(proof.c.id, proof.c.urls, proof.c.swarm_key).where(
            proof.c.finding_id == finding, proof.c.swarm_key.in_(keys)
        )
        for ident, urls, key in (await self._connection.execute(known)).all():
            await self._connection.execute(sa.delete(proof).where(proof.c.id == task.id))
            changes: dict[str, Any] = {"urls": [*urls, task.url]}
            await self._connection.execute(sa.update(proof).where(proof.c.id == ident).values(changes))
            return next((one for one in await self.proof_tasks(key) if one.id == ident), None)
        changes = {
            "swarm_key": keys[0],
            "infohashes": mapping.infohashes_json(infohashes),
            "attempts": 0,
            "reason": None,
            "metadata_digest": metadata_digest,
            "updated_at": at,
        }
        await self._connection.execute(sa.update(proof).where(proof.c.id == task.id).values(changes))
        return next((one for one in await self.proof_tasks(keys[0]) if one.id == task.id), None)

    async def _name_sightings(self, finding: FindingId, url: str, keys: Sequence[str]) -> None:
        query = (
            sa.select(sighting.c.observation_id, sighting.c.locators)
            .where(sighting.c.finding_id == finding)
            .order_by(sighting.c.id.desc())
            .limit(_MAX_NAMED)
        )
        rows = [
            {"swarm_key": key, "observation_id": ident}
            for ident, locators in (await self._connection.execute(query)).all()
            if url in locators
            for key in keys
        ]
        if rows:
            insert = insert_for(self._connection, observed_swarm).on_conflict_do_nothing()
            await self._connection.execute(insert, rows)

    async def metadata_digests(self, swarm_keys: Sequence[str]) -> list[str]:
        """Evidence that may be the metadata of one of these swarms: of other findings, or heard in the DHT."""
        judged = (
            sa.select(proof.c.metadata_digest)
            .where(proof.c.swarm_key.in_(swarm_keys), proof.c.metadata_digest.is_not(None))
            .distinct()
            .limit(_MAX_DIGESTS)
        )
        heard = (
            sa.select(evidence.c.digest)
            .join(observation, observation.c.evidence == evidence.c.digest)
            .join(observed_swarm, observed_swarm.c.observation_id == observation.c.id)
            .where(observed_swarm.c.swarm_key.in_(swarm_keys), evidence.c.parser.startswith("dht/"))
            .distinct()
            .limit(_MAX_DIGESTS)
        )
        found = [
            one for query in (judged, heard) for one in (await self._connection.execute(query)).scalars()
        ]
        return list(dict.fromkeys(found))

    async def proofs(self, finding: FindingId) -> list[Proof]:
        """What was found out about the torrents of a finding."""
        query = sa.select(proof).where(proof.c.finding_id == finding).order_by(proof.c.id)
        return [mapping.proof_of(dict(row)) for row in (await self._connection.execute(query)).mappings()]

    async def drop_doubles(self, older: FindingId, newer: FindingId) -> None:
        """Of a torrent that two cases have, which are to be one, keep the proof that was judged, else the older one's."""
        query = sa.select(proof.c.id, proof.c.finding_id, proof.c.swarm_key, proof.c.state).where(
            proof.c.finding_id.in_([older, newer])
        )
        first: dict[str, tuple[int, str]] = {}
        rows = (await self._connection.execute(query)).all()
        for ident, _, key, state in sorted(rows, key=lambda row: row.finding_id != older):
            if key not in first:
                first[key] = ident, state
                continue
            kept, its_state = first[key]
            gone = kept if (its_state, state) == (WANTED, _DONE) else ident
            await self._connection.execute(sa.delete(proof).where(proof.c.id == gone))

    async def close_proof(
        self,
        task: ProofTask | FileTask,
        proof_made: Proof,
        metadata_digest: str | None,
        at: datetime,
        again_at: datetime | None = None,
    ) -> FindingId | None:
        """Record the verdict on one torrent, which is final unless it is judged again at `again_at`.

        Answers the finding it belongs to now: cases may have been merged.
        """
        changes: dict[str, Any] = {
            "state": WANTED if again_at else _DONE,
            "attempts": _attempts(task, metadata_digest),
            "verdict": proof_made.verdict.value,
            "method": proof_made.method,
            "reason": proof_made.reason,
            "files": [asdict(one) for one in proof_made.files],
            "error": proof_made.error,
            "variant": asdict(proof_made.variant) if proof_made.variant else None,
            "fake": asdict(proof_made.fake) if proof_made.fake else None,
            "metadata_digest": metadata_digest,
            "peers": [],
            "updated_at": at,
        }
        if again_at:
            changes["next_try_at"] = again_at
        await self._connection.execute(sa.update(proof).where(proof.c.id == task.id).values(changes))
        return await self._connection.scalar(sa.select(proof.c.finding_id).where(proof.c.id == task.id))

    async def put_off_proof(
        self,
        task: ProofTask | FileTask,
        next_try_at: datetime,
        reason: str,
        at: datetime,
        metadata_digest: str | None = None,
    ) -> None:
        """Record a failed attempt, when the next one is due, and the metadata where that is there."""
        changes: dict[str, Any] = {
            "attempts": task.attempts + 1,
            "next_try_at": next_try_at,
            "reason": reason,
            "updated_at": at,
        }
        if metadata_digest:
            changes |= {"attempts": _attempts(task, metadata_digest), "metadata_digest": metadata_digest}
            changes["peers"] = []
        await drop_old_peers(self._connection, proof.c.id == task.id, at)
        await self._connection.execute(sa.update(proof).where(proof.c.id == task.id).values(changes))


def _attempts(task: ProofTask | FileTask, metadata_digest: str | None) -> int:
    """Looks for the metadata, or where it is there, judgements on it."""
    is_first = isinstance(task, ProofTask) and task.metadata_digest != metadata_digest
    return 1 if is_first else task.attempts + 1


def _file_key(url: str) -> str:
    """What stands for a .torrent file until its torrent is known; as long as the key of a swarm, and never one."""
    return hashlib.sha256(b"torrent file\0" + url.encode()).hexdigest()[:40]
