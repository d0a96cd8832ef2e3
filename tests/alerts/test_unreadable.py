"""Rows that cannot be read: set aside with the reason and told of elsewhere, while all the others go out."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from leakwatch.model.alert import (
    Alert,
    AnyAlert,
    Delivery,
    DeliveryState,
    DigestAlert,
    DigestEvent,
    SetAside,
    SiteAlert,
    SiteEvent,
    Unreadable,
)
from leakwatch.model.finding import Severity
from leakwatch.store.alerts import alert_json, alert_of
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import message_thread

from .test_outages import DOWN, NOON, World, alert, events, on_sqlite, world

SOUND = json.loads(json.dumps(alert_json(alert(7))))
BAD = {
    "nothing": "null",
    "no object": "[]",
    "no fields": "{}",
    "a word": '"x"',
    "a severity of a newer version": json.dumps(SOUND | {"severity": "apocalyptic"}),
    "an event of a newer version": json.dumps(SOUND | {"event": "sung"}),
    "a number for a text": json.dumps(SOUND | {"headline": 5}),
    "a text for a score": json.dumps(SOUND | {"score": "high"}),
    "a flag for a score": json.dumps(SOUND | {"score": True}),
    "an object for places": json.dumps(SOUND | {"places": {}}),
    "a place that is none": json.dumps(SOUND | {"places": ["x"]}),
    "without its asset": json.dumps({name: one for name, one in SOUND.items() if name != "asset"}),
    "a number beyond all bounds": '{"sites": ' + "9" * 5000 + "}",
}
TORN = {
    "half of it": json.dumps(SOUND)[:100].encode(),
    "no text": b"\xff\xfe\x00{",
    "empty": b"",
    "very deep": b"[" * 200_000,
}


async def spoil(store: SqlRepository, table: str, ident: int, kept: str | bytes) -> None:
    """What a bad disk, or a newer version, leaves in a row."""
    async with store.engine.begin() as connection:
        text = sa.text(f"UPDATE {table} SET alert = CAST(:kept AS JSON) WHERE id = :id")
        if isinstance(kept, bytes) or connection.dialect.name == "sqlite":
            text = sa.text(f"UPDATE {table} SET alert = CAST(:kept AS TEXT) WHERE id = :id")
        await connection.execute(text, {"kept": kept, "id": ident})


async def test_rows_that_cannot_be_read_stop_nothing(repository: SqlRepository) -> None:
    """They are dead with the reason, their bytes are kept and shown, another channel is told once, and the others go out."""
    is_sqlite = repository.engine.dialect.name == "sqlite"
    bad = BAD | TORN if is_sqlite else BAD  # PostgreSQL takes nothing that is no JSON
    w = world(repository, "a", "b")
    urgent = [alert(100 + number, severity=Severity.CRITICAL) for number in range(len(bad))]
    await w.enqueue("a", *urgent, alert(2), alert(3))
    for ident, kept in enumerate(bad.values(), 1):
        await spoil(repository, "outbox", ident, kept)
    await w.tick()
    assert [one.subject for one in w.channels["a"].taken] == ["LW-2", "LW-3"]
    rows = await w.rows("a")
    for kind, kept, row in zip(bad, bad.values(), rows, strict=False):
        assert (row.state, row.headline) == (DeliveryState.DEAD, "(cannot be read)"), kind
        assert (row.last_error or "").startswith("the alert cannot be read: "), kind
        async with repository.reading() as work:
            found = await work.outbox.get(row.id)
        assert found is not None
        assert isinstance(found[1], Unreadable), kind
        assert found[1].kept == (kept.decode("utf-8", "replace") if isinstance(kept, bytes) else kept), kind
    assert [one.state for one in rows[len(bad) :]] == [DeliveryState.SENT] * 2
    assert events(w.channels["b"]) == ["channel_down a unreadable"]
    assert "outbox show ID" in w.channels["b"].taken[0].advice
    assert (await w.health("a")).works


async def test_what_a_newer_version_adds_is_passed_over(repository: SqlRepository) -> None:
    """An alert with a field that this version does not know is told, with all that it does know."""
    w = world(repository, "a", "b")
    await w.enqueue("a", alert(7))
    more = SOUND | {"mood": "grave", "places": [one | {"altitude": 7} for one in SOUND["places"]]}
    await spoil(repository, "outbox", 1, json.dumps(more))
    await w.tick()
    assert w.channels["a"].taken == [alert(7)]
    assert w.channels["b"].taken == []


async def test_retried_when_it_can_be_read(repository: SqlRepository) -> None:
    """`outbox retry` of one that still cannot be read sets it aside again; of one that was mended sends it."""
    w = world(repository, "a", "b")
    await w.enqueue("a", alert(7))
    await spoil(repository, "outbox", 1, "{}")
    for kept, sent in (("{}", 0), (json.dumps(SOUND), 1)):
        await w.tick(minutes=1)
        assert [one.state for one in await w.rows("a")] == [DeliveryState.DEAD]
        await spoil(repository, "outbox", 1, kept)
        async with repository.writing() as work:
            assert await work.outbox.retry(1, w.time)
        await w.tick(minutes=1)
        assert len(w.channels["a"].taken) == sent
    assert len(events(w.channels["b"])) == 1


async def test_many_are_told_of_once_a_day(repository: SqlRepository) -> None:
    """A database full of them makes one alarm a day, not one for each; an alert that is sent changes nothing in that."""
    w = world(repository, "a", "b")
    for day, alarms in ((0, 1), (0, 1), (2, 2)):
        w.time += timedelta(days=day)
        before = len(await w.rows("a"))
        await w.enqueue("a", *(alert(one) for one in range(before, before + 5)))
        for ident in range(1, 5):
            await spoil(repository, "outbox", max(one.id for one in await w.rows("a")) - ident, "{}")
        await w.tick(hours=1)
        assert len(events(w.channels["b"])) == alarms
    assert len(w.channels["a"].taken) == 3
    assert all(isinstance(one.delivery, Delivery | SetAside) for one in w.attempts)


async def _outage(w: World, count: int) -> None:
    w.channels["a"].error = DOWN
    await w.enqueue("a", *(alert(one) for one in range(count)))
    for _ in range(60):
        await w.tick(minutes=5)
    w.channels["a"].error = None


@on_sqlite
async def test_bad_row_among_many_that_waited(repository: SqlRepository) -> None:
    """The digest after an outage is made of what can be read; the bad one is told of by itself."""
    w = world(repository, "a", "b")
    await _outage(w, 40)
    await spoil(repository, "outbox", 17, "{}")
    for _ in range(3):
        await w.tick(hours=1)
    assert [one.state.value for one in await w.rows("a")].count("dead") == 1
    (digest,) = [one for one in w.channels["a"].taken if isinstance(one, DigestAlert)]
    told = (
        len(digest.entries)
        + digest.more
        + len([one for one in w.channels["a"].taken if isinstance(one, Alert)])
    )
    assert told == 39
    assert "channel_down a unreadable" in events(w.channels["b"])


@on_sqlite
async def test_bad_digest_is_made_anew(repository: SqlRepository) -> None:
    """A digest that cannot be read frees what it told of: another digest tells of it, and nothing comes one by one."""
    w = world(repository, "a", "b")
    await _outage(w, 40)
    w.channels["a"].error = DOWN
    async with repository.writing() as work:
        await work.channels.keep((await work.channels.get("a")).opened())
    await w.tick(seconds=1)  # folds, and cannot send
    (digest,) = [one for one in await w.rows("a") if one.finding.startswith("digest:")]
    await spoil(repository, "outbox", digest.id, "{}")
    w.channels["a"].error = None
    for _ in range(3):
        await w.tick(hours=1)
    states = [one.state for one in await w.rows("a")]
    assert (states.count(DeliveryState.SENT), states.count(DeliveryState.DEAD)) == (41, 1)
    (again,) = [one for one in w.channels["a"].taken if isinstance(one, DigestAlert)]
    assert len(w.channels["a"].taken) + len(again.entries) + again.more == 41


async def test_thread_that_cannot_be_read_is_begun_anew(repository: SqlRepository) -> None:
    """What a channel remembers of a matter may be lost; what is said of it is not."""
    w = world(repository, "a")
    row = {"channel": "a", "recipient": "", "subject": "LW-1", "reference": "r1", "detail": [1], "at": NOON}
    async with repository.engine.begin() as connection:
        await connection.execute(sa.insert(message_thread), [row])
    await w.enqueue("a", alert(1))
    await w.tick()
    assert len(w.channels["a"].taken) == 1


SITE = SiteAlert(
    event=SiteEvent.BLIND, headline="blind", severity=Severity.MEDIUM, at="2026-11-20T12:00:00Z", sites=()
)
DIGEST = DigestAlert(
    event=DigestEvent.FLOOD,
    topic="film",
    headline="2 more",
    severity=Severity.HIGH,
    at=NOON.isoformat(),
    since=NOON.isoformat(),
    entries=(alert(1, headline="\ud800 half of a pair"), alert(2)),
    counts=(("high", 2),),
)


@pytest.mark.parametrize("told", [alert(1), alert(2, assignee="mara", score=1), SITE, DIGEST])
def test_what_was_kept_is_read_again(told: AnyAlert) -> None:
    """Every kind of alert comes back from its JSON as it was, whatever a stranger wrote in it."""
    text = json.dumps(alert_json(told))
    assert alert_of(text) == told
    assert alert_of(text.encode()) == told
