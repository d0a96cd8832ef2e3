"""`huggingface`: the Hub's model listing by last change, then each changed model's files with LFS SHA-256 and sizes.

History
2026-11  first version: `/api/models` and `/api/models/{id}?blobs=true`
2026-11  the hub's counts of elements, which the model's answer has and the listing with `full=true` has not
2026-11  models whose listing shows neither weights nor archives are not asked for one by one
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from leakwatch.errors import LayoutChanged
from leakwatch.headers.parameters import GGUF
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import CredentialRef, Cursor, Json, Page, Payload, PolledKind, Request, site_name

_GONE = (404, 410)
_MAX_FILES = 20_000
_MAX_KNOWN = 5_000
_WEIGHTS = (
    *(".safetensors", ".bin", ".pth", ".pt", ".gguf", ".ggml", ".ckpt", ".onnx", ".h5", ".hdf5", ".keras"),
    *(".msgpack", ".npz", ".npy", ".pkl", ".pickle", ".joblib", ".distcp", ".nemo", ".tflite", ".pdparams"),
    *(".llamafile", ".dat", ".data", ".tar", ".tgz", ".gz", ".xz", ".bz2", ".zst", ".lz4", ".zip", ".7z"),
    *(".rar", ".torrent"),
)
"""Ends of names that weights, archives and torrents have; a part such as `.zip.001` counts as its whole."""

_DTYPE = re.compile(r"(?!GGUF)[A-Z][A-Z0-9_]{1,15}\Z")
_MAX_DTYPES = 64
_MAX_ELEMENTS = 2**50
_PART = re.compile(r"[._-](?:part)?\d+(?:of\d+)?\Z")
_ID = re.compile(r"[\w.-]{1,96}(?:/[\w.-]{1,96})?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class HuggingfaceSite:
    """Settings of a model hub: authors to follow (empty: everybody's newest), searches, and a token's name.

    A search sends its words to the site; leave `searches` empty for what must not be asked for by name.
    """

    url: str = "https://huggingface.co"
    authors: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    limit: int = 100
    token: CredentialRef | None = None


def start(site: HuggingfaceSite, cursor: Cursor) -> Iterator[Request]:
    """The listing, newest change first: once for everybody, or once an author and once a search."""
    filters = [{"author": one} for one in site.authors] + [{"search": one} for one in site.searches]
    for chosen in filters or [{}]:
        query = {"sort": "lastModified", "direction": "-1", "limit": str(site.limit), "full": "true"} | chosen
        yield Request(
            url=f"{site.url}/api/models?{urlencode(query)}",
            credential=site.token,
            state={"step": "list", "api": site.url, "credential": site.token, "known": dict(cursor)},
        )


def parse(payload: Payload) -> Page:
    """A listing gives the models to read; a model gives one observation with all its files.

    Raises: LayoutChanged if the JSON is not of the API's shape.
    """
    step = payload.request.state.get("step")
    if payload.status in _GONE and step == "model":
        return Page(cursor={str(payload.request.state.get("id", "")): None})
    body = payload.json()
    if step == "model" or (not step and isinstance(body, dict)):
        return _model(payload, body)
    return _list(payload, body)


def _list(payload: Payload, body: Json) -> Page:
    """The models whose revision is not the known one, and the next page where a gap may lie behind this one.

    A model of its known revision was read by an earlier poll, and so was what had changed before it: one of
    them, anywhere on the page, ends the reading onwards. The next page is asked for before the models of this
    one, for these are kept if the poll is cut short.
    """
    state = payload.request.state
    known = fields.mapping(state.get("known"))
    models = {
        str(m.get("id") or m.get("modelId")): m for m in fields.list_of(body, "a list of models", payload.url)
    }
    named = {name: model for name, model in models.items() if _ID.match(name)}
    if models and not named:
        raise LayoutChanged(f"no model in {payload.url} has an id")
    if not state.get("step"):
        return Page(observations=tuple(_observation(name, model, payload) for name, model in named.items()))
    changed = {name: m for name, m in named.items() if name not in known or known[name] != _revision(m)}
    told = {name: model for name, model in changed.items() if _is_told_in_full(model)}
    link = payload.headers.get("link") if known and len(changed) == len(named) else None
    following = fields.next_link(link, payload.request.url)
    onward = [Request(url=following, credential=_credential(state), state=dict(state))] if following else []
    models = [_model_request(name, model, state) for name, model in changed.items() if name not in told]
    return Page(
        observations=tuple(_observation(name, model, payload) for name, model in told.items()),
        next_requests=tuple(onward + models),
        cursor=dict.fromkeys(list(known)[:-_MAX_KNOWN])
        | {name: _revision(model) for name, model in told.items()},
        incomplete=fields.NEXT_IS_ELSEWHERE if fields.has_next(link) and not following else "",
    )


def _is_told_in_full(model: Mapping[str, Json]) -> bool:
    """Whether the listing names the model's files and none is worth a request for its SHA-256 and size."""
    siblings = model.get("siblings")
    if not isinstance(siblings, list) or not siblings or not _revision(model):
        return False
    names = [fields.text(one.get("rfilename")) if isinstance(one, dict) else None for one in siblings]
    return all(name and not _PART.sub("", name.lower()).endswith(_WEIGHTS) for name in names)


def _revision(model: Mapping[str, Json]) -> str:
    return str(model.get("sha") or model.get("lastModified") or "")


def _credential(state: Mapping[str, Json]) -> CredentialRef | None:
    name = fields.text(state.get("credential"))
    return CredentialRef(name) if name else None


def _model_request(name: str, model: Mapping[str, Json], state: Mapping[str, Json]) -> Request:
    api = state.get("api") or "https://huggingface.co"
    return Request(
        url=f"{api}/api/models/{quote(name, safe='/')}?blobs=true",
        credential=_credential(state),
        keep=True,
        state={"step": "model", "id": name, "api": api, "revision": _revision(model)},
    )


def _model(payload: Payload, body: Json) -> Page:
    if not isinstance(body, dict) or not isinstance(body.get("siblings", []), list):
        raise LayoutChanged(f"expected a model from {payload.url}")
    state = payload.request.state
    name = (
        fields.text(body.get("id")) or fields.text(body.get("modelId")) or fields.text(state.get("id")) or ""
    )
    if not _ID.match(name):
        raise LayoutChanged(f"the model at {payload.url} has no id")
    known = {name: state["revision"]} if state.get("revision") else {}
    return Page(observations=(_observation(name, body, payload),), cursor=known)


def _observation(name: str, model: Mapping[str, Json], payload: Payload) -> Observation:
    siblings = model.get("siblings")
    files = (
        [_file(one) for one in siblings[:_MAX_FILES] if isinstance(one, dict)]
        if isinstance(siblings, list)
        else []
    )
    api = fields.text(payload.request.state.get("api")) or "https://huggingface.co"
    sizes = [one.size_bytes for one in files if one and one.size_bytes is not None]
    return Observation(
        site=site_name(payload),
        native_id=name,
        title=name,
        fetched_at=payload.fetched_at,
        url=f"{api}/{name}",
        published_at=fields.when(model.get("createdAt")) or fields.when(model.get("lastModified")),
        author=fields.text(model.get("author"), 100) or (name.partition("/")[0] if "/" in name else None),
        size_bytes=sum(sizes) if sizes else None,
        size_is_exact=False,
        files=tuple(one for one in files if one),
        parameters=_parameters(model),
        locators=(Locator(LocatorKind.REPOSITORY, f"{api}/{name}"),),
    )


def _file(sibling: Mapping[str, Json]) -> ObservedFile | None:
    path = fields.text(sibling.get("rfilename"), 1000)
    if not path:
        return None
    lfs = fields.mapping(sibling.get("lfs"))
    size = fields.count(lfs.get("size"))
    return ObservedFile(
        path=path,
        size_bytes=size if size is not None else fields.count(sibling.get("size")),
        sha256=fields.hex_digest(lfs.get("sha256") or lfs.get("oid"), 32),
        git_blob=fields.hex_digest(sibling.get("blobId"), 20),
    )


def _parameters(model: Mapping[str, Json]) -> tuple[tuple[str, int], ...]:
    """The hub's counts of elements: of safetensors by dtype, of GGUF files (it reads one of them) a total."""
    by_dtype = fields.mapping(fields.mapping(model.get("safetensors")).get("parameters"))
    told = {name: fields.count(number) for name, number in by_dtype.items() if _DTYPE.match(name)}
    told[GGUF] = fields.count(fields.mapping(model.get("gguf")).get("total"))
    counts = sorted((name, number) for name, number in told.items() if number and number <= _MAX_ELEMENTS)
    return tuple(counts) if len(counts) <= _MAX_DTYPES else ()


KIND = PolledKind(
    name="huggingface", settings=HuggingfaceSite, start=start, parse=parse, empty_is_normal=True, is_api=True
)
