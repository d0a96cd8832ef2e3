"""Discussions and pull requests of a watched repository: what was said, and the lines that a pull request adds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Json, Page, Payload, Request, site_name
from leakwatch.sources._lfs import pointed_files

MARK = "/discussions/"
"""What tells a discussion in the cursor from a repository."""
_MAX_PAGES = 10
_MAX_EVENTS = 2_000
_MAX_FILES = 1_000
_FILE = re.compile(r"^\+\+\+ b/(.{1,1000})$")


def discussions_request(api: str, repository: str, state: Mapping[str, Json]) -> Request:
    """The first page of a repository's discussions; a dataset or a space is named with its kind before it."""
    told = {**state, "step": "discussions", "repository": repository, "api": api}
    return Request(
        url=f"{api}/api/{_path(repository)}/discussions?p=0",
        credential=fields.credential(state),
        state=told,
    )


def _path(repository: str) -> str:
    kind = "" if repository.startswith(("datasets/", "spaces/")) else "models/"
    return kind + quote(repository, safe="/")


def parse_discussions(payload: Payload, body: Json) -> Page:
    """The discussions that are new or have changed, to be read one by one, and the next page, ten at most.

    Raises: LayoutChanged if the JSON is not of the API's shape.
    """
    state, told = payload.request.state, fields.mapping(body)
    items = fields.list_of(told.get("discussions"), "discussions", payload.url)
    numbered = {str(one["num"]): one for one in items if fields.count(one.get("num")) is not None}
    if items and not numbered:
        raise LayoutChanged(f"no discussion in {payload.url} has a number")
    fields.need(items, ("numComments",), payload.url)
    known, repository = fields.mapping(state.get("known")), str(state.get("repository") or "")
    changed = {
        number: one
        for number, one in numbered.items()
        if known.get(f"{repository}{MARK}{number}") != _version(one)
    }
    if not state.get("step"):
        observations = tuple(_observation(one, "", number, payload) for number, one in numbered.items())
        return Page(observations=observations)
    details = tuple(_details(number, one, state) for number, one in changed.items())
    return Page(next_requests=(*_next_page(payload, told, len(items)), *details))


def _version(discussion: Mapping[str, Json]) -> str:
    """What changes in the listing when something is said or done; an edited comment changes nothing there."""
    told = [discussion.get(name) for name in ("status", "numComments", "title")]
    return "\t".join(str(one)[:200] for one in told)


def _next_page(payload: Payload, told: Mapping[str, Json], shown: int) -> Iterator[Request]:
    start, total = fields.count(told.get("start")) or 0, fields.count(told.get("count")) or 0
    parts = urlsplit(payload.request.url)
    query = dict(parse_qsl(parts.query))
    page = (fields.count(query.get("p")) or 0) + 1
    if shown and start + shown < total and page < _MAX_PAGES:
        url = parts._replace(query=urlencode({**query, "p": str(page)})).geturl()
        state = payload.request.state
        yield Request(url=url, credential=fields.credential(state), state=state)


def _details(number: str, discussion: Mapping[str, Json], state: Mapping[str, Json]) -> Request:
    repository = str(state.get("repository"))
    kept = {"api": state.get("api"), "credential": state.get("credential"), "repository": repository}
    return Request(
        url=f"{state.get('api')}/api/{_path(repository)}/discussions/{number}?diff=1",
        credential=fields.credential(state),
        keep=True,
        state={**kept, "step": "discussion", "num": number, "version": _version(discussion)},
    )


def parse_discussion(payload: Payload, body: Json) -> Page:
    """What was said in one discussion, and of a pull request what its diff adds, as an item of its own.

    Raises: LayoutChanged if the JSON is not of the API's shape.
    """
    state, told = payload.request.state, fields.mapping(body)
    number = fields.count(told.get("num"))
    if number is None or not isinstance(told.get("events", []), list):
        raise LayoutChanged(f"expected a discussion from {payload.url}")
    said = (_comment(one) for one in told.get("events", [])[:_MAX_EVENTS] if isinstance(one, dict))
    text = "\n\n".join(one for one in said if one)[: fields.MAX_TEXT]
    seen = [_observation(told, text, str(number), payload)]
    diff = fields.text(told.get("diff"))
    if diff:
        seen.append(_patch(told, diff, str(number), payload))
    key = f"{state.get('repository')}{MARK}{number}"
    return Page(observations=tuple(seen), cursor={key: state["version"]} if state.get("version") else {})


def _comment(event: Mapping[str, Json]) -> str | None:
    """The text of a comment as it stands now; a hidden one has none."""
    if event.get("type") != "comment":
        return None
    return fields.text(fields.mapping(fields.mapping(event.get("data")).get("latest")).get("raw"))


def _observation(
    told: Mapping[str, Json], text: str, number: str, payload: Payload, tail: str = ""
) -> Observation:
    state, repo = payload.request.state, fields.mapping(told.get("repo"))
    name = fields.text(state.get("repository")) or fields.text(repo.get("name"), 200) or ""
    where = f"{name}{MARK}{number}"
    return Observation(
        site=site_name(payload),
        native_id=where + tail,
        title=fields.text(told.get("title"), 1000) or "",
        fetched_at=payload.fetched_at,
        url=f"{fields.text(state.get('api')) or 'https://huggingface.co'}/{where}",
        published_at=fields.when(told.get("createdAt")),
        author=fields.text(fields.mapping(told.get("author")).get("name"), 100),
        text=text or None,
    )


def _patch(told: Mapping[str, Json], diff: str, number: str, payload: Payload) -> Observation:
    """The lines that a diff adds, and the files whose LFS pointers it adds."""
    added: dict[str, list[str]] = {}
    path = ""
    for line in diff.splitlines():
        named = _FILE.match(line)
        if named:
            path = named[1]
        elif line[:1] in ("+", " ") and not line.startswith("+++ ") and len(added) < _MAX_FILES:
            added.setdefault(path, []).append(line)
    files: list[ObservedFile] = []
    for name, lines in added.items():
        files += pointed_files("\n".join(line[1:] for line in lines), name) if name else ()
    text = "\n".join(line[1:] for lines in added.values() for line in lines if line.startswith("+"))
    seen = _observation(told, text, number, payload, "/diff")
    return replace(seen, files=tuple(files))
