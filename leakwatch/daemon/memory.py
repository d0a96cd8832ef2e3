"""How the C library keeps memory that was given back.

glibc has arenas, up to eight for each core, so that threads need not wait for one another. What one thread frees in its
arena another cannot use, and a daemon whose pages are read and stored in a dozen threads grows for hours until every
arena has seen its worst moment. Python's threads run one at a time: two arenas are enough.

Source: mallopt(3), M_ARENA_MAX.
"""

from __future__ import annotations

import ctypes
import os

_ARENA_MAX, _ARENAS = -8, 2
_TOLD = ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")


def share_arenas() -> None:
    """Let threads share two arenas; before the first thread begins. An operator who has said otherwise is obeyed.

    Other C libraries have nothing to be told.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None and not any(name in os.environ for name in _TOLD):
        mallopt(_ARENA_MAX, _ARENAS)
