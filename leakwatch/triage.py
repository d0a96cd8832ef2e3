"""A match and what is known already -> a finding and what changed about it. Pure.

Outcomes of `triage`, one of:
- None: too weak, or a mere mention: it names the asset, no size or digest agrees, and it says nowhere how the
  content can be had
- a new finding, with `opened`; in the state `allowed` where the asset's allow list says so, which alerts nobody
- a known finding, with `sighted`, and `state_changed` where it was thought to be gone; the content of `sighted`
  says whether it is news: `site:` a further site, `severity:` a case that grew more urgent, else `item:`
- a known finding that was judged a false positive or allowed: `sighted` only, which alerts nobody; but what is
  proved reopens a false positive
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
    EventKind,
    Finding,
    FindingEvent,
    FindingId,
    Match,
    Proof,
    Severity,
    SignalKind,
    State,
    Tier,
    Verdict,
)
from leakwatch.model.observation import Observation

_HOST_DIGESTS = frozenset({SignalKind.SHA256, SignalKind.SHA1, SignalKind.GIT_BLOB, SignalKind.PIECES_ROOT})
_PROVING_BITS = 20.0
_ORDER = (Verdict.UNKNOWN, Verdict.REFUTED, Verdict.UNPROVED, Verdict.LIKELY, Verdict.PROVED)


@dataclass(frozen=True, slots=True)
class Triage:
    """A finding as it stands now, and what changed."""

    finding: Finding
    events: tuple[FindingEvent, ...]


def triage(
    match: Match, seen: Observation, finding: Finding | None, asset: Asset, allow: Allow | None = None
) -> Triage | None:
    """Judge one match. `finding` is the case that shares an artefact with it, `allow` what allows it, if anything."""
    if match.tier is None or not (seen.locators or match.is_exact or match.tier is Tier.AUTO):
        return None
    verdict = Verdict.PROVED if proved_by_host(match) else Verdict.UNKNOWN
    if finding is None:
        opened = _opened(match, seen, asset, verdict)
        return _allowed(opened, allow) if allow else opened
    return _sighted(match, seen, finding, asset, verdict)


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


def _sighted(match: Match, seen: Observation, finding: Finding, asset: Asset, verdict: Verdict) -> Triage:
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
    changed, returned = _returned(finding, changed, at, seen.site)
    if stronger is not finding.verdict:
        events.append(_event(changed, EventKind.VERDICT, at, f"verdict:{stronger.value}", seen.site))
    return Triage(changed, (*events[:1], *returned, *events[1:]))


def _returned(
    before: Finding, now: Finding, at: datetime, site: str
) -> tuple[Finding, tuple[FindingEvent, ...]]:
    """A case that was thought to be gone is seen again; one that was thought false turns out to be proved."""
    is_back = before.state is State.REMOVED
    is_true = before.state is State.FALSE_POSITIVE and now.verdict is Verdict.PROVED is not before.verdict
    if not (is_back or is_true):
        return now, ()
    reopened = replace(now, state=State.REOPENED)
    return reopened, (_event(reopened, EventKind.STATE, at, f"reopened:{at.isoformat()}", site),)


def judged(finding: Finding, proofs: Sequence[Proof], asset: Asset, at: datetime) -> Triage:
    """The finding after a proof: the strongest of all verdicts; `refuted` only if every torrent is."""
    verdict = finding.verdict if finding.verdict is Verdict.PROVED else _together(proofs)
    urgent = (finding.opened_at, at)
    severity = lowered(severity_of(asset, finding.tier, verdict, *urgent), proofs, verdict, asset, *urgent)
    changed = replace(finding, verdict=verdict, severity=severity, updated_at=at)
    if verdict is finding.verdict:
        return Triage(changed, ())
    changed, returned = _returned(finding, changed, at, "")
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


def merged(older: Finding, newer: Finding, asset: Asset, at: datetime) -> Triage:
    """Two cases turn out to be one: the older keeps its name and takes the stronger of everything."""
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
        detail={"merged": newer.id},
    )
    return Triage(joined, (event,))


def severity_of(asset: Asset, tier: Tier, verdict: Verdict, *times: datetime) -> Severity:
    """How urgent: what is proved comes before what is likely, and a critical asset is one step up.

    So is one that was in its release window at one of these `times`, when the case was opened or last seen.
    """
    if verdict is Verdict.REFUTED:
        return Severity.LOW
    base = Severity.HIGH if verdict is Verdict.PROVED or tier is Tier.AUTO else Severity.MEDIUM
    if not asset.is_urgent(*times):
        return base
    return Severity.CRITICAL if base is Severity.HIGH else Severity.HIGH


def lowered(
    severity: Severity, proofs: Sequence[Proof], verdict: Verdict, asset: Asset, *times: datetime
) -> Severity:
    """The severity after fakes: as many steps down as the least suspect torrent allows.

    Nothing is taken from what is proved or likely, and from an urgent asset one step at most: of honest torrents
    that are taken for fakes most look very much like ones (docs/benchmarks.md).
    """
    fakes = [proof.fake for proof in proofs]
    if verdict in (Verdict.PROVED, Verdict.LIKELY) or not fakes or not all(fakes):
        return severity
    steps = min(one.steps for one in fakes if one)
    return list(Severity)[max(0, severity.rank - (min(steps, 1) if asset.is_urgent(*times) else steps))]


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
