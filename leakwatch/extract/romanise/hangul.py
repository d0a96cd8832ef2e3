"""Hangul: as it sounds, letter by letter, and by the older habit that hears voiced consonants.

Sources: Revised Romanization of Korean (Ministry of Culture and Tourism, 2000), whose sound changes these are;
McCune-Reischauer (1939) without its marks; names as families spell them (oo for u, u for eo).
"""

from __future__ import annotations

import re

_PIECES = re.compile("[가-힣]+|[^가-힣]+")
_INITIALS = "g kk n d tt r m b pp s ss - j jj ch k t p h".split()
_VOWELS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split()
_PLAIN_FINALS = "- k k k n n n t l k m l l l p l m p p t t ng t t k t p t".split()
"""What a final sounds before a pause. By number in Unicode: none, ㄱ ㄲ ㄳ ㄴ ㄵ ㄶ ㄷ ㄹ ㄺ ㄻ ㄼ ㄽ ㄾ ㄿ ㅀ ㅁ ㅂ ㅄ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ."""
_CARRIED = "- g kk ks n nj n d r lg lm lb ls lt lp r m b ps s ss ng j ch k t p -".split()
"""What it sounds before a vowel."""
_LETTER_FINALS = "- g kk gs n nj nh d l lg lm lb ls lt lp lh m b bs s ss ng j ch k t p h".split()
_NASAL = {"k": "ng", "t": "n", "p": "m"}
_NONE, _N, _R, _M = 11, 2, 5, 6
_ASPIRATED = {"g": "k", "d": "t", "b": "p", "j": "ch"}
_OLD_VOWELS = {"eo": "o", "yeo": "yo", "eu": "u"}
_HOME_VOWELS = {"u": "oo", "eo": "u", "yeo": "yu", "eu": "u"}
_UNVOICED = {"g": "k", "d": "t", "b": "p", "j": "ch", "jj": "tch"}


def spellings(text: str) -> tuple[str, ...]:
    """Of each word the schemes of `_word`."""
    pieces = [_word(one) if "가" <= one[0] <= "힣" else (one,) * 5 for one in _PIECES.findall(text)]
    return tuple("".join(told) for told in zip(*pieces, strict=True))


def _word(text: str) -> tuple[str, str, str, str, str]:
    """Revised Romanization; letter by letter; McCune-Reischauer without marks; vowels as in families' names."""
    syllables = [divmod(ord(char) - 0xAC00, 588) for char in text]
    parts = [(first, rest // 28, rest % 28) for first, rest in syllables]
    letters = "".join(_INITIALS[a] + _VOWELS[b] + _LETTER_FINALS[c] for a, b, c in parts).replace("-", "")
    return (
        _spoken(parts, {}, old=False),
        letters,
        _spoken(parts, _OLD_VOWELS, old=True),
        _spoken(parts, _HOME_VOWELS, old=False),
        _spoken(parts, _HOME_VOWELS, old=True),
    )


def _spoken(parts: list[tuple[int, int, int]], vowels: dict[str, str], *, old: bool) -> str:
    out: list[str] = []
    final = 0
    for place, (first, vowel, last) in enumerate(parts):
        ending, begin = _joined(final, first) if place else ("", _INITIALS[first])
        if old and (not place or ending in ("k", "t", "p")):
            begin = _UNVOICED.get(begin, begin)
        told = _VOWELS[vowel]
        out += (ending, begin, vowels.get(told, told))
        final = last
    out.append(_PLAIN_FINALS[final])
    return "".join(out).replace("-", "")


def _joined(final: int, first: int) -> tuple[str, str]:
    """How the end of one syllable and the beginning of the next sound together."""
    begin, ending = _INITIALS[first], _PLAIN_FINALS[final]
    if first == _NONE:
        return _CARRIED[final], ""
    if first in (_N, _M) and ending in _NASAL:
        return _NASAL[ending], begin
    if first == _R:
        if ending in ("n", "l"):
            return "l", "l"
        return (_NASAL.get(ending, ending), "n" if ending != "-" else "r")
    if first == _N and ending == "l":
        return "l", "l"
    if _LETTER_FINALS[final].endswith("h") and begin in _ASPIRATED:
        return _LETTER_FINALS[final][:-1] if len(
            _LETTER_FINALS[final]
        ) > 1 and ending != "t" else "", _ASPIRATED[begin]
    return ending, begin
