"""Times as pages tell them relative to now: "5 minutes ago", "gestern 12:30", "il y a 2 heures", "5 分钟前".

Now is when the page was fetched, and a day without a zone is one of UTC. A time is as exact as the words are. `relative`
reads a text that says nothing else, in the languages of `_ago_languages`; `since` finds spans of English anywhere in a text.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from leakwatch.sources._ago_languages import LANGUAGES, Language

MAX_CHARS = 200
OLDEST = 1990
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800, "mon": 2592000, "y": 31536000}
_AND = r"(?:,|and|und|y|et|e|и|&)"
_AT = r"(?:,|at|um|a las|à|alle|às|в|@|-)"
_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)?(?: uhr)?(?:\s*([+-]\d{2}:?\d{2}|utc|gmt))?"
_CLOCKS = re.compile(_CLOCK, re.IGNORECASE)
_NUMBER = r"\d{1,6}(?:[.,]\d{1,2})?"
_PARTS = 4
_ENGLISH_SPAN = re.compile(r"(?<![\d.])(\d{1,6}(?:\.\d{1,6})?|\ban?\b)\s*([a-z]+)")
_SHORT = re.compile(r"\d\s*[a-z]\b")


def relative(text: str, now: datetime) -> datetime | None:
    """The time that a text tells relative to now; None where it says anything else, or more."""
    told = unicodedata.normalize("NFKC", text[:MAX_CHARS]).lower().replace("’", "'")
    told = " ".join(told.split()).strip(" ,.")
    try:
        for name in LANGUAGES:
            found = _read(name, told, now)
            if found is not None:
                return believed(found, now)
    except (ValueError, OverflowError):
        pass
    return None


def since(text: str, now: datetime) -> datetime | None:
    """Now less "1 year 3 months", "an hour ago", "5m"; None where there is no span of time in the text."""
    total, is_any = 0.0, False
    for number, word in _ENGLISH_SPAN.findall(text[:MAX_CHARS].lower()):
        unit = _unit(LANGUAGES["en"], word)
        if unit:
            total += _number(number) * _SECONDS[unit]
            is_any = True
    try:
        return now - timedelta(seconds=total) if is_any else None
    except OverflowError:
        return None


def at_clock(now: datetime, told: str, days: int) -> datetime:
    """The day so many days from now, in the text's zone, at the text's time or at midnight."""
    clock = _CLOCKS.search(told)
    zone = zone_of(clock[5]) if clock and clock[5] else UTC
    day = (now.astimezone(zone) + timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
    if not clock:
        return day
    return day.replace(hour=hour_of(int(clock[1]), clock[4]), minute=int(clock[2]), second=int(clock[3] or 0))


def believed(told: datetime | None, now: datetime) -> datetime | None:
    """A time in UTC, unless no site can have meant it: a wrong one is worse than none."""
    if told is None:
        return None
    told = told.astimezone(UTC)
    return told if OLDEST <= told.year <= now.year + 50 else None


def zone_of(text: str) -> timezone:
    """A zone from "+02:00", "-0700", "+2" or "Z". Raises: ValueError for one that cannot be."""
    if text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0") if len(text) > 3 else f"{text[1:]:0>2}00"
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
    return timezone(-span if text[0] == "-" else span)


def hour_of(hour: int, half: str | None) -> int:
    """An hour of 24 from one of 12 and its half of the day."""
    if not half or hour > 12:
        return hour
    return hour % 12 + (12 if half[0].lower() == "p" else 0)


@lru_cache(maxsize=1)
def _any_span() -> re.Pattern[str]:
    spans: list[str] = []
    for one in LANGUAGES.values():
        number = rf"(?:{_NUMBER}\s?|(?:{one.one})\s)" if one.one else rf"{_NUMBER}\s?"
        before, after = (rf"(?:{word})" if word else "(?!)" for word in (one.before, one.after))
        span = rf"(?:{before}\s?)?{number}(?:{'|'.join(one.units.values())})(?:\s?{after}(?!\w))?"
        spans += [span, *filter(None, (one.now, one.alone))]
        spans += one.days.values()
    return re.compile(rf"(?i)(?<![^\W\d_])(?:{'|'.join(spans)})(?![a-zà-öø-ÿа-яё])")


def without_spans(text: str) -> str:
    """The text with a sign in place of every span of time that ends now ("5 minutes", "gestern"), in any language."""
    return _any_span().sub("~", text)


def _read(name: str, told: str, now: datetime) -> datetime | None:
    """The time in one language."""
    language = LANGUAGES[name]
    if re.fullmatch(language.now, told):
        return now
    day = _day_pattern(name).fullmatch(told)
    if day:
        days = next(days for days, names in language.days.items() if re.fullmatch(names, day[1]))
        return at_clock(now, told, days)
    spans = _span_pattern(name).fullmatch(told)
    if not spans or not (spans["before"] or spans["after"] or (name == "en" and not _SHORT.search(told))):
        return None
    total = 0.0
    for index in range(_PARTS):
        unit = _unit(language, spans[f"unit{index}"] or spans[f"alone{index}"] or "")
        total += _number(spans[f"number{index}"] or "") * _SECONDS[unit] if unit else 0.0
    return now - timedelta(seconds=total)


def _number(text: str) -> float:
    return float(text.replace(",", ".")) if text[:1].isdigit() else 1.0


def _unit(language: Language, word: str) -> str | None:
    return next((unit for unit, forms in language.units.items() if re.fullmatch(forms, word)), None)


@lru_cache(maxsize=len(LANGUAGES))
def _day_pattern(name: str) -> re.Pattern[str]:
    days = "|".join(LANGUAGES[name].days.values())
    return re.compile(rf"({days})(?:(?:\s?{_AT}){{0,2}}\s?{_CLOCK})?")


@lru_cache(maxsize=len(LANGUAGES))
def _span_pattern(name: str) -> re.Pattern[str]:
    """A few numbers with their units, and nothing around them but the language's words for the past and for about."""
    language = LANGUAGES[name]
    units = "|".join(language.units.values())
    one = rf"|(?:{language.one})(?:\s|(?<='))" if language.one else ""
    alone = language.alone or "(?!)"
    parts = [
        rf"(?:(?P<number{n}>{_NUMBER}\s?{one})(?P<unit{n}>{units})|(?P<alone{n}>{alone}))"
        for n in range(_PARTS)
    ]
    more = "".join(rf"(?:(?:\s?{_AND})?\s?{part})?" for part in parts[1:])
    before = language.before or "(?!)"
    after = language.after or "(?!)"
    about = rf"(?:(?:{language.about})\s?)?" if language.about else ""
    return re.compile(rf"(?:(?P<before>{before})\s)?{about}{parts[0]}{more}(?:\s?(?P<after>{after}))?")
