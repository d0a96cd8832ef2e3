"""What tests of channels share: alerts of every kind, texts of hostile people, a server on loopback with faults."""

from __future__ import annotations

import asyncio
import re
import ssl
import unicodedata
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.model.alert import (
    Alert,
    BlindSite,
    Delivery,
    DigestAlert,
    DigestEvent,
    Place,
    SiteAlert,
    SiteEvent,
)
from leakwatch.model.finding import EventKind, FindingId, Severity, State, Verdict

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NO_TLS = ssl.SSLContext(
    ssl.PROTOCOL_TLS_CLIENT
)  # for servers that speak none: loading the authorities would be slow

ALERT = Alert(
    finding=FindingId("LW-7"),
    event=EventKind.OPENED,
    asset_id="model",
    asset="Tideglass 70B",
    headline="Tideglass 70B: possible leak on board",
    severity=Severity.CRITICAL,
    verdict=Verdict.UNKNOWN,
    verdict_detail="The torrent's metadata is being fetched; the verdict follows.",
    score=0.9712,
    since="2026-11-20T11:59:30+00:00",
    at="2026-11-20T11:59:31.250+00:00",
    places=(
        Place(
            site="board",
            url="https://board.example/g/thread/1",
            title="tideglass weights",
            seen_at="2026-11-20T11:59:30+00:00",
            published_at="2026-11-20T11:59:00+00:00",
            locators=("magnet:?xt=urn:btih:" + "cd" * 20,),
        ),
    ),
    reasons=("title: the name is there in full (+12.5 bits)",),
    spread="seen once on 1 site: board",
    advice="Look at the page now.",
    content="opened",
)
ANSWERS = (
    "Tideglass 70B: possible leak on board",
    "board: tideglass weights hxxps://board[.]example/g/thread/1",
    "title: the name is there in full",
    "2026-11-20 11:59:30 UTC",
    "unknown, match score 0.97. The torrent's metadata is being fetched",
    "seen once on 1 site: board",
    "Look at the page now.",
)
"""What ALERT says of what, where, why, since when, how sure, how far, and what next."""
NEWS = replace(
    ALERT,
    event=EventKind.STATE,
    state=State.ACKNOWLEDGED,
    acknowledged_by="robin",
    headline="Tideglass 70B: acknowledged by robin",
    content="acknowledged",
)
BLIND = SiteAlert(
    event=SiteEvent.BLIND,
    headline="I am blind on board since 2026-11-20 11:00 UTC, because refused: 403",
    severity=Severity.MEDIUM,
    at=ALERT.at,
    sites=(BlindSite(name="board", since="2026-11-20T11:00:00+00:00", because="refused: 403"),),
    advice="open the site in a browser",
    content="blind:1",
)
DIGEST = DigestAlert(
    event=DigestEvent.DIGEST,
    topic="model",
    headline="3 findings of Tideglass 70B",
    severity=Severity.CRITICAL,
    at=ALERT.at,
    since=ALERT.since,
    entries=(
        replace(ALERT, verdict=Verdict.PROVED, assignee="robin"),
        replace(ALERT, finding=FindingId("LW-8")),
    ),
    more=1,
    counts=(("critical", 2), ("high", 1)),
    advice="Begin with what is proved.",
    content="digest:1",
)
KINDS = {"opened": ALERT, "news": NEWS, "blind": BLIND, "digest": DIGEST}
DELIVERY = Delivery(id=1, key="ab" * 32, channel="c", alert=ALERT, attempts=1, created_at=NOW)

HOSTILE: Mapping[str, str] = {
    "slack channel": "<!channel> look",
    "slack here": "<!here|x>",
    "slack everyone": "<!everyone>",
    "slack user": "<@U012AB3CD>",
    "slack group": "<!subteam^S012345>",
    "slack link": "<https://evil.example/login|the official page>",
    "slack date": "<!date^1392734382^{date}^https://evil.example/|now>",
    "discord everyone": "@everyone @here",
    "discord user": "<@123456789012345678> <@!123456789012345678>",
    "discord role": "<@&123456789012345678>",
    "discord channel": "<#123456789012345678> <id:customize>",
    "discord command": "</ban:123456789012345678>",
    "discord emoji": "<:x:123456789012345678> <a:x:123456789012345678> :skull:",
    "discord time": "<t:1618953630:R>",
    "discord spoiler": "||hidden||",
    "discord heading": "# big\n## less\n-# small",
    "discord quote": "> a\n>>> b",
    "discord list": "- a\n* b\n1. c\n+ d",
    "teams mention": "<at>everyone</at>",
    "card date": "{{DATE(2026-11-20T12:00:00Z, SHORT)}}",
    "card template": "${$root.secret} ${if(true,'x','y')}",
    "card half": "{",
    "card nested": "{{{DATE(2026-11-20T12:00:00Z)}}}",
    "flow expression": "@{triggerBody()?['x']} @triggerOutputs()",
    "bold": "**bold** __under__ *it* _it_ ~~no~~ `code`",
    "fence": "```js\nalert(1)\n```",
    "fence end": "```",
    "masked link": "[the official page](https://evil.example/login)",
    "masked javascript": "[x](javascript:alert(1))",
    "reference link": "[x][1]\n\n[1]: https://evil.example",
    "image": "![x](https://evil.example/x.png)",
    "autolink": "<https://evil.example>",
    "mail link": "<evil@evil.example> mailto:evil@evil.example",
    "table": "|a|b|\n|-|-|\n|c|d|",
    "escapes": "\\*a\\* \\[x\\](y) \\\\",
    "trailing escape": "x\\",
    "many escapes": "\\" * 3001,
    "stars": "*" * 3000,
    "bare link": "get it at https://evil.example/x?y=1 now",
    "shouted link": "HTTP://EVIL.EXAMPLE/X",
    "glued link": "xhttp://evil.example",
    "link in a link": "https://a.example/?u=http://evil.example/",
    "other schemes": "ftp://evil.example tg://resolve slack://x discord://x steam://run/1",
    "www": "www.evil.example/x",
    "magnet": "magnet:?xt=urn:btih:" + "ef" * 20 + "&tr=http://evil.example/announce",
    "entities": "&lt;!channel&gt; &amp; &#60;x&#62;",
    "script": "<script>alert(1)</script>",
    "onerror": "<img src=x onerror=alert(1)>",
    "svg": "<svg/onload=alert(1)>",
    "anchor": '<a href="https://evil.example/">the official page</a>',
    "attribute": '" onmouseover="alert(1)" x="',
    "style": "</style></td></table><form action=https://evil.example>",
    "comment": "--><svg onload=alert(1)><!--",
    "jinja": "{{ alert.asset }}{% for x in y %}{# c #}",
    "json": '"}],"text":"<!channel>","x":["',
    "json escape": "\\u003c!channel\\u003e\\",
    "header": "x\r\nBcc: evil@evil.example\r\n\r\nbody",
    "folded header": "x\r\n Bcc: evil@evil.example",
    "encoded word": "=?utf-8?q?x=0D=0ABcc:_evil@evil.example?=",
    "smtp dot": "x\r\n.\r\nMAIL FROM:<evil@evil.example>\r\n",
    "request": "x\r\n\r\nPOST /evil HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "formula": "=cmd|' /C calc'!A0",
    "formula at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula tab": "\t=1+1",
    "line ends": "one\r\ntwo\nthree\rfour",
    "separators": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "ansi": "\x1b[31mred\x1b[0m\x1b[2J",
    "osc 8": "\x1b]8;;https://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "osc 52": "\x1b]52;c;ZXZpbA==\x07",
    "c0": "".join(map(chr, range(32))),
    "c1": "".join(map(chr, range(0x7F, 0xA0))),
    "c1 csi": "\x9b31m\x9d0;title\x9c",
    "nul": "a\x00b",
    "rlo": "\u202egnp.exe\u202c",
    "embeddings": "\u202aa\u202bb\u202cc\u202dd",
    "isolates": "\u2066a\u2067b\u2068c\u2069",
    "marks": "\u200ea\u200fb\u061cc",
    "zero width": "t\u200bi\u200cd\u200de\u2060g\ufeff",
    "tags": "a\U000e0041\U000e007f",
    "soft hyphen": "tide\u00adglass",
    "surrogate": "a\ud800b\udfffc",
    "surrogate at the end": "a\ud83d",
    "zalgo": "Z" + "\u0301" * 200,
    "zalgo long": "Z\u0301\u0302\u0303\u0304\u0305" * 2000,
    "emoji": "👀" * 3000,
    "flags": "🏴‍☠️" * 500,
    "wide": "泄" * 10_000,
    "long": "x" * 10_000,
    "long lines": "x\n" * 5000,
    "long url": "https://evil.example/" + "y" * 10_000,
    "arabic": "تسريب النموذج " * 50,
    "private use": "\ue000\uf8ff\U0010fffd",
    "noncharacter": "\ufffe\uffff\ufdd0",
    "blank": "   ",
    "empty": "",
}
_STEERING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_LIVE = re.compile(r"(?:https?|ftp|tg|slack|discord|steam)://|\bwww\.|magnet:\?", re.IGNORECASE)


def all_over(text: str) -> Alert:
    """An alert in which a stranger has written wherever one can write."""
    place = Place(site=text, url=text, title=text, seen_at="now", locators=(text, text))
    alert = replace(ALERT, asset=text, asset_id=text, headline=text, verdict_detail=text, spread=text)
    return replace(alert, reasons=(text,) * 6, places=(place,) * 12, assignee=text, acknowledged_by=text)


def all_kinds(text: str) -> list[Alert | SiteAlert | DigestAlert]:
    """Such alerts of a finding, of its news, of a site, and of several findings."""
    alert = all_over(text)
    site = BlindSite(name=text, since="now", because=text, remedy=text)
    return [
        alert,
        replace(alert, event=EventKind.STATE, state=State.CONFIRMED),
        replace(BLIND, headline=text, sites=(site,) * 30),
        replace(DIGEST, topic=text, headline=text, entries=(alert,) * 12),
    ]


def strings(value: Any) -> Iterator[str]:
    """All text inside JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)


def check_harmless(text: str) -> None:
    """No character that steers, no pile of marks, nothing that a client makes a link of by itself."""
    found = _STEERING.search(text)
    assert not found, ascii(found)
    assert not _LIVE.search(text), text[:500]
    run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        assert run <= 4, ascii(char)


@dataclass(slots=True)
class Clock:
    """A clock that is moved by hand."""

    time: datetime = NOW

    def now(self) -> datetime:
        """The time it was set to."""
        return self.time


def http(status: int, body: bytes = b"", **headers: str) -> bytes:
    """One HTTP answer."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body


@dataclass(slots=True)
class Receiver:
    """A server that reads one request a connection and gives the next of its answers, the last one for ever.

    An empty answer is a reset after the request was read; `reset_at_once` one before; `waits_s` before the answer.
    """

    answers: list[bytes] = field(default_factory=lambda: [http(200)])
    reset_at_once: bool = False
    waits_s: float = 0.0
    port: int = 0
    scheme: str = "http"
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    serving: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The address, with a secret in it."""
        return f"{self.scheme}://127.0.0.1:{self.port}/hooks/verysecretpart?token=verysecrettoo"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        answer = b""
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                if not self.reset_at_once:
                    answer = await self._answered(reader)
                    writer.write(answer)
                    await writer.drain()
        finally:
            if not answer:
                writer.transport.abort()
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
            self.serving.discard(task)

    async def _answered(self, reader: asyncio.StreamReader) -> bytes:
        """Read one request; its answer."""
        line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
        assert len(headers) == len(lines), "a header stands there twice"
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests.append((line, headers, body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await asyncio.sleep(self.waits_s)
        return answer


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A running receiver."""
    made = Receiver(scheme="https" if tls else "http")
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    for task in tuple(made.serving):
        task.cancel()
    await asyncio.gather(*made.serving, return_exceptions=True)
    await server.wait_closed()


@asynccontextmanager
async def door(tls: ssl.SSLContext = NO_TLS) -> AsyncIterator[HttpFetcher]:
    """The door, open to loopback."""
    settings = DoorSettings(contact="mailto:a@example.org", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=str, clock=Clock(), tls=tls) as made:
        yield made
