"""The audit: who did what when, as a chain that no one can change unnoticed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

_ERASED = re.compile(r'\{"content":"([0-9a-f]{64})","erased":true\}')
FIRST = "0" * 64
"""What the first entry names as the one before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry. `detail` is canonical JSON; `digest` is SHA-256, in hex, over `seq`, `previous` and `content`.

    So a chain can be checked by somebody who is told of some entries their `content` alone, and not what they say.
    """

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str
    previous: str
    digest: str

    @property
    def is_erased(self) -> bool:
        """Whether what it said was put out of it, because it named a person who is erased."""
        return _ERASED.fullmatch(self.detail) is not None

    def erased(self) -> AuditEntry:
        """The entry without what it said: the digest of that stays, so that the chain still holds."""
        return replace(self, detail=f'{{"content":"{self.content}","erased":true}}')

    @property
    def content(self) -> str:
        """SHA-256, in hex, over when, who, what and of what: all that an entry says, or said before it was erased."""
        erased = _ERASED.fullmatch(self.detail)
        if erased:
            return erased[1]
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return _sha256(at, self.actor, self.action, self.subject, self.detail)


def make_entry(
    before: AuditEntry | None,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any],
    at: datetime,
) -> AuditEntry:
    """The entry that follows another one, or the first."""
    told = json.dumps(detail, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    entry = AuditEntry(
        seq=before.seq + 1 if before else 1,
        at=at.astimezone(UTC),
        actor=actor,
        action=action,
        subject=subject,
        detail=told,
        previous=before.digest if before else FIRST,
        digest="",
    )
    return _with_digest(entry)


def _with_digest(entry: AuditEntry) -> AuditEntry:
    told = {name: getattr(entry, name) for name in AuditEntry.__dataclass_fields__ if name != "digest"}
    return AuditEntry(**told, digest=digest_of(entry))


def digest_of(entry: AuditEntry) -> str:
    """The digest that an entry must have."""
    return link(entry.seq, entry.content, entry.previous)


def link(seq: int, content: str, previous: str) -> str:
    """The digest of an entry of which only the number, the digest of its content and the entry before are known."""
    return _sha256(seq, content, previous)


def _sha256(*told: str | int) -> str:
    return hashlib.sha256(json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def broken_at(entries: Iterable[AuditEntry], before: AuditEntry | None = None) -> int | None:
    """The number of the first entry that was changed, or does not follow the one before it; None if all is well."""
    for entry in entries:
        follows = entry.previous == (before.digest if before else FIRST)
        is_next = entry.seq == (before.seq + 1 if before else 1)
        if not (follows and is_next and digest_of(entry) == entry.digest):
            return entry.seq
        before = entry
    return None
