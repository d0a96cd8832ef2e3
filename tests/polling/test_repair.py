"""Gaps: seen by item and by time, repaired by paging back, kept as holes until they are, lost where they cannot be."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from leakwatch.model.site import Coverage
from leakwatch.polling.ledger import ledger_of
from leakwatch.sources import feed
from leakwatch.store.repository import SqlRepository

from ..daemons import Web  # noqa: TID252 - tests are no package that could be named
from ..pollers import Poller, polling  # noqa: TID252


@pytest.fixture
async def index(tmp_path: Path, web: Web, repository: SqlRepository) -> AsyncIterator[Poller]:
    """A paged feed with five items a page, of which seven were shown and the first page was read."""
    async with polling(tmp_path, web, repository) as poller:
        poller.post(*(f"old{n}" for n in range(7)))
        poller.show()
        assert (await poller.poll()).window.verdict is Coverage.OK
        yield poller


async def stored(index: Poller) -> set[str]:
    """The items in the database."""
    async with index.repository.reading() as work:
        return {one.native_id for _, one in await work.findings.stored(10**9, 1000)}


async def test_overlap_is_no_gap(index: Poller) -> None:
    """A poll that meets an item it knows has missed nothing, and makes one request."""
    index.post("a", "b")
    index.show()
    window = (await index.poll()).window
    assert (window.verdict, window.new_items, window.overlap, window.pages) == (Coverage.OK, 2, True, 1)


async def test_items_of_tomorrow_are_met_again(tmp_path: Path, web: Web, repository: SqlRepository) -> None:
    """A site whose clock is ahead of ours, or a clock of ours that was put back, makes no gaps."""
    async with polling(tmp_path, web, repository) as poller:
        poller.post(*(f"old{n}" for n in range(4)))
        poller.clock.at -= timedelta(hours=8)
        poller.show()
        await poller.poll()
        for _ in range(2):
            window = (await poller.poll()).window
            assert (window.verdict, window.overlap, window.detail) == (Coverage.OK, True, None)
            poller.clock.at += timedelta(minutes=5)


async def test_gap_is_repaired_by_paging_back(index: Poller) -> None:
    """More new items than a page shows are read from the pages behind, up to the first known one."""
    index.post(*(f"new{n}" for n in range(12)))
    index.show()
    window = (await index.poll()).window
    assert (window.verdict, window.pages, window.new_items) == (Coverage.OK, 3, 12)
    assert "2 pages back" in (window.detail or "")
    assert {f"new{n}" for n in range(12)} <= await stored(index)


async def test_gap_larger_than_the_budget_is_repaired_later(index: Poller) -> None:
    """What a poll's requests do not reach is a hole, which the next polls read on into from where it stopped."""
    index.post(*(f"new{n}" for n in range(22)))
    index.show()
    window = (await index.poll(max_requests=3)).window
    assert (window.verdict, window.new_items) == (Coverage.GAP, 15)
    assert window.hole_from
    assert window.hole_to
    times = dict(index.shown)
    assert (window.hole_from, window.hole_to) == (times["old6"], times["new7"])
    index.post("later")
    index.show()
    window = (await index.poll(max_requests=3)).window
    assert window.verdict is Coverage.OK
    assert "is repaired" in (window.detail or "")
    assert {f"new{n}" for n in range(22)} | {"later"} <= await stored(index)
    assert ledger_of((await index.state()).ledger).holes == ()
    assert [one.repaired_at is None for one in await index.windows()] == [True, False, True]


async def test_hole_without_times_is_repaired_later(index: Poller) -> None:
    """Without times the items known before the gap show where it ends, not those read on the way."""
    index.shown = [(name, None) for name, _ in index.shown]
    index.show()
    await index.poll()
    index.post(*(f"new{n}" for n in range(22)), dated=False)
    index.show()
    assert (await index.poll(max_requests=2)).window.verdict is Coverage.GAP
    for _ in range(3):
        assert (await index.poll(max_requests=2)).window.verdict is Coverage.OK
    assert {f"new{n}" for n in range(22)} <= await stored(index)
    assert ledger_of((await index.state()).ledger).holes == ()


async def test_gap_without_paging_is_lost(index: Poller) -> None:
    """A kind that cannot page back leaves a hole that no later poll repairs; the poll after it is whole again."""
    index.kind = feed.KIND
    index.post(*(f"new{n}" for n in range(12)))
    index.show()
    window = (await index.poll()).window
    assert (window.verdict, window.pages) == (Coverage.GAP, 1)
    assert "no more" in (window.detail or "")
    assert (await index.poll()).window.verdict is Coverage.OK
    assert (await index.windows())[1].repaired_at is None


async def test_gap_that_the_source_shows_no_more(index: Poller) -> None:
    """Pages that end before anything known is met leave a hole for good."""
    index.shown = []
    index.post(*(f"new{n}" for n in range(12)))
    index.show()
    window = (await index.poll()).window
    assert (window.verdict, window.new_items) == (Coverage.GAP, 12)
    assert "no more" in (window.detail or "")
    assert ledger_of((await index.state()).ledger).holes == ()


async def test_pinned_item_hides_no_gap(index: Poller) -> None:
    """An old item that stands on top of every page is known for ever, and proves nothing."""
    index.kind = feed.KIND
    pinned = index.shown[-1]
    index.per_page = 6
    index.shown.insert(0, pinned)
    index.show()
    await index.poll()
    index.shown.remove(pinned)
    index.post(*(f"new{n}" for n in range(9)))
    index.shown.insert(0, pinned)
    index.show()
    assert (await index.poll()).window.verdict is Coverage.GAP


async def test_page_behind_that_fails_keeps_the_hole(index: Poller) -> None:
    """An error while paging back is said; the hole stays, and is read when the site answers again."""
    index.post(*(f"new{n}" for n in range(8)))
    index.show()
    index.web.pages["/feed/2"] = (500, "broken", {})
    window = (await index.poll()).window
    assert window.verdict is Coverage.GAP
    assert "HTTP 500" in (window.detail or "")
    index.show()
    assert (await index.poll()).window.verdict is Coverage.OK
    assert {f"new{n}" for n in range(8)} <= await stored(index)


async def test_items_that_move_to_the_next_page_prove_nothing(index: Poller) -> None:
    """An item of the first page that comes again on the second was stored by this very poll."""
    index.post(*(f"new{n}" for n in range(12)))
    index.show()
    first = index.web.pages["/feed/1"]
    index.post("between")
    index.show()
    index.web.pages["/feed/1"] = first
    window = (await index.poll()).window
    assert window.verdict is Coverage.OK
    assert {f"new{n}" for n in range(12)} <= await stored(index)


async def test_listing_that_was_not_read_moves_no_mark(index: Poller) -> None:
    """After a poll that could not read the listing, the next one still knows how far the site was read."""
    before = ledger_of((await index.state()).ledger).mark
    index.web.pages["/feed/1"] = (503, "busy", {})
    assert (await index.poll()).window.verdict is Coverage.REFUSED
    assert ledger_of((await index.state()).ledger).mark == before
    index.kind = replace(index.kind, back=None)
    index.post(*(f"new{n}" for n in range(8)), every=timedelta(seconds=10))
    index.show()
    assert (await index.poll()).window.verdict is Coverage.GAP


def _rich(number: int) -> str:
    """An item with all that a feed can say of it."""
    return (
        f"<item><guid>https://index.example/g/{number}</guid><title>harbour lantern {number}</title>"
        f"<link>https://index.example/{number}</link><author>willow{number}</author>"
        f"<pubDate>Fri, 20 Nov 2026 12:{number:02}:00 +0000</pubDate>"
        f"<description>What is in number {number}, told in a sentence or two.</description>"
        f'<enclosure url="https://index.example/{number}.torrent" length="{number + 9}000000"'
        ' type="application/x-bittorrent"/></item>'
    )


async def test_drift_hides_no_gap(index: Poller) -> None:
    """A page that has changed in all it shows and meets nothing known: its hole is told and kept beside the fields."""
    index.kind = feed.KIND
    for newest in range(12, 18):
        rows = "".join(_rich(number) for number in range(newest, newest - 12, -1))
        index.web.pages["/feed/1"] = (200, f'<rss version="2.0"><channel>{rows}</channel></rss>', {})
        await index.poll()
    rows = "".join(f"<item><guid>{number}</guid></item>" for number in range(12))
    index.web.pages["/feed/1"] = (200, f'<rss version="2.0"><channel>{rows}</channel></rss>', {})
    window = (await index.poll()).window
    assert window.verdict is Coverage.DRIFT
    told = (window.detail or "").split("; ")
    assert all(re.fullmatch(r".+: was .+, now .+", one) for one in told[:6])
    assert re.fullmatch(r"\d+ signs in all", told[6])
    assert told[7:] == [told[-1]]
    assert told[-1].endswith("was not read, and the site shows it no more")
    assert window.hole_from
    assert window.hole_to
