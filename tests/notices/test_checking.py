"""Looks at addresses of notices, through the real door to a server on loopback: gone, up, moved, unclear, and what follows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leakwatch.cases import record
from leakwatch.config import load_config
from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.daemon.checking import ways_of
from leakwatch.daemon.schedule import Schedule
from leakwatch.jobs import Jobs
from leakwatch.model.asset import Asset
from leakwatch.model.finding import EventKind, Finding, FindingEvent, State
from leakwatch.model.notice import Notice, NoticeState
from leakwatch.notices import acts, checking
from leakwatch.notices.checking import ACTOR, CheckDesk, check
from leakwatch.notices.facts import Wishes
from leakwatch.ports import Work
from leakwatch.sources._kind import Payload, Request
from leakwatch.store.repository import SqlRepository
from leakwatch.swarm.outcomes import OutcomeLog
from tests.daemons import Web, configured, site, until, watching

from .cases import ASSET, FINDING, KINDS, MAGNET, NOON, OWNER, SPOTS, stored

S = NoticeState


@dataclass
class Clock:
    """A clock that is moved by hand."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class Desk:
    """A submitted notice about two pages of a server, and what looks at them."""

    repository: SqlRepository
    fetcher: HttpFetcher
    web: Web
    clock: Clock
    folder: Path
    ident: str = ""
    told: list[FindingEvent] = field(default_factory=list[FindingEvent])

    async def tell(self, event: FindingEvent, finding: Finding, asset: Asset, work: Work, /) -> int:
        """Counts as one alert."""
        self.told.append(event)
        await record(event, finding, asset, work)
        return 1

    async def look(self, after: timedelta = timedelta(0)) -> int:
        """The look that is due after a while."""
        self.clock.at += after
        sites = configured(self.folder, self.web, site("here", self.web.url)).sites
        told = CheckDesk(
            repository=self.repository,
            fetcher=self.fetcher,
            ways=ways_of({one.name: one for one in sites}),
            clock=self.clock,
            tell=self.tell,
        )
        return await check(self.ident, told)

    def show(self, one: int = 200, two: int = 200, **headers: str) -> None:
        """What the two pages answer; headers are those of the first."""
        self.web.pages["/one"] = (one, "<p>page", headers)
        self.web.pages["/two"] = (two, "<p>page", {})

    async def notice(self) -> Notice:
        async with self.repository.reading() as work:
            found = await work.notices.list()
        (one,) = [one for one in found if one.id == self.ident]
        return one

    async def finding(self) -> Finding:
        async with self.repository.reading() as work:
            found = await work.findings.get(FINDING.id)
        assert found
        return found

    async def set_finding(self, state: State) -> None:
        async with self.repository.writing() as work:
            await work.findings.save(replace(await self.finding(), state=state))


async def submitted(repository: SqlRepository, url: str, at: datetime) -> Notice:
    """A notice about two pages of a host, sent."""
    spots = [
        replace(SPOTS[0], url=f"{url}/{name}", native_id=name, locators=(MAGNET,))
        for name in ("one#p2", "two")
    ]
    await stored(repository, spots=spots)
    host = url.removeprefix("http://")
    made = await acts.draft(
        FINDING.id, "dmca", Wishes(host=host, mail="desk@host.example"), OWNER, KINDS, repository, "ada", at
    )
    await acts.sign(made.id, repository, "Ada Example", at)
    return await acts.submit(made.id, "7", repository, "Ada Example", at)


@pytest.fixture
async def desk(repository: SqlRepository, web: Web, tmp_path: Path) -> AsyncIterator[Desk]:
    """A notice that was just submitted; both pages are up."""
    clock = Clock()
    door = DoorSettings(contact="mailto:test@leakwatch.invalid", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(door, secret=lambda _: "", clock=clock) as fetcher:
        made = Desk(repository, fetcher, web, clock, tmp_path)
        made.show()
        made.ident = (await submitted(repository, web.url, NOON)).id
        yield made


async def test_nothing_is_asked_before_its_time(desk: Desk) -> None:
    """The first look is after an hour; each page is asked once, without what follows #."""
    assert await desk.look(timedelta(minutes=59)) == 0
    assert desk.web.asked == []
    assert await desk.look(timedelta(minutes=1)) == 0
    assert [path for path, _ in desk.web.asked] == ["/one", "/two"]
    notice = await desk.notice()
    assert (notice.state, notice.next_check_at) == (S.SUBMITTED, NOON + timedelta(days=1))
    assert desk.told == []
    async with desk.repository.reading() as work:
        event = (await work.notices.events(notice.id))[-1]
        entry = (await work.audit.entries(notice.id))[-1]
    assert (event.kind, event.detail["up"], event.detail["gone"]) == ("checked", 2, 0)
    assert (entry.actor, entry.action) == (ACTOR, "notice.checked")


@pytest.mark.parametrize("status", [404, 410, 451])
async def test_all_gone_is_removed(desk: Desk, status: int) -> None:
    """When every page says that it is gone, the notice is removed, that is told, and the looks begin anew."""
    desk.show(status, 410)
    assert await desk.look(timedelta(hours=1)) == 1
    notice = await desk.notice()
    assert (notice.state, notice.removed_at) == (S.REMOVED, NOON + timedelta(hours=1))
    assert notice.next_check_at == NOON + timedelta(hours=2)
    assert [(one.kind, one.actor, one.detail["to"]) for one in desk.told] == [
        (EventKind.NOTICE, ACTOR, "removed")
    ]


async def test_one_of_two_is_not_enough(desk: Desk) -> None:
    """As long as one page is up, nothing is removed."""
    desk.show(404, 200)
    assert await desk.look(timedelta(hours=1)) == 0
    assert (await desk.notice()).state is S.SUBMITTED


async def test_what_was_not_looked_at_is_not_gone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more addresses than one run looks at the rest come an hour later; it is removed when all of them were gone."""
    monkeypatch.setattr(checking, "MOST", 1)
    desk.show(404, 200)
    assert await desk.look(timedelta(hours=1)) == 0
    notice = await desk.notice()
    assert (notice.state, notice.next_check_at) == (S.SUBMITTED, NOON + timedelta(hours=2))
    assert await desk.look(timedelta(hours=1)) == 0
    assert [path for path, _ in desk.web.asked] == ["/one", "/two"]
    notice = await desk.notice()
    assert (notice.state, notice.next_check_at) == (S.SUBMITTED, NOON + timedelta(days=1))
    desk.show(404, 404)
    assert await desk.look(timedelta(hours=22)) == 0
    assert await desk.look(timedelta(hours=1)) == 1
    assert (await desk.notice()).state is S.REMOVED


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_unclear_is_no_conclusion(desk: Desk, status: int) -> None:
    """A refusal or a failure of the host neither removes nor brings back."""
    desk.show(status, 404)
    assert await desk.look(timedelta(hours=1)) == 0
    assert (await desk.notice()).state is S.SUBMITTED
    await acts.move(desk.ident, S.REMOVED, "", desk.repository, "ada", desk.clock.now())
    assert await desk.look(timedelta(hours=1)) == 0
    assert (await desk.notice()).state is S.REMOVED


async def test_front_page_and_robots_are_unclear(desk: Desk) -> None:
    """A redirect to the front page says nothing, and a page that robots.txt closes is not asked for."""
    desk.show(302, 404, location="/")
    desk.web.pages["/"] = (200, "welcome", {})
    assert await desk.look(timedelta(hours=1)) == 0
    desk.web.pages["/robots.txt"] = (200, "User-agent: *\nDisallow: /", {})
    desk.web.asked.clear()
    desk.fetcher._robots = type(desk.fetcher._robots)()  # a day later its answer has expired
    assert await desk.look(timedelta(days=2)) == 0
    assert desk.web.asked == []
    async with desk.repository.reading() as work:
        event = (await work.notices.events((await desk.notice()).id))[-1]
    assert event.detail["unclear"] == 2


SAYS_GONE: dict[str, tuple[int, str, dict[str, str]]] = {
    "a title of 404": (200, "<html><title>404 - Page not found</title>sorry", {}),
    "a title that it was removed": (200, "<title>\n This file has been removed\n</title>", {}),
    "a title of a claim": (200, "<title>Unavailable due to a DMCA notice</title>", {}),
    "an error page elsewhere": (302, "", {"location": "/error.php?code=9"}),
    "a page of removals elsewhere": (302, "", {"location": "/file/removed"}),
}


@pytest.mark.parametrize("page", SAYS_GONE.values(), ids=SAYS_GONE.keys())
async def test_page_that_only_says_that_it_is_gone(desk: Desk, page: tuple[int, str, dict[str, str]]) -> None:
    """Without the host's status a page is not removed, for anybody may write a title: it is told, once, and a person looks."""
    desk.show(404, 404)
    desk.web.pages["/one"] = page
    desk.web.pages["/error.php"] = desk.web.pages["/file/removed"] = (200, "<p>oops", {})
    assert await desk.look(timedelta(hours=1)) == 1
    assert (await desk.notice()).state is S.SUBMITTED
    assert desk.told[-1].detail["to"] == "about a page that says that it is gone"
    assert (
        desk.told[-1].reason == f"look yourself, and set the notice removed if it is: {desk.web.url}/one#p2"
    )
    assert await desk.look(timedelta(days=1)) == 0
    await acts.move(desk.ident, S.REMOVED, "", desk.repository, "ada", desk.clock.now())
    assert await desk.look(timedelta(hours=1)) == 0
    assert (await desk.notice()).state is S.REMOVED


async def test_title_hides_nothing(desk: Desk) -> None:
    """Whoever calls his page "404" cannot hide that it still names the torrent."""
    desk.show(404, 404)
    await desk.look(timedelta(hours=1))
    desk.web.pages["/one"] = (200, f"<title>404 not found</title><a href='{MAGNET.upper()}'>x</a>", {})
    assert await desk.look(timedelta(hours=1)) == 1
    assert (await desk.notice()).state is S.WAITING


UNKNOWN: dict[str, tuple[int, str, dict[str, str]]] = {
    "a login elsewhere": (302, "", {"location": "/login?next=/one"}),
    "a session elsewhere": (302, "", {"location": "/users/sign_in"}),
    "single sign-on": (302, "", {"location": "/sso/start"}),
    "a login in its place": (200, "<title>Sign in to continue</title>", {}),
    "a challenge": (
        200,
        "<!doctype html><html><title>Just a moment...</title><script src='/cdn-cgi/x'></script></html>",
        {},
    ),
    "nothing": (200, "", {}),
    "round in a circle": (302, "", {"location": "/one"}),
}


@pytest.mark.parametrize("page", UNKNOWN.values(), ids=UNKNOWN.keys())
@pytest.mark.parametrize("is_removed", [False, True], ids=["submitted", "removed"])
async def test_what_is_no_answer_is_unknown(
    desk: Desk, page: tuple[int, str, dict[str, str]], is_removed: bool
) -> None:
    """A login, a challenge and an empty page say neither that it is gone nor that it is up again."""
    for path in ("/login", "/users/sign_in", "/sso/start"):
        desk.web.pages[path] = (200, "<form><input type=password></form>", {})
    desk.show(404, 404)
    if is_removed:
        await desk.look(timedelta(hours=1))
    before, desk.told = await desk.notice(), []
    desk.web.pages["/one"] = page
    assert await desk.look(timedelta(hours=1)) == 0
    assert (await desk.notice()).state is before.state
    async with desk.repository.reading() as work:
        event = (await work.notices.events(before.id))[-1]
    assert (event.detail["unclear"], event.detail["gone"]) == (1, 1)


async def test_clock_that_is_put_back_looks_all_the_same(desk: Desk) -> None:
    """A notice that was submitted while the clock was a year ahead is looked at an hour later by the right one."""
    ahead = timedelta(days=365)
    desk.clock.at = NOON + ahead
    async with desk.repository.writing() as work:
        told = {**(await desk.notice()).detail, "checks_from": desk.clock.at.isoformat()}
        wrong = replace(await desk.notice(), submitted_at=desk.clock.at, detail=told)
        await work.notices.save(replace(wrong, next_check_at=desk.clock.at + timedelta(hours=1)))
    schedule = Schedule(desk.repository, Jobs(), {}, (), False, OutcomeLog(), desk.clock)
    schedule._awake_at = desk.clock.at
    desk.clock.at = NOON
    await schedule.notice_clock()
    notice = await desk.notice()
    assert (notice.submitted_at, notice.next_check_at) == (NOON, NOON + timedelta(hours=1))
    desk.show(404, 404)
    assert await desk.look(timedelta(hours=1)) == 1
    assert (await desk.notice()).state is S.REMOVED


async def test_host_that_is_not_reached_is_not_gone(desk: Desk) -> None:
    """A host that takes no connection is no removal, however often."""
    notice = await desk.notice()
    urls = [{"url": f"http://127.0.0.1:9/{name}", "what": "pointer", "site": "board"} for name in ("a", "b")]
    async with desk.repository.writing() as work:
        await work.notices.save(replace(notice, detail={**notice.detail, "urls": urls}))
    for after in (timedelta(hours=1), timedelta(days=1), timedelta(days=30)):
        desk.clock.at = NOON + after
        assert await desk.look() == 0
    notice = await desk.notice()
    assert (notice.state, notice.next_check_at, notice.detail["checks"]) == (S.SUBMITTED, None, 3)
    assert desk.web.asked == []


async def test_moved_is_told_once(desk: Desk) -> None:
    """A page that leads elsewhere is told with the place, once, and counts as up."""
    desk.show(301, 404, location="/three")
    desk.web.pages["/three"] = (200, "here now", {})
    assert await desk.look(timedelta(hours=1)) == 1
    assert desk.told[-1].detail["to"] == "about a page that has moved"
    assert desk.told[-1].detail["reason"] == f"moved: {desk.web.url}/three"
    assert await desk.look(timedelta(days=1)) == 0
    assert (await desk.notice()).state is S.SUBMITTED


async def test_resurgence_reopens_the_finding(desk: Desk) -> None:
    """A page that is up again makes the notice wait again, and opens a finding that was thought to be removed."""
    desk.show(404, 404)
    await desk.look(timedelta(hours=1))
    await desk.set_finding(State.REMOVED)
    desk.told.clear()
    desk.show(404, 200)
    assert await desk.look(timedelta(hours=1)) == 1
    notice, finding = await desk.notice(), await desk.finding()
    assert (notice.state, notice.removed_at) == (S.WAITING, None)
    assert finding.state is State.REOPENED
    assert [(one.kind, one.actor) for one in desk.told] == [
        (EventKind.STATE, ACTOR),
        (EventKind.NOTICE, ACTOR),
    ]
    assert desk.told[0].content.startswith("reopened:")
    assert desk.told[1].detail["to"] == "about something that is up again"
    assert desk.told[1].detail["reason"] == f"up again: {desk.web.url}/two"
    desk.show(404, 404)
    assert await desk.look(timedelta(hours=1)) == 1
    assert (await desk.notice()).state is S.REMOVED


async def test_counter_notice_is_told_before_its_clock_ends(desk: Desk) -> None:
    """Three days before the tenth business day it is told; a page that was restored afterwards opens the finding."""
    desk.show(404, 404)
    await desk.look(timedelta(hours=1))
    await acts.move(desk.ident, S.COUNTER_NOTICE, "", desk.repository, "ada", NOON + timedelta(hours=2))
    await desk.set_finding(State.REMOVED)
    desk.told.clear()
    desk.clock.at = NOON + timedelta(days=11, hours=1)
    assert await desk.look() == 0
    assert await desk.look(timedelta(hours=1)) == 1
    assert desk.told[-1].detail["to"] == "near the end of a counter-notice's clock"
    assert desk.told[-1].detail["deadline"].startswith("2026-12-04")
    desk.show(200, 404)
    desk.clock.at = NOON + timedelta(days=14, hours=2)
    await desk.look()
    assert ((await desk.notice()).state, (await desk.finding()).state) == (S.WAITING, State.REOPENED)


async def test_a_person_is_faster(desk: Desk) -> None:
    """What was seen while a person wrote down something else changes nothing."""
    desk.show(404, 404)
    door = desk.fetcher

    class Meanwhile:
        """The door, and a person who acts while it waits."""

        async def fetch(self, request: Request, **how: Any) -> Payload:
            if not request.url.endswith("two"):
                await acts.move(
                    desk.ident, S.REFUSED, "they say no", desk.repository, "ada", desk.clock.now()
                )
            return await door.fetch(request, **how)

    desk.fetcher = Meanwhile()  # pyright: ignore[reportAttributeAccessIssue]
    assert await desk.look(timedelta(hours=1)) == 0
    notice = await desk.notice()
    assert (notice.state, notice.next_check_at, notice.removed_at) == (S.REFUSED, None, None)
    assert [path for path, _ in desk.web.asked] == ["/one", "/two"]


async def test_closed_notice_is_not_looked_at(desk: Desk) -> None:
    """Of a matter that is closed nobody is asked any more."""
    desk.show(404, 404)
    await acts.move(desk.ident, S.CLOSED, "settled", desk.repository, "ada", NOON)
    assert await desk.look(timedelta(hours=2)) == 0
    assert desk.web.asked == []
    assert (await desk.notice()).state is S.CLOSED


async def test_crash_does_not_come_round_in_a_circle(desk: Desk) -> None:
    """A look that dies is due again only after two hours."""

    def broken(_: str) -> None:
        raise RuntimeError("a fault of ours")

    told = CheckDesk(
        repository=desk.repository,
        fetcher=desk.fetcher,
        ways=broken,  # pyright: ignore[reportArgumentType]
        clock=desk.clock,
        tell=desk.tell,
    )
    desk.clock.at += timedelta(hours=1)
    with pytest.raises(RuntimeError):
        await check(desk.ident, told)
    async with desk.repository.reading() as work:
        assert await work.notices.due(desk.clock.now() + timedelta(minutes=119)) == []
        assert await work.notices.due(desk.clock.now() + timedelta(minutes=120)) == [desk.ident]


def test_unknown_host_is_asked_slowly(tmp_path: Path, web: Web) -> None:
    """A host of no site is asked every 5 seconds at most, as robots.txt allows, and never on this machine."""
    ways = ways_of(
        {one.name: one for one in configured(tmp_path, web, site("here", "https://here.example/feed")).sites}
    )
    stranger, known = ways("https://stranger.example/x"), ways("https://here.example/x")
    assert (stranger.manner.robots, stranger.min_interval_s, stranger.named_by) == (True, 5.0, frozenset())
    assert (known.manner.robots, known.manner.site, known.named_by) == (True, "", frozenset({"here.example"}))


async def test_daemon_looks_and_tells(tmp_path: Path, web: Web) -> None:
    """The real daemon finds a notice that is due, looks, and whoever heard of the leak hears that the content is gone."""
    web.feed("/rss")
    config = configured(tmp_path, web, site("here", f"{web.url}/rss"))
    async with watching(config) as daemon:
        now = daemon.clock.now()
        made = await submitted(daemon.repository, web.url, now - timedelta(hours=2))
        async with daemon.repository.writing() as work:
            event = FindingEvent(finding=FINDING.id, kind=EventKind.OPENED, at=now, content="opened")
            await daemon.tell(event, FINDING, ASSET, work)
        await until(lambda: any("removed" in str(body) for _, body in web.posted), 20)
        async with daemon.repository.reading() as work:
            notice = await work.notices.get(made.id)
    assert notice
    assert notice.state is S.REMOVED
    assert load_config(tmp_path / "leakwatch.toml").owner.name == ""
