r"""Regular expressions of definitions, which are written for .NET, on text of strangers.

RE2 reads what it can: its time is linear in the text. .NET's classes know all scripts, RE2's `\w`, `\d`, `\s` and
`\b` only ASCII, so classes are spelt out by Unicode category; a pattern with `\b`, or with a class that cannot be
spelt out, is RE2's on text that is ASCII. The rest (look-around, back-references, `\b` on other scripts) is read by
`re` on at most MAX_BACKTRACKED characters: longer text is left as it is. The pattern is the operator's; the process
that parses has a limit of its own (`is_markup`).
"""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import re2

MAX_BACKTRACKED = 1000
MAX_TEXT = 200_000
_MAX_PATTERN = 4000
_WORD = r"\p{L}\p{Mn}\p{Nd}\p{Pc}"
_SPACE = "\\t\\n\\v\\f\\r\x85\\p{Z}"
_BLOCKS = {
    "IsCyrillic": "\u0400-\u04ff",
    "IsCJKUnifiedIdeographs": "\u4e00-\u9fff",
    "IsHiragana": "\u3040-\u309f",
    "IsKatakana": "\u30a0-\u30ff",
    "IsHangulSyllables": "\uac00-\ud7af",
    "IsGreek": "\u0370-\u03ff",
    "IsArabic": "\u0600-\u06ff",
    "IsHebrew": "\u0590-\u05ff",
    "IsThai": "\u0e00-\u0e7f",
    "IsBasicLatin": "\x00-\x7f",
}
_SIGN = re.compile(r"\$(?:(\d+)|\{(\w+)\}|([$&]))")


class PatternError(ValueError):
    """A pattern that cannot be read, or asks for what is not supported."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One pattern in up to three readings: for any text, for ASCII, and with backtracking."""

    linear: Any
    ascii: Any
    backtracking: re.Pattern[str] | None


@lru_cache(maxsize=2000)
def compiled(pattern: str) -> _Pattern:
    """A pattern as it will be used. Raises: PatternError."""
    if len(pattern) > _MAX_PATTERN:
        raise PatternError(f"a pattern of more than {_MAX_PATTERN} characters")
    unicode_, is_whole = _translated(pattern, for_re2=True)
    linear = _re2(unicode_) if is_whole else None
    ascii_ = linear or _re2(_named(pattern))
    backtracking = None
    if linear is None:
        try:
            backtracking = re.compile(_translated(pattern, for_re2=False)[0])
        except (re.error, RecursionError, OverflowError) as error:
            raise PatternError(f"not supported: the pattern {pattern[:80]!r}: {error}") from None
    return _Pattern(linear, ascii_, backtracking)


def first(pattern: str, text: str) -> str | None:
    """The first group of the first place where the pattern matches (all of it, without groups), or None."""
    reader = _reader(pattern, text)
    found = reader.search(text[:MAX_TEXT]) if reader else None
    if not found:
        return None
    return (found.group(1) if reader.groups else found.group(0)) or ""


def replaced(pattern: str, by: str, text: str) -> str:
    """The text with each match replaced; `$1`, `${name}`, `$0`, `$&` and `$$` are read as .NET does."""
    reader = _reader(pattern, text)
    return reader.sub(lambda found: _filled(by, found), text[:MAX_TEXT]) if reader else text


def _reader(pattern: str, text: str) -> Any:
    """What reads this text by the pattern; None where only backtracking could and the text is too long for it."""
    told = compiled(pattern)
    if told.linear is not None:
        return told.linear
    if told.ascii is not None and text.isascii():
        return told.ascii
    return told.backtracking if len(text) <= MAX_BACKTRACKED else None


def _filled(by: str, found: Any) -> str:
    def value(sign: re.Match[str]) -> str:
        if sign[3]:
            return "$" if sign[3] == "$" else found.group(0)
        key = sign[1] or sign[2]
        try:
            return found.group(int(key) if key.isdigit() else key) or ""
        except (IndexError, KeyError):
            return sign[0]

    return _SIGN.sub(value, by)


def _re2(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError):
        return None


def _named(pattern: str) -> str:
    r""".NET's `(?<name>` and `\u00A0` as RE2 has them."""
    pattern = re.sub(r"\(\?<([A-Za-z_]\w*)>", r"(?P<\1>", pattern)
    return re.sub(r"(?<!\\)((?:\\\\)*)\\u([0-9a-fA-F]{4})", r"\1\\x{\2}", pattern)


def _translated(pattern: str, *, for_re2: bool) -> tuple[str, bool]:
    """The pattern for one of the readers, and whether it means for all text what it meant in .NET."""
    out: list[str] = []
    in_class, is_whole, position = False, True, 0
    pattern = re.sub(r"\(\?<([A-Za-z_]\w*)>", r"(?P<\1>", pattern)
    while position < len(pattern):
        char = pattern[position]
        if char == "\\":
            size, told, is_same = _escape(pattern, position, in_class=in_class, for_re2=for_re2)
            out.append(told)
            is_whole, position = is_whole and is_same, position + size
            continue
        if in_class:
            at_start = out[-1] in ("[", "[^")
            in_class = char != "]" or at_start
            out.append("\\" + char if char in "[&|~" or (char == "]" and at_start) else char)
        elif char == "[":
            in_class = True
            out.append("[^" if pattern[position + 1 : position + 2] == "^" else "[")
            position += len(out[-1]) - 1
        else:
            out.append(char)
        position += 1
    return "".join(out), is_whole


def _escape(pattern: str, position: int, *, in_class: bool, for_re2: bool) -> tuple[int, str, bool]:
    """How many characters an escape takes, what stands for it, and whether that means the same for all text."""
    char = pattern[position + 1 : position + 2]
    if char in ("p", "P"):
        found = re.compile(r"\\[pP]\{(\w+)\}").match(pattern, position)
        if not found:
            raise PatternError(f"cannot read {pattern[position : position + 20]!r}")
        return _category(found, in_class=in_class, for_re2=for_re2)
    if char == "u":
        found = re.compile(r"\\u([0-9a-fA-F]{4})").match(pattern, position)
        if not found:
            raise PatternError(f"cannot read {pattern[position : position + 6]!r}")
        return 6, f"\\x{{{found[1]}}}" if for_re2 else found[0], True
    if not for_re2:
        return 2, "\\Z" if char in ("z", "Z") else f"\\{char}", True
    if char in ("w", "d", "s"):
        inner = {"w": _WORD, "d": r"\p{Nd}", "s": _SPACE}[char]
        return 2, inner if in_class else f"[{inner}]", True
    if char == "D":
        return 2, r"\P{Nd}", True
    if char in ("W", "S"):
        inner = _WORD if char == "W" else _SPACE
        return 2, f"\\{char}" if in_class else f"[^{inner}]", not in_class
    if char in ("b", "B") and not in_class:
        return 2, f"\\{char}", False
    return 2, char if char == "_" else f"\\{char}", True


def _category(found: re.Match[str], *, in_class: bool, for_re2: bool) -> tuple[int, str, bool]:
    name, is_not = found[1], found[0][1] == "P"
    if name in _BLOCKS:
        inner = _BLOCKS[name]
    elif len(name) > 2 or name[0] not in "LMNPSZC":
        raise PatternError(f"not supported: {found[0]}")
    elif for_re2:
        return len(found[0]), found[0], True
    else:
        inner = _ranges(name)
    if in_class and is_not:
        raise PatternError(f"not supported: {found[0]} between brackets")
    return len(found[0]), inner if in_class else f"[{'^' if is_not else ''}{inner}]", True


@cache
def _ranges(category: str) -> str:
    """The characters of a Unicode category as a class for `re`."""
    parts: list[str] = []
    begin = -1
    for code in range(sys.maxunicode + 2):
        is_in = code <= sys.maxunicode and unicodedata.category(chr(code)).startswith(category)
        if is_in and begin < 0:
            begin = code
        elif not is_in and begin >= 0:
            parts.append(f"\\U{begin:08x}-\\U{code - 1:08x}")
            begin = -1
    return "".join(parts)
