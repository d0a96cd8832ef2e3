"""Dates as sites write them: by a layout of .NET or Go, or in words ("2 hours ago", "Yesterday 12:30").

Now is when the page was fetched. A text without a zone is UTC, one without a year is of the last twelve months. What
cannot be read, and what lies before 1990, is no date: a wrong one is worse than none.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from leakwatch.sources._ago import MAX_CHARS, at_clock, believed, hour_of, relative, since, zone_of
from leakwatch.sources._fields import when

_MONTHS: tuple[str, ...] = tuple("jan feb mar apr may jun jul aug sep oct nov dec".split())
_DAYS: tuple[str, ...] = tuple("mon tue wed thu fri sat sun".split())
_NUMBER = r"\d{1,2}"
_MONTH = r"[A-Za-z]{3,9}"
_NET = re.compile(
    r"""'([^']*)'|"([^"]*)"|\\(.)|(d{1,4}|M{1,4}|y{1,5}|[Hh]{1,2}|m{1,2}|s{1,2}|f{1,7}|F{1,7}|t{1,2}|z{1,3}|K)"""
)
_GO = re.compile(
    r"(2006|January|Jan|Monday|Mon|MST|-07:00|-0700|-07|Z07:00|\.0+|01|02|03|04|05|06|15|_2|PM|pm|1|2|3|4|5)"
)
_GO_PARTS = {
    "2006": "year", "06": "year2", "January": "month_name", "Jan": "month_name", "01": "month", "1": "month",
    "02": "day", "2": "day", "_2": "day", "15": "hour", "03": "hour", "3": "hour", "04": "minute", "4": "minute",
    "05": "second", "5": "second", "PM": "half", "pm": "half", "Monday": "word", "Mon": "word", "MST": "zone_name",
    "-07:00": "zone", "-0700": "zone", "-07": "zone", "Z07:00": "zone",
}  # fmt: skip
_PARTS = {
    "year": r"\d{4}", "year2": r"\d{2}", "month": _NUMBER, "day": _NUMBER, "hour": _NUMBER, "minute": _NUMBER,
    "second": _NUMBER, "month_name": _MONTH, "half": r"[AaPp]\.?[Mm]?\.?", "zone": r"[+-]\d{1,2}:?\d{0,2}|Z",
    "zone_name": r"[A-Za-z]{1,5}",
}  # fmt: skip
_LAYOUTS = (
    "yyyy-M-d H:mm:ss zzz", "yyyy-M-d H:mm:ss", "yyyy-M-d H:mm zzz", "yyyy-M-d H:mm", "yyyy-M-d",
    "yyyy/M/d H:mm:ss", "yyyy/M/d H:mm", "yyyy/M/d", "d.M.yyyy H:mm:ss", "d.M.yyyy H:mm", "d.M.yyyy",
    "M/d/yyyy h:mm:ss tt", "M/d/yyyy H:mm:ss", "M/d/yyyy H:mm", "M/d/yyyy", "d/M/yyyy H:mm:ss", "d/M/yyyy H:mm", "d/M/yyyy",
    "d-M-yyyy H:mm:ss", "d-M-yyyy H:mm", "d-M-yyyy", "d-MMM-yy H:mm", "d-MMM-yyyy H:mm", "d-MMM-yy", "d-MMM-yyyy",
    "d MMM yyyy H:mm:ss", "d MMM yyyy H:mm", "d MMM yyyy", "d MMM yy", "MMM d yyyy H:mm:ss", "MMM d yyyy H:mm",
    "MMM d yyyy h:mm tt", "MMM d yyyy", "M-d yyyy", "M-d H:mm", "d MMM H:mm", "MMM d H:mm", "d MMM", "MMM d",
)  # fmt: skip
_SPANNED = re.compile(r"(?:\d{1,6}(?:\.\d{1,6})?|an?\b)\s*[a-z]")
_WEEKDAY = re.compile(r"(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b", re.IGNORECASE)


def by_layout(text: str, layout: str, now: datetime) -> datetime | None:
    """The time that a text tells in a layout of .NET ("yyyy-MM-dd HH:mm zzz") or Go ("2006-01-02 15:04 -0700")."""
    found = _pattern(layout[:MAX_CHARS]).fullmatch(" ".join(text[:MAX_CHARS].split()))
    if not found:
        return None
    told = {name: value for name, value in found.groupdict().items() if value}
    try:
        return believed(_assembled(told, now), now)
    except (ValueError, OverflowError):
        return None


def in_words(text: str, now: datetime) -> datetime | None:
    """The time that a text tells in whatever words, or None."""
    told = " ".join(text[:MAX_CHARS].replace("\u00a0", " ").split()).strip(" ,.")
    try:
        return believed(_in_words(told, now), now)
    except (ValueError, OverflowError):
        return None


def _in_words(told: str, now: datetime) -> datetime | None:
    lower = told.lower()
    if re.fullmatch(r"\d{9,10}|\d{12,13}", told):
        return datetime.fromtimestamp(int(told) / (1000 if len(told) > 10 else 1), UTC)
    spanned = relative(told, now)
    if spanned is None and ("ago" in lower or _SPANNED.match(lower)):
        spanned = since(lower, now)
    if spanned:
        return spanned
    for layout in _LAYOUTS:
        found = by_layout(re.sub(r"(?<=\d)(?:st|nd|rd|th)\b|[,.](?=\s)|\bat\b", "", told), layout, now)
        if found:
            return found
    weekday = _WEEKDAY.match(lower)
    if weekday and ("," not in told or not re.search(r"\d{4}", told)):
        back = (now.weekday() - _DAYS.index(weekday[1][:3])) % 7
        return at_clock(now, told, -back)
    return when(told)


def _assembled(told: dict[str, str], now: datetime) -> datetime:
    zone = zone_of(told["zone"]) if "zone" in told else UTC
    here = now.astimezone(zone)
    month = _MONTHS.index(told["month_name"][:3].lower()) + 1 if "month_name" in told else 0
    month = month or int(told.get("month", 0))
    is_clock_only = not month and "day" not in told
    year = int(told.get("year", 0)) or _full_year(told.get("year2"), here) or here.year
    made = datetime(
        year,
        here.month if is_clock_only else month or 1,
        here.day if is_clock_only else int(told.get("day", 1)),
        hour_of(int(told.get("hour", 0)), told.get("half")),
        int(told.get("minute", 0)),
        int(told.get("second", 0)),
        tzinfo=zone,
    )
    if "year" not in told and "year2" not in told and not is_clock_only and made > here + timedelta(days=2):
        made = made.replace(year=year - 1)
    return made


def _full_year(text: str | None, now: datetime) -> int:
    if text is None:
        return 0
    year = now.year // 100 * 100 + int(text)
    return year if year <= now.year + 1 else year - 100


@lru_cache(maxsize=500)
def _pattern(layout: str) -> re.Pattern[str]:
    """A layout as a pattern. Digits may be fewer than the layout has, unless two numbers touch."""
    is_go = bool(re.search(r"2006|Jan|15:04|_2", layout))
    pieces = _go_pieces(layout) if is_go else _net_pieces(layout)
    out: list[str] = []
    used: set[str] = set()
    for index, (part, text) in enumerate(pieces):
        if part in ("", "word"):
            out.append(r"\w+\.?" if part else re.sub(r"(\\ )+", r"\\s*", re.escape(text)))
        elif part == "fraction":
            out.append(r"\d{0,9}")
        elif part in used:
            out.append(f"(?:{_PARTS[part]})")
        else:
            used.add(part)
            touches = (
                index + 1 < len(pieces)
                and pieces[index + 1][0] in _PARTS
                and _PARTS[pieces[index + 1][0]][0] == "\\"
            )
            shape = r"\d{2}" if touches and len(text) == 2 and _PARTS[part] == _NUMBER else _PARTS[part]
            out.append(f"(?P<{part}>{shape})")
    return re.compile(r"\s*" + "".join(out) + r"\s*")


def _net_pieces(layout: str) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    position = 0
    for found in _NET.finditer(layout):
        if found.start() > position:
            pieces.append(("", layout[position : found.start()]))
        position = found.end()
        sign = found[4]
        pieces.append((_net_part(sign), sign) if sign else ("", found[1] or found[2] or found[3] or ""))
    return [*pieces, ("", layout[position:])] if position < len(layout) else pieces


def _net_part(sign: str) -> str:
    first, size = sign[0], len(sign)
    if first == "d":
        return "day" if size <= 2 else "word"
    if first == "M":
        return "month" if size <= 2 else "month_name"
    if first == "y":
        return "year2" if size <= 2 else "year"
    names = {"H": "hour", "h": "hour", "m": "minute", "s": "second", "t": "half", "z": "zone", "K": "zone"}
    return names.get(first, "fraction")


def _go_pieces(layout: str) -> list[tuple[str, str]]:
    return [
        (_GO_PARTS.get(text, "fraction" if text.startswith(".0") else "") if index % 2 else "", text)
        for index, text in enumerate(_GO.split(layout))
        if text
    ]
