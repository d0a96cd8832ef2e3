"""How a channel fares: whether it takes alerts, how often it has failed in a row, and what was said of that elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from leakwatch.model.alert import AnyAlert


class Trouble(StrEnum):
    """Why somebody is told on another channel that one does not take alerts."""

    CLOSED = "closed"
    GAVE_UP = "gave_up"
    REFUSED = "refused"
    DOWN = "down"
    GONE = "gone"
    UNREADABLE = "unreadable"


OF_AN_ALERT = frozenset({Trouble.REFUSED.value, Trouble.UNREADABLE.value})
"""What says nothing against the channel, but something of single alerts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHealth:
    """One channel. While it rests nobody is sent there; when the rest is over, one alert at a time is tried.

    `closed_at` is when it said that it takes none any more; only a person opens it again. `told` says of which trouble
    somebody was told elsewhere, and when.
    """

    name: str
    failures: int = 0
    failing_since: datetime | None = None
    rests_until: datetime | None = None
    closed_at: datetime | None = None
    because: str = ""
    told: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def works(self) -> bool:
        """Whether nothing is known against it."""
        return self.closed_at is None and not self.failures

    def opened(self) -> ChannelHealth:
        """As a person has it tried again: nothing is against it. Who was told that it was away hears when it is back."""
        away = [at for name, at in self.told.items() if name not in OF_AN_ALERT]
        since = self.closed_at or self.failing_since
        if not away:
            return ChannelHealth(name=self.name)
        return ChannelHealth(name=self.name, failing_since=since, told={Trouble.DOWN.value: max(away)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One alert that waits on a channel, for `squeeze`."""

    key: str
    recipient: str
    alert: AnyAlert
    created_at: datetime
