"""The second half of the pipeline: take due alerts from the outbox, send them, write down how it went.

Outcomes of one attempt: sent; retry (the channel refused this time); uncertain (it may have arrived, so it is sent
again and says so); dead (it never will, or it was tried for three days). What cannot be read is dead without an attempt. A channel that fails again and again rests, longer
each time, and then one alert is tried; one that asks for a pause has it; one that says that it takes nothing any more is
closed until a person opens it. Of what is dead, and of a channel that stays away, somebody is told on another channel.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from leakwatch.alerts.alarms import Addressee, Alarm, raise_alarm, tell_recovery
from leakwatch.alerts.squeeze import MOST, squeeze
from leakwatch.display import clean
from leakwatch.errors import DeliveryError
from leakwatch.model.alert import Delivery, DeliveryState, SetAside, delivery_key
from leakwatch.model.channel import OF_AN_ALERT, ChannelHealth, Trouble
from leakwatch.ports import Clock, Notifier, Repository, Work
from leakwatch.telling.veiling import as_may_be_told

LEASE_S = 120.0
_FIRST_S, _LONGEST_S = 5.0, 3600.0
_GIVE_UP_S = 3 * 86_400.0
"""Longer than a channel is down that is seen to after a day, or after a weekend."""
_TRIES, _LONGEST_REST_S = 3, 300.0
"""So many failures in a row, of whatever alerts, and the channel rests; at most so long, for the next may be urgent."""
_DOWN_AFTER = timedelta(minutes=10)
_OLD = timedelta(minutes=10)
"""What waited longer than this did so because its channel failed, and may be told by a digest."""
_FOLD_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended, and what was told of its channel elsewhere."""

    delivery: Delivery | SetAside
    state: DeliveryState
    error: str = ""
    alarm: Alarm | None = None


@dataclass(slots=True)
class Line:
    """What sending on one channel needs. `others` may be told that it fails; `folds` where people read it.

    `is_new` until it was seen whether much waits: at first, and when the channel has taken an alert after failures.
    `health` is how it fared when the alert at hand was taken.
    """

    channel: str
    notifier: Notifier
    repository: Repository
    clock: Clock
    others: Sequence[Addressee]
    folds: bool
    health: ChannelHealth
    is_new: bool = True


def retry_delay_s(attempts: int, retry_after_s: float | None, chance: float) -> float:
    """Seconds until the next attempt: full jitter between 5 s and a ceiling that doubles up to an hour.

    Units:  `chance` from 0 to 1. A channel's own Retry-After is obeyed, up to an hour.
    """
    ceiling = min(_LONGEST_S, _FIRST_S * 2 ** min(attempts, 12))
    delay = _FIRST_S + chance * (ceiling - _FIRST_S)
    return max(delay, min(retry_after_s or 0.0, _LONGEST_S))


async def deliver(
    channel: str,
    notifier: Notifier,
    repository: Repository,
    clock: Clock,
    report: Callable[[Attempt], None],
    stopping: Callable[[], bool],
    *,
    others: Sequence[Addressee] = (),
    folds: bool = False,
) -> None:
    """Send everything that is due on one channel, until nothing is left, it is to rest, or the daemon stops."""
    line = Line(channel, notifier, repository, clock, others, folds, ChannelHealth(name=channel))
    while not stopping():
        delivery = await _next(line)
        if delivery is None:
            return
        report(delivery if isinstance(delivery, Attempt) else await _attempt(delivery, line))


async def _next(line: Line) -> Delivery | Attempt | None:
    """The alert whose turn it is, or None where nothing is due, the channel rests, or another sender has the turn.

    Of one that cannot be read the answer is how that ended.

    What waits on a channel that is closed is dead at once.
    """
    now = line.clock.now()
    async with line.repository.writing() as work:
        line.health = await work.channels.get(line.channel)
        if line.health.closed_at is not None:
            await _bury(line, now, work)
            return None
        if line.health.rests_until is not None and not (
            await work.outbox.has_due(line.channel, now)
            and await work.channels.take_turn(line.channel, now, LEASE_S)
        ):
            return None
        if line.folds and line.is_new and not line.health.failures:
            await _fold(line, now, work)
            line.is_new = False
        is_probe = line.health.failures >= _TRIES
        claimed = await work.outbox.claim(line.channel, now, LEASE_S, is_probe=is_probe)
        if isinstance(claimed, SetAside):
            return await _unreadable(claimed, line, now, work)
        return claimed and await _as_may_be_told(claimed, work)


async def _as_may_be_told(delivery: Delivery, work: Work) -> Delivery:
    """What it tells may be under embargo by now."""
    (alert,) = await as_may_be_told([delivery.alert], work)
    return replace(delivery, alert=alert)


async def _bury(line: Line, now: datetime, work: Work) -> None:
    """What waits on a closed channel is dead; once a day somebody is told, lest nobody know what dies there."""
    await work.channels.lock(line.channel)
    health = await work.channels.get(line.channel)
    if health.closed_at is not None and await work.channels.bury(line.channel, _closed(health)):
        health, _ = await raise_alarm(Trouble.CLOSED, health, line.others, now, work)
        await work.channels.keep(health)


async def _unreadable(one: SetAside, line: Line, now: datetime, work: Work) -> Attempt:
    """Tell elsewhere of an alert that cannot be read; what its digest told of may be told by another."""
    line.is_new = True
    await work.channels.lock(line.channel)
    known = await work.channels.get(line.channel)
    told, alarm = await raise_alarm(
        Trouble.UNREADABLE, replace(known, because=one.because), line.others, now, work
    )
    await work.channels.keep(replace(known, told=told.told))
    return Attempt(one, DeliveryState.DEAD, one.because, alarm)


def _closed(health: ChannelHealth) -> str:
    return (
        f"the channel is closed: {health.because}; `leakwatch outbox retry --channel {health.name}` opens it"
    )


async def _fold(line: Line, now: datetime, work: Work) -> None:
    """Put what waited for long into one digest, where that is much; into several where it is very much."""
    await work.channels.lock(line.channel)
    told = True
    while told and len(rows := await work.channels.waiting(line.channel, now - _OLD, _FOLD_AT_ONCE)) > MOST:
        told = False
        for one in squeeze(rows, now):
            if await work.outbox.enqueue(line.channel, one.alert, now, recipient=one.recipient):
                key = delivery_key(line.channel, one.alert.subject, one.alert.content, one.recipient)
                await work.channels.fold(one.keys, key)
                told = True


async def _attempt(delivery: Delivery, line: Line) -> Attempt:
    try:
        receipt = await line.notifier.send(delivery)
    except DeliveryError as error:
        return await _failed(delivery, error, line)
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        told = f"the channel cannot send this alert: {type(error).__name__}: {error}"
        return await _failed(delivery, DeliveryError(clean(told, 300)), line)
    refused, now = receipt.detail.get("refused") or None, line.clock.now()
    async with line.repository.writing() as work:
        await work.outbox.settle(
            delivery,
            DeliveryState.SENT,
            now,
            reference=receipt.reference,
            error=f"refused for {refused}" if refused else None,
        )
        if receipt.thread:
            await work.outbox.keep_thread(delivery, receipt.thread, now)
        alarm = await _worked(line, now, work)
    return Attempt(delivery, DeliveryState.SENT, alarm=alarm)


async def _worked(line: Line, now: datetime, work: Work) -> Alarm | None:
    """Whatever there was against the channel is over; a single alert that it refused is not forgotten for a day."""
    is_missed = Trouble.DOWN.value in line.health.told
    if line.health.works and line.health.rests_until is None and not is_missed:
        return None
    await work.channels.lock(line.channel)
    health = await work.channels.get(line.channel)
    line.is_new = True
    if health.failures >= _TRIES and health.rests_until is not None:
        await work.channels.release(line.channel, now)
    alarm = await tell_recovery(health, line.others, now, work)
    kept = {name: at for name, at in health.told.items() if name in OF_AN_ALERT}
    await work.channels.keep(ChannelHealth(name=line.channel, told=kept))
    return alarm


async def _failed(delivery: Delivery, error: DeliveryError, line: Line) -> Attempt:
    now = line.clock.now()
    delay = retry_delay_s(delivery.attempts, error.retry_after_s, random.random())  # noqa: S311
    gave_up = not error.permanent and delivery.waited_s >= _GIVE_UP_S
    state = DeliveryState.UNCERTAIN if error.uncertain else DeliveryState.RETRY
    if error.permanent or gave_up:
        state = DeliveryState.DEAD
    async with line.repository.writing() as work:
        await work.channels.lock(line.channel)
        known = await work.channels.get(line.channel)
        health = _after(error, delay, known, now)
        if error.of_one and known.rests_until is not None:
            await work.channels.release(line.channel, now)
        due = now + timedelta(seconds=delay)
        await work.outbox.settle(delivery, state, now, due_at=due, error=error.message, waited_s=delay)
        if health.rests_until is not None:
            await work.channels.delay(line.channel, now, (health.rests_until - now).total_seconds())
        if error.closes:
            await work.channels.bury(line.channel, _closed(health))
        trouble = _trouble(error, health, now, gave_up=gave_up)
        alarm = None
        if trouble is not None:
            health, alarm = await raise_alarm(trouble, health, line.others, now, work)
        await work.channels.keep(health)
    return Attempt(delivery, state, error.message, alarm)


def _after(error: DeliveryError, delay_s: float, health: ChannelHealth, now: datetime) -> ChannelHealth:
    """How a channel fares after a failure: an alert that it refuses for good says nothing against it.

    Where it refuses one of several recipients for now it does not rest, for it may take what is for the others.
    """
    told = replace(health, because=error.message)
    if error.closes:
        return replace(told, closed_at=health.closed_at or now, rests_until=None)
    if error.permanent:
        return replace(told, rests_until=None)
    failures = health.failures + 1
    rest_s = min(delay_s, _LONGEST_REST_S) if failures >= _TRIES and not error.of_one else 0.0
    if error.retry_after_s:
        rest_s = max(rest_s, min(error.retry_after_s, _LONGEST_S))
    return replace(
        told,
        failures=failures,
        failing_since=health.failing_since or now,
        rests_until=now + timedelta(seconds=rest_s) if rest_s else None,
    )


def _trouble(error: DeliveryError, health: ChannelHealth, now: datetime, *, gave_up: bool) -> Trouble | None:
    """What somebody should be told of the channel after a failure, if anything."""
    if error.closes:
        return Trouble.CLOSED
    if error.permanent:
        return Trouble.REFUSED
    if gave_up:
        return Trouble.GAVE_UP
    since = health.failing_since or now
    is_down = health.failures >= _TRIES and now - since >= _DOWN_AFTER
    return Trouble.DOWN if is_down else None
