"""Torrents that are to be judged, and the verdicts, as the shell needs them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from leakwatch.model.finding import FileTask, FindingId, Proof, ProofTask, Rank
from leakwatch.torrent.infohash import Infohashes


class Proofs(Protocol):
    """Torrents whose metadata is wanted or known."""

    async def metadata_digests(self, swarm_keys: Sequence[str]) -> list[str]:
        """Evidence that may be the metadata of one of these swarms: of other findings, or heard in the DHT."""
        ...

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
        ...

    async def request_file(self, finding: FindingId, url: str, at: datetime, rank: Rank) -> bool:
        """Want the torrent that a .torrent file holds; false if it is wanted already, or the finding has too many."""
        ...

    async def file_tasks(self, key: str) -> list[FileTask]:
        """The open tasks of one .torrent file."""
        ...

    async def name_torrent(
        self, task: FileTask, finding: FindingId, infohashes: Infohashes, metadata_digest: str, at: datetime
    ) -> ProofTask | None:
        """Record what torrent a .torrent file holds, and which sightings name it by that.

        Answers the task that it is now; None where the finding knew the torrent and it is judged.
        """
        ...

    async def due_proofs(self, now: datetime) -> list[str]:
        """Keys, in hex, of torrents and .torrent files that are wanted now, the most wanted first; at most 500."""
        ...

    async def awaited(self) -> dict[str, int]:
        """How many torrents wait for a look, by what the last one gave ("" before the first), most first."""
        ...

    async def proof_tasks(self, swarm_key: str) -> list[ProofTask]:
        """The open tasks of one swarm."""
        ...

    async def proofs(self, finding: FindingId) -> list[Proof]:
        """What was found out about the torrents of a finding."""
        ...

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
        ...

    async def put_off_proof(
        self,
        task: ProofTask | FileTask,
        next_try_at: datetime,
        reason: str,
        at: datetime,
        metadata_digest: str | None = None,
    ) -> None:
        """Record a failed attempt, when the next one is due, and the metadata where that is there."""
        ...
