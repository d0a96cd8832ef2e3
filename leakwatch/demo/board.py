"""An imageboard with the 4chan read-only API's shape (https://github.com/4chan/4chan-API)."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leakwatch.demo.answers import Freshness, conditional, not_found

_THREADS_PER_PAGE = 15
_LAST_REPLIES = 5
_LONGEST_RUN = 35
_RUN = re.compile(rf"\S{{{_LONGEST_RUN + 1},}}")
_QUOTED_POST = re.compile(r"^&gt;&gt;(\d+)$")


@dataclass(frozen=True, slots=True)
class Post:
    """One post. `text` is what the poster typed; `resto` is 0 for an opening post."""

    number: int
    resto: int
    at: float
    text: str
    subject: str = ""
    picture: bytes = b""


@dataclass(slots=True)
class Thread:
    """An opening post and its replies; `last_modified` in whole seconds since the epoch."""

    posts: list[Post]
    freshness: Freshness = field(repr=False)


def comment_html(text: str) -> str:
    """A comment as the API shows it: HTML with `<br>`, quotes marked, and `<wbr>` in every long run.

    A run of more than 35 characters without a space is broken every 35 characters; that cuts magnets apart.
    """
    return "<br>".join(_line_html(line) for line in text.split("\n"))


def _line_html(line: str) -> str:
    shown = _RUN.sub(_broken, line)
    escaped = "<wbr>".join(html.escape(part).replace("&#x27;", "&#039;") for part in shown.split("\0"))
    if found := _QUOTED_POST.match(escaped):
        return f'<a href="#p{found[1]}" class="quotelink">{escaped}</a>'
    return f'<span class="quote">{escaped}</span>' if line.startswith(">") else escaped


def _broken(run: re.Match[str]) -> str:
    return "\0".join(run[0][start : start + _LONGEST_RUN] for start in range(0, len(run[0]), _LONGEST_RUN))


class Board:
    """One board. `served` collects the numbers of the posts that were handed out.

    Where a post is given its time `at`, the posts must come in the order of their times.
    """

    def __init__(self, name: str, clock: Callable[[], float], first_number: int) -> None:
        self.name = name
        self.served: set[int] = set()
        self._clock = clock
        self._next_number = first_number
        self._threads: dict[int, Thread] = {}
        self._freshness = Freshness()

    @property
    def thread_numbers(self) -> list[int]:
        """The threads, oldest first."""
        return list(self._threads)

    def open_thread(self, subject: str, text: str, *, at: float | None = None, picture: bytes = b"") -> int:
        """Start a thread; answers its number."""
        post = self._post(0, text, at, subject, picture)
        self._threads[post.number] = Thread([post], Freshness(int(post.at)))
        return post.number

    def reply(self, thread: int, text: str, *, at: float | None = None, picture: bytes = b"") -> Post:
        """Answer in a thread, which is thereby changed."""
        post = self._post(thread, text, at, "", picture)
        self._threads[thread].posts.append(post)
        self._threads[thread].freshness.change(post.at)
        return post

    def delete_thread(self, thread: int) -> None:
        """Take a thread down: it leaves the catalog, and its own address is not found."""
        del self._threads[thread]
        self._freshness.change(self._clock())

    def routes(self) -> list[Route]:
        """The three endpoints, below `/board`."""
        return [
            Route("/{board}/catalog.json", self._answer_catalog),
            Route("/{board}/threads.json", self._answer_threads),
            Route("/{board}/thread/{number:int}.json", self._answer_thread),
        ]

    def _post(self, resto: int, text: str, at: float | None, subject: str, picture: bytes) -> Post:
        now = self._clock() if at is None else at
        self._freshness.change(now)
        post = Post(self._next_number, resto, now, text, subject, picture)
        self._next_number += 1
        return post

    def _pages(self) -> list[list[Thread]]:
        """Most recently changed first."""
        threads = sorted(self._threads.values(), key=lambda thread: -thread.freshness.seconds)
        return [threads[i : i + _THREADS_PER_PAGE] for i in range(0, len(threads), _THREADS_PER_PAGE)]

    async def _answer_catalog(self, request: Request) -> Response:
        def body() -> str:
            pages = [
                {"page": page, "threads": [self._catalog_entry(thread) for thread in threads]}
                for page, threads in enumerate(self._pages(), 1)
            ]
            return json.dumps(pages)

        return self._answer(request, self._freshness, body)

    async def _answer_threads(self, request: Request) -> Response:
        def body() -> str:
            pages = [
                {"page": page, "threads": [_thread_entry(thread) for thread in threads]}
                for page, threads in enumerate(self._pages(), 1)
            ]
            return json.dumps(pages)

        return self._answer(request, self._freshness, body)

    async def _answer_thread(self, request: Request) -> Response:
        thread = self._threads.get(int(request.path_params["number"]))
        if thread is None:
            return not_found()

        def body() -> str:
            self.served.update(post.number for post in thread.posts)
            first, *replies = thread.posts
            counts = {"replies": len(replies), "images": sum(1 for post in replies if post.picture)}
            return json.dumps({"posts": [_post_fields(first) | counts, *map(_post_fields, replies)]})

        return self._answer(request, thread.freshness, body)

    def _answer(self, request: Request, freshness: Freshness, body: Callable[[], str]) -> Response:
        if request.path_params["board"] != self.name:
            return not_found()
        return conditional(request, freshness.seconds, "application/json", body)

    def _catalog_entry(self, thread: Thread) -> dict[str, object]:
        first, *replies = thread.posts
        shown = replies[-_LAST_REPLIES:]
        self.served.update(post.number for post in (first, *shown))
        return _post_fields(first) | {
            "replies": len(replies),
            "images": sum(1 for post in replies if post.picture),
            "omitted_posts": len(replies) - len(shown),
            "last_modified": thread.freshness.seconds,
            "last_replies": [_post_fields(post) for post in shown],
        }


def _thread_entry(thread: Thread) -> dict[str, int]:
    return {
        "no": thread.posts[0].number,
        "last_modified": thread.freshness.seconds,
        "replies": len(thread.posts) - 1,
    }


def _post_fields(post: Post) -> dict[str, object]:
    shown: dict[str, object] = {
        "no": post.number,
        "resto": post.resto,
        "now": datetime.fromtimestamp(post.at, UTC).strftime("%m/%d/%y(%a)%H:%M:%S"),
        "time": int(post.at),
        "name": "Anonymous",
        "com": comment_html(post.text),
    }
    if post.subject:
        shown["sub"] = html.escape(post.subject)
    if post.picture:
        shown |= {
            "filename": "picture",
            "ext": ".png",
            "fsize": 20_000 + post.number % 90_000,
            "md5": base64.b64encode(post.picture).decode(),
            "tim": int(post.at * 1000),
        }
    return shown
