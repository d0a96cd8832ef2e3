"""What waits to be told when the clock is set back."""

from __future__ import annotations

from datetime import datetime

from leakwatch.model.finding import Severity
from leakwatch.model.route import Routing
from leakwatch.ports import Work
from leakwatch.routing.timing import started_over
from leakwatch.routing.tree import ROOT, policy_of


async def start_over(routing: Routing, work: Work, now: datetime) -> None:
    """What began in what is the future now, for the clock was set back, begins now."""
    ahead = await work.announcements.ahead(now)
    alerts = await work.announcements.alerts([one.id for one in ahead])
    for one in ahead:
        policy = policy_of(routing.routes, one.route) or ROOT
        severity = alerts[one.id].severity if one.id in alerts else Severity.CRITICAL  # it cannot be read
        due = started_over(policy, severity, one.due_at, one.at, now)
        await work.announcements.restart(one.id, due, now)
