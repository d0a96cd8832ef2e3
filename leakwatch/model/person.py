"""What is stored about one person, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """An observation that a person made. `author` is how he is stored there; `evidence` the digest of the page."""

    id: int
    site: str
    native_id: str
    title: str
    url: str | None
    author: str
    text: str | None
    published_at: datetime | None
    fetched_at: datetime
    evidence: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A row of any table in which a text occurs. `row` has its columns but for those of bytes."""

    table: str
    columns: tuple[str, ...]
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageKept:
    """A page that was kept, or what was made of it: `parser` says which.

    `is_shared` where others are on it, or a proof or a look at another's post needs it.
    """

    digest: str
    warc: str | None
    site: str
    url: str
    captured_at: datetime
    is_shared: bool
    parser: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeNaming:
    """A notice whose text names a person. One that was signed or submitted `is_kept` as it is."""

    id: str
    state: str
    is_kept: bool
