"""Announcements that cannot be read: they go into the outbox as they are, to be set aside there; the others are told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from leakwatch.model.alert import DigestAlert, SetAside
from leakwatch.model.duration import Duration
from leakwatch.model.route import GroupBy, Matchers, Route
from leakwatch.routing.silencing import words
from leakwatch.store.tables import announcement, silence
from leakwatch.telling.silences import begin_silence

from .conftest import finding  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from .conftest import Desk  # type: ignore[import-not-found]


async def spoil(desk: Desk, *idents: int) -> None:
    """Something else stands in these rows."""
    async with desk.repository.engine.begin() as connection:
        chosen = announcement.c.id.in_(idents)
        await connection.execute(sa.update(announcement).where(chosen).values(alert={"of": "tomorrow"}))


async def set_aside(desk: Desk) -> list[SetAside]:
    """What the sender of the channel finds that it cannot read."""
    found: list[SetAside] = []
    async with desk.repository.writing() as work:
        while (one := await work.outbox.claim("slack", desk.at, 60)) is not None:
            found += [one] if isinstance(one, SetAside) else []
    return found


async def test_one_that_cannot_be_read_holds_up_no_other(desk: Desk) -> None:
    """Of three cases two are told; the third is in the outbox, dead, with what is kept of it, and is told once."""
    for number in range(1, 4):
        await desk.event(case=finding(number))
    await spoil(desk, 1)
    assert await desk.tell() == 3
    assert await desk.later(hours=1) == 0
    (bad,) = await set_aside(desk)
    assert bad.subject == "LW-1"
    assert sorted(one.subject for one in await desk.alerts()) == ["LW-2", "LW-3"]
    assert await desk.fates() == [("slack", "told", "it cannot be read")]
    async with desk.repository.reading() as work:
        found = await work.outbox.get(bad.id)
    assert found is not None
    assert "tomorrow" in str(found[1])


async def test_news_of_a_case_without_the_one_that_cannot_be_read(desk: Desk) -> None:
    """What is told together is told without it, to each recipient; where nothing is left, there is no message."""
    desk.recipients = {"slack": ("a@x.example", "b@x.example")}
    desk.route(Route(channels=("slack",), group_by=(GroupBy.ASSET,), group_wait=Duration(60)))
    for number in range(1, 31):
        await desk.event(case=finding(number))
    await spoil(desk, 1, 2, 30)
    assert await desk.later(minutes=2) == 1
    (digest, same) = await desk.alerts()
    assert isinstance(digest, DigestAlert)
    assert digest == same
    assert len(digest.entries) + digest.more == 28, (
        "those that are read at all are looked at, the others counted"
    )
    assert len(await set_aside(desk)) == 4


@pytest.mark.parametrize("count", [1, 3])
async def test_nothing_left_to_tell(desk: Desk, count: int) -> None:
    """A group of which nothing can be read is no message, and does not come again; its case is told of by reminders."""
    desk.route(Route(name="all", channels=("slack",), group_wait=Duration(60), repeat=Duration(3600)))
    for number in range(count):
        await desk.event(content=f"opened:{number}")
    await spoil(desk, *range(1, count + 1))
    await desk.later(minutes=2)
    assert len(await set_aside(desk)) == count
    assert await desk.alerts() == []
    await desk.later(hours=1)
    assert await desk.later(minutes=1) == 1
    assert [one.subject for one in await desk.alerts()] == ["LW-1"]


async def test_who_is_named_twice_as_a_recipient(desk: Desk) -> None:
    """He has one message; that another cannot be read stops nothing."""
    desk.recipients = {"slack": ("a@x.example", "a@x.example")}
    await desk.event()
    await desk.event(case=finding(2))
    await spoil(desk, 1)
    assert await desk.tell() == 2
    assert [one.subject for one in await set_aside(desk)] == ["LW-1"]
    assert [one.subject for one in await desk.alerts()] == ["LW-2"]


@pytest.mark.parametrize("kept", ['{"verdicts": ["certain"]}', '{"planets": ["mars"]}', "[1]"])
async def test_a_silence_that_cannot_be_read_silences_nothing(desk: Desk, kept: str) -> None:
    """One that a newer version began beside us keeps nobody from being told, is listed, and is over in time."""
    everything = Matchers()
    for matchers in (everything, Matchers(assets=frozenset({"song"}))):
        times = (desk.at, desk.at + timedelta(hours=1))
        await begin_silence(matchers, *times, "ops", "a test", desk.repository, desk.at)
    await desk.event()
    async with desk.repository.engine.begin() as connection:
        await connection.execute(sa.update(silence).values(matchers=json.loads(kept)))
    await desk.event(case=finding(2))
    assert await desk.tell() == 1
    async with desk.repository.reading() as work:
        listed = await work.silences.list(at=desk.at)
    assert {words(one.matchers) for one in listed} == {"findings=(cannot be read)"}
    assert await desk.later(hours=1) == 1
    assert [one.subject for one in await desk.alerts()] == ["LW-2", "LW-1"]
