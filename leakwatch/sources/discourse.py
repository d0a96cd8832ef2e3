"""`discourse`: the newest posts of a forum by `/posts.json`, whose numbers grow; searches by `/search.json`.

Source: docs.discourse.org ("List latest posts across topics", "Search for a term").

History
2026-11  first version
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from leakwatch.errors import LayoutChanged, Refused
from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Cursor, Json, Page, Payload, PolledKind, Question, Request, site_name


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscourseSite:
    """Settings: the forum's address. What its public may not read is not seen."""

    url: str


def start(site: DiscourseSite, cursor: Cursor) -> Iterator[Request]:  # noqa: ARG001 - what is known is told by the overlap
    """The newest posts of all topics."""
    yield Request(url=f"{site.url}/posts.json", state={"step": "posts", "api": site.url})


def ask(site: DiscourseSite, cursor: Cursor, question: Question) -> Iterator[Request]:  # noqa: ARG001 - newest first
    """The newest posts that have these words."""
    if question.words:
        query = urlencode({"q": f"{question.words} order:latest"})
        yield Request(url=f"{site.url}/search.json?{query}", state={"step": "search", "api": site.url})


def back(site: DiscourseSite, payload: Payload, page: Page) -> Request | None:  # noqa: ARG001 - what is gone pages back, too
    """The posts before the oldest one that was shown."""
    if payload.request.state.get("step") != "posts":
        return None
    posts = fields.mapping(payload.json()).get("latest_posts")
    told = [fields.count(fields.mapping(one).get("id")) for one in posts] if isinstance(posts, list) else []
    numbers = [one for one in told if one is not None]
    if not numbers or min(numbers) < 2:
        return None
    return Request(
        url=f"{site.url}/posts.json?before={min(numbers) - 1}", state={"step": "posts", "api": site.url}
    )


def again(site: DiscourseSite, seen: Observation, asked: Request) -> Request | None:
    """The posts up to one, in the shape in which the newest are shown; what a search shows of a post is cut short."""
    if asked.state.get("step") != "posts" or not seen.native_id.isdecimal():
        return None
    url = f"{site.url}/posts.json?before={seen.native_id}"
    return Request(url=url, state={"step": "posts", "api": site.url})


def parse(payload: Payload) -> Page:
    """Every post as an observation; a notice in place of what was hidden or deleted is none.

    Raises: Refused where the forum answers that it wants a login; LayoutChanged if the JSON is not of its shape.
    """
    body = fields.mapping(payload.json())
    if body.get("error_type") in ("not_logged_in", "invalid_access", "rate_limit"):
        raise Refused(f"{payload.url} answers {body['error_type']}")
    posts = body.get("latest_posts", body.get("posts"))
    topics = {
        fields.count(one.get("id")): one
        for one in fields.list_of(body.get("topics") or [], "topics", payload.url)
    }
    if posts is None:
        raise LayoutChanged(f"expected posts from {payload.url}")
    found = fields.list_of(posts, "posts", payload.url)
    there = [one for one in found if not (one.get("hidden") is True or one.get("user_deleted") is True)]
    observations, incomplete = fields.readable(there, lambda post: _observation(post, topics, payload))
    return Page(observations=observations, incomplete=incomplete)


def _observation(
    post: Mapping[str, Json], topics: Mapping[int | None, Mapping[str, Json]], payload: Payload
) -> Observation:
    number, topic = fields.count(post["id"]), fields.count(post.get("topic_id"))
    if number is None:
        raise ValueError("a post without a number")
    about = topics.get(topic, {})
    title = (
        fields.text(post.get("topic_title"), 2000)
        or fields.text(about.get("title"), 2000)
        or fields.text(post.get("title"), 2000)
    )
    return Observation(
        site=site_name(payload),
        native_id=str(number),
        title=title or "",
        fetched_at=payload.fetched_at,
        url=_address(post, topic, payload),
        published_at=fields.when(post.get("created_at")),
        author=fields.text(post.get("username"), 100),
        text=fields.text(post.get("cooked"))
        or fields.text(post.get("raw"))
        or fields.text(post.get("blurb")),
    )


def _address(post: Mapping[str, Json], topic: int | None, payload: Payload) -> str | None:
    """`/t/TOPIC/NUMBER` leads to the post, whatever the topic is called."""
    base = fields.text(payload.request.state.get("api"), 500) or payload.url
    if topic is None:
        return fields.joined(base, post.get("post_url"))
    return fields.joined(base, f"/t/{topic}/{fields.count(post.get('post_number')) or 1}")


KIND = PolledKind(
    name="discourse",
    settings=DiscourseSite,
    start=start,
    parse=parse,
    ask=ask,
    again=again,
    back=back,
    empty_is_normal=True,
    is_api=True,
    is_window=True,
)
