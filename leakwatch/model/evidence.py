"""What is kept as evidence, and what a further look at a place has shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from leakwatch.model.finding import FindingId, Match


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSighting:
    """A sighting with what was kept of it, and why it matched."""

    site: str
    native_id: str
    title: str
    url: str | None
    seen_at: datetime
    published_at: datetime | None
    author: str | None
    match: Match
    locators: tuple[str, ...] = ()
    evidence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Bytes that were kept. `digest` is that of the body, `warc` that of the record of how it came.

    `request` is what must be known to ask for the same again, credentials by name; nothing where that is too long.
    `refers_to` is the `warc` of an earlier capture of the same bytes, whose body this record does not repeat.
    """

    digest: str
    warc: str | None
    site: str
    url: str
    status: int
    headers: Mapping[str, str]
    captured_at: datetime
    parser: str
    request: Mapping[str, Any] = field(default_factory=dict[str, Any])
    refers_to: str | None = None


PICTURE, DIFF = "screenshot/1", "diff/1"
"""What stands as the parser of a picture that was drawn of a page, and of what was edited on one."""


class Outcome(StrEnum):
    """What a further look at a place has shown."""

    SAME = "same"
    EDITED = "edited"
    DELETED = "deleted"
    UNREACHABLE = "unreachable"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A further look at one place of a finding: due, or done with an outcome.

    `step` says which it is: `+1m`, `+10m`, `+60m` after the first sighting, `again+1m` after the first look at a page
    for people, `gone TIME +60m` after a deletion, and `removed TIME +…` after the case was closed.
    """

    id: int
    finding: FindingId
    url: str
    site: str
    native_id: str
    step: str
    due_at: datetime
    done_at: datetime | None = None
    outcome: Outcome | None = None
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Screenshot:
    """A picture of a page as it was kept: wanted, made (`picture` is its digest), or not made and why.

    `digest` is that of the page's body, which was captured on the site at `captured_at`.
    """

    finding: FindingId
    digest: str
    site: str
    url: str
    captured_at: datetime
    state: str = "waiting"
    done_at: datetime | None = None
    picture: str | None = None
    why: str | None = None

    @property
    def words(self) -> str:
        """What became of it."""
        if self.picture:
            return f"screenshot: sha256 {self.picture}"
        return f"no screenshot: {self.why}" if self.done_at else "no screenshot yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """An RFC 3161 time stamp of one digest: wanted, or had (`token` is where it is kept), or refused and why."""

    id: int
    digest: str
    authority: str
    state: str
    at: datetime
    attempts: int = 0
    token: str | None = None
    detail: str | None = None


_WORDS = {
    Outcome.SAME: "still up",
    Outcome.EDITED: "edited",
    Outcome.DELETED: "gone",
    Outcome.UNREACHABLE: "could not be reached",
    Outcome.WITHHELD: "not looked at again",
}


NOT_YET = "not looked at again yet"


def place_status(url: str | None, looks: Iterable[Look]) -> str:
    """What the last look at a place has shown, and when; how long it is gone, where it is."""
    done = [
        one for one in looks if one.url == url and one.done_at and one.outcome and "with" not in one.detail
    ]
    done.sort(key=lambda one: (one.done_at or one.due_at, one.id))
    if not done:
        return NOT_YET
    last = done[-1]
    if last.outcome is Outcome.DELETED:
        there = max((n for n, one in enumerate(done) if one.outcome is not Outcome.DELETED), default=-1)
        return f"gone since {_minute(done[there + 1])}"
    return f"{_WORDS[last.outcome] if last.outcome else ''} ({_minute(last)})"


def _minute(look: Look) -> str:
    return f"{look.done_at or look.due_at:%Y-%m-%d %H:%M} UTC"
