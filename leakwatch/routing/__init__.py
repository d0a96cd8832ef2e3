"""Who is told what, when, and how often. Pure.

`tree` says which routes news take, `timing` when they are told, `silencing` what keeps them back, `budget` how many
messages come in an hour, `fold` makes one message of many, `urgency` orders, `wording` says what an alert tells, `veil` what of it
may be told under embargo.

Of a finding news are: an opened case, if it is strong enough for *auto*, or concerns an asset that is critical or in its
release window and says where the content can be had, unless nothing but an architecture speaks for it; a case that grew
strong enough later, or is seen on a further site; a verdict that changed; a severity that rose. What people do with a
case is told where the case was told. A case that waits in the queue, was judged a false positive, or is allowed, is
no news.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from leakwatch.model.asset import Asset
from leakwatch.model.finding import (
    QUIET_STATES,
    EventKind,
    Finding,
    FindingEvent,
    Severity,
    SignalKind,
    State,
    Tier,
    Verdict,
)
from leakwatch.model.route import Facts
from leakwatch.routing.wording import make_alert

__all__ = [
    "facts_of",
    "is_architecture_alone",
    "is_breaking",
    "is_followed",
    "is_for_all",
    "is_told",
    "make_alert",
]

_SILENT_EVENTS = frozenset({EventKind.ASSIGNED, EventKind.COMMENT, EventKind.DUE})
_FOLLOWED = frozenset(
    {
        EventKind.STATE,
        EventKind.MERGED,
        EventKind.SPLIT,
        EventKind.EDITED,
        EventKind.DELETED,
        EventKind.NOTICE,
        EventKind.OVERDUE,
    }
)
_NAMING = frozenset({SignalKind.TITLE, SignalKind.TITLE_FUZZY, SignalKind.KNOWN, SignalKind.INFOHASH})


def is_told(event: FindingEvent, finding: Finding, asset: Asset) -> bool:
    """Whether this event is news for whom the routes name."""
    if event.detail.get("drill") == "yes":
        return event.kind in (EventKind.OPENED, EventKind.STATE)
    is_urgent = asset.is_urgent(finding.opened_at, event.at)
    is_strong = finding.tier is Tier.AUTO or finding.verdict is Verdict.PROVED
    if finding.state in QUIET_STATES or not (is_strong or is_urgent):
        return False
    match event.kind:
        case EventKind.SIGHTED:
            return event.content.startswith(("site:", "severity:"))
        case EventKind.SEVERITY:
            return _is_rise(event, finding)
        case _:
            return event.kind not in _SILENT_EVENTS


def is_followed(event: FindingEvent) -> bool:
    """Whether this event is told to those who were told of the finding before."""
    return event.kind in _FOLLOWED


def is_for_all(event: FindingEvent, finding: Finding) -> bool:
    """Whether it is told by the routes as well: all but what follows from an alert; a case that is open again is new."""
    return not is_followed(event) or (event.kind is EventKind.STATE and finding.state is State.REOPENED)


def is_breaking(event: FindingEvent, finding: Finding) -> bool:
    """Whether news do not wait for others of their group: they are more severe, or proved, or open the case again."""
    match event.kind:
        case EventKind.VERDICT:
            return finding.verdict is Verdict.PROVED
        case EventKind.SIGHTED:
            return event.content.startswith("severity:")
        case EventKind.STATE:
            return finding.state is State.REOPENED
        case _:
            return event.kind in (EventKind.OPENED, EventKind.SEVERITY, EventKind.ESCALATED)


def _is_rise(event: FindingEvent, finding: Finding) -> bool:
    before = event.detail.get("from", "")
    return before not in list(Severity) or Severity(before).rank < finding.severity.rank


def facts_of(
    finding: Finding,
    asset: Asset,
    event: EventKind | None,
    severity: Severity,
    at: datetime,
    kinds: Mapping[str, str],
    hosts: Mapping[str, str],
) -> Facts:
    """What routes, silences and inhibition look at. `severity` may be more than the finding's: see `telling.announce`."""
    return Facts(
        finding=finding.id,
        asset=asset.id,
        kind=asset.kind,
        owner=asset.owner,
        severity=severity,
        verdict=finding.verdict,
        tier=finding.tier,
        state=finding.state,
        event=event,
        sites=finding.sites,
        source_kinds=frozenset(kinds[one] for one in finding.sites if one in kinds),
        hosts=frozenset(hosts[one] for one in finding.sites if one in hosts),
        embargoed=asset.embargoed,
        in_release_window=asset.in_release_window(at),
    )


def is_architecture_alone(finding: Finding, signals: Sequence[tuple[str, str, float]]) -> bool:
    """Whether all that speaks for a case is a hub's count of elements: thousands of fine-tunes may share it."""
    if finding.tier is Tier.AUTO or finding.verdict is Verdict.PROVED:
        return False
    kinds = {kind for kind, _, weight in signals if weight > 0}
    return SignalKind.ELEMENTS in kinds and not kinds & _NAMING
