"""The verdict on a torrent: what its metadata commits to, how much of it, and how it could be wrong.

Metadata holds hashes of the content. Hashing the same ranges of the asset and comparing asks nothing of the
swarm. One informative piece that agrees proves its range (2^-160 by chance). The cost follows the pieces that
are sampled, never the asset's size, and `MAX_READ_BYTES` bounds it whatever the metadata says.

Not seen, by design: copies that were re-encoded, archived or encrypted; a changed file in a v2-only torrent
whose piece layers are not at hand, or that is no longer than a piece.
The verdict is about the metadata, not about what peers really hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random, SystemRandom

from leakwatch.model.asset import AssetFile, are_telling, whole_of
from leakwatch.model.finding import FileProof, Proof, Verdict
from leakwatch.proof.by_headers import by_headers
from leakwatch.proof.hashing import Hasher
from leakwatch.proof.layers import Layers, lacking
from leakwatch.proof.pairs import Budget, Pair
from leakwatch.proof.refuting import ELSEWHERE, Differing, differing, may_be_elsewhere
from leakwatch.proof.sampler import SHA1_BYTES, STAGES, Sampler
from leakwatch.proof.variants import variant_by_pieces, variant_by_root
from leakwatch.torrent.layers import NODE_BYTES
from leakwatch.torrent.metainfo import TorrentInfo

_MAX_FILES_TOLD = 1000
_MAX_VARIANTS = 1024
_VARIANT_STAGES = (1, 4)
"""Pieces of each recipient's own files: a whole copy agrees in any, and there may be hundreds of recipients."""
_BY_CHANCE = {"v2": 2.0**-256, "layer": 2.0**-256, "v1": 2.0**-160}
_UNCHANGED = 0.25
"""What share of a copy may be unchanged for `error` of a refutation: fewer pieces would be missed more often."""


def prove(
    info: TorrentInfo,
    files: Sequence[AssetFile],
    hasher: Hasher | None,
    rng: Random | None = None,
    layers: Layers | None = None,
) -> Proof:
    """Judge a torrent against an asset's files, among them the copies that recipients were given.

    PROVED    a v2 root is one of the asset's (the whole file is identical; told as 1 of 1 pieces), or one
              informative v1 piece agrees, or one node of a piece layer (method `layer`) where a torrent has no v1
              pieces. Pieces are drawn at random: no maker can know which.
    LIKELY    only side files agree (`are_telling`), such as a licence text; or no bytes could be compared, or too
              few, and weights of the torrent have the sizes that the asset's tensors take up (method `header`; a
              fine-tune of the same architecture has them, too).
    REFUTED   only by evidence: a file of exactly an asset file's size of which at least four informative
              pieces were tested and all differ, at small shifts, too; or whose root differs. Small side files
              refute nothing, nor does a file beside others that could hold the asset (`refuting.py`). `error`
              speaks of copies in place: it is the chance to miss one of which a quarter is unchanged.
    UNPROVED  nothing could be compared, or too little; `reason` says why.
    """
    identical = _same_root(info, files)
    if identical:
        proof = _agreeing("v2", identical[:_MAX_FILES_TOLD], identical, files)
        return replace(proof, variant=variant_by_root(info, files))
    rng, budget = rng or SystemRandom(), Budget()
    rows = _Rows("v1", info, hasher)
    if layers is not None and layers.rows and not info.pieces:
        rows = _Rows("layer", layers.view(info), layers.hasher, NODE_BYTES)
    sampler = rows.sampler(_common(files), rng, budget)
    sampler.run()
    pairs = sampler.best()
    agreed = {pair.asset.path for pair in pairs if pair.ok}
    own = _own_copies(rows, [file for file in files if file.path not in agreed], rng, budget)
    pairs = sorted([*own, *pairs], key=lambda pair: not pair.ok) if own else pairs
    others = Differing() if any(pair.ok for pair in pairs) else differing(sampler, rows.hasher)
    pairs = pairs if any(pair.ok for pair in pairs) else sampler.best()
    tested = [replace(pair.told(), method=rows.method) for pair in pairs]
    proved = [file for file in tested if file.pieces_ok]
    if proved:
        variant = variant_by_pieces(rows.info, pairs, files, rows.hasher, rng, digest_bytes=rows.digest_bytes)
        return replace(_agreeing(rows.method, tested, proved, files), variant=variant)
    return _not_proved(info, files, sampler, others, tested, layers)


def _not_proved(
    info: TorrentInfo,
    files: Sequence[AssetFile],
    sampler: Sampler,
    others: Differing,
    tested: Sequence[FileProof],
    layers: Layers | None,
) -> Proof:
    """What is left to say where nothing agrees."""
    told, method = tuple(tested), tested[0].method if tested else "none"
    other, least, why_not = _other_root(info, files), _weight(files), sampler.why_not()
    pieces, large = others.pieces(least), [file for file in other if file.size_bytes >= least]
    if pieces and not (large and method == "layer"):
        if not may_be_elsewhere(info, others.sizes, least):
            return Proof(Verdict.REFUTED, method, told, others.reason(pieces), (1 - _UNCHANGED) ** pieces)
        why_not = ELSEWHERE
    if large:
        if not may_be_elsewhere(info, [file.size_bytes for file in other], least):
            why = f"{_count(len(large), 'file')} of exactly the asset's size, and of another root{_blind(info, layers)}"
            return Proof(Verdict.REFUTED, "v2", tuple(large[:_MAX_FILES_TOLD]), why, _BY_CHANCE["v2"])
        why_not = ELSEWHERE
    alike = by_headers(info, _common(files))
    if alike:
        why = f"{alike.reason} ({alike.kind}); a fine-tune of the same architecture has these sizes, too"
        return Proof(Verdict.LIKELY, "header", told, why)
    return Proof(Verdict.UNPROVED, method, told, why_not + _blind(info, layers))


def _blind(info: TorrentInfo, layers: Layers | None) -> str:
    """What a v2-only torrent cannot say without its layers."""
    count = 0 if info.pieces else lacking(info, layers)
    return (
        f"; a changed copy would not be seen in {_count(count, 'file')} without piece layers" if count else ""
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The hashes of pieces that a torrent commits to, v1 or layers, and what hashes the asset's."""

    method: str
    info: TorrentInfo
    hasher: Hasher | None
    digest_bytes: int = SHA1_BYTES

    def sampler(
        self, files: Sequence[AssetFile], rng: Random, budget: Budget, stages: Sequence[int] = STAGES
    ) -> Sampler:
        """To compare some files with it."""
        return Sampler(self.info, files, self.hasher, rng, budget, stages, digest_bytes=self.digest_bytes)


def _agreeing(
    method: str, told: Sequence[FileProof], proved: Sequence[FileProof], files: Sequence[AssetFile]
) -> Proof:
    """Proved, if the files that agree stand for the work, one by itself or all together."""
    why, error = _why_proved(proved, files), _BY_CHANCE[method]
    agreed = {one.asset_path for one in proved}
    if are_telling([file for file in files if file.path in agreed], whole_of(files)):
        return Proof(Verdict.PROVED, method, tuple(told), why, error)
    why = f"{why}; these are side files, which others may have too"
    return Proof(Verdict.LIKELY, method, tuple(told), why, error)


def _common(files: Sequence[AssetFile]) -> list[AssetFile]:
    return [file for file in files if file.variant is None]


def _own_copies(rows: _Rows, files: Sequence[AssetFile], rng: Random, budget: Budget) -> list[Pair]:
    """What agrees with a recipient's own copies, of files of which nothing agrees with the common ones."""
    copies: dict[str, list[AssetFile]] = {}
    for file in files:
        if file.variant is not None:
            copies.setdefault(file.variant, []).append(file)
    for own in list(copies.values())[:_MAX_VARIANTS]:
        sampler = rows.sampler(own, rng, budget, _VARIANT_STAGES)
        sampler.run()
        pairs = [pair for pair in sampler.best() if pair.ok]
        if pairs:
            return pairs
    return []


def _same_root(info: TorrentInfo, files: Sequence[AssetFile]) -> list[FileProof]:
    """Files that are the asset's as a whole (BEP 52). A root with another size fits no valid torrent."""
    known = {file.pieces_root: file for file in reversed(files) if file.pieces_root}
    found = ((file, known.get(file.pieces_root)) for file in info.files if file.pieces_root)
    return [
        FileProof(
            path=file.path,
            asset_path=asset.path,
            pieces_ok=1,
            pieces_tested=1,
            pieces_total=1,
            method="v2",
            size_bytes=file.size_bytes,
            ranges=((0, file.size_bytes),),
            variant=asset.variant,
        )
        for file, asset in found
        if asset and asset.size_bytes in (None, file.size_bytes)
    ]


def _other_root(info: TorrentInfo, files: Sequence[AssetFile]) -> list[FileProof]:
    """Files of exactly an asset file's size whose root is another; asked only where no root agrees."""
    known = {file.size_bytes: file for file in files if file.size_bytes}
    for file in files:
        if file.pieces_root is None:
            known.pop(file.size_bytes or 0, None)
    found = ((file, known.get(file.size_bytes)) for file in info.files if file.pieces_root)
    return [
        FileProof(file.path, asset.path, 0, 1, 1, method="v2", size_bytes=file.size_bytes)
        for file, asset in found
        if asset
    ]


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
    share = f"{len(paths)} of the asset's {_count(len({file.path for file in files}), 'file')}"
    shifted = ", shifted within the file" if all(file.shift for file in proved) else ""
    part = ""
    if proved[0].method != "v2" and ok < tested:
        low, high = proved[0].share
        part = f"; of the first {low:.0%} to {high:.0%} is unchanged (95 % confidence)"
    return f"the torrent's metadata commits to bytes identical to {share}: {how}{shifted}{part}"
