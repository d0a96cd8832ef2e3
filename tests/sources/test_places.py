"""Kinds of places where things are dropped: how a poll begins, pages back, and what it may ask."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leakwatch.errors import ConfigError
from leakwatch.model.asset import AssetId
from leakwatch.sources import paste, telegram
from leakwatch.sources._kind import Page, Payload, PolledKind, Question, Request

HERE = Path(__file__).parent
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
QUESTION = Question(words="Silver Lantern", asset=AssetId("a1"))
CHANNEL = telegram.TelegramSite(channel="lantern_drops")


def answered(kind: PolledKind, request: Request, body: bytes) -> tuple[Payload, Page]:
    """What a kind makes of an answer to a request of its own."""
    payload = Payload(request=request, url=request.url, status=200, headers={}, body=body, fetched_at=NOON)
    return payload, kind.parse(payload)


def test_a_channel_is_paged_back_by_its_numbers() -> None:
    """The page behind is that of the posts before the oldest; nothing lies before the first post."""
    (request,) = telegram.start(CHANNEL, {})
    assert request.url == "https://t.me/s/lantern_drops"
    body = (HERE / "telegram" / "plain_page.html").read_bytes()
    payload, page = answered(telegram.KIND, request, body)
    older = telegram.back(CHANNEL, payload, page)
    assert older is not None
    assert older.url == "https://t.me/s/lantern_drops?before=101"
    first = body.replace(b"lantern_drops/101", b"lantern_drops/1")
    assert telegram.back(CHANNEL, *answered(telegram.KIND, request, first)) is None


def test_a_channel_is_asked_by_words_and_a_search_is_not_paged() -> None:
    """The words are one parameter; what is found says nothing about gaps."""
    (request,) = telegram.ask(CHANNEL, {}, QUESTION)
    assert request.url == "https://t.me/s/lantern_drops?q=Silver+Lantern"
    body = (HERE / "telegram" / "plain_page.html").read_bytes()
    assert telegram.back(CHANNEL, *answered(telegram.KIND, request, body)) is None
    assert list(telegram.ask(CHANNEL, {}, Question(digests={"sha256": ("00",)}))) == []


@pytest.mark.parametrize("channel", ["", "+AbCdEf123", "joinchat/x", "a b", "t.me/x", "x" * 40])
def test_an_invitation_is_no_channel(channel: str) -> None:
    """Only a public channel has a preview; the setting is named."""
    with pytest.raises(ConfigError) as caught:
        telegram.TelegramSite(channel=channel)
    assert caught.value.field == "channel"


def test_a_paste_is_read_once() -> None:
    """A text that was asked for is not asked for again while the list shows it, and must not be lost before."""
    site = paste.PasteSite(url="https://scrape.example/", limit=100)
    body = (HERE / "paste" / "list_known.json").read_bytes()
    cursor: dict[str, Any] = {}
    asked = []
    for _ in range(2):
        (request,) = paste.start(site, cursor)
        _, page = answered(paste.KIND, request, body)
        cursor |= page.cursor
        asked.append([one.url.rpartition("=")[2] for one in page.next_requests])
        assert all(one.keep for one in page.next_requests)
    assert request.url == "https://scrape.example/api_scraping.php?limit=100"
    assert asked == [["bB7tRw4e", "Zz1kkP09", "Qa8LmZ2x"], []]


@pytest.mark.parametrize("field", ["limit", "max_items"])
def test_a_list_of_pastes_has_an_end(field: str) -> None:
    """The API shows at most 250."""
    with pytest.raises(ConfigError) as caught:
        paste.PasteSite(**{field: 251})
    assert caught.value.field == field
