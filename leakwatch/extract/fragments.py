"""Infohashes told in parts: over several lines, with words between, or over neighbouring posts of one thread.

Parts are put together only where the text speaks of a torrent's hash, and only if they come to 40 or 64 digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leakwatch.extract.context import speaks_of_infohash

_SIGNS = (
    "hash", "btih", "btmh", "magnet", "torrent", "хеш", "хэш", "торрент", "магнет", "種子", "种子", "磁力", "磁链",
    "特征码", "ハッシュ", "トレント", "토렌트", "해시",
)  # fmt: skip
_PART = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{4,39}(?![0-9A-Za-z])")
_BLANK = re.compile(r"[\s.,:;|/\\+_>*\"'`()\[\]-]{1,12}\Z")
_LABEL = re.compile(
    r"\b(?:1st|2nd|3rd|first|second|third|last|next|other|rest|half|part|piece|continued|then|and|plus|begin|end)\b"
    r"|\b\d{1,2}\s?(?:/|of)\s?\d{1,2}\b|(?:^|\s)\d{1,2}[).:]|част|половин|втор|перв|第|部分|前半|后半|後半|上半|下半|残り|続き"
    r"|\bteil\b|hälfte|\brest\b|partie|moitié|suite|\bparte\b|mitad|metade|segunda|zweite|deuxième|두번째|나머지|뒷부분",
    re.IGNORECASE,
)
_MAX_GAP, _WINDOW, _MAX_WINDOWS = 40, 600, 500
_TOTALS = {40: 40, 64: 64, 68: 64}
MAX_APART = 3
"""How many posts further the next part may stand."""


@dataclass(frozen=True, slots=True)
class Part:
    """Digits and where they stand."""

    digits: str
    start: int
    end: int


def speaks(lowered: str) -> bool:
    """Whether a text in lower case may speak of a torrent's hash at all."""
    return any(sign in lowered for sign in _SIGNS)


def joined_parts(text: str, lowered: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and digits of each infohash that stands in the text in parts."""
    done = 0
    for low, high in _windows(lowered, len(text)):
        for group in _groups(text, max(low, done), high):
            digits = "".join(part.digits for part in group)
            if len(group) > 1 and _is_infohash(text, group, digits):
                done = group[-1].end
                yield group[0].start, done, digits[-64:] if len(digits) == 68 else digits


def _windows(lowered: str, length: int) -> Iterator[tuple[int, int]]:
    """Stretches that follow a word for a torrent's hash, joined where they meet."""
    signs = sorted({at for sign in _SIGNS for at in _places(lowered, sign)})
    low = high = -1
    for at in signs:
        if at > high:
            if high >= 0:
                yield low, min(high, length)
            low = at
        high = at + _WINDOW
    if high >= 0:
        yield low, min(high, length)


def _places(lowered: str, sign: str) -> Iterator[int]:
    at = lowered.find(sign)
    for _ in range(_MAX_WINDOWS):
        if at < 0:
            return
        yield at
        at = lowered.find(sign, at + _WINDOW // 4)


def _groups(text: str, low: int, high: int) -> Iterator[list[Part]]:
    """Runs of parts with nothing but blanks, punctuation or words such as `second half` between them."""
    group: list[Part] = []
    for found in _PART.finditer(text, low, high):
        part = Part(found[0], found.start(), found.end())
        if group and not _goes_on(text, group[-1], part):
            yield group
            group = []
        if group or _is_part(part.digits):
            group.append(part)
    if group:
        yield group


def _goes_on(text: str, before: Part, part: Part) -> bool:
    gap = text[before.end : part.start]
    if len(gap) > _MAX_GAP or "\n\n\n" in gap:
        return False
    if _BLANK.match(gap):
        return True
    return bool(_LABEL.search(gap)) and _is_part(part.digits)


def _is_part(digits: str) -> bool:
    """Eight digits or more, or four with a numeral: `dead` and `decade` are words."""
    return any(char.isdigit() for char in digits) and (
        len(digits) >= 4 and not (digits.isdigit() and len(digits) < 8)
    )


def _is_infohash(text: str, group: Sequence[Part], digits: str) -> bool:
    if len(digits) not in _TOTALS or len(set(digits.lower())) < 8 or digits.isdigit():
        return False
    if len(digits) == 68 and not digits.startswith("1220"):
        return False
    if any(len(part.digits) in {32, 40} for part in group) and len(digits) != 64 and len(digits) != 68:
        return False
    before = text[max(0, group[0].start - 400) : group[0].start]
    return speaks_of_infohash(before, text[group[-1].end : group[-1].end + 80], is_long=len(digits) > 40)


def join_posts(posts: Sequence[tuple[str, str]]) -> list[tuple[str, tuple[str, ...], str]]:
    """Infohashes told over neighbouring posts of one thread, in the thread's order.

    Shape:  (post id, plain text) in; (id of the post that completes it, ids of all its posts, digits) out.
    A post takes part if it speaks of a torrent's hash, says which part it is, or is hardly more than the digits;
    at least the first or the last must speak of a torrent's hash. Posts with a whole one take no part.
    """
    told = [_told(text) for _, text in posts]
    found: list[tuple[str, tuple[str, ...], str]] = []
    used = -1
    for first, opening in enumerate(told):
        if opening is None or first <= used:
            continue
        chain, digits, speaking = [first], opening.digits, opening.speaks
        for number in range(first + 1, len(told)):
            if number - chain[-1] > MAX_APART or len(digits) >= 64:
                break
            one = told[number]
            if one is None or len(digits) + len(one.digits) > 68:
                continue
            chain.append(number)
            digits, speaking = digits + one.digits, speaking or one.speaks
            if len(digits) in _TOTALS and speaking and _is_whole(digits, told, chain):
                ids = tuple(posts[at][0] for at in chain)
                found.append((ids[-1], ids, digits[-64:] if len(digits) == 68 else digits.lower()))
                used = number
                break
    return found


def _is_whole(digits: str, told: Sequence[_Told | None], chain: Sequence[int]) -> bool:
    if (
        len(set(digits.lower())) < 8
        or digits.isdigit()
        or (len(digits) == 68 and not digits.startswith("1220"))
    ):
        return False
    if len(digits) == 40:
        return True
    return any(one.says_v2 for at in chain if (one := told[at]))


@dataclass(frozen=True, slots=True)
class _Told:
    """The part that a post tells."""

    digits: str
    speaks: bool
    says_v2: bool


def _told(text: str) -> _Told | None:
    """The one group of parts in a post; None where there is none, more than one, or one that is no part."""
    groups = [
        group
        for group in _groups(text[:4000], 0, min(len(text), 4000))
        if sum(len(p.digits) for p in group) >= 8
    ]
    if len(groups) != 1:
        return None
    group = groups[0]
    digits = "".join(part.digits for part in group)
    if len(digits) in _TOTALS or len(digits) > 60:
        return None
    before, after = (
        text[max(0, group[0].start - 400) : group[0].start],
        text[group[-1].end : group[-1].end + 80],
    )
    speaking = speaks_of_infohash(before, after, is_long=False)
    rest = re.sub(r">>\d+|\s", "", before + after)
    if not (speaking or _LABEL.search(before[-60:] + " " + after[:30]) or len(rest) <= len(digits) // 2):
        return None
    if not speaking and not speaks_of_infohash("infohash " + before, after, is_long=False):
        return None
    return _Told(digits, speaking, bool(re.search(r"btmh|\bv2\b", text, re.IGNORECASE)))
