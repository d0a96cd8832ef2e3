"""One name at a time: folded, split into words, and cut where the title ends and the tags begin."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from leakwatch.extract.columns import columns
from leakwatch.extract.fold import MAX_NAME, fold, readings
from leakwatch.extract.regions import regions
from leakwatch.extract.words import Meanings

__all__ = ["MAX_NAME", "ReleaseName", "fold", "parse_name", "readings", "tokens"]

_APOSTROPHES = re.compile(r"(?<=\w)['’ʼ`´](?=\w)")
_TOKEN = re.compile(r"[^\W_]+")
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
_MEANINGS = Meanings(bits=12)


@dataclass(frozen=True, slots=True)
class ReleaseName:
    """A name as tokens. `tokens[start:end]` is the part that reads as the title; the rest are tags.

    `year` is the first year named behind the beginning of the title, None where there is none.
    """

    tokens: tuple[str, ...]
    start: int
    end: int
    year: int | None = None

    @property
    def title(self) -> tuple[str, ...]:
        """The tokens of the title part."""
        return self.tokens[self.start : self.end]


def tokens(text: str) -> tuple[str, ...]:
    """Words and numbers of a folded text; scripts written without spaces give one token a character."""
    if text.isascii() and "'" not in text and "`" not in text:
        return tuple(_TOKEN.findall(text))
    found: list[str] = []
    for word in _TOKEN.findall(_APOSTROPHES.sub("", text)):
        if word.isascii() or not _SPACELESS.search(word):
            found.append(word)
            continue
        last = 0
        for char in _SPACELESS.finditer(word):
            found += [word[last : char.start()]] if char.start() > last else []
            found.append(char[0])
            last = char.end()
        found += [word[last:]] if last < len(word) else []
    return tuple(found)


def parse_name(text: str) -> ReleaseName:
    """Split a release name, file name or title in its own script; of a path the last section's title is told."""
    found = columns([text])
    cut = regions(found, _MEANINGS.of(found))
    own = int(np.searchsorted(found.word_row, 1))
    words = tuple(found.word(index) for index in range(own))
    sections = np.flatnonzero(cut.row == 0)
    if not len(sections):
        return ReleaseName(words, 0, 0)
    last = sections[-1]
    return ReleaseName(words, int(cut.title[last]), int(cut.end_title[last]), int(cut.years[0, 0]) or None)
