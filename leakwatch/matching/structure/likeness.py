"""What beside a name or a file makes an asset likelier: its shards, its tree of files, a size that is told roughly.

All of it can be had by copying names, so none of it corroborates a name; it orders the queue.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping

from leakwatch.extract.links import plain
from leakwatch.extract.told_sizes import ToldSize, told_as, told_sizes
from leakwatch.matching.index import Index
from leakwatch.matching.shapes import LARGE, Shape, is_generic, layouts_of, parts_of
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import CORROBORATING_BITS, Signal, SignalKind
from leakwatch.model.observation import Observation

_LEAST_ALIKE = 0.3
_LEAST_SHARED = 3
_GENERIC_PART = 0.25
_OCTAVES = 20
"""Doublings from 1 MiB to 1 TiB, over which sizes of files are spread about evenly."""
_PSEUDO = 64
"""Sizes that count as seen, spread so, beside those of the catalogue."""
_LONGEST_POST = 100_000
_FEW = 3
_MOST_ASSETS = 64
"""An item that so many assets have something in common with is looked at for the likeliest of them."""


def likeness_signals(
    observation: Observation, index: Index, weights: Weights, told: Mapping[AssetId, list[Signal]]
) -> Iterator[tuple[AssetId, Signal]]:
    """Signs of structure for the assets for which something else speaks already, at most 64."""
    shaped = [asset for asset in told if asset in index.shapes]
    if not shaped:
        return
    if len(shaped) > _MOST_ASSETS:
        shaped = sorted(shaped, key=lambda asset: -sum(s.weight for s in told[asset]))[:_MOST_ASSETS]
    paths = [file.path for file in observation.files]
    layouts = layouts_of([*paths, observation.title])
    parts = parts_of(paths) if len(paths) > 1 else frozenset[str]()
    for asset in shaped:
        own = index.shapes[asset]
        yield from _shards(asset, layouts, own, weights)
        if parts:
            yield from _tree(asset, parts, own, index, weights, told[asset])
        if not any(s.kind is SignalKind.SIZE and s.weight >= CORROBORATING_BITS for s in told[asset]):
            yield from _near(index.assets[asset], observation, own, index, weights)


def _shards(
    asset: AssetId, layouts: Mapping[tuple[str, str], int], own: Shape, weights: Weights
) -> Iterator[tuple[AssetId, Signal]]:
    for key, count in layouts.items():
        if own.layouts and own.layouts.get(key) == count:
            scheme, ending = key
            detail = (
                f"{count} parts by the scheme {scheme!r}{f' of {ending}' if ending else ''}, as its files"
            )
            yield asset, Signal(SignalKind.SHARDS, detail, weights["shards" if count > 2 else "shards_two"])
            return


def _tree(
    asset: AssetId, parts: frozenset[str], own: Shape, index: Index, weights: Weights, told: list[Signal]
) -> Iterator[tuple[AssetId, Signal]]:
    """Weighted Jaccard likeness of the names of folders and files; only what they say beyond single file names."""
    shared = parts & own.parts
    if sum(not (is_generic(part) or part.startswith(".")) for part in shared) < _LEAST_SHARED:
        return
    known = len(index.shapes)

    def weigh(some: frozenset[str]) -> float:
        return sum(
            _GENERIC_PART
            if is_generic(part)
            else 1 + math.log2((known + 1) / (index.spread.get(part, 0) + 1))
            for part in some
        )

    alike = weigh(shared) / weigh(parts | own.parts)
    single = sum(signal.weight for signal in told if signal.kind is SignalKind.FILE_NAME)
    bits = round(weights["tree"] * alike - single, 2)
    if alike >= _LEAST_ALIKE and bits > 0:
        detail = f"folders and files are called as its own, {100 * alike:.0f} % alike, {len(shared)} names"
        yield asset, Signal(SignalKind.TREE, detail, bits)


def _near(
    asset: Asset, observation: Observation, own: Shape, index: Index, weights: Weights
) -> Iterator[tuple[AssetId, Signal]]:
    large = own.sizes[bisect_left(own.sizes, LARGE) :]
    if not large:
        return
    best: Signal | None = None
    for told in _told(observation, asset):
        size = next((one for one in large if told.holds(one)), None)
        if size is None:
            continue
        chance = min(1.0, len(large) * _mass(told, index.sizes))
        bits = round(min(weights["size_near_most"], -weights["size_near_bit"] * math.log2(chance)), 2)
        if bits > 0 and (best is None or bits > best.weight):
            best = Signal(SignalKind.SIZE_NEAR, f"{told.text!r} fits the {size} bytes that it has", bits)
    if best:
        yield asset.id, best


def _mass(told: ToldSize, sizes: tuple[int, ...]) -> float:
    """How likely any size lies in the ranges: the catalogue's share, and that of sizes spread evenly by octave."""
    inside = sum(bisect_left(sizes, high) - bisect_left(sizes, low) for low, high in told.ranges)
    spread = sum(math.log2(high / max(low, 1)) for low, high in told.ranges) / _OCTAVES
    return (inside + _PSEUDO * min(1.0, spread)) / (len(sizes) + _PSEUDO)


def _told(observation: Observation, asset: Asset) -> Iterator[ToldSize]:
    """Sizes that are told of the item: its own, if inexact; else those in the title and by the name in the text."""
    if observation.size_bytes:
        if not observation.size_is_exact:
            yield told_as(observation.size_bytes)
        return
    yield from told_sizes(observation.title)
    if not observation.text:
        return
    text = plain(observation.text[:_LONGEST_POST])
    everywhere = list(told_sizes(text))
    if len(everywhere) <= _FEW:
        yield from everywhere
        return
    names = [name.casefold() for name in asset.names]
    lines = [line for line in text.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        folded = line.casefold()
        if any(name in folded for name in names):
            yield from told_sizes("\n".join(lines[number : number + 2]))
