"""Routes: who is told of what, when, and how often; as a tree, as the configuration says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leakwatch.errors import ConfigError
from leakwatch.model.alert import SiteEvent
from leakwatch.model.duration import Duration
from leakwatch.model.finding import EventKind, Severity, State, Tier, Verdict
from leakwatch.model.opening import Opening

LEAST_BUDGET = 2
_AT = re.compile(r"(?:(mon|tue|wed|thu|fri|sat|sun)\s+)?([01]?\d|2[0-3]):([0-5]\d)\Z")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class GroupBy(StrEnum):
    """What alerts must have in common to be told together."""

    FINDING = "finding"
    ASSET = "asset"
    OWNER = "owner"
    SEVERITY = "severity"
    VERDICT = "verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matchers:
    """What news must be like: all that is given must hold, and of a list one.

    `assets` are ids, `kinds` kinds of assets, `sites` where a finding was seen, or the site that is told of. `watch`
    are events of sites, all others are of findings: news of sites match only what speaks of sites and severity.
    """

    findings: frozenset[str] = frozenset()
    assets: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    min_severity: Severity | None = None
    verdicts: frozenset[Verdict] = frozenset()
    tiers: frozenset[Tier] = frozenset()
    states: frozenset[State] = frozenset()
    events: frozenset[EventKind] = frozenset()
    sites: frozenset[str] = frozenset()
    source_kinds: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    embargoed: bool | None = None
    in_release_window: bool | None = None
    watch: frozenset[SiteEvent] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What news is like: of a finding, or where `watch` is given, of a site."""

    severity: Severity
    finding: str | None = None
    asset: str | None = None
    kind: str | None = None
    owner: str | None = None
    verdict: Verdict | None = None
    tier: Tier | None = None
    state: State | None = None
    event: EventKind | None = None
    sites: frozenset[str] = frozenset()
    source_kinds: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    embargoed: bool = False
    in_release_window: bool = False
    watch: SiteEvent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Whom to tell where nobody has acknowledged a finding for so long."""

    after: Duration
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When a digest comes: every hour, or at a time of day, of each day or one in the week (0 is Monday)."""

    every: Literal["hourly", "daily", "weekly"]
    day: int
    hour: int
    minute: int
    zone: ZoneInfo

    @classmethod
    def parse(cls, every: Literal["hourly", "daily", "weekly"], at: str, zone: str) -> Rhythm:
        """From the texts of the configuration. Raises: ConfigError, naming the field."""
        told = _AT.match(at.strip())
        if not told or (told[1] and every != "weekly"):
            example = "`mon 09:00`" if every == "weekly" else "`09:00`"
            raise ConfigError(f"expected a time such as {example}", field="at")
        day = _DAYS.index(told[1]) if told[1] else 0
        return cls(every=every, day=day, hour=int(told[2]), minute=int(told[3]), zone=zone_of(zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the news of one route are told, after everything that it inherits.

    Shape:  `channels` are told; `group_by` is what is told together. The first news of a group wait `group_wait`, further
            ones until `group_interval` after the last message, unless they are more severe or proved.
    Units:  `budget` in messages an hour of one asset. Without `repeat` (or with 0) nobody is told twice.
    """

    channels: tuple[str, ...] = ()
    group_by: tuple[GroupBy, ...] = (GroupBy.FINDING,)
    group_wait: Duration = Duration(0.0)  # noqa: RUF009 - a float
    group_interval: Duration = Duration(300.0)  # noqa: RUF009
    repeat: Duration = Duration(0.0)  # noqa: RUF009
    escalate: tuple[Escalation, ...] = ()
    quiet: tuple[Opening, ...] = ()
    quiet_but: Severity = Severity.CRITICAL
    digest: Literal["none", "hourly", "daily", "weekly"] = "none"
    at: str = "09:00"
    zone: str = "UTC"
    budget: int = 10

    @property
    def rhythm(self) -> Rhythm | None:
        """When its digest comes; None where news are told as they come."""
        return Rhythm.parse(self.digest, self.at, self.zone) if self.digest != "none" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route of the tree. News go to the first route that `match`es, and there to its first child that does.

    With `continue` the routes after it are looked at as well. What is not said is as in the route around it.
    `channels` are told at once, unless `digest` (hourly, daily, or weekly, `at` a time in `zone`) or `quiet` hours say
    when; at least as severe as `quiet_but` is told even then. `repeat` tells again and again until somebody
    acknowledges, and `escalate` tells others after a while. Of one asset at most `budget` messages come in an hour.
    """

    name: str = ""
    match: Matchers = field(default_factory=Matchers)
    continue_: bool = False
    channels: tuple[str, ...] | None = None
    group_by: tuple[GroupBy, ...] | None = None
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat: Duration | None = None
    escalate: tuple[Escalation, ...] | None = None
    quiet: tuple[Opening, ...] | None = None
    quiet_but: Severity | None = None
    digest: Literal["none", "hourly", "daily", "weekly"] | None = None
    at: str | None = None
    zone: str | None = None
    budget: int | None = None
    routes: tuple[Route, ...] = ()

    def __post_init__(self) -> None:
        """Raises: ConfigError, naming the field."""
        if self.at is not None and self.digest in ("hourly", "none"):
            raise ConfigError("only a daily or weekly digest has a time", field="at")
        Rhythm.parse(
            "weekly" if self.digest is None else _as_rhythm(self.digest),
            self.at or "00:00",
            self.zone or "UTC",
        )
        if self.budget is not None and self.budget < LEAST_BUDGET:
            raise ConfigError(f"expected at least {LEAST_BUDGET} messages an hour", field="budget")
        steps = [one.after for one in self.escalate or ()]
        if steps != sorted(steps):
            raise ConfigError("expected the steps in the order of their times", field="escalate")


def _as_rhythm(digest: str) -> Literal["daily", "weekly"]:
    return "weekly" if digest == "weekly" else "daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibit:
    """What keeps lesser news back: while something like `source` is open, news like `target` are not told.

    Both must be of the same asset (`equal`), or of the same host where they are of sites. Something inhibits only what is less severe, or
    as severe with a weaker verdict; of sites the first one that is blind inhibits those after it.
    """

    source: Matchers
    target: Matchers
    equal: Literal["asset", "host"] = "asset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """All that decides who is told: the tree, what inhibits what, of what kind and host each site is.

    `first_run_apart`: what a new site showed before it was watched is one message. `asks_swarm`: torrents are looked
    at in their swarms, so that a verdict may follow.
    """

    routes: tuple[Route, ...] = ()
    inhibit: tuple[Inhibit, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict[str, str])
    hosts: Mapping[str, str] = field(default_factory=dict[str, str])
    first_run_apart: bool = True
    asks_swarm: bool = True

    @classmethod
    def to(cls, *channels: str) -> Routing:
        """Everything to these channels, at once."""
        return cls(routes=(Route(channels=channels, group_interval=Duration(0)),) if channels else ())


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its IANA name. Raises: ConfigError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"no such time zone: {name}", field="zone") from error
