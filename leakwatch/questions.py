"""The one place that decides what a site may be asked about which asset. Pure.

To ask is to tell. An asset's query mode says how much may be told of it:

feed-only   nothing: whole feeds are read and compared here. The only mode of an asset under embargo, whatever is said.
generic     the site's own `queries`, words of the operator that name no asset. The mode unless another is given.
direct      its title and aliases, and the digests of the files that stand for it.

All that a site may be asked is one list in a fixed order; a poll asks a few of it and the next one goes on behind them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from leakwatch.model.asset import Asset, AssetFile, QueryMode, is_telling, whole_of
from leakwatch.sources._kind import Question

_SHORTEST_NAME = 3
_MAX_DIGESTS = 50
"""Files in one question."""
_ALGORITHMS = ("sha256", "sha1", "md5", "git_blob")
Keyed = tuple[str, Question]


def questions(assets: Iterable[Asset], words: Sequence[str], after: str, limit: int) -> tuple[Keyed, ...]:
    """The next questions behind the key `after`, each with its own key; from the beginning again where they end.

    `words` are the site's queries. Deterministic: the same assets and words give the same list.
    """
    every = sorted(_every(list(assets), words), key=lambda one: one[0])
    start = bisect_right([key for key, _ in every], after)
    return tuple((every[start:] + every[:start])[:limit])


def may_be_named(asset: Asset) -> bool:
    """Whether its names and digests may be told to a site."""
    return asset.asked_as is QueryMode.DIRECT


def _every(assets: list[Asset], words: Sequence[str]) -> Iterator[Keyed]:
    if any(asset.asked_as is not QueryMode.FEED_ONLY for asset in assets):
        for one in words:
            yield f"0 {one.strip()}", Question(words=one.strip())
    for asset in assets:
        if may_be_named(asset):
            yield from _names(asset)
            yield from _digests(asset)


def _names(asset: Asset) -> Iterator[Keyed]:
    for name in asset.names:
        if len(name) >= _SHORTEST_NAME:
            yield f"1 {asset.id} n {name}", Question(words=name, asset=asset.id)


def _digests(asset: Asset) -> Iterator[Keyed]:
    whole = whole_of(asset.files)
    telling = [file for file in asset.files if is_telling(file, whole)]
    for start in range(0, len(telling), _MAX_DIGESTS):
        told = _told(telling[start : start + _MAX_DIGESTS])
        if told:
            yield f"1 {asset.id} d {start:07}", Question(digests=told, asset=asset.id)


def _told(files: list[AssetFile]) -> dict[str, tuple[str, ...]]:
    found = {name: tuple(d.hex() for file in files if (d := getattr(file, name))) for name in _ALGORITHMS}
    return {name: digests for name, digests in found.items() if digests}
