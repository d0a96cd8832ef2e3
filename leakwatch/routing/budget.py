"""How many messages an hour: what is sent by itself, what is told as one of many, and what waits. Pure.

Of a budget of 10 there are 6 messages for single matters and 2 for many, half an hour apart; besides, up to 4 for what
is more severe or surer than what is common in this hour: what is proved need not wait behind what is not, nor behind the
first that was proved. So in a storm at most 12 come in an hour, the worst on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leakwatch.model.announcement import Message, MessageKind, Waiting
from leakwatch.routing.urgency import level

HOUR = timedelta(hours=1)
RESERVE, _FROM_BUDGET = 4, 2
_MANY, _TOP, _COMMON = 4, 3, 3


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is to become one message: the announcements of a group, or of many. `is_flood`: it is of many."""

    rows: tuple[Waiting, ...]
    is_flood: bool = False

    @property
    def urgency(self) -> int:
        """That of the most urgent."""
        return max(one.urgency for one in self.rows)


@dataclass(frozen=True, slots=True)
class Rationed:
    """What becomes of bundles: sent singly or by the reserve, as one flood, or held until a time."""

    singles: tuple[Bundle, ...] = ()
    reserved: tuple[Bundle, ...] = ()
    flood: Bundle | None = None
    held: tuple[Bundle, ...] = ()
    until: datetime | None = None


def ration(bundles: Sequence[Bundle], told: Sequence[Message], budget: int, now: datetime) -> Rationed:
    """Divide what is due within a budget of messages an hour. `told` are those of the same asset or channel.

    A message whose time lies ahead by more than an hour was sent before the clock was set back, and counts no more.
    """
    recent = [one for one in told if abs(now - one.at) < HOUR]
    ordered = sorted(bundles, key=lambda one: (-one.urgency, one.rows[0].id))
    left = max(0, singles(budget) - sum(one.kind is MessageKind.SINGLE for one in recent))
    if len(ordered) <= left:
        return Rationed(singles=tuple(ordered))
    first = min(left, _TOP)
    alone, rest = ordered[:first], ordered[first:]
    reserved = _reserved(rest, recent, alone)
    rest = rest[len(reserved) :]
    return _beyond(alone, reserved, rest, recent, budget, now)


def singles(budget: int) -> int:
    """How many messages an hour are for single matters: what the others and half of the reserve leave."""
    return max(1, budget - floods(budget) - _FROM_BUDGET)


def floods(budget: int) -> int:
    """How many messages an hour are for many matters."""
    return 1 if budget < _MANY else 2


def _reserved(rest: Sequence[Bundle], recent: Sequence[Message], alone: Sequence[Bundle]) -> list[Bundle]:
    """What is worse than what is common in this hour: three as bad were told, by the reserve none; `rest` has the worst first."""
    left = RESERVE - sum(one.kind is MessageKind.RESERVE for one in recent)
    told = [level(one.urgency) for one in recent if one.kind is not MessageKind.RESERVE]
    worst = sorted([*told, *(level(one.urgency) for one in alone)], reverse=True)[:_COMMON]
    common = worst[-1] if worst else -1
    return [one for one in rest[: max(0, left)] if level(one.urgency) > common]


def _beyond(
    alone: Sequence[Bundle],
    reserved: Sequence[Bundle],
    rest: Sequence[Bundle],
    recent: Sequence[Message],
    budget: int,
    now: datetime,
) -> Rationed:
    """What the budget has no room for is one message, if the last such was long enough ago; else it waits for the next."""
    sent = (tuple(alone), tuple(reserved))
    if not rest:
        return Rationed(*sent)
    last = max((min(one.at, now) for one in recent if one.kind is MessageKind.FLOOD), default=None)
    until = last + HOUR / floods(budget) if last is not None else now
    if until > now:
        return Rationed(*sent, held=tuple(rest), until=until)
    return Rationed(*sent, flood=Bundle(tuple(row for one in rest for row in one.rows), is_flood=True))
