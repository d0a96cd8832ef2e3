"""Weights that were re-sharded or quantised anew: likely by the sizes in a torrent's file list, and no more."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from leakwatch.headers.prints import print_of
from leakwatch.headers.stored import to_text
from leakwatch.headers.tensor import Format, Header, Tensor
from leakwatch.model.asset import AssetFile
from leakwatch.model.finding import Proof, Verdict
from leakwatch.proof import Hashed, Piece, prove
from leakwatch.torrent.infohash import Infohashes, InfohashV1, PiecesRoot
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo

MIB = 2**20
TENSORS = [
    Tensor("model.embed_tokens.weight", "BF16", (8_000, 1024)),
    *(
        Tensor(f"model.layers.{layer}.{name}_proj.weight", "BF16", (1024, 1024))
        for layer in range(12)
        for name in ("q", "k", "v", "o", "up", "down")
    ),
    Tensor("lm_head.weight", "BF16", (8_000, 1024)),
]
DATA_BYTES = sum(tensor.size_bytes for tensor in TENSORS)


def shard(path: str, tensors: Sequence[Tensor], of_format: Format = "safetensors") -> AssetFile:
    """A file of an asset that has these tensors."""
    size = sum(tensor.size_bytes for tensor in tensors) + 5000
    text = to_text(print_of(Header(of_format, tuple(tensors), 5000)))
    return AssetFile(path=path, size_bytes=size, header=text, pieces_root=PiecesRoot(b"a" * 32))


ASSET = [shard("m/secret-1.safetensors", TENSORS[:30]), shard("m/secret-2.safetensors", TENSORS[30:])]


def torrent(files: Sequence[tuple[str, int]], root: bytes | None = None) -> TorrentInfo:
    """A torrent of these files."""
    told: list[TorrentFile] = []
    offset = 0
    for path, size in files:
        pieces_root = PiecesRoot(root) if root else None
        told.append(TorrentFile(tuple(path.encode().split(b"/")), size, offset, pieces_root))
        offset += size
    digests = b"" if root else random.Random(1).randbytes(20 * -(-offset // (4 * MIB)))
    return TorrentInfo(Infohashes(InfohashV1(bytes(20))), b"x", 4 * MIB, tuple(told), digests)


def listed(total: int, count: int = 5) -> list[tuple[str, int]]:
    """So many shards of so many bytes in all, and a side file."""
    sizes = [total // count] * (count - 1) + [total - (count - 1) * (total // count)]
    return [("r/README.md", 4000), *((f"r/x-{n}.safetensors", size) for n, size in enumerate(sizes))]


def judge(files: Sequence[tuple[str, int]], asset: Sequence[AssetFile] = ASSET) -> Proof:
    """The verdict where the asset's bytes are elsewhere."""
    return prove(torrent(files), asset, None, random.Random(1))


def test_resharded_is_likely() -> None:
    """The asset's tensors in other shards are likely, by their headers, and the reason names neither side's files."""
    proof = judge(listed(DATA_BYTES + 14_000))
    assert (proof.verdict, proof.method, proof.error) == (Verdict.LIKELY, "header", None)
    assert f"5 files of {DATA_BYTES + 14_000:,} bytes" in proof.reason
    assert "fine-tune" in proof.reason
    assert not any(name in proof.reason for name in ("secret", "x-", "README", "safetensors"))


def test_requantised_is_likely() -> None:
    """One GGUF file of the size that its name's type asks for is likely."""
    size = DATA_BYTES // 2 * 34 // 32 + 300_000
    proof = judge([("r/x.Q8_0.gguf", size)])
    assert (proof.verdict, proof.method) == (Verdict.LIKELY, "header")
    assert "in Q8_0" in proof.reason
    assert judge([("r/x.Q4_0.gguf", size)]).verdict is Verdict.UNPROVED


@pytest.mark.parametrize("over", [-1_000_000, 0, 3_000_000])
def test_other_sizes_stay_open(over: int) -> None:
    """Sizes that are not the tensors' and a header's stay open, as they do for an asset without header prints."""
    assert judge(listed(DATA_BYTES + over)).verdict is Verdict.UNPROVED
    bare = [replace(file, header=None) for file in ASSET]
    assert judge(listed(DATA_BYTES + 14_000), bare).verdict is Verdict.UNPROVED


def test_one_shard_is_not_the_model() -> None:
    """Prints are joined: a print that lacks the other shards' tensors agrees with another size."""
    assert judge(listed(DATA_BYTES + 14_000), ASSET[1:]).verdict is Verdict.UNPROVED


class Nonsense:
    """A hasher of an asset that has other bytes than the torrent."""

    def known(self, file: AssetFile, piece_length: int, start: int) -> list[range]:
        """All of every file."""
        return [range(file.size_bytes or 0)]

    def hash(self, pieces: Sequence[Piece]) -> list[Hashed | None]:
        """Digests that no torrent has."""
        return [Hashed(b"n" * 20, (True,) * len(piece), 0) for piece in pieces]


def test_evidence_comes_first() -> None:
    """Where pieces or a root of a file of the asset's size differ it is refuted, though the sizes agree."""
    files = [(file.path, file.size_bytes or 0) for file in ASSET]
    assert judge(files).verdict is Verdict.LIKELY
    by_pieces = prove(torrent(files), ASSET, Nonsense(), random.Random(1))
    assert (by_pieces.verdict, by_pieces.method) == (Verdict.REFUTED, "v1")
    by_root = prove(torrent(files, b"b" * 32), ASSET, None, random.Random(1))
    assert (by_root.verdict, by_root.method) == (Verdict.REFUTED, "v2")
    proved = prove(torrent(files, b"a" * 32), ASSET, None, random.Random(1))
    assert (proved.verdict, proved.method) == (Verdict.PROVED, "v2")


def test_several_models_of_one_asset() -> None:
    """Files of two formats, or two quantisations in one folder, are models of their own, and each is found."""
    small = [replace(one, dtype="Q8_0") for one in TENSORS]
    half = [replace(one, dtype="F16") for one in TENSORS]
    asset = [*ASSET, shard("g/a.gguf", small, "gguf"), shard("g/b.gguf", half, "gguf")]
    assert judge(listed(DATA_BYTES + 14_000), asset).verdict is Verdict.LIKELY
    own = judge([("r/unnamed.gguf", sum(one.size_bytes for one in small) + 300_000)], asset[2:])
    assert own.verdict is Verdict.LIKELY
    assert "74 tensors" in own.reason


def test_recipients_and_broken_prints() -> None:
    """A recipient's copies do not take part, and a print that cannot be read is none."""
    own = [replace(file, variant="r1") for file in ASSET]
    assert judge(listed(DATA_BYTES + 14_000), own).verdict is Verdict.UNPROVED
    broken = [replace(file, header=text) for file in ASSET for text in ("{", "[]", "[" * 100_000)]
    assert judge(listed(DATA_BYTES + 14_000), broken).verdict is Verdict.UNPROVED
    assert judge(listed(DATA_BYTES + 14_000), [*ASSET, broken[0]]).verdict is Verdict.LIKELY
