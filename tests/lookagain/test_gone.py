"""When all places of a case count as gone: each found gone twice, an hour apart, and never there in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from leakwatch.lookagain.gone import are_all_gone
from leakwatch.model.evidence import Look, Outcome
from leakwatch.model.finding import FindingId

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ONE, OTHER = "https://board.example/1", "https://index.example/1"
GONE, SAME, EDITED, AWAY = Outcome.DELETED, Outcome.SAME, Outcome.EDITED, Outcome.UNREACHABLE


def looks(url: str, *told: tuple[int, Outcome]) -> list[Look]:
    """Looks at a place, each so many minutes after noon."""
    return [
        Look(
            id=number,
            finding=FindingId("LW-1"),
            url=url,
            site="board",
            native_id="1",
            step="+1m",
            due_at=NOON,
            done_at=NOON + timedelta(minutes=minutes),
            outcome=outcome,
        )
        for number, (minutes, outcome) in enumerate(told)
    ]


@pytest.mark.parametrize(
    ("told", "is_gone"),
    [
        ([(0, GONE)], False),
        ([(0, GONE), (30, GONE)], False),
        ([(0, GONE), (60, GONE)], True),
        ([(0, GONE), (30, AWAY), (60, GONE)], True),
        ([(0, GONE), (30, SAME), (60, GONE)], False),
        ([(0, GONE), (30, EDITED), (60, GONE)], False),
        ([(0, GONE), (30, SAME), (60, GONE), (120, GONE)], True),
        ([(0, GONE), (60, GONE), (90, SAME)], False),
    ],
)
def test_gone_twice_and_never_there_in_between(told: list[tuple[int, Outcome]], *, is_gone: bool) -> None:
    """A place that was there in between is counted anew; what was not reached says nothing."""
    assert are_all_gone([ONE], looks(ONE, *told)) is is_gone


def test_every_place_counts() -> None:
    """One that is up, was never looked at, or has no address keeps the case from being over."""
    gone = looks(ONE, (0, GONE), (60, GONE))
    assert are_all_gone([ONE], gone)
    assert not are_all_gone([ONE, OTHER], gone)
    assert not are_all_gone([ONE, OTHER], [*gone, *looks(OTHER, (60, SAME))])
    assert not are_all_gone([ONE, None], gone)
    assert not are_all_gone([], gone)
