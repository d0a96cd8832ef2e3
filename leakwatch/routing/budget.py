"""How many messages an hour: what is sent by itself, what is told as one of many, what waits, what is told again. Pure.

Of a budget of 10 there are 6 messages for single matters and 2 for many, half an hour apart; besides, up to 4 for what
is more severe or surer than what is common in this hour: what is proved need not wait behind what is not, nor behind the
first that was proved. So in a storm at most 12 come in an hour, the worst on top.

What is told again has a share of its own, 1 of the 6 where it comes once an hour or less, and never takes another: news
have what they have whether or not anything was repeated. It is one message of all that is due, and waits for its turn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leakwatch.model.announcement import Message, MessageKind, Waiting
from leakwatch.model.route import Policy
from leakwatch.routing.urgency import level

HOUR = timedelta(hours=1)
BEYOND = 2
"""So many more than the budget come at most in an hour: half of the reserve."""
_RESERVE, _FROM_BUDGET = 4, 2
_MANY, _TOP, _COMMON = 4, 3, 3
_REPEATED = 5
"""One message in so many may be a repeat."""
_SLACK = timedelta(minutes=1)
"""Clocks of two daemons on one database may differ by so much; what lies further ahead was sent before the clock was set back."""


@dataclass(frozen=True, slots=True)
class Shares:
    """How a budget is divided: messages an hour for single matters, for many, beyond these, and for what is told again."""

    singles: int
    floods: int
    reserve: int
    repeats: int = 0


def shares(budget: int, repeats: int = 0) -> Shares:
    """Divide a budget of messages an hour. `repeats` is how often in an hour something would be told again."""
    many = 1 if budget < _MANY else 2
    again = min(repeats, max(1, budget // _REPEATED))
    single = max(1, budget - many - _FROM_BUDGET - again)
    return Shares(single, many, min(_RESERVE, budget + BEYOND - single - many - again), again)


def repeats_of(policy: Policy) -> int:
    """How often in an hour a route would tell a channel the same again: to repeat, or by one step after another."""
    if policy.repeat:
        return math.ceil(HOUR.total_seconds() / policy.repeat)
    told = [*policy.channels, *(channel for step in policy.escalate for channel in step.channels)]
    return int(len(set(told)) < len(told))


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


def ration(bundles: Sequence[Bundle], told: Sequence[Message], share: Shares, now: datetime) -> Rationed:
    """Divide what is due within a budget of messages an hour. `told` are those of the same asset or channel.

    A message whose time lies ahead by more than an hour was sent before the clock was set back, and counts no more.
    """
    recent = [one for one in told if one.kind is not MessageKind.REPEAT and abs(now - one.at) < HOUR]
    ordered = sorted(bundles, key=lambda one: (-one.urgency, one.rows[0].id))
    left = max(0, share.singles - sum(one.kind is MessageKind.SINGLE for one in recent))
    if len(ordered) <= left:
        return Rationed(singles=tuple(ordered))
    first = min(left, _TOP)
    alone, rest = ordered[:first], ordered[first:]
    reserved = _reserved(rest, recent, alone, share)
    rest = rest[len(reserved) :]
    return _beyond(alone, reserved, rest, recent, share, now)


def ration_again(told: Sequence[Message], share: Shares, now: datetime, *, apart: bool = True) -> datetime:
    """From when on what is told again has room: evenly `apart` on a route; of several routes of a channel by their number."""
    most = max(1, share.repeats)
    times = sorted(
        one.at for one in told if one.kind is MessageKind.REPEAT and -_SLACK <= now - one.at < HOUR
    )
    if apart:
        return times[-1] + HOUR / most if times else now
    return times[-most] + HOUR if len(times) >= most else now


def _reserved(
    rest: Sequence[Bundle], recent: Sequence[Message], alone: Sequence[Bundle], share: Shares
) -> list[Bundle]:
    """What is worse than what is common in this hour: three as bad were told, by the reserve none; `rest` has the worst first."""
    left = share.reserve - sum(one.kind is MessageKind.RESERVE for one in recent)
    told = [level(one.urgency) for one in recent if one.kind is not MessageKind.RESERVE]
    worst = sorted([*told, *(level(one.urgency) for one in alone)], reverse=True)[:_COMMON]
    common = worst[-1] if worst else -1
    return [one for one in rest[: max(0, left)] if level(one.urgency) > common]


def _beyond(
    alone: Sequence[Bundle],
    reserved: Sequence[Bundle],
    rest: Sequence[Bundle],
    recent: Sequence[Message],
    share: Shares,
    now: datetime,
) -> Rationed:
    """What the budget has no room for is one message, if the last such was long enough ago; else it waits for the next."""
    sent = (tuple(alone), tuple(reserved))
    if not rest:
        return Rationed(*sent)
    floods = [one.at for one in recent if one.kind is MessageKind.FLOOD and one.at - now <= _SLACK]
    last = max(floods, default=None)
    until = last + HOUR / share.floods if last is not None else now
    if until > now:
        return Rationed(*sent, held=tuple(rest), until=until)
    return Rationed(*sent, flood=Bundle(tuple(row for one in rest for row in one.rows), is_flood=True))
