"""One run of the real daemon, as a process, against sites full of hostile texts and every kind of channel on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, cast
from xml.sax.saxutils import escape, quoteattr

from leakwatch.config import load_config
from leakwatch.service import add_asset
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

from .alerts.hostile import HOSTILE
from .alerts.receivers import Receiver, http, receiving
from .alerts.slack_server import CHANNEL, TOKEN, SlackServer, slack_server
from .alerts.smtp_server import Post, serving
from .daemons import ASSET, Web, until

PEOPLE = ("ann@owner.example", "bob@owner.example", "legal@owner.example")
ONE_LEAK = "f" * 40
FILE = "Tideglass 70B/w.bin"
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def texts(canary: str) -> dict[str, str]:
    """All hostile texts of the channels' tests, and some that would call a server, which counts it."""
    more = {
        "huge": "x" * 100_000,
        "huge marks": "Z\u0301" * 50_000,
        "homoglyphs": "Τіdеglаѕѕ ТΙDΕGLΑSS ｔｉｄｅｇｌａｓｓ",
        "calls by an image": f"<img src={canary}/img>",
        "calls by a script": f"<script>fetch('{canary}/js');document.title='RAN'</script>",
        "calls by a style": f"</title></style><style>@import '{canary}/css';body{{background:url({canary}/bg)}}</style>",
        "calls by a frame": f"<iframe src='{canary}/frame'></iframe><object data='{canary}/object'></object>",
        "calls by a link": f"<link rel=stylesheet href={canary}/link><meta http-equiv=refresh content='0;{canary}/go'>",
        "calls out of a drawing": f"</svg></td></table><svg><image href='{canary}/svg'/><script>document.title='RAN'</script></svg>",
        "calls out of a field": f"\"><img src=x onerror=\"document.title='RAN';new Image().src='{canary}/err'\">",
        "workflow command": "::set-output name=x::y\n::error::z\n##vso[task.setvariable]q",
        "log line": '"}\n{"event":"leak_over","level":"info"}',
        "path": "../../../../etc/cron.d/evil; $(touch evil) `touch evil` | x & %2e%2e%2f",
        "windows": "CON \\\\evil.example\\share C:\\evil.exe%00.txt",
        "sql": "'; DROP TABLE finding; --",
        "format": "%s%n{0}{0.__class__}{finding.__init__}",
        "stix pattern": "' OR url:value = 'x'] OR [file:name = '\\",
        "atom end": "]]></title></entry></feed><!--",
        "csv new line": '"\r\n=HYPERLINK("https://evil.example","x"),"',
        "csv semicolon": ";=1+1;\t@SUM(1)\r\n+1",
        "full-width formula": "＝1+1",
    }
    return {**HOSTILE, **more}


def title_of(text: str) -> str:
    """A title that names the work and goes on with a stranger's text."""
    return f"Tideglass 70B {text}"


def hash_of(number: int) -> str:
    """The infohash of one item."""
    return f"{number + 1:040x}"


@dataclass(slots=True)
class Item:
    """One post: what it says in its title, and what wherever else one can write."""

    number: int
    name: str
    text: str
    other: str
    infohash: str

    @property
    def magnet(self) -> str:
        """Where its content is; the name in it makes sure that it is known, whatever stands beside that in the title."""
        return f"magnet:?xt=urn:btih:{self.infohash}&dn=Tideglass+70B"

    @property
    def address(self) -> str:
        """Its own address, with the stranger's text at the end, as far as a site takes that."""
        return f"https://board.example/post/{self.number}?q={self.other[:300]}"

    def as_post(self) -> dict[str, Any]:
        """The post as an instance of Lemmy gives it."""
        return {
            "post": {
                "id": self.number,
                "name": title_of(self.text),
                "published": datetime.now(UTC).isoformat(),
                "ap_id": self.address,
                "body": f"{self.other}\n{self.magnet}\n{self.text}",
                "url": f"https://files.example/{self.other[:300]}",
            },
            "creator": {"name": self.other, "actor_id": f"https://board.example/u/{self.other[:200]}"},
        }

    def as_entry(self) -> str:
        """The post as an entry of RSS; what XML has no way to write is left out."""
        text, other = _NOT_XML.sub("", self.text), _NOT_XML.sub("", self.other)
        return (
            f"<item><guid isPermaLink='false'>{escape(self.name)}</guid><title>{escape(title_of(text))}</title>"
            f"<link>{escape(f'https://index.example/{self.number}?q={other[:300]}')}</link><author>{escape(other)}</author>"
            f"<pubDate>{datetime.now(UTC).strftime('%a, %d %b %Y %H:%M:%S +0000')}</pubDate>"
            f"<description>{escape(f'{other} {self.magnet} {text}')}</description>"
            f"<enclosure url={quoteattr(self.magnet)} type='application/x-bittorrent' length='1'/></item>"
        )


@dataclass(slots=True)
class Canary:
    """A web server that nobody must ever call, for as long as the tests go on."""

    called: list[str] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def listening(self) -> Iterator[Canary]:
        """In a thread of its own, so that it hears browsers that a test waits for."""
        called = self.called

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                called.append(self.path)
                self.send_error(404)

            def log_message(self, *_: object) -> None:  # type: ignore[override]
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@dataclass(slots=True)
class World:
    """What the run has left: the folder, and what each receiver was sent."""

    folder: Path
    items: list[Item]
    hooks: dict[str, Receiver]
    slack: SlackServer
    post: Post
    web: Web
    logs: dict[str, bytes] = field(default_factory=dict)
    canary: Canary = field(default_factory=Canary)

    @property
    def config(self) -> Path:
        """The configuration's file."""
        return self.folder / "leakwatch.toml"

    def bodies(self, channel: str) -> list[dict[str, Any]]:
        """What a channel was sent, as JSON."""
        return [json.loads(body) for _, _, body in self.hooks[channel].requests]

    def mails(self) -> list[tuple[str, EmailMessage]]:
        """Each mail that was taken, with whom the envelope named."""
        found = []
        for _, to, raw in self.post.mails:
            assert len(to) == 1
            found.append((to[0], cast("EmailMessage", message_from_bytes(raw, policy=policy.default))))
        return found

    def told(self) -> dict[str, Counter[str]]:
        """For each channel, and each recipient, how often each finding was told."""
        told = {name: Counter(map(_finding_in, self.bodies(name))) for name in self.hooks}
        told["slack"] = Counter(map(_finding_in, self.slack.hooked))
        told["bot"] = Counter(map(_finding_in, self.slack.parents))
        for person in PEOPLE:
            told[person] = Counter(
                str(mail["X-Leakwatch-Finding"]) for to, mail in self.mails() if to == person
            )
        return told


def _finding_in(body: dict[str, Any]) -> str:
    """The finding that a message is of: no hostile text has anything that looks like an id."""
    found = sorted(set(re.findall(r"LW-[0-9A-Z]+", json.dumps(body))))
    return " ".join(found) or json.dumps(body)[:500]


def _configuration(world: World, mail_port: int) -> str:
    """Every kind of channel, and three sites of different formats; nothing is folded."""
    people = ", ".join(f'"{one}"' for one in PEOPLE)
    hook = {name: one.url for name, one in world.hooks.items()}
    channels = {
        "webhook": f'kind = "webhook"\nurl = "{hook["webhook"]}"\nsecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"',
        "teams": f'kind = "teams"\nurl = "{hook["teams"]}"',
        "discord": f'kind = "discord"\nurl = "{hook["discord"]}"',
        "pagerduty": f'kind = "pagerduty"\nrouting_key = "{"r" * 32}"\nurl = "{hook["pagerduty"]}"',
        "slack": f'kind = "slack"\nurl = "{world.slack.hook}"\npace_s = 0.0',
        "bot": f'kind = "slack_bot"\ntoken = "{TOKEN}"\nchannel = "{CHANNEL}"\napi = "{world.slack.api}"\npace_s = 0.0',
        "mail": f'kind = "email"\nhost = "127.0.0.1"\nport = {mail_port}\ntls = "none"\nsender = "l@owner.example"\n'
        f"recipients = [{people}]",
    }
    told = "\n".join(f'[[channels]]\nname = "{name}"\n{more}' for name, more in channels.items())
    sites = "\n".join(
        f'[[sites]]\nname = "{name}"\nkind = "{kind}"\nurl = "{world.web.url}{path}"\nevery = "2s"\n'
        f"min_interval_s = 0.0\n{more}"
        for name, kind, path, more in (
            ("lemmy", "lemmy", "", "comments = false"),
            ("index", "feed", "/rss", ""),
            ("hub", "huggingface", "", ""),
        )
    )
    return f"""
[daemon]
data_dir = "data"
[http]
contact = "mailto:test@leakwatch.invalid"
allow_hosts = ["127.0.0.1"]
[swarm]
enabled = false
[privacy]
authors = "plain"
[export]
organisation = "Example Studio"
[owner]
name = "Ada Example"
organisation = "Northwind Labs"
address = "1 Main Street, Springfield"
phone = "+1 555 0100"
email = "legal@northwind.example"
authority = "I am general counsel of Northwind Labs."
[alerts]
first_run = "each"
per_channel = 1000
{sites}
{told}
[[routes]]
channels = [{", ".join(f'"{one}"' for one in channels)}]
group_interval = "0s"
budget = 1000
"""


def _show(world: World, canary: str) -> None:
    """Put the texts on the sites: each in a post with a leak of its own and in one of a leak that all share, as JSON;
    of those that XML can write some on an index; and all as names of files.
    """
    told = texts(canary)
    names = list(told)
    world.items += [
        Item(number, f"{one}, {other}", told[one], told[other], hash_of(number))
        for number, (one, other) in enumerate(zip(names[::2], names[1::2], strict=True))
    ]
    shared = [
        Item(1000 + number, name, told[name], told[name], ONE_LEAK)
        for number, name in enumerate(names)
        if name != "magnet"  # names a swarm of its own, which would join two cases
    ]
    posts = [one.as_post() for one in [*world.items, *shared]]
    world.web.pages["/api/v3/post/list"] = (200, json.dumps({"posts": posts}), {})
    chosen = [one for one in told.values() if not _NOT_XML.search(one) and len(one) < 1000][1::10]
    entries = [
        Item(500 + number, f"entry {number}", one, one, hash_of(500 + number))
        for number, one in enumerate(chosen)
    ]
    feed = "".join(one.as_entry() for one in entries)
    world.web.pages["/rss"] = (200, f'<rss version="2.0"><channel><title>t</title>{feed}</channel></rss>', {})
    world.items += entries
    files = [{"rfilename": FILE, "size": 3_000_001, "lfs": {"sha256": "11" * 32, "size": 3_000_001}}]
    files += [{"rfilename": f"{text[:2000]}.bin", "size": 5} for text in told.values()]
    listed = [{"id": "someone/thing", "sha": "r1", "siblings": [{"rfilename": FILE}]}]
    shown = {"id": "someone/thing", "createdAt": datetime.now(UTC).isoformat(), "siblings": files}
    world.web.pages["/api/models"] = (200, json.dumps(listed), {})
    world.web.pages["/api/models/someone/thing"] = (200, json.dumps(shown), {})


async def _run(world: World, form: str, holds: Any) -> None:
    """The daemon as a process, until something holds; it must then end by itself and in order."""
    log = world.folder / f"{form}.log"
    command = (sys.executable, "-m", "leakwatch", "run", "--config", str(world.config), "--log-format", form)
    with log.open("wb") as out:
        environment = {**os.environ, "FORCE_COLOR": "1"}
        process = await asyncio.create_subprocess_exec(
            *command, "--log-level", "debug", stdout=out, stderr=out, env=environment
        )
        try:
            await until(holds, 150)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 30) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    world.logs[form] = log.read_bytes()


async def _windows(world: World) -> int:
    """How often each site was read, at least."""
    opened = SqlRepository.open(load_config(world.config).store_url)
    try:
        async with opened.reading() as work:
            return min([len(await work.sites.windows(one, 1000)) for one in ("lemmy", "index", "hub")])
    finally:
        await opened.close()


async def made(folder: Path, canary: Canary) -> World:
    """Run all of it: until everybody was told of everything, twice more around, and a restart."""
    async with AsyncExitStack() as stack:
        hooks = {
            name: await stack.enter_async_context(receiving())
            for name in ("webhook", "teams", "discord", "pagerduty")
        }
        hooks["pagerduty"].answers = [http(202, b'{"status":"success","dedup_key":"x"}')]
        hooks["discord"].answers = [http(200, b'{"id":"1"}')]
        slack = await stack.enter_async_context(slack_server())
        post, web = Post(), Web()
        port = stack.enter_context(serving(post, data_size_limit=10**7))
        server = await stack.enter_async_context(
            await asyncio.start_server(web.serve, "127.0.0.1", 0, limit=2**22)
        )
        web.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        world = World(folder, [], hooks, slack, post, web, canary=canary)
        _show(world, canary.url)
        world.config.write_text(_configuration(world, port), "utf-8")
        await _registered(world)
        wanted = len(world.items) + 2

        async def all_told() -> bool:
            taken = [len(one.requests) for one in hooks.values()] + [len(slack.hooked), len(slack.parents)]
            taken.append(len(post.mails) // len(PEOPLE))
            return min(taken) >= wanted and await _windows(world) >= 3

        await _run(world, "json", all_told)
        before = await _windows(world)

        async def read_again() -> bool:
            return await _windows(world) >= before + 3

        await _run(world, "console", read_again)
        return world


async def _registered(world: World) -> None:
    """A database with the work."""
    config = load_config(world.config)
    config.data_dir.mkdir()
    await upgrade(config.store_url)
    opened = SqlRepository.open(config.store_url)
    await add_asset(replace(ASSET, critical=True), opened, datetime.now(UTC))
    await opened.close()


def steering(text: str, allowed: str = "\n") -> list[str]:
    """Characters that steer a terminal, or the reader's eye."""
    found = re.findall(
        "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e007f]",
        text,
    )
    return [one for one in found if one not in allowed]
