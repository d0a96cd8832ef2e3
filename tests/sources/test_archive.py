"""The Internet Archive: what lies between two polls, questions, and times that no item has."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from leakwatch.errors import LayoutChanged
from leakwatch.sources._kind import Page, Payload, Question, Request
from leakwatch.sources.archive import KIND, ArchiveSite, ask, back, start

API = "https://archive.org"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def read(told: Any, request: Request, status: int = 200) -> Page:
    """The page of an answer to a request."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return KIND.parse(
        Payload(request=request, url=request.url, status=status, headers={}, body=body, fetched_at=NOON)
    )


def docs(*times: str, found: int = 0) -> dict[str, Any]:
    """An answer of the search with one item a time of the day."""
    items = [
        {"identifier": f"i{one}".replace(":", "."), "publicdate": f"2026-11-20T{one}:00Z"} for one in times
    ]
    return {"response": {"numFound": found or len(items), "docs": items}}


def query(request: Request) -> dict[str, list[str]]:
    """The query of a request."""
    return parse_qs(urlsplit(request.url).query)


class Index:
    """The Archive's search over items by minute, newest first; by the scrape API two a page."""

    def __init__(self, minutes: int) -> None:
        self.times = [f"11:{minute:02}" for minute in range(minutes)]

    def answer(self, request: Request) -> tuple[Payload, Page]:
        """What a request gets."""
        asked = query(request)
        if "scrape" not in request.url:
            told: dict[str, Any] = docs(*self.times[::-1][: int(asked["rows"][0])])
        else:
            until = asked["q"][0].partition(" TO ")[2].rstrip("]")
            older = [one for one in self.times[::-1] if f"2026-11-20T{one}:00Z" <= until]
            at = int(asked.get("cursor", ["0"])[0])
            told = {"items": docs(*older[at : at + 2])["response"]["docs"]}
            told |= {"cursor": str(at + 2)} if at + 2 < len(older) else {}
        body = json.dumps(told).encode()
        payload = Payload(
            request=request, url=request.url, status=200, headers={}, body=body, fetched_at=NOON
        )
        return payload, KIND.parse(payload)


def test_what_lies_behind_a_page_is_read_without_a_hole() -> None:
    """Paging back from the newest shows every item down to the oldest, by the scrape API's cursor, and then ends."""
    index, site, seen = Index(20), ArchiveSite(limit=3), list[str]()
    request: Request | None = next(start(site, {}))
    while request:
        payload, page = index.answer(request)
        seen += [one.native_id for one in page.observations]
        assert (page.cursor, page.next_requests) == ({}, ())
        request = back(site, payload, page)
    assert list(dict.fromkeys(seen)) == [f"i11.{minute:02}" for minute in range(19, -1, -1)]
    assert len(seen) == 21


def test_a_question_asks_for_files_once() -> None:
    """Words are asked for without operators; known hits are not read again; hits left out are told."""
    known = {"files/a": "1", "publicdate": "x"}
    (request,) = ask(ArchiveSite(), known, Question(words='kelpie "7b" AND title:x -y'))
    assert query(request)["q"] == ["kelpie AND 7b AND and AND title AND x AND y"]
    hits = {
        "response": {
            "numFound": 3,
            "docs": [{"identifier": "a", "item_size": 1}, {"identifier": "b", "item_size": 2}],
        }
    }
    page = read(hits, request)
    (files,) = page.next_requests
    assert (files.url, files.keep) == (f"{API}/metadata/b", True)
    assert page.incomplete == "of 3 hits the newest 2 were read"
    assert read({"files": [], "metadata": {"identifier": "b"}}, files).cursor == {"files/b": "2"}
    assert read(b"", files, status=404) == Page(cursor={"files/b": None})
    assert read({"is_dark": True, "metadata": {}}, files) == Page(cursor={"files/b": None})
    assert list(ask(ArchiveSite(), {}, Question(digests={"md5": ("0" * 32,)}))) == []


def test_a_page_without_dates_leads_nowhere() -> None:
    """The page behind is asked for by the operator's query and the oldest date; without dates it leads nowhere."""
    site = ArchiveSite(query="mediatype:data")
    (request,) = start(site, {})
    page = read(docs("11:30", "11:20"), request)
    payload = Payload(request=request, url=request.url, status=200, headers={}, body=b"", fetched_at=NOON)
    older = back(site, payload, page)
    assert older is not None
    assert query(older)["q"] == ["(mediatype:data) AND publicdate:[null TO 2026-11-20T11:20:00Z]"]
    assert back(site, payload, Page()) is None


@pytest.mark.parametrize(
    "told", [{"response": {}}, {"response": {"docs": [{"title": "x"}]}}, [], {"files": 5}, {"error": "no"}]
)
def test_other_shapes_are_a_changed_layout(told: Any) -> None:
    """What is no list of items is no empty page."""
    (request,) = start(ArchiveSite(), {})
    with pytest.raises(LayoutChanged):
        read(told, request)
