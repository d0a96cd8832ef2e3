"""What a poll has seen so far, what it still has to do, and what is kept for the next one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from leakwatch.display import clean
from leakwatch.errors import PutOff, Refused, SourceError
from leakwatch.model.asset import Asset
from leakwatch.model.site import SiteState
from leakwatch.pipeline import Taken
from leakwatch.polling.site import SiteConfig
from leakwatch.questions import questions
from leakwatch.sources._kind import CredentialRef, Page, PolledKind, Request

_KEPT, _ASKED = "_kept", "_asked"
_MAX_ERRORS = 3
MAX_ATTEMPTS = 5
_MAX_KEPT = 1000


@dataclass(slots=True)
class Run:
    """What a poll has seen so far. `kept` are follow-ups not done yet, `attempts` how often each has failed.

    `start` are the URLs that ask for what is new, `asked` those that ask our questions, up to the key `asked_until`.
    Units:  `rests_s` seconds until the host's budget has room again.
    """

    state: SiteState
    queue: deque[Request]
    start: frozenset[str]
    asked: frozenset[str]
    asked_until: str
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
    rests_s: float = 0.0
    errors: list[SourceError] = field(default_factory=list[SourceError])


def begin(site: SiteConfig, kind: PolledKind, state: SiteState, assets: Iterable[Asset]) -> Run:
    """The requests that begin a poll, those that an earlier one could not do, then those that ask questions."""
    cursor = {key: value for key, value in state.cursor.items() if key not in (_KEPT, _ASKED)}
    told = dict(state.cursor.get(_KEPT, {}))
    kept = {url: _restored(url, one) for url, one in told.items()}
    first = [_with_validators(request, state.validators) for request in kind.start(site.settings, cursor)]
    start = frozenset(request.url for request in first)
    attempts = {url: int(one.get("attempts", 0)) for url, one in told.items()}
    asking, until = _asking(site, kind, cursor, str(state.cursor.get(_ASKED, "")), assets)
    asked = frozenset(request.url for request in asking)
    queue = deque([*first, *kept.values(), *asking])
    return Run(state, queue, start, asked, until, kept, attempts, {})


def _asking(
    site: SiteConfig, kind: PolledKind, cursor: Mapping[str, Any], after: str, assets: Iterable[Asset]
) -> tuple[list[Request], str]:
    """The requests of this poll's share of questions, and the key of the last one."""
    if kind.ask is None:
        return [], after
    told = questions(assets, site.queries, after, site.questions_per_poll)
    asking = [request for _, one in told for request in kind.ask(site.settings, cursor, one)]
    return asking, told[-1][0] if told else ""


def asked_json(run: Run) -> dict[str, Any]:
    """How far the questions got: those of a poll that did not finish are asked again."""
    done = not run.errors and not run.queue
    return {_ASKED: run.asked_until or None} if done else {}


def failed(request: Request, error: SourceError, run: Run) -> None:
    """A page that is gone, private or too large ends by itself; anything else is an error of the site.

    A kept request that fails again and again is given up, and the coverage window says so.
    """
    url = request.url
    run.attempts[url] = run.attempts.get(url, 0) + 1
    of_item = url not in run.start and isinstance(error, Refused) and error.is_of_item
    if of_item or run.attempts[url] >= MAX_ATTEMPTS:
        run.kept.pop(url, None)
        run.incomplete = run.incomplete or clean(f"given up: {error.message}", 500)
    if not of_item:
        run.errors.append(error)


def put_off(request: Request, error: PutOff, run: Run) -> None:
    """The host's budget is used up: the poll ends here, without blame, and the next one waits for it."""
    run.queue.appendleft(request)
    run.rests_s = error.retry_after_s or 0.0
    run.incomplete = run.incomplete or clean(f"put off: {error.message}", 500)


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


def hopeless(run: Run) -> bool:
    return len(run.errors) >= _MAX_ERRORS or any(isinstance(error, Refused) for error in run.errors)


def kept_json(requests: Mapping[str, Request], attempts: Mapping[str, int]) -> dict[str, Any]:
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


def count_page(run: Run, page: Page, taken: Taken) -> None:
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
