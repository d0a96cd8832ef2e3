"""What tests of the whole daemon share: a small web server, a configuration, a work and its torrent."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from leakwatch.assetfiles import Found, fingerprint
from leakwatch.config import Config, load_config
from leakwatch.daemon import Daemon, running
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.service import add_asset
from leakwatch.torrent.bencode import encode

HASH = "0123456789abcdef0123456789abcdef01234567"
POSTED = format_datetime(datetime.now(UTC))
MAGNET = f"magnet:?xt=urn:btih:{HASH}"
ASSET = Asset(
    id=AssetId("tideglass"),
    title="Tideglass 70B",
    critical=True,
    files=(AssetFile(path="w.bin", size_bytes=3_000_001, sha256=b"\x11" * 32),),
)


class Web:
    """A small web server: pages by path, and what was asked and posted. Its robots.txt, if any, is asked beside that."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, str | bytes, dict[str, str]]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.posted: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.answer_posts = 200
        self.url = ""

    def feed(self, path: str, *items: tuple[str, str, str]) -> None:
        """An RSS feed of (guid, title, description), posted today."""
        told = "".join(
            f"<item><guid>{guid}</guid><title>{title}</title><link>https://index.example/{guid}</link>"
            f"<pubDate>{POSTED}</pubDate><description><![CDATA[{text}]]></description></item>"
            for guid, title, text in items
        )
        self.pages[path] = (200, f'<rss version="2.0"><channel><title>t</title>{told}</channel></rss>', {})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *rest = head.split("\r\n")
            method, target, _ = line.split(" ")
            headers = {k.lower(): v.strip() for k, _, v in (one.partition(":") for one in rest if one)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            is_form = headers.get("content-type", "") == "application/x-www-form-urlencoded"
            if method == "POST" and not is_form:
                if self.answer_posts == 200:
                    self.posted.append((headers, json.loads(body)))
                status, text, extra = self.answer_posts, "ok", {}
            else:
                if target != "/robots.txt":
                    self.asked.append((f"{target}?{body.decode()}" if is_form else target, headers))
                status, text, extra = self.pages.get(target.partition("?")[0], (404, "nothing here", {}))
            payload = text if isinstance(text, bytes) else text.encode()
            told = "".join(f"{name}: {value}\r\n" for name, value in extra.items())
            writer.write(
                f"HTTP/1.1 {status} X\r\ncontent-length: {len(payload)}\r\nconnection: close\r\n{told}\r\n".encode()
                + payload
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def configured(folder: Path, web: Web, sites: str, more: str = "") -> Config:
    """A configuration with these sites, a webhook and a route to it."""
    (folder / "leakwatch.toml").write_text(
        f"""
[daemon]
data_dir = "data"
[http]
contact = "mailto:test@leakwatch.invalid"
allow_hosts = ["127.0.0.1"]
[swarm]
enabled = false
{sites}
[alerts]
first_run = "each"
[[channels]]
name = "hook"
kind = "webhook"
url = "{web.url}/hook"
secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
[[routes]]
channels = ["hook"]
group_interval = "0s"
continue = true
{more}
""",
        "utf-8",
    )
    return load_config(folder / "leakwatch.toml")


def site(name: str, url: str, kind: str = "feed", more: str = "") -> str:
    """One site of a configuration, due every tenth of a second."""
    return f'[[sites]]\nname = "{name}"\nkind = "{kind}"\nurl = "{url}"\nevery = "100ms"\nmin_interval_s = 0.0\n{more}\n'


@asynccontextmanager
async def watching(config: Config, *assets: Asset) -> AsyncIterator[Daemon]:
    """The daemon at work."""
    async with running(config) as daemon:
        for asset in assets:
            await add_asset(asset, daemon.repository, datetime.now(UTC))
        working = asyncio.create_task(daemon.run())
        try:
            yield daemon
        finally:
            daemon.stopping.set()
            await working


async def until(holds: Callable[[], Awaitable[bool]] | Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something holds."""
    ends = asyncio.get_running_loop().time() + seconds
    while True:
        result = holds()
        if result if isinstance(result, bool) else await result:
            return
        assert asyncio.get_running_loop().time() < ends, "it did not come about in time"
        await asyncio.sleep(0.02)


async def polled(daemon: Daemon, name: str, times: int) -> None:
    """Wait until a site was read so many times more."""

    async def count() -> int:
        async with daemon.repository.reading() as work:
            return len(await work.sites.windows(name, 1000))

    wanted = await count() + times

    async def enough() -> bool:
        return await count() >= wanted

    await until(enough)


def offered(folder: Path) -> tuple[Asset, bytes, str]:
    """A work on this machine, a torrent of it, and the torrent's infohash."""
    data = random.Random(5).randbytes(300_000)
    (folder / "w.bin").write_bytes(data)
    file = fingerprint(Found("w.bin", folder / "w.bin"), lambda _: None)
    pieces = b"".join(
        hashlib.sha1(data[start : start + 65536]).digest() for start in range(0, len(data), 65536)
    )
    info = encode({b"length": len(data), b"name": b"w.bin", b"piece length": 65536, b"pieces": pieces})
    asset = replace(ASSET, files=(file,))
    return asset, b"d4:info" + info + b"e", hashlib.sha1(info).hexdigest()
