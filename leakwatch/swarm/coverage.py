"""What a stretch of listening to the DHT covered, as the ledger of all sites has it.

A page is a node that was asked, an item an infohash not heard before, a new item one that was stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leakwatch.display import clean
from leakwatch.errors import LeakwatchError
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.swarm.discovery import SamplerStatistics


@dataclass(slots=True)
class Counts:
    """What came of the infohashes whose turn it was; `dropped` are those that never had one."""

    known: int = 0
    with_metadata: int = 0
    without: int = 0
    stored: int = 0
    failed: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """When a stretch began, and where the sampler's running totals stood."""

    at: datetime
    sampled: SamplerStatistics


def window(
    site: str,
    since: Mark,
    sampled: SamplerStatistics,
    counts: Counts,
    at: datetime,
    error: Exception | None = None,
) -> CoverageWindow:
    """The window from `since` until now; `error` is what ended the listening."""
    before = since.sampled
    asked, heard = sampled.nodes_asked - before.nodes_asked, sampled.new - before.new
    sent, came = (
        sampled.packets_sent - before.packets_sent,
        sampled.packets_received - before.packets_received,
    )
    told = (
        f"sampled {asked} nodes with {sent} packets, {heard} new infohashes, {counts.with_metadata} with metadata, "
        f"{counts.without} without, {counts.known} known, {counts.failed} unreadable, {counts.dropped} dropped"
    )
    is_blind = not came and bool(sent or not sampled.nodes_known)  # all known nodes may be resting
    if error is not None:
        told = f"{_cause(error)}; {told}"
    elif is_blind:
        told = f"no node of the DHT answered; {told}"
    return CoverageWindow(
        site=site,
        started_at=since.at,
        ended_at=at,
        verdict=Coverage.ERROR if error is not None or is_blind else _verdict(heard, counts),
        pages=asked,
        items=heard,
        new_items=counts.stored,
        detail=clean(told, 1000),
    )


def _cause(error: Exception) -> str:
    """An error in words; of one that is not ours only its kind, for its text may hold an address."""
    return error.message if isinstance(error, LeakwatchError) else type(error).__name__


def _verdict(heard: int, counts: Counts) -> Coverage:
    """Of listening that went well: what was left out is worse than nothing new."""
    if counts.dropped or counts.failed:
        return Coverage.PARTIAL
    return Coverage.OK if heard or counts.stored else Coverage.EMPTY
