"""Arabic and Hebrew, which leave out most vowels: what can be told from the letters alone.

Sources: ALA-LC and Hans Wehr without their marks, Persian letters by BGN/PCGN 1958; the Academy of the Hebrew Language, 2006.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ARABIC = dict(
    zip(
        "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةأإآؤئءپچژگکیۀ",
        "a b t th j h kh d dh r z s sh s d t z - gh f q k l m n h w y a a a i a u i - p ch zh g k y e".split(),
        strict=True,
    )
) | {"َ": "a", "ُ": "u", "ِ": "i", "ً": "an", "ٌ": "un", "ٍ": "in", "ْ": "", "ـ": ""}
_EGYPTIAN = {"ج": "g", "ق": "k", "ذ": "z", "ث": "s", "ض": "z"}
_FRENCH = {"ش": "ch", "و": "ou", "خ": "kh", "ج": "dj"}
_SHADDA = re.compile("([ء-ي])([َُِ]?)ّ")
_SHADDA_BEHIND = re.compile("([ء-ي])ّ")
_AYN = re.compile(r"(?<!\w)(ال)?عا?")
_WAW, _YA = re.compile(r"(?<=\w)[و](?![اآ])"), re.compile(r"(?<=\w)[يی](?![اآ])")
_HEBREW = dict(
    zip(
        "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
        "a v g d h v z ch t y kh kh l m m n n s - f f ts ts k r sh t".split(),
        strict=True,
    )
)
_HARD = {"ב": "b", "כ": "k", "פ": "p", "ח": "h", "צ": "tz", "ך": "k", "ץ": "tz"}
_HEBREW_INITIAL = re.compile(r"(?<!\w)[בכפ]")
_VAV, _YOD = re.compile(r"(?<=\w)ו+(?=\w)|(?<=\w)ו(?!\w)"), re.compile(r"(?<=\w)י+")
_POINTS = re.compile("[\u0591-\u05c7]")


def arabic(text: str) -> tuple[str, ...]:
    """Long vowels as i and u, as i and o; sounds of Cairo; French; w and y wherever they are written."""
    text = _SHADDA_BEHIND.sub(r"\1\1", _SHADDA.sub(r"\1\1\2", text))
    text = _AYN.sub(r"\1أ", text)
    long_u, long_o = (_YA.sub("i", _WAW.sub(vowel, text)) for vowel in "uo")
    return (
        _spelt(long_u, _ARABIC),
        _spelt(long_o, _ARABIC),
        _spelt(long_o, _ARABIC | _EGYPTIAN),
        _spelt(text, _ARABIC | _FRENCH),
        _spelt(text, _ARABIC | {"ا": "", "ع": ""}),
    )


def hebrew(text: str) -> tuple[str, ...]:
    """Soft and hard letters by place, vav as o and u; hard everywhere; vav as v."""
    text = _POINTS.sub("", text)
    by_place = _HEBREW_INITIAL.sub(lambda found: _HARD[found[0]], text)
    by_o, by_u = (_YOD.sub("i", _VAV.sub(vowel, by_place)) for vowel in "ou")
    ending = re.sub(r"ה(?!\w)", "a", by_o)
    return (
        _spelt(ending, _HEBREW | {"א": "a"}),
        _spelt(by_o, _HEBREW | {"ח": "h", "כ": "k", "צ": "tz", "ץ": "tz"}),
        _spelt(by_u, _HEBREW),
        _spelt(_YOD.sub("i", _VAV.sub("o", text)), _HEBREW | _HARD),
        _spelt(_YOD.sub("i", text), _HEBREW | _HARD),
        _spelt(text, _HEBREW | _HARD | {"א": ""}),
    )


def _spelt(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(char, char if char.isascii() else "") for char in text).replace("-", "")
