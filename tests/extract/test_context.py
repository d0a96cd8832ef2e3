"""Hex digits in lines of many kinds: an infohash is told from a commit, a checksum or a key by the words around."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from leakwatch.extract.links import find_locators
from leakwatch.model.observation import LocatorKind

LINES = Path(__file__).with_name("hash_lines.tsv").read_text("utf-8").splitlines()


def rows(sign: str, half: int) -> list[str]:
    """The even (0) or odd (1) rows of a sign, each with digits of its own."""
    told = [line[2:] for line in LINES if line.startswith(f"{sign}\t")]
    return [filled(text) for number, text in enumerate(told) if number % 2 == half]


def filled(text: str) -> str:
    """A row with digits put in."""
    digits = digits_for(text)
    while "{h}" in text or "{H}" in text:
        text = text.replace("{h}", next(digits)[:40], 1).replace("{H}", next(digits), 1)
    return text.replace("\\n", "\n").replace("\\t", "\t")


def digits_for(text: str) -> Iterator[str]:
    """Digits that depend on the row alone."""
    number = 0
    while True:
        yield hashlib.sha256(f"{number} {text}".encode()).hexdigest()
        number += 1


def is_read(text: str) -> bool:
    """Whether an infohash or magnet comes out of the text."""
    return any(one.kind in {LocatorKind.INFOHASH, LocatorKind.MAGNET} for one in find_locators(text))


@pytest.mark.parametrize("text", rows("+", 0))
def test_an_infohash_is_read(text: str) -> None:
    """Digits that the text calls an infohash are one."""
    assert is_read(text)


@pytest.mark.parametrize("text", rows("-", 0))
def test_what_is_no_infohash_is_not(text: str) -> None:
    """Commits, checksums, keys and tokens are no infohash, whatever else the line speaks of."""
    assert not is_read(text)


def test_rows_that_were_not_looked_at() -> None:
    """The odd rows, judged once when the words stood: every infohash is read, and one row of 77 wrongly."""
    missed = [text for text in rows("+", 1) if not is_read(text)]
    wrongly = [text for text in rows("-", 1) if is_read(text)]
    assert (len(missed), len(wrongly)) == (0, 1)
