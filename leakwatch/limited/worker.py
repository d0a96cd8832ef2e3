"""One process that answers questions about hostile bytes, one at a time; it is ended where it takes too long.

The bytes are to blame where the process used up its processor time on them, or died of them twice; an end that came of
itself, or a machine with no time to spare, says nothing about them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from leakwatch.limited.process import spawn
from leakwatch.limited.serving import HEADER_BYTES

log = structlog.get_logger()

_START_S = 30.0
"""Until a new process says that it is up."""
_WAIT_FACTOR = 6
"""How much longer than its processor time a question may take by the clock: the machine has other work."""


class WorkerError(Exception):
    """The process gave no answer, for a reason that says nothing about the bytes."""


class TooMuch(WorkerError):
    """The bytes take more time or memory to read than is allowed."""


@dataclass(slots=True)
class Child:
    """A process that is up, and the way to it."""

    process: asyncio.subprocess.Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def answer(self, limit_bytes: int) -> bytes:
        """The next answer."""
        length = int.from_bytes(await self.reader.readexactly(HEADER_BYTES), "big")
        if length > limit_bytes:
            raise WorkerError("the process answered too much")
        return await self.reader.readexactly(length)


class Worker:
    """Asks a process; starts it when it is first needed, and anew after its end.

    Units: `seconds` of processor time that one question may take; bytes of an answer.
    """

    def __init__(self, program: Sequence[str], what: str, seconds: int, max_answer_bytes: int) -> None:
        self.program, self._what, self._seconds = program, what, seconds
        self.wait_s: float = seconds * _WAIT_FACTOR
        self._max_answer = max_answer_bytes
        self._turn = asyncio.Lock()
        self.child: Child | None = None

    @property
    def is_busy(self) -> bool:
        """Whether somebody is being answered."""
        return self._turn.locked()

    async def ask(self, kind: bytes, data: bytes) -> bytes:
        """The answer to one byte of kind and some bytes. Raises: TooMuch where they are to blame; WorkerError."""
        async with self._turn:
            try:
                return await self._ask(kind, data)
            except BaseException:
                await self._end()
                raise

    async def aclose(self) -> None:
        """End the process."""
        async with self._turn:
            await self._end()

    async def _ask(self, kind: bytes, data: bytes) -> bytes:
        """Ask the process; where it dies, a new one once more: it may have been dead before it was asked."""
        for _ in range(2):
            child = self.child or await self.start()
            try:
                async with asyncio.timeout(self.wait_s):
                    child.writer.write(kind + len(data).to_bytes(HEADER_BYTES, "big") + data)
                    return await child.answer(self._max_answer)
            except TimeoutError as error:
                log.warning(
                    "limited_process_stuck", what=self._what, size_bytes=len(data), waited_s=self.wait_s
                )
                raise WorkerError(f"the {self._what} did not answer in time and was ended") from error
            except (asyncio.IncompleteReadError, OSError) as error:
                code = await self._end()
                log.warning("limited_process_died", what=self._what, size_bytes=len(data), exit_code=code)
                if code == -signal.SIGXCPU:
                    raise TooMuch("takes longer to read than is allowed") from error
        raise TooMuch("ends every process that reads it")

    async def start(self) -> Child:
        """A new process, once it is up. Raises: WorkerError."""
        ours, theirs = socket.socketpair()
        try:
            with tempfile.TemporaryDirectory(prefix="leakwatch-reader-") as folder:
                process = await spawn(self.program, theirs, folder, str(self._seconds))
            reader, writer = await asyncio.open_connection(sock=ours)
        except OSError as error:
            ours.close()
            raise WorkerError(f"the {self._what} cannot be started") from error
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self.child = child = Child(process, reader, writer)
        try:
            async with asyncio.timeout(_START_S):
                await child.answer(self._max_answer)
        except (TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            raise WorkerError(f"the {self._what} does not come up") from error
        return child

    async def _end(self) -> int:
        """End the process, if it has not ended by itself; answers how it ended."""
        child, self.child = self.child, None
        if child is None:
            return 0
        child.writer.close()
        if child.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(child.process.pid, signal.SIGKILL)
        return await child.process.wait()
