"""A torrent's file list, read once, as the counts that the signals ask for. Linear in the files, bounded in what it keeps.

Files that have the exact size of one of the asset's files and an ending of its class *fit*. They count for the
torrent and never against it: what speaks for a fake is counted over the others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from leakwatch.fakes.endings import PROGRAMS, base_name, class_of, disguise_of, ending_of, note_about
from leakwatch.fakes.tables import UNKNOWN, FakeTables
from leakwatch.model.asset import Asset, AssetFile
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo

SIDE = frozenset({"note", "image", "subtitle", "web", "link"})
"""Classes that stand beside a work."""
MEDIA = frozenset({"video", "windows_media", "audio", "ebook"})
_NOTES = frozenset({"note", "document", "web", "link", "executable", "script", "archive"})
_MAX_STEMS = 16
_MAX_SIZES = 10_000
_MAX_NOTES = 5000
_MAX_KNOWN = 4000
_VOLUME = re.compile(r"\.(?:part\d+\.rar|[rsz]\d\d|\d{3}|rar|7z\.\d{3})\Z")
_SHARD = re.compile(r"\d{3,5}-of-\d{3,5}|consolidated\.\d\d\.|tensor\d{5}")
_EPISODE = re.compile(r"s\d{1,2}[ ._-]?e(\d{1,3})|\b\d{1,2}x(\d{2,3})\b|[ ._-](\d{2,3})(?=[ ._\[(v])")
_DISC_FOLDERS = frozenset({b"VIDEO_TS", b"BDMV", b"STREAM", b"MPEGAV"})
_MODEL_FILES = frozenset(
    {"config.json", "tokenizer.json", "tokenizer.model", "params.json", "tokenizer_config.json"}
)


@dataclass(slots=True)
class Listing:
    """What a file list holds. Counters without `fit` in their name are over the files that do not fit.

    Units:  sizes in bytes, without padding of BEP 47.
    """

    total: int = 0
    other_total: int = 0
    counts: Counter[str] = field(default_factory=Counter[str])
    sizes: Counter[str] = field(default_factory=Counter[str])
    empty: Counter[str] = field(default_factory=Counter[str])
    endings: Counter[str] = field(default_factory=Counter[str])
    fit_counts: Counter[str] = field(default_factory=Counter[str])
    fit_sizes: Counter[int] = field(default_factory=Counter[int])
    same: Counter[tuple[str, int]] = field(default_factory=Counter[tuple[str, int]])
    notes: Counter[str] = field(default_factory=Counter[str])
    disguise: str = ""
    biggest: int = 0
    biggest_class: str = UNKNOWN
    biggest_name: str = ""
    volumes: int = 0
    shards: int = 0
    disc_folders: int = 0
    model_files: int = 0
    archive_stems: set[str] = field(default_factory=set[str])
    episodes: set[str] = field(default_factory=set[str])
    own_names: set[str] = field(default_factory=set[str])

    def count(self, classes: frozenset[str]) -> int:
        """Files of these classes, those that fit among them."""
        return sum(self.counts[one] + self.fit_counts[one] for one in classes)

    @property
    def fits(self) -> bool:
        """Whether any file fits."""
        return bool(self.fit_sizes)

    def bytes_of(self, classes: frozenset[str]) -> int:
        """Bytes of these classes, and of all files that fit, whatever their class."""
        return self.total - self.other_total + sum(self.sizes[one] for one in classes)


def read_listing(info: TorrentInfo, asset: Asset, tables: FakeTables) -> Listing:
    """Read a torrent's files."""
    told = Listing()
    sizes = _fitting(asset.files, tables)
    names = frozenset(_asset_name(file) for file in asset.files)
    known = " ".join((info.raw_name[-_MAX_KNOWN:].decode("utf-8", "replace"), *asset.names)).lower()[
        :_MAX_KNOWN
    ]
    for file in info.files:
        if not file.is_pad:
            _add(told, file, sizes, names, known, tables)
    return told


def _fitting(files: Sequence[AssetFile], tables: FakeTables) -> Mapping[int, set[str]]:
    sizes: dict[int, set[str]] = {}
    for file in files:
        if file.size_bytes:
            sizes.setdefault(file.size_bytes, set()).add(class_of(_asset_name(file), file.size_bytes, tables))
    return sizes


def _asset_name(file: AssetFile) -> str:
    return file.path.replace("\\", "/").rpartition("/")[2].lower()


def _fits(size: int, kind: str, sizes: Mapping[int, set[str]]) -> bool:
    """Of the asset's size and class; where one has no telling ending, it must not be a program."""
    classes = sizes.get(size)
    if not classes:
        return False
    return kind in classes or (kind not in PROGRAMS and (kind == UNKNOWN or UNKNOWN in classes))


def _add(
    told: Listing,
    file: TorrentFile,
    sizes: Mapping[int, set[str]],
    names: frozenset[str],
    known: str,
    tables: FakeTables,
) -> None:
    name, size = base_name(file.raw_path), file.size_bytes
    kind = class_of(name, size, tables)
    lower = name.lower()
    told.total += size
    if lower in names:
        told.own_names.add(lower)
    _add_layout(told, file, kind, lower)
    if _fits(size, kind, sizes):
        told.fit_counts[kind] += 1
        told.fit_sizes[size] += 1
        return
    told.other_total += size
    told.counts[kind] += 1
    told.sizes[kind] += size
    if size == 0:
        told.empty[kind] += 1
    elif kind in MEDIA and ((kind, size) in told.same or len(told.same) < _MAX_SIZES):
        told.same[kind, size] += 1
    if size > told.biggest:
        told.biggest, told.biggest_class, told.biggest_name = size, kind, name
    if kind in PROGRAMS and not told.disguise:
        told.disguise = disguise_of(name, tables)
    if kind in _NOTES and size < tables.limits["tiny_file"] * 10 and told.notes.total() < _MAX_NOTES:
        told.notes[note_about(lower, known)] += 1


def _add_layout(told: Listing, file: TorrentFile, kind: str, lower: str) -> None:
    """Signs that a release group or a tool laid the files out."""
    told.endings[ending_of(lower)[:5] if kind != UNKNOWN else ""] += 1
    told.disc_folders += len(file.raw_path) > 1 and file.raw_path[-2] in _DISC_FOLDERS
    if kind == "archive":
        stem, changed = _VOLUME.subn("", lower)
        told.volumes += changed
        if len(told.archive_stems) < _MAX_STEMS:
            told.archive_stems.add(stem)
    elif kind in ("weights", "binary", UNKNOWN):
        told.shards += _SHARD.search(lower) is not None
    elif kind == "data":
        told.model_files += lower in _MODEL_FILES
    elif kind == "video" and file.size_bytes and len(told.episodes) < _MAX_STEMS:
        found = _EPISODE.search(lower)
        told.episodes |= {found[found.lastindex or 0]} if found else set()
