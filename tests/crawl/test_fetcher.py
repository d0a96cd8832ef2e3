"""The door against real servers on loopback: research/security.md T2, T5, T9, T23, F7, F8, F9 and the POST promise."""

from __future__ import annotations

import asyncio
import gzip
import logging
import ssl
import time
import traceback
import tracemalloc
import warnings
import zlib
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpcore
import pytest
import trustme

from leakwatch import __version__
from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.errors import (
    AddressRefused,
    ConfigError,
    DeliveryError,
    Failure,
    FetchFailed,
    PutOff,
    Refused,
    SourceError,
)
from leakwatch.ports import Fetcher
from leakwatch.sources._kind import CredentialRef, Payload, Request

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SECRET = "s3cr+t/Key=="
QUOTED = "s3cr%2Bt%2FKey%3D%3D"
HOSTS = frozenset({"a.test", "b.test", "c.test", "127.0.0.1"})
CODES = (301, 302, 303, 307, 308)
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as a server read it."""

    line: str
    headers: dict[str, str]
    body: bytes
    at: float
    connection: int

    @property
    def path(self) -> str:
        """Path and query."""
        return self.line.split(" ")[1]


@dataclass(slots=True)
class Site:
    """A server on loopback: what it saw, and how often it was connected to."""

    answer: Callable[[Seen], bytes | AsyncIterable[bytes] | Awaitable[bytes] | None]
    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    raw: bytes = b""

    def url(self, path: str = "/", host: str = "a.test", scheme: str = "http") -> str:
        """An address of this server under one of the test names."""
        return f"{scheme}://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests on one connection until there are none, or the answer is None."""
        self.connections += 1
        number = self.connections
        try:
            while await self._turn(reader, writer, number):
                pass
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def _turn(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.rstrip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (text.partition(": ") for text in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        request = Seen(line, headers, body, time.monotonic(), number)
        self.seen.append(request)
        answer = self.answer(request)
        if isinstance(answer, AsyncIterable):
            async for piece in answer:
                writer.write(piece)
                await writer.drain()
            return False
        data = await answer if isinstance(answer, Awaitable) else answer
        if data is None:
            return False
        writer.write(data)
        await writer.drain()
        if b"\r\nConnection: close" in data:
            writer.write_eof() if writer.can_write_eof() else None
            await reader.read()
            return False
        return True


@dataclass(slots=True)
class Clock:
    """A clock that stands still."""

    def now(self) -> datetime:
        """Always the same time."""
        return NOW


@dataclass(slots=True)
class Dial(httpcore.AsyncNetworkBackend):
    """The last step of a connection: to the sites as asked, and anything else to a canary that must stay empty."""

    sites: frozenset[int]
    canary: int
    strays: list[tuple[str, int]] = field(default_factory=list)

    async def connect_tcp(
        self, host: str, port: int, *_: object, **__: object
    ) -> httpcore.AsyncNetworkStream:
        """Connect, and note what leads away from the sites."""
        if port not in self.sites:
            self.strays.append((host, port))
            host, port = "127.0.0.1", self.canary
        return await httpcore.AnyIOBackend().connect_tcp(host, port, timeout=5)


def http(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """One HTTP answer; header names are written with underscores."""
    fields = {"Content-Length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode("latin-1", "replace") + body


@asynccontextmanager
async def site(
    answer: Callable[[Seen], bytes | AsyncIterable[bytes] | Awaitable[bytes] | None],
    tls: ssl.SSLContext | None = None,
) -> AsyncGenerator[Site]:
    """Run a server."""
    running = Site(answer)
    tasks = set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await running.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls, limit=2**20)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def everything_is_loopback(_host: str, _port: int) -> list[str]:
    """A resolver for the test names."""
    return ["127.0.0.1"]


def secrets(reference: CredentialRef) -> str:
    """The secret of every reference, with the line end that files have."""
    assert reference in ("key", "token")
    return f"{SECRET}\n"


TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@asynccontextmanager
async def door(
    tls: ssl.SSLContext = TLS, dial: httpcore.AsyncNetworkBackend | None = None, **limits: float
) -> AsyncGenerator[HttpFetcher]:
    """Run a fetcher that knows the test names."""
    settings = DoorSettings("ops@example.org", HOSTS, **limits)  # pyright: ignore[reportArgumentType]
    async with HttpFetcher(
        settings, secret=secrets, clock=Clock(), resolve=everything_is_loopback, tls=tls, dial=dial
    ) as fetcher:
        yield fetcher


async def get(answer: bytes, request: Request | None = None, **limits: float) -> Payload:
    """Fetch one answer."""
    async with site(lambda _: answer) as server, door(**limits) as fetcher:
        return await fetcher.fetch(request or Request(url=server.url("/page")))


async def test_plain_page() -> None:
    """A page comes back with its status, lower-case headers, body, time and address; the request is honest."""
    async with (
        site(lambda _: http(200, b"hello", Content_Type="text/plain", X_Odd="1")) as server,
        door() as fetcher,
    ):
        request = Request(
            url=server.url("/page?q=1#part"), headers={"Accept": "text/plain", "X-Kind": "feed"}
        )
        payload = await fetcher.fetch(request)
    assert payload.request is request
    assert (payload.url, payload.status, payload.body) == (server.url("/page?q=1"), 200, b"hello")
    assert (payload.headers["content-type"], payload.headers["x-odd"], payload.fetched_at) == (
        "text/plain",
        "1",
        NOW,
    )
    seen = server.seen[0]
    assert seen.line == "GET /page?q=1 HTTP/1.1"
    assert seen.headers == {
        "host": f"a.test:{server.port}",
        "accept": "text/plain",
        "x-kind": "feed",
        "accept-encoding": "gzip",
        "user-agent": f"leakwatch/{__version__} (+ops@example.org)",
    }


async def test_fetcher_is_the_port() -> None:
    """The fetcher has the form of the port."""
    async with door() as fetcher:
        port: Fetcher = fetcher
        assert port is fetcher


async def test_headers_of_a_kind_cannot_pass_for_ours() -> None:
    """A kind's headers cannot change the host, the coding or who we say we are."""
    ours = {
        "Host": "evil.test",
        "User-Agent": "Mozilla",
        "Accept-Encoding": "br",
        "Connection": "x",
        "Transfer-Encoding": "chunked",
    }
    async with site(lambda _: http()) as server, door() as fetcher:
        await fetcher.fetch(Request(url=server.url(), headers=ours))
    assert server.seen[0].headers == {
        "host": f"a.test:{server.port}",
        "accept": "*/*",
        "accept-encoding": "gzip",
        "user-agent": f"leakwatch/{__version__} (+ops@example.org)",
    }


async def test_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies and certificate files named by the environment change nothing."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    async with site(lambda _: http(200, b"direct")) as server:
        settings = DoorSettings("x", HOSTS)
        async with HttpFetcher(
            settings, secret=secrets, clock=Clock(), resolve=everything_is_loopback
        ) as fetcher:
            assert (await fetcher.fetch(Request(url=server.url()))).body == b"direct"


async def test_cookies_are_not_kept() -> None:
    """A cookie that a site sets is not sent back."""
    async with site(lambda _: http(Set_Cookie="id=1; Path=/")) as server, door() as fetcher:
        for _ in range(2):
            await fetcher.fetch(Request(url=server.url()))
    assert all("cookie" not in seen.headers for seen in server.seen)


@pytest.mark.parametrize("contact", ["", " ", "a\nb", "ops@exämple.org"])
def test_contact_is_needed(contact: str) -> None:
    """Without a contact in plain text there is no fetcher."""
    with pytest.raises(ConfigError) as caught:
        HttpFetcher(DoorSettings(contact), secret=secrets, clock=Clock(), tls=TLS)
    assert caught.value.field == "http.contact"


async def test_conditional_request() -> None:
    """Etag and date are sent, and a 304 comes back as an empty payload; the connection stays good."""

    def answer(seen: Seen) -> bytes:
        known = seen.headers.get("if-none-match") == '"v1"' and "if-modified-since" in seen.headers
        return b'HTTP/1.1 304 X\r\nETag: "v1"\r\nContent-Length: 99\r\n\r\n' if known else http(200, b"new")

    async with site(answer) as server, door() as fetcher:
        request = Request(url=server.url(), etag='"v1"', last_modified="Sun, 01 Mar 2026 12:00:00 GMT")
        payload = await fetcher.fetch(request)
        assert (payload.status, payload.body, payload.headers["etag"]) == (304, b"", '"v1"')
        assert (await fetcher.fetch(Request(url=server.url()))).body == b"new"
        assert server.connections == 1


@pytest.mark.parametrize("status", [204, 206, 404, 410])
async def test_statuses_that_are_answers(status: int) -> None:
    """Success without content, in part, and gone are payloads."""
    body = b"" if status == 204 else b"words"
    payload = await get(http(status, body))
    assert (payload.status, payload.body) == (status, body)


@pytest.mark.parametrize(
    ("status", "headers", "kind", "wait_s"),
    [
        (401, {}, Refused, None),
        (403, {}, Refused, None),
        (
            403,
            {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(int(NOW.timestamp()) + 90)},
            Refused,
            90.0,
        ),
        (403, {"Retry_After": "60"}, Refused, 60.0),
        (429, {"Retry_After": "120"}, Refused, 120.0),
        (429, {"Retry_After": format_datetime(NOW + timedelta(hours=1), usegmt=True)}, Refused, 3600.0),
        (429, {"Retry_After": format_datetime(NOW + timedelta(days=3650), usegmt=True)}, Refused, 86400.0),
        (429, {"Retry_After": "-1"}, Refused, 0.0),
        (429, {"Retry_After": "a while"}, Refused, None),
        (429, {"RateLimit": '"api";r=0;t=33'}, Refused, 33.0),
        (503, {"Retry_After": "5"}, Refused, 5.0),
        (451, {}, Refused, None),
        (500, {}, FetchFailed, None),
        (502, {"Retry_After": "5"}, FetchFailed, 5.0),
    ],
)
async def test_statuses_that_are_not(
    status: int, headers: dict[str, str], kind: type[SourceError], wait_s: float | None
) -> None:
    """A refusal and a failure name host and status, and carry the wait that the site asked for."""
    with pytest.raises(kind, match=rf"a\.test:\d+: HTTP {status}") as caught:
        await get(http(status, b"x" * 100, **headers))
    assert (type(caught.value), caught.value.retry_after_s) == (kind, wait_s)


@pytest.mark.parametrize(
    ("status", "body", "headers", "failure"),
    [
        (503, b"<!doctype html><title>DDoS-Guard</title>", {}, Failure.CHALLENGE),
        (
            403,
            gzip.compress(b"<!doctype html><title>DDoS-Guard</title>", mtime=0),
            {"Content_Encoding": "gzip"},
            Failure.CHALLENGE,
        ),
        (403, b"", {"CF_Mitigated": "challenge"}, Failure.CHALLENGE),
        (403, b"no", {}, Failure.REFUSED),
        (403, b"", {"X_RateLimit_Remaining": "0"}, Failure.RATE_LIMITED),
        (403, b"\x1f\x8bbroken", {"Content_Encoding": "gzip"}, Failure.REFUSED),
        (429, b"", {}, Failure.RATE_LIMITED),
        (401, b"", {}, Failure.LOGIN),
        (500, b"", {}, Failure.SERVER),
    ],
)
async def test_refusals_have_a_reason(
    status: int, body: bytes, headers: dict[str, str], failure: Failure
) -> None:
    """The reason of a refusal comes from its status, its headers, or the page that it shows."""
    with pytest.raises(SourceError) as raised:
        await get(http(status, body, **headers))
    assert raised.value.failure is failure


@pytest.mark.parametrize("code", CODES)
async def test_redirect_is_followed(code: int) -> None:
    """Each kind of redirect leads on by GET, and the payload names where it came from in the end."""

    def answer(seen: Seen) -> bytes:
        return (
            http(code, b"moved", Location="../new?x=1#y") if seen.path == "/old/page" else http(200, b"here")
        )

    async with site(answer) as server, door() as fetcher:
        payload = await fetcher.fetch(Request(url=server.url("/old/page"), headers={"X-Kind": "1"}))
    assert (payload.body, payload.url) == (b"here", server.url("/new?x=1"))
    assert [seen.line.split(" ")[0] for seen in server.seen] == ["GET", "GET"]
    assert server.seen[1].headers["x-kind"] == "1"


async def test_redirect_chains_end() -> None:
    """Five redirects are followed, a sixth is not, a circle is noticed, and one without a Location is a failure."""

    def answer(seen: Seen) -> bytes:
        left = int(seen.path[1:])
        return http(302, Location=f"/{left - 1}") if left else http(200, b"end")

    async with site(answer) as server, door() as fetcher:
        assert (await fetcher.fetch(Request(url=server.url("/5")))).body == b"end"
        with pytest.raises(FetchFailed, match="more than 5 redirects"):
            await fetcher.fetch(Request(url=server.url("/6")))
        assert len(server.seen) == 12
    for location in ("/page", "/page#again", "http://A.test:{port}/page"):
        async with (
            site(lambda _, to=location: http(302, Location=to.format(port=server.port))) as server,
            door() as fetcher,
        ):
            with pytest.raises(FetchFailed, match="in a circle"):
                await fetcher.fetch(Request(url=server.url("/page")))
            assert len(server.seen) == 1
    with pytest.raises(FetchFailed, match="HTTP 302"):
        await get(http(302))


BAD_TARGETS = (
    "http://127.0.0.2/", "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://0/", "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/", "http://100.64.0.1/", "http://192.168.1.1/", "http://172.16.0.1/",
    "http://168.63.129.16/", "http://192.0.0.192/", "http://224.0.0.1/", "http://255.255.255.255/", "http://192.88.99.1/",
    "http://198.18.0.1/", "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:0:127.0.0.1]/",
    "http://[::7f00:1]/", "http://[64:ff9b::7f00:1]/", "http://[64:ff9b:1::1]/", "http://[2002:7f00:1::]/", "http://[2001::1]/",
    "http://[fe80::1]/", "http://[fc00::1]/", "http://[fd00:ec2::254]/", "http://[fec0::1]/", "http://[ff02::1]/", "http://[3fff::1]/",
    "http://[5f00::1]/", "http://[fe80::1%25lo]/", "http://unlisted.test/", "//unlisted.test/", "http://①②⑦.0.0.1/",
    "http://127。0。0。1/", "http://a.test:22/", "http://u:p@b.test/", "http://b.test\\@127.0.0.1/", "file:///etc/passwd",
    "gopher://127.0.0.1/", "http://b.test:25/", "javascript:alert(1)", "http://[::1", "http://a.test:{port}/x y",
)  # fmt: skip


@pytest.mark.parametrize("code", CODES)
async def test_redirect_to_a_bad_place_is_refused(code: int) -> None:
    """A listed host cannot send us to any bad address or shape of URL: nothing else is ever connected to."""
    place = ["/"]

    async def resolve(host: str, _port: int) -> list[str]:
        return ["8.8.8.8", "127.0.0.1"] if host == "unlisted.test" else ["127.0.0.1"]

    def answer(_: Seen) -> bytes:
        head = f"HTTP/1.1 {code} X\r\nContent-Length: 0\r\nLocation: {place[0]}\r\n\r\n"
        return head.encode("utf-8")

    async with site(answer) as server, site(lambda _: http(200, b"hole")) as canary:
        dial = Dial(frozenset({server.port}), canary.port)
        settings = DoorSettings("x", frozenset({f"a.test:{server.port}"}))
        async with HttpFetcher(
            settings, secret=secrets, clock=Clock(), resolve=resolve, tls=TLS, dial=dial
        ) as fetcher:
            for target in BAD_TARGETS:
                place[0] = target.format(port=server.port)
                with pytest.raises(AddressRefused, match="redirect") as caught:
                    await fetcher.fetch(Request(url=server.url()))
                assert "u:p" not in caught.value.message
            place[0] = "http://public.test/"
            with pytest.raises(AddressRefused):
                await fetcher.fetch(Request(url=server.url()))
        assert (dial.strays, canary.connections, len(server.seen)) == ([], 0, len(BAD_TARGETS) + 1)


NAMED = frozenset({"a.test", "hopeless host", "dht"})


@pytest.mark.parametrize("hops", range(3))
async def test_a_page_leads_to_no_listed_host_but_its_own(hops: int) -> None:
    """A URL that a page gave reaches its own site and public addresses, and no other host that the operator listed.

    Neither by the URL nor by any of its redirects, nor on a connection that a configured URL has opened.
    """

    def answer(seen: Seen) -> bytes:
        left = int(seen.path[1:])
        place = own.url(f"/{left - 1}") if left > 1 else f"http://b.test:{other.port}/"
        return http(302, Location=place) if left else http(200, b"own")

    async with (
        site(answer) as own,
        site(lambda _: http(200, b"private")) as other,
        door() as fetcher,
    ):
        await fetcher.fetch(Request(url=f"http://b.test:{other.port}/"))
        url = own.url(f"/{hops}") if hops else f"http://b.test:{other.port}/"
        named = frozenset({f"a.test:{own.port}"}) | NAMED
        with pytest.raises(AddressRefused, match=r"named by a page.*b\.test: port"):
            await fetcher.fetch(Request(url=url, named_by=named))
        assert (await fetcher.fetch(Request(url=own.url("/0"), named_by=named))).body == b"own"
        for nobody in (frozenset[str](), NAMED, frozenset({f"b.test:{own.port}"})):
            with pytest.raises(AddressRefused, match="named by a page"):
                await fetcher.fetch(Request(url=own.url("/0"), named_by=nobody))
        assert (len(own.seen), len(other.seen)) == (hops + 1, 1)


async def test_a_page_leads_to_no_listed_host_at_the_webs_ports() -> None:
    """At port 80 the address decides: only the site's own may lie on a private one, and that at 443 too."""
    async with site(lambda _: http()) as canary:
        dial = Dial(frozenset(), canary.port)
        async with door(dial=dial) as fetcher:
            with pytest.raises(AddressRefused, match=r"127\.0\.0\.1 is not a public address"):
                await fetcher.fetch(Request(url="http://b.test/", named_by=frozenset({"a.test"})))
            assert dial.strays == []
            for url in ("http://a.test/", "https://a.test/"):
                with pytest.raises(AddressRefused, match="did not end at the checked address"):
                    await fetcher.fetch(Request(url=url, named_by=frozenset({"a.test"})))
        assert dial.strays == [("127.0.0.1", 80), ("127.0.0.1", 443)]


@pytest.mark.parametrize("header", ["Refresh", "Link", "Content-Location", "Alt-Svc", "X-Accel-Redirect"])
async def test_other_headers_lead_nowhere(header: str) -> None:
    """Refresh, Link, Alt-Svc and a meta refresh are not redirects for the door."""
    page = b'<meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/">'
    payload = await get(http(200, page, **{header: "<http://127.0.0.1:9/>; rel=next"}))
    assert payload.body == page


CREDENTIAL_HEADERS = ("authorization", "cookie", "x-api-key", "private-token", "if-none-match", "referer")


def credentialed(url: str) -> Request:
    """A request with every kind of credential."""
    custom = {
        "Cookie": "id=1",
        "X-Api-Key": "k",
        "Private-Token": "t",
        "Referer": "r",
        "Accept": "text/x",
        "Authorization": "own",
    }
    return Request(
        url=url,
        headers=custom,
        credential=CredentialRef("token"),
        query_credential=("apikey", CredentialRef("key")),
        etag='"v1"',
    )


@pytest.mark.parametrize("hop", ["host", "port", "scheme", "away and back", "away and on"])
@pytest.mark.parametrize("header", CREDENTIAL_HEADERS)
async def test_credentials_stay_at_their_origin(hop: str, header: str, authority: trustme.CA) -> None:
    """A hop to another host, port or scheme drops credentials and custom headers for good; Accept goes along."""
    pages = {"/start": "", "/away": ""}

    def answer(seen: Seen) -> bytes:
        location = pages.get(seen.path.split("?")[0])
        return http(302, Location=location) if location else http(200, b"end")

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("a.test").configure_cert(tls)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(client)
    async with (
        site(answer) as first,
        site(answer, tls if hop == "scheme" else None) as second,
        door(client) as fetcher,
    ):
        pages["/start"] = {
            "host": first.url("/end", host="b.test"),
            "port": second.url("/end"),
            "scheme": second.url("/end", scheme="https"),
            "away and back": second.url("/away", host="b.test"),
            "away and on": second.url("/away", host="b.test"),
        }[hop]
        pages["/away"] = first.url("/end") if hop == "away and back" else "/end"
        payload = await fetcher.fetch(credentialed(first.url("/start")))
        start, *others = [seen for seen in first.seen + second.seen if seen.path.startswith("/start")] + [
            seen for seen in first.seen + second.seen if not seen.path.startswith("/start")
        ]
    assert payload.body == b"end"
    assert "apikey" not in payload.url
    assert start.path == f"/start?apikey={QUOTED}"
    assert start.headers["authorization"] == f"Bearer {SECRET}"
    assert header in start.headers
    assert len(others) == (2 if hop.startswith("away") else 1)
    for seen in others:
        assert header not in seen.headers
        assert "apikey" not in seen.path
        assert seen.headers["accept"] == "text/x"
        assert seen.headers["user-agent"].startswith("leakwatch/")


async def test_credentials_stay_for_redirects_within_the_origin() -> None:
    """A redirect within the origin keeps the credentials, and the secret parameter comes once, whatever is echoed."""

    def answer(seen: Seen) -> bytes:
        return (
            http(302, Location=f"/end?a=1&apikey={SECRET}&b=%20")
            if "/start" in seen.path
            else http(200, b"end")
        )

    async with site(answer) as server, door() as fetcher:
        payload = await fetcher.fetch(credentialed(server.url("/start?apikey=***&c")))
    assert [seen.path for seen in server.seen] == [
        f"/start?c&apikey={QUOTED}",
        f"/end?a=1&b=%20&apikey={QUOTED}",
    ]
    assert [seen.headers["authorization"] for seen in server.seen] == [f"Bearer {SECRET}"] * 2
    assert payload.url == server.url("/end?a=1&b=%20")


@pytest.mark.parametrize(
    "path",
    [
        f"/{QUOTED}/x",
        f"/x?other={QUOTED}",
        f"/x?y={SECRET}",
        f"/?n=%2Fapi%3Fapikey%3D{QUOTED.replace('%', '%25')}",
    ],
)
async def test_redirect_that_carries_the_secret_away_is_refused(path: str) -> None:
    """A redirect that hands our secret to another host is refused without naming it."""
    async with (
        site(lambda _: http(302, Location=f"http://b.test:{second.port}{path}")) as first,
        site(lambda _: http()) as second,
    ):
        async with door() as fetcher:
            with pytest.raises(Refused, match="would carry our credential") as caught:
                await fetcher.fetch(credentialed(first.url("/start")))
        assert not second.seen
    assert_hidden(caught.value)


async def test_parameter_is_dropped_from_a_redirect_away() -> None:
    """Another host that is named with our secret parameter is asked without it."""
    async with (
        site(lambda _: http(302, Location=f"http://b.test:{second.port}/x?apikey={QUOTED}&y")) as first,
        site(lambda _: http(200, b"end")) as second,
        door() as fetcher,
    ):
        payload = await fetcher.fetch(credentialed(first.url("/start")))
    assert (second.seen[0].path, payload.url) == ("/x?y", second.url("/x?y", host="b.test"))


def assert_hidden(error: BaseException) -> None:
    """Assert that no secret is in an error, its arguments, or a printed traceback."""
    texts = [str(error), repr(error), repr(error.args), *traceback.format_exception(error)]
    for text in texts:
        assert SECRET not in text
        assert QUOTED not in text
        assert SECRET.lower() not in text


FAILING_ANSWERS: dict[str, bytes | None] = {
    "forbidden": http(403, SECRET.encode()),
    "server error": http(500, SECRET.encode()),
    "no answer": None,
    "not HTTP": SECRET.encode() + b"\r\n\r\n",
    "bad header": f"HTTP/1.1 200 X\r\n{SECRET}\r\n\r\n".encode(),
    "bad header value": f"HTTP/1.1 200 X\r\nA: {SECRET}\x00\r\n\r\n".encode(),
    "cut body": b"HTTP/1.1 200 X\r\nContent-Length: 99\r\nConnection: close\r\n\r\n" + SECRET.encode(),
    "bad gzip": http(200, SECRET.encode(), Content_Encoding="gzip"),
    "bad coding": http(200, b"", Content_Encoding=SECRET),
    "bad location": http(302, Location=f"http://{SECRET}@x.test/{SECRET}"),
    "bad scheme": http(302, Location=f"{SECRET}:x"),
    "bad port": http(302, Location="http://s3cr.test:22/"),
    "circle": http(302, Location=f"/page?apikey={SECRET}"),
    "port in host": http(302, Location=f"http://{QUOTED}.test:22/"),
}


@pytest.mark.parametrize("failure", FAILING_ANSWERS)
async def test_errors_hide_the_secret(failure: str, caplog: pytest.LogCaptureFixture) -> None:
    """However a fetch fails, and whatever the server echoes, no error and no log line shows the secret."""
    caplog.set_level(logging.DEBUG)
    async with site(lambda _: FAILING_ANSWERS[failure]) as server, door() as fetcher:
        with pytest.raises(SourceError) as caught:
            await fetcher.fetch(credentialed(server.url("/page")))
        assert server.seen[0].path == f"/page?apikey={QUOTED}"
    assert_hidden(caught.value)
    assert "a.test" in caught.value.message
    assert SECRET not in caplog.text
    assert QUOTED not in caplog.text


async def test_secret_in_the_name_of_a_host_is_hidden() -> None:
    """A secret that a server makes part of a host's name is hidden in the message that names that host."""
    location = "http://K3ySecret.test:22/"
    async with site(lambda _: http(302, Location=location)) as server:
        settings = DoorSettings("x", HOSTS)
        async with HttpFetcher(
            settings, secret=lambda _: "k3ySecret", clock=Clock(), resolve=everything_is_loopback, tls=TLS
        ) as fetcher:
            with pytest.raises(AddressRefused, match=r"\*\*\*\.test: port 22") as caught:
                await fetcher.fetch(credentialed(server.url("/page")))
    assert "secret" not in caught.value.message.lower()


async def test_echo_in_headers_is_hidden(caplog: pytest.LogCaptureFixture) -> None:
    """A secret that the server repeats in headers is not kept with the payload, nor in any log."""
    caplog.set_level(logging.DEBUG)
    link = f"<http://a.test/?apikey={QUOTED}&page=2>; rel=next"
    async with site(lambda _: http(200, b"x", Link=link, X_Echo=SECRET.upper())) as server, door() as fetcher:
        payload = await fetcher.fetch(credentialed(server.url("/page")))
    assert payload.headers["link"] == "<http://a.test/?apikey=***&page=2>; rel=next"
    assert payload.headers["x-echo"] == "***"
    assert payload.url == server.url("/page")
    assert SECRET not in repr(payload)
    assert QUOTED not in repr(payload)
    assert SECRET not in caplog.text
    assert QUOTED not in caplog.text


async def test_echo_in_the_body_is_hidden() -> None:
    """A key that an index writes into the links it lists does not get into what is kept."""
    listed = f"<link>http://a.test/dl?jackett_apikey={QUOTED}&amp;id=1</link> {SECRET}".encode()
    async with site(lambda _: http(200, listed)) as server, door() as fetcher:
        payload = await fetcher.fetch(credentialed(server.url("/page")))
    assert payload.body == b"<link>http://a.test/dl?jackett_apikey=***&amp;id=1</link> ***"


@pytest.mark.parametrize("secret", ["", " \n", "a\nb", "schlüssel", "a\x00b"])
async def test_secret_that_cannot_be_sent(secret: str) -> None:
    """An empty or unprintable secret is a configuration error that names the reference, not the secret."""
    async with HttpFetcher(
        DoorSettings("x", HOSTS), secret=lambda _: secret, clock=Clock(), tls=TLS
    ) as fetcher:
        for request in (
            Request(url="http://a.test/", credential=CredentialRef("token")),
            Request(url="http://a.test/", query_credential=("k", CredentialRef("token"))),
        ):
            with pytest.raises(ConfigError, match="the secret token") as caught:
                await fetcher.fetch(request)
            assert not secret.strip() or secret not in str(caught.value)


async def test_header_that_cannot_be_sent() -> None:
    """A header with a line end is refused before anything is sent."""
    async with site(lambda _: http()) as server, door() as fetcher:
        with pytest.raises(FetchFailed, match="cannot be written as HTTP"):
            await fetcher.fetch(Request(url=server.url(), headers={"X-A": "1\r\nX-B: 2"}))
        with pytest.raises(FetchFailed, match="cannot be written as HTTP"):
            await fetcher.fetch(Request(url=server.url(), headers={"X-Ä": "1"}))
        assert not server.seen
        await fetcher.fetch(Request(url=server.url(), etag='"ünï"'))


# Bodies


async def test_gzip_is_decoded() -> None:
    """A gzip body is decoded, with or without chunks."""
    page = b"<html>" + b"row\n" * 5000
    packed = gzip.compress(page)
    assert (await get(http(200, packed, Content_Encoding="gzip"))).body == page
    chunks = (
        b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (packed[:50], packed[50:])) + b"0\r\n\r\n"
    )
    head = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    assert (await get(head + chunks)).body == page


def zeros_packed_1000_to_1() -> bytes:
    """Much of a gzip stream of 1 GiB of zeros."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = deflate.compress(bytes(MIB)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + piece * 1024 + b"\x03\x00" + bytes(8)


PACKED = gzip.compress(b"hello" * 100, mtime=0)
BODIES = {
    "1 GiB": zeros_packed_1000_to_1(),
    "truncated": PACKED[:-4],
    "lying length": PACKED[:-4] + bytes(4),
    "trailing junk": PACKED + b"junk",
    "two layers": gzip.compress(PACKED, mtime=0),
}


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
@pytest.mark.parametrize("kind", BODIES)
async def test_bombs_and_broken_bodies(coding: str, kind: str) -> None:
    """A bomb, a cut, lying, continued or doubly packed body is refused early, in whichever coding, in little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(FetchFailed, match=r"gzip|inflates|compressed twice"):
            await get(http(200, BODIES[kind], Content_Encoding=coding))
        assert tracemalloc.get_traced_memory()[1] < 64 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http(200, b"x" * 5000), "longer than 4000 bytes"),
        (b"HTTP/1.1 200 X\r\nContent-Length: 50\r\nConnection: close\r\n\r\nshort", "broke off"),
        (b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhe", "broke off"),
        (b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "not HTTP"),
        (b"HTTP/1.1 200 X\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "not HTTP"),
        (b"HTTP/1.1 200 X\r\n" + b"A: " + b"x" * 200_000 + b"\r\n\r\n", "not HTTP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "HTTP"),
    ],
)
async def test_broken_answers(answer: bytes, words: str) -> None:
    """An answer that is too long, cut, or not HTTP is a FetchFailed that names the host."""
    with pytest.raises(FetchFailed, match=words) as caught:
        await get(answer, raw_cap_bytes=4000)
    assert "a.test" in caught.value.message


async def test_body_as_long_as_the_cap() -> None:
    """A body of just the cap is read."""
    assert len((await get(http(200, b"x" * 4000), raw_cap_bytes=4000)).body) == 4000


# Slow servers


async def endless(piece: bytes, pause_s: float, head: bytes) -> AsyncGenerator[bytes]:
    """A head, and then the same piece for ever."""
    yield head
    while True:
        yield piece
        await asyncio.sleep(pause_s)


OK = b"HTTP/1.1 200 X\r\nContent-Length: 99999\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n"
SLOW: dict[str, tuple[bytes, float, bytes]] = {
    "says nothing": (b"", 0.02, b""),
    "drips its status": (b"H", 0.02, b""),
    "drips headers": (b"A: b\r\n", 0.02, b"HTTP/1.1 200 X\r\n"),
    "says continue for ever": (b"HTTP/1.1 100 X\r\n\r\n", 0.01, b""),
    "stops in the body": (b"", 0.02, OK + b"x"),
    "drips the body": (b"x", 0.02, OK),
    "drips chunks": (b"1\r\nx\r\n", 0.02, CHUNKED),
    "sends events for ever": (
        b"data: 1\n\n",
        0.02,
        b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n\r\n",
    ),
}


@pytest.mark.parametrize("how", SLOW)
@pytest.mark.parametrize(
    "limits",
    [{"total_deadline_s": 0.2}, {"read_timeout_s": 0.1, "rate_grace_s": 0.12, "total_deadline_s": 0.4}],
)
async def test_slow_server_is_left(how: str, limits: dict[str, float]) -> None:
    """However a server drags its answer out, the fetch ends within its deadline and the next one works."""
    piece, pause_s, head = SLOW[how]
    async with (
        site(
            lambda seen: http(200, b"ok") if seen.path == "/ok" else endless(piece, pause_s, head)
        ) as server,
        door(**limits) as fetcher,
    ):
        began = time.monotonic()
        with pytest.raises(FetchFailed, match=r"a\.test"):
            await fetcher.fetch(Request(url=server.url()))
        assert time.monotonic() - began < limits["total_deadline_s"] + 2
        assert (await fetcher.fetch(Request(url=server.url("/ok")))).body == b"ok"


async def test_drip_is_named() -> None:
    """A body below the least rate is given up long before the deadline, with its own words."""
    async with site(lambda _: endless(b"x", 0.01, OK)) as server, door(rate_grace_s=0.1) as fetcher:
        with pytest.raises(FetchFailed, match="more slowly than 1024 bytes per second"):
            await fetcher.fetch(Request(url=server.url()))


async def test_deadline_is_for_all_hops() -> None:
    """Redirects that each stay below the deadline do not add up to more than it."""

    async def answer(seen: Seen) -> bytes:
        await asyncio.sleep(0.15)
        return http(302, Location=f"/{len(server.seen)}")

    async with site(answer) as server, door(total_deadline_s=0.4) as fetcher:
        began = time.monotonic()
        with pytest.raises(FetchFailed, match="before the deadline"):
            await fetcher.fetch(Request(url=server.url()))
        assert time.monotonic() - began < 2
    assert 1 < len(server.seen) < 6


async def test_cancelled_fetch_frees_its_host() -> None:
    """A fetch that is cancelled from outside leaves neither the host's lane nor the connection behind."""

    def answer(seen: Seen) -> bytes | AsyncGenerator[bytes]:
        return http(200, b"ok") if seen.path == "/ok" else endless(b"", 1, b"")

    async with site(answer) as server, door() as fetcher:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await fetcher.fetch(Request(url=server.url()))
        assert (await fetcher.fetch(Request(url=server.url("/ok")))).body == b"ok"


# Pace and connections


async def test_pace_of_a_host() -> None:
    """Fetches of one host start apart and one at a time, whoever asks; another host does not wait."""
    busy, most = [0], [0]

    async def answer(_: Seen) -> bytes:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        await asyncio.sleep(0.01)
        busy[0] -= 1
        return http()

    async with site(answer) as one, site(answer) as two, door() as fetcher:
        urls = [one.url("/1"), one.url("/2"), one.url("/3")]
        began = time.monotonic()
        await asyncio.gather(
            *(fetcher.fetch(Request(url=url), min_interval_s=0.1) for url in urls),
            fetcher.fetch(Request(url=two.url())),
        )
    assert [seen.path for seen in one.seen] == ["/1", "/2", "/3"]
    assert two.seen[0].at < one.seen[2].at
    assert one.seen[2].at - began >= 0.2
    assert most[0] <= 2


async def test_redirect_waits_its_turn_too() -> None:
    """A redirect within a host is a request like any other and keeps the pace; that wait is not in the deadline."""

    def answer(seen: Seen) -> bytes:
        return http(302, Location="/end") if seen.path == "/" else http()

    async with site(answer) as server, door(total_deadline_s=0.5) as fetcher:
        began = time.monotonic()
        await fetcher.fetch(Request(url=server.url()), min_interval_s=0.6)
    assert server.seen[1].at - began >= 0.6


@dataclass(slots=True)
class SlowDial(httpcore.AsyncNetworkBackend):
    """Connections that take their time."""

    seconds: float

    async def connect_tcp(
        self, host: str, port: int, *_: object, **__: object
    ) -> httpcore.AsyncNetworkStream:
        """Wait, and connect."""
        await asyncio.sleep(self.seconds)
        return await httpcore.AnyIOBackend().connect_tcp(host, port, timeout=5)


async def test_pace_is_that_of_the_server() -> None:
    """The first request waits for its connection, the second finds it open: the server sees them apart all the same."""
    async with site(lambda _: http()) as server, door(dial=SlowDial(0.25)) as fetcher:
        for _ in range(2):
            await fetcher.fetch(Request(url=server.url()), min_interval_s=0.3)
    assert server.connections == 1
    assert server.seen[1].at - server.seen[0].at >= 0.28


async def test_repeat_on_a_new_connection_keeps_the_pace() -> None:
    """What a stale connection lost is asked for again in its turn, and that wait is not in the deadline."""

    def answer(seen: Seen) -> bytes | None:
        return None if seen.path == "/2" and seen.connection == 1 else http()

    async with site(answer) as server, door(total_deadline_s=0.3, max_redirects=0) as fetcher:
        for number in (1, 2):
            payload = await fetcher.fetch(Request(url=server.url(f"/{number}")), min_interval_s=0.4)
            assert payload.status == 200
    assert [(seen.path, seen.connection) for seen in server.seen] == [("/1", 1), ("/2", 1), ("/2", 2)]
    assert server.seen[2].at - server.seen[1].at >= 0.38


async def test_429_rests_the_whole_host() -> None:
    """Who is told to wait asks nothing else of that host meanwhile, for whichever site; long waits are put off."""
    waits = {"/busy": "1", "/busier": "90"}

    def answer(seen: Seen) -> bytes:
        return http(429, Retry_After=waits[seen.path]) if seen.path in waits else http()

    async with site(answer) as server, site(answer) as other, door() as fetcher:
        with pytest.raises(Refused, match="pause of 1 s"):
            await fetcher.fetch(Request(url=server.url("/busy")))
        await fetcher.fetch(Request(url=other.url()))
        await fetcher.fetch(Request(url=server.url("/a")))
        assert other.seen[0].at < server.seen[0].at + 0.9
        assert server.seen[1].at - server.seen[0].at >= 0.98
        with pytest.raises(Refused, match="pause of 90 s"):
            await fetcher.fetch(Request(url=server.url("/busier")))
        with pytest.raises(PutOff, match="used up for 90 s"):
            await fetcher.fetch(Request(url=server.url("/b")))
    assert len(server.seen) == 3


async def test_connection_is_kept_and_renewed() -> None:
    """Fetches share a connection; one that the server dropped at the wrong moment is replaced without a failure."""

    def answer(seen: Seen) -> bytes | None:
        return None if seen.path == "/3" and seen.connection == 1 else http(200, b"ok")

    async with site(answer) as server, door() as fetcher:
        for number in range(1, 5):
            assert (await fetcher.fetch(Request(url=server.url(f"/{number}")))).body == b"ok"
    assert [seen.connection for seen in server.seen] == [1, 1, 1, 2, 3]


async def test_refused_answers_do_not_hold_connections() -> None:
    """More refusals and redirects than the pool has places, all with bodies left unread, leave it free."""

    def answer(seen: Seen) -> bytes:
        status = 403 if seen.path == "/no" else 302 if seen.path == "/to" else 200
        return http(status, b"x" * 1000, Location="/no")

    async with site(answer) as server, door(total_deadline_s=5) as fetcher:
        for _ in range(60):
            with pytest.raises(Refused):
                await fetcher.fetch(Request(url=server.url("/to")))
        assert (await fetcher.fetch(Request(url=server.url("/ok")))).status == 200


async def test_new_connection_is_not_tried_twice() -> None:
    """A server that hangs up on a new connection is asked once."""
    async with site(lambda _: None) as server, door() as fetcher:
        with pytest.raises(FetchFailed, match="broke off"):
            await fetcher.fetch(Request(url=server.url()))
    assert len(server.seen) == 1


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority of our own."""
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """The context of a client that trusts an authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def presenting(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """The context of a server with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


async def test_good_certificate(authority: trustme.CA) -> None:
    """A server with a certificate for its name is read over TLS, by GET and by POST."""
    certified = presenting(authority.issue_cert("a.test"))
    async with site(lambda _: http(200, b"ok"), certified) as server, door(trusting(authority)) as fetcher:
        assert (await fetcher.fetch(Request(url=server.url(scheme="https")))).body == b"ok"
        status, _, body = await fetcher.post(server.url(scheme="https"), body=b"x", headers={})
        assert (status, body) == (200, b"ok")


def bad_certificates(authority: trustme.CA) -> dict[str, ssl.SSLContext]:
    """Servers that must not be believed."""
    past = datetime.now(UTC) - timedelta(days=1)
    future = datetime.now(UTC) + timedelta(days=1)
    other = trustme.CA(key_type=trustme.KeyType.ECDSA)
    old = presenting(authority.issue_cert("a.test"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    return {
        "expired": presenting(authority.issue_cert("a.test", not_before=past - timedelta(9), not_after=past)),
        "not yet valid": presenting(authority.issue_cert("a.test", not_before=future)),
        "wrong name": presenting(authority.issue_cert("b.test")),
        "address instead of name": presenting(authority.issue_cert("127.0.0.1")),
        "unknown authority": presenting(other.issue_cert("a.test")),
        "TLS 1.1": old,
    }


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("expired", "expired"),
        ("not yet valid", "not yet valid"),
        ("wrong name", "Hostname mismatch"),
        ("address instead of name", "Hostname mismatch"),
        ("unknown authority", "unable to get local issuer"),
        ("TLS 1.1", "(?i)protocol|hung up"),
    ],
)
async def test_bad_certificate(kind: str, words: str, authority: trustme.CA) -> None:
    """A certificate that is out of date, of another name or authority, or an old protocol, is refused in clear words."""
    async with site(lambda _: http(200, b"believed"), bad_certificates(authority)[kind]) as server:
        async with door(trusting(authority)) as fetcher:
            with pytest.raises(FetchFailed, match=words):
                await fetcher.fetch(credentialed(server.url(scheme="https")))
            with pytest.raises(FetchFailed, match=words):
                await fetcher.post(server.url(scheme="https"), body=b"x", headers={})
        assert not server.seen


async def test_default_trust_is_the_public_authorities(authority: trustme.CA) -> None:
    """Without a context of our own, verification is on: a certificate of a private authority is refused."""
    async with site(lambda _: http(), presenting(authority.issue_cert("a.test"))) as server:
        settings = DoorSettings("x", HOSTS)
        async with HttpFetcher(
            settings, secret=secrets, clock=Clock(), resolve=everything_is_loopback
        ) as fetcher:
            with pytest.raises(FetchFailed, match="CERTIFICATE_VERIFY_FAILED"):
                await fetcher.fetch(Request(url=server.url(scheme="https")))
        assert not server.seen


@pytest.mark.parametrize("greeting", [b"", b"HTTP/1.1 400 X\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x28"])
async def test_server_without_tls(greeting: bytes) -> None:
    """A handshake that is cut or answered in the clear fails, and is not tried again over http."""
    received = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(1000))
        writer.write(greeting)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, door() as fetcher:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(FetchFailed, match=r"no secure connection|broke off"):
            await fetcher.fetch(Request(url=f"https://a.test:{port}/"))
        with pytest.raises(FetchFailed, match=r"no secure connection|broke off"):
            await fetcher.post(f"https://a.test:{port}/", body=b"x", headers={})
    assert len(received) == 2
    assert all(data[:1] == b"\x16" for data in received)


async def test_redirect_from_https_to_http_is_refused(authority: trustme.CA) -> None:
    """A redirect from https to http is refused, also at the same host."""
    plain = site(lambda _: http(200, b"plain"))
    async with (
        plain as second,
        site(lambda _: http(302, Location=second.url()), presenting(authority.issue_cert("a.test"))) as first,
    ):
        async with door(trusting(authority)) as fetcher:
            with pytest.raises(Refused, match="from https to http"):
                await fetcher.fetch(Request(url=first.url(scheme="https")))
        assert not second.seen


# POST


async def test_post() -> None:
    """A POST carries its body and headers, says who we are, and answers status, headers and body."""
    async with site(lambda _: http(202, b'{"ok":true}', X_Id="7")) as server, door() as fetcher:
        headers = {
            "Content-Type": "application/json",
            "Authorization": "Bearer t",
            "Host": "evil",
            "Content-Length": "3",
        }
        status, answered, body = await fetcher.post(server.url("/hook"), body=b'{"a":1}', headers=headers)
    assert (status, answered["x-id"], body) == (202, "7", b'{"ok":true}')
    seen = server.seen[0]
    assert (seen.line, seen.body) == ("POST /hook HTTP/1.1", b'{"a":1}')
    assert (seen.headers["host"], seen.headers["content-length"]) == (f"a.test:{server.port}", "7")
    assert (seen.headers["content-type"], seen.headers["authorization"]) == ("application/json", "Bearer t")
    assert seen.headers["user-agent"].startswith("leakwatch/")
    assert seen.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [200, 302, 400, 403, 404, 410, 429, 500, 503])
async def test_post_answers_any_status(status: int) -> None:
    """Any status is an answer, and a redirect is not followed."""
    async with (
        site(lambda _: http(status, b"said", Location="http://127.0.0.1:9/")) as server,
        door() as fetcher,
    ):
        answered, _, body = await fetcher.post(server.url(), body=b"x", headers={})
    assert (answered, body, len(server.seen)) == (status, b"said", 1)


async def test_post_keeps_64_kib_of_the_answer() -> None:
    """Of a longer answer the first 64 KiB, or as much as is asked for, are kept and the rest is not waited for."""
    head = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with (
        site(lambda _: endless(b"1000\r\n" + b"x" * 4096 + b"\r\n", 0, head)) as server,
        door() as fetcher,
    ):
        _, _, body = await fetcher.post(server.url(), body=b"x", headers={})
        _, _, more = await fetcher.post(server.url(), body=b"x", headers={}, most_bytes=100_000)
    assert (len(body), len(more)) == (64 * 1024, 100_000)


async def test_post_uses_a_connection_of_its_own() -> None:
    """No POST reuses a connection, neither a POST's nor a GET's, so a stale one never looks like a doubtful delivery."""
    async with site(lambda _: http(200, b"ok")) as server, door() as fetcher:
        await fetcher.fetch(Request(url=server.url("/get")))
        await fetcher.post(server.url("/1"), body=b"x", headers={})
        await fetcher.post(server.url("/2"), body=b"x", headers={})
        await fetcher.fetch(Request(url=server.url("/get")))
    assert [seen.connection for seen in server.seen] == [1, 2, 3, 1]


@pytest.mark.parametrize("body", [b"x", b"x" * 3_000_000, b""])
@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"HTTP/1.1 2",
        b"HTTP/1.1 200 X\r\nContent-Length: 9\r\nConnection: close\r\n\r\nok",
        b"junk\r\n\r\n",
    ],
)
async def test_post_that_may_have_arrived(answer: bytes | None, body: bytes) -> None:
    """A connection that breaks after the request was written leaves the delivery uncertain, naming only the host."""

    def say(_: Seen) -> AsyncGenerator[bytes] | None:
        return None if answer is None else once(answer)

    async with site(say) as server, door() as fetcher:
        with pytest.raises(DeliveryError, match="may have arrived") as caught:
            await fetcher.post(server.url("/hook/token"), body=body, headers={})
        assert len(server.seen) == 1
    assert caught.value.uncertain
    assert not caught.value.permanent
    assert "token" not in caught.value.message
    assert "a.test" in caught.value.message


async def once(piece: bytes) -> AsyncGenerator[bytes]:
    """One piece and then the end."""
    yield piece


async def test_post_that_times_out_is_uncertain() -> None:
    """A server that takes the request and says nothing within the time leaves the delivery uncertain."""
    async with site(lambda _: endless(b"", 1, b"")) as server, door() as fetcher:
        began = time.monotonic()
        with pytest.raises(DeliveryError, match=r"within 0\.1 s") as caught:
            await fetcher.post(server.url(), body=b"x", headers={}, timeout_s=0.1)
    assert caught.value.uncertain
    assert time.monotonic() - began < 2


async def test_post_to_a_server_that_does_not_read() -> None:
    """A large body that the server does not take in full is uncertain too: we cannot know what it did with it."""
    over, gone = asyncio.Event(), asyncio.Event()

    async def ignore(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.transport.abort()
        gone.set()

    server = await asyncio.start_server(ignore, "127.0.0.1", 0)
    async with server, door() as fetcher:
        url = f"http://a.test:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(DeliveryError) as caught:
            await fetcher.post(url, body=bytes(20_000_000), headers={}, timeout_s=0.2)
        over.set()
        await gone.wait()
    assert caught.value.uncertain


async def test_post_that_never_left() -> None:
    """Where nothing was written, the failure is a FetchFailed: no listener, no name, no time, a header that cannot be."""

    async def resolve(host: str, _port: int) -> list[str]:
        await asyncio.sleep(5 if host == "b.test" else 0)
        return ["127.0.0.1"]

    async with site(lambda _: http()) as server:
        settings = DoorSettings("x", HOSTS)
        async with HttpFetcher(settings, secret=secrets, clock=Clock(), resolve=resolve, tls=TLS) as fetcher:
            with pytest.raises(FetchFailed, match="Connection refused"):
                await fetcher.post("http://a.test:9/", body=b"x", headers={})
            with pytest.raises(FetchFailed, match=r"within 0\.05 s"):
                await fetcher.post("http://b.test/", body=b"x", headers={}, timeout_s=0.05)
            with pytest.raises(FetchFailed, match="cannot be written as HTTP"):
                await fetcher.post(server.url(), body=b"x", headers={"X-A": "1\r\n"})
        assert not server.seen
