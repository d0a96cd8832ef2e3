"""How often one channel is written to."""

from __future__ import annotations

import asyncio

_AT_ONCE = 3


class Pace:
    """Lets one go each so many seconds, a few at once after a pause; who waits first goes first.

    Source: the generic cell rate algorithm. Slack, too, lets short bursts pass.
    """

    def __init__(self, between_s: float) -> None:
        self._between_s, self._free_at, self._lock = between_s, 0.0, asyncio.Lock()

    async def turn(self) -> None:
        """Wait until it is one's turn."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            free_at = max(now, self._free_at)
            wait = free_at - (_AT_ONCE - 1) * self._between_s - now
            if wait > 0:
                await asyncio.sleep(wait)
            self._free_at = free_at + self._between_s
