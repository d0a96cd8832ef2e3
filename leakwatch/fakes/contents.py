"""Signals from what the files are: programs, disguises, locked archives, lures, files that cannot be the work."""

from __future__ import annotations

from collections.abc import Iterator

from leakwatch.extract.names import fold, parse_name, readings, tokens
from leakwatch.fakes.claimed import Claimed
from leakwatch.fakes.endings import PROGRAMS
from leakwatch.fakes.listing import SIDE, Listing
from leakwatch.fakes.tables import UNKNOWN, FakeTables, KindTable
from leakwatch.fakes.values import FakeKind, FakeSignal
from leakwatch.model.asset import Asset

_ARCHIVES = frozenset({"archive"})
_FILLERS = frozenset({"binary", UNKNOWN})
_LINKS = frozenset({"link", "web", "note"})
_MAX_STEMS_LOCKED = 2
_MAX_ALIASES = 200
_WORD = 3
"""Letters from which a word of a name tells something."""


def content_signals(
    files: Listing, kind: KindTable | None, claimed: Claimed, tables: FakeTables
) -> Iterator[FakeSignal]:
    """What can be said from endings and notes. Without a known kind only what holds for every kind."""
    bits = tables.bits
    if files.counts["trap"]:
        detail = f"{files.counts['trap']} links, screensavers or the like, which no release holds"
        yield FakeSignal(FakeKind.TRAP, detail, bits["trap"])
    if files.disguise:
        weight = bits["disguise_software" if _is_program_of(kind, files) else "disguise"]
        yield FakeSignal(FakeKind.DISGUISE, files.disguise, weight)
    found = _programs(files, kind, tables) or (_unfit(files, kind, tables) if kind else None)
    yield from (
        one for one in (found, _locked(files, kind, tables), _lure(files, kind, claimed, tables)) if one
    )


def _is_program_of(kind: KindTable | None, files: Listing) -> bool:
    """With software an archive that unpacks itself is common; a hidden ending is not."""
    return bool(kind and kind.is_software and "hide" not in files.disguise)


def _programs(files: Listing, kind: KindTable | None, tables: FakeTables) -> FakeSignal | None:
    """Programs, where the work is none. A small disc image alone is the wrapping of one."""
    bits, programs = tables.bits, sum(files.counts[one] for one in PROGRAMS)
    if kind is None or "executable" in kind.expected:
        return None
    if not programs:
        alone = files.other_total and files.sizes["disc"] >= tables.limits["dominant"] * files.total
        small = files.total < tables.limits["carrier"] and "disc" not in kind.expected
        detail = "a disc image too small to hold the work"
        return FakeSignal(FakeKind.EXECUTABLE, detail, bits["small_carrier"]) if alone and small else None
    count = f"{programs} program{'s' if programs > 1 else ''}"
    size = sum(files.sizes[one] for one in PROGRAMS)
    works = kind.expected | (kind.possible if kind.with_programs else frozenset[str]()) - {UNKNOWN, "archive"}
    if (files.fits or files.count(works)) and 10 * files.bytes_of(works) >= size:
        if kind.with_programs:
            return None
        name = "executable_beside" if "video" in kind.expected else "executable_extra"
        return FakeSignal(FakeKind.EXECUTABLE, f"{count} beside the files", bits[name])
    if files.count((kind.possible | _ARCHIVES) - _FILLERS):
        if kind.with_programs:
            return None
        return FakeSignal(FakeKind.EXECUTABLE, f"{count} beside archives", bits["executable_archive"])
    return FakeSignal(
        FakeKind.EXECUTABLE, f"{count} and nothing that could be the work", bits["executable_only"]
    )


def _unfit(files: Listing, kind: KindTable, tables: FakeTables) -> FakeSignal | None:
    """No file of a type that this kind of work has."""
    could_be = (kind.expected | kind.possible) - {UNKNOWN}
    unknown = UNKNOWN in kind.possible and files.sizes[UNKNOWN] * 10 >= files.other_total > 0
    is_found = 2 * files.other_total <= files.total and files.fits
    if is_found or files.count(could_be) or unknown or not files.counts:
        return None
    present = {one for one, count in files.counts.items() if count}
    if present <= _LINKS and _is_tiny(files, tables):
        return FakeSignal(FakeKind.CONTENT, "nothing but notes and links", tables.bits["links_only"])
    main = present - SIDE - {UNKNOWN}
    name = "odd" if main <= kind.odd else "unfit"
    detail = f"only files of types that are no {kind.name}: {', '.join(sorted(main or present)[:4])}"
    return FakeSignal(FakeKind.CONTENT, detail, tables.bits[name])


def _is_tiny(files: Listing, tables: FakeTables) -> bool:
    """Few files and few bytes: a manual in a thousand pages is none of these."""
    limits = tables.limits
    return files.total < limits["tiny_file"] and files.counts.total() <= limits["few_files"]


def _locked(files: Listing, kind: KindTable | None, tables: FakeTables) -> FakeSignal | None:
    """One archive and a note that says how to come by its password."""
    if files.sizes["archive"] < tables.limits["dominant"] * files.total or not files.sizes["archive"]:
        return None
    if len(files.archive_stems) > _MAX_STEMS_LOCKED:
        return None
    is_archived = kind is not None and "archive" in kind.expected
    if files.notes["password"]:
        weight = tables.bits["locked_software" if is_archived else "locked"]
        return FakeSignal(FakeKind.LOCKED, "an archive, and a note about a password", weight)
    if files.notes["howto"]:
        weight = tables.bits["locked_software" if is_archived else "locked_howto"]
        return FakeSignal(FakeKind.LOCKED, "an archive, and a note on how to open it", weight)
    if kind and not is_archived and "video" in kind.expected and files.volumes < 2:
        return FakeSignal(FakeKind.LOCKED, "all in one archive", tables.bits["archive_alone"])
    return None


def _lure(files: Listing, kind: KindTable | None, claimed: Claimed, tables: FakeTables) -> FakeSignal | None:
    """Video that makes its viewer fetch something first."""
    is_windows = files.sizes["windows_media"] * 2 >= files.total > 0
    if kind is not None and "video" not in kind.expected:
        return None
    if files.notes["codec"]:
        name = "codec_lure" if is_windows else "codec_note"
        return FakeSignal(FakeKind.LURE, "a codec, player or licence to fetch first", tables.bits[name])
    if not is_windows:
        return None
    if claimed.is_modern:
        detail = "Windows Media under a name that promises another format"
        return FakeSignal(FakeKind.LURE, detail, tables.bits["windows_media_modern"])
    return FakeSignal(FakeKind.LURE, "Windows Media, which can open pages", tables.bits["windows_media"])


def other_work(
    files: Listing, name: str, kind: KindTable | None, asset: Asset, tables: FakeTables
) -> FakeSignal | None:
    """The main video reads as the release of something else: no word in common with the asset or the torrent."""
    if kind is None or "archive" in kind.expected or "video" not in kind.expected:
        return None
    if files.biggest_class != "video" or files.biggest * 2 < files.total:
        return None
    inside = parse_name(fold(files.biggest_name))
    words = {one for one in inside.title if one.isascii() and one.isalpha() and len(one) >= _WORD}
    if len(words) < 2 or inside.end == len(inside.tokens):
        return None
    outside = parse_name(fold(name))
    names = (" ".join(outside.title), *asset.names[:_MAX_ALIASES])
    own = {word for one in names for text in readings(one) for word in tokens(text)}
    joined = "".join(inside.tokens)
    if words & own or any(len(word) > _WORD and word in joined for word in own):
        return None
    year = outside.year or asset.year
    is_far = inside.year and year and abs(inside.year - year) > 1
    if is_far:
        detail = "the main file reads as another work of another year"
        return FakeSignal(FakeKind.OTHER_WORK, detail, tables.bits["other_year"])
    return FakeSignal(FakeKind.OTHER_WORK, "the main file reads as another work", tables.bits["other_work"])
