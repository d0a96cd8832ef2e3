"""The real daemon while the machine's clock jumps: no alert is lost, none is told twice, no storm follows, nobody is woken."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from leakwatch.config import load_config
from leakwatch.daemon import Daemon

from .daemons import ASSET, Web, configured, polled, site, until, watching

BERLIN = ZoneInfo("Europe/Berlin")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(slots=True)
class Wall:
    """The clock of the machine, which is moved by hand and goes on from there."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """What the machine says."""
        return datetime.now(UTC) + self.ahead

    def put(self, at: datetime) -> None:
        """Let it be this time."""
        self.ahead = at - datetime.now(UTC)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """The clock that the daemon and its timers are given."""
    made = Wall()

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return made.now().astimezone(tz)

    monkeypatch.setattr("leakwatch.daemon.opening.SystemClock", lambda: made)
    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Moved)
    monkeypatch.setattr("leakwatch.daemon.daemon._LOOK_S", 0.1)
    monkeypatch.setattr("leakwatch.daemon.schedule._TICK_S", 0.5)
    return made


def show(web: Web, *numbers: int) -> None:
    """Posts with a leak each."""
    web.feed("/rss", *((str(one), "Tideglass 70B", f"magnet:?xt=urn:btih:{one:040x}") for one in numbers))


def told(web: Web) -> Counter[str]:
    """How often each event of each finding was told; a digest counts for all that is in it."""
    counted: Counter[str] = Counter()
    for _, body in web.posted:
        data = body["data"]
        for one in data.get("entries", [data]):
            counted[f"{one.get('event')} {one.get('finding', '')}"] += 1
    return counted


def opened(web: Web) -> int:
    """How many findings were told as new."""
    return sum(one.startswith("opened ") for one in told(web))


async def set_clock(wall: Wall, daemon: Daemon, at: datetime) -> None:
    """Move the clock, and let the daemon have two looks at it and at the sites."""
    wall.put(at)
    await polled(daemon, "index", 2)


@pytest.mark.parametrize(
    "jumps",
    [[DAY], [-DAY], [DAY, -DAY], [-DAY, DAY], [-HOUR, -HOUR, -HOUR], [30 * DAY], [-400 * DAY]],
    ids=str,
)
async def test_jumps_lose_and_repeat_nothing(
    tmp_path: Path, web: Web, wall: Wall, jumps: list[timedelta]
) -> None:
    """After each jump a new leak is told within seconds, what was told is not, and of what nobody has acknowledged one reminder comes at most."""
    file = configured(tmp_path, web, site("index", f"{web.url}/rss")).file
    file.write_text(file.read_text().replace('group_interval = "0s"', 'repeat = "4h"'))
    show(web, 1)
    async with watching(load_config(file), ASSET) as daemon:
        await until(lambda: opened(web) == 1)
        for number, jump in enumerate(jumps, 2):
            before = told(web)
            await set_clock(wall, daemon, wall.now() + jump)
            show(web, *range(1, number + 1))
            await until(lambda number=number: opened(web) == number, 20)
            await polled(daemon, "index", 3)
            again = {one: count for one, count in (told(web) - before).items() if one.startswith("reminder")}
            assert sum(again.values()) <= number - 1
    assert {count for one, count in told(web).items() if one.startswith("opened")} == {1}
    of_sites = Counter(body["type"] for _, body in web.posted if body["type"].startswith("site."))
    assert all(count <= len(jumps) for count in of_sites.values())  # not read for a day, and read again
    assert len({headers["webhook-id"] for headers, _ in web.posted}) == len(web.posted)


@pytest.mark.parametrize(
    ("day", "hours", "steps"),
    [
        ("2026-11-20", "22:00-07:00", ["03:00", "02:00", "06:30", "07:01"]),
        ("2026-11-20", "22:00-07:00", ["06:30", "05:30", "06:40", "07:01"]),
        ("2027-03-28", "01:00-02:30", ["01:50", "01:10", "01:59", "03:31"]),
        ("2026-10-25", "01:00-02:30", ["01:50", "01:20", "02:10", "02:31"]),
    ],
    ids=[
        "back an hour",
        "back an hour near the end",
        "an end that there is not",
        "an end that there is twice",
    ],
)
async def test_quiet_hours_stay_quiet(
    tmp_path: Path, web: Web, wall: Wall, day: str, hours: str, steps: list[str]
) -> None:
    """What comes in quiet hours, clock set back or not, is told once when they end by the clock on the wall."""
    first, *between, last = [
        datetime.fromisoformat(f"{day} {one}").replace(tzinfo=BERLIN, fold=1) for one in steps
    ]
    wall.put(first.replace(fold=0))
    more = f'quiet = ["daily {hours} Europe/Berlin"]\nquiet_but = "critical"\n'
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"), more)
    show(web, 1)
    async with watching(config, ASSET) as daemon:
        await polled(daemon, "index", 2)
        for number, at in enumerate(between, 2):
            await set_clock(wall, daemon, at.replace(fold=0))
            show(web, *range(1, number + 1))
            await polled(daemon, "index", 3)
            assert web.posted == []
        await set_clock(wall, daemon, last)
        await until(lambda: opened(web) == len(between) + 1, 20)
        await polled(daemon, "index", 3)
    assert set(told(web).values()) == {1}
    assert len(web.posted) == 1


@pytest.mark.parametrize(
    ("day", "at", "steps"),
    [
        ("2027-03-28", "02:30", ["01:50", "01:59", "03:31"]),
        ("2026-10-25", "02:30", ["01:50", "02:20", "02:31"]),
    ],
    ids=["a time that there is not", "a time that there is twice"],
)
async def test_a_daily_digest_comes_once(
    tmp_path: Path, web: Web, wall: Wall, day: str, at: str, steps: list[str]
) -> None:
    """Where clocks are put on or back over its time, a digest comes once; the hour that comes again brings no second one."""
    first, second, last = [datetime.fromisoformat(f"{day} {one}").replace(tzinfo=BERLIN) for one in steps]
    wall.put(first)
    more = f'digest = "daily"\nat = "{at}"\nzone = "Europe/Berlin"\n'
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"), more)
    show(web, 1)
    async with watching(config, ASSET) as daemon:
        await polled(daemon, "index", 2)
        await set_clock(wall, daemon, second)
        show(web, 1, 2)
        await polled(daemon, "index", 3)
        assert web.posted == []
        await set_clock(wall, daemon, last)
        await until(lambda: opened(web) == 2, 20)
        show(web, 1, 2, 3)
        await set_clock(wall, daemon, last.replace(fold=1))
        await polled(daemon, "index", 3)
    assert len(web.posted) == 1
