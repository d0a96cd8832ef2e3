"""Lines -> records: one value a column, in the order of `fields`. Works under embargo are called by their code name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from leakwatch.export.terms import Terms
from leakwatch.model.asset import Asset
from leakwatch.model.finding import Proof, State, Verdict
from leakwatch.model.lines import EventLine, FindingLine, SightingLine

Value = str | int | float | datetime | tuple[str, ...] | None
Record = dict[str, Value]
Line = FindingLine | SightingLine | EventLine
BEHIND = "(behind the code name)"
NO_LEAK = frozenset({State.FALSE_POSITIVE, State.ALLOWED})
"""What people judged to be none: nobody is to act on what such a case names, whatever is proved of it."""
_ORDER = (Verdict.PROVED, Verdict.LIKELY, Verdict.REFUTED, Verdict.UNPROVED, Verdict.UNKNOWN)


def is_veiled(asset: Asset, terms: Terms) -> bool:
    """Whether neither names of the asset may be told, nor where it shows."""
    return asset.embargoed and not terms.with_names


def named(asset: Asset, terms: Terms) -> tuple[str, str]:
    """Id and name of an asset, as they may be told."""
    return (asset.shown_id, asset.shown_name) if is_veiled(asset, terms) else (str(asset.id), asset.title)


def record(line: Line, terms: Terms) -> Record:
    """One line as a record."""
    match line:
        case FindingLine():
            return _finding(line, terms)
        case SightingLine():
            return _sighting(line, terms)
        case EventLine():
            return _event(line, terms)


def _finding(line: FindingLine, terms: Terms) -> Record:
    one, is_secret = line.finding, is_veiled(line.asset, terms)
    ident, name = named(line.asset, terms)
    return {
        "id": one.id,
        "asset": ident,
        "asset_name": name,
        "state": one.state.value,
        "verdict": one.verdict.value,
        "severity": one.severity.value,
        "severity_why": one.severity_why,
        "tier": one.tier.value,
        "score": round(one.score, 4),
        "title": BEHIND if is_secret else one.title,
        "opened_at": one.opened_at,
        "updated_at": one.updated_at,
        "due_at": one.due_at,
        "acknowledged_at": one.acknowledged_at,
        "acknowledged_by": one.acknowledged_by,
        "assignee": one.assignee,
        "closed_at": one.closed_at,
        "merged_into": one.merged_into,
        "sightings": one.sightings,
        "sites": tuple(sorted(one.sites)),
        "urls": () if is_secret else urls(line),
        "infohashes": () if is_secret else infohashes(line),
        "proof": None if is_secret else proof_words(line),
    }


def _sighting(line: SightingLine, terms: Terms) -> Record:
    is_secret = is_veiled(line.asset, terms)
    ident, name = named(line.asset, terms)
    return {
        "id": line.id,
        "finding": line.finding,
        "asset": ident,
        "asset_name": name,
        "site": line.site,
        "place": line.place,
        "native_id": None if is_secret else line.native_id,
        "title": BEHIND if is_secret else line.title,
        "url": None if is_secret else line.url,
        "author": terms.authors.shown(line.author),
        "tier": line.tier,
        "score": round(line.score, 4),
        "seen_at": line.seen_at,
        "published_at": line.published_at,
        "locators": () if is_secret else line.locators,
        "evidence": line.evidence,
    }


def _event(line: EventLine, terms: Terms) -> Record:
    """Of a work under embargo neither what belongs to an event nor anybody's words: both may name it."""
    event, is_secret = line.event, is_veiled(line.asset, terms)
    ident, name = named(line.asset, terms)
    return {
        "id": line.id,
        "finding": event.finding,
        "asset": ident,
        "asset_name": name,
        "kind": event.kind.value,
        "at": event.at,
        "actor": event.actor,
        "reason": None if is_secret else event.reason,
        "detail": () if is_secret else tuple(f"{key}={value}" for key, value in sorted(event.detail.items())),
    }


def urls(line: FindingLine) -> tuple[str, ...]:
    """Addresses of a finding's newest sightings, each once."""
    return tuple(dict.fromkeys(one.url for one in line.sightings if one.url))


def infohashes(line: FindingLine) -> tuple[str, ...]:
    """The infohashes of a finding's torrents, in hex."""
    return tuple(one.hex() for both, _ in line.torrents for one in (both.v1, both.v2) if one is not None)


def proof_words(line: FindingLine) -> str | None:
    """What the proof says that decides most."""
    best: Sequence[Proof] = sorted(
        (proof for _, proof in line.torrents), key=lambda one: _ORDER.index(one.verdict)
    )
    return best[0].reason or None if best else None
