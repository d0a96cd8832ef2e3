"""What the alert engine needs of the database: announcements, what was told, silences, and what stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from leakwatch.model.alert import AnyAlert
from leakwatch.model.announcement import Announcement, Held, Message, Noted, Said, Silence, Standing, Waiting
from leakwatch.model.finding import EventKind
from leakwatch.model.route import Matchers


class Announcements(Protocol):
    """What is to be told, and the messages that were."""

    async def lock(self) -> None:
        """Let nobody else gather until this transaction ends."""
        ...

    async def add(self, one: Announcement) -> bool:
        """Write one down; false if it is there already."""
        ...

    async def is_due(self, now: datetime) -> bool:
        """Whether anything that waits is due, or began in what is the future now."""
        ...

    async def overdue(self, before: datetime) -> bool:
        """Whether something that was due before a time still waits."""
        ...

    async def due(self, now: datetime) -> list[Waiting]:
        """All that waits in groups of which something is due, oldest first."""
        ...

    async def ahead(self, now: datetime) -> list[Waiting]:
        """What waits and began in what is the future now: the clock was set back."""
        ...

    async def put_off(self, ids: Sequence[int], until: datetime, why: str, group: str | None = None) -> None:
        """Let announcements wait until a time, where one is given with another group."""
        ...

    async def restart(self, ident: int, due_at: datetime, at: datetime) -> None:
        """Write anew when one began and when it is due."""
        ...

    async def alerts(self, ids: Sequence[int]) -> dict[int, AnyAlert]:
        """What some announcements say, without those that cannot be read."""
        ...

    async def hand_on(self, one: Waiting, recipients: Sequence[str], at: datetime) -> None:
        """Put one that cannot be read into the outbox as it is kept: there it is dead, with the reason, and shown."""
        ...

    async def told(self, ids: Sequence[int], message: Message) -> None:
        """These became a message."""
        ...

    async def messages(self, channel: str, since: datetime) -> list[Message]:
        """The messages of a channel after a time, oldest first."""
        ...

    async def last(self, route: str, channel: str, group: str) -> datetime | None:
        """When a group was told of last."""
        ...

    async def legs(self, subjects: Collection[str]) -> list[tuple[str, str, bool]]:
        """Routes and channels that were told of these matters, or will be; and whether they were told already."""
        ...

    async def newest(self, subject: str) -> list[Said]:
        """What each channel that was told of a matter, or will be, was told last."""
        ...

    async def settle(
        self, subject: str, why: str, *, route: str | None = None, channel: str | None = None
    ) -> int:
        """What waits of a matter is over before anybody was told; answers how much that was."""
        ...

    async def forget(self, subject: str, events: Collection[EventKind], why: str) -> int:
        """Such events of a matter that nobody was told of are over, also where something keeps them back."""
        ...

    async def rename(self, before: str, after: str) -> None:
        """A matter is part of another one now."""
        ...

    async def noted(self, subject: str) -> list[Noted]:
        """What was announced of a matter, oldest first."""
        ...

    async def hidden(self, silence: int) -> list[tuple[int, str, str, str]]:
        """What a silence has hidden: id, matter, route and channel."""
        ...

    async def hand_over(self, ids: Sequence[int], silence: int, why: str) -> None:
        """What waits, or is kept back, falls under a silence now, or another one."""
        ...

    async def release(self, ids: Sequence[int], group: str, due_at: datetime, why: str, at: datetime) -> None:
        """Let what was kept back wait to be told together."""
        ...

    async def holders(self) -> dict[str, int]:
        """Findings that keep others back, each with the urgency of the most urgent news that it keeps back."""
        ...

    async def held(self, holder: str, urgency: int) -> list[Held]:
        """What a finding keeps back of at least this urgency, oldest first."""
        ...

    async def hold(self, ids: Sequence[int], holder: str) -> None:
        """Another finding keeps these back now."""
        ...

    async def drop(self, ids: Sequence[int], why: str) -> None:
        """What was kept back is over without anybody's being told."""
        ...

    async def worst_open(self, asset: str, but: str, limit: int = 20) -> list[str]:
        """Open findings of an asset that somebody was told of, the most severe first."""
        ...


class Silences(Protocol):
    """Silences, also those that have ended."""

    async def add(
        self,
        matchers: Matchers,
        starts_at: datetime,
        ends_at: datetime,
        actor: str,
        reason: str,
        at: datetime,
    ) -> Silence:
        """Begin one."""
        ...

    async def get(self, ident: int) -> Silence | None:
        """One silence."""
        ...

    async def list(self, *, ended: bool = False, at: datetime) -> list[Silence]:
        """Those that are active or to come, newest first; all, where the ended are wanted too."""
        ...

    async def active(self, at: datetime) -> list[Silence]:
        """Those that silence now."""
        ...

    async def end(self, ident: int, actor: str, at: datetime) -> bool:
        """End one; false if it had ended."""
        ...

    async def count(self, ident: int, many: int = 1) -> None:
        """One more was silenced, or `many`."""
        ...

    async def over(self, at: datetime) -> list[Silence]:
        """Those that have ended, and whose end nobody has looked at."""
        ...

    async def close(self, ident: int, at: datetime) -> None:
        """What one has hidden was looked at."""
        ...


class Standings(Protocol):
    """Findings that were told and that nobody has acknowledged, by route."""

    async def begin(self, rows: Sequence[Standing]) -> None:
        """From now on these stand; those that stand already stay as they are."""
        ...

    async def due(self, now: datetime, limit: int) -> list[Standing]:
        """Those whose time has come, or lies ahead because the clock was set back, longest overdue first."""
        ...

    async def move(self, one: Standing) -> None:
        """Write when the next is due, and how often it was told."""
        ...

    async def end(self, subject: str, route: str | None = None) -> int:
        """A finding does not stand any more; answers on how many routes it did."""
        ...

    async def list(self, subject: str) -> list[Standing]:
        """On which routes a finding stands."""
        ...
