"""The deeds of the buttons, made of what triage and silences offer: each of those writes its own audit entry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from leakwatch.model.finding import Finding, FindingId
from leakwatch.ports import Repository

_REASON = "a button in Slack"

Judge = Callable[[Repository, str, str, str, datetime], Awaitable[Finding]]
"""Moves a finding to another state: repository, finding, actor, reason, now. Raises: InputError."""
Hush = Callable[[FindingId, datetime, str, str, datetime], Awaitable[object]]
"""Begins a silence of one finding: finding, until, actor, reason, now. Raises: InputError."""


@dataclass(frozen=True, slots=True)
class CaseDeeds:
    """What the buttons do to cases."""

    repository: Repository
    seen: Judge
    none: Judge
    hush: Hush

    async def acknowledge(self, finding: FindingId, actor: str, key: str, at: datetime) -> str:  # noqa: ARG002
        """Somebody has seen it: reminders stop. Raises: InputError if somebody had before, or the case is over."""
        await self.seen(self.repository, finding, actor, _REASON, at)
        return f"{finding} is acknowledged."

    async def false_positive(self, finding: FindingId, actor: str, key: str, at: datetime) -> str:  # noqa: ARG002
        """It is none. Raises: InputError if the case is over."""
        await self.none(self.repository, finding, actor, _REASON, at)
        return f"{finding} is a false positive."

    async def silence(
        self,
        finding: FindingId,
        actor: str,
        key: str,  # noqa: ARG002
        at: datetime,
        how_long: timedelta,
    ) -> str:
        """Nobody is told of it for so long. Raises: InputError."""
        until = at + how_long
        await self.hush(finding, until, actor, _REASON, at)
        return f"{finding} is silent until {until:%Y-%m-%d %H:%M} UTC."

    async def refused(self, finding: FindingId, actor: str, key: str, at: datetime, why: str) -> None:
        """Somebody wanted to who may not: an audit entry and nothing else."""
        async with self.repository.writing() as work:
            await work.audit.append(actor, "finding.refused", finding, {"key": key, "why": why}, at)
