"""Sightings one by one, what is kept apart, authors, due dates. What is counted over all cases is in `tallies`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from leakwatch.extract.canonical import url_key
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.case import Sighting
from leakwatch.model.finding import (
    OPEN_STATES,
    EventKind,
    Finding,
    FindingId,
    Proof,
    Signal,
    SignalKind,
    Tier,
)
from leakwatch.model.place import PlaceClass
from leakwatch.severity import GROWS, IN_WINDOW
from leakwatch.store import mapping
from leakwatch.store.apart import SqlApart
from leakwatch.store.statements import batches
from leakwatch.store.tables import (
    artefact,
    finding_event,
    notice,
    observation,
    observed_swarm,
    proof,
    sighting,
    signal,
)
from leakwatch.store.tables import asset as asset_table
from leakwatch.store.tables import finding as finding_table
from leakwatch.store.tallies import SqlTallies

_MOST, _MOST_OF_AUTHOR = 2000, 50
_OPEN = sorted(state.value for state in OPEN_STATES)
_DIGESTS = ("sha256", "sha1", "git_blob", "pieces_root", "md5", "ed2k")


class SqlCases(SqlTallies, SqlApart):
    """What people do with cases, in one transaction."""

    async def sightings(self, finding: FindingId, *, every: bool = False) -> list[Sighting]:
        """A finding's sightings, in the order in which they came; at most the newest 2,000, unless `every`."""
        query = (
            sa.select(
                sighting,
                observation.c.native_id,
                observation.c.title,
                observation.c.url,
                observation.c.published_at,
                observation.c.size_bytes,
                observation.c.facts,
            )
            .join(observation, observation.c.id == sighting.c.observation_id)
            .where(sighting.c.finding_id == finding)
            .order_by(sighting.c.id.desc())
            .limit(None if every else _MOST)
        )
        rows = [dict(row) for row in (await self._connection.execute(query)).mappings()]
        signals = await self._signals([row["id"] for row in rows])
        swarms = await self._swarms([row["observation_id"] for row in rows])
        return [
            _sighting(row, signals.get(row["id"], ()), swarms.get(row["observation_id"], frozenset()))
            for row in reversed(rows)
        ]

    async def _signals(self, ids: list[int]) -> dict[int, tuple[Signal, ...]]:
        found: dict[int, tuple[Signal, ...]] = {}
        for batch in batches(ids):
            query = sa.select(signal).where(signal.c.sighting_id.in_(batch)).order_by(signal.c.id)
            for row in (await self._connection.execute(query)).mappings():
                one = Signal(SignalKind(row["kind"]), row["detail"], row["weight"])
                found[row["sighting_id"]] = (*found.get(row["sighting_id"], ()), one)
        return found

    async def _swarms(self, observations: list[int]) -> dict[int, frozenset[str]]:
        """Swarms that observations name, those that a .torrent file of theirs turned out to hold, too."""
        found: dict[int, frozenset[str]] = {}
        for batch in batches(observations):
            query = sa.select(observed_swarm).where(observed_swarm.c.observation_id.in_(batch))
            for row in (await self._connection.execute(query)).mappings():
                key = f"swarm:{row['swarm_key']}"
                found[row["observation_id"]] = found.get(row["observation_id"], frozenset()) | {key}
        return found

    async def is_sighted(self, asset: AssetId, observation: int) -> bool:
        """Whether a stored observation supports a finding of the asset already."""
        query = sa.select(sighting.c.id).where(
            sighting.c.asset_id == asset, sighting.c.observation_id == observation
        )
        return await self._connection.scalar(query) is not None

    async def classes(self, finding: FindingId) -> frozenset[PlaceClass]:
        """On which classes of places a finding was seen."""
        query = sa.select(sighting.c.place).where(sighting.c.finding_id == finding).distinct()
        return frozenset(_place(one) for one in (await self._connection.execute(query)).scalars())

    async def proofs(self, finding: FindingId) -> list[tuple[frozenset[str], Proof]]:
        """What was found out about each torrent, with the artefact keys that name it."""
        query = sa.select(proof).where(proof.c.finding_id == finding).order_by(proof.c.id)
        rows = (await self._connection.execute(query)).mappings()
        return [(_keys_of_proof(row), mapping.proof_of(row)) for row in map(dict, rows)]

    async def holding(self, asset: AssetId, keys: Sequence[str]) -> dict[FindingId, frozenset[str]]:
        """Which findings of an asset hold which of these artefact keys."""
        found: dict[FindingId, frozenset[str]] = {}
        for batch in batches(list(keys)):
            query = sa.select(artefact.c.finding_id, artefact.c.key).where(
                artefact.c.asset_id == asset, artefact.c.key.in_(batch)
            )
            for ident, key in (await self._connection.execute(query)).all():
                found[FindingId(ident)] = found.get(FindingId(ident), frozenset()) | {key}
        return found

    async def came_with(self, finding: FindingId) -> dict[str, FindingId | None]:
        """The artefact keys that a finding holds, each with the finding that had it before any merge, if that is known."""
        query = sa.select(artefact.c.key, artefact.c.opened).where(artefact.c.finding_id == finding)
        rows = (await self._connection.execute(query.order_by(artefact.c.key))).all()
        return {key: FindingId(opened) if opened else None for key, opened in rows}

    async def move(
        self,
        older: FindingId,
        newer: FindingId,
        sightings: Collection[int],
        keys: Collection[str],
        *,
        for_good: bool,
    ) -> None:
        """Give sightings, artefact keys and the proofs of these from one finding to another.

        `for_good`: sightings and keys are the other's own from now on, and go with it if it is merged and taken out again.
        """
        to = {"finding_id": newer}
        own = to | {"opened": newer} if for_good else to
        for batch in batches(sorted(sightings)):
            seen = sa.and_(sighting.c.finding_id == older, sighting.c.id.in_(batch))
            await self._connection.execute(sa.update(sighting).where(seen).values(own))
        for batch in batches(sorted(keys)):
            held = sa.and_(artefact.c.finding_id == older, artefact.c.key.in_(batch))
            await self._connection.execute(sa.update(artefact).where(held).values(own))
        query = sa.select(proof.c.id, proof.c.swarm_key, proof.c.infohashes, proof.c.urls).where(
            proof.c.finding_id == older
        )
        for row in (await self._connection.execute(query)).mappings().all():
            if _keys_of_proof(dict(row)) & set(keys):
                await self._connection.execute(sa.update(proof).where(proof.c.id == row["id"]).values(to))

    async def move_history(self, older: FindingId, newer: FindingId, brought: Collection[FindingId]) -> None:
        """Give `newer` the events and notices of the cases that it brought along, and what came of these notices."""
        back = {one for one, detail in await self._details(notice, older) if detail.get("of") in brought}
        events = [
            one
            for one, detail in await self._details(finding_event, older)
            if detail.get("of") in brought or detail.get("notice") in back
        ]
        for table, ids in ((notice, sorted(back)), (finding_event, events)):
            for batch in batches(ids):
                moved = sa.update(table).where(table.c.id.in_(batch)).values(finding_id=newer)
                await self._connection.execute(moved)

    async def _details(self, table: sa.Table, finding: FindingId) -> list[tuple[Any, dict[str, Any]]]:
        query = sa.select(table.c.id, table.c.detail).where(table.c.finding_id == finding)
        return [(ident, detail) for ident, detail in (await self._connection.execute(query)).all()]

    async def by_authors(
        self, authors: Collection[str], finding: FindingId
    ) -> dict[str, list[tuple[FindingId, AssetId]]]:
        """Other findings with sightings of these authors, newest first, at most 50 each."""
        found: dict[str, list[tuple[FindingId, AssetId]]] = {}
        for batch in batches(sorted(authors)):
            query = (
                sa.select(sighting.c.author, finding_table.c.id, finding_table.c.asset_id)
                .join(finding_table, finding_table.c.id == sighting.c.finding_id)
                .where(sighting.c.author.in_(batch), sighting.c.finding_id != finding)
                .group_by(sighting.c.author, finding_table.c.id, finding_table.c.asset_id)
                .order_by(sa.func.max(sighting.c.id).desc())
            )
            for author, ident, asset in (await self._connection.execute(query)).all():
                told = found.setdefault(author, [])
                if len(told) < _MOST_OF_AUTHOR:
                    told.append((FindingId(ident), AssetId(asset)))
        return found

    async def of_asset(self, asset: AssetId) -> list[Finding]:
        """An asset's findings that are neither closed nor merged, oldest first."""
        return await self._findings(finding_table.c.asset_id == asset, finding_table.c.state.in_(_OPEN))

    async def overdue(self, now: datetime, only: FindingId | None = None) -> list[Finding]:
        """Open findings whose due date has passed and of which that was not told; `only` asks for one of them."""
        told = sa.select(finding_event.c.id).where(
            finding_event.c.finding_id == finding_table.c.id,
            finding_event.c.kind == EventKind.OVERDUE.value,
            finding_event.c.at >= finding_table.c.due_at,
        )
        which = [finding_table.c.due_at <= now, finding_table.c.state.in_(_OPEN), ~told.exists()]
        return await self._findings(*which, *([finding_table.c.id == only] if only else []))

    async def misjudged(
        self, asset: AssetId, window: tuple[datetime, datetime], now: datetime, limit: int
    ) -> list[FindingId]:
        """Open findings whose reasons say of this release window what is not so, or not so any more."""
        opens, closes = window
        says = sa.func.coalesce(finding_table.c.severity_why, "").contains(IN_WINDOW, autoescape=True)
        wrong = ~says
        if not opens <= now <= closes:
            wrong = says != finding_table.c.opened_at.between(opens, closes)
        return await self._open(limit, finding_table.c.asset_id == asset, wrong)

    async def growing(self, after: str, limit: int) -> list[FindingId]:
        """Open findings whose reasons say that a swarm grows, by id, those after one."""
        says = finding_table.c.severity_why.contains(GROWS, autoescape=True)
        return await self._open(limit, finding_table.c.id > after, says)

    async def _open(self, limit: int, *which: sa.ColumnElement[bool]) -> list[FindingId]:
        query = sa.select(finding_table.c.id).where(finding_table.c.state.in_(_OPEN), *which)
        found = await self._connection.execute(query.order_by(finding_table.c.id).limit(limit))
        return [FindingId(one) for one in found.scalars()]

    async def _findings(self, *which: sa.ColumnElement[bool]) -> list[Finding]:
        query = sa.select(finding_table).where(*which).order_by(finding_table.c.opened_at, finding_table.c.id)
        rows = [dict(row) for row in (await self._connection.execute(query)).mappings()]
        sites: dict[str, dict[str, int]] = {}
        for batch in batches([row["id"] for row in rows]):
            counted = (
                sa.select(sighting.c.finding_id, sighting.c.site, sa.func.count())
                .where(sighting.c.finding_id.in_(batch))
                .group_by(sighting.c.finding_id, sighting.c.site)
            )
            for ident, site, count in (await self._connection.execute(counted)).all():
                sites.setdefault(ident, {})[site] = count
        seen = ((row, sites.get(row["id"], {})) for row in rows)
        return [mapping.finding_of(row, frozenset(at), sum(at.values())) for row, at in seen]

    async def say_of(self, asset: Asset) -> None:
        """Write what is said of an asset; its files stay, and it is not looked for anew in what is stored."""
        row = mapping.asset_words(asset)
        await self._connection.execute(sa.update(asset_table).where(asset_table.c.id == asset.id).values(row))
        await self.count_change()


def _place(told: str | None) -> PlaceClass:
    return PlaceClass(told) if told else PlaceClass.OTHER


def _keys_of_proof(row: Mapping[str, Any]) -> frozenset[str]:
    """A hybrid torrent is named by two swarm keys, and a torrent by the addresses of its files."""
    if not any(row["infohashes"]):
        return frozenset(url_key(url) for url in row["urls"])
    swarms = mapping.infohashes_of(row["infohashes"]).swarm_keys
    return frozenset([*(f"swarm:{key.hex()}" for key in swarms), *(url_key(url) for url in row["urls"])])


def _sighting(row: Mapping[str, Any], signals: tuple[Signal, ...], swarms: frozenset[str]) -> Sighting:
    files = row["facts"].get("files", ())
    item = f"item:{row['site']}/{row['native_id']}"
    return Sighting(
        id=row["id"],
        site=row["site"],
        native_id=row["native_id"],
        title=row["title"] or row["native_id"],
        url=row["url"],
        seen_at=row["seen_at"],
        published_at=row["published_at"],
        author=row["author"],
        place=_place(row["place"]),
        tier=Tier(row["tier"]) if row["tier"] else None,
        score=row["score"],
        opened=FindingId(row["opened"]) if row["opened"] else None,
        keys=frozenset(row["keys"] or [item]) | swarms,
        signals=signals,
        sizes=tuple(sorted(one["size_bytes"] for one in files if one.get("size_bytes"))),
        digests=frozenset(f"{name}:{one[name]}" for one in files for name in _DIGESTS if one.get(name)),
    )
