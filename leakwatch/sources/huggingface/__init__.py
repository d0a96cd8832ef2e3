"""`huggingface`: models, datasets and spaces by last change, with LFS SHA-256 and sizes; discussions; searches by name.

History
2026-11  first version: `/api/models` and `/api/models/{id}?blobs=true`
2026-11  the hub's counts of elements, which the model's answer has and the listing with `full=true` has not
2026-11  models whose listing shows neither weights nor archives are not asked for one by one
2026-11  datasets and spaces; discussions and pull requests of named repositories; questions
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import CredentialRef, Cursor, Json, Page, Payload, PolledKind, Question, Request
from leakwatch.sources.huggingface.discussions import (
    MARK,
    discussions_request,
    parse_discussion,
    parse_discussions,
)
from leakwatch.sources.huggingface.repositories import (
    PUBLIC,
    parse_details,
    parse_list,
    parse_tree,
    prefix_of,
)

RepositoryKind = Literal["models", "datasets", "spaces"]

_GONE = (404, 410)
_ASKED_PAGES = 3
_ALL: tuple[RepositoryKind, ...] = ("models", "datasets", "spaces")


@dataclass(frozen=True, slots=True, kw_only=True)
class HuggingfaceSite:
    """Settings of a model hub: what is listed, authors to follow (empty: everybody's newest), a token's name.

    `discussions` are repositories as owner/name, datasets/owner/name or spaces/owner/name.
    """

    url: str = PUBLIC
    repositories: tuple[RepositoryKind, ...] = ("models",)
    authors: tuple[str, ...] = ()
    discussions: tuple[str, ...] = ()
    limit: int = 100
    token: CredentialRef | None = None

    @property
    def least_interval_s(self) -> float:
        """The pace of the Hub: in five minutes 500 requests of an address, 1,000 of a free account.

        Source: huggingface.co/docs/hub/rate-limits.
        """
        return 0.0 if self.url != PUBLIC else 0.3 if self.token else 0.6


def start(site: HuggingfaceSite, cursor: Cursor) -> Iterator[Request]:
    """Each listing, newest change first: once for everybody, or once an author; then discussions."""
    filters = [{"author": one} for one in site.authors]
    for kind in site.repositories:
        for chosen in filters or [{}]:
            yield _listing(site, kind, chosen, cursor, {})
    for repository in site.discussions:
        mark = f"{repository}{MARK}"
        known = {key: value for key, value in cursor.items() if key.startswith(mark)}
        yield discussions_request(site.url, repository, {"credential": site.token, "known": known})


def ask(site: HuggingfaceSite, cursor: Cursor, question: Question) -> Iterator[Request]:
    """Models, datasets and spaces whose name holds the words. The hub has no search by digest."""
    words = fields.search_words(question.words)
    for kind in _ALL if words else ():
        yield _listing(site, kind, {"search": words}, cursor, {"pages": _ASKED_PAGES})


def _listing(
    site: HuggingfaceSite, kind: str, chosen: Mapping[str, str], cursor: Cursor, more: Mapping[str, Json]
) -> Request:
    query = {"sort": "lastModified", "direction": "-1", "limit": str(site.limit), "full": "true"}
    state = {"step": "list", "api": site.url, "credential": site.token, "known": _known(cursor, kind)}
    if kind != "models":
        state["type"] = kind
    return Request(
        url=f"{site.url}/api/{kind}?{urlencode({**query, **chosen})}",
        credential=site.token,
        state={**state, **more},
    )


def _known(cursor: Cursor, kind: str) -> dict[str, Json]:
    """The revisions that the cursor holds of this kind of repository."""
    prefix = prefix_of({"type": kind})
    others = tuple(one for one in ("datasets/", "spaces/") if one != prefix)
    return {
        key: value
        for key, value in cursor.items()
        if key.startswith(prefix) and not key.startswith(others) and MARK not in key
    }


def parse(payload: Payload) -> Page:
    """A listing gives the repositories to read; a repository gives one observation with all its files.

    Raises: LayoutChanged if the JSON is not of the API's shape.
    """
    state = payload.request.state
    step = state.get("step")
    if payload.status in _GONE and step == "model":
        return Page(cursor={prefix_of(state) + str(state.get("id", "")): None})
    if payload.status in _GONE and step == "discussion":
        return Page(cursor={f"{state.get('repository')}{MARK}{state.get('num')}": None})
    if payload.status in _GONE and step == "discussions":
        told = f"the discussions of {state.get('repository')} cannot be seen: HTTP {payload.status}"
        return Page(incomplete=told)
    body = payload.json()
    step = step or _guess(body)
    if step == "discussions":
        return parse_discussions(payload, body)
    if step == "discussion":
        return parse_discussion(payload, body)
    if step == "tree":
        return parse_tree(payload, body)
    return parse_details(payload, body) if step == "model" else parse_list(payload, body)


def _guess(body: Json) -> str:
    """The step of a saved payload that came without its request."""
    if isinstance(body, dict):
        if "discussions" in body:
            return "discussions"
        return "discussion" if "events" in body and "num" in body else "model"
    first = body[0] if isinstance(body, list) and body and isinstance(body[0], dict) else {}
    return "tree" if "path" in first and "oid" in first else "list"


def holds(request: Request) -> bool:
    """The page of one repository shows it until it is deleted; a listing only the newest ones."""
    return request.state.get("step") == "model"


KIND = PolledKind(
    name="huggingface",
    settings=HuggingfaceSite,
    start=start,
    parse=parse,
    ask=ask,
    empty_is_normal=True,
    is_api=True,
    holds=holds,
)
