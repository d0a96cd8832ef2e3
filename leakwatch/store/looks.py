"""Further looks at the places of findings."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.evidence import Look, Outcome
from leakwatch.model.finding import FindingId, State, Tier
from leakwatch.store.parts import parts_of
from leakwatch.store.statements import insert_for
from leakwatch.store.tables import finding, recheck, site

STEPS = (("+1m", timedelta(minutes=1)), ("+10m", timedelta(minutes=10)), ("+60m", timedelta(minutes=60)))
REMOVED = "removed"
_WAITING, _DONE = "waiting", "done"
_MAX_HOSTS, _MAX_PLACES = 200, 50


class SqlLooks:
    """Looks that are due and looks that were done, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def plan(
        self, ident: FindingId, url: str, site_name: str, native_id: str, begins: datetime, kind: str = ""
    ) -> None:
        """Look again one, ten and sixty minutes from a time. `kind` tells these looks from earlier ones."""
        places = sa.select(sa.func.count(recheck.c.url.distinct())).where(
            recheck.c.finding_id == ident, recheck.c.url != url
        )
        if (await self._connection.scalar(places) or 0) >= _MAX_PLACES:
            return
        of = {"finding_id": ident, "url": url, "site": site_name, "native_id": native_id}
        rows = [
            of | {"step": kind + step, "state": _WAITING, "due_at": begins + wait, "detail": {}}
            for step, wait in STEPS
        ]
        await self._connection.execute(insert_for(self._connection, recheck).on_conflict_do_nothing(), rows)

    async def plan_one(self, look: Look, step: str, due_at: datetime) -> None:
        """Look at the same place once more."""
        row = {"finding_id": look.finding, "url": look.url, "site": look.site, "native_id": look.native_id}
        row |= {"step": step, "state": _WAITING, "due_at": due_at, "detail": {}}
        await self._connection.execute(
            insert_for(self._connection, recheck).values(row).on_conflict_do_nothing()
        )

    async def due_hosts(self, now: datetime) -> list[str]:
        """Hosts with a place that is to be looked at now, longest overdue first."""
        query = (
            sa.select(site.c.host)
            .select_from(recheck.join(site, recheck.c.site == site.c.name))
            .where(recheck.c.state == _WAITING, recheck.c.due_at <= now)
            .group_by(site.c.host)
            .order_by(sa.func.min(recheck.c.due_at))
            .limit(_MAX_HOSTS)
        )
        return list((await self._connection.execute(query)).scalars())

    async def due(self, host: str, now: datetime, limit: int) -> list[Look]:
        """Places of a host that are to be looked at now, those of the most urgent findings first.

        Of several looks at one place that are due, the last stands for all.
        """
        query = (
            sa.select(recheck)
            .join(site, site.c.name == recheck.c.site)
            .join(finding, finding.c.id == recheck.c.finding_id)
            .where(recheck.c.state == _WAITING, recheck.c.due_at <= now, site.c.host == host)
            .order_by(finding.c.tier == Tier.REVIEW.value, recheck.c.due_at.desc(), recheck.c.id.desc())
            .limit(10 * limit)
        )
        places: dict[tuple[str, str], Look] = {}
        for row in (await self._connection.execute(query)).mappings():
            places.setdefault((row["finding_id"], row["url"]), _look_of(row))
        return list(places.values())[:limit]

    async def close(self, look: Look, outcome: Outcome, detail: dict[str, str], at: datetime) -> bool:
        """Record what a look has shown; of the same place, looks that were due before it are done with it.

        False if another daemon has done so meanwhile.
        """
        this = sa.update(recheck).where(recheck.c.id == look.id, recheck.c.state == _WAITING)
        done = {"state": _DONE, "done_at": at, "outcome": outcome.value}
        if (await self._connection.execute(this.values(**done, detail=detail))).rowcount != 1:
            return False
        of_place = (recheck.c.finding_id == look.finding, recheck.c.url == look.url)
        with_it = sa.update(recheck).where(
            *of_place, recheck.c.state == _WAITING, recheck.c.due_at <= look.due_at
        )
        await self._connection.execute(with_it.values(**done, detail={"with": look.step}))
        return True

    async def plan_removed(self, now: datetime) -> int:
        """Look again at the places of findings that were set to removed within the last hour; answers of how many.

        Once for each time that a finding was removed, which the steps of these looks name.
        """
        query = sa.select(finding.c.id, finding.c.closed_at).where(
            finding.c.state == State.REMOVED.value, finding.c.closed_at > now - timedelta(hours=1)
        )
        planned = 0
        for ident, at in (await self._connection.execute(query)).all():
            looks, kind = await self.of(FindingId(ident)), f"{REMOVED} {at:%Y-%m-%dT%H:%M:%SZ} "
            if any(one.step.startswith(kind) for one in looks):
                continue
            for one in {one.url: one for one in looks}.values():
                await self.plan(FindingId(ident), one.url, one.site, one.native_id, at, kind)
            planned += bool(looks)
        return planned

    async def of(self, ident: FindingId) -> list[Look]:
        """The looks at a finding's places, also of cases that became part of it, in the order in which they are due."""
        mine = sa.or_(recheck.c.finding_id == ident, recheck.c.finding_id.in_(parts_of(ident)))
        query = sa.select(recheck).where(mine).order_by(recheck.c.due_at, recheck.c.id)
        return [_look_of(row) for row in (await self._connection.execute(query)).mappings()]


def _look_of(row: sa.RowMapping) -> Look:
    told = {
        name: row[name] for name in ("id", "url", "site", "native_id", "step", "due_at", "done_at", "detail")
    }
    outcome = Outcome(row["outcome"]) if row["outcome"] else None
    return Look(finding=FindingId(row["finding_id"]), outcome=outcome, **told)
