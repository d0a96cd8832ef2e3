"""What a page only pretends to show: a drill has a case of its own."""

from __future__ import annotations

from dataclasses import replace

from leakwatch.model.finding import Match
from leakwatch.model.observation import Observation, short_key
from leakwatch.model.place import class_of
from leakwatch.pipeline.brain import Brain, Counted
from leakwatch.pipeline.telling import tell_event
from leakwatch.ports import Work
from leakwatch.triage import triage


async def take_drill(
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
