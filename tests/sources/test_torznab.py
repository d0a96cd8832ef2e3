"""Torznab: what an index can do, paging back by offset, search by words, and its error codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from leakwatch.errors import LayoutChanged, Refused
from leakwatch.sources import torznab
from leakwatch.sources._kind import CredentialRef, Page, Payload, Question, Request

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = CredentialRef("key")
SITE = torznab.TorznabSite(
    url="https://index.example/api?x=1", categories=(2000, 5070), limit=100, apikey=KEY
)
CAPS = b"""<?xml version="1.0"?><caps><limits max="60" default="25"/><searching><search available="%s"/></searching>
<categories><category id="2000" name="Movies"/><category id="5000" name="TV"><subcat id="5070" name="Anime"/></category>
</categories></caps>"""


def rss(*titles: str) -> bytes:
    """An answer with these items."""
    items = "".join(f"<item><title>{one}</title><guid>{one}</guid></item>" for one in titles)
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{items}</channel></rss>'.encode()


def answered(request: Request, body: bytes, at: datetime = NOON) -> tuple[Payload, Page]:
    """What an answer to a request of the kind's own comes to."""
    payload = Payload(request=request, url=request.url, status=200, headers={}, body=body, fetched_at=at)
    return payload, torznab.parse(payload)


def query(request: Request) -> dict[str, str]:
    """The parameters of a request's address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}


def test_an_index_is_asked_once_a_day_what_it_can_do() -> None:
    """The request follows the first poll and one a day later; its key is added by reference; limits then hold."""
    cursor: dict[str, Any] = {}
    asked: list[tuple[int, str]] = []
    for hours in (0, 1, 23, 25, 26):
        (request,) = torznab.start(SITE, cursor)
        _, page = answered(request, rss("a"), NOON + timedelta(hours=hours))
        cursor |= page.cursor
        for one in page.next_requests:
            assert (query(one), one.query_credential, one.keep) == (
                {"x": "1", "t": "caps"},
                ("apikey", KEY),
                False,
            )
            cursor |= answered(one, CAPS % b"yes")[1].cursor
            asked.append((hours, query(request)["limit"]))
    assert asked == [(0, "100"), (25, "60")]


def test_an_index_that_does_not_say_is_polled_all_the_same() -> None:
    """Without an answer to the question nothing is known, and it is not repeated before a day is over."""
    (request,) = torznab.start(SITE, {})
    _, page = answered(request, rss("a"))
    for body in (rss(), b"<html>no</html>", b"", b'<error code="202" description="No such function"/>'):
        told = answered(page.next_requests[0], body)[1]
        assert told == Page(incomplete=told.incomplete)
        assert told.incomplete.startswith("the index does not say")
    (again,) = torznab.start(SITE, page.cursor)
    assert query(again)["limit"] == "100"
    assert answered(again, rss("a"), NOON + timedelta(hours=1))[1].next_requests == ()


def test_a_category_that_the_index_does_not_have_is_named() -> None:
    """A subcategory is one; a number that is none is told, and nothing else is lost."""
    request = Request(
        url="https://index.example/api?t=caps", state={"step": "caps", "categories": [2000, 5070, 9]}
    )
    page = answered(request, CAPS % b"yes")[1]
    assert page.incomplete == "the index has no category 9; correct categories"
    assert page.cursor == {"most": 60, "searches": True}
    strange = b"<caps><limits max='-1'/><searching/></caps>"
    assert answered(request, strange)[1] == Page(cursor={"most": None, "searches": None})


def test_the_pages_behind_are_by_offset() -> None:
    """Each begins behind what was shown, with the same limit and categories; an empty one ends it."""
    (request,) = torznab.start(SITE, {"most": 2})
    payload, page = answered(request, rss("a", "b"))
    older = torznab.back(SITE, payload, page)
    assert older is not None
    assert query(older) == {
        "x": "1", "t": "search", "extended": "1", "limit": "2", "offset": "2", "cat": "2000,5070",
    }  # fmt: skip
    assert older.query_credential == ("apikey", KEY)
    payload, page = answered(older, rss("c"))
    assert page.next_requests == ()
    third = torznab.back(SITE, payload, page)
    assert third is not None
    assert query(third)["offset"] == "3"
    assert torznab.back(SITE, *answered(third, rss())) is None


def test_an_index_is_asked_by_words_unless_it_says_no() -> None:
    """The words are `q`; a search says nothing of gaps, nor of what the index can do."""
    question = Question(words="Silver Lantern")
    (request,) = torznab.ask(SITE, {"most": 60}, question)
    assert query(request) | {"q": "Silver Lantern", "limit": "60", "cat": "2000,5070"} == query(request)
    payload, page = answered(request, rss("a"))
    assert page.next_requests == ()
    assert torznab.back(SITE, payload, page) is None
    assert (
        list(
            torznab.ask(
                SITE,
                answered(
                    Request(url="https://index.example/api?t=caps", state={"step": "caps"}), CAPS % b"no"
                )[1].cursor,
                question,
            )
        )
        == []
    )
    assert list(torznab.ask(SITE, {}, Question(digests={"sha256": ("00",)}))) == []
    assert answered(request, b'<error code="300" description="No such item"/>')[1] == Page()


@pytest.mark.parametrize(
    ("code", "error", "words", "wait"),
    [
        (100, Refused, "key is wrong", None),
        (500, Refused, "too many requests", 3600.0),
        (501, Refused, "too many downloads", 3600.0),
        (910, Refused, "switched off", None),
        (203, LayoutChanged, "not available", None),
        (777, Refused, "error 777: x", None),
    ],
)
def test_error_codes_are_told_in_words(code: int, error: type, words: str, wait: float | None) -> None:
    """A number of the table comes with its meaning, and a limit with a time to wait."""
    (request,) = torznab.start(SITE, {})
    with pytest.raises(error, match=words) as caught:
        answered(request, f'<error code="{code}" description="x"/>'.encode())
    assert caught.value.retry_after_s == wait


def test_recorded_capabilities_are_read(shared_data: Path) -> None:
    """All four recorded answers give their limit and say that they can be searched."""
    found = {}
    for file in sorted((shared_data / "payloads" / "indexer_api").glob("*caps*.xml")):
        request = Request(url="https://index.example/api?t=caps", state={"step": "caps"})
        found[file.name] = answered(request, file.read_bytes())[1].cursor
    assert len(found) == 4
    assert all(one["searches"] is True and one["most"] for one in found.values())
