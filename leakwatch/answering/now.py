"""What a case is now: read from what is stored, and put into words for who pressed a button of an old message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from leakwatch.alerts._facts import told
from leakwatch.model.announcement import Silence
from leakwatch.model.case_now import CaseNow
from leakwatch.model.finding import EventKind, Finding, FindingEvent, FindingId, State
from leakwatch.model.route import Matchers
from leakwatch.ports import Work

_STEPS = 5
"""Of cases that were merged into one another, so many are followed."""
_SLACK = re.compile(r"slack:[A-Z0-9]+ \((.+)\)")
_WORDS = {
    State.NEW: "New",
    State.ACKNOWLEDGED: "Acknowledged",
    State.CONFIRMED: "Confirmed",
    State.REPORTED: "Reported",
    State.REMOVED: "Removed",
    State.REOPENED: "Reopened",
    State.FALSE_POSITIVE: "Marked as a false positive",
    State.ALLOWED: "Allowed",
    State.MERGED: "Merged",
}


async def case_now(ident: FindingId, at: datetime, work: Work, steps: int = _STEPS) -> CaseNow | None:
    """A case as it is stored; None if there is none."""
    finding = await work.findings.get(ident)
    if finding is None:
        return None
    by, since = _whose(finding, await work.findings.events(ident))
    silence = _own(await work.silences.active(at), ident)
    whole = finding.merged_into
    return CaseNow(
        finding=ident,
        state=finding.state,
        by=by,
        since=since,
        acknowledged_by=finding.acknowledged_by or "",
        acknowledged_at=finding.acknowledged_at,
        part_of=await case_now(whole, at, work, steps - 1) if whole and steps else None,
        silent_until=silence.ends_at if silence else None,
        silent_by=silence.actor if silence else "",
        drill=finding.drill,
    )


def _whose(finding: Finding, events: Sequence[FindingEvent]) -> tuple[str, datetime | None]:
    """Who brought it into its state, and when."""
    for event in reversed(events):
        if event.kind is EventKind.STATE and event.detail.get("to") == finding.state.value:
            return event.actor or event.detail.get("actor", ""), event.at
    return "", finding.closed_at


def _own(active: Sequence[Silence], ident: FindingId) -> Silence | None:
    """The silence of this case alone that ends last."""
    own = [one for one in active if one.matchers == Matchers(findings=frozenset({ident}))]
    return max(own, key=lambda one: one.ends_at, default=None)


def person(actor: str) -> str:
    """An actor by the name that others call him."""
    found = _SLACK.fullmatch(actor)
    return told(found[1] if found else actor, 60)


def lines(now: CaseNow) -> Iterator[str]:
    """Who did what to it, a line for each thing that holds."""
    if now.part_of is not None:
        yield f"Part of {now.part_of.finding} now"
        yield from (f"{now.part_of.finding}: {line}" for line in lines(now.part_of))
        return
    if now.acknowledged_by and (now.state is State.ACKNOWLEDGED or now.acknowledged_at != now.since):
        yield _line("Acknowledged", now.acknowledged_by, now.acknowledged_at)
    if now.drill and now.is_over:
        yield _line("The drill is over", "", now.since)
    elif now.state not in (State.NEW, State.ACKNOWLEDGED):
        yield _line(_WORDS[now.state], now.by, now.since)
    if now.silent_until is not None and not now.is_over:
        yield f"Silenced until {_time(now.silent_until)} by {person(now.silent_by)}"


def sentence(now: CaseNow | None, finding: FindingId) -> str:
    """What the case is, said to somebody whose press changed nothing."""
    if now is None:
        return f"There is no case {finding} any more; nothing was changed."
    said = "; ".join(lines(now)) or _WORDS[now.state]
    hint = f" Look at {now.part_of.finding} instead." if now.part_of else ""
    return f"{finding} is this by now, and nothing was changed: {said}.{hint}"


def _line(words: str, by: str, at: datetime | None) -> str:
    who = f" by {person(by)}" if by else ""
    return f"{words}{who}" + (f", {_time(at)}" if at else "")


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
