"""The filters that definitions use, one function each: a text in, a text out.

A filter that cannot do its work leaves the text as it is, as the format has it. `KNOWN` says how many arguments each
takes, so that a wrong use is told when the definition is loaded.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qs, quote_plus, unquote_plus, urlsplit

from leakwatch.sources._ago import since
from leakwatch.sources.cardigann import dates, patterns
from leakwatch.sources.cardigann.definition import Filter

MAX_TEXT = 200_000
OF_ROWS: Mapping[str, tuple[int, int]] = {"andmatch": (0, 1), "strdump": (0, 1)}
KNOWN: Mapping[str, tuple[int, int]] = {
    "querystring": (1, 1),
    "dateparse": (1, 1),
    "timeparse": (1, 1),
    "timeago": (0, 0),
    "reltime": (0, 0),
    "fuzzytime": (0, 1),
    "regexp": (1, 1),
    "re_replace": (2, 2),
    "replace": (2, 2),
    "split": (2, 2),
    "trim": (0, 1),
    "prepend": (1, 1),
    "append": (1, 1),
    "tolower": (0, 0),
    "toupper": (0, 0),
    "urldecode": (0, 0),
    "urlencode": (0, 0),
    "htmldecode": (0, 0),
    "htmlencode": (0, 0),
    "validfilename": (0, 0),
    "diacritics": (1, 1),
    "validate": (1, 1),
    "hexdump": (0, 1),
    "strdump": (0, 1),
}
_WITH_PATTERN = ("regexp", "re_replace")


def apply(
    text: str,
    filters: Sequence[Filter],
    now: datetime,
    expand: Callable[[str], str] = str,
    encoding: str = "utf-8",
) -> str:
    """The text after all filters; `expand` fills the templates in their arguments."""
    for one in filters:
        args = [expand(arg) for arg in one.args]
        text = _applied(one.name, args, text[:MAX_TEXT], now, encoding)
    return text[:MAX_TEXT]


def apply_long(text: str, filters: Sequence[Filter], now: datetime, expand: Callable[[str], str]) -> str:
    """A whole page after its filters; without any it stays as long as it is."""
    return apply(text, filters, now, expand) if filters else text


def keeps_row(filters: Sequence[Filter], title: str, keywords: str) -> bool:
    """Whether a row stays: `andmatch` wants every word of the search in the title, in the first so many characters."""
    for one in filters:
        if one.name == "andmatch":
            limit = (
                int(one.args[0]) if one.args and one.args[0].isdecimal() and len(one.args[0]) < 6 else None
            )
            wanted = re.findall(r"\w+", keywords[:limit].lower())
            shown = title.lower()
            if not all(word in shown for word in wanted):
                return False
    return True


def _applied(name: str, args: Sequence[str], text: str, now: datetime, encoding: str) -> str:
    if name in ("dateparse", "timeparse"):
        return _iso(dates.by_layout(text, args[0], now), text)
    if name in ("timeago", "reltime"):
        return _iso(since(text, now) or dates.in_words(text, now), text)
    if name == "fuzzytime":
        return _iso(dates.in_words(text, now), text)
    if name == "regexp":
        return patterns.first(args[0], text) or ""
    if name == "re_replace":
        return patterns.replaced(args[0], args[1], text)
    if name == "replace":
        return text.replace(args[0], args[1]) if args[0] else text
    if name == "split":
        return _part(text, args[0], args[1])
    if name == "querystring":
        return _parameter(text, args[0])
    if name == "validate":
        wanted = set(re.findall(r"[\w-]+", args[0].lower()))
        return ", ".join(word for word in re.findall(r"[\w-]+", text.lower()) if word in wanted)
    if name == "trim":
        return text.strip(args[0] if args else None)
    return _simple(name, args, text, encoding)


def _simple(name: str, args: Sequence[str], text: str, encoding: str) -> str:
    if name == "prepend":
        return args[0] + text
    if name == "append":
        return text + args[0]
    if name == "diacritics":
        plain = unicodedata.normalize("NFD", text)
        return unicodedata.normalize("NFC", "".join(c for c in plain if unicodedata.category(c) != "Mn"))
    if name == "urldecode":
        return unquote_plus(text, encoding=encoding, errors="replace")
    if name == "urlencode":
        return quote_plus(text, encoding=encoding, errors="replace")
    if name == "validfilename":
        return re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", text)
    whole: Mapping[str, Callable[[str], str]] = {
        "tolower": str.lower,
        "toupper": str.upper,
        "htmldecode": html.unescape,
        "htmlencode": html.escape,
    }
    return whole[name](text) if name in whole else text


def _iso(told: datetime | None, text: str) -> str:
    return told.isoformat() if told else text


def _part(text: str, separators: str, place: str) -> str:
    """One part of a text that is split at any of the characters; from the end where the place is negative."""
    if not separators or not re.fullmatch(r"-?\d{1,4}", place):
        return text
    parts = re.split("[" + re.escape(separators) + "]", text)
    try:
        return parts[int(place)]
    except IndexError:
        return text


def _parameter(text: str, name: str) -> str:
    """One parameter of an address."""
    try:
        found = parse_qs(urlsplit(html.unescape(text)).query, max_num_fields=200, errors="replace")
    except ValueError:
        return ""
    return found.get(name, [""])[0]
