"""How much of a changed file a v2-only torrent still has, by its piece layers; hostile layers are of no use."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import libtorrent as lt
import pytest

from leakwatch.assetfiles import Found, LocalHasher, LocalLayers, fingerprint
from leakwatch.model.asset import AssetFile
from leakwatch.model.finding import Proof, Verdict
from leakwatch.proof import Layers, prove
from leakwatch.torrent.bencode import Value, decode, encode
from leakwatch.torrent.metainfo import Torrent, parse_torrent

KIB = 1024
SIZE = 1_500_007
DATA = random.Random(1).randbytes(SIZE)
LENGTHS = pytest.mark.parametrize("piece_length", [16 * KIB, 64 * KIB, 256 * KIB])
Fields = dict[bytes, Value]


def torrent_bytes(folder: Path, contents: Mapping[str, bytes], piece_length: int) -> bytes:
    """The v2-only .torrent file that libtorrent makes of these files, layers and all."""
    top = folder / "release"
    top.mkdir()
    for path, data in contents.items():
        (top / path).write_bytes(data)
    made = lt.create_torrent(lt.list_files(str(top)), piece_length, lt.create_torrent.v2_only)
    lt.set_piece_hashes(made, str(folder))
    return lt.bencode(made.generate())


def judge(torrent: Torrent, files: list[AssetFile]) -> Proof:
    """As `torrent prove` does it."""
    assert torrent.info is not None
    layers = Layers(torrent.layers, LocalLayers(torrent.info.piece_length))
    return prove(torrent.info, files, LocalHasher(), random.Random(1), layers)


@pytest.fixture
def files(tmp_path: Path) -> list[AssetFile]:
    """The asset."""
    local = tmp_path / "model.bin"
    local.write_bytes(DATA)
    return [fingerprint(Found("model.bin", local), lambda _: None)]


@LENGTHS
def test_changed_byte_leaves_all_other_pieces(
    piece_length: int, files: list[AssetFile], tmp_path: Path
) -> None:
    """A copy with one byte changed is proved, with k of n pieces, the last and shorter one among them."""
    changed = DATA[:700_000] + bytes([DATA[700_000] ^ 1]) + DATA[700_001:]
    made = torrent_bytes(tmp_path, {"a.txt": b"a" * 99, "model.bin": changed}, piece_length)
    proof = judge(parse_torrent(made), files)
    total = -(-SIZE // piece_length)
    told = proof.files[0]
    assert (proof.verdict, proof.method, told.method) == (Verdict.PROVED, "layer", "layer")
    assert told.pieces_total == total
    if total <= 64:
        assert (told.pieces_ok, told.pieces_tested) in {(total - 1, total), (16, 16)}
    assert all(not start <= 700_000 < end for start, end in told.ranges)


@LENGTHS
@pytest.mark.parametrize(
    ("change", "shift"),
    [(lambda data: b"x" * 12_345 + data, 12_345), (lambda data: data + b"t" * 9_999, 0)],
    ids=["prefix", "trailer"],
)
def test_shifted_copy(
    change: Callable[[bytes], bytes], shift: int, piece_length: int, files: list[AssetFile], tmp_path: Path
) -> None:
    """Bytes before or behind the asset's change the root, and are found all the same."""
    proof = judge(parse_torrent(torrent_bytes(tmp_path, {"model.bin": change(DATA)}, piece_length)), files)
    assert (proof.verdict, proof.method, proof.files[0].shift) == (Verdict.PROVED, "layer", shift)


def test_other_bytes_are_refuted_by_the_root(files: list[AssetFile], tmp_path: Path) -> None:
    """A file of the asset's size of which no piece agrees is refuted, as without layers."""
    other = random.Random(2).randbytes(SIZE)
    proof = judge(parse_torrent(torrent_bytes(tmp_path, {"model.bin": other}, 16 * KIB)), files)
    assert (proof.verdict, proof.method) == (Verdict.REFUTED, "v2")
    assert "piece layers" not in proof.reason


def test_zeros_prove_nothing(tmp_path: Path) -> None:
    """Pieces of zeros that an asset and a torrent share are no proof."""
    local = tmp_path / "model.bin"
    local.write_bytes(bytes(600_000) + DATA[:600_000])
    own = [fingerprint(Found("model.bin", local), lambda _: None)]
    other = bytes(600_000) + random.Random(3).randbytes(600_000)
    proof = judge(parse_torrent(torrent_bytes(tmp_path, {"model.bin": other}, 16 * KIB)), own)
    assert proof.verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda row: row[:-32], "a piece layer has the wrong length"),
        (lambda row: row + bytes(32), "a piece layer has the wrong length"),
        (lambda row: bytes([row[0] ^ 1]) + row[1:], "a piece layer does not hash to its root"),
        (lambda _: [1], "a piece layer has the wrong length"),
        (lambda _: None, ""),
    ],
    ids=["short", "long", "wrong hash", "no string", "missing"],
)
def test_hostile_layers(
    damage: Callable[[bytes], Value | None], problem: str, files: list[AssetFile], tmp_path: Path
) -> None:
    """A layer that is not the root's is named and not used; the verdict says what is not seen without it."""
    changed = b"\0" + DATA[1:]
    top = decode(torrent_bytes(tmp_path, {"model.bin": changed}, 16 * KIB)).value
    assert isinstance(top, dict)
    rows = top[b"piece layers"]
    assert isinstance(rows, dict)
    damaged = {root: damage(row) for root, row in rows.items() if isinstance(row, bytes)}
    top[b"piece layers"] = {root: row for root, row in damaged.items() if row is not None}
    read = parse_torrent(encode(top))
    assert read.problems == ((problem,) if problem else ())
    assert not read.layers
    proof = judge(read, files)
    assert (proof.verdict, proof.method) == (Verdict.REFUTED, "v2")
    assert "would not be seen in 1 file without piece layers" in proof.reason


def test_layers_that_are_no_dictionary(tmp_path: Path) -> None:
    """They are named."""
    top = decode(torrent_bytes(tmp_path, {"model.bin": DATA}, 16 * KIB)).value
    assert isinstance(top, dict)
    top[b"piece layers"] = [b"x"]
    assert parse_torrent(encode(top)).problems == ("the piece layers are no dictionary",)


def test_good_layers_beside_a_bad_one(files: list[AssetFile], tmp_path: Path) -> None:
    """One hostile layer takes nothing from the others."""
    changed = b"\0" + DATA[1:]
    contents = {"b.bin": random.Random(4).randbytes(100_000), "model.bin": changed}
    top = decode(torrent_bytes(tmp_path, contents, 16 * KIB)).value
    assert isinstance(top, dict)
    rows = top[b"piece layers"]
    assert isinstance(rows, dict)
    small = min(rows, key=lambda root: len(bytes(rows[root])) if isinstance(rows[root], bytes) else 0)
    rows[small] = b"x"
    read = parse_torrent(encode(top))
    assert read.problems == ("a piece layer has the wrong length",)
    assert judge(read, files).verdict is Verdict.PROVED


@pytest.mark.parametrize(("place", "named"), [(None, "Amber"), (5_000, None)], ids=["mark", "and more"])
def test_recipient_by_layers(place: int | None, named: str | None, tmp_path: Path) -> None:
    """A recipient's copy with a trailer, which has a root of its own, is named; changed elsewhere he is nearest."""
    copies = {None: DATA}
    for number, name in enumerate(("Amber", "Birch")):
        mark = 1_000_000 + number * 100_000
        copies[name] = DATA[:mark] + name.encode() + DATA[mark + len(name) :]
    made: list[AssetFile] = []
    for number, (name, data) in enumerate(copies.items()):
        local = tmp_path / f"{name}.bin"
        local.write_bytes(data)
        mark = 900_000 + number * 100_000
        file = fingerprint(Found("model.bin", local), lambda _: None)
        made.append(replace(file, variant=name, differs=((mark, mark + 5),) if name else ()))
    leaked = bytearray(copies["Amber"] + b"trailer" * 5000)
    if place is not None:
        leaked[place] ^= 1
    proof = judge(parse_torrent(torrent_bytes(tmp_path, {"model.bin": bytes(leaked)}, 16 * KIB)), made)
    assert (proof.verdict, proof.method) == (Verdict.PROVED, "layer")
    assert proof.variant is not None
    assert proof.variant.named == named
    assert named or proof.variant.nearest == "Amber"
