"""The life of a notice: only steps of the table, clocks that follow, and what no sequence of steps may break."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.errors import InputError
from leakwatch.model.finding import FindingId
from leakwatch.model.notice import AFTER_SUBMISSION, NOTICE_CHANGES, Notice, NoticeId, NoticeState
from leakwatch.notices.figures import figures
from leakwatch.notices.life import (
    CHECKS,
    after_check,
    business_days_after,
    is_near_deadline,
    put_back,
    stepped,
)
from leakwatch.notices.tables import ADDRESSEES, addressee_named

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
S = NoticeState
NOTICE = Notice(
    id=NoticeId("LN-1"),
    finding=FindingId("LW-1"),
    addressee="github",
    host="github.com",
    state=S.DRAFT,
    subject="s",
    body="b",
    drafted_by="ada",
    drafted_at=NOON,
)
GITHUB, DMCA = addressee_named("github"), addressee_named("dmca")


def in_state(state: NoticeState) -> Notice:
    """The notice, put into a state."""
    return replace(NOTICE, state=state)


def test_every_state_is_in_the_table() -> None:
    """Each state has its steps, each but the last leads on to closed, and each can be reached from a draft."""
    assert set(NOTICE_CHANGES) == set(S)
    assert all(S.CLOSED in NOTICE_CHANGES[one] for one in S if one is not S.CLOSED)
    reached, before = {S.DRAFT}, set[NoticeState]()
    while reached != before:
        before = set(reached)
        reached |= {to for one in before for to in NOTICE_CHANGES[one]}
    assert reached == set(S)


@pytest.mark.parametrize("start", S)
@pytest.mark.parametrize("to", S)
def test_only_steps_of_the_table(start: NoticeState, to: NoticeState) -> None:
    """A step that the table has leads there; any other is refused with those that there are."""
    if to in NOTICE_CHANGES[start]:
        assert stepped(in_state(start), to, NOON, GITHUB).state is to
        return
    with pytest.raises(InputError, match="LN-1 is ") as caught:
        stepped(in_state(start), to, NOON, GITHUB)
    assert all(one.value in caught.value.message for one in NOTICE_CHANGES[start])


def test_looks_after_submission_and_removal() -> None:
    """1 hour, 1 day, 3 days, 1 week, 30 days after submission; anew after removal; then none."""
    submitted = stepped(in_state(S.READY), S.SUBMITTED, NOON, GITHUB)
    times: list[timedelta] = []
    now = submitted
    while now.next_check_at is not None:
        times.append(now.next_check_at - NOON)
        now = after_check(now, now.next_check_at)
    assert times == [timedelta(hours=1), timedelta(days=1), timedelta(days=3), timedelta(7), timedelta(30)]
    assert now.detail["checks"] == 5
    later = NOON + timedelta(days=2)
    removed = stepped(submitted, S.REMOVED, later, GITHUB)
    assert (removed.removed_at, removed.next_check_at) == (later, later + CHECKS[0])
    waiting = stepped(submitted, S.WAITING, later, GITHUB)
    assert waiting.next_check_at == submitted.next_check_at  # the host's receipt changes no clock


def test_late_look_skips_what_was_missed() -> None:
    """After a pause one look is made, not one for each that was due meanwhile."""
    submitted = stepped(in_state(S.READY), S.SUBMITTED, NOON, GITHUB)
    assert after_check(submitted, NOON + timedelta(days=4)).next_check_at == NOON + timedelta(days=7)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-11-20", 1, "2026-11-23"),  # Friday to Monday
        ("2026-11-21", 1, "2026-11-23"),  # Saturday to Monday
        ("2026-11-20", 10, "2026-12-04"),
        ("2026-11-20", 14, "2026-12-10"),
        ("2026-11-23", 5, "2026-11-30"),
    ],
)
def test_business_days(start: str, count: int, end: str) -> None:
    """Days from Monday to Friday, as a calendar on the wall has them."""
    begin = datetime.fromisoformat(f"{start}T09:00:00+00:00")
    assert business_days_after(begin, count) == datetime.fromisoformat(f"{end}T09:00:00+00:00")


@given(st.integers(0, 8000).map(lambda days: NOON + timedelta(days=days)), st.integers(1, 60))
def test_business_days_property(start: datetime, count: int) -> None:
    """The end is a weekday, and exactly so many weekdays lie between."""
    end = business_days_after(start, count)
    between = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert end.weekday() < 5
    assert sum(day.weekday() < 5 for day in between) == count


def test_clock_of_a_counter_notice() -> None:
    """It runs 10 to 14 business days; three days before the end it is near; afterwards the pages are looked at."""
    removed = stepped(in_state(S.WAITING), S.REMOVED, NOON, DMCA)
    countered = stepped(removed, S.COUNTER_NOTICE, NOON, DMCA)
    deadline = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
    assert countered.deadline_at == deadline
    assert countered.detail["restored_by"].startswith("2026-12-10")
    assert countered.next_check_at == deadline - timedelta(days=3)
    assert is_near_deadline(countered, deadline - timedelta(days=3))
    assert not is_near_deadline(countered, deadline - timedelta(days=4))
    assert not is_near_deadline(countered, deadline)
    times: list[int] = []
    now = countered
    while now.next_check_at is not None:
        times.append((now.next_check_at - deadline).days)
        now = after_check(now, now.next_check_at)
    assert times == [-3, 0, 1, 2, 4, 7]
    kept = stepped(countered, S.REMOVED, NOON, DMCA)
    assert kept.deadline_at is None


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2026-11-20", "2026-12-04", "2026-12-10"),  # a Friday
        ("2026-11-21", "2026-12-04", "2026-12-10"),  # on a Saturday and a Sunday nothing begins
        ("2026-11-22", "2026-12-04", "2026-12-10"),
        ("2026-11-23", "2026-12-07", "2026-12-11"),
    ],
)
def test_counter_notice_on_a_weekend(day: str, first: str, last: str) -> None:
    """Of a counter-notice that comes on a weekend Monday is the first day."""
    at = datetime.fromisoformat(f"{day}T23:30:00+00:00")
    countered = stepped(in_state(S.REMOVED), S.COUNTER_NOTICE, at, DMCA)
    assert countered.deadline_at == datetime.fromisoformat(f"{first}T23:30:00+00:00")
    assert countered.detail["restored_by"].startswith(last)


@pytest.mark.parametrize("years", [1, 30])
def test_clock_that_was_a_year_ahead(years: int) -> None:
    """What was written down by a clock that ran ahead happened, and runs out, as much earlier."""
    by = timedelta(days=365 * years)
    wrong = NOON + by
    ahead = stepped(in_state(S.READY), S.SUBMITTED, wrong, DMCA)
    right = put_back(ahead, NOON + timedelta(minutes=5), by, DMCA)
    assert (right.submitted_at, right.next_check_at) == (NOON, ahead.next_check_at)
    assert after_check(right, NOON + CHECKS[0]).next_check_at == NOON + CHECKS[1]
    removed = stepped(ahead, S.REMOVED, wrong, DMCA)
    countered = put_back(stepped(removed, S.COUNTER_NOTICE, wrong, DMCA), NOON, by, DMCA)
    deadline = business_days_after(NOON, 10)
    assert countered.deadline_at == deadline
    assert countered.detail["restored_by"] == business_days_after(NOON, 14).isoformat()
    early = after_check(countered, NOON)
    assert early.next_check_at == deadline - timedelta(days=3)  # a look that comes too early loses no warning


def test_what_was_before_keeps_its_time() -> None:
    """What was written down before the clock jumped ahead and back stays as it is."""
    submitted = stepped(in_state(S.READY), S.SUBMITTED, NOON, DMCA)
    assert put_back(submitted, NOON + timedelta(minutes=10), timedelta(hours=5), DMCA) == submitted
    countered = stepped(stepped(submitted, S.REMOVED, NOON, DMCA), S.COUNTER_NOTICE, NOON, DMCA)
    assert put_back(countered, NOON + timedelta(minutes=10), timedelta(hours=5), DMCA) == countered


def test_series_that_lies_ahead_begins_anew() -> None:
    """A series of looks whose beginning has not come yet begins with the look that is made now."""
    ahead = stepped(in_state(S.READY), S.SUBMITTED, NOON + timedelta(days=400), DMCA)
    assert after_check(ahead, NOON).next_check_at == NOON + CHECKS[0]


def test_github_speaks_of_days() -> None:
    """GitHub restores after 10 to 14 days and does not say of which kind: the nearer day is told, never a later one."""
    for day in range(14):
        at = NOON + timedelta(days=day)
        countered = stepped(in_state(S.REMOVED), S.COUNTER_NOTICE, at, GITHUB)
        assert countered.deadline_at == at + timedelta(days=10)
        assert countered.next_check_at == at + timedelta(days=7)
        assert countered.detail["restored_by"] == business_days_after(at, 14).isoformat()


def test_no_clock_under_the_dsa() -> None:
    """The DSA restores nothing by the calendar."""
    notice = replace(NOTICE, addressee="dsa", state=S.WAITING)
    countered = stepped(notice, S.COUNTER_NOTICE, NOON, addressee_named("dsa"))
    assert countered.deadline_at is None
    assert countered.next_check_at == NOON + CHECKS[0]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([*S, None]), st.integers(0, 40 * 24)), max_size=30),
    st.sampled_from(ADDRESSEES),
)
def test_no_sequence_breaks_the_rules(steps: list[tuple[NoticeState | None, int]], name: str) -> None:
    """Whatever is tried in whatever order, with looks (None) in between: states follow the table, clocks fit the state."""
    notice, at, addressee = replace(NOTICE, addressee=name), NOON, addressee_named(name)
    for to, hours in steps:
        at += timedelta(hours=hours)
        before = notice
        if to is None:
            if notice.next_check_at is not None and notice.next_check_at <= at:
                notice = after_check(notice, at)
                assert notice.next_check_at is None or notice.next_check_at > at
        elif to in NOTICE_CHANGES[notice.state]:
            notice = stepped(notice, to, at, addressee)
        else:
            with pytest.raises(InputError):
                stepped(notice, to, at, addressee)
        assert notice.state is before.state or notice.state in NOTICE_CHANGES[before.state]
        assert notice.next_check_at is None or notice.state in AFTER_SUBMISSION
        assert (notice.deadline_at is not None) == (
            notice.state is S.COUNTER_NOTICE and addressee.counter_notice is not None
        )
        assert notice.submitted_at is not None or notice.state not in AFTER_SUBMISSION | {S.REFUSED}
        assert notice.removed_at is not None or notice.state is not S.REMOVED
        assert (notice.subject, notice.body, notice.id) == (before.subject, before.body, before.id)


def test_figures_per_host() -> None:
    """Counts and medians of each host; what is up again is not removed."""
    opened = {FindingId("LW-1"): NOON}

    def sent(hours: int, gone: int | None, host: str = "a.example") -> Notice:
        at = NOON + timedelta(hours=hours)
        notice = replace(NOTICE, host=host, state=S.WAITING, submitted_at=at)
        return replace(notice, removed_at=at + timedelta(hours=gone), state=S.REMOVED) if gone else notice

    refused = replace(sent(9, None), state=S.REFUSED)
    found = figures(
        [sent(1, 10), sent(3, 20), sent(5, None), refused, replace(NOTICE, host="b.example")], opened
    )
    one, other = found
    assert (one.host, one.drafted, one.submitted, one.removed, one.refused) == ("a.example", 4, 4, 2, 1)
    assert (one.to_submission_s, one.to_removal_s) == (4 * 3600, 15 * 3600)
    assert (other.host, other.submitted, other.to_submission_s, other.to_removal_s) == (
        "b.example",
        0,
        None,
        None,
    )
