"""Shapes of texts: what tells fields apart that change places."""

from __future__ import annotations

import pytest

from leakwatch.extract.shapes import shape


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("https://index.example/t/1", "an address"),
        ("magnet:?xt=urn:btih:" + "0" * 40, "an address"),
        ("/t/1", "an address"),
        ("1.4 GB", "a number"),
        ("0" * 40, "a number"),
        ("ab" * 20, "a hash"),
        ("2026-11-20T12:00:00Z", "a date"),
        ("Fri, 20 Nov 2026 12:00:00 GMT", "a date"),
        ("who@example.org (Who)", "a mail address"),
        ("<p>and so on</p>", "markup"),
        ("copper", "a word"),
        ("copper meadow", "few words"),
        ("a description of what is in it", "many words"),
    ],
)
def test_shape(told: str, expected: str) -> None:
    """A text is of one shape, by its beginning."""
    assert shape(told) == expected
