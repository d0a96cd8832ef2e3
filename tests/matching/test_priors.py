"""Priors: bounded signals of their own, which carry nothing alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leakwatch.matching.engine import match
from leakwatch.matching.index import build_index
from leakwatch.matching.priors import prior_signals
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Match, Signal, SignalKind, Tier

from .structure.test_sizes import WEIGHTS, seen

KETTLE = Asset(
    id=AssetId("a"),
    title="Copper Kettle",
    files=(AssetFile(path="kettle-master.mov", size_bytes=30_000_001),),
)


def found(asset: float, site: float, title: str = "Copper Kettle 1080p x264-GRP", form: str = "x") -> Match:
    """The match of a name under two priors."""
    index = build_index([replace(KETTLE, prior_bits=asset)])
    (one,) = match(seen([5], title, form), index, WEIGHTS, priors={"s": site, "other": 3.0})
    return one


@pytest.mark.parametrize(
    ("asset", "site", "bits"),
    [(0, 0, 0), (2, 0, 2), (0, -3, -3), (2, 1.5, 3.5), (6, 6, 6), (-6, -6, -6), (6, -6, 0), (-5, 6, 1)],
)
def test_priors_add_to_the_score(asset: float, site: float, bits: float) -> None:
    """The asset's and the site's prior are signals, six bits at most together, and no tier by themselves."""
    one = found(asset, site)
    assert sum(signal.weight for signal in one.signals if signal.kind is SignalKind.PRIOR) == bits
    total = WEIGHTS["prior"] + sum(signal.weight for signal in one.signals)
    assert one.score == pytest.approx(1 / (1 + 2**-total), abs=0.0001)
    assert one.tier is not Tier.AUTO


@pytest.mark.parametrize(
    ("kind", "weight", "is_carried"),
    [
        (SignalKind.FILE_NAME, 3.0, False),
        (SignalKind.TREE, 6.5, False),
        (SignalKind.SIZE, 8.0, False),
        (SignalKind.SIZE, 14.0, True),
        (SignalKind.SHA256, 40.0, True),
        (SignalKind.TITLE, 2.0, True),
        (SignalKind.TITLE, -1.0, False),
    ],
)
def test_a_prior_lifts_only_what_carries_itself(kind: SignalKind, weight: float, is_carried: bool) -> None:
    """Without a name, a digest or sizes a prior speaks against an asset, never for it."""
    told = [Signal(kind, "x", weight)]
    assert [one.weight for one in prior_signals(4, 0, told)] == ([4] if is_carried else [])
    assert [one.weight for one in prior_signals(0, -4, told)] == [-4]
