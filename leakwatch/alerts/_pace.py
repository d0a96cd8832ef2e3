"""How often one channel is written to."""

from __future__ import annotations

import asyncio


class Pace:
    """Lets the next one go when the time between two has passed; who waits first goes first."""

    def __init__(self, between_s: float) -> None:
        self._between_s, self._next_at, self._lock = between_s, 0.0, asyncio.Lock()

    async def turn(self) -> None:
        """Wait until it is one's turn."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if now < self._next_at:
                await asyncio.sleep(self._next_at - now)
            self._next_at = max(now, self._next_at) + self._between_s
