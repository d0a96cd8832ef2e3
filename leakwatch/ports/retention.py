"""What may be thrown away with time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Aging(StrEnum):
    """What ages."""

    OBSERVATIONS = "observations"
    COVERAGE = "coverage"
    SAMPLES = "samples"
    SENT = "sent"
    ANNOUNCEMENTS = "announcements"
    PROOFS = "proofs"
    EVIDENCE = "evidence"


class Retention(Protocol):
    """Old rows that no open finding needs, in one transaction."""

    async def old(self, what: Aging, before: datetime, after: int, limit: int) -> list[int]:
        """Ids beyond `after`, in order, of rows from before a time that nothing needs."""
        ...

    async def drop(self, what: Aging, ids: Sequence[int], before: datetime) -> int:
        """Throw these away but those that are needed by now; answers how many went."""
        ...
