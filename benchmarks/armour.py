"""How fast text is read for locators, on ordinary titles and on text full of armour.

    python benchmarks/armour.py [DATA]

Titles are those of `background/reddit_titles` in the folder DATA or LEAKWATCH_SHARED_DATA, joined to texts of a
megabyte. Nothing but `find_locators` is timed.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import zstandard

from leakwatch.extract.links import find_locators

MEGABYTE = 2**20
TEXTS = 8


def titles(folder: Path) -> Iterator[str]:
    """Titles, one after another."""
    packed = (folder / "background" / "reddit_titles.tsv.zst").open("rb")
    with packed, zstandard.ZstdDecompressor().stream_reader(packed) as stream:
        for line in io.TextIOWrapper(stream, "utf-8", "replace"):
            yield line.rstrip("\n").split("\t")[1]


def joined(lines: Iterable[str]) -> list[str]:
    """Texts of a megabyte."""
    texts: list[str] = []
    kept: list[str] = []
    size = 0
    for line in lines:
        kept.append(line)
        size += len(line) + 1
        if size >= MEGABYTE:
            texts.append("\n".join(kept))
            kept, size = [], 0
            if len(texts) == TEXTS:
                break
    return texts


def timed(texts: list[str]) -> tuple[float, int]:
    """Megabytes of UTF-8 a second of processor time, and how many locators were found."""
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    began = time.process_time()
    found = sum(len(find_locators(text)) for text in texts)
    return size / MEGABYTE / (time.process_time() - began), found


def main() -> None:
    """Print one line a kind of text."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["LEAKWATCH_SHARED_DATA"])
    together = joined(titles(folder))
    alone = "\n".join(together).split("\n")[:100_000]
    for name, texts in (("titles, joined", together), ("titles, one by one", alone)):
        rates = sorted(timed(texts) for _ in range(3))
        print(f"{name:24} {rates[0][0]:6.1f} to {rates[-1][0]:6.1f} MB/s, {rates[0][1]} locators")


if __name__ == "__main__":
    main()
