"""Places polled by the real door: what posters write is not the site's word, a preview that is none, a page with a gap."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from leakwatch.model.site import Coverage
from leakwatch.sources import page, paste, telegram
from leakwatch.store.repository import SqlRepository

from ..daemons import Web  # noqa: TID252 - tests are no package that could be named
from ..pollers import Poller, polling  # noqa: TID252


@pytest.fixture
async def poller(tmp_path: Path, web: Web, repository: SqlRepository) -> AsyncIterator[Poller]:
    """A site whose kind each test chooses."""
    async with polling(tmp_path, web, repository) as one:
        yield one


@pytest.mark.parametrize(
    "text",
    [
        "rate limit exceeded",
        '{"error": "too many requests"}',
        "<!doctype html><title>Just a moment...</title><script src='/cdn-cgi/x'></script>",
        "YOUR IP: 203.0.113.7 DOES NOT HAVE ACCESS",
    ],
)
async def test_no_paste_stops_the_reading_of_the_others(poller: Poller, text: str) -> None:
    """A paste that reads like a refusal is a paste; the poll goes on and the next has nothing left to do."""
    told = {"key": "Aa1", "date": "1795175940", "size": str(len(text)), "title": "t"}
    poller.web.pages["/api_scraping.php"] = (200, json.dumps([told]), {})
    poller.web.pages["/api_scrape_item.php"] = (200, text, {})
    poller.kind = paste.KIND
    poller.site = replace(poller.site, kind="paste", settings=paste.PasteSite(url=poller.web.url))
    window = (await poller.poll()).window
    assert (window.verdict, window.items, window.detail) == (Coverage.OK, 2, None)
    assert (await poller.poll()).window.pages == 1


async def test_a_text_that_failed_is_asked_for_again_as_what_it_is(poller: Poller) -> None:
    """A text that was kept for the next poll is still nobody's word but its poster's."""
    text = "rate limit exceeded"
    told = {"key": "Aa1", "date": "1795175940", "size": str(len(text)), "title": "t"}
    poller.web.pages["/api_scraping.php"] = (200, json.dumps([told]), {})
    poller.web.pages["/api_scrape_item.php"] = (500, "down", {})
    poller.kind = paste.KIND
    poller.site = replace(poller.site, kind="paste", settings=paste.PasteSite(url=poller.web.url))
    await poller.poll()
    poller.web.pages["/api_scrape_item.php"] = (200, text, {})
    window = (await poller.poll()).window
    assert (window.verdict, window.items) == (Coverage.OK, 2)


async def test_a_channel_without_a_preview_is_refused(poller: Poller) -> None:
    """The redirect away from the preview is followed, and what it means is said."""
    poller.web.pages["/s/lantern_drops"] = (302, "", {"Location": "/lantern_drops"})
    poller.web.pages["/lantern_drops"] = (200, "<html><title>Telegram: Contact</title><p>x</p></html>", {})
    poller.kind = telegram.KIND
    settings = telegram.TelegramSite(channel="lantern_drops", url=poller.web.url)
    poller.site = replace(poller.site, kind="telegram", settings=settings)
    window = (await poller.poll()).window
    assert window.verdict is Coverage.REFUSED
    assert "lantern_drops: no public preview" in (window.detail or "")


async def test_a_gap_of_a_page_is_repaired_by_its_older_pages(poller: Poller) -> None:
    """New rows that fill the first page are followed back to the known ones."""

    def show(*names: str) -> None:
        for number in range(3):
            rows = "".join(
                f"<li><a href='/t/{one}'>{one}</a></li>" for one in names[2 * number : 2 * number + 2]
            )
            poller.web.pages[f"/list/{number + 1}"] = (200, f"<ul>{rows}</ul>", {})

    base = f"{poller.web.url}/list"
    settings = page.PageSite(url=f"{base}/1", rows="li", older=f"{base}/{{page}}")
    poller.kind = page.KIND
    poller.site = replace(poller.site, kind="page", settings=settings)
    show("b", "a")
    assert (await poller.poll()).window.verdict is Coverage.OK
    show("f", "e", "d", "c", "b", "a")
    window = (await poller.poll()).window
    assert (window.verdict, window.new_items, window.pages) == (Coverage.OK, 4, 3)
