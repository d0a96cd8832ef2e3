"""The daemon's end of the libtorrent child: starts it, asks it, checks what it says, starts it again.

Hostile bytes are parsed in a process that has limits, no files, no secrets in its environment, and that may
crash: then the fetches in flight fail, as if nobody had answered, and the next fetch finds a new child.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from leakwatch.errors import SwarmError
from leakwatch.limited.process import spawn
from leakwatch.model.finding import Rank
from leakwatch.swarm.frames import PROBLEMS, Answer, Ask, Frames, read_answer
from leakwatch.swarm.metadata import SwarmSettings, checked
from leakwatch.swarm.turns import Turns
from leakwatch.torrent.infohash import Infohashes, SwarmKey

log = structlog.get_logger()

MAX_IN_FLIGHT = 128
MAX_WAITING = 20_000
"""Torrents that wait for their turn at most; then the least wanted of them is refused."""
_START_S = 20.0
_GRACE_S = 5.0
"""What the child may be late before it is taken for stuck."""
_READ_BYTES = 2**16
_PROGRAM = ("-m", "leakwatch.swarm.child")


class SwarmSession:
    """Metadata by infohash, from peers that were named or found in the DHT (the port `Swarm`).

    At most 128 torrents are looked for at once, others wait: the most wanted first, in strict order of `rank`.
    A torrent's deadline begins when its turn comes. `outcomes` counts how looks ended, by their reason.
    """

    def __init__(self, settings: SwarmSettings) -> None:
        self._settings = settings
        self._turns = Turns(MAX_IN_FLIGHT, MAX_WAITING)
        self.outcomes: Counter[str] = Counter()
        self._starting = asyncio.Lock()
        self._child: _Child | None = None
        self._is_closed = False
        self._wanted: set[SwarmKey] = set()

    async def metadata(
        self,
        infohashes: Infohashes,
        *,
        peers: Sequence[tuple[str, int]] = (),
        deadline_s: float = 60.0,
        rank: Rank = Rank.REVIEW,
    ) -> bytes:
        """The raw info dictionary of a torrent, its hash checked.

        Raises: SwarmError if nobody gives it in time, it is not what was asked for, the child dies, or more
        torrents wait than can be kept and this one is the least wanted.
        """
        keys = set(infohashes.swarm_keys)
        if keys & self._wanted:
            raise SwarmError("this torrent is being looked for already")
        self._wanted |= keys
        try:
            async with self._turns.turn(rank):
                started = time.monotonic()
                child = await self._running()
                raw = await child.fetch(infohashes, peers, min(deadline_s, self._settings.deadline_s))
            checked(raw, infohashes, self._settings.max_metadata_bytes)
        except SwarmError as error:
            self.outcomes[error.message] += 1
            raise
        finally:
            self._wanted -= keys
        self.outcomes["fetched"] += 1
        log.info(
            "metadata_fetched",
            infohashes=str(infohashes),
            size_bytes=len(raw),
            duration_s=round(time.monotonic() - started, 3),
        )
        return raw

    async def aclose(self) -> None:
        """End the child. Fetches in flight fail."""
        self._is_closed = True
        async with self._starting:
            if self._child:
                await self._child.end()

    async def _running(self) -> _Child:
        if self._child and not self._child.has_ended and not self._is_closed:
            return self._child
        async with self._starting:
            if self._is_closed:
                raise SwarmError("the swarm is closed")
            if self._child is None or self._child.has_ended:
                self._child = await _start(self._settings)
            return self._child


class _Line(asyncio.BufferedProtocol):
    """The daemon's end of the socket: gives each answer on, until the child hangs up or sends what is none."""

    def __init__(self, max_metadata_bytes: int, hear: Callable[[Answer], None]) -> None:
        self._frames, self._hear = Frames(max_metadata_bytes), hear
        self._buffer = memoryview(bytearray(_READ_BYTES))
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why there is nothing more to hear."""

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the name is asyncio's
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        try:
            for body in self._frames.cut(self._buffer[:nbytes]):
                if not self.ended.done():
                    self._hear(read_answer(body))
        except SwarmError as error:
            self._end(error.message)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the name is asyncio's
        self._end("the libtorrent child ended")

    def _end(self, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_result(reason)


@dataclass(slots=True)
class _Child:
    """A running child, what is asked of it, and the task that buries it."""

    process: asyncio.subprocess.Process
    waiting: dict[int, asyncio.Future[Answer]] = field(default_factory=dict[int, asyncio.Future[Answer]])
    last_number: int = 0
    rebuilds: int = 0
    unsaid: bytearray = field(default_factory=bytearray)
    line: asyncio.WriteTransport = field(init=False)
    listener: asyncio.Task[None] = field(init=False)

    async def connect(self, ours: socket.socket, max_metadata_bytes: int) -> None:
        """Hear what it says from now on."""
        loop = asyncio.get_running_loop()
        self.line, protocol = await loop.create_connection(
            lambda: _Line(max_metadata_bytes, self.hear), sock=ours
        )
        self.listener = asyncio.create_task(self._bury(protocol.ended), name="swarm-child")

    @property
    def has_ended(self) -> bool:
        return self.listener.done()

    async def fetch(self, asked: Infohashes, peers: Sequence[tuple[str, int]], deadline_s: float) -> bytes:
        self.last_number += 1
        ask = Ask(self.last_number, asked, tuple(peers), deadline_s)
        answer = await self.answer_to(ask.number, ask.frame(), deadline_s + _GRACE_S)
        if answer.problem:
            raise SwarmError(PROBLEMS[answer.problem])
        return answer.raw

    async def answer_to(self, number: int, frame: bytes, wait_s: float) -> Answer:
        self.waiting[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(wait_s):
                self._say(frame)
                return await self.waiting[number]
        except TimeoutError as error:
            self._kill()
            raise SwarmError("the libtorrent child did not answer and was ended") from error
        except asyncio.CancelledError:
            self._say(Ask(number).frame())
            raise
        finally:
            del self.waiting[number]

    def _say(self, frame: bytes) -> None:
        """Write what this turn of the loop asks, at once: each write wakes the child."""
        if not self.unsaid:
            asyncio.get_running_loop().call_soon(self._flush)
        self.unsaid += frame

    def _flush(self) -> None:
        self.line.write(bytes(self.unsaid))
        self.unsaid.clear()

    def hear(self, answer: Answer) -> None:
        """Give an answer to who waits for it. Raises: SwarmError if nobody asked."""
        if answer.number > self.last_number:
            raise SwarmError("the libtorrent child answered what was not asked")
        if answer.number == 0 and answer.problem:
            self.rebuilds += 1
            log.warning("swarm_session_rebuilt", reason=PROBLEMS[answer.problem], times=self.rebuilds)
            return
        waiter = self.waiting.get(answer.number)
        if waiter and not waiter.done():
            waiter.set_result(answer)

    async def _bury(self, ended: asyncio.Future[str]) -> None:
        reason = await ended
        self.line.abort()
        self._kill()
        code = await self.process.wait()
        for waiter in self.waiting.values():
            if not waiter.done():
                waiter.set_exception(SwarmError(f"{reason} ({code})"))
        log.info("swarm_child_ended", exit_code=code, failed=len(self.waiting), reason=reason)

    def _kill(self) -> None:
        # Not `process.kill()`: that reaps a child that is dead already, and its watcher never learns how it died.
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """Hang up; the listener does the rest."""
        self.line.abort()
        await self.listener


async def _start(settings: SwarmSettings) -> _Child:
    """A new child that is ready to be asked. Raises: SwarmError if it does not come up.

    The folder it works in is removed as soon as it is in it: nothing can be made there, and nothing stays
    behind, however it or we end.
    """
    with tempfile.TemporaryDirectory(prefix="leakwatch-swarm-") as folder:
        child = await _connect(folder, settings)
        try:
            await child.answer_to(0, b"", _START_S)
        except BaseException:
            child.line.abort()  # the listener buries it
            raise
    log.info("swarm_child_started", pid=child.process.pid)
    return child


async def _connect(folder: str, settings: SwarmSettings) -> _Child:
    ours, theirs = socket.socketpair()
    try:
        child = _Child(await spawn(_PROGRAM, theirs, folder, settings.to_json()))
        await child.connect(ours, settings.max_metadata_bytes)
    except OSError as error:
        ours.close()
        raise SwarmError("the libtorrent process cannot be started") from error
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return child
