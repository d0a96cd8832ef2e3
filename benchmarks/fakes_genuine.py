"""Genuine films, series, music and books for `benchmarks/fakes.py`, made: what groups and leakers really lay out."""

from __future__ import annotations

from collections.abc import Sequence

from fakes_draw import GB, KB, MB, Draw, Files, Recipe


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


GENUINE_MEDIA: dict[str, Sequence[Recipe]] = {
    "film": (
        film_plain, film_folder, film_marker_program, film_scene, film_screener, film_cam, film_disc, film_micro,
        film_workprint, film_script, film_old_windows, film_zip, film_translated,
    ),
    "series": (series_season, series_episode, series_short, series_fan),
    "music": (music_album, music_single, music_stems, music_zip, music_enhanced, music_audiobook),
    "book": (book_formats, book_scan, book_pages, book_text, book_archive, book_read),
}  # fmt: skip
