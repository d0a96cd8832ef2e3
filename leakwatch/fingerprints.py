"""An asset file's bytes, read once, to the fingerprints that torrents and hosts can be compared with.

One pass gives the size, SHA-256, SHA-1 and the BEP 52 root. Feed large chunks: from 1 MiB on nearly all time
is spent inside hashlib, and a second thread makes it up to 1.9 times as fast (`benchmarks/fingerprints.py`).
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Executor
from dataclasses import dataclass

from leakwatch.torrent.infohash import PiecesRoot

BLOCK_BYTES = 16 * 1024
"""What one leaf of the BEP 52 tree covers."""
_BATCH = 4096
"""Leaves kept before they are folded to one node: 64 MiB of content, 128 KiB of digests; a power of two."""
_SLICE_BYTES = 2**20
"""What all hashes see before the next: small enough to stay in the processor's cache."""
_SHARED_BYTES = 2**20
"""Smaller chunks are not worth handing work to a second thread."""


@dataclass(frozen=True, slots=True)
class Prints:
    """What a file's bytes are known by. An empty file has no root (BEP 52)."""

    size_bytes: int
    sha256: bytes
    sha1: bytes
    pieces_root: PiecesRoot | None


class Fingerprinter:
    """Takes a file's bytes in order, in chunks of any size, and ends with its `Prints`.

    With a `helper` (any executor of threads) half the work of each large chunk runs there, since hashlib
    lets go of the interpreter lock. A chunk is read only until `update` returns: its buffer may be reused.
    """

    __slots__ = ("_helper", "_sha1", "_sha256", "_size", "_tree")

    def __init__(self, helper: Executor | None = None) -> None:
        self._helper = helper
        self._sha256 = hashlib.sha256()
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._tree = _Tree()
        self._size = 0

    def update(self, chunk: bytes | memoryview) -> None:
        """Take the next bytes."""
        data = memoryview(chunk).cast("B")
        self._size += len(data)
        if self._helper is not None and len(data) >= _SHARED_BYTES:
            self._update_on_two(data, self._helper)
            return
        for start in range(0, len(data), _SLICE_BYTES):
            part = data[start : start + _SLICE_BYTES]
            self._sha256.update(part)
            self._sha1.update(part)
            self._tree.update(part)

    def finish(self) -> Prints:
        """The fingerprints of everything taken so far."""
        return Prints(self._size, self._sha256.digest(), self._sha1.digest(), self._tree.root())

    def _update_on_two(self, data: memoryview, helper: Executor) -> None:
        """SHA-256 and half the leaves here; SHA-1 and the other half there: equal work within a tenth."""
        head = min(self._tree.missing_bytes, len(data))
        self._tree.update(data[:head])
        cut = head + (len(data) - head) // 2 // BLOCK_BYTES * BLOCK_BYTES
        end = cut + (len(data) - cut) // BLOCK_BYTES * BLOCK_BYTES

        def there() -> list[bytes]:
            self._sha1.update(data)
            return _leaves(data[cut:end])

        second = helper.submit(there)
        try:
            self._sha256.update(data)
            first = _leaves(data[head:cut])
        finally:
            later = second.result()
        self._tree.add(first)
        self._tree.add(later)
        self._tree.update(data[end:])


class _Tree:
    """The BEP 52 tree of one file, in memory that grows with the logarithm of its size.

    `_peaks` holds the roots of full subtrees, left to right, their heights falling as in a binary counter;
    `_pending` the leaves that are not folded yet; `_open` the hash of a last block that is not full.
    """

    __slots__ = ("_filled", "_open", "_peaks", "_pending")

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []
        self._pending: list[bytes] = []
        self._open = hashlib.sha256()
        self._filled = 0

    @property
    def missing_bytes(self) -> int:
        """What the last block lacks to be full; 0 where none is begun."""
        return BLOCK_BYTES - self._filled if self._filled else 0

    def update(self, data: memoryview) -> None:
        head = self.missing_bytes
        if head:
            self._extend(data[:head])
            data = data[head:]
        whole = len(data) // BLOCK_BYTES * BLOCK_BYTES
        self.add(_leaves(data[:whole]))
        self._extend(data[whole:])

    def add(self, leaves: list[bytes]) -> None:
        self._pending += leaves
        while len(self._pending) >= _BATCH:
            batch, self._pending = self._pending[:_BATCH], self._pending[_BATCH:]
            self._push(_height(_BATCH), _fold(batch))

    def root(self) -> PiecesRoot | None:
        leaves = [*self._pending, self._open.digest()] if self._filled else self._pending
        peaks = [*self._peaks, (_height(len(leaves)), _fold(leaves))] if leaves else list(self._peaks)
        if not peaks:
            return None
        height, node = peaks.pop()
        while peaks:
            if peaks[-1][0] == height:
                node = hashlib.sha256(peaks.pop()[1] + node).digest()
            else:
                node = hashlib.sha256(node + _EMPTY[height]).digest()
            height += 1
        return PiecesRoot(node)

    def _extend(self, data: memoryview) -> None:
        """Add to the block that is not full; it becomes a leaf once it is."""
        if not data:
            return
        self._open.update(data)
        self._filled += len(data)
        if self._filled == BLOCK_BYTES:
            self.add([self._open.digest()])
            self._open, self._filled = hashlib.sha256(), 0

    def _push(self, height: int, node: bytes) -> None:
        while self._peaks and self._peaks[-1][0] == height:
            node = hashlib.sha256(self._peaks.pop()[1] + node).digest()
            height += 1
        self._peaks.append((height, node))


def _leaves(data: memoryview) -> list[bytes]:
    sha256 = hashlib.sha256
    return [sha256(data[start : start + BLOCK_BYTES]).digest() for start in range(0, len(data), BLOCK_BYTES)]


def _height(leaves: int) -> int:
    """Levels above `leaves` leaves once they are padded to a power of two."""
    return (leaves - 1).bit_length()


def _fold(nodes: list[bytes]) -> bytes:
    """The root of some leaves, padded with zero digests to a power of two (BEP 52, "pieces root")."""
    sha256 = hashlib.sha256
    height = 0
    while len(nodes) > 1:
        if len(nodes) % 2:
            nodes = [*nodes, _EMPTY[height]]
        pairs = iter(nodes)
        nodes = [sha256(left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
        height += 1
    return nodes[0]


def _empty_roots(levels: int) -> tuple[bytes, ...]:
    roots = [bytes(32)]
    for _ in range(levels):
        roots.append(hashlib.sha256(roots[-1] * 2).digest())
    return tuple(roots)


_EMPTY = _empty_roots(64)
"""At index h the root of a subtree of height h that lies wholly beyond the file's end."""
