"""The proxies that the configuration lists, and what may be asked for through one that resolves names itself.

Where the proxy resolves a name nobody here sees its address, so the address rules cannot hold. What is left: no literal
address that could not be asked for directly, no name that only means something inside a network, and no host but those
that the configuration names for the site. See docs/sources/proxies.md.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from leakwatch.crawl.addresses import HostList, Target, canonical_host, check_addresses
from leakwatch.errors import AddressRefused, ConfigError

_SCHEMES = ("http", "socks5", "socks5h")
_INSIDE = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "home.arpa",
    "localdomain",
)
_MAX_LOGIN = 255


@dataclass(frozen=True, slots=True)
class Proxy:
    """One proxy. `resolves` says that it looks up the names itself: http and socks5h do, socks5 is given addresses."""

    name: str
    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def resolves(self) -> bool:
        """Whether it looks up names itself."""
        return self.scheme != "socks5"


def proxy_of(name: str, url: str) -> Proxy:
    """Read a proxy's address, `scheme://[user:password@]host:port`. Raises: ConfigError, without the address."""
    wrong = ConfigError(
        f"{name}: expected http://, socks5:// or socks5h:// with host and port", field="http.proxies"
    )
    try:
        parts = urlsplit(url.strip())
        bare = parts.hostname or ""
        port, host = parts.port, canonical_host(f"[{bare}]" if ":" in bare else bare)
    except (ValueError, AddressRefused):
        raise wrong from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if (
        parts.scheme not in _SCHEMES
        or not port
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
    ):
        raise wrong
    if any(len(part.encode()) > _MAX_LOGIN for part in (user, password)) or (password and not user):
        raise ConfigError(f"{name}: user and password have at most 255 bytes", field="http.proxies")
    return Proxy(name, parts.scheme, host, port, user, password)


def check_remote(target: Target, allow: HostList, family: Iterable[str]) -> None:
    """What may be asked for through a proxy that resolves names itself.

    `family` are the hosts that the configuration names for the site; their subdomains are theirs too.
    Raises: AddressRefused.
    """
    listed = allow.has(target.host, target.port)
    if _is_address(target.host):
        check_addresses(target.host, [target.host], listed=listed)
        return
    if listed:
        return
    if "." not in target.host or target.host.endswith(tuple(f".{one}" for one in _INSIDE)):
        raise AddressRefused(f"{target.host}: the name belongs to a network that only the proxy sees")
    if not any(target.host == one or target.host.endswith(f".{one}") for one in family):
        raise AddressRefused(
            f"{target.host}: through a proxy that resolves names, only the hosts of the site are asked; "
            "name it under the site's mirrors or under http.allow_hosts if it is needed"
        )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
