"""A desk of the alert engine: a database, an asset, findings, and a clock that the test sets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from leakwatch.model.alert import AnyAlert, Unreadable
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import (
    EventKind,
    Finding,
    FindingEvent,
    FindingId,
    Severity,
    State,
    Tier,
    Verdict,
)
from leakwatch.model.route import Route, Routing
from leakwatch.store.alerts import alert_of
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import outbox
from leakwatch.telling import Limits, Telling, announce, tell_due

import sqlalchemy as sa  # isort: skip

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ASSET = Asset(id=AssetId("film"), title="The Harbour", critical=True, owner="Studio", kind="video")


def finding(number: int = 1, **changes: object) -> Finding:
    """A case of the asset."""
    case = Finding(
        id=FindingId(f"LW-{number}"),
        asset=ASSET.id,
        state=State.NEW,
        verdict=Verdict.UNKNOWN,
        severity=Severity.HIGH,
        tier=Tier.AUTO,
        score=0.9,
        opened_at=NOON,
        updated_at=NOON,
        title="The.Harbour.2026",
        sites=frozenset({"board"}),
        sightings=1,
    )
    return replace(case, **changes)  # type: ignore[arg-type]


@dataclass
class Desk:
    """The engine on a database."""

    repository: SqlRepository
    routing: Routing = field(
        default_factory=lambda: Routing(routes=(Route(name="all", channels=("slack",)),))
    )
    at: datetime = NOON
    limits: Limits = field(default_factory=Limits)
    recipients: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def route(self, *routes: Route) -> None:
        """Configure other routes."""
        self.routing = replace(self.routing, routes=routes)

    async def event(
        self,
        kind: EventKind = EventKind.OPENED,
        case: Finding | None = None,
        content: str | None = None,
        actor: str | None = None,
        asset: Asset = ASSET,
        **detail: str,
    ) -> int:
        """Something happens to a finding; answers how many announcements wait."""
        case = case or finding()
        told = FindingEvent(
            finding=case.id,
            kind=kind,
            at=self.at,
            content=content or kind.value,
            detail={"site": "board", **detail},
            actor=actor,
        )
        async with self.repository.writing() as work:
            if await work.catalogue.get(asset.id) is None:
                await work.catalogue.save(asset, NOON)
            await work.findings.save(case)
            await work.findings.add_event(told)
            return await announce(told, case, asset, self.routing, work)

    async def tell(self, *, settle: bool = True) -> int:
        """Make messages of what is due."""
        telling = Telling(routing=self.routing, recipients=self.recipients, limits=self.limits)
        return await tell_due(telling, self.repository, self.at, settle=settle)

    async def later(self, **time: float) -> int:
        """The clock goes on, and what is due is told."""
        self.at += timedelta(**time)
        return await self.tell()

    async def alerts(self) -> list[AnyAlert]:
        """What is in the outbox, oldest first."""
        async with self.repository.engine.connect() as connection:
            rows = (await connection.execute(sa.select(outbox.c.alert).order_by(outbox.c.id))).scalars()
            alerts = [alert_of(json.dumps(one)) for one in rows]
        return [one for one in alerts if not isinstance(one, Unreadable)]

    async def sent(self) -> list[tuple[str, str]]:
        """Channel and headline of what is in the outbox, oldest first."""
        async with self.repository.reading() as work:
            return [(one.channel, one.headline) for one in reversed(await work.outbox.list(limit=10_000))]

    async def headlines(self) -> list[str]:
        """What is in the outbox, without the asset's name."""
        return [headline.removeprefix("The Harbour: ") for _, headline in await self.sent()]

    async def fates(self, subject: str = "LW-1") -> list[tuple[str, str, str]]:
        """What became of the announcements of a finding: channel, fate, why."""
        async with self.repository.reading() as work:
            return [(one.channel, one.fate.value, one.why) for one in await work.announcements.noted(subject)]


@pytest.fixture
def desk(repository: SqlRepository) -> Desk:
    """The engine on an empty database of each kind."""
    return Desk(repository)
