"""Verdicts on torrents that libtorrent made, where only a prover elsewhere has the bytes."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import libtorrent as lt
import pytest

from leakwatch.model.finding import Proof, Verdict
from leakwatch.proof import Hasher, InTurn, TableHasher, prove
from leakwatch.prover import ProverHasher, ProverSettings
from leakwatch.torrent.metainfo import TorrentInfo, parse_torrent

from .conftest import KIB, Owner, Running

Asking = Callable[[ProverSettings], ProverHasher]


def torrent(folder: Path, contents: Mapping[str, bytes], piece_length: int) -> TorrentInfo:
    """A v1 torrent of some files, in this order and without padding."""
    top = folder / "t"
    files = []
    for path, data in contents.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(data)
        files.append(lt.create_file_entry(f"t/{path}", len(data)))
    made = lt.create_torrent(files, piece_length, lt.create_torrent.v1_only)
    lt.set_piece_hashes(made, str(folder))
    info = parse_torrent(lt.bencode(made.generate())).info
    assert info is not None
    return info


def judge(info: TorrentInfo, owner: Owner, hasher: Hasher, seed: int = 1) -> Proof:
    """The verdict where nothing of the asset lies on this machine."""
    files = [owner.remote(path) for path in ("large.bin", "second.bin", "a.txt", "b.txt")]
    return prove(info, files, InTurn((TableHasher(), hasher)), random.Random(seed))


@pytest.mark.parametrize("piece_length", [16 * KIB, 64 * KIB, 256 * KIB])
def test_unaligned_copy_is_proved(
    shared: tuple[Owner, Running], asking: Asking, tmp_path: Path, piece_length: int
) -> None:
    """A file that begins anywhere in a torrent is proved without a byte of it on this machine."""
    owner, one = shared
    contents = {"notes": random.Random(1).randbytes(4321), "x": owner.contents["large.bin"]}
    info = torrent(tmp_path, contents, piece_length)
    hasher = asking(one.settings())
    proof = judge(info, owner, hasher)
    assert proof.verdict is Verdict.PROVED
    assert proof.files[0].pieces_ok == proof.files[0].pieces_tested > 4
    assert judge(info, owner, TableHasher()).verdict is Verdict.UNPROVED
    assert not hasher.failures


def test_shifted_copy_is_proved(shared: tuple[Owner, Running], asking: Asking, tmp_path: Path) -> None:
    """So is a copy with bytes put before it."""
    owner, one = shared
    info = torrent(tmp_path, {"large.bin": bytes(range(100)) + owner.contents["large.bin"]}, 64 * KIB)
    proof = judge(info, owner, asking(one.settings()))
    assert (proof.verdict, proof.files[0].shift) == (Verdict.PROVED, 100)


def test_other_bytes_are_refuted(shared: tuple[Owner, Running], asking: Asking, tmp_path: Path) -> None:
    """A file of exactly the asset's size with other bytes is refuted by what the prover says."""
    owner, one = shared
    info = torrent(tmp_path, {"large.bin": random.Random(9).randbytes(2_000_011)}, 64 * KIB)
    hasher = asking(one.settings())
    proof = judge(info, owner, hasher)
    assert proof.verdict is Verdict.REFUTED
    assert not hasher.failures


def test_short_tail_spoils_nothing(shared: tuple[Owner, Running], asking: Asking, tmp_path: Path) -> None:
    """A last piece too short to be asked for is not drawn, whatever the draw: the other one proves."""
    owner, one = shared
    info = torrent(tmp_path, {"b.txt": owner.contents["b.txt"]}, 16 * KIB)
    hasher = asking(one.settings())
    for seed in range(20):
        proof = prove(info, [owner.remote("b.txt")], hasher, random.Random(seed))
        assert (proof.verdict, proof.files[0].pieces_tested) == (Verdict.PROVED, 1)


def test_small_files_are_proved_by_shared_pieces(
    shared: tuple[Owner, Running], asking: Asking, tmp_path: Path
) -> None:
    """Files smaller than a piece are proved by one that spans them."""
    owner, one = shared
    info = torrent(
        tmp_path, {path: owner.contents[path] for path in ("a.txt", "b.txt", "second.bin")}, 64 * KIB
    )
    files = [owner.remote(path) for path in ("a.txt", "b.txt", "second.bin")]
    proof = prove(info, files, asking(one.settings()), random.Random(1))
    agreed = {file.asset_path for file in proof.files if file.pieces_ok}
    assert agreed == {"a.txt", "b.txt", "second.bin"}


def test_without_the_prover_it_stays_open(
    shared: tuple[Owner, Running], asking: Asking, tmp_path: Path
) -> None:
    """Where the prover does not answer, the verdict says that the bytes were not at hand."""
    owner, one = shared
    contents = {"notes": bytes(4321), "large.bin": owner.contents["large.bin"]}
    info = torrent(tmp_path, contents, 64 * KIB)
    hasher = asking(one.settings(token="f" * 32))
    proof = judge(info, owner, hasher)
    assert proof.verdict is Verdict.UNPROVED
    assert "not on this machine" in proof.reason
    assert list(hasher.failures) == ["it refused the token"]
