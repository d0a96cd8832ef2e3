"""What a new or changed rule would have done to the items of the last days, before it goes live.

Nothing is written. Items are read in batches, newest first, and only counts and twenty examples are kept.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leakwatch.extract.links import locate, plain
from leakwatch.matching.allowed import allowed_by
from leakwatch.matching.engine import NO_PRIORS, artefact_keys, match
from leakwatch.matching.index import Index
from leakwatch.matching.rules import Hit, Item, hits
from leakwatch.matching.weights import Weights
from leakwatch.model.finding import KnownArtefact, Match
from leakwatch.model.observation import Observation
from leakwatch.ports import Repository
from leakwatch.routing import is_told
from leakwatch.rulepack.schema import RulePack
from leakwatch.triage import triage

MAX_EXAMPLES = 20
_BATCH = 200
_MAX_CASES = 100_000
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Shown:
    """An item that a rule hits. Title and address are as the site gave them: clean them before they are shown."""

    at: datetime
    site: str
    title: str
    url: str | None
    rules: tuple[tuple[str, str], ...]
    asset: str | None


@dataclass(slots=True)
class Preview:
    """What would have come of it. `opened` counts findings that exist only with the change, `lost` only without."""

    rules: tuple[str, ...]
    days: float = 0.0
    items: int = 0
    items_hit: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    examples: list[Shown] = field(default_factory=list)
    opened: int = 0
    lost: int = 0
    alerts: int = 0
    _titles: set[str] = field(default_factory=set)
    _cases: set[tuple[str, str]] = field(default_factory=set)

    @property
    def alerts_per_day(self) -> float:
        """Alerts that the change would cause, by day of what was read."""
        return self.alerts / self.days if self.days else 0.0

    def show(self, seen: Observation, found: Sequence[Hit], asset: str | None) -> None:
        """Keep the item as an example, if there is room and no other has its title."""
        if len(self.examples) < MAX_EXAMPLES and seen.title not in self._titles:
            self._titles.add(seen.title)
            told = tuple((one.rule.id, one.told) for one in found)
            self.examples.append(Shown(seen.fetched_at, seen.site, seen.title, seen.url, told, asset))

    def is_new_case(self, asset: str, keys: Sequence[str]) -> bool:
        """Whether no earlier item of this run shares an artefact with this one."""
        told = [(asset, key) for key in keys]
        is_new = not any(one in self._cases for one in told)
        if len(self._cases) < _MAX_CASES:
            self._cases.update(told)
        return is_new


@dataclass(frozen=True, slots=True)
class Change:
    """The packs without and with the change, and the rules that differ."""

    before: RulePack
    after: RulePack
    rules: RulePack


def change_of(before: RulePack, after: RulePack) -> Change:
    """What two packs differ in: rules that are new, changed or switched off."""
    old, new = {one.id: one for one in before.rules}, {one.id: one for one in after.rules}
    differ = [one for one in after.rules if old.get(one.id) != one]
    differ += [one for one in before.rules if one.id not in new]
    return Change(before, after, RulePack(tuple(differ), kinds=after.kinds))


async def preview(
    change: Change,
    index: Index,
    weights: Weights,
    repository: Repository,
    now: datetime,
    days: int,
    priors: Mapping[str, float] = NO_PRIORS,
) -> Preview:
    """Run the rules that differ over what was stored in the last `days`. Raises: StoreError."""
    told = Preview(tuple(one.id for one in change.rules.rules))
    since, before, oldest = now - timedelta(days=days), 2**62, now
    while True:
        async with repository.reading() as work:
            batch = await work.findings.stored(before, _BATCH)
            located = [locate(one) for _, one in batch if one.fetched_at >= since]
            known = await work.findings.known(sorted({key for one in located for key in artefact_keys(one)}))
        if not located:
            break
        before = batch[-1][0]
        oldest = min(oldest, *(one.fetched_at for one in located))
        await asyncio.to_thread(_take, located, known, change, index, weights, told, priors)
    told.days = min(float(days), max((now - oldest).total_seconds() / _DAY_S, 1.0)) if told.items else 0.0
    return told


def _take(
    batch: Sequence[Observation],
    known: Sequence[KnownArtefact],
    change: Change,
    index: Index,
    weights: Weights,
    told: Preview,
    priors: Mapping[str, float],
) -> None:
    for seen in batch:
        told.items += 1
        item = Item(seen.title, plain(seen.text or ""), seen.files, seen.site)
        found = list(hits(item, change.rules))
        if not found:
            continue
        told.items_hit += 1
        told.hits.update(one.rule.id for one in found)
        keys = artefact_keys(seen)
        held = [one for one in known if one.key in keys]
        without = _findings(match(seen, index, weights, held, change.before, priors), seen, index)
        with_it = _findings(match(seen, index, weights, held, change.after, priors), seen, index)
        told.lost += len(without.keys() - with_it.keys())
        for asset in sorted(with_it.keys() - without.keys()):
            told.opened += 1
            artefacts = (*with_it[asset].artefacts, f"item:{seen.site}/{seen.native_id}")
            is_held = any(one.asset == asset for one in held)
            if not is_held and told.is_new_case(asset, artefacts):
                told.alerts += _alerts(with_it[asset], seen, index)
        told.show(seen, found, next(iter(sorted(with_it)), None))


def _findings(found: Sequence[Match], seen: Observation, index: Index) -> dict[str, Match]:
    """Matches that would open or support a finding that is not allowed."""
    return {
        one.asset: one
        for one in found
        if triage(one, seen, None, index.assets[one.asset]) and not allowed_by(index.assets[one.asset], seen)
    }


def _alerts(one: Match, seen: Observation, index: Index) -> int:
    asset = index.assets[one.asset]
    opened = triage(one, seen, None, asset)
    return sum(is_told(event, opened.finding, asset) for event in opened.events) if opened else 0
