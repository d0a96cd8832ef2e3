"""The interval that follows what a site shows, and when a site is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.polling import Duration, SiteConfig
from leakwatch.sources.feed import FeedSite
from leakwatch.sources.imageboard import ImageboardSite
from leakwatch.timetable import follow, next_time, rank

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)  # a Friday
SITE = SiteConfig(
    name="index",
    kind="feed",
    settings=FeedSite(url="https://index.example/rss"),
    every=Duration(600),
    every_min=Duration(60),
    every_max=Duration(3600),
)


def window(new_items: int, items: int = 50, **more: Any) -> CoverageWindow:
    """One poll of one page that met known items."""
    told = {"verdict": Coverage.OK, "pages": 1, "overlap": True} | more
    return CoverageWindow(
        site="index", started_at=NOON, ended_at=NOON, items=items, new_items=new_items, **told
    )


@pytest.mark.parametrize(
    ("now_s", "seen", "every_s", "why"),
    [
        (None, window(45), 300, "busy: 45 of 50"),
        (300, window(50, overlap=False, verdict=Coverage.GAP), 150, "busy"),
        (100, window(45), 60, "busy"),
        (60, window(45), 60, "busy"),
        (600, window(0), 900, "quiet"),
        (3000, window(0), 3600, "quiet"),
        (600, window(0, items=0, verdict=Coverage.UNCHANGED), 900, "quiet"),
        (60, window(3), 90, "usual"),
        (500, window(3), 600, "usual"),
        (3600, window(3), 600, "usual"),
        (600, window(50, overlap=None), 600, "usual"),  # the first poll: all is new to us, not to the site
        (300, window(0, items=0, pages=0, verdict=Coverage.ERROR), 300, "unchanged"),
        (300, window(0, items=0, pages=1, verdict=Coverage.DRIFT), 300, "unchanged"),
    ],
)
def test_interval_follows_the_site(
    now_s: float | None, seen: CoverageWindow, every_s: float, why: str
) -> None:
    """Busy halves, quiet lengthens, a little news leads back, a failure changes nothing; within the two bounds."""
    found = follow(SITE, now_s, seen, None, 1)
    assert found.every_s == every_s
    assert found.why.startswith(why)


def test_a_release_asks_for_the_shortest() -> None:
    """While a work is in its release window a quiet site is read as often as it allows."""
    found = follow(SITE, 3600, window(0), "tideglass", 1)
    assert (found.every_s, found.why) == (60, "release of tideglass is near")


def test_pace_of_the_host_is_the_floor() -> None:
    """Five sites of one host that need four pages each at two seconds a page are not read within less than forty."""
    site = replace(SITE, min_interval_s=2.0, every_min=Duration(10))
    found = follow(site, 20, window(50, pages=4), None, 5)
    assert found.every_s == 40
    assert "pace of index.example" in found.why


def test_without_bounds_nothing_changes() -> None:
    """A site with one bound does not go past its usual interval on the other side."""
    site = replace(SITE, every_min=None)
    assert follow(site, 600, window(50), None, 1).every_s == 600
    site = replace(SITE, every_max=None)
    assert follow(site, 600, window(0), None, 1).every_s == 600


def test_a_busy_board_is_told_by_its_items() -> None:
    """A kind that asks only for what is new is busy from fifty new items on, not when all of three are new."""
    board = replace(SITE, kind="imageboard", settings=ImageboardSite(boards=("g",)))
    assert follow(board, 600, window(3, items=3), None, 1).every_s == 600
    assert follow(board, 600, window(50, items=50), None, 1).every_s == 300


def test_ranks() -> None:
    """Priority comes first, then whether the interval is shortened now."""
    from leakwatch.model.site import SiteState

    state = SiteState(
        name="index", kind="feed", host="h", cursor={}, validators={}, version=1, next_due_at=NOON
    )
    busy, high, low = (
        replace(state, interval_s=60.0),
        replace(SITE, priority="high"),
        replace(SITE, priority="low"),
    )
    told = [
        rank(low, state),
        rank(low, busy),
        rank(SITE, None),
        rank(SITE, busy),
        rank(high, state),
        rank(high, busy),
    ]
    assert told == sorted(set(told))


@pytest.mark.parametrize(
    ("outside", "began", "due"),
    [
        (None, "2026-11-27T12:00", "2026-11-27T12:10"),
        (None, "2026-11-27T19:55", "2026-11-30T08:00"),
        (Duration(7200), "2026-11-27T19:55", "2026-11-27T21:55"),
        (Duration(7200), "2026-11-30T07:00", "2026-11-30T08:00"),
    ],
)
def test_window(outside: Duration | None, began: str, due: str) -> None:
    """Outside its window a site waits for the opening, or is read at the slow interval until then."""
    site = replace(SITE, window="mon-fri 08:00-20:00", outside=outside)
    start = datetime.fromisoformat(began).replace(tzinfo=UTC)
    assert next_time(site, start) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_jitter_adds_and_never_takes() -> None:
    """A jitter spreads due times over its length, after the time that the schedule says; also at an opening."""
    site = replace(SITE, jitter=Duration(30))
    closed = replace(site, window="mon-fri 08:00-20:00")
    late = NOON.replace(hour=19, minute=59)
    for one, began, exact in (
        (site, NOON, NOON + timedelta(seconds=600)),
        (closed, late, datetime(2026, 11, 30, 8, tzinfo=UTC)),
    ):
        found = {(next_time(one, began) - exact).total_seconds() for _ in range(50)}
        assert min(found) >= 0
        assert max(found) <= 30
        assert len(found) > 40
