"""The models that an asset's files make up, by the header print of each file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from leakwatch.errors import HeaderError
from leakwatch.headers.parameters import ElementCounts, element_counts
from leakwatch.headers.prints import HeaderPrint, joined
from leakwatch.headers.stored import from_text
from leakwatch.model.asset import AssetFile

_MAX_MODELS = 16
"""Models of one asset that are compared, the largest first: a work of many parts is known by its large ones."""
_MAX_PRINTS = 10_000
_Texts = tuple[tuple[str, str], ...]
"""Folder and print of each file that has one."""


@dataclass(frozen=True, slots=True)
class _Printed:
    """One of the asset's files by folder, and its print."""

    folder: str
    print_: HeaderPrint


def models_of(files: Sequence[AssetFile]) -> tuple[HeaderPrint, ...]:
    """The models, large first; none where no file has a print."""
    return _kept_models(_texts(files))


def counts_of(files: Sequence[AssetFile]) -> tuple[ElementCounts, ...]:
    """The element counts of the models, which are small enough to be kept for a whole catalogue."""
    return _kept_counts(_texts(files))


def _texts(files: Sequence[AssetFile]) -> _Texts:
    texts = ((file.path.rpartition("/")[0], file.header) for file in files if file.header)
    return tuple(islice(texts, _MAX_PRINTS))


@lru_cache(maxsize=8)
def _kept_models(texts: _Texts) -> tuple[HeaderPrint, ...]:
    """Kept, for an asset is compared with many torrents."""
    return _models(texts)


@lru_cache(maxsize=4096)
def _kept_counts(texts: _Texts) -> tuple[ElementCounts, ...]:
    """Kept, for a catalogue is indexed anew after every change, and reading a print takes milliseconds."""
    return tuple(element_counts(model) for model in _models(texts))


def _models(texts: _Texts) -> tuple[HeaderPrint, ...]:
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
    if len(shards) == 1:
        return list(shards)
    try:
        return [joined(shards)]
    except HeaderError:
        return []
