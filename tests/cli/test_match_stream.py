"""`leakwatch match` on a stream that is longer than its memory."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from itertools import islice
from pathlib import Path
from typing import IO

import pytest

LINES, FIRST = 200_000, 40_000
"""By the first of them all that is kept has been filled: batches, words that are remembered."""
MOST_GROWTH_KIB = 12 * 1024


def peak_kib(pid: int) -> int:
    """The peak memory of a process so far."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text("ascii"))
    assert found
    return int(found[1])


def write(stream: IO[bytes]) -> None:
    """Names that differ in every word, and now and then one of an asset."""
    for start in range(0, LINES, 1000):
        lines = (
            f"Harbour.{number:x}.{number * 7919:o}.1080p"
            if number % 50
            else "Tideglass.Harbour.1080p\t123456789"
            for number in range(start, start + 1000)
        )
        stream.write("\n".join([*lines, ""]).encode())
        stream.flush()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_memory_does_not_grow_with_the_lines(tmp_path: Path) -> None:
    """A stream of 200,000 names is answered line by line, in the memory that a fifth of it takes."""
    catalogue = tmp_path / "catalogue.jsonl"
    catalogue.write_text('{"id": "a", "title": "Tideglass Harbour"}\n')
    call = [sys.executable, "-m", "leakwatch", "match", "--json", "--catalogue", str(catalogue)]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin
        assert running.stdout
        writer = threading.Thread(target=write, args=(running.stdin,))
        writer.start()
        named = sum(b'"best": "a"' in line for line in islice(running.stdout, FIRST))
        first = peak_kib(running.pid)
        named += sum(b'"best": "a"' in line for line in islice(running.stdout, LINES - FIRST))
        last = peak_kib(running.pid)
        writer.join()
        running.stdin.close()
        assert running.stdout.read() == b""
    assert running.returncode == 0
    assert named == LINES // 50
    assert last - first < MOST_GROWTH_KIB, f"{first} KiB, then {last} KiB"
