"""How fast a host is asked: one at a time, a pause between two, so many an hour, and a ladder of waits after failures.

Source: research/security.md F8; RFC 9110 §10.2.3 (Retry-After); draft-ietf-httpapi-ratelimit-headers
(RateLimit); docs.github.com "Rate limits for the REST API" (X-RateLimit-*).
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

from leakwatch.errors import Failure, FetchFailed, PutOff, Refused

BACKOFF_S = (0, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400)
MAX_WAIT_S = 86400.0
_ANSWERS = frozenset({304, 404, 410})
_REMEDIES = {401: "; check the credential", 407: "; a proxy answered", 429: "; asked too often"}
_JITTER_SHARE = 0.1
_IDLE_LANES = 512
_HOUR_S = 3600.0
_PATIENCE_S = 60.0
"""So long a request waits for its host's budget; what would wait longer is put off, and its job makes room."""

_NUMBER = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,9})?")
_REMAINING = re.compile(r"\b(?:remaining|r)\s*=\s*([0-9]{1,12})\b")
_RESET = re.compile(r"\b(?:reset|t)\s*=\s*([0-9]{1,12})\b")
_EPOCH_FROM = 1e9  # A reset above this is a date, below it a number of seconds; sites use both.
_EPOCH_MS_FROM = 1e12


def backoff_s(failures: int, retry_after_s: float | None, jitter: float) -> float:
    """How long to leave a site alone after so many failures in a row.

    The site's own wish wins if it is longer; it gets the jitter too, so nobody is asked before it.
    Units: seconds; `jitter` from 0 to 1 adds up to a tenth: those who failed together come back apart.
    """
    rung = BACKOFF_S[min(max(failures, 0), len(BACKOFF_S) - 1)]
    return max(float(rung), retry_after_s or 0.0) * (1.0 + _JITTER_SHARE * min(max(jitter, 0.0), 1.0))


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long a site that refused us wants to be left alone; None if it does not say, or says nonsense.

    Retry-After comes first, then RateLimit or X-RateLimit-Reset, these where nothing remains of the quota.
    Shape: header names in lower case.
    Units: seconds from 0 (also for what lies in the past) to one day.
    """
    wait = _retry_after(headers.get("retry-after", ""), now)
    if wait is None:
        wait = _quota_reset(headers, now)
    return None if wait is None else min(max(wait, 0.0), MAX_WAIT_S)


def host_wait_s(status: int, headers: Mapping[str, str], now: datetime) -> float:
    """How long to leave the whole host alone after an answer; 0 where it asks for no pause.

    It wants one if the answer used up the quota, or is a 429 with a Retry-After: it counts requests, not our sites.
    Shape: header names in lower case. Units: seconds from 0 to one day.
    """
    wait_s = retry_after_s(headers, now) if status == 429 else _quota_reset(headers, now)
    return min(max(wait_s or 0.0, 0.0), MAX_WAIT_S)


def check_status(where: str, status: int, headers: Mapping[str, str], now: datetime) -> None:
    """Tell an answer from a refusal.

    2xx, 304, 404 and 410 are answers: that a thread is gone is information, which its kind judges. 429, 503
    and any other 4xx are the site's no; the rest is a failure.
    Raises: Refused, FetchFailed; both say how long to wait, if the site does.
    """
    if 200 <= status < 300 or status in _ANSWERS:
        return
    wait_s = retry_after_s(headers, now)
    pause = "" if wait_s is None else f"; it asks for a pause of {wait_s:.0f} s"
    told = f"{where}: HTTP {status}{_REMEDIES.get(status, '')}{pause}"
    if 400 <= status < 500 or status == 503:
        raise Refused(told, retry_after_s=wait_s, status=status, failure=_failure(status, headers))
    raise FetchFailed(told, retry_after_s=wait_s, failure=Failure.SERVER)


def _failure(status: int, headers: Mapping[str, str]) -> Failure:
    """What a refusal's status and headers say of its reason; its body may say more."""
    if status == 429 or (status == 403 and _header(headers, "remaining") == 0):
        return Failure.RATE_LIMITED
    return {401: Failure.LOGIN, 503: Failure.SERVER}.get(status, Failure.REFUSED)


class Pace:
    """One lane per host: requests go through one at a time, in the order they came, and start apart.

    The pause before a request is the longer of what it and the request before it asked for, so that a site
    which asks for much room on a shared host gets it. The smallest budget that a site of the host has holds for all.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._now, self._sleep = now, sleep
        self._lanes: dict[str, _Lane] = {}

    def __len__(self) -> int:
        """The number of hosts remembered."""
        return len(self._lanes)

    @asynccontextmanager
    async def slot(
        self, host: str, min_interval_s: float, max_per_hour: int = 0
    ) -> AsyncGenerator[Callable[[], None]]:
        """Wait for the host's turn and hold it. Units: seconds of a monotonic clock; 0 for any number of requests.

        What it gives is to be called when the request has gone out, which may be long after its turn came (a
        connection is opened first): the pause before the next request counts from then.
        Raises: PutOff where the host's budget is used up for longer than a request waits.
        """
        lane = self._lanes.setdefault(host, _Lane())
        lane.users += 1
        try:
            async with lane.turn:
                lane.keep_to(max_per_hour)
                while (wait := lane.wait_s(self._now(), min_interval_s)) > 0:
                    if lane.spent_s(self._now()) > _PATIENCE_S:
                        raise _put_off(host, lane, self._now())
                    await self._sleep(wait)
                lane.begin(self._now(), min_interval_s)
                yield lambda: lane.sent(self._now())
        finally:
            lane.users -= 1
            self._forget_idle_lanes()

    def rest(self, host: str, wait_s: float) -> None:
        """Leave a host alone for so long: it said so, or that its quota is used up."""
        if wait_s > 0 and host in self._lanes:
            lane = self._lanes[host]
            lane.rests_until = max(lane.rests_until, self._now() + wait_s)

    def _forget_idle_lanes(self) -> None:
        """Redirects may lead to any number of hosts; those with no waiter and no pause left are dropped."""
        if len(self._lanes) > _IDLE_LANES:
            now = self._now()
            self._lanes = {h: lane for h, lane in self._lanes.items() if lane.users or lane.is_owed(now)}


def _put_off(host: str, lane: _Lane, now: float) -> PutOff:
    wait_s = lane.spent_s(now)
    why = (
        f"its budget of {lane.max_per_hour} requests an hour" if lane.rests_until <= now else "what it grants"
    )
    return PutOff(f"{host}: {why} is used up for {wait_s:.0f} s", retry_after_s=wait_s)


@dataclass(slots=True)
class _Lane:
    """One host. `starts` are those of the last hour, kept only where the host has a budget."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    started_at: float | None = None
    interval_s: float = 0.0
    users: int = 0
    max_per_hour: int = 0
    starts: deque[float] = field(default_factory=deque[float])
    rests_until: float = -math.inf

    def keep_to(self, max_per_hour: int) -> None:
        """Take over a budget, if it is the smallest so far."""
        if max_per_hour and (not self.max_per_hour or max_per_hour < self.max_per_hour):
            self.max_per_hour = max_per_hour

    def begin(self, now: float, min_interval_s: float) -> None:
        """A request starts."""
        self.started_at, self.interval_s = now, min_interval_s
        if self.max_per_hour:
            self.starts.append(now)
            while len(self.starts) > self.max_per_hour:
                self.starts.popleft()

    def sent(self, now: float) -> None:
        """The request that has begun is on its way only now."""
        self.started_at = now

    def spent_s(self, now: float) -> float:
        """Seconds until the host's budget, or the quota that it grants, has room again."""
        full = bool(self.max_per_hour) and len(self.starts) >= self.max_per_hour
        room_at = self.starts[-self.max_per_hour] + _HOUR_S if full else -math.inf
        return max(room_at, self.rests_until) - now

    def wait_s(self, now: float, min_interval_s: float) -> float:
        """Seconds until a request may start."""
        pause = (
            -math.inf
            if self.started_at is None
            else self.started_at + max(self.interval_s, min_interval_s) - now
        )
        return max(pause, self.spent_s(now))

    def is_owed(self, now: float) -> bool:
        """Whether forgetting this host would let somebody ask it too soon."""
        return self.wait_s(now, 0.0) > 0 or bool(self.starts and self.starts[-1] + _HOUR_S > now)


def _retry_after(text: str, now: datetime) -> float | None:
    seconds = _number(text)
    if seconds is not None or not text:
        return seconds
    try:
        when = parsedate_to_datetime(text)
        return (when.replace(tzinfo=when.tzinfo or now.tzinfo) - now).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _quota_reset(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until the quota is full again; None where something remains of it or the site does not say."""
    text = headers.get("ratelimit", "")
    policies = [_policy(part) for part in (text.split(",") if ";" in text else [text])]
    policies.append((_header(headers, "remaining"), _header(headers, "reset")))
    known = [(left or 0.0, reset) for left, reset in policies if reset is not None]
    left, number = min(known, default=(1.0, 0.0))
    if left > 0:
        return None
    if number < _EPOCH_FROM:
        return number
    return (number / 1000 if number >= _EPOCH_MS_FROM else number) - now.timestamp()


def _policy(text: str) -> tuple[float | None, float | None]:
    """What remains and when it resets, of one RateLimit policy in the old or the new syntax."""
    remaining, reset = _REMAINING.search(text), _RESET.search(text)
    return (float(remaining[1]) if remaining else None, float(reset[1]) if reset else None)


def _header(headers: Mapping[str, str], name: str) -> float | None:
    return _number(headers.get(f"x-ratelimit-{name}", "") or headers.get(f"ratelimit-{name}", ""))


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text.strip()) else None
