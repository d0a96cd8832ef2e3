"""The process that reads pages of strangers, under limits of memory and processor time.

python -m leakwatch.limited.pages_child DESCRIPTOR PARENT SECONDS
"""

from __future__ import annotations

import sys

from leakwatch.errors import LayoutChanged, SourceError
from leakwatch.limited import prescan, wire
from leakwatch.limited.reading import parsed
from leakwatch.limited.serving import run
from leakwatch.sources import KINDS
from leakwatch.sources._kind import PolledKind
from leakwatch.sources._readable import READABLE

MAX_MEMORY_BYTES = 2**30


def answer(_: bytes, data: bytes) -> bytes:
    """The page, or why it is none."""
    try:
        name, payload = wire.question(data)
        kind = READABLE if name == READABLE.name else KINDS[name]
        if not isinstance(kind, PolledKind):
            raise LayoutChanged(f"{name} reads no pages")
        prescan.check(payload.body)
        return wire.page_told(parsed(kind, payload))
    except SourceError as error:
        return wire.error_told(error)
    except MemoryError:
        return wire.error_told(LayoutChanged("the page takes more memory to read than is allowed"))


if __name__ == "__main__":
    run(sys.argv[1:], answer, MAX_MEMORY_BYTES)
