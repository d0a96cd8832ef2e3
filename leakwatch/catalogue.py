"""Catalogue files as text: asset lines, prints of `asset fingerprint`, output of sha256sum. Pure.

A catalogue line is `{"id","title","aliases":[],"year","kind","files":[{"path","size_bytes","sha256",...}]}`; all but
id and title may be left out. Lines of prints or of sha256sum carry no title: they become the files of one asset.
"""

from __future__ import annotations

import base64
import difflib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from leakwatch.errors import HeaderError, InfohashError, InputError
from leakwatch.headers.stored import from_text
from leakwatch.model.allow import Allow, allow_from_json, allow_json
from leakwatch.model.asset import (
    MAX_PRIOR_BITS,
    PIECE_DIGEST_BYTES,
    RELEASE_WINDOW_DAYS,
    Asset,
    AssetFile,
    AssetId,
    PieceTable,
    QueryMode,
    Stage,
)
from leakwatch.pieces import LENGTHS
from leakwatch.torrent.infohash import parse_v1, parse_v2

_SUM = re.compile(r"\\?([0-9a-fA-F]{64}) [ *](.+)\Z")
_ID = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]{1,200}\Z")
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_MAX_NUMBER = 2**63
_MAX_NAME = 1000
"""Characters of a name; as many are read of a title that is matched."""
_MAX_ALIASES = 10_000
_MAX_FILES = 1_000_000
_MAX_PATH = 4096
_MAX_WINDOW_DAYS = 366
_KEYS = frozenset(
    [
        "id",
        "title",
        "aliases",
        "year",
        "kind",
        "owner",
        "codename",
        "embargoed",
        "critical",
        "swarm_lookup",
        "infohashes",
        "prior_bits",
        "release_at",
        "release_window_days",
        "query_mode",
        "allow",
        "stage",
        "embargo_until",
        "files",
    ]
)


EMBARGOED_AND_ASKED = (
    "an asset under embargo is feed-only: no site is asked for it; leave the query mode out"
    " (`leakwatch asset query-mode ID direct` asks you before it lets its names be sent)"
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file held: whole assets, or files that still want a title."""

    assets: tuple[Asset, ...] = ()
    files: tuple[AssetFile, ...] = ()


def parse_catalogue(text: str, file: str = "") -> Imported:
    """Read a catalogue, prints, or sha256sum output; which of them, every line says for itself.

    Raises: InputError with file, line and field; nothing is imported then.
    """
    assets: dict[str, tuple[int, Asset]] = {}
    files: dict[tuple[str, str | None], AssetFile] = {}
    for number, line in _lines(text):
        told = _line(line, file, number)
        if isinstance(told, AssetFile):
            key = told.path, told.variant
            if key in files and files[key] != told:
                raise InputError(f"the path {told.path!r} stands here twice", file=file, line=number)
            files[key] = told
        elif told.id in assets:
            raise InputError(
                f"the id {told.id!r} was used in line {assets[told.id][0]}",
                file=file,
                line=number,
                field="id",
            )
        else:
            assets[told.id] = (number, told)
    if assets and files:
        raise InputError("asset lines and file lines are mixed", file=file)
    return Imported(tuple(asset for _, asset in assets.values()), tuple(files.values()))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.strip():
            yield number, line.rstrip("\r")


def _line(line: str, file: str, number: int) -> Asset | AssetFile:
    if not line.lstrip().startswith("{"):
        found = _SUM.match(line)
        if not found:
            raise InputError("neither a JSON object nor a line of sha256sum", file=file, line=number)
        return AssetFile(path=found[2], sha256=bytes.fromhex(found[1]))
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"broken JSON: {error}", file=file, line=number) from error
    if _HALF_PAIR.search(line) and not is_text(json.dumps(told, ensure_ascii=False)):
        raise InputError("half a surrogate pair, which is no character", file=file, line=number)
    if "title" in told or "id" in told:
        return asset_from_json(told, file, number)
    return file_from_json(told, file, number)


def asset_from_json(told: Any, file: str = "", line: int = 0) -> Asset:
    """One asset from its catalogue line. Raises: InputError naming the field."""

    def wrong(field: str, expected: str) -> InputError:
        return InputError(
            f"expected {expected}, got {told.get(field)!r}"[:300], file=file, line=line, field=field
        )

    for key in told:
        close = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.75) if key not in _KEYS else []
        if close:  # other keys are somebody else's notes; one letter off is a mistake that must not pass
            raise InputError(f"unknown key; did you mean {close[0]!r}?", file=file, line=line, field=key)
    for field in ("embargoed", "critical", "swarm_lookup"):
        if told.get(field) is not None and not isinstance(told[field], bool):
            raise wrong(field, "true or false")
    for field in ("id", "title"):
        if not isinstance(told.get(field), str) or not told[field].strip():
            raise wrong(field, "text")
    if not _ID.match(told["id"]):
        raise wrong("id", "at most 200 characters without white space")
    aliases, infohashes = told.get("aliases") or [], told.get("infohashes") or []
    for field, value in (("aliases", aliases), ("infohashes", infohashes), ("files", told.get("files"))):
        most = _MAX_FILES if field == "files" else _MAX_ALIASES
        if isinstance(value, list) and len(value) > most:
            message = f"at most {most} are taken, here are {len(value)}"
            raise InputError(message, file=file, line=line, field=field)
    for field, value in (("aliases", aliases), ("infohashes", infohashes)):
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise wrong(field, "a list of texts")
    for field, name in (("title", told["title"]), *(("aliases", one) for one in aliases)):
        if len(name) > _MAX_NAME:
            message = f"a name of {len(name)} characters, where {_MAX_NAME} can be matched: {name[:40]!r}…"
            raise InputError(message, file=file, line=line, field=field)
    year = told.get("year")
    if year is not None and (not isinstance(year, int) or isinstance(year, bool) or not 0 < year < 10000):
        raise wrong("year", "a year")
    for field in ("kind", "owner", "codename"):
        if told.get(field) is not None and not isinstance(told[field], str):
            raise wrong(field, "text")
    for one in infohashes:
        _check_infohash(one, wrong)
    prior = told.get("prior_bits") or 0.0
    if not isinstance(prior, int | float) or isinstance(prior, bool) or not abs(prior) <= MAX_PRIOR_BITS:
        raise wrong("prior_bits", f"bits from -{MAX_PRIOR_BITS:.0f} to {MAX_PRIOR_BITS:.0f}")
    days = RELEASE_WINDOW_DAYS if told.get("release_window_days") is None else told["release_window_days"]
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= _MAX_WINDOW_DAYS:
        raise wrong("release_window_days", f"days from 1 to {_MAX_WINDOW_DAYS}")
    mode = told.get("query_mode")
    if mode is not None and mode not in list(QueryMode):
        raise wrong("query_mode", f"one of {', '.join(QueryMode)}")
    files = told.get("files") or []
    if not isinstance(files, list):
        raise wrong("files", "a list")
    read = tuple(file_from_json(one, file, line) for one in files)
    if len({(one.path, one.variant) for one in read}) != len(read):
        raise wrong("files", "every path once")
    asset = Asset(
        id=AssetId(told["id"]),
        title=told["title"].strip(),
        aliases=tuple(dict.fromkeys(one.strip() for one in aliases)),
        year=year,
        kind=told.get("kind"),
        owner=told.get("owner"),
        codename=told.get("codename"),
        embargoed=told.get("embargoed") is True,
        critical=told.get("critical") is True,
        swarm_lookup=told.get("swarm_lookup") is True,
        infohashes=tuple(infohashes),
        prior_bits=float(prior),
        release_at=_time(told.get("release_at"), "release_at", wrong),
        release_window_days=days,
        query_mode=QueryMode(mode) if mode else None,
        allow=_allow(told.get("allow"), file, line),
        stage=_stage(told.get("stage"), wrong),
        embargo_until=_time(told.get("embargo_until"), "embargo_until", wrong),
        files=read,
    )
    if asset.is_contradictory:
        raise InputError(EMBARGOED_AND_ASKED, file=file, line=line, field="query_mode")
    return asset


def _stage(told: Any, wrong: _Wrong) -> Stage | None:
    if told is not None and told not in list(Stage):
        raise wrong("stage", f"one of {', '.join(Stage)}")
    return None if told is None else Stage(told)


def _time(told: Any, field: str, wrong: _Wrong) -> datetime | None:
    """A date, which is midnight in UTC, or a time; one without a zone is in UTC, too."""
    if told is None:
        return None
    try:
        at = datetime.fromisoformat(told)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise wrong(field, "a date such as 2027-03-01, or a time") from error


def _allow(told: Any, file: str, line: int) -> tuple[Allow, ...]:
    told = [] if told is None else told
    if not isinstance(told, list):
        raise InputError("expected a list of entries", file=file, line=line, field="allow")
    found: dict[str, Allow] = {}
    for number, one in enumerate(told, 1):
        try:
            entry = allow_from_json(one)
        except ValueError as error:
            raise InputError(f"entry {number}: {error}", file=file, line=line, field="allow") from error
        if entry.name in found:
            raise InputError(f"{entry.name!r} stands here twice", file=file, line=line, field="allow")
        found[entry.name] = entry
    return tuple(found.values())


def is_text(text: str) -> bool:
    """Whether it can be written as UTF-8; a file's name with other bytes in it cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_infohash(text: str, wrong: Any) -> None:
    for parse, told in ((parse_v1, text), (parse_v2, text), (parse_v2, "1220" + text)):
        try:
            parse(told)
        except InfohashError:
            continue
        return
    raise wrong("infohashes", "40 hex, 32 base32 or 64 hex digits")


def asset_json(asset: Asset) -> dict[str, Any]:
    """An asset as a catalogue line; what is empty is left out."""
    told: dict[str, Any] = {"id": asset.id, "title": asset.title, "aliases": list(asset.aliases)}
    told |= {"year": asset.year, "kind": asset.kind, "owner": asset.owner, "codename": asset.codename}
    told |= {"embargoed": asset.embargoed, "critical": asset.critical, "swarm_lookup": asset.swarm_lookup}
    told |= {"query_mode": asset.query_mode.value if asset.query_mode else None}
    told |= {"prior_bits": asset.prior_bits, "allow": [allow_json(one) for one in asset.allow]}
    days = asset.release_window_days
    told |= {"release_at": asset.release_at.isoformat() if asset.release_at else None}
    told |= {"stage": asset.stage.value if asset.stage else None}
    told |= {"embargo_until": asset.embargo_until.isoformat() if asset.embargo_until else None}
    told |= {"release_window_days": days if days != RELEASE_WINDOW_DAYS else None}
    told |= {"infohashes": list(asset.infohashes), "files": [file_json(one) for one in asset.files]}
    return {name: value for name, value in told.items() if value not in (None, False, [], 0.0)}


def with_files(asset: Asset, files: tuple[AssetFile, ...]) -> Asset:
    """The asset with these files added; one of the same path and recipient is replaced."""
    kept = {(one.path, one.variant): one for one in (*asset.files, *files)}
    return replace(asset, files=tuple(kept.values()))


def file_json(file: AssetFile) -> dict[str, Any]:
    """One file's prints as JSON: digests in lower-case hex, tables in base64, what is absent left out."""
    told: dict[str, Any] = {"path": file.path, "size_bytes": file.size_bytes}
    for name in _DIGESTS:
        digest = getattr(file, name)
        if digest:
            told[name] = digest.hex()
    told |= {"local_path": file.local_path, "mtime_ns": file.mtime_ns}
    told |= {"header": file.header, "variant": file.variant, "differs": [list(one) for one in file.differs]}
    told["tables"] = [
        {"piece_length": one.piece_length, "first": one.first, "sha1": base64.b64encode(one.digests).decode()}
        for one in file.tables
    ]
    return {name: value for name, value in told.items() if value not in (None, [])}


_DIGESTS = {"sha256": 32, "sha1": 20, "md5": 16, "git_blob": 20, "ed2k": 16, "pieces_root": 32}
_TEXTS = ("local_path", "variant")


def file_from_json(told: Any, file: str = "", line: int = 0) -> AssetFile:
    """One file from its JSON. Raises: InputError naming the field."""

    def wrong(field: str, expected: str) -> InputError:
        return InputError(expected, file=file, line=line, field=field)

    if not isinstance(told, dict) or not isinstance(told.get("path"), str) or not told["path"]:
        raise InputError("a file needs a path", file=file, line=line)
    if len(told["path"]) > _MAX_PATH:
        message = f"a path of {len(told['path'])} characters, where {_MAX_PATH} are taken"
        raise wrong("path", message)
    values: dict[str, Any] = {"path": told["path"]}
    size = told.get("size_bytes")
    if size is not None and not _is_number(size):
        raise wrong("size_bytes", "not a number of bytes")
    for name, length in _DIGESTS.items():
        digest = told.get(name)
        if digest is None:
            continue
        try:
            values[name] = bytes.fromhex(digest)
        except (ValueError, TypeError) as error:
            raise wrong(name, "not hex") from error
        if len(values[name]) != length and not (name == "ed2k" and len(values[name]) == 2 * length):
            raise wrong(name, f"expected {2 * length} hex digits")
    values |= {name: told[name] for name in _TEXTS if isinstance(told.get(name), str)}
    if isinstance(told.get("mtime_ns"), int) and abs(told["mtime_ns"]) < _MAX_NUMBER:
        values["mtime_ns"] = told["mtime_ns"]
    values |= {"header": _header(told.get("header"), wrong), "differs": _differs(told.get("differs"), wrong)}
    return AssetFile(size_bytes=size, tables=_tables(told.get("tables"), wrong), **values)


_Wrong = Callable[[str, str], InputError]


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_NUMBER


def _header(told: Any, wrong: _Wrong) -> str | None:
    """A header print, kept as the text that it is; what is no such print is the importer's mistake."""
    if told is None:
        return None
    if not isinstance(told, str):
        raise wrong("header", "not a header print")
    try:
        from_text(told)
    except HeaderError as error:
        raise wrong("header", error.message) from error
    return told


def _differs(told: Any, wrong: _Wrong) -> tuple[tuple[int, int], ...]:
    pairs = told or []
    if not isinstance(pairs, list) or not all(
        isinstance(one, list) and len(one) == 2 and all(map(_is_number, one)) and one[0] < one[1]
        for one in pairs
    ):
        raise wrong("differs", "expected pairs of bytes, from and to")
    return tuple((one[0], one[1]) for one in pairs)


def _tables(told: Any, wrong: _Wrong) -> tuple[PieceTable, ...]:
    """Piece tables. Their lengths are powers of two from 16 KiB to 64 MiB, their digests whole ones."""
    if not isinstance(told or [], list):
        raise wrong("tables", "expected a list")
    found: list[PieceTable] = []
    for one in told or []:
        if (
            not isinstance(one, dict)
            or one.get("piece_length") not in LENGTHS
            or not _is_number(one.get("first"))
        ):
            raise wrong("tables", "expected piece_length, first and sha1")
        try:
            digests = base64.b64decode(one.get("sha1", ""), validate=True)
        except (ValueError, TypeError) as error:
            raise wrong("tables", "sha1 is not base64") from error
        if len(digests) % PIECE_DIGEST_BYTES:
            raise wrong("tables", "sha1 is not a row of 20-byte digests")
        found.append(PieceTable(one["piece_length"], one["first"], digests))
    return tuple(found)
