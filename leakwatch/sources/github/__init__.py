"""`github`: issues, pull requests with their patches, comments, releases and forks of repositories, and searches.

The magnet of March 2023 stood in a pull request to the owner's own repository: its patch is read too.

History
2026-11  first version: REST API 2022-11-28; cursor per stream by `updated_at`, two minutes of overlap
2026-11  the blob ids of a pull request's files
2026-11  a stream is read on by time instead of page numbers; every page of a patch, once a change
2026-11  releases with their assets, forks; questions: issues, repositories, commits, code; pointers of Git LFS
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import CredentialRef, Cursor, Json, Page, Payload, PolledKind, Question, Request
from leakwatch.sources.github import _api as api
from leakwatch.sources.github import releases
from leakwatch.sources.github.patches import parse_files
from leakwatch.sources.github.releases import parse_release, parse_releases
from leakwatch.sources.github.repositories import observed_repositories, parse_forks
from leakwatch.sources.github.search import SEARCHES, ask_digests, ask_words, parse_search
from leakwatch.sources.github.streams import parse_items

Stream = Literal["issues", "comments", "review_comments", "releases", "forks"]

_CHANGES = {"issues": "issues", "comments": "issues/comments", "review_comments": "pulls/comments"}

_ITEM = re.compile(r"([^/\s]+/[^/\s]+)/(issues|pull|comments|review-comments|releases)/(\d{1,18})\Z")
_AGAIN = {
    "issues": ("issue", "issues"),
    "pull": ("issue", "issues"),
    "comments": ("one_comment", "issues/comments"),
    "review-comments": ("one_review_comment", "pulls/comments"),
    "releases": ("release", "releases"),
}
"""What the API calls one item, by its place in our ids; a pull request is shown as the issue that the stream shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GithubSite:
    """Settings of GitHub or GitHub Enterprise: repositories as owner/name, what of them is read, a token's name."""

    url: str = api.PUBLIC
    repositories: tuple[str, ...] = ()
    streams: tuple[Stream, ...] = ("issues", "comments", "review_comments", "releases", "forks")
    token: CredentialRef | None = None

    @property
    def most_per_hour(self) -> int:
        """Requests an hour that GitHub allows to one address, or to one token; Enterprise has no limit of its own.

        Source: docs.github.com, "Rate limits for the REST API", primary rate limits.
        """
        return 0 if self.url != api.PUBLIC else 5000 if self.token else 60


def start(site: GithubSite, cursor: Cursor) -> Iterator[Request]:
    """One request a stream of each repository.

    Without a cursor the newest page is read, as a beginning. With one, issues and comments are read from the last
    change on, oldest first, so that every page moves the cursor forward safely; releases and forks back to the last id.
    """
    told = _told(site, cursor)
    for repository in site.repositories:
        for stream in site.streams:
            if stream in _CHANGES:
                yield _changes(site, repository, stream, cursor, told)
            else:
                yield _newest(site, repository, stream, cursor)


def ask(site: GithubSite, cursor: Cursor, question: Question) -> Iterator[Request]:
    """Words in issues, pull requests, repositories, commits and code; SHA-256 in code, where LFS pointers hold them."""
    told = _told(site, cursor)
    yield from ask_words(site.url, question, told)
    yield from ask_digests(site.url, question, told, cursor)


def again(site: GithubSite, seen: Observation, asked: Request) -> Request | None:  # noqa: ARG001 - all show the same
    """One issue, pull request, comment or release."""
    found = _ITEM.match(seen.native_id)
    if not found:
        return None
    step, path = _AGAIN[found[2]]
    told = {"api": site.url, "credential": site.token, "step": step, "repository": found[1]}
    return api.get(f"{site.url}/repos/{api.repository_path(found[1])}/{path}/{found[3]}", told)


def _told(site: GithubSite, cursor: Cursor) -> dict[str, Json]:
    patched = {key: value for key, value in cursor.items() if key.endswith("/patch")}
    return {"api": site.url, "credential": site.token, "patched": patched}


def _changes(site: GithubSite, repository: str, step: str, cursor: Cursor, told: dict[str, Json]) -> Request:
    since = cursor.get(f"{repository}/{step}")
    query = {"sort": "updated", "direction": "asc" if since else "desc", "per_page": str(api.PER_PAGE)}
    if step == "issues":
        query = {"state": "all"} | query
    if since:
        query["since"] = str(since)
    state = {"step": step, "repository": repository, "first": not since}
    known = told if step == "issues" else {**told, "patched": {}}
    path = f"{api.repository_path(repository)}/{_CHANGES[step]}"
    return api.get(f"{site.url}/repos/{path}?{urlencode(query)}", {**known, **state})


def _newest(site: GithubSite, repository: str, step: str, cursor: Cursor) -> Request:
    query = f"per_page={releases.PER_PAGE}" if step == "releases" else f"sort=newest&per_page={api.PER_PAGE}"
    state = {
        "step": step,
        "repository": repository,
        "api": site.url,
        "credential": site.token,
        "known": cursor.get(f"{repository}/{step}"),
    }
    return api.get(f"{site.url}/repos/{api.repository_path(repository)}/{step}?{query}", state)


def parse(payload: Payload) -> Page:
    """Issues, comments, patches, releases, forks or search results as observations.

    Raises: LayoutChanged if the JSON is not of the API's shape.
    """
    step = str(payload.request.state.get("step") or _guess(payload))
    if step == "files":
        return parse_files(payload)
    if step == "releases":
        return parse_releases(payload)
    if step == "forks":
        return parse_forks(payload)
    if step in SEARCHES:
        return parse_search(payload, step)
    if step == "repository":
        one = fields.list_of([payload.json()], "a repository", payload.url)
        return Page(observations=observed_repositories(one, payload))
    if step == "issue":
        return parse_items(payload, fields.list_of([payload.json()], "an issue", payload.url), "issues", "")
    if step in ("one_comment", "one_review_comment"):
        one = fields.list_of([payload.json()], "a comment", payload.url)
        return parse_items(payload, one, f"{step.removeprefix('one_')}s", "")
    if step == "release":
        return parse_release(payload)
    items = fields.list_of(payload.json(), f"a list of {step}", payload.url)
    return parse_items(payload, items, step, "")


def _guess(payload: Payload) -> str:
    """The step of a saved payload that came without its request."""
    body = payload.json()
    if isinstance(body, dict) and "items" in body:
        return _guess_search(body["items"])
    if isinstance(body, dict):
        if "full_name" in body:
            return "repository"
        return "issue" if "number" in body and "title" in body else "issues"
    first = body[0] if isinstance(body, list) and body and isinstance(body[0], dict) else {}
    if "patch" in first or "filename" in first:
        return "files"
    if "tag_name" in first:
        return "releases"
    if "full_name" in first:
        return "forks"
    if "diff_hunk" in first or "pull_request_url" in first:
        return "review_comments"
    return "comments" if "issue_url" in first and "title" not in first else "issues"


def _guess_search(items: Json) -> str:
    first = items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else {}
    if "full_name" in first:
        return "repositories"
    if "repository" in first:
        return "commits" if "commit" in first else "code"
    return "search"


KIND = PolledKind(
    name="github",
    settings=GithubSite,
    start=start,
    parse=parse,
    ask=ask,
    again=again,
    empty_is_normal=True,
    is_api=True,
)
