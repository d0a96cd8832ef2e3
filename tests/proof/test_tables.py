"""Stored tables decide where the asset's bytes are not: what they prove, what they refute, what stays open."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import libtorrent as lt
import pytest

from leakwatch.assetfiles import Found, LocalHasher, Wanted, fingerprint
from leakwatch.model.asset import AssetFile, PieceTable
from leakwatch.model.finding import Verdict
from leakwatch.pieces import WINDOW_COST
from leakwatch.proof import Hashed, InTurn, Part, Piece, TableHasher, prove
from leakwatch.torrent.metainfo import TorrentInfo, parse_torrent

KIB, MIB = 2**10, 2**20
V1, HYBRID = lt.create_torrent.v1_only, 0
WHOLE = Wanted(table_bytes=2**40)
LENGTHS = pytest.mark.parametrize("piece_length", [16 * KIB, 128 * KIB, 2 * MIB])


def noise(size: int, seed: int) -> bytes:
    """Random bytes, the same for the same seed."""
    return random.Random(seed).randbytes(size)


def prints(folder: Path, contents: Mapping[str, bytes], wanted: Wanted = WHOLE) -> list[AssetFile]:
    """The asset's prints as they are stored, on a machine where its files are not."""
    folder.mkdir()
    made: list[AssetFile] = []
    for name, data in contents.items():
        (folder / name).write_bytes(data)
        made.append(replace(fingerprint(Found(name, folder / name), lambda _: None, wanted), local_path=None))
    return made


def torrent(folder: Path, contents: Mapping[str, bytes], piece_length: int, kind: int = V1) -> TorrentInfo:
    """The info dictionary that libtorrent makes of these files."""
    top = folder / "release"
    top.mkdir()
    for name, data in contents.items():
        (top / name).write_bytes(data)
    source = top / next(iter(contents)) if len(contents) == 1 else top
    made = lt.create_torrent(lt.list_files(str(source)), piece_length, kind)
    lt.set_piece_hashes(made, str(source.parent))
    info = parse_torrent(lt.bencode(made.generate())).info
    assert info is not None
    return info


def without_roots(files: Sequence[AssetFile]) -> list[AssetFile]:
    """The prints without what proves v2 torrents by itself."""
    return [replace(file, pieces_root=None) for file in files]


@LENGTHS
def test_aligned_file_is_proved(piece_length: int, tmp_path: Path) -> None:
    """A single-file torrent is proved from the table of its piece length, and nothing is read."""
    data = noise(9 * MIB + 77, 1)
    files = prints(tmp_path / "asset", {"w.bin": data})
    proof = prove(torrent(tmp_path, {"w.bin": data}, piece_length), files, TableHasher())
    assert (proof.verdict, proof.method) == (Verdict.PROVED, "v1")
    assert proof.files[0].pieces_ok == proof.files[0].pieces_tested > 1
    assert proof.error == 2.0**-160


@LENGTHS
def test_files_behind_padding_are_proved(piece_length: int, tmp_path: Path) -> None:
    """In a padded torrent (BEP 47) every file lies on the grid."""
    data = noise(9 * MIB + 77, 2)
    files = without_roots(prints(tmp_path / "asset", {"w.bin": data}))
    contents = {"a.txt": noise(12_345, 3), "m.bin": data, "z.txt": noise(999, 4)}
    proof = prove(torrent(tmp_path, contents, piece_length, HYBRID), files, TableHasher())
    assert proof.verdict is Verdict.PROVED
    assert proof.files[0].path == "release/m.bin"


def test_unaligned_file_stays_open(tmp_path: Path) -> None:
    """Off the grid a table says nothing, and the verdict says why."""
    data = noise(3 * MIB, 5)
    files = prints(tmp_path / "asset", {"w.bin": data})
    proof = prove(
        torrent(tmp_path, {"a.bin": noise(700_001, 6), "w.bin": data}, 64 * KIB), files, TableHasher()
    )
    assert proof.verdict is Verdict.UNPROVED
    assert "its stored tables have no piece" in proof.reason


def test_other_bytes_of_the_same_size_are_refuted(tmp_path: Path) -> None:
    """A table refutes as bytes do, and says how sure that is."""
    files = prints(tmp_path / "asset", {"w.bin": noise(3 * MIB, 7)})
    proof = prove(torrent(tmp_path, {"w.bin": noise(3 * MIB, 8)}, 64 * KIB), files, TableHasher())
    assert proof.verdict is Verdict.REFUTED
    assert proof.error is not None
    assert proof.error < 1e-4


def test_window_finds_a_part(tmp_path: Path) -> None:
    """A file covered in windows is proved by pieces inside them, also where the rest was overwritten."""
    data = noise(200 * MIB, 9)
    files = prints(tmp_path / "asset", {"w.bin": data}, Wanted(table_bytes=2 * WINDOW_COST))
    assert sum(len(table.digests) for table in files[0].tables) <= 2 * WINDOW_COST
    changed = data[: 100 * MIB] + noise(100 * MIB, 10)
    proof = prove(torrent(tmp_path, {"w.bin": changed}, 4 * MIB), files, TableHasher())
    assert proof.verdict is Verdict.PROVED
    assert all(end <= 64 * MIB for _, end in proof.files[0].ranges)


def test_small_file_is_proved_by_its_digest(tmp_path: Path) -> None:
    """Where one piece is the whole file, its SHA-1 is the piece's."""
    data = noise(10_000, 11)
    files = without_roots(prints(tmp_path / "asset", {"k.bin": data}, Wanted(table_bytes=0)))
    assert prove(torrent(tmp_path, {"k.bin": data}, 64 * KIB), files, TableHasher()).verdict is Verdict.PROVED


@pytest.mark.parametrize("piece_length", [64 * KIB, 512 * KIB, MIB, 4 * MIB])
def test_short_files_are_proved_with_their_padding(piece_length: int, tmp_path: Path) -> None:
    """In a padded torrent each file is a piece with the zeros behind it; tables know that of every usual length."""
    contents = {
        f"f{number}": noise(size, 30 + number) for number, size in enumerate((100_000, 300_000, 50_000))
    }
    files = prints(tmp_path / "asset", contents)
    info = torrent(tmp_path, contents, piece_length, HYBRID)
    assert sum(file.is_pad for file in info.files) >= 2
    bare = replace(info, files=tuple(replace(file, pieces_root=None) for file in info.files))
    proof = prove(bare, files, TableHasher())
    assert (proof.verdict, proof.method) == (Verdict.PROVED, "v1")
    assert len([file for file in proof.files if file.pieces_ok]) == len(contents)


def test_padding_of_another_kind_is_not_known() -> None:
    """Only a whole short file with zeros behind it is looked up, at the length that was stored."""
    file = AssetFile(path="w", size_bytes=20_000, tables=(PieceTable(32 * KIB, 0, noise(40, 17)),))
    zeros = 32 * KIB - 20_000
    pieces = [
        (Part(file, 0, 20_000), Part(None, 0, zeros)),
        (Part(file, 0, 20_000), Part(None, 0, 5), Part(None, 0, zeros - 5)),
        (Part(file, 0, 20_000), Part(None, 0, zeros - 1)),
        (Part(file, 1, 19_999), Part(None, 0, zeros + 1)),
        (Part(file, 0, 20_000), Part(file, 0, zeros)),
        (Part(None, 0, zeros), Part(file, 0, 20_000)),
    ]
    answers = TableHasher().hash(pieces)
    assert [one.digest if one else None for one in answers] == [noise(40, 17)[20:]] * 2 + [None] * 4
    assert [one.informative for one in answers if one] == [(True, False), (True, False, False)]


def test_constant_pieces_of_a_table_prove_nothing(tmp_path: Path) -> None:
    """A file of zeros agrees with the zero half of the asset, and the table knows that this says nothing."""
    files = without_roots(prints(tmp_path / "asset", {"w.bin": bytes(2 * MIB) + noise(2 * MIB, 12)}))
    proof = prove(torrent(tmp_path, {"w.bin": bytes(4 * MIB)}, 64 * KIB), files, TableHasher())
    assert proof.verdict is Verdict.REFUTED


def test_partial_copy_gives_a_share(tmp_path: Path) -> None:
    """Of a copy with a changed half the verdict tells about how much of it agrees, and which ranges."""
    data = noise(16 * MIB, 13)
    files = prints(tmp_path / "asset", {"w.bin": data})
    changed = noise(8 * MIB, 14) + data[8 * MIB :]
    proof = prove(torrent(tmp_path, {"w.bin": changed}, 64 * KIB), files, TableHasher(), random.Random(4))
    best = proof.files[0]
    assert (proof.verdict, best.pieces_tested) == (Verdict.PROVED, 64)
    low, high = best.share
    assert low < 0.5 < high < 0.75
    assert min(start for start, _ in best.ranges) >= 8 * MIB
    assert "unchanged (95 % confidence)" in proof.reason


def test_first_that_knows_answers(tmp_path: Path) -> None:
    """Tables are asked before the disk, and the disk for what they do not have."""
    files = prints(tmp_path / "asset", {"w.bin": noise(MIB, 15)})
    here = replace(files[0], local_path=str(tmp_path / "asset" / "w.bin"))
    pieces = [(Part(here, 0, 64 * KIB),), (Part(here, 1, 64 * KIB),), (Part(None, 0, 5),)]
    aligned, odd, zeros = InTurn((TableHasher(), LocalHasher())).hash(pieces)
    assert aligned is not None
    assert odd is not None
    assert zeros is not None
    assert (aligned.read_bytes, odd.read_bytes) == (0, 64 * KIB)
    assert InTurn((TableHasher(),)).hash(pieces)[1:] == [None, None]


class Last:
    """The last to be asked; counts how often it is."""

    asked = 0

    def known(self, file: AssetFile, piece_length: int, start: int) -> Sequence[range]:
        """Nothing."""
        self.asked += 1
        return ()

    def hash(self, pieces: Sequence[Piece]) -> Sequence[Hashed | None]:
        """Nothing."""
        self.asked += len(pieces)
        return [None] * len(pieces)


@pytest.mark.parametrize(
    ("is_here", "table_bytes", "is_asked"), [(True, 0, False), (False, 2**40, False), (False, 0, True)]
)
def test_who_comes_last_is_asked_for_what_is_lacking_alone(
    tmp_path: Path, is_here: bool, table_bytes: int, is_asked: bool
) -> None:
    """Where the file is at hand, or tables cover it, nobody else is asked what he knows of it."""
    data = noise(MIB, 15)
    files = prints(tmp_path / "asset", {"w.bin": data}, Wanted(table_bytes=table_bytes))
    local = str(tmp_path / "asset" / "w.bin") if is_here else None
    bare = [replace(file, local_path=local, sha1=None) for file in files]
    last = Last()
    hashers = InTurn((TableHasher(), LocalHasher(), last))
    proof = prove(torrent(tmp_path, {"w.bin": data}, 64 * KIB), bare, hashers, random.Random(1))
    assert (proof.verdict is Verdict.PROVED, last.asked > 0) == (not is_asked, is_asked)


def test_lying_table_proves_nothing() -> None:
    """A table that is shorter than it should be has no digests beyond its end and none before its start."""
    table = PieceTable(16 * KIB, 4, noise(40, 16))
    file = AssetFile(path="w", size_bytes=MIB, tables=(table,))
    answers = TableHasher().hash([(Part(file, index * 16 * KIB, 16 * KIB),) for index in range(8)])
    assert [one is not None for one in answers] == [False] * 4 + [True] * 2 + [False] * 2
