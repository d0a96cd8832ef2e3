"""What became of news: who was told, who waits, and why nobody was; as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from leakwatch.display import clean
from leakwatch.model.alert import DeliveryState
from leakwatch.model.announcement import Noted

_MOST = 3
_STANDS = {
    DeliveryState.PENDING: "on its way",
    DeliveryState.LEASED: "on its way",
    DeliveryState.RETRY: "NOT told yet, tried again",
    DeliveryState.UNCERTAIN: "perhaps told, tried again",
    DeliveryState.FOLDED: "in a digest of what waited",
    DeliveryState.DEAD: "NOT told, given up",
    DeliveryState.DROPPED: "NOT told, dropped by a person",
}
"""What people read of each state but SENT."""


def noted_lines(noted: Sequence[Noted]) -> Iterator[str]:
    """One announcement a line, the oldest first."""
    for one in noted:
        fate = _told(one) if one.told_at else f"{one.fate.value} due {one.due_at:%Y-%m-%d %H:%M:%S}"
        why = f" ({clean(one.why, 200)})" if one.why and not one.told_at else ""
        yield (
            f"  {one.at:%Y-%m-%d %H:%M:%S} {one.channel} by {one.route}: {fate}{why}: "
            f"{clean(one.headline, 100)}"
        )


def _told(one: Noted) -> str:
    """When it was told; of what did not arrive, where it stands and why."""
    sent = [each.sent_at for each in one.deliveries if each.sent_at]
    open_ones = [each for each in one.deliveries if each.state is not DeliveryState.SENT]
    words = [f"told {max(sent, default=one.told_at):%Y-%m-%d %H:%M:%S}"] if sent or not open_ones else []
    for each in open_ones[:_MOST]:
        whom = f"{clean(each.recipient, 60)} " if each.recipient else ""
        why = f" ({clean(each.error, 200)})" if each.error else ""
        words.append(f"{whom}{_STANDS[each.state]}{why}")
    more = len(open_ones) - _MOST
    return ", ".join(words) + (f", and {more} more" if more > 0 else "")


def noted_json(noted: Sequence[Noted]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "at": one.at.isoformat(),
            "channel": one.channel,
            "route": one.route,
            "fate": one.fate.value,
            "why": one.why or None,
            "due_at": one.due_at.isoformat(),
            "told_at": one.told_at.isoformat() if one.told_at else None,
            "deliveries": [
                {
                    "recipient": each.recipient or None,
                    "state": each.state.value,
                    "sent_at": each.sent_at.isoformat() if each.sent_at else None,
                    "error": each.error or None,
                }
                for each in one.deliveries
            ],
            "headline": one.headline,
        }
        for one in noted
    ]
