"""Severity: what raises it, what lowers it, and that each step has its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.model.asset import Asset, AssetId, Stage
from leakwatch.model.finding import Fake, Proof, Severity, Tier, Verdict
from leakwatch.model.place import REACH, PlaceClass, class_of
from leakwatch.model.swarm import Spread
from leakwatch.severity import GROWING_DOUBLING_S, GROWING_SEEDS, lowered, severity_of, weighed
from leakwatch.sources import KINDS

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ASSET = Asset(id=AssetId("m7"), title="Northwind Model 7B")
NEAR = replace(ASSET, release_at=NOON + timedelta(days=3))
FAKE = Proof(Verdict.UNPROVED, "none", fake=Fake(0.95, 2, ("padding: 1 GB of zeros (+9.0 bits)",)))


def spread(seeds: int = GROWING_SEEDS, doubling_s: float | None = GROWING_DOUBLING_S) -> Spread:
    """What a swarm looks like now."""
    return Spread(seeds, 0, NOON, seeds, NOON, doubling_s)


@given(st.sampled_from(Tier), st.sampled_from(Verdict), st.booleans(), st.sampled_from([(), (FAKE,)]))
def test_where_nothing_new_speaks_the_rules_stand(
    tier: Tier, verdict: Verdict, critical: bool, proofs: tuple[Proof, ...]
) -> None:
    """One board, one forum or one index and a quiet swarm change nothing of what asset, match and verdict say."""
    asset = replace(ASSET, critical=critical)
    base = lowered(severity_of(asset, tier, verdict, NOON), proofs, verdict, asset, NOON)
    for place in (PlaceClass.BOARD, PlaceClass.FORUM, PlaceClass.INDEX, PlaceClass.PASTE):
        told = weighed(asset, tier, verdict, (NOON,), proofs, {place}, spread(3))
        assert told.severity is base


@pytest.mark.parametrize(
    ("places", "swarm", "severity", "why"),
    [
        ({PlaceClass.DHT}, None, Severity.LOW, "heard in the DHT only"),
        ({PlaceClass.DHT, PlaceClass.PASTE}, None, Severity.MEDIUM, ""),
        ({PlaceClass.INDEX, PlaceClass.HUB}, None, Severity.HIGH, "several kinds of places (hub, index)"),
        ({PlaceClass.BOARD, PlaceClass.HUB}, None, Severity.MEDIUM, ""),
        ({PlaceClass.BOARD}, spread(), Severity.HIGH, "doubles every 6.0 h and has 20 seeds"),
        ({PlaceClass.BOARD}, spread(GROWING_SEEDS - 1), Severity.MEDIUM, ""),
        ({PlaceClass.BOARD}, spread(doubling_s=None), Severity.MEDIUM, ""),
        ({PlaceClass.BOARD}, spread(doubling_s=GROWING_DOUBLING_S + 1), Severity.MEDIUM, ""),
        ({PlaceClass.HUB, PlaceClass.CODE}, spread(), Severity.CRITICAL, "doubles every"),
    ],
)
def test_reach_and_growth_move_it(
    places: set[PlaceClass], swarm: Spread | None, severity: Severity, why: str
) -> None:
    """How public it is and how fast it grows are a step each, and the reason says so."""
    told = weighed(ASSET, Tier.REVIEW, Verdict.UNKNOWN, (NOON,), (), places, swarm)
    assert told.severity is severity
    assert why in told.why
    assert told.why.startswith("little more than a name agrees")


def test_the_dht_alone_does_not_lower_what_is_proved() -> None:
    """A proof counts wherever the torrent was heard of."""
    told = weighed(ASSET, Tier.REVIEW, Verdict.PROVED, (NOON,), (), {PlaceClass.DHT})
    assert (told.severity, told.why) == (Severity.HIGH, "proved")


def test_every_step_has_its_words() -> None:
    """The reasons name the match, the asset, the places, the swarm and the fake, in this order."""
    asset = replace(NEAR, critical=True)
    places = {PlaceClass.HUB, PlaceClass.CODE}
    told = weighed(asset, Tier.AUTO, Verdict.UNPROVED, (NOON,), (FAKE,), places, spread())
    assert told.severity is Severity.HIGH
    assert told.why == (
        "more than a name agrees, unproved; the work is critical; in its release window; "
        "public on several kinds of places (code, hub); the swarm doubles every 6.0 h and has 20 seeds; "
        "looks like a fake"
    )


@given(st.sampled_from(Tier), st.sampled_from(Verdict), st.sets(st.sampled_from(PlaceClass)))
def test_what_is_refuted_or_retired_is_low(tier: Tier, verdict: Verdict, places: set[PlaceClass]) -> None:
    """Nothing else speaks of a fake, or of a work that its owner has retired."""
    retired = replace(NEAR, critical=True, stage=Stage.RETIRED)
    assert weighed(retired, tier, verdict, (NOON,), (), places, spread()).severity is Severity.LOW
    assert weighed(NEAR, tier, Verdict.REFUTED, (NOON,), (), places, spread()).severity is Severity.LOW


def test_a_released_work_has_no_release_window() -> None:
    """The command that releases a work ends its window at once; a date that passes does not."""
    assert severity_of(NEAR, Tier.REVIEW, Verdict.UNKNOWN, NOON) is Severity.HIGH
    released = replace(NEAR, stage=Stage.RELEASED)
    assert severity_of(released, Tier.REVIEW, Verdict.UNKNOWN, NOON) is Severity.MEDIUM
    assert (
        severity_of(replace(NEAR, stage=Stage.SCHEDULED), Tier.REVIEW, Verdict.UNKNOWN, NOON) is Severity.HIGH
    )


def test_every_kind_has_its_class() -> None:
    """Each kind of source is in the table, or is meant to be any place; each class has its reach."""
    assert {kind for kind in KINDS if class_of(kind) is PlaceClass.OTHER} <= {"page", "inbox"}
    assert set(REACH) == set(PlaceClass)
    assert class_of(None) is class_of("no such kind") is PlaceClass.OTHER
