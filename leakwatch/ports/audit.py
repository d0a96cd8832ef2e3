"""The audit chain, as the shell needs it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from leakwatch.model.audit import AuditEntry


class Audit(Protocol):
    """A chain of entries, each with the digest of the one before: none can be changed or left out unnoticed."""

    async def append(
        self, actor: str, action: str, subject: str, detail: Mapping[str, Any], at: datetime
    ) -> AuditEntry:
        """Add an entry. `actor` is a person, or a part of leakwatch (`leakwatch:crawl`)."""
        ...

    async def append_all(
        self, actor: str, action: str, told: Mapping[str, Mapping[str, Any]], at: datetime
    ) -> list[AuditEntry]:
        """Add one entry for each subject, all at once."""
        ...

    async def head(self, but: Sequence[str] = ()) -> AuditEntry | None:
        """The last entry; the last of another action than those in `but`, where any are given."""
        ...

    async def entries(
        self, subject: str | None = None, after: int = 0, limit: int = 1000
    ) -> list[AuditEntry]:
        """Entries in order, of one subject or all."""
        ...

    async def erase(self, names: Collection[str]) -> list[int]:
        """Put what they say out of the entries that have one of these names; answers their numbers. The chain still holds."""
        ...
