"""A finding's event -> alerts, and to whom. Pure. `wording` says what an alert tells.

Who is told: of an opened case, if it is strong enough for *auto*, or concerns an asset that is critical or in its release window and says
where the content can be had, unless nothing but an architecture speaks for it; of a case that grew strong enough later, or is seen on a further site; of a verdict that
changed. A case that waits in the queue, was judged a false positive, or is allowed, tells nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from leakwatch.model.alert import Alert, Place, Route
from leakwatch.model.asset import Asset
from leakwatch.model.finding import (
    EventKind,
    Finding,
    FindingEvent,
    Proof,
    Severity,
    SignalKind,
    State,
    Tier,
    Verdict,
)
from leakwatch.model.swarm import Spread
from leakwatch.routing.wording import make_alert

__all__ = ["is_told", "make_alert", "route", "site_channels"]

_QUIET_STATES = frozenset({State.FALSE_POSITIVE, State.ALLOWED, State.MERGED})
_SILENT_EVENTS = frozenset({EventKind.ASSIGNED, EventKind.COMMENT, EventKind.DUE, EventKind.SPLIT})
_NAMING = frozenset({SignalKind.TITLE, SignalKind.TITLE_FUZZY, SignalKind.KNOWN, SignalKind.INFOHASH})


def route(
    event: FindingEvent,
    finding: Finding,
    asset: Asset,
    places: Sequence[Place],
    signals: Sequence[tuple[str, str, float]],
    proofs: Sequence[Proof],
    routes: Sequence[Route],
    spread: Spread | None = None,
    least: Severity = Severity.LOW,
) -> list[tuple[str, Alert]]:
    """The channels to tell, each once, and what to tell them.

    `least` is the severity that a route is chosen by at least: what a fake score lowered is told less urgently, and
    to the same people.
    """
    if not is_told(event, finding, asset) or _is_architecture_alone(finding, signals):
        return []
    alert = make_alert(event, finding, asset, places, signals, proofs, spread)
    channels = [
        one.channel
        for one in routes
        if (not one.assets or asset.id in one.assets)
        and max(alert.severity.rank, least.rank) >= one.min_severity.rank
    ]
    return [(channel, alert) for channel in dict.fromkeys(channels)]


def site_channels(severity: Severity, routes: Sequence[Route]) -> list[str]:
    """Who is told that a site is blind: the routes that are not of certain assets; all, where that would be nobody."""
    wide = [one.channel for one in routes if not one.assets and severity.rank >= one.min_severity.rank]
    return list(dict.fromkeys(wide or [one.channel for one in routes]))


def is_told(event: FindingEvent, finding: Finding, asset: Asset) -> bool:
    """Whether anybody is told of this event."""
    if event.detail.get("drill") == "yes":
        return event.kind in (EventKind.OPENED, EventKind.STATE)
    is_urgent = asset.is_urgent(finding.opened_at, event.at)
    is_strong = finding.tier is Tier.AUTO or finding.verdict is Verdict.PROVED
    if finding.state in _QUIET_STATES or not (is_strong or is_urgent):
        return False
    match event.kind:
        case EventKind.SIGHTED:
            return event.content.startswith(("site:", "severity:"))
        case _:
            return event.kind not in _SILENT_EVENTS


def _is_architecture_alone(finding: Finding, signals: Sequence[tuple[str, str, float]]) -> bool:
    """Whether all that speaks for a case is a hub's count of elements: thousands of fine-tunes may share it."""
    if finding.tier is Tier.AUTO or finding.verdict is Verdict.PROVED:
        return False
    kinds = {kind for kind, _, weight in signals if weight > 0}
    return SignalKind.ELEMENTS in kinds and not kinds & _NAMING
