"""Repositories as items: the forks of a watched one, and what a search for repositories finds."""

from __future__ import annotations

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Locator, LocatorKind, Observation
from leakwatch.model.origin import Origin, OriginHow, origin_of
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Json, Page, Payload, site_name
from leakwatch.sources.github import _api as api

_MAX_TOPICS = 50


def parse_forks(payload: Payload) -> Page:
    """A page of a repository's forks, newest first. The cursor is the highest id seen.

    Raises: LayoutChanged if the JSON is not of the API's shape.
    """
    state = payload.request.state
    if payload.status in api.GONE:
        return Page(
            incomplete=f"the forks of {state.get('repository')} cannot be seen: HTTP {payload.status}"
        )
    items = fields.list_of(payload.json(), "a list of forks", payload.url)
    ids = [one for one in (api.number(item.get("id")) for item in items) if one is not None]
    onward = api.read_on(payload, ids, "forks")
    return Page(
        observations=observed_repositories(items, payload),
        next_requests=onward.requests,
        cursor=onward.cursor,
        incomplete=onward.incomplete,
    )


def observed_repositories(items: list[dict[str, Json]], payload: Payload) -> tuple[Observation, ...]:
    """One observation a repository. Raises: LayoutChanged if none has a name."""
    observations = tuple(one for one in (observed_repository(item, payload) for item in items) if one)
    if items and not observations:
        raise LayoutChanged(f"nothing in {payload.url} is a repository with a name")
    return observations


def observed_repository(item: dict[str, Json], payload: Payload) -> Observation | None:
    """A repository under the name it has now: owner/name, its description and topics."""
    name = fields.text(item.get("full_name"), 300)
    if not name or "/" not in name:
        return None
    topics = item.get("topics")
    told = [fields.text(item.get("description"), 5000), fields.text(item.get("homepage"), 2000)]
    told += [fields.text(one, 100) for one in topics[:_MAX_TOPICS]] if isinstance(topics, list) else []
    return Observation(
        site=site_name(payload),
        native_id=name,
        title=name,
        fetched_at=payload.fetched_at,
        url=fields.text(item.get("html_url"), 2000),
        published_at=fields.when(item.get("created_at")),
        author=fields.text(fields.mapping(item.get("owner")).get("login"), 100),
        text="\n".join(one for one in told if one) or None,
        repository_id=identity(item),
        locators=home(item),
        origin=_origin(item, payload),
    )


def _origin(item: dict[str, Json], payload: Payload) -> Origin | None:
    """What it is a fork of: as the repository says, else the one whose forks were asked for; of a search none is named.

    Source: docs.github.com, REST, "Get a repository": `fork`, `parent`, `source`; lists have only `fork`.
    """
    if item.get("fork") is not True:
        return None
    state = payload.request.state
    asked = state.get("repository") if state.get("step") == "forks" else None
    named = [fields.mapping(item.get(one)).get("full_name") for one in ("parent", "source")]
    return origin_of(OriginHow.FORK, named if any(named) else [asked])


def home(repository: dict[str, Json]) -> tuple[Locator, ...]:
    """The repository's own address as the place where its content can be had."""
    url = fields.text(repository.get("html_url"), 2000)
    return (Locator(LocatorKind.REPOSITORY, url),) if url else ()


def identity(repository: dict[str, Json]) -> str | None:
    """What stays of it when it is renamed."""
    return fields.repository_id(fields.text(repository.get("html_url"), 2000), repository.get("id"))
