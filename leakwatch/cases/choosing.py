"""Which cases an act is for: those that are named, or all that a filter leaves. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from leakwatch.model.finding import Finding, Severity, State, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Conditions that must all hold. `severity` is exact; `older` is the least time since it was last seen."""

    asset: str | None = None
    site: str | None = None
    state: State | None = None
    severity: Severity | None = None
    verdict: Verdict | None = None
    older: timedelta | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it would leave everything."""
        return self == Filter()


def chosen(findings: Iterable[Finding], by: Filter, now: datetime) -> list[Finding]:
    """The findings that a filter leaves, in their order."""
    return [one for one in findings if _holds(one, by, now)]


def _holds(one: Finding, by: Filter, now: datetime) -> bool:
    return (
        (by.asset is None or one.asset == by.asset)
        and (by.site is None or by.site in one.sites)
        and (by.state is None or one.state is by.state)
        and (by.severity is None or one.severity is by.severity)
        and (by.verdict is None or one.verdict is by.verdict)
        and (by.older is None or now - one.updated_at >= by.older)
    )
