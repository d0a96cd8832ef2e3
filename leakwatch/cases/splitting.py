"""One case becomes two: a wrong merge is undone, or sightings are taken out of a case by hand.

The new case takes the sightings, the artefact keys that only they hold, and the proofs of these. Keys that both sides
show stay, and are remembered as not joining the two, so that the next poll does not merge them again.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from leakwatch.cases.telling import Act, locked
from leakwatch.cases.weighing import weigh
from leakwatch.errors import InputError
from leakwatch.model.asset import Asset
from leakwatch.model.case import Sighting
from leakwatch.model.finding import (
    EventKind,
    Finding,
    FindingEvent,
    FindingId,
    Match,
    Proof,
    State,
    Tier,
    Verdict,
)
from leakwatch.ports import Repository, Work
from leakwatch.triage import judged, proved_by_host


@dataclass(frozen=True, slots=True)
class Parting:
    """Which artefact keys go along with the sightings that leave, and which no longer join the two cases."""

    moved: frozenset[str]
    shared: frozenset[str]


def parting(
    leaving: Sequence[Sighting],
    staying: Sequence[Sighting],
    held: Mapping[str, FindingId | None],
    proofs: Sequence[tuple[frozenset[str], Proof]] = (),
    brought: Collection[FindingId] = (),
) -> Parting:
    """What becomes of a case's keys. `held` tells of each who had it before any merge.

    Keys that no sighting shows are digests of files that a torrent was proved to carry: they go with the torrent,
    where those that stay prove nothing. Where a merge is undone, what it `brought` goes, whoever else shows it.
    """
    theirs = frozenset[str]().union(*(one.keys for one in leaving))
    others = frozenset[str]().union(*(one.keys for one in staying))
    proved = held.keys() - theirs - others
    only = theirs - others
    is_gone = any(keys & only for keys, one in proofs if one.verdict is Verdict.PROVED)
    is_left = any(not keys & only for keys, one in proofs if one.verdict is Verdict.PROVED)
    moved = only | (proved if is_gone and not is_left else frozenset())
    if brought:
        moved = frozenset(
            key for key, one in held.items() if one in brought or (one is None and key in moved)
        )
    moved &= held.keys()
    left_behind = (theirs & held.keys()) - moved
    return Parting(moved, (theirs & others) | proved | left_behind | (others & moved))


async def split(
    repository: Repository, ident: str, sightings: Collection[int], act: Act
) -> tuple[Finding, Finding]:
    """Make a case of its own of some sightings; answers what is left, and the new case. Raises: InputError."""
    async with repository.writing() as work:
        finding, asset = await _whole(ident, work)
        all_of_it = await work.cases.sightings(finding.id, every=True)
        leaving = [one for one in all_of_it if one.id in set(sightings)]
        if missing := set(sightings) - {one.id for one in leaving}:
            raise InputError(
                f"{ident} has no sighting {min(missing)}; `leakwatch finding show {ident}` lists them"
            )
        if not leaving or len(leaving) == len(all_of_it):
            raise InputError("some of the sightings leave and some stay; name those that leave")
        new = replace(
            finding,
            id=await _new_id(finding, leaving[0], work),
            title=leaving[0].title,
            state=State.NEW,
            opened_at=min(one.seen_at for one in leaving),
            acknowledged_by=None,
            acknowledged_at=None,
            closed_at=None,
            due_at=None,
        )
        return await _part(finding, new, leaving, all_of_it, asset, act, work)


async def undo_merge(repository: Repository, ident: str, merged: str, act: Act) -> tuple[Finding, Finding]:
    """Take a case that was merged out again, with the sightings it came with. Raises: InputError."""
    async with repository.writing() as work:
        finding, asset = await _whole(ident, work)
        gone = await work.findings.get(FindingId(merged))
        if gone is None or gone.state is not State.MERGED or await work.findings.survivor(gone.id) != finding:
            raise InputError(f"{merged} was not merged into {ident}")
        all_of_it = await work.cases.sightings(finding.id, every=True)
        brought = {gone.id, *await work.evidence.merged(gone.id)}  # they stay part of it
        leaving = [one for one in all_of_it if one.opened in brought]
        if not leaving:
            raise InputError(f"no sighting of {ident} is known to have come with {merged}; name them instead")
        back = replace(
            gone,
            state=State.REOPENED,
            merged_into=None,
            closed_at=None,
            acknowledged_by=None,
            acknowledged_at=None,
        )
        done = await _part(finding, back, leaving, all_of_it, asset, act, work, brought)
        await work.cases.move_history(finding.id, gone.id, brought)
        return done


async def _whole(ident: str, work: Work) -> tuple[Finding, Asset]:
    finding, asset = await locked(ident, work)
    if finding.merged_into:
        raise InputError(f"{ident} is part of {finding.merged_into} now; split that one")
    return finding, asset


async def _new_id(finding: Finding, first: Sighting, work: Work) -> FindingId:
    """A name that nobody has, and that comes out the same for the same split."""
    for number in range(1000):
        told = f"{finding.id}\0{first.site}\0{first.native_id}\0{number}"
        digest = hashlib.sha256(told.encode()).digest()
        ident = FindingId("LW-" + base64.b32encode(digest[:7]).decode().rstrip("=")[:11])
        if await work.findings.get(ident) is None:
            return ident
    raise InputError(f"{finding.id} was split too often")


async def _part(
    finding: Finding,
    new: Finding,
    leaving: Sequence[Sighting],
    all_of_it: Sequence[Sighting],
    asset: Asset,
    act: Act,
    work: Work,
    brought: Collection[FindingId] = (),
) -> tuple[Finding, Finding]:
    gone = {one.id for one in leaving}
    staying = [one for one in all_of_it if one.id not in gone]
    held = await work.cases.came_with(finding.id)
    keys = parting(leaving, staying, held, await work.cases.proofs(finding.id), brought)
    await work.findings.save(new)
    await work.cases.move(finding.id, new.id, gone, keys.moved, for_good=not brought)
    await work.cases.keep_apart(asset.id, (finding.id, new.id), keys.shared, act.actor, act.at)
    theirs = frozenset[str]().union(*(one.keys for one in leaving))
    await _apart_alike(finding, new, theirs | keys.moved, act, work)
    left = await _judged_by(finding, staying, asset, act.at, work)
    taken = await _judged_by(new, leaving, asset, act.at, work)
    for one in (left, taken):
        detail = {"from": finding.id, "split": new.id, "sightings": str(len(leaving))}
        event = FindingEvent(
            finding=one.id,
            kind=EventKind.SPLIT,
            at=act.at,
            content=f"split:{new.id}:{act.at.isoformat()}",
            detail=detail,
            actor=act.actor,
            reason=act.reason,
        )
        await act.tell(event, one, asset, work)
    told = {"split": new.id, "sightings": sorted(gone), "apart": sorted(keys.shared), "reason": act.reason}
    await work.audit.append(act.actor, "finding.split", finding.id, told, act.at)
    return left, taken


async def _apart_alike(finding: Finding, new: Finding, keys: Collection[str], act: Act, work: Work) -> None:
    """Keep the new case apart from others as the one is from which it was taken."""
    for other, key in await work.cases.apart_from(finding.asset, finding.id):
        if other != new.id and key in keys:
            await work.cases.keep_apart(finding.asset, (new.id, other), [key], act.actor, act.at)


async def _judged_by(
    finding: Finding, sightings: Sequence[Sighting], asset: Asset, at: datetime, work: Work
) -> Finding:
    """The case as if it had never had other sightings: tier, score, verdict and severity."""
    is_host_proved = any(
        proved_by_host(Match(asset.id, one.score, one.tier, one.signals)) for one in sightings
    )
    fresh = replace(
        finding,
        tier=Tier.AUTO if any(one.tier is Tier.AUTO for one in sightings) else Tier.REVIEW,
        score=max(one.score for one in sightings),
        verdict=Verdict.PROVED if is_host_proved else Verdict.UNKNOWN,
        sites=frozenset(one.site for one in sightings),
        sightings=len(sightings),
    )
    verdict = judged(fresh, await work.findings.proofs(finding.id), asset, at).finding.verdict
    changed = await weigh(replace(fresh, verdict=verdict, updated_at=at), asset, at, work)
    await work.findings.save(changed)
    return changed
