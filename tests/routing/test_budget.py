"""How many messages come in an hour, in a storm and out of it; and that the worst are on top."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.model.announcement import Message, MessageKind, Waiting
from leakwatch.routing.budget import HOUR, RESERVE, Bundle, floods, ration
from leakwatch.routing.fold import in_full

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FAKE, REAL = 2200, 2400


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
    """What was told, and what waits for the next message of many."""

    budget: int = 10
    told: list[tuple[Message, tuple[Waiting, ...]]] = field(default_factory=list)
    held: list[tuple[Waiting, datetime]] = field(default_factory=list)

    def take(self, rows: list[Waiting], now: datetime) -> None:
        """Divide what is new, and what was held until now."""
        due = (
            [one for one, until in self.held if until <= now] if self.held and self.held[0][1] <= now else []
        )
        self.held = [one for one in self.held if one[1] > now] if due else self.held
        recent = [message for message, _ in self.told[-40:]]
        found = ration([Bundle((one,)) for one in (*due, *rows)], recent, self.budget, now)
        self.held += [(one, found.until or now) for bundle in found.held for one in bundle.rows]
        for kind, some in ((MessageKind.SINGLE, found.singles), (MessageKind.RESERVE, found.reserved)):
            for bundle in some:
                self._tell(kind, bundle, now)
        if found.flood:
            self._tell(MessageKind.FLOOD, found.flood, now)

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
    assert len(in_hour) <= budget + RESERVE
    told = [one for _, rows in desk.told for one in rows]
    assert sorted(one.id for one in told) == list(range(10_003)), "each is told once, and none is lost"
    for _, rows in desk.told:
        reals = {one.subject for one in rows if one.urgency == REAL}
        assert set(in_full(rows)[: len(reals)]) == reals


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 40), st.integers(0, 3400)), max_size=60),
    st.integers(2, 12),
)
@settings(deadline=None)
def test_no_hour_has_more(batches: list[tuple[int, int, int]], budget: int) -> None:
    """Whatever comes when: in no hour are there more messages than the budget and the reserve."""
    desk, number = Desk(budget), 0
    for minute, count, urgency in sorted(batches):
        rows = [row(number + n, urgency) for n in range(count)]
        number += count
        desk.take(rows, NOON + timedelta(minutes=minute))
    times = [one.at for one, _ in desk.told]
    for begins in times:
        assert sum(begins <= at < begins + HOUR for at in times) <= budget + RESERVE


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
    assert sum(one.at < now + HOUR for one in after) <= desk.budget + RESERVE
    assert not desk.held


def test_floods_an_hour() -> None:
    """A small budget has one message of many an hour, others two."""
    assert [floods(budget) for budget in (2, 3, 4, 10)] == [1, 1, 2, 2]
