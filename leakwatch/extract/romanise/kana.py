"""Kana: Hepburn as fans and as publishers write it, Kunrei, and what is done with long vowels.

Sources: Hepburn (1886, modified 1954) without its marks; Kunrei-shiki (Cabinet notice 1, 1954); wa, e and o for the
particles. Words of other languages stay in Japanese dress: that Harmony stands in ハーモニー takes a dictionary.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ROWS = {
    "a": "あいうえお",
    "ka": "かきくけこ",
    "ga": "がぎぐげご",
    "sa": "さしすせそ",
    "za": "ざじずぜぞ",
    "ta": "たちつてと",
    "da": "だぢづでど",
    "na": "なにぬねの",
    "ha": "はひふへほ",
    "ba": "ばびぶべぼ",
    "pa": "ぱぴぷぺぽ",
    "ma": "まみむめも",
    "ra": "らりるれろ",
}
_KUNREI = {
    kana: row[:-1] + vowel for row, chars in _ROWS.items() for kana, vowel in zip(chars, "aiueo", strict=True)
} | dict(zip("やゆよわゐゑをんゔぢづ", "ya yu yo wa i e wo n vu zi zu".split(), strict=True))
_SMALL = dict(zip("ぁぃぅぇぉゃゅょゎ", "a i u e o ya yu yo wa".split(), strict=True))
_HEPBURN = (
    ("sy", "sh"),
    ("ty", "ch"),
    ("zy", "j"),
    ("si", "shi"),
    ("ti", "chi"),
    ("tu", "tsu"),
    ("hu", "fu"),
    ("zi", "ji"),
)
_FOREIGN = {
    "てぃ": "ti", "でぃ": "di", "とぅ": "tu", "どぅ": "du", "ふぁ": "fa", "ふぃ": "fi", "ふぇ": "fe", "ふぉ": "fo",
    "うぃ": "wi", "うぇ": "we", "うぉ": "wo", "ゔぁ": "va", "ゔぃ": "vi", "ゔぇ": "ve", "ゔぉ": "vo",
    "しぇ": "she", "ちぇ": "che", "じぇ": "je", "つぁ": "tsa", "つぇ": "tse", "つぉ": "tso", "でゅ": "dyu", "ふゅ": "fyu",
}  # fmt: skip
_SYLLABLE = re.compile(r"っ?[ぁ-ゔ][ぁぃぅぇぉゃゅょゎ]?|ー|.", re.DOTALL)
_LONG = (("ou", "o"), ("oo", "o"), ("uu", "u"))
_PARTICLE = re.compile(r"(?<=[^\W_])は(?=[^\W_])|(?<!\w)は(?!\w)")


def spellings(text: str) -> tuple[str, ...]:
    """As typed with particles as they sound; as typed; long vowels shortened; marks of length doubled; Kunrei."""
    plain = "".join(chr(ord(char) - 0x60) if "ァ" <= char <= "ヶ" else char for char in text)
    spoken = _with_particles(plain)
    hepburn = _spelt(spoken, hepburn=True, mark="")
    short = hepburn
    for long, vowel in _LONG:
        short = short.replace(long, vowel)
    typed = _spelt(plain, hepburn=True, mark="")
    doubled = _spelt(plain.replace("を", "お"), hepburn=True, mark="=")
    before_lips = re.sub("n(?=[bmp])", "m", short)
    return hepburn, short, doubled, typed, _spelt(plain, hepburn=False, mark="="), before_lips


def _with_particles(text: str) -> str:
    """を sounds o; は sounds wa where a word of its own stands, or between the letters of a title that has only one."""
    text = text.replace("を", "お")
    found = _PARTICLE.findall(text)
    return _PARTICLE.sub("わ", text) if len(found) == 1 else text


def _spelt(text: str, *, hepburn: bool, mark: str) -> str:
    out: list[str] = []
    for piece in _SYLLABLE.findall(text):
        if piece == "ー":
            out.append(out[-1][-1:] if mark and out else "")
            continue
        doubled = piece[0] == "っ" and len(piece) > 1
        told = _syllable(piece[1:] if doubled else piece, hepburn=hepburn)
        if doubled and told[:1].isalpha():
            told = ("t" if told.startswith("ch") else told[0]) + told
        out.append(told)
    return "".join(out)


@lru_cache(maxsize=4096)
def _syllable(piece: str, *, hepburn: bool) -> str:
    if piece in _FOREIGN:
        return _FOREIGN[piece]
    told = _KUNREI.get(piece[0], _SMALL.get(piece[0], " " if not piece[0].isascii() else piece[0]))
    if piece[0] == "っ":
        told = ""
    if len(piece) > 1:
        small = _SMALL[piece[1]]
        told = told[:-1] + small if told.endswith("i") and small[0] == "y" else told + small
    if hepburn:
        for ours, theirs in _HEPBURN:
            if told.startswith(ours):
                return theirs + told[len(ours) :]
    return told
