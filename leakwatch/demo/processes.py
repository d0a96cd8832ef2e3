"""The replay's child processes: the daemon as an operator would start it, and the swarm."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

from leakwatch.demo.story import Story
from leakwatch.errors import LeakwatchError, SwarmError
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2

PROGRAM: tuple[str, ...] = (sys.executable, "-m", "leakwatch")
_SWARM = (sys.executable, "-m", "leakwatch.demo.swarm")
_PR_SET_PDEATHSIG = 1  # prctl(2)
_START_DEADLINE_S = 45.0
_ANSWER_DEADLINE_S = 30.0
_STOP_DEADLINE_S = 20.0
_COMMAND_DEADLINE_S = 60.0
_TAIL_BYTES = 2000


def _dies_with_parent() -> Callable[[], None] | None:
    """What a child does before it starts: ask Linux to kill it when the replay dies, however that happens."""
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _environment() -> dict[str, str]:
    """The same package for the children, wherever the replay was started."""
    root = str(Path(__file__).parents[2])
    path = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{path}" if path else root}


class Daemon:
    """The daemon under test, seen from the outside: a command, signals, an exit code, a log file."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.kills = 0
        self._restarting = False
        self._command = tuple(command)
        self._log = log
        self._process: Process | None = None

    async def start(self) -> None:
        """Start it; output goes to the log file. In a session of its own, so that Ctrl-C is ours alone."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,
                preexec_fn=_dies_with_parent(),
            )

    @property
    def exit_code(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._process.returncode if self._process else None

    @property
    def ended_by_itself(self) -> bool:
        """Whether it is gone although nobody killed it."""
        return self.exit_code is not None and not self._restarting

    async def kill_and_restart(self) -> None:
        """SIGKILL it, as a machine that loses power would, and start it again at once."""
        if self._process is None or self.ended_by_itself:
            return
        self.kills += 1
        self._restarting = True
        self._process.kill()
        await self._process.wait()
        await self.start()
        self._restarting = False

    async def stop(self) -> int | None:
        """SIGTERM it and wait; after some seconds kill what is left. Answers the exit code."""
        if self._process is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_DEADLINE_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.returncode

    def has_logged(self, words: bytes) -> bool:
        """Whether these words stand in its log."""
        return self._log.exists() and words in self._log.read_bytes()

    def log_tail(self) -> str:
        """The end of the log, for whoever must find out what went wrong."""
        return _tail(self._log)


def _tail(log: Path) -> str:
    return log.read_bytes()[-_TAIL_BYTES:].decode("utf-8", "replace").strip() if log.exists() else ""


async def run_to_end(command: Sequence[str], log: Path) -> bytes:
    """Run a command that must succeed, and answer what it writes to stdout; the log has what it says beside.

    Raises: LeakwatchError with the end of its log if it fails.
    """
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=errors,
            env=_environment(),
            preexec_fn=_dies_with_parent(),
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _COMMAND_DEADLINE_S)
        except TimeoutError:
            process.kill()
            output, _ = await process.communicate()
    if process.returncode:
        told = f"ended with exit code {process.returncode}: {_tail(log)}"
        raise LeakwatchError(f"`{' '.join(command[1:5])} ...` {told}")
    return output


class SwarmProcess:
    """The swarm's process (see `leakwatch.demo.swarm` for what it can be asked)."""

    def __init__(self, process: Process, ready: dict[str, object]) -> None:
        self._process = process
        v1, v2 = str(ready["v1"]), str(ready["v2"])
        self.infohashes = Infohashes(
            InfohashV1(bytes.fromhex(v1)) if v1 else None, InfohashV2(bytes.fromhex(v2)) if v2 else None
        )
        self.bootstrap = str(ready["bootstrap"])
        self.seeder = str(ready["seeder"])

    async def ask(self, question: str) -> int:
        """`join N`, `uploaded`, `strangers` or `control`. Raises: SwarmError if the process does not answer."""
        if self._process.stdin is None:
            raise SwarmError("the swarm's process has no input")
        self._process.stdin.write(f"{question}\n".encode())
        word, answer = question.split(maxsplit=1)[0], dict[str, object]()
        while word not in answer:  # passes over the answer to a question that was given up
            answer = await _line(self._process, _ANSWER_DEADLINE_S)
        return int(str(answer[word]))

    async def close(self) -> None:
        """End the process by closing its input."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_DEADLINE_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@contextlib.asynccontextmanager
async def swarm_of(story: Story, folder: Path, log: Path) -> AsyncGenerator[SwarmProcess]:
    """The swarm that seeds `folder/<torrent name>`, as long as the block runs. Raises: SwarmError."""
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *_SWARM,
            str(folder),
            story.torrent_name,
            story.torrent_kind,
            str(story.piece_length),
            stdin=PIPE,
            stdout=PIPE,
            stderr=errors,
            env=_environment(),
            start_new_session=True,
            preexec_fn=_dies_with_parent(),
        )
    try:
        ready = await _line(process, _START_DEADLINE_S)
    except SwarmError as error:
        process.kill()
        await process.wait()
        raise SwarmError(f"{error.message}: {_tail(log)}") from error
    swarm = SwarmProcess(process, ready)
    try:
        yield swarm
    finally:
        await swarm.close()


async def _line(process: Process, deadline_s: float) -> dict[str, object]:
    if process.stdout is None:
        raise SwarmError("the swarm's process has no output")
    try:
        line = await asyncio.wait_for(process.stdout.readline(), deadline_s)
    except TimeoutError as error:
        raise SwarmError("the swarm's process does not answer") from error
    if not line:
        raise SwarmError("the swarm's process has ended")
    return json.loads(line)
