"""The catalogue as look-up tables: what an observation's facts are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from leakwatch.errors import InfohashError
from leakwatch.extract.names import fold, is_number, parse_name, readings, tokens
from leakwatch.headers.models import counts_of
from leakwatch.headers.parameters import ElementCounts
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.torrent.infohash import parse_v1, parse_v2

_EMPTY_SHA256 = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
MAX_WINDOW = 16


@dataclass(frozen=True, slots=True)
class Name:
    """One title or alias of one asset in one reading. `key` is its tokens without the gaps between them."""

    asset: AssetId
    text: str
    tokens: tuple[str, ...]
    key: str
    numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class FileRef:
    """One file of one asset."""

    asset: AssetId
    file: AssetFile


@dataclass(frozen=True, slots=True)
class Index:
    """Look-up tables over a catalogue. Built at once, never changed.

    `numbers` are the numbers in an asset's names; `keys_by_length` holds the distinct name keys for comparing by edit distance.
    `by_total` holds models by each number of elements that their files can have, `totals` those numbers in order.
    """

    assets: Mapping[AssetId, Asset]
    by_key: Mapping[str, tuple[Name, ...]]
    keys_by_length: Mapping[int, tuple[str, ...]]
    numbers: Mapping[AssetId, frozenset[str]]
    by_infohash: Mapping[str, tuple[AssetId, ...]]
    by_digest: Mapping[tuple[str, str], tuple[FileRef, ...]]
    by_size: Mapping[int, tuple[FileRef, ...]]
    by_file_name: Mapping[str, tuple[FileRef, ...]]
    by_total: Mapping[int, tuple[tuple[AssetId, ElementCounts], ...]]
    totals: tuple[int, ...]
    longest: int


def build_index(assets: Iterable[Asset]) -> Index:
    """Index a catalogue. Cost: linear in names and files."""
    by_id = {asset.id: asset for asset in assets}
    by_key: dict[str, dict[Name, None]] = {}
    numbers: dict[AssetId, set[str]] = {}
    infohashes: dict[str, dict[AssetId, None]] = {}
    digests: dict[tuple[str, str], list[FileRef]] = {}
    sizes: dict[int, list[FileRef]] = {}
    file_names: dict[str, list[FileRef]] = {}
    for asset in by_id.values():
        for name in asset_names(asset):
            by_key.setdefault(name.key, {})[name] = None
            numbers.setdefault(asset.id, set()).update(name.numbers)
        for text in asset.infohashes:
            infohashes.setdefault(_swarm_hex(text), {})[asset.id] = None
        for file in asset.files:
            ref = FileRef(asset.id, file)
            for kind, digest in _digests(file):
                digests.setdefault((kind, digest), []).append(ref)
            if file.size_bytes:
                sizes.setdefault(file.size_bytes, []).append(ref)
            file_names.setdefault(base_name(file.path), []).append(ref)
        total = sum(file.size_bytes or 0 for file in asset.files)
        if len(asset.files) > 1 and all(file.size_bytes is not None for file in asset.files):
            sizes.setdefault(total, []).append(
                FileRef(asset.id, AssetFile(path="(all files)", size_bytes=total))
            )
    by_total = _by_total(by_id.values())
    return Index(
        assets=by_id,
        by_key={key: tuple(names) for key, names in by_key.items()},
        keys_by_length=_by_length(by_key),
        numbers={ident: frozenset(some) for ident, some in numbers.items()},
        by_infohash={key: tuple(ids) for key, ids in infohashes.items()},
        by_digest={key: tuple(refs) for key, refs in digests.items()},
        by_size={size: tuple(refs) for size, refs in sizes.items()},
        by_file_name={name: tuple(refs) for name, refs in file_names.items()},
        by_total=by_total,
        totals=tuple(sorted(by_total)),
        longest=min(MAX_WINDOW, max((len(n.tokens) for names in by_key.values() for n in names), default=0)),
    )


def _by_total(assets: Iterable[Asset]) -> dict[int, tuple[tuple[AssetId, ElementCounts], ...]]:
    totals: dict[int, list[tuple[AssetId, ElementCounts]]] = {}
    for asset in assets:
        for model in counts_of(asset.files):
            for total in {total for total, _ in model.totals}:
                totals.setdefault(total, []).append((asset.id, model))
    return {total: tuple(models) for total, models in totals.items()}


def _by_length(keys: Iterable[str]) -> dict[int, tuple[str, ...]]:
    lengths: dict[int, list[str]] = {}
    for key in keys:
        lengths.setdefault(len(key), []).append(key)
    return {length: tuple(some) for length, some in lengths.items()}


def asset_names(asset: Asset) -> list[Name]:
    """Every title and alias in every reading; a year in brackets at the end is not part of a name."""
    found: dict[tuple[str, ...], Name] = {}
    for text in asset.names:
        for reading in readings(text):
            split = parse_name(reading)
            words = tokens(reading)
            if split.year is not None and split.year == asset.year and split.title:
                words = split.title
            key = "".join(words)
            if key:
                found.setdefault(
                    words, Name(asset.id, text, words, key, frozenset(w for w in words if is_number(w)))
                )
    return list(found.values())


def base_name(path: str) -> str:
    """The last component of a path, folded."""
    return fold(path.replace("\\", "/").rsplit("/", 1)[-1])


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
