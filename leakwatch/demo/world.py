"""The world's HTTP side: every site and sink in one application, a request log, a server on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leakwatch.demo.board import Board
from leakwatch.demo.forge import Forge
from leakwatch.demo.hub import Hub
from leakwatch.demo.indexes import TorrentIndex
from leakwatch.demo.press import Press
from leakwatch.demo.sinks import Sinks
from leakwatch.demo.story import Story

LOOPBACK = "127.0.0.1"
BOARD_NAME = "g"
_FIRST_POST = 92_000_000
_FEEDS = {
    "board": f"/board/{BOARD_NAME}/",
    "index": "/index/rss.xml",
    "torznab": "/torznab/api",
    "code": "/github/repos/",
    "hub": "/hub/api/models",
    "news": "/news/rss.xml",
}
"""For each site of the configuration, where its polls arrive."""
SITES = tuple(_FEEDS)
_ANSWERED_BELOW = 400


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request that the world answered."""

    at: float
    method: str
    target: str
    status: int


class World:
    """Everything that answers HTTP. `base` is its address, `clock` its time in seconds since the epoch."""

    def __init__(
        self, story: Story, base: str, folder: Path, clock: Callable[[], float], secret: str
    ) -> None:
        rng = Random(f"{story.seed}/index")
        self.story = story
        self.base = base
        self.clock = clock
        self.board = Board(BOARD_NAME, clock, _FIRST_POST)
        self.index = TorrentIndex(f"{base}/index", clock, rng)
        self.torznab = TorrentIndex(f"{base}/torznab", clock, rng)
        self.forge = Forge(f"{base}/github", clock)
        self.hub = Hub(f"{base}/hub", clock)
        self.press = Press(f"{base}/news", clock)
        self.sinks = Sinks(folder, clock, secret)
        self.requests: list[LoggedRequest] = []
        self.leaked: set[tuple[str, int | str]] = set()
        self._log = folder / "requests.jsonl"
        self.app = self._logged(self._application())

    @property
    def polled_sites(self) -> frozenset[str]:
        """The sites whose feed was answered at least once."""
        paths = {one.target for one in self.requests if one.status < _ANSWERED_BELOW}
        return frozenset(
            site for site, start in _FEEDS.items() if any(path.startswith(start) for path in paths)
        )

    @property
    def noise_items(self) -> int:
        """How many different items that are not the leak were handed out."""
        shown: set[tuple[str, int | str]] = set()
        for site, served in (
            ("board", self.board.served),
            ("index", self.index.served),
            ("torznab", self.torznab.served),
            ("code", self.forge.served),
            ("hub", self.hub.served),
            ("news", self.press.served - self.press.about_the_leak),
        ):
            shown.update((site, one) for one in served)
        return len(shown - self.leaked)

    def catalog_read_since(self, at: float) -> bool:
        """Whether anybody read the board's catalog after a time."""
        catalog = f"{_FEEDS['board']}catalog.json"
        return any(
            one.at > at and one.status < _ANSWERED_BELOW and one.target.startswith(catalog)
            for one in self.requests
        )

    @property
    def news_items(self) -> int:
        """How many different news items about the leak were handed out."""
        return len(self.press.served & self.press.about_the_leak)

    def _application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/robots.txt", _robots),
                Mount("/board", routes=self.board.routes()),
                Mount("/index", routes=self.index.routes()),
                Mount("/torznab", routes=self.torznab.routes()),
                Mount("/github", routes=self.forge.routes()),
                Mount("/hub", routes=self.hub.routes()),
                Mount("/news", routes=self.press.routes()),
                *self.sinks.routes(),
            ]
        )

    def _logged(self, app: ASGIApp) -> ASGIApp:
        async def logged(scope: Scope, receive: Receive, send: Send) -> None:
            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._note(scope, int(message["status"]))
                await send(message)

            await app(scope, receive, sending)

        return logged

    def _note(self, scope: Scope, status: int) -> None:
        query = bytes(scope["query_string"]).decode("latin-1")
        target = str(scope["path"]) + (f"?{query}" if query else "")
        one = LoggedRequest(self.clock(), str(scope["method"]), target, status)
        self.requests.append(one)
        agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
        line = {"at": one.at, "method": one.method, "target": target, "status": status, "agent": agent}
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


async def _robots(_request: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /private/\n")


class _Server(uvicorn.Server):
    """A server inside somebody else's loop: signals belong to the replay."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signal handlers as they are."""
        yield


def listening_socket() -> socket.socket:
    """A socket on a free port of loopback."""
    one = socket.create_server((LOOPBACK, 0))
    one.setblocking(False)
    return one


@contextlib.asynccontextmanager
async def served(app: ASGIApp, listener: socket.socket) -> AsyncGenerator[None]:
    """Answer HTTP on the socket as long as the block runs."""
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=2
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.up.wait()
        yield
    finally:
        server.should_exit = True
        await task


@contextlib.asynccontextmanager
async def mail_served(sinks: Sinks) -> AsyncGenerator[int]:
    """Take mail on a free port of loopback as long as the block runs; gives the port."""
    server = await asyncio.get_running_loop().create_server(sinks.smtp_session, LOOPBACK, 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()
