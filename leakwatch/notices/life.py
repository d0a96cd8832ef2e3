"""The life of a notice: which step may follow, what each one changes, and the clocks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from leakwatch.errors import InputError
from leakwatch.model.notice import AFTER_SUBMISSION, NOTICE_CHANGES, Notice, NoticeState
from leakwatch.notices.tables import Addressee

CHECKS = (
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(weeks=1),
    timedelta(days=30),
)
"""How long after submission, and after removal, the addresses are looked at again."""
_BEFORE_DEADLINE = timedelta(days=3)
_AFTER_DEADLINE = (timedelta(days=1), timedelta(days=2), timedelta(days=4), timedelta(days=7))
_MONDAY_TO_FRIDAY = 5


def business_days_after(day: datetime, count: int) -> datetime:
    """The same hour, so many days from Monday to Friday later. Holidays are not known: a deadline is never told too late."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < _MONDAY_TO_FRIDAY
    return day


def check_step(notice: Notice, to: NoticeState) -> None:
    """Refuse a step that the table does not have. Raises: InputError that names the steps there are."""
    if to in NOTICE_CHANGES[notice.state]:
        return
    may = ", ".join(sorted(NOTICE_CHANGES[notice.state])) or "nothing"
    raise InputError(f"{notice.id} is {notice.state.value} and can become {may}, not {to.value}")


def stepped(
    notice: Notice, to: NoticeState, at: datetime, addressee: Addressee, told: Mapping[str, Any] | None = None
) -> Notice:
    """The notice after a step. `told` goes into its detail. Raises: InputError if the step is not a legal one."""
    check_step(notice, to)
    changed = replace(notice, state=to, detail={**notice.detail, **(told or {})})
    if to not in AFTER_SUBMISSION:
        return replace(changed, next_check_at=None, deadline_at=None)
    if to is NoticeState.COUNTER_NOTICE:
        return _countered(changed, at, addressee)
    if to is NoticeState.WAITING:
        changed = replace(changed, removed_at=None, deadline_at=None)
        return changed if notice.state is NoticeState.SUBMITTED else _watched(changed, at)
    if to is NoticeState.SUBMITTED:
        return _watched(replace(changed, submitted_at=at), at)
    return _watched(replace(changed, removed_at=at, deadline_at=None), at)


def _watched(notice: Notice, at: datetime) -> Notice:
    """Looked at again from now on, by the whole series."""
    detail = {**notice.detail, "checks_from": at.isoformat(), "checks": 0}
    return replace(notice, detail=detail, next_check_at=at + CHECKS[0])


def _countered(notice: Notice, at: datetime, addressee: Addressee) -> Notice:
    """The clock of a counter-notice: the day from which the host may restore, and the one by which it must."""
    clock = addressee.counter_notice
    if clock is None:
        return _watched(replace(notice, deadline_at=None), at)
    first, last = (business_days_after(at, days) for days in clock.business_days)
    if clock.days is not None:
        first = min(first, at + timedelta(days=clock.days))
    detail = {**notice.detail, "countered_at": at.isoformat(), "restored_by": last.isoformat(), "checks": 0}
    return replace(notice, detail=detail, deadline_at=first, next_check_at=max(at, first - _BEFORE_DEADLINE))


def after_check(notice: Notice, at: datetime) -> Notice:
    """The notice after a look that changed nothing: when the next one is, or that it was the last."""
    done = int(notice.detail.get("checks", 0)) + 1
    changed = replace(notice, detail={**notice.detail, "checks": done})
    if notice.deadline_at is not None:
        return replace(changed, next_check_at=_next_of_deadline(notice.deadline_at, at))
    if "checks_from" not in notice.detail:
        return replace(changed, next_check_at=None)
    began = datetime.fromisoformat(notice.detail["checks_from"])
    if began > at:  # the clock was put back
        return _watched(changed, at)
    left = [began + wait for wait in CHECKS if began + wait > at]
    return replace(changed, next_check_at=left[0] if left else None)


def put_back(notice: Notice, now: datetime, by: timedelta, addressee: Addressee) -> Notice:
    """The notice once the clock was put back: what it says to have happened at a time that has not come yet did as much earlier.

    When the next look is due is not changed here: that is put earlier with all that waits.
    """
    detail = dict(notice.detail)
    for name in ("checks_from", "countered_at"):
        if name in detail and (then := datetime.fromisoformat(detail[name])) > now:
            detail[name] = (then - by).isoformat()
    changed = replace(
        notice,
        detail=detail,
        submitted_at=_earlier(notice.submitted_at, now, by),
        removed_at=_earlier(notice.removed_at, now, by),
    )
    if notice.state is NoticeState.COUNTER_NOTICE and detail.get("countered_at") != notice.detail.get(
        "countered_at"
    ):
        changed = _countered(changed, datetime.fromisoformat(detail["countered_at"]), addressee)
    return replace(changed, next_check_at=notice.next_check_at)


def _earlier(then: datetime | None, now: datetime, by: timedelta) -> datetime | None:
    return then - by if then is not None and then > now else then


def _next_of_deadline(deadline: datetime, at: datetime) -> datetime | None:
    later = [deadline - _BEFORE_DEADLINE, deadline, *(deadline + wait for wait in _AFTER_DEADLINE)]
    return next((one for one in later if one > at), None)


def is_near_deadline(notice: Notice, at: datetime) -> bool:
    """Whether the clock of a counter-notice is about to run out, and has not."""
    return notice.deadline_at is not None and notice.deadline_at - _BEFORE_DEADLINE <= at < notice.deadline_at
