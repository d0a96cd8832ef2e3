"""One URL on the way of a request: what is sent there, which secrets go with it, and what is shown of the answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import quote, quote_plus, unquote_plus, urlencode

import httpx

from leakwatch.crawl.addresses import HostList, Target
from leakwatch.errors import ConfigError, FetchFailed, Refused
from leakwatch.sources._kind import Exchange, Payload, Request

_FORM = "application/x-www-form-urlencoded"
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)

OURS = frozenset(
    {"accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization"}
    | {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"}
)
"""What the door says by itself; no kind may."""


def listed_of(sites: Iterable[str], allow: HostList) -> HostList:
    """Of the operator's list what sites stand on: each "host:port", or "host" for the web's own ports."""
    own: set[tuple[str, int | None]] = set()
    for site in sites:
        with suppress(ConfigError):  # A stream has no host.
            for host, port in HostList.parse([site]).entries:
                own |= {(host, one) for one in ((port,) if port else (80, 443)) if allow.has(host, one)}
    return HostList(frozenset(own))


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one request: put on the wire, and kept out of everything that is shown."""

    bearer: str = field(default="", repr=False)
    parameter: str = ""
    value: str = field(default="", repr=False)
    login: str = field(default="", repr=False)
    """The `id:secret` that the bearer token was got for."""

    @property
    def all(self) -> tuple[str, ...]:
        """Everything that must not be shown."""
        return tuple(filter(None, (self.bearer, self.value, self.login, self.login.partition(":")[2])))

    def added_to(self, url: httpx.URL) -> httpx.URL:
        """The URL with the secret parameter, once."""
        if not self.parameter:
            return url
        bare = self.removed_from(url).query
        pair = urlencode({self.parameter: self.value}).encode("ascii")
        return url.copy_with(query=bare + b"&" + pair if bare else pair)

    def removed_from(self, url: httpx.URL) -> httpx.URL:
        """The URL without the secret parameter, which servers like to repeat in redirects."""
        pairs = url.query.split(b"&")
        kept = [p for p in pairs if unquote_plus(p.partition(b"=")[0].decode("ascii")) != self.parameter]
        return url.copy_with(query=b"&".join(kept) or None) if self.parameter and kept != pairs else url

    def hide(self, text: str) -> str:
        """The text with stars for every secret in it, however it is quoted."""
        for secret in self.all:
            for spelling in {secret, quote(secret, safe=""), quote_plus(secret)}:
                text = re.sub(re.escape(spelling), "***", text, flags=re.IGNORECASE)
            if secret in unquote_plus(unquote_plus(text)):
                return "***"
        return text

    def cut_from(self, body: bytes) -> bytes:
        """The body with stars for every secret: indexes write the asker's key into the links they list."""
        for secret in self.all:
            for spelling in {secret, quote(secret, safe=""), quote_plus(secret)}:
                body = body.replace(spelling.encode("ascii"), b"***")
        return body


@dataclass(frozen=True, slots=True)
class Hop:
    """One URL on the way of a request; `own` until the way leaves the request's origin, and never again.

    `allow` are the hosts that may be loopback or private on this way. `posts` says that the form is sent: to the
    request's own origin only, and not after a redirect that asks for a GET. `is_repeat` of what a kept connection lost.
    `trail` are the redirects that led here: status, URL, and where it led.
    """

    request: Request
    secrets: Secrets
    target: Target
    allow: HostList
    own: bool = True
    seen: frozenset[httpx.URL] = frozenset()
    posts: bool = False
    is_repeat: bool = False
    trail: tuple[tuple[int, str, str], ...] = ()

    def to(self, target: Target, status: int = 302) -> Hop:
        """The next hop: 307 and 308 repeat a form, all others ask for a GET, as browsers do (RFC 9110, 15.4).

        Raises: FetchFailed for a loop; Refused if another host would get our secret or our form.
        """
        posts = self.posts and status in (307, 308)
        own = self.own and target.origin == self.target.origin
        bare = self.secrets.removed_from(target.url)
        if not own and self.secrets.hide(str(bare)) != str(bare):
            raise Refused(f"{self.target.where}: its redirect would carry our credential to another host")
        if posts and not own:
            raise Refused(f"{self.target.where}: its redirect would carry our form to another host")
        here = self.secrets.removed_from(self.target.url)
        seen = (
            self.seen if self.posts and not posts else self.seen | {here}
        )  # a form may lead to its own address
        if bare in seen:
            raise FetchFailed(f"{self.target.where}: its redirects run in a circle")
        step = (status, self.secrets.hide(str(here)), self.secrets.hide(str(bare)))
        return replace(
            self,
            target=replace(target, url=bare),
            own=own,
            seen=seen,
            posts=posts,
            is_repeat=False,
            trail=(*self.trail, step),
        )

    def payload(
        self, answer: httpx.Response, body: bytes, at: datetime, user_agent: str, *, is_relayed: bool
    ) -> Payload:
        """What came back, without the secrets. `is_relayed`: by a proxy, which is no server of the site's."""
        hide = self.secrets.hide
        sent = {name: value for name, value in self.fields.items() if name != "authorization"}
        if "authorization" in self.fields:
            sent["authorization"] = "***"
        told = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw)
        exchange = Exchange(
            method="POST" if self.posts else "GET",
            sent=tuple((name, hide(value)) for name, value in {**sent, "user-agent": user_agent}.items()),
            sent_body=hide(self.body.decode("latin-1")),
            version=_extension(answer, "http_version") or "HTTP/1.1",
            reason=hide(_extension(answer, "reason_phrase")),
            headers=tuple((name, hide(value)) for name, value in told),
            redirects=self.trail,
            server="" if is_relayed else _extension(answer, "server"),
        )
        return Payload(
            request=self.request,
            url=hide(str(self.secrets.removed_from(self.target.url))),
            status=answer.status_code,
            headers={name: hide(value) for name, value in answer.headers.items()},
            body=self.secrets.cut_from(body),
            fetched_at=at,
            exchange=exchange,
        )

    @property
    def is_listed(self) -> bool:
        """Whether this URL may lead to a loopback or private address."""
        return self.allow.has(self.target.host, self.target.port)

    @property
    def wire_url(self) -> httpx.URL:
        """What is asked for: with the secret parameter only at the request's own origin."""
        return self.secrets.added_to(self.target.url) if self.own else self.target.url

    @property
    def fields(self) -> dict[str, str]:
        """What the server is told: away from the request's own origin nothing but what we accept."""
        custom = {"accept": "*/*"} | {name.lower(): value for name, value in self.request.headers.items()}
        if not self.own:
            return {"accept": custom["accept"]}
        ours = {
            "if-none-match": self.request.etag,
            "if-modified-since": self.request.last_modified,
            "authorization": self.secrets.bearer and f"Bearer {self.secrets.bearer}",
        }
        sent = custom | {name: value for name, value in ours.items() if value}
        if self.posts:
            sent = {"content-type": _FORM} | sent
        else:
            sent.pop("content-type", None)
        return {name: value for name, value in sent.items() if name not in OURS}

    @property
    def body(self) -> bytes:
        """The form, in the charset that its Content-Type names, UTF-8 otherwise. Raises: ConfigError for an unknown one."""
        if not self.posts:
            return b""
        told = {name.lower(): value for name, value in self.request.headers.items()}.get(
            "content-type", _FORM
        )
        found = _CHARSET.search(told)
        try:
            return urlencode(
                self.request.form or {}, encoding=found[1] if found else "utf-8", errors="replace"
            ).encode()
        except LookupError:
            raise ConfigError("the form's charset is not known; correct its Content-Type") from None


def _extension(answer: httpx.Response, name: str) -> str:
    told = answer.extensions.get(name, b"")
    return told.decode("latin-1") if isinstance(told, bytes) else ""
