"""An asset file's bytes, read once, to the fingerprints that torrents and hosts can be compared with.

One pass gives the size, SHA-256, SHA-1, git's blob id, the BEP 52 root and, where they are asked for, piece
tables, MD5 and the ed2k hash. Feed steps of 4 MiB: nearly all time is then spent inside hashlib, and a second
thread makes it up to 1.9 times as fast (`benchmarks/fingerprints.py`).
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from Crypto.Hash import MD4

from leakwatch.model.asset import PieceTable
from leakwatch.pieces import BLOCK_BYTES, STEP_BYTES, Tabulator, Work, windows
from leakwatch.torrent.infohash import PiecesRoot

ALSO = ("md5", "ed2k")
"""Prints that are made only where they are asked for."""
_BATCH = 4096
"""Leaves kept before they are folded to one node: 64 MiB of content, 128 KiB of digests; a power of two."""
_SLICE_BYTES = 2**20
"""What all hashes see before the next: small enough to stay in the processor's cache."""
_SHARED_BYTES = 2**20
"""Smaller chunks are not worth handing work to a second thread."""
_ED2K_PART = 9_728_000
_COSTS = {"sha256": 1.1, "sha1": 1.0, "git_blob": 1.0, "md5": 2.1, "ed2k": 1.8}
"""What a byte costs against SHA-1, for sharing the work out."""


@dataclass(frozen=True, slots=True)
class Prints:
    """What a file's bytes are known by. An empty file has no root (BEP 52)."""

    size_bytes: int
    sha256: bytes
    sha1: bytes
    pieces_root: PiecesRoot | None
    git_blob: bytes | None = None
    md5: bytes | None = None
    ed2k: bytes | None = None
    tables: tuple[PieceTable, ...] = ()


class Fingerprinter:
    """Takes a file's bytes in order, in chunks of any size, and ends with its `Prints`.

    With a `helper` (any executor of threads) half the work of each large chunk runs there, since hashlib
    lets go of the interpreter lock. A chunk is read only until `update` returns: its buffer may be reused.

    `size_bytes`, where it is known beforehand, gives the git blob id too, and piece tables of at most
    `table_bytes`; these take steps of 4 MiB. `also` names prints of `ALSO`.
    """

    __slots__ = ("_hashes", "_helper", "_size", "_tables", "_tree")

    def __init__(
        self,
        helper: Executor | None = None,
        *,
        size_bytes: int | None = None,
        table_bytes: int = 0,
        also: Collection[str] = (),
    ) -> None:
        self._helper = helper
        self._hashes: dict[str, Any] = {
            "sha256": hashlib.sha256(),
            "sha1": hashlib.sha1(usedforsecurity=False),
        }
        if size_bytes is not None:
            header = b"blob %d\0" % size_bytes  # git's object format: type, length, NUL, content
            self._hashes["git_blob"] = hashlib.sha1(header, usedforsecurity=False)
        if "md5" in also:
            self._hashes["md5"] = hashlib.md5(usedforsecurity=False)
        if "ed2k" in also:
            self._hashes["ed2k"] = _Ed2k()
        self._tree = _Tree()
        self._tables = Tabulator(windows(size_bytes or 0, table_bytes))
        self._size = 0

    def update(self, chunk: bytes | memoryview) -> None:
        """Take the next bytes. Raises: ValueError where tables are made and it is no step of 4 MiB."""
        data = memoryview(chunk).cast("B")
        self._size += len(data)
        if self._tables.is_wanted:
            self._step(data)
            return
        step = STEP_BYTES if self._helper else _SLICE_BYTES
        for start in range(0, len(data), step):
            self._step(data[start : start + step])

    def finish(self) -> Prints:
        """The fingerprints of everything taken so far."""
        digests = {name: hasher.digest() for name, hasher in self._hashes.items()}
        return Prints(
            size_bytes=self._size, pieces_root=self._tree.root(), tables=self._tables.tables(), **digests
        )

    def _step(self, data: memoryview) -> None:
        """All hashes of one step, on one thread or two; the leaves of its two halves come back in order."""
        head = min(self._tree.missing_bytes, len(data))
        self._tree.update(data[:head])
        cut = head + (len(data) - head) // 2 // BLOCK_BYTES * BLOCK_BYTES
        end = cut + (len(data) - cut) // BLOCK_BYTES * BLOCK_BYTES
        leaves: dict[int, list[bytes]] = {}

        def hash_leaves(start: int, stop: int) -> None:
            leaves[start] = _leaves(data[start:stop])

        works: list[Work] = [
            (_COSTS[name] * len(data), lambda hasher=hasher: hasher.update(data))
            for name, hasher in self._hashes.items()
        ]
        works += [
            (_COSTS["sha256"] * (stop - start), lambda start=start, stop=stop: hash_leaves(start, stop))
            for start, stop in ((head, cut), (cut, end))
            if stop > start
        ]
        works += self._tables.works(data) if self._tables.is_wanted else []
        _do(works, self._helper if len(data) >= _SHARED_BYTES else None)
        self._tables.close()
        for start in sorted(leaves):
            self._tree.add(leaves[start])
        self._tree.update(data[end:])


def _do(works: list[Work], helper: Executor | None) -> None:
    """All of it: here, or shared with the helper, the longest first. Two threads take from one queue."""
    if helper is None:
        for _, work in works:
            work()
        return
    queue = deque(work for _, work in sorted(works, key=lambda one: -one[0]))

    def take() -> None:
        for work in _taken(queue):
            work()

    second = helper.submit(take)
    try:
        take()
    finally:
        queue.clear()
        second.result()


def _taken(queue: deque[Any]) -> Iterator[Any]:
    while True:
        try:
            yield queue.popleft()
        except IndexError:
            return


class _Ed2k:
    """The ed2k hash: MD4 over the MD4s of parts of 9,728,000 bytes; of one part alone its MD4.

    A file whose size is a multiple of the part has an empty last part, as eMule has it; older clients left it out.
    Links are written in both ways, so of such a file there are two hashes, eMule's first.
    Source: eMule's `CKnownFile::CreateHash`; RFC 1320 for MD4.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._part, self._filled = MD4.new(), 0  # noqa: S303 - the ed2k hash is made of it

    def update(self, data: memoryview) -> None:
        while data:
            fitting = data[: _ED2K_PART - self._filled]
            self._part.update(fitting)
            self._filled += len(fitting)
            data = data[len(fitting) :]
            if self._filled == _ED2K_PART:
                self._parts.append(self._part.digest())
                self._part, self._filled = MD4.new(), 0  # noqa: S303 - the ed2k hash is made of it

    def digest(self) -> bytes:
        hashed = _of_parts([*self._parts, self._part.digest()])
        return hashed if self._filled or not self._parts else hashed + _of_parts(self._parts)


def _of_parts(parts: list[bytes]) -> bytes:
    return parts[0] if len(parts) == 1 else MD4.new(b"".join(parts)).digest()  # noqa: S303


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
