"""Draws v1 pieces of a torrent that lie inside known files, and compares their hashes with the asset's.

A piece that lies in one file is compared by itself. Files smaller than two pieces share theirs with their
neighbours: such a piece is compared if every file it touches is known, or padding (BEP 47).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from heapq import nlargest
from itertools import islice
from operator import itemgetter
from random import Random

from leakwatch.model.asset import AssetFile
from leakwatch.proof.hashing import Hashed, Hasher, Part, Piece
from leakwatch.proof.mates import MAX_MATES, Mates
from leakwatch.proof.pairs import Budget, Pair
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo

STAGES = (1, 4, 16, 64)
"""Informative pieces a file: 16 miss a copy with a quarter unchanged in 1 %, 64 with a twentieth in 4 %.

Four are enough to refute, so that every file comes to them before reading ends."""
SHA1_BYTES = 20
_ENOUGH_TO_REFUTE, _ENOUGH_TO_TELL = STAGES[1], STAGES[2]
_MAX_EQUAL, _MAX_SHIFTED = 256, 32
_MAX_TRIES, _BATCH = 512, 16
_MAX_SPANS, _MAX_PARTS, _MAX_SPAN_BYTES = 64, 1024, 32 * 2**20


class Sampler:
    """Compares a torrent with some files, within a budget of reading.

    With digests longer than SHA-1 it is a view of piece layers (`layers.py`): each file has pieces of its own.
    """

    def __init__(
        self,
        info: TorrentInfo,
        files: Sequence[AssetFile],
        hasher: Hasher | None,
        rng: Random,
        budget: Budget,
        stages: Sequence[int] = STAGES,
        *,
        digest_bytes: int = SHA1_BYTES,
    ) -> None:
        self._info, self._hasher, self._rng = info, hasher, rng
        self._budget, self._stages = budget, stages
        self._digest_bytes, self._is_layered = digest_bytes, digest_bytes != SHA1_BYTES
        self._constant = self._unread = self._too_large = 0
        self._mates = Mates(files)
        usable = info.files if info.pieces and info.piece_length > 0 else ()
        self._laid = [file for file in usable if file.size_bytes > 0 and file.offset is not None]
        self._end = _end(self._laid[-1]) if self._laid else 0
        pairs = self._candidates()
        self._is_comparable = bool(pairs)
        self.pairs = [pair for pair in pairs if pair.pieces]
        self._small: dict[int | None, Pair] = {}
        for pair in pairs:
            if not pair.pieces and pair.file.size_bytes == pair.asset.size_bytes:
                self._small.setdefault(pair.file.offset, pair)

    def _candidates(self) -> list[Pair]:
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

    def _pair(self, file: TorrentFile, asset: AssetFile, shift: int) -> Pair:
        length, offset = self._info.piece_length, file.offset or 0
        low = offset + max(0, shift)
        high = offset + min(file.size_bytes, (asset.size_bytes or 0) + shift)
        is_end = high == (offset + file.size_bytes if self._is_layered else self._end)
        stop = -(-high // length) if is_end else high // length
        pieces = range(-(-low // length), min(stop, len(self._info.pieces) // self._digest_bytes))
        pair = Pair(file, asset, shift, pieces, iter(()))
        pair.draws = self._draw(pair)
        return pair

    def _draw(self, pair: Pair) -> Iterator[int]:
        """Pieces at random among those that can be hashed, each at most once. Lazy: most pairs are asked for one."""
        if self._hasher is None or not pair.pieces:
            return
        length, origin = self._info.piece_length, self._asset_start(pair, 0)
        known = [
            part
            for one in self._hasher.known(pair.asset, length, self._asset_start(pair, pair.pieces.start))
            if (part := _whole_pieces(one, pair, length, origin))
        ]
        total = sum(map(len, known))
        ends = [sum(map(len, known[: place + 1])) for place in range(len(known))]
        for number in self._rng.sample(range(total), min(total, 4 * STAGES[-1])):
            place = bisect_right(ends, number)
            yield known[place][number - ends[place]]

    def _asset_start(self, pair: Pair, index: int) -> int:
        """Where in the asset's file a piece of the torrent begins."""
        return index * self._info.piece_length - (pair.file.offset or 0) - pair.shift

    def run(self) -> None:
        """One piece of every pair, then more: where all agree to say how sure, elsewhere to find a part."""
        if self._hasher is None:
            return
        proved: set[int | None] = set()
        for wanted in self._stages:
            for pair in sorted(self.pairs, key=lambda pair: not pair.ok):
                if wanted == STAGES[-1] and (proved and not 0 < pair.ok < pair.tested):
                    continue
                if pair.ok or pair.file.offset not in proved:
                    self._test(pair, wanted, self._hasher)
                if pair.ok:
                    proved.add(pair.file.offset)
        if not self._is_layered:
            self._run_spanning(self._hasher)

    def _test(self, pair: Pair, wanted: int, hasher: Hasher) -> None:
        """Draw until so many informative pieces were tested; constant ones are drawn over, within bounds."""
        while pair.tested < wanted and pair.drawn < 4 * wanted and not pair.is_unread:
            length = self._info.piece_length
            most = max(0, self._budget.left) // length
            indices = list(islice(pair.draws, min(wanted - pair.tested, most)))
            self._too_large += not most
            if not indices:
                self._unread += not pair.drawn and bool(most)
                return
            pair.drawn += len(indices)
            pieces = [self._piece(pair, index) for index in indices]
            for index, piece, hashed in zip(indices, pieces, hasher.hash(pieces), strict=True):
                self._count(pair, index, piece[0], hashed)

    def _piece(self, pair: Pair, index: int) -> Piece:
        start = index * self._info.piece_length
        end = _end(pair.file) if self._is_layered else self._end
        length = min(self._info.piece_length, end - start)
        return (Part(pair.asset, self._asset_start(pair, index), length),)

    def _count(self, pair: Pair, index: int, part: Part, hashed: Hashed | None) -> None:
        self._budget.take(hashed)
        if hashed is None:
            self._unread += 1
            pair.missing += 1
        elif not hashed.informative[0]:
            self._constant += 1
        else:
            pair.tested += 1
            if hashed.digest == self.committed(index):
                pair.ok += 1
                pair.agreed.append(range(part.start, part.start + part.length))

    def committed(self, index: int) -> bytes:
        """The torrent's own hash of a piece."""
        return self._info.pieces[index * self._digest_bytes : (index + 1) * self._digest_bytes]

    def _run_spanning(self, hasher: Hasher) -> None:
        """Small files: pieces shared with neighbours that are the asset's too, or padding (BEP 47)."""
        length, seen = self._info.piece_length, set[int]()
        for pair in list(self._small.values()):
            start = pair.file.offset or 0
            pair.pieces = range(start // length, -(-(start + pair.file.size_bytes) // length))
            for index in pair.pieces if length <= _MAX_SPAN_BYTES else ():
                if index not in seen and len(seen) < _MAX_SPANS:
                    seen.add(index)
                    self._compare_spanning(index, hasher)

    def _compare_spanning(self, index: int, hasher: Hasher) -> None:
        files, piece = self._parts(index * self._info.piece_length)
        if not piece or (index + 1) * SHA1_BYTES > len(self._info.pieces):
            return
        hashed = hasher.hash([piece])[0]
        self._budget.take(hashed)
        if hashed is None:
            self._unread += 1
            return
        agrees = hashed.digest == self.committed(index)
        for file, part, informative in zip(files, piece, hashed.informative, strict=True):
            pair = self._small.get(file.offset)
            if pair and part.file and informative:
                pair.tested += 1
                pair.ok += agrees
                pair.agreed += [range(part.start, part.start + part.length)] if agrees else []

    def _parts(self, start: int) -> tuple[list[TorrentFile], Piece]:
        """The files that a piece touches and their ranges in it; nothing if one of them is not known."""
        end = min(start + self._info.piece_length, self._end)
        first = bisect_right(self._laid, start, key=_end)
        files: list[TorrentFile] = []
        parts: list[Part] = []
        for file in self._laid[first : first + _MAX_PARTS]:
            begin, stop = max(start, file.offset or 0), min(end, _end(file))
            if begin >= stop:
                break
            mates = [] if file.is_pad else self._mates.same_size(file)
            if not file.is_pad and not mates:
                return [], ()
            files.append(file)
            parts.append(
                Part(None, 0, stop - begin)
                if file.is_pad
                else Part(mates[0], begin - (file.offset or 0), stop - begin)
            )
        is_whole = sum(part.length for part in parts) == end - start <= self._budget.left
        return (files, tuple(parts)) if is_whole else ([], ())

    def equal(self) -> list[Pair]:
        """The pairs of one size, in place."""
        return [pair for pair in self.pairs if pair.file.size_bytes == pair.asset.size_bytes]

    def differing(self) -> list[Pair]:
        """The pairs of all files that differ, in all that was tested, from every asset file of their size."""
        by_file: dict[int | None, list[Pair]] = {}
        for pair in self.equal():
            by_file.setdefault(pair.file.offset, []).append(pair)
        return [
            pair
            for pairs in by_file.values()
            if len(pairs) <= MAX_MATES and all(p.tested >= _ENOUGH_TO_REFUTE and not p.ok for p in pairs)
            for pair in pairs
        ]

    def run_shifted(self, pairs: Sequence[Pair], shifts: Sequence[int], hasher: Hasher) -> int:
        """Try pairs of equal size at other alignments, by a piece each, until one agrees; how many were tried."""
        tried, self._budget = 0, Budget()  # another one: the first may be spent in place
        moved = islice((self._pair(p.file, p.asset, by) for by in shifts for p in pairs), _MAX_TRIES)
        while batch := list(islice(moved, _BATCH)):
            drawn = [(pair, index) for pair in batch for index in islice(pair.draws, 1)]
            drawn = drawn[: max(0, self._budget.left) // self._info.piece_length]
            pieces = [self._piece(pair, index) for pair, index in drawn]
            for (pair, index), piece, hashed in zip(drawn, pieces, hasher.hash(pieces), strict=True):
                self._count(pair, index, piece[0], hashed)
            tried += sum(pair.tested for pair in batch)
            found = next((pair for pair in batch if pair.ok), None)
            if found:
                self._test(found, _ENOUGH_TO_TELL, hasher)
                self.pairs.append(found)
                break
        return tried

    def best(self) -> list[Pair]:
        """The best of what was tested for each of the torrent's files; those that agree first."""
        best: dict[int | None, Pair] = {}
        for pair in (*self.pairs, *self._small.values()):
            other = best.get(pair.file.offset)
            if pair.tested and (other is None or (pair.ok, pair.tested) > (other.ok, other.tested)):
                best[pair.file.offset] = pair
        return sorted(best.values(), key=lambda pair: -pair.ok)

    def why_not(self) -> str:
        """Why nothing is proved or refuted, the reason that helps most first."""
        tested = sum(pair.tested for pair in (*self.pairs, *self._small.values()))
        pieces = f"{tested} informative piece{'s' if tested != 1 else ''}"
        reasons: tuple[tuple[object, str], ...] = (
            (tested, f"none of {pieces} agrees; too few to refute, or a part may agree"),
            (not self._info.pieces, "no file has a root of the asset's, and v2 metadata says no more"),
            (not self._is_comparable, "no file of a comparable size"),
            (self._hasher is None or self._unread, _NOT_AT_HAND),
            (self._constant, "only constant pieces, which prove nothing"),
            (self._too_large, "its pieces are too large to be read"),
        )
        fallback = "the files are smaller than two pieces and share them with files that are not the asset's"
        return next((why for holds, why in reasons if holds), fallback)


_NOT_AT_HAND = (
    "the asset's bytes are not on this machine, and its stored tables have no piece that the torrent has"
)


def _whole_pieces(known: range, pair: Pair, length: int, origin: int) -> range:
    """The pieces of a pair that lie wholly in a known range of the asset's file."""
    first = -(-(known.start - origin) // length)
    is_end = known.stop >= (pair.asset.size_bytes or 0)
    stop = pair.pieces.stop if is_end else (known.stop - origin) // length
    return range(max(first, pair.pieces.start), min(stop, pair.pieces.stop))


def _size(file: TorrentFile) -> int:
    return file.size_bytes


def _end(file: TorrentFile) -> int:
    return (file.offset or 0) + file.size_bytes
