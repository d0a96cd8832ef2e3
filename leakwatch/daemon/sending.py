"""What is due to be told becomes messages, which are sent: with a log of each attempt, and an alarm where a channel fails."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

import structlog

from leakwatch.alerts import Channel, is_read_by_people
from leakwatch.alerts.alarms import Addressee, Alarm
from leakwatch.alerts.deliver import Attempt, deliver
from leakwatch.config import Config
from leakwatch.daemon.schedule import DELIVER
from leakwatch.jobs import Jobs
from leakwatch.model.alert import Delivery, DeliveryState, SetAside
from leakwatch.ports import Clock, Notifier, Repository
from leakwatch.telling import Telling, tell_due

log = structlog.get_logger()


@dataclass(slots=True)
class Sender:
    """The jobs `gather` and `deliver`. `attempted` is when something was last sent or tried, by the monotonic clock."""

    config: Config
    repository: Repository
    notifiers: Mapping[str, Notifier]
    clock: Clock
    jobs: Jobs
    stopping: asyncio.Event
    attempted: float | None = None

    async def gather(self, _: str, *, settle: bool = True) -> None:
        """Make messages of what is due to be told, and have them sent."""
        recipients = {name: tuple(getattr(one, "recipients", ())) for name, one in self.notifiers.items()}
        telling = Telling(routing=self.config.routing, recipients=recipients, limits=self.config.limits)
        told = await tell_due(telling, self.repository, self.clock.now(), settle=settle)
        if told:
            log.info("alerts_gathered", messages=told)
            await self.jobs.submit(DELIVER, list(self.notifiers))

    async def gather_all(self, key: str) -> None:
        """Whatever waits for more to come: in one run through everything nothing more comes."""
        await self.gather(key, settle=False)

    async def deliver(self, channel: str) -> None:
        """Send everything that is due on one channel."""
        notifier = self.notifiers.get(channel)
        if notifier is None:
            return
        settings = next(one for one in self.config.channels if one.name == channel)
        await deliver(
            channel,
            notifier,
            self.repository,
            self.clock,
            self._report,
            self.stopping.is_set,
            others=addressees(channel, self.config.channels, self.notifiers),
            folds=is_read_by_people(settings),
        )
        await self.jobs.submit(DELIVER, await self._due_channels(channel))

    def _report(self, attempt: Attempt) -> None:
        self.attempted = monotonic()
        report(attempt)

    async def _due_channels(self, but: str) -> list[str]:
        """Channels that an alarm about this one waits on, perhaps."""
        async with self.repository.reading() as work:
            due = await work.outbox.due_channels(self.clock.now())
        return [one for one in due if one in self.notifiers and one != but]


def addressees(
    channel: str, channels: Sequence[Channel], notifiers: Mapping[str, Notifier]
) -> list[Addressee]:
    """Who may be told that a channel takes nothing: the others, those of another kind first."""
    kinds = {one.name: one.kind for one in channels}
    kind = kinds.get(channel)
    names = sorted((one for one in kinds if one != channel), key=lambda one: kinds[one] == kind)
    # A channel with several recipients, each with an outcome of his own, names them.
    return [Addressee(one, tuple(getattr(notifiers[one], "recipients", ())) or ("",)) for one in names]


def report(attempt: Attempt) -> None:
    """Log how one attempt ended."""
    delivery = attempt.delivery
    if isinstance(delivery, SetAside):
        log.error("alert_unreadable", channel=delivery.channel, alert=delivery.id, error=delivery.because)
    else:
        _report_sent(delivery, attempt)
    if attempt.alarm is not None:
        _report_alarm(delivery.channel, attempt.alarm)


def _report_sent(delivery: Delivery, attempt: Attempt) -> None:
    told = {
        "channel": delivery.channel,
        "finding": delivery.alert.subject,
        "change": delivery.alert.event.value,
    }
    if attempt.state is DeliveryState.SENT:
        log.info("alert_sent", **told, attempts=delivery.attempts)
    elif attempt.state is DeliveryState.DEAD:
        log.error("alert_dead", **told, error=attempt.error)
    else:
        log.warning("alert_put_off", **told, state=attempt.state.value, error=attempt.error)


def report_gone(buried: Sequence[tuple[str, int, Alarm | None]]) -> None:
    """Log what was given up with channels that are not in the configuration."""
    for channel, count, alarm in buried:
        log.error("channel_gone", channel=channel, alerts=count)
        if alarm is not None:
            _report_alarm(channel, alarm)


def _report_alarm(channel: str, alarm: Alarm) -> None:
    trouble = alarm.trouble.value if alarm.trouble else "over"
    if alarm.told_on:
        log.warning("channel_trouble_told", channel=channel, trouble=trouble, told_on=alarm.told_on)
    else:
        log.error("channel_trouble_untold", channel=channel, trouble=trouble)
