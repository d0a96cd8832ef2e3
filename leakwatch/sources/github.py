"""`github`: issues, pull requests with their patches, comments of named repositories, and issue search.

The magnet of March 2023 stood in a pull request to the owner's own repository: its patch is read too.

History
2026-11  first version: REST API 2022-11-28; cursor per stream by `updated_at`, two minutes of overlap
2026-11  the blob ids of a pull request's files
2026-11  a stream is read on by time instead of page numbers; every page of a patch, once a change
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import CredentialRef, Cursor, Json, Page, Payload, PolledKind, Request, site_name

_HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
_STREAMS = {"issues": "issues", "comments": "issues/comments", "review_comments": "pulls/comments"}
_OVERLAP = timedelta(minutes=2)
_PER_PAGE = 100
_MAX_FILE_PAGES = 30
_MAX_PATCHES = 2_000
_PATCH = "/patch"
_GONE = (404, 410)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before GitHub: some servers send the year 1 where there is no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GithubSite:
    """Settings of GitHub or GitHub Enterprise: repositories as owner/name, searches, and a token's name.

    A search sends its words to the site; leave `queries` empty for what must not be asked for by name.
    """

    url: str = "https://api.github.com"
    repositories: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    token: CredentialRef | None = None


def start(site: GithubSite, cursor: Cursor) -> Iterator[Request]:
    """Three streams a repository (issues with pull requests, comments, review comments), and the searches.

    Without a cursor the newest page is read, as a beginning; with one, everything updated since, oldest first,
    so that every page moves the cursor forward safely.
    """
    patched = {key: value for key, value in cursor.items() if key.endswith(_PATCH)}
    for repository in site.repositories:
        for step, path in _STREAMS.items():
            since = cursor.get(f"{repository}/{step}")
            query = {"sort": "updated", "direction": "asc" if since else "desc", "per_page": str(_PER_PAGE)}
            if step == "issues":
                query = {"state": "all"} | query
            if since:
                query["since"] = str(since)
            yield Request(
                url=f"{site.url}/repos/{_path(repository)}/{path}?{urlencode(query)}",
                headers=_HEADERS,
                credential=site.token,
                state={
                    "step": step,
                    "repository": repository,
                    "api": site.url,
                    "credential": site.token,
                    "first": not since,
                    "patched": patched if step == "issues" else {},
                },
            )
    for words in site.queries:
        query = {"q": words, "sort": "created", "order": "desc", "per_page": str(_PER_PAGE)}
        yield Request(
            url=f"{site.url}/search/issues?{urlencode(query)}",
            headers=_HEADERS,
            credential=site.token,
            state={"step": "search", "api": site.url, "credential": site.token, "patched": patched},
        )


def _path(repository: str) -> str:
    return quote(repository, safe="/", errors="replace")


def parse(payload: Payload) -> Page:
    """Issues, comments, patches or search results as observations.

    Raises: LayoutChanged if the JSON is not of the API's shape.
    """
    step = payload.request.state.get("step") or _guess(payload)
    if step == "files":
        return _files(payload)
    if step == "search":
        body = fields.mapping(payload.json())
        items = fields.list_of(body.get("items"), "search results", payload.url)
        return _page(
            payload, items, "issues", "the search was cut short" if body.get("incomplete_results") else ""
        )
    items = fields.list_of(payload.json(), f"a list of {step}", payload.url)
    return _page(payload, items, str(step), "")


def _guess(payload: Payload) -> str:
    """The step of a saved payload that came without its request."""
    body = payload.json()
    if isinstance(body, dict) and "items" in body:
        return "search"
    first = body[0] if isinstance(body, list) and body and isinstance(body[0], dict) else {}
    if "patch" in first or "filename" in first:
        return "files"
    if "diff_hunk" in first or "pull_request_url" in first:
        return "review_comments"
    return "comments" if "issue_url" in first and "title" not in first else "issues"


def _page(payload: Payload, items: list[dict[str, Json]], step: str, incomplete: str) -> Page:
    state = payload.request.state
    made = [(item, _item(item, payload, step)) for item in items]
    observations = tuple(one for _, one in made if one)
    if items and not observations:
        raise LayoutChanged(f"nothing in {payload.url} has a number and an address")
    pulls = [(item, one) for item, one in made if one and step == "issues" and _is_pull(item)]
    patches, told = _changed_patches(pulls, state)
    onward, unread = _onward(payload, items, told)
    return Page(
        observations=observations,
        next_requests=tuple(patches + onward),
        cursor=_moved(payload, items, step) | told,
        incomplete=incomplete or unread,
    )


def _changed_patches(
    pulls: list[tuple[dict[str, Json], Observation]], state: Mapping[str, Json]
) -> tuple[list[Request], dict[str, Json]]:
    """Requests for the patches of pull requests that are new or have changed, and what the cursor knows of them.

    A pushed commit changes the `updated_at` of its pull request and nothing else of it. The overlap shows the same
    state many times, so a patch is asked for only at a time not known yet; the latest are known, others forgotten.
    """
    patched = fields.mapping(state.get("patched"))
    requests: list[Request] = []
    told: dict[str, Json] = {}
    for item, pull in pulls:
        key, updated = f"{pull.native_id}{_PATCH}", fields.text(item.get("updated_at"), 100) or ""
        if patched.get(key) != updated:
            requests.append(_files_request(pull, state))
            told[key] = updated
    known = patched | told
    return requests, told | dict.fromkeys(sorted(known, key=lambda key: str(known[key]))[:-_MAX_PATCHES])


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
    return [Request(url=url, headers=_HEADERS, credential=_credential(state), state=state)], ""


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


def _credential(state: Mapping[str, Json]) -> CredentialRef | None:
    name = fields.text(state.get("credential"))
    return CredentialRef(name) if name else None


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


def _files_request(pull: Observation, state: Mapping[str, Json]) -> Request:
    """The request for the files of a pull request, which must not be lost: the cursor moves past it."""
    repository, _, number = pull.native_id.rpartition("/pull/")
    api = state.get("api") or "https://api.github.com"
    return Request(
        url=f"{api}/repos/{_path(repository)}/pulls/{number}/files?per_page={_PER_PAGE}",
        headers=_HEADERS,
        credential=_credential(state),
        keep=True,
        state={
            "step": "files",
            "repository": repository,
            "number": int(number),
            "title": pull.title,
            "author": pull.author,
            "url": pull.url,
            "published_at": pull.published_at.isoformat() if pull.published_at else None,
            "api": api,
            "credential": state.get("credential"),
        },
    )


def _files(payload: Payload) -> Page:
    """The lines that a page of a pull request's files adds, and the files' blob ids, as one observation; the page after it.

    Nothing added, or a pull request that is gone, is an honest empty page.
    """
    if payload.status in _GONE:
        return Page()
    state, number = payload.request.state, fields.count(payload.request.state.get("page")) or 1
    items = fields.list_of(payload.json(), "a list of files", payload.url)
    patches = [fields.text(item.get("patch")) or "" for item in items]
    added = [line[1:] for patch in patches for line in patch.splitlines() if line.startswith("+")]
    files = tuple(one for one in map(_file, items) if one)
    onward, unread = _more_files(payload, number)
    if not added and not files:
        return Page(next_requests=onward, incomplete=unread)
    name = f"{state.get('repository', '')}/pull/{state.get('number', 0)}/files"
    seen = Observation(
        site=site_name(payload),
        native_id=name if number == 1 else f"{name}/{number}",
        title=fields.text(state.get("title")) or "",
        fetched_at=payload.fetched_at,
        url=fields.text(state.get("url")),
        published_at=fields.when(state.get("published_at")),
        author=fields.text(state.get("author")),
        text="\n".join(added)[: fields.MAX_TEXT],
        files=files,
    )
    return Page(observations=(seen,), next_requests=onward, incomplete=unread)


def _file(item: Mapping[str, Json]) -> ObservedFile | None:
    """A file that a pull request adds or changes, by git's own digest of it: of binary files nothing else is told."""
    path, blob = fields.text(item.get("filename"), 500), fields.hex_digest(item.get("sha"), 20)
    if not path or not blob or item.get("status") == "removed":
        return None
    return ObservedFile(path=path, git_blob=blob)


def _more_files(payload: Payload, number: int) -> tuple[tuple[Request, ...], str]:
    """The next page of a pull request's files, or why it stays unread; GitHub shows at most 30 pages."""
    link, state = payload.headers.get("link"), payload.request.state
    if not fields.has_next(link) or number >= _MAX_FILE_PAGES:
        return (), ""
    url = fields.next_link(link, payload.request.url)
    if not url:
        return (), fields.NEXT_IS_ELSEWHERE
    told = {**state, "page": number + 1}
    request = Request(url=url, headers=_HEADERS, credential=_credential(state), keep=True, state=told)
    return (request,), ""


KIND = PolledKind(
    name="github", settings=GithubSite, start=start, parse=parse, empty_is_normal=True, is_api=True
)
