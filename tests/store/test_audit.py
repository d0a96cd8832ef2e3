"""The chain of the audit: what is appended, on both databases, and what a change of it shows."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from leakwatch.model.audit import FIRST, AuditEntry, broken_at, make_entry
from leakwatch.store.repository import SqlRepository

NOON = datetime.fromisoformat("2026-11-20T12:00:00.000123+00:00")


async def test_entries_hang_together(repository: SqlRepository) -> None:
    """Writers side by side make one chain; it is read back as it was written."""

    async def write(number: int) -> None:
        async with repository.writing() as work:
            for step in range(5):
                at = NOON + timedelta(seconds=number)
                await work.audit.append(f"person-{number}", "noted", f"LW-{number}", {"step": step}, at)

    await asyncio.gather(*map(write, range(4)))
    async with repository.reading() as work:
        entries = await work.audit.entries()
        own = await work.audit.entries("LW-2")
    assert [one.seq for one in entries] == list(range(1, 21))
    assert entries[0].previous == FIRST
    assert broken_at(entries) is None
    assert [one.detail for one in own] == [f'{{"step":{step}}}' for step in range(5)]


def chain(length: int = 4) -> list[AuditEntry]:
    """Entries that hang together."""
    made: list[AuditEntry] = []
    for number in range(length):
        before = made[-1] if made else None
        made.append(make_entry(before, "somebody", "noted", f"LW-{number}", {"n": number}, NOON))
    return made


@pytest.mark.parametrize("name", [one.name for one in fields(AuditEntry)])
def test_every_field_is_covered(name: str) -> None:
    """Whatever is changed in an entry, its number is told."""
    entries = chain()
    old: Any = getattr(entries[2], name)
    new = (
        old + 1
        if isinstance(old, int)
        else old + timedelta(microseconds=1)
        if name == "at"
        else old[::-1] + "x"
    )
    entries[2] = replace(entries[2], **{name: new})
    assert broken_at(entries) == entries[2].seq


def test_one_left_out() -> None:
    """An entry that is missing, or two that changed places, break the chain where they stood."""
    entries = chain()
    assert broken_at([entries[0], *entries[2:]]) == 3
    assert broken_at([entries[1], entries[0]]) == 2
    assert broken_at(entries[2:], entries[1]) is None
