"""What is due: catching up after a sleep without a storm, and who comes first when slots are short."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from sqlalchemy import event

from leakwatch.daemon.schedule import CRAWL, Schedule
from leakwatch.jobs import Jobs
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.polling import Duration, SiteConfig
from leakwatch.polling.blind import blindness
from leakwatch.sources.feed import FeedSite
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.swarm.outcomes import OutcomeLog

from .daemons import Web, configured, polled, site, until, watching


class Clock:
    """The machine's time, which may be moved on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def asleep(folder: Path, clock: Clock, names: dict[str, SiteConfig], hours: int) -> SqlRepository:
    """A database of sites that were all read once and have been due for so many hours."""
    url = f"sqlite:///{folder / 'sites.db'}"
    await upgrade(url)
    repository = SqlRepository.open(url)
    async with repository.writing() as work:
        await work.sites.sync([(one.name, one.kind, one.host) for one in names.values()], clock.now())
        for state in await work.sites.all():
            await work.sites.move_cursor(state, {}, {})
            await work.sites.defer(state.name, clock.now() - timedelta(hours=hours))
    return repository


def scheduled(repository: SqlRepository, jobs: Jobs, sites: dict[str, SiteConfig], clock: Clock) -> Schedule:
    """The schedule of these sites, without anything else to do."""
    return Schedule(repository, jobs, sites, (), False, OutcomeLog(), clock)


def feeds(count: int, hosts: int, **more: object) -> dict[str, SiteConfig]:
    """So many feeds on so many hosts."""
    return {
        f"s{n}": SiteConfig(
            name=f"s{n}",
            kind="feed",
            settings=FeedSite(url=f"https://h{n % hosts}.example/{n}"),
            every=Duration(20),
            **more,
        )
        for n in range(count)
    }


async def test_a_night_off_is_caught_up_once(tmp_path: Path) -> None:
    """After eight hours down each overdue site is read once, apart, and no more hosts at a time than there are slots."""
    clock, jobs, sites = Clock(), Jobs(), feeds(24, 12)
    repository = await asleep(tmp_path, clock, sites, 8)
    read: list[tuple[str, datetime]] = []
    inside = most = 0

    async def crawl(host: str) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        async with repository.writing() as work:
            for name in [one.name for one in await work.sites.due(clock.now(), host)]:
                read.append((name, clock.now()))
                seen = CoverageWindow(
                    site=name, started_at=clock.now(), ended_at=clock.now(), verdict=Coverage.OK
                )
                await work.sites.close_poll(seen, clock.now() + timedelta(seconds=20), 0, None)
        await asyncio.sleep(0.05)
        inside -= 1

    jobs.handler(CRAWL, crawl, 3)
    working = asyncio.create_task(jobs.run())
    schedule = scheduled(repository, jobs, sites, clock)
    began = clock.now()
    await schedule.start()
    await until(lambda: len(read) >= 24)
    await asyncio.sleep(0.5)
    schedule.stop()
    jobs.stop()
    await working
    await repository.close()
    assert sorted(name for name, _ in read) == sorted(sites)
    assert most <= 3
    moments = sorted((moment - began).total_seconds() for _, moment in read)
    assert moments[-1] - moments[0] > 0.5, "they came all at once"
    assert moments[11] > 0.2, "half of them came at once"


async def test_a_sleep_is_noticed(tmp_path: Path) -> None:
    """When the machine wakes, overdue sites are put apart; one of high priority is due at once, one not late is left."""
    clock, jobs = Clock(), Jobs()
    sites = feeds(10, 10) | {
        "first": SiteConfig(
            name="first", kind="feed", settings=FeedSite(url="https://f.example/"), priority="high"
        )
    }
    repository = await asleep(tmp_path, clock, sites, -1)
    schedule = scheduled(repository, jobs, sites, clock)
    await schedule.tick()
    async with repository.writing() as work:
        await work.sites.defer("s0", clock.now() + timedelta(hours=8, minutes=5))
    clock.ahead = timedelta(hours=8)
    woke = clock.now()
    await schedule.tick()
    async with repository.reading() as work:
        due = {state.name: (state.next_due_at - woke).total_seconds() for state in await work.sites.all()}
    await repository.close()
    assert 290 < due.pop("s0") < 300
    assert 0 <= due.pop("first") < 1
    assert all(0 <= wait_s < 2 + 1 for wait_s in due.values())
    assert len({round(wait_s, 3) for wait_s in due.values()}) > 5


@pytest.mark.parametrize("hours", [1, 24])
async def test_a_clock_set_back_stops_nothing(
    tmp_path: Path, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tick goes on, and sites are due when they would have been, though the timers are of the time before."""
    clock, jobs, sites = Clock(), Jobs(), feeds(3, 3)

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + clock.ahead

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Moved)
    monkeypatch.setattr("leakwatch.daemon.schedule._TICK_S", 0.2)
    repository = await asleep(tmp_path, clock, sites, -1)
    schedule = scheduled(repository, jobs, sites, clock)
    await schedule.start()
    await until(lambda: schedule.ticked is not None)
    clock.ahead = -timedelta(hours=hours)
    await asyncio.sleep(0.5)
    stood = schedule.ticked
    await schedule.notice_clock()
    await until(lambda: schedule.ticked != stood)
    async with repository.reading() as work:
        due = [(state.next_due_at - clock.now()).total_seconds() for state in await work.sites.all()]
    schedule.stop()
    await repository.close()
    assert all(3500 < wait_s < 3601 for wait_s in due)


async def test_the_most_wanted_come_first(tmp_path: Path) -> None:
    """With one slot, sites of high priority are begun before those that have waited longer."""
    clock, jobs, begun = Clock(), Jobs(), list[str]()
    sites = feeds(6, 6, priority="low") | {
        "wanted": SiteConfig(
            name="wanted", kind="feed", settings=FeedSite(url="https://w.example/"), priority="high"
        )
    }
    repository = await asleep(tmp_path, clock, sites, 0)
    gate = asyncio.Event()

    async def crawl(host: str) -> None:
        begun.append(host)
        await gate.wait()

    jobs.handler(CRAWL, crawl, 1)
    working = asyncio.create_task(jobs.run())
    schedule = scheduled(repository, jobs, sites, clock)
    for one in (*[sites[f"s{n}"] for n in range(6)], sites["wanted"]):
        schedule.ranks[one.name] = 4 if one.name == "wanted" else 0
        await schedule._due(one)
    await until(lambda: len(begun) == 1)
    gate.set()
    await until(lambda: len(begun) == 7)
    jobs.stop()
    await working
    await repository.close()
    assert "w.example" in begun[:2], "whatever took the only slot before it, it was next"


async def test_interval_follows_and_is_remembered(tmp_path: Path, web: Web) -> None:
    """A site with news at every poll is read faster, a release asks for the fastest; the reason is stored, over restarts."""
    item = iter(range(10**6))

    def fresh() -> None:
        web.feed("/rss", *((str(next(item)), "news", "text") for _ in range(10)))

    fresh()
    more = 'every = "2s"\nevery_min = "100ms"\nevery_max = "4s"\n'
    told = site("index", f"{web.url}/rss").replace('every = "100ms"\n', more)
    config = configured(tmp_path, web, told)
    async with watching(config) as daemon:
        await polled(daemon, "index", 1)
        fresh()
        await polled(daemon, "index", 1)
        async with daemon.repository.reading() as work:
            await until(lambda: daemon.schedule.ranks.get("index") == 3)
            state = await work.sites.get("index")
        assert state is not None
        assert (state.interval_s, state.interval_why) == (1.0, "busy: 10 of 10 items were new")
    released = Asset(id=AssetId("tideglass"), title="Tideglass 70B", release_at=datetime.now(UTC))
    async with watching(config, released) as daemon:
        async with daemon.repository.reading() as work:
            state = await work.sites.get("index")
        assert state is not None
        assert state.interval_s == 1.0
        await polled(daemon, "index", 4)
        async with daemon.repository.reading() as work:
            state = await work.sites.get("index")
        assert state is not None
        assert (state.interval_s, state.interval_why) == (0.1, "release of tideglass is near")


async def test_what_is_due_is_told_by_names(tmp_path: Path) -> None:
    """Every few seconds all that is due is looked at: without the cursors, which may hold thousands of threads each."""
    clock, jobs, sites = Clock(), Jobs(), feeds(3, 2)
    repository = await asleep(tmp_path, clock, sites, 8)
    schedule = scheduled(repository, jobs, sites, clock)
    await schedule.tick()  # wakes up
    clock.ahead += timedelta(seconds=40)
    asked = list[str]()
    event.listen(repository.engine.sync_engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    await schedule.tick()
    await repository.close()
    of_sites = [one for one in asked if "FROM site" in one]
    assert len(of_sites) == 1
    assert "site.cursor" not in of_sites[0]


async def test_a_clock_put_on_blinds_nothing(tmp_path: Path) -> None:
    """A day ahead within a moment: before anybody asks who is blind, what is late by that is put down to be read first."""
    clock, jobs, sites = Clock(), Jobs(), feeds(5, 5)
    repository = await asleep(tmp_path, clock, sites, -1)
    schedule = scheduled(repository, jobs, sites, clock)
    await schedule.tick()
    began = clock.now()
    async with repository.writing() as work:
        for name in sites:
            await work.sites.defer(name, began + timedelta(seconds=20))
    clock.ahead = timedelta(days=1)
    async with repository.reading() as work:
        assert all(blindness(one, clock.now(), began).is_blind for one in await work.sites.all())
    await schedule.notice_clock()
    async with repository.reading() as work:
        assert not any(blindness(one, clock.now(), began).is_blind for one in await work.sites.all())
    await repository.close()
