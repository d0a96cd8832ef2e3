"""Pieces of an asset's files, hashed where the files lie on this machine unchanged since they were read."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Sequence
from typing import Protocol

from leakwatch.model.asset import AssetFile
from leakwatch.pieces import STEP_BYTES, is_informative
from leakwatch.proof import Hashed, Part, Piece
from leakwatch.torrent.tree import Subtree


class Digest(Protocol):
    """What hashlib's hashers and a `Subtree` have in common."""

    def update(self, data: bytes, /) -> object:
        """Take the next bytes."""
        ...

    def digest(self) -> bytes:
        """The hash of everything taken."""
        ...


class LocalHasher:
    """SHA-1 of pieces (BEP 3)."""

    def known(self, file: AssetFile, piece_length: int, start: int) -> Sequence[range]:  # noqa: ARG002
        """All of a file that is here."""
        return _here(file)

    def hash(self, pieces: Sequence[Piece]) -> Sequence[Hashed | None]:
        """Each piece, read a few MiB at a time."""
        return [_hash_local(piece, hashlib.sha1(usedforsecurity=False)) for piece in pieces]


class LocalLayers:
    """Nodes of the tree of a file (BEP 52), each of which stands for a piece of this length."""

    def __init__(self, piece_length: int) -> None:
        self._piece_length = piece_length

    def known(self, file: AssetFile, piece_length: int, start: int) -> Sequence[range]:  # noqa: ARG002
        """All of a file that is here."""
        return _here(file)

    def hash(self, pieces: Sequence[Piece]) -> Sequence[Hashed | None]:
        """Each piece, read a few MiB at a time."""
        return [_hash_local(piece, Subtree(self._piece_length)) for piece in pieces]


def _here(file: AssetFile) -> Sequence[range]:
    descriptor = _opened(file)
    if descriptor is None:
        return ()
    os.close(descriptor)
    return (range(file.size_bytes or 0),)


def _hash_local(piece: Piece, digest: Digest) -> Hashed | None:
    informative = [_hash_part(part, digest.update) for part in piece]
    if None in informative:
        return None
    read = sum(part.length for part in piece if part.file is not None)
    return Hashed(digest.digest(), tuple(bool(one) for one in informative), read)


def _hash_part(part: Part, update: Callable[[bytes], object]) -> bool | None:
    """Whether the bytes say anything; None if they are not to be had."""
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
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return is_telling


def _opened(file: AssetFile) -> int | None:
    """A descriptor of an asset's file, or None if it is not on this machine or no longer the file that was read."""
    if file.local_path is None:
        return None
    try:
        descriptor = os.open(file.local_path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    status = os.fstat(descriptor)
    changed = file.mtime_ns is not None and status.st_mtime_ns != file.mtime_ns
    if changed or status.st_size != file.size_bytes or not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        return None
    return descriptor
