"""What an allow list hid comes to light when its entry expires.

The hidden items are matched again, now without the entry. Their events say `how: backfill`, so that they are told
together. A case that was judged false or allowed with this scope is opened again, if anything came meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from leakwatch.cases.scopes import scope_of
from leakwatch.extract.links import locate
from leakwatch.matching.index import build_index
from leakwatch.model.allow import Allow
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Finding, FindingId, Match
from leakwatch.model.observation import Observation
from leakwatch.pipeline import Brain, Counted, matches_of, take_match, teller
from leakwatch.ports import Repository, Work
from leakwatch.triage import reopened

ACTOR = "leakwatch:allow"
BACKFILL = "backfill"
_BATCH = 200


async def resurface(brain: Brain, repository: Repository, at: datetime) -> int:
    """Show what expired entries hid; answers how many alerts that caused."""
    counted = Counted(how=BACKFILL)
    async with repository.reading() as work:
        expired = {
            asset: [one for one in entries if not one.is_live(at.date())]
            for asset, entries in (await work.catalogue.allow_lists()).items()
        }
    for ident, entries in expired.items():
        if entries and ident in brain.index.assets:
            await _show(ident, entries, brain, repository, at, counted)
    return counted.alerts


async def _show(
    ident: AssetId,
    entries: Sequence[Allow],
    brain: Brain,
    repository: Repository,
    at: datetime,
    counted: Counted,
) -> None:
    asset = brain.index.assets[ident]
    live = tuple(one for one in asset.allow if one.is_live(at.date()))
    own = replace(brain, index=build_index([replace(asset, allow=live)]))
    for entry in entries:
        while True:
            async with repository.reading() as work:
                items = await work.cases.hidden_items(ident, entry.name, _BATCH)
            if not items:
                break
            located = [(row, locate(one, own.hosts)) for row, one in items]
            seen = [one for _, one in located]
            matched = await asyncio.to_thread(matches_of, seen, own)
            told = [(row, one, hits) for (row, one), hits in zip(located, matched, strict=True)]
            async with repository.writing() as work:
                if asset.id not in await work.findings.lock([asset.id]):
                    return
                hidden = {row for row, _ in await work.cases.hidden_items(ident, entry.name, _BATCH)}
                told = [one for one in told if one[0] in hidden]  # another daemon may have shown some
                if told:
                    await _take(asset, entry, told, own, work, at, counted)


async def _take(
    asset: Asset,
    entry: Allow,
    items: Sequence[tuple[int, Observation, Sequence[Match]]],
    own: Brain,
    work: Work,
    at: datetime,
    counted: Counted,
) -> None:
    came: set[FindingId] = set()
    for row, seen, hits in items:
        for one in hits:
            finding = await take_match(one, seen, row, own, work, counted)
            if finding:
                came.add(finding.id)
    await work.cases.reveal(asset.id, [row for row, _, _ in items])
    for ident in sorted(came):
        finding = await work.findings.get(ident)
        if finding is not None and not finding.merged_into:
            await _open_again(finding, entry, len(items), asset, own, work, at, counted)
    detail = {"entry": entry.name, "items": len(items), "findings": sorted(came)}
    await work.audit.append(ACTOR, "asset.allow_expired", f"asset:{asset.id}", detail, at)


async def _open_again(
    finding: Finding,
    entry: Allow,
    count: int,
    asset: Asset,
    own: Brain,
    work: Work,
    at: datetime,
    counted: Counted,
) -> None:
    """Open a case whose own scope has expired and hid something."""
    judged = scope_of(finding, await work.findings.events(finding.id))
    if judged is None or judged.detail["scope"] != entry.name:
        return
    why = f"{entry.name} was hidden until {entry.until}; it hid {count} items"
    changed, events = reopened(finding, why, at)
    await work.findings.save(changed)
    for event in events:
        await teller(own, counted)(event, changed, asset, work)
