"""One asset as a catalogue line, read and written. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from leakwatch.catalogue.files import Wrong, file_from_json, file_json
from leakwatch.errors import InfohashError, InputError
from leakwatch.model.allow import Allow, allow_from_json, allow_json
from leakwatch.model.asset import (
    MAX_PRIOR_BITS,
    RELEASE_WINDOW_DAYS,
    Asset,
    AssetFile,
    AssetId,
    QueryMode,
    Stage,
)
from leakwatch.torrent.infohash import parse_v1, parse_v2

_ID = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]{1,200}\Z")
_MAX_NAME = 1000
"""Characters of a name; as many are read of a title that is matched."""
_MAX_ALIASES = 10_000
_MAX_FILES = 1_000_000
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


def asset_from_json(told: Any, file: str = "", line: int = 0) -> Asset:
    """One asset from its catalogue line. Raises: InputError naming the field."""

    def wrong(field: str, expected: str) -> InputError:
        return InputError(
            f"expected {expected}, got {told.get(field)!r}"[:300], file=file, line=line, field=field
        )

    def refused(field: str, message: str) -> InputError:
        return InputError(message, file=file, line=line, field=field)

    _check_keys(told, refused)
    _check_names(told, wrong, refused)
    files = told.get("files") or []
    if not isinstance(files, list):
        raise wrong("files", "a list")
    read = tuple(file_from_json(one, file, line) for one in files)
    if len({(one.path, one.variant) for one in read}) != len(read):
        raise wrong("files", "every path once")
    mode = told.get("query_mode")
    if mode is not None and mode not in list(QueryMode):
        raise wrong("query_mode", f"one of {', '.join(QueryMode)}")
    asset = Asset(
        id=AssetId(told["id"]),
        title=told["title"].strip(),
        aliases=tuple(dict.fromkeys(one.strip() for one in told.get("aliases") or [])),
        year=_year(told.get("year"), wrong),
        kind=told.get("kind"),
        owner=told.get("owner"),
        codename=told.get("codename"),
        embargoed=told.get("embargoed") is True,
        critical=told.get("critical") is True,
        swarm_lookup=told.get("swarm_lookup") is True,
        infohashes=tuple(told.get("infohashes") or []),
        prior_bits=_prior(told.get("prior_bits") or 0.0, wrong),
        release_at=_time(told.get("release_at"), "release_at", wrong),
        release_window_days=_days(told.get("release_window_days"), wrong),
        query_mode=QueryMode(mode) if mode else None,
        allow=_allow(told.get("allow"), refused),
        stage=_stage(told.get("stage"), wrong),
        embargo_until=_time(told.get("embargo_until"), "embargo_until", wrong),
        files=read,
    )
    if asset.is_contradictory:
        raise refused("query_mode", EMBARGOED_AND_ASKED)
    return asset


def _check_keys(told: Mapping[str, Any], refused: Wrong) -> None:
    """Other keys are somebody else's notes; one letter off is a mistake that must not pass."""
    for key in told:
        close = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.75) if key not in _KEYS else []
        if close:
            raise refused(key, f"unknown key; did you mean {close[0]!r}?")


def _check_names(told: Mapping[str, Any], wrong: Wrong, refused: Wrong) -> None:
    """Flags, texts and lists are of their kind, and of a length that can be matched."""
    for field in ("embargoed", "critical", "swarm_lookup"):
        if told.get(field) is not None and not isinstance(told[field], bool):
            raise wrong(field, "true or false")
    for field in ("id", "title"):
        if not isinstance(told.get(field), str) or not told[field].strip():
            raise wrong(field, "text")
    if not _ID.match(told["id"]):
        raise wrong("id", "at most 200 characters without white space")
    for field, most in (("aliases", _MAX_ALIASES), ("infohashes", _MAX_ALIASES), ("files", _MAX_FILES)):
        value = told.get(field)
        if isinstance(value, list) and len(value) > most:
            raise refused(field, f"at most {most} are taken, here are {len(value)}")
    aliases, infohashes = told.get("aliases") or [], told.get("infohashes") or []
    for field, value in (("aliases", aliases), ("infohashes", infohashes)):
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise wrong(field, "a list of texts")
    for field, name in (("title", told["title"]), *(("aliases", one) for one in aliases)):
        if len(name) > _MAX_NAME:
            raise refused(
                field, f"a name of {len(name)} characters, where {_MAX_NAME} can be matched: {name[:40]!r}…"
            )
    for field in ("kind", "owner", "codename"):
        if told.get(field) is not None and not isinstance(told[field], str):
            raise wrong(field, "text")
    for one in infohashes:
        _check_infohash(one, wrong)


def _year(told: Any, wrong: Wrong) -> int | None:
    if told is not None and (not isinstance(told, int) or isinstance(told, bool) or not 0 < told < 10000):
        raise wrong("year", "a year")
    return told


def _prior(told: Any, wrong: Wrong) -> float:
    if not isinstance(told, int | float) or isinstance(told, bool) or not abs(told) <= MAX_PRIOR_BITS:
        raise wrong("prior_bits", f"bits from -{MAX_PRIOR_BITS:.0f} to {MAX_PRIOR_BITS:.0f}")
    return float(told)


def _days(told: Any, wrong: Wrong) -> int:
    days = RELEASE_WINDOW_DAYS if told is None else told
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= _MAX_WINDOW_DAYS:
        raise wrong("release_window_days", f"days from 1 to {_MAX_WINDOW_DAYS}")
    return days


def _stage(told: Any, wrong: Wrong) -> Stage | None:
    if told is not None and told not in list(Stage):
        raise wrong("stage", f"one of {', '.join(Stage)}")
    return None if told is None else Stage(told)


def _time(told: Any, field: str, wrong: Wrong) -> datetime | None:
    """A date, which is midnight in UTC, or a time; one without a zone is in UTC, too."""
    if told is None:
        return None
    try:
        at = datetime.fromisoformat(told)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise wrong(field, "a date such as 2027-03-01, or a time") from error


def _allow(told: Any, refused: Wrong) -> tuple[Allow, ...]:
    told = [] if told is None else told
    if not isinstance(told, list):
        raise refused("allow", "expected a list of entries")
    found: dict[str, Allow] = {}
    for number, one in enumerate(told, 1):
        try:
            entry = allow_from_json(one)
        except ValueError as error:
            raise refused("allow", f"entry {number}: {error}") from error
        if entry.name in found:
            raise refused("allow", f"{entry.name!r} stands here twice")
        found[entry.name] = entry
    return tuple(found.values())


def _check_infohash(text: str, wrong: Wrong) -> None:
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
