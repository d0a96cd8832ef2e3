"""What a person may do to a finding from where he was told of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from leakwatch.model.case_now import CaseNow
from leakwatch.model.finding import FindingId


class Deeds(Protocol):
    """What the buttons of a message do. Each writes its audit entry in the transaction of what it changes.

    `actor` is the person. `key` names the press of the button: what was done by it once is not done again, which is
    known by what is stored. Raises: InputError if the case is not so that it can be done, StoreError.
    """

    async def acknowledge(self, finding: FindingId, actor: str, key: str, at: datetime) -> None:
        """Somebody has seen it."""
        ...

    async def false_positive(self, finding: FindingId, actor: str, key: str, at: datetime) -> None:
        """It is none."""
        ...

    async def silence(
        self, finding: FindingId, actor: str, key: str, at: datetime, how_long: timedelta
    ) -> None:
        """Nobody is told of it for so long."""
        ...

    async def refused(self, finding: FindingId, actor: str, key: str, at: datetime, why: str) -> None:
        """Somebody wanted to who may not: an audit entry and nothing else."""
        ...

    async def now(self, finding: FindingId, at: datetime) -> CaseNow | None:
        """What the case is by now; None if there is no such case."""
        ...
