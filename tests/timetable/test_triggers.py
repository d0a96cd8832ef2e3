"""Timers of sites over jumps of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.model.duration import Duration
from leakwatch.polling import SiteConfig
from leakwatch.sources.feed import FeedSite
from leakwatch.timetable import trigger_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def timer(**manner: object) -> Job:
    """The timer of a site, due at noon."""
    site = SiteConfig(name="a", kind="feed", settings=FeedSite(url="https://a.example/rss"), **manner)  # type: ignore[arg-type]
    return Job(AsyncIOScheduler(), trigger=trigger_of(site), next_run_time=NOON)


@pytest.mark.parametrize(
    "manner", [{"every": Duration(60.0)}, {"every": Duration(1.0)}, {"cron": "* * * * *"}], ids=str
)
@pytest.mark.parametrize("ahead", [timedelta(), timedelta(days=1), timedelta(days=20_000)], ids=str)
def test_what_was_missed_is_done_once(manner: dict[str, object], ahead: timedelta) -> None:
    """However far the clock was put on, a timer is overdue once, and then goes on by its schedule."""
    made = timer(**manner)
    now = NOON + ahead
    assert made._get_run_times(now) == [NOON]
    following = made.trigger.get_next_fire_time(NOON, now)
    assert now < following <= now + timedelta(seconds=60)


@given(st.integers(0, 10**9), st.integers(1, 10**5))
def test_intervals_keep_their_beat(late_ms: int, every_s: int) -> None:
    """Whole intervals are passed over, so that sites that were spread stay spread."""
    made = timer(every=Duration(float(every_s)))
    following = made.trigger.get_next_fire_time(NOON, NOON + timedelta(milliseconds=late_ms))
    assert (
        abs(
            (following - NOON).total_seconds() / every_s - round((following - NOON).total_seconds() / every_s)
        )
        < 1e-3
    )
    assert following > NOON + timedelta(milliseconds=late_ms)
