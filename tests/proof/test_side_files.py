"""Which files that agree prove the work, and which are side files that others may have too."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping

import pytest

from leakwatch.model.asset import AssetFile, are_telling, is_telling, whole_of
from leakwatch.model.finding import Verdict
from leakwatch.proof import TableHasher, prove
from leakwatch.torrent.infohash import Infohashes, InfohashV2, PiecesRoot
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo

MIB = 2**20


def sized(sizes: Mapping[str, int]) -> list[AssetFile]:
    """An asset of files of these sizes, each with a root of its own."""
    return [
        AssetFile(path=path, size_bytes=size, pieces_root=PiecesRoot(hashlib.sha256(path.encode()).digest()))
        for path, size in sizes.items()
    ]


def shards(count: int, size: int, **others: int) -> list[AssetFile]:
    """Weights in equal shards, and other files."""
    return sized({f"model-{number:05}.safetensors": size for number in range(count)} | others)


def v2_of(files: list[AssetFile]) -> TorrentInfo:
    """A v2 torrent of these files."""
    told = tuple(
        TorrentFile((b"t", file.path.encode()), file.size_bytes or 0, pieces_root=file.pieces_root)
        for file in files
    )
    return TorrentInfo(Infohashes(v2=InfohashV2(bytes(32))), b"t", MIB, told, b"")


def verdict(asset: list[AssetFile], having: list[AssetFile]) -> Verdict:
    """On a torrent that has these of the asset's files."""
    return prove(v2_of(having), asset, TableHasher(), random.Random(1)).verdict


@pytest.mark.parametrize("count", [1, 99, 160, 190, 700, 5000])
def test_equal_shards_are_proved(count: int) -> None:
    """However many equal shards a work has, a torrent of all of them is proved."""
    asset = shards(count, 300 * MIB)
    assert verdict(asset, asset) is Verdict.PROVED


@pytest.mark.parametrize("count", [1, 99, 160, 190, 700])
def test_one_shard_is_proved(count: int) -> None:
    """So is a single one of hundreds: a part of the work, and no side file."""
    asset = shards(count, 300 * MIB)
    assert verdict(asset, asset[-1:]) is Verdict.PROVED


def test_side_files_are_likely() -> None:
    """A tokenizer and its companions prove nothing, each alone and all together."""
    asset = shards(160, 40 * MIB, tokenizer=7 * MIB, vocab=3 * MIB, merges=2 * MIB, licence=11_000)
    small = shards(1, 988 * MIB, tokenizer=7 * MIB, vocab=3 * MIB, merges=2 * MIB)
    for work in (asset, small):
        sides = [file for file in work if not file.path.startswith("model")]
        assert verdict(work, sides) is Verdict.LIKELY
        assert all(verdict(work, [one]) is Verdict.LIKELY for one in sides)


def test_one_picture_of_thousands_is_likely() -> None:
    """One of thousands of like files may be from elsewhere; a hundred of them are not."""
    asset = shards(5000, 2 * MIB)
    assert verdict(asset, asset[:1]) is Verdict.LIKELY
    assert verdict(asset, asset[:100]) is Verdict.PROVED


def test_files_of_all_sizes_are_proved_together() -> None:
    """Where no file is large beside the others, a tenth of the bytes is proof."""
    asset = sized({f"{number}.txt": 1000 + number for number in range(3000)} | {"large.bin": 2 * MIB * 10})
    small = [file for file in asset if file.path != "large.bin"]
    assert verdict(asset, small) is Verdict.PROVED
    assert verdict(asset, small[:1000]) is Verdict.LIKELY


def test_unknown_sizes_tell() -> None:
    """A file of unknown size is taken for a part of the work; nothing found is nothing told."""
    files = [AssetFile(path="a"), AssetFile(path="b", size_bytes=1), AssetFile(path="c", size_bytes=10_000)]
    assert [is_telling(file, whole_of(files)) for file in files] == [True, False, True]
    assert not are_telling([], whole_of(files))
