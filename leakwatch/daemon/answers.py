"""Has done to cases what people press where they were told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from leakwatch.alerts import Channel
from leakwatch.answering import CaseDeeds, listeners_for
from leakwatch.cases import acknowledge, mark_false_positive
from leakwatch.cases.telling import Tell
from leakwatch.daemon.guard import Guard
from leakwatch.model.finding import FindingId
from leakwatch.model.route import Matchers
from leakwatch.ports import Clock, Deeds, Fetcher, Repository
from leakwatch.telling.silences import begin_silence


def deeds_of(repository: Repository, tell: Tell) -> Deeds:
    """What the buttons do: acts of triage and a silence for one finding, told as the routes say."""

    async def hush(finding: FindingId, until: datetime, actor: str, reason: str, at: datetime) -> None:
        matchers = Matchers(findings=frozenset({finding}))
        await begin_silence(matchers, at, until, actor, reason, repository, at)

    seen, none = partial(acknowledge, tell=tell), partial(mark_false_positive, tell=tell)
    return CaseDeeds(repository, seen, none, hush)


async def answer(
    channels: Iterable[Channel],
    repository: Repository,
    fetcher: Fetcher,
    clock: Clock,
    tell: Tell,
    guard: Guard,
    stopping: asyncio.Event,
) -> None:
    """Listen to the buttons of all channels that have any, until the end. Raises: ConfigError without Slack's library."""
    listeners = listeners_for(channels, fetcher, deeds_of(repository, tell), clock, guard.over)
    await asyncio.gather(*(one.run(stopping) for one in listeners))
