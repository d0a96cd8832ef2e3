"""Connections through a SOCKS5 proxy, to a name that the proxy resolves or to an address that was checked here.

httpcore's own SOCKS5 hands every name to the proxy, so addresses could never be checked. Source: RFC 1928, RFC 1929.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import httpcore

from leakwatch.crawl.proxies import Proxy
from leakwatch.errors import Failure, FetchFailed

_VERSION, _CONNECT, _NO_AUTH, _PASSWORD = 5, 1, 0, 2
_NAME, _IPV4, _IPV6 = 3, 1, 4
_REFUSALS = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "TTL expired",
    7: "command not supported",
    8: "address type not supported",
}


class SocksBackend(httpcore.AsyncNetworkBackend):
    """Connects by `way` to the proxy and asks it for a connection to the host or address that it is given."""

    def __init__(self, proxy: Proxy, way: httpcore.AsyncNetworkBackend) -> None:
        self._proxy, self._way = proxy, way

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host. Raises: FetchFailed, httpcore.ConnectTimeout."""
        stream = await self._way.connect_tcp(self._proxy.host, self._proxy.port, timeout=timeout)
        talk = _Talk(stream, timeout, f"proxy {self._proxy.name}")
        try:
            await _greet(talk, self._proxy)
            await _ask(talk, host, port)
        except httpcore.TimeoutException:
            await stream.aclose()
            told = f"{talk.name}: it does not answer in time; is it a SOCKS5 proxy?"
            raise FetchFailed(told, failure=Failure.TIMEOUT) from None
        except BaseException:
            await stream.aclose()
            raise
        return stream


class _Talk:
    """Exact reads and writes. A proxy sends nothing of its own before it is asked, so nothing is read too far."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, limit_s: float | None, name: str) -> None:
        self._stream, self._limit_s, self.name = stream, limit_s, name

    async def write(self, data: bytes) -> None:
        await self._stream.write(data, timeout=self._limit_s)

    async def read(self, size: int) -> bytes:
        got = bytearray()
        while len(got) < size:
            part = await self._stream.read(size - len(got), timeout=self._limit_s)
            if not part:
                raise FetchFailed(f"{self.name}: the connection broke off; is it a SOCKS5 proxy?")
            got += part
        return bytes(got)


async def _greet(talk: _Talk, proxy: Proxy) -> None:
    """Agree on how we say who we are, and say it."""
    offered = [_NO_AUTH, _PASSWORD] if proxy.user else [_NO_AUTH]
    await talk.write(bytes([_VERSION, len(offered), *offered]))
    version, chosen = await talk.read(2)
    if version != _VERSION or chosen not in offered:
        raise FetchFailed(f"{talk.name}: it speaks no SOCKS5, or wants another way to log in")
    if chosen == _PASSWORD:
        user, password = proxy.user.encode(), proxy.password.encode()
        await talk.write(bytes([1, len(user)]) + user + bytes([len(password)]) + password)
        if (await talk.read(2))[1]:
            raise FetchFailed(f"{talk.name}: it does not accept the user and password")


async def _ask(talk: _Talk, host: str, port: int) -> None:
    await talk.write(bytes([_VERSION, _CONNECT, 0]) + _told(host) + port.to_bytes(2, "big"))
    version, reply, _, kind = await talk.read(4)
    if version != _VERSION or reply:
        raise FetchFailed(f"{talk.name}: no connection to {host} ({_REFUSALS.get(reply, 'odd answer')})")
    length = {_IPV4: 4, _IPV6: 16}.get(kind)
    if length is None:
        if kind != _NAME:
            raise FetchFailed(f"{talk.name}: it answers in no address that is known")
        length = (await talk.read(1))[0]
    await talk.read(length + 2)


def _told(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("ascii")
        return bytes([_NAME, len(name)]) + name
    return bytes([_IPV4 if address.version == 4 else _IPV6]) + address.packed
