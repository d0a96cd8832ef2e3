"""One run of the daemon that is killed and started again, and what its channels received.

A loopback world shows three leaks one after the other, each with a torrent that proves it. The daemon is a process
of its own with an ordinary configuration: a Slack-shaped webhook, a signed webhook and a mail server with two
recipients. `judge` compares what arrived with what there was to tell.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import uvicorn
from aiosmtpd.controller import Controller
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from leakwatch.assetfiles import Found, fingerprint
from leakwatch.demo.sinks import HOOK_PATH, SLACK_PATH, Arrival, Sinks
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.service import add_asset
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.torrent.bencode import encode

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
WORKS = ("Tideglass Meridian", "Northwind Halcyon", "Umbral Cartography")
RECIPIENTS = ("first@example.org", "second@example.org")
_PROGRAM = (sys.executable, str(Path(__file__).with_name("dying.py")))
_SETTLED_S, _LOOK_S = 0.8, 0.1
_WAITING = ("pending", "leased", "retry", "uncertain")
_SAID = {"possible leak on ": "opened", "proved": "verdict:proved"}
"""How a headline begins that tells of each."""


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@dataclass(slots=True)
class Leak:
    """A work on this machine, and a torrent of it."""

    asset: Asset
    torrent: bytes
    infohash: str

    @classmethod
    def make(cls, title: str, folder: Path, part: str = "") -> Leak:
        """Random bytes that stand for the work, or a part of it."""
        name = f"{title.lower().replace(' ', '-')}{part}.bin"
        data = random.Random(title + part).randbytes(300_000)
        (folder / name).write_bytes(data)
        file: AssetFile = fingerprint(Found(name, folder / name), lambda _: None)
        pieces = b"".join(hashlib.sha1(data[at : at + 65536]).digest() for at in range(0, len(data), 65536))
        info = encode(
            {b"length": len(data), b"name": name.encode(), b"piece length": 65536, b"pieces": pieces}
        )
        ident = AssetId(title.split(maxsplit=1)[0].lower())
        asset = Asset(id=ident, title=title, critical=True, files=(file,))
        return cls(asset, b"d4:info" + info + b"e", hashlib.sha1(info).hexdigest())


class World:
    """The index that shows the leaks, and the channels; both live on when the daemon dies."""

    def __init__(self, folder: Path, leaks: Sequence[Leak]) -> None:
        self.leaks, self.shown = leaks, 1
        self.sinks = Sinks(folder, time.time, SECRET)
        routes = [
            Route("/rss.xml", self._feed),
            Route("/torrents/{number:int}.torrent", self._torrent),
            *self.sinks.routes(),
        ]
        settings = uvicorn.Config(Starlette(routes=routes), port=0, log_level="error", lifespan="off")
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self.url, self.mail_port = "", free_port()
        self.now = format_datetime(datetime.now(UTC))
        self._mail = Controller(_Mail(self.sinks), hostname="127.0.0.1", port=self.mail_port)

    def start(self) -> None:
        """Listen on loopback."""
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._mail.start()

    def stop(self) -> None:
        """Listen no more."""
        self._mail.stop()
        self._server.should_exit = True
        self._thread.join(10)

    async def _feed(self, _: Request) -> Response:
        items = "".join(
            f"<item><guid>{n}</guid><title>{leak.asset.title} full</title><pubDate>{self.now}</pubDate>"
            f'<enclosure url="{self.url}/torrents/{n}.torrent" type="application/x-bittorrent" length="1"/>'
            f"<description>all of it</description></item>"
            for n, leak in enumerate(self.leaks[: self.shown])
        )
        text = f'<rss version="2.0"><channel><title>index</title>{items}</channel></rss>'
        return Response(text, media_type="application/rss+xml")

    async def _torrent(self, request: Request) -> Response:
        number = request.path_params["number"]
        if number >= len(self.leaks):
            return PlainTextResponse("nothing here", 404)
        return Response(self.leaks[number].torrent, media_type="application/x-bittorrent")


class _Mail:
    def __init__(self, sinks: Sinks) -> None:
        self._sinks = sinks

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        return await self._sinks.handle_DATA(server, session, envelope)


@dataclass(slots=True)
class Outcome:
    """What came of one run: what is missing, what was told twice, and how often it was killed."""

    kills: int = 0
    steps: list[str] = field(default_factory=list[str])
    lost: list[str] = field(default_factory=list[str])
    repeated: Counter[str] = field(default_factory=Counter[str])
    messages: int = 0
    problems: list[str] = field(default_factory=list[str])

    @property
    def is_kept(self) -> bool:
        """Whether the promise held: nothing lost, nothing doubled where there is a key, one a kill on the others."""
        loose = max(self.repeated["slack"], self.repeated["mail"])
        return not (self.lost or self.problems or self.repeated["hook"]) and loose <= self.kills


def configuration(world: World, poll: str = "150ms") -> str:
    """An ordinary configuration."""
    routes = '[[routes]]\nchannels = ["slack", "mail", "hook"]\n'
    return f"""
[daemon]
data_dir = "data"
[http]
contact = "mailto:watch@example.org"
allow_hosts = ["127.0.0.1"]
[swarm]
enabled = false
[[sites]]
name = "index"
kind = "feed"
url = "{world.url}/rss.xml"
every = "{poll}"
min_interval_s = 0.0
[[channels]]
name = "slack"
kind = "slack"
url = "{world.url}{SLACK_PATH}"
[[channels]]
name = "hook"
kind = "webhook"
url = "{world.url}{HOOK_PATH}"
secret = "{SECRET}"
[[channels]]
name = "mail"
kind = "email"
host = "127.0.0.1"
port = {world.mail_port}
tls = "none"
sender = "leakwatch@example.org"
recipients = ["{RECIPIENTS[0]}", "{RECIPIENTS[1]}"]
{routes}"""


class Trial:
    """One world and one data folder, in which the daemon is started as often as it is killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.leaks = [Leak.make(title, folder) for title in WORKS]
        self.world = World(folder, self.leaks)
        self.config = folder / "leakwatch.toml"
        self.steps = folder / "steps.log"
        self.kills = 0

    @contextmanager
    def running(self) -> Iterator[Trial]:
        """The world, with the assets registered."""
        self.world.start()
        try:
            self.config.write_text(configuration(self.world), "utf-8")
            (self.folder / "data").mkdir(exist_ok=True)
            asyncio.run(self._register())
            yield self
        finally:
            self.world.stop()

    async def _register(self) -> None:
        url = f"sqlite:///{self.folder / 'data' / 'leakwatch.db'}"
        await upgrade(url)
        repository = SqlRepository.open(url)
        for leak in self.leaks:
            await add_asset(replace(leak.asset, files=leak.asset.files), repository, datetime.now(UTC))
        await repository.close()

    def start(self, die_at: str = "") -> subprocess.Popen[bytes]:
        """The daemon, which kills itself at a step, if one is named."""
        told = {"STEPS": str(self.steps), "DIE_AT": die_at}
        with (self.folder / "daemon.log").open("ab") as log:
            command = [*_PROGRAM, "run", "-c", str(self.config)]
            return subprocess.Popen(command, env=os.environ | told, stdout=log, stderr=log, cwd=self.folder)

    def play(self, die_at: str = "", seconds: float = 60.0, kill_after: Sequence[float] = ()) -> Outcome:
        """Run until all is told: with a death at a step, or kills so many seconds after each start."""
        ends, kills = time.monotonic() + seconds, list(kill_after)
        daemon, began, settled_since = self.start(die_at), time.monotonic(), 0.0
        outcome = Outcome()
        while time.monotonic() < ends:
            time.sleep(_LOOK_S)
            if kills and time.monotonic() - began > kills[0]:
                kills.pop(0)
                daemon.kill()
            if daemon.poll() is not None:
                if daemon.returncode != -signal.SIGKILL:
                    outcome.problems.append(f"the daemon ended by itself ({daemon.returncode})")
                    break
                self.kills += 1
                daemon, began, settled_since = self.start(), time.monotonic(), 0.0
            if not self._is_settled():
                settled_since = 0.0
            elif self.world.shown < len(self.leaks):
                self.world.shown += 1
            elif not kills:
                settled_since = settled_since or time.monotonic()
                if time.monotonic() - settled_since > _SETTLED_S:
                    break
        else:
            outcome.problems.append(f"not settled in {seconds} s: {self._state()}")
        if daemon.poll() is None:
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                outcome.problems.append("the daemon does not stop")
                daemon.kill()
        outcome.kills = self.kills
        return self.judge(outcome)

    def _is_settled(self) -> bool:
        """Whether every leak that is shown is proved, and nothing waits to be sent."""
        told = self._state()
        return told["proved"] >= self.world.shown and not told["waiting"]

    def _state(self) -> dict[str, int]:
        with closing(sqlite3.connect(self.folder / "data" / "leakwatch.db", timeout=10)) as database:
            proved = database.execute("SELECT count(*) FROM finding WHERE verdict = 'proved'").fetchone()[0]
            marks = ",".join("?" * len(_WAITING))
            waiting = database.execute(f"SELECT count(*) FROM outbox WHERE state IN ({marks})", _WAITING)
            held = database.execute("SELECT count(*) FROM announcement WHERE state = 'waiting'").fetchone()[0]
            return {"proved": proved, "waiting": waiting.fetchone()[0] + held}

    def judge(self, outcome: Outcome) -> Outcome:
        """What the channels received against what the database says there was to tell."""
        with closing(sqlite3.connect(self.folder / "data" / "leakwatch.db", timeout=10)) as database:
            rows = database.execute("SELECT channel, key, state, finding_id FROM outbox").fetchall()
            findings = {one for (one,) in database.execute("SELECT id FROM finding WHERE state != 'merged'")}
            database.execute("PRAGMA integrity_check")
        arrived = self.world.sinks.arrivals
        outcome.messages = len(arrived)
        outcome.steps = self.steps.read_text().splitlines() if self.steps.exists() else []
        keys = {
            channel: Counter(_key(one) for one in arrived if one.channel == channel)
            for channel in ("slack", "mail", "hook")
        }
        for channel, key, state, finding in rows:
            if state != "sent":
                outcome.problems.append(f"{channel} {finding} is {state}")
            if not any(key.startswith(one) or one.startswith(key[:16]) for one in keys[channel]):
                outcome.lost.append(f"{channel} {finding} {key[:16]}")
        for channel, seen in keys.items():
            outcome.repeated[channel] = 0 if channel == "hook" else sum(seen.values()) - len(seen)
        if len(findings) != len(self.leaks):
            outcome.problems.append(f"{len(findings)} findings of {len(self.leaks)} leaks")
        told = told_by_hook(self.world.sinks.arrivals, self.folder)
        for finding in findings:
            contents = [content for (one, content), count in told.items() if one == finding]
            if not any(one == "opened" for one in contents) or "verdict:proved" not in contents:
                outcome.lost.append(f"hook {finding} says only {sorted(contents)}")
        outcome.repeated["hook"] = sum(count - 1 for count in told.values())
        return outcome


def told_by_hook(arrivals: Sequence[Arrival], folder: Path) -> Counter[tuple[str, str]]:
    """How often each event of a finding was told by the webhook, under different ids."""
    seen: set[tuple[str, str, str]] = set()
    if not any(one.channel == "hook" for one in arrivals):
        return Counter()
    for line in (folder / "arrivals" / "hook.jsonl").read_text("utf-8").splitlines():
        message = json.loads(line)
        data = message["body"]["data"]
        for one in data.get("entries", [data]):
            for content in _contents(one):
                seen.add((message["headers"]["webhook-id"], one["finding"], content))
    return Counter((finding, content) for _, finding, content in seen)


def _contents(told: Mapping[str, str]) -> Iterator[str]:
    """What one message says happened; of several news in one it is its headline that says so."""
    if not told["content"].startswith("fold:"):
        yield from told["content"].split(" + ")
        return
    for change in told["headline"].partition(": ")[2].split("; "):
        yield next((name for words, name in _SAID.items() if change.startswith(words)), change)


def _key(arrival: Arrival) -> str:
    """The first characters of the delivery's key, as the channel carries them."""
    told = arrival.key
    if arrival.channel == "hook":
        return told.removeprefix("msg_")[:16]
    if arrival.channel == "mail":
        return told.lstrip("<")[:16]
    return told.rpartition(" ")[2][:16]
