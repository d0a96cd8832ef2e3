"""Announcements: what is to be told to whom and when; silences, and what stands until somebody acknowledges it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from leakwatch.model.alert import AnyAlert, DeliveryState
from leakwatch.model.route import Matchers

DRILL = "drill:"
"""Drills are a group each, which no budget keeps back: whoever drills asks whether the way is free."""


class Fate(StrEnum):
    """What became of an announcement. `settled`: it was over before anybody was told."""

    WAITING = "waiting"
    TOLD = "told"
    SILENCED = "silenced"
    INHIBITED = "inhibited"
    SETTLED = "settled"


class MessageKind(StrEnum):
    """How a message came to be: as one of its budget, beyond it as one of the reserve, for many, or as what is told again."""

    SINGLE = "single"
    RESERVE = "reserve"
    FLOOD = "flood"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One alert for one channel, before it is a message.

    `subject` is the finding, or the site as `site:name`; `asset` "" where it is of a site. `group` is what is told together, of what a finding keeps back `inhibited:` and that finding. `why` says what it waits
    for or what keeps it back. `urgency` orders what is told in one message (`routing.urgency`).
    """

    key: str
    route: str
    channel: str
    group: str
    subject: str
    asset: str
    alert: AnyAlert
    urgency: int
    fate: Fate
    due_at: datetime
    at: datetime
    why: str = ""
    silence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An announcement as it waits, without its alert."""

    id: int
    key: str
    route: str
    channel: str
    group: str
    subject: str
    asset: str
    urgency: int
    due_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An announcement that a worse finding keeps back. `is_told`: the channel was told of its matter since, or will be."""

    id: int
    subject: str
    route: str
    channel: str
    is_told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a channel was told of a matter, or will be."""

    id: int
    route: str
    channel: str
    alert: AnyAlert
    is_told: bool


@dataclass(frozen=True, slots=True)
class Delivered:
    """Where a message stands at one recipient ("" where the channel has but one): when it was sent, or what went wrong."""

    recipient: str
    state: DeliveryState
    sent_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """An announcement as people read it: whom it was for, and what became of it.

    `told_at` is when its message was put into the outbox; `deliveries` are that message's, as long as they are kept.
    """

    at: datetime
    route: str
    channel: str
    headline: str
    fate: Fate
    why: str
    due_at: datetime
    told_at: datetime | None
    deliveries: tuple[Delivered, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message that was told: into the outbox, under `key`. `asset` "" where it is of several."""

    key: str
    route: str
    channel: str
    group: str
    asset: str
    kind: MessageKind
    urgency: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """News like these are told to nobody for a while: who says so, and why. `silenced` counts them."""

    id: int
    matchers: Matchers
    starts_at: datetime
    ends_at: datetime
    actor: str
    reason: str
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    silenced: int = 0

    @property
    def words(self) -> str:
        """Why nobody is told."""
        return f"silence {self.id} by {self.actor}: {self.reason}"

    def is_active(self, at: datetime) -> bool:
        """Whether it silences at this time."""
        return self.ended_at is None and self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A finding that was told on a route and that nobody has acknowledged.

    `told` counts the reminders, `step` the escalations; `next_at` is when the next of either is due.
    """

    route: str
    subject: str
    told: int
    step: int
    first_at: datetime
    last_at: datetime
    next_at: datetime
