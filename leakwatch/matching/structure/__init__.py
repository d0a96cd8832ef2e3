"""Files against files: digests, sizes, names, shards, trees."""

from __future__ import annotations

from collections.abc import Iterator

from leakwatch.extract.ed2k import parse_ed2k
from leakwatch.matching.index import Index
from leakwatch.matching.structure.digests import digest_keys, digest_signals, proved_keys
from leakwatch.matching.structure.likeness import likeness_signals
from leakwatch.matching.structure.names import name_signals
from leakwatch.matching.structure.sizes import size_signals
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import AssetId
from leakwatch.model.finding import Signal
from leakwatch.model.observation import LocatorKind, Observation, ObservedFile

__all__ = ["digest_keys", "file_signals", "likeness_signals", "proved_keys"]


_MOST_DIGESTS = 16
_MOST_KEYS = 1000


def file_signals(
    observation: Observation, index: Index, weights: Weights
) -> Iterator[tuple[AssetId, Signal | None, str]]:
    """Every file of an observation against every known digest, size and name: asset, signal, artefact key.

    Of digests the sixteen strongest of an asset are told, and a thousand keys: the rest would say it again.
    """
    files = (*observation.files, *_linked(observation))
    digests: dict[AssetId, dict[str, tuple[Signal, str]]] = {}
    for file in files:
        for asset, signal, key in digest_signals(file, index, weights):
            digests.setdefault(asset, {}).setdefault(key or signal.detail, (signal, key))
    for asset, some in digests.items():
        strongest = sorted(some.values(), key=lambda one: -one[0].weight)[:_MOST_KEYS]
        for place, (signal, key) in enumerate(strongest):
            if key or place < _MOST_DIGESTS:
                yield asset, signal if place < _MOST_DIGESTS else None, key
    whole = observation.size_bytes if observation.size_is_exact else None
    sizes = size_signals(((file.size_bytes, file.path) for file in files), whole, index, weights)
    names = name_signals((file.path for file in files), index, weights)
    for asset, signal in (*sizes, *names):
        yield asset, signal, ""


def _linked(observation: Observation) -> Iterator[ObservedFile]:
    """The files that ed2k links name."""
    for locator in observation.locators:
        link = parse_ed2k(locator.value) if locator.kind is LocatorKind.ED2K else None
        if link:
            yield ObservedFile(path=link.name, size_bytes=link.size_bytes, ed2k=link.digest)
