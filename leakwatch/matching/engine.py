"""`match`: the only door into this folder."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from leakwatch.errors import MagnetError
from leakwatch.extract.ed2k import parse_ed2k
from leakwatch.extract.links import plain
from leakwatch.matching.counts import count_signals
from leakwatch.matching.index import Index
from leakwatch.matching.names import text_signals, title_signals
from leakwatch.matching.rules import Item, compiled, hits
from leakwatch.matching.shape import file_signals
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import AssetId
from leakwatch.model.finding import (
    CORROBORATING_BITS,
    EXACT_SIGNALS,
    KnownArtefact,
    Match,
    Signal,
    SignalKind,
    Tier,
)
from leakwatch.model.observation import Locator, LocatorKind, Observation, short_key
from leakwatch.rulepack.schema import Effect, RulePack
from leakwatch.torrent.magnet import parse_magnet

_NAMES = frozenset({SignalKind.TITLE, SignalKind.TITLE_FUZZY})
_STRUCTURE = frozenset({SignalKind.SIZE})
_BESIDE_A_NAME = frozenset({SignalKind.ELEMENTS})
_MAX_RULES = 2
NO_RULES = RulePack()

Known = Sequence[KnownArtefact]
"""Artefacts that open findings already hold; two assets may hold the same one."""


def match(
    observation: Observation,
    index: Index,
    weights: Weights,
    known: Known | None = None,
    pack: RulePack = NO_RULES,
) -> tuple[Match, ...]:
    """Every asset that an observation may concern, strongest first, with every signal and its weight.

    A name alone, however good, never reaches `auto`: that takes a digest, an infohash, the size, or a hub's count
    of elements; the last counts only beside a name, for every fine-tune of an architecture has the same.
    Matches too weak for `review` are given too, with `tier` None, so that a near miss can be explained.
    """
    signals: dict[AssetId, list[Signal]] = {}
    artefacts: dict[AssetId, list[str]] = {}
    _add_infohashes(observation, index, weights, known or (), signals, artefacts)
    for asset, signal, artefact in file_signals(observation, index, weights):
        signals.setdefault(asset, []).append(signal)
        if artefact:
            artefacts.setdefault(asset, []).append(artefact)
    for asset, signal in count_signals(observation, index, weights, signals):
        signals.setdefault(asset, []).append(signal)
    _add_names(observation, index, weights, signals)
    context = _rule_signals(observation, index, weights, pack, signals)
    shared = artefact_keys(observation)
    found = [
        _judge(asset, _with_context(told, context), weights, (*artefacts.get(asset, ()), *shared))
        for asset, told in signals.items()
    ]
    return tuple(sorted((m for m in found if m.score > 0.01), key=lambda m: (-m.score, m.asset)))


def _add_infohashes(
    observation: Observation,
    index: Index,
    weights: Weights,
    known: Known,
    signals: dict[AssetId, list[Signal]],
    artefacts: dict[AssetId, list[str]],
) -> None:
    for key in artefact_keys(observation):
        kind, _, value = key.partition(":")
        for asset in index.by_infohash.get(value, ()) if kind == "swarm" else ():
            signals.setdefault(asset, []).append(
                Signal(SignalKind.INFOHASH, f"{value} is registered", weights["infohash"])
            )
        for one in known:
            if one.key == key and one.asset in index.assets:
                signals.setdefault(one.asset, []).append(_known_signal(key, one, weights))
                artefacts.setdefault(one.asset, []).append(key)


def _known_signal(key: str, one: KnownArtefact, weights: Weights) -> Signal:
    """What is known of an artefact carries over as it is: a case in the queue does not grow sure by being repeated."""
    score = min(max(one.score, 0.001), 0.9999)
    bits = round(math.log2(score / (1 - score)) - weights["prior"], 2)
    kind = SignalKind.INFOHASH if one.is_sure else SignalKind.KNOWN
    return Signal(kind, f"{key} is known from a finding", bits)


def _add_names(
    observation: Observation, index: Index, weights: Weights, signals: dict[AssetId, list[Signal]]
) -> None:
    """The best of title, display names of magnets, and text: one name counts once, not once a field."""
    best: dict[AssetId, list[Signal]] = {}
    sources = [title_signals(text, index, weights) for text in _titles(observation)]
    if observation.text:
        sources.append(text_signals(plain(observation.text), index, weights))
    for told in sources:
        for asset, some in told.items():
            if sum(s.weight for s in some) > sum(s.weight for s in best.get(asset, ())) or asset not in best:
                best[asset] = some
    for asset, some in best.items():
        signals.setdefault(asset, []).extend(some)


def _titles(observation: Observation) -> Iterable[str]:
    names = [observation.title]
    for locator in observation.locators:
        if locator.kind is LocatorKind.MAGNET:
            names.append(_display_name(locator.value))
        elif locator.kind is LocatorKind.TORRENT_URL:
            names.append(re.sub(r"\.torrent$", "", locator.value.partition("?")[0].rsplit("/", 1)[-1]))
        elif locator.kind is LocatorKind.ED2K and (link := parse_ed2k(locator.value)):
            names.append(link.name)
    return dict.fromkeys(name for name in names if name)


def _display_name(uri: str) -> str:
    try:
        return parse_magnet(uri).name
    except MagnetError:
        return ""


def _rule_signals(
    observation: Observation,
    index: Index,
    weights: Weights,
    pack: RulePack,
    signals: dict[AssetId, list[Signal]],
) -> list[Signal]:
    """Hits of rules: those of an asset speak for it, the others are context for whatever a name has found.

    Looked for only where there is something to say about: a named asset, or rules that belong to one. Of talk
    about leaks only the strongest sign counts, for talk and an offer often stand in one post.
    """
    context: list[Signal] = []
    if observation.locators:
        context.append(Signal(SignalKind.WORDS, "says where it can be had", weights["locator"]))
    if not signals and not compiled(pack).has_assets:
        return context
    item = Item(observation.title, plain(observation.text or ""), observation.files, observation.site)
    general: list[Signal] = []
    noise: list[Signal] = []
    for hit in hits(item, pack):
        rule, told = hit.rule, f"{hit.rule.id}: {hit.told[:60]!r}"
        if rule.effect is Effect.NOISE:
            noise.append(Signal(SignalKind.RULE, told, weights[f"rule_noise_{rule.confidence.value}"]))
        elif rule.asset is None:
            general.append(Signal(SignalKind.RULE, told, weights[f"rule_{rule.confidence.value}"]))
        elif rule.asset in index.assets:
            bits = weights[f"rule_asset_{rule.confidence.value}"]
            signals.setdefault(AssetId(rule.asset), []).append(Signal(SignalKind.TITLE, told, bits))
    strongest = sorted(general, key=lambda s: -s.weight)[:_MAX_RULES]
    return context + strongest + sorted(noise, key=lambda s: s.weight)[:1]


def _with_context(told: list[Signal], context: list[Signal]) -> list[Signal]:
    """Context counts only beside a name."""
    return told + context if _is_named(told) else told


def _is_named(told: list[Signal]) -> bool:
    return any(signal.kind in _NAMES and signal.weight > 0 for signal in told)


def _judge(asset: AssetId, told: list[Signal], weights: Weights, artefacts: tuple[str, ...]) -> Match:
    """Score and tier: names of files count once, context never corroborates."""
    kept = _strongest_file_names(told)
    bits = weights["prior"] + sum(signal.weight for signal in kept)
    score = round(1 / (1 + 2 ** -max(-60.0, min(60.0, bits))), 4)
    telling = EXACT_SIGNALS | _STRUCTURE | (_BESIDE_A_NAME if _is_named(kept) else frozenset())
    corroborated = any(s.weight >= CORROBORATING_BITS and s.kind in telling for s in kept)
    tier = None
    if score >= weights["auto"] and corroborated:
        tier = Tier.AUTO
    elif score >= weights["review"]:
        tier = Tier.REVIEW
    ordered = tuple(sorted(kept, key=lambda s: -abs(s.weight)))
    return Match(asset, score, tier, ordered, tuple(dict.fromkeys(artefacts)))


def _strongest_file_names(told: list[Signal]) -> list[Signal]:
    files = sorted((s for s in told if s.kind is SignalKind.FILE_NAME), key=lambda s: -s.weight)
    return [s for s in told if s.kind is not SignalKind.FILE_NAME] + files[:2]


def artefact_keys(observation: Observation) -> tuple[str, ...]:
    """What other sightings of the same leak would share: swarms, repositories, torrent files."""
    keys = [key for locator in observation.locators for key in _locator_keys(locator)]
    return tuple(dict.fromkeys(short_key(key) for key in keys))


def _locator_keys(locator: Locator) -> list[str]:
    if locator.infohashes:
        return [f"swarm:{key.hex()}" for key in locator.infohashes.swarm_keys]
    if link := parse_ed2k(locator.value) if locator.kind is LocatorKind.ED2K else None:
        return [f"ed2k:{link.digest}"]
    what = "repository" if locator.kind is LocatorKind.REPOSITORY else "url"
    return [f"{what}:{locator.value}"]
