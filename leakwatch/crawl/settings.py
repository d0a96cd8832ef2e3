"""The settings of the door: the section `http` of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leakwatch import __version__
from leakwatch.crawl.decoding import BodyLimits
from leakwatch.errors import ConfigError
from leakwatch.secret import Secret


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """The section `http` of the configuration. `proxies` are addresses by name; they may hold a password.

    Units: bytes and seconds; `min_rate_bytes_s` holds from `rate_grace_s` on, `ratio_cap` from 1 MiB on.
    """

    contact: str
    allow_hosts: frozenset[str] = frozenset()
    raw_cap_bytes: int = 8 * 1024 * 1024
    decoded_cap_bytes: int = 32 * 1024 * 1024
    ratio_cap: int = 200
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 20.0
    total_deadline_s: float = 60.0
    max_redirects: int = 5
    min_rate_bytes_s: int = 1024
    rate_grace_s: float = 10.0
    proxies: Mapping[str, Secret] = field(default_factory=dict[str, Secret])

    @property
    def body_limits(self) -> BodyLimits:
        """What one body may cost."""
        pace = (self.min_rate_bytes_s, self.rate_grace_s)
        return BodyLimits(self.raw_cap_bytes, self.decoded_cap_bytes, self.ratio_cap, *pace)

    @property
    def user_agent(self) -> str:
        """Who we are and whom to write to. Raises: ConfigError."""
        if not (self.contact.strip() and self.contact.isascii() and self.contact.isprintable()):
            raise ConfigError("give an address or a page in plain ASCII", field="http.contact")
        return f"leakwatch/{__version__} (+{self.contact.strip()})"
