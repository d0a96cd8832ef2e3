"""How near hashing an asset comes to the limit: hashlib's sum of parts, and `openssl speed`, in the same run.

    python benchmarks/fingerprints.py [MIB]

The budget (DESIGN §12) is a ratio of at least 0.9 to either, and 1.8 for two cores against one.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial

from leakwatch.fingerprints import BLOCK_BYTES, Fingerprinter

CHUNK_BYTES = 4 * 2**20
ROUNDS = 5


def best_s(work: Callable[[], object]) -> float:
    """The shortest of a few runs: what the machine does when nobody disturbs it."""
    times: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def fingerprint(data: memoryview, chunk_bytes: int, helper: Executor | None = None) -> None:
    """All fingerprints of the data."""
    fingerprinter = Fingerprinter(helper)
    for start in range(0, len(data), chunk_bytes):
        fingerprinter.update(data[start : start + chunk_bytes])
    fingerprinter.finish()


def blocks(data: memoryview) -> None:
    """SHA-256 of each block: the leaves of the tree without the tree."""
    for start in range(0, len(data), BLOCK_BYTES):
        hashlib.sha256(data[start : start + BLOCK_BYTES]).digest()


def openssl_rate(name: str, block_bytes: int) -> float:
    """Bytes per second that `openssl speed` prints for a digest; 0 where there is no openssl."""
    program = shutil.which("openssl")
    if program is None:
        return 0.0
    command = [program, "speed", "-seconds", "1", "-bytes", str(block_bytes), "-evp", name]
    printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.findall(r"([0-9.]+)k\s*$", printed)
    return float(found[-1]) * 1000 if found else 0.0


def main() -> None:
    """Print the table."""
    size = int(sys.argv[1] if len(sys.argv) > 1 else 256) * 2**20
    data = memoryview(os.urandom(size))
    parts = {
        "sha256": best_s(lambda: hashlib.sha256(data).digest()),
        "sha1": best_s(lambda: hashlib.sha1(data, usedforsecurity=False).digest()),
        "sha256 of 16 KiB blocks": best_s(lambda: blocks(data)),
    }
    for name, seconds in parts.items():
        print(f"{name:28} {size / seconds / 1e9:6.2f} GB/s")
    limit = sum(parts.values())
    rates = openssl_rate("sha256", 2**20), openssl_rate("sha1", 2**20), openssl_rate("sha256", BLOCK_BYTES)
    speed = sum(size / rate for rate in rates) if all(rates) else 0.0
    print(f"{'openssl speed, sum of parts':28} {size / speed / 1e9 if speed else 0:6.2f} GB/s")
    for chunk_bytes in (2**16, 2**20, CHUNK_BYTES, 4 * CHUNK_BYTES):
        one = best_s(partial(fingerprint, data, chunk_bytes))
        with ThreadPoolExecutor(1) as helper:
            two = best_s(partial(fingerprint, data, chunk_bytes, helper))
        print(
            f"Fingerprinter, {chunk_bytes // 1024:5} KiB     {size / one / 1e9:6.2f} GB/s"
            f"  of hashlib {limit / one:.2f}  of openssl {speed / one:.2f}  two threads {one / two:.2f}x"
        )


if __name__ == "__main__":
    main()
