"""Two daemons on one database: what both see at the same moment is told once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from leakwatch.alerts.alarms import Addressee
from leakwatch.alerts.deliver import Attempt, deliver
from leakwatch.alerts.gone import bury_unknown
from leakwatch.cases.tending import tell_overdue
from leakwatch.errors import DeliveryError
from leakwatch.model.alert import Delivery, Receipt
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.evidence import Outcome
from leakwatch.model.finding import EventKind, Finding, FindingId, Severity, State, Tier, Verdict
from leakwatch.service import make_test_alert
from leakwatch.store.repository import SqlRepository

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Ticking:
    """A clock that never tells the same time twice."""

    def __init__(self) -> None:
        self.asked = 0

    def now(self) -> datetime:
        """A little past noon."""
        self.asked += 1
        return NOON + timedelta(milliseconds=self.asked)


class Refusing:
    """A channel that takes nothing any more; it answers when both daemons have asked."""

    def __init__(self, both: asyncio.Barrier) -> None:
        self.both = both

    async def send(self, delivery: Delivery) -> Receipt:
        """Say no to both at once."""
        await self.both.wait()
        raise DeliveryError(f"{delivery.channel}: token revoked", closes=True)


@pytest.fixture
async def daemons(repository: SqlRepository) -> AsyncIterator[tuple[SqlRepository, SqlRepository]]:
    """The database as each of the two has it open."""
    other = SqlRepository.open(repository.engine.url.render_as_string(hide_password=False))
    yield repository, other
    await other.close()


async def test_channel_that_closes_is_told_once(daemons: tuple[SqlRepository, SqlRepository]) -> None:
    """Both are told by the channel that it is closed; one of them tells it elsewhere."""
    async with daemons[0].writing() as work:
        for number in range(2):
            told = replace(make_test_alert(NOON), finding=FindingId(f"LW-{number}"), content=f"c{number}")
            await work.outbox.enqueue("a", told, NOON)
    clock, both, attempts = Ticking(), asyncio.Barrier(2), list[Attempt]()
    others = [Addressee("b")]

    async def send(one: SqlRepository) -> None:
        while not attempts:  # who loses the race for an alert comes again
            await deliver("a", Refusing(both), one, clock, attempts.append, lambda: False, others=others)

    await asyncio.gather(*map(send, daemons))
    assert len(attempts) == 2
    async with daemons[0].reading() as work:
        assert len(await work.outbox.list(channels=["b"])) == 1


async def test_channel_that_is_gone_is_told_once(daemons: tuple[SqlRepository, SqlRepository]) -> None:
    """Both see that a channel is gone; one of them tells it elsewhere."""
    async with daemons[0].writing() as work:
        await work.outbox.enqueue("old", make_test_alert(NOON), NOON)
    clock, known, later = Ticking(), [Addressee("b")], timedelta(hours=1)
    await asyncio.gather(*(bury_unknown(known, one, clock.now() + later) for one in (*daemons, *daemons)))
    async with daemons[0].reading() as work:
        assert len(await work.outbox.list(channels=["b"])) == 1


async def test_due_date_that_passes_is_told_once(daemons: tuple[SqlRepository, SqlRepository]) -> None:
    """Both see that a due date has passed; it is one event, and one entry of the audit."""
    await _case(daemons[0])
    told = await asyncio.gather(*(tell_overdue(one, NOON) for one in (*daemons, *daemons)))
    assert sum(told) == 1
    async with daemons[0].reading() as work:
        events = await work.findings.events(FindingId("LW-1"))
    assert [one.kind for one in events] == [EventKind.OVERDUE]


async def test_look_is_closed_once(daemons: tuple[SqlRepository, SqlRepository]) -> None:
    """Both looked at the same place again; the second finds that its outcome is there already."""
    await _case(daemons[0])
    async with daemons[0].writing() as work:
        await work.looks.plan(FindingId("LW-1"), "https://board.example/1", "board", "1", NOON)
        look = (await work.looks.of(FindingId("LW-1")))[0]

    async def close(one: SqlRepository) -> bool:
        async with one.writing() as work:
            return await work.looks.close(look, Outcome.EDITED, {}, NOON)

    assert sorted(await asyncio.gather(*map(close, daemons))) == [False, True]


async def _case(repository: SqlRepository) -> None:
    asset = Asset(id=AssetId("film"), title="The Harbour")
    case = Finding(
        id=FindingId("LW-1"),
        asset=asset.id,
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
        due_at=NOON - timedelta(hours=1),
    )
    async with repository.writing() as work:
        await work.catalogue.save(asset, NOON)
        await work.findings.save(case)
