"""Sort: the orders in which cases are listed."""

from __future__ import annotations

from enum import StrEnum


class Sort(StrEnum):
    """What stands first: the newest, what changed last, the most severe, the most seen, or what is due first."""

    OPENED = "opened"
    UPDATED = "updated"
    SEVERITY = "severity"
    SIGHTINGS = "sightings"
    DUE = "due"
