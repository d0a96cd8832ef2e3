"""Tells in the log how looks for torrents ended, by reason: each look is counted, not told alone."""

from __future__ import annotations

from collections import Counter

import structlog

log = structlog.get_logger()


class OutcomeLog:
    """What has come to a counter since it was last told. The counter is another's, which goes on counting."""

    def __init__(self, outcomes: Counter[str] | None = None) -> None:
        self._outcomes = Counter[str]() if outcomes is None else outcomes
        self._told = Counter[str]()

    async def tell(self) -> None:
        """A line on what is new; none where nothing is. A coroutine: the schedule runs functions in threads."""
        now = self._outcomes.copy()
        new, self._told = now - self._told, now
        if new:
            log.info("swarm_looks_ended", looks=new.total(), outcomes=dict(new.most_common()))
