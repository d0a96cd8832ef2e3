"""What is counted over cases: what an allow list hid, and how often rules and sites were right."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.asset import AssetId
from leakwatch.model.case import Hidden, Precision, Tallies
from leakwatch.model.finding import FindingId, SignalKind, State
from leakwatch.model.observation import Observation
from leakwatch.store import mapping
from leakwatch.store.catalogue import count_change
from leakwatch.store.statements import batches
from leakwatch.store.tables import finding, observation, sighting, signal, suppressed

_TRUE = frozenset({State.CONFIRMED.value, State.REPORTED.value, State.REMOVED.value})
_OF_RULES = (SignalKind.RULE.value, SignalKind.TITLE.value)
"""A rule of an asset's own is a name that was found."""
_RULE = re.compile(r"([a-z0-9_-]+(?:\.[a-z0-9_-]+)+): ")
_JUDGED = sorted(_TRUE | {State.FALSE_POSITIVE.value})


class SqlTallies:
    """Counts, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def count_change(self) -> None:
        """The catalogue is another one now."""
        await count_change(self._connection)

    async def hidden(self, asset: AssetId, since: datetime | None = None) -> list[Hidden]:
        """What the entries of an asset's allow list have hidden."""
        query = (
            sa.select(suppressed.c.entry, sa.func.count(), sa.func.max(suppressed.c.at))
            .where(suppressed.c.asset_id == asset)
            .group_by(suppressed.c.entry)
            .order_by(suppressed.c.entry)
        )
        if since is not None:
            query = query.where(suppressed.c.at >= since)
        return [Hidden(*row) for row in (await self._connection.execute(query)).all()]

    async def hidden_items(self, asset: AssetId, entry: str, limit: int) -> list[tuple[int, Observation]]:
        """Stored observations that an entry hid, oldest first."""
        query = (
            sa.select(observation)
            .join(suppressed, suppressed.c.observation_id == observation.c.id)
            .where(suppressed.c.asset_id == asset, suppressed.c.entry == entry)
            .order_by(observation.c.id)
            .limit(limit)
        )
        rows = (await self._connection.execute(query)).mappings()
        return [(row["id"], mapping.observation_of(dict(row))) for row in rows]

    async def reveal(self, asset: AssetId, observations: Collection[int]) -> None:
        """These are no longer hidden."""
        for batch in batches(sorted(observations)):
            shown = sa.and_(suppressed.c.asset_id == asset, suppressed.c.observation_id.in_(batch))
            await self._connection.execute(sa.delete(suppressed).where(shown))

    async def rules(self) -> Tallies:
        """Of each rule, how many cases that it spoke for were judged true, and how many false; drills do not count."""
        query = (
            sa.select(signal.c.detail, finding.c.id, finding.c.state)
            .join(sighting, sighting.c.id == signal.c.sighting_id)
            .join(finding, finding.c.id == sighting.c.finding_id)
            .where(
                signal.c.kind.in_(_OF_RULES),
                signal.c.weight > 0,
                finding.c.state.in_(_JUDGED),
                ~finding.c.drill,
            )
            .distinct()
        )
        rows = (await self._connection.execute(query)).all()
        told = ((_RULE.match(detail), FindingId(ident), state) for detail, ident, state in rows)
        return _tallied({(rule[1], ident, state) for rule, ident, state in told if rule})

    async def sites(self) -> Tallies:
        """The same of each site on which cases were seen."""
        query = (
            sa.select(sighting.c.site, finding.c.id, finding.c.state)
            .join(finding, finding.c.id == sighting.c.finding_id)
            .where(finding.c.state.in_(_JUDGED), ~finding.c.drill)
            .distinct()
        )
        rows = (await self._connection.execute(query)).all()
        return _tallied({(site, FindingId(ident), state) for site, ident, state in rows})


def _tallied(rows: set[tuple[str, FindingId, str]]) -> dict[str, Precision]:
    told: dict[str, list[str]] = {}
    for name, _, state in sorted(rows):
        told.setdefault(name, []).append(state)
    return {
        name: Precision(sum(one in _TRUE for one in states), sum(one not in _TRUE for one in states))
        for name, states in told.items()
    }
