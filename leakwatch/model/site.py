"""A site's state between polls, and the record of what each poll covered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Coverage(StrEnum):
    """How one poll of one site ended."""

    OK = "ok"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    GAP = "gap"
    PARTIAL = "partial"
    REFUSED = "refused"
    DRIFT = "drift"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageWindow:
    """What one poll saw. `overlap` tells whether it met items known from before; None on the first poll."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """What is remembered of a site. `version` counts its writes: a stale writer finds another number and stops.

    `interval_s` is the pause between its polls where that follows what they find, and `interval_why` the reason.
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
