"""Who leaked it: of the copies that recipients were given, which one a torrent carries.

Copies agree almost everywhere; only pieces that touch a range in which they differ tell them apart. A recipient
is named if every other one is excluded by such a piece, with which his own copy agrees, and further if

- nothing else that is compared differs from his copy: a piece that no registered copy has is of a copy that was
  changed, or that nobody registered, and metadata cannot say which;
- a piece holds bytes that are his alone, or all ranges were compared in which any copies differ: who is known by
  a choice of marks that others have too is not known by some of them.

Where nobody is named, the nearest is told, and the ranges that would help.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from leakwatch.model.asset import AssetFile
from leakwatch.model.finding import VariantProof
from leakwatch.proof.hashing import Hasher, joined
from leakwatch.proof.pairs import Budget, Pair
from leakwatch.proof.sampler import SHA1_BYTES
from leakwatch.proof.trial import COMMON, Answer, Others, Trial, own_copy, ranges
from leakwatch.torrent.metainfo import TorrentInfo

_MAX_TELLING, _MAX_TOLD = 16, 50
_MAX_READ_BYTES = 2**30


def variant_by_root(info: TorrentInfo, files: Sequence[AssetFile]) -> VariantProof | None:
    """By the roots of whole files (BEP 52): each root that some recipients have excludes the others."""
    paths = {file.path for file in files if file.variant is not None}
    if not paths:
        return None
    found = {file.pieces_root for file in info.files if file.pieces_root}
    everybody = _recipients(files)
    answers: list[Answer] = []
    foreign = 0
    for path in sorted(paths):
        copies = _copies(path, files)
        if any(copy.pieces_root in found for copy in copies.values()):
            having = (
                name for name in everybody if (own := own_copy(copies, name)) and own.pieces_root in found
            )
            answers.append(Answer(frozenset(having)))
        else:
            foreign += _is_in_place(path, copies, info)
    others = Others(foreign, foreign, foreign)
    told = _told(everybody, answers, others, {path: _copies(path, files) for path in paths})
    return told if answers else None


def _is_in_place(path: str, copies: Mapping[str, AssetFile], info: TorrentInfo) -> bool:
    """Whether the torrent has another file where a copy would be: of the same name and size, and no copy's root."""
    name, sizes = (
        path.rpartition("/")[2].encode(errors="replace"),
        {copy.size_bytes for copy in copies.values()},
    )
    return any(
        file.pieces_root and file.raw_path[-1] == name and file.size_bytes in sizes for file in info.files
    )


def variant_by_pieces(
    info: TorrentInfo,
    pairs: Sequence[Pair],
    files: Sequence[AssetFile],
    hasher: Hasher | None,
    rng: Random,
    *,
    digest_bytes: int = SHA1_BYTES,
) -> VariantProof | None:
    """By pieces that touch a range in which copies differ, at the alignment that was found; then by others."""
    paths = {file.path for file in files if file.variant is not None}
    if not paths or hasher is None:
        return None
    everybody, budget = _recipients(files), Budget(_MAX_READ_BYTES)
    trials = [
        Trial(info, pair, _copies(pair.asset.path, files), hasher, budget, digest_bytes)
        for pair in pairs
        if pair.ok and pair.asset.path in paths
    ]
    answers = [answer for trial in trials for answer in trial.answers(everybody)]
    left, others = _agreeing(everybody, answers), Others()
    copies = {path: _copies(path, files) for path in paths}
    if len(left) != 1:
        return _told(everybody, answers, others, copies)
    name = min(left)
    others = _summed([trial.others(name, rng) for trial in trials])
    missing = _uncompared(copies, trials)
    has_own = not missing or any(trial.has_own_copy(name, everybody) for trial in trials)
    return _told(everybody, answers, others, copies, () if has_own else missing)


def _uncompared(
    copies: Mapping[str, Mapping[str, AssetFile]], trials: Sequence[Trial]
) -> list[tuple[str, int, int]]:
    """The ranges in which copies differ of which no piece gave an answer, or not all of them."""
    found: list[tuple[str, int, int]] = []
    for path, own in sorted(copies.items()):
        parts = [t.part(index) for t in trials if t.pair.asset.path == path for index in t.seen]
        compared = joined(range(part.start, part.start + part.length) for part in parts)
        for start, end in ranges(own, own.keys()):
            if not any(one.start <= start and end <= one.stop for one in compared):
                found.append((path, start, end))
    return found


def _summed(parts: Sequence[Others]) -> Others:
    return Others(*(sum(getattr(one, name) for one in parts) for name in ("compared", "total", "foreign")))


def _agreeing(everybody: set[str], answers: Sequence[Answer]) -> set[str]:
    """Those who agree with every answer, for all we know."""
    left = set(everybody)
    for one in answers:
        left &= one.agree | one.unknown
    return left


def _told(
    everybody: set[str],
    answers: Sequence[Answer],
    others: Others,
    copies: Mapping[str, Mapping[str, AssetFile]],
    missing: Sequence[tuple[str, int, int]] = (),
) -> VariantProof:
    """Who is left.

    Where nobody agrees with everything, or a piece is in no registered copy, copies were mixed or changed, or it
    is one that was not registered: then all who agree with a part of it, so that nobody is accused alone for what
    is not his copy; the one who agrees with all that tells is told as the nearest. So, too, where ranges are
    `missing` without which he is not named.
    """
    left = _agreeing(everybody, answers)
    foreign = others.foreign + sum(not one.agree and not one.unknown for one in answers)
    nearest = min(left) if (foreign or missing) and len(left) == 1 and answers else None
    if foreign or missing or not left:
        partly = left | {name for one in answers for name in one.agree}
        left = partly if len(partly) > 1 else set(everybody)
    telling = list(missing)
    if nearest is None and len(left) > 1:
        telling = [(path, *one) for path in sorted(copies) for one in ranges(copies[path], left)]
    return VariantProof(
        candidates=tuple(sorted(left))[:_MAX_TOLD],
        pieces_compared=len(answers),
        telling=tuple(telling[:_MAX_TELLING]),
        nearest=nearest,
        others_compared=others.compared,
        others_total=others.total,
        pieces_foreign=foreign,
    )


def _recipients(files: Sequence[AssetFile]) -> set[str]:
    """Everybody who has a copy, and nobody in particular where there is a common copy of each path."""
    names = {file.variant for file in files if file.variant is not None}
    own = {file.path for file in files if file.variant is not None}
    common = {file.path for file in files if file.variant is None}
    return names | ({COMMON} if own <= common else set())


def _copies(path: str, files: Sequence[AssetFile]) -> dict[str, AssetFile]:
    return {file.variant or COMMON: file for file in files if file.path == path}
