"""The last look at what leaves: a request that names an asset under embargo is not sent.

`questions` is the place that decides what is asked; this is for the case that it, or a kind, is wrong.
Two readings of everything that leaves are searched, after all layers of encoding were taken off: its words, and its
letters and digits without anything between them. A name of fewer letters than a word is wont to have is looked for as
words only, since it would be found inside any address.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes

from leakwatch.errors import Withheld
from leakwatch.extract.fold import fold
from leakwatch.model.manner import Manner
from leakwatch.sources._kind import Request

_ROUNDS = 4
_SHORTEST = 3
_JOINED_FROM = 7
_NOT_WORD = re.compile(r"[\W_]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){4,}")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_PUNY = re.compile(r"xn--[a-z0-9-]{1,59}", re.IGNORECASE)
_PIECE = 900


Names = Mapping[str, tuple[tuple[str, str], ...]]
"""By their beginning: names, each with what its asset may be called."""


@dataclass(frozen=True, slots=True)
class Silence:
    """The names that may not leave: as words, by the first one, and as letters in a row, by the first few."""

    words: Names
    joined: Names

    @classmethod
    def about(cls, names: Iterable[tuple[str, str]]) -> Silence:
        """Of pairs of a name and what its asset may be called."""
        words: dict[str, tuple[tuple[str, str], ...]] = {}
        joined: dict[str, tuple[tuple[str, str], ...]] = {}
        for name, shown in names:
            read = _words(name)
            bare = _joined(read)
            if len(bare) >= _SHORTEST:
                first = read.partition(" ")[0]
                words[first] = (*words.get(first, ()), (read, shown))
            if len(bare) >= _JOINED_FROM:
                joined[bare[:_JOINED_FROM]] = (*joined.get(bare[:_JOINED_FROM], ()), (bare, shown))
        return cls(words, joined)

    def check(self, request: Request, manner: Manner) -> None:
        """Raises: Withheld, which does not repeat the name."""
        if not self.words:
            return
        known = self.found_in(manner.told)
        texts = [request.url, *request.headers.keys(), *request.headers.values()]
        texts += [part for pair in (request.form or {}).items() for part in pair]
        for text in texts:
            for shown in self.found_in(text) - known:
                raise Withheld(f"the request would name {shown}, which is under embargo; it was not sent")

    def found_in(self, text: str) -> set[str]:
        """The assets that a text names, however it is encoded."""
        found: set[str] = set()
        for reading in readings(text) if text and self.words else ():
            words = f"{_words(reading)} "
            for at in _starts(words):
                beginning = words[at : words.index(" ", at)]
                for name, shown in self.words.get(beginning, ()):
                    if words.startswith(f"{name} ", at):
                        found.add(shown)
            bare = _joined(words)
            for at in range(len(bare) - _JOINED_FROM + 1):
                for name, shown in self.joined.get(bare[at : at + _JOINED_FROM], ()):
                    if bare.startswith(name, at):
                        found.add(shown)
        return found


def _starts(words: str) -> list[int]:
    """Where the words of a text begin that ends in a space."""
    return [0, *(at + 1 for at, char in enumerate(words[:-1]) if char == " ")] if words.strip() else []


NOTHING = Silence({}, {})


def readings(text: str) -> Iterator[str]:
    """The text, and what it is after each layer of encoding was taken off. Bounded: it is our own request."""
    seen: set[str] = set()
    layer = [text]
    for _ in range(_ROUNDS):
        layer = [one for one in dict.fromkeys(layer) if one not in seen]
        seen |= set(layer)
        yield from layer
        layer = [inner for one in layer for inner in _inner(one)]


def _inner(text: str) -> Iterator[str]:
    yield unquote(text.replace("+", " "))
    raw = unquote_to_bytes(text.replace("+", " "))
    for coding in ("utf-16-le", "utf-16-be", "cp1251", "shift_jis", "gb18030", "koi8-r", "euc-jp"):
        if any(byte > 127 or byte == 0 for byte in raw):
            yield raw.decode(coding, "ignore")
    yield html.unescape(text)
    yield _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    yield codecs.decode(text, "rot13")
    yield text[::-1]
    for label in _PUNY.findall(text):
        with suppress(UnicodeError, ValueError):
            yield label[4:].encode("ascii").decode("punycode")
    for found in _BASE64.findall(text):
        with suppress(binascii.Error, ValueError):
            bare = found.rstrip("=").translate(str.maketrans("-_", "+/"))
            yield base64.b64decode(bare + "=" * (-len(bare) % 4)).decode("utf-8", "ignore")
    for found in _HEX.findall(text):
        yield bytes.fromhex(found).decode("utf-8", "ignore")


def _words(text: str) -> str:
    """Folded words with single spaces; long texts are folded in pieces that overlap."""
    pieces = [fold(text[at : at + _PIECE]) for at in range(0, max(len(text), 1), _PIECE // 2)]
    return " ".join(_NOT_WORD.sub(" ", piece).strip() for piece in pieces)


def _joined(words: str) -> str:
    return words.replace(" ", "")
