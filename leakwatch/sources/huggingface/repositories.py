"""Models, datasets and spaces: the listing by last change, and each one's files with LFS SHA-256 and sizes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from leakwatch.errors import LayoutChanged
from leakwatch.headers.parameters import GGUF
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.model.origin import Origin, OriginHow, origin_of
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Json, Page, Payload, Request, site_name

PUBLIC = "https://huggingface.co"
_MAX_FILES = 20_000
_MAX_KNOWN = 5_000
_WEIGHTS = (
    *(".safetensors", ".bin", ".pth", ".pt", ".gguf", ".ggml", ".ckpt", ".onnx", ".h5", ".hdf5", ".keras"),
    *(".msgpack", ".npz", ".npy", ".pkl", ".pickle", ".joblib", ".distcp", ".nemo", ".tflite", ".pdparams"),
    *(".llamafile", ".dat", ".data", ".tar", ".tgz", ".gz", ".xz", ".bz2", ".zst", ".lz4", ".zip", ".7z"),
    *(".rar", ".torrent"),
)
"""Ends of names that weights, archives and torrents have; a part such as `.zip.001` counts as its whole."""

_DESCRIPTIONS = ("README.md", ".gitattributes", ".gitignore", "LICENSE")
_DTYPE = re.compile(r"(?!GGUF)[A-Z][A-Z0-9_]{1,15}\Z")
_MAX_DTYPES = 64
_MAX_ELEMENTS = 2**50
_PART = re.compile(r"[._-](?:part)?\d+(?:of\d+)?\Z")
_ID = re.compile(r"[\w.-]{1,96}(?:/[\w.-]{1,96})?\Z")


def parse_list(payload: Payload, body: Json) -> Page:
    """The repositories whose revision is not the known one, and the next page where a gap may lie behind this one.

    One of its known revision was read by an earlier poll, and so was what had changed before it: one of
    them, anywhere on the page, ends the reading onwards. The next page is asked for before the repositories of this
    one, for these are kept if the poll is cut short. Of a question as many pages are read as its `pages` says.
    """
    state = payload.request.state
    known = fields.mapping(state.get("known"))
    repos = fields.list_of(body, "a list of models, datasets or spaces", payload.url)
    fields.need(repos, ("id", "modelId"), payload.url)
    named = {name: repo for repo in repos if _ID.match(name := _name(repo))}
    if repos and not named:
        raise LayoutChanged(f"nothing in {payload.url} has an id")
    nameless = fields.unread(sum(not _ID.match(_name(repo)) for repo in repos), len(repos))
    if not state.get("step"):
        return Page(observations=tuple(_observation(name, repo, payload) for name, repo in named.items()))
    prefix = prefix_of(state)
    changed = {
        name: one
        for name, one in named.items()
        if prefix + name not in known or known[prefix + name] != _revision(one)
    }
    told = {name: one for name, one in changed.items() if _is_told_in_full(one, state)}
    onward, unread = _onward(payload, is_new=len(changed) == len(named), is_known=bool(known))
    details = [_details(name, one, state) for name, one in changed.items() if name not in told]
    return Page(
        observations=tuple(_observation(name, one, payload) for name, one in told.items()),
        next_requests=(*onward, *details),
        cursor=dict.fromkeys(list(known)[:-_MAX_KNOWN])
        | {prefix + name: _revision(one) for name, one in told.items()},
        incomplete=nameless or unread,
    )


def _name(repo: Mapping[str, Json]) -> str:
    """owner/name; nothing where neither field is a text."""
    return fields.text(repo.get("id")) or fields.text(repo.get("modelId")) or ""


def _onward(payload: Payload, *, is_new: bool, is_known: bool) -> tuple[tuple[Request, ...], str]:
    """The next page of a listing of which all is new, or why it is not read."""
    state, link = payload.request.state, payload.headers.get("link")
    pages = fields.count(state.get("pages"))
    if not is_new or not (is_known or pages) or not fields.has_next(link):
        return (), ""
    if pages == 1:
        return (), "more was found than the pages that were read"
    url = fields.next_link(link, payload.request.url)
    if not url:
        return (), fields.NEXT_IS_ELSEWHERE
    told = {**state, "pages": pages - 1} if pages else dict(state)
    return (Request(url=url, credential=fields.credential(state), state=told),), ""


def prefix_of(state: Mapping[str, Json]) -> str:
    """What stands before owner/name in addresses, ids and the cursor: nothing for a model."""
    kind = state.get("type")
    return f"{kind}/" if kind in ("datasets", "spaces") else ""


def _is_told_in_full(repo: Mapping[str, Json], state: Mapping[str, Json]) -> bool:
    """Whether the listing names the files and none is worth a request for its SHA-256 and size.

    Of a dataset every file is, but for what describes it.
    """
    siblings = repo.get("siblings")
    if not isinstance(siblings, list) or not siblings or not _revision(repo):
        return False
    names = [fields.text(one.get("rfilename")) if isinstance(one, dict) else None for one in siblings]
    if state.get("type") == "datasets":
        return all(name in _DESCRIPTIONS for name in names)
    return all(name and not _PART.sub("", name.lower()).endswith(_WEIGHTS) for name in names)


def _revision(repo: Mapping[str, Json]) -> str:
    return fields.text(repo.get("sha"), 100) or fields.text(repo.get("lastModified"), 100) or ""


def _details(name: str, repo: Mapping[str, Json], state: Mapping[str, Json]) -> Request:
    api, kind = state.get("api") or PUBLIC, state.get("type") or "models"
    told = {"step": "model", "id": name, "api": api, "revision": _revision(repo)}
    return Request(
        url=f"{api}/api/{kind}/{quote(name, safe='/')}?blobs=true",
        credential=fields.credential(state),
        keep=True,
        state=told if kind == "models" else {**told, "type": kind},
    )


def parse_details(payload: Payload, body: Json) -> Page:
    """One repository with all its files. Raises: LayoutChanged if it has no id."""
    if not isinstance(body, dict) or not isinstance(body.get("siblings", []), list):
        raise LayoutChanged(f"expected a model, dataset or space from {payload.url}")
    state = payload.request.state
    name = _name(body) or fields.text(state.get("id")) or ""
    if not _ID.match(name):
        raise LayoutChanged(f"what {payload.url} shows has no id")
    known = {prefix_of(state) + name: state["revision"]} if state.get("revision") else {}
    return Page(observations=(_observation(name, body, payload),), cursor=known)


def _observation(name: str, repo: Mapping[str, Json], payload: Payload) -> Observation:
    siblings, state = repo.get("siblings"), payload.request.state
    told = siblings[:_MAX_FILES] if isinstance(siblings, list) else []
    files = tuple(one for one in (_file(each) for each in told if isinstance(each, dict)) if one)
    url = f"{fields.text(state.get('api')) or PUBLIC}/{prefix_of(state)}{name}"
    sizes = [one.size_bytes for one in files if one.size_bytes is not None]
    return Observation(
        site=site_name(payload),
        native_id=prefix_of(state) + name,
        title=name,
        fetched_at=payload.fetched_at,
        url=url,
        published_at=fields.when(repo.get("createdAt")) or fields.when(repo.get("lastModified")),
        author=fields.text(repo.get("author"), 100) or (name.partition("/")[0] if "/" in name else None),
        text=fields.text(repo.get("description"), 20_000),
        size_bytes=sum(sizes) if sizes else None,
        size_is_exact=False,
        files=files,
        parameters=_parameters(repo),
        repository_id=fields.repository_id(url, repo.get("_id")),
        locators=(Locator(LocatorKind.REPOSITORY, url),),
        origin=_origin(repo),
    )


def _origin(repo: Mapping[str, Json]) -> Origin | None:
    """What its card says that it was duplicated from, else which models it was made of."""
    card = fields.mapping(repo.get("cardData"))
    for name, how in (("duplicated_from", OriginHow.DUPLICATE), ("base_model", OriginHow.BASE_MODEL)):
        told = card.get(name)
        found = origin_of(how, told if isinstance(told, list) else [told])
        if found.names:
            return found
    return None


def parse_tree(payload: Payload, body: Json) -> Page:
    """A saved listing of a repository's folder (`/api/models/{id}/tree/main`): the same files in other words."""
    items = fields.list_of(body, "a list of files", payload.url)
    named = urlsplit(payload.url).path.partition("/api/models/")[2].partition("/tree/")[0]
    name = named if _ID.match(named) else "tree"
    siblings = [
        {
            "rfilename": one.get("path"),
            "blobId": one.get("oid"),
            "size": one.get("size"),
            "lfs": one.get("lfs"),
        }
        for one in items
        if one.get("type") == "file"
    ]
    if items and not any(fields.text(one["rfilename"]) for one in siblings):
        raise LayoutChanged(f"nothing in {payload.url} is a file with a path")
    return Page(observations=(_observation(name, {"siblings": siblings}, payload),))


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
