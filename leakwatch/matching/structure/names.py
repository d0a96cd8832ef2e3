"""Names of files against those of the catalogue's files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from leakwatch.matching.index import Index
from leakwatch.matching.shapes import base_name, is_generic
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import AssetId
from leakwatch.model.finding import Signal, SignalKind

_MOST_HOLDERS = 256
"""A name that more assets have says nothing of any."""
_MOST = 2


def name_signals(paths: Iterable[str], index: Index, weights: Weights) -> Iterator[tuple[AssetId, Signal]]:
    """Of each asset at most two files that are called as one of its own, the most telling."""
    found: dict[AssetId, list[Signal]] = {}
    for name in dict.fromkeys(map(base_name, paths)):
        holders = index.by_file_name.get(name, ())
        if not holders or len(holders) > _MOST_HOLDERS:
            continue
        bits = weights["file_name_generic" if is_generic(name) else "file_name"]
        for asset in holders:
            some = found.setdefault(asset, [])
            if len(some) < _MOST or bits > some[-1].weight:
                some.append(Signal(SignalKind.FILE_NAME, f"a file called {name!r}", bits))
                some.sort(key=lambda signal: -signal.weight)
                del some[_MOST:]
    for asset, some in found.items():
        yield from ((asset, signal) for signal in some)
