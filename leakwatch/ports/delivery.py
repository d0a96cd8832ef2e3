"""What delivery needs of the database: the alerts on their way, and how their channels fare."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from leakwatch.model.alert import AnyAlert, Delivery, DeliveryState, OutboxRow, SetAside, Thread, Unreadable
from leakwatch.model.channel import ChannelHealth, Waiting


class Outbox(Protocol):
    """Alerts on their way. The promise: delivered at least once, or dead with the reason."""

    async def enqueue(
        self, channel: str, alert: AnyAlert, at: datetime, *, recipient: str = "", route: str = ""
    ) -> bool:
        """Add an alert for a channel, or one recipient of it; false if the same one is there already."""
        ...

    async def keep_thread(self, delivery: Delivery, thread: Thread, at: datetime) -> None:
        """Remember the message by which a channel knows a matter."""
        ...

    async def due_channels(self, now: datetime) -> list[str]:
        """Channels with something to send now, without those that rest."""
        ...

    async def has_due(self, channel: str, now: datetime) -> bool:
        """Whether a channel has something to send now."""
        ...

    async def claim(
        self, channel: str, now: datetime, lease_s: float, *, is_probe: bool = False
    ) -> Delivery | SetAside | None:
        """Lease the most urgent due alert of a channel, of one matter or several the oldest, or None.

        A probe of a channel that fails takes the oldest of a matter, though it may not be due itself.
        One that cannot be read is dead at once, and is the answer.
        """
        ...

    async def settle(
        self,
        delivery: Delivery,
        state: DeliveryState,
        at: datetime,
        *,
        due_at: datetime | None = None,
        error: str | None = None,
        reference: str = "",
        waited_s: float = 0.0,
    ) -> bool:
        """Write the outcome of an attempt, and of what its digest tells of; false if the lease was lost meanwhile."""
        ...

    async def release_leases(self, now: datetime) -> int:
        """After a crash of the only process: make what was leased due again, marked as a possible repeat."""
        ...

    async def list(
        self,
        states: Sequence[DeliveryState] = (),
        limit: int = 200,
        *,
        channels: Sequence[str] = (),
        subject: str | None = None,
    ) -> list[OutboxRow]:
        """Alerts with their state, newest first; only those in `states`, on `channels`, of a matter, where given."""
        ...

    async def get(self, ident: int) -> tuple[OutboxRow, AnyAlert | Unreadable] | None:
        """One alert with its state, and what it says, or what is kept of it where it cannot be read."""
        ...

    async def retry(self, ident: int, at: datetime) -> bool:
        """Make a dead, dropped or waiting alert due now; false if there is none of this id."""
        ...

    async def retry_dead(self, at: datetime, channel: str | None = None) -> int:
        """Make all dead alerts due now, of one channel or of all; answers how many there are."""
        ...

    async def drop(self, ident: int, reason: str) -> bool:
        """Give an alert up that was not sent; false if there is none of this id."""
        ...

    async def counts(self) -> dict[str, int]:
        """Rows by state."""
        ...


class Channels(Protocol):
    """How channels fare, and what happens to all that waits on one."""

    async def lock(self, name: str) -> None:
        """Let no other daemon judge this channel until the transaction ends."""
        ...

    async def get(self, name: str) -> ChannelHealth:
        """How one channel fares; one that was never heard of works."""
        ...

    async def all(self) -> list[ChannelHealth]:
        """Every channel that something is known of, by name."""
        ...

    async def keep(self, health: ChannelHealth) -> None:
        """Write down how a channel fares."""
        ...

    async def take_turn(self, name: str, now: datetime, lease_s: float) -> bool:
        """Whether something may be sent to a channel now. After a rest one sender has a turn, and no other meanwhile."""
        ...

    async def waiting(self, name: str, before: datetime, limit: int) -> list[Waiting]:
        """What waits on a channel since before a time, due or not, oldest first, of what can be read."""
        ...

    async def fold(self, keys: Sequence[str], into: str) -> None:
        """Let a digest tell of these alerts; `into` is its key. They end as it ends."""
        ...

    async def unknown(self, known: Collection[str], before: datetime) -> list[str]:
        """Channels that are none of these, for which something waits since before a time."""
        ...

    async def bury(self, name: str, reason: str, *, lost_before: datetime | None = None) -> int:
        """A channel takes nothing any more: what waits there is dead with the reason. Answers how much that was.

        So is what a sender took whose lease ended before a time, where one is given.
        """
        ...

    async def release(self, name: str, now: datetime) -> int:
        """A channel is back: what waits there is due, so that it goes out in its order. Answers how much was not."""
        ...

    async def clock_set_back(self, now: datetime, by: timedelta) -> None:
        """The clock was put back: rests end as much earlier, and what was put off is due; channels that rest hold it up."""
        ...

    async def delay(self, name: str, now: datetime, seconds: float) -> None:
        """A channel rests: what is due there waits for it, which counts as time that it was tried."""
        ...
