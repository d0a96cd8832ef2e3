"""A channel that takes no alerts -> one alarm on another one, once for each trouble.

An alarm is an alert like any other and may fail like any other; then the alarm about that channel goes to a third. A
channel that is in trouble itself is asked last, one that is closed never, so that no alarm goes in a circle. Where there
is no other channel, the attempt says so, and `doctor`, `outbox list` and `alert test` show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from leakwatch.model.alert import BlindSite, SiteAlert, SiteEvent
from leakwatch.model.channel import OF_AN_ALERT, ChannelHealth, Trouble
from leakwatch.model.finding import Severity
from leakwatch.ports import Work

_AGAIN = timedelta(days=1)
"""Of single alerts that a channel refuses, or that cannot be read, somebody is told again after so long, and of alerts
that die because their channel is closed still."""
_DAILY = OF_AN_ALERT | {Trouble.CLOSED.value}
_WORDS = {
    Trouble.CLOSED: "takes no alerts any more",
    Trouble.GAVE_UP: "could not be reached for three days; alerts are dead",
    Trouble.REFUSED: "refuses an alert, which is dead",
    Trouble.DOWN: "cannot be reached",
    Trouble.GONE: "is not in the configuration; alerts for it are dead",
    Trouble.UNREADABLE: "has an alert that cannot be read in the database, which is dead",
}
_REMEDIES = {
    Trouble.CLOSED: "Correct its token or address, test it by `leakwatch alert test {0}`, then `leakwatch outbox retry --channel {0}`.",
    Trouble.GAVE_UP: "See to the channel, then `leakwatch outbox retry --channel {0}`.",
    Trouble.REFUSED: "See `leakwatch outbox list --channel {0} --state dead`; `leakwatch outbox retry ID` tries again.",
    Trouble.DOWN: "See to the channel. Nothing is lost yet: what waits is tried for three days and goes out by itself.",
    Trouble.GONE: "Name the channel in the configuration again, or take it out of the routes; what was for it: `leakwatch outbox list --channel {0}`.",
    Trouble.UNREADABLE: "See `leakwatch outbox list --channel {0} --state dead`; `leakwatch outbox show ID` tells what is kept, and the case what it was about. Check the disk; a newer version may be able to read it: `leakwatch outbox retry ID`.",
}


@dataclass(frozen=True, slots=True)
class Addressee:
    """A channel that can be told, and its recipients; one that has none is told as a whole."""

    channel: str
    recipients: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What was told of a channel, and where; nowhere, if there is no other."""

    trouble: Trouble | None
    told_on: str | None


async def raise_alarm(
    trouble: Trouble, health: ChannelHealth, others: Sequence[Addressee], now: datetime, work: Work
) -> tuple[ChannelHealth, Alarm | None]:
    """Tell elsewhere of a channel, unless that was done; answers how it fares now, the telling included."""
    last = health.told.get(trouble.value)
    if last is not None and not (
        trouble.value in _DAILY and abs(now - datetime.fromisoformat(last)) > _AGAIN
    ):
        return health, None
    told_on = await _tell(_down(trouble, health, now), health.name, others, now, work)
    told = {**health.told, trouble.value: now.isoformat()}
    return replace(health, told=told), Alarm(trouble, told_on)


async def tell_recovery(
    health: ChannelHealth, others: Sequence[Addressee], now: datetime, work: Work
) -> Alarm | None:
    """Tell that a channel which somebody was told of takes alerts again."""
    if not {Trouble.DOWN.value, Trouble.GAVE_UP.value} & health.told.keys():
        return None
    return Alarm(None, await _tell(_back(health, now), health.name, others, now, work))


async def _tell(
    alert: SiteAlert, channel: str, others: Sequence[Addressee], now: datetime, work: Work
) -> str | None:
    """Enqueue it on the first channel that works, else on the first that may yet."""
    states = {one.channel: await work.channels.get(one.channel) for one in others if one.channel != channel}
    open_ones = [one for one in others if one.channel in states and states[one.channel].closed_at is None]
    chosen = sorted(open_ones, key=lambda one: not states[one.channel].works)[:1]
    for one in chosen:
        for recipient in one.recipients:
            await work.outbox.enqueue(one.channel, alert, now, recipient=recipient)
    return chosen[0].channel if chosen else None


def _down(trouble: Trouble, health: ChannelHealth, now: datetime) -> SiteAlert:
    since = health.closed_at or health.failing_since or now
    remedy = _REMEDIES[trouble].format(health.name)
    return SiteAlert(
        event=SiteEvent.CHANNEL_DOWN,
        headline=f"The channel {health.name} {_WORDS[trouble]}",
        severity=Severity.MEDIUM if trouble is Trouble.DOWN else Severity.HIGH,
        at=now.isoformat(timespec="milliseconds"),
        sites=(_line(health, since, health.because, remedy),),
        advice=remedy,
        content=f"channel_down:{trouble.value}:{now.isoformat()}",
    )


def _back(health: ChannelHealth, now: datetime) -> SiteAlert:
    since = health.failing_since or now
    return SiteAlert(
        event=SiteEvent.CHANNEL_BACK,
        headline=f"The channel {health.name} takes alerts again",
        severity=Severity.LOW,
        at=now.isoformat(timespec="milliseconds"),
        sites=(_line(health, since, "it could not be reached; it takes alerts again", ""),),
        advice="Nothing to do. What waited goes out now.",
        content=f"channel_back:{now.isoformat()}",
    )


def _line(health: ChannelHealth, since: datetime, because: str, remedy: str) -> BlindSite:
    told = since.isoformat(timespec="seconds")
    return BlindSite(name=health.name, since=told, because=because, remedy=remedy)
