"""How what happens to a notice is written down: in its own history, in that of its finding, and in the audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from leakwatch.cases import Tell
from leakwatch.errors import InputError
from leakwatch.model.asset import Asset
from leakwatch.model.finding import STATE_CHANGES, EventKind, Finding, FindingEvent, FindingId, State
from leakwatch.model.notice import Notice, NoticeEvent, NoticeId
from leakwatch.ports import Work

_IN_WORDS = {
    "up_again": "about something that is up again",
    "moved": "about a page that has moved",
    "says_gone": "about a page that says that it is gone",
    "deadline": "near the end of a counter-notice's clock",
}
"""How an alert goes on after "notice LN-… is", where the kind of what happened does not say it."""


async def locked_finding(ident: str, work: Work) -> tuple[Finding, Asset]:
    """A finding and its asset, which nobody else changes until the transaction ends; a merged one leads to its survivor.

    Raises: InputError if there is none.
    """
    found = await work.findings.get(FindingId(ident))
    if found is not None:
        await work.findings.lock([found.asset])
    return await found_finding(ident, work)


async def found_finding(ident: str, work: Work) -> tuple[Finding, Asset]:
    """A finding and its asset; a merged one leads to its survivor. Raises: InputError if there is none."""
    found = await work.findings.survivor(FindingId(ident))
    asset = await work.catalogue.get(found.asset) if found else None
    if found is None or asset is None:
        raise InputError(f"no finding {ident!r}; `leakwatch finding list` shows them")
    return found, asset


async def locked_notice(ident: str, work: Work) -> tuple[Notice, Finding, Asset]:
    """A notice with its finding and asset, which nobody else changes meanwhile. Raises: InputError."""
    found = await work.notices.get(NoticeId(ident))
    if found is None:
        raise InputError(f"no notice {ident!r}; `leakwatch notice list` shows them")
    finding, asset = await locked_finding(found.finding, work)
    found = await work.notices.get(found.id, lock=True)
    if found is None:
        raise InputError(f"no notice {ident!r}; `leakwatch notice list` shows them")
    return found, finding, asset


async def written(
    notice: Notice,
    finding: Finding,
    asset: Asset,
    kind: str,
    actor: str,
    detail: Mapping[str, Any],
    at: datetime,
    work: Work,
    tell: Tell,
) -> int:
    """Save a notice and write down what happened to it; answers how many alerts that caused."""
    await work.notices.save(notice)
    event = NoticeEvent(notice=notice.id, at=at, actor=actor, kind=kind, detail=dict(detail))
    await work.notices.add_event(event)
    told = {key: str(value) for key, value in detail.items() if isinstance(value, str | int)}
    told |= {
        "notice": notice.id,
        "to": _IN_WORDS.get(kind, kind),
        "addressee": notice.addressee,
        "host": notice.host,
    }
    happened = FindingEvent(
        finding=finding.id,
        kind=EventKind.NOTICE,
        at=at,
        content=f"notice:{notice.id}:{kind}:{at.isoformat()}",
        detail=told,
        actor=actor,
        reason=str(detail["reason"]) if detail.get("reason") else None,
    )
    alerts = await tell(happened, finding, asset, work)
    kept = {key: value for key, value in detail.items() if key != "looks"}
    await work.audit.append(actor, f"notice.{kind}", notice.id, {"finding": finding.id, **kept}, at)
    return alerts


async def moved_finding(
    finding: Finding,
    asset: Asset,
    to: State,
    actor: str,
    reason: str,
    at: datetime,
    work: Work,
    tell: Tell,
) -> Finding:
    """The finding in another state, if the table has that step; else as it is."""
    if to not in STATE_CHANGES[finding.state]:
        return finding
    changed = replace(finding, state=to, updated_at=at, closed_at=None)
    if to is State.REOPENED:
        changed = replace(changed, acknowledged_by=None, acknowledged_at=None)
    detail = {"from": finding.state.value, "to": to.value, "severity": finding.severity.value}
    name = "reopened" if to is State.REOPENED else f"state:{to.value}"
    event = FindingEvent(
        finding=finding.id,
        kind=EventKind.STATE,
        at=at,
        content=f"{name}:{at.isoformat()}",
        detail=detail | {"verdict": finding.verdict.value, "reason": reason, "actor": actor},
        actor=actor,
        reason=reason,
    )
    await work.findings.save(changed)
    await tell(event, changed, asset, work)
    await work.audit.append(actor, "finding.state", finding.id, {**detail, "reason": reason}, at)
    return changed
