"""The one door to HTTP: every request goes out here, within its limits and to checked addresses only.

httpx gives URLs, requests and responses; the transport is ours. An httpx.AsyncClient is not used: it would
keep cookies between sources, log URLs that hold secrets, and build requests from an unchecked Location.
Source: research/security.md §1, §3, §5, T1-T5, T9, T23; RFC 9110.
"""

from __future__ import annotations

import logging
import ssl
from asyncio import timeout
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Self, cast

import httpcore
import httpx

from leakwatch import __version__
from leakwatch.crawl import addresses
from leakwatch.crawl.decoding import (
    BodyLimits,
    ConnectionBroken,
    RawTransport,
    Trace,
    inflated_start,
    read_body,
    read_start,
)
from leakwatch.crawl.hop import OURS, Hop, Secrets, listed_of
from leakwatch.crawl.politeness import Pace, check_status
from leakwatch.errors import AddressRefused, ConfigError, DeliveryError, Failure, FetchFailed, SourceError
from leakwatch.ports import Clock
from leakwatch.sources._kind import CredentialRef, Payload, Request
from leakwatch.sources._refusals import look

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REASON_S = 5.0


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """The section `http` of the configuration.

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


@dataclass(frozen=True, slots=True)
class _Ways:
    """Connections that are kept, and such that are not: of each kind those to listed hosts lie apart from all others.

    So a URL that may not lead to a listed host cannot use a connection that another request opened to it.
    """

    pooled: RawTransport
    fresh: RawTransport

    @classmethod
    def to(
        cls, backend: addresses.GuardedBackend, tls: ssl.SSLContext, connect_s: float, read_s: float
    ) -> _Ways:
        """Ways to what the backend lets through."""
        pooled, fresh = (
            RawTransport(backend, tls, keep_alive=keep, connect_s=connect_s, read_s=read_s)
            for keep in (True, False)
        )
        return cls(pooled, fresh)

    async def aclose(self) -> None:
        """Close every connection."""
        await self.pooled.aclose()
        await self.fresh.aclose()


class HttpFetcher:
    """Implements the port `Fetcher`. One per process: it keeps the pace of every host."""

    def __init__(
        self,
        settings: DoorSettings,
        *,
        secret: Callable[[CredentialRef], str],
        clock: Clock,
        resolve: addresses.Resolve = addresses.system_resolve,
        tls: ssl.SSLContext | None = None,
        dial: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """`tls` and `dial` replace the trusted authorities and the last step of a connection, for tests."""
        # httpcore writes response headers to its debug log, and a server may echo a secret there.
        logging.getLogger("httpcore").setLevel(logging.WARNING)
        self._settings, self._secret, self._clock = settings, secret, clock
        self._allow = addresses.HostList.parse(settings.allow_hosts)
        self._user_agent, self._pace = settings.user_agent, Pace()
        dial = dial or cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())
        tls = tls or httpx.create_ssl_context(trust_env=False)
        limits_s = (settings.connect_timeout_s, settings.read_timeout_s)
        self._listed = _Ways.to(addresses.GuardedBackend(self._allow, resolve, dial), tls, *limits_s)
        nobody = addresses.HostList()
        self._public = _Ways.to(addresses.GuardedBackend(nobody, resolve, dial), tls, *limits_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._listed.aclose()
        await self._public.aclose()

    async def fetch(self, request: Request, *, min_interval_s: float = 0.0) -> Payload:
        """Do one GET, following redirects through the same checks.

        Every hop waits for its host's turn; the total deadline is of the time on the wire, not that wait.
        Raises: Refused, AddressRefused, FetchFailed; ConfigError if a secret cannot be sent.
        """
        secrets = self._secrets(request)
        try:
            return await self._follow(request, secrets, min_interval_s)
        except SourceError as error:
            told = secrets.hide(error.message)
            if request.named_by is not None and isinstance(error, AddressRefused):
                told = f"named by a page, which may be hostile: {told}"
            error.args = (told,)
            raise

    async def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str], timeout_s: float = 20.0
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Do one POST on a connection of its own, without following redirects.

        Answers status, headers and at most 64 KiB of body. A webhook's URL is secret: messages name its host.
        Raises: AddressRefused or FetchFailed before the request was written; DeliveryError with `uncertain`
        where the connection broke or the time ran out after the server may have had all of it.
        """
        target, trace = addresses.check_url(url, self._allow), Trace()
        try:
            async with timeout(timeout_s):
                return await self._exchange(target.url, body, headers, trace)
        except TimeoutError:
            failure = FetchFailed(f"{target.where}: no complete answer within {timeout_s:g} s")
        except FetchFailed as error:
            failure = error
        if trace.may_have_arrived(has_body=bool(body)):
            raise DeliveryError(f"{failure.message}; the request may have arrived", uncertain=True) from None
        raise failure

    async def _exchange(
        self, url: httpx.URL, body: bytes, headers: Mapping[str, str], trace: Trace
    ) -> tuple[int, Mapping[str, str], bytes]:
        fields = {name: value for name, value in headers.items() if name.lower() not in OURS}
        fields |= {"accept-encoding": "identity", "user-agent": self._user_agent}
        response = await self._listed.fresh.send("POST", url, fields, trace, body)
        try:
            start = await read_start(response.aiter_raw())
            return response.status_code, dict(response.headers.items()), start
        finally:
            await response.aclose()

    async def _follow(self, request: Request, secrets: Secrets, min_interval_s: float) -> Payload:
        allow = self._allow if request.named_by is None else listed_of(request.named_by, self._allow)
        target = addresses.check_url(request.url, allow, high_ports=request.high_ports)
        hop = Hop(request, secrets, target, allow)
        left_s = self._settings.total_deadline_s
        for _ in range(self._settings.max_redirects + 1):
            async with self._pace.slot(hop.target.lane, min_interval_s):
                began = monotonic()
                answer = await self._visit_in_time(hop, left_s)
                left_s -= monotonic() - began
            if isinstance(answer, Payload):
                return answer
            hop = answer
        raise FetchFailed(f"{hop.target.where}: more than {self._settings.max_redirects} redirects")

    async def _visit_in_time(self, hop: Hop, left_s: float) -> Payload | Hop:
        try:
            async with timeout(left_s):
                return await self._visit(hop)
        except TimeoutError:
            told = f"{hop.target.where}: no complete answer before the deadline"
            raise FetchFailed(told, failure=Failure.TIMEOUT) from None
        except AddressRefused as error:
            if hop.seen:  # The remedy in the message is not for addresses that somebody's redirect named.
                raise AddressRefused(f"after a redirect, which may be hostile: {error.message}") from None
            raise

    async def _visit(self, hop: Hop) -> Payload | Hop:
        """Ask one URL: its payload, or where it sends us."""
        response = await self._get(hop)
        try:
            status, headers, where = response.status_code, response.headers, hop.target.where
            if status in _REDIRECTS and "location" in headers:
                return hop.to(addresses.check_redirect(hop.target, headers["location"], hop.allow))
            try:
                check_status(where, status, headers, self._clock.now())
            except SourceError as error:
                raise await self._with_reason(error, response) from None
            coding, limits = headers.get("content-encoding", ""), self._settings.body_limits
            body = await read_body(response.aiter_raw(), where, coding, limits, monotonic)
            return hop.payload(status, headers, body, self._clock.now())
        finally:
            await response.aclose()

    @staticmethod
    async def _with_reason(error: SourceError, response: httpx.Response) -> SourceError:
        """A refusal with the reason that its page gives: a challenge comes as 403 or 503 as well."""
        start = b""
        with suppress(FetchFailed, TimeoutError):
            async with timeout(_REASON_S):
                start = inflated_start(
                    await read_start(response.aiter_raw()), response.headers.get("content-encoding", "")
                )
        found = look(response.headers, start)
        if found:
            error.failure, told = found
            error.args = (f"{error.message}; {told}",)
        return error

    async def _get(self, hop: Hop) -> httpx.Response:
        """Send on a kept connection; if it proves to be stale, once more on a fresh one (RFC 9110 §9.2.2)."""
        trace, ways = Trace(), self._listed if hop.is_listed else self._public
        fields = hop.fields | {"accept-encoding": "gzip", "user-agent": self._user_agent}
        try:
            return await ways.pooled.send("GET", hop.wire_url, fields, trace)
        except ConnectionBroken:
            if trace.connected_anew:
                raise
            return await ways.fresh.send("GET", hop.wire_url, fields, trace)

    def _secrets(self, request: Request) -> Secrets:
        parameter, reference = request.query_credential or ("", None)
        return Secrets(self._look_up(request.credential), parameter, self._look_up(reference))

    def _look_up(self, reference: CredentialRef | None) -> str:
        secret = self._secret(reference).strip() if reference else ""
        if reference and not (secret and secret.isascii() and secret.isprintable()):
            raise ConfigError(f"the secret {reference} is empty or is not plain ASCII; correct it")
        return secret
