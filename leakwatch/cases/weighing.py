"""A case's severity as everything speaks now, and the event where it is another one than before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from leakwatch.cases.telling import Tell
from leakwatch.model.asset import Asset
from leakwatch.model.finding import EventKind, Finding, FindingEvent
from leakwatch.model.place import PlaceClass
from leakwatch.model.swarm import spread_at
from leakwatch.ports import Work
from leakwatch.severity import weighed


def weigh_first(finding: Finding, asset: Asset, place: PlaceClass) -> Finding:
    """A case that is opened, with its severity and the reasons: of it nothing is known but its first sighting."""
    told = weighed(asset, finding.tier, finding.verdict, (finding.opened_at,), (), (place,))
    return replace(finding, severity=told.severity, severity_why=told.why)


async def weigh(finding: Finding, asset: Asset, at: datetime, work: Work) -> Finding:
    """The finding with its severity and the reasons, by what is stored of it."""
    told = weighed(
        asset,
        finding.tier,
        finding.verdict,
        (finding.opened_at, at),
        await work.findings.proofs(finding.id),
        await work.cases.classes(finding.id),
        spread_at(await work.swarms.samples(finding.id), at),
    )
    return replace(finding, severity=told.severity, severity_why=told.why)


async def reweigh(
    finding: Finding,
    asset: Asset,
    at: datetime,
    work: Work,
    tell: Tell,
    detail: Mapping[str, str] | None = None,
    actor: str | None = None,
    since: datetime | None = None,
) -> Finding:
    """Judge a case's severity anew and save it; a rise is told, a fall is only written into the history.

    `since` is when what moved it came about, where that is known: by that it is told once, whatever the clock does.
    """
    changed = await weigh(finding, asset, at, work)
    if changed == finding:
        return finding
    await work.findings.save(changed)
    event = severity_event(finding, changed, at, detail, actor, since)
    if event and changed.severity.rank > finding.severity.rank:
        await tell(event, changed, asset, work)
    elif event:
        await work.findings.add_event(event)
    return changed


def severity_event(
    before: Finding,
    after: Finding,
    at: datetime,
    detail: Mapping[str, str] | None = None,
    actor: str | None = None,
    since: datetime | None = None,
) -> FindingEvent | None:
    """What is said of a severity that changed; None where it did not."""
    if after.severity is before.severity:
        return None
    why = after.severity_why or ""
    told = {"from": before.severity.value, "to": after.severity.value, "why": why}
    return FindingEvent(
        finding=after.id,
        kind=EventKind.SEVERITY,
        at=at,
        content=f"severity:{after.severity.value}:{(since or at).isoformat()}",
        detail=told | dict(detail or {}),
        actor=actor,
        reason=why,
    )
