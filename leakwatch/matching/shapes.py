"""What is kept of an asset's files to compare structure: sizes, layouts of parts, names of folders and files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from leakwatch.extract.fold import fold
from leakwatch.model.asset import NOTHING, Asset, Whole, whole_of

LARGE = 2**20
"""Sizes below are those of side files, which thousands of places share."""
GENERIC = frozenset(
    [
        "readme.md",
        "license",
        "license.txt",
        "license.md",
        "config.json",
        ".gitattributes",
        ".gitignore",
        "index.html",
        "notice",
        "readme",
        "readme.txt",
        "tokenizer.json",
        "tokenizer.model",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "generation_config.json",
        "vocab.json",
        "vocab.txt",
        "merges.txt",
        "params.json",
        "pytorch_model.bin",
        "model.safetensors",
        "adapter_model.safetensors",
        "adapter_config.json",
        "setup.exe",
        "install.exe",
        "thumbs.db",
        "desktop.ini",
        "cover.jpg",
        "sample.mkv",
        "movie.mkv",
        "video.mp4",
        "data.bin",
        "model.bin",
        "checklist.chk",
        "data",
        "src",
        "docs",
        "images",
        "sample",
        "subs",
        "video_ts",
        "audio_ts",
        "bdmv",
        "stream",
    ]
)
_CONTENT = (".bin", ".safetensors", ".mkv", ".mp4", ".exe")
_LAYOUT = re.compile(
    r"(?:pytorch_)?(?:model|adapter_model|diffusion_pytorch_model|consolidated|ggml-model|checkpoint|part|disc|cd|track|sample|episode)"
    r"[\s._-]*(?:\d{1,5}(?:-of-\d{1,5})?)?(?:\.(?:fp16|bf16|index|q\d\w*))?\.[a-z0-9]{2,12}"
)
"""Names that a tool gives: thousands of repositories have a model-00001-of-00002.safetensors."""
_PARTS = (
    ("of", re.compile(r"[-._ ](\d{1,5})[-._ ]?of[-._ ]?(\d{1,5})(?=\.[a-z0-9]{2,12}\Z)")),
    ("part", re.compile(r"\.part(\d{1,4})(?=\.rar\Z)")),
    ("old rar", re.compile(r"\.([rs]\d{2})\Z")),
    ("zip", re.compile(r"\.(z\d{2})\Z")),
    ("split", re.compile(r"\.(\d{3})\Z")),
    ("consolidated", re.compile(r"\bconsolidated\.(\d{2,3})(?=\.[a-z0-9]{2,12}\Z)")),
    ("disc", re.compile(r"\b(?:cd|dvd|dis[ck])[ ._-]?(\d{1,2})\b")),
)
_NUMBER = re.compile(r"\d+")
_LAST = re.compile(r"\.[a-z][a-z0-9]{1,11}\Z")


@dataclass(frozen=True, slots=True)
class Shape:
    """The structure of one list of files.

    Shape:  `sizes` are distinct, in order, with the sum where all are known; `layouts` counts the parts by scheme and
            ending; `parts` are folded names of folders and files, and endings.
    `whole` is how large the work is.
    """

    sizes: tuple[int, ...] = ()
    layouts: Mapping[tuple[str, str], int] | None = None
    parts: frozenset[str] = frozenset()
    whole: Whole = NOTHING


def shape_of(asset: Asset) -> Shape:
    """The structure of an asset's files. Cost: linear in their number."""
    sizes = {file.size_bytes for file in asset.files if file.size_bytes}
    total = total_size(asset)
    paths = [file.path for file in asset.files]
    known = tuple(sorted(sizes | ({total} if total else set())))
    return Shape(known, layouts_of(paths), parts_of(paths), whole_of(asset.files))


def total_size(asset: Asset) -> int:
    """The sum of the sizes, where there are several and all are known; else 0. Copies of recipients count once."""
    own = [file.size_bytes for file in asset.files if file.variant is None]
    return sum(size or 0 for size in own) if len(own) > 1 and all(size is not None for size in own) else 0


def base_name(path: str) -> str:
    """The last component of a path, folded."""
    return fold(path.replace("\\", "/").rsplit("/", 1)[-1])


def is_generic(name: str) -> bool:
    """Whether a folded name is one that everybody or every tool gives."""
    return name in GENERIC or _LAYOUT.fullmatch(name.replace("#", "0")) is not None


def parts_of(paths: Iterable[str]) -> frozenset[str]:
    """Folded names of folders and files, any number as `#`, and endings as `.ext`: a hundred shards are one name."""
    found: set[str] = set()
    for path in paths:
        *folders, name = path.replace("\\", "/").split("/")
        found.update(_folded(folder) for folder in folders if folder)
        own = fold(name)
        found.add(_NUMBER.sub("#", own))
        if ending := _LAST.search(own):
            found.add(ending[0])
    return frozenset(found - {""})


def layouts_of(paths: Iterable[str]) -> Mapping[tuple[str, str], int]:
    """How many parts each scheme has that the files are laid out in: scheme and ending -> count."""
    parts: dict[tuple[str, str], set[str]] = {}
    told: dict[tuple[str, str], int] = {}
    for path in paths:
        name = base_name(path)
        for scheme, pattern in _PARTS:
            if found := pattern.search(name):
                ending = "" if scheme in ("disc", "split") else name[found.end() :]
                key = scheme, ending
                parts.setdefault(key, set()).add(found[1])
                if scheme == "of":
                    told[key] = int(found[2])
                break
    return {key: told.get(key, len(some)) for key, some in parts.items() if told.get(key, len(some)) > 1}


@lru_cache(maxsize=4096)
def _folded(folder: str) -> str:
    return fold(folder)


def is_side_name(path: str) -> bool:
    """Whether a file is called as what goes with many works is: settings, tokenizers, licences, indexes of shards."""
    name = path.rpartition("/")[2].lower()
    return (name in GENERIC and not name.endswith(_CONTENT)) or name.endswith(".index.json")
