"""Proxies per site: a real HTTP proxy and a real SOCKS5 proxy on loopback, and what may be asked for through them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trustme

from leakwatch.crawl.addresses import HostList, check_url
from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.crawl.proxies import check_remote, proxy_of
from leakwatch.errors import AddressRefused, ConfigError, FetchFailed, SourceError
from leakwatch.model.manner import Manner
from leakwatch.secret import Secret
from leakwatch.sources._kind import Request

from .test_fetcher import TLS, Clock, http, secrets, site

LOGIN = ("us:er", "pä ss")


@dataclass(slots=True)
class Relay:
    """A proxy on loopback that leads every name to loopback; it notes what it was asked for."""

    login: tuple[str, str] | None = None
    refuses: int = 0
    port: int = 0
    asked: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)

    async def socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """SOCKS5: RFC 1928, RFC 1929."""
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        chosen = 2 if self.login else 0
        writer.write(bytes([5, chosen if chosen in methods else 255]))
        if chosen not in methods:
            return
        if chosen == 2:
            await reader.readexactly(1)
            user = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
            password = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
            self.logins.append((user, password))
            writer.write(bytes([1, (user, password) != self.login]))
            await writer.drain()
            if (user, password) != self.login:
                await reader.read()
                return
        _, _, _, kind = await reader.readexactly(4)
        size = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        told = await reader.readexactly(size)
        port = int.from_bytes(await reader.readexactly(2), "big")
        host = told.decode() if kind == 3 else ".".join(map(str, told))
        self.asked.append(f"{host}:{port}")
        writer.write(bytes([5, self.refuses, 0, 3, 3]) + b"odd" + b"\0\0")
        if not self.refuses:
            await self.join(reader, writer, port)

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """HTTP: CONNECT for TLS, absolute URLs for the rest (RFC 9112, 3.2)."""
        head = await reader.readuntil(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ")
        self.asked.append(f"{method} {target}")
        self.logins += [("header", one) for one in fields if one.lower().startswith("proxy-authorization")]
        if self.refuses:
            writer.write(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
            return
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await self.join(reader, writer, int(target.rpartition(":")[2]))
            return
        host, _, path = target.removeprefix("http://").partition("/")
        kept = [one for one in fields if not one.lower().startswith("proxy-")]
        await self.join(
            reader,
            writer,
            int(host.rpartition(":")[2]),
            "\r\n".join([f"{method} /{path} HTTP/1.1", *kept]).encode(),
        )

    async def join(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, first: bytes = b""
    ) -> None:
        """Carry bytes both ways."""
        there, to_there = await asyncio.open_connection("127.0.0.1", port)
        to_there.write(first)

        async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
            sink.close()

        try:
            await asyncio.gather(carry(reader, to_there), carry(there, writer), return_exceptions=True)
        finally:
            to_there.transport.abort()


@asynccontextmanager
async def relay(scheme: str, login: tuple[str, str] | None = None, refuses: int = 0) -> AsyncGenerator[Relay]:
    """Run a proxy."""
    running = Relay(login, refuses)
    tasks = set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await (running.http if scheme == "http" else running.socks)(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(slots=True)
class Resolver:
    """Leads every name to one address, and notes which names it was asked for."""

    answer: str = "127.0.0.1"
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, _port: int) -> list[str]:
        """The address."""
        self.asked.append(host)
        return [self.answer]


def opened(
    url: str,
    resolver: Resolver,
    tls: ssl.SSLContext = TLS,
    allow: frozenset[str] = frozenset({"a.test"}),
    connect_timeout_s: float = 10.0,
) -> HttpFetcher:
    """A door with one proxy."""
    proxies = {"exit": Secret(url)}
    settings = DoorSettings("ops@example.org", allow, proxies=proxies, connect_timeout_s=connect_timeout_s)
    return HttpFetcher(settings, secret=secrets, clock=Clock(), resolve=resolver, tls=tls)


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
@pytest.mark.parametrize("is_tls", [False, True])
async def test_a_site_is_asked_through_its_proxy(scheme: str, is_tls: bool) -> None:
    """The proxy carries the request; only with socks5 is the site's name looked up here, and the proxy told an address."""
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("a.test").configure_cert(tls)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    resolver, web = Resolver(), "https" if is_tls else "http"
    async with site(lambda _: http(200, b"far"), tls if is_tls else None) as server, relay(scheme) as proxy:
        async with opened(f"{scheme}://127.0.0.1:{proxy.port}", resolver, trusted) as fetcher:
            manner = Manner(home=server.url(scheme=web), proxy="exit")
            for _ in range(2):
                payload = await fetcher.fetch(Request(url=server.url("/p", scheme=web)), manner=manner)
                assert payload.body == b"far"
        assert resolver.asked == (["a.test"] if scheme == "socks5" else [])
        told = {
            "socks5": f"127.0.0.1:{server.port}",
            "socks5h": f"a.test:{server.port}",
            "http": f"CONNECT a.test:{server.port}" if is_tls else f"GET {server.url('/p')}",
        }
        assert set(proxy.asked) == {told[scheme]}
    assert len(server.seen) == 2


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_login(scheme: str) -> None:
    """User and password are told to the proxy and stand in no message."""
    resolver = Resolver()
    async with site(lambda _: http(200, b"far")) as server, relay(scheme, LOGIN) as proxy:
        url = f"{scheme}://us%3Aer:p%C3%A4%20ss@127.0.0.1:{proxy.port}"
        async with opened(url, resolver) as fetcher:
            await fetcher.fetch(Request(url=server.url()), manner=Manner(home=server.url(), proxy="exit"))
        assert proxy.logins[0] == LOGIN or proxy.logins[0][1].startswith("Proxy-Authorization: Basic ")


async def test_a_login_that_is_not_accepted() -> None:
    """The proxy's no is told by its name, without the password."""
    async with site(lambda _: http()) as server, relay("socks5h", ("other", "login")) as proxy:
        url = f"socks5h://user:hunter2@127.0.0.1:{proxy.port}"
        async with opened(url, Resolver()) as fetcher:
            with pytest.raises(FetchFailed, match="proxy exit: it does not accept") as told:
                await fetcher.fetch(Request(url=server.url()), manner=Manner(home=server.url(), proxy="exit"))
    assert "hunter2" not in repr(told.value)
    assert not server.seen


@pytest.mark.parametrize(
    ("scheme", "says"), [("http", "proxy makes no connection"), ("socks5", "refused"), ("socks5h", "refused")]
)
async def test_a_proxy_that_refuses(scheme: str, says: str) -> None:
    """What a proxy refuses is a failure that says so; nothing goes around it."""
    async with site(lambda _: http()) as server, relay(scheme, refuses=5) as proxy:
        authority = trustme.CA()
        trusted = ssl.create_default_context()
        authority.configure_trust(trusted)
        async with opened(f"{scheme}://127.0.0.1:{proxy.port}", Resolver(), trusted) as fetcher:
            url = server.url(scheme="https" if scheme == "http" else "http")
            with pytest.raises(SourceError, match=says):
                await fetcher.fetch(Request(url=url), manner=Manner(home=url, proxy="exit"))
    assert not server.seen


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
async def test_a_dead_proxy_is_no_reason_to_go_straight(scheme: str) -> None:
    """Where the proxy cannot be reached nobody is, and it is the proxy that is named."""
    async with site(lambda _: http()) as server, opened(f"{scheme}://127.0.0.1:1", Resolver()) as fetcher:
        with pytest.raises(FetchFailed, match="proxy exit: no connection to port 1"):
            await fetcher.fetch(Request(url=server.url()), manner=Manner(home=server.url(), proxy="exit"))
    assert server.connections == 0


async def test_what_is_no_proxy_is_told_as_such() -> None:
    """A server that waits for a request of its own sort never answers a greeting; that is said, not only the time."""
    hold = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hold.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"socks5h://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with site(lambda _: http()) as there, opened(url, Resolver(), connect_timeout_s=0.3) as fetcher:
        with pytest.raises(FetchFailed, match="proxy exit: it does not answer in time; is it a SOCKS5 proxy"):
            await fetcher.fetch(Request(url=there.url()), manner=Manner(home=there.url(), proxy="exit"))
        hold.set()
    server.close()


async def test_socks5_checks_addresses() -> None:
    """With socks5 the name is resolved here, so the address rules hold as they do without a proxy."""
    async with (
        relay("socks5") as proxy,
        opened(f"socks5://127.0.0.1:{proxy.port}", Resolver("10.0.0.1")) as fetcher,
    ):
        with pytest.raises(AddressRefused, match=r"10\.0\.0\.1 is not a public address"):
            await fetcher.fetch(
                Request(url="http://b.example/"), manner=Manner(home="http://b.example/", proxy="exit")
            )
        assert not proxy.asked


async def test_only_listed_proxies() -> None:
    """A site cannot name a proxy that the configuration does not list."""
    async with opened("socks5://127.0.0.1:1", Resolver()) as fetcher:
        with pytest.raises(ConfigError, match="no proxy 'other'"):
            await fetcher.fetch(Request(url="http://a.test/"), manner=Manner(proxy="other"))


@pytest.mark.parametrize(
    "url",
    [
        "http://site.example/a",
        "https://www.site.example/",
        "http://mirror.example/",
        "http://93.184.216.34/",
        "http://10.1.2.3:8080/",
        "http://abcdefghij.onion/",
    ],
)
def test_what_may_be_asked_for_through_a_resolving_proxy(url: str) -> None:
    """The site's own hosts and their subdomains, public addresses, and what the operator lists."""
    allow = HostList.parse(["10.1.2.3:8080"])
    check_remote(check_url(url, allow), allow, ["site.example", "mirror.example", "abcdefghij.onion"])


@pytest.mark.parametrize(
    "url",
    [
        "http://other.example/",
        "http://evilsite.example/",
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://[::1]/",
        "http://169.254.169.254/",
        "http://10.1.2.4/",
        "http://localhost/",
        "http://intranet/",
        "http://db.internal/",
        "http://metadata.google.internal/",
        "http://printer.local/",
    ],
)
def test_what_may_not(url: str) -> None:
    """No literal address of a network, no name that only means something inside one, no host that nobody named."""
    family = [
        "site.example",
        "localhost",
        "intranet",
        "db.internal",
        "printer.local",
        "metadata.google.internal",
    ]
    with pytest.raises(AddressRefused):
        check_remote(check_url(url, HostList()), HostList(), family)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h:1",
        "socks4://h:1",
        "http://h",
        "http://h:0/",
        "http://h:1/path",
        "socks5://:1",
        "http://h:99999",
        "x",
        "socks5://u:",
    ],
)
def test_addresses_that_are_none(url: str) -> None:
    """A proxy's address must be whole; the message does not repeat it."""
    with pytest.raises(ConfigError, match="exit: expected") as told:
        proxy_of("exit", url)
    assert url not in told.value.message or len(url) < 3


def test_a_proxy_prints_no_password() -> None:
    """Neither the proxy nor its settings show the password."""
    assert "hidden" not in repr(proxy_of("exit", "socks5://me:hidden@[::1]:9050"))
    assert "hidden" not in repr(DoorSettings("x", proxies={"exit": Secret("socks5://me:hidden@h:1")}))
