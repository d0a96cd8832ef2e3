"""What `source health` says: which sites are blind, since when and why, and for which assets nobody looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from leakwatch.cli._shared import load, repository
from leakwatch.cli._tallies import precision_json
from leakwatch.display import clean
from leakwatch.model.case import NOTHING_JUDGED, Precision
from leakwatch.model.site import CoverageWindow, SiteState
from leakwatch.polling import SiteConfig
from leakwatch.polling.blind import Blindness, because, blind_assets, blindness, budget, remedy
from leakwatch.polling.ledger import ledger_of

DAY = timedelta(days=1)
_COLUMNS = (
    "site",
    "verdict",
    "last ok",
    "blind for",
    "budget",
    "failure",
    "every",
    "next try",
    "judged true",
)
_GAP = 2


@dataclass(frozen=True, slots=True)
class SiteHealth:
    """One site: its state, how blind it is, and its windows of the last day, oldest first."""

    site: SiteConfig
    state: SiteState
    blind: Blindness
    windows: Sequence[CoverageWindow]
    precision: Precision = NOTHING_JUDGED

    @property
    def lost(self) -> timedelta:
        """What was shown in the last day and never read."""
        holes = [
            (one.hole_from, one.hole_to)
            for one in self.windows
            if one.hole_from and one.hole_to and one.repaired_at is None
        ]
        return sum((end - start for start, end in holes), timedelta())


@dataclass(frozen=True, slots=True)
class Health:
    """All sites, the blindest first, and the assets for which all sites are blind."""

    at: datetime
    sites: Sequence[SiteHealth]
    assets: Mapping[str, tuple[timedelta, tuple[str, ...]]]


async def health_of(config: Path, now: datetime) -> Health:
    """How the configured sites are now."""
    sites = {one.name: one for one in load(config).sites if one.enabled}
    async with repository(config) as opened, opened.reading() as work:
        states = {one.name: one for one in await work.sites.all() if one.name in sites}
        windows = await work.sites.windows_since(now - DAY)
        sighted = await work.findings.sites_of_assets()
        judged = await work.cases.sites()
        assets = [one.id for one in await work.catalogue.all()]
    found = [
        SiteHealth(
            sites[name], state, blindness(state, now), windows.get(name, []), judged.get(name, NOTHING_JUDGED)
        )
        for name, state in states.items()
    ]
    found.sort(key=lambda one: (-one.blind.total, one.state.name))
    blind = blind_assets(sighted, assets, states, now) if states else {}
    return Health(now, found, {str(name): told for name, told in blind.items()})


def table(health: Health) -> Iterator[str]:
    """Lines of a table, the blindest site first; then the assets nobody looks for."""
    rows = [_COLUMNS, *(_row(one, health.at) for one in health.sites)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    for row in rows:
        yield "".join(cell.ljust(width + _GAP) for cell, width in zip(row, widths, strict=True)).rstrip()
    for one in health.sites:
        if one.blind.is_blind:
            yield f"{one.state.name}: {clean(because(one.state, one.blind), 300)}; {remedy(one.state)}"
        if one.state.interval_s is not None and one.state.interval_why:
            every = length(timedelta(seconds=one.state.interval_s))
            yield f"{one.state.name}: *every {every}: {clean(one.state.interval_why, 200)}"
    for name, (time, sites) in health.assets.items():
        shown = ", ".join(sites[:5]) + (f" and {len(sites) - 5} more" if len(sites) > 5 else "")
        yield f"asset {name}: nobody has looked for it for {length(time)}; blind: {shown}"


def watch_of(asset: str, health: Health) -> str:
    """Whether anybody looks for an asset now."""
    if not health.sites:
        return "no site was read yet"
    if asset not in health.assets:
        return "looked for"
    time, sites = health.assets[asset]
    return (
        f"nobody has looked for it for {length(time)}; blind: {', '.join(sites[:5])}{' …' * (len(sites) > 5)}"
    )


def watch_value(asset: str, health: Health) -> dict[str, Any] | None:
    """The same as JSON: for how long nobody has looked for an asset, 0 if somebody does; None before any site was read."""
    if not health.sites:
        return None
    time, sites = health.assets.get(asset, (timedelta(), ()))
    return {"blind_for_s": round(time.total_seconds()), "blind_sites": list(sites)}


def site_values(health: Health) -> Iterator[dict[str, Any]]:
    """One JSON value a site."""
    for one in health.sites:
        state, blind = one.state, one.blind
        yield {
            "site": state.name,
            "kind": state.kind,
            "verdict": state.verdict and state.verdict.value,
            "failure": state.failure and state.failure.value,
            "last_error": state.last_error,
            "last_ok_at": state.last_ok_at,
            "covered_until": state.covered_until,
            "blind_since": blind.since,
            "blind_for_s": round(blind.total.total_seconds()),
            "open_holes_s": round(blind.holes.total_seconds()),
            "lost_24h_s": round(one.lost.total_seconds()),
            "budget_s": round(budget(one.site).total_seconds()),
            "told_at": state.blind_told_at,
            "every_s": every_s(one),
            "every_why": state.interval_why,
            "next_due_at": None if one.site.is_stream else state.next_due_at,
            "because": because(state, blind) if blind.is_blind else None,
            "remedy": remedy(state) if blind.is_blind else None,
            "precision": precision_json(one.precision),
        }


def asset_values(health: Health) -> Iterator[dict[str, Any]]:
    """One JSON value an asset for which all sites are blind."""
    for name, (time, sites) in health.assets.items():
        yield {"asset": name, "blind_for_s": round(time.total_seconds()), "sites": list(sites)}


def hole_lines(windows: Sequence[CoverageWindow], state: SiteState) -> Iterator[str]:
    """The holes of one site: those that are still read back to, those that are lost, those that are repaired."""
    still_open = {one.began for one in ledger_of(state.ledger).holes}
    for one in windows:
        if one.hole_from and one.hole_to:
            how = (
                f"repaired {_minute(one.repaired_at)}"
                if one.repaired_at
                else "open"
                if one.hole_from in still_open
                else "lost"
            )
            yield f"hole\t{_minute(one.hole_from)}\t{_minute(one.hole_to)}\t{how}"


def length(time: timedelta) -> str:
    """A length of time as people say it: 90 s, 12 min, 3.5 h, 4.0 d."""
    seconds = time.total_seconds()
    if seconds < 120:
        return f"{seconds:.0f} s"
    for unit, size in (("min", 60), ("h", 3600)):
        if seconds < size * 120:
            return f"{seconds / size:.0f} {unit}" if unit == "min" else f"{seconds / size:.1f} {unit}"
    return f"{seconds / 86400:.1f} d"


def every_s(one: SiteHealth) -> float | None:
    """The interval of a site now; None for a stream, and for one that is read at times of day."""
    if one.site.is_stream or (one.site.cron and one.state.interval_s is None):
        return None
    return one.state.interval_s or float(one.site.every)


def _every(one: SiteHealth) -> str:
    """How often a site is read now; a star where that follows what it shows."""
    seconds = every_s(one)
    if seconds is None:
        return f"at {one.site.cron}" if one.site.cron else "-"
    return length(timedelta(seconds=seconds)) + ("*" if one.state.interval_s is not None else "")


def ago(at: datetime | None, now: datetime) -> str:
    """How long ago that was; what came while the command was starting is of now."""
    return f"{length(max(now - at, timedelta()))} ago" if at else "never"


def _row(one: SiteHealth, now: datetime) -> tuple[str, ...]:
    state = one.state
    due = state.next_due_at - now
    return (
        state.name,
        state.verdict.value if state.verdict else "not read yet",
        ago(state.last_ok_at, now),
        length(one.blind.total) if one.blind.is_blind else "-",
        length(budget(one.site)),
        state.failure.value if state.failure else "-",
        _every(one),
        "listening" if one.site.is_stream else "now" if due <= timedelta() else f"in {length(due)}",
        one.precision.words if one.precision.judged else "-",
    )


def _minute(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
