"""How an interval follows what a site shows: shorter while it is busy or a release is near, longer while it is quiet."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.model.site import Coverage, CoverageWindow, SiteState
from leakwatch.polling import SiteConfig
from leakwatch.sources import KINDS
from leakwatch.sources._kind import PolledKind

_BUSY_SHARE, _BUSY_ITEMS = 0.8, 50
_SLOWER = 1.5
_RANKS = {"low": 0, "normal": 2, "high": 4}
_BLIND = frozenset({Coverage.REFUSED, Coverage.DRIFT, Coverage.ERROR, Coverage.PUT_OFF})


@dataclass(frozen=True, slots=True)
class Interval:
    """The pause between two polls of a site now, in seconds, and why it is that."""

    every_s: float
    why: str


def is_adaptive(site: SiteConfig) -> bool:
    """Whether its interval follows what it shows."""
    return site.every_min is not None or site.every_max is not None


def follow(
    site: SiteConfig, now_s: float | None, window: CoverageWindow, released: str | None, sharers: int
) -> Interval:
    """The interval after a poll that covered this window.

    Worst first: a poll that saw nothing changes nothing; a release that is near (`released` names the asset) asks
    for the shortest; nearly all new, a gap, or more than could be read halves it; nothing new makes it half as
    long again; a little news brings it back towards `every`. It is never shorter than what the host's
    pace allows for as many pages of each of the `sharers`, the sites of that host.
    """
    usual, now = float(site.every), now_s or float(site.every)
    shortest = float(site.every_min if site.every_min is not None else site.every)
    longest = max(float(site.every_max if site.every_max is not None else site.every), shortest)
    floor = site.min_interval_s * max(1, window.pages) * max(1, sharers)
    if window.verdict in _BLIND:
        every, why = now, f"unchanged: the last poll ended with {window.verdict.value}"
    elif released:
        every, why = shortest, f"release of {released} is near"
    elif _is_busy(site, window):
        every, why = now / 2, f"busy: {window.new_items} of {window.items} items were new"
    elif not window.new_items:
        every, why = now * _SLOWER, "quiet: nothing new"
    else:
        every = min(now * _SLOWER, usual) if now < usual else usual
        why = f"usual: {window.new_items} of {window.items} items were new"
    bounded = min(max(every, shortest), longest)
    if bounded < floor:
        return Interval(floor, f"{why}; the pace of {site.host} allows no more")
    return Interval(bounded, why)


def _is_busy(site: SiteConfig, window: CoverageWindow) -> bool:
    """Whether a poll suggests that the next one at this interval would miss something."""
    if window.verdict in (Coverage.GAP, Coverage.PARTIAL):
        return True
    kind = KINDS[site.kind]
    if isinstance(kind, PolledKind) and kind.is_window:
        return (
            window.overlap is not None and window.items > 0 and window.new_items >= _BUSY_SHARE * window.items
        )
    return window.overlap is not None and window.new_items >= _BUSY_ITEMS


def rank(site: SiteConfig, state: SiteState | None) -> int:
    """How much it is wanted when slots are short: its priority, and one more while its interval is shortened."""
    shortened = state is not None and state.interval_s is not None and state.interval_s < float(site.every)
    return _RANKS[site.priority] + shortened
