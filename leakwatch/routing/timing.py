"""When news are told: at once, with their group, after the quiet hours, or in a digest. Pure; the time is an argument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from leakwatch.model.finding import Severity
from leakwatch.model.opening import Opening
from leakwatch.model.route import Policy, Rhythm

ENDLESS = timedelta(days=8)
"""So long quiet hours last at most."""


@dataclass(frozen=True, slots=True)
class Due:
    """When news are told, and what they wait for: "" nothing, "group", "quiet" or "digest"."""

    at: datetime
    why: str = ""


def due_at(
    policy: Policy, severity: Severity, now: datetime, last: datetime | None, *, breaks: bool = False
) -> Due:
    """When news of a group are told. `last` is its last message; `breaks`: they are more severe, or proved.

    A last message that lies ahead was sent before the clock was set back: nothing waits longer than an interval for it.
    """
    if policy.rhythm is not None:
        return _awake(policy, severity, Due(next_digest(policy.rhythm, now), "digest"))
    if last is None:
        waits = Due(now + timedelta(seconds=policy.group_wait), "group" if policy.group_wait else "")
    else:
        until = min(last, now) + timedelta(seconds=policy.group_interval)
        waits = Due(until, "group") if until > now and not breaks else Due(now)
    return _awake(policy, severity, waits)


def _awake(policy: Policy, severity: Severity, due: Due) -> Due:
    """The same, or the end of the quiet hours that it falls into."""
    ends = awake(policy, severity, due.at)
    return due if ends == due.at else Due(ends, due.why if due.why == "digest" else "quiet")


def awake(policy: Policy, severity: Severity, at: datetime) -> datetime:
    """The same time where such news may wake people; else the end of the quiet hours that it lies in."""
    return at if severity.rank >= policy.quiet_but.rank else after_quiet(policy.quiet, at)


def after_quiet(quiet: Sequence[Opening], at: datetime) -> datetime:
    """The same time, or the end of the quiet hours that it lies in; of hours that never end a week and a day."""
    now = at
    while now - at < ENDLESS:
        inside = [one for one in quiet if one.is_open(now)]
        if not inside:
            break
        now = max(one.closes(now) for one in inside)
    return now


def next_digest(rhythm: Rhythm, now: datetime) -> datetime:
    """When the next digest comes. Where clocks jump over its time it comes as long after the jump, and never twice a day."""
    if rhythm.every == "hourly":
        return (now.astimezone(UTC) + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    today = now.astimezone(rhythm.zone).date()
    for step in range(-1, 9):
        day = today + timedelta(days=step)
        if rhythm.every == "daily" or day.weekday() == rhythm.day:
            at = _at(rhythm, day)
            if at > now:
                return at
    raise AssertionError("every week has each of its days")


def _at(rhythm: Rhythm, day: date) -> datetime:
    local = datetime(day.year, day.month, day.day, rhythm.hour, rhythm.minute, tzinfo=rhythm.zone)
    return local.astimezone(UTC)


def set_back(due: datetime, began: datetime, now: datetime) -> datetime:
    """When something is due that began in what is the future now: it waits no longer than it would have waited."""
    return now + max(due - began, timedelta())


def started_over(
    policy: Policy, severity: Severity, due: datetime, began: datetime, now: datetime
) -> datetime:
    """The same of news on a route: what waited for its digest or the end of quiet hours waits for those by the new time.

    Nothing falls into quiet hours by it that does not wake people.
    """
    waited = due_at(policy, severity, began, None)
    if waited.why in ("digest", "quiet") and due >= waited.at:
        return due_at(policy, severity, now, None).at
    return awake(policy, severity, set_back(due, began, now))
