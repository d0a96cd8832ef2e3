"""Whether a listing reaches back to what was read before, and how far it is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leakwatch.polling.overlap import mark_of, reaches

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
YEARS, MINUTE = timedelta(days=1000), timedelta(minutes=1)


def test_an_item_of_the_future_tells_nothing() -> None:
    """It stands on top for years, and would hide every hole below it."""
    mark = mark_of([("late", NOON + YEARS), ("b", NOON - MINUTE), ("a", NOON - 2 * MINUTE)], NOON)
    assert (mark.ids, mark.newest) == (("b", "a"), NOON - MINUTE)
    later = [("late", NOON + YEARS), ("e", NOON + 9 * MINUTE), ("d", NOON + 8 * MINUTE)]
    assert not reaches(later, {"late"}, mark), "what came between is missing"
    assert reaches([*later, ("b", NOON - MINUTE)], {"late", "b"}, mark)


def test_where_all_lies_ahead_names_count() -> None:
    """The site's clock is ahead, or ours was put back: its items are known by their names, and its times say nothing."""
    mark = mark_of([("b", NOON + YEARS), ("a", NOON + YEARS - MINUTE)], NOON)
    assert (set(mark.ids), mark.newest) == ({"a", "b"}, None)
    assert reaches([("c", NOON + YEARS + MINUTE), ("b", NOON + YEARS)], {"b"}, mark)
    assert not reaches([("c", NOON + YEARS + MINUTE)], set(), mark)


def test_a_pinned_item_proves_nothing() -> None:
    """It is old, and stands above newer ones; an item counts only where no newer one follows."""
    mark = mark_of([("b", NOON - MINUTE), ("a", NOON - 2 * MINUTE)], NOON)
    listed = [
        ("a", NOON - 2 * MINUTE),
        ("e", NOON + 9 * MINUTE),
        ("d", NOON + 8 * MINUTE),
        ("c", NOON + 7 * MINUTE),
    ]
    assert not reaches(listed, {"a"}, mark)
    assert reaches([*listed, ("b", NOON - MINUTE)], {"a", "b"}, mark)
