"""One form for all spellings of a letter, and the way back to the original."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.extract.fold import MAX_NAME, WEAK, fold, origins, readings, split_camel

LETTERS = "aBzé ñß İıſŉﬁ ﷺ ½①２Ⅷ ㌔ｶﾞが가각ᄀ ᅡᆨ йё аΑάΰ ̀́̈͂ קָ שׂ ثّ ﻻ กำ้ि क़ক্ষ ড় 漢字 ⒜ 🇦🅰🅐 \u200b\u00ad\u2060\ufe0f\U000e0061 ’—【】'-._\n\x1f"
"""Letters that compose, decompose, vanish and grow."""
TEXTS = st.text(st.sampled_from(LETTERS) | st.characters(codec="utf-8"), max_size=40)


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_idempotent(text: str) -> None:
    """Folding what is folded changes nothing."""
    once = fold(text)
    assert fold(once) == once


@given(TEXTS)
def test_readings_are_folded(text: str) -> None:
    """Every reading is in folded form, and a text has three at most."""
    told = readings(text)
    assert 1 <= len(told) <= 3
    assert all(fold(one) == one for one in told)


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_origins(text: str) -> None:
    """Each character of a reading has one origin: within the text, in order, and what stands there reads so."""
    for reading in readings(text):
        laid = origins(text, reading)
        assert len(laid) == len(reading)
        assert laid == sorted(laid)
        assert all(0 <= place < len(text) for place in laid)
        marks = sorted(set(laid))
        for begin, end in pairwise([*marks, len(text)]):
            told = "".join(char for char, place in zip(reading, laid, strict=True) if place == begin)
            assert told in readings(text[begin:end])


def test_origins_of_a_cut_text() -> None:
    """A text that grows beyond what is read keeps the origins of what is left."""
    text = "\ufdfa" * MAX_NAME
    reading = readings(text)[0]
    laid = origins(text, reading)
    assert len(reading) == len(laid) == MAX_NAME
    assert laid[-1] < MAX_NAME / 5


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("Ｆｕｌｌ　Ｗｉｄｔｈ", "full width"),
        ("T\u200bi\u2060d\u00ade", "tide"),
        ("T̶̢̛i̷͎̕d̴̈́͜e̵͝", "tide"),
        ("𝕿𝖎𝖉𝖊 𝓖𝓵𝓪𝓼𝓼", "tide glass"),
        ("ⓉⒾⒹⒺ 🅃🄸🄳🄴 🅣🅘🅓🅔 🆃🅸🅳🅴 🇹🇮🇩🇪", "tide tide tide tide tide"),
        ("Tiếng Việt", "tieng viet"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("हिन्दी", "हिन्दी"),
        ("ภาษาไทย้", "ภาษาไทย้"),
        ("がぎぐ", "がぎぐ"),
        ("١٢٣ ४५", "123 45"),
    ],
)
def test_own_script(text: str, reading: str) -> None:
    """Width, invisible and mathematical forms go, and marks only where a script does without them."""
    assert fold(text) == unicodedata.normalize("NFC", reading)


@pytest.mark.parametrize(
    "text",
    [
        "Тіdе Gӏаѕѕ", "Τιdε Gլaѕs", "ᎢᎥᎠᎬ ᏀᏞᎪᏚᏚ", "ꓔꓲꓓꓰ ꓖꓡꓮꓢꓢ", "ᴛɪᴅᴇ ɢʟᴀꜱꜱ", "Ⲧⲓdⲉ Glⲁss", "Tıԁe Ɡlɑss",
        "ᵀⁱᵈᵉ ᴳˡᵃˢˢ",
    ],
)  # fmt: skip
def test_look_alikes(text: str) -> None:
    """Letters of other alphabets, small capitals and raised letters read as what they look like."""
    assert "tide glass" in readings(text)


def test_camel() -> None:
    """A word may be split before a capital behind a small letter, in Latin and Cyrillic."""
    assert split_camel("TideGlass КрасныйКит éÀ USA") == f"Tide{WEAK}Glass Красный{WEAK}Кит é{WEAK}À USA"
