"""Many files at once: a process for each core, each with one file at a time.

Threads share the interpreter's lock, and tables of 16 KiB pieces take and release it too often for two cores to
gain much; processes share nothing. A worker that dies takes one file with it, which is told; another takes its
place. Workers end when whoever started them is gone, for then their pipe is closed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING, Any

from leakwatch.assetfiles.reading import Wanted, fingerprint
from leakwatch.assetfiles.walking import Found
from leakwatch.errors import InputError
from leakwatch.model.asset import AssetFile

if TYPE_CHECKING:
    from multiprocessing.connection import _ConnectionBase

MAX_WORKERS = 16
LEAST_BYTES = 128 * 2**20
"""Less is read sooner than processes start."""
_SPAWN = multiprocessing.get_context("spawn")
Result = AssetFile | InputError


def workers_for(sizes: Sequence[int], cores: int | None = None) -> int:
    """How many processes are worth it for files of these sizes; 1 for none beside this one."""
    cores = len(os.sched_getaffinity(0)) if cores is None else cores
    return min(cores, len(sizes), MAX_WORKERS) if sum(sizes) >= LEAST_BYTES else 1


def fingerprint_many(
    files: Sequence[Found], progress: Callable[[int], None], wanted: Wanted, workers: int
) -> Generator[tuple[int, Result], None, None]:
    """Read files side by side; each one's place in the row and its prints, or why there are none, as they come."""
    waiting = deque(enumerate(files))
    crew = [_hired() for _ in range(min(workers, len(files)))]
    try:
        while waiting or any(one.place is not None for one in crew):
            for one in crew:
                if one.place is None and waiting:
                    is_alone = len(waiting) == 1 and all(other.place is None for other in crew)
                    one.give(*waiting.popleft(), wanted, is_alone=is_alone)
            busy = {one.place: one for one in crew if one.place is not None}
            ready = wait([one.connection for one in busy.values()])
            for place, one in busy.items():
                result = one.heard(files[place], progress) if one.connection in ready else None
                if one.is_gone:
                    crew.remove(one)
                    crew += [_hired()] if waiting else []
                if result is not None:
                    yield place, result
    finally:
        for one in crew:
            one.dismiss()


@dataclass(slots=True, eq=False)
class _Worker:
    """A process, and which file it reads."""

    process: SpawnProcess
    connection: _ConnectionBase[Any, Any]
    place: int | None = None
    is_gone: bool = False

    def give(self, place: int, found: Found, wanted: Wanted, *, is_alone: bool) -> None:
        """Let it read a file. One that is gone already is noticed when it is listened to."""
        self.place = place
        try:
            self.connection.send((found, wanted, is_alone))
        except OSError:
            self.is_gone = True

    def heard(self, found: Found, progress: Callable[[int], None]) -> Result | None:
        """What it says of its file: bytes read, which is passed on, or the end."""
        try:
            said: int | AssetFile | tuple[str, str] = self.connection.recv()
        except (EOFError, OSError):
            self.is_gone, self.place = True, None
            self.dismiss()
            why = f"the process that read it died (exit code {self.process.exitcode}); run it again"
            return InputError(why, file=str(found.local))
        if isinstance(said, int):
            progress(said)
            return None
        self.place = None
        return said if isinstance(said, AssetFile) else InputError(said[0], file=said[1])

    def dismiss(self) -> None:
        """End it, whatever it does."""
        self.connection.close()
        self.process.terminate()
        self.process.join()


def _hired() -> _Worker:
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_work, args=(theirs,), name="fingerprint", daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _work(connection: _ConnectionBase[Any, Any]) -> None:
    """A worker's life. An interrupt from the keyboard reaches it too; whoever started it decides what follows."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            found, wanted, is_alone = connection.recv()
            connection.send(_read(found, wanted, is_alone, connection.send))
        except (EOFError, BrokenPipeError):
            return


def _read(
    found: Found, wanted: Wanted, is_alone: bool, progress: Callable[[int], None]
) -> AssetFile | tuple[str, str]:
    """Both cores for the last file of all; an error as it can be sent."""
    try:
        return fingerprint(found, progress, wanted, threads=2 if is_alone else 1)
    except InputError as error:
        return error.message.removeprefix(f"{error.file}: "), error.file
