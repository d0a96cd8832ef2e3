"""Devanagari and Bengali: an inherent vowel that is written nowhere and dropped in speech where the ear decides.

Sources: Hunterian system (Survey of India) as newspapers write it, ISO 15919:2001 without its marks; that a final
vowel is dropped, and one between vowel-consonant and consonant-vowel (Ohala 1983). Weak: which are dropped is a rule of
thumb, and people differ. The skeleton of consonants (`matching/keys.py`) covers what the schemes do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_CONSONANTS = (
    "k kh g gh ng ch chh j jh n t th d dh n t th d dh n n p ph b bh m y r r l l l v sh sh s h".split()
)
_VOWELS = "a aa i ii u uu ri li e e e ai o o o au".split()
_SIGNS = "aa i ii u uu ri ri e e e ai o o o au".split()
_NUKTA = {"ka": "q", "kha": "kh", "ga": "g", "ja": "z", "da": "r", "dha": "rh", "pha": "f", "ya": "y"}
_INHERENT = "\0"
_FINAL = re.compile(f"(?<=[a-z]){_INHERENT}(?![a-z{_INHERENT}])")
_MEDIAL = re.compile(f"(?<=[aeiou{_INHERENT}][a-z]){_INHERENT}(?=[bcdfghjklmnprstvyz]h?[aeiou{_INHERENT}])")
_LETTERS = re.compile(r"(.)(\u093c?)([\u093e-\u094c]?)(\u094d?)", re.DOTALL)


def devanagari(text: str) -> tuple[str, ...]:
    """Vowels as Hindi drops them and short; long ones doubled, as ee and oo; all of them kept; f and w; none."""
    raw = _raw(text)
    return _schemes(raw, "a", ({}, {"aa": "aa", "ii": "ee", "uu": "oo"}, {"v": "w", "ph": "f"}))


def bengali(text: str) -> tuple[str, ...]:
    """The same with the inherent vowel as o and as a; y as j, and ksh as kh in the first."""
    text = text.replace("\u0982", "\u0999\u09cd")
    raw = _raw("".join(chr(ord(char) - 0x80) if "\u0981" <= char <= "\u09cd" else char for char in text))
    raw = raw.replace("v", "b").replace("\u09df", "y").replace("\u09dc", "r").replace("\u09dd", "rh")
    return _schemes(raw, "o", ({"y": "j"}, {"aa": "a", "ii": "ee", "uu": "oo"}, {"sh": "s", "ph": "f"}))


def _schemes(raw: str, inherent: str, changes: tuple[Mapping[str, str], ...]) -> tuple[str, ...]:
    ended = _FINAL.sub("", raw)
    spoken = _MEDIAL.sub("", ended)
    short = {"aa": "a", "ii": "i", "uu": "u"}
    first, long, loose = changes
    return (
        _spelt(spoken, inherent, short | dict(first)),
        _spelt(ended, "a", short),
        _spelt(raw, "a", short),
        _spelt(spoken, inherent, long),
        _spelt(spoken, "a", short | dict(loose)),
        _spelt(raw, "", {}),
    )


def _spelt(raw: str, inherent: str, changes: Mapping[str, str]) -> str:
    for ours, theirs in changes.items():
        raw = raw.replace(ours, theirs)
    return raw.replace(_INHERENT, inherent)


def _raw(text: str) -> str:
    """Letters with long vowels doubled and a mark where an inherent vowel stands."""
    out: list[str] = []
    for letter, dot, sign, virama in _LETTERS.findall(text):
        code = ord(letter) - 0x0900
        if 0x15 <= code <= 0x39:
            told = _CONSONANTS[code - 0x15]
            told = _NUKTA.get(told + "a", told) if dot else told
            vowel = _SIGNS[min(max(0, ord(sign) - 0x093E), 14)] if sign else "" if virama else _INHERENT
            out.append(told + vowel)
        elif 0x05 <= code <= 0x14:
            out.append(_VOWELS[min(code - 0x05, 15)])
        else:
            out.append(
                {0x01: "n", 0x02: "n", 0x03: "h", 0x50: "om", 0x64: " "}.get(
                    code, "" if code >= 0 else letter
                )
            )
    return "".join(out)
