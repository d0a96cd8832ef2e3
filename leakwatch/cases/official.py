"""What was a leak before the release, and is seen only where the owner offers the work, is allowed from then on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from leakwatch.cases.telling import Tell
from leakwatch.matching.allowed import Judge
from leakwatch.model.asset import Asset
from leakwatch.model.finding import STATE_CHANGES, EventKind, Finding, FindingEvent, State
from leakwatch.ports import Work

_MOST = 2000
"""Sightings of a case that is looked at; one with more was seen in too many places to be official."""


async def allow_official(
    finding: Finding, asset: Asset, judge: Judge, actor: str, at: datetime, work: Work, tell: Tell
) -> bool:
    """Allow a case whose sightings are all at official places; false if any is elsewhere, or the state forbids it.

    The entries that cover it are its scope: what shares an artefact and lies outside of them opens it again.
    """
    if State.ALLOWED not in STATE_CHANGES[finding.state] or finding.drill:
        return False
    entries = await _covering(finding, asset, judge, at, work)
    if not entries:
        return False
    why = f"the work is released, and this is official: {', '.join(entries)}"
    told = {"from": finding.state.value, "to": State.ALLOWED.value, "reason": why, "actor": actor}
    event = FindingEvent(
        finding=finding.id,
        kind=EventKind.STATE,
        at=at,
        content=f"state:allowed:{at.isoformat()}",
        detail={**told, "scope": ", ".join(entries)},
        actor=actor,
        reason=why,
    )
    changed = replace(finding, state=State.ALLOWED, updated_at=at, closed_at=at)
    await work.findings.save(changed)
    await tell(event, changed, asset, work)
    await work.audit.append(actor, "finding.state", finding.id, dict(event.detail), at)
    return True


async def _covering(
    finding: Finding, asset: Asset, judge: Judge, at: datetime, work: Work
) -> tuple[str, ...]:
    """The entries that cover all sightings of a case; none where one is elsewhere."""
    seen = await work.findings.of_finding(finding.id, _MOST + 1)
    names: dict[str, None] = {}
    for one in seen:
        entry = judge.official(asset, one, at)
        if entry is None or len(seen) > _MOST:
            return ()
        names[entry.name] = None
    return tuple(names)
