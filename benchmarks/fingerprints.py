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
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial

from leakwatch.fingerprints import BLOCK_BYTES, Fingerprinter

CHUNKS = (2**16, 2**20, 2**22, 2**24)
ROUNDS = 7


def best_s(works: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """The shortest of a few runs of each, taken in turns: what the machine does when nobody disturbs it."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(ROUNDS):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


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
    size = int(sys.argv[1] if len(sys.argv) > 1 else 128) * 2**20
    data = memoryview(os.urandom(size))
    with ThreadPoolExecutor(1) as helper:
        works: dict[str, Callable[[], object]] = {
            "sha256": partial(hashlib.sha256, data),
            "sha1": partial(hashlib.sha1, data, usedforsecurity=False),
            "sha256 of 16 KiB blocks": partial(blocks, data),
        }
        parts = list(works)
        for chunk_bytes in CHUNKS:
            works[f"all, {chunk_bytes // 1024} KiB"] = partial(fingerprint, data, chunk_bytes)
            works[f"all, {chunk_bytes // 1024} KiB, two threads"] = partial(
                fingerprint, data, chunk_bytes, helper
            )
        seconds = best_s(works)
    rates = openssl_rate("sha256", 2**20), openssl_rate("sha1", 2**20), openssl_rate("sha256", BLOCK_BYTES)
    limit = sum(seconds[name] for name in parts)
    speed = sum(size / rate for rate in rates) if all(rates) else 0.0
    for name, took in seconds.items():
        ratios = (
            f"  of hashlib {limit / took:.2f}  of openssl {speed / took:.2f}" if name not in parts else ""
        )
        print(f"{name:28} {size / took / 1e9:6.2f} GB/s{ratios}")


if __name__ == "__main__":
    main()
