"""Which URLs and addresses the door lets through, and the backend that connects to nothing else.

Order: the URL's shape, its port, every address its name resolves to, the peer of the connected socket. A host
that the operator listed may have any port and may be loopback or private; it may still not be link-local,
multicast or an address that carries another one inside.
Source: research/security.md §5 (figures for CPython 3.11.7), RFC 6890, RFC 6052, RFC 4291.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urljoin

import httpcore
import httpx

from leakwatch.errors import AddressRefused, ConfigError, Failure, FetchFailed, Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Host and port -> all its addresses as text."""

_WEB_PORTS = frozenset({80, 443})
_FIRST_FREE_PORT = 1024
_REMEDY = "list the host under http.allow_hosts if it is yours"
_MAX_HOST, _MAX_DIALS = 253, 4


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


# What `is_global` calls fine on 3.11.7 and is not: multicast, 6to4 relays, two cloud metadata services,
# site-local, documentation, SRv6, and every IPv6 range whose addresses carry an IPv4 one (NAT64, 6to4,
# compatible, mapped, SIIT, Teredo): a router on the way may turn those into 127.0.0.1 or 169.254.169.254.
_NEVER = _networks(
    "224.0.0.0/4", "192.88.99.0/24", "192.0.0.192/32", "168.63.129.16/32",
    "ff00::/8", "fec0::/10", "3fff::/20", "5f00::/16",
    "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "2001::/23",
)  # fmt: skip
_LISTED_MAY_BE = _networks(
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7"
)
_LAST_32_BITS = _networks("64:ff9b::/96", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96")
_ISATAP = (0x00005EFE, 0x02005EFE)

# Controls, every kind of space, the backslash that parsers read in two ways, and what cannot be encoded.
_NEVER_IN_A_URL = re.compile(r"[\x00-\x20\x7f-\xa0\\\ud800-\udfff]|\s")
_URL = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:@%/?#]+)(?::(?P<port>[0-9]{0,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class HostList:
    """The hosts that the operator listed: pairs of canonical host and port, None for any port."""

    entries: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> HostList:
        """Read entries "host", "host:port", "[::1]:port". Raises: ConfigError."""
        return cls(frozenset(_entry(text) for text in texts))

    def has(self, host: str, port: int) -> bool:
        """Whether a canonical host may be reached on a port, wherever it lives."""
        return (host, port) in self.entries or (host, None) in self.entries


@dataclass(frozen=True, slots=True)
class Target:
    """A URL whose shape was checked: canonical host, no fragment, no userinfo. Its redirects get the same check."""

    url: httpx.URL
    host: str
    port: int
    high_ports: bool = False

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what credentials belong to."""
        return self.url.scheme, self.host, self.port

    @property
    def where(self) -> str:
        """The host, and the port if it is not the scheme's own: what messages say of a URL."""
        return self.url.netloc.decode("ascii")

    @property
    def lane(self) -> str:
        """Host and port: what the pace is kept for."""
        return f"{self.host}:{self.port}"


def check_url(text: str, allow: HostList, *, high_ports: bool = False) -> Target:
    """Read a URL that may be asked for. The message never repeats the URL, which may hold a secret.

    Ports are 80 and 443; with `high_ports` also those from 1024 on, where no system's own services live.
    Raises: AddressRefused.
    """
    _refuse_odd_characters(text)
    found = _URL.match(text)
    if found is None:
        raise AddressRefused("the URL does not begin with http:// or https://; correct it")
    authority = _AUTHORITY.fullmatch(found["authority"])
    if authority is None:
        raise AddressRefused("the URL has user information or no plain host and port; correct it")
    host = canonical_host(authority["host"])
    port = int(authority["port"] or (443 if found["scheme"].lower() == "https" else 80))
    is_usual = port in _WEB_PORTS or (high_ports and _FIRST_FREE_PORT <= port < 2**16)
    if not is_usual and not allow.has(host, port):
        raise AddressRefused(f"{host}: port {port} is not 80 or 443; {_REMEDY}")
    try:
        return Target(httpx.URL(text).copy_with(host=host, fragment=None), host, port, high_ports)
    except (httpx.InvalidURL, ValueError):
        raise AddressRefused(f"{host}: the URL cannot be read; correct it") from None


def check_redirect(here: Target, location: str, allow: HostList) -> Target:
    """Where a Location leads, checked like any URL. Raises: AddressRefused; Refused for https to http."""
    try:
        _refuse_odd_characters(location)  # First, for urljoin drops tabs and line ends without a word.
        target = check_url(urljoin(str(here.url), location), allow, high_ports=here.high_ports)
    except (AddressRefused, ValueError) as error:
        reason = error.message if isinstance(error, AddressRefused) else "the URL cannot be read"
        raise AddressRefused(f"{here.where}: a redirect is not followed: {reason}") from None
    if here.url.scheme == "https" and target.url.scheme == "http":
        raise Refused(f"{here.where}: a redirect is not followed: it leads from https to http")
    return target


def canonical_host(text: str) -> str:
    """One spelling per host: IDNA in lower case, IPv4 as a dotted quad, IPv6 compressed, without brackets.

    A host that ends in a number is an IPv4 address in one of inet_aton's spellings (`2130706433`, `0x7f.1`,
    `127.1`), as resolvers and browsers read it; so all of them end in the address check.
    Raises: AddressRefused.
    Source: RFC 5891; WHATWG URL, "ends in a number checker".
    """
    try:
        host = httpx.URL(f"http://{text}/").raw_host.decode("ascii").removesuffix(".")
        if ":" in host:
            return str(ipaddress.IPv6Address(host))
        if _NUMBER.fullmatch(host.rpartition(".")[2]):
            return socket.inet_ntoa(socket.inet_aton(host))
    except (httpx.InvalidURL, ValueError, OSError):
        raise AddressRefused("the URL's host is not a host name or an address; correct it") from None
    if len(host) > _MAX_HOST or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise AddressRefused("the URL's host is not a host name; correct it")
    return host


def refusal(address: Address, *, listed: bool = False) -> str:
    """Why an address may not be connected to; empty if it may."""
    if listed and any(address in network for network in _LISTED_MAY_BE):
        return ""
    if not address.is_global:
        return f"{address} is not a public address"
    if inner := next((inner for inner in _embedded(address) if refusal(inner)), None):
        return f"{address} carries {inner}, which is not a public address"
    return f"{address} is not a host's public address" if any(address in net for net in _NEVER) else ""


def check_addresses(host: str, answers: Iterable[str], *, listed: bool = False) -> tuple[str, ...]:
    """The addresses of a host, each once and in order; one bad answer refuses all of them.

    Raises: AddressRefused.
    """
    checked: dict[str, None] = {}
    for answer in answers:
        try:
            address = ipaddress.ip_address(answer)
        except ValueError:
            raise AddressRefused(f"{host}: the resolver's answer is not an address") from None
        if reason := refusal(address, listed=listed):
            raise AddressRefused(f"{host}: {reason}" + ("" if listed else f"; {_REMEDY}"))
        checked[str(address)] = None
    return tuple(checked)


async def system_resolve(host: str, port: int) -> list[str]:
    """All addresses that the system's resolver knows, in the order to try (RFC 6724). Raises: OSError."""
    answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(answer[4][0]) for answer in answers]


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves once, checks every answer, connects to a checked address and compares the socket's peer.

    `dial` makes the connection; it is given addresses, never names, so nothing is resolved a second time.
    Sockets in the file system are left to the protocol's default, which raises. With `is_relayed` the socket ends at
    a proxy, which is told the checked address; so its peer says nothing. `called` is what errors call the host, if not
    by its name: a proxy is meant by the name that the configuration gives it.
    """

    def __init__(
        self,
        allow: HostList,
        resolve: Resolve,
        dial: httpcore.AsyncNetworkBackend,
        *,
        is_relayed: bool = False,
        called: str = "",
    ) -> None:
        self._allow, self._resolve, self._dial, self._is_relayed = allow, resolve, dial, is_relayed
        self._called = called

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host. Raises: AddressRefused, FetchFailed, httpcore.ConnectTimeout."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._addresses(host, port)
                return await self._first(host, addresses, port, timeout)
        except TimeoutError:
            if self._called:
                raise FetchFailed(f"{self._called}: no connection in time", failure=Failure.TIMEOUT) from None
            if self._is_relayed:
                told = f"{host}: no connection through its proxy in time"
                raise FetchFailed(told, failure=Failure.TIMEOUT) from None
            raise httpcore.ConnectTimeout from None

    async def _addresses(self, host: str, port: int) -> tuple[str, ...]:
        listed = self._allow.has(host, port)
        try:
            answers = [str(ipaddress.ip_address(host))]
        except ValueError:
            try:
                answers = await self._resolve(host, port)
            except (OSError, UnicodeError) as error:
                reason = getattr(error, "strerror", None) or type(error).__name__
                raise FetchFailed(
                    f"{self._called or host}: the name cannot be resolved ({reason})", failure=Failure.DNS
                ) from None
        checked = check_addresses(host, answers, listed=listed)
        if not checked:
            raise FetchFailed(f"{host}: the name has no address", failure=Failure.DNS)
        return checked[:_MAX_DIALS]

    async def _first(
        self, host: str, addresses: tuple[str, ...], port: int, limit_s: float | None
    ) -> httpcore.AsyncNetworkStream:
        """The first address that answers; each has a share of the time: dead IPv6 leaves some for IPv4."""
        share = None if limit_s is None else limit_s / len(addresses)
        failure: Exception = httpcore.ConnectTimeout()
        for address in addresses:
            try:
                stream = await self._dial.connect_tcp(address, port, timeout=share)
            except (httpcore.ConnectError, httpcore.ConnectTimeout, FetchFailed) as error:
                failure = error
                continue
            if not self._is_relayed:
                await _compare_peer(host, address, port, stream)
            return stream
        if isinstance(failure, httpcore.ConnectTimeout | FetchFailed):
            raise failure
        raise FetchFailed(f"{self._called or host}: no connection to port {port} ({_cause(failure)})")


async def _compare_peer(host: str, address: str, port: int, stream: httpcore.AsyncNetworkStream) -> None:
    peer = stream.get_extra_info("server_addr")
    if not peer:
        await stream.aclose()
        raise FetchFailed(f"{host}: the connection broke at once")
    if ipaddress.ip_address(peer[0]) != ipaddress.ip_address(address) or peer[1] != port:
        await stream.aclose()
        raise AddressRefused(f"{host}: the connection did not end at the checked address")


def _refuse_odd_characters(text: str) -> None:
    if _NEVER_IN_A_URL.search(text):
        raise AddressRefused("the URL holds a space, a control character or a backslash; correct it")


def _cause(error: BaseException) -> str:
    """The system's words for a failed connection, which the layers above wrap twice."""
    while error.__cause__ is not None:
        error = error.__cause__
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number else "all attempts failed"


def _embedded(address: Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses inside an IPv6 one. Source: RFC 6052, 3056, 4380, 4291, 7915, 5214."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    last = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if any(address in network for network in _LAST_32_BITS) or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        yield last
    if address.sixtofour is not None:
        yield address.sixtofour
    yield from address.teredo or ()


def _entry(text: str) -> tuple[str, int | None]:
    bare = text.strip()
    found = _AUTHORITY.fullmatch(f"[{bare}]" if bare.count(":") > 1 and "[" not in bare else bare)
    with suppress(AddressRefused):
        if found is not None:
            return canonical_host(found["host"]), int(found["port"]) if found["port"] else None
    raise ConfigError(f"{text!r} is not a host or host:port", field="http.allow_hosts")
