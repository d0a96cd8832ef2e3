"""Names taken apart in batches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.extract.columns import Columns, columns

TEXTS = st.text(
    st.sampled_from("aB1 '-._()[]{}/\\|?!@$~+\n\x1fёЌ漢かกิक्éß🇦ﷺ\u200b") | st.characters(codec="utf-8"),
    max_size=20,
)


def taken(found: Columns) -> list[tuple[object, ...]]:
    """What a batch says of each of its texts: readings, letters, words with their gaps and depths, parts, hashes."""
    return list(_rows(found))


def _rows(found: Columns) -> Iterator[tuple[object, ...]]:
    for row in range(len(found.row_text)):
        words = np.flatnonzero(found.word_row == row)
        parts = np.flatnonzero(found.part_row == row)
        first, last = found.word_at[words], found.word_end[words]
        yield (
            int(found.row_text[row]),
            int(found.reading[row]),
            [found.word(word) for word in words.tolist()],
            found.gap[words].tolist(),
            found.depth[words].tolist(),
            [found.letters[a:b] for a, b in zip(found.part_at[parts], found.part_end[parts], strict=True)],
            [
                int(found.place[at] - found.row_begins[row])
                for word in words.tolist()
                for at in range(found.word_at[word], found.word_end[word])
            ],
            found.hashes(first, last).tolist(),
            found.plain_hashes(first, last).tolist(),
            found.signatures(first, last).tolist(),
        )


@given(st.lists(TEXTS, max_size=6))
@settings(max_examples=400, deadline=None)
def test_batch_is_each_alone(texts: list[str]) -> None:
    """A batch says of every text what is said of it alone."""
    alone = [(number, *row[1:]) for number, text in enumerate(texts) for row in taken(columns([text]))]
    assert taken(columns(texts)) == alone


@given(TEXTS)
def test_nothing_is_lost(text: str) -> None:
    """Words and parts each cover all letters, in order and without a hole."""
    found = columns([text])
    for begins, ends in ((found.word_at, found.word_end), (found.part_at, found.part_end)):
        assert "".join(found.letters[a:b] for a, b in zip(begins, ends, strict=True)) == found.letters
        assert (ends > begins).all()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("L33t Gl4ss", "leet glass"),
        ("p@$$word", "password"),
        ("T i d e  G l a s s", "tide glass"),
        ("T.I.D.E-GLASS", "TideGlass"),
        ("Don't", "dont"),
        ("0NE B1T", "one bit"),
        ("ONE BIT", "one blt"),  # the fold is uniform: i and l are one
    ],
)
def test_same_letters(one: str, other: str) -> None:
    """Figures for letters, letters apart and words together have one hash."""
    hashes = [
        found.hashes(np.array([0]), np.array([len(found.letters)]))
        for found in (columns([one]), columns([other]))
    ]
    assert hashes[0] == hashes[1]
