"""Weekdays and hours: what they say, over nights, weekends and the change of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.errors import ConfigError
from leakwatch.timetable import Opening


def at(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time", "is_open"),
    [
        ("mon-fri 08:00-20:00", "2026-11-27 08:00", True),  # a Friday
        ("mon-fri 08:00-20:00", "2026-11-27 07:59", False),
        ("mon-fri 08:00-20:00", "2026-11-27 20:00", False),
        ("mon-fri 08:00-20:00", "2026-11-28 12:00", False),
        ("mon-fri 08:00-20:00 Europe/Berlin", "2026-11-27 07:30", True),
        ("mon-fri 08:00-20:00 Europe/Berlin", "2026-07-03 06:30", True),
        ("mon-fri 08:00-20:00 Europe/Berlin", "2026-11-27 19:30", False),
        ("sat,sun 00:00-24:00", "2026-11-29 23:59", True),
        ("sat,sun 00:00-24:00", "2026-11-30 00:00", False),
        ("fri 22:00-06:00", "2026-11-28 05:59", True),
        ("fri 22:00-06:00", "2026-11-27 05:59", False),
        ("sat-mon 10:00-11:00", "2026-11-30 10:30", True),
        ("sat-mon 10:00-11:00", "2026-12-01 10:30", False),
        ("daily 23:00-01:00", "2026-12-02 00:30", True),
    ],
)
def test_is_open(text: str, time: str, is_open: bool) -> None:
    """Hours count from their beginning and not to their end, in their own time zone."""
    assert Opening.parse(text).is_open(at(time)) is is_open


@pytest.mark.parametrize(
    ("text", "after", "opens"),
    [
        ("mon-fri 08:00-20:00", "2026-11-27 20:00", "2026-11-30 08:00"),
        ("mon-fri 08:00-20:00 Europe/Berlin", "2026-11-27 20:00", "2026-11-30 07:00"),
        (
            "sun 08:00-20:00 Europe/Berlin",
            "2026-03-28 12:00",
            "2026-03-29 06:00",
        ),  # the clocks changed that night
    ],
)
def test_opens(text: str, after: str, opens: str) -> None:
    """The next opening is told in UTC, by the clock of its zone."""
    assert Opening.parse(text).opens(at(after)) == at(opens)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "expected days and hours"),
        ("08:00-20:00", "expected days and hours"),
        ("mon-fry 08:00-20:00", "'mon-fry'"),
        ("mon 8-20", "expected days and hours"),
        ("mon 08:00-25:00", "25:00"),
        ("mon 08:61-09:00", "08:61"),
        ("mon 08:00-08:00", "empty"),
        ("mon 08:00-20:00 Europe/Atlantis", "Europe/Atlantis"),
        ("mon 08:00-20:00 ../../etc/passwd", "no such time zone"),
    ],
)
def test_mistake_is_named(text: str, part: str) -> None:
    """What is no window is an error that says why."""
    with pytest.raises(ConfigError, match=part):
        Opening.parse(text)


@given(
    st.integers(0, 5 * 366 * 86400),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
)
def test_a_window_is_open_when_it_opens(seconds: int, zone: str) -> None:
    """Whenever one waits for the opening, it is open then and was closed a second before, or open before."""
    opening = Opening.parse(f"mon,wed-fri 09:30-17:00 {zone}")
    opens = opening.opens(at("2024-01-01 00:00") + timedelta(seconds=seconds))
    assert opening.is_open(opens)
    assert not opening.is_open(opens - timedelta(seconds=1))
