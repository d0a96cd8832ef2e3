"""Quiet hours that began since something was due: a budget held it, more was to come, or nobody looked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from leakwatch.model.announcement import DRILL, Waiting
from leakwatch.model.route import Policy, Routing
from leakwatch.ports import Work
from leakwatch.routing.budget import Bundle
from leakwatch.routing.timing import ENDLESS, awake
from leakwatch.routing.tree import ROOT, every_leg
from leakwatch.routing.urgency import severity_of
from leakwatch.telling.announce import AGAIN, NEXT
from leakwatch.telling.drafts import event_of

_QUIET = "quiet"


async def let_sleep(bundles: Sequence[Bundle], routing: Routing, work: Work, now: datetime) -> list[Bundle]:
    """What may be told now; the rest waits for the end of the quiet hours, single news in one message."""
    policies = {leg.route: leg.policy for _, leg in reversed([*every_leg(routing.routes)])}
    told: list[Bundle] = []
    late: dict[tuple[datetime, str], list[int]] = defaultdict(list)
    for one in bundles:
        first = one.rows[0]
        until = _until(one, policies.get(first.route, ROOT), now)
        if until > now:
            late[until, _group(first)] += [row.id for row in one.rows]
        else:
            told.append(one)
    for (until, group), ids in late.items():
        await work.announcements.put_off(ids, until, _QUIET, group)
    return told


def _until(bundle: Bundle, policy: Policy, now: datetime) -> datetime:
    """When it may be told. What has waited for the end of quiet hours already, or for long, is told now."""
    first = bundle.rows[0]
    if first.group == _QUIET or first.group.startswith(DRILL) or now - first.at >= ENDLESS:
        return now
    return awake(policy, severity_of(bundle.urgency), now)


def _group(one: Waiting) -> str:
    """With what it is told then."""
    is_plain = one.asset and one.group not in (AGAIN, NEXT) and event_of(one.group) is None
    return _QUIET if is_plain else one.group
