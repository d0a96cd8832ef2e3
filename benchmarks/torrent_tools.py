"""Makers of torrents: the tools that people use, and torrents laid out by hand as no tool does by default.

Each maker takes a file or folder and a piece length and gives the bytes of a torrent file.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import libtorrent as lt

KIB = 2**10
LENGTHS = (16 * KIB, 64 * KIB, 256 * KIB, 2**20, 4 * 2**20, 16 * 2**20)
ODD_LENGTHS = (16_001, 65_000, 250_000, 1_000_000, 4_000_001, 15_000_000)
"""BEP 3 allows any positive number; only v2 asks for a power of two."""

_TORF = (
    "import sys, torf; t = torf.Torrent(sys.argv[1], piece_size=int(sys.argv[2]), private=False);"
    "t.generate(); t.write(sys.argv[3])"
)
_CREATE_TORRENT = (
    "import make from 'create-torrent'; import fs from 'fs';"
    "const [path, length, out] = process.argv.slice(1);"
    "make(path, {pieceLength: Number(length), announceList: []}, (error, made) => {"
    "  if (error) throw error; fs.writeFileSync(out, made) })"
)


@dataclass(frozen=True, slots=True)
class Tool:
    """One maker. `missing` tells how to install it where it is not there."""

    name: str
    make: Callable[[Path, int], bytes]
    lengths: Sequence[int] = LENGTHS
    missing: str = ""


def all_tools(torf_python: str, npm_folder: str) -> Iterator[Tool]:
    """Every maker, also those that are missing here."""
    flags = lt.create_torrent
    yield Tool("libtorrent v1", partial(by_libtorrent, flags.v1_only))
    yield Tool("libtorrent v1 padded", partial(by_libtorrent, flags.v1_only | flags.canonical_files))
    yield Tool("libtorrent v2", partial(by_libtorrent, flags.v2_only))
    yield Tool("libtorrent hybrid", partial(by_libtorrent, 0))
    torf = [torf_python, "-c", _TORF]
    has_torf = bool(torf_python) and _works([torf_python, "-c", "import torf"])
    why = "python3 -m venv VENV && VENV/bin/pip install torf; then --torf-python VENV/bin/python"
    yield Tool("torf", partial(_by_script, torf, "."), missing="" if has_torf else why)
    why = "apt-get install -y mktorrent"
    yield Tool("mktorrent", by_mktorrent, LENGTHS[1:], "" if shutil.which("mktorrent") else why)
    why = "apt-get install -y transmission-cli"
    has_transmission = shutil.which("transmission-create")
    yield Tool("transmission-create", by_transmission, missing="" if has_transmission else why)
    node = ["node", "--input-type=module", "-e", _CREATE_TORRENT, "--"]
    has_npm = shutil.which("node") and Path(npm_folder or ".", "node_modules", "create-torrent").is_dir()
    why = "npm install --ignore-scripts --prefix FOLDER create-torrent; then --npm FOLDER"
    yield Tool("create-torrent", partial(_by_script, node, npm_folder), missing="" if has_npm else why)
    yield Tool("by hand, reordered", partial(by_hand, pads=""))
    yield Tool("by hand, odd lengths", partial(by_hand, pads=""), ODD_LENGTHS)
    yield Tool("by hand, BEP 47 pads", partial(by_hand, pads="bep47"))
    yield Tool("by hand, BitComet pads", partial(by_hand, pads="bitcomet"))


def by_libtorrent(flags: int, content: Path, piece_length: int) -> bytes:
    """What libtorrent's own maker writes."""
    made = lt.create_torrent(lt.list_files(str(content)), piece_length, flags)
    lt.set_piece_hashes(made, str(content.parent))
    return lt.bencode(made.generate())


def by_mktorrent(content: Path, piece_length: int) -> bytes:
    """Mktorrent takes the exponent of the piece length, from 15 up."""
    exponent = str(piece_length.bit_length() - 1)
    return _written(lambda out: ["mktorrent", "-l", exponent, "-o", out, str(content)])


def by_transmission(content: Path, piece_length: int) -> bytes:
    """Transmission takes KiB."""
    size = str(piece_length // KIB)
    return _written(lambda out: ["transmission-create", "-s", size, "-o", out, str(content)])


def by_hand(content: Path, piece_length: int, pads: str) -> bytes:
    """A v1 torrent with its file list in reverse order, and padding of either fashion where asked for."""
    files = [content] if content.is_file() else sorted(p for p in content.rglob("*") if p.is_file())
    info: dict[bytes, Any] = {b"name": content.name.encode(), b"piece length": piece_length}
    hasher = _Pieces(piece_length)
    entries: list[dict[bytes, object]] = []
    for file in reversed(files):
        path = [part.encode() for part in file.relative_to(content).parts]
        entries.append({b"length": hasher.add(file.read_bytes()), b"path": path})
        gap = -hasher.total % piece_length
        if pads and gap and file != files[0]:
            hasher.add(bytes(gap))
            entries.append(_pad(gap, len(entries), pads))
    info[b"pieces"] = hasher.finish()
    info |= {b"length": hasher.total} if content.is_file() else {b"files": entries}
    return lt.bencode({b"info": info})


def _pad(gap: int, number: int, fashion: str) -> dict[bytes, object]:
    if fashion == "bep47":
        return {b"attr": b"p", b"length": gap, b"path": [b".pad", str(gap).encode()]}
    return {b"length": gap, b"path": [f"_____padding_file_{number}_if you see this file".encode()]}


class _Pieces:
    """SHA-1 of each piece of a stream."""

    def __init__(self, piece_length: int) -> None:
        self._length, self._rest = piece_length, b""
        self._digests: list[bytes] = []
        self.total = 0

    def add(self, added: bytes) -> int:
        """Add bytes; returns how many."""
        self.total += len(added)
        data = self._rest + added
        whole = len(data) // self._length * self._length
        view = memoryview(data)
        for start in range(0, whole, self._length):
            self._digests.append(hashlib.sha1(view[start : start + self._length]).digest())
        self._rest = data[whole:]
        return len(added)

    def finish(self) -> bytes:
        """All digests; the last piece may be shorter."""
        if self._rest:
            self._digests.append(hashlib.sha1(self._rest).digest())
        return b"".join(self._digests)


def _by_script(command: Sequence[str], folder: str, content: Path, piece_length: int) -> bytes:
    return _written(lambda out: [*command, str(content), str(piece_length), out], folder)


def _written(command: Callable[[str], Sequence[str]], folder: str = ".") -> bytes:
    """What a command writes to the file it is told. Raises: CalledProcessError if it fails."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place, "out.torrent")
        subprocess.run(command(str(out)), cwd=folder, check=True, capture_output=True)
        return out.read_bytes()


def _works(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
