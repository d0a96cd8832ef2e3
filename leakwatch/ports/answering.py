"""What a person may do to a finding from where he was told of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from leakwatch.model.finding import FindingId


class Deeds(Protocol):
    """What the buttons of a message do. Each writes its audit entry in the transaction of what it changes.

    `actor` is the person, `key` names the press of the button. Each answers what is so now, in words for the person.
    Raises: LeakwatchError, whose message is told him.
    """

    async def acknowledge(self, finding: FindingId, actor: str, key: str, at: datetime) -> str:
        """Somebody has seen it."""
        ...

    async def false_positive(self, finding: FindingId, actor: str, key: str, at: datetime) -> str:
        """It is none."""
        ...

    async def silence(
        self, finding: FindingId, actor: str, key: str, at: datetime, how_long: timedelta
    ) -> str:
        """Nobody is told of it for so long."""
        ...

    async def refused(self, finding: FindingId, actor: str, key: str, at: datetime, why: str) -> None:
        """Somebody wanted to who may not: an audit entry and nothing else."""
        ...
