"""Why a name has the tier that it has, and what would change it: each change is tried, none is guessed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from leakwatch.extract.links import locate
from leakwatch.matching.engine import NO_PRIORS, NO_RULES, match
from leakwatch.matching.index import Index
from leakwatch.matching.structure.sizes import is_fine
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import Asset
from leakwatch.model.finding import Match, Signal, SignalKind, Tier
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.rulepack.schema import RulePack

MOST = 5
LEAST = 0.01
"""The score from which on a near miss is explained."""
_MAGNET = f"magnet:?xt=urn:btih:{1:040x}"
_FOLLOWS = re.compile(r"'([^']+)' follows the name\Z")
_YEARS = re.compile(r"[(\[]?\b(?:19|20)\d\d\b[)\]]?")
_TAGS = " 1080p WEB-DL x264-GRP"


@dataclass(frozen=True, slots=True)
class Step:
    """One signal, and the sum up to it. Units: bits."""

    signal: Signal
    sum_bits: float


@dataclass(frozen=True, slots=True)
class Change:
    """What the match would be if something were otherwise. Units: `bits` more or less than now."""

    what: str
    bits: float
    score: float
    tier: Tier | None


@dataclass(frozen=True, slots=True)
class Explained:
    """One candidate: its signals summed up from the prior, what it lacks, and what would change it.

    Units:  bits; `to_review` and `to_auto` are what the sum lacks, at most 0 where it is enough. `auto` wants a
            digest, an infohash or sizes as well: `is_registered` says whether anything of that kind is known of it.
    """

    asset: Asset
    match: Match
    steps: tuple[Step, ...]
    to_review: float
    to_auto: float
    is_registered: bool
    changes: tuple[Change, ...]


def explain(
    seen: Observation,
    index: Index,
    weights: Weights,
    pack: RulePack = NO_RULES,
    priors: Mapping[str, float] = NO_PRIORS,
) -> list[Explained]:
    """The strongest five candidates, each with the changes that matter to it, those of the tier first."""
    found = match(seen, index, weights, None, pack, priors, LEAST)[:MOST]
    told: list[Explained] = []
    for one in found:
        asset = index.assets[one.asset]
        now = _sum(one, weights)
        changes: list[Change] = []
        for what, changed in _otherwise(seen, asset, one):
            matches = match(changed, index, weights, None, pack, priors, LEAST)
            after = next((other for other in matches if other.asset == asset.id), None)
            bits = round((_sum(after, weights) if after else weights["prior"]) - now, 2)
            tier, score = (after.tier, after.score) if after else (None, 0.0)
            if bits or tier is not one.tier:
                changes.append(Change(what, bits, score, tier))
        changes.sort(key=lambda change: (change.tier is one.tier, -change.bits))
        told.append(_explained(asset, one, weights, now, tuple(changes)))
    return told


def _explained(
    asset: Asset, one: Match, weights: Weights, now: float, changes: tuple[Change, ...]
) -> Explained:
    steps: list[Step] = []
    total = weights["prior"]
    for signal in one.signals:
        total += signal.weight
        steps.append(Step(signal, round(total, 2)))
    is_registered = bool(asset.infohashes or asset.files)
    to_review, to_auto = (round(bits_of(weights[tier]) - now, 2) for tier in ("review", "auto"))
    return Explained(asset, one, tuple(steps), to_review, to_auto, is_registered, changes)


def _sum(one: Match, weights: Weights) -> float:
    return weights["prior"] + sum(signal.weight for signal in one.signals)


def bits_of(score: float) -> float:
    """The sum of bits that makes a score."""
    return math.log2(score / (1 - score))


def _otherwise(seen: Observation, asset: Asset, one: Match) -> Iterator[tuple[str, Observation]]:
    """What could be otherwise, and the observation if it were."""
    if not seen.locators:
        yield "a locator", replace(seen, locators=(Locator(LocatorKind.MAGNET, _MAGNET),))
    sizes = {
        file.size_bytes: file.path for file in asset.files if file.size_bytes and is_fine(file.size_bytes)
    }
    if sizes and seen.size_bytes not in sizes:
        size = max(sizes)
        told = replace(seen, size_bytes=size, size_is_exact=True)
        yield f"an exact size of {size} bytes, as {sizes[size]!r} has", told
    if seen.size_bytes is not None:
        yield f"without the size of {seen.size_bytes} bytes", replace(seen, size_bytes=None)
    hashed = max(
        (file for file in asset.files if file.sha256), key=lambda file: file.size_bytes or 0, default=None
    )
    if hashed and hashed.sha256:
        file = ObservedFile(path="x", size_bytes=hashed.size_bytes, sha256=hashed.sha256.hex())
        yield f"a file with the SHA-256 of {hashed.path!r}", replace(seen, files=(*seen.files, file))
    if asset.infohashes:
        magnet = f"magnet:?xt=urn:btih:{asset.infohashes[0]}"
        if len(asset.infohashes[0]) in (32, 40):
            yield f"the registered infohash {asset.infohashes[0]}", _with_magnet(seen, magnet)
    yield from _titles(seen, asset, one)


def _with_magnet(seen: Observation, magnet: str) -> Observation:
    return locate(replace(seen, magnet=magnet))


def _titles(seen: Observation, asset: Asset, one: Match) -> Iterator[tuple[str, Observation]]:
    title = seen.title
    for signal in one.signals:
        if found := _FOLLOWS.search(signal.detail) if signal.kind is SignalKind.VERSION else None:
            shorter = re.sub(rf"[\s._-]*{re.escape(found[1])}\b", "", title, count=1, flags=re.IGNORECASE)
            if shorter != title:
                yield f"the title without {found[1]!r}", replace(seen, title=shorter)
    without = _YEARS.sub("", title).strip()
    if without and without != title:
        yield "the title without a year", replace(seen, title=without)
    if asset.year and str(asset.year) not in title:
        yield f"the year {asset.year}", replace(seen, title=f"{without or title} {asset.year}")
    if any(signal.kind in (SignalKind.TITLE, SignalKind.TITLE_FUZZY) for signal in one.signals):
        yield "the tags of a release behind it", replace(seen, title=f"{title}{_TAGS}")
    if title != asset.title:
        yield f"the title {asset.title!r} itself", replace(seen, title=asset.title)
