"""Rows to values and back, by plain functions. The one place where untyped columns become typed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from leakwatch.errors import MagnetError
from leakwatch.extract.peers import cut_peers
from leakwatch.model.allow import Allow, allow_from_json, allow_json
from leakwatch.model.asset import Asset, AssetFile, AssetId, QueryMode, Released, Stage
from leakwatch.model.channel import ChannelHealth
from leakwatch.model.finding import (
    EventKind,
    Fake,
    FileProof,
    Finding,
    FindingEvent,
    FindingId,
    Proof,
    Severity,
    State,
    Tier,
    VariantProof,
    Verdict,
)
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.model.origin import Origin, OriginHow
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2, PiecesRoot
from leakwatch.torrent.magnet import parse_magnet

Row = Mapping[str, Any]
_WORKED_ON = ("severity_why", "assignee", "due_at", "acknowledged_by", "acknowledged_at", "closed_at")
_PLAIN_FACTS = ("torrent_url", "magnet", "infohash_v1", "infohash_v2", "seeders", "leechers", "repository_id")


def asset_row(asset: Asset, created_at: datetime) -> dict[str, Any]:
    """An asset without its files."""
    return {"id": asset.id, **asset_words(asset), "created_at": created_at}


def asset_words(asset: Asset) -> dict[str, Any]:
    """What is said of an asset beside its files."""
    return {
        "title": asset.title,
        "aliases": list(asset.aliases),
        "year": asset.year,
        "kind": asset.kind,
        "owner": asset.owner,
        "codename": asset.codename,
        "embargoed": asset.embargoed,
        "critical": asset.critical,
        "swarm_lookup": asset.swarm_lookup,
        "infohashes": list(asset.infohashes),
        "prior_bits": asset.prior_bits,
        "release_at": asset.release_at,
        "release_window_days": asset.release_window_days,
        "query_mode": asset.query_mode.value if asset.query_mode else None,
        "released_by": asset.released.by if asset.released else None,
        "released_at": asset.released.at if asset.released else None,
        "allow": [allow_json(one) for one in asset.allow],
        "stage": asset.stage.value if asset.stage else None,
        "embargo_until": asset.embargo_until,
    }


def file_row(asset: AssetId, file: AssetFile) -> dict[str, Any]:
    """One file of an asset, without its tables."""
    told = {one.name: getattr(file, one.name) for one in dataclasses.fields(file) if one.name != "tables"}
    return told | {
        "asset_id": asset,
        "variant": file.variant or "",
        "differs": [list(one) for one in file.differs],
    }


def allow_of(told: Sequence[Any]) -> tuple[Allow, ...]:
    """The allow list of a row of the table of assets."""
    return tuple(allow_from_json(one) for one in told)


def asset_of(row: Row, files: tuple[AssetFile, ...]) -> Asset:
    """An asset with its files."""
    return Asset(
        id=AssetId(row["id"]),
        title=row["title"],
        aliases=tuple(row["aliases"]),
        year=row["year"],
        kind=row["kind"],
        owner=row["owner"],
        codename=row["codename"],
        embargoed=row["embargoed"],
        critical=row["critical"],
        swarm_lookup=row["swarm_lookup"],
        infohashes=tuple(row["infohashes"]),
        prior_bits=row["prior_bits"],
        release_at=row["release_at"],
        release_window_days=row["release_window_days"],
        query_mode=QueryMode(row["query_mode"]) if row["query_mode"] else None,
        released=Released(row["released_by"], row["released_at"]) if row["released_at"] else None,
        allow=allow_of(row["allow"]),
        stage=Stage(row["stage"]) if row["stage"] else None,
        embargo_until=row["embargo_until"],
        files=files,
    )


def file_of(row: Row) -> AssetFile:
    """One file of an asset."""
    root = row["pieces_root"]
    return AssetFile(
        path=row["path"],
        size_bytes=row["size_bytes"],
        sha256=row["sha256"],
        sha1=row["sha1"],
        md5=row["md5"],
        git_blob=row["git_blob"],
        ed2k=row["ed2k"],
        pieces_root=PiecesRoot(root) if root else None,
        local_path=row["local_path"],
        mtime_ns=row["mtime_ns"],
        header=row["header"],
        variant=row["variant"] or None,
        differs=tuple((start, end) for start, end in row["differs"]),
    )


def observation_row(observation: Observation) -> dict[str, Any]:
    """An observation; what is rarely asked for lies together in `facts`."""
    return {
        "site": observation.site,
        "native_id": observation.native_id,
        "content_digest": observation.content_digest,
        "title": observation.title,
        "url": observation.url,
        "author": observation.author,
        "text": observation.text,
        "published_at": observation.published_at,
        "fetched_at": observation.fetched_at,
        "size_bytes": observation.size_bytes,
        "facts": {
            "size_is_exact": observation.size_is_exact,
            "torrent_url": observation.torrent_url,
            "magnet": shown_locator(observation.magnet) if observation.magnet else None,
            "infohash_v1": observation.infohash_v1,
            "infohash_v2": observation.infohash_v2,
            "seeders": observation.seeders,
            "leechers": observation.leechers,
            "files": [
                {k: v for k, v in dataclasses.asdict(f).items() if v is not None} for f in observation.files
            ],
            "parameters": dict(observation.parameters),
            "repository_id": observation.repository_id,
            **_origin_facts(observation.origin),
            "locators": [
                {"kind": one.kind.value, "value": shown_locator(one.value), "offset": one.offset}
                for one in observation.locators
            ],
        },
        "evidence": observation.evidence,
    }


def _origin_facts(origin: Origin | None) -> dict[str, Any]:
    return {"origin": {"how": origin.how.value, "names": list(origin.names)}} if origin else {}


def origin_from(facts: Row) -> Origin | None:
    """What a stored observation says that it is a copy of."""
    told = facts.get("origin")
    return Origin(OriginHow(told["how"]), tuple(told["names"])) if told else None


def shown_locator(value: str) -> str:
    """A locator as it is kept and shown: a magnet without trackers and peer addresses."""
    try:
        return str(parse_magnet(value)) if value[:7].lower() == "magnet:" else value
    except MagnetError:
        return cut_peers(value)


def observation_of(row: Row) -> Observation:
    """A stored observation; its locators are found anew by whoever needs them."""
    facts = row["facts"]
    plain = {name: facts.get(name) for name in _PLAIN_FACTS}
    return Observation(
        site=row["site"],
        native_id=row["native_id"],
        title=row["title"],
        url=row["url"],
        author=row["author"],
        text=row["text"],
        published_at=row["published_at"],
        fetched_at=row["fetched_at"],
        size_bytes=row["size_bytes"],
        size_is_exact=facts.get("size_is_exact", True),
        files=tuple(ObservedFile(**one) for one in facts.get("files", ())),
        parameters=tuple(sorted(facts.get("parameters", {}).items())),
        locators=tuple(
            Locator(LocatorKind(one["kind"]), one["value"])
            for one in facts.get("locators", ())
            if one["kind"] == LocatorKind.REPOSITORY.value
        ),
        origin=origin_from(facts),
        evidence=row["evidence"],
        **plain,
    )


def finding_row(finding: Finding) -> dict[str, Any]:
    """A finding without its sightings."""
    return {
        "id": finding.id,
        "asset_id": finding.asset,
        "state": finding.state.value,
        "verdict": finding.verdict.value,
        "severity": finding.severity.value,
        "tier": finding.tier.value,
        "score": finding.score,
        "title": finding.title,
        "opened_at": finding.opened_at,
        "updated_at": finding.updated_at,
        "merged_into": finding.merged_into,
        "drill": finding.drill,
        **{name: getattr(finding, name) for name in _WORKED_ON},
    }


def finding_of(row: Row, sites: frozenset[str], sightings: int) -> Finding:
    """A finding, with the sites it was seen on and how often."""
    return Finding(
        id=FindingId(row["id"]),
        asset=AssetId(row["asset_id"]),
        state=State(row["state"]),
        verdict=Verdict(row["verdict"]),
        severity=Severity(row["severity"]),
        tier=Tier(row["tier"]),
        score=row["score"],
        opened_at=row["opened_at"],
        updated_at=row["updated_at"],
        title=row["title"],
        sites=sites,
        sightings=sightings,
        merged_into=FindingId(row["merged_into"]) if row["merged_into"] else None,
        drill=row["drill"],
        **{name: row[name] for name in _WORKED_ON},
    )


def event_of(row: Row) -> FindingEvent:
    """One event of a finding."""
    return FindingEvent(
        finding=FindingId(row["finding_id"]),
        kind=EventKind(row["kind"]),
        at=row["at"],
        content=row["content"],
        detail=row["detail"],
        actor=row["actor"],
        reason=row["reason"],
    )


def proof_of(row: Row) -> Proof:
    """What was found out about one torrent."""
    return Proof(
        verdict=Verdict(row["verdict"]),
        method=row["method"] or "none",
        files=tuple(_file_proof_of(one) for one in row["files"]),
        reason=row["reason"] or "",
        error=row["error"],
        variant=_variant_of(row["variant"]) if row["variant"] else None,
        fake=_fake_of(row["fake"]) if row["fake"] else None,
    )


def _fake_of(told: Row) -> Fake:
    return Fake(told["score"], told["steps"], tuple(told["reasons"]))


def _file_proof_of(told: Row) -> FileProof:
    changed: dict[str, Any] = {"ranges": tuple((start, end) for start, end in told.get("ranges", ()))}
    return FileProof(**{**told, **changed})


def _variant_of(told: Row) -> VariantProof:
    changed: dict[str, Any] = {
        "candidates": tuple(told["candidates"]),
        "telling": tuple((path, start, end) for path, start, end in told["telling"]),
    }
    return VariantProof(**{**told, **changed})


def channel_health_of(row: Row) -> ChannelHealth:
    """How a channel fares."""
    return ChannelHealth(**row)


def channel_health_row(health: ChannelHealth) -> dict[str, Any]:
    """The row of it."""
    row = {one.name: getattr(health, one.name) for one in dataclasses.fields(health)}
    return row | {"told": dict(health.told)}


def infohashes_json(infohashes: Infohashes) -> list[str | None]:
    """Infohashes as two hex texts."""
    v1, v2 = infohashes.v1, infohashes.v2
    return [v1.hex() if v1 else None, v2.hex() if v2 else None]


def infohashes_of(told: list[str | None]) -> Infohashes:
    """Infohashes from their two hex texts."""
    v1, v2 = told
    return Infohashes(
        InfohashV1(bytes.fromhex(v1)) if v1 else None,
        InfohashV2(bytes.fromhex(v2)) if v2 else None,
    )
