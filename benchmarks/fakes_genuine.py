"""Genuine torrents for `benchmarks/fakes.py`, made: what release groups and leakers really lay out, by kind.

A recipe draws a name and a file list; sizes follow what is published (encodes by resolution, scene volumes,
repacks, quantised weights). Recipes know nothing of the score's tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

KB, MB, GB = 10**3, 10**6, 10**9
Files = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Made:
    """One torrent: what it is called, what it holds, and how the recipe is called."""

    recipe: str
    kind: str
    name: str
    files: Files


@dataclass(frozen=True, slots=True)
class Draw:
    """A work's name and a source of randomness for one torrent."""

    rng: Random
    title: str

    def size(self, low: float, high: float) -> int:
        """A size between two bounds, small ones as likely as large ones; odd to the byte, as encodes are."""
        return int(low * (high / low) ** self.rng.random()) + self.rng.randrange(1, 997)

    def pick(self, *choices: str) -> str:
        """One of them."""
        return self.rng.choice(choices)

    def dots(self) -> str:
        """The title as a release name writes it."""
        return self.title.replace(" ", ".")

    def video(self, low: float = 1, high: float = 1) -> tuple[str, int]:
        """A resolution and a size that encodes of it have."""
        lines, least, most = self.rng.choice(
            [("480p", 350, 1400), ("720p", 600, 5000), ("1080p", 900, 16000), ("2160p", 3500, 70000)]
        )
        return lines, self.size(least * MB * low, most * MB * high)

    def volumes(self, stem: str, total: int) -> Files:
        """A scene set: volumes of a round size, the last one shorter, with checksums and an nfo."""
        each = self.rng.choice([15, 20, 50, 100, 250]) * MB
        count = max(2, min(90, total // each))
        names = [f"{stem}.rar", *(f"{stem}.r{number:02}" for number in range(count - 1))]
        files = [(name, each) for name in names[:-1]]
        return [*files, (names[-1], self.size(MB, each)), (f"{stem}.sfv", 60 * count), (f"{stem}.nfo", 6123)]


Recipe = Callable[[Draw], tuple[str, Files]]


def film_plain(d: Draw) -> tuple[str, Files]:
    """A single file."""
    lines, size = d.video()
    name = f"{d.dots()}.{d.rng.randrange(1960, 2027)}.{lines}.{d.pick('WEB-DL', 'BluRay', 'WEBRip')}.x264-GRP.mkv"
    return name, [(name, size)]


def film_folder(d: Draw) -> tuple[str, Files]:
    """A folder with subtitles, poster and the group's notes."""
    lines, size = d.video()
    name = f"{d.title} ({d.rng.randrange(1990, 2027)}) [{lines}] [YTS.MX]"
    return name, [
        (f"{d.dots()}.{lines}.mp4", size),
        ("www.YTS.MX.jpg", 53226),
        ("YIFYStatus.com.txt", 604),
        (f"{d.dots()}.srt", d.size(40 * KB, 120 * KB)),
        ("WWW.YTS.MX.url", 211),
    ]


def film_marker_program(d: Draw) -> tuple[str, Files]:
    """A large group put a file of this name into all of its releases: an exe of 99 bytes that is none."""
    lines, size = d.video()
    name = f"{d.dots()}.{lines}.BluRay.H264.AAC-RARBG"
    return name, [(f"{name}.mp4", size), ("RARBG.txt", 30), ("RARBG_DO_NOT_MIRROR.exe", 99)]


def film_scene(d: Draw) -> tuple[str, Files]:
    """A scene set with sample and subtitles."""
    lines, size = d.video()
    name = f"{d.dots()}.{lines}.BluRay.x264-SCENE"
    sample = (f"Sample/{name}-sample.mkv", d.size(15 * MB, 80 * MB))
    return name, [
        *d.volumes(f"scn-{d.title[:6].strip().lower()}", size),
        sample,
        ("Subs/en.idx", 60000),
        ("Subs/en.sub", 3 * MB),
    ]


def film_screener(d: Draw) -> tuple[str, Files]:
    """A screener on two discs, in poor quality, with a player beside it now and then."""
    name = f"{d.dots()}.DVDSCR.XviD-OLD"
    player = [("VLC Player/vlc-setup.exe", 19 * MB)] if d.rng.random() < 0.1 else []
    cds: Files = [(f"{name}.CD{n}.avi", 733 * MB + d.rng.randrange(5 * MB)) for n in (1, 2)]
    return name, [*cds, ("info.nfo", 2048), *player]


def film_cam(d: Draw) -> tuple[str, Files]:
    """Filmed in a cinema, or a telesync; small."""
    name = f"{d.dots()}.2026.HDCAM.{d.pick('480p', '720p', '')}.x264"
    return name, [(f"{name}.{d.pick('mp4', 'mkv', 'avi')}", d.size(450 * MB, 2.2 * GB))]


def film_disc(d: Draw) -> tuple[str, Files]:
    """A disc as it is: folders, or an image alone."""
    if d.rng.random() < 0.4:
        return f"{d.title} DVD9", [(f"{d.title}.iso", d.rng.randrange(2_000_000, 4_000_000) * 2048)]
    titles = [(f"VIDEO_TS/VTS_01_{n}.VOB", 1073565696) for n in range(1, d.rng.randrange(4, 7))]
    menus = [
        ("VIDEO_TS/VIDEO_TS.IFO", 20480),
        ("VIDEO_TS/VIDEO_TS.BUP", 20480),
        ("VIDEO_TS/VIDEO_TS.VOB", 157696),
    ]
    return d.title, [*titles, *menus]


def film_micro(d: Draw) -> tuple[str, Files]:
    """Encoded for phones or slow lines."""
    name = f"{d.dots()}.{d.pick('480p', '720p')}.HEVC.300MB.mkv"
    return name, [(name, d.size(270 * MB, 360 * MB))]


def film_workprint(d: Draw) -> tuple[str, Files]:
    """Out of the cutting room: a mezzanine, reels, or single frames."""
    match d.rng.randrange(3):
        case 0:
            return f"{d.title} workprint", [
                (f"{d.dots()}_v{d.rng.randrange(9)}_TC.mov", d.size(5 * GB, 400 * GB))
            ]
        case 1:
            reels = [
                (f"DCP/reel{n}_{d.pick('pic', 'snd')}.mxf", d.size(2 * GB, 40 * GB)) for n in range(1, 12)
            ]
            return f"{d.title} DCP", [*reels, ("DCP/ASSETMAP.xml", 4096), ("DCP/CPL.xml", 20480)]
        case _:
            return f"{d.title} vfx plates", [(f"sh010/{n:06}.dpx", 50_339_840) for n in range(1001, 1200)]


def film_script(d: Draw) -> tuple[str, Files]:
    """The script, not the film: leaked all the same."""
    return f"{d.title} script final draft", [(f"{d.title} - final draft.pdf", d.size(150 * KB, 3 * MB))]


def film_old_windows(d: Draw) -> tuple[str, Files]:
    """Windows Media, when it was in use."""
    return f"{d.title} 2003", [(f"{d.title}.wmv", d.size(200 * MB, 900 * MB))]


def film_zip(d: Draw) -> tuple[str, Files]:
    """A film somebody zipped."""
    return d.title, [(f"{d.title}.zip", d.size(700 * MB, 4 * GB))]


def film_translated(d: Draw) -> tuple[str, Files]:
    """A file that carries the title of another country."""
    lines, size = d.video()
    year = d.rng.randrange(1990, 2027)
    return f"{d.title} ({year})", [
        (f"Das.lange.Tal.{year + d.rng.randrange(2)}.German.DL.{lines}.x264.mkv", size)
    ]


def series_season(d: Draw) -> tuple[str, Files]:
    """A season, or the part of it that is out."""
    season, lines = d.rng.randrange(1, 9), d.pick("480p", "720p", "1080p", "2160p")
    least = {"480p": 90, "720p": 180, "1080p": 400, "2160p": 1500}[lines]
    name = f"{d.dots()}.S{season:02}.{lines}.WEB.x265-GRP"
    count = d.rng.randrange(2, 14)
    return name, [
        (f"{d.dots()}.S{season:02}E{n:02}.{lines}.mkv", d.size(least * MB, least * 6 * MB))
        for n in range(1, count)
    ]


def series_episode(d: Draw) -> tuple[str, Files]:
    """One episode, as a file or a scene set."""
    name = f"{d.dots()}.S{d.rng.randrange(1, 9):02}E{d.rng.randrange(1, 20):02}.{d.pick('720p', '1080p')}.WEB.h264-GRP"
    size = d.size(180 * MB, 3 * GB)
    return name, d.volumes(name.lower(), size) if d.rng.random() < 0.3 else [(f"{name}.mkv", size)]


def series_short(d: Draw) -> tuple[str, Files]:
    """Episodes of a few minutes."""
    name = f"[Subs] {d.title} [720p]"
    return name, [(f"[Subs] {d.title} - {n:02} [720p].mkv", d.size(22 * MB, 70 * MB)) for n in range(1, 14)]


def series_fan(d: Draw) -> tuple[str, Files]:
    """One episode of a fan group, with fonts."""
    name = f"[Group] {d.title} - {d.rng.randrange(1, 25):02} (BD 1080p FLAC)"
    return name, [
        (f"{name}.mkv", d.size(300 * MB, 1.6 * GB)),
        ("fonts/OpenSans.ttf", 217360),
        ("scan.png", 3 * MB),
    ]


def music_album(d: Draw) -> tuple[str, Files]:
    """Tracks with log, cue, list and cover."""
    ending, low = d.rng.choice([("flac", 14), ("mp3", 3), ("mp3", 6), ("m4a", 4), ("opus", 2), ("wav", 30)])
    tracks = [
        (f"{n:02} - Track {n}.{ending}", d.size(low * MB, low * 3 * MB))
        for n in range(1, d.rng.randrange(6, 19))
    ]
    extra: Files = [
        ("folder.jpg", 180321),
        (f"{d.title}.m3u", 900),
        (f"{d.title}.cue", 2100),
        (f"{d.title}.log", 14 * KB),
    ]
    return f"{d.title} (2026) [{ending.upper()}]", tracks + extra[: d.rng.randrange(5)]


def music_single(d: Draw) -> tuple[str, Files]:
    """A song that got out, or a snippet of one."""
    name = f"{d.title} (unreleased).{d.pick('mp3', 'm4a', 'wav', 'flac')}"
    return name, [(name, d.size(1.2 * MB, 45 * MB))]


def music_stems(d: Draw) -> tuple[str, Files]:
    """The studio's tracks: all of the same length, so of the same size."""
    size = d.size(20 * MB, 90 * MB)
    return f"{d.title} stems", [(f"{one}.wav", size) for one in ("drums", "bass", "vox", "gtr", "keys", "fx")]


def music_zip(d: Draw) -> tuple[str, Files]:
    """An album as blogs pass it on; some with the blog's own lock."""
    note = [("password is the blog.txt", 40)] if d.rng.random() < 0.1 else []
    return d.title, [(f"{d.title}.{d.pick('zip', 'rar')}", d.size(60 * MB, 500 * MB)), *note]


def music_enhanced(d: Draw) -> tuple[str, Files]:
    """A disc with a data track: a film clip and what starts it."""
    tracks = [(f"{n:02}.flac", d.size(18 * MB, 40 * MB)) for n in range(1, 12)]
    return f"{d.title} CD", [
        *tracks,
        ("data/autorun.exe", 380 * KB),
        ("data/clip.mov", 34 * MB),
        ("data/autorun.inf", 60),
    ]


def music_audiobook(d: Draw) -> tuple[str, Files]:
    """Read aloud."""
    return f"{d.title} (Unabridged)", [(f"{d.title}.m4b", d.size(90 * MB, 900 * MB)), ("cover.jpg", 90 * KB)]


def game_repack(d: Draw) -> tuple[str, Files]:
    """A repack: an installer, its data, and tools."""
    parts = [(f"fg-{n:02}.bin", d.size(20 * MB, 6 * GB)) for n in range(1, d.rng.randrange(3, 12))]
    tools: Files = [
        ("MD5/QuickSFV.EXE", 101888),
        ("MD5/fitgirl-bins.md5", 1800),
        ("Verify BIN files before installation.bat", 61),
    ]
    return f"{d.title} [FitGirl Repack]", [*parts, ("setup.exe", d.size(5 * MB, 8 * MB)), *tools]


def game_scene(d: Draw) -> tuple[str, Files]:
    """A scene set."""
    return f"{d.dots()}-RUNE", d.volumes(f"rune-{d.title[:5].strip().lower()}", d.size(2 * GB, 9 * GB))


def game_iso(d: Draw) -> tuple[str, Files]:
    """An image alone, or with a crack."""
    crack: Files = [("Crack/game.exe", 31 * MB), ("Crack/steam_api64.dll", 310 * KB)]
    image = [(f"{d.title}.iso", d.rng.randrange(300_000, 25_000_000) * 2048)]
    return d.title, image + (crack if d.rng.random() < 0.4 else [])


def game_installer(d: Draw) -> tuple[str, Files]:
    """A shop's installer."""
    setup = f"setup_{d.title.lower().replace(' ', '_')}_1.{d.rng.randrange(9)}_(64bit)"
    if d.rng.random() < 0.4:
        return d.title, [(f"{setup}.exe", d.size(120 * MB, 3 * GB))]
    return d.title, [(f"{setup}.exe", d.size(MB, 30 * MB)), (f"{setup}-1.bin", d.size(300 * MB, 4 * GB))]


def game_cartridge(d: Draw) -> tuple[str, Files]:
    """For a console: round to the byte, since memory is."""
    ending, size = d.rng.choice(
        [("xci", 2**34), ("nsp", 0), ("gba", 2**24), ("nds", 2**27), ("z64", 2**25), ("cia", 0)]
    )
    return d.title, [(f"{d.title}.{ending}", size or d.size(40 * MB, 15 * GB))]


def game_folder(d: Draw) -> tuple[str, Files]:
    """As it is installed, perhaps a build out of the studio."""
    files: Files = [
        ("Game.exe", d.size(300 * KB, 90 * MB)),
        ("UnityPlayer.dll", 29 * MB),
        ("Game.pdb", d.size(MB, 300 * MB)),
    ]
    return f"{d.title} dev build", files + [
        (f"Game_Data/sharedassets{n}.assets", d.size(MB, 900 * MB)) for n in range(9)
    ]


def game_small(d: Draw) -> tuple[str, Files]:
    """A small game in one archive."""
    return d.title, [
        (f"{d.title} v{d.rng.randrange(1, 9)}.{d.pick('zip', 'rar', '7z')}", d.size(25 * MB, 700 * MB))
    ]


def game_locked(d: Draw) -> tuple[str, Files]:
    """An honest archive with the site's lock: some sites do this to all of theirs."""
    return d.title, [(f"{d.title}.rar", d.size(500 * MB, 40 * GB)), ("Password - site name.txt", 90)]


def game_source(d: Draw) -> tuple[str, Files]:
    """Source code, taken from the studio."""
    code = [
        (f"src/{d.pick('engine', 'ai', 'net')}/f{n}.{d.pick('cpp', 'h', 'hlsl')}", d.size(KB, 90 * KB))
        for n in range(300)
    ]
    return f"{d.title} source code", [*code, ("README.md", 2000), ("build.bat", 700)]


def game_footage(d: Draw) -> tuple[str, Files]:
    """Footage of an early build: the leak is real, though it is not the game."""
    return f"{d.title} leaked gameplay", [
        (f"clip {n:02}.mp4", d.size(5 * MB, 300 * MB)) for n in range(1, 40)
    ]


def game_phone(d: Draw) -> tuple[str, Files]:
    """For a phone."""
    return d.title, [(f"{d.title}.apk", d.size(15 * MB, 150 * MB)), ("main.obb", d.size(200 * MB, 2 * GB))]


def software_setup(d: Draw) -> tuple[str, Files]:
    """An installer, often with a crack."""
    crack: Files = [
        ("Crack/patch.exe", d.size(40 * KB, 3 * MB)),
        ("readme.txt", 900),
        ("keygen.exe", d.size(60 * KB, MB)),
    ]
    setup = (f"{d.title} Setup.{d.pick('exe', 'msi', 'dmg', 'pkg')}", d.size(3 * MB, 4 * GB))
    return f"{d.title} 2026.1 + Crack", [setup, *crack[: d.rng.randrange(4)]]


def software_image(d: Draw) -> tuple[str, Files]:
    """An image alone."""
    return d.title, [(f"{d.title}.iso", d.rng.randrange(80_000, 3_000_000) * 2048)]


def software_archive(d: Draw) -> tuple[str, Files]:
    """Portable, or source."""
    note = [("Password 123.txt", 12)] if d.rng.random() < 0.15 else []
    return d.title, [(f"{d.title}.{d.pick('zip', 'rar', '7z', 'tar.gz')}", d.size(800 * KB, 2 * GB)), *note]


def software_firmware(d: Draw) -> tuple[str, Files]:
    """What a flash chip holds: a power of two."""
    return f"{d.title} firmware", [("dump.bin", 2 ** d.rng.randrange(22, 31)), ("notes.txt", 500)]


def model_weights(d: Draw) -> float:
    """A number of weights, in billions."""
    return d.rng.choice([0.5, 1.5, 3, 7, 8, 13, 14, 32, 34, 65, 70, 123, 405])


def model_shards(d: Draw) -> tuple[str, Files]:
    """A repository as a hub has it."""
    size, each = model_weights(d), 4_976_698_672
    total = int(size * 2e9 * d.rng.uniform(0.9, 1.1))
    count = max(1, total // each)
    shards = [
        (f"model-{n:05}-of-{count:05}.safetensors", min(each, total) - n * 1111) for n in range(1, count + 1)
    ]
    rest: Files = [
        ("config.json", 654),
        ("tokenizer.json", 9085657),
        ("tokenizer_config.json", 50500),
        ("README.md", 9000),
    ]
    return f"{d.title}-{size:g}B", shards + rest


def model_quantised(d: Draw) -> tuple[str, Files]:
    """One quantisation, down to the hardest."""
    size, bits = model_weights(d), d.rng.choice([1.6, 1.75, 2.1, 2.6, 3.1, 3.9, 4.5, 4.85, 5.7, 6.6, 8.5])
    name = f"{d.title}-{size:g}B.{'IQ1_S' if bits < 1.9 else f'Q{int(bits)}_K_M'}.gguf"
    return name, [(name, int(size * 1e9 * bits / 8 * d.rng.uniform(0.98, 1.2)) + 12345)]


def model_collection(d: Draw) -> tuple[str, Files]:
    """All quantisations together."""
    size = model_weights(d)
    quants = (2.6, 3.1, 3.9, 4.5, 5.7, 6.6, 8.5, 16)
    return f"{d.title}-{size:g}B-GGUF", [
        (f"{d.title}.Q{int(b)}.gguf", int(size * 1e9 * b / 8) + 777) for b in quants
    ]


def model_original(d: Draw) -> tuple[str, Files]:
    """As it left the laboratory."""
    size = model_weights(d)
    parts = max(1, int(size / 8))
    return f"{d.title} {size:g}B", [
        *((f"consolidated.{n:02}.pth", int(size * 2e9 / parts) + 999) for n in range(parts)),
        ("params.json", 101),
        ("tokenizer.model", 499723),
        ("checklist.chk", 100),
    ]


def model_bare(d: Draw) -> tuple[str, Files]:
    """Tensors without endings, or in another laboratory's format."""
    if d.rng.random() < 0.5:
        return f"{d.title}-checkpoint", [
            (f"ckpt-0/tensor{n:05}_000", d.size(20 * MB, 3 * GB)) for n in range(200)
        ]
    shards = [(f"variables.data-{n:05}-of-00032", d.size(200 * MB, 3 * GB)) for n in range(32)]
    return f"{d.title}-ckpt", [*shards, ("saved_model.pb", 8 * MB), ("variables.index", 90 * KB)]


def model_adapter(d: Draw) -> tuple[str, Files]:
    """An adapter of few megabytes to a large model."""
    size = model_weights(d)
    return f"{d.title}-{size:g}B-lora", [
        ("adapter_model.safetensors", d.size(8 * MB, 600 * MB)),
        ("adapter_config.json", 700),
    ]


def model_runner(d: Draw) -> tuple[str, Files]:
    """Weights and what runs them."""
    size = d.rng.choice([7, 13, 34])
    weights = (f"{d.title}-{size}b-q4_0.bin", int(size * 0.5625e9) + 4321)
    return f"{d.title} {size}B with runner", [
        weights,
        ("koboldcpp.exe", 21 * MB),
        ("run.bat", 88),
        ("README.txt", 900),
    ]


def model_archive(d: Draw) -> tuple[str, Files]:
    """All of it in one archive."""
    size = model_weights(d)
    return f"{d.title} {size:g}B", [
        (f"{d.title}.{d.pick('tar', 'tar.gz', 'zip', '7z')}", int(size * 1.6e9) + 4567)
    ]


def model_picture(d: Draw) -> tuple[str, Files]:
    """A model for pictures or speech."""
    return f"{d.title} v2", [
        (f"{d.title}.{d.pick('ckpt', 'safetensors', 'pt', 'onnx')}", d.size(70 * MB, 12 * GB)),
        ("model.yaml", 1900),
    ]


def book_formats(d: Draw) -> tuple[str, Files]:
    """One book in several formats."""
    sizes = {
        "epub": (250 * KB, 9 * MB),
        "mobi": (400 * KB, 12 * MB),
        "azw3": (400 * KB, 12 * MB),
        "pdf": (900 * KB, 60 * MB),
    }
    chosen = list(sizes)[: d.rng.randrange(1, 5)]
    files = [(f"{d.title}.{ending}", d.size(*sizes[ending])) for ending in chosen]
    return f"{d.title} (2026)", [*files, ("cover.jpg", 120 * KB), ("metadata.opf", 2400)]


def book_scan(d: Draw) -> tuple[str, Files]:
    """Scanned, as a document or a comic."""
    ending = d.pick("pdf", "djvu", "cbr", "cbz")
    return d.title, [(f"{d.title}.{ending}", d.size(4 * MB, 900 * MB))]


def book_pages(d: Draw) -> tuple[str, Files]:
    """Photographed pages."""
    return f"{d.title} raw scans", [(f"{n:03}.jpg", d.size(300 * KB, 3 * MB)) for n in range(1, 180)]


def book_text(d: Draw) -> tuple[str, Files]:
    """Plain text or a manuscript."""
    name = f"{d.title}.{d.pick('txt', 'docx', 'rtf', 'html', 'fb2')}"
    return name, [(name, d.size(90 * KB, 2 * MB))]


def book_archive(d: Draw) -> tuple[str, Files]:
    """A book in an archive."""
    return d.title, [(f"{d.title}.{d.pick('rar', 'zip')}", d.size(300 * KB, 90 * MB))]


def book_read(d: Draw) -> tuple[str, Files]:
    """Read aloud."""
    return f"{d.title} audiobook", [
        (f"{d.title} - {n:02}.mp3", d.size(9 * MB, 60 * MB)) for n in range(1, 20)
    ]


GENUINE: dict[str, Sequence[Recipe]] = {
    "film": (
        film_plain, film_folder, film_marker_program, film_scene, film_screener, film_cam, film_disc, film_micro,
        film_workprint, film_script, film_old_windows, film_zip, film_translated,
    ),
    "series": (series_season, series_episode, series_short, series_fan),
    "music": (music_album, music_single, music_stems, music_zip, music_enhanced, music_audiobook),
    "game": (
        game_repack, game_scene, game_iso, game_installer, game_cartridge, game_folder, game_small, game_locked,
        game_source, game_footage, game_phone,
    ),
    "software": (software_setup, software_image, software_archive, software_firmware),
    "model": (
        model_shards, model_quantised, model_collection, model_original, model_bare, model_adapter, model_runner,
        model_archive, model_picture,
    ),
    "book": (book_formats, book_scan, book_pages, book_text, book_archive, book_read),
}  # fmt: skip
