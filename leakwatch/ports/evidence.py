"""Captures, further looks at places, and time stamps, as the shell needs them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from leakwatch.model.asset import AssetId
from leakwatch.model.evidence import Capture, KeptSighting, Look, Outcome, Screenshot, Stamp
from leakwatch.model.finding import FindingId, Proof
from leakwatch.model.observation import Observation
from leakwatch.torrent.infohash import Infohashes


class Evidence(Protocol):
    """What was kept, and who needs it."""

    async def keep(self, capture: Capture) -> None:
        """Record what a piece of evidence is; its bytes are in the vault already."""
        ...

    async def first(self, digest: str, site: str) -> Capture | None:
        """The first capture of a body on a site whose record holds that body."""
        ...

    async def capture(self, digest: str, site: str, at: datetime) -> Capture | None:
        """The capture of a body on a site at a time, unless its bytes were thrown away."""
        ...

    async def of(self, finding: FindingId, /) -> list[Capture]:
        """The captures that support a finding, oldest first."""
        ...

    async def assets_of(self, digests: Collection[str]) -> dict[str, set[AssetId]]:
        """The assets of all findings that each body is evidence of."""
        ...

    async def sightings(self, finding: FindingId, /) -> list[KeptSighting]:
        """The sightings of a finding with why each matched, in the order in which they came."""
        ...

    async def newest(self, site: str, native_id: str) -> Observation | None:
        """What an item showed last."""
        ...

    async def torrents(self, finding: FindingId, /) -> list[tuple[Infohashes, str | None, Proof]]:
        """The torrents of a finding: what each is called, where its metadata is kept, what it proves."""
        ...

    async def merged(self, finding: FindingId, /) -> list[FindingId]:
        """Cases that became part of a finding."""
        ...

    async def needed(self, expired_before: datetime, *, by_false: bool = False) -> set[str]:
        """Digests of all that a finding needs, but those that were closed before a time, or, unless `by_false`, are false."""
        ...

    async def evicted(self, digests: Collection[str], at: datetime) -> None:
        """Record that bytes were thrown away."""
        ...


class Looks(Protocol):
    """Further looks at the places of findings."""

    async def plan(
        self, finding: FindingId, url: str, site: str, native_id: str, begins: datetime, kind: str = "", /
    ) -> None:
        """Look again one, ten and sixty minutes from a time. `kind` tells these looks from earlier ones."""
        ...

    async def plan_one(self, look: Look, step: str, due_at: datetime) -> None:
        """Look at the same place once more."""
        ...

    async def due_hosts(self, now: datetime) -> list[str]:
        """Hosts with a place that is to be looked at now, longest overdue first."""
        ...

    async def due(self, host: str, now: datetime, limit: int) -> list[Look]:
        """Places of a host that are to be looked at now, those of the most urgent findings first."""
        ...

    async def close(self, look: Look, outcome: Outcome, detail: dict[str, str], at: datetime) -> bool:
        """Record what a look has shown; of the same place, looks that were due before it are done with it.

        False if another daemon has done so meanwhile.
        """
        ...

    async def of(self, finding: FindingId, /) -> list[Look]:
        """The looks at a finding's places, in the order in which they are due."""
        ...

    async def plan_removed(self, now: datetime) -> int:
        """Look again at the places of findings that were set to removed within the last hour; answers of how many."""
        ...


class Screenshots(Protocol):
    """Pictures of pages that were kept."""

    async def want(self, findings: Collection[FindingId], page: Capture) -> None:
        """Have a page drawn for these findings; nothing where that is wanted or done already."""
        ...

    async def due(self, limit: int) -> list[Screenshot]:
        """Pages that are to be drawn, the newest first, each once whatever number of findings want it."""
        ...

    async def wanted_by(self, one: Screenshot, /) -> list[FindingId]:
        """All findings that a page belongs to, drawn for them or not."""
        ...

    async def close(self, one: Screenshot, picture: str | None, why: str | None, at: datetime) -> None:
        """Record for all findings that want it that a page was drawn, or why not."""
        ...

    async def of(self, finding: FindingId, /) -> list[Screenshot]:
        """The pictures of a finding's pages, oldest first."""
        ...


class Stamps(Protocol):
    """Time stamps by others."""

    async def want(self, digest: str, authority: str, at: datetime) -> None:
        """Have a digest stamped; nothing where it is already."""
        ...

    async def due(self, now: datetime) -> list[Stamp]:
        """Stamps to be asked for now."""
        ...

    async def had(self, stamp: Stamp, token: str, at: datetime, /) -> None:
        """Record a stamp and where it is kept."""
        ...

    async def put_off(self, stamp: Stamp, why: str, wait: timedelta | None, at: datetime, /) -> None:
        """Record a failed attempt; None for the last one."""
        ...

    async def of(self, digests: Sequence[str]) -> list[Stamp]:
        """The stamps of these digests that were had."""
        ...

    async def opened_since(self, at: datetime) -> bool:
        """Whether a finding was opened after a time."""
        ...

    async def newest(self) -> Stamp | None:
        """The stamp that was wanted last."""
        ...
