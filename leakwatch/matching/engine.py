"""`match`: the only door into this folder."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leakwatch.extract.canonical import canonical_repository, url_key
from leakwatch.extract.ed2k import parse_ed2k
from leakwatch.extract.ipfs import cid_v1
from leakwatch.matching.counts import count_signals
from leakwatch.matching.index import Index
from leakwatch.matching.known import Known, known_signals, odds
from leakwatch.matching.names import Field, Reader, Text
from leakwatch.matching.offers import Place, is_torrent, standing
from leakwatch.matching.priors import prior_signals
from leakwatch.matching.reading import Read, is_bare, texts_of
from leakwatch.matching.rules import compiled
from leakwatch.matching.scale import Scale
from leakwatch.matching.structure import file_signals, likeness_signals
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import MAX_PRIOR_BITS, AssetId
from leakwatch.model.finding import (
    CORROBORATING_BITS,
    EXACT_SIGNALS,
    Match,
    Signal,
    SignalKind,
    Tier,
)
from leakwatch.model.observation import Locator, LocatorKind, Observation, short_key
from leakwatch.rulepack.schema import RulePack

_NAMES = frozenset({SignalKind.TITLE, SignalKind.TITLE_FUZZY})
_STRUCTURE = frozenset({SignalKind.SIZE})
_KNOWN = frozenset({SignalKind.KNOWN})
_BESIDE_A_NAME = frozenset({SignalKind.ELEMENTS})
LEAST_SHOWN = 0.1
"""The score from which on a near miss is given; `rule explain` asks for weaker ones."""
_ROUNDING, _SCORE_ROUNDING = 0.02, 0.0001
"""Bits, and parts of a score, that may be gained when they are rounded to be told."""
NO_RULES = RulePack()
NO_PRIORS: Mapping[str, float] = {}


def match(
    observation: Observation,
    index: Index,
    weights: Weights,
    known: Known | None = None,
    pack: RulePack = NO_RULES,
    priors: Mapping[str, float] = NO_PRIORS,
    least: float = LEAST_SHOWN,
) -> tuple[Match, ...]:
    """Every asset that an observation may concern: `match_all` of one."""
    return match_all([(observation, known or ())], index, weights, pack, priors, least)[0]


def match_all(
    seen: Sequence[tuple[Observation, Known]],
    index: Index,
    weights: Weights,
    pack: RulePack = NO_RULES,
    priors: Mapping[str, float] = NO_PRIORS,
    least: float = LEAST_SHOWN,
) -> list[tuple[Match, ...]]:
    """Every asset that each observation may concern, strongest first, with every signal and its weight.

    A name alone, however good, never reaches `auto`: that takes a digest, an infohash, the size, or a hub's count
    of elements; the last counts only beside a name, for every fine-tune of an architecture has the same.
    Matches too weak for `review` are given, too, with `tier` None, so that a near miss can be explained: those of a
    score of `least` and more. Names are looked for in all of them together, which costs a tenth of one by one.
    """
    batch = _Batch(lambda number: seen[number], Matching(index, weights, pack, priors, least))
    for number, (observation, _) in enumerate(seen):
        batch.add(number, observation)
    return batch.matches(len(seen))


def match_names(
    names: Sequence[str],
    site: str,
    at: datetime,
    index: Index,
    weights: Weights,
    pack: RulePack = NO_RULES,
    least: float = LEAST_SHOWN,
) -> list[tuple[Match, ...]]:
    """`match_all` of items that are a title and no more; only those that bear a name are made into observations."""

    def seen(number: int) -> tuple[Observation, Known]:
        return Observation(site=site, native_id="", title=names[number], fetched_at=at), ()

    batch = _Batch(seen, Matching(index, weights, pack, NO_PRIORS, least))
    batch.add_titles(names)
    return batch.matches(len(names))


@dataclass(frozen=True, slots=True)
class Matching:
    """What items are matched against, and the score from which on a match is given."""

    index: Index
    weights: Weights
    pack: RulePack
    priors: Mapping[str, float]
    least: float


class _Batch:
    """Items whose names are looked for together. An item is taken apart when something of it calls for that."""

    def __init__(self, seen: Callable[[int], tuple[Observation, Known]], by: Matching) -> None:
        self._seen, self._by = seen, by
        self._reads: dict[int, Read] = {}
        self._wanted: set[int] = set()
        self._full: set[int] = set()
        self._texts: list[Text] = []
        self._owners: list[int] = []
        self._places: list[Place] = []
        self._needed = odds(by.least - _SCORE_ROUNDING) - by.weights["prior"] - _most_beside(by) - _ROUNDING

    def add(self, number: int, observation: Observation) -> None:
        """Take up the texts of one item."""
        if is_bare(observation):
            is_own = is_torrent(observation)
            self._texts.append(Text(observation.title, Field.RELEASE if is_own else Field.NAME))
            self._owners.append(number)
            self._places.append(Place.OWN if is_own else Place.TITLE)
            return
        self._full.add(number)
        if observation.size_bytes or observation.files or observation.locators or observation.parameters:
            self._wanted.add(number)
        for place, text in texts_of(observation, self._read(number).cut):
            self._texts.append(text)
            self._owners.append(number)
            self._places.append(place)

    def add_titles(self, titles: Sequence[str]) -> None:
        """Take up items that are their titles."""
        self._texts += map(Text, titles)
        self._owners += range(len(titles))
        self._places += [Place.TITLE] * len(titles)

    def matches(self, count: int) -> list[tuple[Match, ...]]:
        """The matches of each item; of those that nobody's name is in, and that say no more, there are none."""
        by = self._by
        named = _reader().read(self._texts, by.index, Scale.of(by.weights), self._least_bits)
        own = by.weights["offer_own_least"]
        for number, told in named.items():
            read = self._read(self._owners[number])
            self._wanted.add(self._owners[number])
            for asset, some in told.items():
                read.add(asset, some, self._places[number], own)
        wanted = range(count) if compiled(by.pack).has_assets else self._wanted
        found: list[tuple[Match, ...]] = [()] * count
        for number in wanted:
            found[number] = _match_one(self._read(number), by, is_full=number in self._full)
        return found

    def _read(self, number: int) -> Read:
        if number not in self._reads:
            self._reads[number] = Read(*self._seen(number))
        return self._reads[number]

    def _least_bits(self, text: int) -> float:
        """What a name in a text must say, so that with all that the rules say of the item it may be given.

        Only of a bare title is it known beforehand what else there may be; see `_match_one`.
        """
        owner = self._owners[text]
        if owner in self._full:
            return -math.inf
        read = self._read(owner)
        context = read.context(self._by.index, self._by.weights, self._by.pack)
        site = max(0.0, self._by.priors.get(read.seen.site, 0.0))
        return -math.inf if context.own else self._needed - context.bits - min(site, MAX_PRIOR_BITS)


def _most_beside(by: Matching) -> float:
    """The most that the catalogue may add to a name in a bare title, whatever the asset."""
    shapes = by.weights["shards"] + by.weights["size_near_most"] if by.index.shapes else 0.0
    return shapes + by.index.most_prior


def _match_one(read: Read, by: Matching, *, is_full: bool) -> tuple[Match, ...]:
    """Every asset that one item may concern. Of an item that is not full all there is is its title."""
    observation, index, weights = read.seen, by.index, by.weights
    signals: dict[AssetId, list[Signal]] = {}
    artefacts: dict[AssetId, list[str]] = {}
    shared = artefact_keys(observation)
    if is_full:
        _add_facts(read, shared, index, weights, signals, artefacts)
    for asset, some in read.names.items():
        signals.setdefault(asset, []).extend(some)
    for asset, signal in [*likeness_signals(observation, index, weights, signals)]:
        signals[asset].append(signal)
    context: Sequence[Signal] = ()
    if signals or compiled(by.pack).has_assets:
        told_by_rules = read.context(index, weights, by.pack)
        context = told_by_rules.signs
        for asset, signal in told_by_rules.own:
            signals.setdefault(asset, []).append(signal)
            read.places.setdefault(asset, set()).add(Place.OWN)
    site_bits = by.priors.get(observation.site, 0.0)
    found: list[Match] = []
    for asset, told in signals.items():
        prior = prior_signals(index.assets[asset].prior_bits, site_bits, told)
        if _is_named(told):
            places = read.places.get(asset, set[Place]()) | ({Place.OWN} if _is_held(told) else set[Place]())
            told += [*standing(read.cut, places, index.assets[asset].names, weights), *context]
        found.append(_judge(asset, [*told, *prior], weights, (*artefacts.get(asset, ()), *shared)))
    return tuple(sorted((m for m in found if m.score >= by.least), key=lambda m: (-m.score, m.asset)))


def _add_facts(
    read: Read,
    shared: Sequence[str],
    index: Index,
    weights: Weights,
    signals: dict[AssetId, list[Signal]],
    artefacts: dict[AssetId, list[str]],
) -> None:
    """What infohashes, files and counts of elements say."""
    for asset, signal, artefact in known_signals(shared, read.known, index, weights):
        signals.setdefault(asset, []).append(signal)
        if artefact:
            artefacts.setdefault(asset, []).append(artefact)
    for asset, signal, artefact in file_signals(read.seen, index, weights):
        if signal:
            signals.setdefault(asset, []).append(signal)
        if artefact:
            artefacts.setdefault(asset, []).append(artefact)
    for asset, signal in count_signals(read.seen, index, weights, signals):
        signals.setdefault(asset, []).append(signal)


class _Local(threading.local):
    """A reader for each thread: it remembers words, and is not made to be shared."""

    def __init__(self) -> None:
        self.reader = Reader()


_LOCAL = _Local()


def _reader() -> Reader:
    return _LOCAL.reader


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
    keys += [f"repo:{observation.repository_id}"] if observation.repository_id else []
    return tuple(dict.fromkeys(short_key(key) for key in keys))


def _locator_keys(locator: Locator) -> list[str]:
    if locator.infohashes:
        return [f"swarm:{key.hex()}" for key in locator.infohashes.swarm_keys]
    if link := parse_ed2k(locator.value) if locator.kind is LocatorKind.ED2K else None:
        return [f"ed2k:{link.digest}"]
    if cid := cid_v1(locator.value) if locator.kind is LocatorKind.IPFS else None:
        return [f"ipfs:{cid}"]
    if locator.kind is LocatorKind.REPOSITORY:
        return [f"repository:{canonical_repository(locator.value)}"]
    return [url_key(locator.value)]
