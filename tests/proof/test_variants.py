"""Who leaked it: the copy that a torrent carries is named, or it is said what would name it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import libtorrent as lt
import pytest

from leakwatch.assetfiles import Found, LocalHasher, Wanted, fingerprint
from leakwatch.model.asset import AssetFile
from leakwatch.model.finding import Proof, Verdict
from leakwatch.proof import Hasher, TableHasher, prove
from leakwatch.torrent.metainfo import TorrentInfo, parse_torrent

KIB, MIB = 2**10, 2**20
V1, V2, HYBRID = lt.create_torrent.v1_only, lt.create_torrent.v2_only, 0
SIZE = 6 * MIB + 321
COMMON = random.Random(1).randbytes(SIZE)
NAMES = ("Amber", "Birch", "Cedar")
MARKED = {name: 2 * MIB + place * 200_000 for place, name in enumerate(NAMES)}
"""Where each recipient's copy has 64 bytes of its own."""
HASHERS = pytest.mark.parametrize("hasher", [LocalHasher(), TableHasher()], ids=["bytes", "tables"])


def copy_of(name: str) -> bytes:
    """What a recipient was given; nobody in particular got the common copy."""
    if not name:
        return COMMON
    start = MARKED[name]
    return COMMON[:start] + random.Random(name).randbytes(64) + COMMON[start + 64 :]


def printed(folder: Path, path: str, data: bytes, name: str) -> AssetFile:
    """The prints of one copy."""
    local = folder / f"{name or 'common'}-{path}"
    local.write_bytes(data)
    made = fingerprint(Found(path, local), lambda _: None, Wanted(table_bytes=2**40))
    start = MARKED.get(name, 0)
    return replace(made, variant=name or None, differs=((start, start + 64),) if name else ())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[AssetFile]:
    """The common copy and three recipients' copies."""
    folder = tmp_path_factory.mktemp("asset")
    return [printed(folder, "film.mkv", copy_of(name), name) for name in ("", *NAMES)]


def torrent(folder: Path, contents: Mapping[str, bytes], piece_length: int, kind: int = V1) -> TorrentInfo:
    """The info dictionary that libtorrent makes of these files."""
    top = folder / "release"
    top.mkdir()
    for path, data in contents.items():
        (top / path).write_bytes(data)
    source = top / next(iter(contents)) if len(contents) == 1 else top
    made = lt.create_torrent(lt.list_files(str(source)), piece_length, kind)
    lt.set_piece_hashes(made, str(source.parent))
    info = parse_torrent(lt.bencode(made.generate())).info
    assert info is not None
    return info


def named(proof: Proof) -> tuple[str, ...]:
    """Who is left."""
    assert proof.variant is not None
    return proof.variant.candidates


@HASHERS
@pytest.mark.parametrize("kind", [V1, V2, HYBRID], ids=["v1", "v2", "hybrid"])
@pytest.mark.parametrize("name", ["", *NAMES])
@pytest.mark.parametrize("piece_length", [16 * KIB, 256 * KIB, 2 * MIB])
def test_copy_is_named(
    name: str, kind: int, piece_length: int, hasher: Hasher, files: list[AssetFile], tmp_path: Path
) -> None:
    """Whichever copy a torrent was made of, it alone is left, also the common one."""
    proof = prove(torrent(tmp_path, {"film.mkv": copy_of(name)}, piece_length, kind), files, hasher)
    assert proof.verdict is Verdict.PROVED
    assert named(proof) == (name,)
    assert proof.variant is not None
    assert proof.variant.pieces_compared >= 1


def test_unaligned_copy_is_named(files: list[AssetFile], tmp_path: Path) -> None:
    """Behind another file, off the grid, the bytes themselves name the copy."""
    contents = {"a.txt": b"x" * 4321, "film.mkv": copy_of("Birch")}
    assert named(prove(torrent(tmp_path, contents, 64 * KIB), files, LocalHasher())) == ("Birch",)


def test_edited_mark_tells_nobody(files: list[AssetFile], tmp_path: Path) -> None:
    """Where the marked bytes were overwritten, everybody whose mark would have been there stays possible."""
    data = bytearray(copy_of("Cedar"))
    for start in MARKED.values():
        data[start : start + 64] = bytes(64)
    proof = prove(torrent(tmp_path, {"film.mkv": bytes(data)}, 16 * KIB), files, LocalHasher())
    assert proof.verdict is Verdict.PROVED
    assert named(proof) == ("", *NAMES)
    assert proof.variant is not None
    assert proof.variant.telling == tuple(("film.mkv", start, start + 64) for start in MARKED.values())


def test_unknown_bytes_exclude_nobody(files: list[AssetFile], tmp_path: Path) -> None:
    """A recipient whose copy cannot be hashed stays possible, and the ranges that would decide are named."""
    gone = [replace(one, local_path=None, tables=()) if one.variant == "Amber" else one for one in files]
    proof = prove(torrent(tmp_path, {"film.mkv": copy_of("Amber")}, 16 * KIB), gone, LocalHasher())
    assert "Amber" in named(proof)
    assert len(named(proof)) > 1
    assert proof.variant is not None
    assert ("film.mkv", MARKED["Amber"], MARKED["Amber"] + 64) in proof.variant.telling


def test_torrent_without_the_marked_part(files: list[AssetFile], tmp_path: Path) -> None:
    """A part that is the same in all copies is proved, names nobody, and says which ranges would."""
    proof = prove(torrent(tmp_path, {"film.mkv": COMMON[: 2 * MIB]}, 64 * KIB), files, LocalHasher())
    assert proof.verdict is Verdict.PROVED
    assert named(proof) == ("", *NAMES)
    assert proof.variant is not None
    assert len(proof.variant.telling) == len(NAMES)


def test_copies_that_differ_everywhere(tmp_path: Path) -> None:
    """Copies without a byte in common, of which ranges are not known, are tried one by one."""
    folder = tmp_path / "asset"
    folder.mkdir()
    data = {name: random.Random(f"own {name}").randbytes(2 * MIB) for name in NAMES}
    own = [replace(printed(folder, "film.mkv", data[name], name), differs=()) for name in NAMES]
    for kind in (V1, V2):
        place = tmp_path / str(kind)
        place.mkdir()
        proof = prove(torrent(place, {"film.mkv": data["Birch"]}, 64 * KIB, kind), own, LocalHasher())
        assert (proof.verdict, named(proof)) == (Verdict.PROVED, ("Birch",))


def test_own_file_among_common_ones(tmp_path: Path) -> None:
    """A recipient's copy of one small file names him, if the torrent holds it."""
    folder = tmp_path / "asset"
    folder.mkdir()
    big = printed(folder, "a.bin", COMMON[: 3 * MIB], "")
    notes = {name: random.Random(f"note {name}").randbytes(50_000) for name in ("", *NAMES)}
    small = [replace(printed(folder, "z.key", notes[name], name), differs=()) for name in ("", *NAMES)]
    contents = {"a.bin": COMMON[: 3 * MIB], "z.key": notes["Cedar"]}
    with_it = prove(torrent(tmp_path, contents, 16 * KIB), [big, *small], LocalHasher())
    assert (with_it.verdict, named(with_it)) == (Verdict.PROVED, ("Cedar",))
    (tmp_path / "2").mkdir()
    without = prove(
        torrent(tmp_path / "2", {"a.bin": contents["a.bin"]}, 16 * KIB), [big, *small], LocalHasher()
    )
    assert named(without) == ("", *NAMES)
    assert without.variant is not None
    assert without.variant.telling == (("z.key", 0, 50_000),)


def test_without_variants_nobody_is_named(files: list[AssetFile], tmp_path: Path) -> None:
    """An asset that was given to nobody in particular has no answer to who leaked it."""
    proof = prove(torrent(tmp_path, {"film.mkv": COMMON}, 64 * KIB), files[:1], LocalHasher())
    assert (proof.verdict, proof.variant) == (Verdict.PROVED, None)
