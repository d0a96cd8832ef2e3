"""How many messages come in an hour, in a storm and out of it; and that the worst are on top."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.model.announcement import Message, MessageKind, Waiting
from leakwatch.model.duration import Duration
from leakwatch.model.route import Escalation, Policy
from leakwatch.routing.budget import BEYOND, HOUR, Bundle, Shares, ration, ration_again, repeats_of, shares
from leakwatch.routing.fold import in_full

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FAKE, REAL = 2200, 2400
RESERVE = 4


def row(ident: int, urgency: int = FAKE, at: datetime = NOON) -> Waiting:
    """One announcement that waits, of a finding of its own."""
    return Waiting(
        id=ident,
        key=f"{ident:064x}",
        route="1",
        channel="slack",
        group=f"finding=LW-{ident}",
        subject=f"LW-{ident}",
        asset="film",
        urgency=urgency,
        due_at=at,
        at=at,
    )


@dataclass
class Desk:
    """What was told, and what waits for the next message of many; what is told again waits apart."""

    budget: int = 10
    repeats: int = 0
    told: list[tuple[Message, tuple[Waiting, ...]]] = field(default_factory=list)
    held: list[tuple[Waiting, datetime]] = field(default_factory=list)
    again: list[Waiting] = field(default_factory=list)

    @property
    def share(self) -> Shares:
        """How the budget is divided."""
        return shares(self.budget, self.repeats)

    def take(self, rows: list[Waiting], now: datetime) -> None:
        """Divide what is new, and what was held until now."""
        due = (
            [one for one, until in self.held if until <= now] if self.held and self.held[0][1] <= now else []
        )
        self.held = [one for one in self.held if one[1] > now] if due else self.held
        recent = [message for message, _ in self.told[-40:]]
        found = ration([Bundle((one,)) for one in (*due, *rows)], recent, self.share, now)
        self.held += [(one, found.until or now) for bundle in found.held for one in bundle.rows]
        for kind, some in ((MessageKind.SINGLE, found.singles), (MessageKind.RESERVE, found.reserved)):
            for bundle in some:
                self._tell(kind, bundle, now)
        if found.flood:
            self._tell(MessageKind.FLOOD, found.flood, now)

    def repeat(self, rows: list[Waiting], now: datetime) -> None:
        """Tell something again, when there is room."""
        self.again += rows
        if self.again and ration_again([one for one, _ in self.told], self.share, now) <= now:
            self._tell(MessageKind.REPEAT, Bundle(tuple(self.again)), now)
            self.again = []

    def _tell(self, kind: MessageKind, bundle: Bundle, now: datetime) -> None:
        group = bundle.rows[0].group
        message = Message(
            key=group,
            route="1",
            channel="slack",
            group=group,
            asset="film",
            kind=kind,
            urgency=bundle.urgency,
            at=now,
        )
        self.told.append((message, bundle.rows))


@given(st.integers(0, 10_000), st.integers(20, 500), st.sampled_from([10, 2, 3, 4, 25]))
@settings(max_examples=12, deadline=None)
def test_storm(seed: int, page: int, budget: int) -> None:
    """10,000 fakes and 3 real ones in any order, page by page within an hour: few messages, the real ones on top."""
    chance = random.Random(seed)
    order = [row(number, REAL if number < 3 else FAKE) for number in range(10_003)]
    chance.shuffle(order)
    desk, now = Desk(budget), NOON
    step = timedelta(minutes=50) / (len(order) / page)
    for start in range(0, len(order), page):
        desk.take(order[start : start + page], now)
        now += step
    for hours in (2, 3):
        desk.take([], NOON + timedelta(hours=hours))
    in_hour = [one for one, _ in desk.told if one.at < NOON + HOUR]
    assert len(in_hour) <= budget + BEYOND
    told = [one for _, rows in desk.told for one in rows]
    assert sorted(one.id for one in told) == list(range(10_003)), "each is told once, and none is lost"
    for _, rows in desk.told:
        reals = {one.subject for one in rows if one.urgency == REAL}
        assert set(in_full(rows)[: len(reals)]) == reals


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(1, 40), st.integers(0, 3400), st.booleans()), max_size=60
    ),
    st.integers(2, 30),
    st.integers(0, 8),
)
@settings(deadline=None)
def test_no_hour_has_more(batches: list[tuple[int, int, int, bool]], budget: int, repeats: int) -> None:
    """Whatever comes when, news and repeats: in no hour are there more messages than the budget and two, and none is lost."""
    desk, number = Desk(budget, repeats), 0
    for minute, count, urgency, is_repeat in sorted(batches):
        rows = [row(number + n, urgency) for n in range(count)]
        number += count
        now = NOON + timedelta(minutes=minute)
        is_again = is_repeat and repeats > 0
        desk.take([] if is_again else rows, now)
        desk.repeat(rows if is_again else [], now)
    desk.take([], NOON + timedelta(hours=9))
    desk.repeat([], NOON + timedelta(hours=9))
    times = [one.at for one, _ in desk.told]
    for begins in times:
        assert sum(begins <= at < begins + HOUR for at in times) <= budget + BEYOND
    assert sorted(one.id for _, rows in desk.told for one in rows) == list(range(number))


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(1, 40), st.integers(0, 3400), st.booleans()), max_size=60
    ),
    st.integers(2, 12),
)
@settings(deadline=None)
def test_repeats_take_nothing_from_news(batches: list[tuple[int, int, int, bool]], budget: int) -> None:
    """News go as they would if nothing were told again: by themselves, by the reserve, or as many, at the same times."""
    with_repeats, without = Desk(budget, 1), Desk(budget, 1)
    number = 0
    for minute, count, urgency, is_repeat in sorted(batches):
        rows = [row(number + n, urgency) for n in range(count)]
        number += count
        now = NOON + timedelta(minutes=minute)
        with_repeats.repeat(rows if is_repeat else [], now)  # even before them
        for desk in (with_repeats, without):
            desk.take([] if is_repeat else rows, now)
    news = [one for one, _ in with_repeats.told if one.kind is not MessageKind.REPEAT]
    assert news == [one for one, _ in without.told]


def test_within_the_budget_each_is_told_by_itself() -> None:
    """Of a budget of ten six go by themselves, the seventh is told as one of many, the worst first."""
    desk = Desk()
    desk.take([row(n) for n in range(6)], NOON)
    assert [one.kind for one, _ in desk.told] == [MessageKind.SINGLE] * 6
    desk.take([row(8), row(9)], NOON + timedelta(minutes=1))
    desk.take([row(10)], NOON + timedelta(minutes=2))
    assert [one.kind for one, _ in desk.told[6:]] == [MessageKind.FLOOD]
    assert [one.id for one, _ in desk.held] == [10]
    desk.take([], NOON + timedelta(minutes=31))
    assert [one.id for one in desk.told[-1][1]] == [10]


def test_what_is_worse_has_a_reserve() -> None:
    """When the budget is used up, what is worse than all before is told at once; what is as bad waits."""
    desk = Desk()
    desk.take([row(n) for n in range(20)], NOON)
    assert [one.kind.value for one, _ in desk.told] == ["single"] * 3 + ["flood"]
    desk.take([row(n) for n in range(20, 23)], NOON + timedelta(minutes=1))
    for number, urgency in ((30, FAKE), *((n, REAL) for n in range(31, 31 + RESERVE))):
        desk.take([row(number, urgency)], NOON + timedelta(minutes=2))
    assert [one.kind.value for one, _ in desk.told[4:]] == ["single"] * 3 + ["reserve"] * RESERVE
    desk.take([row(40, REAL)], NOON + timedelta(minutes=3))
    assert sorted(one.id for one, _ in desk.held) == [30, 40], "the reserve is used up as well"
    desk.take([], NOON + timedelta(minutes=40))
    assert [one.id for one in desk.told[-1][1]] == [40, 30], "the worst is on top"


def test_what_was_told_first_does_not_keep_back_its_like() -> None:
    """What is proved has the reserve even if one or two that are proved were told by themselves; behind three it waits."""
    desk = Desk()
    desk.take([row(n) for n in range(20)], NOON)
    for number in range(30, 40):
        desk.take([row(number, REAL)], NOON + timedelta(minutes=1))
    assert [one.kind.value for one, _ in desk.told[4:]] == ["single"] * 3
    desk = Desk()
    desk.take([row(n) for n in range(20)], NOON)
    desk.take([row(20), row(30, REAL), row(31, REAL)], NOON + timedelta(minutes=1))
    for number in range(32, 40):
        desk.take([row(number, REAL)], NOON + timedelta(minutes=2))
    assert [one.kind.value for one, _ in desk.told[4:]] == ["single"] * 3 + ["reserve"] * RESERVE


@pytest.mark.parametrize("jump", [1, 24, -1, -24])
@pytest.mark.parametrize("phase", ["calm", "used up", "holding"])
def test_a_clock_that_jumps(jump: int, phase: str) -> None:
    """Whichever way it jumps, no more than a fresh budget is sent, and what is held is told within the hour."""
    desk = Desk()
    desk.take([row(n) for n in range({"calm": 3, "used up": 6, "holding": 30}[phase])], NOON)
    if phase == "holding":
        desk.take([row(n) for n in range(30, 60)], NOON + timedelta(minutes=1))
    before, now = len(desk.told), NOON + timedelta(hours=jump)
    desk.held = [
        (one, now + (until - NOON)) for one, until in desk.held
    ]  # `set_back` of what waits; ahead it is due
    for minute in range(100):
        desk.take([row(1000 + minute)] if minute < 40 else [], now + timedelta(minutes=minute))
    after = [one for one, _ in desk.told[before:]]
    assert sum(one.at < now + HOUR for one in after) <= desk.budget + BEYOND
    assert not desk.held


@pytest.mark.parametrize("minutes", [10, 30, 59])
def test_a_clock_that_is_set_back_a_little(minutes: int) -> None:
    """What is held, and what is told again, waits from the jump no longer than the pause between two such messages."""
    desk = Desk(10, 1)
    desk.take([row(n) for n in range(30)], NOON)
    desk.repeat([row(90)], NOON)
    before, now = len(desk.told), NOON - timedelta(minutes=minutes)
    for minute in range(61):
        desk.take([row(100 + minute)] if minute < 5 else [], now + timedelta(minutes=minute))
        desk.repeat([row(200 + minute)] if minute < 5 else [], now + timedelta(minutes=minute))
    after = [one for one, _ in desk.told[before:]]
    assert min(one.at for one in after if one.kind is MessageKind.FLOOD) <= now + HOUR / 2
    assert min(one.at for one in after if one.kind is MessageKind.REPEAT) <= now + HOUR
    assert sum(one.at < now + HOUR for one in after) <= desk.budget + BEYOND
    assert not desk.held


def test_two_daemons_whose_clocks_differ_a_little_send_no_more() -> None:
    """A message that the other has written a moment ahead counts as one of now."""
    for kind in (MessageKind.FLOOD, MessageKind.REPEAT):
        desk = Desk(10, 1)
        desk.take([row(n) for n in range(30)], NOON)
        desk.repeat([row(90)], NOON)
        now = NOON - timedelta(seconds=3)
        desk.take([row(n) for n in range(30, 60)], now)
        desk.repeat([row(91)], now)
        assert sum(one.kind is kind for one, _ in desk.told) == 1


@pytest.mark.parametrize(
    ("budget", "repeats", "wanted"),
    [
        (2, 0, Shares(1, 1, 2)),
        (2, 1, Shares(1, 1, 1, 1)),
        (3, 0, Shares(1, 1, 3)),
        (4, 0, Shares(1, 2, 3)),
        (10, 0, Shares(6, 2, 4)),
        (10, 1, Shares(5, 2, 4, 1)),
        (10, 6, Shares(4, 2, 4, 2)),
        (60, 60, Shares(44, 2, 4, 12)),
    ],
)
def test_shares(budget: int, repeats: int, wanted: Shares) -> None:
    """How a budget is divided, with and without what is told again; all of it is the budget and two."""
    assert shares(budget, repeats) == wanted
    assert sum((wanted.singles, wanted.floods, wanted.reserve, wanted.repeats)) == budget + BEYOND


def test_how_often_a_route_repeats() -> None:
    """By its `repeat`; without, where an escalation goes to somebody who was told before."""
    again = Escalation(after=Duration(60), channels=("slack",))
    told = {
        "never": Policy(channels=("slack",)),
        "4h": Policy(channels=("slack",), repeat=Duration(14_400)),
        "25m": Policy(channels=("slack",), repeat=Duration(1500)),
        "step": Policy(channels=("slack",), escalate=(again,)),
        "others": Policy(channels=("mail",), escalate=(again,)),
    }
    assert {name: repeats_of(one) for name, one in told.items()} == {
        "never": 0,
        "4h": 1,
        "25m": 3,
        "step": 1,
        "others": 0,
    }


def test_repeats_of_several_routes_on_one_channel() -> None:
    """They share the channel's messages by number; on a route they come evenly."""
    desk = Desk(10, 2)
    desk.repeat([row(1)], NOON)
    told = [one for one, _ in desk.told]
    now = NOON + timedelta(minutes=1)
    assert ration_again(told, desk.share, now) == NOON + HOUR / 2
    assert ration_again(told, desk.share, now, apart=False) == now
    assert ration_again(told * 2, desk.share, now, apart=False) == NOON + HOUR
