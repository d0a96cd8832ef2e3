"""Sizes, digests and file names against the catalogue's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from leakwatch.extract.ed2k import parse_ed2k
from leakwatch.matching.index import Index, base_name, ed2k_digests
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import AssetFile, AssetId, is_telling
from leakwatch.model.finding import Signal, SignalKind
from leakwatch.model.observation import LocatorKind, Observation, ObservedFile

_SMALL_FILE = 64 * 1024
_LARGE = 2**20
_GENERIC = frozenset(
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
    ]
)
_LAYOUT = re.compile(
    r"(?:pytorch_)?(?:model|adapter_model|diffusion_pytorch_model|consolidated|ggml-model|checkpoint|part|disc|cd|track|sample|episode)"
    r"[\s._-]*(?:\d{1,5}(?:-of-\d{1,5})?)?(?:\.(?:fp16|bf16|index|q\d\w*))?\.[a-z0-9]{2,12}"
)
"""Names that a tool gives: thousands of repositories have a model-00001-of-00002.safetensors."""
_MAX_SIZES = 3


def file_signals(
    observation: Observation, index: Index, weights: Weights
) -> Iterator[tuple[AssetId, Signal, str]]:
    """Every file of an observation against every known digest, size and name: asset, signal, artefact key."""
    sized: dict[AssetId, set[int]] = {}
    for file in (*observation.files, *_linked(observation)):
        yield from _digest_signals(file, index, weights)
        yield from _size_signals(file.size_bytes, file.path, index, weights, sized)
        for ref in index.by_file_name.get(base_name(file.path), ()):
            name = base_name(file.path)
            generic = name in _GENERIC or _LAYOUT.fullmatch(name)
            bits = weights["file_name_generic"] if generic else weights["file_name"]
            yield ref.asset, Signal(SignalKind.FILE_NAME, f"a file called {name!r}", bits), ""
    if observation.size_is_exact:
        yield from _size_signals(observation.size_bytes, "the item", index, weights, sized)


def _linked(observation: Observation) -> Iterator[ObservedFile]:
    """The files that ed2k links name."""
    for locator in observation.locators:
        link = parse_ed2k(locator.value) if locator.kind is LocatorKind.ED2K else None
        if link:
            yield ObservedFile(path=link.name, size_bytes=link.size_bytes, ed2k=link.digest)


def _digest_signals(
    file: ObservedFile, index: Index, weights: Weights
) -> Iterator[tuple[AssetId, Signal, str]]:
    told = (
        (SignalKind.SHA256, file.sha256),
        (SignalKind.SHA1, file.sha1),
        (SignalKind.MD5, file.md5),
        (SignalKind.GIT_BLOB, file.git_blob),
        (SignalKind.PIECES_ROOT, file.pieces_root),
        (SignalKind.ED2K, file.ed2k),
    )
    for kind, digest in told:
        for ref in index.by_digest.get((kind.value, digest), ()) if digest else ():
            if kind is SignalKind.ED2K and ref.file.size_bytes not in (None, file.size_bytes):
                continue
            size = ref.file.size_bytes if ref.file.size_bytes is not None else file.size_bytes
            detail = f"{file.path!r} has the {kind.value} of {ref.file.path!r}"
            if size is None:
                yield ref.asset, Signal(kind, detail, weights["unknown_size_hash"]), f"{kind.value}:{digest}"
            elif size < _SMALL_FILE or not is_telling(ref.file, index.assets[ref.asset].files):
                yield ref.asset, Signal(kind, f"{detail}, a side file", weights["small_file_hash"]), ""
            else:
                yield ref.asset, Signal(kind, detail, weights[kind.value]), f"{kind.value}:{digest}"


def _size_signals(
    size: int | None, what: str, index: Index, weights: Weights, sized: dict[AssetId, set[int]]
) -> Iterator[tuple[AssetId, Signal, str]]:
    """Each distinct size counts once, and only a few for one asset: they are not independent."""
    for ref in index.by_size.get(size, ()) if size else ():
        seen = sized.setdefault(ref.asset, set())
        if size is None or size in seen or len(seen) >= _MAX_SIZES:
            continue
        seen.add(size)
        yield (
            ref.asset,
            Signal(
                SignalKind.SIZE,
                f"{what} has the {size} bytes of {ref.file.path!r}",
                _size_bits(size, weights),
            ),
            "",
        )


def _size_bits(size: int, weights: Weights) -> float:
    if size < _LARGE:
        return weights["size_small"]
    return weights["size_round"] if size % _LARGE == 0 else weights["size"]


def digest_keys(file: AssetFile, files: Sequence[AssetFile]) -> list[str]:
    """Artefact keys of a file that is known to be the asset's: what other sightings of the leak may share."""
    if (file.size_bytes is not None and file.size_bytes < _SMALL_FILE) or not is_telling(file, files):
        return []
    told = (
        ("sha256", file.sha256),
        ("sha1", file.sha1),
        ("git_blob", file.git_blob),
        ("pieces_root", file.pieces_root),
    )
    keys = [f"{kind}:{digest.hex()}" for kind, digest in told if digest]
    return keys + [f"ed2k:{digest}" for digest in ed2k_digests(file)]
