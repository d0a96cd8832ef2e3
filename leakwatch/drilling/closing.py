"""A drill ends by itself: its finding is closed, so that nobody works on it and no figure counts it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

from leakwatch.model.asset import Asset
from leakwatch.model.finding import EventKind, Finding, FindingEvent, FindingId, State
from leakwatch.ports import Repository, Work

Tell = Callable[[FindingEvent, Finding, Asset, Work], Awaitable[int]]
_LONGEST = timedelta(minutes=15)
_ACTOR = "leakwatch:drill"


async def end_drill(ident: FindingId, repository: Repository, at: datetime, tell: Tell) -> bool:
    """Close the finding of a drill; false if it is none, or is closed already."""
    async with repository.writing() as work:
        finding = await work.findings.get(ident)
        if finding is None or not finding.drill or finding.state is State.FALSE_POSITIVE:
            return False
        asset = await work.catalogue.get(finding.asset)
        if asset is None:
            return False
        ended = replace(finding, state=State.FALSE_POSITIVE, updated_at=at, closed_at=at)
        await work.findings.save(ended)
        detail = {"from": finding.state.value, "to": ended.state.value, "reason": "a drill", "drill": "yes"}
        event = FindingEvent(
            finding=ident,
            kind=EventKind.STATE,
            at=at,
            content=f"state:{ended.state.value}:{at.isoformat()}",
            detail=detail,
            actor=_ACTOR,
            reason="a drill",
        )
        await tell(event, ended, asset, work)
        await work.audit.append(_ACTOR, "drill.end", f"finding:{ident}", {}, at)
        return True


async def end_old_drills(repository: Repository, at: datetime, tell: Tell) -> int:
    """Close drills that nobody closed: their command was stopped. Answers how many."""
    async with repository.reading() as work:
        found = await work.findings.open_drills(at - _LONGEST)
    return sum([await end_drill(one, repository, at, tell) for one in found])
