"""Whether a torrent commits to the bytes of an asset: arithmetic on its metadata and the owner's own file.

Metadata holds hashes of the content. Hashing the same ranges of the asset and comparing asks nothing of the
swarm. One informative piece that agrees proves its range (2^-160 by chance). The cost follows the pieces that
are sampled, never the asset's size, and `MAX_READ_BYTES` bounds it whatever the metadata says.

Not seen, by design: copies that were re-encoded, archived or encrypted; a changed file in a v2-only torrent.
The verdict is about the metadata, not about what peers really hold.
"""

from __future__ import annotations

import hashlib
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from operator import itemgetter
from random import Random, SystemRandom

from leakwatch.model.asset import AssetFile, is_telling
from leakwatch.model.finding import FileProof, Proof, Verdict
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo

Reader = Callable[[AssetFile, int, int], bytes | None]
"""(file, start, length) -> those bytes of the asset's file, or None if they are not at hand."""

MAX_READ_BYTES = 256 * 2**20
"""What one `prove` reads at most."""
STAGES = (1, 16, 64)
"""Informative pieces per file: 16 miss a copy with a quarter unchanged in 1 %, 64 with a twentieth in 4 %."""
_SHA1 = 20
_SLICE = 4 * 2**20
_SEEK = 64 * 1024
"""What a read counts for at least: tiny pieces cost seeks."""
_ENOUGH_TO_REFUTE = 4
_MAX_EQUAL, _MAX_SHIFTED, _MAX_MATES, _MAX_NEAR = 256, 32, 16, 4
_MAX_SPANS, _MAX_PARTS, _MAX_SPAN_BYTES = 64, 1024, 32 * 2**20
_COMPARABLE = 4
"""Files whose sizes differ by a larger factor, and whose names differ, are not tried against one another."""
_MAX_FILES_TOLD = 1000


@dataclass(slots=True)
class _Pair:
    """A file of the torrent and one of the asset, aligned; the pieces to compare, and what came of it."""

    file: TorrentFile
    asset: AssetFile
    shift: int
    pieces: range
    draws: Iterator[int]
    ok: int = 0
    tested: int = 0
    drawn: int = 0
    unread: bool = False

    def told(self) -> FileProof:
        return FileProof(self.file.path, self.asset.path, self.ok, self.tested, len(self.pieces), self.shift)


def prove(
    info: TorrentInfo, files: Sequence[AssetFile], read: Reader | None, rng: Random | None = None
) -> Proof:
    """Judge a torrent against an asset's files.

    PROVED    a v2 root is one of the asset's (the whole file is identical; told as 1 of 1 pieces), or one
              informative v1 piece agrees. Pieces are drawn at random: no maker can know which.
    LIKELY    only side files agree: less than a hundredth of the asset's bytes each, such as a licence text.
    REFUTED   only by evidence: a file of exactly an asset file's size of which at least four informative
              pieces were tested and all differ, or whose root differs. Small side files refute nothing.
    UNPROVED  nothing could be compared, or too little; `reason` says why.
    """
    identical = _same_root(info, files)
    if identical:
        return _agreeing("v2", identical[:_MAX_FILES_TOLD], identical, files)
    sampler = _Sampler(info, files, read, rng or SystemRandom())
    sampler.run()
    tested = sampler.told()
    proved = [file for file in tested if file.pieces_ok]
    if proved:
        return _agreeing("v1", tested, proved, files)
    if sampler.refutes(_weight(files)):
        count = sum(file.pieces_tested for file in tested)
        why = f"none of {count} informative pieces agrees with the asset's"
        return Proof(Verdict.REFUTED, "v1", tuple(tested), why)
    other = _other_root(info, files)
    if other:
        why = f"{_count(len(other), 'file')} of exactly the asset's size, and of another root"
        return Proof(Verdict.REFUTED, "v2", tuple(other[:_MAX_FILES_TOLD]), why)
    return Proof(Verdict.UNPROVED, "v1" if tested else "none", tuple(tested), sampler.why_not())


def _agreeing(
    method: str, told: Sequence[FileProof], proved: Sequence[FileProof], files: Sequence[AssetFile]
) -> Proof:
    """Proved, if one of the files that agree stands for the work."""
    telling = {file.path for file in files if is_telling(file, files)}
    why = _why_proved(proved, files)
    if any(one.asset_path in telling for one in proved):
        return Proof(Verdict.PROVED, method, tuple(told), why)
    return Proof(
        Verdict.LIKELY, method, tuple(told), f"{why}; these are side files, which others may have too"
    )


def _same_root(info: TorrentInfo, files: Sequence[AssetFile]) -> list[FileProof]:
    """Files that are the asset's as a whole (BEP 52). A root with another size fits no valid torrent."""
    known = {file.pieces_root: file for file in files if file.pieces_root}
    found = ((file, known.get(file.pieces_root)) for file in info.files if file.pieces_root)
    return [
        FileProof(file.path, asset.path, 1, 1, 1, method="v2")
        for file, asset in found
        if asset and asset.size_bytes in (None, file.size_bytes)
    ]


def _other_root(info: TorrentInfo, files: Sequence[AssetFile]) -> list[FileProof]:
    """Files of exactly an asset file's size whose root is another; asked only where no root agrees."""
    least = _weight(files)
    known = {file.size_bytes: file for file in files if (file.size_bytes or 0) >= least}
    for file in files:
        if file.pieces_root is None:
            known.pop(file.size_bytes, None)
    found = ((file, known.get(file.size_bytes)) for file in info.files if file.pieces_root)
    return [FileProof(file.path, asset.path, 0, 1, 1, method="v2") for file, asset in found if asset]


def _weight(files: Sequence[AssetFile]) -> float:
    """The size from which a file can refute: a side file that has its size by chance says nothing."""
    return max((file.size_bytes or 0 for file in files), default=0) / 2


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _why_proved(proved: Sequence[FileProof], files: Sequence[AssetFile]) -> str:
    """In words, without names: the asset may be embargoed, and the torrent's names are anybody's text."""
    paths = {file.asset_path for file in proved}
    ok, tested = sum(file.pieces_ok for file in proved), sum(file.pieces_tested for file in proved)
    how = "by their roots" if proved[0].method == "v2" else f"{ok} of {tested} sampled pieces agree"
    share = f"{len(paths)} of the asset's {_count(len(files), 'file')}"
    shifted = ", shifted within the file" if all(file.shift for file in proved) else ""
    return f"the torrent's metadata commits to bytes identical to {share}: {how}{shifted}"


class _Mates:
    """The asset's files, to be looked up by size, by name and by nearness of size."""

    __slots__ = ("_by_both", "_by_name", "_by_size", "_sizes", "_sorted")

    def __init__(self, files: Sequence[AssetFile]) -> None:
        sized = sorted((file.size_bytes, place) for place, file in enumerate(files) if file.size_bytes)
        self._sizes = [size for size, _ in sized]
        self._sorted = [files[place] for _, place in sized]
        self._by_both: dict[tuple[int, bytes], AssetFile] = {}
        self._by_size: dict[int, list[AssetFile]] = {}
        self._by_name: dict[bytes, list[AssetFile]] = {}
        for file, size in zip(self._sorted, self._sizes, strict=True):
            name = file.path.rpartition("/")[2].encode(errors="replace").lower()
            self._by_both.setdefault((size, name), file)
            self._by_size.setdefault(size, []).append(file)
            self._by_name.setdefault(name, []).append(file)

    def same_size(self, file: TorrentFile) -> list[AssetFile]:
        """Of exactly its size: the one of its name, then others, one more than are tried at most."""
        named = self._by_both.get((file.size_bytes, file.raw_path[-1].lower()))
        others = self._by_size.get(file.size_bytes, [])[: _MAX_MATES + 1]
        return [named, *(other for other in others if other is not named)] if named else others

    def like(self, file: TorrentFile) -> list[AssetFile]:
        """Of its name, then of the nearest sizes: what it may hold with bytes added or cut off."""
        named = self._by_name.get(file.raw_path[-1].lower(), [])[:_MAX_NEAR]
        place = bisect_left(self._sizes, file.size_bytes)
        near = self._sorted[max(0, place - _MAX_NEAR // 2) : place + _MAX_NEAR // 2]
        close = [a for a in near if 1 / _COMPARABLE <= (a.size_bytes or 0) / file.size_bytes <= _COMPARABLE]
        return [*named, *(asset for asset in close if asset not in named)]


class _Sampler:
    """Draws v1 pieces inside one file (or, for small ones, inside several known files) and compares them."""

    def __init__(
        self, info: TorrentInfo, files: Sequence[AssetFile], read: Reader | None, rng: Random
    ) -> None:
        self._info, self._read, self._rng = info, read, rng
        self._left = MAX_READ_BYTES
        self._constant = self._unread = self._too_large = 0
        self._mates = _Mates(files)
        usable = info.files if info.pieces and info.piece_length > 0 else ()
        self._laid = [file for file in usable if file.size_bytes > 0 and file.offset is not None]
        self._end = _end(self._laid[-1]) if self._laid else 0
        pairs = self._candidates()
        self._is_comparable = bool(pairs)
        self.pairs = [pair for pair in pairs if pair.pieces]
        self._small: dict[int | None, _Pair] = {}
        for pair in pairs:
            if not pair.pieces and pair.file.size_bytes == pair.asset.size_bytes:
                self._small.setdefault(pair.file.offset, pair)

    def _candidates(self) -> list[_Pair]:
        """Pairs of equal size; then others, at the two alignments worth trying. Largest files first."""
        equal: list[TorrentFile] = []
        other: list[TorrentFile] = []
        for file in self._laid:
            if not file.is_pad:
                (equal if self._mates.same_size(file) else other).append(file)
        largest = nlargest(_MAX_EQUAL, equal, key=_size)
        ranked = [(rank, f, a) for f in largest for rank, a in enumerate(self._mates.same_size(f))]
        pairs = [self._pair(file, asset, 0) for _, file, asset in sorted(ranked, key=itemgetter(0))]
        for file in nlargest(_MAX_SHIFTED, other, key=_size):
            for asset in self._mates.like(file):
                shifts = (0, file.size_bytes - (asset.size_bytes or 0))
                pairs += [self._pair(file, asset, shift) for shift in shifts]
        return pairs

    def _pair(self, file: TorrentFile, asset: AssetFile, shift: int) -> _Pair:
        length, offset = self._info.piece_length, file.offset or 0
        low = offset + max(0, shift)
        high = offset + min(file.size_bytes, (asset.size_bytes or 0) + shift)
        stop = -(-high // length) if high == self._end else high // length
        pieces = range(-(-low // length), min(stop, len(self._info.pieces) // _SHA1))
        return _Pair(file, asset, shift, pieces, self._draw(pieces))

    def _draw(self, pieces: range) -> Iterator[int]:
        """Pieces at random, each at most once. Lazy: most pairs are asked for one."""
        yield from self._rng.sample(pieces, min(len(pieces), 4 * STAGES[-1]))

    def run(self) -> None:
        """One piece of every pair, then more: where it agreed to say how sure, elsewhere to find a part."""
        if self._read is None:
            return
        proved: set[int | None] = set()
        for wanted in STAGES:
            if proved and wanted == STAGES[-1]:
                break
            for pair in sorted(self.pairs, key=lambda pair: not pair.ok):
                if pair.ok or pair.file.offset not in proved:
                    self._test(pair, wanted)
                if pair.ok:
                    proved.add(pair.file.offset)
        self._run_spanning()

    def _test(self, pair: _Pair, wanted: int) -> None:
        """Draw until so many informative pieces were tested; constant ones are drawn over, within bounds."""
        while pair.tested < wanted and pair.drawn < 4 * wanted and not pair.unread:
            index = next(pair.draws, None)
            if index is None:
                return
            pair.drawn += 1
            start = index * self._info.piece_length
            length = min(self._info.piece_length, self._end - start)
            if length > self._left:
                self._too_large += 1
                return
            self._compare(pair, index, start - (pair.file.offset or 0) - pair.shift, length)

    def _compare(self, pair: _Pair, index: int, start: int, length: int) -> None:
        """Hash one piece of the asset, a slice at a time, and count the outcome."""
        digest, is_informative = hashlib.sha1(usedforsecurity=False), False
        for place in range(start, start + length, _SLICE):
            data = self._bytes(pair.asset, place, min(_SLICE, start + length - place))
            if data is None:
                pair.unread = True
                return
            digest.update(data)
            is_informative = is_informative or _is_informative(data)
        if is_informative:
            pair.tested += 1
            pair.ok += digest.digest() == self._committed(index)
        else:
            self._constant += 1

    def _bytes(self, asset: AssetFile, start: int, length: int) -> bytes | None:
        data = self._read(asset, start, length) if self._read else None
        if data is None or len(data) != length:
            self._unread += 1
            return None
        self._left -= max(length, _SEEK)
        return data

    def _committed(self, index: int) -> bytes:
        return self._info.pieces[index * _SHA1 : (index + 1) * _SHA1]

    def _run_spanning(self) -> None:
        """Small files: pieces shared with neighbours that are the asset's too, or padding (BEP 47)."""
        length, seen = self._info.piece_length, set[int]()
        for pair in list(self._small.values()):
            start = pair.file.offset or 0
            pair.pieces = range(start // length, -(-(start + pair.file.size_bytes) // length))
            for index in pair.pieces if length <= _MAX_SPAN_BYTES else ():
                if index not in seen and len(seen) < _MAX_SPANS:
                    seen.add(index)
                    self._compare_spanning(index)

    def _compare_spanning(self, index: int) -> None:
        parts = self._parts(index * self._info.piece_length)
        content = b"".join(data for _, data in parts)
        if not parts or (index + 1) * _SHA1 > len(self._info.pieces):
            return
        agrees = hashlib.sha1(content, usedforsecurity=False).digest() == self._committed(index)
        for file, data in parts:
            pair = self._small.get(file.offset)
            if pair and _is_informative(data):
                pair.tested += 1
                pair.ok += agrees

    def _parts(self, start: int) -> list[tuple[TorrentFile, bytes]]:
        """The files that a piece touches with their bytes in it; nothing if one of them is not known."""
        end = min(start + self._info.piece_length, self._end)
        first = bisect_right(self._laid, start, key=_end)
        parts: list[tuple[TorrentFile, bytes]] = []
        for file in self._laid[first : first + _MAX_PARTS]:
            begin, stop = max(start, file.offset or 0), min(end, _end(file))
            if begin >= stop:
                break
            mates = [] if file.is_pad else self._mates.same_size(file)
            data = bytes(stop - begin) if file.is_pad else None
            if mates and stop - begin <= self._left:
                data = self._bytes(mates[0], begin - (file.offset or 0), stop - begin)
            if data is None:
                return []
            parts.append((file, data))
        return parts if sum(len(data) for _, data in parts) == end - start else []

    def refutes(self, least_bytes: float) -> bool:
        """Whether a large file differs in all that was tested from every asset file of its size."""
        by_file: dict[int | None, list[_Pair]] = {}
        for pair in self.pairs:
            if (
                max(least_bytes, 2 * self._info.piece_length + 1)
                <= pair.file.size_bytes
                == pair.asset.size_bytes
            ):
                by_file.setdefault(pair.file.offset, []).append(pair)
        return any(
            len(pairs) <= _MAX_MATES and all(p.tested >= _ENOUGH_TO_REFUTE and not p.ok for p in pairs)
            for pairs in by_file.values()
        )

    def told(self) -> list[FileProof]:
        """The best of what was tested for each of the torrent's files; those that agree first."""
        best: dict[int | None, _Pair] = {}
        for pair in (*self.pairs, *self._small.values()):
            other = best.get(pair.file.offset)
            if pair.tested and (other is None or (pair.ok, pair.tested) > (other.ok, other.tested)):
                best[pair.file.offset] = pair
        return [pair.told() for pair in sorted(best.values(), key=lambda pair: -pair.ok)]

    def why_not(self) -> str:
        """Why nothing is proved or refuted, the reason that helps most first."""
        tested = sum(pair.tested for pair in (*self.pairs, *self._small.values()))
        differ = (
            f"none of {_count(tested, 'informative piece')} agrees; too few to refute, or a part may agree"
        )
        reasons: tuple[tuple[object, str], ...] = (
            (tested, differ),
            (not self._info.pieces, "no file has a root of the asset's, and v2 metadata says no more"),
            (not self._is_comparable, "no file of a comparable size"),
            (self._read is None or self._unread, "the asset's bytes are not on this machine"),
            (self._constant, "only constant pieces, which prove nothing"),
            (self._too_large, "its pieces are too large to be read"),
        )
        fallback = "the files are smaller than two pieces and share them with files that are not the asset's"
        return next((why for holds, why in reasons if holds), fallback)


def _size(file: TorrentFile) -> int:
    return file.size_bytes


def _end(file: TorrentFile) -> int:
    return (file.offset or 0) + file.size_bytes


def _is_informative(data: bytes) -> bool:
    """Whether bytes are no mere padding or pattern: 16 KiB drawn from them must not shrink to nothing."""
    step = max(len(data) // 16, 1024)
    sample = b"".join(data[start : start + 1024] for start in range(0, len(data), step))
    return len(zlib.compress(sample, 1)) > 64 + len(sample) // 32
