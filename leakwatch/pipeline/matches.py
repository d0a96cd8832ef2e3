"""A match of a stored observation becomes part of a case, within the transaction that it is given."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from leakwatch.cases.joining import united
from leakwatch.cases.scopes import scope_of
from leakwatch.cases.weighing import weigh_first
from leakwatch.extract.links import locate
from leakwatch.extract.named import torrent_files, torrents, trackers
from leakwatch.extract.peers import peers
from leakwatch.matching.allowed import allowed_by
from leakwatch.matching.engine import artefact_keys
from leakwatch.model.allow import Allow, AllowEffect
from leakwatch.model.asset import Asset
from leakwatch.model.finding import Finding, KnownArtefact, Match, Rank, State, Tier, Verdict
from leakwatch.model.notice import Notice
from leakwatch.model.observation import Observation, short_key
from leakwatch.model.place import PlaceClass, class_of
from leakwatch.pipeline.brain import Brain, Counted, with_matches
from leakwatch.pipeline.counts import index_counts
from leakwatch.pipeline.telling import tell_result, teller
from leakwatch.ports import Work
from leakwatch.torrent.infohash import Infohashes
from leakwatch.triage import NO_NEWS, News, triage

_MAX_PROOFS, _MAX_FILES = 5, 3
_MAX_JOINED = 1000
"""Earlier items that join a case in one transaction: while it is open nobody else writes."""


async def take_match(
    one: Match,
    seen: Observation,
    row: int,
    brain: Brain,
    work: Work,
    counted: Counted,
) -> Finding | None:
    """Let a match of a stored observation become part of a case; answers the case, None where it supports none anew."""
    taken = await _take(one, seen, row, brain, work, counted)
    if taken is None:
        return None
    finding, swarms = taken
    await join_earlier(finding, brain.index.assets[one.asset], swarms, brain, work, counted)
    return finding


async def _take(
    one: Match, seen: Observation, row: int, brain: Brain, work: Work, counted: Counted
) -> tuple[Finding, list[str]] | None:
    """The case that a match is part of now, and the keys of the swarms that its item names."""
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
    asked = counted.proofs
    for infohashes in torrents(seen)[:_MAX_PROOFS]:
        rank = _rank(one, infohashes, brain)
        counted.proofs += await work.findings.request_proof(
            result.finding.id, infohashes, seen.fetched_at, rank, peers(seen, infohashes)
        )
        await work.swarms.watch(infohashes, trackers(seen, infohashes), seen.fetched_at)
    await work.swarms.add(await index_counts([seen], work))
    for url in torrent_files(seen)[:_MAX_FILES]:
        rank = Rank.AUTO if one.tier is Tier.AUTO else Rank.REVIEW
        counted.proofs += await work.findings.request_file(result.finding.id, url, seen.fetched_at, rank)
    if counted.proofs > asked and result.finding.verdict is Verdict.REFUTED:  # not all of its torrents are
        result = replace(result, finding=replace(result.finding, verdict=Verdict.UNKNOWN))
    finding = await tell_result(result, before, asset, seen.fetched_at, brain, work, counted)
    return finding, [key for key in keys if key.startswith("swarm:")]


async def _news(finding: Finding | None, place: PlaceClass, work: Work) -> News:
    """What is new about where a known case is seen now. What an allow list covers does not come here."""
    if finding is None:
        return NO_NEWS
    is_outside = finding.state is State.ALLOWED and (
        scope_of(finding, await work.findings.events(finding.id)) is not None
    )
    is_back = finding.state is State.REPORTED and _is_down(await work.notices.list(finding.id))
    return News(place not in await work.cases.classes(finding.id), is_outside, is_back)


def _is_down(notices: Sequence[Notice]) -> bool:
    """Whether everything that somebody was asked to take down is."""
    sent = [one for one in notices if one.submitted_at is not None]
    return bool(sent) and all(one.removed_at is not None for one in sent)


def is_looked_at_again(seen: Observation, asset: Asset) -> bool:
    """Whether its page may be asked for once more: of an embargoed asset only where its owner said yes."""
    return asset.may_look_up_swarm and (seen.url or "").startswith(("http://", "https://"))


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
    if await work.findings.add_sighting(result.finding.id, row, seen, one, [key]):
        await work.findings.add_artefacts(asset.id, result.finding.id, [key])
        for event in result.events:
            await work.findings.add_event(event)


async def join_earlier(
    finding: Finding, asset: Asset, swarms: Sequence[str], brain: Brain, work: Work, counted: Counted
) -> None:
    """Items that were stored before anybody knew what their infohash stood for are sightings too.

    Such an item may name further swarms, whose items are looked for then: at most 1,000 items in all, one wave after
    the other, for whoever posts may make a chain of any length.
    """
    waves, known, count = deque([(finding.score, list(swarms))]), set(swarms), 0
    while waves and count < _MAX_JOINED:
        score, keys = waves.popleft()
        for row, seen, one in await _earlier(score, asset, keys, brain, work):
            taken = await _take(one, seen, row, brain, work, counted)
            if taken is None:
                continue
            count += 1
            joined, named = taken
            fresh = [key for key in named if key not in known]
            known.update(fresh)
            waves += [(joined.score, fresh)] if fresh else []


async def _earlier(
    score: float, asset: Asset, swarms: Sequence[str], brain: Brain, work: Work
) -> list[tuple[int, Observation, Match]]:
    """Stored items that name one of these swarms and support no case of the asset yet, where they match it by that."""
    found: list[tuple[int, Observation, Match]] = []
    for row, stored in await work.findings.unsighted(
        asset.id, [key.removeprefix("swarm:") for key in swarms]
    ):
        seen = locate(stored, brain.hosts)
        own = artefact_keys(seen)
        known = [KnownArtefact(key, asset.id, score, is_sure=False) for key in swarms if key in own]
        matches = with_matches([(seen, known)], brain)[0][1]
        found += [(row, seen, one) for one in matches if one.asset == asset.id]
    return found


def _rank(one: Match, infohashes: Infohashes, brain: Brain) -> Rank:
    """A registered infohash before what is sure by its match, and that before what waits in the queue."""
    if any(key.hex() in brain.index.by_infohash for key in infohashes.swarm_keys):
        return Rank.WATCHED
    return Rank.AUTO if one.tier is Tier.AUTO else Rank.REVIEW
