"""What became of news: who was told, who waits, and why nobody was; as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from leakwatch.display import clean
from leakwatch.model.announcement import Noted


def noted_lines(noted: Sequence[Noted]) -> Iterator[str]:
    """One announcement a line, the oldest first."""
    for one in noted:
        when = f" {one.told_at:%Y-%m-%d %H:%M:%S}" if one.told_at else f" due {one.due_at:%Y-%m-%d %H:%M:%S}"
        why = f" ({clean(one.why, 200)})" if one.why and not one.told_at else ""
        yield (
            f"  {one.at:%Y-%m-%d %H:%M:%S} {one.channel} by {one.route}: {one.fate.value}{when}{why}: "
            f"{clean(one.headline, 100)}"
        )


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
            "headline": one.headline,
        }
        for one in noted
    ]
