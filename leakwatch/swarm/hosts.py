"""Names of trackers and DHT routers -> addresses that may be talked to. Resolved here, once, and never again."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

from leakwatch.errors import SwarmError
from leakwatch.swarm.wall import Wall

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Host and port -> all its addresses as text."""
Endpoint = tuple[str, int]
"""An address as text, and a port."""


async def system_resolve(host: str, port: int) -> list[str]:
    """All addresses that the system's resolver knows. Raises: OSError."""
    answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    return [str(answer[4][0]) for answer in answers]


async def addresses_of(host: str, port: int, wall: Wall, resolve: Resolve = system_resolve) -> list[str]:
    """The addresses of a host, each once and in order. One that may not be talked to refuses all of them.

    Spellings such as `2130706433` go to the resolver like names, so they too end at the wall.
    Raises: SwarmError, which names the host and no address.
    """
    try:
        answers = await resolve(host, port)
        found = list(dict.fromkeys(str(ipaddress.ip_address(answer)) for answer in answers))
    except (OSError, ValueError) as error:  # UnicodeError is a ValueError
        raise SwarmError(f"{host}: the name cannot be resolved") from error
    if not found:
        raise SwarmError(f"{host}: the name has no address")
    if not all(wall.admits(address, port) for address in found):
        raise SwarmError(f"{host}: not at public addresses on an admitted port; see swarm.allow_networks")
    return found


async def endpoints_of(nodes: Sequence[str], wall: Wall, resolve: Resolve = system_resolve) -> list[Endpoint]:
    """The endpoints of nodes that the operator named as host:port; those that cannot be used are left out.

    Raises: SwarmError if none can.
    """
    found: list[Endpoint] = []
    failure = SwarmError("no DHT node to ask: set swarm.dht_bootstrap")
    for node in nodes:
        host, _, port = node.rpartition(":")
        try:
            addresses = await addresses_of(host.strip("[]"), int(port or 0), wall, resolve)
        except SwarmError as error:
            failure = error
            continue
        except ValueError:
            failure = SwarmError("a DHT node is named by host and port: correct swarm.dht_bootstrap")
            continue
        found += [(address, int(port)) for address in addresses]
    if not found:
        raise failure
    return found


def place_of(address: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 of an IPv6 one, of which a host may have all."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(ipaddress.IPv6Address(int(parsed) >> 64 << 64))
