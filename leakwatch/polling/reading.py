"""One page of a poll: fetched, parsed, committed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from leakwatch.errors import ConfigError, Failure, FetchFailed, LayoutChanged, SourceError
from leakwatch.pipeline import Brain, Taken, take_page
from leakwatch.polling.keeping import MAX_DONE, MAX_KEPT, Keeping, keep, kept_json
from leakwatch.polling.run import Run, Seen, count_page, done, hopeless
from leakwatch.polling.site import SiteConfig
from leakwatch.ports import Fetcher, Reader, Repository, Vault
from leakwatch.sources._asked import together
from leakwatch.sources._kind import Page, Payload, PolledKind, Request
from leakwatch.sources._refusals import check, explained

_NOT_MODIFIED = 304
_MAX_OBSERVED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a poll works with. `announce` is told after each page how many alerts and proofs it caused."""

    site: SiteConfig
    kind: PolledKind
    brain: Brain
    repository: Repository
    vault: Vault
    fetcher: Fetcher
    reader: Reader
    stopping: Callable[[], bool]
    announce: Callable[[int, int], Awaitable[None]]

    def may_ask(self, run: Run) -> bool:
        """Whether this poll may make another request."""
        return run.asked < self.site.max_requests and not self.stopping() and not hopeless(run)


async def read_page(request: Request, desk: Desk, run: Run, *, is_back: bool = False) -> Seen | None:
    """Fetch, parse and commit one page; None where it has not changed. Raises: SourceError.

    `is_back`: it repairs a gap, and what it would follow is known already.
    """
    run.asked += 1
    payload = await _fetched(request, desk, run)
    run.pages += 1
    if not is_back:
        run.validators[request.url] = _validators(payload, request)
    if payload.status == _NOT_MODIFIED:
        run.unchanged += 1
        return None
    if not request.verbatim:
        check(payload)
    is_only_page = len(run.start) == 1 and request.url in run.start
    try:
        page = await desk.reader.read(desk.kind, payload)
    except SourceError as error:
        raise explained(payload, error, is_only_page=is_only_page) from error
    may_be_empty = desk.kind.empty_is_normal or request.url in run.asking.urls
    if not page.observations and not page.next_requests and not may_be_empty:
        raise LayoutChanged(f"nothing was found on {payload.url}, where there is always something")
    seen = Seen(payload, page, await _committed(page, payload, request, desk, run, is_back=is_back))
    count_page(run, page, seen.taken)
    if request.url in run.start:
        run.last = seen
        run.listing += seen.taken.listed
    if not is_back and request.url not in run.asking.urls:
        run.observed += page.observations[: _MAX_OBSERVED - len(run.observed)]
        run.fields = together((run.fields, page.fields))
    await desk.announce(seen.taken.alerts, seen.taken.proofs)
    return seen


async def _fetched(request: Request, desk: Desk, run: Run) -> Payload:
    asked = replace(request, state={**request.state, "site": desk.site.name})
    manner = desk.site.manner("" if request.url in run.start | run.asking.urls else request.url)
    try:
        return await desk.fetcher.fetch(asked, min_interval_s=desk.site.min_interval_s, manner=manner)
    except ConfigError as error:
        raise FetchFailed(error.message, failure=Failure.CONFIG) from error


async def _committed(
    page: Page, payload: Payload, request: Request, desk: Desk, run: Run, *, is_back: bool
) -> Taken:
    done(request, run)
    keeping = keep(page.next_requests, request.url, run.kept, run.standing.get(request.url, ()))
    if not is_back:
        _stand(request.url, keeping, run)
    cursor = {} if is_back or keeping.waiting else page.cursor  # it stands before what is yet to be read
    moved = replace(page, cursor={**cursor, **kept_json(keeping.kept, run.attempts, run.standing)})
    taken = await take_page(moved, payload, run.state, desk.brain, desk.repository, desk.vault)
    run.queue.extend(one for one in keeping.now if not is_back or one.keep)
    run.kept = keeping.kept
    if keeping.waiting or keeping.lost:
        run.incomplete = _no_room(keeping)
    return taken


def _stand(page: str, keeping: Keeping, run: Run) -> None:
    """Whether the cursor stands before a page."""
    if keeping.waiting:
        run.standing.setdefault(page, set())
    else:
        run.standing.pop(page, None)


def _no_room(keeping: Keeping) -> str:
    if keeping.lost:
        return f"{keeping.lost} follow-ups are too many beside {MAX_DONE} of the same page, and left out"
    told = f"{keeping.waiting} follow-ups found no room among the {MAX_KEPT} that wait"
    return f"{told}: the page is read again in the next poll, and the rest of them then; raise max_requests"


def _validators(payload: Payload, request: Request) -> dict[str, str | None]:
    if payload.status == _NOT_MODIFIED:
        return {"etag": request.etag, "last_modified": request.last_modified}
    return {"etag": payload.headers.get("etag"), "last_modified": payload.headers.get("last-modified")}
