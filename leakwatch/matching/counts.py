"""What a hub counts in a repository, elements by dtype, against the catalogue's header prints."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping

from leakwatch.headers.likeness import Likeness
from leakwatch.headers.parameters import EXTRA_ELEMENTS, GGUF, by_parameters
from leakwatch.matching.index import Index
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import AssetId
from leakwatch.model.finding import CORROBORATING_BITS, Signal, SignalKind
from leakwatch.model.observation import Observation


def count_signals(
    observation: Observation, index: Index, weights: Weights, told: Mapping[AssetId, list[Signal]]
) -> Iterator[tuple[AssetId, Signal]]:
    """Each asset whose model has the elements that the hub counts, once.

    Where an exact size agrees already the counts weigh nothing: they follow from it. They are looked up by their
    total, so the cost does not grow with the catalogue.
    """
    if not observation.parameters:
        return
    for asset, (judged, what) in _judged(observation, index).items():
        by_size = any(
            one.kind is SignalKind.SIZE and one.weight >= CORROBORATING_BITS for one in told.get(asset, ())
        )
        detail = f"the hub's {what} counts agree with the header print: {judged.reason}"
        yield asset, Signal(SignalKind.ELEMENTS, detail, 0.0 if by_size else weights["elements"])


def _judged(observation: Observation, index: Index) -> dict[AssetId, tuple[Likeness, str]]:
    """The best judgement of each asset. GGUF files are counted apart: a repository may have both formats."""
    found: dict[AssetId, tuple[Likeness, str]] = {}
    told = dict(observation.parameters)
    for what in ("safetensors", GGUF):
        counts = {dtype: count for dtype, count in told.items() if (dtype == GGUF) is (what == GGUF)}
        total = sum(counts.values())
        first = bisect_left(index.totals, total - EXTRA_ELEMENTS)
        for near in index.totals[first : bisect_right(index.totals, total)]:
            for asset, model in index.by_total[near]:
                judged = by_parameters(model, counts)
                if judged and (asset not in found or judged.kind == "same"):
                    found[asset] = (judged, what)
    return found
