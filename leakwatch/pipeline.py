"""source -> Observation -> Match -> Finding -> Alert: one page at a time, each in one transaction.

A page's observations, findings, evidence references, outbox rows and the site's cursor commit together. The
swarm is never waited for: what a torrent proves comes later, by `conclude`, as an event on the finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from leakwatch.extract.links import locate
from leakwatch.matching.engine import artefact_keys, match
from leakwatch.matching.index import FileRef, Index
from leakwatch.matching.shape import digest_keys
from leakwatch.matching.weights import Weights
from leakwatch.model.alert import Route
from leakwatch.model.asset import Asset
from leakwatch.model.finding import Finding, FindingEvent, Match, Proof, ProofTask, Verdict
from leakwatch.model.observation import LocatorKind, Observation, short_key, storable
from leakwatch.model.site import SiteState
from leakwatch.ports import Repository, Vault, Work
from leakwatch.routing import route
from leakwatch.rulepack.schema import RulePack
from leakwatch.sources._kind import Page, Payload
from leakwatch.torrent.infohash import Infohashes
from leakwatch.torrent.magnet import parse_magnet
from leakwatch.triage import Triage, judged, merged, triage


@dataclass(frozen=True, slots=True)
class Brain:
    """What a page is held against: the catalogue as an index, the weights, the routes."""

    index: Index
    weights: Weights
    pack: RulePack
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one page."""

    state: SiteState
    items: int
    new_items: int
    overlap: bool
    alerts: int
    proofs: int


async def take_page(
    page: Page,
    payload: Payload,
    state: SiteState,
    brain: Brain,
    repository: Repository,
    vault: Vault,
    validators: Mapping[str, Any],
) -> Taken:
    """Match what is new on a page and commit everything that follows from it. Raises: Conflict, StoreError."""
    located = [storable(locate(one)) for one in page.observations]
    async with repository.reading() as work:
        fresh = await work.findings.unseen(located)
        known = await work.findings.known(list({key for one in fresh for key in artefact_keys(one)}))
        overlap = await work.findings.has_items(state.name, [one.native_id for one in located])
    matched = [
        (one, [m for m in match(one, brain.index, brain.weights, known, brain.pack) if m.tier])
        for one in fresh
    ]
    evidence = vault.put(payload.body) if any(matches for _, matches in matched) else None
    stored = [replace(one, evidence=evidence) if matches else one for one, matches in matched]
    counted = _Counted()
    async with repository.writing() as work:
        ids = await work.findings.store(stored)
        if evidence:
            await work.findings.keep_evidence(evidence, payload, state.name, f"{state.kind}/1")
        for seen, (_, matches) in zip(stored, matched, strict=True):
            for one in matches:
                await _take_match(
                    one, seen, ids[f"{seen.native_id}\n{seen.content_digest}"], brain, work, counted
                )
        cursor = {key: value for key, value in {**state.cursor, **page.cursor}.items() if value is not None}
        moved = await work.sites.move_cursor(state, cursor, validators)
    return Taken(moved, len(located), len(fresh), overlap, counted.alerts, counted.proofs)


@dataclass(slots=True)
class _Counted:
    alerts: int = 0
    proofs: int = 0


async def _take_match(
    one: Match, seen: Observation, row: int, brain: Brain, work: Work, counted: _Counted
) -> None:
    asset = brain.index.assets[one.asset]
    keys = [*one.artefacts, short_key(f"item:{seen.site}/{seen.native_id}")]
    finding = await _united(asset, keys, seen.fetched_at, brain, work, counted)
    result = triage(one, seen, finding, asset)
    if result is None:
        return
    await work.findings.save(result.finding)
    if not await work.findings.add_sighting(result.finding.id, row, seen, one):
        return
    await work.findings.add_artefacts(asset.id, result.finding.id, keys)
    for infohashes, peers in _swarms(seen):
        await work.findings.request_proof(result.finding.id, infohashes, peers, seen.fetched_at)
        counted.proofs += 1
    await _tell(result, asset, brain.routes, work, counted)


async def _united(
    asset: Asset, keys: Sequence[str], at: datetime, brain: Brain, work: Work, counted: _Counted
) -> Finding | None:
    """The one case that holds any of these artefacts; where several do, they turn out to be one."""
    holders = await work.findings.holders(asset.id, keys)
    if not holders:
        return None
    oldest = holders[0]
    for newer in holders[1:]:
        result = merged(oldest, newer, asset, at)
        await work.findings.merge(oldest, newer, at)
        await work.findings.save(result.finding)
        await _tell(result, asset, brain.routes, work, counted)
        oldest = result.finding
    return oldest


async def _tell(result: Triage, asset: Asset, routes: Sequence[Route], work: Work, counted: _Counted) -> None:
    """Write the events, and the alerts they cause, into the transaction."""
    for event in result.events:
        await work.findings.add_event(event)
        counted.alerts += await _alert(event, result.finding, asset, routes, work)


async def _alert(
    event: FindingEvent, finding: Finding, asset: Asset, routes: Sequence[Route], work: Work
) -> int:
    places = await work.findings.places(finding.id)
    signals = await work.findings.signals(finding.id)
    proofs = await work.findings.proofs(finding.id)
    told = 0
    for channel, alert in route(event, finding, asset, places, signals, proofs, routes):
        told += await work.outbox.enqueue(channel, alert, event.at)
    return told


def _swarms(seen: Observation) -> list[tuple[Infohashes, tuple[tuple[str, int], ...]]]:
    """Each torrent that an observation names, with the peers that its magnet names."""
    found: dict[str, tuple[Infohashes, tuple[tuple[str, int], ...]]] = {}
    for locator in seen.locators:
        if locator.infohashes is None:
            continue
        peers = parse_magnet(locator.value).peers if locator.kind is LocatorKind.MAGNET else ()
        found.setdefault(locator.infohashes.swarm_keys[0].hex(), (locator.infohashes, peers))
    return list(found.values())


async def conclude(
    task: ProofTask, proof: Proof, metadata_digest: str, at: datetime, brain: Brain, repository: Repository
) -> int:
    """Commit the verdict on one torrent: an event on its finding, and alerts; answers how many alerts."""
    counted = _Counted()
    asset = brain.index.assets[task.asset]
    async with repository.writing() as work:
        await work.findings.close_proof(task, proof, metadata_digest, at)
        finding = await work.findings.get(task.finding)
        if finding is None:
            return 0
        result = judged(finding, await work.findings.proofs(task.finding), asset, at)
        await work.findings.save(result.finding)
        await _tell(result, asset, brain.routes, work, counted)
        keys = _proved_keys(proof, asset)
        mine = await work.findings.keys(finding.id)
        survivor = await _united(asset, [*keys, *mine[:1]], at, brain, work, counted) or result.finding
        await work.findings.add_artefacts(asset.id, survivor.id, keys)
    return counted.alerts


def _proved_keys(proof: Proof, asset: Asset) -> list[str]:
    """Digests of the files that a torrent was proved to carry: a host that shows one of them shows the same leak."""
    if proof.verdict is not Verdict.PROVED:
        return []
    proved = {one.asset_path for one in proof.files if one.pieces_ok}
    return [
        key for file in asset.files if file.path in proved for key in digest_keys(FileRef(asset.id, file))
    ]
