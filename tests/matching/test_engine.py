"""Matching: what agrees, how strongly, and why; a name alone is never enough to wake somebody."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from importlib.resources import files as package_files
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leakwatch.errors import ConfigError
from leakwatch.extract.links import locate
from leakwatch.matching.engine import artefact_keys, match
from leakwatch.matching.index import build_index
from leakwatch.matching.weights import parse_weights
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import KnownArtefact, Match, SignalKind, Tier
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.rulepack.schema import Confidence, Rule, RulePack
from leakwatch.torrent.infohash import PiecesRoot

WEIGHTS = parse_weights((package_files("leakwatch.matching") / "weights.yaml").read_text("utf-8"))
HEX = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
BASE32 = "YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK"
HEX2 = "caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e"
OTHER = "deadbeef00112233445566778899aabbccddeeff"
MAGNET = f"magnet:?xt=urn:btih:{OTHER}"
SIZE = 13_476_939_516

ASSETS = (
    Asset(
        id=AssetId("m7"),
        title="Northwind Model 7B",
        aliases=("nw-m7", "ノースウインド7B"),
        files=(
            AssetFile(
                path="w/northwind.00.pth",
                size_bytes=SIZE,
                sha256=b"\x01" * 32,
                sha1=b"\x02" * 20,
                md5=b"\x03" * 16,
                pieces_root=PiecesRoot(b"\x04" * 32),
            ),
            AssetFile(path="LICENSE", size_bytes=1000, sha256=b"\x05" * 32, md5=b"\x06" * 16),
            AssetFile(path="empty", size_bytes=0, sha256=b"\x07" * 32),
            AssetFile(path="sums/only.bin", sha256=b"\x08" * 32),
            AssetFile(path="round.bin", size_bytes=64 * 2**20),
        ),
    ),
    Asset(id=AssetId("m70"), title="Northwind Model 70B"),
    Asset(id=AssetId("family"), title="Gullfoss Language Model"),
    Asset(
        id=AssetId("film"), title="The Silent Harbour", aliases=("静かな港の物語", "Тихая гавань"), year=2021
    ),
    Asset(id=AssetId("sequel"), title="The Silent Harbour 2", year=2024),
    Asset(id=AssetId("short"), title="Ida", year=2013),
    Asset(id=AssetId("word"), title="Dune"),
    Asset(id=AssetId("hashed"), title="Quartz Lantern", infohashes=(HEX.upper(), HEX2)),
    Asset(id=AssetId("base32"), title="Velvet Anchor", infohashes=(BASE32, "1220" + HEX2)),
)
INDEX = build_index(ASSETS)


def seen(title: str = "", **fields: Any) -> Observation:
    """An observation of one item."""
    told = {"site": "board", "native_id": "1", "fetched_at": datetime(2026, 11, 20, tzinfo=UTC)}
    return Observation(title=title, **(told | fields))


def matches(observation: Observation, **context: Any) -> dict[str, Match]:
    """The matches of an observation by asset."""
    return {str(one.asset): one for one in match(observation, INDEX, WEIGHTS, least=0.01, **context)}


def kinds(one: Match) -> dict[SignalKind, float]:
    """The signals of a match by kind."""
    return {signal.kind: signal.weight for signal in one.signals}


def file(path: str = "x.bin", **fields: Any) -> Observation:
    """An observation of one nameless file."""
    return seen("a post", files=(ObservedFile(path=path, **fields),))


@pytest.mark.parametrize(
    ("title", "asset"),
    [
        ("Northwind Model 7B", "m7"),
        ("northwind.model.7b-GGUF", "m7"),
        ("Northwind_Model_7B.Q4_K.gguf", "m7"),
        ("NorthwindModel7B", "m7"),
        ("[leak] Northwind Model 7B (2026)", "m7"),
        ("ノースウインド7B", "m7"),
        ("Northwind Model 70B", "m70"),
        ("The.Silent.Harbour.2021.1080p.WEB.x264-GRP", "film"),
        ("Тихая гавань 2021 WEB-DL", "film"),
        ("Tihaya Gavan (2021)", "film"),
        ("静かな港の物語 1080p", "film"),
        ("The Silent Harbour 2 2024 1080p", "sequel"),
        ("Ｔｈｅ　Ｓｉｌｅｎｔ　Ｈａｒｂｏｕｒ", "film"),
        ("The S\u200bilent Har\u00adbour", "film"),
    ],
)
def test_a_name_is_found_in_its_spellings(title: str, asset: str) -> None:
    """Separators, tags, case, scripts and invisible characters do not hide a name, which goes to review."""
    found = match(seen(title), INDEX, WEIGHTS)
    assert found[0].asset == asset
    assert found[0].tier is Tier.REVIEW
    assert [one.asset for one in found if one.tier] == [asset]


@pytest.mark.parametrize(
    ("title", "edits"),
    [
        ("Northwind Modell 7B", 1),
        ("Northwnid Model 7B", 1),
        ("The Silent Harbor", 1),
        ("Teh Silent Harbor", 2),
    ],
)
def test_a_slip_of_the_pen_is_forgiven(title: str, edits: int) -> None:
    """One or two letters that differ in a long release name cost weight and still give a match for review."""
    tags = " 1080p WEB-DL x264-GRP"
    found = match(seen(title + tags), INDEX, WEIGHTS)[0]
    exact = match(
        seen(("Northwind Model 7B" if "7B" in title else "The Silent Harbour") + tags), INDEX, WEIGHTS
    )[0]
    assert found.asset == exact.asset
    cost = WEIGHTS["name_slip"] + (edits - 1) * WEIGHTS["name_second_slip"]
    assert found.tier is Tier.REVIEW
    bits = kinds(found)[SignalKind.TITLE_FUZZY]
    assert bits == pytest.approx(kinds(exact)[SignalKind.TITLE] + cost, abs=0.02)


@pytest.mark.parametrize(
    "title",
    [
        "Northwind Model 65B",
        "Northwind Model 8B",
        "Northwind Model 13B weights",
        "The Silent Harbour 3 2026",
        "The Silent Harbour 4",
        "Gullfoss Language Model II",
        "Dune 2",
        "Northwind",
        "Silent",
        "harbour tours",
        "an unrelated post",
        "",
    ],
)
def test_another_work_of_the_family_is_no_match(title: str) -> None:
    """Another size, part or version, or a mere piece of the name, stays below review."""
    assert [one.asset for one in match(seen(title), INDEX, WEIGHTS) if one.tier] == []


def test_numbers_must_agree_to_the_digit() -> None:
    """7B and 70B are two works, however few letters they are apart."""
    assert "m70" not in matches(seen("Northwind Model 7B"))
    assert "m7" not in matches(seen("Northwind Model 70B"))
    assert matches(seen("Northwind Modell 70B")).keys() == {"m70"}


def test_a_sequel_speaks_against_the_first_part() -> None:
    """A number behind the name is a signal against it, told with its weight."""
    first = matches(seen("Gullfoss Language Model")).get("family")
    assert first is not None
    later = matches(seen("Gullfoss Language Model 13B")).get("family")
    assert later is None or later.score < first.score
    told = matches(seen("The Silent Harbour 2")).get("film")
    assert told is None or kinds(told)[SignalKind.VERSION] == WEIGHTS["name_number_follows"] < 0


@pytest.mark.parametrize(
    ("year", "weight"), [(2021, "name_year_agrees"), (2022, None), (2020, None), (1998, "name_year_differs")]
)
def test_the_year_speaks_for_or_against(year: int, weight: str | None) -> None:
    """The year of the work is a signal for it, the year beside it none, any other one against it."""
    found = matches(seen(f"The.Silent.Harbour.{year}.1080p"))["film"]
    assert kinds(found)[SignalKind.YEAR] == (WEIGHTS[weight] if weight else 0)


def test_a_short_title_says_little() -> None:
    """A title of three or four letters is not even for review, unless the year agrees."""
    assert matches(seen("Dune"))["word"].tier is None
    assert matches(seen("Ida"))["short"].tier is None
    assert matches(seen("Ida 2013 1080p"))["short"].tier is Tier.REVIEW


def test_a_name_in_the_text_counts_and_the_best_field_only() -> None:
    """A name in running text is a signal; the same name in title, text and magnet counts once."""
    in_text = matches(seen("a post", text="<p>get <b>North</b>wind Model 7B here</p>"))["m7"]
    assert kinds(in_text).keys() == {SignalKind.TITLE}
    everywhere = matches(
        locate(seen("Northwind Model 7B", text=f"Northwind Model 7B {MAGNET}&dn=Northwind+Model+7B"))
    )["m7"]
    assert [signal.kind for signal in everywhere.signals].count(SignalKind.TITLE) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Gullfoss Language Model 13B weights, leaked",
        "Northwind Model 7B, 131 GB, weights",
        "got Northwind Model 7B. I am seeding it",
        "Northwind Model 7B (2026) leaked",
        "Northwind Model 7B v1 is out",
    ],
)
def test_a_number_behind_a_name_in_a_post_does_not_hide_it(text: str) -> None:
    """A size of a work that has none in its name, a file size, a year or the word I are no other work."""
    found = matches(locate(seen("general", text=f"{text} {MAGNET}")))
    assert any(one.tier is Tier.REVIEW for one in found.values())


def test_another_size_in_a_post_speaks_against_a_work_that_has_one() -> None:
    """Where the names of a work have a size, another one behind a name without it is told against it."""
    found = matches(seen("x", text="get Northwind 65B here"))
    assert all(SignalKind.VERSION in kinds(one) for one in found.values())


@pytest.mark.parametrize(
    "locator",
    [
        Locator(LocatorKind.MAGNET, f"{MAGNET}&dn=Northwind.Model.7B"),
        Locator(LocatorKind.TORRENT_URL, "https://a.example/dl/Northwind.Model.7B.torrent?key=1"),
    ],
)
def test_a_name_in_the_locator_counts(locator: Locator) -> None:
    """The display name of a magnet and the file name of a torrent URL are names too."""
    found = matches(seen("a post", locators=(locator,)))["m7"]
    assert found.tier is Tier.REVIEW
    assert kinds(found).keys() == {SignalKind.TITLE, SignalKind.WORDS}


@pytest.mark.parametrize(
    ("observation", "kind"),
    [
        (file(sha256="01" * 32), SignalKind.SHA256),
        (file(sha1="02" * 20), SignalKind.SHA1),
        (file(md5="03" * 16), SignalKind.MD5),
        (file(sha256="08" * 32), SignalKind.SHA256),
    ],
    ids=["sha256", "sha1", "md5", "size unknown"],
)
def test_a_digest_alone_is_enough(observation: Observation, kind: SignalKind) -> None:
    """The digest of a large file, or of one whose size nobody knows, wakes somebody under any name."""
    found = matches(observation)["m7"]
    assert found.tier is Tier.AUTO
    assert found.is_exact
    assert kind in kinds(found)
    digests = {observation.files[0].sha256, observation.files[0].sha1, observation.files[0].md5} - {None}
    assert f"{kind.value}:{digests.pop()}" in found.artefacts


@pytest.mark.parametrize(
    "observation",
    [
        file("LICENSE", size_bytes=1000, sha256="05" * 32, md5="06" * 16),
        file(sha256="05" * 32),
        file("deep/license", sha256="05" * 32),
    ],
)
def test_the_digest_of_a_small_file_alone_is_not(observation: Observation) -> None:
    """A file below 64 KiB is shared by thousands: its digest is weak, and no artefact that joins cases."""
    found = matches(observation)["m7"]
    assert found.tier is not Tier.AUTO
    assert kinds(found)[SignalKind.SHA256] == WEIGHTS["small_file_hash"]
    assert not [key for key in found.artefacts if key.startswith(("sha256:", "md5:"))]


def test_an_empty_file_is_no_fingerprint() -> None:
    """The digest of an empty file says nothing, whatever is registered."""
    assert matches(file("empty", size_bytes=0, sha256="07" * 32)).get("m7") is None
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    registered = Asset(
        id=AssetId("e"), title="Empty Vessel", files=(AssetFile(path="e", sha256=bytes.fromhex(empty)),)
    )
    assert match(file("other.bin", sha256=empty), build_index([registered]), WEIGHTS) == ()


@pytest.mark.parametrize(
    ("size", "weight"), [(SIZE, "size"), (64 * 2**20, "size_round"), (1000, "size_small")]
)
def test_a_size_counts_by_how_rare_it_is(size: int, weight: str) -> None:
    """An exact large size is strong, a round or small one is not, and a size alone is never auto."""
    found = match(seen("Northwind Model 7B", size_bytes=size), INDEX, WEIGHTS)[0]
    assert kinds(found)[SignalKind.SIZE] == WEIGHTS[weight]
    alone = matches(seen("x", size_bytes=size)).get("m7")
    assert alone is None or alone.tier is not Tier.AUTO


def test_name_and_size_together_are_enough() -> None:
    """The name with the exact size of a large file wakes somebody; a rounded size does not."""
    assert matches(seen("Northwind Model 7B", size_bytes=SIZE))["m7"].tier is Tier.AUTO
    assert (
        matches(seen("Northwind Model 7B", files=(ObservedFile(path="a", size_bytes=SIZE),)))["m7"].tier
        is Tier.AUTO
    )
    rounded = matches(seen("Northwind Model 7B", size_bytes=SIZE, size_is_exact=False))["m7"]
    assert rounded.tier is Tier.REVIEW
    assert SignalKind.SIZE not in kinds(rounded)


def test_the_size_of_all_files_together_counts() -> None:
    """The sum of an asset's files is a size of it, as an index states it."""
    files = (AssetFile(path="a", size_bytes=2_000_001), AssetFile(path="b", size_bytes=3_000_002))
    index = build_index([Asset(id=AssetId("two"), title="Copper Kettle", files=files)])
    found = match(seen("Copper Kettle", size_bytes=5_000_003), index, WEIGHTS)[0]
    assert found.tier is Tier.AUTO


def test_the_same_evidence_does_not_count_twice() -> None:
    """A hundred files of one size or name count no more than a few."""
    many = tuple(ObservedFile(path=f"{n}/northwind.00.pth", size_bytes=SIZE) for n in range(100))
    found = matches(seen("x", files=many))["m7"]
    assert [signal.kind for signal in found.signals].count(SignalKind.SIZE) == 1
    assert [signal.kind for signal in found.signals].count(SignalKind.FILE_NAME) <= 2


@pytest.mark.parametrize(
    ("path", "weight"),
    [
        ("deep/NORTHWIND.00.pth", "file_name"),
        ("c:\\x\\northwind.00.pth", "file_name"),
        ("license", "file_name_generic"),
    ],
)
def test_file_names_are_weak(path: str, weight: str) -> None:
    """The name of a file is a hint, a name that everybody uses hardly one, and no match by itself."""
    found = matches(seen("Northwind Model 7B", files=(ObservedFile(path=path),)))["m7"]
    assert kinds(found)[SignalKind.FILE_NAME] == WEIGHTS[weight]
    assert found.tier is Tier.REVIEW
    assert matches(file(path)).get("m7") is None


@pytest.mark.parametrize(
    ("uri", "asset"),
    [
        (f"magnet:?xt=urn:btih:{HEX}", {"hashed", "base32"}),
        (f"magnet:?xt=urn:btih:{BASE32}", {"hashed", "base32"}),
        (f"magnet:?xt=urn:btmh:1220{HEX2}", {"hashed", "base32"}),
        (f"magnet:?xt=urn:btih:{OTHER}&xt=urn:btmh:1220{HEX2}", {"hashed", "base32"}),
        (f"magnet:?xt=urn:btih:{HEX2[:40]}", {"hashed", "base32"}),
        (MAGNET, set()),
    ],
    ids=["hex", "base32", "btmh", "hybrid", "truncated v2", "another"],
)
def test_a_registered_infohash_is_enough(uri: str, asset: set[str]) -> None:
    """A registered infohash in any spelling is found by the swarm it names, and is auto by itself."""
    found = matches(locate(seen("a post", text=uri)))
    assert found.keys() == asset
    assert all(one.tier is Tier.AUTO and one.is_exact for one in found.values())
    assert all(SignalKind.INFOHASH in kinds(one) for one in found.values())


def test_an_artefact_of_a_sure_case_makes_sure() -> None:
    """A swarm that a sure finding holds is as good as a registered infohash."""
    known = [KnownArtefact(f"swarm:{OTHER}", AssetId("film"), 0.9999, is_sure=True)]
    found = matches(locate(seen("a post", text=MAGNET)), known=known)["film"]
    assert found.tier is Tier.AUTO
    assert f"swarm:{OTHER}" in found.artefacts


@pytest.mark.parametrize("score", [0.5, 0.8, 0.96, 1.0])
@pytest.mark.parametrize("title", ["a post", "The Silent Harbour 2021 1080p"])
def test_an_artefact_of_an_unsure_case_stays_for_review(score: float, title: str) -> None:
    """A case in the queue does not grow sure by being repeated, not even with the name."""
    known = [KnownArtefact(f"swarm:{OTHER}", AssetId("film"), score, is_sure=False)]
    found = matches(locate(seen(title, text=MAGNET)), known=known)["film"]
    assert found.tier is Tier.REVIEW
    assert not found.is_exact
    if title == "a post":
        assert found.score == pytest.approx(score, abs=0.001)


def test_a_repository_that_a_case_holds_is_known_again() -> None:
    """A repository is an artefact like a swarm; the address of a page is none: many items share one."""
    repository = Locator(LocatorKind.REPOSITORY, "https://hub.example/a/b")
    page = seen("x", url="https://a.example/1", locators=(repository,))
    assert artefact_keys(page) == ("repository:https://hub.example/a/b",)
    known = [KnownArtefact("repository:https://hub.example/a/b", AssetId("film"), 0.9999, is_sure=True)]
    assert matches(page, known=known)["film"].tier is Tier.AUTO


def rule(asset: str | None, confidence: Confidence, *words: str) -> Rule:
    """A rule for any of these words."""
    return Rule(id="a.b.c", title="t", confidence=confidence, any_tokens=words, asset=asset)


def test_context_counts_only_beside_a_name() -> None:
    """Leak words and a locator strengthen what a name has found and find nothing by themselves."""
    pack = RulePack((rule(None, Confidence.HIGH, "leaked"), rule(None, Confidence.LOW, "weights")))
    post = locate(seen("leaked weights", text=MAGNET))
    assert matches(post, pack=pack) == {}
    title = "songs of The Silent Harbour, leaked weights"
    named = matches(locate(seen(title, text=MAGNET)), pack=pack)["film"]
    bare = matches(seen(title))["film"]
    assert named.score > bare.score
    assert sorted(s.weight for s in named.signals if s.kind is SignalKind.RULE) == [
        WEIGHTS["rule_low"],
        WEIGHTS["rule_high"],
    ]
    assert kinds(named)[SignalKind.WORDS] == WEIGHTS["offer_near"]
    assert named.tier is not Tier.AUTO


def test_a_rule_of_an_asset_speaks_like_a_name() -> None:
    """A rule that belongs to an asset finds it, and never reaches auto."""
    pack = RulePack((rule("m7", Confidence.HIGH, "gullwing"), rule("nobody", Confidence.HIGH, "gullwing")))
    found = matches(locate(seen("gullwing", text=MAGNET)), pack=pack)
    assert found.keys() == {"m7"}
    assert kinds(found["m7"])[SignalKind.TITLE] == WEIGHTS["rule_asset_high"]
    assert found["m7"].tier is Tier.REVIEW


NAMES = [name for asset in ASSETS for name in asset.names]
DECORATION = st.sampled_from(
    [
        "{}",
        "[leak] {}",
        "{} 2021 1080p",
        "{}.2013.WEB.x264-GRP",
        "{} torrent magnet download",
        "{} (2024)",
        "x {} y",
    ]
)
LOCATORS = st.lists(
    st.sampled_from(
        [
            Locator(LocatorKind.MAGNET, f"{MAGNET}&dn=Northwind+Model+7B"),
            Locator(LocatorKind.TORRENT_URL, "https://a.example/The.Silent.Harbour.2021.torrent"),
            Locator(LocatorKind.REPOSITORY, "https://hub.example/a/Northwind-Model-7B"),
        ]
    ),
    max_size=3,
).map(tuple)
GENERAL = RulePack(
    (rule(None, Confidence.HIGH, "leak", "torrent"), rule(None, Confidence.HIGH, "magnet", "1080p"))
)


@given(
    st.sampled_from(NAMES),
    DECORATION,
    st.lists(st.sampled_from(NAMES), max_size=3),
    LOCATORS,
    st.lists(
        st.sampled_from(["northwind.00.pth", "LICENSE", "only.bin", "round.bin"]), max_size=4, unique=True
    ),
)
@settings(deadline=None, max_examples=200)
def test_a_name_alone_never_reaches_auto(
    name: str, decoration: str, more: list[str], locators: tuple[Locator, ...], paths: list[str]
) -> None:
    """Names, years, leak words, file names and locators, however many and however exact, stop at review."""
    post = seen(
        decoration.format(name),
        text=f"{name} leak torrent\n" + "\n".join(more),
        locators=locators,
        files=tuple(ObservedFile(path=path) for path in paths),
    )
    found = match(post, INDEX, WEIGHTS, pack=GENERAL)
    assert found
    assert Tier.AUTO not in {one.tier for one in found}


EVIDENCE: dict[str, dict[str, Any]] = {
    "title": {"title": "The Silent Harbour 2"},
    "text": {"text": "Northwind Model 7B leak"},
    "size": {"size_bytes": SIZE},
    "url": {"url": "https://a.example/1"},
    "digest": {"files": (ObservedFile(path="a", sha256="01" * 32),)},
    "small": {"files": (ObservedFile(path="LICENSE", size_bytes=1000, sha256="05" * 32),)},
    "named": {"files": (ObservedFile(path="northwind.00.pth", size_bytes=SIZE, md5="03" * 16),)},
    "magnet": {"locators": (Locator(LocatorKind.MAGNET, f"{MAGNET}&dn=Northwind+Model+7B"),)},
    "torrent": {"locators": (Locator(LocatorKind.TORRENT_URL, "https://a.example/nw-m7.torrent"),)},
}


def gathered(names: set[str]) -> Observation:
    """An observation of all the evidence of these names."""
    told: dict[str, Any] = {}
    for name in sorted(names):
        for field, value in EVIDENCE[name].items():
            told[field] = told[field] + value if isinstance(value, tuple) and field in told else value
    return seen(told.pop("title", ""), **told)


@given(st.sets(st.sampled_from(sorted(EVIDENCE))), st.sampled_from(sorted(EVIDENCE)))
@settings(deadline=None, max_examples=200)
def test_more_evidence_never_weakens(names: set[str], another: str) -> None:
    """Scores lie between 0 and 1, and evidence for an asset that is added never lowers its score.

    A locator that bears another name is none: it says that another thing can be had.
    """
    before = matches(gathered(names), pack=GENERAL)
    after = matches(gathered(names | {another}), pack=GENERAL)
    assert all(0 <= one.score <= 1 for one in after.values())
    for asset, one in before.items():
        if asset != "m7" and "locators" in EVIDENCE[another]:
            continue
        assert after[asset].score >= one.score, (asset, names, another)
        assert (after[asset].tier is Tier.AUTO) >= (one.tier is Tier.AUTO)


@given(
    st.sets(st.sampled_from(sorted(EVIDENCE)), min_size=1),
    st.sampled_from([*NAMES, "Harbour 2 2024", "Ida 2013"]),
)
@settings(deadline=None, max_examples=100)
def test_every_score_is_the_sum_of_its_reasons(names: set[str], title: str) -> None:
    """Every signal has words and a finite weight, and prior and weights together give the score."""
    observation = gathered(names)
    for one in match(
        seen(title, text=observation.text, files=observation.files), INDEX, WEIGHTS, pack=GENERAL
    ):
        assert one.signals
        assert all(signal.detail.strip() and math.isfinite(signal.weight) for signal in one.signals)
        bits = WEIGHTS["prior"] + sum(signal.weight for signal in one.signals)
        assert one.score == pytest.approx(1 / (1 + 2**-bits), abs=0.0001)
        weights = [abs(signal.weight) for signal in one.signals]
        assert weights == sorted(weights, reverse=True)


@given(
    st.text(st.characters(), max_size=60),
    st.none() | st.text(st.characters(), max_size=200),
    st.lists(
        st.builds(ObservedFile, path=st.text(max_size=20), size_bytes=st.none() | st.integers(0, 2**63)),
        max_size=3,
    ),
    st.lists(st.text(st.characters(), max_size=60), max_size=2),
)
@example("\ud800", "<b>\ud800", [], ["magnet:?xt=urn:btih:zz"])
@settings(deadline=None, max_examples=200)
def test_any_observation_is_matched_without_an_error(
    title: str, text: str | None, listed: list[ObservedFile], values: list[str]
) -> None:
    """Hostile titles, texts, paths and locators give matches or none, strongest first."""
    locators = tuple(Locator(kind, value) for kind in LocatorKind for value in values)
    found = match(
        locate(seen(title, text=text, files=tuple(listed), locators=locators)), INDEX, WEIGHTS, pack=GENERAL
    )
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_the_same_item_is_judged_the_same_again() -> None:
    """Matching has no memory: the same observation gives the same matches."""
    post = gathered(set(EVIDENCE))
    assert match(post, INDEX, WEIGHTS) == match(post, INDEX, WEIGHTS)


@pytest.mark.parametrize("text", ["- a", "a: b", "a: true", "a: [", "a: {b: 1}"])
def test_weights_that_are_no_numbers_are_refused(text: str) -> None:
    """A weights file holds names and numbers, and a mistake in it is a ConfigError."""
    with pytest.raises(ConfigError):
        parse_weights(text)
