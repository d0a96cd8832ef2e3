"""A database of the release before, in use, is brought up: what waits is sent, and cases go on where they were."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import command

from leakwatch.alerts.deliver import deliver
from leakwatch.model.alert import Alert, Delivery, DeliveryState, Receipt
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
from leakwatch.service import make_test_alert
from leakwatch.store.alerts import alert_json
from leakwatch.store.migrate import _config, upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import outbox
from leakwatch.telling import Telling, announce, tell_due

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ROUTING = Routing(routes=(Route(name="all", channels=("mail",)),))
_NEW = ("state", "assignee", "acknowledged_by", "drill")
ASSET = Asset(id=AssetId("film"), title="The Harbour", critical=True)


@dataclass
class Channel:
    """Takes everything. It is its own clock."""

    taken: list[Delivery] = field(default_factory=list)

    def now(self) -> datetime:
        """An hour after noon."""
        return NOON + timedelta(hours=1)

    async def send(self, delivery: Delivery) -> Receipt:
        """Take one."""
        self.taken.append(delivery)
        return Receipt()


def _case(number: int) -> Finding:
    return Finding(
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


def _event(number: int, kind: EventKind, **detail: str) -> FindingEvent:
    return FindingEvent(
        finding=FindingId(f"LW-{number}"), kind=kind, at=NOON, content=f"{kind.value}:{number}", detail=detail
    )


def _alert(number: int) -> Alert:
    told = replace(make_test_alert(NOON), finding=FindingId(f"LW-{number}"), test=False)
    return replace(told, content=f"opened:{number}")


async def _of_the_release_before(repository: SqlRepository) -> str:
    """Five cases, each told on a channel: sent, waiting, put off, doubtful, dead; as 0007 kept them."""
    states = ("sent", "pending", "retry", "uncertain", "dead")
    async with repository.writing() as work:
        await work.catalogue.save(ASSET, NOON)
        for number in range(len(states)):
            await work.findings.save(_case(number))
            await work.findings.add_event(_event(number, EventKind.OPENED, site="board"))
            await work.outbox.enqueue("old" if number == 0 else "mail", _alert(number), NOON)
    async with repository.engine.begin() as connection:
        for number, state in enumerate(states):
            told = alert_json(_alert(number))
            before = {name: value for name, value in told.items() if name not in _NEW}
            chosen = sa.update(outbox).where(outbox.c.finding_id == f"LW-{number}")
            await connection.execute(chosen.values(state=state, alert=before))
    url = repository.engine.url.render_as_string(hide_password=False)
    await repository.engine.dispose()
    await asyncio.to_thread(command.downgrade, _config(url), "0007")
    return url


async def test_what_waited_is_sent(repository: SqlRepository) -> None:
    """Alerts that waited go out, each once; what was sent or dead stays so."""
    await upgrade(await _of_the_release_before(repository))
    channel = Channel()
    await deliver("mail", channel, repository, channel, lambda _: None, lambda: False)
    assert [(one.alert.subject, one.repeat) for one in channel.taken] == [
        ("LW-1", False),
        ("LW-2", False),
        ("LW-3", False),
    ]
    async with repository.reading() as work:
        assert await work.outbox.counts() == {"sent": 4, "dead": 1}
    async with repository.writing() as work:
        assert await work.outbox.retry_dead(channel.now()) == 1
    await deliver("mail", channel, repository, channel, lambda _: None, lambda: False)
    assert [one.alert.subject for one in channel.taken] == ["LW-1", "LW-2", "LW-3", "LW-4"]


async def test_cases_go_on_where_they_were(repository: SqlRepository) -> None:
    """What people do with a case is told where the release before told of it, and nothing is told again."""
    await upgrade(await _of_the_release_before(repository))
    telling = Telling(routing=ROUTING)
    assert await tell_due(telling, repository, NOON + timedelta(hours=1)) == 0
    confirmed = replace(_case(0), state=State.CONFIRMED)
    event = _event(0, EventKind.STATE, **{"from": "new", "to": "confirmed"})
    async with repository.writing() as work:
        await work.findings.save(confirmed)
        await work.findings.add_event(event)
        assert await announce(event, confirmed, ASSET, ROUTING, work) == 1
        assert await announce(_event(1, EventKind.OPENED), _case(1), ASSET, ROUTING, work) == 0
    await tell_due(telling, repository, NOON + timedelta(hours=1))
    async with repository.reading() as work:
        told = [(one.channel, one.finding) for one in await work.outbox.list((DeliveryState.PENDING,))]
    assert ("old", "LW-0") in told
    assert ("mail", "LW-0") not in told
