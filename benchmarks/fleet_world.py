"""A fleet of sites on many hosts of the loopback network, in a process of its own, with its own log of every request.

Each host is an address of 127.0.0.0/8 and carries several sites of mixed kinds. Items come at times that are drawn
before the start, so what a site shows at any moment is known. Faults are drawn by seed, site and number of the request.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import socket
import struct
import sys
import threading
import time
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fleet_markup import MARKUP
from fleet_pages import PAGES, Answer, Showing

_KINDS = (
    *("feed", "torznab", "feed", "imageboard", "mastodon", "torznab"),
    *("feed", "github", "lemmy", "feed", "torznab", "huggingface"),
    *("page", "reddit", "cardigann"),
)
_SHOW = {**PAGES, **MARKUP}
_WINDOWED = ("feed", "torznab", "lemmy", "page", "reddit", "cardigann")
_BEFORE = 60
_LAG_EVERY_S, _JUST_S = 0.02, 0.005
_FAULTS = ("500", "reset", "truncated")
_BOMB = gzip.compress(bytes(256 * 2**20), 9)
_NESTED = b"<html><body>" + b"<div>" * 200_000
_FOREVER = b"<rss><channel>" + b" " * 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What the fleet is.

    Pages have dates of whole seconds; where time is accelerated, these lie `speed` times as far apart as items come.
    Units: seconds, `drift_at` after the start; shares of requests.
    """

    sites: int
    hosts: int
    seconds: float
    item_every_s: float
    seed: int = 1
    faults: float = 0.02
    limited: float = 0.005
    slow: float = 0.01
    slow_s: float = 3.0
    retry_after_s: int = 15
    fetch_s: float = 0.0
    drift_at: float = 0.0
    drifting: int = 0
    bursting: int = 0
    burst_s: float = 1.0
    speed: float = 1.0
    hostile: bool = False


@dataclass(slots=True)
class Site:
    """One site: where it is, when each of its items comes, and how it is to go wrong."""

    name: str
    kind: str
    host: str
    times: list[float]
    dates: list[float] = field(default_factory=list[float])
    does: str = ""
    asked: int = 0


@dataclass(slots=True)
class Fleet:
    """All sites, and the log: one row a request."""

    spec: Spec
    sites: dict[str, Site] = field(default_factory=dict[str, Site])
    log: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    lags: list[float] = field(default_factory=list[float])
    ticked: float = 0.0
    began: float = 0.0

    def draw(self) -> None:
        """Draw sites and the times of their items; time runs from the first request on."""
        spec = self.spec
        for number in range(spec.sites):
            rng = random.Random(f"{spec.seed}:{number}")
            name = f"s{number:03d}"
            kind = _KINDS[(number // spec.hosts + number) % len(_KINDS)]
            host = f"127.0.{1 + number % spec.hosts // 200}.{1 + number % spec.hosts % 200}"
            self.sites[name] = Site(name, kind, host, self._times(rng))
        self._spoil()

    def _times(self, rng: random.Random) -> list[float]:
        """About sixty items before the start, then one now and then."""
        step = self.spec.item_every_s * rng.uniform(0.5, 2.0)
        at, times = -_BEFORE * step, list[float]()
        while at < self.spec.seconds:
            at += rng.expovariate(1 / step)
            times.append(at)
        return times

    def _spoil(self) -> None:
        """Choose the sites that drift, burst, or are hostile."""
        rng, spec = random.Random(f"{self.spec.seed}:spoil"), self.spec
        names = sorted(self.sites)
        rng.shuffle(names)
        for what in ("bomb", "endless", "nested") if spec.hostile else ():
            found = next(one for one in names if self.sites[one].kind == "feed" and not self.sites[one].does)
            self.sites[found].does = what
        whole = [one for one in names if not self.sites[one].does]
        for name in whole[: spec.drifting]:
            self.sites[name].does = "drift"
        windows = [one for one in whole[spec.drifting :] if self.sites[one].kind in _WINDOWED]
        for name in windows[: spec.bursting]:
            site, at = self.sites[name], rng.uniform(0.35, 0.75) * spec.seconds
            many = rng.choice((20, 60, 90, 400))
            site.does = "burst"
            spread = 0.8 * spec.burst_s / many
            site.times = sorted([*site.times, *(at + k * spread for k in range(many))])

    def begin(self) -> None:
        """From the first request on time runs."""
        self.began, ends = time.time(), time.time() + self.spec.seconds
        for site in self.sites.values():
            site.times = [self.began + at for at in site.times]
            # Boards are read by the seconds of their own clock; the others' clocks run as fast as the time here.
            speed = 1.0 if site.kind == "imageboard" else self.spec.speed
            site.dates = [ends - (ends - at) * speed for at in site.times]

    def lateness_s(self, now: float) -> float:
        """How late this process may be with what it logs now: its watch has not ticked in time, or just did so late."""
        since = now - self.ticked
        return max(since - _LAG_EVERY_S, self.lags[-1] if self.lags and since < _JUST_S else 0.0, 0.0)

    def write(self, target: Path) -> dict[str, Any]:
        """The log and the truth as JSON; `requests` says how many rows."""
        lags = sorted(self.lags) or [0.0]
        told = {
            "began": self.began,
            "lag_p99_s": lags[len(lags) * 99 // 100],
            "log": self.log,
            "sites": {n: asdict(s) for n, s in self.sites.items()},
        }
        target.write_text(json.dumps(told), "utf-8")
        return {"requests": len(self.log)}

    def fault(self, site: Site) -> str:
        """What goes wrong with this request, if anything."""
        spec = self.spec
        if site.does in ("bomb", "endless", "nested"):
            return site.does
        drawn = random.Random(f"{spec.seed}:{site.name}:{site.asked}").random()
        if drawn < spec.faults:
            return _FAULTS[site.asked % len(_FAULTS)]
        if drawn < spec.faults + spec.limited:
            return "429"
        return "slow" if drawn < spec.faults + spec.limited + spec.slow else ""

    def answer(self, site: Site, path: str, query: Mapping[str, str]) -> Answer:
        """What the site shows now."""
        now = time.time()
        is_drifted = site.does == "drift" and now - self.began >= self.spec.drift_at
        visible = bisect_right(site.times, now)
        shown = Showing(site.name, site.host, site.dates, visible, is_drifted=is_drifted)
        return replace(_SHOW[site.kind](shown, path, query), visible=visible)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: requests until it ends."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await self._one(head, writer)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        at, target = time.time(), head.split(b" ", 2)[1].decode()
        fields = dict(
            line.lower().split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:] if ": " in line
        )
        parts = urlsplit(target)
        name, _, path = parts.path.lstrip("/").partition("/")
        host = writer.get_extra_info("sockname")[0]
        row: dict[str, Any] = {"at": at, "host": host, "site": name, "path": path, "does": "", "status": 404}
        row["late"] = self.lateness_s(at)
        self.log.append(row)
        site = self.sites.get(name)
        if site is None:
            await asyncio.sleep(self.spec.fetch_s)
            writer.write(_head(404, 0))
            await _drained(writer, row)
            return
        if not self.began:
            self.begin()
        site.asked += 1
        row["does"] = self.fault(site)
        answer = self.answer(site, path, dict(parse_qsl(parts.query)))
        row |= {"step": answer.step, "drifted": answer.is_drifted, "visible": answer.visible}
        if self.spec.fetch_s or row["does"] == "slow":
            await asyncio.sleep(max(self.spec.fetch_s, self.spec.slow_s if row["does"] == "slow" else 0.0))
        await self._send(writer, row, answer, fields)

    async def _send(
        self, writer: asyncio.StreamWriter, row: dict[str, Any], answer: Answer, asked: Mapping[str, str]
    ) -> None:
        does, body = row["does"], answer.body
        if does in ("reset", "truncated", "endless"):
            await _broken(writer, row, body)
            return
        more = [f"etag: {answer.etag}"] if answer.etag else []
        row["status"] = 200
        if does in ("500", "429"):
            row["status"], body = int(does), b"no"
            more = [f"retry-after: {self.spec.retry_after_s}"] if does == "429" else []
        elif does == "bomb":
            body, more = _BOMB, ["content-encoding: gzip"]
        elif does == "nested":
            body, more = _NESTED, ["content-type: text/html"]
        elif answer.etag and asked.get("if-none-match") == answer.etag:
            row["status"], body = 304, b""
        else:
            row["items"] = answer.items
            more += [f"link: {answer.link}"] if answer.link else []
            more.append(f"content-type: {answer.mime}")
        writer.write(_head(row["status"], len(body), *more) + body)
        await _drained(writer, row)


def _head(status: int, length: int, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status} .", f"content-length: {length}", "cache-control: no-cache", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _drained(writer: asyncio.StreamWriter, row: dict[str, Any]) -> None:
    try:
        await writer.drain()
    finally:
        row["ended"] = time.time()


async def _broken(writer: asyncio.StreamWriter, row: dict[str, Any], body: bytes) -> None:
    """An answer that does not end as it should: a reset, half a body, or a body without an end."""
    row["status"] = 0
    try:
        if row["does"] == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        elif row["does"] == "truncated":
            writer.write(_head(200, len(body)) + body[: len(body) // 2])
            await writer.drain()
        else:
            writer.write(b"HTTP/1.1 200 .\r\ncontent-type: text/xml\r\n\r\n")
            while True:
                writer.write(_FOREVER)
                await writer.drain()
                await asyncio.sleep(0.05)
    finally:
        row["ended"] = time.time()
        writer.close()


async def _watch_lag(fleet: Fleet) -> None:
    """How late this process itself is: its log is no more exact than that."""
    while True:
        before = time.time()
        await asyncio.sleep(_LAG_EVERY_S)
        fleet.ticked = time.time()
        fleet.lags.append(fleet.ticked - before - _LAG_EVERY_S)


async def _listen(fleet: Fleet, ready: threading.Event, port: list[int]) -> None:
    hosts = sorted({site.host for site in fleet.sites.values()})
    with socket.socket() as probe:
        probe.bind((hosts[0], 0))
        port.append(probe.getsockname()[1])
    server = await asyncio.start_server(fleet.serve, hosts, port[0], backlog=256)
    ready.set()
    await asyncio.gather(server.serve_forever(), _watch_lag(fleet))


def main() -> None:
    """Say the port and the sites; then answer `began` and `write FILE` until stdin ends."""
    fleet, ready, port = Fleet(Spec(**json.loads(sys.argv[1]))), threading.Event(), list[int]()
    fleet.draw()
    threading.Thread(target=lambda: asyncio.run(_listen(fleet, ready, port)), daemon=True).start()
    if not ready.wait(20):
        raise SystemExit("no port")
    sites = {
        site.name: {"kind": site.kind, "host": site.host, "does": site.does} for site in fleet.sites.values()
    }
    print(json.dumps({"port": port[0], "sites": sites}), flush=True)
    for line in sys.stdin:
        what, _, where = line.strip().partition(" ")
        print(json.dumps(fleet.write(Path(where)) if what == "write" else {"began": fleet.began}), flush=True)


if __name__ == "__main__":
    main()
