"""How a poll keeps to what its host allows: budgets, robots.txt, and what is kept for the next one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from leakwatch.model.asset import Asset, AssetId, QueryMode
from leakwatch.model.observation import Observation
from leakwatch.model.site import Coverage
from leakwatch.polling.blind import because, blindness, remedy
from leakwatch.polling.keeping import MAX_KEPT, Keeping, keep, kept_json
from leakwatch.polling.run import begin
from leakwatch.sources import feed
from leakwatch.sources._kind import CredentialRef, Cursor, Page, Payload, PolledKind, Question, Request
from leakwatch.store.repository import SqlRepository

from ..daemons import Web  # noqa: TID252
from ..pollers import PAGED, Poller, polling  # noqa: TID252


@pytest.fixture
async def index(tmp_path: Path, web: Web, repository: SqlRepository) -> AsyncIterator[Poller]:
    """A feed with five items."""
    async with polling(tmp_path, web, repository) as poller:
        poller.post(*"abcde")
        poller.show()
        yield poller


async def test_a_poll_beyond_the_budget_is_put_off(index: Poller) -> None:
    """The robots.txt and the feed use the budget up; the next poll asks nothing, blames nobody, and waits for room."""
    first = await index.poll(max_per_hour=2)
    assert first.window.verdict is Coverage.OK
    second = await index.poll(max_per_hour=2)
    assert len(index.web.asked) == 1
    assert second.window.verdict is Coverage.PUT_OFF
    assert "budget of 2 requests an hour" in (second.window.detail or "")
    assert second.failures == 0
    assert second.next_due_at - index.clock.at > timedelta(minutes=55)


async def test_a_site_that_is_put_off_is_blind(index: Poller) -> None:
    """Its listing was not read, so nothing is covered; what to do is said. It sees again once there is room."""
    await index.poll(max_per_hour=2)
    seen = (await index.state()).covered_until
    await index.poll(max_per_hour=2)
    state = await index.state()
    assert state.covered_until == seen
    assert blindness(state, index.clock.at + timedelta(hours=3)).total > timedelta(hours=3)
    assert "max_per_hour" in remedy(state)
    assert "budget of 2 requests an hour" in because(state, blindness(state, index.clock.at))


def _many(site: feed.FeedSite, _: Cursor) -> Iterator[Request]:
    yield from (Request(url=f"{site.url.removesuffix('1')}{number}") for number in (1, 2, 3))


async def test_listings_beyond_what_a_poll_may_ask_are_not_covered(index: Poller) -> None:
    """A poll that may not ask for all that it begins with says so; one that may is a good one."""
    index.kind = replace(PAGED, start=_many, empty_is_normal=True)
    short = await index.poll(max_requests=2)
    assert (short.window.verdict, short.window.detail) == (
        Coverage.PUT_OFF,
        "1 requests put off to the next poll",
    )
    assert (await index.poll(max_requests=3)).window.verdict is Coverage.OK


async def test_a_feed_that_robots_txt_forbids(index: Poller) -> None:
    """The feed is not asked for, and the window names the line."""
    index.web.pages["/robots.txt"] = (200, "User-agent: *\nDisallow: /feed", {})
    polled = await index.poll()
    assert index.web.asked == []
    assert polled.window.verdict is Coverage.REFUSED
    assert "robots.txt, line 2, says 'Disallow: /feed'" in (polled.window.detail or "")
    assert (await index.poll(robots="ignore")).window.verdict is Coverage.OK


def _follow(payload: Payload) -> Page:
    """A page with three follow-ups, of which the second is forbidden."""
    if "/feed/1" not in payload.url:
        return Page()
    base = payload.url.removesuffix("/feed/1")
    return Page(next_requests=tuple(Request(url=f"{base}/{name}") for name in ("x", "secret", "y")))


async def test_one_forbidden_page_is_no_end(index: Poller) -> None:
    """A follow-up that robots.txt forbids is left out; those behind it are read."""
    index.web.pages |= {
        "/robots.txt": (200, "User-agent: *\nDisallow: /secret", {}),
        "/x": (200, "ok", {}),
        "/y": (200, "ok", {}),
    }
    index.kind = PolledKind(
        name="follow", settings=feed.FeedSite, start=feed.start, parse=_follow, empty_is_normal=True
    )
    polled = await index.poll()
    assert [path for path, _ in index.web.asked] == ["/feed/1", "/x", "/y"]
    assert "Disallow: /secret" in (polled.window.detail or "")


def _ask(site: feed.FeedSite, _: Cursor, question: Question) -> Iterator[Request]:
    yield Request(url=f"{site.url}?q={question.words}")


async def test_questions_take_turns(index: Poller) -> None:
    """Each poll asks its share and the next one goes on; an answer without items is no drift."""
    names = tuple(f"Title{n}" for n in range(5))
    asset = Asset(id=AssetId("a"), title=names[0], aliases=names[1:], query_mode=QueryMode.DIRECT)
    index.brain = replace(index.brain, index=replace(index.brain.index, assets={asset.id: asset}))
    index.kind = replace(PAGED, ask=_ask, empty_is_normal=False)
    asked = []
    for _ in range(3):
        index.web.asked.clear()
        assert (await index.poll(questions_per_poll=2)).window.verdict is Coverage.OK
        asked.append([path.partition("?q=")[2] for path, _ in index.web.asked if "?" in path])
    assert asked == [["Title0", "Title1"], ["Title2", "Title3"], ["Title4", "Title0"]]


async def test_behind_a_gap_more_is_asked(index: Poller) -> None:
    """Where nothing pages back, the poll behind a gap asks all questions; the gap stays told, and the next asks as usual."""
    names = tuple(f"Title{n}" for n in range(9))
    asset = Asset(id=AssetId("a"), title=names[0], aliases=names[1:], query_mode=QueryMode.DIRECT)
    index.brain = replace(index.brain, index=replace(index.brain.index, assets={asset.id: asset}))
    index.kind = replace(PAGED, ask=_ask, back=None)
    asked = []
    for poll in range(4):
        if poll == 1:
            index.post(*(f"new{n}" for n in range(7)))
            index.show()
        index.web.asked.clear()
        window = (await index.poll(questions_per_poll=2)).window
        asked.append((sum("?" in path for path, _ in index.web.asked), window.verdict is Coverage.GAP))
    assert asked == [(2, False), (2, True), (9, False), (2, False)]
    assert [one.hole_from is not None for one in await index.windows()] == [False, False, True, False]


async def test_a_kept_form_is_a_form_again(index: Poller) -> None:
    """What is kept for the next poll comes back with its form, its token address and its secrets' names."""
    request = Request(
        url="https://a.example/s",
        form={"q": "1"},
        token_url="https://a.example/token",
        credential=CredentialRef("app"),
        query_credential=("key", CredentialRef("k")),
        keep=True,
    )
    state = replace(await index.state(), cursor=kept_json({request.url: request}, {}, {}))
    assert begin(index.site, PAGED, state, ()).kept == {request.url: request}


@dataclass
class Follower:
    """A kind whose first page leads to pages that must be kept; its cursor is how many of them it has passed."""

    names: list[str]

    def parse(self, payload: Payload) -> Page:
        """What the first page leads to; an item of each other one."""
        base, _, name = payload.url.rpartition("/")
        if name != "1":
            seen = Observation(site="index", native_id=name, fetched_at=payload.fetched_at, title=name)
            return Page(observations=(seen,))
        new = self.names[payload.request.state["passed"] :]
        asked = tuple(Request(url=f"{base}/{one}", keep=True) for one in new)
        return Page(next_requests=asked, cursor={"passed": len(self.names)})

    @property
    def kind(self) -> PolledKind:
        """The kind."""
        return PolledKind(
            name="follow", settings=feed.FeedSite, start=self.start, parse=self.parse, empty_is_normal=True
        )

    def start(self, site: feed.FeedSite, cursor: Cursor) -> Iterator[Request]:
        """The first page."""
        yield Request(url=site.url, state={"passed": cursor.get("passed", 0)})


async def test_follow_ups_beyond_what_is_kept_are_told_and_not_lost(
    index: Poller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What finds no room is said in the window, the page is read again, and in the end every item is there."""
    monkeypatch.setattr("leakwatch.polling.keeping.MAX_KEPT", 5)
    follower = Follower([f"n{n}" for n in range(5)])
    index.web.pages |= {f"/feed/n{name}": (200, "ok", {}) for name in range(9)}
    index.kind = follower.kind
    assert "no room" not in ((await index.poll(max_requests=3)).window.detail or "")
    follower.names += [f"n{n}" for n in range(5, 9)]
    second = await index.poll(max_requests=2)
    assert "2 follow-ups found no room" in (second.window.detail or "")
    assert second.window.verdict is Coverage.PARTIAL
    assert (await index.state()).cursor["passed"] == 5
    for _ in range(6):
        last = await index.poll(max_requests=3)
    assert last.window.verdict is Coverage.OK
    asked = [path.rpartition("/")[2] for path, _ in index.web.asked]
    assert set(asked) == {"1", *follower.names}
    assert (await index.state()).cursor["passed"] == 9


async def test_a_kept_page_whose_follow_ups_find_no_room_is_kept(index: Poller) -> None:
    """The page behind a kept request is asked for again where not all of it could be kept."""
    page = Request(url="https://a.example/page", keep=True)
    state = replace(await index.state(), cursor=kept_json({page.url: page}, {}, {}))
    run = begin(index.site, PAGED, state, ())
    many = [Request(url=f"https://a.example/{n}", keep=True) for n in range(MAX_KEPT + 7)]
    keeping = keep(many, page.url, run.kept, ())
    assert keeping.waiting == 7
    assert keeping.kept[page.url] == page
    assert keep(many[:3], page.url, run.kept, ()) == Keeping(
        {one.url: one for one in many[:3]}, tuple(many[:3])
    )


async def test_a_page_of_more_follow_ups_than_may_wait_is_worked_off(
    index: Poller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each poll does a bounded part of it, none twice; then the cursor moves, and what is new is found behind it."""
    monkeypatch.setattr("leakwatch.polling.keeping.MAX_KEPT", 5)
    follower = Follower([f"n{n}" for n in range(40)])
    index.web.pages |= {f"/feed/n{name}": (200, "ok", {}) for name in range(41)}
    index.kind = follower.kind
    moved_at, asked = 0, 0
    for number in range(1, 12):
        await index.poll(max_requests=6)
        assert len(index.web.asked) - asked <= 6
        asked = len(index.web.asked)
        cursor = (await index.state()).cursor
        assert len(cursor.get("_kept") or {}) <= 5
        if cursor.get("passed") == 40 and not moved_at:
            moved_at = number
            assert "_standing" not in cursor
    assert moved_at == 8
    follower.names.append("n40")
    assert (await index.poll(max_requests=6)).window.verdict is Coverage.OK
    read = [path.rpartition("/")[2] for path, _ in index.web.asked if not path.endswith("/1")]
    assert sorted(read) == sorted(follower.names)


async def test_a_page_without_end_is_left(index: Poller, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page has beyond all bounds is counted and left out, and the cursor moves."""
    monkeypatch.setattr("leakwatch.polling.keeping.MAX_KEPT", 5)
    monkeypatch.setattr("leakwatch.polling.keeping.MAX_DONE", 10)
    follower = Follower([f"n{n}" for n in range(1000)])
    index.web.pages |= {f"/feed/n{name}": (200, "ok", {}) for name in range(1000)}
    index.kind = follower.kind
    details = [(await index.poll(max_requests=6)).window.detail or "" for _ in range(4)]
    assert "995 follow-ups found no room" in details[0]
    assert "and left out" in details[-1] or "and left out" in details[-2]
    assert (await index.state()).cursor["passed"] == 1000
