"""Verdicts on torrents by every maker, against verdicts that follow from how each torrent was built.

    python benchmarks/makers.py [--torf-python PYTHON] [--npm FOLDER] [--tool NAME] [--negatives N] [--folder F]

Prints right verdicts of all, per tool and per case, and each wrong one; then false proofs among N negatives.
What is expected is computed from the case and the torrent's layout as libtorrent's decoder reads it, with none
of our own code. A maker that is not installed is left out, and the command that installs it is printed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import libtorrent as lt
from negatives import report_negatives
from torrent_tools import Tool, all_tools

from leakwatch.assetfiles import Found, LocalHasher, fingerprint
from leakwatch.model.asset import AssetFile
from leakwatch.model.finding import Proof, Verdict
from leakwatch.proof import prove
from leakwatch.torrent.metainfo import TorrentInfo, parse_torrent

SIZE = 64_000_123
"""Of the asset: 60 % of it still hold a whole piece of 16 MiB at any alignment."""
TARGET = "model.bin"
_ENOUGH_TO_REFUTE = 4
"""Pieces that must differ before a v1 torrent is refuted, as `prove` documents it."""


@dataclass(frozen=True, slots=True)
class Case:
    """A release: its files, and which ranges (of its target file, half open) hold the asset's own bytes."""

    name: str
    files: Mapping[str, bytes]
    same: tuple[tuple[int, int], ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the file that holds the asset, or stands in its place."""
        return len(self.files[TARGET])

    @property
    def is_whole(self) -> bool:
        """Whether that file is the asset, byte for byte."""
        return self.same == ((0, SIZE),) and self.size == SIZE


def cases(asset: bytes, chance: random.Random) -> Iterator[Case]:
    """All releases, one at a time: each is as large as the asset."""
    around = {
        "a-first.nfo": chance.randbytes(4321),
        "sub/sample.bin": chance.randbytes(3_000_001),
        "zz.txt": chance.randbytes(99_999),
    }
    middle, part = SIZE // 2, SIZE * 6 // 10
    other = chance.randbytes(SIZE)
    changed = asset[:middle] + bytes([asset[middle] ^ 1]) + asset[middle + 1 :]
    without_one = ((0, middle), (middle + 1, SIZE))
    yield Case("single file", {TARGET: asset}, ((0, SIZE),))
    yield Case("among files", around | {TARGET: asset}, ((0, SIZE),))
    yield Case("prefix", around | {TARGET: chance.randbytes(1000) + asset}, ((1000, SIZE + 1000),))
    yield Case("trailer", around | {TARGET: asset + chance.randbytes(1_000_000)}, ((0, SIZE),))
    yield Case("first 60 %", around | {TARGET: asset[:part]}, ((0, part),))
    yield Case("last 60 %", around | {TARGET: asset[-part:]}, ((0, part),))
    yield Case("one byte, single", {TARGET: changed}, without_one)
    yield Case("one byte, among", around | {TARGET: changed}, without_one)
    yield Case("other, single", {TARGET: other})
    yield Case("other, among", around | {TARGET: other})


def expected(case: Case, metainfo: bytes) -> Verdict:
    """The right verdict, from the case and the torrent's layout alone.

    PROVED where a root covers the very file, or one whole piece lies within the asset's own bytes. Else REFUTED
    for a file of the asset's size if it has another root or enough whole pieces. Else UNPROVED.
    """
    info = cast("dict[bytes, Any]", lt.bdecode(metainfo))[b"info"]
    has_root = info.get(b"meta version") == 2
    if has_root and case.is_whole:
        return Verdict.PROVED
    if any(whole_pieces(info, start, end) for start, end in case.same):
        return Verdict.PROVED
    has_enough = whole_pieces(info, 0, case.size) >= _ENOUGH_TO_REFUTE
    is_refuted = case.size == SIZE and (has_root or has_enough)
    return Verdict.REFUTED if is_refuted else Verdict.UNPROVED


def whole_pieces(info: dict[bytes, Any], start: int, end: int) -> int:
    """How many v1 pieces hold nothing but this range of the target file; the torrent's last may be short."""
    if b"pieces" not in info:
        return 0
    files: list[dict[bytes, Any]] = info.get(b"files") or [
        {b"length": info[b"length"], b"path": [TARGET.encode()]}
    ]
    offset = total = 0
    for file in files:
        if file[b"path"][-1] == TARGET.encode():
            offset = total
        total += file[b"length"]
    length, count = info[b"piece length"], len(info[b"pieces"]) // 20
    bounds = ((index * length, min(total, (index + 1) * length)) for index in range(count))
    return sum(offset + start <= low and high <= offset + end for low, high in bounds)


def judge(info: TorrentInfo, files: list[AssetFile]) -> Proof:
    """Our verdict."""
    return prove(info, files, LocalHasher())


def lay_out(case: Case, folder: Path) -> Path:
    """Write a case; returns what the makers are given: the one file, or the folder."""
    top = folder / "release"
    for path, data in case.files.items():
        place = top / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return top / TARGET if len(case.files) == 1 else top


class Score:
    """Right verdicts and all, by tool and by case, and what was wrong."""

    def __init__(self) -> None:
        self._right: Counter[str] = Counter()
        self._all: Counter[str] = Counter()
        self._verdicts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._other_lengths: Counter[str] = Counter()

    def count(
        self, tool: str, case: Case, piece_length: int, metainfo: bytes, files: list[AssetFile]
    ) -> None:
        """Judge one torrent."""
        right, info = expected(case, metainfo), parse_torrent(metainfo).info
        told = judge(info, files).verdict if info else None
        for name in (f"tool  {tool}", f"case  {case.name}", "all"):
            self._all[name] += 1
            self._right[name] += told is right
        self._verdicts[right.value] += 1
        self._other_lengths[tool] += info is None or info.piece_length != piece_length
        if told is not right:
            self.wrong.append(f"{tool}, {case.name}, {piece_length}: {told}, right is {right}")

    def show(self) -> None:
        """Print the table."""
        for name in sorted(self._all):
            print(f"{name:32} {self._right[name]:4} of {self._all[name]}")
        print("expected:", ", ".join(f"{name} {count}" for name, count in sorted(self._verdicts.items())))
        for tool, count in (+self._other_lengths).items():
            print(f"{tool} chose another piece length than it was told in {count} torrents")
        for one in self.wrong:
            print("WRONG", one)


def run(tools: list[Tool], folder: Path) -> Score:
    """Every case by every tool at every length it can make."""
    chance, score = random.Random(7), Score()
    asset = chance.randbytes(SIZE)
    local = folder / "asset.bin"
    local.write_bytes(asset)
    files = [fingerprint(Found("asset.bin", local), lambda _count: None)]
    for case in cases(asset, chance):
        started = time.monotonic()
        with tempfile.TemporaryDirectory(dir=folder) as place:
            content = lay_out(case, Path(place))
            for tool in tools:
                for length in tool.lengths:
                    score.count(tool.name, case, length, tool.make(content, length), files)
        print(f"{case.name:20} {time.monotonic() - started:6.1f} s", flush=True)
    return score


def main() -> int:
    """Print the tables; 1 if a verdict was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--torf-python", default="", help="a Python that has torf")
    parser.add_argument("--npm", default="", help="a folder with node_modules/create-torrent")
    parser.add_argument("--tool", default="", help="only makers whose name has this in it")
    parser.add_argument("--negatives", type=int, default=100_000)
    parser.add_argument("--folder", default=None, help="where to write some 200 MB")
    options = parser.parse_args()
    tools = [tool for tool in all_tools(options.torf_python, options.npm) if options.tool in tool.name]
    for tool in tools:
        if tool.missing:
            print(f"left out: {tool.name}; install it by: {tool.missing}")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        score = run([tool for tool in tools if not tool.missing], Path(folder))
        score.show()
        is_clean = report_negatives(options.negatives, Path(folder)) if options.negatives else True
    return 0 if is_clean and not score.wrong else 1


if __name__ == "__main__":
    sys.exit(main())
