"""Weekdays and hours, in which a site is read or people sleep: `mon-fri 08:00-20:00 Europe/Berlin`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
            raise ConfigError("the hours are empty; leave it out for all hours")
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
        """Whether this time lies in the hours."""
        local = at.astimezone(self.zone).replace(tzinfo=None)
        return any(begins <= local < begins + self.lasts for begins in self._near(local, -1, 0))

    def opens(self, after: datetime) -> datetime:
        """When the hours begin next. Where clocks jump over that time, it is as long after the jump."""
        local = after.astimezone(self.zone).replace(tzinfo=None)
        told = (one for begins in self._near(local, -1, 8) for one in self._utc(begins))
        return min(one for one in told if one > after)

    def closes(self, at: datetime) -> datetime:
        """When hours that are open at this time end: where clocks go back over that time, at its second coming."""
        local = at.astimezone(self.zone).replace(tzinfo=None)
        open_now = [one for one in self._near(local, -1, 0) if one <= local < one + self.lasts]
        if not open_now:
            return at
        ends = max(open_now) + self.lasts
        return max((one for one in self._utc(ends) if one > at), default=at + timedelta(minutes=1))

    def _near(self, local: datetime, first: int, last: int) -> list[datetime]:
        """The local times at which hours begin, so many days around a day."""
        days = (local.date() + timedelta(days=step) for step in range(first, last + 1))
        return [datetime.combine(day, self.begins) for day in days if day.weekday() in self.days]

    def _utc(self, local: datetime) -> list[datetime]:
        """When a clock on the wall shows this: twice where it goes back, and after the jump where it jumps over it."""
        first, second = (local.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        return [first, second] if second > first else [first]


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
