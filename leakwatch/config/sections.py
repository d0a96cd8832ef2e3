"""The configuration as frozen values; each section's own type stands with its owner where it has one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from leakwatch.alerts import Channel
from leakwatch.alerts.settings import (
    AppriseChannel,
    DiscordChannel,
    EmailChannel,
    PagerDutyChannel,
    SlackBotChannel,
    SlackChannel,
    TeamsChannel,
    WebhookChannel,
)
from leakwatch.crawl.fetcher import DoorSettings
from leakwatch.errors import ConfigError
from leakwatch.export.terms import ExportConfig
from leakwatch.model.duration import Duration
from leakwatch.model.route import Inhibit, Route, Routing
from leakwatch.notices.settings import OwnerConfig
from leakwatch.polling import SiteConfig
from leakwatch.privacy import AuthorsMode
from leakwatch.prover import ProverSettings
from leakwatch.retention import RetentionConfig
from leakwatch.secret import Secret
from leakwatch.swarm.session import SwarmSettings
from leakwatch.telling import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonConfig:
    """Where the daemon keeps its files, your own rules beside the shipped ones, and how many requests may be on the wire at a time."""

    data_dir: Path = Path("leakwatch-data")
    rules_dir: Path | None = None
    concurrency: int = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """The database: SQLite in the data folder unless an address is given; it may hold a password."""

    url: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig:
    """How the door behaves. `contact` goes into the User-Agent: sites must be able to reach whoever watches them.

    `allow_hosts` may be private or loopback, at any port ("host" or "host:port"). `proxies` are those that sites may
    name: a table by name, each with `url`, `url_file` or `url_env`.
    """

    contact: str
    allow_hosts: tuple[str, ...] = ()
    raw_cap_bytes: int = 8 * 2**20
    decoded_cap_bytes: int = 32 * 2**20
    total_deadline_s: float = 60.0
    proxies: Mapping[str, Secret] = field(default_factory=dict[str, Secret])


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmConfig:
    """The BitTorrent side. `dht_bootstrap` are nodes as host:port; without any, only peers named by magnets are asked.

    `count` has the swarms of findings counted over time, by their trackers and by the DHT, with at most
    `packets_per_s` questions to it: every `count_every_s` seconds for a day, then hourly, then daily. `countries_file` and `networks_file` are .mmdb files of yours: with them totals by
    country and network are kept, never an address.
    """

    enabled: bool = True
    count: bool = True
    count_every_s: float = 600.0
    packets_per_s: int = 100
    countries_file: Path | None = None
    networks_file: Path | None = None
    listen: str = "0.0.0.0:0"
    dht_bootstrap: tuple[str, ...] = ()
    allow_networks: tuple[str, ...] = ()
    deadline_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyConfig:
    """How those who post are kept: as a pseudonym for each platform, by name (`plain`), or not at all (`none`)."""

    authors: AuthorsMode = "pseudonym"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsConfig:
    """How many messages an hour one channel gets in all; what is beyond that is told as one.

    `first_run` says how what a new site showed before it was watched is told: as one `digest`, or `each` at once.
    """

    per_channel: int = 60
    first_run: Literal["digest", "each"] = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatConfig:
    """An address that is called for as long as the daemon works and alerts go out: a watchdog elsewhere misses it."""

    url: Secret
    every: Duration = Duration(60.0)  # noqa: RUF009 - a float


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceConfig:
    """What is kept, and for how long. `max_bytes` is a budget: beyond it what no finding needs is thrown away, oldest first.

    `keep_days` after a case was closed its evidence counts as not needed any more, 0 for never. Below `min_free_bytes`
    of free disk the crawl waits, and somebody is told. `look_again` asks for pages of findings once more after 1, 10 and 60
    minutes. `close_when_gone` sets a finding to removed when all its places are gone. `timestamp_url` is an RFC 3161
    authority that stamps the end of the audit each hour and when a finding opens; `timestamp_certificate` (PEM) is put
    into packs. `screenshot` draws kept pages with the system's Chromium, found on PATH or at `chromium_path`, and without
    its sandbox only where `chromium_sandbox` is false.
    """

    max_bytes: int = 20 * 2**30
    keep_days: int = 0
    min_free_bytes: int = 512 * 2**20
    look_again: bool = True
    close_when_gone: bool = False
    timestamp_url: str | None = None
    timestamp_certificate: Path | None = None
    screenshot: bool = False
    chromium_path: Path | None = None
    chromium_sandbox: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration. `file` is where it was read."""

    file: Path
    http: HttpConfig
    daemon: DaemonConfig = field(default_factory=DaemonConfig)
    store: StoreConfig = field(default_factory=StoreConfig)
    swarm: SwarmConfig = field(default_factory=SwarmConfig)
    privacy: PrivacyConfig = field(default_factory=PrivacyConfig)
    export: ExportConfig = field(default_factory=ExportConfig)
    retention: RetentionConfig = field(default_factory=RetentionConfig)
    evidence: EvidenceConfig = field(default_factory=EvidenceConfig)
    owner: OwnerConfig = field(default_factory=OwnerConfig)
    sites: tuple[SiteConfig, ...] = ()
    channels: tuple[Channel, ...] = ()
    alerts: AlertsConfig = field(default_factory=AlertsConfig)
    heartbeat: HeartbeatConfig | None = None
    routes: tuple[Route, ...] = ()
    inhibit: tuple[Inhibit, ...] = ()
    provers: tuple[ProverSettings, ...] = ()
    secrets: Mapping[str, Secret] = field(default_factory=dict[str, Secret])

    @property
    def data_dir(self) -> Path:
        """The data folder, absolute."""
        return (self.file.parent / self.daemon.data_dir).resolve()

    @property
    def rules_dir(self) -> Path | None:
        """The folder of the operator's own rules, absolute."""
        own = self.daemon.rules_dir
        return (self.file.parent / own).resolve() if own else None

    def secret(self, name: str) -> str:
        """The secret of this name. Raises: ConfigError if the configuration has none."""
        if name not in self.secrets:
            raise ConfigError(f"no secret {name!r}", file=str(self.file), field="secrets")
        return self.secrets[name].reveal()

    @property
    def routing(self) -> Routing:
        """All that decides who is told."""
        kinds = {site.name: site.kind for site in self.sites}
        hosts = {site.name: site.host for site in self.sites}
        apart = self.alerts.first_run == "digest"
        return Routing(
            routes=self.routes,
            inhibit=self.inhibit,
            kinds=kinds,
            hosts=hosts,
            first_run_apart=apart,
            asks_swarm=self.swarm.enabled,
        )

    @property
    def limits(self) -> Limits:
        """How much is told."""
        return Limits(per_channel=self.alerts.per_channel)

    @property
    def store_url(self) -> str:
        """The database's address."""
        return self.store.url.reveal() if self.store.url else f"sqlite:///{self.data_dir / 'leakwatch.db'}"

    @property
    def door(self) -> DoorSettings:
        """The settings of the HTTP door."""
        http = self.http
        return DoorSettings(
            contact=http.contact,
            allow_hosts=frozenset(http.allow_hosts),
            raw_cap_bytes=http.raw_cap_bytes,
            decoded_cap_bytes=http.decoded_cap_bytes,
            total_deadline_s=http.total_deadline_s,
            proxies=http.proxies,
        )

    def beside(self, file: Path | None) -> Path | None:
        """A path of the configuration, relative to its file."""
        return (self.file.parent / file).resolve() if file else None

    @property
    def swarm_settings(self) -> SwarmSettings:
        """The settings of the libtorrent child."""
        swarm = self.swarm
        return SwarmSettings(
            listen=swarm.listen,
            dht_bootstrap=swarm.dht_bootstrap,
            allow_networks=swarm.allow_networks,
            deadline_s=swarm.deadline_s,
        )


SECTIONS: Mapping[str, type] = {
    "daemon": DaemonConfig,
    "store": StoreConfig,
    "http": HttpConfig,
    "swarm": SwarmConfig,
    "privacy": PrivacyConfig,
    "export": ExportConfig,
    "retention": RetentionConfig,
    "alerts": AlertsConfig,
    "heartbeat": HeartbeatConfig,
    "evidence": EvidenceConfig,
    "owner": OwnerConfig,
}
CHANNELS: Mapping[str, type] = {
    "slack": SlackChannel,
    "slack_bot": SlackBotChannel,
    "email": EmailChannel,
    "webhook": WebhookChannel,
    "pagerduty": PagerDutyChannel,
    "teams": TeamsChannel,
    "discord": DiscordChannel,
    "apprise": AppriseChannel,
}
