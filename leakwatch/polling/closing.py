"""The end of a poll: its verdict, its coverage window, and when the next one is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from leakwatch.crawl.politeness import backoff_s
from leakwatch.display import clean
from leakwatch.errors import LayoutChanged, Refused
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.polling.run import Run, asked_json, hopeless, kept_json
from leakwatch.polling.site import SiteConfig
from leakwatch.ports import Repository
from leakwatch.sources._kind import PolledKind


@dataclass(frozen=True, slots=True)
class Polled:
    """A finished poll: what it covered and what it caused."""

    window: CoverageWindow
    alerts: int
    proofs: int
    failures: int
    next_due_at: datetime
    suppressed: int = 0


async def close(
    site: SiteConfig,
    kind: PolledKind,
    run: Run,
    began: datetime,
    ended: datetime,
    repository: Repository,
    next_time: Callable[[SiteConfig, datetime], datetime],
) -> Polled:
    """Write the coverage window, the next due time, and, after a complete poll, the validators."""
    first_poll = run.state.last_ok_at is None
    failed = bool(run.errors) and (run.pages == 0 or hopeless(run))
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
    due = max(due, ended + timedelta(seconds=run.rests_s))
    cursor = {
        key: value
        for key, value in {**run.state.cursor, **kept_json(run.kept, run.attempts), **asked_json(run)}.items()
        if value is not None
    }
    complete = not run.errors and not run.incomplete and run.pages
    validators = {u: v for u, v in run.validators.items() if u in run.start and any(v.values())}
    async with repository.writing() as work:
        await work.sites.move_cursor(run.state, cursor, validators if complete else run.state.validators)
        await work.sites.close_poll(window, due, failures, window.detail if run.errors else None)
    return Polled(window, run.alerts, run.proofs, failures, due, run.suppressed)


def _verdict(run: Run, kind: PolledKind, first_poll: bool) -> Coverage:
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
