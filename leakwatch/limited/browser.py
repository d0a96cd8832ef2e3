"""Draws a page in a process of its own, which is ended with all that it has started, whatever it is about."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from leakwatch.limited.framing import receive, send
from leakwatch.limited.process import spawn

INSTALL = "install it with: python -m pip install 'leakwatch[screenshot]'"
_PROGRAM = ("-m", "leakwatch.limited.browser_child")
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_WAIT_S = 30.0
_PNG = b"\x89PNG\r\n\x1a\n"
Wanted = Callable[[str], Awaitable[tuple[str, bytes] | None]]
"""An address that a page wants -> its content type and bytes, or None for what it may not have."""


class NoPicture(Exception):
    """The page could not be drawn; the message says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What came of drawing. Units: pixels; `height` is what is shown of `of_height`."""

    png: bytes
    height: int
    of_height: int
    browser: str


@dataclass(frozen=True, slots=True)
class Browser:
    """The system's Chromium. Without its sandbox only where the operator says so: it does not work for root."""

    chromium: Path | None = None
    sandbox: bool = True
    wait_s: float = _WAIT_S

    def program(self) -> str:
        """Where Chromium is. Raises: NoPicture."""
        if find_spec("playwright") is None:
            raise NoPicture(f"Playwright is not installed; {INSTALL}")
        found = (
            shutil.which(str(self.chromium))
            if self.chromium
            else next(filter(None, map(shutil.which, _NAMES)), "")
        )
        if not found:
            raise NoPicture("there is no Chromium on PATH; install it, or set evidence.chromium_path")
        if self.sandbox and os.geteuid() == 0:
            raise NoPicture(
                "Chromium has no sandbox as root; run as another user, or set evidence.chromium_sandbox"
            )
        return found

    async def draw(self, url: str, content_type: str, body: bytes, wanted: Wanted) -> Picture:
        """Draw a page from its bytes. Raises: NoPicture."""
        job = {"url": url, "type": content_type, "body": base64.b64encode(body).decode()}
        job |= {"chromium": self.program(), "sandbox": self.sandbox}
        ours, theirs = socket.socketpair()
        with tempfile.TemporaryDirectory(prefix="leakwatch-browser-", ignore_cleanup_errors=True) as folder:
            try:
                process = await spawn(_PROGRAM, theirs, folder, "")
            except OSError as error:
                ours.close()
                raise NoPicture(f"no process could be started: {error.strerror}") from error
            finally:
                theirs.close()
            try:
                async with asyncio.timeout(self.wait_s):
                    return await _talk(ours, job, wanted)
            except TimeoutError as error:
                raise NoPicture(f"it was not drawn within {self.wait_s:g} s") from error
            except (EOFError, OSError, ValueError, KeyError, TypeError) as error:
                raise NoPicture(f"the browser's process ended: {type(error).__name__}") from error
            finally:
                await _end(process)


async def _talk(ours: socket.socket, job: dict[str, Any], wanted: Wanted) -> Picture:
    reader, writer = await asyncio.open_connection(sock=ours)
    asked: set[asyncio.Task[None]] = set()
    try:
        await send(writer, job)
        while True:
            told = await receive(reader)
            if "want" not in told:
                return _picture(told)
            asked.add(asyncio.create_task(_answer(told["want"], str(told["url"]), writer, wanted)))
    finally:
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        writer.close()


async def _answer(number: int, url: str, writer: asyncio.StreamWriter, wanted: Wanted) -> None:
    had = await wanted(url)
    told: dict[str, Any] = {"want": number}
    if had:
        told |= {"type": had[0], "body": base64.b64encode(had[1]).decode()}
    with suppress(OSError):
        await send(writer, told)


def _picture(told: Mapping[str, Any]) -> Picture:
    if "png" not in told:
        raise NoPicture(str(told.get("why", "no reason was given"))[:300])
    png = base64.b64decode(told["png"])
    if not png.startswith(_PNG):
        raise NoPicture("the browser gave something else than a picture")
    return Picture(png, int(told["height"]), int(told["of_height"]), str(told["browser"])[:80])


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process and all that came of it: Chromium is in a session of its own, so no group has them all."""
    for pid in (*_descendants(process.pid), process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    await process.wait()


def _descendants(root: int) -> list[int]:
    """All processes below one, where the system tells (Linux)."""
    parents: dict[int, int] = {}
    for one in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            fields = one.read_text("latin-1").rpartition(")")[2].split()
            parents[int(one.parent.name)] = int(fields[1])
    found, waiting = list[int](), [root]
    while waiting:
        parent = waiting.pop()
        own = [pid for pid, of in parents.items() if of == parent]
        found += own
        waiting += own
    return found
