"""What every request to GitLab's REST API has in common."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Json, Payload, Request

PER_PAGE = 100
GONE = (404, 410)
PUBLIC = "https://gitlab.com"


def get(url: str, state: Mapping[str, Json], *, keep: bool = False) -> Request:
    """A request that carries the token its state names."""
    return Request(url=url, credential=fields.credential(state), keep=keep, state=state)


def project_url(api: str, project: str) -> str:
    """The address of a project; its path is one segment of it."""
    return f"{api}/api/v4/projects/{quote(project, safe='', errors='replace')}"


def project_of(item: Mapping[str, Json], payload: Payload) -> str:
    """group/name: the one that was asked for, or the one in the item's own address."""
    asked = fields.text(payload.request.state.get("project"))
    if asked:
        return asked
    path = (fields.text(item.get("web_url"), 2000) or "").partition("/-/")[0]
    return "/".join(path.split("/")[3:])


def follow(payload: Payload, *, keep: bool = False) -> tuple[tuple[Request, ...], str]:
    """The next page of a list by its Link, or why it stays unread. Of a question `pages` says how many may follow."""
    state, link = payload.request.state, payload.headers.get("link")
    if not fields.has_next(link):
        return (), ""
    pages = fields.count(state.get("pages"))
    if pages == 1:
        return (), "more was found than the pages that were read"
    url = fields.next_link(link, payload.request.url)
    if not url:
        return (), fields.NEXT_IS_ELSEWHERE
    return (get(url, {**state, "pages": pages - 1} if pages else state, keep=keep),), ""
