"""What a person can ask about findings, over the ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from leakwatch.cases.graph import NOTHING_SEEN, FirstSeen, first_seen
from leakwatch.cases.scopes import Outlived, hidden_by, outlived, scope_of
from leakwatch.errors import InputError
from leakwatch.matching.structure import proved_keys
from leakwatch.model.alert import Alert, Place
from leakwatch.model.announcement import Noted
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.case import Hidden, Sighting
from leakwatch.model.evidence import Look, Screenshot
from leakwatch.model.finding import (
    EventKind,
    Finding,
    FindingEvent,
    FindingId,
    Proof,
    Severity,
    Verdict,
)
from leakwatch.model.swarm import SwarmSample
from leakwatch.ports import Repository


@dataclass(frozen=True, slots=True)
class Case:
    """A finding with all that belongs to it."""

    finding: Finding
    asset: Asset
    places: tuple[Place, ...]
    events: tuple[FindingEvent, ...]
    proofs: tuple[Proof, ...]
    signals: tuple[tuple[str, str, float], ...]
    samples: tuple[SwarmSample, ...] = ()
    looks: tuple[Look, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    spreading: FirstSeen = NOTHING_SEEN
    others: Mapping[str, Sequence[tuple[FindingId, AssetId]]] = field(default_factory=dict)
    hidden: Hidden | None = None
    noted: tuple[Noted, ...] = ()
    screenshots: tuple[Screenshot, ...] = ()
    outlived: tuple[Outlived, ...] = ()


async def show_finding(ident: str, repository: Repository, day: date | None = None) -> Case:
    """One finding with places, history and proofs; a merged one leads to the case it is part of now.

    With a `day` also what judgements that were taken back hide on it.
    """
    async with repository.reading() as work:
        finding = await work.findings.survivor(FindingId(ident))
        asset = await work.catalogue.get(finding.asset) if finding else None
        if finding is None or asset is None:
            raise InputError(f"no finding {ident!r}; `leakwatch finding list` shows them")
        sightings = await work.cases.sightings(finding.id)
        carried = carried_by(await work.cases.proofs(finding.id), asset)
        authors = {one.author for one in sightings if one.author}
        events = await work.findings.events(finding.id)
        judged = scope_of(finding, events)
        but = judged.detail["scope"] if judged else None
        return Case(
            finding,
            asset,
            tuple(await work.findings.places(finding.id, 200)),
            tuple(events),
            tuple(await work.findings.proofs(finding.id)),
            tuple(await work.findings.signals(finding.id)),
            tuple(await work.swarms.samples(finding.id)),
            tuple(await work.looks.of(finding.id)),
            tuple(sightings),
            first_seen(sightings, carried),
            await work.cases.by_authors(authors, finding.id),
            await hidden_by(finding, work),
            tuple(await work.announcements.noted(finding.id)),
            tuple(await work.screenshots.of(finding.id)),
            await outlived(finding, asset, day, work, but=but) if day else (),
        )


def carried_by(proofs: Sequence[tuple[frozenset[str], Proof]], asset: Asset) -> dict[str, frozenset[str]]:
    """What each torrent was proved to carry, as artefact keys of the asset's files."""
    found: dict[str, frozenset[str]] = {}
    for keys, proof in proofs:
        content = frozenset(proved_keys(proof, asset))
        for key in keys:
            found[key] = found.get(key, frozenset()) | content
    return found


async def list_findings(repository: Repository, *, merged: bool = False) -> list[Finding]:
    """All findings, newest first."""
    async with repository.reading() as work:
        return await work.findings.list(merged=merged)


def make_test_alert(at: datetime) -> Alert:
    """An alert that tests a channel and says so."""
    told = at.isoformat(timespec="seconds")
    return Alert(
        finding=FindingId("LW-TEST"),
        event=EventKind.OPENED,
        asset_id="test",
        asset="(no asset: this is a test)",
        headline="Test alert: this channel works",
        severity=Severity.LOW,
        verdict=Verdict.UNKNOWN,
        verdict_detail="Nothing was found; somebody ran `leakwatch alert test`.",
        score=0.0,
        since=told,
        at=told,
        advice="Nothing to do.",
        content=f"test:{at.isoformat()}",
        test=True,
    )
