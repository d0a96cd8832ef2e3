"""The door's rules for URLs and addresses: research/security.md T1 (149 cases) and T3, against a loopback canary."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpcore
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.crawl.addresses import (
    HostList,
    Target,
    canonical_host,
    check_addresses,
    check_redirect,
    check_url,
    refusal,
    system_resolve,
)
from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.errors import AddressRefused, ConfigError, FetchFailed, Refused, SourceError
from leakwatch.sources._kind import Request

BAD_IPV4 = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1",
    "127.255.255.254", "168.63.129.16", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.254",
    "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.254", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
)  # fmt: skip
BAD_IPV6 = (
    "::", "::1", "::7f00:1", "::ffff:7f00:1", "::ffff:808:808", "::ffff:0:7f00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
)  # fmt: skip
BAD = BAD_IPV4 + BAD_IPV6
GOOD = (
    "8.8.8.8",
    "93.184.215.14",
    "100.128.0.1",
    "172.32.0.1",
    "192.0.1.1",
    "2606:4700::1",
    "2620:4f:8000::1",
)
URL_SHAPES = (
    "file:///etc/passwd",
    "ftp://public.test/x",
    "gopher://127.0.0.1:80/_GET",
    "http:/127.0.0.1/",
    "//127.0.0.1/",
    "http://user:secret@127.0.0.1/",
    "http://@public.test/",
    "http://127.0.0.1\\@public.test/",
    "http://public.test\\@127.0.0.1/",
    "http://public.test/\r\nX-Injected: 1",
    "http://public.test\t/",
    "http://public.test /",
    "http://public.test:22/",
    "http://%31%32%37.0.0.1/",
    "http://[fe80::1%25lo]/",
    "http://[::1/",
    "http://" + "a." * 126 + "test/",
)
SPELLINGS_OF_LOOPBACK = (
    "2130706433", "0x7f000001", "0X7F.1", "0x7f.0x0.0x0.0x1", "017700000001", "0177.0.0.1", "127.1", "127.0.1",
    "127.000.000.001", "①②⑦.0.0.1", "127。0。0。1", "127｡0｡0｡1", "１２７.０.０.１", "127.0.0.1.", "ⓛocalhost",
    "localhost", "LOCALHOST.", "0", "00", "0x0", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::FFFF:7F00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:0001::]", "[::ffff:0:127.0.0.1]",
)  # fmt: skip


TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(slots=True)
class Clock:
    """A clock that stands still."""

    def now(self) -> datetime:
        """Always the same time."""
        return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(slots=True)
class Canary:
    """A listener on loopback; whoever reaches it has come through a hole."""

    port: int = 0
    connections: int = 0
    received: bytes = b""


@asynccontextmanager
async def canary() -> AsyncGenerator[Canary]:
    """Run a canary."""
    seen = Canary()

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        seen.received += await reader.read(65536)
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    seen.port = server.sockets[0].getsockname()[1]
    async with server:
        yield seen


@dataclass(slots=True)
class DialCanary(httpcore.AsyncNetworkBackend):
    """The last step of a connection: whatever address passes the checks leads to the canary."""

    canary: Canary
    dialled: list[tuple[str, int]] = field(default_factory=list)

    async def connect_tcp(
        self, host: str, port: int, *_: object, **__: object
    ) -> httpcore.AsyncNetworkStream:
        """Note the address and connect to the canary."""
        self.dialled.append((host, port))
        return await httpcore.AnyIOBackend().connect_tcp("127.0.0.1", self.canary.port)


def door(bird: Canary, *answers: list[str], listed: Iterable[str] = ()) -> tuple[HttpFetcher, DialCanary]:
    """A fetcher whose resolver gives the answers in turn and whose every connection ends at the canary."""
    script = list(answers)

    async def resolve(host: str, port: int) -> list[str]:
        return script.pop(0) if script else await system_resolve(host, port)

    dial = DialCanary(bird)
    fetcher = HttpFetcher(
        DoorSettings("ops@example.org", frozenset(listed)),
        secret=str,
        clock=Clock(),
        resolve=resolve,
        tls=TLS,
        dial=dial,
    )
    return fetcher, dial


async def refused(url: str, *answers: list[str]) -> AddressRefused:
    """Fetch a URL and assert that it is refused without one connection."""
    async with canary() as bird:
        fetcher, dial = door(bird, *answers)
        async with fetcher:
            with pytest.raises(AddressRefused) as caught:
                await fetcher.fetch(Request(url=url))
        assert (dial.dialled, bird.connections, bird.received) == ([], 0, b"")
    return caught.value


def in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def respelled(address: str) -> str:
    """Another spelling of an address: one decimal number, or all groups in capitals."""
    parsed = ipaddress.ip_address(address)
    return str(int(parsed)) if parsed.version == 4 else f"[{parsed.exploded.upper()}]"


def test_the_table_has_149_cases() -> None:
    """The table of T1 has 44 addresses in three forms and 17 URL shapes."""
    assert (len(set(BAD)), len(set(URL_SHAPES)), len(BAD) * 3 + len(URL_SHAPES)) == (44, 17, 149)


@pytest.mark.parametrize("address", BAD)
async def test_bad_address_as_literal_is_refused(address: str) -> None:
    """A URL with a bad address in it is refused and nothing is connected to."""
    error = await refused(f"http://{in_url(address)}/latest/meta-data")
    assert address in error.message
    assert error.permanent


@pytest.mark.parametrize("address", BAD)
async def test_bad_address_in_another_spelling_is_refused(address: str) -> None:
    """Another spelling of a bad address is refused like the address."""
    await refused(f"https://{respelled(address)}/")


@pytest.mark.parametrize("address", BAD)
async def test_name_of_bad_address_is_refused(address: str) -> None:
    """A harmless name that resolves to a bad address is refused."""
    error = await refused("http://rebind.test/", [address])
    assert "rebind.test" in error.message


@pytest.mark.parametrize("url", URL_SHAPES)
async def test_bad_url_shape_is_refused(url: str) -> None:
    """A URL of a suspicious shape is refused before its name is resolved, and is not repeated in the message."""
    error = await refused(url)
    assert "secret" not in error.message
    assert "@" not in error.message


@pytest.mark.parametrize("host", SPELLINGS_OF_LOOPBACK)
async def test_spelling_of_loopback_is_refused(host: str) -> None:
    """Every spelling that a resolver would turn into loopback is refused."""
    await refused(f"http://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "http://", "http:///x", "http://:80/", "http://a..test/", "http://.test/", "http://-a.test/",
        "http://" + "a" * 64 + ".test/", "http://a.test:0/", "http://a.test:65536/", "http://a.test:8_0/", "http://a.test:+80/",
        "http://a.test:８０/", "http://a,b.test/", "http://a.test:80:80/", "http://[127.0.0.1]/", "http://[]/", "http://1.2.3.4.5/",
        "http://256.0.0.1/", "http://a.test/\ud800", "http://a.test/\u2028", "http://a.test/\x7f", "http://a.test/\xa0",
        "http://a.test/" + "x" * 70000, "javascript:alert(1)", "data:,x", "", "HTTP//a.test", "https:a.test", "http://a.0x/",
        "ws://a.test/", " http://a.test/", "http://a\u200bb.test/", "http://a%00.test/", "http://*.test/",
    ],
)  # fmt: skip
def test_other_bad_urls_are_refused(url: str) -> None:
    """A URL that is not a plain http or https URL is refused, whatever is wrong with it."""
    with pytest.raises(AddressRefused):
        check_url(url, HostList())


@pytest.mark.parametrize(
    ("url", "shown", "host", "port"),
    [
        ("HTTPS://Example.COM", "https://example.com", "example.com", 443),
        ("http://example.com:443/a?b#c", "http://example.com:443/a?b", "example.com", 443),
        ("http://müller.de./%2f", "http://xn--mller-kva.de/%2f", "xn--mller-kva.de", 80),
        ("http://8.8.2056/", "http://8.8.8.8/", "8.8.8.8", 80),
        ("https://[2606:4700:0::1]/", "https://[2606:4700::1]/", "2606:4700::1", 443),
        ("http://a.test/x y".replace(" ", "%20"), "http://a.test/x%20y", "a.test", 80),
        ("http://a.test/#@b.test/", "http://a.test/", "a.test", 80),
        ("http://a_.test:/", "http://a_.test/", "a_.test", 80),
    ],
)
def test_good_url_becomes_canonical(url: str, shown: str, host: str, port: int) -> None:
    """A good URL gets a canonical host and loses its fragment; the rest stays as it was."""
    target = check_url(url, HostList())
    assert (str(target.url), target.host, target.port) == (shown, host, port)


@pytest.mark.parametrize("address", GOOD)
def test_public_address_is_let_through(address: str) -> None:
    """A public address is let through."""
    assert refusal(ipaddress.ip_address(address)) == ""


@pytest.mark.parametrize(
    ("address", "inner"),
    [
        ("2606:4700::5efe:7f00:1", "127.0.0.1"),
        ("2606:4700::200:5efe:a9fe:a9fe", "169.254.169.254"),
        ("64:ff9b::7f00:1", "127.0.0.1"),
        ("::ffff:0:a00:1", "10.0.0.1"),
        ("::ffff:168.63.129.16", "168.63.129.16"),
        ("2002:c0a8:101::1", "192.168.1.1"),
        ("64:ff9b::808:808", ""),
        ("::ffff:0:808:808", ""),
        ("2002:808:808::1", ""),
    ],
)
def test_address_with_another_inside_is_refused(address: str, inner: str) -> None:
    """An IPv6 address that carries an IPv4 one is refused, naming the inner one where it is bad by itself."""
    reason = refusal(ipaddress.ip_address(address))
    assert reason
    assert f"carries {inner}," in reason if inner else "carries" not in reason


@pytest.mark.parametrize(
    ("entry", "host", "port", "has"),
    [
        ("intern.test", "intern.test", 8080, True),
        ("intern.test:8080", "intern.test", 8080, True),
        ("intern.test:8080", "intern.test", 80, False),
        ("intern.test", "x.intern.test", 80, False),
        ("INTERN.test.", "intern.test", 80, True),
        ("127.1:9", "127.0.0.1", 9, True),
        ("::1", "::1", 9, True),
        ("[0::1]:9", "::1", 9, True),
        ("[::1]:9", "::1", 10, False),
        ("localhost:80", "localhost", 81, False),
        ("localhost:", "localhost", 81, True),
    ],
)
def test_listed_host(entry: str, host: str, port: int, has: bool) -> None:
    """An entry lists one host, in any spelling, for one port or for all."""
    assert HostList.parse([entry]).has(host, port) is has


@pytest.mark.parametrize(
    "entry", ["", "http://localhost", "a b", "host:port", "[::1", "u@host", "10.0.0.0/8"]
)
def test_bad_entry_of_the_list_is_a_configuration_error(entry: str) -> None:
    """An entry that is not a host is an error that names the field."""
    with pytest.raises(ConfigError) as caught:
        HostList.parse([entry])
    assert caught.value.field == "http.allow_hosts"


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "100.64.0.1", "::1", "fd12::1", "8.8.8.8"]
)
def test_listed_host_may_be_private(address: str) -> None:
    """A listed host may be loopback, private or shared address space, and of course public."""
    assert check_addresses("intern.test", [address], listed=True) == (address,)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "fe80::1", "::ffff:10.0.0.1", "fec0::1"]
)
def test_listed_host_may_not_be_anything(address: str) -> None:
    """A listed host may still not be link-local, multicast, unspecified, or a carrier of another address."""
    with pytest.raises(AddressRefused):
        check_addresses("intern.test", [address], listed=True)


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("/x", "https://a.test/x"),
        ("x?y", "https://a.test/b/x?y"),
        ("//other.test/x", "https://other.test/x"),
        ("https://a.test:443", "https://a.test"),
        ("?q", "https://a.test/b/c?q"),
    ],
)
def test_redirect_is_resolved_against_its_page(location: str, leads_to: str) -> None:
    """A Location may be relative in every way."""
    here = check_url("https://a.test/b/c", HostList())
    assert str(check_redirect(here, location, HostList()).url) == leads_to


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("http://a.test/", Refused),
        ("ht\ntp://a.test/", AddressRefused),
        ("/x\ty", AddressRefused),
        ("/\\evil.test/", AddressRefused),
        ("https://[::1", AddressRefused),
        ("https://a\u2100b.test", AddressRefused),
        ("https://a@b.test", AddressRefused),
        ("file:///etc/passwd", AddressRefused),
        ("http:b.test", AddressRefused),
        ("//a.test:22/", AddressRefused),
    ],
)
def test_bad_redirect_is_refused(location: str, kind: type[Refused]) -> None:
    """A Location to plain http, or of a bad shape, is refused, naming the site that sent it."""
    with pytest.raises(kind) as caught:
        check_redirect(check_url("https://from.test/", HostList()), location, HostList())
    assert type(caught.value) is kind
    assert "from.test" in caught.value.message


@pytest.mark.parametrize(
    ("port", "is_open", "is_open_to_trackers"),
    [
        *((0, False, False), (22, False, False), (80, True, True), (81, False, False), (443, True, True)),
        *((1023, False, False), (1024, False, True), (6969, False, True), (65535, False, True)),
        *((65536, False, False), (99999, False, False)),
    ],
)
def test_high_ports_are_for_those_who_ask(port: int, is_open: bool, is_open_to_trackers: bool) -> None:
    """Ports from 1024 on are open to a request that says so, and to every redirect of it; low ones to none."""
    url = f"http://tracker.test:{port}/"
    here = {wants: check_url("http://from.test/", HostList(), high_ports=wants) for wants in (False, True)}
    for wants, may in ((False, is_open), (True, is_open_to_trackers)):
        if may:
            assert check_url(url, HostList(), high_ports=wants).port == port
            onward = check_redirect(here[wants], url, HostList())
            assert check_redirect(onward, url, HostList()).port == port
        else:
            with pytest.raises(AddressRefused):
                check_url(url, HostList(), high_ports=wants)
            with pytest.raises(AddressRefused):
                check_redirect(here[wants], url, HostList())


async def test_high_port_of_an_inward_address_stays_closed() -> None:
    """A request for high ports reaches no listener on loopback, by name or by address."""
    async with canary() as bird:
        fetcher, dial = door(bird, ["127.0.0.1"])
        async with fetcher:
            for host in ("tracker.test", "127.0.0.1"):
                with pytest.raises(AddressRefused, match=r"127\.0\.0\.1"):
                    await fetcher.fetch(Request(url=f"http://{host}:{bird.port}/", high_ports=True))
        assert (dial.dialled, bird.connections) == ([], 0)


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.sampled_from(BAD + GOOD), max_size=6), st.booleans())
def test_one_bad_answer_refuses_all(answers: list[str], garbage: bool) -> None:
    """A list of answers passes if and only if each of them is a public address."""
    answers = [*answers, "not an address"] if garbage else answers
    if set(answers) <= set(GOOD):
        assert set(check_addresses("a.test", answers)) == set(answers)
    else:
        with pytest.raises(AddressRefused):
            check_addresses("a.test", answers)


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_no_address_passes_that_is_not_global(address: Any) -> None:
    """Whatever passes is global for the standard library too, and carries nothing that is not."""
    if not refusal(address):
        assert address.is_global
        assert address.version == 4 or address.ipv4_mapped is address.sixtofour is address.teredo is None


@settings(max_examples=500, deadline=None)
@given(
    st.text(alphabet=st.characters(), max_size=40),
    st.sampled_from(["", "http://", "https://a.test/", "http://a.test:"]),
)
def test_any_text_is_a_target_or_refused(text: str, start: str) -> None:
    """Any text is either refused or becomes a target that reads the same when it is read again."""
    try:
        target = check_url(start + text, HostList())
    except AddressRefused:
        return
    assert check_url(str(target.url), HostList()) == target
    assert httpx.URL(str(target.url)).raw_host.decode() == target.host


@pytest.mark.parametrize(
    "answers",
    [
        ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["8.8.8.8", "::1"], ["2606:4700::1", "10.0.0.1"],
        ["2606:4700::1", "fe80::1%eth0"], ["8.8.8.8", "::ffff:10.0.0.1"], ["8.8.8.8", "garbage"], ["8.8.8.8"] * 60 + ["::"],
        ["8.8.8.8", "64:ff9b::7f00:1"], ["8.8.8.8", "2002:7f00:1::"], ["8.8.8.8", "169.254.169.254"], ["8.8.8.8", "0.0.0.0"],
    ],
)  # fmt: skip
async def test_mixed_answers_are_refused(answers: list[str]) -> None:
    """One bad address among the answers, of whichever family and in whichever place, refuses the name."""
    await refused("http://mixed.test/", answers)


@pytest.mark.parametrize("second", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"])
async def test_name_is_resolved_once_per_connection(second: str) -> None:
    """A name that is public at first and private later never gets a connection to the private address."""
    async with canary() as bird:
        fetcher, dial = door(bird, ["93.184.215.14"], [second])
        async with fetcher:
            with pytest.raises(AddressRefused, match="did not end at the checked address"):
                await fetcher.fetch(Request(url="http://rebind.test/"))
            with pytest.raises(AddressRefused, match="not a public address"):
                await fetcher.fetch(Request(url="http://rebind.test/"))
        assert dial.dialled == [("93.184.215.14", 80)]
        assert bird.received == b""


async def test_peer_of_the_socket_is_compared() -> None:
    """A connection that ends elsewhere than at the checked address is closed before a byte is written."""
    async with canary() as bird:
        fetcher, dial = door(bird, ["93.184.215.14"])
        async with fetcher:
            with pytest.raises(AddressRefused, match="did not end at the checked address"):
                await fetcher.fetch(Request(url="http://public.test/"))
        await asyncio.sleep(0)
        assert (len(dial.dialled), bird.received) == (1, b"")


async def test_post_goes_through_the_same_checks() -> None:
    """A webhook to a bad address, by literal, name or shape, is refused without a connection."""
    async with canary() as bird:
        fetcher, dial = door(bird, ["10.0.0.1"])
        async with fetcher:
            for url in ("http://rebind.test/", "http://127.1/", "http://a@b.test/", "http://b.test:22/"):
                with pytest.raises(AddressRefused):
                    await fetcher.post(url, body=b"x", headers={})
        assert (dial.dialled, bird.received) == ([], b"")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "not known"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), "Temporary failure"),
        (socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure"), "Non-recoverable"),
        (OSError("no network"), "OSError"),
        (UnicodeError("label too long"), "UnicodeError"),
    ],
)
async def test_failed_resolution_is_the_networks_fault(error: Exception, words: str) -> None:
    """A name that cannot be resolved is a FetchFailed with the resolver's reason, to be tried again."""

    async def resolve(_host: str, _port: int) -> list[str]:
        raise error

    tls = TLS
    async with HttpFetcher(DoorSettings("x"), secret=str, clock=Clock(), resolve=resolve, tls=tls) as fetcher:
        with pytest.raises(FetchFailed, match=words) as caught:
            await fetcher.fetch(Request(url="http://gone.test/"))
        with pytest.raises(FetchFailed, match=words):
            await fetcher.post("http://gone.test/", body=b"x", headers={})
    assert (caught.value.blame, caught.value.permanent) == ("network", False)


async def test_name_without_address_and_slow_resolver() -> None:
    """No answer at all and a resolver that never answers are both FetchFailed, the latter within its time."""

    async def resolve(host: str, _port: int) -> list[str]:
        await asyncio.sleep(30 if host == "slow.test" else 0)
        return []

    limits = DoorSettings("x", connect_timeout_s=0.05)
    tls = TLS
    async with HttpFetcher(limits, secret=str, clock=Clock(), resolve=resolve, tls=tls) as fetcher:
        for host in ("none.test", "slow.test"):
            with pytest.raises(FetchFailed, match=host):
                await fetcher.fetch(Request(url=f"http://{host}/"))


@dataclass(slots=True)
class DialNowhere(httpcore.AsyncNetworkBackend):
    """The last step of a connection, as it goes wrong: never done, or done and broken."""

    stream: httpcore.AsyncNetworkStream | None = None
    shares: list[float] = field(default_factory=list)

    async def connect_tcp(
        self, host: str, port: int, timeout: float = 0, **_: object
    ) -> httpcore.AsyncNetworkStream:
        """Hang until the time is over, or answer a stream without a peer."""
        if self.stream:
            return self.stream
        self.shares.append(timeout)
        await asyncio.sleep(timeout)
        raise httpcore.ConnectTimeout


async def test_dead_addresses_share_the_time() -> None:
    """Of many dead addresses four are tried, within the time for one connection."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return [f"8.8.8.{number}" for number in range(1, 9)]

    dial = DialNowhere()
    limits = DoorSettings("x", connect_timeout_s=0.1)
    async with HttpFetcher(limits, secret=str, clock=Clock(), resolve=resolve, tls=TLS, dial=dial) as fetcher:
        with pytest.raises(FetchFailed, match="no answer in time"):
            await fetcher.fetch(Request(url="http://dead.test/"))
    assert len(dial.shares) <= 4
    assert set(dial.shares) == {0.025}


async def test_connection_that_breaks_at_once() -> None:
    """A connection whose peer is gone before it can be compared is closed, and the network is at fault."""

    class Broken(httpcore.AsyncNetworkStream):
        closed = False

        async def aclose(self) -> None:
            self.closed = True

    dial = DialNowhere(Broken())
    async with HttpFetcher(DoorSettings("x"), secret=str, clock=Clock(), tls=TLS, dial=dial) as fetcher:
        with pytest.raises(FetchFailed, match="broke at once"):
            await fetcher.fetch(Request(url="http://8.8.8.8/"))
    assert isinstance(dial.stream, Broken)
    assert dial.stream.closed


async def test_next_address_is_tried_if_the_first_is_dead() -> None:
    """A listed host with a dead address and a living one is reached at the living one."""
    async with canary() as bird:

        async def resolve(_host: str, _port: int) -> list[str]:
            return ["127.0.0.2", "127.0.0.1"]

        tls = TLS
        door_settings = DoorSettings("x", frozenset({"two.test"}))
        async with HttpFetcher(door_settings, secret=str, clock=Clock(), resolve=resolve, tls=tls) as fetcher:
            with pytest.raises(SourceError):
                await fetcher.fetch(Request(url=f"http://two.test:{bird.port}/"))
        assert bird.received.startswith(b"GET / HTTP/1.1")


async def test_refused_connection_says_so() -> None:
    """A listed host where nobody listens gives the system's own words."""
    async with HttpFetcher(
        DoorSettings("x", frozenset({"127.0.0.1"})), secret=str, clock=Clock(), tls=TLS
    ) as fetcher:
        with pytest.raises(FetchFailed, match="Connection refused"):
            await fetcher.fetch(Request(url="http://127.0.0.1:9/"))


async def test_system_resolver_knows_localhost() -> None:
    """The default resolver answers addresses as text."""
    assert {ipaddress.ip_address(answer).is_loopback for answer in await system_resolve("localhost", 80)} == {
        True
    }


def test_target_names_its_place() -> None:
    """A target's place leaves out the port of its scheme; its lane never does."""
    target: Target = check_url("https://[2606:4700::1]/x", HostList())
    assert (target.where, target.lane) == ("[2606:4700::1]", "2606:4700::1:443")
    assert target.origin == ("https", "2606:4700::1", 443)
    assert canonical_host("A.TEST") == "a.test"
