"""Release names to tokens: folded, split, and cut where the title ends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.extract.names import MAX_NAME, fold, parse_name, readings, tokens


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ｆｕｌｌ　Ｗｉｄｔｈ", "full width"),
        ("Ça Évolue", "ca evolue"),
        ("STRASSE Straße", "strasse strasse"),
        ("Ёлка Й", "елка и"),
        ("Άλφα", "αλφα"),
        ("ta\u200bg \u202edir", "tag dir"),
        ("ガンダム", "ガンダム"),
        ("ｶﾞ", "ガ"),
        ("ﬁle Ⅳ", "file iv"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_spellings_fold_to_one(text: str, folded: str) -> None:
    """Width, case, ligatures, accents and format characters are folded; marks that carry sound stay."""
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("the.silent_harbour-2021", ("the", "silent", "harbour", "2021")),
        ("don't rock’n’roll", ("dont", "rocknroll")),
        ("静かな港1080p", ("静", "か", "な", "港", "1080p")),
        ("model静v2", ("model", "静", "v2")),
        ("тихая гавань", ("тихая", "гавань")),
        ("-- __ ..", ()),
        ("", ()),
    ],
)
def test_text_is_split_into_tokens(text: str, split: tuple[str, ...]) -> None:
    """Words and numbers are tokens, and scripts written without spaces give one token a character."""
    assert tokens(text) == split


@pytest.mark.parametrize(
    ("name", "title", "year"),
    [
        ("the.silent.harbour.2021.1080p.web.x264-grp", "the silent harbour", 2021),
        ("the silent harbour (2021) [bluray]", "the silent harbour", 2021),
        ("[grp] silent harbour - 07 [720p].mkv", "silent harbour", None),
        ("[a][b] silent harbour", "silent harbour", None),
        ("www.some-site.com - silent harbour 2020", "silent harbour", 2020),
        ("silent.harbour.s01e02.hdtv", "silent harbour", None),
        ("silent harbour 1x02", "silent harbour", None),
        ("2001 a space odyssey 1968 remastered", "2001 a space odyssey", 1968),
        ("1984", "1984", None),
        ("1917.2019.1080p", "1917", 2019),
        ("northwind-m7-70b.q4.gguf", "northwind m7 70b", None),
        ("[everything in brackets]", "everything in brackets", None),
        ("静かな港 1080p", "静 か な 港", None),
        ("", "", None),
    ],
)
def test_the_title_ends_where_the_tags_begin(name: str, title: str, year: int | None) -> None:
    """A leading group or site is no title, and the first tag, year or episode ends it."""
    release = parse_name(name)
    assert " ".join(release.title) == title
    assert release.year == year


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Silent Harbour", ("silent harbour",)),
        ("Мир", ("мир", "mir", "mиp")),
        ("Тhе Mаtriх", ("тhе mаtriх", "the matrikh", "the matrix")),
        ("静", ("静", "jing")),
        ("Ça", ("ca",)),
    ],
)
def test_other_scripts_have_a_second_reading(text: str, read: tuple[str, ...]) -> None:
    """Text that stays non-ASCII when folded is read by ear and by eye, too."""
    assert readings(text) == read


@given(st.text(max_size=80))
@settings(deadline=None, max_examples=300)
def test_any_text_is_split_soundly(text: str) -> None:
    """Arbitrary text gives tokens without separators, and a title that is a run of them."""
    release = parse_name(fold(text))
    letters = "".join(char for char in "".join(release.tokens) if char.isalnum())
    assert letters == "".join(tokens(fold(text)))
    assert 0 <= release.start <= release.end <= len(release.tokens)
    assert release.title or not release.tokens
    assert all(token and not any(char.isspace() or char == "_" for char in token) for token in release.tokens)
    assert 1 <= len(readings(text)) <= 3


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="'’ʼ`´"), max_size=60),
    st.sampled_from([".", "_", " ", "-", " - ", "\u200b "]),
)
@settings(deadline=None)
def test_separators_do_not_matter(text: str, separator: str) -> None:
    """Words joined by dots, underscores, dashes or spaces give the same tokens."""
    words = tokens(fold(text))
    assert tokens(fold(separator.join(words))) == words


def test_length_has_a_limit() -> None:
    """Of a name only the first thousand characters are read."""
    assert parse_name("a" * MAX_NAME + " secret").tokens == ("a" * MAX_NAME,)
    assert len(fold("b" * 5000)) == MAX_NAME
