"""What can hash pieces of an asset: its bytes, its stored tables, or a prover where the bytes are.

A piece of a torrent is one range of one file of the asset, or several ranges one after the other, with zeros
where the torrent pads (BEP 47). Whoever hashes it says of each part whether it says anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from leakwatch.model.asset import AssetFile, PieceTable
from leakwatch.pieces import NOTHING


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `start` to `start + length` of an asset's file, or so many zeros where `file` is None."""

    file: AssetFile | None
    start: int
    length: int


Piece = tuple[Part, ...]
Away = Callable[[str], None]
"""Is told why somebody who hashes could not be asked, in words without names of files."""


@dataclass(frozen=True, slots=True)
class Hashed:
    """The SHA-1 of a piece; of each part whether it is no mere padding or pattern; what was read for it."""

    digest: bytes
    informative: tuple[bool, ...]
    read_bytes: int = 0


class Hasher(Protocol):
    """One way to the hashes of an asset's pieces."""

    def known(self, file: AssetFile, piece_length: int, start: int) -> Sequence[range]:
        """Which ranges of a file can be hashed in pieces of this length, one of which begins at byte `start`."""
        ...

    def hash(self, pieces: Sequence[Piece]) -> Sequence[Hashed | None]:
        """Each piece's hash, in order; None where it is not to be had."""
        ...


@runtime_checkable
class HasherElsewhere(Hasher, Protocol):
    """One that may be away: a disk that is not mounted, a machine that does not answer."""

    def noting(self, away: Away, files: Sequence[AssetFile] = ()) -> Hasher:
        """The same, which tells `away` of each time that it could not be asked; not to know a piece is another thing.

        `files` are those that it will be asked for, so that one question may do for many.
        """
        ...


class TableHasher:
    """Stored tables: pieces that begin at a multiple of their length, and whole files, also with padding behind."""

    def known(self, file: AssetFile, piece_length: int, start: int) -> Sequence[range]:
        """The windows of the table, if the pieces lie on its grid; the whole file, if one piece holds it."""
        size = file.size_bytes or 0
        if start % piece_length:
            return ()
        if file.sha1 and size <= piece_length:
            return (range(size),)
        return tuple(
            range(table.first * piece_length, min((table.first + len(table)) * piece_length, size))
            for table in file.tables
            if table.piece_length == piece_length
        )

    def hash(self, pieces: Sequence[Piece]) -> Sequence[Hashed | None]:
        """Looked up; nothing is read."""
        return [self._hash(piece) for piece in pieces]

    def _hash(self, piece: Piece) -> Hashed | None:
        part, *rest = piece
        file, size = part.file, (part.file.size_bytes or 0 if part.file else 0)
        if file is None or any(one.file for one in rest):
            return None
        if rest:
            filled = _filled_up(file, part, size + sum(one.length for one in rest))
            return Hashed(filled, (True, *(False for _ in rest))) if filled else None
        for table in file.tables:
            digest = _looked_up(table, part, size)
            if digest:
                return Hashed(digest, (digest != NOTHING,))
        if not part.start and part.length == size and file.sha1:
            return Hashed(file.sha1, (True,))
        return None


def _filled_up(file: AssetFile, part: Part, piece_length: int) -> bytes | None:
    """A whole file shorter than a piece, and zeros behind it."""
    if part.start or part.length != file.size_bytes:
        return None
    rows = (table for table in file.tables if table.piece_length == piece_length and not table.first)
    return next((digest for table in rows if (digest := table.digest(1))), None)


def _looked_up(table: PieceTable, part: Part, size: int) -> bytes | None:
    whole = min(table.piece_length, size - part.start)
    if part.start % table.piece_length or part.length != whole:
        return None
    return table.digest(part.start // table.piece_length)


@dataclass(frozen=True, slots=True)
class InTurn:
    """Several ways, the cheapest first: what one does not know, the next is asked."""

    hashers: tuple[Hasher, ...]

    def known(self, file: AssetFile, piece_length: int, start: int) -> Sequence[range]:
        """What any of them knows; who comes after those that know the whole file is not asked."""
        found: tuple[range, ...] = ()
        for one in self.hashers:
            found = joined((*found, *one.known(file, piece_length, start)))
            if found == (range(file.size_bytes or 0),):
                break
        return found

    def hash(self, pieces: Sequence[Piece]) -> Sequence[Hashed | None]:
        """Each by the first that knows it."""
        found: list[Hashed | None] = [None] * len(pieces)
        for one in self.hashers:
            missing = [place for place, hashed in enumerate(found) if hashed is None]
            if not missing:
                break
            for place, hashed in zip(missing, one.hash([pieces[place] for place in missing]), strict=True):
                found[place] = hashed
        return found


def here(hasher: Hasher) -> Hasher:
    """Without what is elsewhere: that hashes no ranges that end a few bytes apart, and would remember these (0014)."""
    ways = hasher.hashers if isinstance(hasher, InTurn) else (hasher,)
    return InTurn(tuple(one for one in ways if not isinstance(one, HasherElsewhere)))


def joined(ranges: Iterable[range]) -> tuple[range, ...]:
    """Ranges in order, those that touch or overlap made one, empty ones left out."""
    found: list[range] = []
    for one in sorted((one for one in ranges if one), key=lambda one: (one.start, one.stop)):
        if found and one.start <= found[-1].stop:
            found[-1] = range(found[-1].start, max(found[-1].stop, one.stop))
        else:
            found.append(one)
    return tuple(found)
