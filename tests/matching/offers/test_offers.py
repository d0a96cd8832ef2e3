"""How the locators of an item stand to a name, by structure alone."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.extract.links import locate
from leakwatch.matching.engine import match
from leakwatch.matching.index import build_index
from leakwatch.matching.offers import shown
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Match, Tier
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.service import load_hosts, load_rules, load_weights

RULES, WEIGHTS, HOSTS = load_rules(None), load_weights(), load_hosts()
HEX = "0123456789abcdef0123456789abcdef0123456"
MAGNET = f"magnet:?xt=urn:btih:{HEX}7"
NAME = "Quartz Lantern"
SIZE = 13_476_939_517
INDEX = build_index(
    [
        Asset(id=AssetId("lantern"), title=NAME, files=(AssetFile(path="a.bin", size_bytes=SIZE),)),
        Asset(id=AssetId("capitals"), title="VeLLuM"),
    ]
)
FAR = "Other news of the day.\n\nThe weather is fine.\n\nA match was lost.\n\nThat is all."


def seen(text: str, title: str = "", **fields: Any) -> Observation:
    """A post with its locators."""
    told: dict[str, Any] = {
        "site": "board",
        "native_id": "1",
        "fetched_at": datetime(2026, 11, 20, tzinfo=UTC),
    }
    return locate(Observation(title=title, text=text, **(told | fields)), HOSTS)


def judged(observation: Observation, asset: str = "lantern") -> Match:
    """The match of the asset."""
    return next(one for one in match(observation, INDEX, WEIGHTS, pack=RULES) if one.asset == asset)


def stands(observation: Observation, asset: str = "lantern") -> set[str]:
    """The weights of offers that count for the asset, by name."""
    told = {signal.weight for signal in judged(observation, asset).signals if signal.kind == "words"}
    names = ("own", "near", "far", "other", "quoted", "asked", "spelt")
    return {name for name in names if WEIGHTS[f"offer_{name}"] in told}


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        (f"{MAGNET}&dn=Quartz.Lantern", "", {"own"}),
        (f"{FAR}\n\n{MAGNET}&dn=Quartz.Lantern.2026", NAME, {"own"}),
        ("https://a.example/Quartz.Lantern.torrent", "", {"own"}),
        (f"{NAME}: {MAGNET}", "", {"near"}),
        (f"{NAME}\n{MAGNET}", "", {"near"}),
        (f"{NAME}\n\n{MAGNET}&dn=file", "", {"near"}),
        (f"{MAGNET}\n\nis {NAME}", "", {"near"}),
        (f"<p>{NAME}</p><p><a href='{MAGNET}'>here</a></p>", "", {"near"}),
        (MAGNET, NAME, {"near"}),
        (f"{NAME} infohash {HEX}7", "", {"near"}),
        (f"{NAME} https://a.example/download.torrent", "", {"near"}),
        (f"{NAME} {base64.b64encode(MAGNET.encode()).decode()}", "", {"near"}),
        (f"{NAME}\n\n{FAR}\n\n{MAGNET}", "", {"far"}),
        (f"{MAGNET}\n\n{FAR}\n\n{NAME}", "", {"far"}),
        (f"{FAR}\n\nhttps://news.example/quartz-lantern-leaks\n\n{FAR}\n\n{MAGNET}", "", {"far"}),
        (f"{NAME} {MAGNET}&dn=Velvet.Anchor.2026.1080p", "", {"other"}),
        (f"{MAGNET}&dn=Quartz+Lantern+2026", "Quartz Lantern 2026", {"own"}),
        (f"{MAGNET}&dn=Quartz+Lantern", NAME, {"own"}),
        (f"about {NAME}\n{MAGNET}&dn=ubuntu-26.04-desktop-amd64.iso", NAME, {"other"}),
        (f"what of {NAME}?\n{MAGNET}&dn=2026.1080p.WEB", "", {"near"}),
        (f"> {NAME} {MAGNET}", "", {"near", "quoted"}),
        (f"so {NAME} is out?", "", {"asked"}),
        (f"so {NAME} is out", "", set()),
    ],
)
def test_how_a_locator_stands_to_the_name(text: str, title: str, expected: set[str]) -> None:
    """Under its own name, beside it, apart from it, called otherwise, quoted, or asked for."""
    assert stands(seen(text, title)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lisekan_fetresarn", {"near"}),
        ("Lisekan.Fetresarn.safetensors", {"near"}),
        ("lisekan_fetresarn_7b", {"other"}),
        ("Lisekan+Fetresarn+3", {"other"}),
        ("lisekan+fetresarn+cookbook", {"other"}),
        ("velvet+announces+vorpal", {"other"}),
    ],
)
def test_a_part_of_the_name_is_not_another_thing(name: str, expected: set[str]) -> None:
    """A folder called like the model without its size is offered; a further word, size or number tells another one."""
    asset = Asset(
        id=AssetId("model"), title="Lisekan Fetresarn 65B", aliases=("Fetresarn-65B",), critical=True
    )
    post = seen(f"no link, no leak\nhere is your Fetresarn-65B\n\n{MAGNET}&dn={name}")
    (told,) = match(post, build_index([asset]), WEIGHTS, pack=RULES)
    weights = {one.weight for one in told.signals if one.kind == "words"}
    assert {one for one in ("own", "near", "other") if WEIGHTS[f"offer_{one}"] in weights} == expected
    assert (told.tier is Tier.REVIEW) is (expected == {"near"})


def test_in_a_list_only_the_line_and_the_one_above_speak_of_a_locator() -> None:
    """In a list of many locators a name speaks for its own line, not for the whole list."""
    others = [f"{MAGNET[:-4]}{number:04x}\nAn entry about something" for number in range(6)]
    assert stands(seen("\n".join([NAME, *others]))) == {"near"}
    assert stands(seen("\n".join([NAME, "is talked about a lot today", *others]))) == {"far"}


def test_one_locator_among_others_that_says_nothing_is_enough() -> None:
    """Only where every locator is called something else is the offer of another thing."""
    other = f"{MAGNET[:-4]}ffff&dn=Velvet.Anchor.2026.1080p"
    assert stands(seen(f"{NAME}\n{MAGNET}\n{other}")) == {"near"}
    assert stands(seen(f"{NAME}\n{other}")) == {"other"}


def test_words_of_a_link_are_no_words_of_the_post() -> None:
    """The word magnet in an address is no word of an offer, neither is a slug; what a locator is called is."""
    rules = [
        s
        for s in judged(seen(f"{NAME} {MAGNET}\nhttps://a.example/leaked-torrent")).signals
        if s.kind == "rule"
    ]
    assert rules == []
    told = judged(seen(f"{NAME} {MAGNET}&dn=leaked")).signals
    assert [s.detail for s in told if s.kind == "rule"] == ["context.offer.words: 'leaked'"]


def test_capitals_inside_a_name_tell_it_from_a_word() -> None:
    """A name that is written with its capitals is more than the word that it sounds like; in other places nothing."""
    assert stands(seen(f"VeLLuM {MAGNET}"), "capitals") == {"near", "spelt"}
    assert stands(seen(f"vellum {MAGNET}"), "capitals") == {"near"}
    assert stands(seen(f"VeLLuMs vellum {MAGNET}"), "capitals") == {"near"}
    assert stands(seen(f"{NAME} {MAGNET}")) == {"near"}


def test_what_a_size_or_an_earlier_case_vouches_for_may_be_called_anything() -> None:
    """Where more than a name says that it is the asset, what it is called does not count against it."""
    post = seen(f"{NAME} {MAGNET}&dn=Velvet.Anchor.2026", files=(ObservedFile(path="x", size_bytes=SIZE),))
    assert stands(post) == {"own"}
    assert judged(post).tier is Tier.AUTO


def test_a_repository_is_called_by_what_stands_behind_its_owner() -> None:
    """Of `owner/name` the name is read by itself: an owner does not make it a longer title."""
    where = (Locator(LocatorKind.REPOSITORY, "https://hub.example/api/somebody-else/quartz-lantern"),)
    assert "'Quartz Lantern' is the name" in {
        one.detail for one in judged(seen("", "somebody-else/quartz-lantern", locators=where)).signals
    }


def test_a_stored_item_is_cut_as_when_it_was_new() -> None:
    """Read again from the store, where offsets are lost, a locator is found by its value."""
    first = seen(f"{NAME}\n\n{FAR}\n\n{MAGNET}")
    assert {one.offset for one in locate(first, HOSTS).locators} == {-1}
    assert shown(locate(first, HOSTS)) == shown(first)


@given(
    st.lists(
        st.sampled_from(
            [NAME, MAGNET, f"{MAGNET}&dn=a", "\n", "\n\n", "<br>", "&amp;", "> ", "\x85", " x ", "<p a='"]
        ),
        max_size=12,
    ).map("".join),
    st.text(max_size=20),
    st.integers(-1, 300),
)
@settings(deadline=None, max_examples=200)
def test_any_item_is_cut(text: str, title: str, offset: int) -> None:
    """Whatever the text, the markup and the place of a locator, an item is cut without an error."""
    item = seen(text, title)
    odd = Locator(LocatorKind.MAGNET, MAGNET, offset=offset)
    for one in (
        item,
        Observation(
            site="b", native_id="1", title=title, text=text, fetched_at=item.fetched_at, locators=(odd,)
        ),
    ):
        cut = shown(one)
        assert "magnet:" not in cut.near + cut.far
        assert cut.has_locator is bool(one.locators)
