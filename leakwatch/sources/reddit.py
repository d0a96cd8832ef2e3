"""`reddit`: the newest posts and comments of subreddits by the API, or, without an account for it, by their feeds.

What is new is told by the overlap with what is known: `before` answers an empty list once its post was deleted, which
nobody could tell from a quiet hour.

Source: reddit.com/dev/api (`/new`, `/comments`, `/search`); github.com/reddit-archive/reddit/wiki/OAuth2.

History
2026-11  first version
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from leakwatch.errors import LayoutChanged, Refused
from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._feeds import parse_feed
from leakwatch.sources._kind import (
    CredentialRef,
    Cursor,
    Json,
    Page,
    Payload,
    PolledKind,
    Question,
    Request,
    site_name,
)

_LIMIT = "100"
_MAX_DEPTH = 20
_KINDS = ("t1", "t3", "t5")
"""A comment, a post, a subreddit."""
_API, _WEB = "https://oauth.reddit.com", "https://www.reddit.com"
_GONE = frozenset({"[removed]", "[deleted]", "[ Removed by Reddit ]"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RedditSite:
    """Settings: the subreddits (`+` joins several in one request), and the name of the app's secret, `id:secret`.

    Without it the public feeds are read, which show 25 posts and no comments.
    """

    url: str = _API
    web_url: str = _WEB
    subreddits: tuple[str, ...]
    comments: bool = True
    app: CredentialRef | None = None

    @property
    def reads_pages(self) -> bool:
        """Whether its public pages are read, which robots.txt is about, and not its interface."""
        return self.app is None

    @property
    def least_interval_s(self) -> float:
        """The pace of Reddit: 100 requests a minute for an app, 10 without one.

        Source: support.reddithelp.com, "Reddit Data API Wiki", rate limits.
        """
        if self.app is None:
            return 6.0 if self.web_url == _WEB else 0.0
        return 0.6 if self.url == _API else 0.0


def start(site: RedditSite, cursor: Cursor) -> Iterator[Request]:  # noqa: ARG001 - what is known is told by the overlap
    """The newest posts, and comments, of each subreddit."""
    for name in site.subreddits:
        if site.app is None:
            yield Request(url=f"{site.web_url}/r/{quote(name, safe='+')}/new/.rss", state={"step": "feed"})
            continue
        yield _request(site, f"/r/{quote(name, safe='+')}/new", {}, "new")
        if site.comments:
            yield _request(site, f"/r/{quote(name, safe='+')}/comments", {}, "comments")


def ask(site: RedditSite, cursor: Cursor, question: Question) -> Iterator[Request]:  # noqa: ARG001 - newest first
    """The newest posts anywhere that have these words."""
    if question.words and site.app is not None:
        yield _request(site, "/search", {"q": question.words, "sort": "new", "type": "link"}, "search")


def back(site: RedditSite, payload: Payload, page: Page) -> Request | None:  # noqa: ARG001 - the listing names its next
    """The older posts behind this page; the API shows a thousand at most, a feed has no more."""
    state = payload.request.state
    if state.get("step") not in ("new", "comments"):
        return None
    after = fields.text(fields.mapping(fields.mapping(payload.json()).get("data")).get("after"), 40)
    path = fields.text(state.get("path"), 500)
    return (
        _request(site, path, {"after": after}, str(state["step"]))
        if after and after.isascii() and path
        else None
    )


def again(site: RedditSite, seen: Observation, asked: Request) -> Request | None:  # noqa: ARG001 - all show the same
    """The listing of one post or comment; by the public feeds it cannot be had."""
    is_thing = seen.native_id.partition("_")[0] in _KINDS and seen.native_id.isascii()
    return _request(site, "/api/info", {"id": seen.native_id}, "again") if site.app and is_thing else None


def _request(site: RedditSite, path: str, query: Mapping[str, str], step: str) -> Request:
    """`raw_json` keeps the API from writing `&amp;` for `&`."""
    told = urlencode({"limit": _LIMIT, "raw_json": "1", **query})
    return Request(
        url=f"{site.url}{path}?{told}",
        credential=site.app,
        token_url=f"{site.web_url}/api/v1/access_token",
        state={"step": step, "path": path, "web": site.web_url},
    )


def parse(payload: Payload) -> Page:
    """Posts and comments as observations; what was removed shows no text and is left out.

    Raises: Refused where the API says no in JSON; LayoutChanged if the answer is not of its shape.
    """
    if payload.request.state.get("step") == "feed" or payload.body.lstrip()[:1] == b"<":
        return _feed(payload)
    body = payload.json()
    told = fields.mapping(body)
    if "error" in told:
        raise Refused(f"{payload.url} answers {told['error']}: {fields.text(told.get('message'), 200) or ''}")
    listings = body if isinstance(body, list) else [body]
    things = [thing for one in listings for thing in _things(one, 0)]
    if any(not _is_listing(one) for one in listings):
        raise LayoutChanged(f"expected a listing from {payload.url}")
    written = [one for one in things if one.get("kind") in _KINDS]
    if things and not written:
        raise LayoutChanged(
            f"expected posts, comments or subreddits from {payload.url}, got {things[0].get('kind')}"
        )
    there = [one for one in written if not _is_gone(fields.mapping(one.get("data")))]
    observations, incomplete = fields.readable(there, lambda thing: _observation(thing, payload))
    return Page(observations=observations, incomplete=incomplete)


def _feed(payload: Payload) -> Page:
    """The posts of a feed, under the names that the API has for their authors."""
    page = parse_feed(payload)
    return replace(
        page, observations=tuple(replace(one, author=_author(one.author)) for one in page.observations)
    )


def _author(name: Json) -> str | None:
    """Who wrote it; `[deleted]` stands for an account that is no more."""
    told = (fields.text(name, 100) or "").removeprefix("/u/")
    return told if told and told not in _GONE else None


def _is_listing(value: Json) -> bool:
    return isinstance(fields.mapping(fields.mapping(value).get("data")).get("children"), list)


def _things(listing: Json, depth: int) -> Iterator[Mapping[str, Json]]:
    """What a listing holds, answers to comments behind them."""
    children = fields.mapping(fields.mapping(listing).get("data")).get("children")
    if not isinstance(children, list) or depth > _MAX_DEPTH:
        return
    for child in children:
        if isinstance(child, dict) and child.get("kind") != "more":
            yield child
            yield from _things(fields.mapping(child.get("data")).get("replies"), depth + 1)


def _is_gone(data: Mapping[str, Json]) -> bool:
    """Whether somebody removed it, so that what was seen before is all there is."""
    texts = {fields.text(data.get("selftext")), fields.text(data.get("body"))}
    return data.get("removed_by_category") is not None or not texts.isdisjoint(_GONE)


def _observation(thing: Mapping[str, Json], payload: Payload) -> Observation:
    data = fields.mapping(thing["data"])
    ident = fields.text(data.get("id"), 40)
    name = fields.text(data.get("name"), 40) or (ident and f"{thing['kind']}_{ident}")
    if not name:
        raise ValueError("a thing without an id")
    web = fields.text(payload.request.state.get("web"), 500) or _WEB
    if thing["kind"] == "t5":
        title, place, text = data.get("title"), data.get("url"), data.get("public_description")
    elif thing["kind"] == "t3":
        title, place, text = data.get("title"), data.get("permalink"), _text(data)
    else:
        title, place, text = data.get("link_title"), data.get("permalink"), data.get("body")
    return Observation(
        site=site_name(payload),
        native_id=name,
        title=fields.text(title, 2000) or "",
        fetched_at=payload.fetched_at,
        url=fields.joined(web, place) or fields.text(data.get("link_permalink"), 2000),
        published_at=fields.when(data.get("created_utc")),
        author=_author(data.get("author")),
        text=fields.text(text),
    )


def _text(post: Mapping[str, Json]) -> str | None:
    """Where a post leads to, unless to itself, and its text, which is Markdown; a crosspost shows its original's."""
    shared = post.get("crosspost_parent_list")
    original = fields.mapping(shared[0]) if isinstance(shared, list) and shared else {}
    leads_to = fields.text(post.get("url"), 4000) if post.get("is_self") is not True else None
    told = (leads_to, fields.text(post.get("selftext")), fields.text(original.get("selftext")))
    return "\n".join(filter(None, told)) or None


KIND = PolledKind(
    name="reddit",
    settings=RedditSite,
    start=start,
    parse=parse,
    ask=ask,
    again=again,
    back=back,
    empty_is_normal=True,
    is_api=True,
    is_window=True,
    is_markup=True,
)
