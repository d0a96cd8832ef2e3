"""Fake torrents for `benchmarks/fakes.py`, made: what fakers upload under a wanted name, by kind.

The last ones are as good as a faker can make them without the work; metadata alone cannot tell all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from fakes_draw import GB, KB, MB, Draw, Files, Recipe


def release(d: Draw, kind: str) -> str:
    """The name that people look for."""
    lines = d.pick("720p", "1080p", "2160p")
    names = {
        "film": f"{d.dots()}.2026.{lines}.WEB-DL.x264-GRP",
        "series": f"{d.dots()}.S{d.rng.randrange(1, 9):02}.COMPLETE.{lines}.WEB.x265",
        "music": f"{d.title} - Full Album (2026) [FLAC]",
        "game": f"{d.title} v1.0 + All DLCs-REPACK",
        "software": f"{d.title} 2026 Full Version + Keygen",
        "model": f"{d.title}-{d.pick('7B', '13B', '70B', '405B')}-leaked-weights",
        "book": f"{d.title} (retail) [EPUB]",
    }
    return names[kind]


MEDIA = {"film": "mkv", "series": "mkv", "music": "mp3", "book": "pdf", "model": "safetensors"}


def program(kind: str) -> Recipe:
    """A program and nothing else, small or filled to the right size."""

    def make(d: Draw) -> tuple[str, Files]:
        name = release(d, kind)
        size = d.size(300 * KB, 30 * MB) if d.rng.random() < 0.6 else d.size(700 * MB, 3 * GB)
        notes: Files = [("readme.txt", 700), ("info.nfo", 2000)]
        return name, [
            (f"{name}.{d.pick('exe', 'scr', 'msi', 'exe', 'js', 'vbs', 'apk', 'jar')}", size),
            *notes[: d.rng.randrange(3)],
        ]

    return make


def disguised(kind: str) -> Recipe:
    """A program under the name of a film, song, book or model, beside a sample or poster."""

    def make(d: Draw) -> tuple[str, Files]:
        name, media = release(d, kind), MEDIA[kind]
        hidden = d.pick(
            f"{name}.{media}.exe", f"{name}.{media}.lnk", f"{name}.{media}.scr", f"{name}\u202e{media[::-1]}.exe",
            f"{name}.{media}{' ' * 60}.exe", f"{name}.zip.exe", f"{name}.{media}.bat",
        )  # fmt: skip
        beside: Files = [("poster.jpg", 90 * KB), ("sample.mp4", 3 * MB)]
        return name, [(hidden, d.size(500 * KB, 900 * MB)), *beside[: d.rng.randrange(3)]]

    return make


def locked(kind: str) -> Recipe:
    """An archive whose password is to be had from a survey."""

    def make(d: Draw) -> tuple[str, Files]:
        name = release(d, kind)
        note = d.pick(
            "Password.txt", "PASSWORD HERE.url", "How to open.html", "READ ME FIRST.txt", "get password.html",
            "Unlock key.txt", "Password & instructions.docx", "Пароль.txt",
        )  # fmt: skip
        return name, [
            (f"{name}.{d.pick('rar', 'zip', '7z')}", d.size(3 * MB, 2 * GB)),
            (note, d.size(60, 9 * KB)),
        ]

    return make


def tiny(kind: str) -> Recipe:
    """The right ending, and far too small."""

    def make(d: Draw) -> tuple[str, Files]:
        name, media = release(d, kind), MEDIA[kind]
        size = {"film": 5 * MB, "series": 2 * MB, "music": 60 * KB, "book": 3 * KB, "model": 90 * MB}[kind]
        if kind == "series":
            return name, [(f"{d.dots()}.S01E{n:02}.{media}", d.size(size / 3, size)) for n in range(1, 11)]
        return name, [(f"{name}.{media}", d.size(size / 4, size))]

    return make


def links(kind: str) -> Recipe:
    """Only the way to a page."""

    def make(d: Draw) -> tuple[str, Files]:
        name = release(d, kind)
        page = d.pick(f"{name}.url", "Download here.html", "Free download link.htm", "Watch online.url")
        return name, [(page, d.size(90, 40 * KB)), ("readme.txt", 300)]

    return make


def filled(kind: str) -> Recipe:
    """Filled up to a round size."""

    def make(d: Draw) -> tuple[str, Files]:
        name, media = release(d, kind), MEDIA.get(kind, "rar")
        size = d.rng.choice([1400 * MB, 2 * GB, 734_003_200, 1_073_741_824, 4 * GB])
        return name, [(f"{name}.{media}", size), ("readme.txt", 500)]

    return make


def other_kind(kind: str) -> Recipe:
    """Files of quite another kind."""

    def make(d: Draw) -> tuple[str, Files]:
        endings = {
            "film": "epub",
            "series": "mobi",
            "music": "gguf",
            "book": "mkv",
            "model": "mp4",
            "game": "epub",
        }
        name = release(d, kind)
        return name, [
            (f"{d.pick('a', 'b')}{n}.{endings[kind]}", d.size(500 * KB, 90 * MB)) for n in range(1, 4)
        ]

    return make


def carrier(kind: str) -> Recipe:
    """A small disc image: Windows opens it, and shows one link in it."""

    def make(d: Draw) -> tuple[str, Files]:
        name = release(d, kind)
        return name, [(f"{name}.{d.pick('iso', 'img')}", d.rng.randrange(500, 20_000) * 2048)]

    return make


def codec(d: Draw) -> tuple[str, Files]:
    """A film that does not play until something is fetched."""
    name = release(d, "film")
    lure = d.pick(
        "codec_setup.exe", "Required codec - download.txt", "Media Player License.html", "VideoPlayer.exe"
    )
    return name, [
        (f"{name}.{d.pick('wmv', 'wmv', 'avi', 'asf')}", d.size(300 * MB, 2 * GB)),
        (lure, d.size(2 * KB, 8 * MB)),
    ]


def windows(d: Draw) -> tuple[str, Files]:
    """Windows Media under a name of today."""
    name = release(d, "film")
    return name, [(f"{name}.{d.pick('wmv', 'asf')}", d.size(250 * MB, 2 * GB))]


def same(d: Draw) -> tuple[str, Files]:
    """One small file under many names."""
    size = d.size(200 * KB, 900 * KB)
    return release(d, "music"), [(f"{n:02} Track {n}.mp3", size) for n in range(1, 13)]


def empty(d: Draw) -> tuple[str, Files]:
    """Names without bytes."""
    return release(d, "series"), [(f"{d.dots()}.S01E{n:02}.mkv", 0) for n in range(1, 11)] + [
        ("visit.url", 90)
    ]


def old_film(d: Draw) -> tuple[str, Files]:
    """Another film, perhaps under its own name inside."""
    name = release(d, "film")
    inside = d.pick(
        f"Harbour.Lanterns.{d.rng.randrange(1990, 2020)}.1080p.BluRay.x264-OLD.mkv", f"{name}.mkv"
    )
    return name, [(inside, d.size(1.2 * GB, 9 * GB)), ("info.nfo", 900)]


def small_game(d: Draw) -> tuple[str, Files]:
    """An installer that holds no game."""
    name = d.pick("setup.exe", "Game Setup.exe", "Installer.zip", "Launcher.rar", "game.iso")
    return release(d, "game"), [(name, d.size(700 * KB, 25 * MB))]


def small_software(d: Draw) -> tuple[str, Files]:
    """A program that is another program."""
    return release(d, "software"), [
        (d.pick("setup.exe", "Keygen.exe", "Setup.msi"), d.size(400 * KB, 9 * MB))
    ]


def loader(d: Draw) -> tuple[str, Files]:
    """A model that comes as a program to run."""
    return release(d, "model"), [
        ("model_loader.exe", d.size(3 * MB, 90 * MB)),
        ("run.bat", 90),
        ("README.md", 2000),
    ]


def poisoned(d: Draw) -> tuple[str, Files]:
    """A film of a plausible size with a program beside it."""
    name = release(d, "film")
    return name, [
        (f"{name}.mkv", d.size(1.5 * GB, 9 * GB)),
        (d.pick("Play.exe", "Setup.exe", "HD Codec Pack.exe"), d.size(MB, 9 * MB)),
    ]


def noise(kind: str) -> Recipe:
    """Noise of a plausible size under the right ending: nothing in the metadata tells."""

    def make(d: Draw) -> tuple[str, Files]:
        name = release(d, kind)
        sizes = {"film": 4 * GB, "music": 90 * MB, "book": 3 * MB, "model": 150 * GB, "game": 20 * GB}
        ending = MEDIA.get(kind, "zip")
        return name, [(f"{name}.{ending}", d.size(sizes[kind], sizes[kind] * 5))]

    return make


FAKES: dict[str, Sequence[tuple[str, Recipe]]] = {
    "film": [
        ("program", program("film")), ("disguised", disguised("film")), ("locked", locked("film")),
        ("tiny", tiny("film")), ("links", links("film")), ("filled", filled("film")),
        ("other kind", other_kind("film")), ("carrier", carrier("film")), ("codec", codec), ("windows", windows),
        ("another film", old_film), ("poisoned", poisoned), ("noise", noise("film")),
    ],
    "series": [
        ("program", program("series")), ("disguised", disguised("series")), ("locked", locked("series")),
        ("tiny", tiny("series")), ("links", links("series")), ("other kind", other_kind("series")), ("empty", empty),
    ],
    "music": [
        ("program", program("music")), ("disguised", disguised("music")), ("locked", locked("music")),
        ("tiny", tiny("music")), ("links", links("music")), ("same size", same), ("filled", filled("music")),
        ("other kind", other_kind("music")), ("carrier", carrier("music")), ("noise", noise("music")),
    ],
    "game": [
        ("locked", locked("game")), ("links", links("game")), ("filled", filled("game")),
        ("other kind", other_kind("game")), ("small", small_game), ("noise", noise("game")),
    ],
    "software": [("locked", locked("software")), ("links", links("software")), ("small", small_software)],
    "model": [
        ("program", program("model")), ("disguised", disguised("model")), ("locked", locked("model")),
        ("tiny", tiny("model")), ("links", links("model")), ("other kind", other_kind("model")), ("loader", loader),
        ("noise", noise("model")),
    ],
    "book": [
        ("program", program("book")), ("disguised", disguised("book")), ("locked", locked("book")),
        ("tiny", tiny("book")), ("links", links("book")), ("other kind", other_kind("book")),
        ("carrier", carrier("book")), ("noise", noise("book")),
    ],
}  # fmt: skip
