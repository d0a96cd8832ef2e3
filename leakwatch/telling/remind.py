"""What nobody acknowledges is told again, and then to others: until somebody does, or the case is over.

To others it is news, and has their place in the budget. Who was told of it by this route before, as by an earlier step,
is told again: that has least claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from leakwatch.model.announcement import Standing, Waiting
from leakwatch.model.asset import Asset
from leakwatch.model.finding import EventKind, Finding, FindingEvent, FindingId, State
from leakwatch.model.route import Policy, Routing
from leakwatch.ports import Repository, Work
from leakwatch.routing.timing import set_back
from leakwatch.routing.tree import Leg, policy_of
from leakwatch.telling.announce import AGAIN, NEXT, announce_to

_AT_ONCE = 200
_SLACK = timedelta(seconds=5)
_STANDING = frozenset({State.NEW, State.REOPENED})


async def begin_standing(rows: Sequence[Waiting], routing: Routing, work: Work, now: datetime) -> None:
    """From now on the findings that were told stand on their route, where it repeats or escalates."""
    told: dict[tuple[str, str], Standing] = {}
    for row in rows:
        policy = policy_of(routing.routes, row.route) if row.asset else None
        due = policy and next_at(policy, now, 0, now)
        if due:
            told[row.route, row.subject] = Standing(
                route=row.route,
                subject=row.subject,
                told=0,
                step=0,
                first_at=now,
                last_at=now,
                next_at=due,
            )
    await work.standings.begin(list(told.values()))


def next_at(policy: Policy, first_at: datetime, step: int, now: datetime) -> datetime | None:
    """When the next reminder or escalation is due, after one at `now`; None if there is none any more.

    An escalation whose time has passed while nobody looked comes as long after the one before as it would have.
    """
    due = [now + timedelta(seconds=policy.repeat)] if policy.repeat else []
    if step < len(policy.escalate):
        at = first_at + timedelta(seconds=policy.escalate[step].after)
        gap = policy.escalate[step].after - (policy.escalate[step - 1].after if step else 0.0)
        due.append(at if at > now else now + timedelta(seconds=gap))
    return min(due, default=None)


async def remind(routing: Routing, repository: Repository, now: datetime) -> int:
    """Tell what is due of what stands; answers how much that was. What is long overdue comes once.

    Of very much only a part at a time, so that news need not wait for it; `tell_due` sends no repeat before the last.
    """
    async with repository.reading() as work:
        if not await work.standings.due(now, 1):
            return 0
    async with repository.writing() as work:
        await work.announcements.lock()
        return sum(
            [await _remind(one, routing, work, now) for one in await work.standings.due(now, _AT_ONCE)]
        )


async def _remind(one: Standing, routing: Routing, work: Work, now: datetime) -> int:
    policy = policy_of(routing.routes, one.route)
    finding = await work.findings.get(FindingId(one.subject))
    asset = await work.catalogue.get(finding.asset) if finding else None
    if policy is None or finding is None or asset is None or finding.state not in _STANDING:
        await work.standings.end(one.subject, one.route)
        return 0
    if one.last_at > now + _SLACK:  # the clock was set back
        due, first = set_back(one.next_at, one.last_at, now), now - (one.last_at - one.first_at)
        await work.standings.move(replace(one, first_at=first, last_at=now, next_at=due))
        return 0
    is_step = _is_step(one, policy, now)
    if is_step or policy.repeat:
        await _tell(one, finding, asset, policy, is_step, routing, work, now)
    moved = replace(one, last_at=now, told=one.told + (not is_step), step=one.step + is_step)
    due = next_at(policy, one.first_at, moved.step, now)
    if due is None:
        await work.standings.end(one.subject, one.route)
    else:
        await work.standings.move(replace(moved, next_at=due))
    return 1


def _is_step(one: Standing, policy: Policy, now: datetime) -> bool:
    """Whether others are to be told now."""
    if one.step >= len(policy.escalate):
        return False
    return now - one.first_at >= timedelta(seconds=policy.escalate[one.step].after)


async def _tell(
    one: Standing,
    finding: Finding,
    asset: Asset,
    policy: Policy,
    is_step: bool,
    routing: Routing,
    work: Work,
    now: datetime,
) -> None:
    kind, count = (EventKind.ESCALATED, one.step) if is_step else (EventKind.REMINDER, one.told)
    channels = policy.escalate[one.step].channels if is_step else policy.channels
    event = FindingEvent(
        finding=finding.id,
        kind=kind,
        at=now,
        content=f"{kind.value}:{one.route}:{one.first_at.isoformat()}:{count + 1}",
        detail={"route": one.route, "channels": ", ".join(channels)},
    )
    await work.findings.add_event(event)
    known = {*policy.channels, *(told for step in policy.escalate[: one.step] for told in step.channels)}
    for group, some in ((NEXT, set(channels) - known), (AGAIN, known.intersection(channels))):
        how = replace(policy, digest="none") if group == NEXT else policy  # nobody is called by a digest
        legs = {channel: Leg(one.route, how) for channel in channels if channel in some}
        if legs:
            await announce_to(event, finding, asset, legs, routing, work, group)
