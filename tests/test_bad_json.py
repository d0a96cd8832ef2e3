"""JSON interfaces that answer badly, read by the real daemon: named, bounded, survived, and no other site suffers."""

from __future__ import annotations

import asyncio
import functools
import gzip
import json
import re
import ssl
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import trustme
from structlog.testing import capture_logs

from leakwatch.config import load_config
from leakwatch.crawl.fetcher import HttpFetcher
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.service import list_findings

from .daemons import ASSET, until, watching
from .test_bad_sites import GOOD, Answer

KINDS = {
    "github": 'repositories = ["acme/tools"]\nstreams = ["issues"]\n',
    "huggingface": 'repositories = ["models"]\n',
    "mastodon": 'token = "key"\n',
    "reddit": 'subreddits = ["acme"]\napp = "key"\nweb_url = "URL"\n',
    "discourse": "",
    "lemmy": "",
    "imageboard": 'boards = ["g"]\n',
}


def wrapped(kind: str, items: list[Any]) -> Any:
    """An answer of the kind's shape with these items."""
    if kind == "reddit":
        return {
            "kind": "Listing",
            "data": {"children": [{"kind": "t3", "data": one} for one in items], "after": None},
        }
    if kind == "discourse":
        return {"latest_posts": items}
    if kind == "lemmy":
        return {"posts": items, "comments": items}
    return [{"page": 1, "threads": items}] if kind == "imageboard" else items


NAMES = "id number no name title html_url url uri content raw body created_at created_utc modelId lastModified post account author"
ABSURD = [-1, 10**300, 1e999, "", "\ud800\x00", "x" * 20_000, [], {}, [[[]]], {"a": {"a": {}}}, True]
WORDS = '{"title": "сад", "posts": ["сад"]}'

BAD: dict[str, tuple[Any, str]] = {
    "truncated": (lambda kind: Answer(_json(wrapped(kind, [])), length=5000), "broke off"),
    "cut": (lambda kind: Answer(_json(wrapped(kind, [{"a": "b"}]))[:-2]), "expected JSON"),
    "mislabelled": (
        lambda _: Answer(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "Content-Type: application/json\r\n"),
        "expected JSON",
    ),
    "page": (lambda _: Answer(b"<html><body>a garden</body></html>"), "expected JSON|got an HTML page"),
    "charset": (
        lambda _: Answer(WORDS.encode("windows-1251"), "Content-Type: application/json; charset=utf-8\r\n"),
        "expected JSON",
    ),
    "deep": (lambda _: Answer(b"[" * 500_000), "expected JSON"),
    "shut": (lambda _: Answer(b"[" * 500_000 + b"]" * 500_000), "expected JSON"),
    "digits": (lambda _: Answer(b"[" + b"9" * 100_000 + b"]"), "expected JSON"),
    "endless": (lambda _: Answer(b"[" + b"1," * 200, drip_s=0.05), "before the deadline"),
    "enormous": (
        lambda kind: Answer(_json(wrapped(kind, [])) + b" " * 3_000_000),
        "longer than 2000000 bytes",
    ),
    "bomb": (
        lambda _: Answer(gzip.compress(b" " * 15_000_000, 9), "Content-Encoding: gzip\r\n"),
        "inflates more than 200 times",
    ),
    "empty": (lambda _: Answer(), "an empty body"),
    "null": (lambda _: Answer(b"null"), "."),
    "error": (lambda _: Answer(b'{"error": "too many", "ok": true}'), "."),
    "text": (lambda _: Answer(b'"a garden"'), "."),
    "items": (lambda kind: Answer(_json(wrapped(kind, [None, 1, "x", [[]], {}, {"id": None}]))), "."),
}
"""What is sent, and what the coverage window must say of it; what is no good answer covers nothing."""
ODD: dict[str, Any] = {
    "absurd": lambda kind: Answer(
        _json(wrapped(kind, [dict.fromkeys(NAMES.split(), value) for value in ABSURD]))
    ),
    "twice": lambda kind: Answer(_json(wrapped(kind, [])) + b" " * 100_000),
}
"""What may be read or not, as long as nothing breaks."""


def _json(told: Any) -> bytes:
    return json.dumps(told).encode()


class Sites:
    """One server for all hosts, `KIND-ANSWER.test`; `good.test` answers well. When it was asked."""

    def __init__(self) -> None:
        self.good: list[float] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            told = self.answer(head)
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

    def answer(self, head: str) -> Answer:
        """What a host says."""
        name = head.lower().partition("host: ")[2].partition(".test")[0]
        if "/robots.txt" in head:
            return Answer(b"User-agent: *\nAllow: /\n")
        if "access_token" in head:
            return Answer(b'{"access_token": "0123456789", "expires_in": 3600}')
        if name == "good":
            self.good.append(asyncio.get_running_loop().time())
            return Answer(GOOD)
        kind, _, answer = name.partition("-")
        return BAD[answer][0](kind) if answer in BAD else ODD[answer](kind)


def configured(folder: Path, port: int, tls_port: int) -> Path:
    """A good feed, and each kind with each answer; Reddit's tokens want TLS."""
    names = [f"{kind}-{answer}" for kind in KINDS for answer in (*BAD, *ODD)]
    hosts = ", ".join(f'"{name}.test"' for name in ("good", *names))
    told = '[daemon]\ndata_dir = "data"\n[swarm]\nenabled = false\n[secrets]\nkey = "me:0123456789"\n'
    told += f'[http]\ncontact = "mailto:a@b.example"\nallow_hosts = [{hosts}]\nraw_cap_bytes = 2000000\n'
    told += "decoded_cap_bytes = 4000000\ntotal_deadline_s = 5\n"
    told += f'[[sites]]\nname = "good"\nkind = "feed"\nurl = "http://good.test:{port}/"\nevery = "300ms"\nmin_interval_s = 0.0\n'
    for name in names:
        kind = name.partition("-")[0]
        url = f"https://{name}.test:{tls_port}" if kind == "reddit" else f"http://{name}.test:{port}"
        told += f'[[sites]]\nname = "{name}"\nkind = "{kind}"\nurl = "{url}"\nevery = "1h"\nmin_interval_s = 0.0\n'
        told += KINDS[kind].replace("URL", url)
    (folder / "leakwatch.toml").write_text(told, "utf-8")
    return folder / "leakwatch.toml"


async def _here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


async def test_bad_answers_are_named_and_cost_a_good_site_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind meets each bad answer: a verdict and words in time, nothing crashes, and the good site keeps its pace."""
    authority, sites = trustme.CA(), Sites()
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    names = [f"reddit-{answer}.test" for answer in (*BAD, *ODD)]
    authority.issue_cert(*names).configure_cert(server_tls)
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    door = functools.partial(HttpFetcher, resolve=_here, tls=tls)
    monkeypatch.setattr("leakwatch.daemon.opening.HttpFetcher", door)
    windows: dict[str, list[CoverageWindow]] = {}
    plain = await asyncio.start_server(sites.serve, "127.0.0.1", 0)
    secure = await asyncio.start_server(sites.serve, "127.0.0.1", 0, ssl=server_tls)
    ports = (plain.sockets[0].getsockname()[1], secure.sockets[0].getsockname()[1])
    with capture_logs() as logs:
        async with plain, secure, watching(load_config(configured(tmp_path, *ports)), ASSET) as daemon:

            async def enough() -> bool:
                async with daemon.repository.reading() as work:
                    for name in daemon.sites:
                        windows[name] = (await work.sites.windows(name, 100))[::-1]
                return len(windows["good"]) >= 20 and all(windows.values())

            await until(enough, 120)
            assert [one.asset for one in await list_findings(daemon.repository)] == [ASSET.id]
    assert [one for one in logs if one["event"] in ("job_crashed", "job_failed", "poll_failed")] == []
    for kind in KINDS:
        for answer, (_, told) in BAD.items():
            first = windows[f"{kind}-{answer}"][0]
            assert not first.verdict.covers, (kind, answer, first)
            assert re.search(told, first.detail or ""), (kind, answer, first.detail)
    assert all((w[0].ended_at - w[0].started_at).total_seconds() < 20 for w in windows.values())
    assert {one.verdict for one in windows["good"]} <= {Coverage.OK, Coverage.UNCHANGED}
    pauses = sorted(later - sooner for sooner, later in pairwise(sites.good))
    assert pauses[len(pauses) // 2] < 0.8, pauses
