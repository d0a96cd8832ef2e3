"""The tree of SHA-256 sums over a file's blocks, by which BitTorrent v2 knows files and pieces (BEP 52)."""

from __future__ import annotations

import hashlib

from leakwatch.torrent.infohash import PiecesRoot

BLOCK_BYTES = 16 * 1024
"""What one leaf covers."""
_BATCH = 4096
"""Leaves kept before they are folded to one node: 64 MiB of content, 128 KiB of digests; a power of two."""


class Tree:
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
        """Take the next bytes."""
        head = self.missing_bytes
        if head:
            self._extend(data[:head])
            data = data[head:]
        whole = len(data) // BLOCK_BYTES * BLOCK_BYTES
        self.add(leaves_of(data[:whole]))
        self._extend(data[whole:])

    def add(self, leaves: list[bytes]) -> None:
        """Take the next leaves, where no block is begun."""
        self._pending += leaves
        while len(self._pending) >= _BATCH:
            batch, self._pending = self._pending[:_BATCH], self._pending[_BATCH:]
            self._push(height_of(_BATCH), fold(batch))

    def root(self) -> PiecesRoot | None:
        """The root of everything taken, of nothing None."""
        leaves = [*self._pending, self._open.digest()] if self._filled else self._pending
        peaks = [*self._peaks, (height_of(len(leaves)), fold(leaves))] if leaves else list(self._peaks)
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


class Subtree:
    """One node of a file's BEP 52 tree: the root of the blocks of one piece.

    A last piece that is shorter is filled up with empty leaves, as in a piece layer.
    """

    def __init__(self, piece_length: int) -> None:
        self._height = height_of(piece_length // BLOCK_BYTES)
        self._tree = Tree()
        self._size = 0

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        self._size += len(data)
        self._tree.update(memoryview(data))

    def digest(self) -> bytes:
        """The node. Raises: ValueError where nothing was taken."""
        node = self._tree.root()
        if node is None:
            raise ValueError("a node stands for at least one byte")
        for height in range(height_of(-(-self._size // BLOCK_BYTES)), self._height):
            node = hashlib.sha256(node + _EMPTY[height]).digest()
        return bytes(node)


def leaves_of(data: memoryview) -> list[bytes]:
    """The sum of each block; the last may be shorter."""
    sha256 = hashlib.sha256
    return [sha256(data[start : start + BLOCK_BYTES]).digest() for start in range(0, len(data), BLOCK_BYTES)]


def height_of(leaves: int) -> int:
    """Levels above `leaves` leaves once they are padded to a power of two."""
    return (leaves - 1).bit_length()


def fold(nodes: list[bytes], height: int = 0) -> bytes:
    """The root of some leaves, padded with zero digests to a power of two (BEP 52, "pieces root").

    Nodes of another `height` than leaves are padded with the roots of empty subtrees of that height.
    """
    sha256 = hashlib.sha256
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
