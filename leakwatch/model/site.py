"""A site's state between polls, and the record of what each poll covered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from leakwatch.errors import Failure


class Coverage(StrEnum):
    """How one poll of one site ended."""

    OK = "ok"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    GAP = "gap"
    PARTIAL = "partial"
    PUT_OFF = "put_off"
    REFUSED = "refused"
    DRIFT = "drift"
    BLIND = "blind"
    ERROR = "error"

    @property
    def covers(self) -> bool:
        """Whether nothing was missed: what the site showed since the poll before was read."""
        return self in (Coverage.OK, Coverage.UNCHANGED, Coverage.EMPTY, Coverage.PARTIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageWindow:
    """What one poll saw. `overlap` tells whether it met items known from before; None on the first poll.

    A gap is a hole in time, from `hole_from` to `hole_to`; `repaired_at` is when a later poll had read what was in it.
    """

    site: str
    started_at: datetime
    ended_at: datetime
    verdict: Coverage
    pages: int = 0
    items: int = 0
    new_items: int = 0
    overlap: bool | None = None
    first_item: str | None = None
    last_item: str | None = None
    detail: str | None = None
    failure: Failure | None = None
    hole_from: datetime | None = None
    hole_to: datetime | None = None
    repaired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """What is remembered of a site. `version` counts its writes: a stale writer finds another number and stops.

    `interval_s` is the pause between its polls where that follows what they find, and `interval_why` the reason.
    `verdict` and `failure` are those of the last poll. Up to `covered_until` the site is known to be read (a new site:
    since then it is configured); `blind_told_at` is when somebody was told that it is blind. `ledger` belongs to
    `polling.ledger`.
    """

    name: str
    kind: str
    host: str
    cursor: Mapping[str, Any]
    validators: Mapping[str, Any]
    version: int
    next_due_at: datetime
    failures: int = 0
    last_error: str | None = None
    last_ok_at: datetime | None = None
    interval_s: float | None = None
    interval_why: str | None = None
    verdict: Coverage | None = None
    failure: Failure | None = None
    covered_until: datetime | None = None
    blind_told_at: datetime | None = None
    ledger: Mapping[str, Any] = field(default_factory=dict[str, Any])
