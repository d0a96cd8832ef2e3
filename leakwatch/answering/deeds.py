"""The deeds of the buttons, made of what triage and silences offer: each of those writes its own audit entry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Concatenate

from leakwatch.answering.now import case_now
from leakwatch.answering.once import DoneBeforeError, Once
from leakwatch.cases import Act, acknowledge, mark_false_positive
from leakwatch.cases.telling import Tell
from leakwatch.errors import InputError
from leakwatch.model.case_now import CaseNow
from leakwatch.model.finding import FindingId
from leakwatch.model.route import Matchers
from leakwatch.ports import Repository, Work
from leakwatch.telling.silences import begin_silence

_REASON = "a button in Slack"
_Judge = Callable[Concatenate[Repository, str, Act, ...], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class CaseDeeds:
    """What the buttons do to cases. `tell` writes an event, and the alerts that it causes."""

    repository: Repository
    tell: Tell

    async def acknowledge(self, finding: FindingId, actor: str, key: str, at: datetime) -> None:
        """Somebody has seen it: reminders stop. Raises: InputError if somebody had before, or the case is over."""
        await self._judge(acknowledge, "acknowledge", finding, actor, key, at)

    async def false_positive(self, finding: FindingId, actor: str, key: str, at: datetime) -> None:
        """It is none. Raises: InputError if the case is over."""
        await self._judge(mark_false_positive, "false_positive", finding, actor, key, at)

    async def _judge(
        self, judge: _Judge, deed: str, finding: FindingId, actor: str, key: str, at: datetime
    ) -> None:
        once = Once(repository=self.repository, actor=actor, key=key, deed=deed, finding=finding, at=at)
        with suppress(DoneBeforeError):
            await judge(once, finding, Act(actor, at, _REASON, self.tell))

    async def silence(
        self, finding: FindingId, actor: str, key: str, at: datetime, how_long: timedelta
    ) -> None:
        """Nobody is told of it for so long. Raises: InputError if the case is over, or is silent already."""

        async def check(work: Work) -> None:
            now = await case_now(finding, at, work)
            if now is None or now.is_over or now.silent_until is not None:
                raise InputError(f"{finding} cannot be silenced: it is over, or is silent already")

        told = Once(repository=self.repository, actor=actor, key=key, deed="silence", finding=finding, at=at)
        matchers = Matchers(findings=frozenset({finding}))
        with suppress(DoneBeforeError):
            await begin_silence(matchers, at, at + how_long, actor, _REASON, replace(told, check=check), at)

    async def refused(self, finding: FindingId, actor: str, key: str, at: datetime, why: str) -> None:
        """Somebody wanted to who may not: an audit entry and nothing else."""
        once = Once(repository=self.repository, actor=actor, key=key, deed="refused", finding=finding, at=at)
        with suppress(DoneBeforeError):
            async with once.writing() as work:
                await work.audit.append(actor, "finding.refused", finding, {"key": key, "why": why}, at)

    async def now(self, finding: FindingId, at: datetime) -> CaseNow | None:
        """What the case is by now; None if there is no such case."""
        async with self.repository.reading() as work:
            return await case_now(finding, at, work)
