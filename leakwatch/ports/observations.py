"""What sources showed, as the shell needs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from leakwatch.model.asset import AssetId
from leakwatch.model.finding import FindingId
from leakwatch.model.observation import Observation


class Observations(Protocol):
    """Observations: stored once, never edited."""

    async def unseen(self, observations: Sequence[Observation]) -> tuple[list[Observation], frozenset[str]]:
        """Of a site's items those whose (native_id, content digest) is not stored yet, and the native ids that are known."""
        ...

    async def known_items(self, site: str, native_ids: Sequence[str]) -> frozenset[str]:
        """Which of these items were seen on the site before."""
        ...

    async def store(self, observations: Sequence[Observation]) -> dict[str, int]:
        """Store observations; answers the row id of each by its key (native_id, newline, content digest)."""
        ...

    async def unsighted(self, asset: AssetId, swarm_keys: Sequence[str]) -> list[tuple[int, Observation]]:
        """Stored observations that name one of these swarms and support no finding of the asset yet."""
        ...

    async def of_finding(self, finding: FindingId, limit: int) -> list[Observation]:
        """What supports a finding, oldest first."""
        ...

    async def stored(self, before: int, limit: int) -> list[tuple[int, Observation]]:
        """Stored observations with a row id below `before`, newest first."""
        ...
