"""Who leaked it: of the copies that recipients were given, which one a torrent carries.

Copies agree almost everywhere; only pieces that touch a range in which they differ tell them apart. A recipient
is named if every other one is excluded by such a piece, with which his own copy agrees. Where that cannot be
said, the ranges are named that would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from leakwatch.model.asset import AssetFile
from leakwatch.model.finding import VariantProof
from leakwatch.proof.hashing import Hasher, Part
from leakwatch.proof.pairs import Budget, Pair
from leakwatch.proof.sampler import SHA1_BYTES
from leakwatch.torrent.metainfo import TorrentInfo

COMMON = ""
"""The name of the copy that nobody in particular was given."""
_MAX_PIECES, _MAX_TELLING, _MAX_TOLD = 128, 16, 50
_MAX_READ_BYTES = 2**30


def variant_by_root(info: TorrentInfo, files: Sequence[AssetFile]) -> VariantProof | None:
    """By the roots of whole files (BEP 52): each root that some recipients have excludes the others."""
    paths = {file.path for file in files if file.variant is not None}
    if not paths:
        return None
    found = {file.pieces_root for file in info.files if file.pieces_root}
    everybody = _recipients(files)
    answers: list[_Answer] = []
    for path in sorted(paths):
        copies = _copies(path, files)
        if any(copy.pieces_root in found for copy in copies.values()):
            having = (name for name in everybody if (own := _own(copies, name)) and own.pieces_root in found)
            answers.append(_Answer(frozenset(having)))
    left = _left(everybody, answers)
    telling = [(path, *one) for path in sorted(paths) for one in _ranges(_copies(path, files), left)]
    return _told(left, len(answers), telling if len(left) > 1 else []) if answers else None


def variant_by_pieces(
    info: TorrentInfo, pairs: Sequence[Pair], files: Sequence[AssetFile], hasher: Hasher | None
) -> VariantProof | None:
    """By v1 pieces that touch a range in which copies differ, at the alignment that was found."""
    paths = {file.path for file in files if file.variant is not None}
    if not paths or hasher is None:
        return None
    everybody, budget = _recipients(files), Budget(_MAX_READ_BYTES)
    answers = [
        answer
        for pair in pairs
        if pair.ok and pair.asset.path in paths
        for answer in _Trial(info, pair, _copies(pair.asset.path, files), hasher, budget).answers(everybody)
    ]
    left, compared = _left(everybody, answers), len(answers)
    telling = [
        (path, start, end)
        for path in sorted(paths)
        for start, end in _ranges(_copies(path, files), left)
        if len(left) > 1
    ]
    return _told(left, compared, telling)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one piece, or one whole file, says: whose bytes it has, and whose might be the same for all we know."""

    agree: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


def _left(everybody: set[str], answers: Sequence[_Answer]) -> set[str]:
    """Those who agree with everything.

    Where nobody does, or a piece is nobody's, copies were mixed or changed: then all who agree with a part of it,
    so that nobody is accused alone for what is not his copy.
    """
    left = set(everybody)
    for one in answers:
        left &= one.agree | one.unknown
    partly = {name for one in answers for name in one.agree}
    return left or partly or set(everybody)


def _told(left: set[str], compared: int, telling: Sequence[tuple[str, int, int]]) -> VariantProof:
    return VariantProof(tuple(sorted(left))[:_MAX_TOLD], compared, tuple(telling[:_MAX_TELLING]))


def _recipients(files: Sequence[AssetFile]) -> set[str]:
    """Everybody who has a copy, and nobody in particular where there is a common copy of each path."""
    names = {file.variant for file in files if file.variant is not None}
    own = {file.path for file in files if file.variant is not None}
    common = {file.path for file in files if file.variant is None}
    return names | ({COMMON} if own <= common else set())


def _copies(path: str, files: Sequence[AssetFile]) -> dict[str, AssetFile]:
    return {file.variant or COMMON: file for file in files if file.path == path}


def _own(copies: Mapping[str, AssetFile], name: str) -> AssetFile | None:
    """A recipient's copy of a file: his own, or the common one."""
    return copies.get(name) or copies.get(COMMON)


@dataclass(frozen=True, slots=True)
class _Trial:
    """One file of the torrent against all copies of one file of the asset."""

    info: TorrentInfo
    pair: Pair
    copies: Mapping[str, AssetFile]
    hasher: Hasher
    budget: Budget

    def answers(self, everybody: set[str]) -> Iterator[_Answer]:
        """What each piece says that tells copies apart; everybody is held against each, so that no mix passes.

        A piece that agrees with nobody is an answer, too, unless it may be that of a copy that is not at hand.
        """
        for index in self._telling(everybody):
            part = self._part(index)
            owners = {name: self._owner(name, part) for name in everybody}
            if len(set(owners.values())) < 2:
                continue
            agrees = self._agreeing(sorted(set(owners.values())), part, index)
            answers = agrees.values()
            if True in answers or None not in answers:
                yield _Answer(
                    frozenset(name for name in everybody if agrees[owners[name]] is True),
                    frozenset(name for name in everybody if agrees[owners[name]] is None),
                )

    def _telling(self, left: set[str]) -> Iterator[int]:
        """Pieces inside the file that touch a differing range, those first that concern the most recipients."""
        offset, length = (self.pair.file.offset or 0) + self.pair.shift, self.info.piece_length
        touched: Counter[int] = Counter()
        for name in left & self.copies.keys():
            for start, end in _differing(self.copies[name]):
                first, last = (offset + start) // length, (offset + end - 1) // length
                inside = range(max(first, self.pair.pieces.start), min(last + 1, self.pair.pieces.stop))
                touched.update(inside[:_MAX_PIECES])
        for index, _ in sorted(touched.items(), key=lambda one: (-one[1], one[0]))[:_MAX_PIECES]:
            yield index

    def _part(self, index: int) -> Part:
        length, file = self.info.piece_length, self.pair.file
        begin = index * length - (file.offset or 0)
        return Part(None, begin - self.pair.shift, min(length, file.size_bytes - begin))

    def _owner(self, name: str, part: Part) -> str:
        """Whose bytes a recipient has in this range: his own where his copy differs there, else the common ones."""
        if name not in self.copies or COMMON not in self.copies:
            return COMMON if COMMON in self.copies else name
        end = part.start + part.length
        return name if any(a < end and part.start < b for a, b in _differing(self.copies[name])) else COMMON

    def _agreeing(self, owners: Sequence[str], part: Part, index: int) -> dict[str, bool | None]:
        """Of each owner whether his bytes are the torrent's; None where that is not known."""
        committed = self.info.pieces[index * SHA1_BYTES : (index + 1) * SHA1_BYTES]
        found: dict[str, bool | None] = {}
        for name in owners:
            file = _own(self.copies, name)
            hashed = None
            if file is not None and part.length <= self.budget.left:
                hashed = self.hasher.hash([(Part(file, part.start, part.length),)])[0]
                self.budget.take(hashed)
            is_known = hashed is not None and hashed.informative[0]
            found[name] = hashed.digest == committed if hashed is not None and is_known else None
            if file is not None and part.start + part.length > (file.size_bytes or 0):
                found[name] = False
        return found


def _differing(file: AssetFile) -> tuple[tuple[int, int], ...]:
    """Where a recipient's copy differs from the common one; everywhere, where that is not known."""
    if file.variant is None:
        return ()
    return file.differs or ((0, file.size_bytes or 0),)


def _ranges(copies: Mapping[str, AssetFile], left: set[str]) -> list[tuple[int, int]]:
    return sorted({one for name in left if name in copies for one in _differing(copies[name])})
