"""Boards that run LynxChan: a catalog as a flat list of threads, and a thread as its first post with the others inside.

A thread is read when `lastBump` or `postCount` in the catalog is another than when it was read: replies beyond the
bump limit, or with "sage", do not bump it, and a deleted post only lowers the count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from leakwatch.errors import LayoutChanged, Refused
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Json, Page, Payload, Request, site_name
from leakwatch.sources._threads import GONE, gone, left, parted, with_joined

_MAX_FILES = 20
_NO = ("error", "denied", "banned", "maintenance", "hashBan", "construction")
_SHA256 = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")


def is_it(body: Json) -> bool:
    """Whether an answer whose dialect nobody told is one of LynxChan's."""
    told = body[0] if isinstance(body, list) and body else body
    return isinstance(told, dict) and "threadId" in told


def parse(payload: Payload) -> Page:
    """A catalog gives the threads to read; a thread gives one observation a post.

    Raises: Refused where the board answers with a status of its own; LayoutChanged if the JSON is of another shape.
    """
    state = payload.request.state
    if state.get("step") == "thread" and payload.status in GONE:
        return gone(_key(state), is_left=state.get("left"))
    body = payload.json()
    if isinstance(body, dict) and body.get("status") in _NO:
        raise Refused(f"{payload.url} answers {body['status']}: {fields.text(body.get('data'), 200) or ''}")
    if isinstance(body, dict) and (state.get("step") == "thread" or not state.get("step")):
        return _thread(payload, body)
    return _catalog(payload, body)


def _key(state: Mapping[str, Json]) -> str:
    return f"{state.get('board', '')}/{state.get('thread', '')}"


def _catalog(payload: Payload, body: Json) -> Page:
    """Threads that have changed, newest bump first, behind those that left the catalog: these are read once more.

    Those that are new stand in the cursor before they are read, so that none leaves unnoticed.
    Raises: LayoutChanged where no thread tells its changes.
    """
    state = payload.request.state
    board, known = str(state.get("board", "")), fields.mapping(state.get("known"))
    threads = fields.list_of(body, "a catalog", payload.url)
    live = {str(number): one for one in threads if (number := fields.count(one.get("threadId"))) is not None}
    if threads and not live:
        raise LayoutChanged(f"no thread in {payload.url} has a threadId")
    fields.need(threads, ("lastBump", "postCount"), payload.url)
    changed = [(no, one) for no, one in live.items() if known.get(no) != _mark(one)]
    changed.sort(key=lambda told: str(told[1].get("lastBump")), reverse=True)
    limit = fields.count(state.get("max_threads")) or 200
    wanted, missing = changed[:limit], left(known, live)
    late = len(changed[limit:]) + len(missing[limit:])
    begun = {f"{board}/{no}": "" for no, _ in wanted if no not in known and state.get("step")}
    return Page(
        observations=()
        if state.get("step")
        else tuple(_post(one, payload, int(no), int(no), None) for no, one in live.items()),
        next_requests=(
            *(_left_request(no, state) for no in missing[:limit]),
            *(_thread_request(no, one, state) for no, one in wanted),
        ),
        cursor=begun | {f"{board}/{no}": None for no in missing[:limit]},
        incomplete=f"{late} threads put off" if late else "",
        parted=parted(known, live, "pinned"),
    )


def _mark(thread: Mapping[str, Json]) -> str:
    """What changes in the catalog with each post."""
    return f"{fields.text(thread.get('lastBump'), 40) or ''} {fields.count(thread.get('postCount')) or 0}"


def _thread_request(number: str, thread: Mapping[str, Json], state: Mapping[str, Json]) -> Request:
    carried = {name: state.get(name) for name in ("board", "api", "web", "dialect")}
    return Request(
        url=f"{state.get('api', '')}/{state.get('board', '')}/res/{number}.json",
        state={
            "step": "thread",
            **carried,
            "thread": int(number),
            "mark": _mark(thread),
            "replies": fields.count(thread.get("postCount")) or 0,
        },
    )


def _left_request(number: str, state: Mapping[str, Json]) -> Request:
    """The thread once more, whatever it shows: the cursor knows it no longer, so the request must not be lost."""
    request = _thread_request(number, {}, state)
    return replace(request, state={**request.state, "mark": None, "left": True}, keep=True)


def _thread(payload: Payload, body: dict[str, Json]) -> Page:
    """The posts of a thread. The cursor stays where the answer, from a cache, has fewer than the catalog told."""
    state = payload.request.state
    number = fields.count(body.get("threadId"))
    told = body.get("posts")
    if number is None or not isinstance(told, list):
        raise LayoutChanged(f"expected a thread with posts from {payload.url}")
    replies = [
        (post, at)
        for post in told
        if isinstance(post, dict) and (at := fields.count(post.get("postId"))) is not None
    ]
    subject = fields.text(body.get("subject"), 1000)
    posts = [_post(body, payload, number, number, subject)]
    posts += [_post(post, payload, number, at, subject) for post, at in replies]
    is_whole = len(told) >= (fields.count(state.get("replies")) or 0)
    return Page(
        observations=with_joined(posts),
        cursor={_key(state): state["mark"]} if state.get("mark") and is_whole else {},
        incomplete=fields.unread(len(told) - len(replies), len(told)),
    )


def _post(
    post: Mapping[str, Json], payload: Payload, thread: int, number: int, subject: str | None
) -> Observation:
    state = payload.request.state
    board = str(state.get("board") or fields.text(post.get("boardUri"), 40) or "")
    web = fields.text(state.get("web"))
    return Observation(
        site=site_name(payload),
        native_id=f"{board}/{number}",
        title=fields.text(post.get("subject"), 1000) or subject or "",
        fetched_at=payload.fetched_at,
        url=f"{web}/{board}/res/{thread}.html#{number}" if web else None,
        published_at=fields.when(post.get("creation")),
        author=fields.text(post.get("name"), 200),
        text=fields.text(post.get("markdown")) or fields.text(post.get("message")),
        files=_files(post.get("files")),
    )


def _files(told: Json) -> tuple[ObservedFile, ...]:
    """Files by the names that their posters gave; the path under which one is kept holds its SHA-256."""
    found: list[ObservedFile] = []
    for one in (told if isinstance(told, list) else [])[:_MAX_FILES]:
        file = fields.mapping(one)
        path = fields.text(file.get("path"), 500) or ""
        name = fields.text(file.get("originalName"), 500) or path.rpartition("/")[2]
        digest = _SHA256.search(path)
        if name:
            found.append(
                ObservedFile(
                    path=name,
                    size_bytes=fields.count(file.get("size")),
                    sha256=digest[0].lower() if digest else None,
                )
            )
    return tuple(found)
