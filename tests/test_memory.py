"""What the C library keeps of the daemon's memory."""

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
SHARED = "from leakwatch.daemon.memory import keep_little_memory; keep_little_memory()"


HOSTILE = """
import gzip, os
from pathlib import Path
from leakwatch.crawl.decoding import BodyLimits, BodyRefused, BoundedBody
{before}
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
def read(packed):
    body = BoundedBody("h", "gzip", BodyLimits())
    try:
        for start in range(0, len(packed), 65536):
            body.feed(packed[start : start + 65536])
        len(body.finish().decode("latin-1"))
    except BodyRefused:
        pass
bomb, page = gzip.compress(bytes(2**26)), gzip.compress(os.urandom(300_000).hex().encode() * 30)
began = resident()
for _ in range(3):
    read(bomb)
    read(page)
print(resident() - began)
"""


def run(code: str, **told: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, which nobody has told anything else of memory."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=plain | told, capture_output=True, text=True, check=True)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="another C library than glibc")
def test_threads_share_two_arenas() -> None:
    """Six threads use two arenas, where they would use more; what the operator says is obeyed."""
    plain, shared = THREADS.format(before=""), THREADS.format(before=SHARED)
    assert run(plain).stderr.count("Arena ") > 3
    assert run(shared).stderr.count("Arena ") == 2
    assert run(shared, MALLOC_ARENA_MAX="3").stderr.count("Arena ") == 3


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="another C library than glibc")
def test_a_large_page_does_not_stay() -> None:
    """Bombs and large pages leave less than 2 MiB behind, where glibc by itself keeps far more."""
    left = int(run(HOSTILE.format(before=SHARED)).stdout)
    plain = int(run(HOSTILE.format(before="import leakwatch.daemon.memory")).stdout)
    assert left < 2 * 2**20
    assert plain > left + 4 * 2**20
