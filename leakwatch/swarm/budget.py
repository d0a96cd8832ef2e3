"""How fast strangers may be asked: so many packets a second in all, and one place not more often than this."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from leakwatch.errors import ConfigError

_BURST_S = 0.02
"""What may be caught up on after a pause, since no clock of an event loop is finer than some milliseconds."""
_IDLE_LANES = 4096


class Budget:
    """A token bucket: in any stretch of time no more than its share, but for the burst of one fiftieth of a second.

    Whoever takes waits in the order they came.
    """

    def __init__(
        self,
        per_s: float,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        if not per_s > 0:
            raise ConfigError("a budget must be more than nothing", field="swarm.packets_per_s")
        self._per_s, self._now, self._sleep = per_s, now, sleep
        self._most = max(1.0, per_s * _BURST_S)
        self._tokens, self._at = 1.0, now()
        self._turn = asyncio.Lock()

    async def take(self) -> None:
        """Wait for one packet's worth."""
        async with self._turn:
            while (lacking := 1.0 - self._refilled()) > 1e-9:
                await self._sleep(lacking / self._per_s)
            self._tokens -= 1.0

    def _refilled(self) -> float:
        now = self._now()
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._per_s)
        self._at = now
        return self._tokens


@dataclass(slots=True)
class _Lane:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0
    users: int = 0


class Lanes:
    """One at a time for each place, and a pause after each."""

    def __init__(
        self,
        interval_s: float,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._interval_s, self._now, self._sleep = interval_s, now, sleep
        self._lanes: dict[str, _Lane] = {}

    def __len__(self) -> int:
        """The number of places remembered."""
        return len(self._lanes)

    @asynccontextmanager
    async def turn(self, place: str) -> AsyncGenerator[None]:
        """Wait for the place's turn and hold it; the pause begins when the block ends."""
        lane = self._lanes.setdefault(place, _Lane())
        lane.users += 1
        try:
            async with lane.turn:
                while (wait_s := lane.free_at - self._now()) > 0:
                    await self._sleep(wait_s)
                try:
                    yield
                finally:
                    lane.free_at = self._now() + self._interval_s
        finally:
            lane.users -= 1
            self._forget_idle()

    def _forget_idle(self) -> None:
        if len(self._lanes) > _IDLE_LANES:
            now = self._now()
            busy = {place: lane for place, lane in self._lanes.items() if lane.users or lane.free_at > now}
            self._lanes = busy
