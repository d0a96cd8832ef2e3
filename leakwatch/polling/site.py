"""A site as it is configured: its kind, its schedule and its pace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from leakwatch.model.duration import Duration
from leakwatch.model.manner import Manner
from leakwatch.sources import KINDS
from leakwatch.sources._kind import PolledKind, StreamKind

_EVERY, _NO_JITTER = Duration(60.0), Duration(0.0)
SCHEDULE = frozenset(
    {
        "every",
        "every_min",
        "every_max",
        "cron",
        "window",
        "outside",
        "jitter",
        "priority",
        "min_interval_s",
        "max_requests",
        "canary",
        "canary_id",
        "canary_url",
    }
    | {"max_per_hour", "robots", "ignore_robots_because", "mirrors", "proxy", "queries", "questions_per_poll"}
)
"""What is said of a polled site only: a stream has no schedule, and its kind's own settings say its pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConfig:
    """One site: its kind, its schedule (`every`, or `cron` with five fields), its pace, and the kind's own settings.

    With `every_min` or `every_max` the interval follows what the site shows, between the two; `every` is the usual
    one. `window` names days and hours (`mon-fri 08:00-20:00 Europe/Berlin`) outside which it is read at the interval
    `outside`, or not at all. Where slots are short, a site of high `priority` comes first.
    `blind_budget` is how long it may be blind before somebody is told. `canary` is a text that `canary_url` always
    shows; where it does not, the site is blind. `canary_id` is an item instead, by its native id: one that each listing
    shows, or that `canary_url`, read like the site's first page, shows.
    `robots` = "ignore" needs a reason in `ignore_robots_because`. `mirrors` are other addresses of the same site, which
    are tried where it cannot be reached. `proxy` names one under `http.proxies`. `queries` are words of the operator
    that a site with a search is asked for; they name no asset. A poll asks `questions_per_poll` of those and of the names
    of assets that may be asked for, the next one the following ones.
    Units:  `max_per_hour` requests to the host, whichever of its sites sends them, 0 for any number; left out, what the kind's interface documents. `prior_bits`, from -6 to 6, say how much likelier its items are leaks than those of other sites.
    """

    name: str
    kind: str
    settings: Any
    every: Duration = _EVERY
    every_min: Duration | None = None
    every_max: Duration | None = None
    cron: str | None = None
    window: str | None = None
    outside: Duration | None = None
    jitter: Duration = _NO_JITTER
    priority: Literal["low", "normal", "high"] = "normal"
    min_interval_s: float = 1.0
    max_requests: int = 300
    enabled: bool = True
    prior_bits: float = 0.0
    max_per_hour: int | None = None
    robots: Literal["obey", "ignore"] = "obey"
    ignore_robots_because: str = ""
    mirrors: tuple[str, ...] = ()
    proxy: str = ""
    queries: tuple[str, ...] = ()
    questions_per_poll: int = 5
    blind_budget: Duration | None = None
    canary: str | None = None
    canary_id: str | None = None
    canary_url: str | None = None

    @property
    def is_stream(self) -> bool:
        """Whether it is listened to without pause instead of being polled."""
        return isinstance(KINDS.get(self.kind), StreamKind)

    @property
    def host(self) -> str:
        """The politeness domain: all sites of a host share one runner and one pace. A stream is alone in its own."""
        if self.is_stream:
            return self.kind
        return urlsplit(self.settings.url).netloc.lower()

    @property
    def budget(self) -> int:
        """Requests an hour to its host: what is configured, else what the documented limits of its kind allow; 0 for any."""
        if self.max_per_hour is not None:
            return self.max_per_hour
        return getattr(self.settings, "most_per_hour", 0)

    def manner(self, told: str = "") -> Manner:
        """How the door asks this site. `told` is what its own pages gave us, beside the address of the operator."""
        kind = KINDS.get(self.kind)
        is_api = isinstance(kind, PolledKind) and kind.is_api
        is_api = is_api and not getattr(self.settings, "reads_pages", False)
        return Manner(
            site=self.name,
            max_per_hour=self.budget,
            robots=self.robots == "obey" and not is_api,
            home=self.settings.url,
            mirrors=self.mirrors,
            proxy=self.proxy,
            told=f"{self.settings.url} {told}",
        )
