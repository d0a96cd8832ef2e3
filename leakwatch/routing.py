"""A finding's event -> alerts, and to whom. Pure.

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

_QUIET_STATES = frozenset({State.FALSE_POSITIVE, State.ALLOWED, State.MERGED})
_NAMING = frozenset({SignalKind.TITLE, SignalKind.TITLE_FUZZY, SignalKind.KNOWN, SignalKind.INFOHASH})
_MAX_REASONS = 6
_ADVICE = {
    Verdict.PROVED: "Confirm, preserve the evidence, and ask the host or index to remove it.",
    Verdict.LIKELY: "Look at the page and the reasons; confirm or mark it as a false positive.",
    Verdict.UNPROVED: "Look at the page: the torrent's metadata neither proves nor refutes it.",
    Verdict.REFUTED: "Most likely a fake that uses the name; mark it as a false positive if you agree.",
    Verdict.UNKNOWN: "Look at the page now; a verdict from the torrent's metadata follows if peers can be found.",
}


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
    is_urgent = asset.is_urgent(finding.opened_at, event.at)
    is_strong = finding.tier is Tier.AUTO or finding.verdict is Verdict.PROVED
    if finding.state in _QUIET_STATES or not (is_strong or is_urgent):
        return False
    match event.kind:
        case EventKind.OPENED | EventKind.VERDICT | EventKind.STATE | EventKind.MERGED:
            return True
        case EventKind.SIGHTED:
            return event.content.startswith(("site:", "severity:"))


def _is_architecture_alone(finding: Finding, signals: Sequence[tuple[str, str, float]]) -> bool:
    """Whether all that speaks for a case is a hub's count of elements: thousands of fine-tunes may share it."""
    if finding.tier is Tier.AUTO or finding.verdict is Verdict.PROVED:
        return False
    kinds = {kind for kind, _, weight in signals if weight > 0}
    return SignalKind.ELEMENTS in kinds and not kinds & _NAMING


def make_alert(
    event: FindingEvent,
    finding: Finding,
    asset: Asset,
    places: Sequence[Place],
    signals: Sequence[tuple[str, str, float]],
    proofs: Sequence[Proof],
    spread: Spread | None = None,
) -> Alert:
    """What there is to say about one event. Of an embargoed asset the title is never said, nor where it shows."""
    name = asset.shown_name
    secret = tuple(asset.names) if asset.embargoed else ()
    return Alert(
        finding=finding.id,
        event=event.kind,
        asset_id=asset.shown_id,
        asset=name,
        headline=_headline(event, finding, name),
        severity=finding.severity,
        verdict=finding.verdict,
        verdict_detail=_verdict_detail(finding, proofs, asset),
        score=round(finding.score, 4),
        since=finding.opened_at.isoformat(timespec="seconds"),
        at=event.at.isoformat(timespec="milliseconds"),
        places=tuple(_veiled(place, secret) for place in places),
        reasons=tuple(
            _veil(f"{kind}: {detail} ({weight:+.1f} bits)", secret)
            for kind, detail, weight in signals[:_MAX_REASONS]
        ),
        spread=_spread(finding, spread),
        advice=_ADVICE[finding.verdict],
        content=event.content,
    )


def _headline(event: FindingEvent, finding: Finding, name: str) -> str:
    site = event.detail.get("site", "")
    match event.kind:
        case EventKind.OPENED:
            return (
                f"{name}: possible leak on {site}"
                if finding.verdict is not Verdict.PROVED
                else f"{name}: leaked on {site}, proved"
            )
        case EventKind.SIGHTED if event.content.startswith("severity:"):
            return f"{name}: possible leak on {site}, now sure enough"
        case EventKind.SIGHTED:
            return f"{name}: the same leak is now on {site} too"
        case EventKind.VERDICT:
            return f"{name}: {finding.verdict.value}"
        case EventKind.STATE:
            return f"{name}: is back ({finding.state.value})"
        case EventKind.MERGED:
            return f"{name}: two cases are one, {event.detail.get('merged', '')} is now part of {finding.id}"


def _verdict_detail(finding: Finding, proofs: Sequence[Proof], asset: Asset) -> str:
    decided = [
        proof for proof in proofs if proof.verdict is finding.verdict and proof.verdict is not Verdict.UNKNOWN
    ]
    if decided:
        return _with_fake(_with_variant(decided[0].reason, decided[0], asset), decided[0])
    match finding.verdict:
        case Verdict.PROVED:
            return "The host's own digest of a file equals that of the asset's file."
        case Verdict.UNKNOWN if proofs:
            return "The torrent's metadata is being fetched; the verdict follows."
        case _:
            return ""


def _with_variant(told: str, proof: Proof, asset: Asset) -> str:
    """Whose copy it is. Of an embargoed asset no recipient is named outside: `finding show` names him."""
    if proof.variant is None:
        return told
    variant = proof.variant
    if variant.nearest is not None:
        near = (
            f"Of the telling pieces all {variant.pieces_compared} agree with {_owner(variant.nearest, asset)}"
        )
        if not variant.pieces_foreign:
            return f"{told}. {near}; not all could be compared that would have to"
        others = (
            f"{variant.pieces_foreign} of {variant.others_compared} other pieces are in no registered copy"
        )
        return f"{told}. {near}, but {others}: his, changed, or one that was not registered"
    if variant.named is None:
        count = len(variant.candidates)
        return f"{told}. Whose copy it is cannot be told: {count} agree with everything compared"
    return f"{told}. It is {_owner(variant.named, asset)}"


def _owner(name: str, asset: Asset) -> str:
    if not name:
        return "the common copy, not one that a recipient was given"
    if asset.embargoed:
        return "the copy of one recipient; `leakwatch finding show` names him"
    return f"the copy that {name} was given"


def _with_fake(told: str, proof: Proof) -> str:
    fake = proof.fake
    return (
        f"{told}. It looks like a fake ({fake.score:.2f}): {fake.reasons[0]}" if fake and fake.steps else told
    )


def _spread(finding: Finding, spread: Spread | None) -> str:
    sites = ", ".join(sorted(finding.sites))
    times = "once" if finding.sightings == 1 else f"{finding.sightings} times"
    told = f"seen {times} on {len(finding.sites)} site{'s' if len(finding.sites) != 1 else ''}: {sites}"
    return f"{told}; swarm: {spread.words}" if spread else told


def _veiled(place: Place, secret: tuple[str, ...]) -> Place:
    if not secret:
        return place
    return Place(
        site=place.site,
        url=None,
        title="(behind the code name)",
        seen_at=place.seen_at,
        published_at=place.published_at,
    )


def _veil(text: str, secret: tuple[str, ...]) -> str:
    """For an embargoed asset only the kind of reason is told: its detail quotes names."""
    return text.partition(":")[0] if secret else text
