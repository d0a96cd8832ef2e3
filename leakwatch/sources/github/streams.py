"""Issues with pull requests, comments and review comments: streams that are read on by the time of a change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Json, Page, Payload, Request, site_name
from leakwatch.sources.github import _api as api
from leakwatch.sources.github.patches import changed_patches

_OVERLAP = timedelta(minutes=2)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before GitHub: some servers send the year 1 where there is no time."""


def parse_items(payload: Payload, items: list[dict[str, Json]], step: str, incomplete: str) -> Page:
    """Issues or comments as observations, the patches of changed pull requests, and the next page.

    Raises: LayoutChanged if none of them has a number.
    """
    state = payload.request.state
    made = [(item, _item(item, payload, step)) for item in items]
    observations = tuple(one for _, one in made if one)
    if items and not observations:
        raise LayoutChanged(f"nothing in {payload.url} has a number and an address")
    pulls = [(item, one) for item, one in made if one and step == "issues" and _is_pull(item)]
    patches, told = changed_patches(pulls, state)
    onward, unread = _onward(payload, items, told)
    return Page(
        observations=observations,
        next_requests=tuple(patches + onward),
        cursor=_moved(payload, items, step) | told,
        incomplete=incomplete or unread,
    )


def _onward(
    payload: Payload, items: list[dict[str, Json]], told: Mapping[str, Json]
) -> tuple[list[Request], str]:
    """The request that reads a stream on, or why what follows stays unread.

    Not by page number: an item that changes meanwhile leaves the pages already read for the last one, all
    others move up by one, and the first of the next page is never shown. What changed since the newest item of
    this page is the same list without that hole. Only where a whole page is of one second its Link is followed.
    """
    state, asked, link = payload.request.state, payload.request.url, payload.headers.get("link")
    if state.get("first") or state.get("step") == "search" or not fields.has_next(link):
        return [], ""
    url = _since(asked, _newest(items)) or fields.next_link(link, asked)
    if not url:
        return [], fields.NEXT_IS_ELSEWHERE
    state = {**state, "patched": {**fields.mapping(state.get("patched")), **told}}
    return [api.get(url, state)], ""


def _since(asked: str, newest: datetime | None) -> str | None:
    """The same request from a later time on; None if that would not be later."""
    parts = urlsplit(asked)
    query = {name: value for name, value in parse_qsl(parts.query) if name != "page"}
    before = fields.when(query.get("since"))
    if not newest or (before and newest <= before):
        return None
    return parts._replace(query=urlencode(query | {"since": newest.strftime(_TIME)})).geturl()


def _newest(items: list[dict[str, Json]]) -> datetime | None:
    """The latest `updated_at`, in whole seconds; None if no item has one."""
    times = [when for when in (fields.when(item.get("updated_at")) for item in items) if when]
    return max(*times, _EARLIEST).replace(microsecond=0) if times else None


def _moved(payload: Payload, items: list[dict[str, Json]], step: str) -> dict[str, Json]:
    """The stream's cursor: the newest `updated_at`, less the overlap that catches clocks and slow indexes.

    A server whose clock is ahead of ours does not move it past the time of the answer.
    """
    state, newest = payload.request.state, _newest(items)
    if not newest or state.get("step") == "search" or not state.get("repository"):
        return {}
    return {f"{state['repository']}/{step}": (min(newest, payload.fetched_at) - _OVERLAP).strftime(_TIME)}


def _item(item: dict[str, Json], payload: Payload, step: str) -> Observation | None:
    repository = fields.text(payload.request.state.get("repository")) or _repository(item)
    native_id = _native_id(item, repository, step)
    if not native_id:
        return None
    return Observation(
        site=site_name(payload),
        native_id=native_id,
        title=fields.text(item.get("title"), 1000) or "",
        fetched_at=payload.fetched_at,
        url=fields.text(item.get("html_url"), 2000),
        published_at=fields.when(item.get("created_at")),
        author=fields.text(fields.mapping(item.get("user")).get("login"), 100),
        text=fields.text(item.get("body")),
    )


def _repository(item: dict[str, Json]) -> str:
    """owner/name from `repository_url`, or from the item's own API address."""
    told = fields.text(item.get("repository_url")) or fields.text(item.get("url")) or ""
    parts = told.partition("/repos/")[2].split("/")
    return "/".join(parts[:2])


def _native_id(item: dict[str, Json], repository: str, step: str) -> str | None:
    number, ident = item.get("number"), item.get("id")
    if step == "issues":
        what = "pull" if _is_pull(item) or "/pull/" in str(item.get("html_url", "")) else "issues"
        is_number = isinstance(number, int) and not isinstance(number, bool)
        return f"{repository}/{what}/{number}" if is_number else None
    what = "review-comments" if step == "review_comments" else "comments"
    return f"{repository}/{what}/{ident}" if isinstance(ident, int) else None


def _is_pull(item: Mapping[str, Json]) -> bool:
    """Issues of old GitHub Enterprise carry the field too, with nothing in it."""
    return any(fields.mapping(item.get("pull_request")).values())
