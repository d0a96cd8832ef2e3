"""A small fleet of sites with faults: what the real daemon writes down of them is true, and no host is asked too fast."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import fleet
import fleet_judge
import fleet_memory
from fleet_world import Spec

PACE_S = 0.2
SITE = {"name": "s000", "kind": "feed", "does": "", "dates": [float(k) for k in range(40)]}


def row(at: float, items: list[int], **more: Any) -> dict[str, Any]:
    """An answer of a feed, as the fleet logs it."""
    told = {
        "at": at,
        "host": "h",
        "site": "s000",
        "path": "rss.xml",
        "does": "",
        "status": 200,
        "step": "list",
    }
    return told | {"items": items, "visible": max(items, default=-1) + 1, "ended": at} | more


def window(at: float, verdict: str, items: list[int], new: int, **more: Any) -> dict[str, Any]:
    """A coverage window, as the daemon stores it."""
    told = {
        "site": "s000",
        "started_at": at - 0.1,
        "ended_at": at + 0.1,
        "verdict": verdict,
        "items": len(items),
    }
    ends = {"first_item": f"s000-i{items[0]}", "last_item": f"s000-i{items[-1]}"} if items else {}
    rest = {"failure": None, "detail": None, "hole_from": None, "hole_to": None, "repaired_at": None}
    return {"new_items": new, "first_item": None, "last_item": None} | told | rest | ends | more


FIRST, LATER = list(range(9, -1, -1)), list(range(29, 19, -1))
HOLE = {"hole_from": 9.0, "hole_to": 20.0}


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        (window(20, "gap", LATER, 10, **HOLE), ""),
        (window(20, "ok", LATER, 10), "verdict ok, by the log gap (10 missed)"),
        (window(20, "gap", LATER, 10, hole_from=9.0, hole_to=15.0), "the hole does not hold"),
        (window(20, "gap", LATER, 9, **HOLE), "new_items 9, by the log 10"),
        (window(20, "gap", LATER, 10, **HOLE, repaired_at=21.0), "gap repaired: True, by the log False"),
        (window(40, "gap", LATER, 10, **HOLE), "no request"),
    ],
)
def test_the_judge_sees_a_gap_and_a_lie(told: dict[str, Any], wrong: str) -> None:
    """Of a gap that the log proves, a window is right only with its verdict, its hole, its counts and its repair."""
    log = [row(10, FIRST), row(20, LATER)]
    found = fleet_judge.judge(
        {"s000": SITE}, log, [window(10, "ok", FIRST, 10), told], {"s000": {*FIRST, *LATER}}
    )
    assert found.differences[0].find(wrong) > 0 if wrong else not found.differences
    assert found.windows == 2


@pytest.mark.parametrize("verdict", ["ok", "gap"])
def test_a_page_just_behind_the_last_may_be_called_either(verdict: str) -> None:
    """Where a page begins just where the one before ended nothing is missed, and a daemon cannot know it."""
    edge = list(range(19, 9, -1))
    told = [window(10, "ok", FIRST, 10), window(20, verdict, edge, 10, hole_from=9.0, hole_to=10.0)]
    log = [row(10, FIRST), row(20, edge)]
    assert not fleet_judge.judge({"s000": SITE}, log, told, {"s000": {*FIRST, *edge}}).differences


@pytest.mark.parametrize("stored", [{*range(9)}, {*range(11)}])
def test_the_judge_counts_what_is_stored(stored: set[int]) -> None:
    """An item that was read and is not stored, and one that was never shown, are differences."""
    found = fleet_judge.judge(
        {"s000": SITE}, [row(10, FIRST)], [window(10, "ok", FIRST, 10)], {"s000": stored}
    )
    assert (found.sites_right, len(found.differences)) == (0, 1)


@pytest.mark.parametrize(
    ("does", "verdict", "failure", "right"),
    [
        ("500", "error", "server", True),
        ("500", "ok", None, False),
        ("429", "refused", "rate_limited", True),
        ("429", "refused", "refused", False),
        ("truncated", "error", "connection", True),
    ],
)
def test_the_judge_knows_failures(does: str, verdict: str, failure: str | None, right: bool) -> None:
    """A fault has its verdict and its reason, no other."""
    told = window(10, verdict, [], 0, failure=failure)
    found = fleet_judge.judge({"s000": SITE}, [row(10, [], does=does)], [told], {})
    assert found.true == right


def test_the_judge_measures_pace() -> None:
    """Two requests that are too close, a repeat after a reset, and one before Retry-After was over are seen."""
    log = [row(1.0, []), row(1.05, [], does="reset"), row(1.06, []), row(2.0, [], does="429"), row(3.0, [])]
    found = fleet_judge.pace_of(log, 0.1, 0.01, 15)
    assert (found.early, found.after_reset, found.limited, found.too_soon) == (2, 1, 1, 1)
    late = [row(1.0, [], late=0.03), row(1.08, [], late=0.5), row(1.15, [], late=0.5), row(1.16, [])]
    found = fleet_judge.pace_of(late, 0.1, 0.01, 15)
    assert (found.early, found.excused) == (0, 3)
    found = fleet_judge.pace_of([row(1.0, [], late=0.001), row(1.08, [], late=0.5)], 0.1, 0.01, 15)
    assert (found.early, found.excused) == (1, 0)


@pytest.mark.parametrize(("rise", "is_flat"), [(0.0, True), (0.5, True), (3.0, False), (-3.0, True)])
def test_memory_is_judged_when_it_is_warm(rise: float, is_flat: bool) -> None:
    """The rise an hour is that of the second half, whatever was taken in the first; 1 MiB is allowed."""
    hour_s = 120.0
    samples = [
        (2.0 * k, 100 + 2 * min(k, 180) / 3 + 2 * rise * k / hour_s + (k % 2) / 10) for k in range(360)
    ]
    found = fleet_memory.slope(samples, hour_s)
    assert found is not None
    assert found.rise == pytest.approx(rise, abs=0.05)
    assert found.error < 0.05
    assert found.is_flat == is_flat
    assert fleet_memory.slope(samples[:20], hour_s) is None


def test_a_small_fleet_is_watched_truly(tmp_path: Path) -> None:
    """Twenty sites on six hosts with every fault: windows, gaps and items are true by the fleet's own log."""
    spec = Spec(
        sites=20,
        hosts=6,
        seconds=12,
        item_every_s=0.7,
        seed=3,
        faults=0.04,
        limited=0.02,
        slow=0.02,
        slow_s=1.0,
        retry_after_s=3,
        drift_at=7,
        drifting=2,
        bursting=4,
        speed=600,
        hostile=True,
    )
    result = fleet.run(fleet.Plan(spec=spec, every_s=1.0, pace_s=PACE_S), tmp_path)
    found, pace = result.coverage, fleet_judge.pace_of(result.log, PACE_S, PACE_S / 2, spec.retry_after_s)
    assert found.differences == []
    assert (found.true, found.sites_right) == (found.windows, 20)
    assert found.gaps_right == found.gaps_missed >= 1
    assert {"ok", "error", "gap"} <= set(found.verdicts)
    assert pace.too_soon == 0
    # a busy machine brings some closer together than they were sent; without a pace it is two of five
    assert pace.early - pace.after_reset <= pace.pairs / 20
    assert (result.exit_code, result.told["job_crashed"], result.told["poll_failed"]) == (0, 0, 0)
