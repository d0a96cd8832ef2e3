"""A match and what is known already -> a finding and what changed about it. Pure.

Outcomes of `triage`, one of:
- None: too weak, or a mere mention: it names the asset, no size or digest agrees, and it says nowhere how the
  content can be had
- a new finding, with `opened`; in the state `allowed` where the asset's allow list says so, which alerts nobody
- a known finding, with `sighted`; the content says whether it is news: `site:` a further site, `severity:` a case that
  grew more urgent, else `item:`
- the same, and `state_changed`, where the sighting opens a closed case again (`reopens`)

What opens a case again:
- removed: any new sighting
- reported: a sighting on another class of place, or a proof
- false positive: a proof, or another class of place where a digest or infohash agrees
- allowed: only what lies outside of the scope for which it was allowed; never where the whole case was
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from leakwatch.model.allow import Allow
from leakwatch.model.asset import Asset
from leakwatch.model.finding import (
    OPEN_STATES,
    EventKind,
    Finding,
    FindingEvent,
    FindingId,
    Match,
    Proof,
    SignalKind,
    State,
    Tier,
    Verdict,
)
from leakwatch.model.observation import Observation
from leakwatch.severity import lowered, severity_of

_HOST_DIGESTS = frozenset({SignalKind.SHA256, SignalKind.SHA1, SignalKind.GIT_BLOB, SignalKind.PIECES_ROOT})
_PROVING_BITS = 20.0
_MERGED_CLOSED = frozenset({State.REMOVED, State.FALSE_POSITIVE})
"""Closed cases that an open one opens again by becoming part of them, as it does what was allowed with a scope."""
_ORDER = (Verdict.UNKNOWN, Verdict.REFUTED, Verdict.UNPROVED, Verdict.LIKELY, Verdict.PROVED)


@dataclass(frozen=True, slots=True)
class News:
    """What is new about where a sighting is: the first on its class of place; outside of what was allowed.

    `is_back`: all that notices were about had been taken down.
    """

    is_new_class: bool = False
    is_outside: bool = False
    is_back: bool = False


NO_NEWS = News()


@dataclass(frozen=True, slots=True)
class Triage:
    """A finding as it stands now, and what changed."""

    finding: Finding
    events: tuple[FindingEvent, ...]


def triage(
    match: Match,
    seen: Observation,
    finding: Finding | None,
    asset: Asset,
    allow: Allow | None = None,
    news: News = NO_NEWS,
) -> Triage | None:
    """Judge one match. `finding` is the case that shares an artefact with it, `allow` what allows it, if anything."""
    if match.tier is None or not (seen.locators or match.is_exact or match.tier is Tier.AUTO):
        return None
    verdict = Verdict.PROVED if proved_by_host(match) else Verdict.UNKNOWN
    if finding is None:
        opened = _opened(match, seen, asset, verdict)
        return _allowed(opened, allow) if allow else opened
    return _sighted(match, seen, finding, asset, verdict, news)


def proved_by_host(match: Match) -> bool:
    """Whether a host's own digest of a file is the digest of the asset's file."""
    return any(signal.kind in _HOST_DIGESTS and signal.weight >= _PROVING_BITS for signal in match.signals)


def _opened(match: Match, seen: Observation, asset: Asset, verdict: Verdict) -> Triage:
    tier = match.tier or Tier.REVIEW
    finding = Finding(
        id=finding_id(match, seen),
        asset=asset.id,
        state=State.NEW,
        verdict=verdict,
        severity=severity_of(asset, tier, verdict, seen.fetched_at),
        tier=tier,
        score=match.score,
        opened_at=seen.fetched_at,
        updated_at=seen.fetched_at,
        title=seen.title or seen.native_id,
        sites=frozenset({seen.site}),
        sightings=1,
    )
    return Triage(finding, (_event(finding, EventKind.OPENED, seen.fetched_at, "opened", seen.site),))


def _allowed(opened: Triage, allow: Allow) -> Triage:
    """A case of its own, which nobody else's sightings join: an official copy shares its hashes with every leak."""
    ident = FindingId(f"{opened.finding.id}-A")
    finding = replace(opened.finding, id=ident, state=State.ALLOWED)
    detail = {"allowed": allow.name, "reason": allow.reason}
    events = tuple(replace(one, finding=ident, detail={**one.detail, **detail}) for one in opened.events)
    return Triage(finding, events)


def _sighted(
    match: Match, seen: Observation, finding: Finding, asset: Asset, verdict: Verdict, news: News
) -> Triage:
    at = seen.fetched_at
    tier = Tier.AUTO if Tier.AUTO in (finding.tier, match.tier) else finding.tier
    stronger = stronger_verdict(finding.verdict, verdict)
    before = severity_of(asset, finding.tier, stronger, finding.opened_at, finding.updated_at)
    changed = replace(
        finding,
        tier=tier,
        verdict=stronger,
        severity=severity_of(asset, tier, stronger, finding.opened_at, at),
        score=max(finding.score, match.score),
        updated_at=at,
        sites=finding.sites | {seen.site},
        sightings=finding.sightings + 1,
    )
    content = f"item:{seen.site}/{seen.native_id}"
    if seen.site not in finding.sites:
        content = f"site:{seen.site}"
    elif stronger is finding.verdict and changed.severity.rank > before.rank:
        content = f"severity:{changed.severity.value}"
    events = [_event(changed, EventKind.SIGHTED, at, content, seen.site)]
    is_proved = stronger is Verdict.PROVED is not finding.verdict
    why = reopens(finding.state, is_proved=is_proved, is_exact=match.is_exact, news=news)
    changed, returned = reopened(changed, why, at, seen.site) if why else (changed, ())
    if stronger is not finding.verdict:
        events.append(_event(changed, EventKind.VERDICT, at, f"verdict:{stronger.value}", seen.site))
    return Triage(changed, (*events[:1], *returned, *events[1:]))


def reopens(
    state: State, *, is_proved: bool, is_exact: bool = False, is_seen: bool = True, news: News = NO_NEWS
) -> str:
    """Why a case in this state is opened again, "" if it is not."""
    match state:
        case State.REMOVED if is_seen or is_proved:
            return "proved" if is_proved else "seen again after it was removed"
        case State.REPORTED if is_proved or news.is_new_class:
            return "proved" if is_proved else "seen on another kind of place"
        case State.REPORTED if news.is_back:
            return "seen again after all that was reported had been taken down"
        case State.FALSE_POSITIVE if is_proved or (news.is_new_class and is_exact):
            return "proved" if is_proved else "the same content on another kind of place"
        case State.ALLOWED if news.is_outside:
            return "seen outside of what was allowed"
        case _:
            return ""


def reopened(
    now: Finding, why: str, at: datetime, site: str = ""
) -> tuple[Finding, tuple[FindingEvent, ...]]:
    """The case opened again, and the event that says so. Nobody has acknowledged it now."""
    changed = replace(
        now, state=State.REOPENED, acknowledged_by=None, acknowledged_at=None, closed_at=None, updated_at=at
    )
    event = _event(changed, EventKind.STATE, at, f"reopened:{at.isoformat()}", site)
    told = {"from": now.state.value, "to": State.REOPENED.value, "reason": why}
    return changed, (replace(event, detail={**event.detail, **told}, reason=why),)


def judged(finding: Finding, proofs: Sequence[Proof], asset: Asset, at: datetime) -> Triage:
    """The finding after a proof: the strongest of all verdicts; `refuted` only if every torrent is."""
    verdict = finding.verdict if finding.verdict is Verdict.PROVED else _together(proofs)
    urgent = (finding.opened_at, at)
    severity = lowered(severity_of(asset, finding.tier, verdict, *urgent), proofs, verdict, asset, *urgent)
    changed = replace(finding, verdict=verdict, severity=severity, updated_at=at)
    if verdict is finding.verdict:
        return Triage(changed, ())
    why = reopens(finding.state, is_proved=verdict is Verdict.PROVED, is_seen=False)
    changed, returned = reopened(changed, why, at) if why else (changed, ())
    return Triage(
        changed, (*returned, _event(changed, EventKind.VERDICT, at, f"verdict:{verdict.value}", ""))
    )


def _together(proofs: Sequence[Proof]) -> Verdict:
    strongest = max(map(_for_the_case, proofs), key=_ORDER.index, default=Verdict.UNKNOWN)
    pending = any(proof.verdict is Verdict.UNKNOWN for proof in proofs)
    return Verdict.UNKNOWN if pending and strongest is Verdict.REFUTED else strongest


def _for_the_case(proof: Proof) -> Verdict:
    """A v2 root that differs refutes identity, but one changed byte is enough for that: no reason to stand down."""
    if proof.verdict is Verdict.REFUTED and proof.method == "v2":
        return Verdict.UNPROVED
    return proof.verdict


def stronger_verdict(one: Verdict, other: Verdict) -> Verdict:
    """Of two verdicts the one that says more."""
    return max(one, other, key=_ORDER.index)


def merged(older: Finding, newer: Finding, asset: Asset, at: datetime, *, is_scoped: bool = False) -> Triage:
    """Two cases turn out to be one: the older keeps its name and takes the stronger of everything.

    `is_scoped`: what the older was judged by reaches so far and no farther, and not to the newer.
    """
    tier = Tier.AUTO if Tier.AUTO in (older.tier, newer.tier) else older.tier
    verdict = stronger_verdict(older.verdict, newer.verdict)
    joined = replace(
        older,
        tier=tier,
        verdict=verdict,
        severity=severity_of(asset, tier, verdict, older.opened_at, newer.opened_at, at),
        score=max(older.score, newer.score),
        updated_at=at,
        sites=older.sites | newer.sites,
        sightings=older.sightings + newer.sightings,
    )
    event = FindingEvent(
        finding=joined.id,
        kind=EventKind.MERGED,
        at=at,
        content=f"merged:{newer.id}",
        detail={"merged": newer.id, "state": newer.state.value},
    )
    is_closed = older.state in _MERGED_CLOSED or (is_scoped and older.state is State.ALLOWED)
    if not is_closed or newer.state not in OPEN_STATES:
        return Triage(joined, (event,))
    joined, returned = reopened(joined, f"joined by {newer.id}, which is open", at)
    return Triage(joined, (event, *returned))


def finding_id(match: Match, seen: Observation) -> FindingId:
    """A short name that is the same whenever the same first sighting opens the case again."""
    digest = hashlib.sha256(f"{match.asset}\0{seen.site}\0{seen.native_id}".encode()).digest()
    return FindingId("LW-" + base64.b32encode(digest[:7]).decode().rstrip("=")[:11])


def _event(finding: Finding, kind: EventKind, at: datetime, content: str, site: str) -> FindingEvent:
    detail = {"severity": finding.severity.value, "verdict": finding.verdict.value}
    return FindingEvent(
        finding=finding.id,
        kind=kind,
        at=at,
        content=content,
        detail=detail | ({"site": site} if site else {}),
    )
