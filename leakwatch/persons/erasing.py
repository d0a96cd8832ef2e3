"""Puts a person out of what is stored, and says what stays and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from leakwatch.errors import InputError
from leakwatch.model.person import NoticeNaming, PageKept
from leakwatch.persons.naming import known_as, parted
from leakwatch.ports import Repository
from leakwatch.privacy import Authors

KEPT_BECAUSE = "to establish, exercise or defend legal claims (GDPR Art. 17(3)(e))"


@dataclass(frozen=True, slots=True)
class Erased:
    """What was changed, or would be. `dropped` are pages that go; `kept` those that stay, as do `notices` that name him."""

    rows: Mapping[str, int]
    dropped: tuple[PageKept, ...]
    kept: tuple[PageKept, ...]
    notices: tuple[NoticeNaming, ...] = ()


async def erase(
    author: str,
    authors: Authors,
    repository: Repository,
    *,
    reason: str,
    actor: str,
    at: datetime,
    with_evidence: bool = False,
    dry_run: bool = False,
) -> Erased:
    """Erase `platform:name`. Raises: InputError, StoreError.

    The bytes of pages that go are removed by the caller, when this is committed. The audit tells that somebody was
    erased, why, and how many rows changed: neither his name nor his pseudonym, and no page that would show them. Earlier
    entries that have them are told by their digests alone from then on, so that the chain holds.
    """
    names = known_as(author, authors)
    _check_reason(reason, names)
    async with repository.reading() if dry_run else repository.writing() as work:
        ids, digests = set[int](), set[str]()
        async for one in work.persons.posted(names[0], authors):
            ids.add(one.id)
            digests |= {one.evidence} if one.evidence else set()
        pages = await work.persons.pages(digests, ids)
        dropped = tuple(one for one in pages if with_evidence and not one.is_shared)
        kept = tuple(one for one in pages if one not in dropped)
        bare = parted(author)[1]
        notices = await work.persons.notices(bare)
        signed = tuple(one for one in notices if one.is_kept)
        if dry_run:
            drafts = {"notice": len(notices) - len(signed)} if len(notices) > len(signed) else {}
            return Erased({"observation": len(ids), **drafts}, dropped, kept, signed)
        rows = {**await work.persons.erase(ids, names, bare)}
        rows |= {"notice": count} if (count := await work.persons.erase_notices(bare)) else {}
        entries = await work.audit.erase(names)
        rows |= {"audit": len(entries)} if entries else {}
        await work.persons.forget({one.digest for one in dropped})
        told: dict[str, Any] = {**rows, "reason": reason}
        told |= {"pages_dropped": len(dropped), "pages_kept": len(kept), "notices_kept": len(signed)}
        told |= {"audit_entries": entries} if entries else {}
        await work.audit.append(actor, "person.erased", "person", told, at)
    return Erased(rows, dropped, kept, signed)


def _check_reason(reason: str, names: list[str]) -> None:
    if not reason.strip():
        raise InputError("say why with --reason")
    if any(parted(one)[1].casefold() in reason.casefold() for one in names):
        raise InputError("the reason goes into the audit, which is never changed: leave the name out")


def drop_bytes(pages: tuple[PageKept, ...], folder: Path) -> int:
    """Remove the bytes of pages, and the records of how they came; answers how many files went."""
    digests = {digest for one in pages for digest in (one.digest, one.warc) if digest}
    files = [folder / digest[:2] / digest for digest in sorted(digests)]
    there = [one for one in files if one.exists()]
    for one in there:
        one.unlink(missing_ok=True)
    return len(there)
