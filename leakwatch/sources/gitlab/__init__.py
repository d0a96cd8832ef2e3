"""`gitlab`: issues, merge requests with their diffs, and notes of named projects; the newest projects; searches.

History
2026-11  first version: REST API v4; cursor per stream by `updated_at`, keyset paging of projects, scopes of the search
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from leakwatch.sources._kind import CredentialRef, Cursor, Json, Page, Payload, PolledKind, Question, Request
from leakwatch.sources.gitlab import _api as api
from leakwatch.sources.gitlab.items import ITEMS, parse_diffs, parse_items, parse_notes
from leakwatch.sources.gitlab.projects import (
    ask_digests,
    ask_words,
    guess_scope,
    newest_projects,
    parse_projects,
    parse_search,
)

Stream = Literal["issues", "merge_requests", "notes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GitlabSite:
    """Settings of GitLab: projects as group/name, what of them is read, all public projects' newest, a token's name.

    `advanced_search` says that the instance, and the token, have the scopes of advanced search: code, commits, notes.
    """

    url: str = api.PUBLIC
    projects: tuple[str, ...] = ()
    streams: tuple[Stream, ...] = ("issues", "merge_requests", "notes")
    newest_projects: bool = False
    advanced_search: bool = False
    token: CredentialRef | None = None

    @property
    def most_per_hour(self) -> int:
        """Requests an hour to GitLab.com: of its limits of ten minutes those of the project list are the lowest.

        Source: docs.gitlab.com, "Rate limits on Projects API": 400 in ten minutes, signed in 2,000.
        """
        return 0 if self.url != api.PUBLIC else 12_000 if self.token else 2_400


def start(site: GitlabSite, cursor: Cursor) -> Iterator[Request]:
    """Issues and merge requests of each project, updated since the last change; the newest projects."""
    told: dict[str, Json] = {"api": site.url, "credential": site.token}
    for project in site.projects:
        for step in ITEMS:
            if step in site.streams:
                yield _changes(site, project, step, cursor, told)
    if site.newest_projects:
        yield newest_projects(site.url, cursor, told)


def _changes(site: GitlabSite, project: str, step: str, cursor: Cursor, told: dict[str, Json]) -> Request:
    since = cursor.get(f"{project}/{step}")
    query = {"scope": "all", "order_by": "updated_at", "sort": "asc" if since else "desc"}
    query["per_page"] = str(api.PER_PAGE)
    if since:
        query["updated_after"] = str(since)
    mark = f"{project}/{step}/"
    state = {
        "step": step,
        "project": project,
        "first": not since,
        "notes": "notes" in site.streams,
        "known": {key: value for key, value in cursor.items() if key.startswith(mark)},
    }
    return api.get(f"{api.project_url(site.url, project)}/{step}?{urlencode(query)}", {**told, **state})


def ask(site: GitlabSite, cursor: Cursor, question: Question) -> Iterator[Request]:
    """Words in every scope, SHA-256 in code where there is advanced search. GitLab searches for tokens only."""
    told: dict[str, Json] = {"api": site.url, "credential": site.token}
    if not site.token:
        return
    yield from ask_words(site.url, question, told, advanced=site.advanced_search)
    if site.advanced_search:
        yield from ask_digests(site.url, question, told, cursor)


def parse(payload: Payload) -> Page:
    """Issues, merge requests, notes, diffs, projects or search results as observations.

    Raises: LayoutChanged if the JSON is not of the API's shape.
    """
    step = str(payload.request.state.get("step") or _guess(payload))
    if step in ITEMS:
        return parse_items(payload, step)
    if step == "notes":
        return parse_notes(payload)
    if step == "diffs":
        return parse_diffs(payload)
    return parse_search(payload) if step == "search" else parse_projects(payload)


def _guess(payload: Payload) -> str:
    """The step of a saved payload that came without its request."""
    body = payload.json()
    if guess_scope(body):
        return "search"
    first = body[0] if isinstance(body, list) and body and isinstance(body[0], dict) else {}
    if "source_branch" in first:
        return "merge_requests"
    if "iid" in first:
        return "issues"
    if "noteable_type" in first:
        return "notes"
    return "diffs" if "diff" in first and "new_path" in first else "projects"


KIND = PolledKind(
    name="gitlab", settings=GitlabSite, start=start, parse=parse, ask=ask, empty_is_normal=True, is_api=True
)
