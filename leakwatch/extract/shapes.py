"""Of what shape a text is: an address, a number, a date, a word, many words. Pure."""

from __future__ import annotations

import re

_WORDS, _PHRASE, _READ = 5, 60, 300
_MEASURE = re.compile(
    r"[\d.,:/\s-]*\s*(?:[kmgt]?i?b|bytes|(?:minutes?|hours?|days?|weeks?|months?|years?) ago)?", re.IGNORECASE
)
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}://|magnet:\?|www\.|/)\S*\Z", re.IGNORECASE)
_MAIL = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,250}\.[a-z]{2,20}\b", re.IGNORECASE)
_DATE = re.compile(
    r"\d{4}-\d\d-\d\d|(?:mon|tue|wed|thu|fri|sat|sun), \d|\d\d?[./]\d\d?[./]\d\d", re.IGNORECASE
)
_HASH = re.compile(r"[0-9a-f]{32,128}\Z", re.IGNORECASE)
BROKEN = re.compile(
    r"[\ufffd\x80-\x9f]|Ã[\x80-\xbf¡-¿]|[ÐÑ][\x80-\xbf¡-¿°±]|â€|&amp;(?:amp|lt|gt|quot|#\d{1,6});"
)
"""What a wrong encoding leaves of a text, and what is left of one that was escaped twice."""

SHAPES = (
    *("an address", "a number", "a hash", "a date", "a mail address", "markup", "a word", "few words"),
    "many words",
)


def shape(told: str) -> str:
    """Of what shape a text is, by its beginning."""
    told = told[:_READ].strip()
    if _ADDRESS.match(told):
        return "an address"
    if is_measure(told):
        return "a number"
    if _HASH.match(told):
        return "a hash"
    if _DATE.match(told):
        return "a date"
    if _MAIL.match(told):
        return "a mail address"
    if "<" in told:
        return "markup"
    words = len(told.split())
    if words == 1:
        return "a word"
    return "few words" if words <= _WORDS and len(told) <= _PHRASE else "many words"


def is_measure(told: str) -> bool:
    """Whether a text is a number, with a unit or without one."""
    return _MEASURE.fullmatch(told) is not None
