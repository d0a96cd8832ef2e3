"""All that is stored about a person, and where."""

from __future__ import annotations

import dataclasses
from typing import Any

from leakwatch.errors import InputError
from leakwatch.model.allow import AllowWhat
from leakwatch.persons.naming import known_as, parted
from leakwatch.ports import Repository, Work
from leakwatch.privacy import Authors

SCHEMA = "leakwatch.person/1"
NOT_SEARCHED = (
    "the bytes of kept pages (fetch them by their digests), titles and texts that name him, addresses that contain his "
    "name, entries of the audit"
)


async def tell_author(author: str, authors: Authors, repository: Repository) -> dict[str, Any]:
    """What is stored about `platform:name`. Raises: InputError, StoreError."""
    names = known_as(author, authors)
    async with repository.reading() as work:
        posted = [one async for one in work.persons.posted(names[0], authors)]
        digests = {one.evidence for one in posted if one.evidence}
        pages = await work.persons.pages(digests, {one.id for one in posted})
        allowed = await _allowed(author, authors, work)
        notices = await work.persons.notices(parted(author)[1])
    return {
        "schema": SCHEMA,
        "author": author,
        "known_as": names,
        "observation": [dataclasses.asdict(one) for one in posted],
        "asset": allowed,
        "evidence": [dataclasses.asdict(one) for one in pages],
        "notice": [dataclasses.asdict(one) for one in notices],
        "not_searched": NOT_SEARCHED,
    }


async def tell_mail(mail: str, repository: Repository) -> dict[str, Any]:
    """Every row in which an address occurs. Raises: InputError, StoreError."""
    if "@" not in mail or len(mail) < len("a@b.c"):
        raise InputError(f"expected a mail address, got {mail!r}")
    async with repository.reading() as work:
        found = [dataclasses.asdict(one) async for one in work.persons.mentions(mail)]
    return {"schema": SCHEMA, "mail": mail, "mentions": found, "not_searched": "the bytes of kept pages"}


async def _allowed(author: str, authors: Authors, work: Work) -> list[dict[str, str]]:
    """Entries of allow lists that name him. They are yours, and stay until you remove them."""
    _, name = parted(author)
    names = {AllowWhat.AUTHOR: known_as(author, authors), AllowWhat.UPLOADER: [name]}
    return [
        {"id": asset, "allow": entry.name}
        for asset, entries in (await work.catalogue.allow_lists()).items()
        for entry in entries
        if entry.value.casefold() in [one.casefold() for one in names.get(entry.what, ())]
    ]
