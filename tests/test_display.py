"""Untrusted text made safe to show."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leakwatch.display import clean, defang

ANY = st.text(st.characters(), max_size=120)
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INFOHASH = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"


@given(
    ANY
    | st.text(
        st.sampled_from("a\n\r\t\x00\x1b\x85\u0301\u202e\u2066\u200b\u2028\ud800\U000e0041"), max_size=40
    )
)
@settings(deadline=None, max_examples=300)
def test_cleaned_text_steers_nothing(text: str) -> None:
    """Cleaned text has no control, bidi, separator or surrogate character, whatever went in."""
    shown = clean(text)
    assert not [char for char in shown if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]
    assert not BIDI & set(shown)
    assert shown.encode("utf-8").decode("utf-8") == shown


@given(ANY, st.integers(1, 40))
@settings(deadline=None)
def test_cleaned_text_keeps_to_its_limit(text: str, limit: int) -> None:
    """No text is longer than the limit, and one that was cut says so."""
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert len(clean(text)) <= limit or shown.endswith("…")


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=100))
@settings(deadline=None)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """Letters, digits and signs of any script are not touched."""
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\nc\td", "a b c d"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("gnp.\u202eexe", "gnp.\\u202eexe"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("a\ud800b", "a\ufffdb"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 4),
        ("x" * 600, "x" * 499 + "…"),
        ("ﷺ静", "ﷺ静"),
    ],
)
def test_what_steers_becomes_visible(text: str, shown: str) -> None:
    """Control and invisible characters become escapes, line ends become spaces, heaps of marks are cut."""
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x.torrent", "hxxps://a[.]example/x.torrent"),
        ("HTTP://A.EXAMPLE", "hxxp://A[.]EXAMPLE"),
        ("https://user:pw@a.example:8/x?y=z.w", "hxxps://user:pw@a[.]example:8/x?y=z.w"),
        ("https://a.example/go?u=http://b.example/", "hxxps://a[.]example/go?u=http[:]//b.example/"),
        (f"magnet:?xt=urn:btih:{INFOHASH}", f"magnet[:]?xt=urn:btih:{INFOHASH}"),
        (
            f"Magnet:?xt=urn:btih:{INFOHASH}&tr=http://t.example/a",
            f"magnet[:]?xt=urn:btih:{INFOHASH}&tr=http[:]//t.example/a",
        ),
        ("https://http://a.example/", "hxxps://http[:]//a.example/"),
        ("https://a.example/\u202ex\ny", "hxxps://a[.]example/\\u202ex y"),
        ("no link", "no link"),
        ("", ""),
    ],
)
def test_links_are_defanged(url: str, shown: str) -> None:
    """The scheme and the host are broken, and so is every further link inside."""
    assert defang(url) == shown


@given(
    st.lists(
        st.sampled_from(
            ["http://", "https://", "HTTPS://", "magnet:?", "a.example", "/", "?u=", "@", ":", "ftp://"]
        )
        | ANY,
        max_size=8,
    ).map("".join)
)
@example("magnet:?xt=urn:btih:x&tr=https://a.example")
@settings(deadline=None, max_examples=300)
def test_no_defanged_text_opens_by_itself(url: str) -> None:
    """Whatever is defanged, no web address is left in it and no magnet at its beginning."""
    shown = defang(url)
    assert not re.search(r"https?://", shown, re.IGNORECASE)
    assert not shown.lower().startswith("magnet:?")
