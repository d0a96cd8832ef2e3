"""The heartbeat: an address elsewhere is called for as long as the daemon works. Who misses it knows that the watch is dead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import structlog

from leakwatch.errors import LeakwatchError
from leakwatch.ports import Clock, Fetcher, Repository

log = structlog.get_logger()

_LOOP_S = 60.0
_STUCK = timedelta(minutes=10)


@dataclass(slots=True)
class Heartbeat:
    """Calls the address. `ticked` is when the schedule was last looked at, by the monotonic clock; None before.

    `attempted` is when something was last sent, likewise. `takes_nothing` says whether the database refuses all
    that is written.
    """

    url: str
    every_s: float
    channels: frozenset[str]
    fetcher: Fetcher
    repository: Repository
    clock: Clock
    ticked: Callable[[], float | None]
    attempted: Callable[[], float | None] = lambda: None
    takes_nothing: Callable[[], bool] = lambda: False

    async def beat(self) -> bool:
        """Call once, if all is well; whether the call was answered well."""
        why = await self.stuck()
        if why:
            log.error("heartbeat_withheld", error=why)
            return False
        try:
            status, _, _ = await self.fetcher.post(self.url, body=b"", headers={})
        except LeakwatchError as error:
            log.warning("heartbeat_failed", error=error.message)
            return False
        if status >= 300:
            log.warning("heartbeat_failed", error=f"the address answered {status}")
        return status < 300

    async def stuck(self) -> str:
        """What does not move: the schedule, what is to be told, or the outbox; "" where everything does."""
        ticked = self.ticked()
        if ticked is None or monotonic() - ticked > _LOOP_S:
            return "the schedule stands still"
        if self.takes_nothing():
            return "the database takes nothing"
        before = self.clock.now() - _STUCK
        try:
            async with self.repository.reading() as work:
                untold = await work.announcements.overdue(before)
                unsent = self.channels & set(await work.outbox.due_channels(before))
        except LeakwatchError as error:
            return error.message
        if untold:
            return "what is due to be told is not"
        attempted = self.attempted()
        is_sending = attempted is not None and monotonic() - attempted < _STUCK.total_seconds()
        return f"nothing is sent to {', '.join(sorted(unsent))}" if unsent and not is_sending else ""
