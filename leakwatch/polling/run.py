"""What a poll has seen so far, what it still has to do, and what is kept for the next one."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from leakwatch.display import clean
from leakwatch.errors import PutOff, Refused, SourceError
from leakwatch.model.asset import Asset
from leakwatch.model.observation import Observation
from leakwatch.model.site import Coverage, SiteState
from leakwatch.pipeline import Taken
from leakwatch.polling.asking import ASKED, Asking, asking_of
from leakwatch.polling.keeping import KEPT, STANDING, mark, restored, standing_of
from leakwatch.polling.ledger import Hole, Ledger, ledger_of
from leakwatch.polling.site import SiteConfig
from leakwatch.sources._asked import Field, Fields
from leakwatch.sources._kind import Page, Payload, PolledKind, Request

_MAX_ERRORS = 3
MAX_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """A page that was read, and what came of it."""

    payload: Payload
    page: Page
    taken: Taken


@dataclass(slots=True)
class Run:
    """What a poll has seen so far. `kept` are follow-ups not done yet, `attempts` how often each has failed.

    `listing` are the items of the pages that it began with, `last` the last of these pages, `observed` the first thousand
    items of all pages, `fields` what those pages have under the names that they were asked for; `own` are items that this poll has stored itself, `known` those that were stored before it. `is_listed` until one of the
    pages that it began with could not be read: what it saw is no whole listing then.  `parted` where no thread that was
    known is listed any more.
    `incomplete` is the first thing that was not read, `lacks` what single pages say of it, and how many say so.
    `standing` are pages that the cursor could not move past, with marks of those of their follow-ups that are done.
    `asking` are our questions. Units:  `rests_s` seconds until the host's budget has room again.
    """

    state: SiteState
    queue: deque[Request]
    start: frozenset[str]
    kept: dict[str, Request]
    attempts: dict[str, int]
    validators: dict[str, Any]
    ledger: Ledger
    asking: Asking = field(default_factory=Asking)
    standing: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    asked: int = 0
    listing: list[tuple[str, datetime | None]] = field(default_factory=list[tuple[str, datetime | None]])
    observed: list[Observation] = field(default_factory=list[Observation])
    fields: Fields = field(default_factory=dict[str, Field])
    last: Seen | None = None
    is_listed: bool = True
    parted: bool = False
    own: set[str] = field(default_factory=set[str])
    known: set[str] = field(default_factory=set[str])
    holes: list[Hole] = field(default_factory=list[Hole])
    repaired: list[datetime] = field(default_factory=list[datetime])
    back_pages: int = 0
    back_error: str = ""
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
    lacks: Counter[str] = field(default_factory=Counter[str])
    rests_s: float = 0.0
    errors: list[SourceError] = field(default_factory=list[SourceError])


def begin(site: SiteConfig, kind: PolledKind, state: SiteState, assets: Iterable[Asset]) -> Run:
    """The requests that begin a poll, those that an earlier one could not do, then those that ask questions."""
    cursor = {key: value for key, value in state.cursor.items() if key not in (KEPT, STANDING, ASKED)}
    told = dict(state.cursor.get(KEPT, {}))
    kept = {url: restored(url, one) for url, one in told.items()}
    first = [_with_validators(request, state.validators) for request in kind.start(site.settings, cursor)]
    start = frozenset(request.url for request in first)
    attempts = {url: int(one.get("attempts", 0)) for url, one in told.items()}
    ledger = ledger_of(state.ledger)
    is_behind_gap = state.verdict is Coverage.GAP and not ledger.holes  # nothing pages back into it
    asking = asking_of(site, kind, state.cursor, assets, is_behind_gap=is_behind_gap)
    queue = deque([*first, *kept.values(), *asking.requests])
    standing = standing_of(state.cursor, start | kept.keys())
    return Run(state, queue, start, kept, attempts, {}, ledger, asking, standing, incomplete=asking.problem)


def failed(request: Request, error: SourceError, run: Run) -> None:
    """A page that is gone, private or too large ends by itself; anything else is an error of the site.

    A kept request that fails again and again is given up, and the coverage window says so.
    """
    url = request.url
    run.attempts[url] = run.attempts.get(url, 0) + 1
    of_item = url not in run.start and isinstance(error, Refused) and error.is_of_item
    if of_item or run.attempts[url] >= MAX_ATTEMPTS:
        run.kept.pop(url, None)
        done(request, run)
        run.incomplete = run.incomplete or clean(f"given up: {error.message}", 500)
    if not of_item:
        run.errors.append(error)
    if url in run.start:
        run.is_listed = False


def done(request: Request, run: Run) -> None:
    """A follow-up was answered or given up: pages that the cursor stands before need not ask for it again."""
    if request.keep:
        for marks in run.standing.values():
            marks.add(mark(request))


def put_off(request: Request, error: PutOff, run: Run) -> None:
    """The host's budget is used up: the poll ends here, without blame, and the next one waits for it."""
    run.queue.appendleft(request)
    run.rests_s = error.retry_after_s or 0.0
    run.incomplete = run.incomplete or clean(f"put off: {error.message}", 500)


def _with_validators(request: Request, validators: Mapping[str, Any]) -> Request:
    known = validators.get(request.url, {})
    return replace(request, etag=known.get("etag"), last_modified=known.get("last_modified"))


def hopeless(run: Run) -> bool:
    return len(run.errors) >= _MAX_ERRORS or any(isinstance(error, Refused) for error in run.errors)


def count_page(run: Run, page: Page, taken: Taken) -> None:
    run.state = taken.state
    run.items += taken.items
    run.new_items += len(taken.new_items)
    run.alerts += taken.alerts
    run.proofs += taken.proofs
    run.suppressed += taken.suppressed
    run.known |= taken.known - run.own
    run.own |= {name for name, _ in taken.listed} - taken.known
    run.incomplete = run.incomplete or page.incomplete
    run.parted = run.parted or page.parted
    if page.incomplete:
        run.lacks[page.incomplete] += 1
    if taken.listed:  # as they are stored: a site's own ids may be no text that a database takes
        run.first_item = run.first_item or taken.listed[0][0]
        run.last_item = taken.listed[-1][0]
