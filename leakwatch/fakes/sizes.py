"""Signals from sizes: what cannot be as small or as large as it is, what is filled up, what the page says."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from leakwatch.fakes.claimed import Claimed, weights_in
from leakwatch.fakes.endings import ending_of
from leakwatch.fakes.listing import MEDIA, Listing
from leakwatch.fakes.tables import UNKNOWN, FakeTables, KindTable
from leakwatch.fakes.values import Claims, FakeKind, FakeSignal
from leakwatch.model.asset import Asset

_ALONE = frozenset({"executable", "script", "archive", "disc"})
_FILLABLE = frozenset({"video", "windows_media", "audio", "archive", "ebook", "document", "executable"})
_MODERN_GAMES = 2005
_MIB = 2**20
_MAX_STATED = 2**63


def size_signals(
    files: Listing, kind: KindTable | None, claimed: Claimed, claims: Claims, asset: Asset, tables: FakeTables
) -> Iterator[FakeSignal]:
    """What can be said from sizes."""
    found = (
        _empty(files, kind, tables),
        _same(files, tables),
        _round(files, tables),
        _claim(files, claims, tables),
        _wrong_size(files, kind, claimed, asset, tables) if kind and files.total else None,
    )
    yield from (one for one in found if one)


def own_bytes(asset: Asset) -> int:
    """The asset's own size: the bytes of its largest format, for formats repeat one another; 0 if not known."""
    sizes: Counter[str] = Counter()
    for file in asset.files:
        sizes[ending_of(file.path.rpartition("/")[2][-300:])] += file.size_bytes or 0
    return max(sizes.values(), default=0)


def least_bytes(kind: KindTable, claimed: Claimed, asset: Asset, tables: FakeTables) -> float:
    """The least bytes that the work as claimed can have; 0 where nothing is known."""
    if claimed.is_part or (claimed.is_adapter and kind.name == "model"):
        return 0
    episodes = kind.season if claimed.is_season else 1
    least = _by_resolution(kind, claimed.resolution) * episodes
    weights = _weights(kind, claimed, asset)
    return max(least, weights * tables.limits["bits_a_weight"] / 8)


def _by_resolution(kind: KindTable, resolution: int | None) -> float:
    """The floor of the greatest listed resolution that is not above the claimed one."""
    listed = sorted((int(name[:-1]), least) for name, least in kind.least.items() if name[:-1].isdecimal())
    return max([kind.least["any"], *(least for lines, least in listed if lines <= (resolution or 0))])


def _weights(kind: KindTable, claimed: Claimed, asset: Asset) -> float:
    if kind.name != "model":
        return 0
    own = {one for name in asset.names[:50] for one in weights_in(name)}
    return claimed.weights or (min(own) if len(own) == 1 else 0)


def _wrong_size(
    files: Listing, kind: KindTable, claimed: Claimed, asset: Asset, tables: FakeTables
) -> FakeSignal | None:
    """Too little of the work, or too much of anything: the stronger of the two."""
    small = _too_small(files, kind, claimed, asset, tables)
    large = _too_large(files, kind, claimed, asset, tables)
    if small and large:
        return max(small, large, key=lambda one: one.weight)
    return small or large


def _too_small(
    files: Listing, kind: KindTable, claimed: Claimed, asset: Asset, tables: FakeTables
) -> FakeSignal | None:
    works = kind.expected | kind.possible | {UNKNOWN}
    if not any(files.sizes[one] for one in works):
        return None
    content = files.bytes_of(works)
    least, own = least_bytes(kind, claimed, asset, tables), own_bytes(asset)
    absolute = _below(content, least) * tables.bits["size_halving"]
    share = 0.0 if claimed.is_part or claimed.is_adapter else _below(content, own * kind.least_share)
    lone = _below(content, kind.least_program) if _is_lone(files, kind, own, asset) else 0.0
    best = max(absolute, lone * tables.bits["size_halving"], share * tables.bits["size_halving_share"])
    if best < 1:
        return None
    detail = f"{_size(content)} is too little for the {kind.name} that it says it is"
    return FakeSignal(FakeKind.SIZE, detail, min(best, tables.bits["size_most"]))


def _is_lone(files: Listing, kind: KindTable, own: int, asset: Asset) -> bool:
    """A program or archive alone, of a work whose size is not known but whose year is not long ago."""
    if own or files.fits or not kind.least_program or (asset.year or 0) < _MODERN_GAMES:
        return False
    works = kind.expected | kind.possible
    return not files.count(works - _ALONE) and files.count(works) <= 3


def _too_large(
    files: Listing, kind: KindTable, claimed: Claimed, asset: Asset, tables: FakeTables
) -> FakeSignal | None:
    own = sum(file.size_bytes or 0 for file in asset.files)
    most = [kind.most, *([own * kind.most_share] if own else [])]
    if weights := _weights(kind, claimed, asset):
        most.append(weights * tables.limits["bytes_a_weight"])
    above = math.log2(files.other_total / min(most)) if files.other_total > min(most) else 0
    weight = min(above * tables.bits["size_doubling"], tables.bits["size_most_above"])
    if weight < 0.5:
        return None
    detail = f"{_size(files.other_total)} is too much for the {kind.name} that it says it is"
    return FakeSignal(FakeKind.SIZE, detail, weight)


def _below(size: int, least: float) -> float:
    """How often the least size was halved."""
    return math.log2(least / size) if size < least else 0.0


def _empty(files: Listing, kind: KindTable | None, tables: FakeTables) -> FakeSignal | None:
    if files.total == 0:
        return FakeSignal(FakeKind.EMPTY, "no bytes at all", tables.bits["empty"])
    if kind is None or files.bytes_of(kind.expected | {UNKNOWN}):
        return None
    if sum(files.empty[one] for one in kind.expected):
        return FakeSignal(
            FakeKind.EMPTY, "the files that should be the work are empty", tables.bits["empty_media"]
        )
    return None


def _same(files: Listing, tables: FakeTables) -> FakeSignal | None:
    """Many small files of media, equal in size to the byte."""
    if not files.same:
        return None
    media = sum(files.counts[one] - files.empty[one] for one in MEDIA)
    (kind, size), count = files.same.most_common(1)[0]
    limits = tables.limits
    most = limits["same_video" if kind == "video" else "same_size"]
    if size > most or count < max(limits["same_least"], limits["same_share"] * media):
        return None
    detail = f"{count} files of exactly {_size(size)}"
    return FakeSignal(FakeKind.SAME_SIZE, detail, tables.bits["same_size"])


def _round(files: Listing, tables: FakeTables) -> FakeSignal | None:
    """One file of a round size and next to nothing beside it. Images of discs, cartridges and volumes are round."""
    size, kind, limits = files.biggest, files.biggest_class, tables.limits
    if size < max(limits["round_least"], limits["round_share"] * files.total) or files.volumes > 1:
        return None
    is_binary_round = size % (50 * _MIB) == 0 or size & (size - 1) == 0
    is_round = size % limits["round_unit"] == 0
    if (kind in _FILLABLE and (is_round or is_binary_round)) or (kind in ("binary", UNKNOWN) and is_round):
        detail = f"one file of exactly {size} bytes, a round number"
        return FakeSignal(FakeKind.PADDING, detail, tables.bits["round_size"])
    return None


def _claim(files: Listing, claims: Claims, tables: FakeTables) -> FakeSignal | None:
    stated, factor = claims.size_bytes, tables.limits["claim_factor"]
    if not stated or not 0 < stated < _MAX_STATED:
        return None
    is_more = claims.size_is_exact and files.other_total > stated * factor
    if files.total * factor < stated or is_more:
        detail = f"the page says {_size(stated)}, the torrent has {_size(files.total)}"
        return FakeSignal(FakeKind.CLAIM, detail, tables.bits["claim"])
    return None


def _size(size_bytes: int) -> str:
    """Bytes as people read them."""
    value = float(size_bytes)
    for unit in ("bytes", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}" if unit != "bytes" else f"{size_bytes} bytes"
        value /= 1000
    return f"{value:.4g} TB"
