"""Pieces of an asset's files, hashed where the files lie on this machine unchanged since they were read."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from leakwatch.model.asset import AssetFile
from leakwatch.pieces import STEP_BYTES, is_informative
from leakwatch.proof import Away, Hashed, Part, Piece
from leakwatch.torrent.tree import Subtree


class Digest(Protocol):
    """What hashlib's hashers and a `Subtree` have in common."""

    def update(self, data: bytes, /) -> object:
        """Take the next bytes."""
        ...

    def digest(self) -> bytes:
        """The hash of everything taken."""
        ...


def _sha1() -> Digest:
    return hashlib.sha1(usedforsecurity=False)


class LocalHasher:
    """Hashes pieces from the asset's own files, where they lie on this machine unchanged since they were read.

    SHA-1 (BEP 3), or what `digest` makes. `away` is told of a file that is not where it was read, as of a disk
    that is not mounted.
    """

    def __init__(self, away: Away | None = None, digest: Callable[[], Digest] = _sha1) -> None:
        self._away, self._digest = away, digest

    def known(self, file: AssetFile, piece_length: int, start: int) -> Sequence[range]:  # noqa: ARG002
        """All of a file that is here."""
        try:
            descriptor = _opened(file)
        except OSError:
            self._note()
            return ()
        if descriptor is None:
            return ()
        os.close(descriptor)
        return (range(file.size_bytes or 0),)

    def hash(self, pieces: Sequence[Piece]) -> Sequence[Hashed | None]:
        """Each piece, read a few MiB at a time."""
        return [self._hash(piece) for piece in pieces]

    def _hash(self, piece: Piece) -> Hashed | None:
        try:
            return _hash_local(piece, self._digest())
        except OSError:
            self._note()
            return None

    def _note(self) -> None:
        if self._away is not None:
            self._away("a file of the asset could not be read where it lay")


class LocalLayers(LocalHasher):
    """Nodes of the tree of a file (BEP 52), each of which stands for a piece of this length."""

    def __init__(self, piece_length: int, away: Away | None = None) -> None:
        super().__init__(away, partial(Subtree, piece_length))


def _hash_local(piece: Piece, digest: Digest) -> Hashed | None:
    """The hash, or None if the bytes are no longer those that were read. Raises: OSError if they cannot be read."""
    informative = [_hash_part(part, digest.update) for part in piece]
    if None in informative:
        return None
    read = sum(part.length for part in piece if part.file is not None)
    return Hashed(digest.digest(), tuple(bool(one) for one in informative), read)


def _hash_part(part: Part, update: Callable[[bytes], object]) -> bool | None:
    """Whether the bytes say anything; None if they are not to be had. Raises: OSError."""
    if part.file is None:
        for start in range(0, part.length, STEP_BYTES):
            update(bytes(min(STEP_BYTES, part.length - start)))
        return False
    descriptor = _opened(part.file) if part.start >= 0 else None
    if descriptor is None:
        return None
    is_telling, end = False, part.start + part.length
    try:
        for start in range(part.start, end, STEP_BYTES):
            data = os.pread(descriptor, min(STEP_BYTES, end - start), start)
            if len(data) != min(STEP_BYTES, end - start):
                return None
            update(data)
            is_telling = is_telling or is_informative(data)
    finally:
        os.close(descriptor)
    return is_telling


def _opened(file: AssetFile) -> int | None:
    """A descriptor of an asset's file; None if it never was on this machine, or is no longer the file that was read.

    Raises: OSError if it cannot be opened.
    """
    if file.local_path is None:
        return None
    descriptor = os.open(file.local_path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    changed = file.mtime_ns is not None and status.st_mtime_ns != file.mtime_ns
    if changed or status.st_size != file.size_bytes or not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        return None
    return descriptor
