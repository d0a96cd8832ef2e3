"""Swarms that wait to be asked for their metadata: there are more new ones than anybody can ask."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from leakwatch.torrent.infohash import SwarmKey


class Backlog:
    """A bounded queue, each key in it once: watched keys first, then those that came first.

    Where it is full the key that has waited longest goes, of the unwatched ones while there are any.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._first: OrderedDict[SwarmKey, None] = OrderedDict()
        self._others: OrderedDict[SwarmKey, None] = OrderedDict()
        self._has_some = asyncio.Event()

    def __len__(self) -> int:
        return len(self._first) + len(self._others)

    def add(self, key: SwarmKey, *, is_watched: bool = False) -> int:
        """Let a key wait, one that waits already perhaps as a watched one; answers how many went for it."""
        if key in self._first:
            return 0
        if is_watched:
            self._others.pop(key, None)
            self._first[key] = None
        else:
            self._others.setdefault(key)
        self._has_some.set()
        if len(self) <= self._capacity:
            return 0
        (self._others or self._first).popitem(last=False)
        return 1

    async def take(self) -> SwarmKey:
        """The key whose turn it is; waits for one."""
        while not len(self):
            self._has_some.clear()
            await self._has_some.wait()
        return (self._first or self._others).popitem(last=False)[0]
