"""What is told of deliveries: the log of each attempt, and who hears that a channel takes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from leakwatch.alerts import Channel
from leakwatch.alerts.alarms import Addressee, Alarm
from leakwatch.alerts.deliver import Attempt
from leakwatch.model.alert import DeliveryState
from leakwatch.ports import Notifier

log = structlog.get_logger()


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
    if attempt.alarm is not None:
        _report_alarm(delivery.channel, attempt.alarm)


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
