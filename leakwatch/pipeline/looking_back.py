"""An asset is looked for in what was stored before it was registered."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from leakwatch.extract.links import locate
from leakwatch.matching.index import build_index
from leakwatch.model.asset import AssetId
from leakwatch.pipeline.brain import Brain, Counted, with_matches
from leakwatch.pipeline.matches import take_match
from leakwatch.ports import Repository

_BATCH, _MAX_BATCHES = 500, 200


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
            lambda batch=batch: with_matches([(locate(one, own.hosts), ()) for _, one in batch], own)
        )
        told = zip((row for row, _ in batch), found, strict=True)
        hits = [(row, one, matches[0]) for row, (one, matches) in reversed([*told]) if matches]
        if hits:
            async with repository.writing() as work:
                if asset in await work.findings.lock([asset]):
                    took = [
                        row for row, one, hit in hits if await take_match(hit, one, row, own, work, counted)
                    ]
                    await work.cases.reveal(asset, took)
    async with repository.writing() as work:
        await work.catalogue.searched(asset)
    return counted.alerts, counted.proofs
