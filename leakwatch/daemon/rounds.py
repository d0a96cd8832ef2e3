"""What is done again and again, each in its own time, beside the jobs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from leakwatch.daemon.guard import Guard

Chore = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Round:
    """Chores that are done one after another, first after `first_s` seconds and then every `every_s`; each has a name."""

    every_s: float
    chores: tuple[tuple[str, Chore], ...]
    first_s: float | None = None

    async def keep(self, guard: Guard) -> None:
        """Go round until cancelled."""
        await asyncio.sleep(self.every_s if self.first_s is None else self.first_s)
        while True:
            for kind, chore in self.chores:
                async with guard.over(kind):
                    await chore()
            await asyncio.sleep(self.every_s)


class Rounds:
    """Rounds that go side by side until they are stopped."""

    def __init__(self, rounds: Sequence[Round], guard: Guard) -> None:
        self._tasks = [asyncio.create_task(one.keep(guard)) for one in rounds]

    async def stop(self) -> None:
        """End them, wherever they are."""
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks, return_exceptions=True)
