"""The end of a poll: its verdict, its coverage window, and when the next one is due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from leakwatch.display import clean
from leakwatch.errors import Failure, LayoutChanged, Refused
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.polling.drift import Judged, judge
from leakwatch.polling.keeping import kept_json
from leakwatch.polling.ledger import Ledger, ledger_json
from leakwatch.polling.mirrored import at_home
from leakwatch.polling.overlap import mark_of
from leakwatch.polling.profile import Profile, look
from leakwatch.polling.reading import Desk
from leakwatch.polling.repair import Gap
from leakwatch.polling.run import Run, hopeless
from leakwatch.polling.site import SiteConfig
from leakwatch.polling.waits import reason, wait_s

_MAX_FIELDS = 6
"""Fields that a drift names, so that what else there is to say of a poll has room."""


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
    desk: Desk,
    run: Run,
    gap: Gap | None,
    began: datetime,
    ended: datetime,
    next_time: Callable[[SiteConfig, datetime], datetime],
) -> Polled:
    """Write the coverage window, the ledger, the next due time, and, after a complete poll, the validators."""
    judged = _judged(desk, run)
    ledger = _ledger(run, judged.profile, ended)
    window = _window(desk, run, gap, judged.drift, began, ended)
    failed = bool(run.errors) and (run.pages == 0 or hopeless(run))
    failures = run.state.failures + 1 if failed else 0
    due = next_time(desk.site, began)
    if failed:
        waits = [error.retry_after_s for error in run.errors if error.retry_after_s]
        wait = wait_s(failures - 1, window.failure, max(waits, default=None))
        due = max(due, ended + timedelta(seconds=wait))
    due = max(due, ended + timedelta(seconds=run.rests_s))
    asked = run.asking.cursor(is_done=not run.errors and not run.queue)
    changes = {**run.state.cursor, **kept_json(run.kept, run.attempts, run.standing), **asked}
    cursor = {key: value for key, value in changes.items() if value is not None}
    complete = not run.errors and not run.incomplete and window.verdict.covers and run.pages
    validators = {u: v for u, v in run.validators.items() if u in run.start and any(v.values())}
    async with desk.repository.writing() as work:
        await work.sites.move_cursor(run.state, cursor, validators if complete else run.state.validators)
        await work.sites.close_poll(
            window, due, failures, window.detail if not window.verdict.covers else None, ledger_json(ledger)
        )
        for hole in run.repaired:
            await work.sites.repaired(desk.site.name, hole, ended)
    return Polled(window, run.alerts, run.proofs, failures, due, run.suppressed)


def _judged(desk: Desk, run: Run) -> Judged:
    """Whether what was read looks as it does usually; a poll that read nothing, or not all, says nothing of it."""
    is_page = desk.kind.is_window and run.is_listed
    if run.pages == run.unchanged or not (run.observed or run.fields or is_page):
        return Judged((), run.ledger.profile)
    fresh = min(1.0, run.new_items / run.items) if run.items else 1.0
    items = at_home(run.observed, desk.site.settings.url, desk.site.mirrors)
    seen = look(items, len(run.listing) if is_page else None, run.fields, fresh)
    return judge(run.ledger.profile, seen)


def _ledger(run: Run, profile: Profile, ended: datetime) -> Ledger:
    mark = mark_of(run.listing, ended) if run.listing and run.is_listed else run.ledger.mark
    return replace(run.ledger, mark=mark, holes=tuple(run.holes), profile=profile)


def _window(
    desk: Desk, run: Run, gap: Gap | None, drift: Sequence[str], began: datetime, ended: datetime
) -> CoverageWindow:
    is_first = run.state.last_ok_at is None
    verdict = _verdict(desk, run, gap, drift)
    return CoverageWindow(
        site=desk.site.name,
        started_at=began,
        ended_at=ended,
        verdict=verdict,
        pages=run.pages,
        items=run.items,
        new_items=run.new_items,
        overlap=None if is_first or not run.items else run.overlap or bool(run.known),
        first_item=run.first_item,
        last_item=run.last_item,
        detail=clean(_detail(run, gap, drift), 1000) or None,
        failure=Failure.DRIFT if verdict is Coverage.DRIFT else reason(run.errors, run.state),
        hole_from=gap.began if gap else None,
        hole_to=gap.until if gap else None,
    )


def _detail(run: Run, gap: Gap | None, drift: Sequence[str]) -> str:
    """What there is to say about a poll: its errors, or what it missed and repaired."""
    fields = [*drift[:_MAX_FIELDS], f"{len(drift)} signs in all" if len(drift) > _MAX_FIELDS else ""]
    told = [*(error.message for error in run.errors), *(fields if drift else ())]
    if not run.errors and run.incomplete not in run.lacks:
        told.append(run.incomplete)
    told += [f"{lack} ({number} times)" if number > 1 else lack for lack, number in run.lacks.most_common(3)]
    told.append(f"the canary is missing: {run.ledger.canary_missing}" if run.ledger.canary_missing else "")
    if gap:
        of = f"what was shown between {_minute(gap.began)} and {_minute(gap.until)} was not read"
        told.append(of + (", and the site shows it no more" if gap.is_lost else "; it is read back to"))
    elif run.back_pages and run.overlap:
        told.append(f"{run.back_pages} pages back to what was known")
    told += [f"the gap from {_minute(hole)} on is repaired" for hole in run.repaired]
    if run.back_error:
        told.append(f"paging back: {run.back_error}")
    return "; ".join(one for one in told if one)


def _minute(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="minutes").replace("+00:00", " UTC")


def _verdict(desk: Desk, run: Run, gap: Gap | None, drift: Sequence[str]) -> Coverage:
    """Worst first: refused, drift, what is lost for good, error; then gap, put off, partial; then what a healthy poll can be."""
    for error in run.errors:
        if isinstance(error, Refused):
            return Coverage.REFUSED
        if isinstance(error, LayoutChanged):
            return Coverage.DRIFT
    if run.errors:
        return Coverage.GAP if gap and gap.is_lost else Coverage.ERROR
    if drift:
        return Coverage.DRIFT
    if run.ledger.canary_missing:
        return Coverage.BLIND
    if gap:
        return Coverage.GAP
    if not run.is_listed:
        return Coverage.PUT_OFF
    if run.incomplete:
        return Coverage.PARTIAL
    if run.pages and run.pages == run.unchanged:
        return Coverage.UNCHANGED
    return Coverage.EMPTY if desk.kind.is_window and run.pages and not run.items else Coverage.OK
