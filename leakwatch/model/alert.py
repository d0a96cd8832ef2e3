"""Alert and delivery: what is said about a finding event, and how the attempt ended."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from leakwatch.model.finding import EventKind, FindingId, Severity, State, Verdict


class DeliveryState(StrEnum):
    """Where one alert to one channel stands (see the delivery promise in the README).

    FOLDED is told by a digest of the same channel, and ends as that ends; DROPPED was given up by a person.
    """

    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    RETRY = "retry"
    UNCERTAIN = "uncertain"
    FOLDED = "folded"
    DEAD = "dead"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place where it was seen; `url` is raw and is defanged by whoever shows it."""

    site: str
    url: str | None
    title: str
    seen_at: str
    published_at: str | None = None
    locators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Everything a channel may say about one event. Untrusted text is raw here; channels clean it.

    It answers seven questions: what (`asset`, `headline`), where (`places`), why (`reasons`), since when
    (`since`), how sure (`verdict`, `score`), how far it has spread (`spread`), what to do next (`advice`).
    `merged` are findings that have become part of this one.
    """

    finding: FindingId
    event: EventKind
    asset_id: str
    asset: str
    headline: str
    severity: Severity
    verdict: Verdict
    verdict_detail: str
    score: float
    since: str
    at: str
    places: tuple[Place, ...] = ()
    reasons: tuple[str, ...] = ()
    spread: str = ""
    advice: str = ""
    content: str = ""
    test: bool = False
    state: State = State.NEW
    assignee: str | None = None
    acknowledged_by: str | None = None
    drill: bool = False
    merged: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """What all alerts of one matter have in common: the finding's id."""
        return self.finding

    @property
    def kind(self) -> str:
        """What has happened, as webhooks name it."""
        return f"finding.{self.event.value}"


class SiteEvent(StrEnum):
    """What may be said of a site, or of a channel: of one that does not take alerts another one is told."""

    BLIND = "blind"
    RECOVERED = "recovered"
    CHANNEL_DOWN = "channel_down"
    CHANNEL_BACK = "channel_back"

    @property
    def is_of_channel(self) -> bool:
        """Whether it is said of a channel."""
        return self in (SiteEvent.CHANNEL_DOWN, SiteEvent.CHANNEL_BACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindSite:
    """One site that was not read, or channel that took nothing: since when, why, and what a person can do."""

    name: str
    since: str
    because: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteAlert:
    """What is said when the watch cannot see or cannot tell, or can again. It is no finding: nothing was leaked.

    Sites that fail together are told together; of channels each is told by itself.
    """

    event: SiteEvent
    headline: str
    severity: Severity
    at: str
    sites: tuple[BlindSite, ...]
    advice: str = ""
    content: str = ""
    test: bool = False

    @property
    def subject(self) -> str:
        """What all alerts of one matter have in common: the site, where it is one."""
        what = "channel" if self.event.is_of_channel else "site"
        names = {one.name for one in self.sites}
        return f"{what}:{self.sites[0].name}" if len(names) == 1 else f"{what}s"

    @property
    def kind(self) -> str:
        """What has happened, as webhooks name it."""
        return self.event.value.replace("_", ".") if self.event.is_of_channel else f"site.{self.event.value}"


class DigestEvent(StrEnum):
    """Why several alerts are told as one."""

    GROUP = "group"
    DIGEST = "digest"
    FLOOD = "flood"
    FIRST_RUN = "first_run"
    BACKFILL = "backfill"
    AFTER_QUIET = "after_quiet"
    AFTER_OUTAGE = "after_outage"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestAlert:
    """What is said of several findings at once, the most urgent first.

    Shape:  `entries` are those that are told in full; `more` is how many there are beside them; `counts` are all
            of them by severity, the most severe first.
    """

    event: DigestEvent
    topic: str
    headline: str
    severity: Severity
    at: str
    since: str
    entries: tuple[Alert, ...]
    more: int = 0
    counts: tuple[tuple[str, int], ...] = ()
    advice: str = ""
    content: str = ""
    test: bool = False
    drill: bool = False

    @property
    def subject(self) -> str:
        """What all alerts of one matter have in common: the group that is told together."""
        return f"digest:{self.topic}"

    @property
    def kind(self) -> str:
        """What has happened, as webhooks name it."""
        return f"digest.{self.event.value}"


AnyAlert = Alert | SiteAlert | DigestAlert


def is_repeat(alert: AnyAlert) -> bool:
    """Whether it only tells again what was told."""
    entries = alert.entries if isinstance(alert, DigestAlert) else (alert,)
    return bool(entries) and all(
        isinstance(one, Alert) and one.event is EventKind.REMINDER for one in entries
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The message by which a channel knows a matter: its own id for it, and what else the channel must remember."""

    reference: str
    detail: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One alert due to one channel.

    `key` is the idempotency key: the same for every attempt, sent along wherever the channel has a place for
    it. `repeat` is true where an earlier attempt may have been accepted without our knowing. `recipient` is one of
    the several that a channel has, "" where it has one; `thread` is what was said there of the same matter before.
    Units:  `waited_s` seconds for which it was tried, or held back because its channel failed.
    """

    id: int
    key: str
    channel: str
    alert: AnyAlert
    attempts: int
    created_at: datetime
    lease_token: str = ""
    repeat: bool = False
    recipient: str = ""
    thread: Thread | None = None
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What is kept of an alert that cannot be read, and why."""

    because: str
    kept: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """An alert of the outbox that cannot be read: dead, with the reason, so that it holds up no other."""

    id: int
    channel: str
    subject: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """Where one alert to one channel stands, for people."""

    id: int
    key: str
    channel: str
    recipient: str
    route: str
    finding: str
    headline: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime
    last_error: str | None
    sent_at: datetime | None = None
    reference: str | None = None
    folded_into: str | None = None
    repeat: bool = False


def delivery_key(channel: str, subject: str, content: str, recipient: str = "") -> str:
    """The unique name of (channel, recipient, matter, content version): re-scans cannot make a second row."""
    told = (channel, subject, content, *([recipient] if recipient else []))
    return hashlib.sha256("\0".join(told).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the channel answered; `reference` is its own id for the message, if it gave one.

    `thread` is to be remembered for the next alert about the same matter, None where nothing is.
    """

    reference: str = ""
    detail: Mapping[str, str] = field(default_factory=dict[str, str])
    thread: Thread | None = None
