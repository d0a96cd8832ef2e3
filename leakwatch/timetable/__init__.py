"""When a site is due: `triggers` by its schedule, `opening` by weekdays and hours, `rhythm` by what it showed."""

from __future__ import annotations

from leakwatch.model.opening import Opening
from leakwatch.timetable.rhythm import Interval, follow, is_adaptive, rank
from leakwatch.timetable.triggers import Every, next_time, spread_s, trigger_of

__all__ = [
    "Every",
    "Interval",
    "Opening",
    "follow",
    "is_adaptive",
    "next_time",
    "rank",
    "spread_s",
    "trigger_of",
]
