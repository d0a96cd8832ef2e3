"""How much likelier than usual an asset is leaked, or a site shows leaks, as signals of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leakwatch.model.asset import MAX_PRIOR_BITS
from leakwatch.model.finding import CORROBORATING_BITS, Signal, SignalKind

_NAMES = frozenset({SignalKind.TITLE, SignalKind.TITLE_FUZZY})


def prior_signals(asset_bits: float, site_bits: float, told: Sequence[Signal]) -> list[Signal]:
    """At most six bits either way, both together. What speaks for an asset counts only beside a name, a digest or sizes."""
    if not asset_bits and not site_bits:
        return []
    is_carried = any(
        one.weight >= CORROBORATING_BITS or (one.kind in _NAMES and one.weight > 0) for one in told
    )
    return list(_signals(asset_bits, site_bits, 0.0 if not is_carried else MAX_PRIOR_BITS))


def _signals(asset_bits: float, site_bits: float, most: float) -> Iterator[Signal]:
    total = 0.0
    for bits, what in ((asset_bits, "the asset's own"), (site_bits, "the site's own")):
        together = min(most, max(-MAX_PRIOR_BITS, total + bits))
        if together != total:
            yield Signal(SignalKind.PRIOR, what, round(together - total, 2))
        total = together
