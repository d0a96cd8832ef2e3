"""What time alone does to a severity: a release window that opens or closes, a swarm that no longer grows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from leakwatch.cases import tending
from leakwatch.cases.assets import release
from leakwatch.cases.tending import weigh_growing, weigh_windows
from leakwatch.matching.index import build_index
from leakwatch.model.finding import EventKind, Severity
from leakwatch.model.swarm import SampleMethod, SwarmSample
from leakwatch.pipeline import Counted, teller
from leakwatch.telling import Telling, tell_due

from ..test_pipeline import ASSET, NOON, Desk, desk, magnet, post  # noqa: TID252 - no package to be named

__all__ = ["desk"]
DAY = timedelta(days=1)
OPENS, CLOSES = NOON + 6 * DAY, NOON + 34 * DAY
FILM = replace(ASSET, critical=False, release_at=NOON + 20 * DAY)
NAME = "Tideglass 70B"


async def begun(desk: Desk, count: int = 1) -> None:
    """A work whose release window opens in six days, and cases of little more than a name."""
    async with desk.repository.writing() as work:
        await work.catalogue.save(FILM, NOON)
    desk.brain = replace(desk.brain, index=build_index([FILM]))
    for number in range(1, count + 1):
        await desk.take(post(str(number), NAME, magnet(number), "abcdefgh"[number]))


async def weigh(desk: Desk, at: datetime) -> int:
    """What the daemon does every few seconds, with what it tells."""
    return await weigh_windows(desk.repository, at, tell=teller(desk.brain, Counted()))


async def moves(desk: Desk) -> list[tuple[str, str]]:
    """From which severity to which, of all cases, in the order in which it happened."""
    found: list[tuple[datetime, str, str]] = []
    for case in await desk.findings():
        async with desk.repository.reading() as work:
            events = await work.findings.events(case.id)
        found += [
            (one.at, one.detail["from"], one.detail["to"]) for one in events if one.kind is EventKind.SEVERITY
        ]
    return [(before, after) for _, before, after in sorted(found)]


async def told(desk: Desk, at: datetime) -> list[str]:
    """What was said, oldest first."""
    await tell_due(Telling(routing=desk.brain.routes), desk.repository, at, settle=False)
    async with desk.repository.reading() as work:
        return [one.headline for one in reversed(await work.outbox.list())]


async def test_a_window_that_opens_and_closes_moves_severities(desk: Desk) -> None:
    """When it opens, what is open is more severe, told as one message; when it closes less, told to nobody; each once."""
    await begun(desk, 3)
    assert {one.severity for one in await desk.findings()} == {Severity.MEDIUM}
    assert await told(desk, NOON) == [], "little more than a name, and no release near"
    assert await weigh(desk, OPENS - timedelta(seconds=1)) == 0
    assert [await weigh(desk, OPENS + n * DAY) for n in (0, 1, 2)] == [3, 0, 0]
    assert {one.severity for one in await desk.findings()} == {Severity.HIGH}
    assert await told(desk, OPENS) == ["3 findings, more severe now"]
    async with desk.repository.reading() as work:
        delivery = await work.outbox.list()
    assert len(delivery) == 1
    assert [await weigh(desk, CLOSES + n * DAY) for n in (1, 2)] == [3, 0]
    assert await moves(desk) == [("medium", "high")] * 3 + [("high", "medium")] * 3
    assert len(await told(desk, CLOSES + DAY)) == 1


async def test_the_reason_is_told(desk: Desk) -> None:
    """One case is a message of its own that says why; its history says so as well."""
    await begun(desk)
    await weigh(desk, OPENS)
    (headline,) = await told(desk, OPENS)
    assert headline == "Tideglass 70B: now high, little more than a name agrees; in its release window"


async def test_a_clock_set_back_over_the_opening_tells_once(desk: Desk) -> None:
    """Each time it passes the severity moves, and the rise is told the first time only."""
    await begun(desk)
    for at in (OPENS, OPENS - DAY, OPENS + timedelta(hours=1)):
        assert await weigh(desk, at) == 1
        said = await told(desk, OPENS + timedelta(hours=1))
    assert await moves(desk) == [("high", "medium"), ("medium", "high"), ("medium", "high")]
    assert len(said) == 1


async def test_a_window_that_passed_while_nobody_looked_is_no_news(desk: Desk) -> None:
    """After a long sleep what counts is now; a case that came within the window stays as severe as it was."""
    await begun(desk)
    assert await weigh(desk, CLOSES + DAY) == 0
    await release(desk.repository, FILM.id, "ann", NOON, when=NOON + DAY)  # earlier: the case came within
    assert [case.severity for case in await desk.findings()] == [Severity.HIGH]
    assert await weigh(desk, CLOSES + DAY) == 0


async def test_many_cases_are_weighed_in_parts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction judges a bounded number, one look all of them, and they are told as one message."""
    monkeypatch.setattr(tending, "_AT_ONCE", 2)
    await begun(desk, 5)
    assert [await weigh(desk, OPENS) for _ in range(2)] == [5, 0]
    assert await told(desk, OPENS) == ["5 findings, more severe now"]


async def test_growth_that_died_down(desk: Desk) -> None:
    """A case is less severe when its swarm was not counted for so long that nobody knows whether it still grows."""
    await begun(desk)
    (case,), tell = await desk.findings(), teller(desk.brain, Counted())
    samples = [
        SwarmSample(
            swarm_key=f"{1:040x}",
            at=NOON + timedelta(hours=hours),
            method=SampleMethod.TRACKER,
            source="tracker.example",
            seeds=seeds,
            leechers=0,
        )
        for hours, seeds in ((0, 10), (2, 20), (4, 40))
    ]
    async with desk.repository.writing() as work:
        await work.swarms.add(samples)
        await tending.reweigh(case, FILM, NOON + timedelta(hours=4), work, tell)
    assert await moves(desk) == [("medium", "high")]
    for hours, moved in ((5, 1), (39, 1), (41, 2), (99, 2)):
        await weigh_growing(desk.repository, NOON + timedelta(hours=hours), tell=tell)
        assert len(await moves(desk)) == moved
    assert (await moves(desk))[-1] == ("high", "medium")
    assert len(await told(desk, NOON + 5 * DAY)) == 0, "of so little nobody is told, and of a fall never"
