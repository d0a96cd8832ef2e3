"""Pages are read: those of strangers' markup in a few processes with limits, JSON of documented interfaces here.

A page that takes too long ends alone: its process is ended, the others go on, and the next page finds a new one.
"""

from __future__ import annotations

import asyncio

from leakwatch.errors import FetchFailed, LayoutChanged
from leakwatch.limited import wire
from leakwatch.limited.reading import parsed
from leakwatch.limited.worker import TooMuch, Worker, WorkerError
from leakwatch.sources._kind import Page, Payload, PolledKind

_PROGRAM = ("-m", "leakwatch.limited.pages_child")
_PROCESSES = 2
_SECONDS = 15
_MAX_ANSWER = 128 * 2**20


class PageReader:
    """Reads pages (the port `Reader`). Units: `seconds` of processor time that one page may take."""

    def __init__(self, processes: int = _PROCESSES, seconds: int = _SECONDS) -> None:
        self.workers = [Worker(_PROGRAM, "page reader", seconds, _MAX_ANSWER) for _ in range(processes)]
        self._idle = list(self.workers)
        self._turn = asyncio.Semaphore(processes)

    async def read(self, kind: PolledKind, payload: Payload) -> Page:
        """What a page holds. Raises: LayoutChanged, Refused; FetchFailed where no process could read it."""
        if not kind.is_markup:
            return await asyncio.to_thread(parsed, kind, payload)
        data = await asyncio.to_thread(wire.asked, kind.name, payload)
        try:
            return await asyncio.to_thread(wire.page_of, await self._ask(data))
        except TooMuch as error:
            raise LayoutChanged(f"{payload.url}: the page {error}") from error
        except (WorkerError, wire.NoAnswer) as error:
            raise FetchFailed(f"{payload.url} was not read: {error}") from error

    async def _ask(self, data: bytes) -> bytes:
        """The answer of a process that has nothing else to do; the one that was used last is taken first."""
        async with self._turn:
            worker = self._idle.pop()
            try:
                return await worker.ask(b"p", data)
            finally:
                self._idle.append(worker)

    async def aclose(self) -> None:
        """End the processes."""
        await asyncio.gather(*(worker.aclose() for worker in self.workers))
