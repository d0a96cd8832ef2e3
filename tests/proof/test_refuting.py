"""What refutes: bytes that differ in place and at small shifts, while nothing else could hold the asset."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from leakwatch.assetfiles import Found, LocalHasher, LocalLayers, fingerprint
from leakwatch.model.asset import AssetFile
from leakwatch.model.finding import Proof, Verdict
from leakwatch.proof import Away, Hashed, Hasher, InTurn, Layers, Piece, TableHasher, prove
from leakwatch.proof.pairs import Budget
from leakwatch.proof.sampler import Sampler
from leakwatch.torrent.bencode import encode
from leakwatch.torrent.infohash import Infohashes, InfohashV2, PiecesRoot
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo, parse_info
from leakwatch.torrent.tree import Subtree

KIB, MIB = 2**10, 2**20
SIZE = 2 * MIB
DATA = random.Random(1).randbytes(SIZE)


def noise(size: int, seed: int) -> bytes:
    """Random bytes, the same for the same seed."""
    return random.Random(seed).randbytes(size)


def v1_of(contents: Mapping[str, bytes], length: int = 64 * KIB) -> TorrentInfo:
    """A v1 torrent, its pieces hashed by hashlib."""
    data = b"".join(contents.values())
    pieces = b"".join(hashlib.sha1(data[at : at + length]).digest() for at in range(0, len(data), length))
    files = [{b"length": len(one), b"path": [name.encode()]} for name, one in contents.items()]
    return parse_info(encode({b"name": b"t", b"piece length": length, b"files": files, b"pieces": pieces}))


def v2_of(contents: Mapping[str, bytes]) -> TorrentInfo:
    """A v2 torrent with roots as good as any: those of other files."""
    files = tuple(
        TorrentFile((b"t", name.encode()), len(one), pieces_root=PiecesRoot(hashlib.sha256(one).digest()))
        for name, one in contents.items()
    )
    return TorrentInfo(Infohashes(v2=InfohashV2(bytes(32))), b"t", 64 * KIB, files, b"")


@pytest.fixture
def asset(tmp_path: Path) -> list[AssetFile]:
    """One file, here."""
    return printed(tmp_path, {"w.bin": DATA})


def printed(folder: Path, contents: Mapping[str, bytes]) -> list[AssetFile]:
    """Files with their prints."""
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return [fingerprint(Found(name, folder / name), lambda _: None) for name in contents]


def judge(info: TorrentInfo, asset: list[AssetFile]) -> Proof:
    """By bytes, from a fixed draw."""
    return prove(info, asset, LocalHasher(), random.Random(1))


SHIFTED = {
    "a byte cut off in front": (DATA[1:] + b"x", -1),
    "a byte put in front": (b"x" + DATA[:-1], 1),
    "1000 bytes put in front": (noise(1000, 2) + DATA[:-1000], 1000),
    "a sector cut off": (DATA[512:] + noise(512, 3), -512),
    "a piece put in front": (noise(64 * KIB, 4) + DATA[: -64 * KIB], 64 * KIB),
}


@pytest.mark.parametrize(("copy", "shift"), SHIFTED.values(), ids=SHIFTED)
@pytest.mark.parametrize("length", [16 * KIB, 64 * KIB, 256 * KIB, 600_000])
def test_shifted_copies_of_the_same_size_are_proved(
    copy: bytes, shift: int, length: int, asset: list[AssetFile]
) -> None:
    """Bytes put in front and cut off at the end, or the other way round, hide nothing."""
    proof = judge(v1_of({"a.txt": noise(999, 5), "w.bin": copy}, length), asset)
    best = proof.files[0]
    assert (proof.verdict, best.shift, best.pieces_ok) == (Verdict.PROVED, shift, best.pieces_tested)
    assert best.pieces_tested > 1


def test_shifted_copies_are_proved_by_layers(asset: list[AssetFile]) -> None:
    """So they are in a v2-only torrent whose piece layers are at hand."""
    copy, length = DATA[1:] + b"x", 64 * KIB
    root, row = PiecesRoot(hashlib.sha256(b"other").digest()), b""
    for start in range(0, SIZE, length):
        node = Subtree(length)
        node.update(copy[start : start + length])
        row += node.digest()
    info = v2_of({"w.bin": copy})
    info = replace(info, files=(replace(info.files[0], pieces_root=root),))
    proof = prove(info, asset, LocalHasher(), random.Random(1), Layers({root: row}, LocalLayers(length)))
    assert (proof.verdict, proof.method, proof.files[0].shift) == (Verdict.PROVED, "layer", -1)


def test_whole_pieces_are_found_by_tables(asset: list[AssetFile]) -> None:
    """Stored tables know a copy that is shifted by whole pieces; of other shifts they say that none was tried."""
    files = [replace(one, local_path=None) for one in asset]
    moved = v1_of({"w.bin": SHIFTED["a piece put in front"][0]})
    assert prove(moved, files, TableHasher(), random.Random(1)).verdict is Verdict.PROVED
    other = prove(v1_of({"w.bin": noise(SIZE, 6)}, 512 * KIB), files, TableHasher(), random.Random(1))
    assert (other.verdict, other.files[0].pieces_tested) == (Verdict.REFUTED, 4)


DECOYS = {
    "larger": {"all.tar": 5 * SIZE},
    "as large, a little more": {"w.zip": SIZE + 7},
    "packed": {"w.7z": SIZE * 2 // 3},
    "volumes": {f"w.part{number}.rar": 300_000 for number in range(6)},
}


@pytest.mark.parametrize("name", DECOYS)
def test_decoys_refute_nothing(name: str, asset: list[AssetFile]) -> None:
    """Other bytes of the asset's size, beside files that could hold the asset, leave it open in v1 and v2."""
    contents = {"w.bin": noise(SIZE, 7)} | {path: noise(size, 8) for path, size in DECOYS[name].items()}
    for info in (v1_of(contents), v2_of(contents)):
        proof = judge(info, asset)
        assert (proof.verdict, proof.error) == (Verdict.UNPROVED, None)
        assert "other files that could hold the asset" in proof.reason


def test_small_neighbours_do_not_save_it(asset: list[AssetFile]) -> None:
    """Beside files that could not hold the asset, other bytes of its size are refuted."""
    contents = {"a.txt": noise(100_000, 9), "w.bin": noise(SIZE, 10), "z.jpg": noise(400_000, 11)}
    for info, method in ((v1_of(contents), "v1"), (v2_of(contents), "v2")):
        proof = judge(info, asset)
        assert (proof.verdict, proof.method) == (Verdict.REFUTED, method)


def test_the_error_is_that_of_the_file_that_refutes(asset: list[AssetFile]) -> None:
    """Pieces of other files that differ make a refutation no surer."""
    others = {f"o{number}": noise(SIZE * 3 // 8 + number, 12 + number) for number in range(8)}
    proof = judge(v1_of({"w.bin": noise(SIZE, 20)} | others, SIZE // 4), asset)
    assert (proof.verdict, proof.error) == (Verdict.REFUTED, 0.75**4)
    assert sum(file.pieces_tested for file in proof.files) > proof.files[0].pieces_tested == 4
    assert proof.reason.startswith("none of 4 informative pieces of a file of the asset's size agrees")
    assert "at small shifts" in proof.reason


def test_other_weights_of_the_same_shape_are_refuted(tmp_path: Path) -> None:
    """Where every large file was compared, as of a fine-tune with the same shards, nothing is left to hold the asset."""
    sizes = {"1.bin": SIZE, "2.bin": SIZE, "3.bin": SIZE - 5, "4.bin": SIZE // 2 + 3, "config.json": 3000}
    asset = printed(tmp_path, {name: noise(size, 30 + size % 97) for name, size in sizes.items()})
    for seed in range(5):
        tuned = {name: noise(size, 100 * seed + place) for place, (name, size) in enumerate(sizes.items())}
        proof = judge(v1_of(tuned), asset)
        assert proof.verdict is Verdict.REFUTED


def test_every_file_comes_to_four_pieces(tmp_path: Path) -> None:
    """Before one file gets more than it takes to refute, each gets as much, so that reading ends late enough."""
    asset = printed(tmp_path, {"1.bin": noise(SIZE, 40), "2.bin": noise(SIZE - 1, 41)})
    info = v1_of({"1.bin": noise(SIZE, 42), "2.bin": noise(SIZE - 1, 43)})
    sampler = Sampler(info, asset, LocalHasher(), random.Random(1), Budget(9 * 64 * KIB))
    sampler.run()
    assert [pair.tested for pair in sampler.differing()] == [5, 4]


class Elsewhere(LocalHasher):
    """Stands where a prover does, and notes at which bytes it cut files."""

    def __init__(self) -> None:
        super().__init__()
        self.cuts: set[int] = set()

    def noting(self, away: Away) -> Hasher:
        """Itself."""
        return self

    def hash(self, pieces: Sequence[Piece]) -> Sequence[Hashed | None]:
        """As it is done here."""
        self.cuts |= {
            cut for piece in pieces for part in piece for cut in (part.start, part.start + part.length)
        }
        return super().hash(pieces)


def test_provers_are_asked_for_no_shifts(asset: list[AssetFile]) -> None:
    """Cuts beside those in place would keep a prover from hashing these, of this torrent and of later ones."""
    prover = Elsewhere()
    other = prove(v1_of({"w.bin": noise(SIZE, 50)}), asset, InTurn((TableHasher(), prover)), random.Random(1))
    assert (other.verdict, other.files[0].pieces_tested) == (Verdict.REFUTED, 32)
    assert "shifts could not be tried" not in other.reason  # tables know those by whole pieces
    assert not {cut % (64 * KIB) for cut in prover.cuts}
    alone = prove(v1_of({"w.bin": noise(SIZE, 51)}, 100_000), asset, InTurn((prover,)), random.Random(1))
    assert alone.verdict is Verdict.REFUTED
    assert not {cut % 100_000 for cut in prover.cuts if cut % (64 * KIB)} - {0}
    assert "shifts could not be tried" in alone.reason
