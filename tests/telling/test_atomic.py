"""Broken off anywhere, nothing is lost and nothing told twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from leakwatch.model.finding import EventKind, FindingEvent
from leakwatch.model.route import Route
from leakwatch.telling import Telling, announce, tell_due

from .conftest import ASSET, finding  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from .conftest import Desk  # type: ignore[import-not-found]


class BreaksAt(dict[str, tuple[str, ...]]):
    """Recipients, of which one cannot be had: what comes before it in the transaction must leave no trace."""

    def __init__(self, channel: str) -> None:
        super().__init__()
        self._channel = channel

    def get(self, key: str, default: object = None) -> tuple[str, ...]:  # type: ignore[override]
        """Nobody in particular, or the end."""
        if key == self._channel:
            raise KeyboardInterrupt
        return ()


async def test_an_event_that_is_rolled_back_tells_nobody(desk: Desk) -> None:
    """Announcements live and die with the transaction of their event."""
    told = FindingEvent(finding=finding().id, kind=EventKind.OPENED, at=desk.at, content="opened")
    with pytest.raises(ZeroDivisionError):
        async with desk.repository.writing() as work:
            await work.catalogue.save(ASSET, desk.at)
            await work.findings.save(finding())
            assert await announce(told, finding(), ASSET, desk.routing, work) == 1
            _ = 1 / 0
    assert await desk.tell() == 0
    assert await desk.event() == 1


@pytest.mark.parametrize("broken", ["slack", "mail", "hook"])
async def test_a_gather_that_is_broken_off_begins_anew(desk: Desk, broken: str) -> None:
    """Wherever it breaks, no message was written; the next one writes each once, under the same key."""
    desk.route(Route(channels=("slack", "mail", "hook")))
    for number in range(4):
        await desk.event(case=finding(number))
    with pytest.raises(KeyboardInterrupt):
        await tell_due(Telling(routing=desk.routing, recipients=BreaksAt(broken)), desk.repository, desk.at)
    assert await desk.sent() == []
    assert await desk.tell() == 12
    assert await desk.tell() == 0
    assert len(await desk.sent()) == 12


async def test_two_that_gather_at_once_tell_once(desk: Desk) -> None:
    """Two processes on one database make one message of each announcement."""
    desk.route(Route(channels=("slack", "mail")))
    for number in range(5):
        await desk.event(case=finding(number))
    assert sum(await asyncio.gather(*(desk.tell() for _ in range(4)))) == 10
    assert len(await desk.sent()) == 10
