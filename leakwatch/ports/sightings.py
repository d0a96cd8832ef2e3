"""Which observations support a finding, as the shell needs it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from leakwatch.model.alert import Place
from leakwatch.model.asset import AssetId
from leakwatch.model.finding import FindingId, Match
from leakwatch.model.observation import Observation
from leakwatch.model.place import PlaceClass


class Sightings(Protocol):
    """What was seen of the assets, and what an allow list hides."""

    async def sites_of_assets(self) -> dict[AssetId, frozenset[str]]:
        """On which sites each asset was sighted; drills are no sightings."""
        ...

    async def sighted(
        self, finding: FindingId, swarm_keys: Sequence[str], limit: int = 50
    ) -> list[Observation]:
        """A finding's sightings that name one of these swarms, newest first."""
        ...

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
        ...

    async def suppress(self, asset: AssetId, observation: int, entry: str, at: datetime) -> bool:
        """Count an observation that an allow list hides; false if it is counted already."""
        ...

    async def suppressed(self, asset: AssetId) -> list[tuple[str, int, datetime]]:
        """What an asset's allow list has hidden: entry, how many items, when the last one."""
        ...

    async def places(self, finding: FindingId, limit: int = 20) -> list[Place]:
        """Where a finding was seen, newest first."""
        ...

    async def signals(self, finding: FindingId) -> list[tuple[str, str, float]]:
        """Kind, detail and weight of the strongest sighting's signals."""
        ...
