"""Titles of other scripts in Latin letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.extract.fold import readings
from leakwatch.extract.romanise import MOST, romanisations

# spelt by people: passports, maps, encyclopaedias, publishers
SPELT = {
    "Объезд": ("obezd", "obieezd", "obyezd"),
    "Достоевский": ("dostoevsky", "dostoyevskiy", "dostoevskii", "dostoevskij"),
    "Хищник": ("hischnik",),
    "Цой": ("tsoy", "tsoi", "tsoj", "coj"),
    "Ещё Цой Юлия": ("eshche tsoi iuliia", "yeshche tsoy yuliya", "esche tsoy yuliya"),
    "Київ Гоголь їжак": ("kyiv hohol yizhak",),
    "Площад България": ("ploshtad balgariya",),
    "Његош": ("njegos",),
    "Αύγουστος": ("avgoustos",),
    "Ευχή Ψυχή": ("efchi psychi", "euche psyche"),
    "Οδύσσεια": ("odysseia",),
    "Σάκης Ρουβάς": ("sakis rouvas",),
    "Μπάμπης": ("bampis", "babis"),
    "がっこう": ("gakkou", "gakko"),
    "しゅくだい": ("shukudai", "syukudai"),
    "スーパーロボット": ("suupaarobotto", "suparobotto"),
    "ヴァイオレット": ("vaioretto",),
    "まっちゃ": ("matcha", "mattya"),
    "しんぶん": ("shinbun", "shimbun"),
    "ほしのうえは": ("hoshinoueha",),
    "ﾄﾄﾛ の もり を": ("totoro no mori o", "totoro no mori wo"),
    "독립문": ("dongnimmun", "tongnimmun"),
    "신라": ("silla",),
    "한국어": ("hangugeo", "hangugo"),
    "같이": ("gati",),
    "좋다": ("jota",),
    "علي بابا": ("ali baba",),
    "جمال": ("gmal", "jmal"),
    "שלום": ("shlom",),
    "בראשית": ("brashit",),
    "กรุงเทพ": ("krungthep",),
    "महाभारत": ("mahabharat", "mahabharata", "mahaabhaarat"),
    "कृष्ण": ("krishn", "krishna"),
    "ज़िंदगी": ("zindagi", "zindagee"),
    "গীতাঞ্জলি": ("gitanjoli", "gitanjali"),
    "হীরক রাজার দেশে": ("hirak rajar deshe",),
}


def squeezed(text: str) -> str:
    """The letters, which are what names are looked up by."""
    return "".join(filter(str.isalnum, text))


@pytest.mark.parametrize("title", SPELT)
def test_spellings_of_people(title: str) -> None:
    """Each spelling in use is among those of its title, or is the transliteration that names are read by anyway."""
    known = {squeezed(one) for one in (*romanisations(title), *readings(title))}
    assert set(map(squeezed, SPELT[title])) <= known


@pytest.mark.parametrize("title", ["", "Tide Glass", "Amélie", "千と千尋の神隠し", "活着", "は" * 201, "♥ ★"])
def test_nothing_to_spell(title: str) -> None:
    """Latin titles, Han, kanji with kana and whole sentences have no spellings."""
    assert romanisations(title) == ()


def test_other_scripts_beside() -> None:
    """Words in Latin letters, figures and marks stay where they are."""
    assert romanisations("Щука/Stay: 2 (ю)")[0] == "shchuka/stay: 2 (iu)"


@given(
    st.text(st.characters(codec="utf-8"), max_size=60)
    | st.text("аеёйщъчхβμπντγκしょうっーは각힣والعبכफ़क्कะเกร์ a-2", max_size=60)
)
def test_bounded(title: str) -> None:
    """Whatever the text, the spellings are few, distinct and not much longer."""
    spelt = romanisations(title)
    assert len(spelt) <= MOST
    assert len(set(spelt)) == len(spelt)
    assert all(len(one) <= 60 * 20 for one in spelt)
