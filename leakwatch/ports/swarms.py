"""The counting of swarms, as the shell needs it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from leakwatch.model.finding import FindingId
from leakwatch.model.swarm import SwarmSample, SwarmTask
from leakwatch.torrent.infohash import Infohashes


class Swarms(Protocol):
    """Swarms that are counted, and their samples."""

    async def watch(self, infohashes: Infohashes, trackers: Sequence[str], at: datetime) -> None:
        """Count a swarm from now on; trackers that are told of later are added, up to ten."""
        ...

    async def due(self, now: datetime) -> list[str]:
        """Keys of swarms to count now: those of open findings that were not refuted."""
        ...

    async def get(self, swarm_key: str) -> SwarmTask | None:
        """One swarm."""
        ...

    async def findings_of(self, swarm_key: str) -> list[FindingId]:
        """The findings that a swarm belongs to."""
        ...

    async def heard(
        self, site: str, swarm_keys: Sequence[str]
    ) -> dict[str, tuple[datetime, datetime | None]]:
        """Of some swarms those that are counted: since when, and when this index was last heard of them."""
        ...

    async def add(self, samples: Sequence[SwarmSample]) -> None:
        """Record samples; when the swarms are counted next does not change."""
        ...

    async def keep(
        self, swarm_key: str, samples: Sequence[SwarmSample], next_sample_at: datetime, failures: int
    ) -> None:
        """Record one count by all who answered, and when the next one is due."""
        ...

    async def samples(self, finding_id: FindingId) -> list[SwarmSample]:
        """The newest 5,000 samples of a finding's swarms and the one with the most seeds, oldest first."""
        ...
