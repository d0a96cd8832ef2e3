"""`imageboard`: boards with 4chan's read-only JSON API, vichan's, which copies it, or LynxChan's.

Source: github.com/4chan/4chan-API; github.com/vichan-devel/vichan-API; LynxChan `doc/Json.txt`.

History
2026-11  first version: catalog -> threads -> posts; a vanished thread is an honest empty page
2026-11  an infohash told over neighbouring posts is put together
2026-11  a thread that left the catalog is asked for once more
2026-11  a catalog that shares no thread with the last one leaves a gap
2026-11  the cursor stays behind posts that an answer from a cache, or of the same second, does not show
"""

from __future__ import annotations

import base64
import binascii
import html
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from leakwatch.errors import ConfigError, LayoutChanged
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources import _lynxchan
from leakwatch.sources._kind import Cursor, Json, Page, Payload, PolledKind, Request, site_name
from leakwatch.sources._threads import GONE, gone, left, parted, with_joined

_SAME_SECOND_S = 2
_API, _WEB = "https://a.4cdn.org", "https://boards.4chan.org"
_MAX_FILES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageboardSite:
    """Settings of an imageboard: address of the API, of the pages people read, its software, and the boards to watch."""

    url: str = _API
    web_url: str = ""
    dialect: Literal["4chan", "vichan", "lynxchan"] = "4chan"
    boards: tuple[str, ...]
    max_threads: int = 200

    @property
    def least_interval_s(self) -> float:
        """The pace of 4chan: one request a second. Source: github.com/4chan/4chan-API, API rules."""
        return 1.0 if self.url == _API else 0.0

    def __post_init__(self) -> None:
        """Raises: ConfigError for a dialect that 4chan, the default address, does not speak."""
        if self.dialect != "4chan" and self.url == _API:
            raise ConfigError(f"url is missing: the board whose software is {self.dialect}", field="dialect")


def start(site: ImageboardSite, cursor: Cursor) -> Iterator[Request]:
    """One request a board: its catalog."""
    api = site.url.rstrip("/")
    web = site.web_url.rstrip("/") or (_WEB if site.url == _API else api)
    for board in site.boards:
        known = {key.split("/")[1]: value for key, value in cursor.items() if key.startswith(f"{board}/")}
        yield Request(
            url=f"{api}/{board}/catalog.json",
            state={
                "step": "catalog",
                "board": board,
                "api": api,
                "web": web,
                "dialect": site.dialect,
                "known": known,
                "max_threads": site.max_threads,
            },
        )


def parse(payload: Payload) -> Page:
    """A catalog gives the threads to read; a thread gives one observation a post.

    Raises: LayoutChanged if the JSON is not of the API's shape.
    """
    state = payload.request.state
    if state.get("dialect") == "lynxchan" or (not state.get("step") and _lynxchan.is_it(payload.json())):
        return _lynxchan.parse(payload)
    if state.get("step") == "thread" or (not state.get("step") and isinstance(payload.json(), dict)):
        return _thread(payload)
    return _catalog(payload)


def _catalog(payload: Payload) -> Page:
    """Threads that are new or have grown, newest change first, behind those that left: these are read once more.

    Those that are new stand in the cursor before they are read, so that none leaves unnoticed.
    Raises: LayoutChanged where no thread tells its last change any more.
    """
    state = payload.request.state
    board, known = str(state.get("board", "")), fields.mapping(state.get("known"))
    pages = fields.list_of(payload.json(), "a catalog", payload.url)
    threads = [
        thread for page in pages for thread in fields.list_of(page.get("threads"), "threads", payload.url)
    ]
    live = {str(thread.get("no")): thread for thread in threads if isinstance(thread.get("no"), int)}
    if threads and not live:
        raise LayoutChanged(f"no thread in {payload.url} has a number")
    if any(known.values()):
        fields.need(threads, ("last_modified",), payload.url)
    grown = [t for no, t in live.items() if _has_grown(t, fields.count(known.get(no)) or 0)]
    grown.sort(key=_modified, reverse=True)
    limit = fields.count(state.get("max_threads")) or 200
    wanted, missing = grown[:limit], left(known, live)
    late = len(grown[limit:]) + len(missing[limit:])
    begun = {f"{board}/{t['no']}": 0 for t in wanted if str(t["no"]) not in known and state.get("step")}
    return Page(
        observations=() if state.get("step") else tuple(_post(t, payload, None) for t in live.values()),
        next_requests=(
            *(_left_request(int(no), state) for no in missing[:limit]),
            *(_thread_request(thread, state) for thread in wanted),
        ),
        cursor=begun | {f"{board}/{no}": None for no in missing[:limit]},
        incomplete=f"{late} threads put off" if late else "",
        parted=parted(known, live, "sticky"),
    )


def _has_grown(thread: dict[str, Json], read_to: int) -> bool:
    """Whether a thread has changed since it was read; one that does not tell may have."""
    return not read_to or not _modified(thread) or _modified(thread) > read_to


def _modified(thread: dict[str, Json]) -> int:
    return fields.count(thread.get("last_modified")) or 0


def _thread_request(thread: dict[str, Json], state: Any) -> Request:
    return Request(
        url=f"{state.get('api', '')}/{state.get('board', '')}/{_folder(state)}/{thread['no']}.json",
        state={
            "step": "thread",
            "board": state.get("board"),
            "api": state.get("api"),
            "web": state.get("web"),
            "dialect": state.get("dialect"),
            "thread": thread["no"],
            "last_modified": _modified(thread),
            "replies": fields.count(thread.get("replies")),
            "subject": thread.get("sub") if isinstance(thread.get("sub"), str) else None,
        },
    )


def _left_request(number: int, state: Any) -> Request:
    """The thread once more, whatever it shows: the cursor knows it no longer, so the request must not be lost."""
    request = _thread_request({"no": number}, state)
    return replace(request, state={**request.state, "left": True}, keep=True)


def _folder(state: Any) -> str:
    return "res" if state.get("dialect") == "vichan" else "thread"


def _thread(payload: Payload) -> Page:
    state = payload.request.state
    key = f"{state.get('board', '')}/{state.get('thread', '')}"
    if payload.status in GONE:
        return gone(key, is_left=state.get("left"))
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
    read_to = _read_to(posts, payload) if state.get("thread") and not state.get("left") else None
    return Page(
        observations=with_joined([_post(post, payload, subject) for post in posts]),
        cursor={} if read_to is None else {key: read_to},
    )


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
    place = f"res/{thread}.html#" if _folder(state) == "res" else f"thread/{thread}#p"
    return Observation(
        site=site_name(payload),
        native_id=f"{board}/{post['no']}",
        title=html.unescape(fields.text(post.get("sub"), 1000) or subject or ""),
        fetched_at=payload.fetched_at,
        url=f"{web}/{board}/{place}{post['no']}" if web else None,
        published_at=fields.when(post.get("time")),
        author=html.unescape(name) or None,
        text=fields.text(post.get("com")),
        files=_attachments(post),
    )


def _attachments(post: dict[str, Json]) -> tuple[ObservedFile, ...]:
    """The file of a post; vichan has more of them in a list of their own."""
    more = post.get("extra_files")
    told = [post, *(more if isinstance(more, list) else [])[:_MAX_FILES]]
    found = [_attachment(one) for one in told if isinstance(one, dict)]
    return tuple(one for one in found if one)


def _attachment(post: dict[str, Json]) -> ObservedFile | None:
    name, extension = fields.text(post.get("filename"), 500), fields.text(post.get("ext"), 20)
    if not name or post.get("filedeleted") == 1 or extension == "deleted":
        return None
    try:
        md5 = base64.b64decode(str(post.get("md5", "")), validate=True).hex()
    except (binascii.Error, ValueError):
        md5 = ""
    return ObservedFile(
        path=html.unescape(name) + (extension or ""),
        size_bytes=fields.count(post.get("fsize")),
        md5=fields.hex_digest(md5, 16),
    )


def holds(request: Request) -> bool:
    """A thread shows every post that was not deleted; a catalog shows only the first ones."""
    return request.state.get("step") == "thread"


KIND = PolledKind(
    name="imageboard",
    settings=ImageboardSite,
    start=start,
    parse=parse,
    empty_is_normal=True,
    is_api=True,
    holds=holds,
)
