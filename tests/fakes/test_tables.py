"""The tables of the fake score: what stands in them is used, and mistakes are told with their place."""

from __future__ import annotations

import re
from importlib.resources import files as package_files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.errors import ConfigError, LeakwatchError
from leakwatch.fakes import parse_fakes
from leakwatch.fakes.tables import UNKNOWN

FOLDER = package_files("leakwatch.fakes")
TEXT = (FOLDER / "fakes.yaml").read_text("utf-8")
TABLES = parse_fakes(TEXT)
CODE = "\n".join(one.read_text("utf-8") for one in FOLDER.iterdir() if one.name.endswith(".py"))


def test_every_number_is_used() -> None:
    """Each name of the tables stands in the code, and each name that the code asks for in the tables."""
    words = set(re.findall(r'"([a-z_]+)"', CODE)) | {
        f"exact_{one}" for one in ("most", "some", "round", "side")
    }
    assert {*TABLES.bits, *TABLES.limits} <= words
    asked = set(re.findall(r'(?:bits|limits)\["([a-z_]+)"\]', CODE))
    assert asked <= {*TABLES.bits, *TABLES.limits}


def test_evidence_against_a_fake_never_raises_the_score() -> None:
    """Bits for a leak are below zero, the more exact the lower; bits for a fake above."""
    bits = dict(TABLES.bits)
    order = [bits.pop(f"exact_{one}") for one in ("most", "some", "round", "side")]
    assert order == sorted(order)
    assert max(order) < 0
    negative = {name for name, value in bits.items() if value < 0}
    assert negative == {"prior", "layout", "layout_most", "plausible", "likely"}


def test_the_graver_sign_weighs_more() -> None:
    """Where a fitting file turns one sign into a milder one, the milder one weighs no more."""
    milder = (
        ("executable_only", "executable_archive", "executable_beside", "executable_extra"),
        ("links_only", "unfit", "odd"),
        ("locked", "locked_howto", "archive_alone"),
        ("locked", "locked_software"),
        ("codec_lure", "codec_note"),
        ("empty", "empty_media"),
    )
    for names in milder:
        bits = [TABLES.bits[name] for name in names]
        assert bits == sorted(bits, reverse=True), names


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        *(
            ("mkv", "video"),
            ("gguf", "weights"),
            ("rxx", UNKNOWN),
            ("r٠٠", UNKNOWN),
            ("", UNKNOWN),
            ("501", UNKNOWN),
        ),
        *((one, "archive") for one in ("r00", "z07", "001", "s99", "rar")),
    ],
)
def test_endings(ending: str, kind: str) -> None:
    """An ending has one class; volumes of archives are archives."""
    assert TABLES.class_of(ending) == kind


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("prior: -1 ", "prior: high ", "bits.prior"),
        ("prior: -1 ", "prior: .nan ", "bits.prior"),
        ("prior: -1 ", "prior: true ", "bits.prior"),
        ("expected: audio", "expected: sound", "kinds.music.expected"),
        ("expected: audio", "expected: [audio]", "kinds.music.expected"),
        ("also: album", "also: film album", "kinds.music"),
        ("  audio: mp3", "  audio: mkv mp3", "classes.audio"),
        ("least: {any: 700000}", "least: {480p: 700000}", "kinds.music.least"),
        ("is_software: true", "is_software: 3", "kinds.game.is_software"),
        ("limits:", "limit:", "limits"),
    ],
)
def test_mistakes_are_told_with_their_place(old: str, new: str, place: str) -> None:
    """A wrong value is refused, and the field is named."""
    assert old in TEXT
    with pytest.raises(ConfigError) as caught:
        parse_fakes(TEXT.replace(old, new, 1), "mine.yaml")
    assert (caught.value.field, caught.value.file) == (place, "mine.yaml")


def test_broken_yaml_is_told_with_its_line() -> None:
    """A file that is no YAML is refused, and the line is named."""
    with pytest.raises(ConfigError) as caught:
        parse_fakes("bits:\n  prior: [\n")
    assert caught.value.line >= 2


@given(
    st.text(max_size=60)
    | st.sampled_from(["[]", "bits: {}", "1", "bits: {}\nlimits: {}\nclasses: {}\nkinds: {}"])
)
def test_any_text_gives_tables_or_an_error(text: str) -> None:
    """On any text: tables or a LeakwatchError."""
    try:
        tables = parse_fakes(text)
    except LeakwatchError:
        return
    assert tables.class_of("mkv") == UNKNOWN
