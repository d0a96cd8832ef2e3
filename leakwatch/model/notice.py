"""Notice: a draft to a host, who signed it off, and where it stands; the legal changes as a table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from leakwatch.model.finding import FindingId
from leakwatch.model.origin import Origin

NoticeId = NewType("NoticeId", str)


class NoticeState(StrEnum):
    """Where a notice stands."""

    DRAFT = "draft"
    READY = "ready"
    SUBMITTED = "submitted"
    WAITING = "waiting"
    REFUSED = "refused"
    REMOVED = "removed"
    COUNTER_NOTICE = "counter_notice"
    CLOSED = "closed"


_S = NoticeState
NOTICE_CHANGES: Mapping[NoticeState, frozenset[NoticeState]] = {
    _S.DRAFT: frozenset({_S.READY, _S.CLOSED}),
    _S.READY: frozenset({_S.DRAFT, _S.SUBMITTED, _S.CLOSED}),
    _S.SUBMITTED: frozenset({_S.WAITING, _S.REFUSED, _S.REMOVED, _S.COUNTER_NOTICE, _S.CLOSED}),
    _S.WAITING: frozenset({_S.REFUSED, _S.REMOVED, _S.COUNTER_NOTICE, _S.CLOSED}),
    _S.REFUSED: frozenset({_S.DRAFT, _S.WAITING, _S.CLOSED}),
    _S.REMOVED: frozenset({_S.WAITING, _S.COUNTER_NOTICE, _S.CLOSED}),
    _S.COUNTER_NOTICE: frozenset({_S.REMOVED, _S.WAITING, _S.CLOSED}),
    _S.CLOSED: frozenset(),
}
"""`removed` goes back to `waiting` where the content is up again; `refused` to `draft` to be written anew."""

AFTER_SUBMISSION = frozenset({_S.SUBMITTED, _S.WAITING, _S.REMOVED, _S.COUNTER_NOTICE})
"""The states in which its addresses are looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """A named person stands for one text. `digest` is that of the text he read."""

    by: str
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice about one finding to one host.

    Shape:  `detail` holds what the text was made from: `recipient` (`submit`, `mail`, `form`), `urls` (each with
            `url`, `what`), those of them that were `struck` out of the text since, `missing` and `forbidden` elements, `warnings`
            (and which of them are `of_case`, by how the finding stood), `public`, `statements`, `placeholders`,
            `signatures` that are needed, `checks` done since submission.
    """

    id: NoticeId
    finding: FindingId
    addressee: str
    host: str
    state: NoticeState
    subject: str
    body: str
    drafted_by: str
    drafted_at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])
    signoffs: tuple[SignOff, ...] = ()
    submitted_at: datetime | None = None
    removed_at: datetime | None = None
    deadline_at: datetime | None = None
    next_check_at: datetime | None = None

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of what is signed: subject, addressee, host and text."""
        told = f"{self.subject}\0{self.addressee}\0{self.host}\0{self.body}"
        return hashlib.sha256(told.encode()).hexdigest()

    @property
    def signers(self) -> tuple[str, ...]:
        """Who stands for the text as it is now."""
        return tuple(dict.fromkeys(one.by for one in self.signoffs if one.digest == self.digest))

    @property
    def signatures_needed(self) -> int:
        """How many different persons must stand for it."""
        return int(self.detail.get("signatures", 1))

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses that the host is asked to take down: those of the draft that nobody struck out of its text."""
        struck = self.detail.get("struck", ())
        return tuple(url for url in self.drafted_urls if url not in struck)

    @property
    def drafted_urls(self) -> tuple[str, ...]:
        """All addresses that the draft listed."""
        return tuple(one["url"] for one in self.detail.get("urls", ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEvent:
    """Something happened to a notice. `actor` is a person, or a part of leakwatch."""

    notice: NoticeId
    at: datetime
    actor: str
    kind: str
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One place of a finding as a notice needs it: the page that showed it, and where the content is.

    `files` are those that the place itself lists; `agrees` are the kinds of digests of them that are the asset's;
    `evidence` is the digest of the kept page; `origin` is what a repository is said to be a copy of.
    """

    site: str
    native_id: str
    title: str
    url: str | None
    author: str | None
    seen_at: datetime
    locators: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    agrees: tuple[str, ...] = ()
    evidence: str | None = None
    origin: Origin | None = None
