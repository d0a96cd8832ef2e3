"""The one door to HTTP: every request goes out here, within its limits and to checked addresses only.

httpx gives URLs, requests and responses; the transport is ours. An httpx.AsyncClient is not used: it would
keep cookies between sources, log URLs that hold secrets, and build requests from an unchecked Location.
Source: research/security.md §1, §3, §5, T1-T5, T9, T23; RFC 9110.
"""

from __future__ import annotations

import logging
import ssl
from asyncio import Semaphore, timeout
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Self

import httpcore
import httpx

from leakwatch.crawl import addresses
from leakwatch.crawl.answers import Answers
from leakwatch.crawl.decoding import ConnectionBroken, Trace, read_body, read_start
from leakwatch.crawl.hop import OURS, Hop, Secrets, listed_of
from leakwatch.crawl.mirrors import Mirrors
from leakwatch.crawl.outing import Outing
from leakwatch.crawl.politeness import Pace, check_status, host_wait_s
from leakwatch.crawl.reasons import with_reason
from leakwatch.crawl.robots_cache import RobotsCache
from leakwatch.crawl.settings import DoorSettings
from leakwatch.crawl.silence import NOTHING, Silence
from leakwatch.crawl.tokens import Tokens
from leakwatch.crawl.ways import Roads
from leakwatch.errors import (
    AddressRefused,
    ConfigError,
    DeliveryError,
    Failure,
    FetchFailed,
    Refused,
    SourceError,
)
from leakwatch.model.manner import PLAIN, Manner
from leakwatch.ports import Clock
from leakwatch.sources._kind import CredentialRef, Payload, Request

__all__ = ["DoorSettings", "HttpFetcher"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_UNAUTHORIZED = 401


class HttpFetcher:
    """Implements the port `Fetcher`. One per process: it keeps the pace of every host.

    `silence` are the names that may not leave; whoever knows the catalogue keeps it up to date.
    `secret` looks a secret up by its name.
    """

    def __init__(
        self,
        settings: DoorSettings,
        *,
        secret: Callable[[CredentialRef], str],
        clock: Clock,
        resolve: addresses.Resolve = addresses.system_resolve,
        tls: ssl.SSLContext | None = None,
        dial: httpcore.AsyncNetworkBackend | None = None,
        at_once: int = 32,
    ) -> None:
        """`at_once` requests are on the wire, whoever waits. `tls` and `dial` replace the trusted authorities and the last step of a connection, for tests."""
        # httpcore writes response headers to its debug log, and a server may echo a secret there.
        logging.getLogger("httpcore").setLevel(logging.WARNING)
        self._settings, self.secret, self._clock = settings, secret, clock
        self._allow = addresses.HostList.parse(settings.allow_hosts)
        self._user_agent, self._pace = settings.user_agent, Pace()
        self._places = Semaphore(at_once)
        self._roads = Roads(settings, self._allow, resolve, tls, dial)
        self._answers, self._robots = Answers(), RobotsCache()
        self._mirrors, self._tokens = Mirrors(), Tokens()
        self.silence: Silence = NOTHING

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._roads.aclose()

    async def fetch(
        self, request: Request, *, min_interval_s: float = 0.0, manner: Manner = PLAIN
    ) -> Payload:
        """Do one GET, or POST a form, following redirects through the same checks.

        Every hop waits for its host's turn; the total deadline is of the time on the wire, not that wait. A site's
        mirrors are tried where it cannot be reached, not where it refuses us: another address is no way around a no.
        Raises: Refused, AddressRefused, Disallowed, Withheld, PutOff, FetchFailed; ConfigError if a secret cannot be sent.
        """
        self.silence.check(request, manner)

        async def ask() -> Payload:
            return await self._at_any_address(request, min_interval_s, manner)

        return await (self._answers.get(request, manner, ask) if manner.site else ask())

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout_s: float = 20.0,
        most_bytes: int = 64 * 1024,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Do one POST on a connection of its own, without following redirects.

        Answers status, headers and at most `most_bytes` of the body. A webhook's URL is secret: messages name its host.
        Raises: AddressRefused or FetchFailed before the request was written; DeliveryError with `uncertain`
        where the connection broke or the time ran out after the server may have had all of it.
        """
        target, trace = addresses.check_url(url, self._allow), Trace()
        try:
            async with timeout(timeout_s):
                return await self._exchange(target.url, body, headers, trace, most_bytes)
        except TimeoutError:
            failure = FetchFailed(f"{target.where}: no complete answer within {timeout_s:g} s")
        except FetchFailed as error:
            failure = error
        if trace.may_have_arrived(has_body=bool(body)):
            raise DeliveryError(f"{failure.message}; the request may have arrived", uncertain=True) from None
        raise failure

    async def _exchange(
        self, url: httpx.URL, body: bytes, headers: Mapping[str, str], trace: Trace, most_bytes: int
    ) -> tuple[int, Mapping[str, str], bytes]:
        fields = {name: value for name, value in headers.items() if name.lower() not in OURS}
        fields |= {"accept-encoding": "identity", "user-agent": self._user_agent}
        fresh = self._roads.to(None, is_listed=True).fresh
        response = await fresh.send("POST", url, fields, trace, body)
        try:
            start = await read_start(response.aiter_raw(), most_bytes)
            return response.status_code, dict(response.headers.items()), start
        finally:
            await response.aclose()

    async def _at_any_address(self, request: Request, min_interval_s: float, manner: Manner) -> Payload:
        """Ask at the site's addresses, one after the other, until one can be reached. Raises: the last failure."""
        failure: FetchFailed | None = None
        for url in self._mirrors.addresses(request.url, manner):
            try:
                payload = await self._with_secrets(replace(request, url=url), min_interval_s, manner)
            except FetchFailed as error:
                if error.failure is Failure.BODY:
                    raise
                told = f"{failure.message}; {error.message}" if failure else error.message
                error.args = (told,)
                failure = error
            else:
                self._mirrors.works(url, manner)
                return replace(payload, request=request)
        raise failure or FetchFailed("the site has no address")

    async def _with_secrets(self, request: Request, min_interval_s: float, manner: Manner) -> Payload:
        """Ask with the request's secrets; a token that the site does not take is got anew, once."""
        out = self._outing(request, min_interval_s, manner)
        secrets = await self._secrets(request, out)
        try:
            try:
                return await self._follow(request, secrets, out)
            except Refused as error:
                if error.status != _UNAUTHORIZED or not request.token_url:
                    raise
            self._tokens.drop(request, manner.proxy, secrets.bearer)
            secrets = await self._secrets(request, out)
            return await self._follow(request, secrets, out)
        except SourceError as error:
            told = secrets.hide(error.message)
            if request.named_by is not None and isinstance(error, AddressRefused):
                told = f"named by a page, which may be hostile: {told}"
            error.args = (told,)
            raise

    def _outing(self, request: Request, min_interval_s: float, manner: Manner) -> Outing:
        allow = self._allow if request.named_by is None else listed_of(request.named_by, self._allow)
        return Outing(request, allow, self._roads.proxy(manner.proxy), min_interval_s, manner)

    async def _follow(self, request: Request, secrets: Secrets, out: Outing) -> Payload:
        hop = Hop(request, secrets, out.check(request.url), out.allow, posts=request.form is not None)
        left_s, redirects = self._settings.total_deadline_s, 0
        while redirects <= self._settings.max_redirects:
            out.check_remote(hop.target)
            interval_s = max(out.min_interval_s, await self._robots_delay_s(hop, out))
            lane, per_hour = hop.target.lane, out.manner.max_per_hour
            async with self._pace.slot(lane, interval_s, per_hour) as sent, self._places:
                began = monotonic()
                answer = await self._visit_in_time(hop, left_s, out, sent)
                left_s -= monotonic() - began
            if isinstance(answer, Payload):
                return answer
            hop, redirects = answer, redirects + (not answer.is_repeat)
        raise FetchFailed(f"{hop.target.where}: more than {self._settings.max_redirects} redirects")

    async def _robots_delay_s(self, hop: Hop, out: Outing) -> float:
        """The pause that the host's robots.txt wants, once it allows the URL. Raises: Disallowed, FetchFailed, Refused."""
        if not out.manner.robots:
            return 0.0

        async def fetch() -> Payload:
            url = str(hop.target.url.copy_with(raw_path=b"/robots.txt"))
            asked = replace(Request(url=url, named_by=out.request.named_by), high_ports=hop.target.high_ports)
            return await self._follow(
                asked, Secrets(), replace(out, manner=replace(out.manner, robots=False))
            )

        return await self._robots.delay_s(hop.target, out.manner.proxy, fetch)

    async def _visit_in_time(
        self, hop: Hop, left_s: float, out: Outing, sent: Callable[[], None]
    ) -> Payload | Hop:
        try:
            async with timeout(left_s):
                return await self._visit(hop, out, sent)
        except TimeoutError:
            told = f"{hop.target.where}: no complete answer before the deadline"
            raise FetchFailed(told, failure=Failure.TIMEOUT) from None
        except AddressRefused as error:
            if hop.seen:  # The remedy in the message is not for addresses that somebody's redirect named.
                raise AddressRefused(f"after a redirect, which may be hostile: {error.message}") from None
            raise

    async def _visit(self, hop: Hop, out: Outing, sent: Callable[[], None]) -> Payload | Hop:
        """Ask one URL: its payload, where it sends us, or the same again where a kept connection proved to be stale."""
        response = await self._send(hop, out, sent)
        if response is None:
            return replace(hop, is_repeat=True)
        try:
            status, headers, where = response.status_code, response.headers, hop.target.where
            self._pace.rest(hop.target.lane, host_wait_s(status, headers, self._clock.now()))
            if status in _REDIRECTS and "location" in headers:
                return hop.to(addresses.check_redirect(hop.target, headers["location"], hop.allow), status)
            try:
                check_status(where, status, headers, self._clock.now())
            except SourceError as error:
                raise await with_reason(error, response) from None
            coding, limits = headers.get("content-encoding", ""), self._settings.body_limits
            body = await read_body(response.aiter_raw(), where, coding, limits, monotonic)
            now, is_relayed = self._clock.now(), out.proxy is not None
            return hop.payload(response, body, now, self._user_agent, is_relayed=is_relayed)
        finally:
            await response.aclose()

    async def _send(self, hop: Hop, out: Outing, sent: Callable[[], None]) -> httpx.Response | None:
        """Send on a kept connection; None if that proves to be stale, for the request may go out again (RFC 9110 §9.2.2).

        A repeat waits for its turn and takes a fresh connection. So does a form, which is never sent twice: nobody
        could tell whether the first one arrived.
        """
        trace, ways = Trace(sent), self._roads.to(out.proxy, is_listed=hop.is_listed)
        fields = hop.fields | {"accept-encoding": "gzip", "user-agent": self._user_agent}
        if hop.posts:
            return await ways.fresh.send("POST", hop.wire_url, fields, trace, hop.body)
        if hop.is_repeat:
            return await ways.fresh.send("GET", hop.wire_url, fields, trace)
        try:
            return await ways.pooled.send("GET", hop.wire_url, fields, trace)
        except ConnectionBroken:
            if trace.connected_anew:
                raise
            return None

    async def _secrets(self, request: Request, out: Outing) -> Secrets:
        parameter, reference = request.query_credential or ("", None)
        value, own = self._look_up(reference), self._look_up(request.credential)
        if not request.token_url:
            return Secrets(own, parameter, value)
        target = out.check_token_url(request.token_url)

        async def exchange(fields: dict[str, str], body: bytes) -> bytes:
            return await self._ask_token(target, fields, body, out)

        try:
            bearer = await self._tokens.get(request, out.manner.proxy, own, exchange)
        except SourceError as error:
            error.args = (Secrets(login=own).hide(f"{target.where}: {error.message}"),)
            raise
        return Secrets(bearer, parameter, value, login=own)

    async def _ask_token(
        self, target: addresses.Target, fields: dict[str, str], body: bytes, out: Outing
    ) -> bytes:
        """One POST, on a fresh connection and at the host's pace; a redirect is not followed, for it carries the secret."""
        ways = self._roads.to(out.proxy, is_listed=self._allow.has(target.host, target.port))
        ours = {"accept-encoding": "identity", "user-agent": self._user_agent}
        per_hour = out.manner.max_per_hour
        async with self._pace.slot(target.lane, out.min_interval_s, per_hour) as sent, self._places:
            try:
                async with timeout(self._settings.total_deadline_s):
                    response = await ways.fresh.send("POST", target.url, fields | ours, Trace(sent), body)
                    try:
                        status, headers = response.status_code, response.headers
                        self._pace.rest(target.lane, host_wait_s(status, headers, self._clock.now()))
                        check_status(target.where, status, headers, self._clock.now())
                        return await read_start(response.aiter_raw())
                    finally:
                        await response.aclose()
            except TimeoutError:
                raise FetchFailed("no complete answer before the deadline") from None

    def _look_up(self, reference: CredentialRef | None) -> str:
        secret = self.secret(reference).strip() if reference else ""
        if reference and not (secret and secret.isascii() and secret.isprintable()):
            raise ConfigError(f"the secret {reference} is empty or is not plain ASCII; correct it")
        return secret
