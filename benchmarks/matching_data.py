"""Labelled names, catalogues and background, as the benchmarks of matching take them.

A row whose SHA-256 is even is for fitting and for looking at; figures are those of the odd ones.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

import zstandard

from leakwatch.catalogue import parse_catalogue
from leakwatch.extract.fold import fold
from leakwatch.model.asset import Asset, AssetId

DATA = Path(os.environ.get("LEAKWATCH_SHARED_DATA", "../shared/data"))
_YEAR_AT_END = re.compile(r"\s*\((?:19|20)\d\d\)\s*\Z")
_YEAR = re.compile(r"[(\[]((?:19|20)\d\d)\b")
_ARTICLES = frozenset(("the", "a", "an"))
_ARTICLE = re.compile(r"\A\s*(?:the|an?)[\s._]+(?=\w)|,\s*(?:the|an?)\s*\Z", re.IGNORECASE)
_LED = re.compile(r"\A\s*(?:\[[^\]]*\]\s*)+(?=\w)")
_ENDING = re.compile(r"\.\w{2,4}\Z")
_CUT = re.compile(r"[(\[{]|\s--?\s|[\s._-]+(?=(?:s\d\d|ep?\s?\d|v\d)[\de]*\b)", re.IGNORECASE)
_MADE_NAMES = ("game", "torrent")
"""Sets whose rows are names of works, not sentences or paths of anything."""


def is_even(name: str) -> bool:
    """Whether a row is for fitting."""
    return hashlib.sha256(name.encode()).digest()[-1] % 2 == 0


def lines(path: str) -> list[str]:
    """The lines of a file, without the last line end."""
    file = DATA / path
    raw = file.read_bytes()
    if file.suffix == ".zst":
        raw = zstandard.ZstdDecompressor().stream_reader(raw).read()
    return raw.decode().rstrip("\n").split("\n")


def titles() -> list[tuple[str, str, str]]:
    """(release name, expected title, kind) of every labelled name; alternatives stand beside one another with ` | `."""
    rows = [line.split("\t") for line in lines("titles/release_titles.tsv")[1:]]
    return [(row[0], row[1], row[5]) for row in rows]


def works(name: str) -> list[Asset]:
    """A catalogue of the shared data."""
    told: list[str] = []
    for line in lines(name):
        fields = json.loads(line)
        fields.pop("scripts", None)
        told.append(json.dumps(fields))
    return list(parse_catalogue("\n".join(told), name).assets)


def catalogue_with_titles() -> list[Asset]:
    """The 50,000 works, and one more for each expected title."""
    found = works("assets/assets_50k.jsonl.zst")
    seen: dict[str, str] = {}
    for _, expected, _ in titles():
        title = expected.split(" | ")[0]
        seen.setdefault(letters(title), title)
    found += [
        Asset(id=AssetId(f"title:{number}"), title=title)
        for number, title in enumerate(seen.values())
        if title
    ]
    return found


def letters(text: str) -> str:
    """The letters and figures of a name: what is left of it is the same however it is written."""
    return "".join(char for char in fold(text) if char.isalnum())


def names_of(asset: Asset) -> set[str]:
    """Letters of each name of a work, with and without a year in brackets at its end."""
    return {letters(told) for name in asset.names for told in (name, _YEAR_AT_END.sub("", name))}


def background() -> dict[str, list[str]]:
    """Names that have nothing to do with a catalogue, by set."""
    return {
        "reddit": [line.split("\t")[1] for line in lines("background/reddit_titles.tsv.zst")[1:]],
        "game": [line.split("\t")[0] for line in lines("background/game_dat_files.tsv.zst")[1:]],
        "debian": [line.split("\t")[0] for line in lines("background/debian_file_paths.tsv.zst")[1:]],
        "torrent": [line.split("\t")[0] for line in lines("background/torrent_names.tsv.zst")[1:]],
    }


class Namers:
    """Says which background rows do name a work of the catalogue, by a rule that knows nothing of the matcher.

    A row names a work if what stands before one of its brackets or spaced dashes, or all of it, is one of the work's names,
    letter for letter; the ending of a file, an article at the beginning, and one behind a comma do not count on either
    side, and a season, episode or version such as S01E02 or v1.0 ends the name as a bracket does. Names of games and torrents do so, too, if any two to
    eight words in a row from the beginning are such a name; a sentence or path does if one of its names of at least
    three words and twelve letters stands in it word for word. A year in brackets that is neither the work's nor
    next to it makes the row of another work.
    """

    def __init__(self, assets: Iterable[Asset]) -> None:
        self._all: dict[str, set[int | None]] = {}
        self._long: set[str] = set()
        for asset in assets:
            for name in asset.names:
                bare = _YEAR_AT_END.sub("", name)
                told = letters(_without_article(bare))
                self._all.setdefault(told, set()).add(asset.year)
                if len(fold(name).split()) >= 3 and len(letters(bare)) >= 12:
                    self._long.add(letters(bare))

    def names_one(self, row: str, which: str) -> bool:
        """Whether a row of a set names a work."""
        words = re.findall(r"[^\W_]+", fold(row).replace("'", ""))
        heads = {letters(_without_article(head)) for head in _heads(row)}
        if which in _MADE_NAMES:
            heads |= {
                "".join(words[first : first + count])
                for first in (0, 1)
                if not first or (words[:1] and words[0] in _ARTICLES)
                for count in range(2, 9)
            }
        told = _YEAR.search(row)
        years = {year for head in heads & self._all.keys() for year in self._all[head]}
        if years and (not told or any(year is None or abs(year - int(told[1])) < 2 for year in years)):
            return True
        return which not in _MADE_NAMES and any(
            "".join(words[first : first + count]) in self._long
            for first in range(len(words))
            for count in range(3, 10)
        )


def _heads(row: str) -> set[str]:
    """What stands before each bracket, spaced dash, season, episode or version of a name, or its end, without leading groups in brackets."""
    row = _LED.sub("", row)
    bare = _ENDING.sub("", row)
    return {row, bare, *(row[: cut.start()] for cut in _CUT.finditer(row))}


def _without_article(name: str) -> str:
    return _ARTICLE.sub("", name)
