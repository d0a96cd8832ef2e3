"""The canary: a text that a page of a site must always show, or an item that it must always list.

A page is looked at once a day, and hourly while the canary is missing; a listing is looked at whenever it is read.
"""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import datetime, timedelta

from leakwatch.display import clean
from leakwatch.errors import ConfigError, LayoutChanged, Refused, SourceError
from leakwatch.model.observation import short_key
from leakwatch.polling.ledger import Ledger
from leakwatch.polling.reading import Desk
from leakwatch.polling.run import Run
from leakwatch.sources._kind import Payload, Request
from leakwatch.sources._refusals import check

_EVERY, _WHILE_MISSING = timedelta(days=1), timedelta(hours=1)
_GONE = frozenset({404, 410})


async def look_for_canary(desk: Desk, run: Run, now: datetime) -> Ledger:
    """The ledger with what is known of the canary; a page that only failed to come is asked for in the next poll."""
    ledger, site = run.ledger, desk.site
    if site.canary_id and not site.canary_url:
        return _in_listing(short_key(site.canary_id), run, now)
    if not site.canary_url:
        return replace(ledger, canary_at=None, canary_missing="")
    wait = _WHILE_MISSING if ledger.canary_missing else _EVERY
    is_due = ledger.canary_at is None or not timedelta() <= now - ledger.canary_at < wait
    if not is_due or run.errors or not desk.may_ask(run):
        return ledger
    run.asked += 1
    try:
        payload = await desk.fetcher.fetch(
            _request(site.canary_url, desk, run), min_interval_s=site.min_interval_s, manner=site.manner()
        )
        check(payload)
        seen = payload.status not in _GONE and await _shows(payload, desk)
    except (LayoutChanged, Refused) as error:
        return replace(ledger, canary_at=now, canary_missing=clean(error.message, 300))
    except (SourceError, ConfigError):
        return ledger
    wanted = clean(site.canary or site.canary_id or "", 100)
    told = "" if seen else f"{site.canary_url} no longer shows {wanted!r}"
    return replace(ledger, canary_at=now, canary_missing=clean(told, 300))


def _in_listing(wanted: str, run: Run, now: datetime) -> Ledger:
    """Whether this poll's listing shows the item; one that did not come whole says nothing of what it does not show."""
    if any(name == wanted for name, _ in run.listing):
        return replace(run.ledger, canary_at=now, canary_missing="")
    if run.errors or not run.is_listed or run.unchanged or not run.pages:
        return run.ledger
    return replace(run.ledger, canary_at=now, canary_missing=f"no item {clean(wanted, 100)!r} is listed")


def _request(url: str, desk: Desk, run: Run) -> Request:
    """The canary's page; one with an item is asked for, and read, like the first page of the site."""
    if desk.site.canary_id is None:
        return Request(url=url, state={"site": desk.site.name})
    cursor = {key: value for key, value in run.state.cursor.items() if not key.startswith("_")}
    first = next(iter(desk.kind.start(desk.site.settings, cursor)), Request(url=url))
    return replace(first, url=url, form=None, state={**first.state, "site": desk.site.name})


async def _shows(payload: Payload, desk: Desk) -> bool:
    """Whether a page shows the canary."""
    site = desk.site
    if site.canary_id is None:
        return _plain(site.canary or "") in _plain(payload.body.decode("utf-8", "replace"))
    page = await desk.reader.read(desk.kind, payload)
    return short_key(site.canary_id) in {short_key(one.native_id) for one in page.observations}


def _plain(text: str) -> str:
    """A text without entities, case and runs of white space."""
    return " ".join(html.unescape(text).casefold().split())
