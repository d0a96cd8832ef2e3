"""One page, or one item seen again: matched outside, then committed in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from leakwatch.evidence.keeping import is_drawn, keep, told_of
from leakwatch.matching.engine import artefact_keys
from leakwatch.model.asset import AssetId
from leakwatch.model.evidence import Capture
from leakwatch.model.finding import KnownArtefact, Match
from leakwatch.model.observation import Observation
from leakwatch.model.site import SiteState
from leakwatch.pipeline.brain import Brain, Counted, Taken, to_keep, with_matches
from leakwatch.pipeline.counts import index_counts
from leakwatch.pipeline.drills import take_drill
from leakwatch.pipeline.matches import take_match
from leakwatch.ports import Repository, Vault, Work
from leakwatch.sources import KINDS
from leakwatch.sources._kind import Page, Payload, PolledKind

_FRESH = timedelta(hours=48)
_CRAWL = "leakwatch:crawl"


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
        counts = await index_counts(located, work)
    matched = await asyncio.to_thread(lambda: with_matches(_beside(fresh, known), brain)) if fresh else []
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
                        await take_drill(one, seen, row, brain, work, counted)
                    elif one.asset in there and drill is None:
                        row = ids[f"{seen.native_id}\n{seen.content_digest}"]
                        counted.how = _how(seen, state)
                        await take_match(one, seen, row, brain, work, counted)
            moved = await work.sites.move_cursor(state, cursor, state.validators)
            if kept:
                told = {str(one): told_of(kept) for one in sorted(counted.findings)}
                await work.audit.append_all(_CRAWL, "captured", told, payload.fetched_at)
                if brain.draws and drill is None and is_drawn(kept):
                    await work.screenshots.want(counted.findings, kept)
    listed = tuple((one.native_id, one.published_at) for one in located)
    numbers = (counted.alerts, counted.proofs, counted.suppressed)
    return Taken(moved, len(located), new_ids, listed, before, *numbers)


@dataclass(frozen=True, slots=True)
class Again:
    """What an item shows now, apart from any poll, and which works that matches."""

    seen: Observation
    matches: tuple[Match, ...]

    @property
    def assets(self) -> frozenset[AssetId]:
        """The works that it matches, which are to be locked before it is taken."""
        return frozenset(one.asset for one in self.matches)


async def matched_again(seen: Observation, kept: Capture, brain: Brain, repository: Repository) -> Again:
    """Match what an item shows now. `kept` is the evidence of it."""
    located = replace(to_keep(seen, brain), evidence=kept.digest)
    async with repository.reading() as work:
        known = await work.findings.known(sorted(artefact_keys(located)))
    ((_, matches),) = await asyncio.to_thread(with_matches, [(located, known)], brain)
    return Again(located, tuple(matches))


async def take_again(again: Again, there: Container[AssetId], brain: Brain, work: Work) -> int:
    """Commit what an item shows now, of the works that are `there`; answers how many alerts that caused."""
    counted = Counted()
    ids = await work.findings.store([again.seen])
    row = ids[f"{again.seen.native_id}\n{again.seen.content_digest}"]
    for one in again.matches:
        if one.asset in there:
            await take_match(one, again.seen, row, brain, work, counted)
    return counted.alerts


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
