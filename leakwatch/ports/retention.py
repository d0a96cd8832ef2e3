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
    SWARMS = "swarms"
    SENT = "sent"
    THREADS = "threads"
    STANDINGS = "standings"
    ANNOUNCEMENTS = "announcements"
    MESSAGES = "messages"
    PROOFS = "proofs"
    LOOKS = "looks"
    SCREENSHOTS = "screenshots"
    EVIDENCE = "evidence"


KEYED = frozenset({Aging.SWARMS, Aging.THREADS, Aging.STANDINGS})
"""Rows that have no number, so that they are not looked at in order: some go at once, until none does."""


class Retention(Protocol):
    """Old rows that no open finding needs, in one transaction."""

    async def old(self, what: Aging, before: datetime, after: int, limit: int) -> list[int]:
        """Ids beyond `after`, in order, of rows from before a time that nothing needs."""
        ...

    async def drop(self, what: Aging, ids: Sequence[int], before: datetime) -> int:
        """Throw these away but those that are needed by now; answers how many went."""
        ...

    async def shed(self, what: Aging, before: datetime, limit: int) -> int:
        """Throw away so many of what is `KEYED`, from before a time and needed by nothing; answers how many went."""
        ...
