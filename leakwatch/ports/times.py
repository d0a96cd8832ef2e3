"""What the schedule needs of the database when the clock was put back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol


class Times(Protocol):
    """Times in the database that lie ahead because the clock was put back since they were written."""

    async def ahead(self, now: datetime) -> timedelta:
        """How far ahead of now the last poll was written down, or where none was, the last event; nothing if it was not."""
        ...

    async def set_back(self, now: datetime, by: timedelta) -> int:
        """The clock was put back: what waits is due as much earlier; answers how much that was."""
        ...

    async def limit(self, now: datetime) -> None:
        """What lies further ahead than anything is put off is due now; silences that begin in what is the future begin now."""
        ...
