"""Gaps: where a poll meets nothing that it knows, it pages back until it does, or until its requests are used up.

What is left is a hole, kept with the request that reads on into it: later polls go on there. A hole that the source
shows no more is lost, and its coverage window says so for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from leakwatch.display import clean
from leakwatch.errors import Failure, Refused, SourceError
from leakwatch.polling.ledger import Behind, Hole, Mark
from leakwatch.polling.overlap import oldest, reaches
from leakwatch.polling.reading import Desk, read_page
from leakwatch.polling.run import Run, Seen

_MAX_HOLES = 5


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole that this poll has left: from when to when, and whether it can still be repaired."""

    began: datetime
    until: datetime
    is_lost: bool


async def repair(desk: Desk, run: Run, began: datetime) -> Gap | None:
    """Page back from this poll's listing, then on into older holes; answers the gap that is left in front."""
    older = list(run.ledger.holes)
    run.holes = []
    gap = await _in_front(desk, run, began)
    for hole in older:
        left = await _into(hole, desk, run)
        if left is None:
            run.repaired.append(hole.began)
        elif isinstance(left, Hole):
            run.holes.append(left)
    run.holes = run.holes[:_MAX_HOLES]
    return gap


async def _in_front(desk: Desk, run: Run, began: datetime) -> Gap | None:
    is_first = run.state.last_ok_at is None
    since = (run.ledger.mark and run.ledger.mark.newest) or run.state.covered_until or run.state.last_ok_at
    if run.parted and not is_first:
        return Gap(run.state.covered_until or since or began, began, is_lost=True)
    if not desk.kind.is_window or is_first or not run.listing or not run.is_listed:
        return None
    if reaches(run.listing, run.known, run.ledger.mark):
        run.overlap = True
        return None
    until = max(oldest(run.listing) or began, since or began)
    behind = _behind(desk, run.last)
    if behind is None:
        return Gap(since or began, until, is_lost=True)
    hole = Hole(began=since or began, until=until, mark=run.ledger.mark or Mark(newest=since), behind=behind)
    left = await _into(hole, desk, run)
    if left is None:
        run.overlap = True
        return None
    if isinstance(left, Hole):
        run.holes.append(left)
        return Gap(left.began, left.until, is_lost=False)
    return left


async def _into(hole: Hole, desk: Desk, run: Run) -> Hole | Gap | None:
    """Read on into a hole: what is left of it, the gap that it is for good, or None where it is read."""
    while desk.may_ask(run):
        try:
            seen = await read_page(hole.behind.request, desk, run, is_back=True)
        except SourceError as error:
            run.back_error = run.back_error or clean(error.message, 300)
            is_gone = isinstance(error, Refused) and (error.is_of_item or error.failure is Failure.DEAD)
            return Gap(hole.began, hole.until, is_lost=True) if is_gone else hole
        if seen is None or not seen.taken.listed:
            return Gap(hole.began, hole.until, is_lost=True)
        run.back_pages += 1
        if reaches(seen.taken.listed, seen.taken.known - run.own, hole.mark):
            return None
        behind = _behind(desk, seen)
        hole = replace(hole, until=max(hole.began, min(hole.until, oldest(seen.taken.listed) or hole.until)))
        if behind is None:
            return Gap(hole.began, hole.until, is_lost=True)
        hole = replace(hole, behind=behind)
    return hole


def _behind(desk: Desk, seen: Seen | None) -> Behind | None:
    """The request of the page behind a page."""
    if seen is None or desk.kind.back is None:
        return None
    request = desk.kind.back(desk.site.settings, seen.payload, seen.page)
    return Behind.of(request) if request else None
