"""Projects as items: the newest public ones by keyset paging, and what a search finds; code with its LFS pointers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlencode

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.model.origin import Origin, OriginHow, origin_of
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Cursor, Json, Page, Payload, Question, Request, site_name
from leakwatch.sources._lfs import pointed_files
from leakwatch.sources.gitlab import _api as api
from leakwatch.sources.gitlab.items import ITEMS, author_of, note, observed

_Reader = Callable[[Mapping[str, Json], Payload], Observation | None]

NEWEST = "projects/newest"
_BASIC = ("projects", "issues", "merge_requests", "snippet_titles")
_ADVANCED = ("blobs", "commits", "notes")
_ASKED_PAGES = 3
_MAX_DIGESTS = 10


def newest_projects(url: str, cursor: Cursor, told: Mapping[str, Json]) -> Request:
    """Public projects: the newest page as a beginning, then all with a higher id, oldest first, by keyset."""
    known = fields.count(cursor.get(NEWEST))
    query = {
        "pagination": "keyset",
        "order_by": "id",
        "per_page": str(api.PER_PAGE),
        "simple": "true",
        "visibility": "public",
    }
    query |= {"sort": "desc"} if known is None else {"sort": "asc", "id_after": str(known)}
    state = {**told, "step": "projects", "first": known is None, "newest": known}
    return api.get(f"{url}/api/v4/projects?{urlencode(query)}", state)


def ask_words(url: str, question: Question, told: Mapping[str, Json], *, advanced: bool) -> Iterator[Request]:
    """The words in every scope that the instance has."""
    words = fields.search_words(question.words)
    for scope in (*_BASIC, *(_ADVANCED if advanced else ())) if words else ():
        yield _search(url, scope, words, {**told, "pages": _ASKED_PAGES})


def ask_digests(url: str, question: Question, told: Mapping[str, Json], cursor: Cursor) -> Iterator[Request]:
    """Each SHA-256 in code, where the LFS pointer of the file holds it."""
    for one, turn in fields.digests_in_turn(question, _MAX_DIGESTS, cursor):
        yield _search(url, "blobs", one, {**told, "pages": 1, **turn})


def _search(url: str, scope: str, words: str, told: Mapping[str, Json]) -> Request:
    query = {"scope": scope, "search": words, "order_by": "created_at", "sort": "desc"}
    state = {**told, "step": "search", "scope": scope}
    return api.get(f"{url}/api/v4/search?{urlencode({**query, 'per_page': api.PER_PAGE})}", state)


def parse_projects(payload: Payload) -> Page:
    """A page of projects; the cursor is the highest id seen. Raises: LayoutChanged."""
    state = payload.request.state
    items = fields.list_of(payload.json(), "a list of projects", payload.url)
    seen = _each(items, _project, payload)
    ids = [one for one in (fields.count(item.get("id")) for item in items) if one is not None]
    onward, unread = ((), "") if state.get("first") else api.follow(payload)
    newest = max([*ids, fields.count(state.get("newest")) or 0])
    is_asked = state.get("step") == "projects" and ids
    return Page(
        observations=seen,
        next_requests=onward,
        cursor={NEWEST: newest} if is_asked else {},
        incomplete=unread,
    )


def parse_search(payload: Payload) -> Page:
    """What a question found in one scope, and its next page. Raises: LayoutChanged."""
    body = payload.json()
    scope = str(payload.request.state.get("scope") or guess_scope(body))
    items = fields.list_of(body, f"a list of {scope}", payload.url)
    if scope in ITEMS:
        seen = tuple(one for _, one in observed(items, scope, payload))
    else:
        seen = _each(items, _READERS.get(scope, _project), payload)
    onward, unread = api.follow(payload)
    moved = fields.turned(payload.request.state)
    return Page(observations=seen, next_requests=onward, cursor=moved, incomplete=unread)


def guess_scope(body: Json) -> str:
    """The scope of saved hits that came without their request; nothing where they are none of a search alone."""
    first = body[0] if isinstance(body, list) and body and isinstance(body[0], dict) else {}
    if "data" in first and "project_id" in first:
        return "blobs"
    if "committed_date" in first:
        return "commits"
    return "snippet_titles" if "file_name" in first and "title" in first else ""


def _each(items: list[dict[str, Json]], read: _Reader, payload: Payload) -> tuple[Observation, ...]:
    found = tuple(one for one in (read(item, payload) for item in items) if one)
    if items and not found:
        raise LayoutChanged(f"nothing in {payload.url} could be read")
    return found


def _project(item: Mapping[str, Json], payload: Payload) -> Observation | None:
    name = fields.text(item.get("path_with_namespace"), 300)
    if not name:
        return None
    url = fields.text(item.get("web_url"), 2000)
    told = [fields.text(item.get("description"), 5000), fields.text(item.get("name"), 300)]
    return Observation(
        site=site_name(payload),
        native_id=name,
        title=name,
        fetched_at=payload.fetched_at,
        url=url,
        published_at=fields.when(item.get("created_at")),
        author=name.rpartition("/")[0] or None,
        text="\n".join(one for one in told if one) or None,
        repository_id=fields.repository_id(url, item.get("id")),
        locators=(Locator(LocatorKind.REPOSITORY, url),) if url else (),
        origin=_origin(item),
    )


def _origin(item: Mapping[str, Json]) -> Origin | None:
    """What it is a fork of, where the answer says so; the simple form of a project does not.

    Source: docs.gitlab.com, Projects API: `forked_from_project`.
    """
    parent = fields.mapping(item.get("forked_from_project"))
    return origin_of(OriginHow.FORK, [parent.get("path_with_namespace")]) if parent else None


def _snippet(item: Mapping[str, Json], payload: Payload) -> Observation | None:
    ident = fields.count(item.get("id"))
    if ident is None or "title" not in item:
        return None
    return Observation(
        site=site_name(payload),
        native_id=f"snippets/{ident}",
        title=fields.text(item.get("title"), 1000) or "",
        fetched_at=payload.fetched_at,
        url=fields.text(item.get("web_url"), 2000),
        published_at=fields.when(item.get("created_at")),
        author=author_of(item),
        text="\n".join(
            one
            for one in (fields.text(item.get("file_name"), 500), fields.text(item.get("description")))
            if one
        )
        or None,
    )


def _blob(item: Mapping[str, Json], payload: Payload) -> Observation | None:
    """A file that holds the words, by the lines around them. A project is known here by its number alone."""
    project = fields.count(item.get("project_id"))
    path = fields.text(item.get("path"), 1000) or fields.text(item.get("filename"), 1000)
    if project is None or not path:
        return None
    text = fields.text(item.get("data"), 50_000) or ""
    url = f"{fields.text(payload.request.state.get('api')) or api.PUBLIC}/projects/{project}"
    return Observation(
        site=site_name(payload),
        native_id=f"projects/{project}/blob/{path}",
        title=path,
        fetched_at=payload.fetched_at,
        url=url,
        text=f"{path}\n\n{text}",
        files=pointed_files(text, path) or (ObservedFile(path=path),),
        repository_id=fields.repository_id(url, project),
        locators=(Locator(LocatorKind.REPOSITORY, url),),
    )


def _commit(item: Mapping[str, Json], payload: Payload) -> Observation | None:
    sha, project = fields.hex_digest(item.get("id"), 20), fields.count(item.get("project_id"))
    if not sha:
        return None
    return Observation(
        site=site_name(payload),
        native_id=f"projects/{project}/commit/{sha}" if project is not None else f"commit/{sha}",
        title=fields.text(item.get("title"), 1000) or "",
        fetched_at=payload.fetched_at,
        url=fields.text(item.get("web_url"), 2000),
        published_at=fields.when(item.get("committed_date")) or fields.when(item.get("created_at")),
        author=fields.text(item.get("author_name"), 100),
        text=fields.text(item.get("message")),
    )


_READERS: Mapping[str, _Reader] = {
    "projects": _project,
    "snippet_titles": _snippet,
    "blobs": _blob,
    "commits": _commit,
    "notes": note,
}
