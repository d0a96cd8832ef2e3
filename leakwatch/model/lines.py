"""What is listed of findings, sightings and events: values as the store hands them out, many at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from leakwatch.model.asset import Asset
from leakwatch.model.finding import Finding, FindingEvent, FindingId, Proof, Severity, State
from leakwatch.model.observation import ObservedFile
from leakwatch.torrent.infohash import Infohashes

MOST_SIGHTINGS = 20
"""Sightings that are listed with a finding, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines are wanted. Findings that became part of another are left out unless their state is named."""

    since: datetime | None = None
    assets: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    least: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SightingLine:
    """One sighting. `asset` has names and embargo, no files."""

    id: int
    finding: FindingId
    asset: Asset
    site: str
    place: str
    native_id: str
    title: str
    url: str | None
    author: str | None
    tier: str
    score: float
    seen_at: datetime
    published_at: datetime | None
    locators: tuple[str, ...]
    evidence: str | None
    files: tuple[ObservedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class SeenOn:
    """How often a finding was seen on a site, and when first and last."""

    count: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """One finding with what belongs to it. `sightings` are the newest, newest first; `seen_on` counts all, by site."""

    finding: Finding
    asset: Asset
    sightings: tuple[SightingLine, ...] = ()
    seen_on: Mapping[str, SeenOn]
    torrents: tuple[tuple[Infohashes, Proof], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """One event of a finding."""

    id: int
    asset: Asset
    event: FindingEvent
