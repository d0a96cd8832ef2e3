"""What notices need of the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from leakwatch.model.finding import FindingId
from leakwatch.model.notice import Notice, NoticeEvent, NoticeId, Spot


class Notices(Protocol):
    """Notices, what happened to them, and the places that they are about."""

    async def save(self, changed: Notice) -> None:
        """Add a notice, or replace the one of this id."""
        ...

    async def get(self, ident: NoticeId, *, lock: bool = False) -> Notice | None:
        """One notice; with `lock` nobody else changes it until the transaction ends."""
        ...

    async def list(self, finding: FindingId | None = None, limit: int = 1000) -> list[Notice]:
        """The notices, of one finding or all, newest first."""
        ...

    async def due(self, now: datetime, limit: int = 50) -> list[NoticeId]:
        """Notices whose addresses are to be looked at now, the longest due first."""
        ...

    async def later(self, now: datetime, limit: int = 1000) -> Sequence[Notice]:
        """Notices whose addresses are to be looked at after now."""
        ...

    async def add_event(self, event: NoticeEvent) -> None:
        """Append to a notice's history."""
        ...

    async def events(self, ident: NoticeId) -> list[NoticeEvent]:
        """A notice's history, oldest first."""
        ...

    async def spots(self, finding: FindingId, limit: int = 5000) -> Sequence[Spot]:
        """Where a finding was seen, oldest first, with files, digests that agree, and evidence."""
        ...
