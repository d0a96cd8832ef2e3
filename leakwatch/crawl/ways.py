"""Ways out: kept and fresh connections, straight to checked addresses or through a proxy that the configuration lists."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import cast

import httpcore
import httpx

from leakwatch.crawl import addresses
from leakwatch.crawl.addresses import GuardedBackend, HostList
from leakwatch.crawl.decoding import RawTransport
from leakwatch.crawl.proxies import Proxy, proxy_of
from leakwatch.crawl.settings import DoorSettings
from leakwatch.crawl.socks import SocksBackend
from leakwatch.errors import ConfigError

if find_spec("sniffio") is None:
    # httpcore tries to import it at every lock, and without this Python looks for it in all folders each time
    sys.modules["sniffio"] = None  # pyright: ignore[reportArgumentType] - "there is none", as the import system says it


@dataclass(frozen=True, slots=True)
class Ways:
    """Connections that are kept, and such that are not."""

    pooled: RawTransport
    fresh: RawTransport

    async def aclose(self) -> None:
        """Close every connection."""
        await self.pooled.aclose()
        await self.fresh.aclose()


class Roads:
    """All ways out. Those to listed hosts lie apart from all others, and those of each proxy too.

    So a URL that may not lead to a listed host cannot use a connection that another request opened to it.
    """

    def __init__(
        self,
        settings: DoorSettings,
        allow: HostList,
        resolve: addresses.Resolve,
        tls: ssl.SSLContext | None,
        dial: httpcore.AsyncNetworkBackend | None,
    ) -> None:
        self._settings, self._resolve = settings, resolve
        self._dial = dial or cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())
        self._tls = tls or httpx.create_ssl_context(trust_env=False)
        self._lists = {True: allow, False: HostList()}
        self._proxies: Mapping[str, Proxy] = {
            name: proxy_of(name, url.reveal()) for name, url in settings.proxies.items()
        }
        self._opened: dict[tuple[str, bool], Ways] = {}

    def proxy(self, name: str) -> Proxy | None:
        """The proxy of this name; None for no name. Raises: ConfigError."""
        if name and name not in self._proxies:
            raise ConfigError(f"no proxy {name!r}; list it under http.proxies", field="proxy")
        return self._proxies.get(name)

    def to(self, proxy: Proxy | None, *, is_listed: bool) -> Ways:
        """The ways to listed hosts, or to all others."""
        key = (proxy.name if proxy else "", is_listed)
        if key not in self._opened:
            self._opened[key] = self._ways(proxy, self._lists[is_listed])
        return self._opened[key]

    async def aclose(self) -> None:
        """Close every connection."""
        for ways in self._opened.values():
            await ways.aclose()

    def _ways(self, proxy: Proxy | None, allow: HostList) -> Ways:
        if proxy is None:
            return self._made(GuardedBackend(allow, self._resolve, self._dial))
        own = HostList(frozenset({(proxy.host, proxy.port)}))
        to_proxy = GuardedBackend(own, self._resolve, self._dial, called=f"proxy {proxy.name}")
        if proxy.scheme == "http":
            return self._made(to_proxy, _for_httpcore(proxy))
        relay = SocksBackend(proxy, to_proxy)
        if proxy.resolves:
            return self._made(relay)
        return self._made(GuardedBackend(allow, self._resolve, relay, is_relayed=True))

    def _made(self, backend: httpcore.AsyncNetworkBackend, proxy: httpcore.Proxy | None = None) -> Ways:
        connect_s, read_s = self._settings.connect_timeout_s, self._settings.read_timeout_s
        pooled, fresh = (
            RawTransport(backend, self._tls, keep_alive=keep, connect_s=connect_s, read_s=read_s, proxy=proxy)
            for keep in (True, False)
        )
        return Ways(pooled, fresh)


def _for_httpcore(proxy: Proxy) -> httpcore.Proxy:
    host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
    login = (proxy.user.encode(), proxy.password.encode()) if proxy.user else None
    return httpcore.Proxy(f"http://{host}:{proxy.port}", auth=login)
