"""Which addresses of strangers may be talked to. The libtorrent child and the daemon's own clients share it."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

TRACKER_PORTS = frozenset({80, 443})
"""Ports below 1024 on which trackers are met."""
_FIRST_FREE_PORT = 1024

# IANA's special-purpose registries (RFC 6890), and one cloud's metadata service. Of IPv6 only
# 2000::/3 is public; inside it the ranges that are special or carry an IPv4 address (Teredo, 6to4).
_SPECIAL_V4 = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
)  # fmt: skip
_SPECIAL_V6 = (
    "::/3", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "4000::/2", "8000::/1",
)  # fmt: skip
SPECIAL: tuple[Network, ...] = tuple(ipaddress.ip_network(text) for text in _SPECIAL_V4 + _SPECIAL_V6)


class Wall:
    """Public addresses, and those of the networks that the operator listed.

    Ports below 1024 are other people's services: only those in `low_ports` are admitted, and any port of a
    listed network.
    """

    def __init__(self, allow_networks: Sequence[str] = (), *, low_ports: Collection[int] = ()) -> None:
        self.allowed: tuple[Network, ...] = tuple(ipaddress.ip_network(text) for text in allow_networks)
        self._low_ports = frozenset(low_ports)

    def admits(self, host: str, port: int) -> bool:
        """Whether an address may be talked to. A host name is no address."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        if not 0 < port < 2**16 or getattr(address, "scope_id", None):
            return False
        if any(address in network for network in self.allowed):
            return True
        is_free = port >= _FIRST_FREE_PORT or port in self._low_ports
        return is_free and not any(address in network for network in SPECIAL)
