"""`match`: the only door into this folder."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from leakwatch.extract.ed2k import parse_ed2k
from leakwatch.extract.hosts import without_key
from leakwatch.extract.ipfs import cid_v1
from leakwatch.matching.counts import count_signals
from leakwatch.matching.index import Index
from leakwatch.matching.names import Field, Reader, Text
from leakwatch.matching.offers import Place, Shown, is_its_name, is_repository, is_torrent, shown, standing
from leakwatch.matching.priors import prior_signals
from leakwatch.matching.rules import Item, compiled, hits
from leakwatch.matching.scale import Scale
from leakwatch.matching.structure import file_signals, likeness_signals
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

_NAMES = frozenset({SignalKind.TITLE, SignalKind.TITLE_FUZZY})
_STRUCTURE = frozenset({SignalKind.SIZE})
_KNOWN = frozenset({SignalKind.KNOWN})
_BESIDE_A_NAME = frozenset({SignalKind.ELEMENTS})
_MAX_RULES = 2
_MAX_FILES = 100_000
NO_RULES = RulePack()
NO_PRIORS: Mapping[str, float] = {}

Known = Sequence[KnownArtefact]
"""Artefacts that open findings already hold; two assets may hold the same one."""


def match(
    observation: Observation,
    index: Index,
    weights: Weights,
    known: Known | None = None,
    pack: RulePack = NO_RULES,
    priors: Mapping[str, float] = NO_PRIORS,
) -> tuple[Match, ...]:
    """Every asset that an observation may concern: `match_all` of one."""
    return match_all([(observation, known or ())], index, weights, pack, priors)[0]


def match_all(
    seen: Sequence[tuple[Observation, Known]],
    index: Index,
    weights: Weights,
    pack: RulePack = NO_RULES,
    priors: Mapping[str, float] = NO_PRIORS,
) -> list[tuple[Match, ...]]:
    """Every asset that each observation may concern, strongest first, with every signal and its weight.

    A name alone, however good, never reaches `auto`: that takes a digest, an infohash, the size, or a hub's count
    of elements; the last counts only beside a name, for every fine-tune of an architecture has the same.
    Matches too weak for `review` are given too, with `tier` None, so that a near miss can be explained.
    Names are looked for in all of them together, which costs a tenth of one by one.
    """
    read = [_Read(shown(observation)) for observation, _ in seen]
    texts = [
        (one, place, text)
        for one, (observation, _) in zip(read, seen, strict=True)
        for place, text in _texts(observation, one.cut)
    ]
    named = _reader().read([text for _, _, text in texts], index, Scale.of(weights))
    least = weights["offer_own_least"]
    for (one, place, _), told in zip(texts, named, strict=True):
        for asset, some in told.items():
            one.add(asset, some, place, least)
    always = compiled(pack).has_assets
    return [
        _match_one(observation, known, one, index, weights, pack, priors.get(observation.site, 0.0))
        if one.names or always or _says_more(observation)
        else ()
        for (observation, known), one in zip(seen, read, strict=True)
    ]


@dataclass(slots=True)
class _Read:
    """An item cut by its locators, what names were read in it, and where."""

    cut: Shown
    names: dict[AssetId, list[Signal]] = field(default_factory=dict[AssetId, list[Signal]])
    places: dict[AssetId, set[Place]] = field(default_factory=dict[AssetId, set[Place]])

    def add(self, asset: AssetId, some: list[Signal], place: Place, least: float) -> None:
        """The best of title, display names, files and text: one name counts once, not once a field."""
        bits = sum(one.weight for one in some)
        if asset not in self.names or bits > sum(one.weight for one in self.names[asset]):
            self.names[asset] = some
        if place is not Place.OWN or bits >= least:
            self.places.setdefault(asset, set()).add(place)


def _says_more(observation: Observation) -> bool:
    """Whether there is anything but a name: of most items there is not, and a name that nobody bears ends it."""
    return bool(observation.size_bytes or observation.files or observation.locators or observation.parameters)


def _match_one(
    observation: Observation,
    known: Known,
    read: _Read,
    index: Index,
    weights: Weights,
    pack: RulePack,
    site_bits: float,
) -> tuple[Match, ...]:
    signals: dict[AssetId, list[Signal]] = {}
    artefacts: dict[AssetId, list[str]] = {}
    shared = artefact_keys(observation)
    _add_infohashes(shared, index, weights, known, signals, artefacts)
    for asset, signal, artefact in file_signals(observation, index, weights):
        if signal:
            signals.setdefault(asset, []).append(signal)
        if artefact:
            artefacts.setdefault(asset, []).append(artefact)
    for asset, signal in count_signals(observation, index, weights, signals):
        signals.setdefault(asset, []).append(signal)
    for asset, some in read.names.items():
        signals.setdefault(asset, []).extend(some)
    for asset, signal in [*likeness_signals(observation, index, weights, signals)]:
        signals[asset].append(signal)
    context = _rule_signals(observation, read, index, weights, pack, signals)
    found: list[Match] = []
    for asset, told in signals.items():
        prior = prior_signals(index.assets[asset].prior_bits, site_bits, told)
        if _is_named(told):
            places = read.places.get(asset, set[Place]()) | ({Place.OWN} if _is_held(told) else set[Place]())
            told += [*standing(read.cut, places, index.assets[asset].names, weights), *context]
        found.append(_judge(asset, [*told, *prior], weights, (*artefacts.get(asset, ()), *shared)))
    return tuple(sorted((m for m in found if m.score > 0.01), key=lambda m: (-m.score, m.asset)))


class _Local(threading.local):
    """A reader for each thread: it remembers words, and is not made to be shared."""

    def __init__(self) -> None:
        self.reader = Reader()


_LOCAL = _Local()


def _reader() -> Reader:
    return _LOCAL.reader


def _add_infohashes(
    shared: Sequence[str],
    index: Index,
    weights: Weights,
    known: Known,
    signals: dict[AssetId, list[Signal]],
    artefacts: dict[AssetId, list[str]],
) -> None:
    for key in shared:
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


def _texts(observation: Observation, cut: Shown) -> Iterator[tuple[Place, Text]]:
    """What may bear a name, and where it stands: the title, the names of its torrents and files, the text."""
    if not (
        observation.locators or observation.files or observation.text
    ):  # nearly always, where names stream
        place, kind = (Place.OWN, Field.RELEASE) if is_torrent(observation) else (Place.TITLE, Field.NAME)
        yield place, Text(observation.title, kind)
        return
    own = is_its_name(observation)
    yield (
        Place.OWN if own else Place.TITLE,
        Text(observation.title, Field.RELEASE if is_torrent(observation) else Field.NAME),
    )
    if is_repository(observation) and "/" in observation.title:
        yield Place.OWN, Text(observation.title.rpartition("/")[2], Field.NAME)
    if cut.is_mute and not own:
        yield Place.TITLE, Text(observation.title, Field.PROSE)
    for name in cut.own:
        if name != observation.title:
            yield Place.OWN, Text(name, Field.RELEASE)
    for file in observation.files[:_MAX_FILES]:
        yield Place.OWN, Text(file.path, Field.FILE)
    if cut.near:
        yield Place.NEAR, Text(cut.near, Field.PROSE)
    for apart in filter(None, (cut.far, cut.links)):
        yield Place.FAR, Text(apart, Field.PROSE)


def _rule_signals(
    observation: Observation,
    read: _Read,
    index: Index,
    weights: Weights,
    pack: RulePack,
    signals: dict[AssetId, list[Signal]],
) -> list[Signal]:
    """Hits of rules: those of an asset speak for it, the others are context for whatever a name has found.

    Looked for only where there is something to say about: a named asset, or rules that belong to one. Of talk
    about leaks only the strongest sign counts, for talk and an offer often stand in one post; where an item is of
    another kind altogether, its words of an offer speak of that.
    """
    if not signals and not compiled(pack).has_assets:
        return []
    item = Item(read.cut.title, read.cut.words, observation.files, observation.site)
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
            read.places.setdefault(AssetId(rule.asset), set()).add(Place.OWN)
    against = sorted(noise, key=lambda s: s.weight)[:1]
    if against and against[0].weight <= weights["rule_noise_high"]:
        return against
    return sorted(general, key=lambda s: -s.weight)[:_MAX_RULES] + against


def _is_held(told: list[Signal]) -> bool:
    """Whether what can be had is the asset's by more than a name, so that it does not matter what it is called."""
    return any(s.weight >= CORROBORATING_BITS and s.kind in EXACT_SIGNALS | _STRUCTURE | _KNOWN for s in told)


def _is_named(told: list[Signal]) -> bool:
    return any(signal.kind in _NAMES and signal.weight > 0 for signal in told)


def _judge(asset: AssetId, told: list[Signal], weights: Weights, artefacts: tuple[str, ...]) -> Match:
    """Score and tier: context never corroborates."""
    bits = weights["prior"] + sum(signal.weight for signal in told)
    score = round(1 / (1 + 2 ** -max(-60.0, min(60.0, bits))), 4)
    tier = None
    if score >= weights["auto"] and _is_corroborated(told):
        tier = Tier.AUTO
    elif score >= weights["review"]:
        tier = Tier.REVIEW
    ordered = tuple(sorted(told, key=lambda s: -abs(s.weight)))
    return Match(asset, score, tier, ordered, tuple(dict.fromkeys(artefacts)))


def _is_corroborated(told: list[Signal]) -> bool:
    telling = EXACT_SIGNALS | _STRUCTURE | (_BESIDE_A_NAME if _is_named(told) else frozenset())
    return any(s.weight >= CORROBORATING_BITS and s.kind in telling for s in told)


def artefact_keys(observation: Observation) -> tuple[str, ...]:
    """What other sightings of the same leak would share: swarms, content ids, repositories, addresses of files."""
    keys = [key for locator in observation.locators for key in _locator_keys(locator)]
    return tuple(dict.fromkeys(short_key(key) for key in keys))


def _locator_keys(locator: Locator) -> list[str]:
    if locator.infohashes:
        return [f"swarm:{key.hex()}" for key in locator.infohashes.swarm_keys]
    if link := parse_ed2k(locator.value) if locator.kind is LocatorKind.ED2K else None:
        return [f"ed2k:{link.digest}"]
    if cid := cid_v1(locator.value) if locator.kind is LocatorKind.IPFS else None:
        return [f"ipfs:{cid}"]
    if locator.kind is LocatorKind.FILE_HOST:
        return [f"url:{without_key(locator.value)}"]
    what = "repository" if locator.kind is LocatorKind.REPOSITORY else "url"
    return [f"{what}:{locator.value}"]
