"""When news are told: their group, quiet hours, digests; over changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.model.duration import Duration
from leakwatch.model.finding import Severity
from leakwatch.model.opening import Opening
from leakwatch.model.route import Policy, Rhythm
from leakwatch.routing.timing import Due, after_quiet, due_at, next_digest, set_back, started_over

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = (Opening.parse("daily 22:00-07:00 Europe/Berlin"),)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
]
times = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


def local(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    """A time on the wall."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("policy", "last", "breaks", "due"),
    [
        (Policy(), None, False, Due(NOON)),
        (Policy(group_wait=Duration(30)), None, False, Due(NOON + MINUTE / 2, "group")),
        (Policy(), NOON - MINUTE, False, Due(NOON + 4 * MINUTE, "group")),
        (Policy(), NOON - MINUTE, True, Due(NOON)),
        (Policy(), NOON - 6 * MINUTE, False, Due(NOON)),
        (Policy(), NOON + timedelta(days=1), False, Due(NOON + 5 * MINUTE, "group")),
        (Policy(digest="hourly"), None, True, Due(NOON + 60 * MINUTE, "digest")),
    ],
)
def test_groups(policy: Policy, last: datetime | None, breaks: bool, due: Due) -> None:
    """First news go at once, further ones with their group, unless they break through; a clock set back delays little."""
    assert due_at(policy, Severity.MEDIUM, NOON, last, breaks=breaks) == due


def test_quiet_hours_end_in_the_morning() -> None:
    """News of the night wait for the morning; what is severe enough, or a digest's own time, is another matter."""
    policy, night = Policy(quiet=NIGHT), local("2026-11-20 23:30")
    morning = local("2026-11-21 07:00").astimezone(UTC)
    assert due_at(policy, Severity.HIGH, night, None) == Due(morning, "quiet")
    assert due_at(policy, Severity.CRITICAL, night, None) == Due(night)
    assert due_at(policy, Severity.HIGH, local("2026-11-21 07:00"), None).why == ""
    late = due_at(
        Policy(quiet=NIGHT, digest="daily", at="23:00", zone="Europe/Berlin"), Severity.HIGH, NOON, None
    )
    assert late == Due(morning, "digest")


def test_quiet_hours_over_a_change_of_the_clock() -> None:
    """The night in which clocks go on has eight hours, the one in which they go back ten; both end at seven."""
    for day in ("2026-03-29", "2026-10-25"):
        ends = after_quiet(NIGHT, local(f"{day} 00:30"))
        assert ends == local(f"{day} 07:00")
    twice = (Opening.parse("daily 01:00-02:30 Europe/Berlin"),)
    first, second = (local("2026-10-25 02:15", fold=fold) for fold in (0, 1))
    ends = local("2026-10-25 02:30", fold=1)
    assert after_quiet(twice, first) == after_quiet(twice, second) == ends


def test_hours_that_never_end() -> None:
    """Who is quiet always is still told, after a week."""
    always = (Opening.parse("daily 00:00-24:00"),)
    assert timedelta(days=7) < after_quiet(always, NOON) - NOON < timedelta(days=10)


@given(times, st.sampled_from(ZONES), st.integers(0, 1439), st.integers(1, 1439))
def test_nobody_is_told_in_quiet_hours(at: datetime, zone: str, begins: int, lasts: int) -> None:
    """Whatever the zone and the day, the time that is found lies outside of the hours, within a day and a bit."""
    first, last = divmod(begins, 60), divmod((begins + lasts) % 1440, 60)
    quiet = (Opening.parse(f"daily {first[0]:02}:{first[1]:02}-{last[0]:02}:{last[1]:02} {zone}"),)
    found = after_quiet(quiet, at)
    assert at <= found <= at + timedelta(hours=26)
    assert not quiet[0].is_open(found)
    assert after_quiet(quiet, found) == found


@given(times, st.sampled_from(ZONES), st.sampled_from(["daily", "weekly", "hourly"]), st.integers(0, 1439))
def test_digests_come_once_a_period(now: datetime, zone: str, every: str, minute: int) -> None:
    """The next digest lies ahead, at its time on the wall, and those after each other are a period apart."""
    at = f"{minute // 60:02}:{minute % 60:02}"
    rhythm = Rhythm.parse(every, at if every != "hourly" else "00:00", zone)  # type: ignore[arg-type]
    period = {"daily": timedelta(days=1), "weekly": timedelta(days=7), "hourly": timedelta(hours=1)}[every]
    found = next_digest(rhythm, now)
    then = next_digest(rhythm, found)
    assert now < found <= now + period + timedelta(hours=2)
    assert abs(then - found - period) <= timedelta(hours=1)
    if every != "hourly":
        day = found.astimezone(ZoneInfo(zone)).date()
        assert then.astimezone(ZoneInfo(zone)).date() - day == period


def test_digest_at_a_time_that_does_not_exist() -> None:
    """Where clocks jump over its time, a digest comes after the jump; where they show it twice, once."""
    daily = Rhythm.parse("daily", "02:30", "Europe/Berlin")
    assert next_digest(daily, local("2026-03-29 01:00")) == local("2026-03-29 03:30")
    first = next_digest(daily, local("2026-10-25 01:00"))
    assert first == local("2026-10-25 02:30")
    assert next_digest(daily, first) == local("2026-10-26 02:30")


def test_digest_whose_time_was_jumped_over_at_midnight() -> None:
    """Where clocks go from 23:00 to midnight, the digest of 23:30 comes half an hour into the next day, and is not left out."""
    nuuk = ZoneInfo("America/Nuuk")
    late = Rhythm.parse("daily", "23:30", "America/Nuuk")
    assert next_digest(late, local("2026-03-29 00:10", nuuk)) == local("2026-03-29 00:30", nuuk)
    assert next_digest(late, local("2026-03-29 00:30", nuuk)) == local("2026-03-29 23:30", nuuk)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=1), timedelta(days=365)])
def test_a_clock_set_back_stalls_nothing(jump: timedelta) -> None:
    """What was due in five minutes is due in five minutes."""
    assert set_back(NOON + 5 * MINUTE, NOON, NOON - jump) == NOON - jump + 5 * MINUTE
    assert set_back(NOON - MINUTE, NOON, NOON - jump) == NOON - jump


@given(
    times,
    st.integers(-3 * 1440, -1),
    st.sampled_from(ZONES),
    st.sampled_from(["none", "hourly", "daily", "weekly"]),
)
def test_a_clock_set_back_wakes_nobody(began: datetime, minutes: int, zone: str, digest: str) -> None:
    """What waited for the morning, or its digest, waits for that by the new time; no longer than news of that time would."""
    quiet = (Opening.parse(f"daily 22:00-07:00 {zone}"),)
    policy = Policy(quiet=quiet, digest=digest, zone=zone)  # type: ignore[arg-type]
    due = due_at(policy, Severity.HIGH, began, None)
    now = began + minutes * MINUTE
    again = started_over(policy, Severity.HIGH, due.at, began, now)
    if due.why:
        assert again == due_at(policy, Severity.HIGH, now, None).at
        assert after_quiet(quiet, again) == again
    else:
        assert again == after_quiet(quiet, now)


def test_what_a_budget_held_until_the_morning_starts_over() -> None:
    """It began before the quiet hours; when the clock is set back, an equal wait would end in them."""
    began, morning = local("2026-11-20 21:50"), local("2026-11-21 07:00")
    policy = Policy(quiet=NIGHT)
    assert started_over(policy, Severity.HIGH, morning, began, began - 60 * MINUTE) == morning
    assert started_over(policy, Severity.CRITICAL, began + MINUTE, began, began - MINUTE) == began
