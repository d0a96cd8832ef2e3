"""What a person does to one case: one function each, one transaction each, with an event and an entry in the audit.

Which state may follow which is the table of the model. A case that is part of another one now is not changed: its
survivor is named in the error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from leakwatch.cases.scopes import entry_for, with_allow
from leakwatch.cases.telling import Act, locked
from leakwatch.cases.weighing import severity_event, weigh
from leakwatch.errors import InputError
from leakwatch.model.allow import Allow
from leakwatch.model.asset import Asset
from leakwatch.model.finding import STATE_CHANGES, EventKind, Finding, FindingEvent, State
from leakwatch.ports import Repository, Work

MAX_TEXT = 4000
"""Characters of a reason or comment."""
_CLOSING = frozenset({State.REMOVED, State.FALSE_POSITIVE, State.ALLOWED})


async def acknowledge(repository: Repository, ident: str, act: Act) -> Finding:
    """Somebody has seen the case and takes care of it: reminders stop; a reason may be left out. Raises: InputError."""
    told = act.reason.strip() or State.ACKNOWLEDGED.value
    return await move(repository, ident, State.ACKNOWLEDGED, replace(act, reason=told))


async def confirm(repository: Repository, ident: str, act: Act) -> Finding:
    """It is a leak. Raises: InputError."""
    return await move(repository, ident, State.CONFIRMED, act)


async def mark_false_positive(
    repository: Repository, ident: str, act: Act, scope: str | None = None, until: date | None = None
) -> Finding:
    """It is none, and what lies in the scope will be none until that day. Raises: InputError."""
    return await move(repository, ident, State.FALSE_POSITIVE, act, scope, until)


async def mark_allowed(
    repository: Repository, ident: str, act: Act, scope: str | None = None, until: date | None = None
) -> Finding:
    """It may be there, and so may what lies in the scope until that day. Raises: InputError."""
    return await move(repository, ident, State.ALLOWED, act, scope, until)


async def move(
    repository: Repository,
    ident: str,
    state: State,
    act: Act,
    scope: str | None = None,
    until: date | None = None,
) -> Finding:
    """Move a case to another state. Raises: InputError if that is no legal step, or the scope says too little."""
    if until is not None and scope is None:
        raise InputError("an expiry needs a scope: say with --scope what is hidden until then")
    check_until(until, act.at.date())
    async with repository.writing() as work:
        finding, asset = await locked(ident, work)
        check_step(finding, state)
        entry = None
        if scope is not None:
            entry = await entry_for(scope, finding, asset, _text(act.reason, "a reason"), until, work)
            asset = with_allow(asset, entry)
            await work.cases.say_of(asset)
        changed = _in_state(finding, state, act)
        if state is State.REOPENED:  # what happened to its asset while it was closed has not moved it
            changed = await weigh(changed, asset, act.at, work)
            await _note(severity_event(finding, changed, act.at, actor=act.actor), work)
        detail = {"from": finding.state.value, "to": state.value, "reason": act.reason, "actor": act.actor}
        event = FindingEvent(
            finding=finding.id,
            kind=EventKind.STATE,
            at=act.at,
            content=f"state:{state.value}:{act.at.isoformat()}",
            detail=detail | _scope_of(entry),
            actor=act.actor,
            reason=_text(act.reason, "a reason"),
        )
        await _done(changed, asset, event, "finding.state", work, act)
    return changed


def check_until(until: date | None, today: date) -> None:
    """A last day that is over would hide nothing. Raises: InputError."""
    if until is not None and until < today:
        raise InputError(f"the last day {until.isoformat()} is over: it would have no effect")


def check_step(finding: Finding, state: State) -> None:
    """Whether a case may be moved to a state. Raises: InputError."""
    if finding.merged_into:
        raise InputError(
            f"{finding.id} is part of {finding.merged_into} now; change that one, or undo the merge with "
            f"`leakwatch finding split {finding.merged_into} --undo-merge {finding.id}`"
        )
    legal = STATE_CHANGES[finding.state] - {State.MERGED}
    if state not in legal:
        may = ", ".join(sorted(legal)) or "nothing"
        raise InputError(f"{finding.id} is {finding.state.value} and can become {may}, not {state.value}")


def _in_state(finding: Finding, state: State, act: Act) -> Finding:
    changed = replace(
        finding, state=state, updated_at=act.at, closed_at=act.at if state in _CLOSING else None
    )
    if state is State.REOPENED:
        return replace(changed, acknowledged_by=None, acknowledged_at=None)
    if finding.acknowledged_at is None:  # whoever judges a case has seen it
        return replace(changed, acknowledged_by=act.actor, acknowledged_at=act.at)
    return changed


def _scope_of(entry: Allow | None) -> dict[str, str]:
    if entry is None:
        return {}
    return {"scope": entry.name} | ({"until": entry.until.isoformat()} if entry.until else {})


async def assign(repository: Repository, ident: str, assignee: str | None, act: Act) -> Finding:
    """Give a case to somebody, or to nobody (None). Raises: InputError."""
    who = _text(assignee, "a name") if assignee is not None else None
    async with repository.writing() as work:
        finding, asset = await locked(ident, work)
        changed = replace(workable(finding), assignee=who, updated_at=act.at)
        event = _event(finding, EventKind.ASSIGNED, {"from": finding.assignee or "", "to": who or ""}, act)
        await _done(changed, asset, event, "finding.assign", work, act)
    return changed


async def comment(repository: Repository, ident: str, text: str, act: Act) -> Finding:
    """Write a remark into a case's history. Raises: InputError."""
    async with repository.writing() as work:
        finding, asset = await locked(ident, work)
        event = _event(workable(finding), EventKind.COMMENT, {"text": _text(text, "a comment")}, act)
        await _done(finding, asset, event, "finding.comment", work, act)
    return finding


async def set_due(repository: Repository, ident: str, due_at: datetime | None, act: Act) -> Finding:
    """Say until when a case must be dealt with, or take that back (None). Raises: InputError."""
    async with repository.writing() as work:
        finding, asset = await locked(ident, work)
        changed = replace(workable(finding), due_at=due_at, updated_at=act.at)
        event = _event(finding, EventKind.DUE, {"from": _time(finding.due_at), "to": _time(due_at)}, act)
        await _done(changed, asset, event, "finding.due", work, act)
    return changed


def _time(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def workable(finding: Finding) -> Finding:
    """A case that can be worked on. Raises: InputError if it is part of another one."""
    if finding.merged_into:
        raise InputError(f"{finding.id} is part of {finding.merged_into} now; change that one")
    return finding


def _text(text: str, what: str) -> str:
    told = text.strip()
    if not told:
        raise InputError(f"{what} is missing")
    if len(told) > MAX_TEXT:
        raise InputError(f"{what} has at most {MAX_TEXT} characters, not {len(told)}")
    return told


def _event(finding: Finding, kind: EventKind, detail: Mapping[str, str], act: Act) -> FindingEvent:
    return FindingEvent(
        finding=finding.id,
        kind=kind,
        at=act.at,
        content=f"{kind.value}:{act.at.isoformat()}",
        detail=detail,
        actor=act.actor,
        reason=detail.get("text"),
    )


async def _note(event: FindingEvent | None, work: Work) -> None:
    """Write it into the history, where the act that it came with is told."""
    if event is not None:
        await work.findings.add_event(event)


async def _done(
    changed: Finding, asset: Asset, event: FindingEvent, action: str, work: Work, act: Act
) -> None:
    """Save, tell, and write down who did it."""
    await work.findings.save(changed)
    await act.tell(event, changed, asset, work)
    detail: dict[str, Any] = {**event.detail, **({"reason": event.reason} if event.reason else {})}
    await work.audit.append(act.actor, action, changed.id, detail, act.at)
