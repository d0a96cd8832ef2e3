"""What a v1 proof costs on a file that is not in the page cache: it follows the pieces, not the file's size.

    python benchmarks/proof.py [MIB] [FOLDER]

The budget (DESIGN §12) is 0.25 s for sixteen pieces of 4 MiB. Beside it stands the same reading and hashing
without a proof around it.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

from leakwatch.assetfiles import LocalHasher
from leakwatch.model.asset import AssetFile
from leakwatch.proof import Hashed, Piece, prove
from leakwatch.torrent.infohash import Infohashes, InfohashV1
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo

KIB, MIB = 2**10, 2**20
OFFSET = 4321
"""Bytes of another file before the asset in the torrent: nothing is aligned."""


def write_noise(descriptor: int, size: int) -> None:
    """Fill the file with random bytes, through to the disk."""
    for start in range(0, size, 16 * MIB):
        os.pwrite(descriptor, os.urandom(min(16 * MIB, size - start)), start)
    os.fsync(descriptor)


def torrent_of(descriptor: int, size: int, piece_length: int) -> TorrentInfo:
    """Metadata of the file behind another one; only pieces that lie inside the file are hashed."""
    count = -(-(OFFSET + size) // piece_length)
    pieces = [bytes(20)]
    for index in range(1, count):
        data = os.pread(descriptor, piece_length, index * piece_length - OFFSET)
        pieces.append(hashlib.sha1(data, usedforsecurity=False).digest())
    files = (TorrentFile((b"t", b"a"), OFFSET, 0), TorrentFile((b"t", b"b"), size, OFFSET))
    return TorrentInfo(Infohashes(InfohashV1(bytes(20))), b"t", piece_length, files, b"".join(pieces))


def cold_s(descriptor: int, work: Callable[[], object]) -> float:
    """Seconds for the work with the file dropped from the page cache; the median of three."""
    times: list[float] = []
    for _ in range(3):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[1]


class CountingHasher:
    """The hasher of local files, and how much it read."""

    def __init__(self) -> None:
        self._local, self.read_bytes = LocalHasher(), 0

    def known(self, file: AssetFile, piece_length: int, start: int) -> Sequence[range]:
        """What the hasher of local files knows."""
        return self._local.known(file, piece_length, start)

    def hash(self, pieces: Sequence[Piece]) -> Sequence[Hashed | None]:
        """Hash, and count."""
        made = self._local.hash(pieces)
        self.read_bytes += sum(one.read_bytes for one in made if one)
        return made


def measure(path: str, descriptor: int, size: int, piece_length: int) -> None:
    """Print one line: a torrent of the file, and one of another file of its size."""
    info = torrent_of(descriptor, size, piece_length)
    asset = [AssetFile(path="b", size_bytes=size, local_path=path)]
    hasher = CountingHasher()

    def bare() -> None:
        for number in range(16):
            start = number * (size - piece_length) // 15
            hashlib.sha1(os.pread(descriptor, piece_length, start), usedforsecurity=False).digest()

    floor = cold_s(descriptor, bare)
    proof = cold_s(descriptor, lambda: prove(info, asset, hasher))
    proved = prove(info, asset, hasher).files[0]
    other = TorrentInfo(info.infohashes, b"t", piece_length, info.files, bytes(len(info.pieces)))
    hasher.read_bytes = 0
    refuted_s = cold_s(descriptor, lambda: prove(other, asset, hasher))
    print(
        f"{piece_length // KIB:6} KiB  proved {proved.pieces_ok} of {proved.pieces_tested} in {proof:.3f} s"
        f" (bare reading and hashing {floor:.3f} s, ratio {floor / proof:.2f});"
        f" refuted in {refuted_s:.3f} s, {hasher.read_bytes / 3 / MIB:.0f} MiB read"
    )


def main() -> None:
    """Print the table."""
    size = int(sys.argv[1] if len(sys.argv) > 1 else 1024) * MIB
    folder = sys.argv[2] if len(sys.argv) > 2 else None
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        write_noise(file.fileno(), size)
        for piece_length in (16 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB):
            measure(file.name, file.fileno(), size, piece_length)


if __name__ == "__main__":
    main()
