"""Observations and cases. Proofs and evidence stand in files of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from leakwatch.model.alert import Place
from leakwatch.model.asset import AssetId
from leakwatch.model.author import author_of
from leakwatch.model.finding import (
    Finding,
    FindingEvent,
    FindingId,
    KnownArtefact,
    Match,
    State,
    Tier,
    Verdict,
)
from leakwatch.model.observation import Observation
from leakwatch.model.place import PlaceClass
from leakwatch.store import mapping
from leakwatch.store.proofs import SqlProofs
from leakwatch.store.statements import batches, insert_for
from leakwatch.store.tables import (
    artefact,
    finding_event,
    notice,
    observation,
    observed_swarm,
    proof,
    sighting,
    signal,
    suppressed,
)
from leakwatch.store.tables import asset as asset_table
from leakwatch.store.tables import finding as finding_table

_MAX_LOOKED_BACK = 200
_CLOSED = (State.MERGED.value, State.FALSE_POSITIVE.value, State.ALLOWED.value)


class SqlFindings(SqlProofs):
    """Observations, cases, sightings and events, in one transaction."""

    async def unseen(self, observations: Sequence[Observation]) -> tuple[list[Observation], frozenset[str]]:
        """Of a site's items those whose (native_id, content digest) is not stored yet, and the native ids that are known.

        Repeats within the list count once.
        """
        wanted = {f"{one.native_id}\n{one.content_digest}": one for one in observations}
        known: set[str] = set()
        for batch in batches(list(wanted.values())):
            query = sa.select(observation.c.native_id, observation.c.content_digest).where(
                observation.c.site == batch[0].site,
                observation.c.native_id.in_({one.native_id for one in batch}),
            )
            for native_id, digest in (await self._connection.execute(query)).all():
                wanted.pop(f"{native_id}\n{digest}", None)
                known.add(native_id)
        return list(wanted.values()), frozenset(known)

    async def known_items(self, site: str, native_ids: Sequence[str]) -> frozenset[str]:
        """Which of these items were seen on the site before."""
        found: set[str] = set()
        for batch in batches(list(native_ids)):
            query = sa.select(observation.c.native_id).where(
                observation.c.site == site, observation.c.native_id.in_(batch)
            )
            found |= set((await self._connection.execute(query.distinct())).scalars())
        return frozenset(found)

    async def sites_of_assets(self) -> dict[AssetId, frozenset[str]]:
        """On which sites each asset was sighted; drills are no sightings."""
        drills = sa.select(finding_table.c.id).where(finding_table.c.drill)
        query = (
            sa.select(sighting.c.asset_id, sighting.c.site)
            .where(sighting.c.finding_id.not_in(drills))
            .distinct()
        )
        found: dict[AssetId, frozenset[str]] = {}
        for asset, site in (await self._connection.execute(query)).all():
            found[AssetId(asset)] = found.get(AssetId(asset), frozenset()) | {site}
        return found

    async def open_drills(self, before: datetime) -> list[FindingId]:
        """Drills that were begun before a time and are not closed."""
        is_open = finding_table.c.state != State.FALSE_POSITIVE.value
        query = sa.select(finding_table.c.id).where(
            finding_table.c.drill, is_open, finding_table.c.opened_at < before
        )
        return [FindingId(one) for one in (await self._connection.execute(query)).scalars()]

    async def store(self, observations: Sequence[Observation]) -> dict[str, int]:
        """Store observations; answers the row id of each by its key (native_id, newline, content digest)."""
        if not observations:
            return {}
        rows = [mapping.observation_row(one) for one in observations]
        await self._connection.execute(
            insert_for(self._connection, observation).on_conflict_do_nothing(), rows
        )
        ids: dict[str, int] = {}
        for batch in batches(rows):
            query = sa.select(observation.c.id, observation.c.native_id, observation.c.content_digest).where(
                observation.c.site == batch[0]["site"],
                observation.c.native_id.in_({row["native_id"] for row in batch}),
            )
            for ident, native_id, digest in (await self._connection.execute(query)).all():
                ids[f"{native_id}\n{digest}"] = ident
        await self._index_swarms(observations, ids)
        return ids

    async def _index_swarms(self, observations: Sequence[Observation], ids: dict[str, int]) -> None:
        rows = [
            {"swarm_key": key.hex(), "observation_id": ids[f"{one.native_id}\n{one.content_digest}"]}
            for one in observations
            for key in dict.fromkeys(
                k for where in one.locators if where.infohashes for k in where.infohashes.swarm_keys
            )
        ]
        if rows:
            insert = insert_for(self._connection, observed_swarm).on_conflict_do_nothing()
            await self._connection.execute(insert, rows)

    async def unsighted(self, asset: AssetId, swarm_keys: Sequence[str]) -> list[tuple[int, Observation]]:
        """Stored observations that name one of these swarms and support no finding of the asset yet."""
        sighted = sa.select(sighting.c.observation_id).where(sighting.c.asset_id == asset)
        found: dict[int, Observation] = {}
        for batch in batches(list(swarm_keys)):
            query = (
                sa.select(observation)
                .join(observed_swarm, observed_swarm.c.observation_id == observation.c.id)
                .where(observed_swarm.c.swarm_key.in_(batch), observation.c.id.not_in(sighted))
                .order_by(observation.c.id)
                .limit(_MAX_LOOKED_BACK)
            )
            for row in (await self._connection.execute(query)).mappings():
                found[row["id"]] = mapping.observation_of(dict(row))
        return list(found.items())

    async def stored(self, before: int, limit: int) -> list[tuple[int, Observation]]:
        """Stored observations with a row id below `before`, newest first."""
        query = sa.select(observation).where(observation.c.id < before).order_by(observation.c.id.desc())
        rows = (await self._connection.execute(query.limit(limit))).mappings()
        return [(row["id"], mapping.observation_of(dict(row))) for row in rows]

    async def sighted(
        self, finding: FindingId, swarm_keys: Sequence[str], limit: int = 50
    ) -> list[Observation]:
        """A finding's sightings that name one of these swarms, newest first."""
        named = sa.select(observed_swarm.c.observation_id).where(observed_swarm.c.swarm_key.in_(swarm_keys))
        query = (
            sa.select(observation)
            .join(sighting, sighting.c.observation_id == observation.c.id)
            .where(sighting.c.finding_id == finding, observation.c.id.in_(named))
            .order_by(sighting.c.id.desc())
            .limit(limit)
        )
        return [
            mapping.observation_of(dict(row)) for row in (await self._connection.execute(query)).mappings()
        ]

    async def lock(self, assets: Iterable[AssetId]) -> set[AssetId]:
        """Let no other transaction judge these assets until this one ends; answers those that still exist."""
        wanted = sorted(assets)
        if not wanted:
            return set()
        query = sa.select(asset_table.c.id).where(asset_table.c.id.in_(wanted)).order_by(asset_table.c.id)
        return {AssetId(one) for one in (await self._connection.execute(query.with_for_update())).scalars()}

    async def known(self, keys: Sequence[str]) -> list[KnownArtefact]:
        """Which of these artefact keys open findings hold, and how sure each is.

        A swarm is sure if its own metadata proved it, or while nothing is known of it, if it is the only one of a
        finding that is *auto*. One that was refuted is left out, and so is one whose metadata proved nothing where
        another torrent of the finding is the proved one.
        """
        swarms = (
            sa.select(proof.c.finding_id, sa.func.count().label("swarms"))
            .group_by(proof.c.finding_id)
            .subquery()
        )
        own = sa.and_(
            proof.c.finding_id == finding_table.c.id,
            sa.literal("swarm:") + proof.c.swarm_key == artefact.c.key,
        )
        found: list[KnownArtefact] = []
        for batch in batches(list(keys)):
            query = (
                sa.select(artefact.c.key, finding_table, proof.c.verdict.label("own"), swarms.c.swarms)
                .join(finding_table, finding_table.c.id == artefact.c.finding_id)
                .outerjoin(proof, own)
                .outerjoin(swarms, swarms.c.finding_id == finding_table.c.id)
                .where(artefact.c.key.in_(batch), finding_table.c.state.not_in(_CLOSED))
            )
            rows = [dict(row) for row in (await self._connection.execute(query)).mappings()]
            found += [
                KnownArtefact(row["key"], AssetId(row["asset_id"]), row["score"], _is_sure(row))
                for row in rows
                if not _is_beside(row)
            ]
        return found

    async def holders(self, asset: AssetId, keys: Sequence[str]) -> list[Finding]:
        """Findings of an asset that hold any of the artefact keys, oldest first."""
        ids: set[str] = set()
        for batch in batches(list(keys)):
            query = sa.select(artefact.c.finding_id).where(
                artefact.c.asset_id == asset, artefact.c.key.in_(batch)
            )
            ids |= set((await self._connection.execute(query)).scalars())
        found = [
            one for one in [await self.get(FindingId(ident)) for ident in ids] if one and not one.merged_into
        ]
        return sorted(found, key=lambda one: (one.opened_at, one.id))

    async def owners(self, keys: Sequence[str]) -> set[AssetId]:
        """The assets of which open findings hold any of these artefact keys."""
        found: set[AssetId] = set()
        for batch in batches(list(keys)):
            query = (
                sa.select(artefact.c.asset_id)
                .join(finding_table, finding_table.c.id == artefact.c.finding_id)
                .where(artefact.c.key.in_(batch), finding_table.c.state.not_in(_CLOSED))
            )
            found |= {AssetId(one) for one in (await self._connection.execute(query)).scalars()}
        return found

    async def save(self, finding: Finding) -> None:
        """Add or replace a finding's own row."""
        row = mapping.finding_row(finding)
        statement = insert_for(self._connection, finding_table).values(row)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))

    async def add_sighting(
        self,
        finding: FindingId,
        observation: int,
        seen: Observation,
        match: Match,
        keys: Sequence[str] = (),
        place: PlaceClass = PlaceClass.OTHER,
    ) -> bool:
        """Attach an observation to a finding, with the artefacts it shows; false if it was attached already."""
        row = {
            "finding_id": finding,
            "observation_id": observation,
            "asset_id": match.asset,
            "site": seen.site,
            "locators": [mapping.shown_locator(one.value) for one in seen.locators],
            "tier": match.tier.value if match.tier else "",
            "score": match.score,
            "seen_at": seen.fetched_at,
            "opened": finding,
            "author": author_of(seen),
            "place": place.value,
            "keys": list(dict.fromkeys(keys)),
        }
        statement = (
            insert_for(self._connection, sighting)
            .values(row)
            .on_conflict_do_nothing()
            .returning(sighting.c.id)
        )
        ident = (await self._connection.execute(statement)).scalar()
        if ident is None:
            return False
        signals = [
            {"sighting_id": ident, "kind": s.kind.value, "detail": s.detail, "weight": s.weight}
            for s in match.signals
        ]
        if signals:
            await self._connection.execute(sa.insert(signal), signals)
        return True

    async def suppress(self, asset: AssetId, observation: int, entry: str, at: datetime) -> bool:
        """Count an observation that an allow list hides; false if it is counted already."""
        row = {"asset_id": asset, "observation_id": observation, "entry": entry, "at": at}
        statement = insert_for(self._connection, suppressed).values(row).on_conflict_do_nothing()
        return (await self._connection.execute(statement)).rowcount > 0

    async def suppressed(self, asset: AssetId) -> list[tuple[str, int, datetime]]:
        """What an asset's allow list has hidden: entry, how many items, when the last one."""
        query = (
            sa.select(suppressed.c.entry, sa.func.count(), sa.func.max(suppressed.c.at))
            .where(suppressed.c.asset_id == asset)
            .group_by(suppressed.c.entry)
            .order_by(suppressed.c.entry)
        )
        return [(entry, count, last) for entry, count, last in (await self._connection.execute(query)).all()]

    async def keys(self, finding: FindingId) -> list[str]:
        """The artefact keys that a finding holds."""
        query = sa.select(artefact.c.key).where(artefact.c.finding_id == finding).order_by(artefact.c.key)
        return list((await self._connection.execute(query)).scalars())

    async def add_artefacts(self, asset: AssetId, finding: FindingId, keys: Iterable[str]) -> None:
        """Let a finding hold artefact keys; keys that are held already stay where they are."""
        rows = [{"asset_id": asset, "finding_id": finding, "key": key} for key in dict.fromkeys(keys)]
        if rows:
            await self._connection.execute(
                insert_for(self._connection, artefact).on_conflict_do_nothing(), rows
            )

    async def add_event(self, event: FindingEvent) -> None:
        """Append to a finding's history."""
        row = {
            "finding_id": event.finding,
            "kind": event.kind.value,
            "at": event.at,
            "content": event.content,
            "detail": dict(event.detail),
            "actor": event.actor,
            "reason": event.reason,
        }
        await self._connection.execute(sa.insert(finding_event), [row])

    async def merge(self, older: Finding, newer: Finding, at: datetime) -> None:
        """Move everything of the newer finding to the older one, and mark the newer as merged."""
        await self._mark_history(newer.id)
        await self.drop_doubles(older.id, newer.id)
        for table in (artefact, sighting, finding_event, proof, notice):
            moved = sa.update(table).where(table.c.finding_id == newer.id).values(finding_id=older.id)
            await self._connection.execute(moved)
        await self.save(replace(newer, state=State.MERGED, merged_into=older.id, updated_at=at))

    async def _mark_history(self, finding: FindingId) -> None:
        """Its events tell whose they are, so that they can be given back when the merge is undone."""
        events = sa.select(finding_event.c.id, finding_event.c.detail).where(
            finding_event.c.finding_id == finding
        )
        for ident, detail in (await self._connection.execute(events)).all():
            told: dict[str, Any] = {"detail": {"of": finding, **detail}}
            await self._connection.execute(
                sa.update(finding_event).where(finding_event.c.id == ident).values(told)
            )

    async def get(self, finding: FindingId) -> Finding | None:
        """One finding."""
        row = (
            (await self._connection.execute(sa.select(finding_table).where(finding_table.c.id == finding)))
            .mappings()
            .first()
        )
        if row is None:
            return None
        query = (
            sa.select(sighting.c.site, sa.func.count())
            .where(sighting.c.finding_id == finding)
            .group_by(sighting.c.site)
        )
        sites = (await self._connection.execute(query)).all()
        return mapping.finding_of(
            dict(row), frozenset(site for site, _ in sites), sum(count for _, count in sites)
        )

    async def list(self, *, merged: bool = False) -> list[Finding]:
        """All findings, newest first."""
        counted = sa.select(sighting.c.finding_id, sighting.c.site, sa.func.count().label("n")).group_by(
            sighting.c.finding_id, sighting.c.site
        )
        sites: dict[str, dict[str, int]] = {}
        for ident, site, count in (await self._connection.execute(counted)).all():
            sites.setdefault(ident, {})[site] = count
        query = sa.select(finding_table).order_by(finding_table.c.opened_at.desc(), finding_table.c.id)
        if not merged:
            query = query.where(finding_table.c.state != State.MERGED.value)
        rows = (await self._connection.execute(query)).mappings()
        seen = ((dict(row), sites.get(row["id"], {})) for row in rows)
        return [mapping.finding_of(row, frozenset(at), sum(at.values())) for row, at in seen]

    async def events(self, finding: FindingId) -> list[FindingEvent]:
        """A finding's history, oldest first."""
        query = (
            sa.select(finding_event).where(finding_event.c.finding_id == finding).order_by(finding_event.c.id)
        )
        return [mapping.event_of(dict(row)) for row in (await self._connection.execute(query)).mappings()]

    async def places(self, finding: FindingId, limit: int = 20) -> list[Place]:
        """Where a finding was seen, newest first."""
        query = (
            sa.select(
                sighting,
                observation.c.url,
                observation.c.title,
                observation.c.published_at,
                observation.c.native_id,
            )
            .join(observation, observation.c.id == sighting.c.observation_id)
            .where(sighting.c.finding_id == finding)
            .order_by(sighting.c.id.desc())
            .limit(limit)
        )
        return [
            Place(
                site=row["site"],
                url=row["url"],
                title=row["title"] or row["native_id"],
                seen_at=row["seen_at"].isoformat(timespec="seconds"),
                published_at=row["published_at"].isoformat(timespec="seconds")
                if row["published_at"]
                else None,
                locators=tuple(row["locators"]),
            )
            for row in (await self._connection.execute(query)).mappings()
        ]

    async def signals(self, finding: FindingId) -> list[tuple[str, str, float]]:
        """Kind, detail and weight of the strongest sighting's signals."""
        strongest = (
            sa.select(sighting.c.id)
            .where(sighting.c.finding_id == finding)
            .order_by(sighting.c.score.desc(), sighting.c.id)
            .limit(1)
        )
        query = sa.select(signal.c.kind, signal.c.detail, signal.c.weight).where(
            signal.c.sighting_id.in_(strongest)
        )
        rows = (await self._connection.execute(query.order_by(signal.c.id))).all()
        return [(kind, detail, weight) for kind, detail, weight in rows]


def _is_sure(row: dict[str, Any]) -> bool:
    if not row["key"].startswith("swarm:"):
        return row["verdict"] == Verdict.PROVED.value or row["tier"] == Tier.AUTO.value
    if row["own"] in (None, Verdict.UNKNOWN.value):
        return row["tier"] == Tier.AUTO.value and (row["swarms"] or 0) <= 1
    return row["own"] == Verdict.PROVED.value


def _is_beside(row: dict[str, Any]) -> bool:
    """Whether a torrent only stood in the same post as the leak."""
    if row["own"] == Verdict.UNPROVED.value:
        return row["verdict"] == Verdict.PROVED.value
    return row["own"] == Verdict.REFUTED.value
