"""Patterns on RE2: linear in the text whatever the pattern, with limits on what a pattern may cost.

RE2 has no lookaround and no back-references, and refuses them when it compiles. Its cost is the size of the compiled
program times the length of the text at worst, so both are bounded: here the one, in `matching/rules` the other.
This file is the only one that knows the library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import re2

MAX_LENGTH = 1000
MAX_PROGRAM = 1000
"""Instructions; what the worst ones cost over the text that is read stands in `docs/benchmarks.md`."""
_MAX_MEMORY = 4 * 2**20
MAX_SET_MEMORY = 64 * 2**20
_SET_SIZE = 500
_FOREIGN_EDGE = re.compile(r"\\b[^\W\d_a-zA-Z]|[^\W\d_a-zA-Z]\\b")
_LOOK = ("(?=", "(?!", "(?<=", "(?<!")


class PatternError(ValueError):
    """The pattern is not one that RE2 takes within the limits."""


class Pattern:
    """One compiled pattern. `^` and `$` are the ends of a line, and no match leaves its line."""

    __slots__ = ("_compiled", "text")

    def __init__(self, text: str) -> None:
        """Compile. Raises: PatternError saying what is wrong."""
        self.text = text
        if len(text) > MAX_LENGTH:
            raise PatternError(f"longer than {MAX_LENGTH} characters")
        if "\n" in text:
            raise PatternError("a pattern stands on one line")
        if any(look in text for look in _LOOK):
            raise PatternError("lookahead and lookbehind are not offered: RE2 is linear and has none")
        if edge := _FOREIGN_EDGE.search(text):
            told = edge[0].replace("\\b", "")
            raise PatternError(
                rf"\b knows ASCII letters only; beside {told!r} write (^|[^a-zà-ž]) or the like"
            )
        if "\\C" in text:
            raise PatternError(r"\C is not offered: it would cut letters into bytes")
        try:
            self._compiled = re2.compile(f"(?m){text}", _options(_MAX_MEMORY))
        except (re2.error, UnicodeEncodeError) as error:
            raise PatternError(_told(error)) from error
        if self.size > MAX_PROGRAM:
            raise PatternError(
                f"too costly: {self.size} instructions, {MAX_PROGRAM} are allowed;"
                " smaller repeats, and [a-zа-я] instead of \\pL, make it smaller"
            )
        if self._compiled.search(b"") or self._compiled.search(b"\n"):
            raise PatternError("matches the empty text, and so everything")

    @property
    def size(self) -> int:
        """Instructions of the compiled program."""
        return self._compiled.programsize

    def find(self, data: bytes) -> str | None:
        """The first place that matches, or None."""
        found = self._compiled.search(data)
        if found is None:
            return None
        start, end = found.span()
        return data[start:end].decode("utf-8", "replace")


class PatternSet:
    """Many patterns tried in one pass over the text.

    A set that runs out of memory on some text says that nothing matched. So each has a first member that matches
    everything: if that is missing from the answer, its patterns are tried one by one.
    """

    def __init__(self, patterns: Sequence[Pattern], memory: int = MAX_SET_MEMORY) -> None:
        """Compile the patterns together; `fallbacks` counts how often they were tried one by one."""
        self.fallbacks = 0
        self._memory = memory
        self._parts: list[tuple[Sequence[Pattern], int, re2.Set | None]] = []
        for start in range(0, len(patterns), _SET_SIZE):
            self._add(patterns[start : start + _SET_SIZE], start)

    def _add(self, patterns: Sequence[Pattern], start: int) -> None:
        made = re2.Set.SearchSet(_options(self._memory))
        try:
            made.Add("")
            for one in patterns:
                made.Add(f"(?m){one.text}")
            made.Compile()
        except re2.error:
            if len(patterns) == 1:
                self._parts.append((patterns, start, None))
                return
            half = len(patterns) // 2
            self._add(patterns[:half], start)
            self._add(patterns[half:], start + half)
            return
        self._parts.append((patterns, start, made))

    def matching(self, data: bytes) -> Iterator[int]:
        """The places, in the sequence that was given, of the patterns that match."""
        for patterns, start, made in self._parts:
            found = set(made.Match(data) or ()) if made else set()
            if 0 in found:
                yield from (start + index - 1 for index in sorted(found) if index)
            else:
                self.fallbacks += 1
                yield from (start + index for index, one in enumerate(patterns) if one.find(data) is not None)


def pattern_of(glob: str) -> str:
    """A glob as a pattern over a whole name or path: `*` and `?` stay inside a folder, `**` does not."""
    made = ""
    for one in re.findall(r"\*\*|\*|\?|[^*?]+", glob):
        made += {"**": ".*", "*": "[^/]*", "?": "[^/]"}.get(one) or re.escape(one)
    return rf"\A{made}\z"


def _options(max_mem: int) -> re2.Options:
    made = re2.Options()
    made.max_mem = max_mem
    made.log_errors = False
    made.case_sensitive = False
    made.never_nl = True
    return made


def _told(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    text = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(error)
    if text.startswith("invalid escape sequence: \\") and text[-1:].isdigit():
        return "back-references are not offered: RE2 is linear and has none"
    if "too large" in text or "invalid repetition size" in text:
        return f"too costly for RE2: {text}"
    return f"not a pattern of RE2: {text}"
