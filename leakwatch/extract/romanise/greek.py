"""Greek letters: the standard of passports and road signs, classical spelling, greeklish, letter by letter.

Sources: ELOT 743 (1982), ISO 843:1997; the classical spelling of names in English; greeklish as it is typed.
"""

from __future__ import annotations

import re
import unicodedata

_LETTERS = "αβγδεζηθικλμνξοπρσςτυφχψω"
_MODERN = dict(zip(_LETTERS, "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(), strict=True))
_CLASSICAL = _MODERN | {"β": "b", "η": "e", "φ": "ph"}
_BY_LETTER = _CLASSICAL | {"υ": "u", "χ": "kh"}
_GREEKLISH = _MODERN | {"υ": "i", "χ": "h"}
_SOUNDS = re.compile("(?<=[αεη])υ")
_NASAL = re.compile("γ(?=[γξχ])")


def spellings(text: str) -> tuple[str, ...]:
    """ELOT 743, greeklish, classical, letter by letter as tables do, ISO 843."""
    bare = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    spoken = _NASAL.sub(
        "n", _SOUNDS.sub(lambda found: "v" if _voiced(found) else "f", bare.replace("ου", "ou"))
    )
    initial = re.sub(r"(?<!\w)μπ", "b", spoken)
    typed = (
        spoken.replace("μπ", "b").replace("ντ", "d").replace("γκ", "g").replace("ει", "i").replace("οι", "i")
    )
    classical = _NASAL.sub("n", bare).replace("ου", "ou").replace("αυ", "au").replace("ευ", "eu")
    told = (
        (initial, _MODERN),
        (typed.replace("αι", "e"), _GREEKLISH),
        (classical, _CLASSICAL),
        (bare, _BY_LETTER),
        (bare.replace("ου", "ou").replace("αυ", "au").replace("ευ", "eu"), _MODERN),
        (re.sub(r"(?<!\w)ντ", "d", initial), _MODERN | {"χ": "h"}),
    )
    return tuple("".join(table.get(char, char) for char in one) for one, table in told)


def _voiced(found: re.Match[str]) -> bool:
    return found.string[found.end() : found.end() + 1] in tuple("βγδζλμνραεηιοω")
