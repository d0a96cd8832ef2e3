"""Where titles end, in names of every kind of work."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.extract.columns import columns
from leakwatch.extract.names import parse_name
from leakwatch.extract.regions import regions
from leakwatch.extract.words import Meanings


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("The.Silent.Harbour.2021.German.DL.1080p.BluRay.x264-GRP", "the silent harbour"),
        ("Silent Harbour (1998) [BDRip 720p]", "silent harbour"),
        ("Silent.Harbour.S02E05.Low.Tide.720p.WEB.h264-GRP.mkv", "silent harbour"),
        ("Silent Harbour - Temporada 2 [HDTV][Cap.205]", "silent harbour"),
        ("Silent.Harbour.Complete.Collection.1080p.WEB-DL", "silent harbour"),
        ("[Group] Shizuka na Minato - 07v2 (1280x720 x264 AAC) [ABCD1234].mkv", "shizuka na minato"),
        ("静かな港 第2期 第3話", "静 か な 港"),
        ("Mara Quill - Low Tide (2019) [FLAC 24bit 96kHz]", "mara quill low tide"),
        ("Mara_Quill-Low_Tide-WEB-2019-GRP", "mara quill low tide"),
        ("Harbour.Tycoon.v1.2.Repack-GRP", "harbour tycoon"),
        ("Harbour Tycoon (USA) (En,Fr,De).iso", "harbour tycoon"),
        ("Harbour.CAD.2024.x64.Multilingual.Cracked", "harbour cad"),
        ("Mara Quill - Low Tide (retail) (epub)", "mara quill low tide"),
        ("Mara.Quill.Low.Tide.2020.EPUB.eBook-GRP", "mara quill low tide"),
        ("Tideglass-70B-Q4_K_M.gguf", "tideglass 70b"),
        ("tideglass-7b-hf/model-00001-of-00033.safetensors", "model 00001 of 00033"),
        ("Movies/Silent Harbour (1998)/Silent.Harbour.1998.720p.mkv", "silent harbour"),
        ("www.some-site.to - Silent Harbour (2020) 720p", "silent harbour"),
        ("03. Silent Harbour.mp3", "silent harbour"),
        ("AC/DC Live", "ac dc live"),
        ("Silent.Harbour.The.Complete.Series.1080p.WEB-DL", "silent harbour"),
        ("Silent.Harbour.5.серия.из.12.WEB-DL.1080p", "silent harbour"),
        ("Silent Harbour 2 mar 2013", "silent harbour"),
        ("Silent.Harbour.2013.03.02.HDTV", "silent harbour"),
        ("Silent Harbour Vol.3 - Making of (BDRip)", "silent harbour"),
        ("Silent.Harbour.INTEGRALE.Saison.1.FRENCH", "silent harbour"),
    ],
)
def test_the_title_is_cut_in_every_kind_of_name(name: str, title: str) -> None:
    """Film, series, anime, music, games, software, books and weights: the title ends where the tags begin."""
    assert " ".join(parse_name(name).title) == title


@given(st.lists(st.text(max_size=40), max_size=6))
@settings(deadline=None, max_examples=200)
def test_cuts_stay_within_their_rows(names: list[str]) -> None:
    """Arbitrary texts give sections that cover all words, each with a title within itself."""
    found = columns(names)
    cut = regions(found, Meanings(bits=8).of(found))
    assert len(cut.edge) == len(found.word_at) + 1
    assert len(cut.section) == len(found.word_at)
    for section, row in enumerate(cut.row.tolist()):
        words = [word for word, its in enumerate(cut.section.tolist()) if its == section]
        assert {found.word_row[word] for word in words} == {row}
        assert words[0] <= cut.title[section] <= words[-1] < words[-1] + 1
        assert cut.title[section] < cut.end_title[section] <= words[-1] + 1
        assert cut.title[section] <= cut.second[section] <= cut.end_title[section]


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("01 - Silent Harbour", "silent"),
        ("003-004. Silent Harbour - Low Tide.avi", "silent"),
        ("2009.silent.harbour.multi.dvd9", "silent"),
        ("grp-silent.harbour.2016.1080p.bluray", "silent"),
        ("h265 Silent Harbour 1080p", "silent"),
        ("Spider-Man.2002.1080p", "spider"),
        ("Control-Panels", "control"),
        ("F-15 Strike Eagle (1991)", "f"),
    ],
)
def test_a_lead_gives_a_second_beginning(name: str, second: str) -> None:
    """Behind a number in a list, a year, a tag, or a group that dots follow; a joined word is no group."""
    found = columns([name])
    cut = regions(found, Meanings(bits=8).of(found))
    assert found.word(int(cut.second[0])) == second


def test_a_folder_of_a_season_is_none_of_the_last_two() -> None:
    """A series is told two folders above its episode, too, if a season stands between."""
    found = columns(["Videos/Shows/Silent Harbour/Season 01/Low Tide.mkv"])
    assert regions(found, Meanings(bits=8).of(found)).shallow.tolist() == [False, False, True, True, True]


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("F-15 City War (USA)", []),
        ("Silent.Harbour.US.S01E01", ["us"]),
        ("Yes Harbour 5 GoGo 31.mkv", ["5", "31"]),
        ("Harbour Season 2 1080p", []),
    ],
)
def test_titles_may_end_before_numbers_and_countries(name: str, ends: list[str]) -> None:
    """A number that nothing joins to the word before may count episodes, a country may tell two series apart."""
    found = columns([name])
    soft = regions(found, Meanings(bits=8).of(found)).soft
    assert [found.word(index) for index in soft.nonzero()[0].tolist()] == ends
