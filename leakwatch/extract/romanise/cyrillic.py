"""Cyrillic letters: what Russians, Ukrainians, Bulgarians and Serbs write, and what tables write.

Sources: BGN/PCGN 1947 (Russian), 1965 and 2019 (Ukrainian); ICAO Doc 9303 and GOST R 52535.1-2006 (passports); ISO 9:1995
without its marks; GOST 7.79-2000 system B; Law on transliteration, Bulgaria 2009; Serbian Latin without its marks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

_YE, _SHORT_ENDING, _AT_BEGINNING = _PLACES = "\0\1\2"
"""Keys of a scheme: what е is where it sounds ye; what the ending ий is; that letters differ at the beginning of a word."""
_COMMON = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюяё'",
        "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya yo -".split(),
        strict=True,
    )
) | dict(
    zip(
        "іїєґўјљњћђџѓќѕѣѳѵ",
        "i yi ye g u j lj nj c dj dz gj kj dz e f i".split(),
        strict=True,
    )
)
_WEB = {"х": "h", "щ": "sch", "ё": "e"}
_J = {"й": "j", "ю": "ju", "я": "ja", "ё": "jo", "є": "je", "ї": "ji", "х": "h"}
_ICAO = {"ё": "e", "й": "i", "ъ": "ie", "ю": "iu", "я": "ia", "є": "ie", "ї": "i"}
_ISO = _J | {
    "ё": "e",
    "ж": "z",
    "ц": "c",
    "ч": "c",
    "ш": "s",
    "щ": "s",
    "ю": "u",
    "я": "a",
    "є": "e",
    "ї": "i",
}
_GOST_B = _J | {"ц": "c", "щ": "shh", "х": "x", "ю": "yu", "я": "ya", "ё": "yo"}
_RUSSIAN: tuple[Mapping[str, str], ...] = (
    {},
    {"ё": "e", _YE: "ye"},
    _ICAO,
    _WEB | {_SHORT_ENDING: "y"},
    _J | {"щ": "sch", "ё": "e"},
    _ISO,
    _GOST_B,
)
_H = {"г": "h", "и": "y"}
_UKRAINIAN: tuple[Mapping[str, str], ...] = (
    _H,
    _ICAO | _H | {_YE: "e"},
    _H | {"й": "i", "ю": "iu", "я": "ia", "є": "ie", "ї": "i", _AT_BEGINNING: "y"},
    {"и": "y", "г": "g"},
    _WEB | {"г": "h", "и": "i", "є": "e", "ї": "i"},
    _J | {"г": "h", "и": "y", "ц": "c"},
)
_BULGARIAN: tuple[Mapping[str, str], ...] = (
    {"щ": "sht", "ъ": "a", "х": "h"},
    {"щ": "sht", "ъ": "u", "х": "h", "ц": "c"},
    {"щ": "sht", "ъ": "y", "х": "h", "й": "j", "ю": "ju", "я": "ja"},
    {"щ": "shch", "ъ": "", "х": "kh"},
)
_SERBIAN: tuple[Mapping[str, str], ...] = (
    {"ж": "z", "ч": "c", "ш": "s", "ц": "c", "х": "h"},
    {"х": "h", "ц": "c", "ђ": "d"},
    {"х": "h", "ћ": "c", "љ": "l", "њ": "n", "ј": "y", "ђ": "dj"},
)
_VOWELS = "аеёиоуыэюяіїєъь"
_HARD_SIGN = re.compile("ъ(?![еёюя])")
_E = re.compile(f"(?:(?<=[{_VOWELS}])|(?<!\\w))е")
_ENDING = re.compile(r"[иы]й(?!\w)")
_INITIAL = re.compile(r"(?<!\w)[йюяєї]")
_INITIALS = {"й": "y", "ю": "yu", "я": "ya", "є": "ye", "ї": "yi"}


def spellings(text: str) -> tuple[str, ...]:
    """By the habits of the language that its letters betray; Russian where they betray none."""
    if re.search("[іїєґў]", text):
        schemes = _UKRAINIAN
    elif re.search("[јљњћђџѓќ]", text):
        schemes = _SERBIAN
    elif _HARD_SIGN.search(text):
        schemes = _BULGARIAN
    else:
        schemes = _RUSSIAN
    return tuple(_spelt(text, scheme) for scheme in schemes)


def _spelt(text: str, scheme: Mapping[str, str]) -> str:
    """By one scheme; three keys of it are no letters, and stand for a place."""
    if _YE in scheme:
        text = _E.sub(scheme[_YE], text)
    if _SHORT_ENDING in scheme:
        text = _ENDING.sub(scheme[_SHORT_ENDING], text)
    if _AT_BEGINNING in scheme:
        text = _INITIAL.sub(lambda found: _INITIALS[found[0]], text)
    return text.translate(_table(tuple(scheme.items())))


@cache
def _table(changes: tuple[tuple[str, str], ...]) -> dict[int, str]:
    return {
        ord(char): told.replace("-", "")
        for char, told in (_COMMON | dict(changes)).items()
        if char > _AT_BEGINNING
    }
