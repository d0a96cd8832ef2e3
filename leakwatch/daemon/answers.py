"""Has done to cases what people press where they were told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from leakwatch.alerts import Channel
from leakwatch.answering import CaseDeeds, listeners_for
from leakwatch.cases.telling import Tell
from leakwatch.daemon.guard import Guard
from leakwatch.ports import Clock, Fetcher, Repository


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
    listeners = listeners_for(channels, fetcher, CaseDeeds(repository, tell), clock, guard.over)
    await asyncio.gather(*(one.run(stopping) for one in listeners))
