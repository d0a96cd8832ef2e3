"""What holds for any file list: a score between 0 and 1, soon, and never higher for a file that fits."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from importlib.resources import files as package_files

from hypothesis import example, given, settings
from hypothesis import strategies as st

from leakwatch.fakes import Claims, fake_score, parse_fakes
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Verdict
from leakwatch.torrent.infohash import Infohashes, InfohashV1
from leakwatch.torrent.metainfo import MAX_SIZE, TorrentFile, TorrentInfo

TABLES = parse_fakes((package_files("leakwatch.fakes") / "fakes.yaml").read_text("utf-8"))
ENDINGS = [
    *(
        "mkv",
        "mp4",
        "wmv",
        "exe",
        "scr",
        "bat",
        "lnk",
        "zip",
        "rar",
        "r00",
        "r01",
        "iso",
        "mp3",
        "flac",
        "pdf",
    ),
    *(
        "epub",
        "gguf",
        "safetensors",
        "bin",
        "txt",
        "nfo",
        "sfv",
        "url",
        "html",
        "jpg",
        "srt",
        "json",
        "xyz",
        "",
        "com",
    ),
]
STEMS = [
    "tide glass",
    "password",
    "how to open",
    "codec",
    "a.mkv",
    "s01e01",
    "s01e02",
    "other.work.1999.1080p",
    "www.x",
]
STEMS += ["model-00001-of-00002", "config", "x" * 400, " " * 20, "\u202e"]
NAMES = st.builds(lambda stem, ending: f"{stem}.{ending}", st.sampled_from(STEMS), st.sampled_from(ENDINGS))
SIZES = st.sampled_from([0, 1, 90, 70_001, 2**20, 5_000_001, 50_000_000, 700_000_001, 10**9, 2**31, 10**13])
SIZES |= st.integers(0, MAX_SIZE)
FILES = st.lists(
    st.builds(
        lambda path, size, pad: TorrentFile(path, size, is_pad=pad),
        st.lists(NAMES.map(str.encode) | st.binary(max_size=40), max_size=3).map(tuple),
        SIZES,
        st.just(value=False) | st.booleans(),
    ),
    max_size=12,
)
TOPS = NAMES | st.sampled_from(["Tide.Glass.S01.COMPLETE.2160p", "northwind 70B", "8x7b", "0b", "x trailer"])
ASSETS = st.builds(
    lambda kind, year, files: Asset(
        id=AssetId("a"),
        title="Tide Glass 7B",
        kind=kind,
        year=year,
        files=tuple(AssetFile(path=path, size_bytes=size) for path, size in files.items()),
    ),
    st.sampled_from([None, "film", "series", "model", "game", "software", "music", "book", "document", "?"]),
    st.sampled_from([None, 1999, 2026]),
    st.dictionaries(NAMES, SIZES | st.none(), max_size=5),
)
CLAIMS = st.builds(Claims, TOPS | st.text(max_size=20), SIZES | st.none() | st.integers(), st.booleans())
VERDICTS = st.sampled_from(Verdict)


def torrent(name: bytes, files: list[TorrentFile]) -> TorrentInfo:
    """The metadata of these files."""
    return TorrentInfo(Infohashes(InfohashV1(bytes(20))), name, 2**20, tuple(files))


@given(TOPS.map(str.encode) | st.binary(max_size=60), FILES, ASSETS, CLAIMS, VERDICTS)
@settings(max_examples=400, deadline=None)
def test_any_file_list_has_a_score(
    name: bytes, files: list[TorrentFile], asset: Asset, claims: Claims, verdict: Verdict
) -> None:
    """Any file list, asset and claim: a score between 0 and 1 whose reasons add up to it, each kind once."""
    told = fake_score(torrent(name, files), asset, TABLES, claims, verdict)
    assert 0 <= told.score <= 1
    assert len({one.kind for one in told.reasons}) == len(told.reasons)
    assert all(math.isfinite(one.weight) and len(one.detail) < 200 for one in told.reasons)
    if verdict is not Verdict.PROVED:
        bits = TABLES.bits["prior"] + sum(one.weight for one in told.reasons)
        assert told.score == round(1 / (1 + 2.0**-bits), 4)


@given(TOPS.map(str.encode), FILES, ASSETS, CLAIMS, st.data())
@settings(max_examples=600, deadline=None)
def test_a_fitting_file_never_raises_the_score(
    name: bytes, files: list[TorrentFile], asset: Asset, claims: Claims, data: st.DataObject
) -> None:
    """A further file of an exact size and the name of one of the asset's never makes a torrent more suspect."""
    sized = [one for one in asset.files if one.size_bytes]
    if not sized:
        sized = [AssetFile(path="master.mkv", size_bytes=987_654_321)]
        asset = replace(asset, files=(*asset.files, *sized))
    one = data.draw(st.sampled_from(sized))
    fitting = TorrentFile((b"x", one.path.encode()), one.size_bytes or 0)
    before = fake_score(torrent(name, files), asset, TABLES, claims)
    after = fake_score(torrent(name, [*files, fitting]), asset, TABLES, claims)
    assert after.score <= before.score, (before, after)


@given(FILES, ASSETS)
@settings(max_examples=100, deadline=None)
def test_the_order_of_files_does_not_matter(files: list[TorrentFile], asset: Asset) -> None:
    """Files in another order give the same score."""
    one = fake_score(torrent(b"Tide.Glass.2026", files), asset, TABLES)
    other = fake_score(torrent(b"Tide.Glass.2026", files[::-1]), asset, TABLES)
    assert one.score == other.score


@example("x_" * 70)
@example("_" * 150)
@example("password " * 30)
@example("[" * 150)
@example("s01e" * 40)
@given(st.text(max_size=200))
@settings(max_examples=5, deadline=None)
def test_a_hostile_list_costs_linear_time(stem: str) -> None:
    """Five times the files cost about five times as long, and 50,000 of any name end within seconds."""

    def cost(count: int) -> float:
        names = [f"{stem}{n}.{('mkv', 'exe', 'txt', 'r00', 'bin')[n % 5]}" for n in range(count)]
        listed = [TorrentFile((one.encode("utf-8", "replace"),), n) for n, one in enumerate(names)]
        asset = Asset(id=AssetId("a"), title="Tide Glass", kind="film")
        start = time.process_time()
        told = fake_score(torrent(stem.encode("utf-8", "replace"), listed), asset, TABLES)
        assert len(told.reasons) <= 16
        return time.process_time() - start

    cost(100)
    small, large = cost(2000), cost(10_000)
    assert large < 20 * small + 0.2
    assert large < 2
