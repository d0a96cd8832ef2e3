"""Processes that read hostile bytes: nothing of our environment, limits, no file can be written, dead with us."""

from __future__ import annotations

import asyncio
import ctypes
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import leakwatch

_ENVIRONMENT = {"PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "2"}
"""All that a child inherits: a daemon's environment may hold secrets."""
_PDEATHSIG = 1


async def spawn(
    program: Sequence[str], channel: socket.socket, folder: str, argument: str
) -> asyncio.subprocess.Process:
    """Start `python PROGRAM DESCRIPTOR PARENT ARGUMENT` with no terminal and one descriptor.

    Raises: OSError if it cannot be started.
    """
    root = str(Path(leakwatch.__file__).parents[1])
    return await asyncio.create_subprocess_exec(
        *(sys.executable, *program, str(channel.fileno()), str(os.getpid()), argument),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        pass_fds=[channel.fileno()],
        cwd=folder,
        env={"PYTHONPATH": root, **_ENVIRONMENT},
        start_new_session=True,
    )


def confine(parent: int, *, memory_bytes: int, descriptors: int) -> None:
    """Die with the parent; little memory, few descriptors, no core dump, and not one byte in any file."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            raise SystemExit(1)
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_NOFILE, descriptors),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))
