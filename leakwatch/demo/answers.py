"""How the world's sites answer: conditional requests, JSON errors, and times as each site writes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

NOT_MODIFIED = 304


class Freshness:
    """The Last-Modified of one resource, in whole seconds that grow with every change.

    Two changes within one second would share a date, and a client would be told "unchanged" in between; so
    the later one is dated a second ahead.
    """

    __slots__ = ("seconds",)

    def __init__(self, seconds: int = 0) -> None:
        self.seconds = seconds

    def change(self, now: float) -> int:
        """Note a change; answers its date."""
        self.seconds = max(int(now), self.seconds + 1)
        return self.seconds


def conditional(request: Request, modified: int, media_type: str, body: Callable[[], str]) -> Response:
    """The body with its date, or 304 if the client has that date already (RFC 9110, If-Modified-Since)."""
    headers = {"Last-Modified": formatdate(modified, usegmt=True)}
    if _has_it(request.headers.get("if-modified-since"), modified):
        return Response(status_code=NOT_MODIFIED, headers=headers)
    return Response(body(), media_type=media_type, headers=headers)


def _has_it(since: str | None, modified: int) -> bool:
    if not since:
        return False
    try:
        return parsedate_to_datetime(since).timestamp() >= modified
    except ValueError:
        return False


def not_found() -> JSONResponse:
    """GitHub's words for what is not there; the other sites borrow them."""
    return JSONResponse({"message": "Not Found", "documentation_url": ""}, status_code=404)


def number(request: Request, name: str, default: int, most: int = 10_000) -> int:
    """A query parameter as a number from 0 to `most`; anything else counts as not given."""
    text = request.query_params.get(name, "")
    return min(int(text), most) if text.isascii() and text.isdigit() else default


def iso_seconds(at: float) -> str:
    """`2023-03-03T12:34:56Z`, as GitHub writes."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_milliseconds(at: float) -> str:
    """`2023-03-03T12:34:56.000Z`, as model hubs write."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
