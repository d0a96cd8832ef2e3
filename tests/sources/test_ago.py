"""Times that pages tell relative to now."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.sources._ago import relative
from leakwatch.sources._ago_languages import LANGUAGES

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 minutes ago", "2026-11-20 11:55"),
        ("5m ago", "2026-11-20 11:55"),
        ("2mo ago", "2026-09-21 12:00"),
        ("about an hour ago", "2026-11-20 11:00"),
        ("less than a minute ago", "2026-11-20 11:59"),
        ("1 day, 2 hours and 3 minutes ago", "2026-11-19 09:57"),
        ("3 weeks", "2026-10-30 12:00"),
        ("a few seconds ago", "2026-11-20 12:00"),
        ("yesterday", "2026-11-19 00:00"),
        ("Yesterday at 11:15 pm", "2026-11-19 23:15"),
        ("Today, 01:00 +08:00", "2026-11-19 17:00"),
        ("vor 3 Stunden", "2026-11-20 09:00"),
        ("Vor etwa einer Woche", "2026-11-13 12:00"),
        ("gestern, 12:30 Uhr", "2026-11-19 12:30"),
        ("hace 2 días", "2026-11-18 12:00"),
        ("hace una hora", "2026-11-20 11:00"),
        ("ayer a las 10:00", "2026-11-19 10:00"),
        ("il y a 2 heures", "2026-11-20 10:00"),
        ("il y a un an", "2025-11-20 12:00"),
        ("aujourd’hui à 9:05", "2026-11-20 09:05"),
        ("há 2 horas", "2026-11-20 10:00"),
        ("3 meses atrás", "2026-08-22 12:00"),
        ("un'ora fa", "2026-11-20 11:00"),
        ("2 settimane fa", "2026-11-06 12:00"),
        ("5 минут назад", "2026-11-20 11:55"),
        ("час назад", "2026-11-20 11:00"),
        ("вчера в 12:30", "2026-11-19 12:30"),
        ("5 分钟前", "2026-11-20 11:55"),
        ("3个月前", "2026-08-22 12:00"),
        ("昨天 10:20", "2026-11-19 10:20"),
        ("5 分前", "2026-11-20 11:55"),
        ("2時間前", "2026-11-20 10:00"),
        ("\uff13日前", "2026-11-17 12:00"),
        ("5분 전", "2026-11-20 11:55"),
    ],
)
def test_times_in_words(text: str, expected: str) -> None:
    """Each language tells spans, days and times of day in its own words."""
    assert relative(text, NOW) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "neulich", "5", "5m", "5 apples ago", "a few days ago", "in 3 hours", "2 days from now", "1 hour before",
        "2 hours ago by Ona", "1,234 days ago", "3 Stunden", "einer Stunde", "un an", "3月前", "2020年前", "99999 years ago",
        "today 25:00", "today 10:00 +99:00", "2026-11-20", "20.11.2026 10:00", "-5 minutes ago", "5 minutes 3 ago",
    ],
)  # fmt: skip
def test_other_words_are_no_time(text: str) -> None:
    """What is not read to its end, may mean two things, or cannot be true is no time, never a guess."""
    assert relative(text, NOW) is None


def test_every_language_names_every_unit_and_three_days() -> None:
    """A table with a hole would silently tell no times."""
    for name, language in LANGUAGES.items():
        assert set(language.units) == {"s", "min", "h", "d", "w", "mon", "y"}, name
        assert {0, -1} <= set(language.days), name
        assert language.before or language.after, name


@pytest.mark.parametrize(
    "text", ["1 a" * 66, "an " * 66, "1d" * 100, "1 day, and " * 18, "vor " * 50, "5分" * 100]
)
def test_hostile_times_are_quick(text: str) -> None:
    """No text makes the reading slow."""
    relative("", NOW)
    began = time.process_time()
    for _ in range(20):
        relative(text, NOW)
    assert time.process_time() - began < 0.5


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=200)
def test_any_text_is_a_time_or_none(text: str) -> None:
    """Arbitrary texts give an aware time or None."""
    found = relative(text, NOW)
    assert found is None or found.tzinfo is UTC
