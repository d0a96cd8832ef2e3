"""One poll of one site: requests out, pages in, a coverage window at the end.

Every page is committed by itself. What a poll could not read stays due: the cursor moves only past what was
committed, requests that the cursor has moved past are kept in it, and validators are written only after a poll
that read everything.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from leakwatch.crawl.politeness import backoff_s
from leakwatch.display import clean
from leakwatch.errors import ConfigError, FetchFailed, LayoutChanged, Refused, SourceError
from leakwatch.model.site import Coverage, CoverageWindow, SiteState
from leakwatch.pipeline import Brain, Taken, take_page
from leakwatch.ports import Clock, Fetcher, Repository, Vault
from leakwatch.sources import KINDS
from leakwatch.sources._kind import (
    CredentialRef,
    Page,
    Payload,
    PolledKind,
    Request,
    SourceKind,
    StreamKind,
)

_NOT_MODIFIED = 304
_KEPT = "_kept"
_MAX_ERRORS = 3
_MAX_ATTEMPTS = 5
_MAX_KEPT = 1000
_PARSER_FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Duration(float):
    """Seconds; in the configuration written as `500ms`, `30s`, `5m`, `2h` or `1d`."""


_EVERY, _NO_JITTER = Duration(60.0), Duration(0.0)
SCHEDULE = frozenset({"every", "cron", "jitter", "min_interval_s", "max_requests"})
"""What is said of a polled site only: a stream has no schedule, and its kind's own settings say its pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConfig:
    """One site: its kind, its schedule (`every`, or `cron` with five fields), its pace, and the kind's own settings.

    Units:  `prior_bits`, from -6 to 6, say how much likelier its items are leaks than those of other sites.
    """

    name: str
    kind: str
    settings: Any
    every: Duration = _EVERY
    cron: str | None = None
    jitter: Duration = _NO_JITTER
    min_interval_s: float = 1.0
    max_requests: int = 300
    enabled: bool = True
    prior_bits: float = 0.0

    @property
    def is_stream(self) -> bool:
        """Whether it is listened to without pause instead of being polled."""
        return isinstance(KINDS.get(self.kind), StreamKind)

    @property
    def host(self) -> str:
        """The politeness domain: all sites of a host share one runner and one pace. A stream is alone in its own."""
        if self.is_stream:
            return self.kind
        return urlsplit(self.settings.url).netloc.lower()


@dataclass(slots=True)
class _Poll:
    """What a poll has seen so far. `kept` are follow-ups not done yet, `attempts` how often each has failed."""

    state: SiteState
    queue: deque[Request]
    start: frozenset[str]
    kept: dict[str, Request]
    attempts: dict[str, int]
    validators: dict[str, Any]
    pages: int = 0
    unchanged: int = 0
    items: int = 0
    new_items: int = 0
    alerts: int = 0
    proofs: int = 0
    suppressed: int = 0
    overlap: bool = False
    first_item: str | None = None
    last_item: str | None = None
    incomplete: str = ""
    errors: list[SourceError] = field(default_factory=list[SourceError])


@dataclass(frozen=True, slots=True)
class Polled:
    """A finished poll: what it covered and what it caused."""

    window: CoverageWindow
    alerts: int
    proofs: int
    failures: int
    next_due_at: datetime
    suppressed: int = 0


async def poll(
    site: SiteConfig,
    kind: SourceKind,
    state: SiteState,
    brain: Brain,
    repository: Repository,
    vault: Vault,
    fetcher: Fetcher,
    clock: Clock,
    stopping: Callable[[], bool],
    next_time: Callable[[SiteConfig, datetime], datetime],
    announce: Callable[[int, int], Awaitable[None]],
) -> Polled:
    """Read a site once and write down what was covered. Only the site's own errors are caught.

    `announce` is told after each committed page how many alerts and proofs it caused.
    Raises: ConfigError for a stream, which is not polled.
    """
    if isinstance(kind, StreamKind):
        raise ConfigError(f"{site.name} is a stream: it is listened to, not polled")
    began = clock.now()
    run = _begin(site, kind, state)
    asked = 0
    while run.queue and asked < site.max_requests and not stopping() and not _hopeless(run):
        request = run.queue.popleft()
        asked += 1
        try:
            taken = await _one(request, site, kind, run, brain, repository, vault, fetcher)
        except SourceError as error:
            _failed(request, error, run)
        except ConfigError as error:
            _failed(request, FetchFailed(error.message), run)
        else:
            if taken is not None:
                await announce(taken.alerts, taken.proofs)
    if run.queue and not run.errors:
        run.incomplete = run.incomplete or f"{len(run.queue)} requests put off to the next poll"
    return await _close(site, kind, run, began, clock.now(), repository, next_time)


def _begin(site: SiteConfig, kind: PolledKind, state: SiteState) -> _Poll:
    """The requests that begin a poll, then those that an earlier one could not do."""
    cursor = {key: value for key, value in state.cursor.items() if key != _KEPT}
    told = dict(state.cursor.get(_KEPT, {}))
    kept = {url: _restored(url, one) for url, one in told.items()}
    first = [_with_validators(request, state.validators) for request in kind.start(site.settings, cursor)]
    start = frozenset(request.url for request in first)
    attempts = {url: int(one.get("attempts", 0)) for url, one in told.items()}
    return _Poll(state, deque([*first, *kept.values()]), start, kept, attempts, {})


def _failed(request: Request, error: SourceError, run: _Poll) -> None:
    """A page that is gone, private or too large ends by itself; anything else is an error of the site.

    A kept request that fails again and again is given up, and the coverage window says so.
    """
    url = request.url
    run.attempts[url] = run.attempts.get(url, 0) + 1
    of_item = url not in run.start and isinstance(error, Refused) and error.is_of_item
    if of_item or run.attempts[url] >= _MAX_ATTEMPTS:
        run.kept.pop(url, None)
        run.incomplete = run.incomplete or clean(f"given up: {error.message}", 500)
    if not of_item:
        run.errors.append(error)


def _with_validators(request: Request, validators: Mapping[str, Any]) -> Request:
    known = validators.get(request.url, {})
    return replace(request, etag=known.get("etag"), last_modified=known.get("last_modified"))


def _restored(url: str, told: Mapping[str, Any]) -> Request:
    credential = told.get("credential")
    return Request(
        url=url,
        headers=told.get("headers", {}),
        credential=CredentialRef(credential) if credential else None,
        state=told.get("state", {}),
        keep=True,
    )


def _hopeless(run: _Poll) -> bool:
    return len(run.errors) >= _MAX_ERRORS or any(isinstance(error, Refused) for error in run.errors)


async def _one(
    request: Request,
    site: SiteConfig,
    kind: PolledKind,
    run: _Poll,
    brain: Brain,
    repository: Repository,
    vault: Vault,
    fetcher: Fetcher,
) -> Taken | None:
    """Fetch, parse and commit one page; None where it has not changed."""
    asked = replace(request, state={**request.state, "site": site.name})
    payload = await fetcher.fetch(asked, min_interval_s=site.min_interval_s)
    run.pages += 1
    run.validators[request.url] = _validators(payload, request)
    if payload.status == _NOT_MODIFIED:
        run.unchanged += 1
        return None
    page = await asyncio.to_thread(_parsed, kind, payload)
    if not page.observations and not page.next_requests and not kind.empty_is_normal:
        raise LayoutChanged(f"nothing was found on {payload.url}, where there is always something")

    kept = {url: one for url, one in run.kept.items() if url != request.url}
    kept |= {one.url: one for one in page.next_requests if one.keep}
    moved = replace(page, cursor={**page.cursor, **_kept_json(kept, run.attempts)})
    taken = await take_page(moved, payload, run.state, brain, repository, vault)
    run.kept = kept
    run.queue.extend(page.next_requests)
    _count(run, page, taken)
    return taken


def _parsed(kind: PolledKind, payload: Payload) -> Page:
    """What a page holds. A parser that stumbles over hostile input has met a page that is not what it expects."""
    try:
        return kind.parse(payload)
    except _PARSER_FAULTS as error:
        told = clean(f"{type(error).__name__}: {error}", 200)
        raise LayoutChanged(f"{payload.url} cannot be read as {kind.name}: {told}") from error


def _kept_json(requests: Mapping[str, Request], attempts: Mapping[str, int]) -> dict[str, Any]:
    kept = {
        url: {
            "headers": dict(one.headers),
            "credential": one.credential,
            "state": dict(one.state),
            "attempts": attempts.get(url, 0),
        }
        for url, one in list(requests.items())[:_MAX_KEPT]
    }
    return {_KEPT: kept or None}


def _validators(payload: Payload, request: Request) -> dict[str, str | None]:
    if payload.status == _NOT_MODIFIED:
        return {"etag": request.etag, "last_modified": request.last_modified}
    return {"etag": payload.headers.get("etag"), "last_modified": payload.headers.get("last-modified")}


def _count(run: _Poll, page: Page, taken: Taken) -> None:
    run.state = taken.state
    run.items += taken.items
    run.new_items += len(taken.new_items)
    run.alerts += taken.alerts
    run.proofs += taken.proofs
    run.suppressed += taken.suppressed
    run.overlap = run.overlap or taken.overlap
    run.incomplete = run.incomplete or page.incomplete
    if page.observations:
        run.first_item = run.first_item or page.observations[0].native_id
        run.last_item = page.observations[-1].native_id


async def _close(
    site: SiteConfig,
    kind: PolledKind,
    run: _Poll,
    began: datetime,
    ended: datetime,
    repository: Repository,
    next_time: Callable[[SiteConfig, datetime], datetime],
) -> Polled:
    """Write the coverage window, the next due time, and, after a complete poll, the validators."""
    first_poll = run.state.last_ok_at is None
    failed = bool(run.errors) and (run.pages == 0 or _hopeless(run))
    failures = run.state.failures + 1 if failed else 0
    window = CoverageWindow(
        site=site.name,
        started_at=began,
        ended_at=ended,
        verdict=_verdict(run, kind, first_poll),
        pages=run.pages,
        items=run.items,
        new_items=run.new_items,
        overlap=None if first_poll or not run.items else run.overlap,
        first_item=run.first_item,
        last_item=run.last_item,
        detail=clean("; ".join(error.message for error in run.errors) or run.incomplete, 1000) or None,
    )
    waits = [error.retry_after_s for error in run.errors if error.retry_after_s]
    due = next_time(site, began)
    if failed:
        due = max(due, ended + timedelta(seconds=backoff_s(failures - 1, max(waits, default=None), 0.0)))
    cursor = {
        key: value
        for key, value in {**run.state.cursor, **_kept_json(run.kept, run.attempts)}.items()
        if value is not None
    }
    complete = not run.errors and not run.incomplete and run.pages
    validators = {u: v for u, v in run.validators.items() if u in run.start and any(v.values())}
    async with repository.writing() as work:
        await work.sites.move_cursor(run.state, cursor, validators if complete else run.state.validators)
        await work.sites.close_poll(window, due, failures, window.detail if run.errors else None)
    return Polled(window, run.alerts, run.proofs, failures, due, run.suppressed)


def _verdict(run: _Poll, kind: PolledKind, first_poll: bool) -> Coverage:
    """Worst first: refused, drift, error; then gap, partial; then what a healthy poll can be."""
    for error in run.errors:
        if isinstance(error, Refused):
            return Coverage.REFUSED
        if isinstance(error, LayoutChanged):
            return Coverage.DRIFT
    if run.errors:
        return Coverage.ERROR
    if kind.is_window and run.items and not run.overlap and not first_poll:
        return Coverage.GAP
    if run.incomplete:
        return Coverage.PARTIAL
    if run.pages and run.pages == run.unchanged:
        return Coverage.UNCHANGED
    return Coverage.EMPTY if kind.is_window and run.pages and not run.items else Coverage.OK
