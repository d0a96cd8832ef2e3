"""Reminders, escalations, silences and inhibition: what is told again, to whom next, and what is kept back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from leakwatch.errors import InputError
from leakwatch.model.alert import Alert, AnyAlert, DigestAlert, is_repeat
from leakwatch.model.announcement import MessageKind
from leakwatch.model.asset import AssetId
from leakwatch.model.duration import Duration
from leakwatch.model.finding import EventKind, Severity, State, Verdict
from leakwatch.model.opening import Opening
from leakwatch.model.route import Escalation, Inhibit, Matchers, Route
from leakwatch.telling import free
from leakwatch.telling import remind as reminding
from leakwatch.telling.explain import explain_finding, explain_news
from leakwatch.telling.silences import begin_silence, end_silence

from .conftest import ASSET, NOON, finding  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from .conftest import Desk  # type: ignore[import-not-found]

SIGHTED = EventKind.SIGHTED
REPEATED = Route(
    name="all",
    channels=("slack",),
    repeat=Duration(3600),
    escalate=(
        Escalation(after=Duration(1800), channels=("lead",)),
        Escalation(after=Duration(7200), channels=("boss", "lead")),
    ),
)


async def silenced(desk: Desk, hours: float = 1, **match: frozenset[str]) -> int:
    """Begin a silence; answers its number."""
    ends = desk.at + timedelta(hours=hours)
    matchers = Matchers(**match)  # type: ignore[arg-type]
    return (await begin_silence(matchers, desk.at, ends, "mara", "we know", desk.repository, desk.at)).id


async def test_repeat_and_escalate_until_acknowledged(desk: Desk) -> None:
    """Every hour again, after half an hour to the lead, after two to the boss; who acknowledges ends both."""
    desk.route(REPEATED)
    await desk.event()
    await desk.tell()
    told: list[tuple[float, list[str]]] = []
    for minute in range(10, 200, 10):
        before = len(await desk.sent())
        if await desk.later(minutes=10):
            told.append((minute, [channel for channel, _ in (await desk.sent())[before:]]))
    assert told == [(30, ["lead"]), (90, ["slack"]), (120, ["boss", "lead"]), (180, ["slack"])]
    assert (await desk.headlines())[1:3] == [
        "nobody has acknowledged this; you are told next",
        "nobody has acknowledged this",
    ]
    await desk.event(EventKind.STATE, finding(state=State.ACKNOWLEDGED), "ack", actor="mara")
    await desk.later(minutes=10)
    before = len(await desk.sent())
    assert await desk.later(days=1) == 0
    assert len(await desk.sent()) == before
    async with desk.repository.reading() as work:
        history = [one.kind for one in await work.findings.events(finding().id)]
    assert history.count(EventKind.ESCALATED) == history.count(EventKind.REMINDER) == 2


async def test_a_long_sleep_makes_one_message_of_all(desk: Desk) -> None:
    """After a day without the daemon the reminders of many cases are one message, and one step is taken, not all."""
    desk.route(REPEATED)
    for number in range(6):
        await desk.event(case=finding(number))
    await desk.tell()
    before = len(await desk.sent())
    assert await desk.later(days=1) == 1
    ((channel, headline),) = (await desk.sent())[before:]
    assert (channel, headline) == ("lead", "6 findings that nobody has acknowledged")
    assert await desk.tell() == 0


async def test_fifty_overdue_reminders_are_one_message(desk: Desk) -> None:
    """What became due while nobody ran is one message of the route after the start, of several assets as well."""
    desk.route(replace(REPEATED, escalate=(), budget=100))
    for number in range(50):
        asset = replace(ASSET, id=AssetId(f"film{number % 2}"))
        await desk.event(case=finding(number, asset=asset.id), asset=asset)
    await desk.tell()
    before = len(await desk.sent())
    assert before == 50
    assert await desk.later(days=3) == 1
    assert (await desk.headlines())[before:] == ["50 findings that nobody has acknowledged"]
    assert [await desk.later(seconds=5) for _ in range(10)] == [0] * 10
    (message,) = (await desk.alerts())[before:]
    assert isinstance(message, DigestAlert)
    assert message.more + len(message.entries) == 50
    assert await desk.later(hours=1) == 1, "and the next time again"


@pytest.mark.parametrize("settle", [True, False])
async def test_very_many_reminders_keep_news_waiting_for_nothing(
    desk: Desk, settle: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are written down in parts, news are told between these, and all are one message when the last is there."""
    monkeypatch.setattr(reminding, "_AT_ONCE", 20)
    desk.route(replace(REPEATED, escalate=(), budget=100))
    for number in range(50):
        await desk.event(case=finding(number))
    await desk.tell()
    before = len(await desk.sent())
    desk.at += timedelta(days=3)
    await desk.event(case=finding(99))
    told: list[int] = []
    for _ in range(4):
        told.append(await desk.tell(settle=settle))
        desk.at += timedelta(seconds=5)
    assert told == ([1, 0, 1, 0] if settle else [2, 0, 0, 0])
    assert (await desk.headlines())[before:] == [
        "possible leak on board",
        "50 findings that nobody has acknowledged",
    ]


async def test_reminders_that_never_end_are_told_after_a_while(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where more become due than are written down, what is there is told within a quarter of an hour."""
    monkeypatch.setattr(reminding, "_AT_ONCE", 1)
    desk.route(replace(REPEATED, escalate=(), repeat=Duration(10)))
    for number in range(5):
        await desk.event(case=finding(number))
    await desk.tell()
    before = len(await desk.sent())
    for _ in range(32):
        await desk.later(seconds=30)
    assert (await desk.headlines())[before:] == ["5 findings that nobody has acknowledged"]


async def test_repeats_do_not_keep_news_back(desk: Desk) -> None:
    """With reminders every hour for old findings, as many new leaks are told by themselves as without, and come first."""
    desk.route(replace(REPEATED, escalate=()))
    for number in range(4):
        await desk.event(case=finding(number, severity=Severity.CRITICAL))
        await desk.tell()
        await desk.later(minutes=10)
    await desk.later(minutes=20)
    assert (await desk.headlines())[4:] == ["nobody has acknowledged this"]
    desk.at += timedelta(minutes=10)
    for number in range(10, 16):
        await desk.event(case=finding(number))
    await desk.tell()
    told = await desk.alerts()
    assert [one.subject for one in told[5:8]] == ["LW-10", "LW-11", "LW-12"]
    assert isinstance(told[8], DigestAlert)
    assert len(told) == 9, "the repeat of the second has no room yet"
    assert ("slack", "waiting", "budget") in await desk.fates("LW-1")
    desk.at += timedelta(minutes=50)
    await desk.event(case=finding(20))
    assert await desk.tell() == 2
    assert [one.subject for one in (await desk.alerts())[9:]] == ["LW-20", "digest:film"], "news come first"
    claimed: list[AnyAlert] = []
    async with desk.repository.writing() as work:
        while delivery := await work.outbox.claim("slack", desk.at, 60):
            claimed.append(delivery.alert)
    assert len(claimed) == 11
    assert [is_repeat(one) for one in claimed].index(True) >= 9, "repeats are sent last, however severe"


async def test_who_acknowledges_is_not_reminded_of_what_waited(desk: Desk) -> None:
    """A reminder that has no room yet, or that a silence keeps back, is over when somebody acknowledges."""
    desk.route(replace(REPEATED, escalate=()))
    for number in (1, 2):
        await desk.event(case=finding(number))
        await desk.tell()
        await desk.later(minutes=10)
    await desk.later(minutes=40)
    await desk.later(minutes=10)
    assert await desk.fates("LW-2") == [("slack", "told", ""), ("slack", "waiting", "budget")]
    await desk.event(EventKind.STATE, finding(2, state=State.ACKNOWLEDGED), "ack", actor="mara")
    assert (await desk.fates("LW-2"))[1] == ("slack", "settled", "it is acknowledged")
    await desk.event(EventKind.MERGED, finding(3), content="merged:LW-1", merged="LW-1")
    await desk.later(minutes=55)
    assert "nobody has acknowledged this" not in (await desk.headlines())[3:]


async def test_an_escalation_is_news_to_those_it_goes_to(desk: Desk) -> None:
    """A step has its place among the news of a channel that hears of it first; one that knows it is told again."""
    desk.route(REPEATED)
    await desk.event()
    await desk.later(minutes=1)
    await desk.later(minutes=30)
    await desk.later(minutes=95)
    await desk.later(minutes=61)
    async with desk.repository.reading() as work:
        told = {
            name: [one.kind for one in await work.announcements.messages(name, NOON)]
            for name in ("slack", "lead", "boss")
        }
    single, again = MessageKind.SINGLE, MessageKind.REPEAT
    assert told == {"slack": [single, again], "lead": [single, again], "boss": [single]}


@pytest.mark.parametrize("hours", [-1, -24])
async def test_a_clock_set_back_repeats_nothing(desk: Desk, hours: int) -> None:
    """When the clock is set back, the next reminder comes as long after as it would have."""
    desk.route(replace(REPEATED, escalate=()))
    await desk.event()
    await desk.tell()
    assert await desk.later(minutes=50) == 0
    assert await desk.later(hours=hours) == 0
    assert await desk.later(minutes=59) == 0
    assert await desk.later(minutes=2) == 1


async def test_no_reminder_in_the_night(desk: Desk) -> None:
    """A reminder that falls into quiet hours comes in the morning."""
    desk.route(replace(REPEATED, escalate=(), quiet=(Opening.parse("daily 12:30-20:00"),)))
    await desk.event()
    await desk.tell()
    assert await desk.later(hours=1) == 0
    assert await desk.later(hours=7) == 1
    assert (await desk.headlines())[1] == "nobody has acknowledged this"


async def test_restarts_tell_nothing(desk: Desk) -> None:
    """With a thousand open cases that were told, an engine that begins anew has nothing to tell."""
    desk.route(replace(REPEATED, repeat=Duration(86_400), escalate=()))
    desk.at = NOON - timedelta(hours=2)
    for number in range(1000 if desk.repository.is_embedded else 50):
        await desk.event(case=finding(number))
    await desk.tell()
    for _ in range(3):
        await desk.later(minutes=31)
    before = len(await desk.sent())
    assert before <= 12
    for _ in range(50):
        assert await desk.tell() == 0
    await desk.event(case=finding(5000, verdict=Verdict.PROVED))
    assert await desk.tell() == 1


async def test_a_silence_keeps_back_and_says_so(desk: Desk) -> None:
    """What falls under a silence is told to nobody, is counted, and says which silence; other news are told."""
    ident = await silenced(desk, assets=frozenset({"film"}), findings=frozenset({"LW-1"}))
    assert await desk.event() == 0
    assert await desk.event(case=finding(2)) == 1
    assert await desk.tell() == 1
    assert await desk.fates() == [("slack", "silenced", f"silence {ident} by mara: we know")]
    async with desk.repository.reading() as work:
        (silence,) = await work.silences.list(at=desk.at)
        entries = await work.audit.entries(f"silence:{ident}")
    assert silence.silenced == 1
    assert [(one.actor, one.action) for one in entries] == [("mara", "silence.add")]


@pytest.mark.parametrize("by_hand", [True, False])
async def test_the_end_of_a_silence_tells_what_is_open(desk: Desk, by_hand: bool) -> None:
    """When it ends, what it hid and is still open comes as one digest; what was false, or is silenced still, does not."""
    ident = await silenced(desk, assets=frozenset({"film"}))
    longer = await silenced(desk, 9, findings=frozenset({"LW-4"}))
    for number in range(1, 5):
        await desk.event(case=finding(number))
    await desk.event(EventKind.STATE, finding(3, state=State.FALSE_POSITIVE), "false")
    assert await desk.later(minutes=30) == 0
    if by_hand:
        await end_silence(ident, "mara", desk.repository, desk.at)
        assert await desk.tell() == 1
    else:
        assert await desk.later(minutes=30) == 1
    (digest,) = await desk.alerts()
    assert isinstance(digest, DigestAlert)
    assert sorted(one.finding for one in digest.entries) == ["LW-1", "LW-2"]
    assert await desk.tell() == 0
    assert (await desk.fates("LW-4"))[0][1] == "silenced"
    async with desk.repository.reading() as work:
        assert [subject for _, subject, *_ in await work.announcements.hidden(longer)] == ["LW-4"]
    assert await desk.later(hours=9) == 1


async def test_a_silence_that_ends_at_night_wakes_nobody(desk: Desk) -> None:
    """What it hid waits for the end of the quiet hours, or the digest, of its route."""
    desk.route(
        Route(channels=("slack",), quiet=(Opening.parse("daily 12:00-20:00 UTC"),), continue_=True),
        Route(channels=("mail",), digest="daily"),
    )
    ident = await silenced(desk, assets=frozenset({"film"}))
    await desk.event()
    await end_silence(ident, "mara", desk.repository, desk.at)
    assert await desk.tell() == 0
    assert sorted((channel, why) for channel, _, why in await desk.fates()) == [
        ("mail", "digest"),
        ("slack", "quiet"),
    ]
    assert await desk.later(hours=8) == 1
    assert await desk.later(hours=16) == 1


async def test_silences_need_a_reason_and_an_end(desk: Desk) -> None:
    """Nobody silences without saying why, or what is over before it begins; ending one twice is an error."""
    for ends, reason in ((NOON, "why"), (NOON + timedelta(hours=1), "  ")):
        with pytest.raises(InputError):
            await begin_silence(Matchers(), NOON, ends, "mara", reason, desk.repository, NOON)
    ident = await silenced(desk)
    await end_silence(ident, "mara", desk.repository, desk.at)
    for number in (ident, 99):
        with pytest.raises(InputError):
            await end_silence(number, "mara", desk.repository, desk.at)


async def test_something_worse_inhibits(desk: Desk) -> None:
    """While a proved case of the asset is open, what is no more than a name is told to nobody; its equal is told."""
    rule = Inhibit(source=Matchers(verdicts=frozenset({Verdict.PROVED})), target=Matchers())
    desk.routing = replace(desk.routing, inhibit=(rule,))
    proved = finding(verdict=Verdict.PROVED)
    await desk.event(case=proved)
    assert await desk.event(case=finding(2)) == 0
    assert await desk.event(case=finding(3, verdict=Verdict.PROVED)) == 1
    assert await desk.event(case=finding(4, severity=Severity.CRITICAL)) == 1
    assert await desk.fates("LW-2") == [("slack", "inhibited", "LW-1 is open")]
    for case in (proved, finding(3, verdict=Verdict.PROVED)):
        await desk.event(EventKind.STATE, replace(case, state=State.REMOVED), "removed")
    assert await desk.event(case=finding(5)) == 1


BY_PROVED = Inhibit(source=Matchers(verdicts=frozenset({Verdict.PROVED})), target=Matchers())


async def freed(desk: Desk) -> int:
    """What the daemon does every few seconds: let what nothing keeps back be told; answers how much that was."""
    return await free(desk.routing, desk.repository, desk.at)


@pytest.mark.parametrize("state", [State.REMOVED, State.FALSE_POSITIVE, State.ALLOWED, State.MERGED])
async def test_what_was_inhibited_is_told_when_the_worse_case_is_closed(desk: Desk, state: State) -> None:
    """What is open and was not told since comes as one message, once; what is closed, or was told, does not."""
    desk.routing = replace(desk.routing, inhibit=(BY_PROVED,))
    proved = finding(verdict=Verdict.PROVED)
    await desk.event(case=proved)
    for number in range(2, 6):
        await desk.event(case=finding(number))
        await desk.event(SIGHTED, finding(number), content="site:x", site="x")
    await desk.tell()
    assert await freed(desk) == 0
    await desk.event(EventKind.STATE, finding(4, state=State.REMOVED), "removed")
    await desk.event(EventKind.SEVERITY, finding(5, severity=Severity.CRITICAL), "up", **{"from": "high"})
    await desk.tell()
    assert len(await desk.sent()) == 2
    assert await freed(desk) == 0, "what it keeps back is still lesser"
    gone = replace(proved, state=state, merged_into=finding(9).id if state is State.MERGED else None)
    await desk.event(EventKind.STATE, gone, "over")
    await desk.later(minutes=6)
    before = len(await desk.sent())
    assert await freed(desk) == 4
    assert await freed(desk) == 0
    assert await desk.tell() == 1
    digest = (await desk.alerts())[before]
    assert isinstance(digest, DigestAlert)
    assert sorted(one.finding for one in digest.entries) == ["LW-2", "LW-3"]
    assert await desk.fates("LW-4") == [("slack", "settled", "it is over")] * 2
    assert [fate for _, fate, _ in await desk.fates("LW-5")] == ["settled", "settled", "told"]
    assert await desk.later(days=1) == 0


async def test_what_is_inhibited_goes_from_one_worse_case_to_the_next(desk: Desk) -> None:
    """As long as any other proved case is open nobody is told; a silence that stands then takes it over."""
    desk.routing = replace(desk.routing, inhibit=(BY_PROVED,))
    first, second = (finding(number, verdict=Verdict.PROVED) for number in (1, 2))
    await desk.event(case=first)
    await desk.event(case=finding(3))
    await desk.event(case=second)
    await desk.event(EventKind.STATE, replace(first, state=State.REMOVED), "removed")
    assert await freed(desk) == 0
    assert await desk.fates("LW-3") == [("slack", "inhibited", "LW-2 is open")]
    ident = await silenced(desk, findings=frozenset({"LW-3"}))
    await desk.event(EventKind.STATE, replace(second, state=State.FALSE_POSITIVE), "false")
    assert await freed(desk) == 0
    assert (await desk.fates("LW-3"))[0][1] == "silenced"
    await desk.tell()
    before = len(await desk.sent())
    await end_silence(ident, "mara", desk.repository, desk.at)
    assert await desk.tell() == 1
    assert (await desk.headlines())[before:] == ["possible leak on board"]


async def test_what_is_no_longer_worse_keeps_nothing_back(desk: Desk) -> None:
    """A case that is refuted, a lesser one that got worse meanwhile, and a rule that is gone let go what was kept back."""
    desk.routing = replace(desk.routing, inhibit=(BY_PROVED,))
    await desk.event(case=finding(verdict=Verdict.PROVED))
    await desk.event(case=finding(2))
    async with desk.repository.writing() as work:
        await work.findings.save(finding(verdict=Verdict.LIKELY))
    assert await freed(desk) == 1
    await desk.event(case=finding(3, verdict=Verdict.PROVED))
    await desk.event(case=finding(4))
    desk.routing = replace(desk.routing, inhibit=())
    assert await freed(desk) == 1


async def test_what_is_let_go_in_the_night_waits(desk: Desk) -> None:
    """It wakes nobody whom the news themselves would not have woken."""
    desk.route(Route(channels=("slack",), quiet=(Opening.parse("daily 13:00-20:00 UTC"),)))
    desk.routing = replace(desk.routing, inhibit=(BY_PROVED,))
    await desk.event(case=finding(verdict=Verdict.PROVED))
    await desk.event(case=finding(2))
    assert await desk.tell() == 1
    await desk.later(hours=2)
    await desk.event(EventKind.STATE, finding(verdict=Verdict.PROVED, state=State.REMOVED), "removed")
    assert await freed(desk) == 1
    assert await desk.tell() == 0
    assert await desk.fates("LW-2") == [("slack", "waiting", "quiet")]
    assert await desk.later(hours=6) == 2


async def test_two_that_let_go_at_once_tell_once(desk: Desk) -> None:
    """Two processes on one database let go once, and what is broken off leaves all as it was."""
    desk.routing = replace(desk.routing, inhibit=(BY_PROVED,))
    proved = finding(verdict=Verdict.PROVED)
    await desk.event(case=proved)
    await desk.event(case=finding(2))
    await desk.event(EventKind.STATE, replace(proved, state=State.REMOVED), "removed")
    assert sum(await asyncio.gather(*(freed(desk) for _ in range(4)))) == 1


async def test_explain(desk: Desk) -> None:
    """Who is told of a finding, when, why not the others, what keeps it back, and what became of it so far."""
    rule = Inhibit(source=Matchers(verdicts=frozenset({Verdict.PROVED})), target=Matchers())
    desk.route(
        Route(name="songs", match=Matchers(assets=frozenset({"song"})), channels=("music",)),
        Route(name="night", quiet=(Opening.parse("daily 11:00-13:00"),), channels=("slack",)),
    )
    desk.routing = replace(desk.routing, inhibit=(rule,))
    await desk.event()
    told = await explain_finding("LW-1", desk.routing, desk.repository, desk.at)
    assert [(one.leg.route, one.why) for one in told.steps] == [
        ("songs", "asset film is not song"),
        ("night", ""),
    ]
    assert [(way.channel, way.due.why, way.left) for way in told.ways] == [("slack", "quiet", 6)]
    assert [(one.fate.value, one.why) for one in told.noted] == [("waiting", "quiet")]
    await desk.later(hours=1)
    asked = (desk.routing, desk.repository, desk.at)
    told = await explain_finding("LW-1", *asked)
    assert (told.kept_back, [way.left for way in told.ways]) == ("", [6]), (
        "a digest is not of the asset's budget"
    )
    await desk.event(case=finding(2, verdict=Verdict.PROVED))
    told = await explain_news(
        "film", Severity.HIGH, Verdict.UNKNOWN, told.facts.tier or "auto", frozenset(), *asked
    )  # type: ignore[arg-type]
    assert told.kept_back == "LW-2 of the same asset is open and worse ([[inhibit]])"
    await silenced(desk, findings=frozenset({"LW-1"}))
    told = await explain_finding("LW-1", *asked)
    assert told.kept_back == "silence 1 by mara until 2026-11-20 14:00 UTC: we know"
    with pytest.raises(InputError):
        await explain_finding("LW-9", *asked)
    with pytest.raises(InputError):
        await explain_news(
            "book", Severity.LOW, Verdict.UNKNOWN, told.facts.tier or "auto", frozenset(), *asked
        )  # type: ignore[arg-type]


async def test_a_silence_covers_what_waits(desk: Desk) -> None:
    """What waited for its digest when a silence began is hidden as well, says so, and is told when that ends."""
    desk.route(Route(name="all", channels=("slack",), digest="hourly"))
    await desk.event()
    other = replace(ASSET, id=AssetId("song"))
    await desk.event(case=finding(3, asset=other.id), asset=other)
    ident = await silenced(desk, 4, assets=frozenset({ASSET.id}))
    await desk.event(EventKind.OPENED, finding(4), "drill", drill="yes")
    assert await desk.later(hours=1) == 2
    told = {one.finding for one in await desk.alerts() if isinstance(one, Alert)}
    assert told == {"LW-3", "LW-4"}, "another asset, and a drill"
    assert await desk.fates() == [("slack", "silenced", f"silence {ident} by mara: we know")]
    async with desk.repository.reading() as work:
        silence = await work.silences.get(ident)
    assert silence is not None
    assert silence.silenced == 1
    assert await desk.later(hours=2, minutes=30) == 0
    assert await desk.later(minutes=30) + await desk.later(hours=1) == 1
    assert [one.finding for one in await desk.alerts() if isinstance(one, Alert)][2:] == ["LW-1"]


async def test_escalation_does_not_wait_for_the_digest_of_its_route(desk: Desk) -> None:
    """A digest that nobody answers calls the pager when its time has come, not with the next day's digest."""
    step = Escalation(after=Duration(1800), channels=("pager",))
    desk.route(Route(name="all", channels=("mail",), digest="daily", escalate=(step,)))
    await desk.event()
    assert await desk.later(hours=21) == 1
    assert await desk.later(minutes=29) == 0
    assert await desk.later(minutes=1) == 1
    assert [channel for channel, _ in await desk.sent()] == ["mail", "pager"]
