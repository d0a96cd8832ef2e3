"""Thai: letters by their sound at the beginning or the end of a syllable, vowels put behind what they stand before.

Source: Royal Thai General System of Transcription (1999), without a division into syllables, which takes a dictionary:
weak, and it says so in docs/matching.md.
"""

from __future__ import annotations

import re

_CONSONANTS = "กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ"
_INITIALS = "k kh kh kh kh kh ng ch ch ch s ch y d t th th th n d t th th th n b p ph f ph f ph m y r l w s s s h l - h".split()
_FINALS = "k k k k k k ng t t t t t n t t t t t n t t t t t n p p p p p p p m i n n o t t t - n - -".split()
_VOWELS = {
    "ะ": "a", "ั": "a", "า": "a", "ำ": "am", "ิ": "i", "ี": "i", "ึ": "ue", "ื": "ue", "ุ": "u", "ู": "u",
    "เ": "e", "แ": "ae", "โ": "o", "ใ": "ai", "ไ": "ai", "ๅ": "", "ฤ": "rue", "็": "",
}  # fmt: skip
_INITIAL = dict(zip(_CONSONANTS, _INITIALS, strict=True))
_FINAL = dict(zip(_CONSONANTS, _FINALS, strict=True))
_SILENT = re.compile(f"[{_CONSONANTS}][ิุ]?์")
_TONES = re.compile("[ฺ่้๊๋ํ]")
_BEFORE = re.compile(f"([เแโใไ])([{_CONSONANTS}](?:[รลว](?=[{_CONSONANTS}า-ู็]))?)")
_COMPOUND = (("เีย", "ia"), ("เือ", "uea"), ("ัว", "ua"), ("เา", "ao"), ("เิ", "oe"), ("เอ", "oe"), ("รร", "an"))
_VOWEL_SOUND = re.compile(r"[a-zะ-ูเ-ๅ็]")


def spellings(text: str) -> tuple[str, ...]:
    """With endings as they sound; every consonant as at a beginning; without breath (t for th); with v for w."""
    text = _TONES.sub("", _SILENT.sub("", text))
    ordered = _BEFORE.sub(r"\2\1", text)
    for written, told in _COMPOUND:
        ordered = ordered.replace(written, told)
    spoken = _spelt(ordered, by_place=True)
    initials = _spelt(ordered, by_place=False)
    return (
        spoken,
        initials,
        spoken.replace("th", "t").replace("ph", "p").replace("kh", "k"),
        initials.replace("ph", "p").replace("w", "v").replace("th", "t"),
    )


def _spelt(text: str, *, by_place: bool) -> str:
    out: list[str] = []
    for place, char in enumerate(text):
        if char not in _INITIAL:
            out.append(_VOWELS.get(char, char if char.isascii() else ""))
            continue
        voiced = _VOWEL_SOUND.match(text, place + 1) is not None
        begins = place == 0 or _VOWEL_SOUND.match(text, place - 1) is None
        out.append((_INITIAL if voiced or begins or not by_place else _FINAL)[char])
    return "".join(out).replace("-", "")
