"""Sites that answer badly, read by the real daemon: what is wrong is named and bounded, and no other site suffers."""

from __future__ import annotations

import asyncio
import functools
import gzip
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from leakwatch.config import load_config
from leakwatch.crawl.fetcher import HttpFetcher
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.service import list_findings

from .daemons import ASSET, MAGNET, until, watching
from .everywhere import DEFINITION, RSS

LEAK = f"<item><guid>1</guid><title>Tideglass 70B</title><description>{MAGNET}</description></item>"
GOOD = RSS.format(items=LEAK).encode()
DEEP = "<b>" * 300_000
ROW = '<li class="row"><a href="/item/1">a garden</a></li>'
KINDS = {
    "feed": "",
    "page": 'rows = "li.row"\ntitle = "a"\nlink = "a"\n',
    "cardigann": 'definition = "lantern.yml"\n',
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent behind the status line. With `drip_s` the end of the body comes again after such a pause, for ever."""

    body: bytes = b""
    head: str = ""
    length: int | None = None
    drip_s: float | None = None


def whole(kind: str, title: str = "a garden", inside: str = "") -> str:
    """A good answer of a kind with fifty items, whose titles are these."""
    if kind == "feed":
        items = "".join(f"<item><guid>{n}</guid><title>{title} {n}</title></item>" for n in range(50))
        return RSS.format(items=f"<item><guid>x</guid><description>{inside}</description></item>{items}")
    rows = "".join(f'<li class="row"><a href="/item/{n}">{title} {n}</a></li>' for n in range(50))
    return f"<html><body>{inside}<ul>{rows}</ul></body></html>"


def charset(claimed: str, true: str, title: str) -> Callable[[str], Answer]:
    """An answer that claims another charset than it has."""
    return lambda kind: Answer(
        whole(kind, title).encode(true), f"Content-Type: text/html; charset={claimed}\r\n"
    )


BAD: dict[str, tuple[Callable[[str], Answer], str]] = {
    "truncated": (lambda kind: Answer(whole(kind)[:500].encode(), length=5000), "broke off"),
    "mislabelled": (
        lambda _: Answer(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "Content-Type: image/png\r\n"),
        "expected RSS|nothing on .*is found by 'li.row'|nothing on the page is a row",
    ),
    "packed": (
        lambda kind: Answer(whole(kind).encode(), "Content-Encoding: gzip\r\n"),
        "not the gzip stream it claims",
    ),
    "bomb": (
        lambda _: Answer(gzip.compress(b"<a>" * 5_000_000, 9), "Content-Encoding: gzip\r\n"),
        "inflates more than 200 times",
    ),
    "enormous": (lambda kind: Answer(whole(kind).encode() + b" " * 3_000_000), "longer than 2000000 bytes"),
    "endless": (lambda kind: Answer(whole(kind)[:-20].encode(), drip_s=0.05), "before the deadline"),
    "nested": (lambda kind: Answer(whole(kind, inside=DEEP).encode()), "nested more than 512 deep"),
    "empty": (lambda _: Answer(), "an empty body"),
    "contradictory": (
        lambda kind: Answer(whole(kind).encode(), "Transfer-Encoding: chunked\r\n", length=5),
        "broke off or is not HTTP",
    ),
}
"""Answers that cannot be read, and what the coverage window must say of them."""
ODD: dict[str, Callable[[str], Answer]] = {
    "cyrillic": charset("utf-8", "windows-1251", "сад"),
    "wide": charset("iso-8859-1", "utf-16", "сад"),
    "japanese": charset("us-ascii", "shift_jis", "庭"),
    "unknown": charset("x-nobody-knows", "utf-8", "сад"),
    "seven": charset("utf-7", "utf-8", "+AD4- сад"),
}
"""Answers with another charset than they claim: every item must be there."""


@dataclass(slots=True)
class Sites:
    """One server for all hosts: `good.test` answers well, the others as their names say. When each was asked."""

    kind: str
    port: int = 0
    asked: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            name = head.lower().partition("host: ")[2].partition(".test")[0]
            if head.split(" ")[1] == "/robots.txt":
                writer.write(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            self.asked.setdefault(name, []).append(asyncio.get_running_loop().time())
            told = self.answer(name)
            length = len(told.body) if told.length is None else told.length
            size = "" if told.drip_s is not None else f"Content-Length: {length}\r\n"
            writer.write(
                f"HTTP/1.1 200 OK\r\nConnection: close\r\n{size}{told.head}\r\n".encode() + told.body
            )
            await writer.drain()
            while told.drip_s is not None:
                await asyncio.sleep(told.drip_s)
                writer.write(told.body[-200:])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, name: str) -> Answer:
        """What a host says."""
        if name == "good":
            return Answer(GOOD)
        return BAD[name][0](self.kind) if name in BAD else ODD[name](self.kind)


@asynccontextmanager
async def served(kind: str) -> AsyncIterator[Sites]:
    """The server, on loopback."""
    sites = Sites(kind)
    server = await asyncio.start_server(sites.serve, "127.0.0.1", 0)
    sites.port = server.sockets[0].getsockname()[1]
    async with server:
        yield sites


def configured(folder: Path, sites: Sites) -> Path:
    """A configuration with the good site, a feed, and all bad ones, of one kind."""
    (folder / "lantern.yml").write_text(DEFINITION, "utf-8")
    names = ["good", *BAD, *ODD]
    hosts = ", ".join(f'"{name}.test"' for name in names)
    told = '[daemon]\ndata_dir = "data"\n[swarm]\nenabled = false\n[http]\ncontact = "mailto:a@b.example"\n'
    told += f"allow_hosts = [{hosts}]\nraw_cap_bytes = 2000000\ndecoded_cap_bytes = 4000000\ntotal_deadline_s = 2\n"
    for name in names:
        kind = "feed" if name == "good" else sites.kind
        told += (
            f'[[sites]]\nname = "{name}"\nkind = "{kind}"\nurl = "http://{name}.test:{sites.port}/"\n'
            f'every = "300ms"\nmin_interval_s = 0.0\n{KINDS[kind]}'
        )
    (folder / "leakwatch.toml").write_text(told, "utf-8")
    return folder / "leakwatch.toml"


async def _here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


@pytest.mark.parametrize("kind", list(KINDS))
async def test_bad_answers_are_named_and_cost_a_good_site_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Each bad answer ends in time with a verdict and words; odd ones are read; the good site keeps its pace, and its leak is found."""
    monkeypatch.setattr("leakwatch.daemon.opening.HttpFetcher", functools.partial(HttpFetcher, resolve=_here))
    windows: dict[str, list[CoverageWindow]] = {}
    async with served(kind) as sites, watching(load_config(configured(tmp_path, sites)), ASSET) as daemon:

        async def enough() -> bool:
            async with daemon.repository.reading() as work:
                for name in daemon.sites:
                    windows[name] = (await work.sites.windows(name, 100))[::-1]
            return len(windows["good"]) >= 12 and all(windows.values())

        await until(enough, 60)
        assert [one.asset for one in await list_findings(daemon.repository)] == [ASSET.id]
    for name, (_, told) in BAD.items():
        first = windows[name][0]
        assert not first.verdict.covers, name
        assert re.search(told, first.detail or ""), (name, first.detail)
        assert (first.ended_at - first.started_at).total_seconds() < 15, name
    assert {name: windows[name][0].items for name in ODD} == dict.fromkeys(ODD, 51 if kind == "feed" else 50)
    assert {one.verdict for one in windows["good"]} <= {Coverage.OK, Coverage.UNCHANGED}
    pauses = sorted(later - sooner for sooner, later in pairwise(sites.asked["good"]))
    assert pauses[len(pauses) // 2] < 0.6, pauses
