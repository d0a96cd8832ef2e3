"""Lists that are too long to be held at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from leakwatch.model.lines import EventLine, FindingLine, SightingLine, Wanted


class Lines(Protocol):
    """Findings, sightings and events, some hundreds at a time."""

    def findings(self, wanted: Wanted, *, by_asset: bool = False) -> AsyncIterator[Sequence[FindingLine]]:
        """Findings in the order of their ids, or by asset and opening time."""
        ...

    def sightings(self, wanted: Wanted) -> AsyncIterator[Sequence[SightingLine]]:
        """Sightings in the order in which they came."""
        ...

    def events(self, wanted: Wanted) -> AsyncIterator[Sequence[EventLine]]:
        """Events in the order in which they came."""
        ...

    async def newest(self, wanted: Wanted) -> datetime | None:
        """When a finding that is wanted changed last."""
        ...
