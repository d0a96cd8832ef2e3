"""Titles of other scripts found in Latin letters: by their spellings, and by their consonants."""

from __future__ import annotations

from importlib.resources import files as package_files

import pytest

from leakwatch.matching.index import build_index
from leakwatch.matching.names import Field, Text, read_names
from leakwatch.matching.weights import parse_weights
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Signal, SignalKind

WEIGHTS = parse_weights((package_files("leakwatch.matching") / "weights.yaml").read_text("utf-8"))
TITLES = {
    "punishment": "Преступление и наказание",
    "song": "পথের পাঁচালী",
    "war": "महाभारत की कथा",
    "robot": "גרנדייזר הגדול",
    "school": "がっこうぐらし",
    "gate": "독립문 이야기",
    "guest": "Хижина",
    "glass": "Tide Glass Harbour",
}
INDEX = build_index(Asset(id=AssetId(key), title=title) for key, title in TITLES.items())


def told(text: str, field: Field = Field.RELEASE) -> dict[str, list[Signal]]:
    """What one text says of the catalogue."""
    return {str(key): signals for key, signals in read_names([Text(text, field)], INDEX, WEIGHTS)[0].items()}


@pytest.mark.parametrize(
    ("name", "asset"),
    [
        ("Prestuplenie.i.nakazanie.1969.1080p.BluRay.x264-GRP", "punishment"),
        ("Hizhina.1080p.WEB-DL.x264", "guest"),
        ("Pather.Panchali.1080p.WEB-DL", "song"),
        ("[Group] Gakkougurashi - 01 [1080p].mkv", "school"),
        ("Dongnimmun.Iyagi.720p.HDTV", "gate"),
    ],
)
def test_found_by_spelling(name: str, asset: str) -> None:
    """A release in the spelling of people finds the title of another script, as a whole and for review."""
    signals = told(name)[asset]
    assert signals[0].kind is SignalKind.TITLE
    assert sum(signal.weight for signal in signals) + WEIGHTS["prior"] > 0


def test_found_by_consonants() -> None:
    """Vowels that no scheme has do not hide a name; the signal says that its consonants alone are there."""
    signals = told("Grendayzer.hagadol.1080p.WEB-DL.x264")["robot"]
    assert signals[0].kind is SignalKind.TITLE_FUZZY
    assert "its consonants alone" in signals[0].detail


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Grendayzer hagadol can be had", Field.PROSE),  # no release name
        ("Hezhina.1080p.WEB-DL", Field.RELEASE),  # of хижина: too few consonants
        ("Tada.Gilos.Herbiro.1080p.WEB-DL", Field.RELEASE),  # a title in Latin letters has no skeleton
        ("Grendayzer.hagadol.2.1080p", Field.RELEASE),  # a figure is read as one
        (
            "Grondoyzor.huguduluu.oauoueieaiuaeiuaeo.1080p.WEB-DL",
            Field.RELEASE,
        ),  # hardly a letter is the same
    ],
)
def test_not_by_consonants(text: str, field: Field) -> None:
    """Consonants count in the title of a name, of titles of other scripts, where there are enough."""
    assert all("consonants" not in one.detail for signals in told(text, field).values() for one in signals)
