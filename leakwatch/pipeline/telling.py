"""An event is written, and whom it is for, in the transaction that caused it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from leakwatch.cases.telling import Tell
from leakwatch.cases.weighing import severity_event, weigh
from leakwatch.model.asset import Asset
from leakwatch.model.finding import EventKind, Finding, FindingEvent
from leakwatch.model.route import Routing
from leakwatch.pipeline.brain import Brain, Counted
from leakwatch.ports import Work
from leakwatch.telling import announce
from leakwatch.triage import Triage

_TRIAGE = "leakwatch:triage"
_STEPS = {EventKind.STATE: "finding.state", EventKind.MERGED: "finding.merge"}


async def tell_result(
    result: Triage,
    before: Finding | None,
    asset: Asset,
    at: datetime,
    brain: Brain,
    work: Work,
    counted: Counted,
) -> Finding:
    """Weigh a known case anew, and write the events, and the alerts they cause, into the transaction.

    A severity that changed beside a verdict or on the way to being sure enough is told with that.
    """
    tell, finding = teller(brain, counted), result.finding
    if before is not None:
        finding = await weigh(finding, asset, at, work)
        await work.findings.save(finding)
    for event in result.events:
        detail = {**event.detail, "severity": finding.severity.value}
        await tell(replace(event, detail=detail), finding, asset, work)
    change = severity_event(before, finding, at) if before else None
    if change is None or before is None:
        return finding
    is_risen = finding.severity.rank > before.severity.rank
    if is_risen and not any(_tells_severity(event) for event in result.events):
        await tell(change, finding, asset, work)
    else:
        await work.findings.add_event(change)
    return finding


def _tells_severity(event: FindingEvent) -> bool:
    return event.kind is EventKind.VERDICT or event.content.startswith("severity:")


def teller(brain: Brain, counted: Counted) -> Tell:
    """How an event is told in a transaction that counts the alerts."""

    async def tell(event: FindingEvent, finding: Finding, asset: Asset, work: Work, /) -> int:
        if counted.how:
            event = replace(event, detail={**event.detail, "how": counted.how})
        told = await tell_event(event, finding, asset, brain.routes, work)
        counted.alerts += told
        return told

    return tell


async def tell_event(event: FindingEvent, finding: Finding, asset: Asset, routes: Routing, work: Work) -> int:
    """Write an event, and whom it is for, into the transaction; answers how many alerts wait to be told because of it.

    `detail["how"]` = backfill, first_run or reweighed has it told with others of its like, `detail["drill"]` = yes at once.
    What nobody did (a case that opens again, two that turn out to be one) is audited here; a person's acts are by him.
    """
    await work.findings.add_event(event)
    if event.kind in _STEPS and not event.actor:
        await work.audit.append(_TRIAGE, _STEPS[event.kind], finding.id, dict(event.detail), event.at)
    return await announce(event, finding, asset, routes, work)
