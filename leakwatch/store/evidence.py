"""What was kept, and who needs it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.asset import AssetId
from leakwatch.model.evidence import Capture, KeptSighting
from leakwatch.model.finding import FindingId, Match, Proof, Signal, SignalKind, State, Tier
from leakwatch.model.observation import Observation
from leakwatch.store import mapping
from leakwatch.store.parts import parts_of, wholes
from leakwatch.store.statements import batches, insert_for
from leakwatch.store.tables import (
    evidence,
    finding,
    observation,
    proof,
    recheck,
    screenshot,
    sighting,
    signal,
    stamp,
)
from leakwatch.torrent.infohash import Infohashes

_OF_LOOKS = ("evidence", "diff")
_OF_ANY_SITE = ("metadata/", "torrent/")
_FIELDS = tuple(Capture.__dataclass_fields__)


class SqlEvidence:
    """Captures, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(self, capture: Capture) -> None:
        """Record what a piece of evidence is; its bytes are in the vault already."""
        row = {name: getattr(capture, name) for name in _FIELDS}
        row |= {"headers": dict(capture.headers), "request": dict(capture.request)}
        await self._connection.execute(
            insert_for(self._connection, evidence).values(row).on_conflict_do_nothing()
        )

    async def first(self, digest: str, site: str) -> Capture | None:
        """The first capture of a body on a site whose record holds that body."""
        query = sa.select(evidence).where(
            evidence.c.digest == digest,
            evidence.c.site == site,
            evidence.c.warc.is_not(None),
            evidence.c.refers_to.is_(None),
            evidence.c.evicted_at.is_(None),
        )
        row = (await self._connection.execute(query.order_by(evidence.c.id).limit(1))).mappings().first()
        return _capture_of(row) if row else None

    async def capture(self, digest: str, site: str, at: datetime) -> Capture | None:
        """The capture of a body on a site at a time, unless its bytes were thrown away."""
        query = sa.select(evidence).where(
            evidence.c.digest == digest,
            evidence.c.site == site,
            evidence.c.captured_at == at,
            evidence.c.evicted_at.is_(None),
        )
        row = (await self._connection.execute(query)).mappings().first()
        return _capture_of(row) if row else None

    async def of(self, ident: FindingId) -> list[Capture]:
        """The captures that support a finding, oldest first."""
        seen = (
            sa.select(observation.c.evidence, observation.c.site)
            .join(sighting, sighting.c.observation_id == observation.c.id)
            .where(sighting.c.finding_id == ident, observation.c.evidence.is_not(None))
            .distinct()
        )
        pairs = {(digest, site) for digest, site in (await self._connection.execute(seen)).all()}
        merged = parts_of(ident)
        mine = sa.or_(recheck.c.finding_id == ident, recheck.c.finding_id.in_(merged))
        looks = sa.select(recheck.c.detail, recheck.c.site).where(mine)
        for detail, site in (await self._connection.execute(looks)).all():
            pairs |= {(detail[name], site) for name in _OF_LOOKS if detail.get(name)}
        mine = sa.or_(screenshot.c.finding_id == ident, screenshot.c.finding_id.in_(merged))
        drawn = sa.select(screenshot.c.picture, screenshot.c.site).where(
            mine, screenshot.c.picture.is_not(None)
        )
        pairs |= {(picture, site) for picture, site in (await self._connection.execute(drawn)).all()}
        judged = sa.select(proof.c.metadata_digest, proof.c.urls).where(proof.c.finding_id == ident)
        proofs = (await self._connection.execute(judged)).all()
        digests = {digest for digest, _ in (*pairs, *((one[0], "") for one in proofs)) if digest}
        urls = {url for _, some in proofs for url in some}
        rows = [*await self._rows(evidence.c.digest, digests), *await self._rows(evidence.c.url, urls)]
        found = {row["id"]: row for row in rows if _supports(row, pairs, urls)}
        ordered = sorted(found.values(), key=lambda row: (row["captured_at"], row["id"]))
        return [_capture_of(row) for row in ordered if row["evicted_at"] is None]

    async def _rows(self, column: sa.Column[Any], values: Iterable[str]) -> list[sa.RowMapping]:
        found: list[sa.RowMapping] = []
        for batch in batches(sorted(values)):
            found += (await self._connection.execute(sa.select(evidence).where(column.in_(batch)))).mappings()
        return found

    async def assets_of(self, digests: Collection[str]) -> dict[str, set[AssetId]]:
        """The assets of all findings that each body is evidence of."""
        found: dict[str, set[AssetId]] = {}
        for batch in batches(sorted(digests)):
            query = (
                sa.select(observation.c.evidence, sighting.c.asset_id)
                .join(sighting, sighting.c.observation_id == observation.c.id)
                .where(observation.c.evidence.in_(batch))
                .distinct()
            )
            for digest, asset in (await self._connection.execute(query)).all():
                found.setdefault(digest, set()).add(AssetId(asset))
        return found

    async def sightings(self, ident: FindingId) -> list[KeptSighting]:
        """The sightings of a finding with why each matched, in the order in which they came."""
        reasons: dict[int, list[Signal]] = {}
        told = sa.select(signal).join(sighting, sighting.c.id == signal.c.sighting_id)
        told = told.where(sighting.c.finding_id == ident).order_by(signal.c.id)
        for row in (await self._connection.execute(told)).mappings():
            one = Signal(SignalKind(row["kind"]), row["detail"], row["weight"])
            reasons.setdefault(row["sighting_id"], []).append(one)
        names = ("native_id", "title", "url", "published_at", "author", "evidence")
        query = (
            sa.select(sighting, *(observation.c[name].label(f"of_{name}") for name in names))
            .join(observation, observation.c.id == sighting.c.observation_id)
            .where(sighting.c.finding_id == ident)
            .order_by(sighting.c.id)
        )
        return [
            KeptSighting(
                site=row["site"],
                seen_at=row["seen_at"],
                locators=tuple(row["locators"]),
                match=Match(
                    AssetId(row["asset_id"]),
                    row["score"],
                    Tier(row["tier"]) if row["tier"] else None,
                    tuple(reasons.get(row["id"], ())),
                ),
                **{name: row[f"of_{name}"] for name in names},
            )
            for row in (await self._connection.execute(query)).mappings()
        ]

    async def newest(self, site: str, native_id: str) -> Observation | None:
        """What an item showed last."""
        query = sa.select(observation).where(observation.c.site == site, observation.c.native_id == native_id)
        query = query.order_by(observation.c.id.desc()).limit(1)
        row = (await self._connection.execute(query)).mappings().first()
        return mapping.observation_of(dict(row)) if row else None

    async def torrents(self, ident: FindingId) -> list[tuple[Infohashes, str | None, Proof]]:
        """The torrents of a finding: what each is called, where its metadata is kept, what it proves."""
        query = sa.select(proof).where(proof.c.finding_id == ident).order_by(proof.c.id)
        rows = [dict(row) for row in (await self._connection.execute(query)).mappings()]
        return [
            (mapping.infohashes_of(row["infohashes"]), row["metadata_digest"], mapping.proof_of(row))
            for row in rows
            if any(row["infohashes"])
        ]

    async def merged(self, ident: FindingId) -> list[FindingId]:
        """Cases that became part of a finding, and those that were part of them."""
        found = (await self._connection.execute(parts_of(ident))).scalars()
        return sorted(FindingId(one) for one in found)

    async def needed(self, expired_before: datetime, *, by_false: bool = False) -> set[str]:
        """Digests of all that a finding needs, but those that were closed before a time, or, unless `by_false`, are false."""
        open_ = sa.or_(finding.c.closed_at.is_(None), finding.c.closed_at >= expired_before)
        if not by_false:
            open_ = sa.and_(finding.c.state != State.FALSE_POSITIVE.value, open_)
        seen = (
            sa.select(observation.c.evidence)
            .join(sighting, sighting.c.observation_id == observation.c.id)
            .join(finding, finding.c.id == sighting.c.finding_id)
            .where(open_, observation.c.evidence.is_not(None))
            .distinct()
        )
        digests = set((await self._connection.execute(seen)).scalars())
        judged = sa.select(proof.c.metadata_digest, proof.c.urls).join(
            finding, finding.c.id == proof.c.finding_id
        )
        urls: set[str] = set()
        for digest, some in (await self._connection.execute(judged.where(open_))).all():
            digests |= {digest} if digest else set()
            urls |= set(some)
        whole = wholes()
        looks = sa.select(recheck.c.detail).join(whole, whole.c.id == recheck.c.finding_id)
        looks = looks.join(finding, finding.c.id == whole.c.whole).where(open_)
        for (detail,) in (await self._connection.execute(looks)).all():
            digests |= {detail[name] for name in _OF_LOOKS if detail.get(name)}
        drawn = sa.select(screenshot.c.picture).join(whole, whole.c.id == screenshot.c.finding_id)
        drawn = (
            drawn.join(finding, finding.c.id == whole.c.whole)
            .where(open_, screenshot.c.picture.is_not(None))
            .distinct()
        )
        digests |= set((await self._connection.execute(drawn)).scalars())
        rows = [*await self._rows(evidence.c.digest, digests), *await self._rows(evidence.c.url, urls)]
        for row in rows:
            digests |= {one for one in (row["digest"], row["warc"], row["refers_to"]) if one}
        tokens = sa.select(stamp.c.token).where(stamp.c.token.is_not(None))
        return digests | set((await self._connection.execute(tokens)).scalars())

    async def evicted(self, digests: Collection[str], at: datetime) -> None:
        """Record that bytes were thrown away."""
        for batch in batches(sorted(digests)):
            gone = sa.update(evidence).where(sa.or_(evidence.c.digest.in_(batch), evidence.c.warc.in_(batch)))
            await self._connection.execute(gone.where(evidence.c.evicted_at.is_(None)).values(evicted_at=at))


def _supports(row: sa.RowMapping, pairs: set[tuple[str, str]], urls: set[str]) -> bool:
    """Whether a capture is of a place of the finding, and not of the same bytes elsewhere."""
    is_of_any = row["parser"].startswith(_OF_ANY_SITE)
    return is_of_any or (row["digest"], row["site"]) in pairs or row["url"] in urls


def _capture_of(row: sa.RowMapping) -> Capture:
    return Capture(**{name: row[name] for name in _FIELDS})
