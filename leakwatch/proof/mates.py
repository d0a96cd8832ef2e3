"""Which of the asset's files a file of a torrent may be: by size, by name, by nearness of size."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from leakwatch.model.asset import AssetFile
from leakwatch.torrent.metainfo import TorrentFile

MAX_MATES = 16
_MAX_NEAR = 4
_COMPARABLE = 4
"""Files whose sizes differ by a larger factor, and whose names differ, are not tried against one another."""


class Mates:
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
        others = self._by_size.get(file.size_bytes, [])[: MAX_MATES + 1]
        return [named, *(other for other in others if other is not named)] if named else others

    def like(self, file: TorrentFile) -> list[AssetFile]:
        """Of its name, then of the nearest sizes: what it may hold with bytes added or cut off."""
        named = self._by_name.get(file.raw_path[-1].lower(), [])[:_MAX_NEAR]
        place = bisect_left(self._sizes, file.size_bytes)
        near = self._sorted[max(0, place - _MAX_NEAR // 2) : place + _MAX_NEAR // 2]
        close = [a for a in near if 1 / _COMPARABLE <= (a.size_bytes or 0) / file.size_bytes <= _COMPARABLE]
        return [*named, *(asset for asset in close if asset not in named)]
