"""Academic Torrents: one large document, read within bounds, of which only what has changed is told."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from leakwatch.errors import LayoutChanged
from leakwatch.sources._kind import Page, Payload, Request
from leakwatch.sources.academic import KIND, AcademicSite, start

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def infohash(number: int) -> str:
    """An infohash of a number."""
    return hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()


def item(number: int, title: str = "", filler: str = "") -> str:
    """An item of the database."""
    name = title or f"set {number}"
    told = f"<title>{name}</title><description>{filler}</description><infohash>{infohash(number)}</infohash>"
    return f"<item>{told}<size>{number}</size></item>"


def database(*items: str) -> bytes:
    """The database of these items."""
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{"".join(items)}</channel></rss>'.encode()


def read(body: bytes, cursor: Mapping[str, Any]) -> Page:
    """The page of a poll with this cursor."""
    (request,) = start(AcademicSite(), cursor)
    return KIND.parse(
        Payload(request=request, url=request.url, status=200, headers={}, body=body, fetched_at=NOON)
    )


def after(cursor: Mapping[str, Any], page: Page) -> dict[str, Any]:
    """The cursor after a page."""
    return {key: value for key, value in {**cursor, **page.cursor}.items() if value is not None}


def test_only_what_changed_is_told() -> None:
    """Unchanged nothing is told; a new or changed item is, with its neighbours, and not the rest."""
    items = [item(number) for number in range(2_000)]
    first = read(database(*items), {})
    assert len(first.observations) == 2_000
    cursor = after({}, first)
    assert (len(cursor), sum(map(len, cursor.values()))) == (256, 256 * 16)
    assert read(database(*reversed(items)), cursor) == Page()

    changed = read(database(*items[:-1], item(1_999, "renamed"), item(5_000)), cursor)
    titles = {one.title for one in changed.observations}
    assert {"renamed", "set 5000"} <= titles
    assert len(titles) < 60
    assert read(database(*items[:-1], item(1_999, "renamed"), item(5_000)), after(cursor, changed)) == Page()


def test_a_database_that_was_cut_moves_no_cursor() -> None:
    """Half a database tells what it holds and that it was cut; the whole one then tells the rest."""
    items = [item(number) for number in range(300)]
    whole = database(*items)
    half = read(whole[: len(whole) // 2], {})
    assert (half.cursor, half.incomplete) == ({}, "the database was cut short")
    assert 100 < len(half.observations) < 150
    assert all(one.size_bytes == int(one.title.removeprefix("set ")) for one in half.observations)


def test_a_part_that_became_empty_is_forgotten() -> None:
    """Where all items of a part are gone, the cursor forgets the part."""
    assert infohash(1)[:2] != infohash(2)[:2]
    cursor = after({}, read(database(item(1), item(2)), {}))
    assert read(database(item(2)), cursor) == Page(cursor={infohash(1)[:2]: None})


def test_the_number_of_items_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database without end is read up to a bound, and says that it was."""
    monkeypatch.setattr("leakwatch.sources.academic._MAX_ITEMS", 10)
    page = read(database(*(item(number) for number in range(50))), {})
    assert (len(page.observations), page.cursor, page.incomplete) == (10, {}, "the database was cut short")


def test_thirty_megabytes_are_read_in_proportion() -> None:
    """Thirty times the database takes about thirty times the CPU, not its square."""

    def cost(items: int) -> float:
        body = database(*(item(number, filler="x" * 3_000) for number in range(items)))
        began = time.process_time()
        assert len(read(body, {}).observations) == items
        return time.process_time() - began

    cost(330)
    small = min(cost(330) for _ in range(3))
    assert cost(9_900) < 30 * small * 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<rss",
        b"<feed><item/></feed>",
        database(),
        database("<item><title>x</title></item>"),
        b"<a>" * 100_000,
        b"\xff\xfe<\0r\0",
    ],
)
def test_what_is_no_database_is_a_changed_layout(body: bytes) -> None:
    """Other documents, endless nesting and items without infohash are LayoutChanged."""
    with pytest.raises(LayoutChanged):
        KIND.parse(
            Payload(
                request=Request(url="https://a"),
                url="https://a",
                status=200,
                headers={},
                body=body,
                fetched_at=NOON,
            )
        )
