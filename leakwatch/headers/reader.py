"""From the first bytes of a file to its header, whatever the format; how many bytes that takes; keeping only those."""

from __future__ import annotations

from leakwatch.errors import HeaderError
from leakwatch.headers.gguf import MAGIC, MoreNeeded, read_gguf
from leakwatch.headers.safetensors import header_bytes, is_safetensors, read_safetensors
from leakwatch.headers.tensor import MAX_HEADER_BYTES, Header

_PROBE = 9
"""What tells the formats from all others: `GGUF`, or a length and the brace after it."""
_FIRST_STEP = 64 * 1024


def bytes_needed(head: bytes) -> int:
    """How many bytes from the file's start `read_header` wants, judged by those at hand.

    No more than `len(head)` once they suffice; that is so, too, as soon as the file is neither format or breaks a
    rule, which `read_header` then tells. A GGUF header does not say how long it is: there the answer is a next step,
    at least twice what is at hand, so that asking again and again costs no more than twice the reading.
    Shape:  never more than `MAX_HEADER_BYTES` and the eight bytes of length before them.
    """
    if len(head) < _PROBE:
        return _PROBE
    try:
        if is_safetensors(head):
            return header_bytes(head)
        if head.startswith(MAGIC):
            read_gguf(head)
    except MoreNeeded as more:
        return max(more.end, min(MAX_HEADER_BYTES, max(2 * len(head), _FIRST_STEP)))
    except HeaderError:
        return len(head)
    return 0


def read_header(head: bytes, size_bytes: int | None = None) -> Header | None:
    """Read the header that `head` begins with; None if the file is neither safetensors nor GGUF.

    `head` may be the whole file, or its first `bytes_needed`. With `size_bytes`, the whole file's size, tensors
    behind the file's end are refused.
    Raises: HeaderError if the header is malformed, cut off, or larger than 100 MB.
    """
    if is_safetensors(head):
        return read_safetensors(head, size_bytes)
    if not head.startswith(MAGIC):
        return None
    try:
        return read_gguf(head, size_bytes)
    except MoreNeeded as more:
        raise HeaderError(f"ends after {len(head)} bytes, within the header") from more


class HeaderKeeper:
    """Takes a file's bytes in order, in chunks of any size, and keeps its header only.

    What is neither format costs nine bytes; a chunk is read only until `update` returns.
    """

    __slots__ = ("_head", "_needed", "_size")

    def __init__(self) -> None:
        self._head = bytearray()
        self._needed = _PROBE
        self._size = 0

    def update(self, chunk: bytes | memoryview) -> None:
        """Take the next bytes."""
        data = memoryview(chunk).cast("B")
        self._size += len(data)
        while data and len(self._head) < self._needed:
            wanted = self._needed - len(self._head)
            self._head += data[:wanted]
            data = data[wanted:]
            if len(self._head) == self._needed:
                self._needed = bytes_needed(bytes(self._head))

    def finish(self) -> Header | None:
        """The header of the file whose bytes were taken. Raises: HeaderError, as `read_header`."""
        return read_header(bytes(self._head), self._size)
