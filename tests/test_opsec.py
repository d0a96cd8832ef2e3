"""Every byte that leaves: names resolved, SNI, requests over TCP and TLS, datagrams. Embargoed names are in none."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import functools
import re
import ssl
import typing
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import trustme

from leakwatch.config import load_config
from leakwatch.crawl.fetcher import HttpFetcher
from leakwatch.crawl.silence import Silence
from leakwatch.model.asset import Asset, AssetId, QueryMode
from leakwatch.sources import KINDS
from leakwatch.sources._kind import Cursor, Page, PolledKind, Question, Request

from .daemons import MAGNET, until, watching

TITLE, ALIAS = "Zephyrglass Meridian", "Зефирное стекло"
ASSET = Asset(id=AssetId("z-1"), title=TITLE, aliases=(ALIAS,), critical=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSite:
    """Settings of a site with a search, by link and by form."""

    url: str


def _start(site: AskSite, cursor: Cursor) -> Iterator[Request]:
    yield Request(url=f"{site.url}/new")


def _ask(site: AskSite, cursor: Cursor, question: Question) -> Iterator[Request]:
    told = question.words or " ".join(one for of in question.digests.values() for one in of)
    yield Request(url=f"{site.url}/search?q={quote_plus(told)}", headers={"X-Query": quote(told)})
    yield Request(url=f"{site.url}/find", form={"words": told})


ASKER = PolledKind(
    name="asker", settings=AskSite, start=_start, parse=lambda _: Page(), ask=_ask, empty_is_normal=True
)


@dataclass(slots=True)
class Everything:
    """What left."""

    resolved: list[str] = field(default_factory=list)
    sni: list[str] = field(default_factory=list)
    tcp: bytearray = field(default_factory=bytearray)
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
        """Write down what comes, and answer with what the leak looks like there."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.tcp += head
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            self.tcp += await reader.readexactly(int(length[1])) if length else b""
            path = head.split(b" ")[1]
            body = FEED if b"/rss" in path or b"?t=" in path else b"[]"
            status = b"404 No" if path == b"/robots.txt" else b"200 OK"
            writer.write(
                b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
                % (status, len(body), body)
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()


FEED = (
    f'<rss version="2.0"><channel><title>t</title><item><guid>1</guid><title>{TITLE} leaked</title>'
    f"<link>https://index.test/1</link><description>{MAGNET}&amp;tr=http://127.0.0.1:1/announce</description>"
    "</item></channel></rss>"
).encode()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, told: list[bytes]) -> None:
        self.told = told

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.told.append(data)


@asynccontextmanager
async def recorder(authority: trustme.CA) -> AsyncIterator[Everything]:
    """Servers that write down everything."""
    told, tls = Everything(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("*.test", "tls.test").configure_cert(tls)
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


MORE = {"github": 'repositories = ["acme/tools"]\n'}
SETTINGS: dict[str, str] = {"feed": "/rss", "torznab": "/api"}


def sites(told: Everything) -> str:
    """One site of every kind there is, and one behind TLS."""
    lines = []
    for name, kind in KINDS.items():
        if not isinstance(kind, PolledKind):
            lines.append(
                f'[[sites]]\nname = "{name}"\nkind = "{name}"\nenabled = true\nbootstrap = ["127.0.0.1:{told.udp_port}"]\n'
            )
            continue
        url, more = f"http://{name}.test:{told.port}{SETTINGS.get(name, '')}", MORE.get(name, "")
        own = "".join(f"{key} = {value}\n" for key, value in _needed(kind.settings).items())
        lines.append(
            f'[[sites]]\nname = "{name}"\nkind = "{name}"\nurl = "{url}"\nevery = "200ms"\nmin_interval_s = 0.0\n{own}'
            + more
            + ('queries = ["gguf weights"]\nquestions_per_poll = 50\n' if kind.ask else "")
        )
    lines.append(
        f'[[sites]]\nname = "secure"\nkind = "feed"\nurl = "https://tls.test:{told.tls_port}/rss"\nevery = "200ms"\n'
    )
    return "\n".join(lines)


def _needed(settings: type) -> dict[str, str]:
    """The settings that have no default, filled with words that mean nothing."""
    hints, found = typing.get_type_hints(settings), {}
    for one in dataclasses.fields(settings):
        if (
            one.name == "url"
            or one.default is not dataclasses.MISSING
            or one.default_factory is not dataclasses.MISSING
        ):
            continue
        found[one.name] = {str: '"acme"', int: "1", bool: "false"}.get(hints[one.name], '["acme"]')
    return found


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


def found(told: bytes, *names: str) -> list[bytes]:
    """What of some names stands in bytes."""
    lower = told.lower()
    return [needle for name in names for needle in needles(name) if needle in lower]


async def run(folder: Path, asset: Asset, monkeypatch: pytest.MonkeyPatch, times: int = 3) -> Everything:
    """What left while the daemon polled every kind of site so many times."""
    authority, trusted = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(trusted)
    monkeypatch.setitem(KINDS, "asker", ASKER)  # pyright: ignore[reportArgumentType]
    async with recorder(authority) as told:
        opened = functools.partial(HttpFetcher, resolve=told.resolve, tls=trusted)
        monkeypatch.setattr("leakwatch.daemon.opening.HttpFetcher", opened)
        hosts = ", ".join(
            f'"{one}"' for one in ["127.0.0.1", "tls.test", *(f"{name}.test" for name in KINDS)]
        )
        (folder / "leakwatch.toml").write_text(
            f'[daemon]\ndata_dir = "data"\n[http]\ncontact = "mailto:a@b.example"\nallow_hosts = [{hosts}]\n'
            f'[swarm]\nlisten = "127.0.0.1:0"\ndht_bootstrap = ["127.0.0.1:{told.udp_port}"]\n'
            f'allow_networks = ["127.0.0.0/8"]\ndeadline_s = 3\n{sites(told)}',
            "utf-8",
        )
        async with watching(load_config(folder / "leakwatch.toml"), asset) as daemon:

            async def polled() -> bool:
                async with daemon.repository.reading() as work:
                    counts = [len(await work.sites.windows(name, 10)) for name in daemon.sites]
                return min(counts) >= times and bool(told.udp)

            await until(polled, 60)
    return told


async def test_an_embargoed_name_never_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All kinds are polled, the leak is found, and no byte that left holds a name of it, in any encoding."""
    told = await run(tmp_path, replace(ASSET, embargoed=True), monkeypatch)
    assert set(told.sni) == {"tls.test"}
    assert {f"{name}.test" for name, kind in KINDS.items() if isinstance(kind, PolledKind)} <= set(
        told.resolved
    )
    assert b"GET /new" in told.tcp
    assert b"/search" not in told.tcp
    assert len(told.udp) > 0
    everything = told.all()
    assert found(everything, TITLE, ALIAS) == []
    silence = Silence.about([(TITLE, "z"), (ALIAS, "z")])
    assert not any(silence.found_in(line.decode("latin-1")) for line in everything.split(b"\n"))


async def test_a_direct_name_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same run finds the names of the same asset where it may be asked for directly: the search is no blind one."""
    told = await run(tmp_path, replace(ASSET, query_mode=QueryMode.DIRECT), monkeypatch)
    hits = found(told.all(), TITLE)
    assert quote_plus(TITLE).lower().encode() in hits
    assert found(told.all(), ALIAS)
    assert b"gguf+weights" in told.tcp


async def test_a_generic_name_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In generic mode the operator's words are asked and no name is."""
    told = await run(tmp_path, ASSET, monkeypatch)
    assert b"gguf+weights" in told.tcp
    assert found(told.all(), TITLE, ALIAS) == []


async def test_a_kind_that_is_wrong_is_stopped_at_the_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a kind that asks for a name of its own accord cannot send it."""
    wrong = replace(ASKER, start=lambda site, _: iter([Request(url=f"{site.url}/new?q={quote_plus(TITLE)}")]))
    monkeypatch.setitem(globals(), "ASKER", wrong)
    told = await run(tmp_path, replace(ASSET, embargoed=True), monkeypatch, times=1)
    assert b"/new" not in told.tcp
    assert found(told.all(), TITLE, ALIAS) == []
