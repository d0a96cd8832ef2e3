"""Every byte that leaves: names resolved, SNI, requests over TCP and TLS, datagrams. Embargoed names are in none."""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_from_bytes, quote_plus

import pytest
import trustme

from leakwatch.config import load_config
from leakwatch.crawl.fetcher import HttpFetcher
from leakwatch.crawl.silence import Silence
from leakwatch.model.asset import Asset, AssetFile, AssetId, QueryMode, Released
from leakwatch.sources import hackernews
from leakwatch.sources._kind import Request

from .daemons import until, watching
from .everywhere import PLACES, RSS, asks, configuration

TITLE, ALIAS = "Zephyrglass Meridian", "Зефирное стекло"
DIGEST, HASH = hashlib.sha256(b"w").digest(), hashlib.sha1(b"w").digest()
ASSET = Asset(
    id=AssetId("z-1"),
    title=TITLE,
    aliases=(ALIAS,),
    critical=True,
    files=(AssetFile(path="w.bin", size_bytes=3_000_001, sha256=DIGEST),),
    infohashes=(HASH.hex(),),
)
OPEN_HASH = hashlib.sha1(b"open").digest()
OPEN = Asset(id=AssetId("open"), title="Tideglass 70B", critical=True)
"""Another work, which may be looked up: by what leaves for its sake a run knows that there was time for all of it."""


@dataclass(slots=True)
class Everything:
    """What left."""

    resolved: list[str] = field(default_factory=list)
    sni: list[str] = field(default_factory=list)
    tcp: bytearray = field(default_factory=bytearray)
    by_site: dict[str, bytes] = field(default_factory=dict[str, bytes])
    udp: list[bytes] = field(default_factory=list)
    port: int = 0
    tls_port: int = 0
    udp_port: int = 0

    def all(self) -> bytes:
        """All of it."""
        told = "\n".join([*self.resolved, *self.sni]).encode()
        return told + b"\n" + bytes(self.tcp) + b"\n" + b"\n".join(self.udp)

    async def resolve(self, host: str, _port: int) -> list[str]:
        """Every name is on loopback."""
        self.resolved.append(host)
        return ["127.0.0.1"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Write down what comes, and answer as the site of that host does."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length[1])) if length else b""
            host = re.search(rb"\r\nhost: ([a-z]+)\.test", head, re.IGNORECASE)
            name = host[1].decode() if host else ""
            self.tcp += head + body
            self.by_site[name] = self.by_site.get(name, b"") + head + body
            writer.write(self._answer(name, head.split(b" ")[1].decode()))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    def _answer(self, name: str, target: str) -> bytes:
        told = None if target == "/robots.txt" or name not in PLACES else PLACES[name].answer(target)
        told = self.leak() if told == b"LEAK" else told
        status, body = (b"404 No", b"") if told is None else (b"200 OK", told)
        head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body))
        return head + body

    def leak(self) -> bytes:
        """A feed with both works, their magnets and trackers: one asked over HTTP, one over UDP."""
        trackers = (f"udp://127.0.0.1:{self.udp_port}/announce", f"http://feed.test:{self.port}/announce")
        told = "".join(f"&amp;tr={quote(one, safe='')}" for one in trackers)
        items = "".join(
            f"<item><guid>{n}</guid><title>{title} leaked</title><link>https://index.test/{n}</link>"
            f"<description>magnet:?xt=urn:btih:{key.hex()}{told}</description></item>"
            for n, (title, key) in enumerate([(TITLE, HASH), (OPEN.title, OPEN_HASH)])
        )
        return RSS.format(items=items).encode()

    def swarms_asked(self, key: bytes) -> set[str]:
        """Who was asked about a torrent: the DHT, a tracker over UDP, one over HTTP."""
        udp = {"dht" if one[:1] == b"d" else "udp tracker" for one in self.udp if key in one}
        return udp | ({"http tracker"} if quote_from_bytes(key).encode() in self.tcp else set())


class _Datagrams(asyncio.DatagramProtocol):
    """Writes down what comes, and answers as a tracker does, so that it is asked on."""

    def __init__(self, told: list[bytes]) -> None:
        self.told = told

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.told.append(data)
        if data[8:12] == b"\0\0\0\0" and len(data) == 16:
            self.transport.sendto(b"\0\0\0\0" + data[12:16] + b"12345678", addr)
        elif data[8:12] == b"\0\0\0\2":
            counts = b"\0\0\0\1" * 3 * ((len(data) - 16) // 20)
            self.transport.sendto(b"\0\0\0\2" + data[12:16] + counts, addr)


@asynccontextmanager
async def recorder(authority: trustme.CA) -> AsyncIterator[Everything]:
    """Servers that write down everything."""
    told, tls = Everything(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("secure.test", "reddit.test").configure_cert(tls)
    tls.sni_callback = lambda _socket, name, _context: told.sni.append(name or "")
    plain = await asyncio.start_server(told.serve, "127.0.0.1", 0)
    secure = await asyncio.start_server(told.serve, "127.0.0.1", 0, ssl=tls)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(told.udp), local_addr=("127.0.0.1", 0)
    )
    told.port, told.tls_port = (one.sockets[0].getsockname()[1] for one in (plain, secure))
    told.udp_port = transport.get_extra_info("sockname")[1]
    try:
        yield told
    finally:
        plain.close()
        secure.close()
        transport.close()


def needles(name: str) -> list[bytes]:
    """A name as it might stand in bytes; compared without regard to case."""
    joined, dashed = name.replace(" ", ""), name.replace(" ", "-")
    texts = [
        name,
        joined,
        dashed,
        name.replace(" ", "_"),
        name.replace(" ", "."),
        name[::-1],
        *name.split(" "),
    ]
    made = [text.encode() for text in texts if len(text) > 4]
    made += [quote(text).encode() for text in texts] + [quote_plus(text).encode() for text in texts]
    made += [
        quote(quote(name)).encode(),
        name.encode("utf-16-le"),
        name.encode("utf-16-be"),
        name.encode().hex().encode(),
    ]
    made += [base64.b64encode(b"x" * shift + name.encode())[shift + 1 : -4] for shift in range(3)]
    made += [text.encode("cp1251", "ignore") for text in texts if not text.isascii()]
    made += [quote(text.encode("cp1251", "ignore")).encode() for text in texts if not text.isascii()]
    made += [text.encode("idna") for text in (joined, dashed)]
    return [one.lower() for one in made if len(one) > 4]


def digest_needles(digest: bytes) -> list[bytes]:
    """A digest as it might stand in bytes; compared without regard to case."""
    made = [digest, digest.hex().encode(), quote_from_bytes(digest).encode(), base64.b32encode(digest)]
    made += [base64.b64encode(digest).rstrip(b"="), base64.urlsafe_b64encode(digest).rstrip(b"=")]
    return [one.lower() for one in made]


def found(told: bytes, *names: str) -> list[bytes]:
    """What of some names stands in bytes."""
    lower = told.lower()
    return [needle for name in names for needle in needles(name) if needle in lower]


def found_digests(told: bytes, *digests: bytes) -> list[bytes]:
    """What of some digests stands in bytes."""
    lower = told.lower()
    return [needle for digest in digests for needle in digest_needles(digest) if needle in lower]


async def run(
    folder: Path, asset: Asset, monkeypatch: pytest.MonkeyPatch, *, times: int = 3, swarms: bool = True
) -> Everything:
    """What left while the daemon polled every kind of site so many times, and looked at the swarm of the open work."""
    authority, trusted = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(trusted)
    async with recorder(authority) as told:
        opened = functools.partial(HttpFetcher, resolve=told.resolve, tls=trusted)
        monkeypatch.setattr("leakwatch.daemon.opening.HttpFetcher", opened)
        hosts = ", ".join(f'"{one}"' for one in ["127.0.0.1", *(f"{name}.test" for name in PLACES)])
        (folder / "leakwatch.toml").write_text(
            f'[daemon]\ndata_dir = "data"\n[http]\ncontact = "mailto:a@b.example"\nallow_hosts = [{hosts}]\n'
            f'[swarm]\nlisten = "127.0.0.1:0"\ndht_bootstrap = ["127.0.0.1:{told.udp_port}"]\n'
            'allow_networks = ["127.0.0.0/8"]\ndeadline_s = 3\n'
            + configuration(folder, told.port, told.tls_port, told.udp_port),
            "utf-8",
        )
        async with watching(load_config(folder / "leakwatch.toml"), asset, OPEN) as daemon:

            async def polled() -> bool:
                async with daemon.repository.reading() as work:
                    counts = [len(await work.sites.windows(name, 10)) for name in PLACES]
                return min(counts) >= times and (not swarms or told.swarms_asked(OPEN_HASH) == EVERYBODY)

            await until(polled, 90)
    return told


EVERYBODY = {"dht", "udp tracker", "http tracker"}
ASKING = [name for name in PLACES if asks(name)]


async def test_an_embargoed_name_never_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All kinds are polled, the leak is found, and no byte that left holds a name, digest or infohash of it."""
    told = await run(tmp_path, replace(ASSET, embargoed=True), monkeypatch)
    assert set(told.sni) == {"secure.test", "reddit.test"}
    assert set(told.by_site) >= set(PLACES)
    assert all(b"gguf" in told.by_site[name] for name in ASKING if name != "registry"), (
        "asked for the open work"
    )
    assert told.swarms_asked(HASH) == set()
    everything = told.all()
    assert found(everything, TITLE, ALIAS) == []
    assert found_digests(everything, DIGEST, HASH) == []
    silence = Silence.about([(TITLE, "z"), (ALIAS, "z")])
    assert not any(silence.found_in(line.decode("latin-1")) for line in everything.split(b"\n"))


async def test_a_direct_name_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same run finds the same asset at every site with a search and in its swarm: the look is no blind one."""
    told = await run(tmp_path, replace(ASSET, query_mode=QueryMode.DIRECT), monkeypatch)
    named = [name for name in ASKING if found(told.by_site[name], TITLE) and found(told.by_site[name], ALIAS)]
    assert named == [name for name in ASKING if name != "registry"], "an OCI registry has no search for words"
    digests = {name for name in ASKING if found_digests(told.by_site[name], DIGEST)}
    assert digests == {"github", "gitlab", "registry", "civitai"}
    assert told.swarms_asked(HASH) == EVERYBODY


async def test_a_name_that_somebody_let_be_sent_is_sent_and_its_swarm_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under embargo and let go by name: sites with a search hear it as in direct mode; the swarm is another question."""
    let = Released("ona", datetime.now(UTC))
    asset = replace(ASSET, embargoed=True, query_mode=QueryMode.DIRECT, released=let)
    told = await run(tmp_path, asset, monkeypatch)
    named = [name for name in ASKING if found(told.by_site[name], TITLE)]
    assert named == [name for name in ASKING if name != "registry"]
    assert told.swarms_asked(HASH) == set()


async def test_a_generic_name_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In generic mode the operator's words are asked, and neither name nor digest is."""
    told = await run(tmp_path, ASSET, monkeypatch, swarms=False)
    assert all(b"gguf" in told.by_site[name] for name in ASKING if name != "registry")
    assert found(told.all(), TITLE, ALIAS) == []
    assert found_digests(told.all(), DIGEST) == []


async def test_a_kind_that_is_wrong_is_stopped_at_the_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a kind that asks for a name of its own accord cannot send it."""
    wrong = replace(
        hackernews.KIND, start=lambda site, _: iter([Request(url=f"{site.url}/new?q={quote_plus(TITLE)}")])
    )
    monkeypatch.setattr("leakwatch.sources.hackernews.KIND", wrong)
    monkeypatch.setattr("leakwatch.sources.KINDS._read", {})
    told = await run(tmp_path, replace(ASSET, embargoed=True), monkeypatch, times=1, swarms=False)
    assert b"/new?q" not in told.by_site.get("hackernews", b"")
    assert found(told.all(), TITLE, ALIAS) == []
