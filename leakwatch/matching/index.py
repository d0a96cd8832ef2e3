"""The catalogue as look-up tables: what an observation's facts are compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from leakwatch.errors import InfohashError
from leakwatch.headers.models import counts_of
from leakwatch.headers.parameters import ElementCounts
from leakwatch.matching.namebook import NameBook, empty_book
from leakwatch.matching.shapes import Shape, base_name, shape_of, total_size
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.torrent.infohash import parse_v1, parse_v2

_EMPTY_SHA256 = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class FileRef:
    """One file of one asset."""

    asset: AssetId
    file: AssetFile


@dataclass(frozen=True, slots=True)
class SizeRef:
    """One size of one asset: the first file that has it, and how many have."""

    asset: AssetId
    path: str
    count: int


@dataclass(frozen=True, slots=True)
class Index:
    """Look-up tables over a catalogue. Never changed: `with_assets` and `without` give another that shares most of it.

    `book` finds names; `numbered` is the asset of each number that the book knows. `by_total` holds models by each number of
    elements that their files can have, `totals` those numbers in order. `shapes` are the structures of assets that have
    files, `spread` counts in how many of them a name of a folder or file is; `sizes` are all sizes, in order.
    No asset's own prior is higher than `most_prior`, in bits.
    """

    assets: Mapping[AssetId, Asset]
    book: NameBook
    numbered: tuple[AssetId, ...]
    by_infohash: Mapping[str, tuple[AssetId, ...]]
    by_digest: Mapping[tuple[str, str], tuple[FileRef, ...]]
    by_size: Mapping[int, tuple[SizeRef, ...]]
    by_file_name: Mapping[str, tuple[AssetId, ...]]
    by_total: Mapping[int, tuple[tuple[AssetId, ElementCounts], ...]]
    totals: tuple[int, ...]
    shapes: Mapping[AssetId, Shape]
    spread: Mapping[str, int]
    sizes: tuple[int, ...]
    most_prior: float = 0.0

    def with_assets(self, assets: Iterable[Asset]) -> Index:
        """The index with these assets, too; one of a known id takes the place of the old one. Cost: that of the new ones."""
        new = {asset.id: asset for asset in assets}
        base = self.without([ident for ident in new if ident in self.assets])
        first = len(base.numbered)
        by_total = _merged(base.by_total, _by_total(new.values()))
        shapes = {asset.id: shape_of(asset) for asset in new.values() if asset.files}
        by_size = _merged(base.by_size, _sizes(new.values()))
        return Index(
            assets={**base.assets, **new},
            book=base.book.added((first + place, asset) for place, asset in enumerate(new.values())),
            numbered=(*base.numbered, *new),
            by_infohash=_merged(base.by_infohash, _infohashes(new.values())),
            by_digest=_merged(base.by_digest, _refs(new.values(), _digest_keys)),
            by_size=by_size,
            by_file_name=_merged(base.by_file_name, _file_names(new.values())),
            by_total=by_total,
            totals=tuple(sorted(by_total)),
            shapes={**base.shapes, **shapes},
            spread=_counted(base.spread, shapes.values(), 1),
            sizes=base.sizes if by_size is base.by_size else tuple(sorted(by_size)),
            most_prior=max([base.most_prior, *(asset.prior_bits for asset in new.values())]),
        )

    def without(self, idents: Iterable[AssetId]) -> Index:
        """The index without these assets."""
        gone = {ident for ident in idents if ident in self.assets}
        if not gone:
            return self
        kept = {ident: asset for ident, asset in self.assets.items() if ident not in gone}
        by_total = _less(self.by_total, lambda one: one[0] in gone)
        by_size = _less(self.by_size, lambda ref: ref.asset in gone)
        return Index(
            assets=kept,
            book=self.book.removed(number for number, ident in enumerate(self.numbered) if ident in gone),
            numbered=self.numbered,
            by_infohash=_less(self.by_infohash, gone.__contains__),
            by_digest=_less(self.by_digest, lambda ref: ref.asset in gone),
            by_size=by_size,
            by_file_name=_less(self.by_file_name, gone.__contains__),
            by_total=by_total,
            totals=tuple(sorted(by_total)),
            shapes={ident: shape for ident, shape in self.shapes.items() if ident not in gone},
            spread=_counted(
                self.spread, (shape for ident, shape in self.shapes.items() if ident in gone), -1
            ),
            sizes=tuple(sorted(by_size)),
            most_prior=self.most_prior,
        )


def build_index(assets: Iterable[Asset]) -> Index:
    """Index a catalogue. Cost: linear in names and files."""
    return Index({}, empty_book(), (), {}, {}, {}, {}, {}, (), {}, {}, ()).with_assets(assets)


def _merged(one: Mapping[K, tuple[V, ...]], other: Mapping[K, tuple[V, ...]]) -> Mapping[K, tuple[V, ...]]:
    """Both, the values of a common key one after the other."""
    if not one:
        return other
    return {**one, **{key: (*one.get(key, ()), *some) for key, some in other.items()}}


def _less(told: Mapping[K, tuple[V, ...]], is_gone: Callable[[V], bool]) -> Mapping[K, tuple[V, ...]]:
    kept = ((key, tuple(one for one in some if not is_gone(one))) for key, some in told.items())
    return {key: some for key, some in kept if some}


def _infohashes(assets: Iterable[Asset]) -> Mapping[str, tuple[AssetId, ...]]:
    found: dict[str, dict[AssetId, None]] = {}
    for asset in assets:
        for text in asset.infohashes:
            found.setdefault(_swarm_hex(text), {})[asset.id] = None
    return {key: tuple(idents) for key, idents in found.items()}


def _refs(
    assets: Iterable[Asset], keys: Callable[[Asset], Iterator[tuple[K, AssetFile]]]
) -> Mapping[K, tuple[FileRef, ...]]:
    """Files by some keys of theirs."""
    found: dict[K, list[FileRef]] = {}
    for asset in assets:
        if asset.files:
            for key, file in keys(asset):
                found.setdefault(key, []).append(FileRef(asset.id, file))
    return {key: tuple(refs) for key, refs in found.items()}


def _digest_keys(asset: Asset) -> Iterator[tuple[tuple[str, str], AssetFile]]:
    return ((key, file) for file in asset.files for key in _digests(file))


def _sizes(assets: Iterable[Asset]) -> Mapping[int, tuple[SizeRef, ...]]:
    """Each asset's sizes, and the sum where all are known and there are several."""
    found: dict[int, list[SizeRef]] = {}
    for asset in assets:
        if not asset.files:
            continue
        counts = Counter(file.size_bytes for file in asset.files if file.size_bytes)
        paths = {file.size_bytes: file.path for file in reversed(asset.files)}
        total = total_size(asset)
        if total and total not in counts:
            counts[total], paths[total] = 1, "(all files)"
        for size, count in counts.items():
            found.setdefault(size, []).append(SizeRef(asset.id, paths[size], count))
    return {size: tuple(refs) for size, refs in found.items()}


def _file_names(assets: Iterable[Asset]) -> Mapping[str, tuple[AssetId, ...]]:
    found: dict[str, list[AssetId]] = {}
    for asset in assets:
        for name in {base_name(file.path) for file in asset.files}:
            found.setdefault(name, []).append(asset.id)
    return {name: tuple(idents) for name, idents in found.items()}


def _counted(spread: Mapping[str, int], shapes: Iterable[Shape], step: int) -> Mapping[str, int]:
    """In how many shapes each name is, after some have come or gone."""
    changed = dict(spread)
    for shape in shapes:
        for part in shape.parts:
            changed[part] = changed.get(part, 0) + step
    return {part: count for part, count in changed.items() if count} if step < 0 else changed


def _by_total(assets: Iterable[Asset]) -> dict[int, tuple[tuple[AssetId, ElementCounts], ...]]:
    totals: dict[int, list[tuple[AssetId, ElementCounts]]] = {}
    for asset in assets:
        for model in counts_of(asset.files):
            for total in {total for total, _ in model.totals}:
                totals.setdefault(total, []).append((asset.id, model))
    return {total: tuple(models) for total, models in totals.items()}


def _digests(file: AssetFile) -> list[tuple[str, str]]:
    if file.size_bytes == 0 or file.sha256 == _EMPTY_SHA256:
        return []
    told = (
        ("sha256", file.sha256),
        ("sha1", file.sha1),
        ("md5", file.md5),
        ("git_blob", file.git_blob),
        ("pieces_root", file.pieces_root),
    )
    return [(kind, digest.hex()) for kind, digest in told if digest] + [
        ("ed2k", digest) for digest in ed2k_digests(file)
    ]


def ed2k_digests(file: AssetFile) -> list[str]:
    """The ed2k hashes that a link to the file may carry: one, or two."""
    told = (file.ed2k or b"").hex()
    return [told[at : at + 32] for at in range(0, len(told), 32)]


def _swarm_hex(text: str) -> str:
    """The SwarmKey of an infohash given as hex, base32 or multihash."""
    if len(text) == 64:
        text = "1220" + text
    try:
        return parse_v1(text).hex()
    except InfohashError:
        return parse_v2(text)[:20].hex()
