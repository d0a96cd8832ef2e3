"""Cases with all that hangs on them, as the shell needs them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from leakwatch.model.asset import AssetId
from leakwatch.model.finding import Finding, FindingEvent, FindingId, KnownArtefact
from leakwatch.ports.observations import Observations
from leakwatch.ports.proofs import Proofs
from leakwatch.ports.sightings import Sightings


class Findings(Observations, Sightings, Proofs, Protocol):
    """Observations, cases, sightings, events and proofs."""

    async def open_drills(self, before: datetime) -> list[FindingId]:
        """Drills that were begun before a time and are not closed."""
        ...

    async def known(self, keys: Sequence[str]) -> list[KnownArtefact]:
        """Which of these artefact keys open findings hold, and how sure each is."""
        ...

    async def lock(self, assets: Iterable[AssetId]) -> set[AssetId]:
        """Let no other transaction judge these assets until this one ends; answers those that still exist."""
        ...

    async def holders(self, asset: AssetId, keys: Sequence[str]) -> list[Finding]:
        """Findings of an asset that hold any of the artefact keys, oldest first."""
        ...

    async def owners(self, keys: Sequence[str]) -> set[AssetId]:
        """The assets of which open findings hold any of these artefact keys."""
        ...

    async def save(self, finding: Finding) -> None:
        """Add or replace a finding's own row."""
        ...

    async def keys(self, finding: FindingId) -> list[str]:
        """The artefact keys that a finding holds."""
        ...

    async def add_artefacts(self, asset: AssetId, finding: FindingId, keys: Iterable[str]) -> None:
        """Let a finding hold artefact keys; keys that are held already stay where they are."""
        ...

    async def add_event(self, event: FindingEvent) -> None:
        """Append to a finding's history."""
        ...

    async def merge(self, older: Finding, newer: Finding, at: datetime) -> None:
        """Move everything of the newer finding to the older one, and mark the newer as merged."""
        ...

    async def survivor(self, finding: FindingId) -> Finding | None:
        """The finding that this one is part of in the end: itself, if it is part of none."""
        ...

    async def get(self, finding: FindingId) -> Finding | None:
        """One finding."""
        ...

    async def list(self, *, merged: bool = False) -> list[Finding]:
        """All findings, newest first."""
        ...

    async def events(self, finding: FindingId) -> list[FindingEvent]:
        """A finding's history, oldest first."""
        ...
