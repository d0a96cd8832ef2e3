"""Digests of files against the catalogue's."""

from __future__ import annotations

from collections.abc import Iterator

from leakwatch.matching.index import Index, ed2k_digests
from leakwatch.matching.shapes import is_side_name
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import Asset, AssetFile, AssetId, Whole, is_telling, whole_of
from leakwatch.model.finding import Proof, Signal, SignalKind, Verdict
from leakwatch.model.observation import ObservedFile

_SMALL_FILE = 64 * 1024


def digest_signals(
    file: ObservedFile, index: Index, weights: Weights
) -> Iterator[tuple[AssetId, Signal, str]]:
    """Every digest of a file that one of the catalogue's has: asset, signal, artefact key."""
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
            if _is_side_file(ref.file, size, index.shapes[ref.asset].whole):
                yield ref.asset, Signal(kind, f"{detail}, a side file", weights["small_file_hash"]), ""
            elif size is None:
                yield ref.asset, Signal(kind, detail, weights["unknown_size_hash"]), f"{kind.value}:{digest}"
            else:
                yield ref.asset, Signal(kind, detail, weights[kind.value]), f"{kind.value}:{digest}"


def _is_side_file(file: AssetFile, size: int | None, whole: Whole) -> bool:
    """Whether a file says little: small, a small part of the work, or of untold size and called as side files are.

    A list of sha256sum tells no sizes. A tokenizer or an index of shards on it is that of every relative of the model.
    """
    if file.size_bytes is None and is_side_name(file.path):
        return True
    return (size is not None and size < _SMALL_FILE) or not is_telling(file, whole)


def proved_keys(proof: Proof, asset: Asset) -> list[str]:
    """Digests of the files that a torrent was proved to carry: a host that shows one of them shows the same leak."""
    if proof.verdict is not Verdict.PROVED:
        return []
    proved = {one.asset_path for one in proof.files if one.pieces_ok}
    whole = whole_of(asset.files)
    return [key for file in asset.files if file.path in proved for key in digest_keys(file, whole)]


def digest_keys(file: AssetFile, whole: Whole) -> list[str]:
    """Artefact keys of a file that is known to be the asset's: what other sightings of the leak may share."""
    if _is_side_file(file, file.size_bytes, whole):
        return []
    told = (
        ("sha256", file.sha256),
        ("sha1", file.sha1),
        ("git_blob", file.git_blob),
        ("pieces_root", file.pieces_root),
    )
    keys = [f"{kind}:{digest.hex()}" for kind, digest in told if digest]
    return keys + [f"ed2k:{digest}" for digest in ed2k_digests(file)]
