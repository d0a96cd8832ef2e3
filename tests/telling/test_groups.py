"""What is told at once, what with its group, and what after the quiet hours or in a digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from leakwatch.model.alert import Alert, DigestAlert, DigestEvent
from leakwatch.model.asset import AssetId
from leakwatch.model.duration import Duration
from leakwatch.model.finding import EventKind, Severity, State, Verdict
from leakwatch.model.opening import Opening
from leakwatch.model.route import GroupBy, Matchers, Route
from leakwatch.telling.remind import remind

from .conftest import ASSET, NOON, finding  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from .conftest import Desk  # type: ignore[import-not-found]

SITED = EventKind.SIGHTED


async def test_first_at_once_then_together(desk: Desk) -> None:
    """An opened case is told at once; further sites within five minutes are one message; a proof does not wait."""
    assert await desk.event() == 1
    assert await desk.tell() == 1
    for number in range(3):
        await desk.event(SITED, content=f"site:s{number}", site=f"s{number}")
        assert await desk.later(seconds=20) == 0
    assert await desk.later(minutes=4) == 1
    assert await desk.headlines() == [
        "possible leak on board",
        "the same leak is now on s0 too; the same leak is now on s1 too; the same leak is now on s2 too",
    ]
    await desk.event(SITED, content="site:s9", site="s9")
    assert await desk.later(seconds=1) == 0
    await desk.event(EventKind.VERDICT, finding(verdict=Verdict.PROVED), content="verdict:proved")
    assert await desk.tell() == 1
    assert (await desk.headlines())[2] == "proved; the same leak is now on s9 too"
    assert await desk.later(days=1) == 0


async def test_the_same_news_is_told_once(desk: Desk) -> None:
    """A scan that finds the same again, and a tick that comes again, tell nothing again."""
    await desk.event()
    await desk.tell()
    assert await desk.event() == 0
    assert await desk.tell() == await desk.later(hours=1) == 0
    assert len(await desk.sent()) == 1


async def test_group_wait_and_groups_by_asset(desk: Desk) -> None:
    """With a wait and by asset, findings that are opened together are one message, the worst first."""
    desk.route(Route(channels=("slack",), group_by=(GroupBy.ASSET,), group_wait=Duration(30)))
    await desk.event()
    await desk.event(case=finding(2, verdict=Verdict.PROVED))
    await desk.event(case=finding(3, severity=Severity.CRITICAL))
    assert await desk.tell() == 0
    assert await desk.later(seconds=30) == 1
    (digest,) = await desk.alerts()
    assert isinstance(digest, DigestAlert)
    assert digest.event is DigestEvent.GROUP
    assert [one.finding for one in digest.entries] == ["LW-3", "LW-2", "LW-1"]
    assert digest.counts == (("critical", 1), ("high", 2))


async def test_several_channels_and_recipients(desk: Desk) -> None:
    """Each channel of each leg is told once, and each recipient of a channel has a message of his own."""
    desk.recipients = {"mail": ("a@x.example", "b@x.example")}
    desk.route(
        Route(channels=("slack", "mail"), continue_=True),
        Route(channels=("mail",), match=Matchers(assets=frozenset({"song"})), continue_=True),
        Route(channels=("mail", "pager")),
    )
    assert await desk.event() == 3
    assert await desk.tell() == 3
    assert sorted(channel for channel, _ in await desk.sent()) == ["mail", "mail", "pager", "slack"]
    async with desk.repository.reading() as work:
        rows = await work.outbox.list()
    assert {one.recipient for one in rows if one.channel == "mail"} == {"a@x.example", "b@x.example"}
    assert {one.route for one in rows} == {"1", "3"}


async def test_quiet_hours_make_one_message(desk: Desk) -> None:
    """What comes in the night is one message in the morning; what is critical wakes people at once."""
    desk.route(Route(channels=("slack",), quiet=(Opening.parse("daily 11:00-19:00"),)))
    for number in range(3):
        await desk.event(case=finding(number))
    assert await desk.tell() == 0
    assert await desk.fates("LW-1") == [("slack", "waiting", "quiet")]
    await desk.event(case=finding(9, severity=Severity.CRITICAL))
    assert await desk.tell() == 1
    assert await desk.later(hours=7) == 1
    first, digest = await desk.alerts()
    assert isinstance(first, Alert)
    assert isinstance(digest, DigestAlert)
    assert (digest.event, len(digest.entries)) == (DigestEvent.AFTER_QUIET, 3)


@pytest.mark.parametrize(("every", "hours"), [("hourly", 1), ("daily", 21), ("weekly", 69)])
async def test_digests(desk: Desk, every: str, hours: int) -> None:
    """A digest comes at its time with all that came before, and not at all where nothing did."""
    desk.route(Route(channels=("slack",), digest=every))  # type: ignore[arg-type]
    await desk.event()
    await desk.event(case=finding(2))
    await desk.event(EventKind.VERDICT, finding(2, verdict=Verdict.PROVED), content="verdict:proved")
    assert await desk.later(hours=hours, minutes=-1) == 0
    assert await desk.later(minutes=1) == 1
    (digest,) = await desk.alerts()
    assert isinstance(digest, DigestAlert)
    assert digest.headline == "digest: 2 findings, 1 proved"
    assert [one.finding for one in digest.entries] == ["LW-2", "LW-1"]
    assert await desk.later(days=8) == 0


async def test_acts_are_told_where_the_case_was(desk: Desk) -> None:
    """Who was told of a case hears what becomes of it, and nobody else; small acts are told to nobody."""
    desk.route(
        Route(
            channels=("first",),
            match=Matchers(assets=frozenset({"film"}), events=frozenset({EventKind.OPENED})),
        ),
        Route(channels=("second",)),
    )
    await desk.event()
    await desk.tell()
    await desk.event(EventKind.STATE, finding(state=State.ACKNOWLEDGED), "acknowledged", actor="mara")
    await desk.event(EventKind.COMMENT, finding(state=State.ACKNOWLEDGED))
    await desk.later(minutes=5)
    await desk.event(EventKind.STATE, finding(state=State.FALSE_POSITIVE), "false", actor="mara")
    await desk.later(minutes=5)
    await desk.event(EventKind.STATE, finding(state=State.REOPENED), "reopened")
    await desk.later(minutes=5)
    assert await desk.sent() == [
        ("first", "The Harbour: possible leak on board"),
        ("first", "The Harbour: acknowledged by mara"),
        ("first", "The Harbour: a false positive by mara"),
        ("first", "The Harbour: is back (reopened)"),
        ("second", "The Harbour: is back (reopened)"),
    ]


async def test_what_is_over_is_not_told(desk: Desk) -> None:
    """A case that turns out to be false before anybody was told of it is told to nobody, and it says why."""
    desk.route(Route(channels=("slack",), digest="daily"))
    await desk.event()
    assert await desk.event(EventKind.STATE, finding(state=State.FALSE_POSITIVE), "false") == 0
    assert await desk.later(days=2) == 0
    assert await desk.fates() == [("slack", "settled", "it is false positive")]


async def test_a_merged_case_keeps_its_channels(desk: Desk) -> None:
    """Who was told of a case that is part of another one now, hears of that other one, and which became part of it."""
    desk.route(Route(channels=("slack",), match=Matchers(findings=frozenset({"LW-2"}))))
    await desk.event()
    await desk.event(case=finding(2))
    await desk.tell()
    await desk.event(EventKind.MERGED, finding(1), content="merged:LW-2", merged="LW-2")
    await desk.later(minutes=10)
    assert (await desk.headlines())[1].startswith("two cases are one, LW-2 is now part")
    (_, told) = await desk.alerts()
    assert isinstance(told, Alert)
    assert (told.finding, told.merged) == ("LW-1", ("LW-2",))


async def test_a_split_is_told_once_and_the_new_case_stands(desk: Desk) -> None:
    """Who was told of a case hears of the one that was taken out of it, and is reminded of that until it is acknowledged."""
    only = Matchers(events=frozenset({EventKind.OPENED}))
    desk.route(Route(channels=("slack",), match=only, repeat=Duration(3600)), Route(channels=("mail",)))
    await desk.event()
    await desk.tell()
    await desk.event(EventKind.STATE, finding(state=State.ACKNOWLEDGED), "acknowledged", actor="mara")
    told = {"split": "LW-2", "from": "LW-1", "sightings": "1"}
    await desk.event(EventKind.SPLIT, finding(state=State.ACKNOWLEDGED), "split", actor="mara", **told)
    await desk.event(EventKind.SPLIT, finding(2), "split", actor="mara", **told)
    await desk.later(minutes=10)
    assert await desk.sent() == [
        ("slack", "The Harbour: possible leak on board"),
        ("slack", "The Harbour: acknowledged by mara"),
        ("slack", "The Harbour: one case is two, LW-2 was part of LW-1"),
    ]
    desk.at += timedelta(hours=2)
    await remind(desk.routing, desk.repository, desk.at)
    await desk.tell()
    assert (await desk.headlines())[3:] == ["nobody has acknowledged this"]
    assert [one.finding for one in await desk.alerts() if isinstance(one, Alert)][3:] == ["LW-2"]


async def test_falls_are_silent_and_rises_break_through(desk: Desk) -> None:
    """A severity that rises is told at once, one that falls only stands in the history."""
    await desk.event()
    await desk.tell()
    await desk.event(EventKind.SEVERITY, finding(severity=Severity.LOW), "down", **{"from": "high"})
    assert await desk.tell() == 0
    await desk.event(EventKind.SEVERITY, finding(severity=Severity.CRITICAL), "up", **{"from": "high"})
    assert await desk.tell() == 1


@pytest.mark.parametrize("hours", [1, -1, 24, -24])
async def test_a_clock_that_jumps(desk: Desk, hours: int) -> None:
    """A jump of an hour or a day either way sends nothing twice, and what waits comes once, within its wait."""
    await desk.event()
    await desk.tell()
    await desk.event(SITED, content="site:x", site="x")
    desk.route(Route(name="all", channels=("slack",)), Route(channels=("quiet",), digest="hourly"))
    assert await desk.tell() == 0
    told = await desk.later(hours=hours)
    for _ in range(6):
        told += await desk.later(minutes=1)
    assert told == 1
    assert await desk.headlines() == ["possible leak on board", "the same leak is now on x too"]


async def test_a_budget_holds_nothing_until_people_sleep(desk: Desk) -> None:
    """What waits for its turn when the quiet hours begin waits for their end; so does what comes while the daemon is down."""
    desk.route(Route(channels=("slack",), quiet=(Opening.parse("daily 12:10-20:00"),), budget=4))
    for number in range(20):
        await desk.event(case=finding(number))
    before = await desk.tell()
    for number in range(20, 40):
        await desk.event(case=finding(number))
    assert await desk.later(minutes=5) == 0
    desk.at += timedelta(minutes=4)
    song = replace(ASSET, id=AssetId("song"))
    await desk.event(case=finding(50, asset=song.id), asset=song)
    for _ in range(7):
        assert await desk.later(hours=1) == 0
    assert {why for _, _, why in await desk.fates("LW-30")} == {"quiet"}
    await desk.event(case=finding(60, severity=Severity.CRITICAL))
    assert await desk.tell() == 1
    assert await desk.later(hours=1) == 1
    assert desk.at == NOON + timedelta(hours=8, minutes=9)
    digest = (await desk.alerts())[-1]
    assert isinstance(digest, DigestAlert)
    assert (digest.event, len(digest.entries) + digest.more) == (DigestEvent.AFTER_QUIET, 21)
    assert len(await desk.sent()) == before + 2


async def test_quiet_hours_that_never_end_hide_nothing_for_good(desk: Desk) -> None:
    """What waits for the end of hours without an end is told in the second week."""
    desk.route(Route(channels=("slack",), quiet=(Opening.parse("daily 00:00-24:00"),)))
    await desk.event()
    assert await desk.later(days=7) == 0
    assert await desk.later(days=2) == 1
