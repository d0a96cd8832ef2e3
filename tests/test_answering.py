"""Presses on both databases: what is done once, whoever asks how often and at the same time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from leakwatch.answering import CaseDeeds
from leakwatch.answering.once import DoneBeforeError, Once
from leakwatch.cases.telling import record
from leakwatch.errors import InputError, StoreError
from leakwatch.model.audit import broken_at
from leakwatch.model.finding import State
from leakwatch.store.repository import SqlRepository

from .alerts.pressing import ASSET, CASE
from .alerts.samples import NOW

ANA, HOURS = "slack:U1 (ana)", timedelta(hours=4)


async def deeds_on(repository: SqlRepository) -> CaseDeeds:
    """The deeds over a database with one new case."""
    async with repository.writing() as work:
        await work.catalogue.save(ASSET, NOW)
        await work.findings.save(CASE)
    return CaseDeeds(repository, record)


async def actions(repository: SqlRepository) -> list[str]:
    """What is in the audit, whose chain is whole."""
    async with repository.reading() as work:
        entries = await work.audit.entries()
    assert broken_at(entries) is None
    return [one.action for one in entries]


async def test_same_press_at_the_same_time_is_done_once(repository: SqlRepository) -> None:
    """One press that several carry out at once leaves one silence and one entry; the others leave no trace."""
    deeds = await deeds_on(repository)
    pressed = [deeds.silence(CASE.id, ANA, "k", NOW, HOURS) for _ in range(4)]
    ends = await asyncio.gather(*pressed, return_exceptions=True)
    assert [one for one in ends if one is not None and not isinstance(one, InputError)] == []
    async with repository.reading() as work:
        assert len(await work.silences.list(at=NOW)) == 1
    assert await actions(repository) == ["silence.add", "press"]


async def test_press_that_was_done_is_not_done_again(repository: SqlRepository) -> None:
    """A press is known by its key for good: reopened or not, it acknowledges nothing a second time."""
    deeds = await deeds_on(repository)
    await deeds.acknowledge(CASE.id, ANA, "k", NOW)
    async with repository.writing() as work:
        await work.findings.save(CASE)
    await deeds.acknowledge(CASE.id, ANA, "k", NOW + timedelta(days=30))
    async with repository.reading() as work:
        found = await work.findings.get(CASE.id)
    assert found is not None
    assert found.state is State.NEW
    assert await actions(repository) == ["finding.state", "press"]
    await deeds.acknowledge(CASE.id, ANA, "another", NOW)
    assert await actions(repository) == ["finding.state", "press"] * 2


async def test_refusal_is_written_down_once(repository: SqlRepository) -> None:
    """An attempt by somebody who may not is in the audit, once however often Slack tells of it."""
    deeds = await deeds_on(repository)
    for _ in range(2):
        await deeds.refused(CASE.id, "slack:U9 (eve)", "k", NOW, "a stranger")
    assert await actions(repository) == ["finding.refused", "press"]


async def test_deed_that_fails_leaves_the_press_undone(repository: SqlRepository) -> None:
    """What fails inside the transaction takes the press with it, so that pressing again does it."""
    deeds = await deeds_on(repository)
    once = Once(repository=repository, actor=ANA, key="k", deed="silence", finding=CASE.id, at=NOW)
    with pytest.raises(StoreError):
        async with once.writing():
            raise StoreError("the disk is full")
    assert await actions(repository) == []
    await deeds.silence(CASE.id, ANA, "k", NOW, HOURS)
    with pytest.raises(DoneBeforeError):
        async with once.writing():
            pytest.fail("it was done before")


async def test_case_as_it_is_now(repository: SqlRepository) -> None:
    """Who acknowledged and who silenced is read from what is stored; the end of a silence is the end of that."""
    deeds = await deeds_on(repository)
    await deeds.acknowledge(CASE.id, ANA, "1", NOW)
    await deeds.silence(CASE.id, "slack:U2 (ben)", "2", NOW, HOURS)
    now, later = await deeds.now(CASE.id, NOW), await deeds.now(CASE.id, NOW + HOURS)
    assert now is not None
    assert later is not None
    assert (now.state, now.by, now.acknowledged_by) == (State.ACKNOWLEDGED, ANA, ANA)
    assert (now.silent_until, now.silent_by) == (NOW + HOURS, "slack:U2 (ben)")
    assert later.silent_until is None
