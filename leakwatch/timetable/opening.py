"""Weekdays and hours in which a site is read: `mon-fri 08:00-20:00 Europe/Berlin`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

from leakwatch.errors import ConfigError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"([a-z,-]+)\s+(\d\d?:\d\d)-(\d\d?:\d\d)(?:\s+(\S{1,64}))?\Z")
_EXAMPLE = "expected days and hours such as `mon-fri 08:00-20:00 Europe/Berlin`"


@dataclass(frozen=True, slots=True)
class Opening:
    """Days (0 is Monday) and the hours on them, in a time zone.

    Hours that end before they begin reach into the next day; `24:00` is the end of a day.
    """

    days: frozenset[int]
    begins: time
    lasts: timedelta
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str) -> Opening:
        """From its text; UTC where no zone is named. Raises: ConfigError."""
        found = _FORM.match(text.strip())
        if not found:
            raise ConfigError(_EXAMPLE)
        begins, ends = _minutes(found[2]), _minutes(found[3])
        if begins in (ends, 1440):
            raise ConfigError("the hours are empty; leave window out to read a site at all hours")
        try:
            zone = ZoneInfo(found[4] or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ConfigError(f"no such time zone: {found[4]}") from error
        return cls(
            _days(found[1]),
            time(*divmod(begins, 60)),
            timedelta(minutes=(ends - begins) % 1440 or 1440),
            zone,
        )

    def is_open(self, at: datetime) -> bool:
        """Whether the site is read at this time."""
        local = at.astimezone(self.zone).replace(tzinfo=None)
        for day in (local.date(), local.date() - timedelta(days=1)):
            begins = datetime.combine(day, self.begins)
            if day.weekday() in self.days and begins <= local < begins + self.lasts:
                return True
        return False

    def opens(self, after: datetime) -> datetime:
        """The next time from which on the site is read."""
        days = ",".join(_DAYS[day] for day in sorted(self.days))
        trigger = CronTrigger(
            day_of_week=days, hour=self.begins.hour, minute=self.begins.minute, timezone=self.zone
        )
        found = trigger.get_next_fire_time(None, after)
        return (found or after + timedelta(days=1)).astimezone(UTC)


def _minutes(text: str) -> int:
    hour, _, minute = text.partition(":")
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > 1440:
        raise ConfigError(f"{text} is no time of a day")
    return minutes


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if part == "daily":
            found.update(range(7))
        elif first in _DAYS and (not dash or last in _DAYS):
            begin, end = _DAYS.index(first), _DAYS.index(last or first)
            found.update(day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))
        else:
            raise ConfigError(f"no such day: {part!r}; there are {', '.join(_DAYS)} and daily")
    return frozenset(found)
