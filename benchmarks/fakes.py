"""How many fakes the fake score finds, how often it suspects a genuine torrent, and how fast it is.

    python benchmarks/fakes.py [SEED] [DATA]

Made torrents (`fakes_made.py`, `fakes_genuine.py`, `fakes_programs.py`) and, from the folder DATA or LEAKWATCH_SHARED_DATA, recorded
ones: torrents, release names with their real sizes, game files, weight files. Made ones show that the score does
what it was built for; only the recorded ones were not thought up here. Misses are printed with examples.
"""

from __future__ import annotations

import os
import re
import sys
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from importlib.resources import files as package_files
from pathlib import Path
from random import Random

import zstandard
from fakes_draw import GB, KB, MB, Draw, Files, Made, Recipe
from fakes_genuine import GENUINE_MEDIA
from fakes_made import FAKES
from fakes_programs import GENUINE_PROGRAMS

from leakwatch.errors import MetainfoError
from leakwatch.fakes import FakeScore, fake_score, parse_fakes, steps_down
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.torrent.infohash import Infohashes, InfohashV1
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo, parse_torrent

TABLES = parse_fakes((package_files("leakwatch.fakes") / "fakes.yaml").read_text("utf-8"))
EACH_FAKE, EACH_GENUINE = 14, 45
GENUINE = GENUINE_MEDIA | GENUINE_PROGRAMS
TITLES = (
    "Tide Glass",
    "Northwind",
    "The Long Harbour",
    "Ember Road",
    "Kestrel",
    "Seven Quiet Rooms",
    "Marrow",
    "Aurora",
)
RECORDED = {
    "torrent__sintel": "film",
    "webtorrent-fixtures__sintel": "film",
    "webtorrent-fixtures__bunny": "film",
    "torrent__The-Fanimatrix-_DivX-5.1-HQ_.avi": "film",
    "torrent__bittorrent-v2-test": "film",
    "libtorrent__v2_hybrid-missing-tailpad": "film",
    "deluge__unicode_filenames": "film",
    "webtorrent-fixtures__leaves-metadata": "book",
    "webtorrent-fixtures__alice": "book",
    "torrent__The_WIRED_CD_-_Rip._Sample._Mash._Share": "music",
    "deluge__ubuntu-9.04-desktop-i386.iso": "software",
    "torrent__archlinux-2011.08.19-netinstall-i686.iso": "software",
    "torrent__debian-10.8.0-amd64-netinst.iso": "software",
    "torrent__debian-9.1.0-amd64-netinst.iso": "software",
    "deluge__test": "software",
    "libtorrent__overlapping_symlinks": "software",
}
"""Recorded torrents of real works, and of which kind they are."""


def torrent(made: Made) -> TorrentInfo:
    """The metadata of a file list; the score reads no pieces."""
    one = len(made.files) == 1 and made.files[0][0] == made.name
    top = () if one else (made.name.encode(),)
    listed = tuple(TorrentFile((*top, *path.encode().split(b"/")), size) for path, size in made.files)
    return TorrentInfo(Infohashes(InfohashV1(bytes(20))), made.name.encode(), 2**20, listed)


def asset_for(made: Made, title: str, rng: Random, *, is_fake: bool) -> Asset:
    """The owner's entry: half know no sizes, most others those of their own master, some those that leaked."""
    files: Files = []
    if rng.random() < 0.5:
        files = master(made, rng, is_fake=is_fake) if is_fake or rng.random() < 0.7 else made.files
    year = 2026 if rng.random() < 0.5 else None
    entries = tuple(AssetFile(path=path, size_bytes=size) for path, size in dict(files).items())
    return Asset(id=AssetId("a"), title=title, year=year, kind=made.kind, files=entries)


def master(made: Made, rng: Random, *, is_fake: bool) -> Files:
    """What the owner keeps: of a film a mezzanine, of weights sixteen bits of each, of others about what is sold.

    Of a game or program that a genuine torrent has: about its size; a fake says nothing of the size.
    """
    total = sum(size for _, size in made.files) if not is_fake else rng.uniform(0.5, 60) * GB
    params = re.search(r"([\d.]+)B\b", made.name)
    draw = {
        "film": ("master.mov", rng.uniform(30, 800) * GB),
        "series": ("master.mov", rng.uniform(30, 900) * GB),
        "model": ("model.safetensors", float(params[1]) * 2e9 if params else total * rng.uniform(0.9, 4)),
        "music": ("master.wav", rng.uniform(300, 900) * MB),
        "book": ("book.pdf", rng.uniform(2, 90) * MB),
        "game": ("game.pak", max(total * rng.uniform(0.8, 4), 5 * MB)),
        "software": ("setup.exe", max(total * rng.uniform(0.5, 3), 5 * MB)),
    }
    path, size = draw[made.kind]
    return [(path, int(size) + 1), ("notes.txt", 3 * KB)]


def made_torrents(
    recipes: Iterable[tuple[str, str, Recipe]], each: int, rng: Random
) -> Iterator[tuple[str, Made]]:
    """Each recipe so many times, under some title."""
    for kind, called, recipe in recipes:
        for _ in range(each):
            title = rng.choice(TITLES)
            name, files = recipe(Draw(rng, title))
            yield title, Made(called, kind, name, files)


def lines_of(path: Path) -> Iterator[list[str]]:
    """Rows of a packed table, without its head."""
    with path.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as stream:
        text = stream.read().decode("utf-8").splitlines()
    for line in text[1:]:
        yield line.split("\t")


def recorded_names(data: Path) -> Iterator[Made]:
    """Release names with real sizes; the half that nobody looked at when the tables were written."""
    for name, size, _origin in lines_of(data / "background/torrent_names.tsv.zst"):
        if not size or zlib.crc32(name.encode()) % 2 == 0 or int(size) == 0:
            continue
        lower = name.lower()
        if re.search(r"h.rbuch|audiobook|flac|mp3|discogra", lower):
            yield Made("recorded name", "music", name, [(f"{name}/all.flac", int(size))])
        elif re.search(r"s\d\d|staffel|season", lower):
            yield Made("recorded name", "series", name, [(f"{name}.mkv", int(size))])
        elif re.search(r"x26[45]|h\.?26[45]|xvid|av1|hevc|avc", lower):
            yield Made("recorded name", "film", name, [(f"{name}.mkv", int(size))])


def recorded_games(data: Path, rng: Random) -> Iterator[Made]:
    """Game files with their real sizes, one a torrent."""
    rows = [
        row
        for row in lines_of(data / "background/game_dat_files.tsv.zst")
        if row[1].isdecimal() and int(row[1])
    ]
    for name, size, *_ in rng.sample(rows, 600):
        yield Made("recorded game", "game", name, [(name, int(size))])


def recorded_titles(data: Path, rng: Random) -> Iterator[Made]:
    """Release names as parsers are tested with, odd ones among them; sizes are drawn."""
    for line in (data / "titles/release_titles.tsv").read_text("utf-8").splitlines()[1:]:
        name, _title, _year, season, episode, kind, _origin = line.split("\t")
        if kind == "movie":
            yield Made("recorded title", "film", name, [(f"{name}.mkv", Draw(rng, "").video()[1])])
        elif kind in ("episode", "anime"):
            count = rng.randrange(4, 25) if season and not episode else 1
            size = sum(rng.randrange(130 * MB, 2 * GB) for _ in range(count)) * (3 if "2160" in name else 1)
            yield Made("recorded title", "series", name, [(f"{name}.mkv", size)])


def recorded_packages(data: Path, rng: Random) -> Iterator[Made]:
    """Files of programs as a distribution has them; sizes are drawn."""
    trees: defaultdict[str, Files] = defaultdict(list)
    for path, package in lines_of(data / "background/debian_file_paths.tsv.zst"):
        trees[package].append((path, int(10 ** rng.uniform(1, 6.5))))
    for package, files in sorted(trees.items()):
        if len(files) >= 8:
            yield Made("recorded package", "software", package, files[:200])


def recorded_torrents(data: Path) -> Iterator[tuple[Made, TorrentInfo]]:
    """Torrents of real works as they are in the wild."""
    for stem, kind in RECORDED.items():
        try:
            info = parse_torrent((data / "torrents/torrents" / f"{stem}.torrent").read_bytes()).info
        except (MetainfoError, OSError) as error:
            print(f"not read: {stem}: {error}")
            continue
        if info:
            yield (
                Made("recorded torrent", kind, info.name, [(f.path, f.size_bytes) for f in info.files]),
                info,
            )


class Tally:
    """Scores by kind and recipe, with the ones that came out wrong."""

    def __init__(self, *, is_fake: bool) -> None:
        self.is_fake = is_fake
        self.by_kind: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.by_recipe: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.wrong: defaultdict[str, list[tuple[Made, FakeScore]]] = defaultdict(list)
        self.count, self.seconds = 0, 0.0

    def add(self, made: Made, info: TorrentInfo, asset: Asset) -> None:
        """Score one."""
        start = time.perf_counter()
        score = fake_score(info, asset, TABLES)
        self.seconds += time.perf_counter() - start
        steps = steps_down(score, TABLES)
        self.count += 1
        recipe = f"{made.kind}: {made.recipe}"
        self.by_kind[made.kind][steps] += 1
        self.by_recipe[recipe][steps] += 1
        if bool(steps) != self.is_fake:
            self.wrong[recipe].append((made, score))

    def show(self, what: str) -> None:
        """Rates by kind, then by recipe where any came out wrong, each with an example."""
        lowered = self.count - sum(one[0] for one in self.by_kind.values())
        two = sum(one[2] for one in self.by_kind.values())
        print(
            f"\n{what}: {lowered} of {self.count} lowered ({lowered / self.count:.1%}), {two} of them by two steps"
        )
        for kind, one in sorted(self.by_kind.items()):
            total = one.total()
            print(
                f"  {kind:10} {total - one[0]:5} of {total:5} ({(total - one[0]) / total:6.1%}), two steps {one[2]:4}"
            )
        print("  missed:" if self.is_fake else "  false alarms:")
        for recipe, wrong in sorted(self.wrong.items()):
            made, score = wrong[0]
            why = "; ".join(f"{one.kind} {one.weight:+.1f}" for one in score.reasons) or "no reason"
            listed = ", ".join(f"{path!r} {size}" for path, size in made.files[:2])
            print(
                f"    {recipe:30} {len(wrong):4} of {self.by_recipe[recipe].total():4}  e.g. {score.score:.2f} [{why}] {listed[:110]}"
            )


def main() -> None:
    """Print rates, misses and speed."""
    rng = Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    data = Path(
        sys.argv[2] if len(sys.argv) > 2 else os.environ.get("LEAKWATCH_SHARED_DATA", "../shared/data")
    )
    fakes, genuine, recorded = Tally(is_fake=True), Tally(is_fake=False), Tally(is_fake=False)
    lures = [(kind, called, recipe) for kind, some in FAKES.items() for called, recipe in some]
    for title, made in made_torrents(lures, EACH_FAKE, rng):
        fakes.add(made, torrent(made), asset_for(made, title, rng, is_fake=True))
    laid = [(kind, one.__name__, one) for kind, some in GENUINE.items() for one in some]
    for title, made in made_torrents(laid, EACH_GENUINE, rng):
        genuine.add(made, torrent(made), asset_for(made, title, rng, is_fake=False))
    if data.is_dir():
        sets = (
            recorded_names(data),
            recorded_games(data, rng),
            recorded_titles(data, rng),
            recorded_packages(data, rng),
        )
        for made in (one for some in sets for one in some):
            recorded.add(made, torrent(made), Asset(id=AssetId("a"), title=made.name, kind=made.kind))
        for made, info in recorded_torrents(data):
            recorded.add(made, info, Asset(id=AssetId("a"), title=made.name, kind=made.kind))
    fakes.show("fakes, made")
    genuine.show("genuine, made")
    if recorded.count:
        recorded.show("genuine, recorded")
    speed(rng)


def speed(rng: Random) -> None:
    """Scores a second, and what a list of 100,000 files costs."""
    laid = [(kind, one.__name__, one) for kind, some in GENUINE.items() for one in some]
    cases = [
        (torrent(made), asset_for(made, title, rng, is_fake=False))
        for title, made in made_torrents(laid, 20, rng)
    ]
    start = time.perf_counter()
    for info, asset in cases:
        fake_score(info, asset, TABLES)
    taken = time.perf_counter() - start
    count = sum(len(info.files) for info, _ in cases)
    print(
        f"\n{len(cases) / taken:,.0f} scores a second ({count / len(cases):.0f} files each on average), {count / taken:,.0f} files a second"
    )
    for number in (10_000, 100_000):
        files = [(f"folder {n % 97}/{'x_' * 40}{n}.mkv{' ' * 20}.exe", n) for n in range(number)]
        info = torrent(Made("", "film", "hostile", files))
        start = time.perf_counter()
        fake_score(info, Asset(id=AssetId("a"), title="Tide Glass", kind="film"), TABLES)
        print(f"{number:,} hostile files in {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
