"""OCI Distribution 1.1: tags, manifests and indexes. Layers are named by their SHA-256 and never fetched."""

from __future__ import annotations

import hashlib
import re
import types
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Cursor, Json, Page, Payload, Question, Request, site_name

STEPS = ("tags", "manifest")
_ACCEPT = (
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json"
)
_TAG = re.compile(r"\w[\w.-]{0,127}\Z", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_TITLE = "org.opencontainers.image.title"
_PAGE = 1000
_MAX_TAGS = 5_000
_READ_AGAIN = 20
"""Tags that are read once more in a poll, in turn: a tag may have come to name something else."""
_MAX_LAYERS = 2_000
_MAX_CHILDREN = 50
_MAX_ASKED = 50


def watch(api: str, repository: str, cursor: Cursor, told: Mapping[str, Json]) -> Request:
    """The tags of a repository; of `name:tag` the manifest of that tag, for registries that list none."""
    name, _, tag = repository.partition(":")
    if tag:
        return _manifest_request(api, name, tag, told)
    mark = f"{name}:"
    state = {
        **told,
        "step": "tags",
        "repository": name,
        "known": [key.removeprefix(mark) for key in cursor if key.startswith(mark)],
        "after": cursor.get(f"{name}/after"),
    }
    url = f"{api}/v2/{quote(name, safe='/')}/tags/list?n={_PAGE}"
    return Request(url=url, credential=fields.credential(state), state=state)


def ask(
    api: str, names: Sequence[str], question: Question, told: Mapping[str, Json], cursor: Cursor
) -> Iterator[Request]:
    """SHA-256 in turn as digests of manifests in each watched repository, about fifty requests a poll."""
    repositories = list(dict.fromkeys(one.partition(":")[0] for one in names))
    if not repositories:
        return
    most = max(1, _MAX_ASKED // len(repositories))
    for one, turn in fields.digests_in_turn(question, most, cursor):
        for name in repositories:
            yield _manifest_request(api, name, f"sha256:{one}", {**told, "asked": True, **turn})


def _manifest_request(
    api: str, name: str, reference: str, told: Mapping[str, Json], *, keep: bool = False
) -> Request:
    state = {**told, "step": "manifest", "repository": name, "reference": reference}
    return Request(
        url=f"{api}/v2/{quote(name, safe='/')}/manifests/{quote(reference, safe=':')}",
        headers={"accept": _ACCEPT},
        credential=fields.credential(state),
        keep=keep,
        state=state,
    )


def parse(payload: Payload, step: str) -> Page:
    """Tags give the manifests to read; a manifest gives its layers as files. Raises: LayoutChanged."""
    state, gone = payload.request.state, payload.status in (404, 410)
    if step == "tags":
        if gone:
            told = f"the tags of {state.get('repository')} cannot be listed: name them as name:tag"
            return Page(incomplete=told)
        return _tags(payload)
    if not gone:
        return _manifest(payload)
    if state.get("asked"):
        return Page(cursor=fields.turned(state))
    return Page(cursor={f"{state.get('repository')}:{state.get('reference')}": None})


def _tags(payload: Payload) -> Page:
    """Manifests of the new tags, and of some known ones in turn; vanished tags are forgotten on the last page."""
    state, link = payload.request.state, payload.headers.get("link")
    name, shown = _shown(payload)
    api = str(state.get("api") or "")
    told = {"api": api, "credential": state.get("credential")}
    known = {one for one in state.get("known") or () if isinstance(one, str)}
    seen = [*(state.get("seen") or ()), *shown][:_MAX_TAGS]
    requests = [_manifest_request(api, name, one, told, keep=True) for one in shown if one not in known]
    url = fields.next_link(link, payload.request.url)
    if url and len(seen) < _MAX_TAGS:
        onward = Request(url=url, credential=fields.credential(state), state={**state, "seen": seen})
        return Page(next_requests=(onward, *requests))
    again = _in_turn(known.intersection(seen), state.get("after"))
    requests += [_manifest_request(api, name, one, told) for one in again]
    cursor = {f"{name}/after": again[-1]} if again else {}
    if fields.has_next(link) or len(seen) >= _MAX_TAGS:
        return Page(next_requests=tuple(requests), cursor=cursor, incomplete="not all tags were read")
    forgotten = dict.fromkeys(f"{name}:{one}" for one in known.difference(seen))
    return Page(next_requests=tuple(requests), cursor={**forgotten, **cursor})


def _shown(payload: Payload) -> tuple[str, list[str]]:
    """The repository and its tags, as far as they can be ones. A repository without tags says null."""
    body = payload.json()
    if (
        not isinstance(body, dict)
        or not isinstance(body.get("tags"), list | types.NoneType)
        or "tags" not in body
    ):
        raise LayoutChanged(f"expected a list of tags from {payload.url}")
    tags = body["tags"] or []
    shown = [one for one in tags[:_MAX_TAGS] if isinstance(one, str) and _TAG.match(one)]
    if tags and not shown:
        raise LayoutChanged(f"no tag in {payload.url} can be one")
    return str(payload.request.state.get("repository") or body.get("name") or ""), shown


def _in_turn(known: Iterable[str], after: Json) -> list[str]:
    """The next tags to be read once more, in the order of their names, beginning anew at the end."""
    ordered = sorted(known)
    at = bisect_right(ordered, after) if isinstance(after, str) else 0
    return (ordered[at:] + ordered[:at])[:_READ_AGAIN]


def _manifest(payload: Payload) -> Page:
    """Layers as files; an index as requests for its manifests.

    The manifest is a file too: its own digest is what an image is known by. It is computed, never believed.
    """
    state, body = payload.request.state, payload.json()
    told = fields.mapping(body)
    name, reference = str(state.get("repository") or ""), str(state.get("reference") or "")
    digest = hashlib.sha256(payload.body).hexdigest()
    if reference.startswith("sha256:") and reference != f"sha256:{digest}":
        raise LayoutChanged(f"what {payload.url} shows does not have the digest that was asked for")
    layers, children = told.get("layers"), told.get("manifests")
    if not isinstance(layers, list) and not isinstance(children, list):
        raise LayoutChanged(f"expected a manifest or an index from {payload.url}")
    files = [ObservedFile(path="manifest.json", size_bytes=len(payload.body), sha256=digest)]
    told_layers = layers[:_MAX_LAYERS] if isinstance(layers, list) else []
    files += [one for one in (_layer(each) for each in told_layers if isinstance(each, dict)) if one]
    if layers and len(files) == 1:
        raise LayoutChanged(f"no layer in {payload.url} has a digest")
    joint = "@" if reference.startswith("sha256:") else ":"
    native_id = f"{name}{joint}{reference}" if reference else digest
    api = str(state.get("api") or "")
    known = reference and joint == ":" and not state.get("asked")
    return Page(
        observations=(
            Observation(
                site=site_name(payload),
                native_id=native_id,
                title=native_id,
                fetched_at=payload.fetched_at,
                url=payload.url or None,
                published_at=fields.when(
                    fields.mapping(told.get("annotations")).get("org.opencontainers.image.created")
                ),
                author=name.rpartition("/")[0] or None,
                size_bytes=sum(one.size_bytes or 0 for one in files),
                size_is_exact=False,
                files=tuple(files),
                locators=(Locator(LocatorKind.REPOSITORY, f"{api}/{name}"),) if api and name else (),
            ),
        ),
        next_requests=tuple(_children(api, name, children, state)),
        cursor=fields.turned(state) | ({native_id: digest} if known else {}),
        incomplete=_beyond(children, _MAX_CHILDREN) or _beyond(layers, _MAX_LAYERS),
    )


def _beyond(told: Json, most: int) -> str:
    number = len(told) if isinstance(told, list) else 0
    return f"{number - most} of {number} parts were not read" if number > most else ""


def _layer(layer: Mapping[str, Json]) -> ObservedFile | None:
    digest = fields.text(layer.get("digest"), 200) or ""
    if not _DIGEST.match(digest):
        return None
    media = (fields.text(layer.get("mediaType"), 200) or "layer").rpartition(".")[2]
    title = fields.text(fields.mapping(layer.get("annotations")).get(_TITLE), 1000)
    return ObservedFile(
        path=title or media,
        size_bytes=fields.count(layer.get("size")),
        sha256=digest.removeprefix("sha256:"),
    )


def _children(api: str, name: str, children: Json, state: Mapping[str, Json]) -> Iterator[Request]:
    """The manifests of an index. A child that is an index again is read; the poll's bound ends a chain of them."""
    told = {"api": api, "credential": state.get("credential")}
    for one in children[:_MAX_CHILDREN] if isinstance(children, list) else ():
        digest = fields.text(fields.mapping(one).get("digest"), 200) or ""
        if _DIGEST.match(digest):
            yield _manifest_request(api, name, digest, told, keep=True)
