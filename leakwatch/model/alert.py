"""Alert, route and delivery: what is said about a finding event, to whom, and how the attempt ended."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from leakwatch.model.finding import EventKind, FindingId, Severity, Verdict


class DeliveryState(StrEnum):
    """Where one alert to one channel stands (see the delivery promise in the README)."""

    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    RETRY = "retry"
    UNCERTAIN = "uncertain"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which alerts go to which channel. `assets` are asset ids; empty means all."""

    channel: str
    min_severity: Severity = Severity.LOW
    assets: frozenset[str] = frozenset()


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

    @property
    def subject(self) -> str:
        """What all alerts of one matter have in common: the finding's id."""
        return self.finding

    @property
    def kind(self) -> str:
        """What has happened, as webhooks name it."""
        return f"finding.{self.event.value}"


class SiteEvent(StrEnum):
    """What may be said of a site."""

    BLIND = "blind"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindSite:
    """One site that was not read: since when, why, and what a person can do."""

    name: str
    since: str
    because: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteAlert:
    """What is said when the watch cannot see, or sees again. It is no finding: nothing was leaked.

    Sites that fail together are told together.
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
        return f"site:{self.sites[0].name}" if len(self.sites) == 1 else "sites"

    @property
    def kind(self) -> str:
        """What has happened, as webhooks name it."""
        return f"site.{self.event.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One alert due to one channel.

    `key` is the idempotency key: the same for every attempt, sent along wherever the channel has a place for
    it. `repeat` is true where an earlier attempt may have been accepted without our knowing.
    """

    id: int
    key: str
    channel: str
    alert: Alert | SiteAlert
    attempts: int
    created_at: datetime
    lease_token: str = ""
    repeat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """Where one alert to one channel stands, for people."""

    id: int
    channel: str
    finding: str
    headline: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime
    last_error: str | None


def delivery_key(channel: str, subject: str, content: str) -> str:
    """The unique name of (channel, finding or site, content version): re-scans cannot make a second row."""
    return hashlib.sha256(f"{channel}\0{subject}\0{content}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the channel answered; `reference` is its own id for the message, if it gave one."""

    reference: str = ""
    detail: Mapping[str, str] = field(default_factory=dict[str, str])
