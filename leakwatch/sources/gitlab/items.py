"""Issues and merge requests of a project, read on by the time of a change; then their notes and diffs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Json, Page, Payload, Request, site_name
from leakwatch.sources._lfs import pointed_files
from leakwatch.sources.gitlab import _api as api

ITEMS = ("issues", "merge_requests")
_OVERLAP = timedelta(minutes=2)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_NOTES_PAGES = 10
_DIFF_PAGES = 10
_MAX_KNOWN = 2_000


def parse_items(payload: Payload, step: str) -> Page:
    """A page of issues or merge requests; the notes of those with any, the diffs of those with a new head.

    Raises: LayoutChanged if the JSON is not of the API's shape.
    """
    state = payload.request.state
    if payload.status in api.GONE:
        return Page(incomplete=f"the {step} of {state.get('project')} cannot be seen: HTTP {payload.status}")
    items = fields.list_of(payload.json(), f"a list of {step}", payload.url)
    seen = observed(items, step, payload)
    known = fields.mapping(state.get("known"))
    follow_ups = {
        key: (version, request)
        for item, one in seen
        for key, version, request in _follow_ups(item, one, step, state)
        if known.get(key) != version
    }
    told = {key: version for key, (version, _) in follow_ups.items()}
    onward, unread = _onward(payload, items)
    oldest = sorted(known | told, key=lambda key: str((known | told)[key]))[:-_MAX_KNOWN]
    return Page(
        observations=tuple(one for _, one in seen),
        next_requests=(*(request for _, request in follow_ups.values()), *onward),
        cursor=_moved(payload, items, step) | told | dict.fromkeys(oldest),
        incomplete=unread,
    )


def observed(
    items: list[dict[str, Json]], step: str, payload: Payload
) -> list[tuple[dict[str, Json], Observation]]:
    """Items with what is seen of each. Raises: LayoutChanged if not one has a number and a project."""
    seen = [(item, _observation(item, step, payload)) for item in items]
    found = [(item, one) for item, one in seen if one]
    if items and not found:
        raise LayoutChanged(f"nothing in {payload.url} has a number and a project")
    return found


def _observation(item: Mapping[str, Json], step: str, payload: Payload) -> Observation | None:
    number, project = fields.count(item.get("iid")), api.project_of(item, payload)
    if number is None or not project:
        return None
    return Observation(
        site=site_name(payload),
        native_id=f"{project}/{step}/{number}",
        title=fields.text(item.get("title"), 1000) or "",
        fetched_at=payload.fetched_at,
        url=fields.text(item.get("web_url"), 2000),
        published_at=fields.when(item.get("created_at")),
        author=author_of(item),
        text=fields.text(item.get("description")),
    )


def author_of(item: Mapping[str, Json]) -> str | None:
    """The user name of who wrote an item."""
    return fields.text(fields.mapping(item.get("author")).get("username"), 100)


def _follow_ups(
    item: Mapping[str, Json], seen: Observation, step: str, state: Mapping[str, Json]
) -> Iterator[tuple[str, str, Request]]:
    """What belongs to an item, under which key the cursor knows it, and by what a change of it is told.

    A note changes the item's `updated_at`, a pushed commit the merge request's `sha`. None of them may be lost.
    """
    project, number = seen.native_id.partition(f"/{step}/")[::2]
    base = f"{api.project_url(str(state.get('api') or api.PUBLIC), project)}/{step}/{number}"
    told = {
        "api": state.get("api"),
        "credential": state.get("credential"),
        "project": project,
        "of": f"{step}/{number}",
        "title": seen.title,
        "url": seen.url,
    }
    if fields.count(item.get("user_notes_count")) and state.get("notes"):
        version = fields.text(item.get("updated_at"), 100) or ""
        query = urlencode({"sort": "desc", "order_by": "updated_at", "per_page": api.PER_PAGE})
        request = api.get(
            f"{base}/notes?{query}",
            {**told, "step": "notes", "pages": _NOTES_PAGES, "version": version},
            keep=True,
        )
        yield f"{seen.native_id}/notes", version, request
    head = fields.hex_digest(item.get("sha"), 20)
    if step == "merge_requests" and head:
        more = {"step": "diffs", "pages": _DIFF_PAGES, "author": seen.author, "version": head}
        url = f"{base}/diffs?per_page={api.PER_PAGE}"
        # the time stands first, so that the oldest are the first to be forgotten
        version = f"{item.get('created_at') or ''} {head}"[:200]
        yield f"{seen.native_id}/diffs", version, api.get(url, {**told, **more}, keep=True)


def _onward(payload: Payload, items: list[dict[str, Json]]) -> tuple[tuple[Request, ...], str]:
    """The same list from its newest change on: a page number would skip what moves while pages are read.

    Only where a whole page is of one second its Link is followed. The first poll reads one page, as a beginning.
    """
    asked = payload.request.url
    if payload.request.state.get("first") or not fields.has_next(payload.headers.get("link")):
        return (), ""
    parts, newest = urlsplit(asked), _newest(items)
    query = {name: value for name, value in parse_qsl(parts.query) if name != "page"}
    before = fields.when(query.get("updated_after"))
    if newest and (not before or newest > before):
        url = parts._replace(query=urlencode(query | {"updated_after": newest.strftime(_TIME)})).geturl()
        return (api.get(url, payload.request.state),), ""
    return api.follow(payload)


def _newest(items: list[dict[str, Json]]) -> datetime | None:
    times = [when for when in (fields.when(item.get("updated_at")) for item in items) if when]
    return max(*times, _EARLIEST).replace(microsecond=0) if times else None


def _moved(payload: Payload, items: list[dict[str, Json]], step: str) -> dict[str, Json]:
    """The newest change less two minutes, at most the time of the answer."""
    project, newest = payload.request.state.get("project"), _newest(items)
    if not newest or not project:
        return {}
    return {f"{project}/{step}": (min(newest, payload.fetched_at) - _OVERLAP).strftime(_TIME)}


def parse_notes(payload: Payload) -> Page:
    """What people wrote on an item, newest change first; what GitLab noted itself is left out."""
    if payload.status in api.GONE:
        return Page()
    items = fields.list_of(payload.json(), "a list of notes", payload.url)
    if items and not any(fields.count(one.get("id")) is not None for one in items):
        raise LayoutChanged(f"no note in {payload.url} has an id")
    onward, unread = api.follow(payload, keep=True)
    seen = (note(one, payload) for one in items if not one.get("system"))
    return Page(observations=tuple(one for one in seen if one), next_requests=onward, incomplete=unread)


def note(item: Mapping[str, Json], payload: Payload) -> Observation | None:
    """A note on the item that the request, or the note itself, names."""
    state, ident = payload.request.state, fields.count(item.get("id"))
    if ident is None:
        return None
    kind = "merge_requests" if item.get("noteable_type") == "MergeRequest" else "issues"
    number = fields.count(item.get("noteable_iid"))
    of = state.get("of") or (f"{kind}/{number}" if number is not None else "")
    project = state.get("project") or f"projects/{fields.count(item.get('project_id'))}"
    url = fields.text(state.get("url"))
    return Observation(
        site=site_name(payload),
        native_id=f"{project}/{of}/notes/{ident}" if of else f"{project}/notes/{ident}",
        title=fields.text(state.get("title")) or "",
        fetched_at=payload.fetched_at,
        url=f"{url}#note_{ident}" if url else None,
        published_at=fields.when(item.get("created_at")),
        author=author_of(item),
        text=fields.text(item.get("body")),
    )


def parse_diffs(payload: Payload) -> Page:
    """The lines that a merge request adds and the files whose LFS pointers it adds, a page an item of its own."""
    if payload.status in api.GONE:
        return Page()
    state = payload.request.state
    items = fields.list_of(payload.json(), "a list of diffs", payload.url)
    files: list[ObservedFile] = []
    added: list[str] = []
    for item in items:
        path, lines = (
            fields.text(item.get("new_path"), 1000),
            (fields.text(item.get("diff")) or "").splitlines(),
        )
        added += [line[1:] for line in lines if line.startswith("+")]
        if path and not item.get("deleted_file"):
            after = "\n".join(line[1:] for line in lines if line[:1] in ("+", " "))
            files += pointed_files(after, path)
    onward, unread = api.follow(payload, keep=True)
    if not added and not files:
        return Page(next_requests=onward, incomplete=unread)
    page = _DIFF_PAGES - (fields.count(state.get("pages")) or _DIFF_PAGES) + 1
    name = f"{state.get('project', '')}/{state.get('of', '')}/diffs"
    seen = Observation(
        site=site_name(payload),
        native_id=name if page <= 1 else f"{name}/{page}",
        title=fields.text(state.get("title")) or "",
        fetched_at=payload.fetched_at,
        url=fields.text(state.get("url")),
        author=fields.text(state.get("author")),
        text="\n".join(added)[: fields.MAX_TEXT],
        files=tuple(files),
    )
    return Page(observations=(seen,), next_requests=onward, incomplete=unread)
