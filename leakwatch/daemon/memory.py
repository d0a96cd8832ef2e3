"""How much the C library keeps of memory that was given back.

glibc has arenas, up to eight for each core, so that threads need not wait for one another. What one thread frees in its
arena another cannot use, and a daemon whose pages are read and stored in a dozen threads grows for hours until every
arena has seen its worst moment. Python's threads run one at a time: two arenas are enough.

And glibc learns: once a large piece was given back, pieces of that size are taken from an arena from then on, not from
the system. One hostile page of 32 MiB would stay for ever. A fixed threshold ends that.

Source: mallopt(3), M_ARENA_MAX and M_MMAP_THRESHOLD.
"""

from __future__ import annotations

import ctypes
import os

_MMAP_THRESHOLD, _LARGE_BYTES = -3, 2**20
_ARENA_MAX, _ARENAS = -8, 2
_TOLD = ("MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


def keep_little_memory() -> None:
    """Let threads share two arenas and give large pieces back at once; before the first thread begins.

    An operator who has said otherwise is obeyed. Other C libraries have nothing to be told.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None and not any(name in os.environ for name in _TOLD):
        mallopt(_ARENA_MAX, _ARENAS)
        mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
