"""What a case is now, as it is told to somebody who wanted to do something to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leakwatch.model.finding import OVER_STATES, FindingId, State


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNow:
    """A case's state, and whose doing it is.

    `by` brought it into its state at `since`, "" where that is not known; `part_of` is the case that a merged one is
    part of; `silent_until` is the end of a silence of this case alone, which `silent_by` began.
    """

    finding: FindingId
    state: State
    by: str = ""
    since: datetime | None = None
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    part_of: CaseNow | None = None
    silent_until: datetime | None = None
    silent_by: str = ""
    drill: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do about it."""
        return self.state in OVER_STATES
