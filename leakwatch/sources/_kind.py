"""What a source kind is: pure functions between values.

`start` says which requests begin a poll, and a stream has none; `parse` reads one answer. Nothing here opens a connection, and the
time comes from the payload. Three outcomes of `parse` are never confused: a `Page` (which may be honestly
empty), `LayoutChanged` (the page is not what the kind expects) and `Refused` (the site said no).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NewType

from leakwatch.errors import LayoutChanged
from leakwatch.model.asset import AssetId
from leakwatch.model.observation import Observation
from leakwatch.sources._asked import Asked, Field, Fields

Json = Any
"""A decoded JSON value from a source: hostile, checked field by field where it is read."""

Cursor = Mapping[str, Json]
"""What a kind remembers of a site between polls: a flat JSON object."""

CredentialRef = NewType("CredentialRef", str)
"""The name of a secret that the fetcher looks up; the secret itself never passes through here."""


@dataclass(frozen=True, slots=True)
class FileText:
    """A file that a setting names, and what was in it when the configuration was read: kinds read no files."""

    file: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One GET that a kind wants done, or a POST of a form. `state` comes back with the payload: what `parse` must know.

    `credential` names a secret that the fetcher adds as a bearer token; with `token_url` it is `id:secret`, which the
    fetcher changes there into such a token (RFC 6749, 4.4). `query_credential` is a pair of query
    parameter and secret name. Neither the secret nor a URL that holds it reaches evidence or logs.
    `verbatim`: the answer is what somebody posted, as it is, so that nothing in it is taken for the site's own word.
    `keep` marks a follow-up that must not be lost, because the cursor has moved past the item it belongs to. Its `state`
    tells the version of the item: while the cursor stands, what was asked for once is not asked for again.
    `high_ports` admits ports from 1024 on for this URL and its redirects, as trackers have them.
    `named_by` are the hosts of the sites whose pages gave the URL; None for one that the configuration gave. Whoever
    writes a post must not send us to the operator's own machines: of the hosts that may be loopback or private such
    a URL, and its redirects, lead to those of `named_by` alone.
    """

    url: str
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    credential: CredentialRef | None = None
    token_url: str | None = None
    query_credential: tuple[str, CredentialRef] | None = None
    state: Mapping[str, Json] = field(default_factory=dict[str, Json])
    etag: str | None = None
    last_modified: str | None = None
    verbatim: bool = False
    keep: bool = False
    high_ports: bool = False
    named_by: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """How an answer came over HTTP, for the evidence: what was sent, the status line, the headers in order.

    Every secret is replaced by stars. `redirects` are status, URL and where it led; `server` is the address of the
    server, "" behind a proxy.
    """

    method: str
    sent: tuple[tuple[str, str], ...]
    sent_body: str = ""
    version: str = "HTTP/1.1"
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    redirects: tuple[tuple[int, str, str], ...] = ()
    server: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One answer. `headers` have lower-case names; `url` is where it came from in the end.

    `exchange` is None for what came by another way than HTTP.
    `asked` (an `Asked`, which never crosses to another process) notes what its objects were asked for.
    """

    request: Request
    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime
    exchange: Exchange | None = None
    asked: Any = field(default_factory=Asked, compare=False, repr=False)

    def json(self) -> Json:
        """The body as JSON. Raises: LayoutChanged if it is not."""
        try:
            return json.loads(self.body, object_hook=self.asked.told)
        except (ValueError, RecursionError) as error:
            raise LayoutChanged(f"expected JSON from {self.url}: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one answer held.

    `cursor` are changes to the site's cursor, committed together with the observations: a value replaces, None
    removes. `next_requests` are followed in the same poll, within its limits. `parted` says of a list of threads that it
    shares none with those that were known: others may have come and gone meanwhile. `fields` is what the answer has under the
    names that it was asked for, for those who look for drift: it is added once the page is read.
    """

    observations: tuple[Observation, ...] = ()
    next_requests: tuple[Request, ...] = ()
    cursor: Mapping[str, Json] = field(default_factory=dict[str, Json])
    incomplete: str = ""
    parted: bool = False
    fields: Fields = field(default_factory=dict[str, Field])


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something that a site may be asked about one asset: the words of a name, or its files' digests by algorithm.

    To ask is to tell: only `questions` makes them, and it knows the asset's query mode. `asset` is None for words
    of the operator that name no asset.
    """

    words: str = ""
    digests: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    asset: AssetId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledKind:
    """A kind of site that is asked on schedule. `settings` is the frozen dataclass of its sites' settings.

    `start` asks for what is new and names nothing; `ask` turns one question into requests, and a kind without it cannot
    be searched. `back` pages back from what a poll has shown, to repair a gap; a kind without it cannot.
    `is_window`: a poll shows only the newest items, so one that meets none it knows has left a gap.
    `is_markup`: its payloads are HTML or XML of strangers, which are parsed in a process with limits.
    `is_api`: it asks a documented interface for programs, whose terms say how; so the host's robots.txt, which is
    about its pages, is not asked. Pages and feeds obey it.
    `holds` says of a request whether its answer shows all of its items until they are deleted, as that for a thread
    does; an item that is missing on another page may only have been pushed off it.
    """

    name: str
    settings: type[Any]
    start: Callable[[Any, Cursor], Iterator[Request]]
    parse: Callable[[Payload], Page]
    ask: Callable[[Any, Cursor, Question], Iterator[Request]] | None = None
    back: Callable[[Any, Payload, Page], Request | None] | None = None
    empty_is_normal: bool = False
    is_window: bool = False
    is_markup: bool = False
    is_api: bool = False
    holds: Callable[[Request], bool] | None = None
    again: Callable[[Any, Observation, Request], Request | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamKind:
    """A kind of source that is listened to without pause: it has no schedule and no address of its own.

    A payload is one item; who listens is `streaming/`.
    """

    name: str
    settings: type[Any]
    parse: Callable[[Payload], Page]


SourceKind = PolledKind | StreamKind


def site_name(payload: Payload) -> str:
    """The site a payload belongs to; the pipeline puts it into every request's state."""
    return str(payload.request.state.get("site", ""))
