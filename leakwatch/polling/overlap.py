"""Whether a listing reaches back to what was read before: by its items, and by their times. Pure.

A pinned item is known for ever and proves nothing: an item counts only where it stands in order, so that no newer one
follows it. Where a site gives no times, or keeps no order, every item counts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from leakwatch.polling.ledger import Mark

Listing = Sequence[tuple[str, datetime | None]]
"""Items as a page lists them, with their times."""

_MARKED = 20
_DISORDER = 0.3
_OLD = datetime(1, 1, 1, tzinfo=UTC)


def reaches(listing: Listing, known: Collection[str], mark: Mark | None) -> bool:
    """Whether an item that stands in order was read before the mark was set.

    `known` are the items of the listing that were stored before this poll.
    """
    for name, at in in_order(listing):
        if mark is None:
            is_met = name in known
        else:
            is_met = name in mark.ids or (
                name in known and at is not None and mark.newest is not None and at <= mark.newest
            )
        if is_met:
            return True
    return False


def mark_of(listing: Listing, now: datetime) -> Mark:
    """How far a listing reads: its newest items.

    What stands in the future tells nothing, unless all of it does: then the site's clock is ahead, or ours was put back.
    """
    listed = in_order(listing)
    told = [(name, at) for name, at in listed if at is None or at <= now] or [
        (name, None) for name, _ in listed
    ]
    told.sort(key=lambda one: one[1] or _OLD, reverse=True)
    times = [at for _, at in told if at is not None]
    return Mark(ids=tuple(name for name, _ in told[:_MARKED]), newest=max(times, default=None))


def oldest(listing: Listing) -> datetime | None:
    """The time that a listing reaches back to."""
    return min((at for _, at in in_order(listing) if at is not None), default=None)


def in_order(listing: Listing) -> list[tuple[str, datetime | None]]:
    """The items that no newer one follows, newest first; all of them where there are no times or no order."""
    times = [at for _, at in listing if at is not None]
    falls = sum(a > b for a, b in pairwise(times))
    rises = sum(a < b for a, b in pairwise(times))
    if 2 * len(times) < len(listing) or min(falls, rises) > _DISORDER * len(times):
        return list(listing)
    newest_last = list(listing) if rises > falls else list(reversed(listing))
    kept: list[tuple[str, datetime | None]] = []
    newest = _OLD
    for name, at in newest_last:
        if at is not None and at >= newest:
            newest = at
            kept.append((name, at))
    return kept[::-1]
