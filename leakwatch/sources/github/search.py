"""What GitHub's searches find: issues and pull requests, repositories, commits, and code with its fragments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Cursor, Json, Page, Payload, Question, Request, site_name
from leakwatch.sources._lfs import pointed_files
from leakwatch.sources.github import _api as api
from leakwatch.sources.github.repositories import home, identity, observed_repositories
from leakwatch.sources.github.streams import parse_items

SEARCHES = ("search", "repositories", "commits", "code")
MAX_DIGESTS = 8
"""A poll: each digest is a request of its own, and code search admits about ten a minute."""
_ASKED_PAGES = 3
_MAX_FRAGMENTS = 20


def ask_words(url: str, question: Question, state: Mapping[str, Json]) -> Iterator[Request]:
    """Newest first: issues and pull requests apart, for some tokens may not search both at once; then the others."""
    words = fields.search_words(question.words)
    if not words:
        return
    newest = {"sort": "created", "order": "desc"}
    asked = {"pages": _ASKED_PAGES} | dict(state)
    yield _search(url, "search", {"q": f"{words} is:issue"} | newest, asked)
    yield _search(url, "search", {"q": f"{words} is:pull-request"} | newest, asked)
    yield _search(url, "repositories", {"q": words, "sort": "updated", "order": "desc"}, asked)
    yield _search(url, "commits", {"q": words, "sort": "committer-date", "order": "desc"}, asked)
    if asked.get("credential"):
        yield _search(url, "code", {"q": words}, asked)


def ask_digests(url: str, question: Question, state: Mapping[str, Json], cursor: Cursor) -> Iterator[Request]:
    """Each SHA-256 as code: it stands in the LFS pointer of the file. Code search wants a token."""
    if not state.get("credential"):
        return
    for one, turn in fields.digests_in_turn(question, MAX_DIGESTS, cursor):
        yield _search(url, "code", {"q": one}, {"pages": 1} | dict(state) | turn)


def _search(url: str, step: str, query: Mapping[str, str], state: Mapping[str, Json]) -> Request:
    where = "issues" if step == "search" else step
    told = urlencode({**query, "per_page": str(api.PER_PAGE)})
    accept = api.FRAGMENTS if step == "code" else api.ACCEPT
    kept = {key: value for key, value in state.items() if step == "search" or key != "patched"}
    return api.get(f"{url}/search/{where}?{told}", {**kept, "step": step}, accept=accept)


def parse_search(payload: Payload, step: str) -> Page:
    """What was found, and the next page of a question. A search that GitHub cut short is a gap, and says so.

    Raises: LayoutChanged if the JSON is not of the API's shape.
    """
    body = fields.mapping(payload.json())
    items = fields.list_of(body.get("items"), "search results", payload.url)
    onward, unread = _next_page(payload, body, step)
    cut = "the search was cut short" if body.get("incomplete_results") else ""
    told = cut or unread
    if step == "search":
        page = parse_items(payload, items, "issues", told)
        return Page(
            observations=page.observations,
            next_requests=page.next_requests + onward,
            cursor=page.cursor,
            incomplete=page.incomplete,
        )
    return Page(
        observations=_observed(payload, items, step),
        next_requests=onward,
        cursor=fields.turned(payload.request.state),
        incomplete=told,
    )


def _next_page(payload: Payload, body: Mapping[str, Json], step: str) -> tuple[tuple[Request, ...], str]:
    """The next page of a question, or what stays unread."""
    state, link = payload.request.state, payload.headers.get("link")
    pages = fields.count(state.get("pages"))
    if not pages or not fields.has_next(link):
        return (), ""
    if pages == 1:
        return (), f"of {body.get('total_count')} hits only the first pages were read"
    url = fields.next_link(link, payload.request.url)
    if not url:
        return (), fields.NEXT_IS_ELSEWHERE
    accept = api.FRAGMENTS if step == "code" else api.ACCEPT
    return (api.get(url, {**state, "pages": pages - 1}, accept=accept),), ""


def _observed(payload: Payload, items: list[dict[str, Json]], step: str) -> tuple[Observation, ...]:
    if step == "repositories":
        return observed_repositories(items, payload)
    read = _code if step == "code" else _commit
    observations = tuple(one for one in (read(item, payload) for item in items) if one)
    if items and not observations:
        raise LayoutChanged(f"nothing in {payload.url} is {step} of a repository")
    return observations


def _code(item: Mapping[str, Json], payload: Payload) -> Observation | None:
    """A file that holds the words, by the fragments around them; a pointer of Git LFS tells the file it stands for."""
    repository = fields.mapping(item.get("repository"))
    name, path = fields.text(repository.get("full_name"), 300), fields.text(item.get("path"), 1000)
    if not name or not path:
        return None
    matches = item.get("text_matches")
    told = (
        [one for one in matches[:_MAX_FRAGMENTS] if isinstance(one, dict)]
        if isinstance(matches, list)
        else []
    )
    fragments = [fields.text(one.get("fragment"), 20_000) for one in told if one.get("property") != "path"]
    text = "\n\n".join(one for one in fragments if one)
    blob = fields.hex_digest(item.get("sha"), 20)
    return Observation(
        site=site_name(payload),
        native_id=f"{name}/blob/{path}",
        title=name,
        fetched_at=payload.fetched_at,
        url=fields.text(item.get("html_url"), 2000),
        author=name.partition("/")[0],
        text=f"{path}\n\n{text}" if text else path,
        files=pointed_files(text, path, blob) or (ObservedFile(path=path, git_blob=blob),),
        repository_id=identity(repository),
        locators=home(repository),
    )


def _commit(item: Mapping[str, Json], payload: Payload) -> Observation | None:
    repository, commit = fields.mapping(item.get("repository")), fields.mapping(item.get("commit"))
    name, sha = fields.text(repository.get("full_name"), 300), fields.hex_digest(item.get("sha"), 20)
    if not name or not sha:
        return None
    message = fields.text(commit.get("message")) or ""
    return Observation(
        site=site_name(payload),
        native_id=f"{name}/commit/{sha}",
        title=message.partition("\n")[0][:1000],
        fetched_at=payload.fetched_at,
        url=fields.text(item.get("html_url"), 2000),
        published_at=fields.when(fields.mapping(commit.get("committer")).get("date")),
        author=fields.text(fields.mapping(item.get("author")).get("login"), 100),
        text=message or None,
    )
