"""All that is known of one finding, gathered in one reading so that it fits together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from leakwatch.errors import InputError, MetainfoError, StoreError
from leakwatch.model.asset import Asset, AssetFile
from leakwatch.model.audit import AuditEntry
from leakwatch.model.evidence import Capture, KeptSighting, Look, Screenshot, Stamp
from leakwatch.model.finding import Finding, FindingEvent, FindingId, Proof
from leakwatch.model.swarm import SwarmSample
from leakwatch.ports import Repository, Vault, Work
from leakwatch.torrent.infohash import Infohashes
from leakwatch.torrent.metainfo import parse_info

PACKED = "packed"
"""The action by which the audit tells of packs. No pack tells of packs: else each would change the next."""
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Torrent:
    """One torrent of a finding: what it is called, where its metadata is kept, what that proves."""

    infohashes: Infohashes
    metadata: str | None
    proof: Proof


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Bytes that a pack leaves out on purpose. Units: bytes."""

    digest: str
    size_bytes: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A finding with all that a pack tells of it. `chain` goes from its first entry to the end of the audit.

    `lost` are digests of what ought to be in the vault and is not. `blobs` are bytes by their digest. `left_out` is what is
    kept and not told, and `hidden` are entries of the chain that are told by their digests alone.
    """

    finding: Finding
    asset: Asset
    sightings: tuple[KeptSighting, ...]
    events: tuple[FindingEvent, ...]
    torrents: tuple[Torrent, ...]
    samples: tuple[SwarmSample, ...]
    captures: tuple[Capture, ...]
    looks: tuple[Look, ...]
    stamps: tuple[Stamp, ...]
    chain: tuple[AuditEntry, ...]
    subjects: frozenset[str]
    blobs: dict[str, bytes]
    lost: tuple[str, ...] = ()
    screenshots: tuple[Screenshot, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    hidden: frozenset[int] = frozenset()


async def gather(ident: str, repository: Repository, vault: Vault) -> Dossier:
    """Everything about a finding; a merged one leads to the case it is part of now. Raises: InputError."""
    async with repository.reading() as work:
        finding = await work.findings.survivor(FindingId(ident))
        asset = await work.catalogue.get(finding.asset) if finding else None
        if finding is None or asset is None:
            raise InputError(f"no finding {ident!r}; `leakwatch finding list` shows them")
        found = await _read(finding, asset, work)
    blobs, lost = await asyncio.to_thread(_blobs, found, vault)
    files = await _tables(asset, found.torrents, blobs, repository)
    return replace(found, blobs=blobs, lost=tuple(lost), asset=replace(asset, files=files))


async def _read(finding: Finding, asset: Asset, work: Work) -> Dossier:
    ident = finding.id
    subjects = frozenset({str(ident), *map(str, await work.evidence.merged(ident))})
    chain = await _chain(subjects, work)
    return Dossier(
        finding=finding,
        asset=asset,
        sightings=tuple(await work.evidence.sightings(ident)),
        events=tuple(await work.findings.events(ident)),
        torrents=tuple(Torrent(*one) for one in await work.evidence.torrents(ident)),
        samples=tuple(await work.swarms.samples(ident)),
        captures=tuple(await work.evidence.of(ident)),
        looks=tuple(await work.looks.of(ident)),
        stamps=tuple(await work.stamps.of([one.digest for one in chain])),
        chain=tuple(chain),
        subjects=subjects,
        blobs={},
        screenshots=tuple(await work.screenshots.of(ident)),
    )


async def _chain(subjects: frozenset[str], work: Work) -> list[AuditEntry]:
    """The audit from the first entry about a finding to the end, but for entries about packs at the end."""
    own = [entry for subject in subjects for entry in await work.audit.entries(subject, limit=1)]
    last = await work.audit.head([PACKED])
    if not own or last is None:
        return []
    after, found = min(one.seq for one in own) - 1, list[AuditEntry]()
    while after < last.seq:
        batch = await work.audit.entries(after=after, limit=_BATCH)
        found += [one for one in batch if one.seq <= last.seq]
        after = batch[-1].seq
    return found


def _blobs(found: Dossier, vault: Vault) -> tuple[dict[str, bytes], list[str]]:
    wanted = [digest for one in found.captures for digest in (one.digest, one.warc, one.refers_to) if digest]
    wanted += [one.metadata for one in found.torrents if one.metadata]
    wanted += [one.token for one in found.stamps if one.token]
    blobs, lost = dict[str, bytes](), list[str]()
    for digest in dict.fromkeys(wanted):
        try:
            blobs[digest] = vault.get(digest)
        except StoreError:
            lost.append(digest)
    return blobs, lost


async def _tables(
    asset: Asset, torrents: Sequence[Torrent], blobs: dict[str, bytes], repository: Repository
) -> tuple[AssetFile, ...]:
    """The asset's files with those piece tables that its torrents can be compared with."""
    files = asset.files
    lengths = {_piece_length(blobs[one.metadata]) for one in torrents if one.metadata in blobs} - {0}
    async with repository.reading() as work:
        for length in sorted(lengths):
            more = await work.catalogue.with_tables(asset.files, length)
            files = tuple(
                replace(one, tables=(*one.tables, *other.tables))
                for one, other in zip(files, more, strict=True)
            )
    return files


def _piece_length(raw: bytes) -> int:
    try:
        return parse_info(raw).piece_length
    except MetainfoError:
        return 0
