"""Many swarms at many trackers: each tracker is asked once for all the swarms that it may know."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from leakwatch.errors import LeakwatchError, SwarmError
from leakwatch.swarm.tracker import Counts, read_tracker
from leakwatch.torrent.infohash import SwarmKey

Ask = Callable[[str, Sequence[SwarmKey]], Awaitable[Mapping[SwarmKey, Counts]]]
_HTTP_HASHES, _UDP_HASHES = 24, 500
"""In one question: what one URL holds, so that a failure costs one request; and what fits the deadline by UDP."""
_GIVE_UP = 2


class Scrapes:
    """The questions of one round, all begun at once. `at_once` bounds how many are open, in other rounds too.

    Two questions to one host by HTTP wait for one another, for the door keeps a pace of its own. A tracker that
    fails twice in a row is asked no more.
    """

    def __init__(
        self, wanted: Iterable[tuple[Sequence[str], Sequence[SwarmKey]]], ask: Ask, at_once: asyncio.Semaphore
    ) -> None:
        self._ask, self._at_once = ask, at_once
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        groups: dict[str, tuple[str, dict[SwarmKey, None]]] = {}
        for trackers, keys in wanted:
            for url in trackers:
                groups.setdefault(_named(url), (url, {}))[1].update(dict.fromkeys(keys))
        self._told = {
            name: asyncio.create_task(self._run(url, list(keys))) for name, (url, keys) in groups.items()
        }

    async def counts(self, tracker: str, keys: Sequence[SwarmKey]) -> list[Counts]:
        """What a tracker said of some swarms; those that it does not know are absent. Raises: LeakwatchError."""
        told = [one for key in keys if (one := (await self._told[_named(tracker)]).get(key))]
        for one in told:
            if isinstance(one, LeakwatchError):
                raise one
        return [one for one in told if isinstance(one, Counts)]

    async def aclose(self) -> None:
        """Leave nobody asking."""
        for task in self._told.values():
            task.cancel()
        await asyncio.gather(*self._told.values(), return_exceptions=True)

    async def _run(self, url: str, keys: Sequence[SwarmKey]) -> dict[SwarmKey, Counts | LeakwatchError]:
        host = _http_host(url)
        size = _HTTP_HASHES if host else _UDP_HASHES
        found: dict[SwarmKey, Counts | LeakwatchError] = {}
        failure, failures = SwarmError(), 0
        for start in range(0, len(keys), size):
            some = keys[start : start + size]
            if failures < _GIVE_UP:
                try:
                    async with self._turns[host or url], self._at_once:
                        found |= await self._ask(url, some)
                    failures = 0
                    continue
                except LeakwatchError as error:
                    failure, failures = error, failures + 1
            found |= dict.fromkeys(some, failure)
        return found


def _named(url: str) -> str:
    """What tells trackers apart: the path of a UDP tracker says nothing. What cannot be read is told by `scrape`."""
    try:
        one = read_tracker(url)
    except SwarmError:
        return url
    return f"udp://{one.host}:{one.port}" if one.scheme == "udp" else url


def _http_host(url: str) -> str:
    """The host of an HTTP tracker, and nothing for others."""
    try:
        one = read_tracker(url)
    except SwarmError:
        return ""
    return one.host if one.scheme in ("http", "https") else ""
