"""What rules say of an item: signs of whatever a name has found in it, and names of the assets that rules belong to."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.matching.index import Index
from leakwatch.matching.offers import Shown
from leakwatch.matching.rules import Item, hits
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import AssetId
from leakwatch.model.finding import Signal, SignalKind
from leakwatch.model.observation import Observation
from leakwatch.rulepack.schema import Effect, RulePack

_MAX_RULES = 2


@dataclass(frozen=True, slots=True)
class Context:
    """Hits of rules: `own` of an asset speak for it, `signs` are context for whatever a name has found."""

    signs: tuple[Signal, ...]
    own: tuple[tuple[AssetId, Signal], ...]

    @property
    def bits(self) -> float:
        """What the signs add to a name."""
        return sum(one.weight for one in self.signs)


def context_of(
    observation: Observation, cut: Shown, index: Index, weights: Weights, pack: RulePack
) -> Context:
    """What the rules of a pack say of an item.

    Of talk about leaks only the strongest sign counts, for talk and an offer often stand in one post; where an item
    is of another kind altogether, its words of an offer speak of that.
    """
    general: list[Signal] = []
    noise: list[Signal] = []
    own: list[tuple[AssetId, Signal]] = []
    for hit in hits(Item(cut.title, cut.words, observation.files, observation.site), pack):
        rule, told = hit.rule, f"{hit.rule.id}: {hit.told[:60]!r}"
        if rule.effect is Effect.NOISE:
            noise.append(Signal(SignalKind.RULE, told, weights[f"rule_noise_{rule.confidence.value}"]))
        elif rule.asset is None:
            general.append(Signal(SignalKind.RULE, told, weights[f"rule_{rule.confidence.value}"]))
        elif rule.asset in index.assets:
            bits = weights[f"rule_asset_{rule.confidence.value}"]
            own.append((AssetId(rule.asset), Signal(SignalKind.TITLE, told, bits)))
    against = sorted(noise, key=lambda s: s.weight)[:1]
    if against and against[0].weight <= weights["rule_noise_high"]:
        return Context(tuple(against), tuple(own))
    return Context((*sorted(general, key=lambda s: -s.weight)[:_MAX_RULES], *against), tuple(own))
