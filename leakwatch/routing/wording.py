"""What an alert tells of a finding's event. Pure. Of an embargoed asset the title is never said, nor where it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from leakwatch.model.alert import Alert, BlindSite, Place, SiteAlert, SiteEvent
from leakwatch.model.asset import Asset
from leakwatch.model.finding import OPEN_STATES, EventKind, Finding, FindingEvent, Proof, State, Verdict
from leakwatch.model.swarm import Spread
from leakwatch.routing.veil import veiled_place

_MAX_REASONS = 6
_WAS_BLIND = "it was blind until "
_STATES = {
    State.NEW: "is new",
    State.ACKNOWLEDGED: "acknowledged",
    State.CONFIRMED: "confirmed",
    State.REPORTED: "reported",
    State.REMOVED: "removed",
    State.REOPENED: "is back (reopened)",
    State.FALSE_POSITIVE: "a false positive",
    State.ALLOWED: "allowed",
    State.MERGED: "part of another case",
}
_ADVICE = {
    Verdict.PROVED: "Confirm, preserve the evidence, and ask the host or index to remove it.",
    Verdict.LIKELY: "Look at the page and the reasons; confirm or mark it as a false positive.",
    Verdict.UNPROVED: "Look at the page: the torrent's metadata neither proves nor refutes it.",
    Verdict.REFUTED: "Most likely a fake that uses the name; mark it as a false positive if you agree.",
}
_LOOK = "Look at the page now"
_FOLLOWS = "a verdict from the torrent's metadata follows if peers can be found"
_NO_TORRENT = "it names no torrent that could be judged"
_SWARM_OFF = "the swarm is switched off, so a verdict follows only where a .torrent file is offered"
_OVER = {
    State.REMOVED: "Nothing to do: its places are looked at again, and you are told if it is back.",
    State.FALSE_POSITIVE: "Nothing to do.",
    State.ALLOWED: "Nothing to do.",
    State.MERGED: "Nothing to do here: go on with the other case.",
}
_NO_VERDICT = "Nobody is asked: a drill has no verdict."
_DRILL_ADVICE = (
    "Nothing leaked. Acknowledge it, or answer whoever drills, to show that it arrived. It ends by itself."
)


def make_alert(
    event: FindingEvent,
    finding: Finding,
    asset: Asset,
    places: Sequence[Place],
    signals: Sequence[tuple[str, str, float]],
    proofs: Sequence[Proof],
    spread: Spread | None = None,
    *,
    asks_swarm: bool = True,
) -> Alert:
    """What there is to say about one event. Of an embargoed asset the title is never said, nor where it shows.

    `asks_swarm` says whether torrents are looked at in their swarms at all.
    """
    name = asset.shown_name
    is_drill = finding.drill or event.detail.get("drill") == "yes"
    return Alert(
        finding=finding.id,
        event=event.kind,
        asset_id=asset.shown_id,
        asset=name,
        headline=_headline(event, finding, name),
        severity=finding.severity,
        verdict=finding.verdict,
        verdict_detail=_NO_VERDICT
        if is_drill
        else _verdict_detail(finding, proofs, asset, asks_swarm=asks_swarm),
        score=round(finding.score, 4),
        since=finding.opened_at.isoformat(timespec="seconds"),
        at=event.at.isoformat(timespec="milliseconds"),
        places=tuple(veiled_place(one) if asset.embargoed else one for one in places),
        reasons=tuple(
            kind if asset.embargoed else f"{kind}: {detail} ({weight:+.1f} bits)"
            for kind, detail, weight in signals[:_MAX_REASONS]
        ),
        spread=_spread(finding, spread),
        advice=_drill_advice(finding) if is_drill else _advice(finding, proofs, asset, asks_swarm=asks_swarm),
        content=event.content,
        state=finding.state,
        assignee=finding.assignee,
        acknowledged_by=finding.acknowledged_by,
        drill=is_drill,
        merged=_merged(event),
    )


def _merged(event: FindingEvent) -> tuple[str, ...]:
    newer = event.detail.get("merged", "") if event.kind is EventKind.MERGED else ""
    return (newer,) if newer else ()


def site_headline(event: SiteEvent, sites: Sequence[BlindSite]) -> str:
    """What is said first of sites that are blind, or see again."""
    number = len({one.name for one in sites})
    names = sites[0].name if number == 1 else f"{number} sites"
    if event is SiteEvent.RECOVERED and all(one.because.startswith(_WAS_BLIND) for one in sites):
        return f"{names} {'was' if number == 1 else 'were'} blind for a while and {'is' if number == 1 else 'are'} read again"
    if event is SiteEvent.RECOVERED:
        return f"{names} {'is' if number == 1 else 'are'} read again"
    first = min(one.since for one in sites)[:16].replace("T", " ")
    return f"I am blind on {names} since {first} UTC" + (
        f", because {sites[0].because}" if len(sites) == 1 else ""
    )


def was_blind(before: SiteAlert, now: SiteAlert) -> SiteAlert:
    """What is said of one site that is read again where nobody was told that it was blind: one line, from when to when."""
    (site,), until = before.sites, f"{now.at[:16].replace('T', ' ')} UTC"
    told = replace(site, because=f"{_WAS_BLIND}{until}, because {site.because}; it is read again", remedy="")
    headline = f"{site.name} was blind from {site.since[:16].replace('T', ' ')} to {until}"
    return replace(now, headline=headline, sites=(told,))


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
        case EventKind.STATE if event.detail.get("drill") == "yes":
            return f"{name}: the drill is over, nothing was leaked"
        case EventKind.STATE:
            by = f" by {event.actor}" if event.actor else ""
            return f"{name}: {_STATES[finding.state]}{by}"
        case EventKind.MERGED:
            return f"{name}: two cases are one, {event.detail.get('merged', '')} is now part of {finding.id}"
        case EventKind.SPLIT:
            return f"{name}: one case is two, {event.detail.get('split', '')} was part of {event.detail.get('from', finding.id)}"
        case EventKind.SEVERITY:
            return f"{name}: now {finding.severity.value}, {event.detail.get('why', '')}".rstrip(", ")
        case EventKind.ASSIGNED:
            return f"{name}: assigned to {finding.assignee or 'nobody'}"
        case EventKind.COMMENT:
            return f"{name}: a comment"
        case EventKind.DUE | EventKind.OVERDUE:
            return f"{name}: {'is overdue' if event.kind is EventKind.OVERDUE else 'has a due date'}"
        case EventKind.EDITED:
            return f"{name}: the post on {site} was edited"
        case EventKind.DELETED:
            return f"{name}: the post on {site} is gone; the evidence is kept"
        case EventKind.NOTICE:
            return f"{name}: notice {event.detail.get('notice', '')} is {event.detail.get('to', '')}"
        case EventKind.REMINDER:
            return f"{name}: nobody has acknowledged this"
        case EventKind.ESCALATED:
            return f"{name}: nobody has acknowledged this; you are told next"


def _verdict_detail(finding: Finding, proofs: Sequence[Proof], asset: Asset, *, asks_swarm: bool) -> str:
    decided = [
        proof for proof in proofs if proof.verdict is finding.verdict and proof.verdict is not Verdict.UNKNOWN
    ]
    if decided:
        return _with_fake(_with_variant(decided[0].reason, decided[0], asset), decided[0])
    match finding.verdict:
        case Verdict.PROVED:
            return "The host's own digest of a file equals that of the asset's file."
        case Verdict.UNKNOWN if proofs and not asset.may_look_up_swarm:
            return "Nobody is asked for the torrent's metadata: the asset is under embargo."
        case Verdict.UNKNOWN if proofs and not asks_swarm:
            return "The swarm is switched off: a verdict follows only from a .torrent file that is offered."
        case Verdict.UNKNOWN if proofs:
            return "The torrent's metadata is being fetched; the verdict follows."
        case _:
            return ""


def _advice(finding: Finding, proofs: Sequence[Proof], asset: Asset, *, asks_swarm: bool) -> str:
    """What to do next. Of an embargoed asset no page is told, and by itself no verdict follows."""
    if finding.state in _OVER:
        return _OVER[finding.state]
    if finding.verdict is not Verdict.UNKNOWN:
        return _ADVICE[finding.verdict]
    if not asset.may_look_up_swarm:
        return (
            f"Look at the page now, `leakwatch finding show {finding.id}` names it; "
            "no verdict follows without the owner's yes (`--swarm-lookup`)."
        )
    if not proofs:
        return f"{_LOOK}: {_NO_TORRENT}."
    return f"{_LOOK}; {_FOLLOWS if asks_swarm else _SWARM_OFF}."


def _drill_advice(finding: Finding) -> str:
    return _DRILL_ADVICE if finding.state in OPEN_STATES else "Nothing to do: nothing leaked."


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
