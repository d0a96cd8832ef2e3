"""`imageboard`: boards with the 4chan read-only JSON API (catalog, then threads whose `last_modified` grew).

History
2026-11  first version: catalog -> threads -> posts; a vanished thread is an honest empty page
2026-11  an infohash told over neighbouring posts is put together
2026-11  the cursor stays behind posts that an answer from a cache, or of the same second, does not show
"""

from __future__ import annotations

import base64
import binascii
import html
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from leakwatch.errors import LayoutChanged
from leakwatch.extract.fragments import join_posts
from leakwatch.extract.links import plain
from leakwatch.extract.scanning import bare, hex_infohash
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Cursor, Json, Page, Payload, PolledKind, Request, site_name

_GONE = (404, 410)
_SAME_SECOND_S = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageboardSite:
    """Settings of an imageboard: address of the API, of the pages people read, and the boards to watch."""

    url: str = "https://a.4cdn.org"
    web_url: str = "https://boards.4chan.org"
    boards: tuple[str, ...]
    max_threads: int = 200


def start(site: ImageboardSite, cursor: Cursor) -> Iterator[Request]:
    """One request a board: its catalog."""
    for board in site.boards:
        known = {key.split("/")[1]: value for key, value in cursor.items() if key.startswith(f"{board}/")}
        yield Request(
            url=f"{site.url}/{board}/catalog.json",
            state={
                "step": "catalog",
                "board": board,
                "api": site.url,
                "web": site.web_url,
                "known": known,
                "max_threads": site.max_threads,
            },
        )


def parse(payload: Payload) -> Page:
    """A catalog gives the threads to read; a thread gives one observation a post.

    Raises: LayoutChanged if the JSON is not of the API's shape.
    """
    state = payload.request.state
    if state.get("step") == "thread" or (not state.get("step") and isinstance(payload.json(), dict)):
        return _thread(payload)
    return _catalog(payload)


def _catalog(payload: Payload) -> Page:
    """Threads that are new or have grown, newest change first; threads that left the catalog are forgotten."""
    state = payload.request.state
    board, known = str(state.get("board", "")), fields.mapping(state.get("known"))
    pages = fields.list_of(payload.json(), "a catalog", payload.url)
    threads = [
        thread for page in pages for thread in fields.list_of(page.get("threads"), "threads", payload.url)
    ]
    live = {str(thread.get("no")): thread for thread in threads if isinstance(thread.get("no"), int)}
    if threads and not live:
        raise LayoutChanged(f"no thread in {payload.url} has a number")
    grown = [t for no, t in live.items() if _modified(t) > (fields.count(known.get(no)) or -1)]
    grown.sort(key=_modified, reverse=True)
    wanted = grown[: fields.count(state.get("max_threads")) or 200]
    return Page(
        observations=() if state.get("step") else tuple(_post(t, payload, None) for t in live.values()),
        next_requests=tuple(_thread_request(thread, state) for thread in wanted),
        cursor={f"{board}/{no}": None for no in known if no not in live},
        incomplete=f"{len(grown) - len(wanted)} threads put off" if len(grown) > len(wanted) else "",
    )


def _modified(thread: dict[str, Json]) -> int:
    return fields.count(thread.get("last_modified")) or 0


def _thread_request(thread: dict[str, Json], state: Any) -> Request:
    return Request(
        url=f"{state.get('api', '')}/{state.get('board', '')}/thread/{thread['no']}.json",
        state={
            "step": "thread",
            "board": state.get("board"),
            "api": state.get("api"),
            "web": state.get("web"),
            "thread": thread["no"],
            "last_modified": _modified(thread),
            "replies": fields.count(thread.get("replies")),
            "subject": thread.get("sub") if isinstance(thread.get("sub"), str) else None,
        },
    )


def _thread(payload: Payload) -> Page:
    state = payload.request.state
    key = f"{state.get('board', '')}/{state.get('thread', '')}"
    if payload.status in _GONE:
        return Page(cursor={key: None})
    body = payload.json()
    if not isinstance(body, dict):
        raise LayoutChanged(f"expected a thread from {payload.url}, got {type(body).__name__}")
    posts = [
        post
        for post in fields.list_of(body.get("posts"), "posts", payload.url)
        if isinstance(post.get("no"), int)
    ]
    if not posts:
        raise LayoutChanged(f"the thread {payload.url} has no posts")
    subject = fields.text(posts[0].get("sub")) or fields.text(state.get("subject"))
    read_to = _read_to(posts, payload) if state.get("thread") else None
    return Page(
        observations=_with_joined([_post(post, payload, subject) for post in posts]),
        cursor={} if read_to is None else {key: read_to},
    )


def _with_joined(posts: list[Observation]) -> tuple[Observation, ...]:
    """The posts of a thread; one that completes an infohash told over several has it as if it were its own."""
    texts = [(one.native_id, plain(one.text or "")) for one in posts]
    told = {completing: digits for completing, _, digits in join_posts(texts)}
    return tuple(_with_infohash(one, told.get(one.native_id, "")) for one in posts)


def _with_infohash(post: Observation, digits: str) -> Observation:
    if not digits:
        return post
    locator = replace(bare(hex_infohash(digits), -1), decode_chain=("fragments",))
    field = "infohash_v1" if len(digits) == 40 else "infohash_v2"
    return replace(post, locators=(locator,), **{field: digits})


def _read_to(posts: list[dict[str, Json]], payload: Payload) -> int | None:
    """Up to which second a thread is read; None where this answer is older than the catalog that named it.

    A thread may honestly show fewer posts than it counts, for deleted ones can stay counted; it is as new as
    the catalog if either number is. A later post of a second that is not over would not change the catalog.
    """
    state = payload.request.state
    shown = max(len(posts) - 1, fields.count(posts[0].get("replies")) or 0)
    if shown < (fields.count(state.get("replies")) or 0):
        return None
    read_to = fields.count(state.get("last_modified")) or 0
    told = fields.when(payload.headers.get("last-modified"))
    if told:
        read_to = min(read_to, max(0, int(told.timestamp())))
    return read_to - 1 if abs(payload.fetched_at.timestamp() - read_to) <= _SAME_SECOND_S else read_to


def _post(post: dict[str, Json], payload: Payload, subject: str | None) -> Observation:
    state = payload.request.state
    board = str(state.get("board", ""))
    thread = post.get("resto") or post["no"]
    name = " ".join(
        part for part in (fields.text(post.get("name"), 200), fields.text(post.get("trip"), 60)) if part
    )
    web = fields.text(state.get("web"))
    return Observation(
        site=site_name(payload),
        native_id=f"{board}/{post['no']}",
        title=html.unescape(fields.text(post.get("sub"), 1000) or subject or ""),
        fetched_at=payload.fetched_at,
        url=f"{web}/{board}/thread/{thread}#p{post['no']}" if web else None,
        published_at=fields.when(post.get("time")),
        author=html.unescape(name) or None,
        text=fields.text(post.get("com")),
        files=_attachment(post),
    )


def _attachment(post: dict[str, Json]) -> tuple[ObservedFile, ...]:
    name, extension = fields.text(post.get("filename"), 500), fields.text(post.get("ext"), 20)
    if not name or post.get("filedeleted") == 1:
        return ()
    try:
        md5 = base64.b64decode(str(post.get("md5", "")), validate=True).hex()
    except (binascii.Error, ValueError):
        md5 = ""
    return (
        ObservedFile(
            path=html.unescape(name) + (extension or ""),
            size_bytes=fields.count(post.get("fsize")),
            md5=fields.hex_digest(md5, 16),
        ),
    )


KIND = PolledKind(
    name="imageboard", settings=ImageboardSite, start=start, parse=parse, empty_is_normal=True, is_api=True
)
