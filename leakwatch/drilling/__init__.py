"""Drills: `item` makes something that looks like a leak, `watch` takes it through the real path, `closing` ends it."""

from leakwatch.drilling.closing import end_drill, end_old_drills
from leakwatch.drilling.item import DrillItem, drill_item
from leakwatch.drilling.watch import DRILL, SITE, Drills, Outcome, hand_in, outcome_of

__all__ = [
    "DRILL",
    "SITE",
    "DrillItem",
    "Drills",
    "Outcome",
    "drill_item",
    "end_drill",
    "end_old_drills",
    "hand_in",
    "outcome_of",
]
