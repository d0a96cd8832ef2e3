"""The releases of a repository, each with its assets as files: name, size and, since 2025, SHA-256."""

from __future__ import annotations

import re
from collections.abc import Mapping

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Json, Page, Payload, site_name
from leakwatch.sources.github import _api as api

PER_PAGE = 30
_MAX_ASSETS = 1000
_NUMBERED = re.compile(r"/repositories/([0-9]{1,18})/")


def parse_releases(payload: Payload) -> Page:
    """A page of releases. Drafts are not public and are left out; the cursor is the highest id seen.

    Raises: LayoutChanged if the JSON is not of the API's shape.
    """
    state = payload.request.state
    if payload.status in api.GONE:
        told = f"the releases of {state.get('repository')} cannot be seen: HTTP {payload.status}"
        return Page(incomplete=told)
    items = fields.list_of(payload.json(), "a list of releases", payload.url)
    ids = [one for one in (api.number(item.get("id")) for item in items) if one is not None]
    if items and not ids:
        raise LayoutChanged(f"no release in {payload.url} has an id")
    public = [item for item in items if not item.get("draft") and api.number(item.get("id")) is not None]
    onward = api.read_on(payload, ids, "releases")
    return Page(
        observations=tuple(_release(item, payload) for item in public),
        next_requests=onward.requests,
        cursor=onward.cursor,
        incomplete=onward.incomplete,
    )


def parse_release(payload: Payload) -> Page:
    """One release; a draft, or one that is no more, is none. Raises: LayoutChanged if the JSON is not of the API's shape."""
    if payload.status in api.GONE:
        return Page()
    (item,) = fields.list_of([payload.json()], "a release", payload.url)
    if api.number(item.get("id")) is None:
        raise LayoutChanged(f"the release in {payload.url} has no id")
    return Page(observations=() if item.get("draft") else (_release(item, payload),))


def _release(item: Mapping[str, Json], payload: Payload) -> Observation:
    url = fields.text(item.get("html_url"), 2000)
    repository = fields.text(payload.request.state.get("repository")) or _repository(url)
    assets = item.get("assets")
    told = [one for one in assets[:_MAX_ASSETS] if isinstance(one, dict)] if isinstance(assets, list) else []
    files = tuple(one for one in map(_asset, told) if one)
    sizes = [one.size_bytes for one in files if one.size_bytes is not None]
    torrents = [fields.text(one.get("browser_download_url"), 2000) for one in told if _is_torrent(one)]
    home = (url or "").partition("/releases/")[0]
    return Observation(
        site=site_name(payload),
        native_id=f"{repository}/releases/{item['id']}",
        title=fields.text(item.get("name"), 1000) or fields.text(item.get("tag_name"), 1000) or "",
        fetched_at=payload.fetched_at,
        url=url,
        published_at=fields.when(item.get("published_at")) or fields.when(item.get("created_at")),
        author=fields.text(fields.mapping(item.get("author")).get("login"), 100),
        text=fields.text(item.get("body")),
        size_bytes=sum(sizes) if sizes else None,
        size_is_exact=False,
        torrent_url=next((one for one in torrents if one), None),
        files=files,
        repository_id=_identity(home, payload) if files else None,
        locators=(Locator(LocatorKind.REPOSITORY, home),) if files and home else (),
    )


def _identity(home: str, payload: Payload) -> str | None:
    """The repository's number. GitHub leads to `/repositories/NUMBER` from a name that it had, and in links of pages."""
    found = _NUMBERED.search(f"{payload.url} {payload.headers.get('link') or ''}")
    return fields.repository_id(home, int(found[1])) if found else None


def _repository(url: str | None) -> str:
    """owner/name from the address of a release's page."""
    parts = (url or "").partition("/releases/")[0].rstrip("/").split("/")
    return "/".join(parts[-2:]) if len(parts) >= 5 else ""


def _asset(asset: Mapping[str, Json]) -> ObservedFile | None:
    name = fields.text(asset.get("name"), 500)
    if not name:
        return None
    algorithm, _, digest = (fields.text(asset.get("digest"), 200) or "").partition(":")
    return ObservedFile(
        path=name,
        size_bytes=fields.count(asset.get("size")),
        sha256=fields.hex_digest(digest, 32) if algorithm.lower() == "sha256" else None,
    )


def _is_torrent(asset: Mapping[str, Json]) -> bool:
    return str(asset.get("name", "")).lower().endswith(".torrent")
