"""When a site is due, as APScheduler says it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from leakwatch.polling import SiteConfig


def trigger_of(site: SiteConfig) -> CronTrigger | IntervalTrigger:
    """When a site is due, as APScheduler says it."""
    jitter = float(site.jitter) or None
    if site.cron:
        trigger = CronTrigger.from_crontab(site.cron, timezone=UTC)
        trigger.jitter = jitter
        return trigger
    return IntervalTrigger(seconds=1, timezone=UTC) if float(site.every) < 1 else _interval(site, jitter)


def _interval(site: SiteConfig, jitter: float | None) -> IntervalTrigger:
    return IntervalTrigger(seconds=round(float(site.every)), jitter=jitter, timezone=UTC)


def next_time(site: SiteConfig, began: datetime) -> datetime:
    """When a site that was read from `began` on is due again, by its schedule."""
    if site.cron:
        due = trigger_of(site).get_next_fire_time(None, began + timedelta(seconds=1))
        return (due or began + timedelta(days=1)).astimezone(UTC)
    return began + timedelta(seconds=float(site.every) + random.uniform(0, float(site.jitter)))  # noqa: S311
