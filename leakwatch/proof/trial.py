"""One file of a torrent against all copies of one file of the asset: what each piece says of whose it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from leakwatch.model.asset import AssetFile
from leakwatch.pieces import BLOCK_BYTES
from leakwatch.proof.hashing import Hasher, Part
from leakwatch.proof.pairs import Budget, Pair
from leakwatch.proof.sampler import SHA1_BYTES
from leakwatch.torrent.metainfo import TorrentInfo

COMMON = ""
"""The name of the copy that nobody in particular was given."""
_MAX_PIECES, _MAX_BLOCKS = 128, 256
_MAX_OTHERS, _BATCH = 1024, 64
"""Pieces outside the marks that are compared before somebody is named; drawn at random where a file has more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one piece, or one whole file, says: whose bytes it has, and whose might be the same for all we know."""

    agree: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Others:
    """Pieces that tell no registered copies apart: how many were compared, of how many; how many nobody has."""

    compared: int = 0
    total: int = 0
    foreign: int = 0


@dataclass(frozen=True, slots=True)
class Trial:
    """One file of the torrent against all copies of one file of the asset."""

    info: TorrentInfo
    pair: Pair
    copies: Mapping[str, AssetFile]
    hasher: Hasher
    budget: Budget
    digest_bytes: int = SHA1_BYTES
    seen: set[int] = field(default_factory=set[int])
    """The pieces that gave an answer."""
    unique: dict[int, str] = field(default_factory=dict[int, str])
    """Those of them with which one recipient's copy alone agrees."""

    def answers(self, everybody: set[str]) -> Iterator[Answer]:
        """What each piece says that tells copies apart; everybody is held against each, so that no mix passes.

        A piece that agrees with nobody is an answer, too, unless it may be that of a copy that is not at hand.
        """
        for index in self._telling(everybody):
            part = self.part(index)
            owners = {name: self._owner(name, part) for name in everybody}
            if len(set(owners.values())) < 2:
                continue
            agrees = self._agreeing(sorted(set(owners.values())), part, index)
            answers = agrees.values()
            if True in answers or None not in answers:
                answer = Answer(
                    frozenset(name for name in everybody if agrees[owners[name]] is True),
                    frozenset(name for name in everybody if agrees[owners[name]] is None),
                )
                self.seen.add(index)
                if len(answer.agree | answer.unknown) == len(answer.agree) == 1:
                    self.unique[index] = min(answer.agree)
                yield answer

    def others(self, name: str, rng: Random) -> Others:
        """The other pieces of the file against the one copy that is left, all or as many as may be read."""
        pieces = self.pair.pieces
        drawn = rng.sample(pieces, min(len(pieces), _MAX_OTHERS + len(self.seen)))
        drawn = [index for index in drawn if index not in self.seen][:_MAX_OTHERS]
        compared = foreign = 0
        for start in range(0, len(drawn), _BATCH):
            for is_same in self._same(name, drawn[start : start + _BATCH]):
                compared += is_same is not None
                foreign += is_same is False
        return Others(compared, len(pieces) - len(self.seen), foreign)

    def _same(self, name: str, indices: Sequence[int]) -> Iterator[bool | None]:
        """Of each piece whether it is a copy's; None where that is not known, or may not be read any more."""
        asked: list[tuple[int, Part]] = []
        for index in indices[: max(0, self.budget.left) // self.info.piece_length]:
            part = self.part(index)
            file = own_copy(self.copies, self._owner(name, part))
            if file is not None and part.start + part.length <= (file.size_bytes or 0):
                asked.append((index, Part(file, part.start, part.length)))
        for (index, _), hashed in zip(asked, self.hasher.hash([(part,) for _, part in asked]), strict=True):
            self.budget.take(hashed)
            is_known = hashed is not None and hashed.informative[0]
            yield hashed.digest == self._committed(index) if hashed is not None and is_known else None

    def _committed(self, index: int) -> bytes:
        return self.info.pieces[index * self.digest_bytes : (index + 1) * self.digest_bytes]

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

    def part(self, index: int) -> Part:
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
        committed = self._committed(index)
        digests = {name: self._digest(name, part) for name in owners}
        return {name: None if digest is None else digest == committed for name, digest in digests.items()}

    def _digest(self, owner: str, part: Part) -> bytes | None:
        """Of his copy; None where it is not known or says nothing, and no digest where his copy ends before."""
        file = own_copy(self.copies, owner)
        if file is None or part.start + part.length > (file.size_bytes or 0):
            return file and b""
        if part.length > self.budget.left:
            return None
        hashed = self.hasher.hash([(Part(file, part.start, part.length),)])[0]
        self.budget.take(hashed)
        return hashed.digest if hashed is not None and hashed.informative[0] else None

    def has_own_copy(self, name: str, everybody: set[str]) -> bool:
        """Whether a piece that only his copy has holds a block of 16 KiB that only his copy has.

        Without one he is known by a choice of marks that others have, too.
        """
        pieces = [index for index, owner in self.unique.items() if owner == name]
        blocks = (block for index in pieces for block in _blocks(self.part(index)))
        marked = [block for block in blocks if self._is_marked(block)]
        return any(self._is_own_copy(name, everybody, block) for block in marked[:_MAX_BLOCKS])

    def _is_marked(self, part: Part) -> bool:
        end = part.start + part.length
        return any(a < end and part.start < b for a, b in ranges(self.copies, self.copies.keys()))

    def _is_own_copy(self, name: str, everybody: set[str], block: Part) -> bool:
        owner = self._owner(name, block)
        others = {self._owner(other, block) for other in everybody if other != name}
        own = None if owner in others else self._digest(owner, block)
        return bool(own) and all(self._digest(other, block) not in (None, own) for other in others)


def _blocks(part: Part) -> Iterator[Part]:
    for start in range(0, part.length, BLOCK_BYTES):
        yield Part(None, part.start + start, min(BLOCK_BYTES, part.length - start))


def _differing(file: AssetFile) -> tuple[tuple[int, int], ...]:
    """Where a recipient's copy differs from the common one; everywhere, where that is not known."""
    if file.variant is None:
        return ()
    return file.differs or ((0, file.size_bytes or 0),)


def ranges(copies: Mapping[str, AssetFile], left: Collection[str]) -> list[tuple[int, int]]:
    return sorted({one for name in left if name in copies for one in _differing(copies[name])})


def own_copy(copies: Mapping[str, AssetFile], name: str) -> AssetFile | None:
    """A recipient's copy of a file: his own, or the common one."""
    return copies.get(name) or copies.get(COMMON)
