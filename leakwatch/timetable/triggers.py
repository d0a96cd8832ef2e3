"""When a site is due by its schedule, as APScheduler says it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from leakwatch.model.opening import Opening
from leakwatch.polling import SiteConfig

_SPREAD_SHARE, _SPREAD_MOST_S = 0.1, 60.0


class Every(IntervalTrigger):
    """An interval that passes over what was missed at one go.

    APScheduler counts every time that was missed, one by one: where a machine's clock is put on by years, as at a start
    without a battery, that takes hours in which nothing else is done.
    """

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The first time after both."""
        if previous_fire_time is not None and now > previous_fire_time:
            previous_fire_time += (now - previous_fire_time) // self.interval * self.interval
        return super().get_next_fire_time(previous_fire_time, now)


class Cron(CronTrigger):
    """The same for a crontab's times."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The first time after both."""
        return super().get_next_fire_time(previous_fire_time and max(previous_fire_time, now), now)


def trigger_of(site: SiteConfig) -> Cron | Every:
    """When a site is due, as APScheduler says it."""
    jitter = float(site.jitter) or None
    if site.cron:
        trigger = Cron.from_crontab(site.cron, timezone=UTC)
        trigger.jitter = jitter
        return trigger
    return Every(seconds=1, timezone=UTC) if float(site.every) < 1 else _interval(site, jitter)


def _interval(site: SiteConfig, jitter: float | None) -> Every:
    return Every(seconds=round(float(site.every)), jitter=jitter, timezone=UTC)


def next_time(site: SiteConfig, began: datetime, every_s: float | None = None) -> datetime:
    """When a site that was read from `began` on is due again, by its schedule.

    `every_s` takes the place of its `every` where the interval follows what the site shows. Outside its window
    it is due after the interval `outside`, or when the window opens, whichever is first.
    """
    if site.cron:
        due = trigger_of(site).get_next_fire_time(None, began + timedelta(seconds=1))
        return (due or began + timedelta(days=1)).astimezone(UTC)
    jitter = timedelta(seconds=random.uniform(0, float(site.jitter)))  # noqa: S311
    due = began + timedelta(seconds=float(site.every) if every_s is None else every_s)
    if site.window is not None:
        opening = Opening.parse(site.window)
        if not opening.is_open(due):
            opens = opening.opens(max(due if site.outside is None else began, began))
            due = (
                opens if site.outside is None else min(opens, began + timedelta(seconds=float(site.outside)))
            )
    return due + jitter


def spread_s(site: SiteConfig) -> float:
    """Over how long a site's catch-up is spread after the machine slept: its jitter, or a tenth of its interval."""
    return max(float(site.jitter), min(float(site.every) * _SPREAD_SHARE, _SPREAD_MOST_S))
