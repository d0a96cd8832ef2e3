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

    Names of games and torrents name a work if what stands before the first bracket or dash, or any two to
    eight words in a row from the beginning, are one of its names; a sentence or path does if one of its names of at least
    three words and twelve letters stands in it word for word.
    """

    def __init__(self, assets: Iterable[Asset]) -> None:
        self._all: set[str] = set()
        self._long: set[str] = set()
        for asset in assets:
            for name in asset.names:
                told = letters(_YEAR_AT_END.sub("", name))
                self._all.add(told)
                if len(fold(name).split()) >= 3 and len(told) >= 12:
                    self._long.add(told)

    def names_one(self, row: str, which: str) -> bool:
        """Whether a row of a set names a work."""
        words = re.findall(r"[^\W_]+", fold(row).replace("'", ""))
        if which in _MADE_NAMES:
            heads = {letters(re.split(r"[(\[]| - ", row)[0])} | {
                "".join(words[:count]) for count in range(1, 9)
            }
            return bool(heads & self._all)
        return any(
            "".join(words[first : first + count]) in self._long
            for first in range(len(words))
            for count in range(3, 10)
        )
