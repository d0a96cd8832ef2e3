"""A text and what it says once a step of its armour is off, each reading with the way back to the original."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Layer:
    """One reading of a text. `text[starts[i]:starts[i+1]]` came from `sources[i]` of the parent.

    Shape:  a stretch of `sources` that is as long as its text was copied letter by letter; any other stands for
            the whole of what it was read from. A reversed reading has no stretches.
    """

    text: str
    parent: Layer | None = None
    steps: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    sources: tuple[tuple[int, int], ...] = ()
    is_reversed: bool = False

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Where in the parent's text a stretch of this one was read from."""
        if self.is_reversed:
            return len(self.text) - end, len(self.text) - start
        return self._source(start)[0], self._source(max(start, end - 1))[1]

    def _source(self, position: int) -> tuple[int, int]:
        index = bisect.bisect_right(self.starts, position) - 1
        low, high = self.sources[index]
        after = self.starts[index + 1] if index + 1 < len(self.starts) else len(self.text)
        if high - low != after - self.starts[index]:
            return low, high
        low += position - self.starts[index]
        return low, low + 1

    def with_text(self, text: str) -> Layer:
        """The same reading with some of its letters made blank."""
        return replace(self, text=text)


def trace(layer: Layer, start: int, end: int) -> tuple[int, tuple[str, ...]]:
    """Where in the original a stretch began, and the steps that changed it, outermost first."""
    chain: tuple[str, ...] = ()
    while layer.parent is not None:
        shown = layer.text[start:end]
        start, end = layer.back(start, end)
        if layer.parent.text[start:end] != shown:
            chain = layer.steps + chain
        layer = layer.parent
    return start, chain


@dataclass(slots=True)
class Builder:
    """Puts a reading together from stretches of another."""

    parent: Layer
    parts: list[str] = field(default_factory=list[str])
    starts: list[int] = field(default_factory=list[int])
    sources: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    length: int = 0

    def copy(self, start: int, end: int) -> None:
        """Take a stretch as it is."""
        self.put(self.parent.text[start:end], start, end)

    def put(self, text: str, start: int, end: int) -> None:
        """Say `text` where the parent has another."""
        if text:
            self.parts.append(text)
            self.starts.append(self.length)
            self.sources.append((start, end))
            self.length += len(text)

    def layer(self, *steps: str) -> Layer:
        """The reading."""
        return Layer("".join(self.parts), self.parent, steps, tuple(self.starts), tuple(self.sources))


def substituted(
    layer: Layer, pattern: re.Pattern[str], instead: Callable[[re.Match[str]], str], step: str
) -> Layer | None:
    """The reading with each match replaced; None if there is none."""
    built = Builder(layer)
    last = 0
    for found in pattern.finditer(layer.text):
        new = instead(found)
        if new != found[0]:
            built.copy(last, found.start())
            built.put(new, found.start(), found.end())
            last = found.end()
    if not last:
        return None
    built.copy(last, len(layer.text))
    return built.layer(step)


def substituted_near(
    layer: Layer,
    signs: Iterable[int],
    pattern: re.Pattern[str],
    instead: Callable[[re.Match[str]], str],
    step: str,
) -> Layer | None:
    """The same for the lines in which signs of a match stand, each with the lines beside it; the rest is left out."""
    built = Builder(layer)
    for low, high in _lines(layer.text, signs):
        last = low
        for found in pattern.finditer(layer.text, low, high):
            new = instead(found)
            if new == found[0]:
                continue
            if last == low and built.length:
                built.put("\n\n", low, low)
            built.copy(last, found.start())
            built.put(new, found.start(), found.end())
            last = found.end()
        if last > low:
            built.copy(last, high)
    return built.layer(step) if built.length else None


def places(text: str, signs: Iterable[str]) -> Iterator[int]:
    """Where any of the signs stands, not in order."""
    for sign in signs:
        at = text.find(sign)
        while at >= 0:
            yield at
            at = text.find(sign, text.find("\n", at) if "\n" in text[at : at + 4000] else at + 4000)


def _lines(text: str, signs: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Stretches of whole lines around the signs; those that meet are one."""
    low = high = -1
    for at in sorted(signs):
        if at < high:
            continue
        first = text.rfind("\n", 0, text.rfind("\n", 0, at) + 1 or 1) + 1
        end = text.find("\n", at)
        end = text.find("\n", end + 1) if end >= 0 else -1
        end = len(text) if end < 0 else end
        if first > high:
            if high >= 0:
                yield low, high
            low = first
        high = end
    if high >= 0:
        yield low, high
