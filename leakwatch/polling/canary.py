"""The canary: a text that a page of a site must always show. Once a day it is looked for; while it is missing, hourly."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import datetime, timedelta

from leakwatch.display import clean
from leakwatch.errors import ConfigError, Refused, SourceError
from leakwatch.polling.ledger import Ledger
from leakwatch.polling.reading import Desk
from leakwatch.polling.run import Run
from leakwatch.sources._kind import Request
from leakwatch.sources._refusals import check

_EVERY, _WHILE_MISSING = timedelta(days=1), timedelta(hours=1)
_GONE = frozenset({404, 410})


async def look_for_canary(desk: Desk, run: Run, now: datetime) -> Ledger:
    """The ledger with what is known of the canary; a page that only failed to come is asked for in the next poll."""
    ledger, site = run.ledger, desk.site
    if not site.canary or not site.canary_url:
        return replace(ledger, canary_at=None, canary_missing="")
    wait = _WHILE_MISSING if ledger.canary_missing else _EVERY
    is_due = ledger.canary_at is None or now - ledger.canary_at >= wait
    if not is_due or run.errors or not desk.may_ask(run):
        return ledger
    run.asked += 1
    try:
        payload = await desk.fetcher.fetch(
            Request(url=site.canary_url, state={"site": site.name}),
            min_interval_s=site.min_interval_s,
            manner=site.manner(),
        )
        check(payload)
    except Refused as error:
        return replace(ledger, canary_at=now, canary_missing=clean(error.message, 300))
    except (SourceError, ConfigError):
        return ledger
    seen = payload.status not in _GONE and _plain(site.canary) in _plain(
        payload.body.decode("utf-8", "replace")
    )
    told = "" if seen else f"{site.canary_url} no longer shows {clean(site.canary, 100)!r}"
    return replace(ledger, canary_at=now, canary_missing=clean(told, 300))


def _plain(text: str) -> str:
    """A text without entities, case and runs of white space."""
    return " ".join(html.unescape(text).casefold().split())
