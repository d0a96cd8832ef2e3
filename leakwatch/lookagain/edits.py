"""What of a page for people was edited: its lines then and now, without what changes by itself. Pure.

- Numbers, ages and dates that the item itself did not show are not compared: counts rise, times pass.
- What differed between two looks a minute apart changes by itself, wherever nobody else's words stand.
- Lines that only changed their places are not edits.
- Only the item's own part of the page is compared: from the first line that the item showed to where another's post or
  comment begins. What others write below is no edit of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from leakwatch.extract.hosts import Hosts, find_host_links
from leakwatch.model.observation import Observation
from leakwatch.sources._ago import without_spans
from leakwatch.sources._readable import LINK, MARK

_TAG = re.compile(r"<[^<>]{0,4000}>")
_COUNT = re.compile(r"(?<![\w.,])\d[\d.,:/-]*(?!\w)")
_LEAST_OWN = 6
_MAX_DIFF, _MAX_COMPARED = 64 * 1024, 3_000
_BEGIN, _END = "\0begin", "\0end"
Slots = Mapping[tuple[str, str], int]
"""Places on a page, each between two lines that stay: how many lines that change by themselves were seen there."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands, and as it is compared; `is_own` where the item itself showed it."""

    text: str
    key: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines that went, and lines that came in their place."""

    gone: tuple[Line, ...]
    new: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """What an item showed, so that its lines are known on a page. `links` are as they stand on it, in lower case."""

    title: str
    squashed: str
    words: frozenset[str]
    links: tuple[str, ...]
    hosts: Hosts

    @classmethod
    def of(cls, seen: Observation, links: Sequence[str], hosts: Hosts) -> Item:
        """What an observation showed."""
        told = _words(f"{seen.title} {_TAG.sub(' ', seen.text or '')}")
        return cls("".join(_words(seen.title)), "".join(told), frozenset(told), tuple(links), hosts)

    def has(self, bare: str) -> bool:
        """Whether a line, squashed, is one that the item showed, or has its whole title in it."""
        is_part = len(bare) >= _LEAST_OWN and bare in self.squashed
        return is_part or (len(self.title) >= _LEAST_OWN and self.title in bare)


def lines_of(page: Observation, item: Item) -> list[Line]:
    """The lines of a page that was read, as they are compared."""
    told = [page.title, *(page.text or "").split("\n")]
    return [one for one in (_line(text, item) for text in told if text) if one][:_MAX_COMPARED]


def _line(text: str, item: Item) -> Line | None:
    if text == MARK:
        return Line(text, MARK, is_own=False)
    if text.startswith(LINK):
        is_file = ".torrent" in text or any(True for _ in find_host_links(text, item.hosts))
        is_own = any(one in text.lower() for one in item.links)
        return Line(text, text, is_own) if is_own or is_file or not text.startswith(f"{LINK}http") else None
    bare = "".join(_words(text))
    if not bare:
        return None
    key = without_spans(unicodedata.normalize("NFKC", text))
    key = _COUNT.sub(lambda found: found[0] if found[0].casefold() in item.words else "#", key)
    return Line(text, " ".join(key.split()), item.has(bare))


def slots_of(first: Sequence[Line], second: Sequence[Line]) -> dict[tuple[str, str], int]:
    """Where a page changed between two looks a minute apart."""
    found: dict[tuple[str, str], int] = {}
    for low, high, start, end in _hunks(first, second):
        place = _place(first, low, high)
        found[place] = max(found.get(place, 0), high - low, end - start)
    return found


def edits(before: Sequence[Line], after: Sequence[Line], slots: Slots | None) -> list[Edit]:
    """What was edited; without `slots` only lines that the item itself showed, or links, count."""
    begins, ends = _part(before)
    found: list[Edit] = []
    for low, high, start, end in _hunks(before, after):
        if high < begins or low > ends or (low == high == begins > 0):
            continue
        gone, new = before[max(low, begins) : min(high, ends)], _until_mark(after[start:end])
        is_ours = any(one.is_own for one in (*gone, *new))
        is_known = slots is None or max(high - low, end - start) <= slots.get(_place(before, low, high), 0)
        if (gone or new) and (is_ours or not is_known):
            found.append(Edit(tuple(gone), tuple(new)))
    return _without_moved(found)


def diff_of(found: Sequence[Edit]) -> str:
    """The edits as text: lines that went with `-`, lines that came with `+`."""
    lines: list[str] = []
    for one in found:
        lines += ["@@", *(f"-{line.text}" for line in one.gone), *(f"+{line.text}" for line in one.new)]
    return "\n".join(lines)[:_MAX_DIFF] + "\n"


def _hunks(before: Sequence[Line], after: Sequence[Line]) -> Iterator[tuple[int, int, int, int]]:
    keys = [one.key for one in before], [one.key for one in after]
    for tag, low, high, start, end in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        if tag != "equal":
            yield low, high, start, end


def _place(lines: Sequence[Line], low: int, high: int) -> tuple[str, str]:
    before = lines[low - 1].key if low else _BEGIN
    return before, lines[high].key if high < len(lines) else _END


def _part(lines: Sequence[Line]) -> tuple[int, int]:
    """Where the item's own part begins and ends; the whole page where no line of it is known."""
    own = [number for number, one in enumerate(lines) if one.is_own]
    if not own:
        return 0, len(lines)
    below = (number for number in range(own[-1] + 1, len(lines)) if lines[number].key == MARK)
    return own[0], next(below, len(lines))


def _until_mark(lines: Sequence[Line]) -> Sequence[Line]:
    """Lines up to where another's post begins, wherever the two pages were laid side by side."""
    keys = [one.key for one in lines]
    return lines[: keys.index(MARK)] if MARK in keys else lines


def _without_moved(found: Sequence[Edit]) -> list[Edit]:
    gone = Counter(line.key for one in found for line in one.gone)
    new = Counter(line.key for one in found for line in one.new)
    moved = gone & new
    kept = [
        Edit(
            tuple(line for line in one.gone if line.key not in moved and line.key != MARK),
            tuple(line for line in one.new if line.key not in moved and line.key != MARK),
        )
        for one in found
    ]
    return [one for one in kept if one.gone or one.new]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
