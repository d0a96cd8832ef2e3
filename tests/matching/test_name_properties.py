"""Names in catalogues that grow and shrink, in batches and alone; what is found, beside a scan of everything."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files as package_files

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA, Levenshtein

from leakwatch.extract.columns import columns
from leakwatch.extract.regions import regions
from leakwatch.extract.words import Meanings
from leakwatch.matching.candidates import ARTICLES, EXACT, LEET, SLIP, Candidates, candidates
from leakwatch.matching.engine import match, match_all, match_names
from leakwatch.matching.index import Index, build_index
from leakwatch.matching.weights import parse_weights
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Match
from leakwatch.model.observation import Observation
from leakwatch.rulepack.schema import Confidence, Rule, RulePack
from leakwatch.service import load_rules

WEIGHTS = parse_weights((package_files("leakwatch.matching") / "weights.yaml").read_text("utf-8"))
AT = datetime(2026, 1, 1, tzinfo=UTC)
CANON = str.maketrans("oil@aes$tb", "0114435578")
"""Letters by the figures that they look like."""
LEADING = {article.translate(CANON) for article in ARTICLES}
FIGURE = re.compile(r"\d{2,}|(?<![a-z])\d|\d(?![a-z])|\d(?=[bmkt](?![a-z]))")

WORDS = st.sampled_from(
    [
        "harbour",
        "glass",
        "tide",
        "silent",
        "winter",
        "river",
        "the",
        "of",
        "7b",
        "2",
        "Тихая",
        "гавань",
        "静かな",
        "moon",
    ]
)
TITLES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
BESIDE = [
    "",
    "leaked download",
    "13.5 GB",
    "-00001-of-00002.gguf 130 MB",
    "changelog patch notes",
    "recipe soup",
    "torrent magnet",
]
"""What rules and sizes in words speak of."""
RULES = load_rules(None)
OWN_RULES = RulePack(
    (
        Rule(id="a.b.c", title="t", confidence=Confidence.LOW, any_tokens=("moon", "soup"), asset="a0"),
        Rule(id="a.b.d", title="t", confidence=Confidence.HIGH, any_tokens=("leaked", "magnet")),
        Rule(id="a.b.e", title="t", confidence=Confidence.HIGH, any_tokens=("download", "torrent")),
    )
)
ENDINGS = st.sampled_from(["", " 2021 1080p", ".mkv", " [GRP]", " and some more"])


def asset(ident: str, title: str) -> Asset:
    """An asset that is a title and no more."""
    return Asset(id=AssetId(ident), title=title)


@st.composite
def catalogues(draw: st.DrawFn, prefix: str) -> list[Asset]:
    """A few assets of common words, so that they resemble one another."""
    told = draw(st.lists(st.tuples(TITLES, st.none() | TITLES, st.none() | st.integers(1, 9)), max_size=4))
    return [
        Asset(
            id=AssetId(f"{prefix}{number}"),
            title=title,
            aliases=(alias,) if alias else (),
            files=(AssetFile(path=f"{title}.bin", size_bytes=size * 10_000_019),) if size else (),
        )
        for number, (title, alias, size) in enumerate(told)
    ]


@st.composite
def misspelt(draw: st.DrawFn, title: str) -> str:
    """A title with up to three slips of the pen."""
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(title)))
        letter = draw(st.sampled_from("abcdklmnoprst"))
        cut = draw(st.integers(0, 3))
        if cut == 0:
            title = title[:at] + letter + title[at:]
        elif cut == 1:
            title = title[:at] + title[at + 1 :]
        elif cut == 2:
            title = title[:at] + letter + title[at + 1 :]
        else:
            title = title[:at] + title[at : at + 2][::-1] + title[at + 2 :]
    return title


def seen(name: str) -> Observation:
    """An item that is a name and no more."""
    return Observation(site="s", native_id="1", title=name, fetched_at=AT)


def told(name: str, index: Index) -> dict[AssetId, Match]:
    """What a name is matched with."""
    return {one.asset: one for one in match(seen(name), index, WEIGHTS)}


NAMES = st.tuples(TITLES.flatmap(misspelt), ENDINGS).map("".join)


@settings(deadline=None, max_examples=40)
@given(catalogues("a"), catalogues("b"), NAMES)
@example([asset("a", "Silent Harbour Glass")], [asset("b", "Silent Harbour")], "Silent Harbour Glass")
@example([asset("a", "Silent Harbour Glass")], [asset("b", "Silent Harbor Glass")], "Silent Harbor Glass")
def test_adding_an_asset_never_removes_anothers_match(old: list[Asset], new: list[Asset], name: str) -> None:
    """What was found stays found, in the same words and with the same score, whatever else is called so."""
    before = told(name, build_index(old))
    after = told(name, build_index(old).with_assets(new))
    assert {ident: after.get(ident) for ident in before} == before


@pytest.mark.parametrize("exact", ["Silent Harbor Glass", "Silent Glass Harbour", "Harbour of Silent Glass"])
def test_an_exact_title_leaves_its_neighbour_found(exact: str) -> None:
    """An asset that is called just so does not hide one that is a slip or an order of words away."""
    old = [asset("a", "Silent Harbour Glass")]
    name = f"{exact} 2021 1080p"
    assert told(name, build_index(old))
    assert {AssetId("a"), AssetId("b")} <= told(
        name, build_index(old).with_assets([asset("b", exact)])
    ).keys()


@settings(deadline=None, max_examples=40)
@given(catalogues("a"), catalogues("b"), st.lists(NAMES, max_size=4))
def test_removing_gives_back_the_index_without(old: list[Asset], new: list[Asset], names: list[str]) -> None:
    """An index that assets were added to and taken from again finds what it found, and so does one that is built anew."""
    index = build_index(old)
    grown = index.with_assets(new)
    shrunk = grown.without([one.id for one in new])
    rest = grown.without([one.id for one in old])
    for table in ("assets", "by_infohash", "by_digest", "by_size", "by_file_name", "by_total", "totals"):
        assert getattr(shrunk, table) == getattr(index, table)
        assert getattr(rest, table) == getattr(build_index(new), table)
    for name in names:
        assert told(name, shrunk) == told(name, index)
        assert told(name, rest) == told(name, build_index(new))


@settings(deadline=None, max_examples=40)
@given(catalogues("a"), st.lists(st.integers(0, 4), max_size=4), st.lists(NAMES, max_size=4))
def test_an_index_made_in_steps_is_the_one_made_at_once(
    assets: list[Asset], steps: list[int], names: list[str]
) -> None:
    """However a catalogue came in, the same is found."""
    grown, left = build_index([]), assets
    for step in steps:
        grown, left = grown.with_assets(left[:step]), left[step:]
    grown, whole = grown.with_assets(left), build_index(assets)
    assert [told(name, grown) for name in names] == [told(name, whole) for name in names]


@settings(deadline=None, max_examples=40)
@given(catalogues("a"), st.lists(NAMES, max_size=8))
def test_a_batch_is_matched_as_each_alone(assets: list[Asset], names: list[str]) -> None:
    """What stands beside a name in a batch changes nothing."""
    index = build_index(assets)
    together = match_all([(seen(name), ()) for name in names], index, WEIGHTS)
    assert together == [match(seen(name), index, WEIGHTS) for name in names]
    assert together == match_names(names, "s", AT, index, WEIGHTS)


@settings(deadline=None, max_examples=80)
@given(
    catalogues("a"),
    st.lists(st.tuples(NAMES, st.sampled_from(BESIDE)).map(" ".join), max_size=3),
    st.lists(st.floats(-6, 6), min_size=5, max_size=5),
)
@example([asset("a0", "glass tide")], ["glass tide leaked download"], [0.0] * 5)
@example([asset("a0", "glass tide")], ["glass tide river soup"], [0.0] * 5)
@example([asset("a0", "glass tide")], ["glass tide"], [6.0] * 4 + [0.0])
@example([asset("a0", "glass tide")], ["glass tide"], [0.0] * 4 + [6.0])
@example(
    [Asset(id=AssetId("a0"), title="glass tide", files=(AssetFile(path="x", size_bytes=13_500_000_019),))],
    ["glass tide 13.5 GB"],
    [0.0] * 5,
)
def test_what_is_left_out_is_too_weak(assets: list[Asset], names: list[str], bits: list[float]) -> None:
    """Whatever rules, priors and sizes add to a name: given is each match of the least score and more, and no other."""
    index = build_index([replace(one, prior_bits=own) for one, own in zip(assets, bits, strict=False)])
    items, priors = [(seen(name), ()) for name in names], {"s": bits[-1]}
    for pack in (RULES, OWN_RULES):
        every = match_all(items, index, WEIGHTS, pack, priors, 0.0)
        for least in {one.score for some in every for one in some}:
            strong = [tuple(one for one in some if one.score >= least) for some in every]
            assert match_all(items, index, WEIGHTS, pack, priors, least) == strong


def looked_up(name: str, index: Index) -> tuple[Candidates, str, bool]:
    """The candidates of one name, its letters, and whether all of it reads as its title."""
    found = columns([name])
    meanings = Meanings(bits=10).of(found)
    cut = regions(found, meanings)
    whole = bool(len(cut.row) == 1 and cut.title[0] == 0 and cut.end_title[0] == len(found.word_at))
    whole &= not cut.edge[1:-1].any()
    return (
        candidates(found, meanings, cut, index.book, np.ones(len(found.row_text), np.bool_)),
        found.letters,
        whole,
    )


SPELT = st.lists(st.text("adeklmnorstu7", min_size=2, max_size=9), min_size=1, max_size=3).map(" ".join)


@st.composite
def titles_and_a_slip(draw: st.DrawFn) -> tuple[list[str], str]:
    """Titles of random letters, among them near neighbours, and a misspelt one of them."""
    some = draw(st.lists(SPELT, min_size=1, max_size=5))
    near = [draw(misspelt(one)) for one in some]
    return [one for one in [*some, *near] if one.strip()], draw(misspelt(draw(st.sampled_from(some))))


@settings(deadline=None, max_examples=150)
@given(titles_and_a_slip())
@example((["tidemark"], "tidemrak"))
@example((["tideamrk"], "tidemark"))
@example((["the lanterns of menorka"], "the lantrens of menorka"))
@example((["lantern 7 menorka"], "lantern 8 menorka"))
def test_misspelt_names_are_those_of_a_scan(told: tuple[list[str], str]) -> None:
    """Of all names exactly those are found that are as near as is promised, and have the same figures.

    A name of 14 letters with letters changed over *and* another slip is three single edits off: it may be found, and
    need not.
    """
    titles, name = told
    index = build_index([asset(f"t{number}", title) for number, title in enumerate(titles)])
    some, theirs, is_title = looked_up(name, index)
    assume(is_title)
    read = theirs.translate(CANON)
    names = index.book.names
    ours = [names.text(number).translate(CANON) for number in range(len(names))]
    found = {int(number) for number in some.name[some.how == SLIP] if number >= 0}
    whole = (some.first == 0) & (some.last == len(theirs)) & (some.how == SLIP)
    assert found == {int(number) for number in some.name[whole]}
    promised, possible = set[int](), set[int]()
    for number, one in enumerate(ours):
        if sorted(FIGURE.findall(names.text(number))) != sorted(FIGURE.findall(theirs)):
            continue
        if one.endswith(read) and one[: len(one) - len(read)] in LEADING:
            continue  # found as a name without its article
        allowed = (len(one) >= 8) + (len(one) >= 14)
        slips = OSA.distance(read, one)
        if 0 < slips <= allowed:
            possible.add(number)
        if 0 < slips <= allowed and (slips == 1 or Levenshtein.distance(read, one) <= allowed):
            promised.add(number)
    assert promised <= found <= possible
    assert all(
        slips == OSA.distance(read, ours[number])
        for number, slips in zip(some.name[whole].tolist(), some.slips[whole].tolist(), strict=True)
    )


@settings(deadline=None, max_examples=40)
@given(
    st.lists(TITLES | SPELT, max_size=6),
    st.lists(TITLES | SPELT | NAMES, min_size=1, max_size=4).map(" - ".join),
)
def test_windows_are_those_of_a_scan(titles: list[str], name: str) -> None:
    """Exactly the runs of up to sixteen parts are found whose letters are a name's."""
    index = build_index([asset(f"t{number}", title) for number, title in enumerate(titles)])
    found = columns([name])
    some, _, _ = looked_up(name, index)
    names = index.book.names
    scanned = {
        (int(found.part_at[first]), int(found.part_end[last]), number)
        for first in range(len(found.part_at))
        for last in range(first, min(first + 16, len(found.part_at)))
        if found.part_row[first] == found.part_row[last]
        for number in range(len(names))
        if found.letters[found.part_at[first] : found.part_end[last]].translate(CANON)
        == names.text(number).translate(CANON)
    }
    exact = np.flatnonzero((some.how == EXACT) | (some.how == LEET))
    told_ = zip(some.first[exact].tolist(), some.last[exact].tolist(), some.name[exact].tolist(), strict=True)
    assert set(told_) == scanned
