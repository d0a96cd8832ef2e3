"""One request on its way out: what it may lead to, through which proxy, and in what manner its site is asked."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from leakwatch.crawl.addresses import HostList, Target, check_url
from leakwatch.crawl.proxies import Proxy, check_remote
from leakwatch.errors import AddressRefused
from leakwatch.model.manner import Manner
from leakwatch.sources._kind import Request


@dataclass(frozen=True, slots=True)
class Outing:
    """What holds on the whole way of a request, whatever its redirects. `allow` may be loopback or private."""

    request: Request
    allow: HostList
    proxy: Proxy | None
    min_interval_s: float
    manner: Manner

    def check(self, url: str) -> Target:
        """The URL, if it may be asked for. Raises: AddressRefused."""
        return check_url(url, self.allow, high_ports=self.request.high_ports)

    def check_remote(self, target: Target) -> None:
        """The rules that are left where the proxy resolves names. Raises: AddressRefused."""
        if self.proxy is not None and self.proxy.resolves:
            check_remote(target, self.allow, self._family())

    def check_token_url(self, url: str) -> Target:
        """Where a secret is changed into a token: by https, or on a host of the operator's own. Raises: AddressRefused."""
        target = self.check(url)
        if target.url.scheme != "https" and not self.allow.has(target.host, target.port):
            raise AddressRefused(f"{target.where}: a secret is sent by https only; correct token_url")
        if self.proxy is not None and self.proxy.resolves:
            check_remote(target, self.allow, [*self._family(), target.host])
        return target

    def _family(self) -> list[str]:
        named = (self.manner.home, *self.manner.mirrors)
        return [host for host in (urlsplit(one).hostname for one in named if one) if host]
