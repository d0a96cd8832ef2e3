"""Fingerprints against hashlib and against libtorrent, however the bytes are cut."""

from __future__ import annotations

import hashlib
import random
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import libtorrent as lt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.errors import MetainfoError
from leakwatch.fingerprints import BLOCK_BYTES, Fingerprinter, Prints
from leakwatch.torrent.metainfo import parse_torrent

MIB = 2**20
SIZES = (
    *(1, 31, 16383, 16384, 16385, 32768, 32769, 49153, 65535, 65536, 262143, 262144, 262145),
    *(MIB, MIB + 1, 3 * MIB, 5 * MIB + 7, 16 * MIB - 1, 16 * MIB, 16 * MIB + 1),
)


@pytest.fixture(scope="module")
def helper() -> Iterator[Executor]:
    """One more thread."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def prints_of(chunks: Iterable[bytes | memoryview], helper: Executor | None = None) -> Prints:
    """Feed the chunks and finish."""
    fingerprinter = Fingerprinter(helper)
    for chunk in chunks:
        fingerprinter.update(chunk)
    return fingerprinter.finish()


def cut(data: bytes, lengths: Iterable[int]) -> Iterator[memoryview]:
    """The data in chunks of these lengths, then the rest."""
    rest = memoryview(data)
    for length in lengths:
        yield rest[:length]
        rest = rest[length:]
    yield rest


def plain_root(leaves: list[bytes]) -> bytes:
    """The definition of BEP 52: pad with zero digests to a power of two, fold in pairs."""
    leaves = leaves + [bytes(32)] * ((1 << (len(leaves) - 1).bit_length()) - len(leaves))
    while len(leaves) > 1:
        pairs = zip(leaves[::2], leaves[1::2], strict=True)
        leaves = [hashlib.sha256(left + right).digest() for left, right in pairs]
    return leaves[0]


def libtorrent_root(folder: Path, data: bytes, piece_length: int) -> bytes | None:
    """What libtorrent names a file of these bytes."""
    (folder / "asset.bin").write_bytes(data)
    entries = lt.list_files(str(folder / "asset.bin"))
    torrent = lt.create_torrent(entries, piece_length, lt.create_torrent.v2_only)
    lt.set_piece_hashes(torrent, str(folder))
    metainfo = lt.bencode(torrent.generate())
    info = parse_torrent(metainfo).info
    if info is None:
        raise MetainfoError
    return info.files[0].pieces_root


@pytest.mark.parametrize("size", SIZES)
def test_root_is_libtorrents(size: int, tmp_path: Path, helper: Executor) -> None:
    """The root equals libtorrent's, whatever the chunks, the piece length and the number of threads."""
    rng = random.Random(size)
    data = rng.randbytes(size)
    odd = [rng.choice((1, 100, 16383, 16385, 99_999, MIB + 3, 4 * MIB + 1)) for _ in range(64)]
    found = {prints_of(cut(data, lengths), pool) for lengths in ((), odd) for pool in (None, helper)}
    expected = libtorrent_root(tmp_path, data, rng.choice((16 * 1024, 64 * 1024, MIB)))
    digests = hashlib.sha256(data).digest(), hashlib.sha1(data, usedforsecurity=False).digest()
    assert {(p.size_bytes, p.sha256, p.sha1, p.pieces_root) for p in found} == {(size, *digests, expected)}


@given(
    seed=st.integers(0, 2**32),
    size=st.one_of(st.integers(0, 200_000), st.integers(0, 12).map(lambda n: n * BLOCK_BYTES)),
    lengths=st.lists(st.one_of(st.integers(0, 40_000), st.just(BLOCK_BYTES)), max_size=12),
)
@settings(deadline=None, max_examples=200)
def test_chunks_do_not_matter(seed: int, size: int, lengths: list[int]) -> None:
    """Any cutting into chunks, empty ones too, gives what hashlib gives for the whole."""
    data = random.Random(seed).randbytes(size)
    leaves = [
        hashlib.sha256(data[start : start + BLOCK_BYTES]).digest() for start in range(0, size, BLOCK_BYTES)
    ]
    prints = prints_of(cut(data, lengths))
    assert prints.size_bytes == size
    assert prints.sha256 == hashlib.sha256(data).digest()
    assert prints.sha1 == hashlib.sha1(data, usedforsecurity=False).digest()
    assert prints.pieces_root == (plain_root(leaves) if leaves else None)


@pytest.mark.parametrize("blocks", [4095, 4096, 4097, 8193, 12_289])
def test_root_beyond_one_batch(blocks: int) -> None:
    """Where leaves are folded in batches and the rest is padded, the root stays the one of the definition."""
    block = bytes(BLOCK_BYTES)
    leaf, last = hashlib.sha256(block).digest(), hashlib.sha256(b"x").digest()
    fingerprinter = Fingerprinter()
    run = memoryview(block * 256)
    for _ in range((blocks - 1) // 256):
        fingerprinter.update(run)
    fingerprinter.update(run[: (blocks - 1) % 256 * BLOCK_BYTES])
    fingerprinter.update(b"x")
    assert fingerprinter.finish().pieces_root == plain_root([leaf] * (blocks - 1) + [last])


def test_empty_file_has_no_root() -> None:
    """An empty file has digests and a size, and no root."""
    prints = prints_of([b"", b""])
    assert (prints.size_bytes, prints.pieces_root) == (0, None)
    assert prints.sha256 == hashlib.sha256().digest()


def test_buffer_may_be_reused(helper: Executor) -> None:
    """The caller may overwrite its buffer as soon as `update` has returned, also with a second thread."""
    data = random.Random(3).randbytes(6 * MIB + 5)
    buffer = bytearray(2 * MIB + 11)
    fingerprinter = Fingerprinter(helper)
    for start in range(0, len(data), len(buffer)):
        part = data[start : start + len(buffer)]
        buffer[: len(part)] = part
        fingerprinter.update(memoryview(buffer)[: len(part)])
        buffer[:] = bytes(len(buffer))
    assert fingerprinter.finish() == prints_of([data])


def test_finish_may_be_asked_early() -> None:
    """Asking for the fingerprints does not disturb what comes after."""
    fingerprinter = Fingerprinter()
    fingerprinter.update(b"a" * 20_000)
    early = fingerprinter.finish()
    fingerprinter.update(b"b" * 20_000)
    assert early == prints_of([b"a" * 20_000])
    assert fingerprinter.finish() == prints_of([b"a" * 20_000 + b"b" * 20_000])


@pytest.mark.parametrize(
    ("size", "ed2k"),
    [
        (0, "31d6cfe0d16ae931b73c59d7e0c089c0"),
        (9_728_000, "fc21d9af828f92a8df64beac3357425dd7def262a127cd79096a108e7a9fc138"),
        (19_456_000, "114b21c63a74b6ca922291a11177dd5c194ee9e4fa79b2ee9f8829284c466051"),
    ],
)
def test_ed2k_of_zeros(size: int, ed2k: str) -> None:
    """Of whole parts there are two ed2k hashes: with an empty part at the end, as eMule has it, and without."""
    printer = Fingerprinter(also=("ed2k",))
    printer.update(bytes(size))
    assert printer.finish().ed2k == bytes.fromhex(ed2k)


def test_git_blob_is_what_git_says(tmp_path: Path) -> None:
    """The blob id is the one that git itself computes."""
    data = random.Random(5).randbytes(100_000)
    (tmp_path / "x").write_bytes(data)
    printer = Fingerprinter(size_bytes=len(data), also=("md5",))
    printer.update(data)
    prints = printer.finish()
    told = subprocess.run(["git", "hash-object", tmp_path / "x"], capture_output=True, text=True, check=True)
    assert prints.git_blob is not None
    assert prints.git_blob.hex() == told.stdout.strip()
    assert prints.md5 == hashlib.md5(data).digest()


def test_what_is_not_asked_for_is_not_made() -> None:
    """MD5, ed2k and tables are made only where they are asked for, a blob id only of a known size."""
    printer = Fingerprinter()
    printer.update(b"x" * 100_000)
    prints = printer.finish()
    assert (prints.md5, prints.ed2k, prints.git_blob, prints.tables) == (None, None, None, ())
