"""Titles in disguise are read as the title: a generator that finds faults, no measure of how people do it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from leakwatch.extract.fold import readings

_SMALL = dict(zip("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", strict=True))
_CYRILLIC = dict(zip("aceijopsxyABCEHIKMOPTX", "асеіјорѕхуАВСЕНІКМОРТХ", strict=True))
_GREEK = dict(zip("oOABEHIKMNPTXYZ", "οΟΑΒΕΗΙΚΜΝΡΤΧΥΖ", strict=True))
_CHEROKEE = dict(zip("ABCDEGHIJKLMPRSTVWYZ", "ᎪᏴᏟᎠᎬᏀᎻᏆᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᎩᏃ", strict=True))
_LISU = dict(zip("ABCDEFGHIJKLMNOPRSTUVWXYZ", "ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", strict=True))
_ARMENIAN = dict(zip("ouhngSOUL", "օսհոցՏՕՍԼ", strict=True))
_COPTIC = dict(zip("aeioktABEHIKMNOPTXYZ", "ⲁⲉⲓⲟⲕⲧⲀⲂⲈⲎⲒⲔⲘⲚⲞⲢⲦⲬⲨⲌ", strict=True))


def _by(table: dict[str, str]) -> Callable[[str], str]:
    return lambda title: "".join(table.get(char, char) for char in title)


def _by_upper(table: dict[str, str]) -> Callable[[str], str]:
    return lambda title: _by(table)(title.upper())


def _from(capital: int, small: int) -> Callable[[str], str]:
    """Another alphabet of 26 letters in Unicode."""

    def told(char: str) -> str:
        if not (char.isascii() and char.isalpha()):
            return char
        return chr((capital if char.isupper() else small) + ord(char.upper()) - 65)

    return lambda title: "".join(map(told, title))


def _between(marks: str) -> Callable[[str], str]:
    """A mark of some kind behind each letter, drawn with a seed."""

    def told(title: str) -> str:
        draw = random.Random(title)
        return "".join(char + draw.choice(marks) for char in title)

    return told


DISGUISES: dict[str, Callable[[str], str]] = {
    "cyrillic": _by(_CYRILLIC),
    "greek": _by(_GREEK),
    "cherokee": _by_upper(_CHEROKEE),
    "lisu": _by_upper(_LISU),
    "armenian": _by(_ARMENIAN),
    "coptic": _by(_COPTIC),
    "small capitals": lambda title: _by(_SMALL)(title.lower()),
    "fullwidth": _from(0xFF21, 0xFF41),
    "circled": _from(0x24B6, 0x24D0),
    "negative circled": _from(0x1F150, 0x1F150),
    "squared": _from(0x1F130, 0x1F130),
    "negative squared": _from(0x1F170, 0x1F170),
    "regional indicators": _from(0x1F1E6, 0x1F1E6),
    "bold": _from(0x1D400, 0x1D41A),
    "double-struck sans": _from(0x1D5D4, 0x1D5EE),
    "monospace": _from(0x1D670, 0x1D68A),
    "zero width": _between("\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u034f"),
    "direction marks": _between("\u200e\u200f\u202a\u202c\u2066\u2069"),
    "variation selectors": _between("\ufe0e\ufe0f\U000e0100"),
    "tags": _between("\U000e0061\U000e0062\U000e007f"),
    "zalgo": _between("\u0335\u0300\u0316\u035c\u0489\u20d2\u1ab0\u1dc0"),
    "spaced": " ".join,
    "dots": ".".join,
    "squeezed": lambda title: title.replace(" ", "").upper(),
    "fraktur and cyrillic": lambda title: _by(_CYRILLIC)(title[:2]) + _from(0x1D56C, 0x1D586)(title[2:]),
}


@pytest.mark.parametrize("name", DISGUISES)
@pytest.mark.parametrize("title", ["Tide Glass Harbour", "Northwind", "The Kiln 3"])
def test_disguises(name: str, title: str) -> None:
    """A disguised title still has the letters of the title in one of its readings."""
    disguised = DISGUISES[name](title)
    assert disguised != title
    wanted = "".join(filter(str.isalnum, title.lower()))
    assert wanted in {"".join(filter(str.isalnum, one)) for one in readings(disguised)}
