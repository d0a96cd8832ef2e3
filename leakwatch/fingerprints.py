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
from leakwatch.torrent.tree import Tree, leaves_of

ALSO = ("md5", "ed2k")
"""Prints that are made only where they are asked for."""
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
        self._tree = Tree()
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
        tables = self._tables.tables(self._hashes["sha1"])
        return Prints(size_bytes=self._size, pieces_root=self._tree.root(), tables=tables, **digests)

    def _step(self, data: memoryview) -> None:
        """All hashes of one step, on one thread or two; the leaves of its two halves come back in order."""
        head = min(self._tree.missing_bytes, len(data))
        self._tree.update(data[:head])
        cut = head + (len(data) - head) // 2 // BLOCK_BYTES * BLOCK_BYTES
        end = cut + (len(data) - cut) // BLOCK_BYTES * BLOCK_BYTES
        leaves: dict[int, list[bytes]] = {}

        def hash_leaves(start: int, stop: int) -> None:
            leaves[start] = leaves_of(data[start:stop])

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
