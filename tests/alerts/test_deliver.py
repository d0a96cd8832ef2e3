"""Delivery on both databases: order, retries, giving up, races, lost leases (F1, F10, F11)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.alerts.deliver import LEASE_S, Attempt, deliver, retry_delay_s
from leakwatch.errors import DeliveryError
from leakwatch.model.alert import Alert, Delivery, DeliveryState, Receipt
from leakwatch.model.finding import FindingId
from leakwatch.service import make_test_alert
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import outbox

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
chances = st.floats(0, 1)
waits = st.none() | st.floats(0, 1e6)
on_sqlite = pytest.mark.parametrize(
    "repository", ["sqlite"], indirect=True
)  # what does not hang on the database


@dataclass(slots=True)
class Clock:
    """A clock that is moved by hand."""

    time: datetime = NOON

    def now(self) -> datetime:
        """The time it was set to."""
        return self.time


@dataclass(slots=True)
class Channel:
    """A channel that takes what it is told, or fails as it is told; it gives others their turn first."""

    failures: list[DeliveryError | type[BaseException]] = field(default_factory=list)
    taken: list[Delivery] = field(default_factory=list)
    turns: int = 0

    async def send(self, delivery: Delivery) -> Receipt:
        """Take one alert."""
        for _ in range(self.turns):
            await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(delivery)
        return Receipt(reference=f"r{len(self.taken)}")


def alert(number: int) -> Alert:
    """One of several alerts."""
    return replace(make_test_alert(NOON), finding=FindingId(f"LW-{number}"), content=f"opened:{number}")


async def enqueue(repository: SqlRepository, *numbers: int, at: datetime = NOON) -> None:
    """Queue alerts for the one channel."""
    async with repository.writing() as work:
        for number in numbers:
            assert await work.outbox.enqueue("mail", alert(number), at)


async def run(
    repository: SqlRepository, channel: Channel, clock: Clock, stopping: Callable[[], bool] = lambda: False
) -> list[Attempt]:
    """Deliver what is due, and answer the attempts."""
    attempts: list[Attempt] = []
    await deliver("mail", channel, repository, clock, attempts.append, stopping)
    return attempts


async def rows(repository: SqlRepository) -> list[dict[str, Any]]:
    """All outbox rows, oldest first."""
    async with repository.engine.connect() as connection:
        found = await connection.execute(sa.select(outbox).order_by(outbox.c.id))
        return [dict(row) for row in found.mappings()]


@given(st.integers(0, 10_000), waits, chances)
def test_delay_is_between_five_seconds_and_an_hour(attempts: int, wait: float | None, chance: float) -> None:
    """However often it failed and whatever the channel asks for, the next attempt is 5 s to 1 h away."""
    assert 5 <= retry_delay_s(attempts, wait, chance) <= 3600


@given(st.integers(0, 10_000), st.floats(0, 1e6), chances)
def test_delay_obeys_retry_after(attempts: int, wait: float, chance: float) -> None:
    """The channel's own wish is a lower bound, up to an hour, and it never shortens the delay."""
    told = retry_delay_s(attempts, wait, chance)
    assert told >= min(wait, 3600)
    assert told >= retry_delay_s(attempts, None, chance)


@given(st.integers(0, 10_000), chances)
def test_delay_grows_with_failures(attempts: int, chance: float) -> None:
    """With equal luck a later attempt never comes sooner, and with the worst luck the ceiling doubles."""
    assert retry_delay_s(attempts + 1, None, chance) >= retry_delay_s(attempts, None, chance)
    assert retry_delay_s(attempts, None, 1.0) == min(3600, 5 * 2 ** min(attempts, 20))


@given(st.integers(1, 10_000))
def test_delay_has_full_jitter(attempts: int) -> None:
    """The delay reaches from 5 s to its ceiling, so that those who failed together come back apart."""
    assert retry_delay_s(attempts, None, 0.0) == 5
    assert retry_delay_s(attempts, None, 0.5) == (5 + retry_delay_s(attempts, None, 1.0)) / 2


async def test_oldest_first_until_nothing_is_left(repository: SqlRepository) -> None:
    """Everything due goes out in the order it was queued, each once; another channel's alerts stay."""
    await enqueue(repository, 1, 2, 3)
    async with repository.writing() as work:
        await work.outbox.enqueue("slack", alert(1), NOON)
    await enqueue(repository, 4, at=NOON + timedelta(seconds=1))
    channel = Channel()
    attempts = await run(repository, channel, Clock())
    assert [one.alert.finding for one in channel.taken] == ["LW-1", "LW-2", "LW-3"]
    assert [one.state for one in attempts] == [DeliveryState.SENT] * 3
    assert [one.delivery for one in attempts] == channel.taken
    found = await rows(repository)
    assert [row["state"] for row in found] == ["sent", "sent", "sent", "pending", "pending"]
    assert [row["reference"] for row in found[:3]] == ["r1", "r2", "r3"]
    assert all(row["sent_at"] == NOON and row["lease_token"] is None for row in found[:3])
    assert await run(repository, channel, Clock()) == []


@on_sqlite
async def test_stops_between_two_alerts(repository: SqlRepository) -> None:
    """A daemon that stops finishes the alert at hand and begins no other one."""
    await enqueue(repository, 1, 2)
    channel = Channel()
    await run(repository, channel, Clock(), stopping=lambda: bool(channel.taken))
    assert [row["state"] for row in await rows(repository)] == ["sent", "pending"]


@on_sqlite
async def test_failure_does_not_hold_up_the_others(repository: SqlRepository) -> None:
    """An alert that is put off leaves the rest of the queue moving, and comes back when it is due."""
    await enqueue(repository, 1, 2, 3)
    channel, clock = Channel(failures=[DeliveryError("busy")]), Clock()
    attempts = await run(repository, channel, clock)
    assert [(one.delivery.alert.finding, one.state.value, one.error) for one in attempts] == [
        ("LW-1", "retry", "busy"),
        ("LW-2", "sent", ""),
        ("LW-3", "sent", ""),
    ]
    first, *_ = await rows(repository)
    assert (first["state"], first["last_error"]) == ("retry", "busy")
    clock.time = first["due_at"]
    (attempt,) = await run(repository, channel, clock)
    assert (attempt.state, attempt.delivery.repeat) == (DeliveryState.SENT, False)


@on_sqlite
async def test_a_pause_is_for_the_whole_channel(repository: SqlRepository) -> None:
    """A channel that asks for a pause is sent nothing at all until it is over, and then everything (F8)."""
    await enqueue(repository, 1, 2, 3)
    channel, clock = Channel(failures=[DeliveryError("busy", retry_after_s=60.0)]), Clock()
    assert [one.state.value for one in await run(repository, channel, clock)] == ["retry"]
    await enqueue(repository, 4)
    for _ in range(59):
        clock.time += timedelta(seconds=1)
        async with repository.reading() as work:
            assert await work.outbox.due_channels(clock.time) == []
        assert await run(repository, channel, clock) == []
    clock.time += timedelta(seconds=1)
    async with repository.reading() as work:
        assert await work.outbox.due_channels(clock.time) == ["mail"]
    assert [one.state.value for one in await run(repository, channel, clock)] == ["sent"] * 4


@on_sqlite
async def test_permanent_is_dead_at_once(repository: SqlRepository) -> None:
    """What never will be accepted is dead with the reason, and is not tried again."""
    await enqueue(repository, 1)
    clock = Clock()
    (attempt,) = await run(repository, Channel(failures=[DeliveryError("gone", permanent=True)]), clock)
    assert (attempt.state, attempt.error) == (DeliveryState.DEAD, "gone")
    clock.time += timedelta(days=30)
    channel = Channel()
    assert await run(repository, channel, clock) == []
    assert channel.taken == []
    ((state, error),) = [(row["state"], row["last_error"]) for row in await rows(repository)]
    assert (state, error) == ("dead", "gone")


@on_sqlite
async def test_uncertain_is_sent_again_as_a_repeat(repository: SqlRepository) -> None:
    """What may have arrived is sent again under the same key, and stays a repeat through later refusals."""
    await enqueue(repository, 1)
    channel, clock = Channel(failures=[DeliveryError("cut", uncertain=True), DeliveryError("busy")]), Clock()
    attempts: list[Attempt] = []
    for _ in range(3):
        attempts += await run(repository, channel, clock)
        clock.time += timedelta(hours=1)
    assert [one.state.value for one in attempts] == ["uncertain", "retry", "sent"]
    assert [one.delivery.repeat for one in attempts] == [False, True, True]
    assert [one.delivery.attempts for one in attempts] == [1, 2, 3]
    assert len({one.delivery.key for one in attempts}) == 1


@on_sqlite
@pytest.mark.parametrize("is_uncertain", [False, True])
async def test_gives_up_after_three_days(repository: SqlRepository, is_uncertain: bool) -> None:
    """Tried for three days and no longer: the first failure after 72 hours is the last, and its reason is kept."""
    await enqueue(repository, 1)
    clock = Clock()
    error = DeliveryError("still down", uncertain=is_uncertain)
    states: list[str] = []
    while "dead" not in states:
        attempts = await run(repository, Channel(failures=[error]), clock)
        states += [one.state.value for one in attempts]
        ((due, state),) = [(row["due_at"], row["state"]) for row in await rows(repository)]
        assert state == states[-1]
        assert clock.time < due <= clock.time + timedelta(hours=1)
        age, clock.time = clock.time - NOON, due
    assert timedelta(hours=72) < age <= timedelta(hours=73)
    assert set(states[:-1]) == {"uncertain" if is_uncertain else "retry"}
    assert 72 <= len(states) < 1200
    assert await run(repository, Channel(), clock) == []
    assert (await rows(repository))[0]["last_error"] == "still down"


async def test_two_senders_send_each_alert_once(repository: SqlRepository) -> None:
    """Two senders on one channel share the queue: every alert goes out exactly once."""
    await enqueue(repository, *range(12))
    channels = [Channel(turns=3), Channel(turns=1)]
    clock = Clock()
    while any(row["state"] == "pending" for row in await rows(repository)):
        await asyncio.gather(*(run(repository, channel, clock) for channel in channels))
    sent = Counter(str(one.alert.finding) for channel in channels for one in channel.taken)
    assert sent == Counter({f"LW-{number}": 1 for number in range(12)})
    assert {(row["state"], row["attempts"]) for row in await rows(repository)} == {("sent", 1)}


async def test_many_senders_race_for_one_alert(repository: SqlRepository) -> None:
    """However many senders reach for one row at the same moment, one of them sends it."""
    await enqueue(repository, 1)
    channel = Channel(turns=5)
    attempts = await asyncio.gather(*(run(repository, channel, Clock()) for _ in range(4)))
    assert len(channel.taken) == sum(map(len, attempts)) == 1


async def test_killed_sender_is_repeated_after_its_lease(repository: SqlRepository) -> None:
    """An alert whose sender was killed is left alone while the lease runs, then sent again as a repeat."""
    await enqueue(repository, 1)
    clock = Clock()
    with pytest.raises(asyncio.CancelledError):
        await run(repository, Channel(failures=[asyncio.CancelledError]), clock)
    assert [row["state"] for row in await rows(repository)] == ["leased"]
    channel = Channel()
    clock.time += timedelta(seconds=LEASE_S)
    assert await run(repository, channel, clock) == []
    clock.time += timedelta(seconds=1)
    (attempt,) = await run(repository, channel, clock)
    assert (attempt.state, attempt.delivery.repeat, attempt.delivery.attempts) == (
        DeliveryState.SENT,
        True,
        2,
    )
    ((state, uncertain),) = [(row["state"], row["uncertain"]) for row in await rows(repository)]
    assert (state, uncertain) == ("sent", True)


@on_sqlite
async def test_late_sender_does_not_overwrite_the_one_after_it(repository: SqlRepository) -> None:
    """A sender that outlives its lease settles nothing: the row stays as its successor left it."""
    await enqueue(repository, 1)
    clock = Clock()
    reached, go = asyncio.Event(), asyncio.Event()

    @dataclass(slots=True)
    class Slow(Channel):
        async def send(self, delivery: Delivery) -> Receipt:
            reached.set()
            await go.wait()
            raise DeliveryError("too late", permanent=True)

    late = asyncio.create_task(run(repository, Slow(), clock))
    await reached.wait()
    clock.time += timedelta(seconds=LEASE_S + 1)
    (attempt,) = await run(repository, Channel(), clock)
    go.set()
    await late
    assert attempt.delivery.repeat
    ((state, error),) = [(row["state"], row["last_error"]) for row in await rows(repository)]
    assert (state, error) == ("sent", None)
