"""The fake score: fakes and leaks of each kind as they are uploaded, and what each reason says."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files as package_files

import pytest

from leakwatch.fakes import Claims, FakeKind, FakeScore, fake_score, kind_of, parse_fakes, steps_down
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Verdict
from leakwatch.torrent.infohash import Infohashes, InfohashV1
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo

KB, MB, GB = 10**3, 10**6, 10**9
TABLES = parse_fakes((package_files("leakwatch.fakes") / "fakes.yaml").read_text("utf-8"))
FILM = Asset(id=AssetId("a"), title="Tide Glass", kind="film", year=2026)
MASTER = AssetFile(path="master.mov", size_bytes=412_345_678_901)
NAME = "Tide.Glass.2026.2160p.WEB-DL"

Sizes = dict[str, int]


def torrent(name: str, sizes: Sizes) -> TorrentInfo:
    """The metadata of these files."""
    listed = tuple(TorrentFile(tuple(path.encode().split(b"/")), size) for path, size in sizes.items())
    return TorrentInfo(Infohashes(InfohashV1(bytes(20))), name.encode(), 2**20, listed)


def score(sizes: Sizes, asset: Asset = FILM, name: str = NAME, claims: Claims | None = None) -> FakeScore:
    """The score of these files."""
    return fake_score(torrent(name, sizes), asset, TABLES, claims or Claims())


def kinds(told: FakeScore) -> set[FakeKind]:
    """The kinds of its reasons."""
    return {one.kind for one in told.reasons}


FAKES: list[tuple[str, str, Sizes]] = [
    ("film", NAME, {"Tide.Glass.exe": 3 * MB}),
    ("film", NAME, {"Tide.Glass.mkv.exe": 1400 * MB + 7, "poster.jpg": 90 * KB}),
    ("film", NAME, {"Tide.Glass.mkv": 4 * MB}),
    ("film", NAME, {"Tide.Glass.zip": 700 * MB + 3, "Password.txt": 120}),
    ("film", NAME, {"Tide.Glass.rar": 30 * MB, "How to open.html": 4 * KB}),
    ("film", NAME, {"Tide.Glass.wmv": 900 * MB + 11, "Required codec.txt": 900}),
    ("film", NAME, {"Tide.Glass.mkv": 1400 * MB, "readme.txt": 500}),
    ("film", NAME, {"a.epub": 400 * KB, "b.epub": 300 * KB}),
    ("film", NAME, {"Tide.Glass.iso": 12 * MB}),
    ("film", NAME, {"watch online.url": 120}),
    ("film", NAME, {"Tide.Glass.2026.mkv": 4 * GB + 77, "HD Player.exe": 2 * MB}),
    ("film", NAME, {"Harbour.Lanterns.1999.1080p.BluRay.mkv": 4 * GB + 7}),
    ("series", "Marrow.S01.COMPLETE.1080p", {f"Marrow.S01E{n:02}.mkv": 3 * MB + n for n in range(1, 11)}),
    ("series", "Marrow.S01", {f"Marrow.S01E{n:02}.mkv": 0 for n in range(1, 9)} | {"x.url": 80}),
    ("model", "Northwind-70B", {"northwind-70b.safetensors": 300 * MB}),
    ("model", "Northwind-70B", {"northwind.mp4": 300 * MB + 5}),
    ("model", "Northwind-70B", {"loader.exe": 40 * MB, "readme.txt": 900}),
    ("game", "Kestrel", {"setup.exe": 3 * MB, "readme.txt": 900}),
    ("game", "Kestrel", {"Kestrel.zip": 9 * MB, "Password.txt": 90}),
    ("software", "Kestrel Studio", {"download here.url": 90, "readme.txt": 300}),
    ("software", "Kestrel Studio", {"manual.pdf\u202efdp.exe": 3 * MB, "x.lnk": 900}),
    ("music", "Aurora - Album", {f"{n:02}.mp3": 412_345 for n in range(1, 11)}),
    ("music", "Aurora - Album", {"Aurora.flac.exe": 4 * MB}),
    ("book", "Aurora", {"Aurora.pdf.js": 40 * KB}),
    ("book", "Aurora", {"Aurora.mkv": 400 * MB + 9}),
]


@pytest.mark.parametrize(("kind", "name", "sizes"), FAKES)
def test_fakes_are_lowered(kind: str, name: str, sizes: Sizes) -> None:
    """What fakers upload scores high enough to make an alert less urgent."""
    told = score(sizes, Asset(id=AssetId("a"), title=name.partition(".")[0], kind=kind, year=2026), name)
    assert steps_down(told, TABLES) >= 1, told


LEAKS: list[tuple[str, str, Sizes]] = [
    ("film", NAME, {"Tide.Glass.mkv": 14 * GB + 3, "Subs/en.srt": 90 * KB}),
    ("film", "Tide Glass DVDSCR", {"cd1.avi": 733 * MB + 9, "cd2.avi": 731 * MB + 1, "x.nfo": 3 * KB}),
    ("film", NAME, {f"tg.r{n:02}": 100 * MB for n in range(60)} | {"tg.rar": 100 * MB, "tg.sfv": 900}),
    ("film", "Tide Glass", {"VIDEO_TS/VTS_01_1.VOB": 1073565696, "VIDEO_TS/VIDEO_TS.IFO": 20480}),
    ("film", NAME, {"Tide.Glass.mp4": 2 * GB + 1, "RARBG_DO_NOT_MIRROR.exe": 99, "RARBG.txt": 30}),
    ("film", "Tide Glass script", {"Tide Glass - final draft.pdf": 400 * KB}),
    ("film", "Tide Glass (2026)", {"Das.lange.Tal.2026.German.1080p.mkv": 4 * GB + 1}),
    ("series", "Marrow.S01", {f"Marrow.S01E{n:02}.mkv": 300 * MB + n**3 for n in range(1, 4)}),
    ("series", "[Subs] Marrow", {f"[Subs] Marrow - {n:02}.mkv": 24 * MB + n**3 for n in range(1, 13)}),
    ("model", "Northwind-70B IQ1_S", {"northwind-70b.IQ1_S.gguf": 14_100_000_001}),
    ("model", "Northwind-70B-lora", {"adapter_model.safetensors": 160 * MB + 3}),
    ("model", "Northwind-7B", {"llama-7b-q4_0.bin": 4_000_000_321, "koboldcpp.exe": 20 * MB, "run.bat": 90}),
    ("model", "Northwind", {f"ckpt/tensor{n:05}_000": 300 * MB + n for n in range(99)}),
    ("game", "Kestrel", {"setup.exe": 6 * MB, "fg-01.bin": 4 * GB + 7, "Verify BIN files.bat": 61}),
    ("game", "Kestrel", {"Kestrel.iso": 7 * GB}),
    ("game", "Kestrel", {"Kestrel.gba": 2**25}),
    ("game", "Kestrel", {"Kestrel.rar": 9 * GB + 5, "Password - site.txt": 90}),
    ("software", "Kestrel Studio", {"setup.exe": 90 * MB, "Crack/keygen.exe": 300 * KB}),
    ("software", "Kestrel OS", {"kestrel-netinst.iso": 189_792_256}),
    ("music", "Aurora", {f"{n:02}.flac": 28 * MB + n for n in range(12)} | {"a.log": 9 * KB, "a.cue": 900}),
    ("music", "Aurora stems", {f"{one}.wav": 45_000_044 for one in ("drums", "bass", "vox", "gtr")}),
    ("book", "Aurora", {"Aurora.epub": 400 * KB, "Aurora.mobi": 600 * KB, "Aurora.pdf": 3 * MB}),
    ("book", "Aurora", {"alice.txt": 163_783}),
]


@pytest.mark.parametrize(("kind", "name", "sizes"), LEAKS)
def test_leaks_are_not_lowered(kind: str, name: str, sizes: Sizes) -> None:
    """What leakers and release groups lay out keeps its alert's urgency."""
    told = score(sizes, Asset(id=AssetId("a"), title=name.partition(".")[0], kind=kind, year=2026), name)
    assert steps_down(told, TABLES) == 0, told


@pytest.mark.parametrize(
    ("sizes", "name", "kind"),
    [
        ({"a.mkv": 4 * GB + 1, "b.scr": 9 * KB}, NAME, FakeKind.TRAP),
        ({"Tide.Glass.mkv          .exe": 9 * MB}, NAME, FakeKind.DISGUISE),
        ({"Tide.Glass.wmv": 900 * MB + 1}, NAME, FakeKind.LURE),
        ({"Tide.Glass.mp4": 2**31}, NAME, FakeKind.PADDING),
        ({"x.mkv": 0}, NAME, FakeKind.EMPTY),
        ({f"{n}.mp4": 44 * MB + 1 for n in range(4)}, NAME, FakeKind.SAME_SIZE),
        ({"x.mkv": 4 * GB + 1}, NAME, FakeKind.PLAUSIBLE),
        ({"x.mkv": 4 * 10**13 + 1}, NAME, FakeKind.SIZE),
        ({"song.mp3": 9 * MB + 1}, NAME, FakeKind.CONTENT),
        ({"Tide.Glass.zip": 2 * GB + 1}, NAME, FakeKind.LOCKED),
        ({"a.exe": MB, "b.zip": 2 * GB + 1}, NAME, FakeKind.EXECUTABLE),
    ],
)
def test_each_sign_is_told(sizes: Sizes, name: str, kind: FakeKind) -> None:
    """Every sign has a reason of its own kind."""
    assert kind in kinds(score(sizes, name=name))


def test_what_is_proved_is_no_fake() -> None:
    """A proved torrent scores 0, whatever its names and sizes look like."""
    told = fake_score(torrent(NAME, {"x.mkv.exe": 9}), FILM, TABLES, verdict=Verdict.PROVED)
    assert (told.score, steps_down(told, TABLES), kinds(told)) == (0.0, 0, {FakeKind.VERDICT})


def test_what_is_likely_lowers_the_score() -> None:
    """Side files that are proved to be the asset's speak against a fake, and other verdicts say nothing."""
    info = torrent(NAME, {"x.zip": 90 * MB})
    unknown, likely, refuted = (
        fake_score(info, FILM, TABLES, verdict=one).score
        for one in (Verdict.UNKNOWN, Verdict.LIKELY, Verdict.REFUTED)
    )
    assert likely < unknown == refuted


def test_exact_sizes_outweigh_appearance() -> None:
    """A file of exactly the asset's size speaks for the leak; an executable of that size does not."""
    asset = replace(FILM, files=(MASTER,))
    size = MASTER.size_bytes or 0
    good, bad = score({"x.mov": size, "play.exe": MB}, asset), score({"x.mov.exe": size}, asset)
    assert (FakeKind.EXACT in kinds(good), steps_down(good, TABLES)) == (True, 0)
    assert (FakeKind.EXACT in kinds(bad), steps_down(bad, TABLES)) == (False, 2)


@pytest.mark.parametrize(
    ("found", "bits"),
    [
        ({"w.bin": 9_000_000_001}, "exact_most"),
        ({"v.bin": 1_000_000_001}, "exact_some"),
        ({"r.bin": 2**30}, "exact_round"),
        ({"t.bin": 70_001}, "exact_side"),
    ],
)
def test_exact_sizes_by_what_they_stand_for(found: Sizes, bits: str) -> None:
    """Most of the work's bytes say most, a round size and a side file next to nothing."""
    sizes = (9_000_000_001, 1_000_000_001, 2**30, 70_001)
    files = tuple(AssetFile(path=f"{n}.bin", size_bytes=size) for n, size in enumerate(sizes))
    asset = Asset(id=AssetId("a"), title="Northwind", kind="model", files=files)
    told = {one.kind: one.weight for one in score(found, asset, "Northwind").reasons}
    assert told[FakeKind.EXACT] == TABLES.bits[bits]


def test_one_file_of_a_size_counts_for_one() -> None:
    """A torrent with one shard of an asset with ten equal ones has a tenth of it."""
    shard = 4_976_698_672 + 1
    files = tuple(AssetFile(path=f"s{n}.safetensors", size_bytes=shard) for n in range(10))
    asset = Asset(id=AssetId("a"), title="Northwind", kind="model", files=files)
    told = score({"s1.safetensors": shard}, asset, "Northwind")
    assert "exact sizes of 1 of the asset's 10 files" in [one.detail for one in told.reasons]


def test_the_page_contradicts_the_torrent() -> None:
    """A stated size more than ten times off speaks for a fake, a rounded one does not."""
    sizes = {"x.mkv": 4 * GB + 1}
    for stated, told in ((90 * GB, True), (100 * MB, True), (4 * GB, False), (10**400, False), (-5, False)):
        assert (FakeKind.CLAIM in kinds(score(sizes, claims=Claims(size_bytes=stated)))) is told


def test_a_found_file_does_not_contradict_the_page() -> None:
    """A page that states less than the torrent has is contradicted only by files that are not the asset's."""
    asset = replace(FILM, files=(MASTER,))
    claims = Claims(size_bytes=GB)
    assert FakeKind.CLAIM not in kinds(score({"x.mov": MASTER.size_bytes or 0}, asset, claims=claims))
    assert FakeKind.CLAIM in kinds(score({"x.mov": 400 * GB + 1}, asset, claims=claims))


@pytest.mark.parametrize(
    ("name", "size", "is_program"),
    [
        ("x.com", 40_000, True),
        ("site.com", 300, False),
        ("from www.site.com", 40_000, False),
        ("GROUP_DO_NOT_MIRROR.exe", 99, False),
        ("x.exe", 900_000, True),
        ("X.EXE .", 900_000, True),
        ("x.exe.txt", 9000, False),
    ],
)
def test_programs_by_their_last_ending(name: str, size: int, *, is_program: bool) -> None:
    """A program is told by its last ending; addresses and a group's marker of 99 bytes are none."""
    told = score({"Tide.Glass.mkv": 4 * GB + 1, name: size})
    assert (FakeKind.EXECUTABLE in kinds(told)) is is_program


def test_a_large_md_is_a_cartridge() -> None:
    """Half a megabyte of md is no note but a game; a note alone is no game."""
    asset = Asset(id=AssetId("a"), title="Kestrel", kind="game")
    assert score({"Kestrel.md": 2**19}, asset, "Kestrel").reasons == ()
    assert kinds(score({"Kestrel.md": 900}, asset, "Kestrel")) == {FakeKind.CONTENT}


def test_a_model_in_an_archive_may_bring_its_runner() -> None:
    """Programs beside archived weights are common with models, programs alone are not."""
    asset = Asset(id=AssetId("a"), title="Northwind", kind="model")
    assert FakeKind.EXECUTABLE not in kinds(score({"run.exe": 9 * MB, "w.7z": 4 * MB}, asset, "Northwind"))
    assert FakeKind.EXECUTABLE in kinds(score({"run.exe": 9 * MB}, asset, "Northwind"))


def test_the_post_makes_the_claim() -> None:
    """A resolution or a number of weights that only the post names is held against the torrent, too."""
    asset = Asset(id=AssetId("a"), title="Northwind", kind="model")
    sizes = {"model.gguf": 300 * MB}
    assert steps_down(score(sizes, asset, "Northwind"), TABLES) == 0
    assert steps_down(score(sizes, asset, "Northwind", Claims(title="Northwind 70B weights")), TABLES) >= 1


def test_a_trailer_may_be_small() -> None:
    """What calls itself a trailer, sample or patch is not held to the work's size."""
    assert FakeKind.SIZE not in kinds(score({"x.mp4": 30 * MB}, name="Tide Glass trailer 2160p"))


def test_other_work_by_the_callers_index() -> None:
    """Files that the caller's index knows as another work speak for a fake."""
    told = score({"x.mkv": 4 * GB + 1}, claims=Claims(names_known_work=True))
    assert steps_down(told, TABLES) >= 1


def test_years_tell_other_works() -> None:
    """A file of another name is another work above all where its year is not the torrent's."""
    near = score({"Harbour.Lanterns.2026.1080p.mkv": 4 * GB + 1})
    far = score({"Harbour.Lanterns.1999.1080p.mkv": 4 * GB + 1})
    own = score({"Tide.Glass.1999.1080p.mkv": 4 * GB + 1})
    assert (steps_down(near, TABLES), steps_down(far, TABLES), FakeKind.OTHER_WORK in kinds(own)) == (
        0,
        1,
        False,
    )


def test_small_against_the_assets_own_size() -> None:
    """A model of 1.6 bits a weight is none too small for its sixteen-bit original, one of 0.1 bits is."""
    original = AssetFile(path="model.safetensors", size_bytes=141_000_000_001)
    asset = Asset(id=AssetId("a"), title="Northwind", kind="model", files=(original,))
    assert FakeKind.SIZE not in kinds(score({"n.gguf": 14 * GB}, asset, "Northwind"))
    assert FakeKind.SIZE in kinds(score({"n.gguf": 900 * MB}, asset, "Northwind"))


def test_no_detail_carries_a_name() -> None:
    """Details quote no name of the torrent or the asset: they may be told of an embargoed one."""
    asset = replace(FILM, title="Zzyzx", embargoed=True)
    for _, _, sizes in FAKES + LEAKS:
        hostile = {f"Zzyzx\x1b[31m{path}": size for path, size in sizes.items()}
        for one in score(hostile, asset, "Zzyzx 2160p").reasons:
            assert "zzyzx" not in one.detail.lower()
            assert one.detail.isprintable()
            assert len(one.detail) < 200


def test_padding_files_do_not_count() -> None:
    """Padding of BEP 47 is neither a file nor bytes of the work."""
    plain = torrent(NAME, {"x.mkv": 4 * GB + 1})
    pads = tuple(TorrentFile((b".pad", b"9"), 9, is_pad=True) for _ in range(99))
    padded = replace(plain, files=plain.files + pads)
    assert fake_score(plain, FILM, TABLES) == fake_score(padded, FILM, TABLES)


@pytest.mark.parametrize(
    ("kind", "files", "found"),
    [
        ("Feature Film", (), "film"),
        ("TV-series", (), "series"),
        ("movies", (), "film"),
        ("model_weights", (), "model"),
        (None, (AssetFile(path="a/b.flac", size_bytes=9), AssetFile(path="b.jpg", size_bytes=2)), "music"),
        ("sculpture", (AssetFile(path="x.obj", size_bytes=9),), None),
        (None, (AssetFile(path="x.mkv"),), None),
    ],
)
def test_kinds_of_assets(kind: str | None, files: tuple[AssetFile, ...], found: str | None) -> None:
    """The kind is read from the asset's own words, else guessed from its files, else left open."""
    told = kind_of(Asset(id=AssetId("a"), title="x", kind=kind, files=files), TABLES)
    assert (told.name if told else None) == found


def test_without_a_kind_only_general_signs_count() -> None:
    """Of an asset of no known kind a disguised program is told, a small file is not."""
    asset = Asset(id=AssetId("a"), title="x")
    assert kinds(score({"x.mkv.exe": 9 * KB}, asset)) == {FakeKind.DISGUISE}
    assert score({"x.obj": 9 * KB}, asset).reasons == ()


def test_reasons_stand_strongest_first() -> None:
    """Reasons are sorted by weight, and the same input gives the same answer."""
    sizes = {"Tide.Glass.mkv.exe": 9 * MB, "b.lnk": 9, "c.srt": 9}
    told = score(sizes)
    weights = [abs(one.weight) for one in told.reasons]
    assert weights == sorted(weights, reverse=True)
    assert told == score(sizes)
