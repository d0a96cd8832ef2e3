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


SEGMENTS = (2 * MIB, 3 * MIB, 4 * MIB, 5 * MIB, SIZE - 200)
"""Places of which there are two versions."""
CHOICES = {"Amber": (0, 1), "Birch": (1, 2), "Cedar": (0, 2, 4)}


def chosen(choice: tuple[int, ...]) -> bytes:
    """A copy with the second version at these places."""
    copy = bytearray(COMMON)
    for place in choice:
        copy[SEGMENTS[place] : SEGMENTS[place] + 64] = random.Random(place).randbytes(64)
    return bytes(copy)


@pytest.fixture(scope="module")
def chosen_files(tmp_path_factory: pytest.TempPathFactory) -> list[AssetFile]:
    """Copies that are known by a choice of two versions at each place; of the fourth place nobody has the second."""
    folder = tmp_path_factory.mktemp("chosen")
    made = [printed(folder, "film.mkv", COMMON, "")]
    for name, choice in CHOICES.items():
        differs = tuple((SEGMENTS[place], SEGMENTS[place] + 64) for place in choice)
        made.append(replace(printed(folder, "film.mkv", chosen(choice), name), differs=differs))
    return made


@HASHERS
def test_choice_of_marks_is_named(hasher: Hasher, chosen_files: list[AssetFile], tmp_path: Path) -> None:
    """Where every place could be compared, a choice of marks names its recipient."""
    proof = prove(torrent(tmp_path, {"film.mkv": chosen((1, 2))}, 64 * KIB), chosen_files, hasher)
    assert proof.variant is not None
    assert proof.variant.named == "Birch"
    assert proof.variant.others_compared == proof.variant.others_total > 0


@HASHERS
def test_strangers_choice_names_nobody(hasher: Hasher, chosen_files: list[AssetFile], tmp_path: Path) -> None:
    """A copy that agrees with one recipient's in all that tells, and is marked elsewhere, is told as nearest."""
    proof = prove(torrent(tmp_path, {"film.mkv": chosen((1, 2, 3))}, 64 * KIB), chosen_files, hasher)
    assert proof.variant is not None
    assert (proof.variant.named, proof.variant.nearest) == (None, "Birch")
    assert set(proof.variant.candidates) > {"Birch"}
    assert proof.variant.pieces_foreign == 1


@HASHERS
def test_part_of_a_choice_names_nobody(hasher: Hasher, chosen_files: list[AssetFile], tmp_path: Path) -> None:
    """Where the last place shares its piece with another file, it is told as the range that would decide."""
    contents = {"film.mkv": chosen((1, 2)), "z.txt": b"z" * 70_000}
    proof = prove(torrent(tmp_path, contents, 64 * KIB), chosen_files, hasher)
    assert proof.variant is not None
    assert (proof.variant.named, proof.variant.nearest) == (None, "Birch")
    assert proof.variant.pieces_foreign == 0
    assert proof.variant.telling == (("film.mkv", SEGMENTS[4], SEGMENTS[4] + 64),)


def test_part_with_an_own_mark_is_named(files: list[AssetFile], tmp_path: Path) -> None:
    """Bytes that one recipient alone was given name him, also where other marks are not in the torrent."""
    data = copy_of("Amber")[: MARKED["Amber"] + 70_000]
    proof = prove(torrent(tmp_path, {"film.mkv": data}, 16 * KIB), files, LocalHasher())
    assert proof.variant is not None
    assert proof.variant.named == "Amber"


@HASHERS
def test_changed_copy_is_nearest(hasher: Hasher, files: list[AssetFile], tmp_path: Path) -> None:
    """A recipient's copy with a byte changed elsewhere is no copy as it was given: he is told, not named."""
    data = bytearray(copy_of("Cedar"))
    data[12_345] ^= 1
    proof = prove(torrent(tmp_path, {"film.mkv": bytes(data)}, 16 * KIB), files, hasher)
    assert proof.variant is not None
    assert (proof.variant.named, proof.variant.nearest) == (None, "Cedar")
    assert proof.variant.pieces_foreign == 1


def test_another_root_in_place_names_nobody(tmp_path: Path) -> None:
    """Of two files that were given out in variants one is a recipient's, the other in no copy: he is nearest."""
    folder = tmp_path / "asset"
    folder.mkdir()
    data = {(name, path): random.Random(name + path).randbytes(MIB) for name in NAMES for path in ("a", "b")}
    own = [replace(printed(folder, path, data[name, path], name), differs=()) for name, path in data]
    contents = {"a": data["Birch", "a"], "b": bytes(reversed(data["Birch", "b"]))}
    proof = prove(torrent(tmp_path, contents, 64 * KIB, V2), own, LocalHasher())
    assert proof.variant is not None
    assert (proof.variant.named, proof.variant.nearest) == (None, "Birch")
