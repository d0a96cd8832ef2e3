"""Whose turn it is: so many at once, the others wait, the most wanted first."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count

from leakwatch.errors import SwarmError

_Waiter = tuple[int, int, asyncio.Future[None]]


class Turns:
    """A semaphore whose waiters are served in order of rank, and within a rank as they came.

    Where more wait than may, the one of the highest rank number who came last is refused.
    """

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self._free = at_once
        self._most_waiting = most_waiting
        self._numbers = count()
        self._waiting: list[_Waiter] = []

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(not one[2].done() for one in self._waiting)

    @asynccontextmanager
    async def turn(self, rank: int) -> AsyncGenerator[None]:
        """Wait for a turn. Raises: SwarmError where too many wait and this one is the least wanted."""
        if self._free and not self._waiting:
            self._free -= 1
        else:
            await self._wait(rank)
        try:
            yield
        finally:
            self._free += 1
            self._serve()

    async def _wait(self, rank: int) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._numbers), future))
        if len(self._waiting) > self._most_waiting:
            self._refuse_last()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._free += 1  # the turn had come in the same moment
            future.cancel()
            self._serve()
            raise

    def _serve(self) -> None:
        while self._waiting and (self._free or self._waiting[0][2].done()):
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                self._free -= 1
                future.set_result(None)

    def _refuse_last(self) -> None:
        self._waiting = [one for one in self._waiting if not one[2].done()]
        heapq.heapify(self._waiting)
        if len(self._waiting) > self._most_waiting:
            last = max(self._waiting, key=lambda one: one[:2])
            self._waiting.remove(last)
            heapq.heapify(self._waiting)
            last[2].set_exception(
                SwarmError("too many torrents are wanted: this one is asked for again later")
            )
