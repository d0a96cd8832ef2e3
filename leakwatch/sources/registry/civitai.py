"""Civitai's public API: model versions with the SHA-256 of each file, by newest, by name and by hash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Cursor, Json, Page, Payload, Question, Request, site_name

_NEWEST = "civitai/newest"
_MAX_ASKED = 20
_MAX_FILES = 1_000
_MAX_VERSIONS = 200
_MAX_LIMIT = 100
_ASKED_PAGES = 3


def newest(api: str, limit: int, cursor: Cursor, told: Mapping[str, Json]) -> Request:
    """The listing, newest model first."""
    state = {**told, "step": "models", "known": cursor.get(_NEWEST)}
    return _listing(api, {"sort": "Newest", "limit": str(min(limit, _MAX_LIMIT))}, state)


def ask(
    api: str, limit: int, question: Question, told: Mapping[str, Json], cursor: Cursor
) -> Iterator[Request]:
    """Models by the words of a name, and SHA-256 in turn as files, twenty a poll."""
    words = fields.search_words(question.words)
    if words:
        query = {"query": words, "limit": str(min(limit, _MAX_LIMIT))}
        yield _listing(api, query, {**told, "step": "models", "pages": _ASKED_PAGES})
    for one, turn in fields.digests_in_turn(question, _MAX_ASKED, cursor):
        state = {**told, "step": "version", **turn}
        url = f"{api}/api/v1/model-versions/by-hash/{one.upper()}"
        yield Request(url=url, credential=fields.credential(state), state=state)


def _listing(api: str, query: Mapping[str, str], state: Mapping[str, Json]) -> Request:
    told = urlencode({**query, "nsfw": "true"})
    return Request(url=f"{api}/api/v1/models?{told}", credential=fields.credential(state), state=state)


def parse(payload: Payload, step: str) -> Page:
    """Models or one model version. A hash that answers 404 is honestly not there. Raises: LayoutChanged."""
    if step == "models":
        return _models(payload)
    if payload.status in (404, 410):
        return Page(cursor=fields.turned(payload.request.state))
    body = fields.mapping(payload.json())
    seen = _version(body, fields.mapping(body.get("model")), payload)
    if not seen:
        raise LayoutChanged(f"expected a model version from {payload.url}")
    return Page(observations=(seen,), cursor=fields.turned(payload.request.state))


def _models(payload: Payload) -> Page:
    """Every version of every model, and the next page while all models are new, or while a question has pages left."""
    state, body = payload.request.state, fields.mapping(payload.json())
    items = fields.list_of(body.get("items"), "a list of models", payload.url)
    versions = [(model, one) for model in items for one in _versions(model)]
    seen = [_version({"modelId": model.get("id"), **one}, model, payload) for model, one in versions]
    ids = [one for one in (fields.count(model.get("id")) for model in items) if one is not None]
    if items and not (ids and any("modelVersions" in model for model in items)):
        raise LayoutChanged(f"nothing in {payload.url} is a model with an id and versions")
    onward, unread = _onward(payload, fields.mapping(body.get("metadata")).get("nextPage"), ids)
    known = fields.count(state.get("known")) or 0
    return Page(
        observations=tuple(one for one in seen if one),
        next_requests=onward,
        cursor={_NEWEST: max([*ids, known, fields.count(state.get("newest")) or 0])}
        if ids and not state.get("pages")
        else {},
        incomplete=unread,
    )


def _versions(model: Mapping[str, Json]) -> list[dict[str, Json]]:
    told = model.get("modelVersions")
    return [one for one in told[:_MAX_VERSIONS] if isinstance(one, dict)] if isinstance(told, list) else []


def _onward(payload: Payload, following: Json, ids: list[int]) -> tuple[tuple[Request, ...], str]:
    state = payload.request.state
    pages, known = fields.count(state.get("pages")), fields.count(state.get("known"))
    if not following or not ids or (not pages and (known is None or min(ids) <= known)):
        return (), ""
    if pages == 1:
        return (), "more was found than the pages that were read"
    url = fields.onward(following, payload.request.url)
    if not url:
        return (), fields.NEXT_IS_ELSEWHERE
    told = {"pages": pages - 1} if pages else {"newest": max([*ids, fields.count(state.get("newest")) or 0])}
    request = Request(url=url, credential=fields.credential(state), keep=not pages, state={**state, **told})
    return (request,), ""


def _version(told: Mapping[str, Json], model: Mapping[str, Json], payload: Payload) -> Observation | None:
    ident, model_id = fields.count(told.get("id")), fields.count(told.get("modelId"))
    if ident is None:
        return None
    files = told.get("files")
    read = (
        [_file(one) for one in files[:_MAX_FILES] if isinstance(one, dict)] if isinstance(files, list) else []
    )
    found = tuple(one for one in read if one)
    api = fields.text(payload.request.state.get("api")) or "https://civitai.com"
    url = f"{api}/models/{model_id}?modelVersionId={ident}" if model_id is not None else None
    names = (fields.text(model.get("name"), 500), fields.text(told.get("name"), 500))
    sizes = [one.size_bytes for one in found if one.size_bytes is not None]
    return Observation(
        site=site_name(payload),
        native_id=f"model-versions/{ident}",
        title=" ".join(one for one in names if one),
        fetched_at=payload.fetched_at,
        url=url,
        published_at=fields.when(told.get("publishedAt")) or fields.when(told.get("createdAt")),
        author=fields.text(fields.mapping(model.get("creator")).get("username"), 100),
        text=fields.text(told.get("description"), 50_000),
        size_bytes=sum(sizes) if sizes else None,
        size_is_exact=False,
        files=found,
        locators=(Locator(LocatorKind.REPOSITORY, f"{api}/models/{model_id}"),)
        if model_id is not None
        else (),
    )


def _file(told: Mapping[str, Json]) -> ObservedFile | None:
    """A file with its SHA-256. Its size is told in KiB with a fraction that keeps the bytes."""
    name = fields.text(told.get("name"), 500)
    if not name:
        return None
    return ObservedFile(
        path=name,
        size_bytes=_bytes(told.get("sizeKB")),
        sha256=fields.hex_digest(fields.mapping(told.get("hashes")).get("SHA256"), 32),
    )


def _bytes(kib: Json) -> int | None:
    is_size = isinstance(kib, int | float) and not isinstance(kib, bool) and 0 <= kib < 2**53
    return round(kib * 1024) if is_size else None
