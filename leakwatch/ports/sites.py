"""What is remembered of each site, as the shell needs it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from leakwatch.model.site import CoverageWindow, SiteState


class Sites(Protocol):
    """What is remembered of each site."""

    async def sync(self, sites: Iterable[tuple[str, str, str]], now: datetime) -> None:
        """Make the rows agree with the configured (name, kind, host); new ones are due now, others rest."""
        ...

    async def due(self, now: datetime, host: str | None = None, but: Collection[str] = ()) -> list[SiteState]:
        """Active sites whose time has come, longest overdue first, with all that is remembered of them.

        Those of one host only, where it is given, and none of those named in `but`.
        """
        ...

    async def due_names(self, now: datetime) -> list[tuple[str, str]]:
        """Names and hosts of active sites whose time has come, longest overdue first."""
        ...

    async def get(self, name: str) -> SiteState | None:
        """One site's state."""
        ...

    async def all(self) -> list[SiteState]:
        """Every active site."""
        ...

    async def move_cursor(
        self, state: SiteState, cursor: Mapping[str, Any], validators: Mapping[str, Any]
    ) -> SiteState:
        """Write a cursor over the one that `state` knows. Raises: Conflict if another process was first."""
        ...

    async def close_poll(
        self,
        window: CoverageWindow,
        next_due_at: datetime,
        failures: int,
        error: str | None,
        ledger: Mapping[str, Any] | None = None,
    ) -> None:
        """Record what a poll covered, when the next one is due, and the ledger where it is given."""
        ...

    async def repaired(self, name: str, hole_from: datetime, at: datetime) -> None:
        """What lay in the hole that begins at `hole_from` has been read by now."""
        ...

    async def tell_blind(self, state: SiteState, at: datetime | None) -> bool:
        """Note that somebody is told that a site is blind, or sees again (None); false if it was noted already."""
        ...

    async def keep_ledger(self, state: SiteState, ledger: Mapping[str, Any]) -> None:
        """Write a ledger over the one that `state` knows. Raises: Conflict if a poll was first."""
        ...

    async def windows_since(self, since: datetime) -> dict[str, list[CoverageWindow]]:
        """All windows that ended after a time, by site, oldest first."""
        ...

    async def defer(self, name: str, due: datetime) -> None:
        """Move a site's time on without a coverage window: the error was ours."""
        ...

    async def pace(self, name: str, interval_s: float | None, why: str | None, due: datetime) -> None:
        """Write how often a site is read from now on and why, and when it is due by that."""
        ...

    async def windows(self, name: str, limit: int = 20) -> list[CoverageWindow]:
        """The newest coverage windows of a site."""
        ...
