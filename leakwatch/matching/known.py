"""What is known of the artefacts of an item: registered infohashes, and what open findings hold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from leakwatch.matching.index import Index
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import AssetId
from leakwatch.model.finding import KnownArtefact, Signal, SignalKind

Known: TypeAlias = Sequence[KnownArtefact]
"""Artefacts that open findings already hold; two assets may hold the same one."""


def known_signals(
    keys: Sequence[str], known: Known, index: Index, weights: Weights
) -> Iterator[tuple[AssetId, Signal, str]]:
    """Every key of an artefact that is registered or known: asset, signal, and the key where a finding holds it."""
    for key in keys:
        kind, _, value = key.partition(":")
        for asset in index.by_infohash.get(value, ()) if kind == "swarm" else ():
            yield asset, Signal(SignalKind.INFOHASH, f"{value} is registered", weights["infohash"]), ""
        for one in known:
            if one.key == key and one.asset in index.assets:
                yield one.asset, _known_signal(key, one, weights), key


def odds(score: float) -> float:
    """A score in bits."""
    return math.log2(score / (1 - score)) if score > 0 else -math.inf


def _known_signal(key: str, one: KnownArtefact, weights: Weights) -> Signal:
    """What is known of an artefact carries over as it is: a case in the queue does not grow sure by being repeated."""
    bits = round(odds(min(max(one.score, 0.001), 0.9999)) - weights["prior"], 2)
    kind = SignalKind.INFOHASH if one.is_sure else SignalKind.KNOWN
    return Signal(kind, f"{key} is known from a finding", bits)
