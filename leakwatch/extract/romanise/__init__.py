"""The other Latin spellings under which a title goes around: one writes Tsoy, Tsoi, Coj for one name.

For titles only, whose number is bounded; names that are looked at are transliterated once (`fold.readings`). Each
script has a few *schemes*, consistent as people's habits and libraries' tables are; a title in two scripts takes the
first scheme of both, then the second. Kanji have no Japanese reading here: that takes a dictionary of a hundred
megabytes and is then wrong for names, so a title of kanji and kana has no spellings but those of Chinese.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from anyascii import anyascii

from leakwatch.extract.fold import readings
from leakwatch.extract.romanise import cyrillic, greek, hangul, indic, kana, semitic, thai

MOST = 6
"""Spellings of one title."""
_LONGEST = 200
"""Letters beyond which a title is a sentence, and has only the transliteration."""
_SCRIPTS: tuple[tuple[str, Callable[[str], tuple[str, ...]]], ...] = (
    ("\u0370-\u03ff", greek.spellings),
    ("\u0400-\u052f", cyrillic.spellings),
    ("\u0590-\u05ff", semitic.hebrew),
    ("\u0600-\u06ff", semitic.arabic),
    ("\u0900-\u097f", indic.devanagari),
    ("\u0980-\u09ff", indic.bengali),
    ("\u0e00-\u0e7f", thai.spellings),
    ("\u3041-\u30ff", kana.spellings),
    ("\uac00-\ud7a3", hangul.spellings),
)
_EVERY = "".join(letters for letters, _ in _SCRIPTS)
_ANY = re.compile(f"[{_EVERY}]")
_RUN = re.compile(
    "|".join(f"((?:[{letters}][\\W_]*)+)" for letters, _ in _SCRIPTS) + f"|([^{_EVERY}]+)",
)
"""A stretch of one script, with what follows it and is no letter; the last group is everything else."""
_KANA = re.compile("[\u3041-\u30ff]")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def romanisations(text: str) -> tuple[str, ...]:
    """Other spellings of a title in Latin letters, likeliest first, at most `MOST`; none where its letters are Latin.

    Cost: linear in its letters; no spelling is more than a few times as long as the title.
    """
    if text.isascii() or len(text) > _LONGEST:
        return ()
    known = unicodedata.normalize("NFKC", text)
    if not _ANY.search(known) or (_HAN.search(known) and _KANA.search(known)):
        return ()
    known = "".join(char for char in known.casefold() if unicodedata.category(char) != "Cf")
    known = unicodedata.normalize("NFC", known)
    told = [_told(found) for found in _RUN.finditer(known)]
    most = max(map(len, told), default=0)
    spelt = ("".join(one[min(scheme, len(one) - 1)] for one in told) for scheme in range(most))
    return tuple(_distinct(spelt, readings(text)))[:MOST]


def _told(run: re.Match[str]) -> tuple[str, ...]:
    """The spellings of one stretch."""
    which = (run.lastindex or 0) - 1
    return _SCRIPTS[which][1](run[0]) if which < len(_SCRIPTS) else (_latin(run[0]),)


def _distinct(spelt: Iterator[str], known: Iterable[str]) -> Iterator[str]:
    """Those that differ in a letter from one another and from what is known."""
    seen = {"", *map(_squeezed, known)}
    for one in spelt:
        squeezed = _squeezed(one)
        if squeezed not in seen:
            seen.add(squeezed)
            yield one


def _squeezed(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _latin(text: str) -> str:
    return text if text.isascii() else anyascii(text).lower()
