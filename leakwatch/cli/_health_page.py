"""The page of `source health --html`: one file without scripts or anything from elsewhere; every text is escaped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined

from leakwatch.cli._health import DAY, Health, SiteHealth, ago, length
from leakwatch.display import clean
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.polling.blind import because, budget, remedy

_WIDTH = 960.0
_CLASS = {
    Coverage.GAP: "gap",
    Coverage.DRIFT: "drift",
    Coverage.REFUSED: "no",
    Coverage.ERROR: "no",
    Coverage.BLIND: "no",
    Coverage.PUT_OFF: "no",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of a site's day: where it lies, its class, and what it says."""

    x: float
    width: float
    kind: str
    told: str


def health_page(health: Health) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=PackageLoader("leakwatch.cli"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    rows = [_row(one, health.at) for one in health.sites]
    assets = [
        {"name": name, "length": length(time), "sites": ", ".join(sites[:10])}
        for name, (time, sites) in health.assets.items()
    ]
    hours = [
        {
            "x": _x(health.at - DAY + DAY * part / 8, health.at),
            "told": f"{(health.at - DAY + DAY * part / 8):%H:%M}",
        }
        for part in range(9)
    ]
    blind = sum(one.blind.is_blind for one in health.sites)
    return environment.get_template("health.html.j2").render(
        at=f"{health.at:%Y-%m-%d %H:%M} UTC", rows=rows, assets=assets, hours=hours, blind=blind
    )


def bars(windows: Iterator[CoverageWindow], now: datetime) -> list[Bar]:
    """The last day of a site: each window reaches back to the one before it; neighbours of one kind are one bar."""
    found: list[Bar] = []
    before: datetime | None = None
    for one in windows:
        start = _x(before or one.started_at, now)
        width = max(_x(one.ended_at, now) - start, 1.0)
        kind, told = _CLASS.get(one.verdict, "ok"), f"{one.verdict.value} until {one.ended_at:%H:%M}"
        if found and found[-1].kind == kind:
            last = found.pop()
            start, width = last.x, start + width - last.x
        found.append(Bar(start, min(width, _WIDTH - start), kind, told))
        before = one.ended_at
    return found


def _holes(one: SiteHealth, now: datetime) -> list[Bar]:
    found: list[Bar] = []
    for window in one.windows:
        if window.hole_from and window.hole_to:
            start, end = _x(window.hole_from, now), _x(window.hole_to, now)
            kind = "repaired" if window.repaired_at else "hole"
            told = f"{kind}: {window.hole_from:%H:%M} to {window.hole_to:%H:%M}"
            found.append(Bar(start, max(end - start, 2.0), kind, told))
    return found


def _x(at: datetime, now: datetime) -> float:
    """Where a time lies on the axis of the last day."""
    return round(min(max((at - (now - DAY)) / DAY, 0.0), 1.0) * _WIDTH, 1)


def _row(one: SiteHealth, now: datetime) -> dict[str, object]:
    state, blind = one.state, one.blind
    due = state.next_due_at - now
    return {
        "name": state.name,
        "kind": state.kind,
        "verdict": state.verdict.value if state.verdict else "not read yet",
        "failure": state.failure.value.replace("_", " ") if state.failure else "",
        "class": _CLASS.get(state.verdict, "ok") if state.verdict else "none",
        "last_ok": ago(state.last_ok_at, now),
        "blind": length(blind.total) if blind.is_blind else "",
        "is_over": blind.total > budget(one.site),
        "budget": length(budget(one.site)),
        "next": "listening"
        if one.site.is_stream
        else "now"
        if due.total_seconds() <= 0
        else f"in {length(due)}",
        "lost": length(one.lost) if one.lost else "",
        "because": clean(because(state, blind), 300) if blind.is_blind else "",
        "remedy": remedy(state) if blind.is_blind else "",
        "bars": bars(iter(one.windows), now),
        "holes": _holes(one, now),
    }
