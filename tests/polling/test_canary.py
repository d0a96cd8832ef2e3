"""The canary, and verdicts of whole polls: what must always be visible is looked for once a day."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from leakwatch.model.site import Coverage
from leakwatch.store.repository import SqlRepository

from ..daemons import Web  # noqa: TID252 - tests are no package that could be named
from ..pollers import Poller, polling  # noqa: TID252


@pytest.fixture
async def index(tmp_path: Path, web: Web, repository: SqlRepository) -> AsyncIterator[Poller]:
    """A feed with seven items on pages of five."""
    async with polling(tmp_path, web, repository) as poller:
        poller.post(*(f"old{n}" for n in range(7)))
        poller.show()
        yield poller


def asked(index: Poller) -> int:
    """How often the canary was looked for."""
    return sum(path == "/canary" for path, _ in index.web.asked)


async def test_canary_is_looked_for_once_a_day(index: Poller) -> None:
    """A canary that is there changes nothing and is asked for once a day; its page may write it in its own way."""
    canary = {"canary": "Lantern & Co", "canary_url": f"{index.web.url}/canary"}
    index.web.pages["/canary"] = (200, "<p>LANTERN  &amp;\nCo</p>", {})
    for _ in range(3):
        assert (await index.poll(**canary)).window.verdict is Coverage.OK
    assert asked(index) == 1
    index.clock.at += timedelta(days=1)
    await index.poll(**canary)
    assert asked(index) == 2


@pytest.mark.parametrize("answer", [(200, "<p>other</p>", {}), (404, "Lantern", {}), (403, "no", {})])
async def test_missing_canary_is_blindness(index: Poller, answer: tuple[int, str, dict[str, str]]) -> None:
    """While the canary is missing every poll is blind and covers nothing; it is looked for hourly until it is back."""
    canary = {"canary": "Lantern", "canary_url": f"{index.web.url}/canary"}
    before = (await index.state()).covered_until
    index.web.pages["/canary"] = answer
    for _ in range(3):
        window = (await index.poll(**canary)).window
        assert window.verdict is Coverage.BLIND
        assert "canary" in (window.detail or "")
    assert asked(index) == 1
    assert (await index.state()).covered_until == before
    index.web.pages["/canary"] = (200, "Lantern", {})
    index.clock.at += timedelta(hours=1)
    assert (await index.poll(**canary)).window.verdict is Coverage.OK


async def test_canary_that_could_not_be_asked_for(index: Poller) -> None:
    """A page that fails to come proves nothing; it is asked for again in the next poll."""
    canary = {"canary": "Lantern", "canary_url": f"{index.web.url}/canary"}
    index.web.pages["/canary"] = (500, "", {})
    assert (await index.poll(**canary)).window.verdict is Coverage.OK
    assert (await index.poll(**canary)).window.verdict is Coverage.OK
    assert asked(index) == 2


async def test_an_item_that_each_listing_shows(index: Poller) -> None:
    """An item given by its native id is looked for in each listing; one that did not change says nothing new."""
    assert (await index.poll(canary_id="old6")).window.verdict is Coverage.OK
    index.post(*(f"new{n}" for n in range(4)))
    index.show()
    assert (await index.poll(canary_id="old6")).window.verdict is Coverage.OK
    index.post("newest")
    index.show()
    window = (await index.poll(canary_id="old6")).window
    assert (window.verdict, window.detail) == (
        Coverage.BLIND,
        "the canary is missing: no item 'old6' is listed",
    )
    index.web.pages["/feed/1"] = (304, "", {})
    assert (await index.poll(canary_id="old6")).window.verdict is Coverage.BLIND
    index.show()
    assert (await index.poll(canary_id="newest")).window.verdict is Coverage.OK
    assert asked(index) == 0


async def test_an_item_on_a_page_of_its_own(index: Poller) -> None:
    """Its page is read as the site is: the item must be one, not only a word; it is asked for once a day."""
    canary = {"canary_id": "old0", "canary_url": f"{index.web.url}/canary"}
    index.web.pages["/canary"] = index.web.pages["/feed/2"]
    for _ in range(3):
        assert (await index.poll(**canary)).window.verdict is Coverage.OK
    assert asked(index) == 1
    index.clock.at += timedelta(days=1)
    index.web.pages["/canary"] = (200, "<p>old0 was here</p>", {})
    assert (await index.poll(**canary)).window.verdict is Coverage.BLIND
    index.clock.at += timedelta(hours=1)
    index.web.pages["/canary"] = index.web.pages["/feed/1"]
    assert "no longer shows 'old0'" in ((await index.poll(**canary)).window.detail or "")


async def test_drift_is_found_by_a_poll_and_lasts(index: Poller) -> None:
    """A feed that loses its dates is drift, named by field, also where the server says that nothing has changed."""
    index.per_page = 30
    for turn in range(6):
        index.post(*(f"https://index.example/{turn}/{n}" for n in range(30)))
        index.show()
        await index.poll()
    index.shown = [(name, None) for name, _ in index.shown]
    index.show()
    status, body, _ = index.web.pages["/feed/1"]
    index.web.pages["/feed/1"] = (status, body, {"etag": '"same"'})
    for _ in range(2):
        window = (await index.poll()).window
        assert window.verdict is Coverage.DRIFT
        assert "published_at: was 100 %, now 0 %" in (window.detail or "")
    assert not any("if-none-match" in headers for _, headers in index.web.asked)


async def test_a_field_is_missed_where_another_stands_in_for_it(index: Poller) -> None:
    """A feed without guids is read by its links as ever; that they are gone is told in the second poll."""
    index.per_page, verdicts, detail = 30, list[Coverage](), ""
    for turn in range(8):
        index.post(*(f"{turn}/{n}" for n in range(30)))
        index.show()
        status, body, headers = index.web.pages["/feed/1"]
        link = "" if turn > 5 else r"<guid>https://index.example/\1</guid>"
        index.web.pages["/feed/1"] = (status, re.sub("<guid>(.*?)</guid>", link, str(body)), headers)
        window = (await index.poll()).window
        verdicts.append(window.verdict)
        detail = window.detail or ""
    assert Coverage.DRIFT not in verdicts[:7]
    assert verdicts[7] is Coverage.DRIFT
    assert "field id: was 100 %, now 0 %" in detail
