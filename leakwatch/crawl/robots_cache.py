"""What each host's robots.txt says, fetched through the door and remembered for a day at most (RFC 9309, 2.4).

Outcomes of fetching it, RFC 9309, 2.3.1:
  200 and the like                      its rules hold
  any 4xx but 429                       there are none: everything is allowed
  anything else, or no answer           nothing is asked until it is known; an older copy goes on to hold
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from leakwatch.crawl import robots
from leakwatch.crawl.addresses import Target
from leakwatch.crawl.robots import Robots
from leakwatch.errors import AddressRefused, Disallowed, FetchFailed, PutOff, Refused, SourceError
from leakwatch.sources._kind import Payload

_FRESH_S, _STALE_S = 86_400.0, 300.0
"""A day; and how soon a robots.txt that could not be read is asked for again, where an older copy holds."""
_MAX_HOSTS = 2000
Key = tuple[str, str, int, str]


@dataclass(frozen=True, slots=True)
class _Known:
    robots: Robots
    until: float


class RobotsCache:
    """The rules of every origin that was asked. `fetch` gets a robots.txt, or raises why it cannot."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: OrderedDict[Key, _Known] = OrderedDict()
        self._turns: dict[Key, asyncio.Lock] = {}

    async def delay_s(self, target: Target, proxy: str, fetch: Callable[[], Awaitable[Payload]]) -> float:
        """The pause between two requests that the host wants, once the URL is known to be allowed.

        Raises: Disallowed with the rule; FetchFailed or Refused where the rules cannot be known yet.
        """
        told = await self._robots((*target.origin, proxy), target.where, fetch)
        rule = told.against(target.url.raw_path.decode("ascii"))
        if rule:
            raise Disallowed(
                f"{target.where}: robots.txt, line {rule.line}, says {rule.told!r} to {robots.PRODUCT}"
            )
        return told.delay_s

    async def _robots(self, key: Key, where: str, fetch: Callable[[], Awaitable[Payload]]) -> Robots:
        async with self._turns.setdefault(key, asyncio.Lock()):
            known = self._known.get(key)
            if known and known.until > self._now():
                return known.robots
            try:
                told, fresh_s = await _fetched(fetch), _FRESH_S
            except SourceError as error:
                if known is None:
                    error.args = (
                        f"{where}: nothing is asked until its robots.txt is known: {error.message}",
                    )
                    raise
                told, fresh_s = known.robots, _STALE_S
            self._known[key] = _Known(told, self._now() + fresh_s)
            self._forget()
            return told

    def _forget(self) -> None:
        while len(self._known) > _MAX_HOSTS:
            key, _ = self._known.popitem(last=False)
            if not self._turns[key].locked():
                del self._turns[key]


async def _fetched(fetch: Callable[[], Awaitable[Payload]]) -> Robots:
    """The rules, or none where the host has no robots.txt for us. Raises: FetchFailed, Refused, PutOff."""
    try:
        payload = await fetch()
    except (FetchFailed, PutOff):
        raise
    except AddressRefused:
        raise
    except Refused as error:
        if 400 <= error.status < 500 and error.status != 429:
            return Robots()
        raise
    return robots.read(payload.body) if 200 <= payload.status < 300 else Robots()
