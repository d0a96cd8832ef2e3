"""`leakwatch run`, which writes down what it holds when it gets SIGUSR1: a line of JSON in the file `inside`.

So the product itself needs no such ears. Counting stops it for some tenths of a second.
"""

from __future__ import annotations

import ctypes
import gc
import json
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from leakwatch.__main__ import main

_MOST = 40


class _Mallinfo(ctypes.Structure):
    """What glibc tells of its allocator (mallinfo2, since 2.33). Units: bytes, but for counts of pieces."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def _of_malloc() -> dict[str, int]:
    """Bytes that are in use, and bytes that were given back and are kept; nothing where the libc does not tell."""
    ask = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if ask is None:
        return {}
    ask.restype = _Mallinfo
    told = ask()
    return {"used_bytes": told.uordblks + told.hblkhd, "free_bytes": told.fordblks}


def look(*_: object) -> None:
    """Write down what is there after a collection."""
    gc.collect()
    kinds = Counter(type(one).__qualname__ for one in gc.get_objects())
    told = {
        "at": time.time(),
        "objects": kinds.total(),
        "blocks": sys.getallocatedblocks(),
        "threads": threading.active_count(),
        "kinds": dict(kinds.most_common(_MOST)),
        **_of_malloc(),
    }
    with Path("inside").open("a", encoding="utf-8") as file:
        file.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, look)
    sys.argv[0] = "leakwatch"
    main()
