"""What every request to GitHub's REST API has in common, and reading its lists on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Json, Payload, Request

ACCEPT = "application/vnd.github+json"
FRAGMENTS = "application/vnd.github.text-match+json"
PER_PAGE = 100
GONE = (404, 410)
PUBLIC = "https://api.github.com"


def get(url: str, state: Mapping[str, Json], *, accept: str = ACCEPT, keep: bool = False) -> Request:
    """A request that carries the token its state names."""
    return Request(
        url=url,
        headers={"accept": accept, "x-github-api-version": "2022-11-28"},
        credential=fields.credential(state),
        keep=keep,
        state=state,
    )


def repository_path(repository: str) -> str:
    """owner/name as part of an address."""
    return quote(repository, safe="/", errors="replace")


def number(value: Json) -> int | None:
    """An id of the API: a number, which true is not."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


@dataclass(frozen=True, slots=True)
class Onward:
    """What follows a page of a list that is sorted by newest: the next page, the cursor, and why reading ends."""

    requests: tuple[Request, ...]
    cursor: dict[str, Json]
    incomplete: str


def read_on(payload: Payload, ids: Sequence[int], stream: str) -> Onward:
    """The next page while all ids of this one are above the known one; the cursor is the highest id seen.

    The first poll knows none, and its first page is the beginning. The cursor moves with the first page, so that
    the pages behind it must not be lost.
    """
    state, link = payload.request.state, payload.headers.get("link")
    known = number(state.get("known"))
    newest = max([*ids, known or 0, number(state.get("newest")) or 0])
    cursor = {f"{state['repository']}/{stream}": newest} if state.get("repository") and ids else {}
    if known is None or not ids or min(ids) <= known or not fields.has_next(link):
        return Onward((), cursor, "")
    url = fields.next_link(link, payload.request.url)
    if not url:
        return Onward((), cursor, fields.NEXT_IS_ELSEWHERE)
    return Onward((get(url, {**state, "newest": newest}, keep=True),), cursor, "")
