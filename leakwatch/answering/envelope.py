"""A press as it came, and the word to Slack that it was taken.

Slack waits three seconds for that word; without it the person sees that it failed, and presses again. So it is given
when the deed is done, not before: what a crash swallowed was never taken. Only a deed that takes longer than that is
taken before it is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

LATEST_S = 2.5


class Envelope:
    """One payload. `send` tells Slack that it was taken, and does not block."""

    def __init__(self, payload: Mapping[str, Any], send: Callable[[], None]) -> None:
        self.payload = payload
        self.taken = False
        self._send = send
        self._timer = asyncio.get_running_loop().call_later(LATEST_S, self.take)

    def take(self) -> None:
        """Tell Slack, once."""
        self._timer.cancel()
        if not self.taken:
            self.taken = True
            self._send()

    def leave(self) -> None:
        """It is not done, and Slack is not told any more that it was taken."""
        self._timer.cancel()
