"""Cases and their events. Observations, sightings and proofs stand in files of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from leakwatch.model.asset import AssetId
from leakwatch.model.finding import (
    QUIET_STATES,
    Finding,
    FindingEvent,
    FindingId,
    KnownArtefact,
    State,
    Tier,
    Verdict,
)
from leakwatch.store import mapping
from leakwatch.store.observations import SqlObservations
from leakwatch.store.proofs import SqlProofs
from leakwatch.store.sightings import SqlSightings
from leakwatch.store.statements import batches, insert_for
from leakwatch.store.tables import artefact, finding_event, notice, proof, sighting
from leakwatch.store.tables import asset as asset_table
from leakwatch.store.tables import finding as finding_table

_CLOSED = [one.value for one in QUIET_STATES]


class SqlFindings(SqlObservations, SqlSightings, SqlProofs):
    """Observations, cases, sightings, events and proofs, in one transaction."""

    async def open_drills(self, before: datetime) -> list[FindingId]:
        """Drills that were begun before a time and are not closed."""
        is_open = finding_table.c.state != State.FALSE_POSITIVE.value
        query = sa.select(finding_table.c.id).where(
            finding_table.c.drill, is_open, finding_table.c.opened_at < before
        )
        return [FindingId(one) for one in (await self._connection.execute(query)).scalars()]

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

    async def keys(self, finding: FindingId) -> list[str]:
        """The artefact keys that a finding holds."""
        query = sa.select(artefact.c.key).where(artefact.c.finding_id == finding).order_by(artefact.c.key)
        return list((await self._connection.execute(query)).scalars())

    async def add_artefacts(self, asset: AssetId, finding: FindingId, keys: Iterable[str]) -> None:
        """Let a finding hold artefact keys; keys that are held already stay where they are."""
        told = {"asset_id": asset, "finding_id": finding, "opened": finding}
        rows = [told | {"key": key} for key in dict.fromkeys(keys)]
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
        """Its events and notices tell whose they are, so that they can be given back when the merge is undone."""
        for table in (finding_event, notice):
            own = sa.select(table.c.id, table.c.detail).where(table.c.finding_id == finding)
            for ident, detail in (await self._connection.execute(own)).all():
                told: dict[str, Any] = {"detail": {"of": finding, **detail}}
                await self._connection.execute(sa.update(table).where(table.c.id == ident).values(told))

    async def survivor(self, finding: FindingId) -> Finding | None:
        """The finding that this one is part of in the end: itself, if it is part of none."""
        found = await self.get(finding)
        while found is not None and found.merged_into:
            found = await self.get(found.merged_into)
        return found

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
