"""What is worked on in cases: sightings one by one, what is kept apart, what is due, and what is counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.case import Hidden, Sighting, Tallies
from leakwatch.model.finding import Finding, FindingId, Proof
from leakwatch.model.observation import Observation
from leakwatch.model.place import PlaceClass


class Cases(Protocol):
    """Sightings, splits, authors, due dates and counts, in one transaction."""

    async def sightings(self, finding: FindingId, *, every: bool = False) -> list[Sighting]:
        """A finding's sightings, in the order in which they came; at most the newest 2,000, unless `every`."""
        ...

    async def is_sighted(self, asset: AssetId, observation: int) -> bool:
        """Whether a stored observation supports a finding of the asset already."""
        ...

    async def classes(self, finding: FindingId) -> frozenset[PlaceClass]:
        """On which classes of places a finding was seen."""
        ...

    async def proofs(self, finding: FindingId) -> list[tuple[frozenset[str], Proof]]:
        """What was found out about each torrent, with the artefact keys that name it."""
        ...

    async def holding(self, asset: AssetId, keys: Sequence[str]) -> dict[FindingId, frozenset[str]]:
        """Which findings of an asset hold which of these artefact keys."""
        ...

    async def came_with(self, finding: FindingId) -> dict[str, FindingId | None]:
        """The artefact keys that a finding holds, each with the finding that had it before any merge, if that is known."""
        ...

    async def move(
        self,
        older: FindingId,
        newer: FindingId,
        sightings: Collection[int],
        keys: Collection[str],
        *,
        for_good: bool,
    ) -> None:
        """Give sightings, artefact keys and the proofs of these from one finding to another.

        `for_good`: sightings and keys are the other's own from now on, and go with it if it is merged and taken out again.
        """
        ...

    async def move_history(self, older: FindingId, newer: FindingId, brought: Collection[FindingId]) -> None:
        """Give `newer` the events and notices of the cases that it brought along, and what came of these notices."""
        ...

    async def keep_apart(
        self, asset: AssetId, pair: tuple[FindingId, FindingId], keys: Iterable[str], actor: str, at: datetime
    ) -> None:
        """Remember that these keys do not join two findings."""
        ...

    async def apart(
        self, asset: AssetId, findings: Collection[FindingId]
    ) -> list[tuple[frozenset[FindingId], str]]:
        """Pairs of these findings that are kept apart, each with one key that does not join them."""
        ...

    async def apart_from(self, asset: AssetId, finding: FindingId) -> list[tuple[FindingId, str]]:
        """What a finding is kept apart from, each with one key that does not join the two."""
        ...

    async def join_again(self, asset: AssetId, older: FindingId, newer: FindingId) -> None:
        """Forget what keeps two findings apart; what keeps the newer one from others holds for the older one now."""
        ...

    async def by_authors(
        self, authors: Collection[str], finding: FindingId
    ) -> dict[str, list[tuple[FindingId, AssetId]]]:
        """Other findings with sightings of these authors, newest first, at most 50 each."""
        ...

    async def of_asset(self, asset: AssetId) -> list[Finding]:
        """An asset's findings that are neither closed nor merged, oldest first."""
        ...

    async def overdue(self, now: datetime, only: FindingId | None = None) -> list[Finding]:
        """Open findings whose due date has passed and of which that was not told; `only` asks for one of them."""
        ...

    async def misjudged(
        self, asset: AssetId, window: tuple[datetime, datetime], now: datetime, limit: int
    ) -> list[FindingId]:
        """Open findings whose reasons say of this release window what is not so, or not so any more."""
        ...

    async def growing(self, after: str, limit: int) -> list[FindingId]:
        """Open findings whose reasons say that a swarm grows, by id, those after one."""
        ...

    async def hidden(self, asset: AssetId, since: datetime | None = None) -> list[Hidden]:
        """What the entries of an asset's allow list have hidden."""
        ...

    async def hidden_items(self, asset: AssetId, entry: str, limit: int) -> list[tuple[int, Observation]]:
        """Stored observations that an entry hid, oldest first."""
        ...

    async def reveal(self, asset: AssetId, observations: Collection[int]) -> None:
        """These are no longer hidden."""
        ...

    async def say_of(self, asset: Asset) -> None:
        """Write what is said of an asset; its files stay, and it is not looked for anew in what is stored."""
        ...

    async def rules(self) -> Tallies:
        """Of each rule, how many cases that it spoke for were judged true, and how many false."""
        ...

    async def sites(self) -> Tallies:
        """The same of each site on which cases were seen."""
        ...
