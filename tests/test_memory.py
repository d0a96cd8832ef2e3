"""How many arenas of the C library the daemon's threads use."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

THREADS = """
import ctypes, threading
{before}
gate = threading.Barrier(7)
kept = []
def take():
    gate.wait()
    kept.append([bytes(4000) for _ in range(100)])
    gate.wait()
threads = [threading.Thread(target=take) for _ in range(6)]
for one in threads: one.start()
gate.wait()
gate.wait()
ctypes.CDLL(None).malloc_stats()
"""
SHARED = "from leakwatch.daemon.memory import share_arenas; share_arenas()"


def arenas(before: str, **told: str) -> int:
    """How many arenas six threads use, after some words of Python, in a process of its own."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if name not in ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")
    }
    code = [sys.executable, "-c", THREADS.format(before=before)]
    done = subprocess.run(code, env=plain | told, capture_output=True, text=True, check=True)
    return done.stderr.count("Arena ")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="another C library than glibc")
def test_threads_share_two_arenas() -> None:
    """Six threads use two arenas, where they would use more; what the operator says is obeyed."""
    assert arenas("") > 3
    assert arenas(SHARED) == 2
    assert arenas(SHARED, MALLOC_ARENA_MAX="3") == 3
