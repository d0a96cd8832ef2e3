"""The files of a pull request: the lines that it adds, git's digests, and what its LFS pointers stand for."""

from __future__ import annotations

from collections.abc import Mapping

from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Json, Page, Payload, Request, site_name
from leakwatch.sources._lfs import pointed_files
from leakwatch.sources.github import _api as api

_MAX_FILE_PAGES = 30
_MAX_PATCHES = 2_000
_PATCH = "/patch"


def changed_patches(
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
            requests.append(_files_request(pull, updated, state))
            told[key] = updated
    known = patched | told
    return requests, told | dict.fromkeys(sorted(known, key=lambda key: str(known[key]))[:-_MAX_PATCHES])


def _files_request(pull: Observation, version: str, state: Mapping[str, Json]) -> Request:
    """The request for the files of a pull request, which must not be lost: the cursor moves past it."""
    repository, _, number = pull.native_id.rpartition("/pull/")
    base = state.get("api") or api.PUBLIC
    told = {
        "step": "files",
        "repository": repository,
        "number": int(number),
        "version": version,
        "title": pull.title,
        "author": pull.author,
        "url": pull.url,
        "published_at": pull.published_at.isoformat() if pull.published_at else None,
        "api": base,
        "credential": state.get("credential"),
    }
    path = f"{api.repository_path(repository)}/pulls/{number}/files"
    return api.get(f"{base}/repos/{path}?per_page={api.PER_PAGE}", told, keep=True)


def parse_files(payload: Payload) -> Page:
    """The lines that a page of a pull request's files adds, and the files' blob ids, as one observation; the page after it.

    Nothing added, or a pull request that is gone, is an honest empty page.
    """
    if payload.status in api.GONE:
        return Page()
    state, number = payload.request.state, fields.count(payload.request.state.get("page")) or 1
    items = fields.list_of(payload.json(), "a list of files", payload.url)
    patches = [fields.text(item.get("patch")) or "" for item in items]
    added = [line[1:] for patch in patches for line in patch.splitlines() if line.startswith("+")]
    files = tuple(one for item in items for one in _files_of(item))
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


def _files_of(item: Mapping[str, Json]) -> tuple[ObservedFile, ...]:
    """A file that a pull request adds or changes, by git's own digest of it: of binary files nothing else is told.

    Where a pointer of Git LFS stands in its place, the pointer tells SHA-256 and size of the file itself.
    """
    path, blob = fields.text(item.get("filename"), 500), fields.hex_digest(item.get("sha"), 20)
    if not path or item.get("status") == "removed":
        return ()
    pointed = pointed_files(_after(fields.text(item.get("patch")) or ""), path, blob)
    return pointed or ((ObservedFile(path=path, git_blob=blob),) if blob else ())


def _after(patch: str) -> str:
    """The lines that stand in the file after the change, as far as the patch shows them."""
    return "\n".join(line[1:] for line in patch.splitlines() if line[:1] in ("+", " "))


def _more_files(payload: Payload, number: int) -> tuple[tuple[Request, ...], str]:
    """The next page of a pull request's files, or why it stays unread; GitHub shows at most 30 pages."""
    link, state = payload.headers.get("link"), payload.request.state
    if not fields.has_next(link) or number >= _MAX_FILE_PAGES:
        return (), ""
    url = fields.next_link(link, payload.request.url)
    if not url:
        return (), fields.NEXT_IS_ELSEWHERE
    told = {**state, "page": number + 1}
    return (api.get(url, told, keep=True),), ""
