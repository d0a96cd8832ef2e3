"""Threads that leave a board: read once more where they still answer, told where they do not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from leakwatch.model.site import Coverage
from leakwatch.sources.imageboard import KIND, ImageboardSite
from leakwatch.store.repository import SqlRepository

from ..daemons import Web  # noqa: TID252 - tests are no package that could be named
from ..pollers import NOON, Poller, polling  # noqa: TID252

Threads = Mapping[int, list[int]]


def begun(board: Poller, catalog: Threads, threads: Threads) -> None:
    """Show a catalog of threads with their posts, and threads that answer, with theirs; others answer 404."""
    told = [
        {"no": no, "last_modified": _time(posts), "replies": len(posts) - 1, "time": _time([no])}
        for no, posts in catalog.items()
    ]
    board.web.pages = {"/t/catalog.json": (200, json.dumps([{"page": 1, "threads": told}]), {})}
    for no, posts in threads.items():
        body = {
            "posts": [{"no": one, "resto": 0 if one == no else no, "time": _time([one])} for one in posts]
        }
        board.web.pages[f"/t/thread/{no}.json"] = (200, json.dumps(body), {})


def _time(posts: list[int]) -> int:
    return int(NOON.timestamp()) - 10_000 + max(posts)


async def stored(board: Poller) -> set[str]:
    """The posts in the database."""
    async with board.repository.reading() as work:
        return {one.native_id for _, one in await work.findings.stored(10**9, 1000)}


@pytest.fixture
async def board(tmp_path: Path, web: Web, repository: SqlRepository) -> AsyncIterator[Poller]:
    """A board with three threads, all of them read."""
    async with polling(tmp_path, web, repository) as poller:
        poller.kind = KIND
        settings = ImageboardSite(url=web.url, web_url=web.url, boards=("t",))
        poller.site = replace(poller.site, kind="imageboard", settings=settings)
        threads = {10: [10, 11], 20: [20], 30: [30]}
        begun(poller, threads, threads)
        assert (await poller.poll()).window.verdict is Coverage.OK
        yield poller


async def test_thread_that_left_is_read_once_more(board: Poller) -> None:
    """What was posted in a thread before it left the catalog is found, and it is not asked for again."""
    begun(board, {30: [30]}, {10: [10, 11, 40], 20: [20, 41], 30: [30]})
    window = (await board.poll()).window
    assert (window.verdict, window.new_items, window.detail) == (Coverage.OK, 2, None)
    assert {"t/40", "t/41"} <= await stored(board)
    asked = len(board.web.asked)
    await board.poll()
    assert [path for path, _ in board.web.asked[asked:]] == ["/t/catalog.json"]


async def test_threads_that_are_gone_are_counted(board: Poller) -> None:
    """Two threads that left and answer no more: the window says so, once."""
    begun(board, {30: [30]}, {30: [30]})
    window = (await board.poll()).window
    assert window.verdict is Coverage.PARTIAL
    assert window.detail == (
        "a thread is gone; whether more was posted there since it was read is not known (2 times)"
    )
    assert (await board.poll()).window.verdict is Coverage.OK


async def test_thread_that_left_while_the_site_failed(board: Poller) -> None:
    """A new thread that could not be read, and left the catalog meanwhile, is still known, and found."""
    old = {10: [10, 11], 20: [20], 30: [30]}
    begun(board, {**old, 50: [50]}, old)
    board.web.pages["/t/thread/50.json"] = (500, "broken", {})
    assert (await board.poll()).window.verdict is Coverage.ERROR
    board.clock.at += timedelta(hours=1)
    begun(board, old, {**old, 50: [50, 51]})
    assert (await board.poll()).window.verdict is Coverage.OK
    assert {"t/50", "t/51"} <= await stored(board)


async def test_thread_that_left_is_kept_until_it_answers(board: Poller) -> None:
    """A thread that left is asked for again where the server fails, though the cursor knows it no longer."""
    begun(board, {20: [20], 30: [30]}, {10: [10, 11, 40]})
    board.web.pages["/t/thread/10.json"] = (500, "broken", {})
    assert (await board.poll()).window.verdict is Coverage.ERROR
    begun(board, {20: [20], 30: [30]}, {10: [10, 11, 40]})
    assert (await board.poll()).window.verdict is Coverage.OK
    assert "t/40" in await stored(board)


async def test_a_board_that_was_turned_over_leaves_a_gap(board: Poller) -> None:
    """No thread that was known is listed any more: others may have come and gone, also where a page fails meanwhile."""
    begun(board, {90: [90]}, {10: [10, 11], 20: [20], 30: [30]})
    board.web.pages["/t/thread/90.json"] = (500, "", {})
    window = (await board.poll()).window
    assert window.verdict is Coverage.GAP
    assert "the site shows it no more" in (window.detail or "")
    assert window.hole_from is not None
    begun(board, {90: [90]}, {90: [90]})
    assert (await board.poll()).window.verdict is Coverage.OK
    assert "t/90" in await stored(board)


async def test_a_pinned_thread_says_nothing_of_the_others(board: Poller) -> None:
    """A thread that stays whatever happens does not show that the rest was seen; a moving one does."""
    catalog = [{"no": 30, "sticky": 1, "last_modified": 1, "replies": 0, "time": 1}]
    catalog.append({"no": 90, "last_modified": _time([90]), "replies": 0, "time": 1})
    begun(board, {}, {no: [no] for no in (10, 20, 30, 90)})
    board.web.pages["/t/catalog.json"] = (200, json.dumps([{"page": 1, "threads": catalog}]), {})
    assert (await board.poll()).window.verdict is Coverage.GAP
    catalog.append({"no": 91, "last_modified": _time([91]), "replies": 0, "time": 1})
    begun(board, {}, {no: [no] for no in (30, 90, 91)})
    board.web.pages["/t/catalog.json"] = (200, json.dumps([{"page": 1, "threads": catalog}]), {})
    assert (await board.poll()).window.verdict is Coverage.OK
