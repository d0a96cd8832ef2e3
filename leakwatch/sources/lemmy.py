"""`lemmy`: posts and comments of an instance by its API, version 3, newest first.

Source: join-lemmy.org/api (`/post/list`, `/comment/list`, `/search`).

History
2026-11  first version
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from leakwatch.errors import LayoutChanged, Refused
from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Cursor, Json, Page, Payload, PolledKind, Question, Request, site_name

_LIMIT = "50"
_MAX_PAGES = 100
_LISTS = (("posts", "post"), ("comments", "comment"))
_OWN = re.compile(r"/(post|comment)/(\d{1,18})\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class LemmySite:
    """Settings: the instance, `Local` for its own posts or `All` for those it knows, and whether comments are read."""

    url: str
    listing: str = "Local"
    comments: bool = True


def start(site: LemmySite, cursor: Cursor) -> Iterator[Request]:  # noqa: ARG001 - what is known is told by the overlap
    """The newest posts, and the newest comments."""
    query = {"type_": site.listing, "sort": "New", "limit": _LIMIT}
    yield Request(url=f"{site.url}/api/v3/post/list?{urlencode(query)}", state={"step": "posts"})
    if site.comments:
        yield _comments_request(site, 1)


def ask(site: LemmySite, cursor: Cursor, question: Question) -> Iterator[Request]:  # noqa: ARG001 - newest first
    """The newest posts and comments that have these words."""
    if question.words:
        query = {
            "q": question.words,
            "type_": "All",
            "listing_type": site.listing,
            "sort": "New",
            "limit": _LIMIT,
        }
        yield Request(url=f"{site.url}/api/v3/search?{urlencode(query)}", state={"step": "search"})


def back(site: LemmySite, payload: Payload, page: Page) -> Request | None:  # noqa: ARG001 - what is gone pages back, too
    """The page of older posts by the cursor that the instance gave, of older comments by its number."""
    state = payload.request.state
    body = fields.mapping(payload.json())
    if state.get("step") == "comments" and body.get("comments"):
        number = (fields.count(state.get("page")) or 1) + 1
        return _comments_request(site, number) if number <= _MAX_PAGES else None
    following = fields.text(body.get("next_page"), 200)
    if state.get("step") != "posts" or not following or not following.isascii():
        return None
    query = {"type_": site.listing, "sort": "New", "limit": _LIMIT, "page_cursor": following}
    return Request(url=f"{site.url}/api/v3/post/list?{urlencode(query)}", state={"step": "posts"})


def again(site: LemmySite, seen: Observation, asked: Request) -> Request | None:  # noqa: ARG001 - all show the same
    """One post or comment of the instance's own; those of others have another number here than there."""
    found = _OWN.match(seen.native_id.removeprefix(site.url.rstrip("/")))
    if not seen.native_id.startswith(site.url) or not found:
        return None
    return Request(url=f"{site.url}/api/v3/{found[1]}?id={found[2]}", state={"step": "again"})


def _comments_request(site: LemmySite, page: int) -> Request:
    query = {"type_": site.listing, "sort": "New", "limit": _LIMIT, "page": str(page)}
    return Request(
        url=f"{site.url}/api/v3/comment/list?{urlencode(query)}", state={"step": "comments", "page": page}
    )


def parse(payload: Payload) -> Page:
    """Posts and comments as observations; what was removed or deleted shows no text and is left out.

    Raises: Refused where the instance says so in JSON; LayoutChanged if the JSON is not of the API's shape.
    """
    body = fields.mapping(payload.json())
    told = fields.text(body.get("error"), 200)
    if told:
        raise Refused(f"{payload.url} answers {told}")
    one = {
        name: [body[f"{what}_view"]] for name, what in _LISTS if isinstance(body.get(f"{what}_view"), dict)
    }
    body = one or body
    listed = [(name, what) for name, what in _LISTS if isinstance(body.get(name), list)]
    if not listed:
        raise LayoutChanged(f"expected posts or comments from {payload.url}")
    views = [(what, view) for name, what in listed for view in fields.list_of(body[name], name, payload.url)]
    there = [(what, view) for what, view in views if not _is_gone(fields.mapping(view.get(what)))]
    observations, incomplete = fields.readable(there, lambda one: _observation(*one, payload))
    return Page(observations=observations, incomplete=incomplete)


def _is_gone(told: Mapping[str, Json]) -> bool:
    return told.get("removed") is True or told.get("deleted") is True


def _observation(what: str, view: Mapping[str, Json], payload: Payload) -> Observation:
    """`ap_id` names a post in all of the network: the same one on two instances is the same address."""
    told, post = fields.mapping(view[what]), fields.mapping(view.get("post"))
    address = fields.text(told["ap_id"], 2000)
    if not address:
        raise ValueError("an item without an address")
    creator = fields.mapping(view.get("creator"))
    return Observation(
        site=site_name(payload),
        native_id=address,
        title=fields.text(post.get("name"), 2000) or "",
        fetched_at=payload.fetched_at,
        url=address,
        published_at=fields.when(told.get("published")),
        author=fields.text(creator.get("actor_id"), 300) or fields.text(creator.get("name"), 100),
        text=_post_text(told) if what == "post" else fields.text(told.get("content")),
    )


def _post_text(post: Mapping[str, Json]) -> str | None:
    """The address that a post leads to, and its text, which is Markdown."""
    parts = (fields.text(post.get("url"), 4000), fields.text(post.get("body")))
    return "\n".join(filter(None, parts)) or None


KIND = PolledKind(
    name="lemmy",
    settings=LemmySite,
    start=start,
    parse=parse,
    ask=ask,
    again=again,
    back=back,
    empty_is_normal=True,
    is_api=True,
    is_window=True,
)
