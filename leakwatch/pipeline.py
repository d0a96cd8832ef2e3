"""source -> Observation -> Match -> Finding -> Alert: one page at a time, each in one transaction.

A page's observations, findings, evidence references, outbox rows and the site's cursor commit together. The
swarm is never waited for: what a torrent proves comes later, by `conclude`, as an event on the finding.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from leakwatch.cases.joining import united
from leakwatch.cases.scopes import scope_of
from leakwatch.cases.telling import Tell
from leakwatch.cases.weighing import severity_event, weigh, weigh_first
from leakwatch.evidence.keeping import keep, told_of
from leakwatch.extract.hosts import NO_HOSTS, Hosts
from leakwatch.extract.links import locate
from leakwatch.extract.named import torrent_files, torrents, trackers
from leakwatch.extract.peers import peers, without_peers
from leakwatch.matching.allowed import allowed_by
from leakwatch.matching.engine import artefact_keys, match_all
from leakwatch.matching.index import Index, build_index
from leakwatch.matching.structure import proved_keys
from leakwatch.matching.weights import Weights
from leakwatch.model.allow import Allow, AllowEffect
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.evidence import Capture
from leakwatch.model.finding import (
    EventKind,
    FileTask,
    Finding,
    FindingEvent,
    FindingId,
    KnownArtefact,
    Match,
    Proof,
    ProofTask,
    Rank,
    State,
    Tier,
)
from leakwatch.model.observation import Observation, short_key, storable
from leakwatch.model.place import PlaceClass, class_of
from leakwatch.model.route import Routing
from leakwatch.model.site import SiteState
from leakwatch.model.swarm import SampleMethod, SwarmSample, believable, wants_index_count
from leakwatch.ports import Repository, Vault, Work
from leakwatch.privacy import PLAIN, Authors
from leakwatch.rulepack.schema import RulePack
from leakwatch.sources import KINDS
from leakwatch.sources._kind import Page, Payload, PolledKind
from leakwatch.telling import announce
from leakwatch.torrent.infohash import Infohashes
from leakwatch.triage import NO_NEWS, News, Triage, judged, triage

_MAX_PROOFS, _MAX_FILES = 5, 3
_BATCH, _MAX_BATCHES = 500, 200
_FRESH = timedelta(hours=48)
_CRAWL, _PROOF, _TRIAGE = "leakwatch:crawl", "leakwatch:proof", "leakwatch:triage"
_STEPS = {EventKind.STATE: "finding.state", EventKind.MERGED: "finding.merge"}


@dataclass(frozen=True, slots=True)
class Brain:
    """What a page is held against: the catalogue as an index, the weights, the routes, the file hosts, sites' priors.

    `authors` says how those who posted are kept.
    """

    index: Index
    weights: Weights
    pack: RulePack
    routes: Routing
    hosts: Hosts = NO_HOSTS
    priors: Mapping[str, float] = field(default_factory=dict[str, float])
    authors: Authors = PLAIN


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one page. `new_items` are the native ids of items that were new or had changed.

    `listed` are its items as the page lists them, with their times; `known` are those of them seen before.
    """

    state: SiteState
    items: int
    new_items: frozenset[str]
    listed: tuple[tuple[str, datetime | None], ...]
    known: frozenset[str]
    alerts: int
    proofs: int
    suppressed: int = 0


async def take_page(
    page: Page,
    payload: Payload,
    state: SiteState,
    brain: Brain,
    repository: Repository,
    vault: Vault,
    *,
    drill: AssetId | None = None,
) -> Taken:
    """Match what is new on a page and commit everything that follows from it. Raises: Conflict, StoreError.

    `drill` is the asset that the page only pretends to show; no other is looked at then.
    """
    located = await asyncio.to_thread(lambda: [to_keep(one, brain) for one in page.observations])
    async with repository.reading() as work:
        fresh, before = await work.findings.unseen(located)
        known = await work.findings.known(sorted({key for one in fresh for key in artefact_keys(one)}))
        counts = await _index_counts(located, work)
    matched = await asyncio.to_thread(lambda: _matched(_beside(fresh, known), brain)) if fresh else []
    kept = None
    if any(matches for _, matches in matched):
        kept = await keep(payload, state.name, f"{state.kind}/1", repository, vault)
    stored = [replace(one, evidence=kept.digest) if matches and kept else one for one, matches in matched]
    new_ids = frozenset(one.native_id for one in fresh)
    changes = {**state.cursor, **page.cursor}
    cursor = {key: value for key, value in changes.items() if value is not None}
    counted, moved = Counted(), state
    if stored or counts or cursor != state.cursor:
        async with repository.writing() as work:
            ids = await work.findings.store(stored)
            if kept:
                await work.evidence.keep(kept)
            there = await work.findings.lock({one.asset for _, matches in matched for one in matches})
            await work.swarms.add(counts)
            for seen, (_, matches) in zip(stored, matched, strict=True):
                for one in matches:
                    if one.asset == drill:
                        row = ids[f"{seen.native_id}\n{seen.content_digest}"]
                        await _take_drill(one, seen, row, brain, work, counted)
                    elif one.asset in there and drill is None:
                        row = ids[f"{seen.native_id}\n{seen.content_digest}"]
                        counted.how = _how(seen, state)
                        await take_match(one, seen, row, brain, work, counted)
            moved = await work.sites.move_cursor(state, cursor, state.validators)
            if kept:
                told = {str(one): told_of(kept) for one in sorted(counted.findings)}
                await work.audit.append_all(_CRAWL, "captured", told, payload.fetched_at)
    listed = tuple((one.native_id, one.published_at) for one in located)
    numbers = (counted.alerts, counted.proofs, counted.suppressed)
    return Taken(moved, len(located), new_ids, listed, before, *numbers)


async def take_again(
    seen: Observation, kept: Capture, brain: Brain, repository: Repository
) -> tuple[Observation, int]:
    """Store what an item shows now, apart from any poll; answers it with its locators, and how many alerts it caused."""
    located = replace(to_keep(seen, brain), evidence=kept.digest)
    async with repository.reading() as work:
        known = await work.findings.known(sorted(artefact_keys(located)))
    ((_, matches),) = await asyncio.to_thread(_matched, [(located, known)], brain)
    counted = Counted()
    async with repository.writing() as work:
        ids = await work.findings.store([located])
        there = await work.findings.lock({one.asset for one in matches})
        for one in matches:
            if one.asset in there:
                row = ids[f"{located.native_id}\n{located.content_digest}"]
                await take_match(one, located, row, brain, work, counted)
    return located, counted.alerts


def _how(seen: Observation, state: SiteState) -> str:
    """What a site showed before anybody watched it is told together: its first poll finds what may be years old."""
    if state.last_ok_at is not None or not isinstance(KINDS.get(state.kind), PolledKind):
        return ""
    is_old = seen.published_at is None or seen.fetched_at - seen.published_at > _FRESH
    return "first_run" if is_old else ""


def _beside(
    fresh: Sequence[Observation], known: Sequence[KnownArtefact]
) -> list[tuple[Observation, list[KnownArtefact]]]:
    """Each observation with what is known of its own artefacts."""
    keys = [frozenset(artefact_keys(one)) for one in fresh]
    return [(one, [held for held in known if held.key in own]) for one, own in zip(fresh, keys, strict=True)]


def _matched(
    seen: Sequence[tuple[Observation, Sequence[KnownArtefact]]], brain: Brain
) -> list[tuple[Observation, list[Match]]]:
    """Each observation with its matches of a tier; names of all are looked for together."""
    told = match_all(seen, brain.index, brain.weights, brain.pack, brain.priors)
    return [(one, [m for m in some if m.tier]) for (one, _), some in zip(seen, told, strict=True)]


def to_keep(seen: Observation, brain: Brain) -> Observation:
    """What of an observation may be stored: no peers, no author's name, and where its content can be had."""
    return brain.authors.kept(storable(without_peers(locate(seen, brain.hosts))))


def matches_of(seen: Sequence[Observation], brain: Brain) -> list[list[Match]]:
    """The matches of a tier of some observations."""
    return [matches for _, matches in _matched([(one, ()) for one in seen], brain)]


@dataclass(slots=True)
class Counted:
    """What a transaction has caused so far. `findings` are those that have got a sighting.

    `how` says why it is told with others of its like: `backfill` for what lay there already, `first_run`.
    """

    alerts: int = 0
    proofs: int = 0
    suppressed: int = 0
    how: str = ""
    findings: set[FindingId] = field(default_factory=set[FindingId])


async def take_match(
    one: Match,
    seen: Observation,
    row: int,
    brain: Brain,
    work: Work,
    counted: Counted,
    joining: frozenset[str] = frozenset(),
) -> Finding | None:
    """Let a match of a stored observation become part of a case; answers the case, None where it supports none anew.

    Items that name one of the swarms `joining` are being looked for already.
    """
    asset = brain.index.assets[one.asset]
    if await work.cases.is_sighted(asset.id, row):
        return None
    allow = allowed_by(asset, seen, brain.authors)
    if allow:
        await _take_allowed(one, seen, row, asset, allow, work, counted)
        return None
    keys = [*one.artefacts, short_key(f"item:{seen.site}/{seen.native_id}")]
    place = class_of(brain.pack.kinds.get(seen.site))
    before = await united(asset, keys, seen.fetched_at, work, teller(brain, counted))
    result = triage(one, seen, before, asset, news=await _news(before, place, work))
    if result is None:
        return None
    if before is None:
        result = replace(result, finding=weigh_first(result.finding, asset, place))
    await work.findings.save(result.finding)
    await work.findings.add_sighting(result.finding.id, row, seen, one, keys, place)
    await work.findings.add_artefacts(asset.id, result.finding.id, keys)
    counted.findings.add(result.finding.id)
    if is_looked_at_again(seen, asset):
        await work.looks.plan(result.finding.id, seen.url or "", seen.site, seen.native_id, seen.fetched_at)
    for infohashes in torrents(seen)[:_MAX_PROOFS]:
        rank = _rank(one, infohashes, brain)
        counted.proofs += await work.findings.request_proof(
            result.finding.id, infohashes, seen.fetched_at, rank, peers(seen, infohashes)
        )
        await work.swarms.watch(infohashes, trackers(seen, infohashes), seen.fetched_at)
    await work.swarms.add(await _index_counts([seen], work))
    for url in torrent_files(seen)[:_MAX_FILES]:
        rank = Rank.AUTO if one.tier is Tier.AUTO else Rank.REVIEW
        counted.proofs += await work.findings.request_file(result.finding.id, url, seen.fetched_at, rank)
    finding = await _tell(result, before, asset, seen.fetched_at, brain, work, counted)
    swarms = [key for key in keys if key.startswith("swarm:") and key not in joining]
    if swarms:
        await join_earlier(finding, asset, swarms, brain, work, counted, joining)
    return finding


async def _news(finding: Finding | None, place: PlaceClass, work: Work) -> News:
    """What is new about where a known case is seen now. What an allow list covers does not come here."""
    if finding is None:
        return NO_NEWS
    is_outside = finding.state is State.ALLOWED and (
        scope_of(finding, await work.findings.events(finding.id)) is not None
    )
    return News(place not in await work.cases.classes(finding.id), is_outside)


def is_looked_at_again(seen: Observation, asset: Asset) -> bool:
    """Whether its page may be asked for once more: of an embargoed asset only where its owner said yes."""
    return asset.may_look_up_swarm and (seen.url or "").startswith(("http://", "https://"))


async def _take_drill(
    one: Match, seen: Observation, row: int, brain: Brain, work: Work, counted: Counted
) -> None:
    """A case of its own, which no sighting joins; nothing is asked of a swarm, and no allow list hides it."""
    asset = brain.index.assets[one.asset]
    result = triage(one, seen, None, asset)
    if result is None:
        return
    finding = replace(result.finding, drill=True, title=f"[DRILL] {result.finding.title}")
    await work.findings.save(finding)
    keys = [short_key(f"item:{seen.site}/{seen.native_id}")]
    await work.findings.add_sighting(
        finding.id, row, seen, one, keys, class_of(brain.pack.kinds.get(seen.site))
    )
    await work.findings.add_artefacts(asset.id, finding.id, keys)
    for event in result.events:
        marked = replace(event, detail={**event.detail, "drill": "yes"})
        counted.alerts += await tell_event(marked, finding, asset, brain.routes, work)


async def _take_allowed(
    one: Match, seen: Observation, row: int, asset: Asset, allow: Allow, work: Work, counted: Counted
) -> None:
    """What an allow list speaks of is counted, or a case of its own that tells nobody and asks nothing of a swarm."""
    key = short_key(f"allowed:{seen.site}/{seen.native_id}")
    holders = await work.findings.holders(asset.id, [key])
    result = triage(one, seen, holders[0] if holders else None, asset, allow)
    if result is None:
        return
    if allow.effect is AllowEffect.SUPPRESS:
        counted.suppressed += await work.findings.suppress(asset.id, row, allow.name, seen.fetched_at)
        return
    await work.findings.save(result.finding)
    if await work.findings.add_sighting(result.finding.id, row, seen, one):
        await work.findings.add_artefacts(asset.id, result.finding.id, [key])
        for event in result.events:
            await work.findings.add_event(event)


async def join_earlier(
    finding: Finding,
    asset: Asset,
    swarms: Sequence[str],
    brain: Brain,
    work: Work,
    counted: Counted,
    joining: frozenset[str] = frozenset(),
) -> None:
    """Items that were stored before anybody knew what their infohash stood for are sightings too."""
    for row, stored in await work.findings.unsighted(
        asset.id, [key.removeprefix("swarm:") for key in swarms]
    ):
        seen = locate(stored, brain.hosts)
        known = [
            KnownArtefact(key, asset.id, finding.score, is_sure=False)
            for key in swarms
            if key in artefact_keys(seen)
        ]
        for one in _matched([(seen, known)], brain)[0][1]:
            if one.asset == asset.id:
                await take_match(one, seen, row, brain, work, counted, joining | set(swarms))


async def _tell(
    result: Triage,
    before: Finding | None,
    asset: Asset,
    at: datetime,
    brain: Brain,
    work: Work,
    counted: Counted,
) -> Finding:
    """Weigh a known case anew, and write the events, and the alerts they cause, into the transaction.

    A severity that changed beside a verdict or on the way to being sure enough is told with that.
    """
    tell, finding = teller(brain, counted), result.finding
    if before is not None:
        finding = await weigh(finding, asset, at, work)
        await work.findings.save(finding)
    for event in result.events:
        detail = {**event.detail, "severity": finding.severity.value}
        await tell(replace(event, detail=detail), finding, asset, work)
    change = severity_event(before, finding, at) if before else None
    if change is None or before is None:
        return finding
    is_risen = finding.severity.rank > before.severity.rank
    if is_risen and not any(_tells_severity(event) for event in result.events):
        await tell(change, finding, asset, work)
    else:
        await work.findings.add_event(change)
    return finding


def _tells_severity(event: FindingEvent) -> bool:
    return event.kind is EventKind.VERDICT or event.content.startswith("severity:")


def teller(brain: Brain, counted: Counted) -> Tell:
    """How an event is told in a transaction that counts the alerts."""

    async def tell(event: FindingEvent, finding: Finding, asset: Asset, work: Work, /) -> int:
        if counted.how:
            event = replace(event, detail={**event.detail, "how": counted.how})
        told = await tell_event(event, finding, asset, brain.routes, work)
        counted.alerts += told
        return told

    return tell


async def tell_event(event: FindingEvent, finding: Finding, asset: Asset, routes: Routing, work: Work) -> int:
    """Write an event, and whom it is for, into the transaction; answers how many alerts wait to be told because of it.

    `detail["how"]` = backfill or first_run has it told with others of its like, `detail["drill"]` = yes at once.
    What nobody did (a case that opens again, two that turn out to be one) is audited here; a person's acts are by him.
    """
    await work.findings.add_event(event)
    if event.kind in _STEPS and not event.actor:
        await work.audit.append(_TRIAGE, _STEPS[event.kind], finding.id, dict(event.detail), event.at)
    return await announce(event, finding, asset, routes, work)


async def _index_counts(items: Sequence[Observation], work: Work) -> list[SwarmSample]:
    """What one index says of swarms that are counted is a sample of its own; of several entries the largest."""
    said: dict[str, SwarmSample] = {}
    for sample in (sample for one in items for sample in _counts_of(one)):
        other = said.get(sample.swarm_key)
        if other is None or (sample.seeds or 0) > (other.seeds or 0):
            said[sample.swarm_key] = sample
    if not said:
        return []
    heard = await work.swarms.heard(items[0].site, list(said))
    wanted = [key for key, (since, at) in heard.items() if wants_index_count(since, at, said[key].at)]
    return [said[key] for key in wanted]


def _counts_of(seen: Observation) -> Iterator[SwarmSample]:
    """An item's counts are those of the torrent that it is, not of others that its text names."""
    seeds, leechers = believable(seen.seeders), believable(seen.leechers)
    if seeds is None and leechers is None:
        return
    named = {seen.infohash_v1, (seen.infohash_v2 or "")[:40]}
    for infohashes in torrents(seen):
        if named & {key.hex() for key in infohashes.swarm_keys}:
            yield SwarmSample(
                swarm_key=infohashes.swarm_keys[0].hex(),
                at=seen.fetched_at,
                method=SampleMethod.INDEX,
                source=seen.site,
                seeds=seeds,
                leechers=leechers,
            )


def _rank(one: Match, infohashes: Infohashes, brain: Brain) -> Rank:
    """A registered infohash before what is sure by its match, and that before what waits in the queue."""
    if any(key.hex() in brain.index.by_infohash for key in infohashes.swarm_keys):
        return Rank.WATCHED
    return Rank.AUTO if one.tier is Tier.AUTO else Rank.REVIEW


async def conclude(
    task: ProofTask | FileTask,
    proof: Proof,
    metadata: Capture | None,
    at: datetime,
    brain: Brain,
    repository: Repository,
    again_at: datetime | None = None,
) -> int:
    """Commit the verdict on one torrent: an event on its finding, and alerts; answers how many alerts.

    `metadata` is what it was judged by; `again_at` when it is judged again, None where the verdict is final.
    """
    counted = Counted()
    asset = brain.index.assets[task.asset]
    async with repository.writing() as work:
        await work.findings.lock([asset.id])
        digest = metadata.digest if metadata else None
        ident = await work.findings.close_proof(task, proof, digest, at, again_at)
        finding = await work.findings.get(ident) if ident else None
        if finding is None:
            return 0
        result = judged(finding, await work.findings.proofs(finding.id), asset, at)
        changed = await _tell(result, finding, asset, at, brain, work, counted)
        keys = proved_keys(proof, asset)
        survivor = await united(asset, keys, at, work, teller(brain, counted), finding.id) or changed
        await work.findings.add_artefacts(asset.id, survivor.id, keys)
        if metadata:
            await work.evidence.keep(metadata)
        judgement = _told_of(task, proof, survivor, digest)
        await work.audit.append(_PROOF, "judged", survivor.id, judgement, at)
    return counted.alerts


def _told_of(
    task: ProofTask | FileTask, proof: Proof, finding: Finding, digest: str | None
) -> Mapping[str, object]:
    """What the audit says of a verdict."""
    torrent = str(task.infohashes) if isinstance(task, ProofTask) else task.url
    told = {"torrent": torrent, "verdict": proof.verdict.value, "method": proof.method, "metadata": digest}
    return told | {"finding": finding.verdict.value}


async def look_back(asset: AssetId, brain: Brain, repository: Repository) -> tuple[int, int]:
    """Look for an asset in what is stored: it may have been posted before it was registered.

    Answers how many alerts and proofs that caused. At most the newest 100,000 observations are read.
    """
    own = replace(brain, index=build_index([brain.index.assets[asset]]))
    counted = Counted(how="backfill")
    before = 2**62
    for _ in range(_MAX_BATCHES):
        async with repository.reading() as work:
            batch = await work.findings.stored(before, _BATCH)
        if not batch:
            break
        before = batch[-1][0]
        found = await asyncio.to_thread(
            lambda batch=batch: _matched([(locate(one, own.hosts), ()) for _, one in batch], own)
        )
        told = zip((row for row, _ in batch), found, strict=True)
        hits = [(row, one, matches[0]) for row, (one, matches) in reversed([*told]) if matches]
        if hits:
            async with repository.writing() as work:
                if asset in await work.findings.lock([asset]):
                    for row, one, hit in hits:
                        await take_match(hit, one, row, own, work, counted)
    async with repository.writing() as work:
        await work.catalogue.searched(asset)
    return counted.alerts, counted.proofs
