"""What a stretch of listening is called: blind, partial, empty or good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from leakwatch.errors import StoreError
from leakwatch.model.site import Coverage
from leakwatch.swarm.coverage import Counts, Mark, window
from leakwatch.swarm.discovery import SamplerStatistics

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BEFORE = SamplerStatistics(
    nodes_known=50,
    nodes_asked=100,
    nodes_dead=3,
    packets_sent=120,
    packets_received=90,
    samples=800,
    new=300,
    watched=2,
)
AFTER = replace(BEFORE, nodes_asked=110, packets_sent=132, packets_received=99, new=307)
ASKED_ONLY = replace(BEFORE, nodes_asked=110, packets_sent=132)


@pytest.mark.parametrize(
    ("sampled", "counts", "verdict"),
    [
        (AFTER, Counts(stored=2), Coverage.OK),
        (AFTER, Counts(dropped=1), Coverage.PARTIAL),
        (AFTER, Counts(failed=1), Coverage.PARTIAL),
        (replace(AFTER, new=300), Counts(), Coverage.EMPTY),
        (ASKED_ONLY, Counts(), Coverage.ERROR),  # asked, and nobody answered
        (BEFORE, Counts(), Coverage.EMPTY),  # all nodes rest: nobody was asked
        (replace(BEFORE, nodes_known=0), Counts(), Coverage.ERROR),  # there is nobody to ask
    ],
)
def test_verdict(sampled: SamplerStatistics, counts: Counts, verdict: Coverage) -> None:
    """Each way in which a stretch can go has its verdict, and figures count from its beginning."""
    made = window("s", Mark(NOON, BEFORE), sampled, counts, NOON)
    assert made.verdict is verdict
    assert (made.pages, made.items, made.new_items) == (
        sampled.nodes_asked - 100,
        sampled.new - 300,
        counts.stored,
    )


def test_an_error_says_what_is_ours_to_say() -> None:
    """An error of ours is told in its words; of another only the kind, for its text may hold an address."""
    for error, told in ((StoreError("busy"), "busy; "), (OSError("to 192.0.2.1"), "OSError; ")):
        made = window("s", Mark(NOON, BEFORE), AFTER, Counts(), NOON, error)
        assert made.verdict is Coverage.ERROR
        assert (made.detail or "").startswith(f"{told}sampled 10 nodes with 12 packets, 7 new infohashes")
