"""What rules are held against: words, lines and files of one item, each made when a rule first asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import add

from leakwatch.extract.names import readings, tokens
from leakwatch.matching.rules.files import Listing
from leakwatch.model.observation import ObservedFile

MAX_TEXT = 200_000
"""Characters of text, and of paths, that rules read."""
MAX_PATHS = 1000
"""Paths whose words are read; conditions on files and patterns see more."""
_CHUNK = 1000


class Item:
    """One item as rules see it. `site` is the name of the site, empty where it is not known."""

    def __init__(
        self, title: str, text: str = "", files: Sequence[ObservedFile] = (), site: str = ""
    ) -> None:
        self.title, self.text, self.files, self.site = title, text, files, site
        self._data: bytes | None = None
        self._listing: Listing | None = None

    def words(self, phrases: Mapping[str, frozenset[int]]) -> set[str]:
        """Every token of every reading, each pair of neighbours as one, and longer runs that a rule asks for."""
        texts = (self.title, self.text, *(file.path for file in self.files[:MAX_PATHS]))
        return words_of(texts, phrases)

    @property
    def data(self) -> bytes:
        """Title, text and paths, one a line, as patterns read them."""
        if self._data is None:
            title = self.title[:MAX_TEXT].replace("\n", " ")
            lines = f"{title}\n{self.text[:MAX_TEXT]}\n{_paths(self.files)}"
            self._data = lines[:MAX_TEXT].encode("utf-8", "replace")
        return self._data

    @property
    def listing(self) -> Listing:
        """The files, as conditions read them."""
        if self._listing is None:
            self._listing = Listing(self.files)
        return self._listing


def _paths(files: Sequence[ObservedFile]) -> str:
    found: list[str] = []
    left = MAX_TEXT
    for file in files:
        if left <= 0:
            break
        found.append(file.path[:_CHUNK].replace("\n", " "))
        left -= len(found[-1]) + 1
    return "\n".join(found)


def words_of(texts: Iterable[str], phrases: Mapping[str, frozenset[int]]) -> set[str]:
    """Tokens of some texts, and runs of them. `phrases` says how long runs may be that begin with a token."""
    found: set[str] = set()
    for text in texts:
        for chunk in _chunks(text[:MAX_TEXT]):
            for reading in readings(chunk):
                split = tokens(reading)
                found.update(split)
                found.update(map(add, split, split[1:]))
                if phrases.keys().isdisjoint(split):
                    continue
                for at, word in enumerate(split):
                    for length in phrases.get(word, ()):
                        found.add("".join(split[at : at + length]))
    return found


def _chunks(text: str) -> Iterator[str]:
    """Parts of a length that is folded in one go, cut between words where there is a space."""
    start = 0
    while start < len(text):
        end = start + _CHUNK
        if end < len(text):
            space = text.rfind(" ", start + _CHUNK // 2, end)
            end = space if space > 0 else end
        yield text[start:end]
        start = end
