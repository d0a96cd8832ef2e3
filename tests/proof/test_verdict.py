"""Proof against torrents that libtorrent made: what is proved, what is refuted, and what must stay open."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import libtorrent as lt
import pytest

from leakwatch.errors import MetainfoError
from leakwatch.fingerprints import Fingerprinter
from leakwatch.model.asset import AssetFile
from leakwatch.model.finding import Proof, Verdict
from leakwatch.pieces import is_informative
from leakwatch.proof import Hashed, Hasher, Piece, prove
from leakwatch.proof.pairs import MAX_READ_BYTES
from leakwatch.torrent.infohash import Infohashes, InfohashV1
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo, parse_torrent

KIB = 1024
V1, V2, HYBRID = lt.create_torrent.v1_only, lt.create_torrent.v2_only, 0
KINDS = pytest.mark.parametrize("kind", [V1, V2, HYBRID], ids=["v1", "v2", "hybrid"])
WITH_PIECES = pytest.mark.parametrize("kind", [V1, HYBRID], ids=["v1", "hybrid"])
LENGTHS = pytest.mark.parametrize("piece_length", [16 * KIB, 64 * KIB, 256 * KIB, 1024 * KIB])


Reader = Callable[[AssetFile, int, int], bytes | None]


class Reading:
    """A hasher over a function that reads."""

    def __init__(self, read: Reader) -> None:
        self.read = read

    def known(self, file: AssetFile, piece_length: int, start: int) -> list[range]:
        """All of every file."""
        return [range(file.size_bytes or 0)]

    def hash(self, pieces: Sequence[Piece]) -> list[Hashed | None]:
        """Read and hash."""
        return [self._hash(piece) for piece in pieces]

    def _hash(self, piece: Piece) -> Hashed | None:
        told = [
            self.read(part.file, part.start, part.length) if part.file else bytes(part.length)
            for part in piece
        ]
        whole = [data for data, part in zip(told, piece, strict=True) if data and len(data) == part.length]
        if len(whole) != len(piece):
            return None
        read = sum(part.length for part in piece if part.file)
        return Hashed(hashlib.sha1(b"".join(whole)).digest(), tuple(map(is_informative, whole)), read)


class Bytes:
    """An asset in memory: its files with all prints, and a reader that counts what it gives away."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self.contents = contents
        self.files = [asset_file(path, data) for path, data in contents.items()]
        self.given = 0

    def read(self, file: AssetFile, start: int, length: int) -> bytes | None:
        """What a reader of real files does; a range outside the file would be a mistake of the caller."""
        assert start >= 0
        assert start + length <= len(self.contents[file.path])
        self.given += length
        return self.contents[file.path][start : start + length]

    def judge(self, info: TorrentInfo, seed: int = 1) -> Proof:
        """The verdict, from a fixed draw."""
        return prove(info, self.files, Reading(self.read), random.Random(seed))


def asset_file(path: str, data: bytes) -> AssetFile:
    """An asset's file with its prints."""
    fingerprinter = Fingerprinter()
    fingerprinter.update(data)
    prints = fingerprinter.finish()
    return AssetFile(path=path, size_bytes=len(data), sha256=prints.sha256, pieces_root=prints.pieces_root)


def torrent(folder: Path, contents: Mapping[str, bytes], kind: int, piece_length: int) -> TorrentInfo:
    """The info dictionary that libtorrent makes of these files."""
    top = folder / "release"
    for path, data in contents.items():
        place = top / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    source = top / next(iter(contents)) if len(contents) == 1 else top
    made = lt.create_torrent(lt.list_files(str(source)), piece_length, kind)
    lt.set_piece_hashes(made, str(source.parent))
    metainfo = lt.bencode(made.generate())
    info = parse_torrent(metainfo).info
    if info is None:
        raise MetainfoError
    return info


@cache
def noise(size: int, seed: int) -> bytes:
    """Random bytes, the same for the same seed."""
    return random.Random(seed).randbytes(size)


def neighbours(data: bytes) -> dict[str, bytes]:
    """A release with the data between other files, so that v1 pieces are not aligned with it."""
    return {
        "a/readme.txt": noise(12_345, 90),
        "a/sample.bin": noise(700_001, 91),
        "m/weights.bin": data,
        "z/proof.jpg": noise(54_321, 92),
    }


WHOLE = noise(5_000_000, 8)
COPIES = {
    "trailer": (WHOLE + noise(100_000, 50), 0),
    "prefix": (noise(1000, 51) + WHOLE, 1000),
    "first 60 %": (WHOLE[:3_000_000], 0),
    "last 60 %": (WHOLE[2_000_000:], -2_000_000),
}


@KINDS
@LENGTHS
def test_same_file_is_proved(kind: int, piece_length: int, tmp_path: Path) -> None:
    """A torrent of the asset's very file is proved in each version at each piece length."""
    data = noise(7 * piece_length + 123, 1)
    asset = Bytes({"weights.bin": data})
    proof = asset.judge(torrent(tmp_path, {"weights.bin": data}, kind, piece_length))
    assert proof.verdict is Verdict.PROVED
    assert proof.method == ("v1" if kind == V1 else "v2")
    assert proof.files[0].pieces_ok == proof.files[0].pieces_tested > 0
    assert "commits to bytes identical" in proof.reason
    assert "weights" not in proof.reason


@KINDS
@LENGTHS
def test_file_among_others_is_proved(kind: int, piece_length: int, tmp_path: Path) -> None:
    """The asset's file in the middle of other files is proved, under whatever name."""
    data = noise(7 * piece_length + 123, 2)
    asset = Bytes({"our/model.safetensors": data, "our/tokenizer.json": noise(5000, 3)})
    proof = asset.judge(torrent(tmp_path, neighbours(data), kind, piece_length))
    assert proof.verdict is Verdict.PROVED
    assert [file.path for file in proof.files if file.pieces_ok] == ["release/m/weights.bin"]
    assert proof.files[0].asset_path == "our/model.safetensors"
    assert proof.files[0].shift == 0


@KINDS
@LENGTHS
def test_other_content_of_the_same_size_is_refuted(kind: int, piece_length: int, tmp_path: Path) -> None:
    """A file of exactly the asset's size that differs everywhere is refuted."""
    size = 7 * piece_length + 123
    asset = Bytes({"weights.bin": noise(size, 4)})
    contents = neighbours(noise(size, 5)) | {"a/sample.bin": noise(30_001, 91)}
    proof = asset.judge(torrent(tmp_path, contents, kind, piece_length))
    assert proof.verdict is Verdict.REFUTED
    assert proof.files[0].pieces_ok == 0
    assert proof.files[0].pieces_tested >= (1 if proof.method == "v2" else 4)


@WITH_PIECES
@pytest.mark.parametrize("piece_length", [16 * KIB, 1024 * KIB])
@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_one_changed_byte_does_not_hide_it(
    kind: int, piece_length: int, place: float, tmp_path: Path
) -> None:
    """With one byte changed the v2 root no longer agrees, and v1 pieces still do."""
    data = noise(7 * piece_length + 123, 6)
    byte = int(place * (len(data) - 1))
    changed = data[:byte] + bytes([data[byte] ^ 1]) + data[byte + 1 :]
    proof = Bytes({"weights.bin": data}).judge(torrent(tmp_path, neighbours(changed), kind, piece_length))
    assert proof.verdict is Verdict.PROVED
    assert proof.method == "v1"


def test_one_changed_byte_in_v2_only(tmp_path: Path) -> None:
    """A v2-only torrent of a changed file has another root, and its metadata holds nothing finer."""
    data = noise(1_000_000, 7)
    proof = Bytes({"weights.bin": data}).judge(torrent(tmp_path, {"w": b"!" + data[1:]}, V2, 64 * KIB))
    assert (proof.verdict, proof.method) == (Verdict.REFUTED, "v2")
    assert "another root" in proof.reason


@WITH_PIECES
@pytest.mark.parametrize("piece_length", [16 * KIB, 256 * KIB])
@pytest.mark.parametrize(("copy", "shift"), COPIES.values(), ids=COPIES)
def test_shifted_and_cut_copies_are_proved(
    kind: int, piece_length: int, copy: bytes, shift: int, tmp_path: Path
) -> None:
    """Bytes added or cut off at one end leave pieces that agree, at shift 0 or at the difference of sizes."""
    proof = Bytes({"weights.bin": WHOLE}).judge(torrent(tmp_path, neighbours(copy), kind, piece_length))
    assert proof.verdict is Verdict.PROVED
    best = proof.files[0]
    assert (best.path, best.shift, best.pieces_ok) == ("release/m/weights.bin", shift, best.pieces_tested)


def test_unlike_size_never_refutes(tmp_path: Path) -> None:
    """A file of another size and other content stays open: it may hold the asset at another place."""
    proof = Bytes({"weights.bin": noise(5_000_000, 9)}).judge(
        torrent(tmp_path, neighbours(noise(4_000_000, 10)), V1, 64 * KIB)
    )
    assert proof.verdict is Verdict.UNPROVED
    assert "informative pieces agrees" in proof.reason


@KINDS
def test_zeros_prove_nothing(kind: int, tmp_path: Path) -> None:
    """A file of zeros agrees with the zero half of an asset in many pieces, and nothing is proved by it."""
    data = bytes(3_000_000) + noise(3_000_000, 11)
    proof = Bytes({"weights.bin": data}).judge(
        torrent(tmp_path, neighbours(bytes(6_000_000)), kind, 64 * KIB)
    )
    assert proof.verdict is Verdict.REFUTED
    assert not any(file.pieces_ok for file in proof.files)


def test_patterns_prove_nothing(tmp_path: Path) -> None:
    """Repeated patterns and near-constant bytes are not counted as tested."""
    data = b"".join(b"sector %06d %s" % (n, bytes(500)) for n in range(4000))
    proof = Bytes({"disk.img": data}).judge(torrent(tmp_path, neighbours(data), V1, 64 * KIB))
    assert (proof.verdict, proof.method, proof.files) == (Verdict.UNPROVED, "none", ())
    assert proof.reason == "only constant pieces, which prove nothing"


def test_few_symbols_are_informative(tmp_path: Path) -> None:
    """Text of four letters is no pattern: a genome can be proved."""
    data = "".join(random.Random(12).choices("ACGT", k=1_000_000)).encode()
    proof = Bytes({"genome.txt": data}).judge(torrent(tmp_path, neighbours(data), V1, 64 * KIB))
    assert proof.verdict is Verdict.PROVED


def test_file_of_one_piece_is_proved(tmp_path: Path) -> None:
    """A torrent of one file smaller than a piece is decided by its only piece."""
    data = noise(10_000, 13)
    proof = Bytes({"key.bin": data}).judge(torrent(tmp_path, {"key.bin": data}, V1, 64 * KIB))
    assert (proof.verdict, proof.files[0].pieces_total) == (Verdict.PROVED, 1)


def test_small_files_are_proved_together(tmp_path: Path) -> None:
    """Files smaller than a piece are decided by the pieces they share, where every file in them is known."""
    contents = {f"part{number}.bin": noise(9_000 + number, 20 + number) for number in range(12)}
    proof = Bytes(contents).judge(torrent(tmp_path, contents, V1, 64 * KIB))
    assert proof.verdict is Verdict.PROVED
    assert len([file for file in proof.files if file.pieces_ok]) == len(contents)


def test_padding_counts_as_zeros(tmp_path: Path) -> None:
    """In a hybrid torrent without its roots, a small file is decided with the padding after it (BEP 47)."""
    contents = {"m/key.bin": noise(10_000, 14), "z/last.bin": noise(300_000, 15)}
    info = torrent(tmp_path, contents, HYBRID, 64 * KIB)
    assert any(file.is_pad for file in info.files)
    bare = replace(info, files=tuple(replace(file, pieces_root=None) for file in info.files))
    proof = Bytes({"key.bin": contents["m/key.bin"]}).judge(bare)
    assert (proof.verdict, proof.method) == (Verdict.PROVED, "v1")


def test_small_file_among_strangers_stays_open(tmp_path: Path) -> None:
    """A file smaller than two pieces that share them with strangers is neither proved nor refuted."""
    data = noise(10_000, 16)
    proof = Bytes({"weights.bin": data}).judge(torrent(tmp_path, neighbours(data), V1, 256 * KIB))
    assert (proof.verdict, proof.method) == (Verdict.UNPROVED, "none")
    assert "smaller than two pieces" in proof.reason


def test_side_file_of_the_same_size_does_not_refute(tmp_path: Path) -> None:
    """A small side file that differs says nothing of the large one, which is not there in a known size."""
    asset = Bytes({"weights.bin": noise(3_000_000, 17), "config.json": noise(200_000, 18)})
    contents = {"weights.rar": noise(2_000_000, 19), "config.json": noise(200_000, 20)}
    for kind in (V1, V2):
        assert asset.judge(torrent(tmp_path, contents, kind, 16 * KIB)).verdict is Verdict.UNPROVED


def test_exchanged_shards_are_proved(tmp_path: Path) -> None:
    """Shards of one size under one another's names are proved, not refuted."""
    shards = {f"shard{number}.bin": noise(400_000, 30 + number) for number in range(6)}
    names = sorted(shards)
    exchanged = {name: shards[other] for name, other in zip(names, reversed(names), strict=True)}
    proof = Bytes(shards).judge(torrent(tmp_path, exchanged, V1, 16 * KIB))
    assert proof.verdict is Verdict.PROVED
    assert len([file for file in proof.files if file.pieces_ok]) == len(shards)


class Nothing:
    """A hasher on a machine where the asset is not."""

    def known(self, file: AssetFile, piece_length: int, start: int) -> list[range]:
        """No range."""
        return []

    def hash(self, pieces: Sequence[Piece]) -> list[Hashed | None]:
        """No piece."""
        return [None] * len(pieces)


ABSENT = "the asset's bytes are not on this machine, and its stored tables have no piece that the torrent has"


@pytest.mark.parametrize("absent", [None, Nothing(), Reading(lambda _file, _start, _length: None)])
def test_absent_bytes(absent: Hasher | None, tmp_path: Path) -> None:
    """Without the asset's bytes a v1 torrent stays open and says why, and a v2 root still proves."""
    data = noise(300_000, 40)
    files = [asset_file("weights.bin", data)]
    proof = prove(torrent(tmp_path, neighbours(data), V1, 16 * KIB), files, absent)
    assert (proof.verdict, proof.method) == (Verdict.UNPROVED, "none")
    assert proof.reason == ABSENT
    assert (
        prove(torrent(tmp_path, neighbours(data), HYBRID, 16 * KIB), files, absent).verdict is Verdict.PROVED
    )


def test_short_read_is_not_evidence(tmp_path: Path) -> None:
    """A file that has shrunk since it was registered refutes nothing."""
    data = noise(300_000, 41)
    proof = prove(
        torrent(tmp_path, {"w": data}, V1, 16 * KIB),
        [asset_file("w", data)],
        Reading(lambda _f, _s, n: data[: n - 1]),
    )
    assert (proof.verdict, proof.reason) == (Verdict.UNPROVED, ABSENT)


def test_nothing_comparable(tmp_path: Path) -> None:
    """Unlike sizes and names leave nothing to compare; so does an asset without files."""
    info = torrent(tmp_path, {"film.mkv": noise(900_000, 42)}, V1, 16 * KIB)
    asset = Bytes({"song.flac": noise(30_000, 43)})
    assert asset.judge(info).reason == "no file of a comparable size"
    assert asset.given == 0
    assert prove(info, [], None).verdict is Verdict.UNPROVED


def test_root_of_another_size_is_not_believed(tmp_path: Path) -> None:
    """A root that stands beside another size than the asset's fits no valid torrent."""
    data = noise(300_000, 44)
    info = torrent(tmp_path, {"w": data}, V2, 16 * KIB)
    lying = replace(info, files=(replace(info.files[0], size_bytes=299_999),))
    assert Bytes({"w": data}).judge(lying).verdict is Verdict.UNPROVED


def test_reads_follow_the_sample(tmp_path: Path) -> None:
    """Sixteen pieces are read for a proof, however large the asset is."""
    data = noise(8_000_000, 45)
    asset = Bytes({"w": data})
    proof = asset.judge(torrent(tmp_path, {"w": data}, V1, 16 * KIB))
    assert (proof.files[0].pieces_ok, asset.given) == (16, 16 * 16 * KIB)


def hostile(piece_length: int, count: int, size: int, step: int, pieces: int) -> TorrentInfo:
    """Metadata that no honest tool would write: `count` files of one size, `step` bytes apart."""
    files = tuple(TorrentFile((b"w",), size, number * step) for number in range(count))
    return TorrentInfo(Infohashes(InfohashV1(bytes(20))), b"x", piece_length, files, bytes(20 * pieces))


HOSTILE = {
    "a million files of the asset's size": (64 * KIB, 1_000_000, 300_000, 300_000, 4_577_637),
    "many small files": (2**24, 100_000, 40_000, 40_000, 239),
    "pieces of 2^40": (2**40, 1, 2**47, 0, 128),
    "pieces of 2^40, small file": (2**40, 1, 300_000, 0, 1),
    "pieces of one byte": (1, 50, 300_000, 300_000, 15_000_000),
    "no sizes, no pieces": (0, 1000, 0, 0, 0),
    "too few pieces": (16 * KIB, 1, 300_000, 0, 1),
    "files over one another": (16 * KIB, 1000, 300_000, 0, 19),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_metadata_ends_soon(name: str) -> None:
    """Whatever the metadata says, reads stay within the cap, time within seconds, and nothing is proved."""
    huge = [
        AssetFile(path=f"{number}/w", size_bytes=size)
        for number, size in enumerate([300_000, 40_000, 2**47, 2**47 - 5, 5_000_000])
    ]
    given = 0

    def read(file: AssetFile, start: int, length: int) -> bytes | None:
        nonlocal given
        given += length
        assert start + length <= (file.size_bytes or 0)
        return memory[:length]

    memory = noise(4 * 2**20, 46)
    start = time.process_time()
    proof = prove(hostile(*HOSTILE[name]), huge, Reading(read), random.Random(1))
    assert proof.verdict is not Verdict.PROVED
    assert given <= MAX_READ_BYTES
    assert time.process_time() - start < 20  # it ends at all: 4 s on a busy machine
