"""Answers that sites of one host share: what one has just been given, another need not ask for.

No site gets the same answer twice: it polls to learn what is new. Source: RFC 9111 (max-age, no-store).
"""

from __future__ import annotations

import asyncio
import copy
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field, replace

from leakwatch.errors import SourceError
from leakwatch.model.manner import Manner
from leakwatch.sources._kind import Payload, Request

MAX_BYTES = 16 * 2**20
_MAX_ANSWER_BYTES = 4 * 2**20
_LEAST_S, _MOST_S = 5.0, 300.0
"""An answer is shared for its max-age, for some seconds at least: sites of one host that are due together ask once."""
_MAX_AGE = re.compile(r"\bmax-age\s*=\s*\"?([0-9]{1,9})")
_NEVER = re.compile(r"\bno-store\b")
"""`private` forbids sharing between people; here both askers are one, with the same credential."""


def key_of(request: Request, manner: Manner) -> Hashable:
    """What two requests have in common that may share an answer: all but state and validators. Secrets by name."""
    headers = tuple(sorted((name.lower(), value) for name, value in request.headers.items()))
    form = None if request.form is None else tuple(request.form.items())
    asker = (request.credential, request.query_credential, request.token_url, manner.proxy, manner.robots)
    way = (request.high_ports, request.named_by, manner.home, manner.mirrors)
    return request.url, form, headers, asker, way


def shared_for_s(payload: Payload) -> float:
    """How long others may be given an answer. Units: seconds."""
    told = payload.headers.get("cache-control", "").lower()
    if _NEVER.search(told):
        return 0.0
    found = _MAX_AGE.search(told)
    return min(max(float(found[1]) if found else 0.0, _LEAST_S), _MOST_S)


@dataclass(slots=True)
class _Kept:
    payload: Payload
    until: float
    sites: set[str] = field(default_factory=set[str])

    def for_(self, request: Request, site: str) -> Payload | None:
        """The answer as this request would have had it; None if it would not, or its site has seen it."""
        asked, etag = self.payload.request, self.payload.headers.get("etag")
        same = (asked.etag, asked.last_modified) == (request.etag, request.last_modified)
        if site in self.sites or not (same or self.payload.status == 200):
            return None
        self.sites.add(site)
        if self.payload.status == 200 and request.etag and request.etag == etag:
            return replace(self.payload, request=request, status=304, body=b"")
        return replace(self.payload, request=request)


class Answers:
    """Keeps answers for a while, and lets those who ask at the same time wait for one."""

    def __init__(self, max_bytes: int = MAX_BYTES, now: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes, self._now = max_bytes, now
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._asked: dict[Hashable, asyncio.Future[Payload]] = {}
        self.size_bytes = 0

    async def get(self, request: Request, manner: Manner, ask: Callable[[], Awaitable[Payload]]) -> Payload:
        """The answer that another site has just had, or a new one. Raises: what `ask` raises."""
        key = key_of(request, manner)
        while True:
            self._forget()
            kept = self._kept.get(key)
            if kept and (payload := kept.for_(request, manner.site)):
                return payload
            if key not in self._asked:
                return await self._ask(key, manner.site, ask)
            await _settled(self._asked[key])

    async def _ask(self, key: Hashable, site: str, ask: Callable[[], Awaitable[Payload]]) -> Payload:
        flight = self._asked[key] = asyncio.get_running_loop().create_future()
        try:
            payload = await ask()
        except SourceError as error:
            flight.set_exception(copy.copy(error))
            flight.exception()  # It is told to those who wait; where nobody does, it is no error that was lost.
            raise
        else:
            self._keep(key, payload, site)
            flight.set_result(payload)
            return payload
        finally:
            flight.cancel()
            del self._asked[key]

    def _keep(self, key: Hashable, payload: Payload, site: str) -> None:
        self._drop(key)
        seconds = shared_for_s(payload)
        if seconds and len(payload.body) <= _MAX_ANSWER_BYTES:
            self._kept[key] = _Kept(payload, self._now() + seconds, {site})
            self.size_bytes += len(payload.body)
        while self.size_bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        if key in self._kept:
            self.size_bytes -= len(self._kept.pop(key).payload.body)

    def _forget(self) -> None:
        now = self._now()
        for key in [key for key, kept in self._kept.items() if kept.until <= now]:
            self._drop(key)


async def _settled(flight: asyncio.Future[Payload]) -> None:
    """Wait for somebody else's request. Raises: its failure, which is ours too; nothing if it was given up."""
    await asyncio.wait([flight])
    if not flight.cancelled() and (error := flight.exception()):
        raise copy.copy(error)
