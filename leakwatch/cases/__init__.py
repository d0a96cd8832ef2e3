"""What people and time do to cases: triage, joining and splitting, severity, and the life of an asset.

Everything is over the ports, for the command line, for buttons, and for the web alike. Whoever calls says who does it,
when and why, and how an event is told (`Act`); each is one transaction with its event and an entry in the audit.
"""

from leakwatch.cases.acts import (
    acknowledge,
    assign,
    check_step,
    check_until,
    comment,
    confirm,
    mark_allowed,
    mark_false_positive,
    move,
    set_due,
    workable,
)
from leakwatch.cases.telling import Act, Tell, record

__all__ = [
    "Act",
    "Tell",
    "acknowledge",
    "assign",
    "check_step",
    "check_until",
    "comment",
    "confirm",
    "mark_allowed",
    "mark_false_positive",
    "move",
    "record",
    "set_due",
    "workable",
]
