"""Channels that fail: what waits, what rests, who is told elsewhere, and how it comes back (F6, F8, F11)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.alerts.alarms import Addressee
from leakwatch.alerts.deliver import _FOLD_AT_ONCE, LEASE_S, Attempt, deliver
from leakwatch.alerts.gone import bury_unknown
from leakwatch.alerts.squeeze import MOST, squeeze
from leakwatch.errors import DeliveryError
from leakwatch.model.alert import (
    Alert,
    AnyAlert,
    Delivery,
    DeliveryState,
    DigestAlert,
    OutboxRow,
    Receipt,
    SiteAlert,
    SiteEvent,
)
from leakwatch.model.channel import ChannelHealth, Waiting
from leakwatch.model.finding import EventKind, FindingId, Severity, Verdict
from leakwatch.service import make_test_alert
from leakwatch.store.repository import SqlRepository

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
on_sqlite = pytest.mark.parametrize("repository", ["sqlite"], indirect=True)
DOWN = DeliveryError("a: cannot be reached")
REVOKED = DeliveryError("a: token revoked", closes=True)


@dataclass(slots=True)
class Channel:
    """A channel that fails as long as it is told to."""

    name: str
    error: DeliveryError | None = None
    taken: list[AnyAlert] = field(default_factory=list)
    asked: int = 0

    async def send(self, delivery: Delivery) -> Receipt:
        """Take one alert, or not."""
        self.asked += 1
        if self.error is not None:
            raise self.error
        self.taken.append(delivery.alert)
        return Receipt(reference=f"r{len(self.taken)}")


@dataclass(slots=True)
class World:
    """Channels on one database, and a clock that is moved by hand."""

    store: SqlRepository
    channels: dict[str, Channel]
    folds: bool = True
    time: datetime = NOON
    attempts: list[Attempt] = field(default_factory=list)

    def now(self) -> datetime:
        """The time it was set to."""
        return self.time

    async def enqueue(self, channel: str, *alerts: AnyAlert) -> None:
        """Queue alerts."""
        async with self.store.writing() as work:
            for one in alerts:
                assert await work.outbox.enqueue(channel, one, self.time)

    async def tick(self, **step: float) -> None:
        """What the daemon does: deliver on each channel that is due; and then let time pass."""
        for _ in range(3):  # an alarm is a further alert
            async with self.store.reading() as work:
                due = await work.outbox.due_channels(self.time)
            for name in sorted(due):
                others = [Addressee(one) for one in self.channels if one != name]
                told = (name, self.channels[name], self.store, self, self.attempts.append, lambda: False)
                await deliver(*told, others=others, folds=self.folds)
        self.time += timedelta(**step)

    async def rows(self, channel: str, *states: DeliveryState) -> list[OutboxRow]:
        """What is in the outbox, oldest first."""
        async with self.store.reading() as work:
            return (await work.outbox.list(states, 10_000, channels=[channel]))[::-1]

    async def health(self, channel: str) -> ChannelHealth:
        """How a channel fares."""
        async with self.store.reading() as work:
            return await work.channels.get(channel)


def world(store: SqlRepository, *names: str, folds: bool = True) -> World:
    """Some channels."""
    return World(store, {name: Channel(name) for name in names}, folds)


def alert(number: int, **changes: object) -> Alert:
    """One of several alerts."""
    told = replace(
        make_test_alert(NOON), finding=FindingId(f"LW-{number}"), content=f"opened:{number}", test=False
    )
    return replace(told, **changes)  # type: ignore[arg-type]


def events(channel: Channel) -> list[str]:
    """What a channel was told of others, and why."""
    return [
        f"{one.event.value} {one.sites[0].name} {one.content.split(':')[1]}".partition(" 20")[0]
        for one in channel.taken
        if isinstance(one, SiteAlert)
    ]


async def test_revoked_token_kills_at_once_and_is_told_elsewhere(repository: SqlRepository) -> None:
    """What waits is dead with the reason after one request; another channel is told, and again after a day; a person opens it again."""
    w = world(repository, "a", "b")
    w.channels["a"].error = REVOKED
    await w.enqueue("a", *(alert(one) for one in range(5)))
    await w.tick(hours=1)
    assert w.channels["a"].asked == 1
    assert [one.state.value for one in await w.rows("a")] == ["dead"] * 5
    assert all("token revoked" in (one.last_error or "") for one in await w.rows("a"))
    assert events(w.channels["b"]) == ["channel_down a closed"]
    told = w.channels["b"].taken[0]
    assert "outbox retry --channel a" in told.advice
    w.channels["a"].error = None
    for _ in range(30):
        await w.enqueue("a", alert(100 + w.time.day * 24 + w.time.hour))
        await w.tick(hours=1)
    assert w.channels["a"].asked == 1
    assert events(w.channels["b"]) == ["channel_down a closed"] * 2, "more than a day of dead alerts"
    assert {one.state.value for one in await w.rows("a")} == {"dead"}
    async with repository.writing() as work:
        assert await work.outbox.retry_dead(w.time, "a") == 35
        await work.channels.keep((await work.channels.get("a")).opened())
    w.folds = False
    await w.tick()
    assert {one.state.value for one in await w.rows("a")} == {"sent"}
    assert len(w.channels["a"].taken) == 35
    await w.tick()
    assert events(w.channels["b"])[2:] == ["channel_back a"]
    w.channels["a"].error = REVOKED
    await w.enqueue("a", alert(999))
    await w.tick(hours=1)
    assert events(w.channels["b"])[3:] == ["channel_down a closed"]


@pytest.mark.parametrize("jump", [timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)])
async def test_clock_set_back_holds_nothing_up(repository: SqlRepository, jump: timedelta) -> None:
    """What waited, never tried or put off, goes out as soon as the channel's pause is over, by the new time."""
    w = world(repository, "a")
    w.channels["a"].error = DeliveryError("a: busy", retry_after_s=600.0)
    await w.enqueue("a", alert(1), alert(2), alert(3))
    await w.tick()
    w.channels["a"].error, before = None, w.time
    w.time = before - jump
    async with repository.writing() as work:
        await work.channels.clock_set_back(w.time, jump)
    await w.tick(seconds=599)
    assert w.channels["a"].taken == []
    await w.tick(seconds=2)
    await w.tick()
    assert len(w.channels["a"].taken) == 3


async def test_channel_that_is_gone(repository: SqlRepository) -> None:
    """What waits for a channel that was taken out of the configuration is dead, told once, and comes back by retry."""
    w = world(repository, "a", "b")
    await w.enqueue("old", alert(1), alert(2))
    async with repository.writing() as work:
        assert await work.outbox.claim("old", w.time, LEASE_S)
    known = [Addressee("a"), Addressee("b")]
    assert await bury_unknown(known, repository, w.time) == []
    for hour in range(3):
        w.time = NOON + timedelta(hours=hour + 1)
        buried = await bury_unknown(known, repository, w.time)
        assert [one[:2] for one in buried] == ([("old", 2)] if hour == 0 else [])
        await w.tick()
    assert events(w.channels["a"]) == ["channel_down old gone"]
    assert {(one.state.value, one.last_error) for one in await w.rows("old")} == {
        ("dead", "the channel is not in the configuration")
    }
    w.channels["old"] = Channel("old")
    assert await bury_unknown([*known, Addressee("old")], repository, w.time) == []
    assert (await w.health("old")).works
    assert (await w.health("old")).told == {}
    async with repository.writing() as work:
        assert await work.outbox.retry_dead(w.time, "old") == 2
    await w.tick()
    assert [one.subject for one in w.channels["old"].taken] == ["LW-1", "LW-2"]


@on_sqlite
async def test_channel_that_fails_is_asked_less(repository: SqlRepository) -> None:
    """A hundred alerts behind a dead channel cost a few requests an hour, one at a time, and none of them is lost."""
    w = world(repository, "a", "b", folds=False)
    w.channels["a"].error = DOWN
    await w.enqueue("a", *(alert(one) for one in range(100)))
    for _ in range(180):
        before = w.channels["a"].asked
        await w.tick(seconds=20)
        assert w.channels["a"].asked - before <= (3 if before == 0 else 1)
    assert 12 <= w.channels["a"].asked <= 60
    assert events(w.channels["b"]) == ["channel_down a down"]
    w.channels["a"].error = None
    for _ in range(70):
        await w.tick(minutes=1)
    assert sorted(one.subject for one in w.channels["a"].taken) == sorted(f"LW-{one}" for one in range(100))
    assert events(w.channels["b"])[1:] == ["channel_back a"]
    assert (await w.health("a")) == ChannelHealth(name="a")


@on_sqlite
async def test_urgent_alert_waits_five_minutes_at_most(repository: SqlRepository) -> None:
    """However long a channel was down, what comes after it has recovered is there within five minutes."""
    w = world(repository, "a")
    w.channels["a"].error = DOWN
    await w.enqueue("a", alert(1))
    for _ in range(6 * 12):
        await w.tick(minutes=5)
    w.channels["a"].error = None
    await w.enqueue("a", alert(2, severity=Severity.CRITICAL))
    began = w.time
    while not w.channels["a"].taken:
        await w.tick(seconds=5)
    assert w.time - began <= timedelta(seconds=305)


async def test_down_for_a_day_comes_back_as_one_digest(repository: SqlRepository) -> None:
    """The worst of what waited goes out alone, the rest as one digest, and every alert of it counts as sent."""
    w = world(repository, "a", "b")
    w.channels["a"].error = DOWN
    for number in range(60):
        await w.enqueue("a", alert(number % 40, content=f"c:{number}"))
        await w.tick(minutes=20)
    await w.enqueue("a", alert(99, severity=Severity.CRITICAL, verdict=Verdict.PROVED))
    await w.tick(minutes=20)
    w.channels["a"].error = None
    for _ in range(20):
        await w.tick(minutes=1)
    taken = w.channels["a"].taken
    assert len(taken) <= 3
    digests = [one for one in taken if isinstance(one, DigestAlert)]
    assert len(digests) == 1
    assert isinstance(taken[0], Alert)
    assert taken[0].finding == "LW-99"
    assert len(digests[0].entries) + digests[0].more == 40
    assert {one.state.value for one in await w.rows("a")} == {"sent"}
    assert len(await w.rows("a")) == 62
    assert events(w.channels["b"]) == ["channel_down a down", "channel_back a"]


@on_sqlite
async def test_few_that_waited_go_out_in_order(repository: SqlRepository) -> None:
    """Where no more than twenty waited each goes out by itself, those of a finding in the order they came."""
    w = world(repository, "a")
    w.channels["a"].error = DOWN
    for number in range(20):
        severity = Severity.CRITICAL if number == 12 else Severity.HIGH
        await w.enqueue("a", alert(number % 10, content=f"c:{number}", severity=severity))
    for _ in range(60):
        await w.tick(minutes=1)
    w.channels["a"].error = None
    for _ in range(35):
        await w.tick(minutes=2)
    taken = [one for one in w.channels["a"].taken if isinstance(one, Alert)]
    assert len(taken) == 20
    for number in range(10):
        told = [one.content for one in taken if one.finding == f"LW-{number}"]
        assert told == [f"c:{number}", f"c:{number + 10}"]


async def test_urgent_news_does_not_overtake_its_own_finding(repository: SqlRepository) -> None:
    """Of what is due the most urgent matter goes first, and of that matter what came first."""
    w = world(repository, "a")
    await w.enqueue("a", alert(1), alert(2, severity=Severity.LOW))
    await w.enqueue("a", alert(2, content="proved", severity=Severity.CRITICAL, event=EventKind.VERDICT))
    await w.tick()
    taken = [one.content for one in w.channels["a"].taken if isinstance(one, Alert)]
    assert taken == ["opened:2", "proved", "opened:1"]


@on_sqlite
async def test_programs_are_sent_each(repository: SqlRepository) -> None:
    """A channel that programs read gets every alert, however many waited."""
    w = world(repository, "a", folds=False)
    await w.enqueue("a", *(alert(one) for one in range(50)))
    w.time += timedelta(hours=5)
    await w.tick()
    assert len(w.channels["a"].taken) == 50


@on_sqlite
async def test_very_much_is_a_few_digests(repository: SqlRepository) -> None:
    """More than is read at once: nobody gets the rest one by one."""
    w = world(repository, "a")
    await w.enqueue("a", *(alert(one) for one in range(_FOLD_AT_ONCE + 100)))
    w.time += timedelta(hours=5)
    await w.tick()
    counts = [one.headline.split()[0] for one in w.channels["a"].taken]
    assert counts == [str(_FOLD_AT_ONCE), "100"]
    async with repository.reading() as work:
        assert await work.outbox.counts() == {"sent": _FOLD_AT_ONCE + 102}


@on_sqlite
async def test_digest_that_dies_takes_its_alerts_with_it_and_back(repository: SqlRepository) -> None:
    """What a digest told of is dead when the digest is, shows why, and is told by it when that is tried again."""
    w = world(repository, "a")
    await w.enqueue("a", *(alert(one) for one in range(30)))
    w.time += timedelta(hours=1)
    w.channels["a"].error = DeliveryError("a: too long", permanent=True)
    await w.tick()
    rows = await w.rows("a")
    assert {(one.state.value, one.last_error) for one in rows} == {("dead", "a: too long")}
    (digest,) = [one for one in rows if one.folded_into is None]
    assert {one.folded_into for one in rows if one is not digest} == {digest.key}
    w.channels["a"].error = None
    async with repository.writing() as work:
        assert await work.outbox.retry_dead(w.time) == 1
    assert len(await w.rows("a", DeliveryState.FOLDED)) == 30
    await w.tick()
    assert {one.state.value for one in await w.rows("a")} == {"sent"}
    assert len(w.channels["a"].taken) == 1


@on_sqlite
async def test_given_up_after_three_days_is_told_once(repository: SqlRepository) -> None:
    """A channel that stays away for six days: its alerts die after three days of tries, and that is told once."""
    w = world(repository, "a", "b")
    w.channels["a"].error = DOWN
    await w.enqueue("a", alert(1), alert(2))
    for _ in range(6 * 24 * 4):
        await w.tick(minutes=15)
    assert {one.state.value for one in await w.rows("a")} == {"dead"}
    assert events(w.channels["b"]) == ["channel_down a down", "channel_down a gave_up"]


@on_sqlite
async def test_refused_alerts_are_told_once_a_day(repository: SqlRepository) -> None:
    """A channel that takes some alerts and refuses others is told of once, and again a day later."""
    w = world(repository, "a", "b")
    told = []
    for number in range(30):
        w.channels["a"].error = DeliveryError("a: bad", permanent=True) if number % 2 else None
        await w.enqueue("a", alert(number))
        await w.tick(hours=1)
        told.append(len(events(w.channels["b"])))
    assert (told[0], told[1], told[24], told[-1]) == (0, 1, 1, 2)
    assert len(w.channels["a"].taken) == 15


@on_sqlite
async def test_no_other_channel(repository: SqlRepository) -> None:
    """Where nobody else can be told, the attempt says so, and nothing is enqueued."""
    w = world(repository, "a")
    w.channels["a"].error = REVOKED
    await w.enqueue("a", alert(1))
    await w.tick()
    (attempt,) = w.attempts
    assert attempt.alarm is not None
    assert attempt.alarm.told_on is None
    assert len(await w.rows("a")) == 1


@on_sqlite
async def test_alarms_do_not_go_in_a_circle(repository: SqlRepository) -> None:
    """Where every channel is down for days, the alarms are few and come to an end."""
    w = world(repository, "a", "b")
    for one in w.channels.values():
        one.error = DOWN
    await w.enqueue("a", alert(1))
    for _ in range(900):
        await w.tick(minutes=20)
        everything = [row for name in w.channels for row in await w.rows(name)]
        if {one.state.value for one in everything} == {"dead"}:
            break
    else:
        pytest.fail(f"still trying: {everything}")
    assert len(everything) <= 5
    w.time += timedelta(days=2)
    await w.tick()
    assert len(everything) == sum([len(await w.rows(name)) for name in w.channels])


@on_sqlite
async def test_alarm_goes_to_a_channel_that_works(repository: SqlRepository) -> None:
    """Closed channels are not asked; one that fails is asked only where there is none better."""
    w = world(repository, "a", "b", "c")
    w.channels["b"].error = REVOKED
    await w.enqueue("b", alert(1))
    await w.tick(minutes=1)
    assert events(w.channels["a"]) == ["channel_down b closed"]
    w.channels["a"].error = REVOKED
    await w.enqueue("a", alert(2))
    await w.tick(minutes=1)
    assert events(w.channels["c"]) == ["channel_down a closed"]
    assert len(await w.rows("b")) == 1


JUMPS = [timedelta(days=1), timedelta(days=-1), timedelta(hours=1), timedelta(hours=-1), timedelta(days=30)]


@on_sqlite
@pytest.mark.parametrize("jump", [*JUMPS, timedelta(days=-30)])
async def test_clock_jumps_while_an_alert_waits(repository: SqlRepository, jump: timedelta) -> None:
    """A clock that is put on or back kills nothing and holds nothing up: it is sent within two hours of tries."""
    w = world(repository, "a", folds=False)
    w.channels["a"].error = DOWN
    await w.enqueue("a", alert(1))
    for _ in range(12):
        await w.tick(minutes=5)
    w.time += jump
    for _ in range(12):
        await w.tick(minutes=5)
    assert DeliveryState.DEAD not in {one.state for one in await w.rows("a")}
    w.channels["a"].error = None
    for _ in range(24):
        await w.tick(minutes=5)
    assert [one.subject for one in w.channels["a"].taken] == ["LW-1"]


@on_sqlite
@pytest.mark.parametrize("jump", JUMPS[:2])
async def test_clock_jumps_while_an_alert_is_leased(repository: SqlRepository, jump: timedelta) -> None:
    """A sender dies in the middle and the clock jumps: the alert goes out as a possible repeat, and once."""
    w = world(repository, "a", folds=False)
    await w.enqueue("a", alert(1))
    async with repository.writing() as work:
        assert await work.outbox.claim("a", w.time, LEASE_S)
    w.time += jump
    for _ in range(30):
        await w.tick(minutes=1)
    assert len(w.channels["a"].taken) == 1
    assert w.attempts[-1].delivery.repeat


@on_sqlite
@pytest.mark.parametrize("jump", JUMPS[:2])
async def test_clock_jumps_while_a_channel_rests(repository: SqlRepository, jump: timedelta) -> None:
    """A channel asked for an hour and the clock jumped: it is asked again within the hour, and no storm follows."""
    w = world(repository, "a", folds=False)
    w.channels["a"].error = DeliveryError("a: busy", retry_after_s=1e12)
    await w.enqueue("a", *(alert(one) for one in range(5)))
    await w.tick()
    w.time += jump
    w.channels["a"].error = None
    for _ in range(61):
        await w.tick(minutes=1)
    assert len(w.channels["a"].taken) == 5
    assert w.channels["a"].asked == 6


def waiting(alerts: Sequence[AnyAlert], recipient: str = "") -> list[Waiting]:
    """Rows of these alerts."""
    return [
        Waiting(key=f"{recipient}{number}", recipient=recipient, alert=one, created_at=NOON)
        for number, one in enumerate(alerts)
    ]


made = st.lists(
    st.builds(
        lambda number, severity, verdict, content: alert(
            number, severity=severity, verdict=verdict, content=content
        ),
        st.integers(0, 60),
        st.sampled_from(Severity),
        st.sampled_from(Verdict),
        st.text(max_size=3),
    ),
    max_size=80,
)


@given(made, made, st.randoms())
def test_squeeze_loses_nothing(first: list[Alert], second: list[Alert], chance: random.Random) -> None:
    """Each recipient with more than twenty has one digest: every key once, every finding counted, the worst first."""
    rows = [*waiting(first, "x"), *waiting(second, "y")]
    chance.shuffle(rows)
    found = {one.recipient: one for one in squeeze(rows, NOON)}
    for recipient, alerts in (("x", first), ("y", second)):
        if len(alerts) <= MOST:
            assert recipient not in found
            continue
        one = found[recipient]
        assert sorted(one.keys) == sorted(row.key for row in rows if row.recipient == recipient)
        findings = {told.finding for told in alerts}
        assert len(one.alert.entries) + one.alert.more == len(findings) == sum(n for _, n in one.alert.counts)
        ranks = [told.severity.rank for told in one.alert.entries]
        assert ranks == sorted(ranks, reverse=True)
        assert one.alert.severity is one.alert.entries[0].severity


def test_squeeze_leaves_alarms_alone() -> None:
    """Alerts of sites and channels, and digests, are told by themselves."""
    site = SiteAlert(
        event=SiteEvent.BLIND, headline="h", severity=Severity.LOW, at=NOON.isoformat(), sites=()
    )
    rows = waiting([*(alert(one) for one in range(30)), site])
    (one,) = squeeze(rows, NOON)
    assert len(one.keys) == 30
