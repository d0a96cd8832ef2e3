"""Kinds of places where people talk: how a poll begins, goes on, pages back, and what it may ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from leakwatch.errors import LayoutChanged, Refused
from leakwatch.model.asset import AssetId
from leakwatch.polling import SiteConfig
from leakwatch.sources import discourse, hackernews, lemmy, mastodon, phpbb, reddit
from leakwatch.sources._kind import CredentialRef, Page, Payload, PolledKind, Question, Request

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
QUESTION = Question(words="Silver Lantern", asset=AssetId("a1"))


def answered(kind: PolledKind, request: Request, told: Any) -> tuple[Payload, Page]:
    """What a kind makes of an answer to a request of its own."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    payload = Payload(request=request, url=request.url, status=200, headers={}, body=body, fetched_at=NOON)
    return payload, kind.parse(payload)


def query(request: Request) -> Mapping[str, str]:
    """The parameters of a request's address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}


def test_hacker_news_is_read_number_by_number() -> None:
    """The items above the last known one are asked for, oldest first; what is too much follows in the next poll."""
    site = hackernews.HackernewsSite(limit=3)
    request, _ = hackernews.start(site, {"last": 100})
    _, page = answered(hackernews.KIND, request, 105)
    assert [one.url.rpartition("/")[2] for one in page.next_requests] == ["101.json", "102.json", "103.json"]
    assert all(one.keep for one in page.next_requests)
    assert page.cursor == {"last": 103}
    assert page.incomplete.startswith("2 items")


def test_the_first_poll_of_hacker_news_begins_near_the_end() -> None:
    """Without a cursor the newest items are read, not forty million."""
    (request,) = hackernews.start(hackernews.HackernewsSite(limit=2), {})
    _, page = answered(hackernews.KIND, request, 105)
    assert [one.url.rpartition("/")[2] for one in page.next_requests] == ["104.json", "105.json"]
    assert page.incomplete == ""


def test_an_item_that_does_not_show_yet_is_asked_for_again_and_then_given_up() -> None:
    """`null` puts the number into the cursor for two more polls."""
    cursor: dict[str, Any] = {"last": 9}
    request = hackernews._item_request("https://h.example", 7, 0)
    for tries in (1, 2):
        _, page = answered(hackernews.KIND, request, None)
        assert page.cursor == {"again/7": tries}
        request = list(hackernews.start(hackernews.HackernewsSite(), cursor | dict(page.cursor)))[-1]
        assert request.url.endswith("/v0/item/7.json")
    _, page = answered(hackernews.KIND, request, None)
    assert page.cursor == {"again/7": None}


def test_what_changed_on_hacker_news_is_read_again() -> None:
    """An edit is a new reading of the same item; a first poll, and a site without `edits`, ask for none."""
    site = hackernews.HackernewsSite(limit=2)
    _, changes = hackernews.start(site, {"last": 50})
    _, page = answered(hackernews.KIND, changes, {"items": [51, 50, 49, 48], "profiles": []})
    assert [one.url.rpartition("/")[2] for one in page.next_requests] == ["50.json", "49.json"]
    assert page.incomplete.startswith("1 changed")
    edited = {"id": 50, "type": "comment", "text": "now with a link"}
    _, again = answered(hackernews.KIND, page.next_requests[0], edited)
    assert [(one.native_id, one.text) for one in again.observations] == [("50", "now with a link")]
    _, nothing = answered(hackernews.KIND, page.next_requests[0], None)
    assert (nothing.observations, nothing.cursor) == ((), {})
    assert len(list(hackernews.start(site, {}))) == 1
    assert len(list(hackernews.start(hackernews.HackernewsSite(edits=False), {"last": 50}))) == 1


def test_the_cursor_of_hacker_news_never_goes_back() -> None:
    """A number that lags moves nothing; one that is far below what was read is nonsense, and is said to be."""
    request, _ = hackernews.start(hackernews.HackernewsSite(), {"last": 50_000})
    _, page = answered(hackernews.KIND, request, 49_990)
    assert (page.cursor, page.next_requests) == ({}, ())
    with pytest.raises(LayoutChanged, match="7 is the newest"):
        answered(hackernews.KIND, request, 7)


def test_reddit_without_an_app_is_read_by_its_feed() -> None:
    """Without a secret the public feed is asked for, with it the API, by a token that the door gets."""
    (feed,) = reddit.start(reddit.RedditSite(subreddits=("a+b",)), {})
    assert feed.url == "https://www.reddit.com/r/a+b/new/.rss"
    assert feed.credential is None
    site = reddit.RedditSite(subreddits=("a",), app=CredentialRef("reddit"))
    posts, comments = reddit.start(site, {})
    assert (urlsplit(posts.url).path, urlsplit(comments.url).path) == ("/r/a/new", "/r/a/comments")
    assert posts.credential == "reddit"
    assert posts.token_url == "https://www.reddit.com/api/v1/access_token"
    assert list(reddit.ask(reddit.RedditSite(subreddits=("a",)), {}, QUESTION)) == []


def test_reddit_pages_back_by_what_the_listing_names() -> None:
    """The older page is named by `after`; a listing without it is the last."""
    site = reddit.RedditSite(subreddits=("a",), app=CredentialRef("reddit"))
    posts = next(reddit.start(site, {}))
    payload, page = answered(reddit.KIND, posts, {"data": {"children": [], "after": "t3_x"}})
    older = reddit.back(site, payload, page)
    assert older is not None
    assert query(older)["after"] == "t3_x"
    payload, page = answered(reddit.KIND, older, {"data": {"children": [], "after": None}})
    assert reddit.back(site, payload, page) is None


@pytest.mark.parametrize(
    "gone",
    [{"removed_by_category": "moderator"}, {"selftext": "[removed]"}, {"selftext": "[deleted]"}],
)
def test_a_removed_post_does_not_replace_what_it_said(gone: dict[str, str]) -> None:
    """What was removed shows no text and is left out."""
    request = Request(url="https://oauth.reddit.com/r/a/new", state={"step": "new"})
    post = {"kind": "t3", "data": {"name": "t3_1", "title": "t", "selftext": "x"} | gone}
    kept = {"kind": "t3", "data": {"name": "t3_2", "title": "t", "selftext": "x"}}
    _, page = answered(reddit.KIND, request, {"data": {"children": [post, kept]}})
    assert [one.native_id for one in page.observations] == ["t3_2"]


def status(number: int) -> dict[str, Any]:
    """A status of this number."""
    return {"id": str(number), "uri": f"https://m.example/s/{number}", "content": "<p>x</p>"}


def test_mastodon_is_walked_forward() -> None:
    """A full page is followed by the statuses right after it, until one is not full."""
    site = mastodon.MastodonSite(url="https://m.example", tags=("films",), token=CredentialRef("m"))
    (request,) = mastodon.start(site, {"#films": "10"})
    assert query(request)["min_id"] == "10"
    _, page = answered(mastodon.KIND, request, [status(n) for n in range(50, 10, -1)])
    (onward,) = page.next_requests
    assert (page.cursor, query(onward)["min_id"], onward.credential) == ({"#films": "50"}, "50", "m")
    _, page = answered(mastodon.KIND, onward, [status(51)])
    assert (page.cursor, page.next_requests) == ({"#films": "51"}, ())
    _, page = answered(mastodon.KIND, onward, [])
    assert (page.cursor, page.next_requests) == ({}, ())


def test_a_server_that_ignores_where_to_begin_is_not_walked_for_ever() -> None:
    """A page that shows nothing beyond the last known status has no next one."""
    site = mastodon.MastodonSite(url="https://m.example")
    (request,) = mastodon.start(site, {"#": "50"})
    _, page = answered(mastodon.KIND, request, [status(n) for n in range(50, 10, -1)])
    assert (page.cursor, page.next_requests) == ({}, ())


def test_lemmy_pages_back_by_cursor_and_by_number() -> None:
    """Older posts by the cursor that the instance gave, older comments by the number of the page."""
    site = lemmy.LemmySite(url="https://l.example")
    posts, comments = lemmy.start(site, {})
    payload, page = answered(lemmy.KIND, posts, {"posts": [], "next_page": "P9"})
    older = lemmy.back(site, payload, page)
    assert older is not None
    assert query(older)["page_cursor"] == "P9"
    view = {"comment": {"ap_id": "https://l.example/comment/1", "content": "x"}, "post": {"name": "t"}}
    payload, page = answered(lemmy.KIND, comments, {"comments": [view]})
    older = lemmy.back(site, payload, page)
    assert older is not None
    assert query(older)["page"] == "2"
    gone = {"comment": {"ap_id": "https://l.example/comment/2", "removed": True}}
    payload, page = answered(lemmy.KIND, comments, {"comments": [gone]})
    assert page.observations == ()
    assert lemmy.back(site, payload, page) is not None, "older comments lie behind a page of removed ones"
    payload, page = answered(lemmy.KIND, older, {"comments": []})
    assert lemmy.back(site, payload, page) is None


def test_discourse_pages_back_below_the_oldest_post() -> None:
    """`before` is one below the lowest number that was shown; nothing lies below the first post."""
    site = discourse.DiscourseSite(url="https://d.example")
    (request,) = discourse.start(site, {})
    payload, page = answered(discourse.KIND, request, {"latest_posts": [{"id": 90}, {"id": 88}]})
    older = discourse.back(site, payload, page)
    assert older is not None
    assert query(older) == {"before": "87"}
    hidden = {"latest_posts": [{"id": 87, "hidden": True}, {"id": 80, "user_deleted": True}]}
    payload, page = answered(discourse.KIND, older, hidden)
    assert page.observations == ()
    older = discourse.back(site, payload, page)
    assert older is not None
    assert query(older) == {"before": "79"}
    payload, page = answered(discourse.KIND, older, {"latest_posts": [{"id": 1}]})
    assert discourse.back(site, payload, page) is None


def test_how_often_a_topic_was_looked_at_is_no_edit() -> None:
    """Views are counted in the last paragraph of an entry; what somebody wrote before it stays."""
    entry = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>https://b.example/viewtopic.php?t=4</id><title>A • B</title>'
        '<content type="html"><![CDATA[<p>a</p><br />here%s]]></content></entry></feed>'
    )
    last = '<p>Statistik: Verfasst von <a href="u">x</a> — Ansichten %s</p><hr />\n'
    request = Request(url="https://b.example/app.php/feed/topics")
    pages = [answered(phpbb.KIND, request, (entry % told).encode())[1] for told in ("", last % 3, last % 4)]
    assert [one.observations[0].text for one in pages] == ["<p>a</p><br />here"] * 3


def test_feeds_of_strangers_are_parsed_in_a_process_with_limits() -> None:
    """Reddit without an app, and phpBB, answer in XML."""
    assert reddit.KIND.is_markup
    assert phpbb.KIND.is_markup


def test_no_hits_are_no_changed_layout() -> None:
    """A search without hits, and a page behind the first public post, are empty by right."""
    site = discourse.DiscourseSite(url="https://d.example")
    assert discourse.ask is not None
    (request,) = discourse.ask(site, {}, QUESTION)
    _, page = answered(discourse.KIND, request, {"posts": [], "grouped_search_result": {"post_ids": []}})
    assert (page.observations, page.incomplete) == ((), "")
    assert discourse.KIND.empty_is_normal


@pytest.mark.parametrize(
    ("kind", "site"),
    [
        (hackernews.KIND, hackernews.HackernewsSite()),
        (reddit.KIND, reddit.RedditSite(subreddits=("a",), app=CredentialRef("r"))),
        (lemmy.KIND, lemmy.LemmySite(url="https://l.example")),
        (mastodon.KIND, mastodon.MastodonSite(url="https://m.example", token=CredentialRef("m"))),
        (discourse.KIND, discourse.DiscourseSite(url="https://d.example")),
    ],
    ids=lambda one: one.name if isinstance(one, PolledKind) else "",
)
def test_only_a_question_names_anything(kind: PolledKind, site: Any) -> None:
    """A poll begins without a word of any asset; a question has its words, and one without words asks nothing."""
    assert kind.ask is not None
    assert not any("Silver" in one.url for one in kind.start(site, {}))
    asked = list(kind.ask(site, {}, QUESTION))
    assert asked
    assert all("Silver" in one.url and "Lantern" in one.url for one in asked)
    assert list(kind.ask(site, {}, Question(digests={"sha256": ("00",)}))) == []


@pytest.mark.parametrize(
    ("kind", "state", "told", "error"),
    [
        (reddit.KIND, {"step": "new"}, {"error": 403, "message": "Forbidden"}, Refused),
        (reddit.KIND, {"step": "new"}, {"data": {"children": [{"kind": "t2", "data": {}}]}}, LayoutChanged),
        (mastodon.KIND, {"step": "timeline"}, {"error": "This method requires a login"}, Refused),
        (discourse.KIND, {"step": "posts"}, {"error_type": "not_logged_in"}, Refused),
        (lemmy.KIND, {"step": "posts"}, {"error": "instance_is_private"}, Refused),
        (lemmy.KIND, {"step": "posts"}, {"posts": 0}, LayoutChanged),
        (hackernews.KIND, {"step": "newest"}, {"error": "Permission denied"}, Refused),
        (phpbb.KIND, {}, b"<html><body>The feed is disabled</body></html>", LayoutChanged),
    ],
)
def test_no_and_nonsense_are_told_apart(
    kind: PolledKind, state: dict[str, Any], told: Any, error: type[Exception]
) -> None:
    """A refusal in an answer of status 200 is no changed layout, and neither is an empty page."""
    with pytest.raises(error):
        answered(kind, Request(url="https://h.example/x", state=state), told)


def test_interfaces_are_told_from_pages() -> None:
    """Documented interfaces go by their own terms; Reddit's public feed is a page, which obeys robots.txt."""
    for kind in (hackernews.KIND, lemmy.KIND, mastodon.KIND, discourse.KIND, reddit.KIND):
        assert kind.is_api, kind.name
    assert not phpbb.KIND.is_api
    feeds = reddit.RedditSite(subreddits=("a",))
    asked = reddit.RedditSite(subreddits=("a",), app=CredentialRef("r"))
    obeys = [SiteConfig(name="r", kind="reddit", settings=one).manner().robots for one in (feeds, asked)]
    assert obeys == [True, False]
