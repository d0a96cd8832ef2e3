"""One form for all spellings of a letter: width, case, accents, invisible and look-alike characters.

A text that is not ASCII has up to three *readings*: in its own script; in Latin letters by transliteration; in
the Latin letters that its characters look like. `р` is an r to the ear and a p to the eye, so both are kept.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

from leakwatch.extract.look_alikes import LOOK_ALIKES

MAX_NAME = 1000
"""Characters of a name that are read; longer ones are cut."""
WEAK = "\x1f"
"""Stands where a word may be split but need not be: between `Tide` and `Glass` in TideGlass."""

_STRIPPED_MARKS = ("LATIN", "GREEK", "CYRILLIC", "COMBINING")
_OPTIONAL_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]")
"""Accents, and the vowel points of Hebrew and Arabic, which are written or left out; Indic and Thai vowels are not."""
_ASCII_FOR = str.maketrans(
    {
        "’": "'",
        "ʼ": "'",
        "´": "'",
        "‘": "'",
        "–": "-",
        "—": "-",
        "−": "-",
        "‐": "-",
        "‑": "-",
        "×": "x",
        "｜": "|",
        "～": "~",
        "〜": "~",
    }
    | dict.fromkeys("【「『〔〖《〈«", "[")
    | dict.fromkeys("】」』〕〗》〉»", "]")
    # emblems of the Latin letters: negative circled and squared, regional indicators; NFKC leaves them as they are
    | {chr(start + letter): chr(97 + letter) for start in (0x1F150, 0x1F170, 0x1F1E6) for letter in range(26)}
)
_CAMEL = re.compile("(?<=[a-zß-öø-ÿа-яё])(?=[A-ZÀ-ÖØ-ÞА-ЯЁ])")
_ROUNDS = 3


class _Table(dict[int, str]):
    """A translation table that learns each character when it first meets it."""

    def __missing__(self, code: int) -> str:
        told = self[code] = _folded(chr(code))
        return told


class _Latin(dict[int, str]):
    """Transliterations, learnt the same way. Source: the package anyascii."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        nothing = "" if unicodedata.category(char) == "Mn" else " "
        told = self[code] = char if code < 128 else anyascii(char).lower() or nothing
        return told


_TABLE, _LATIN = _Table(), _Latin()


def fold(text: str) -> str:
    """The text in its own script: NFKC, case, no invisible characters, no accents where they are optional.

    Folding twice is folding once. Punctuation beyond ASCII becomes ASCII or a space.
    """
    text = text[:MAX_NAME]
    if text.isascii():
        return text.lower()
    for _ in range(_ROUNDS):
        folded = unicodedata.normalize("NFKC", text).translate(_TABLE)[:MAX_NAME]
        if folded == text:
            break
        text = folded
    return text


@lru_cache(maxsize=4096)
def readings(text: str) -> tuple[str, ...]:
    """The folded text; its transliteration; the Latin letters that it looks like, where these differ."""
    return tuple(dict.fromkeys(_readings(text[:MAX_NAME])))


def _readings(text: str) -> tuple[str, ...]:
    own = fold(text)
    if own.isascii():
        return (own,)
    seen = unicodedata.normalize("NFKC", text).translate(LOOK_ALIKES)
    return (own, fold(own.translate(_LATIN)), fold(seen))


def split_camel(text: str) -> str:
    """The text with a weak mark between a small and a capital letter."""
    return _CAMEL.sub(WEAK, text)


def _folded(char: str) -> str:
    """What one character becomes; a character that is folded already stays itself."""
    if char in {WEAK, "\n"}:
        return char
    if unicodedata.category(char) == "Cf" or _OPTIONAL_MARKS.match(char):
        return ""
    known = _ASCII_FOR.get(ord(char))
    if known is not None:
        return known
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    out: list[str] = []
    for one in unicodedata.normalize("NFD", unicodedata.normalize("NFKC", char).casefold()):
        if (
            unicodedata.category(one) == "Mn"
            and out
            and unicodedata.name(out[-1], "").startswith(_STRIPPED_MARKS)
        ):
            continue
        out.append(one if ord(one) < 128 or unicodedata.category(one)[0] in "LMN" else " ")
    return unicodedata.normalize("NFC", "".join(out))


def origins(text: str, reading: str) -> list[int]:
    """For each character of one of the readings of `text`, where in `text` it comes from.

    Counts in characters of `text`; in order. A letter that became two points to itself twice, one that several
    characters compose to the first of them. Cost: a reading for each character of `text`.
    """
    which = list(_readings(text[:MAX_NAME])).index(reading)
    laid: list[int] = []
    for start, cluster in _clusters(text[:MAX_NAME]):
        told = _readings(cluster)
        laid += [start] * len(told[min(which, len(told) - 1)])
    if len(laid) >= len(reading):
        return laid[: len(reading)]  # a text that grew beyond what is read
    return [index * len(text) // max(1, len(reading)) for index in range(len(reading))]


def _clusters(text: str) -> list[tuple[int, str]]:
    """Stretches that fold by themselves: a character with all that composes with it, and with what stands between."""
    found: list[tuple[int, str]] = []
    for index, char in enumerate(text):
        if found and _composes(found[-1][1], char):
            found[-1] = (found[-1][0], found[-1][1] + char)
        else:
            found.append((index, char))
    return found


def _composes(cluster: str, char: str) -> bool:
    """Whether a character is folded otherwise behind a cluster than alone; combining marks always belong to it."""
    if char.isascii():
        return False
    return bool(unicodedata.combining(char)) or fold(cluster + char) != fold(cluster) + fold(char)
