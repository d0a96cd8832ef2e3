"""Which cases a list or an act is for: those that a filter leaves, in an order. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from leakwatch.model.finding import Finding, Severity, State, Verdict
from leakwatch.model.sort import Sort


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Conditions that must all hold.

    `severity` is exact; `assignee` "" is nobody; `since` is the earliest time of the last change, `older` the least
    time since it.
    """

    asset: str | None = None
    site: str | None = None
    state: State | None = None
    severity: Severity | None = None
    verdict: Verdict | None = None
    assignee: str | None = None
    since: datetime | None = None
    older: timedelta | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it would leave everything."""
        return self == Filter()


def chosen(findings: Iterable[Finding], by: Filter, now: datetime) -> list[Finding]:
    """The findings that a filter leaves, in their order."""
    return [one for one in findings if _is_like(one, by) and _is_of_time(one, by, now)]


def _is_like(one: Finding, by: Filter) -> bool:
    return (
        (by.asset is None or one.asset == by.asset)
        and (by.site is None or by.site in one.sites)
        and (by.state is None or one.state is by.state)
        and (by.severity is None or one.severity is by.severity)
        and (by.verdict is None or one.verdict is by.verdict)
        and (by.assignee is None or (one.assignee or "") == by.assignee)
    )


def _is_of_time(one: Finding, by: Filter, now: datetime) -> bool:
    is_late = by.since is None or one.updated_at >= by.since
    return is_late and (by.older is None or now - one.updated_at >= by.older)


def ordered(findings: Iterable[Finding], by: Sort) -> list[Finding]:
    """The findings in an order, what matters most first; those that are equal in it, newest first."""
    newest = sorted(findings, key=lambda one: (one.opened_at, one.id), reverse=True)
    match by:
        case Sort.OPENED:
            return newest
        case Sort.UPDATED:
            return sorted(newest, key=lambda one: one.updated_at, reverse=True)
        case Sort.SEVERITY:
            return sorted(newest, key=lambda one: one.severity.rank, reverse=True)
        case Sort.SIGHTINGS:
            return sorted(newest, key=lambda one: one.sightings, reverse=True)
        case Sort.DUE:
            dated = sorted((one for one in newest if one.due_at), key=_due)
            return dated + [one for one in newest if one.due_at is None]


def _due(one: Finding) -> datetime:
    return one.due_at or one.opened_at
