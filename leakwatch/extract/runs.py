"""Runs of letters that may be digits of an encoding, over as many lines as they go on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LEAST_RUN = 16
_WORD = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}={0,6}")
_NEXT_LINE = re.compile(
    r"[ \t]{0,8}=?\r?\n[ \t>]{0,8}([A-Za-z0-9+/_-]{1,200}={0,6})(?=[ \t]{0,8}(?:\r?\n|\Z|[<\"']))"
)
_SHORT_LINE_BEFORE = re.compile(
    r"(?:\A|(?<=\n))[ \t>]{0,8}(={0,6}[A-Za-z0-9+/_-]{1,15})[ \t]{0,8}\r?\n[ \t>]{0,8}\Z"
)

_BEGINNINGS = (
    "aHR0c", "bWFnbmV0", "ZWQya", "aXBmcz", "NB2HI", "nb2hi", "NVQWO3", "nvqwo3", "68747470", "6d61676e",
)  # fmt: skip
"""`http`, `magnet`, `ed2k` and `ipfs` in base64, `http` and `magnet` in base32 and hex."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of an encoding's letters; `lines` are its lines, of which there is usually one.

    Units:  `padding_before` counts the `=` right before it, which belong to it if it was turned round.
    """

    lines: tuple[str, ...]
    start: int
    end: int
    padding_before: int = 0


def long_words(text: str) -> list[tuple[int, int]]:
    """Where words of sixteen letters and more stand that may be digits of an encoding."""
    return [found.span() for found in _WORD.finditer(text)]


def runs(text: str, words: Sequence[tuple[int, int]]) -> Iterator[Run]:
    """Runs of sixteen letters and more. Lines of equal length, the first or last one shorter, are one run."""
    last = 0
    for start, end in words:
        if start < last:
            continue
        lines, starts = [text[start:end]], [start]
        last = end
        while following := _NEXT_LINE.match(text, last):
            lines.append(following[1])
            starts.append(following.start(1))
            last = following.end(1)
            if len(lines[-1]) < len(lines[-2]) or (len(lines[-1]) > len(lines[-2]) and len(lines) > 2):
                break
        before = _SHORT_LINE_BEFORE.search(text, max(0, start - 48), start)
        if before:
            lines.insert(0, before[1])
            starts.insert(0, before.start(1))
        if _is_one(lines):
            yield Run(tuple(lines), starts[0], last, _padding(text, starts[0]))
        else:
            for line, at in zip(lines, starts, strict=True):
                if len(line) >= LEAST_RUN:
                    yield Run((line,), at, at + len(line), _padding(text, at))


def _is_one(lines: Sequence[str]) -> bool:
    """Whether lines are one run cut at a width; lines that begin as links do are runs of their own."""
    if len(lines) < 2 or sum(line.startswith(_BEGINNINGS) for line in lines) > 1:
        return False
    width = max(len(line) for line in lines)
    return all(len(line) == width for line in lines[1:-1]) and width in {len(lines[0]), len(lines[-1])}


def _padding(text: str, start: int) -> int:
    before = text[max(0, start - 6) : start]
    return len(before) - len(before.rstrip("="))
