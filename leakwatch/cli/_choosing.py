"""Which findings a command is for: the same options for `finding list` and for all that is done to many."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli._shared import now
from leakwatch.errors import InputError
from leakwatch.model.finding import Severity, State, Verdict

if TYPE_CHECKING:
    from leakwatch.cases.choosing import Filter

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Conditions that must all hold."""

    asset: Annotated[str | None, typer.Option("--asset", help="Only those of this asset.")] = None
    site: Annotated[str | None, typer.Option("--site", help="Only those that were seen on this site.")] = None
    in_state: Annotated[State | None, typer.Option("--state", help="Only those in this state.")] = None
    severity: Annotated[Severity | None, typer.Option("--severity", help="Only those of this severity.")] = (
        None
    )
    verdict: Annotated[Verdict | None, typer.Option("--verdict", help="Only those of this verdict.")] = None
    assignee: Annotated[
        str | None, typer.Option("--assignee", help="Only those given to this person; an empty name: nobody.")
    ] = None
    since: Annotated[
        str | None,
        typer.Option(
            "--since", help="Only those that changed since: a day or time in UTC, or 90m, 12h, 30d, 8w ago."
        ),
    ] = None
    older: Annotated[
        str | None, typer.Option("--older", help="Only those not seen for this long: 90m, 12h, 30d, 8w.")
    ] = None

    def filter(self) -> Filter:
        """What they say, read. Raises: InputError."""
        from leakwatch.cases.choosing import Filter  # noqa: PLC0415

        return Filter(
            asset=self.asset,
            site=self.site,
            state=self.in_state,
            severity=self.severity,
            verdict=self.verdict,
            assignee=self.assignee,
            since=moment(self.since) if self.since else None,
            older=_older(self.older) if self.older else None,
        )


def moment(text: str) -> datetime:
    """A day, a time, or how long ago. Raises: InputError."""
    length = _length(text)
    if length is not None:
        return now() - length
    try:
        day = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"--since: expected a day or a time such as 2026-11-20T12:00Z, or 12h, 30d, got {text!r}"
        ) from error
    if len(text) <= len("2026-11-20"):
        return datetime.combine(day.date(), time(), UTC)
    return day if day.tzinfo else day.replace(tzinfo=UTC)


def _older(text: str) -> timedelta:
    length = _length(text)
    if length is None:
        raise typer.BadParameter(f"a length of time is 90m, 12h, 30d or 8w, not {text!r}")
    return length


def _length(text: str) -> timedelta | None:
    found = re.fullmatch(r"(\d{1,4})([mhdw])", text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
