"""The chain of the audit: what is appended, on both databases, and what a change of it shows."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from leakwatch.model.audit import FIRST, AuditEntry, broken_at, link, make_entry
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


def test_a_chain_without_its_words() -> None:
    """Somebody who is told of some entries only the digest of what they say can follow the chain to its end."""
    before = FIRST
    for number, one in enumerate(chain(), 1):
        before = link(number, one.content, before)
    assert before == chain()[-1].digest


async def test_many_at_once(repository: SqlRepository) -> None:
    """Entries about several subjects are added together and stand in order; the head may leave actions aside."""
    async with repository.writing() as work:
        assert await work.audit.head() is None
        await work.audit.append("somebody", "noted", "LW-0", {}, NOON)
        told = {f"LW-{number}": {"n": number} for number in range(1, 1203)}
        await work.audit.append_all("leakwatch:crawl", "captured", told, NOON)
        await work.audit.append_all("leakwatch:crawl", "captured", {}, NOON)
        await work.audit.append("somebody", "packed", "LW-1", {}, NOON)
    async with repository.reading() as work:
        entries = await work.audit.entries(limit=5000)
        head = await work.audit.head(but=["packed"])
    assert len(entries) == 1204
    assert broken_at(entries) is None
    assert head == entries[-2]
