"""Weights that were cut, converted or quantised anew: no byte range agrees any more, and their sizes still tell.

The prints of the asset's headers say what its tensors take up in any type; a torrent's file list says what its files
take up. Agreement is likeness and never proof: fine-tunes of the same architecture have the same sizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest

from leakwatch.errors import HeaderError
from leakwatch.headers.likeness import Likeness
from leakwatch.headers.prints import HeaderPrint, joined
from leakwatch.headers.sizes import by_sizes
from leakwatch.headers.stored import from_text
from leakwatch.model.asset import AssetFile
from leakwatch.torrent.metainfo import TorrentInfo

_MAX_MODELS = 16
"""Models of one asset that are compared, the largest first: a work of many parts is known by its large ones."""
_MAX_PRINTS = 10_000
_MAX_LISTED = 20_000
"""Files of a torrent that are looked at, the largest."""


@dataclass(frozen=True, slots=True)
class _Printed:
    """One of the asset's files by folder, and its print."""

    folder: str
    print_: HeaderPrint


def by_headers(info: TorrentInfo, files: Sequence[AssetFile]) -> Likeness | None:
    """Judge a torrent's file list by the prints of the asset's headers; None if there are none, or nothing agrees."""
    texts = tuple((file.path.rpartition("/")[0], file.header) for file in files if file.header)
    if not texts:
        return None
    largest = nlargest(_MAX_LISTED, info.files, key=lambda file: file.size_bytes)
    listed = [(file.path, file.size_bytes) for file in largest if not file.is_pad]
    found = [judged for model in _models(texts[:_MAX_PRINTS]) if (judged := by_sizes(model, listed))]
    return min(found, key=lambda judged: judged.kind != "resharded", default=None)


@lru_cache(maxsize=8)
def _models(texts: tuple[tuple[str, str], ...]) -> tuple[HeaderPrint, ...]:
    """The models that an asset's files make up, large first; kept, for an asset is compared with many torrents."""
    models = {model.digest + bytes(str(model.data_bytes), "ascii"): model for model in _united(_read(texts))}
    return tuple(sorted(models.values(), key=lambda model: -model.data_bytes)[:_MAX_MODELS])


def _read(texts: Sequence[tuple[str, str]]) -> list[_Printed]:
    """What can be read: a print of another release, or a damaged one, is none."""
    found: list[_Printed] = []
    for folder, text in texts:
        try:
            found.append(_Printed(folder, from_text(text)))
        except HeaderError:
            continue
    return found


def _united(prints: Sequence[_Printed]) -> Iterator[HeaderPrint]:
    """All files of a format, and those of each folder; each file by itself where a folder's are not one model."""
    formats: dict[str, list[HeaderPrint]] = {}
    folders: dict[tuple[str, str], list[HeaderPrint]] = {}
    for one in prints:
        formats.setdefault(one.print_.format, []).append(one.print_)
        folders.setdefault((one.print_.format, one.folder), []).append(one.print_)
    for shards in formats.values():
        yield from _one_model(shards)
    for shards in folders.values():
        yield from _one_model(shards) or shards


def _one_model(shards: Sequence[HeaderPrint]) -> list[HeaderPrint]:
    """The model of these shards; none where they contradict one another, as two quantisations do."""
    try:
        return [joined(shards)]
    except HeaderError:
        return []
