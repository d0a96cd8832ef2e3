"""Rules against items: the index answers as trying each rule would, scope, phrases, and the shipped pack."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.matching.rules import Item, hits, reasons
from leakwatch.model.observation import ObservedFile
from leakwatch.rulecheck import check
from leakwatch.rulepack.parse import parse_condition
from leakwatch.rulepack.schema import Confidence, Effect, Example, Rule, RulePack
from leakwatch.service import load_rules

SHIPPED = load_rules(None)


def made(ident: str = "a.b.c", **fields: object) -> Rule:
    """A rule with these conditions."""
    return Rule(id=ident, title="t", confidence=Confidence.LOW, **fields)  # type: ignore[arg-type]


def ids(item: Item, *rules: Rule, kinds: dict[str, str] | None = None) -> set[str]:
    """The rules that hold."""
    return {one.rule.id for one in hits(item, RulePack(rules, kinds=kinds or {}))}


def test_every_condition_must_hold() -> None:
    """All, any and none of the words, one pattern, and the files: each can refuse alone."""
    rule = made(
        all_tokens=("tide",),
        any_tokens=("leak", "слив"),
        none_tokens=("review",),
        patterns=("zzz", r"\d+b"),
        files=parse_condition("any(ext == pth)"),
    )
    files = (ObservedFile(path="x.pth"),)
    assert ids(Item("Tide слив 7B", files=files), rule)
    assert not ids(Item("слив 7B", files=files), rule)
    assert not ids(Item("Tide 7B", files=files), rule)
    assert not ids(Item("Tide слив 7B review", files=files), rule)
    assert not ids(Item("Tide слив", files=files), rule)
    assert not ids(Item("Tide слив 7B"), rule)


def test_words_of_several_letters_or_tokens() -> None:
    """Words written apart, together, or in a script without spaces are found, also in paths."""
    rule = made(any_tokens=("磁力链接", "web-screener", "does anyone have"))
    for text in ("这里有磁力链接", "WEBSCREENER", "web screener", "Does anyone have it?"):
        assert ids(Item(text), rule), text
        assert ids(Item("x", files=(ObservedFile(path=f"a/{text}.txt"),)), rule), text
    assert not ids(Item("磁力的链接 web, does any one have"), rule)


def test_a_pattern_reads_each_line_of_title_text_and_paths() -> None:
    """A pattern is tried on lines; what is not UTF-8 or has no end does not stop it."""
    rule = made(patterns=("^beta$",))
    assert ids(Item("Beta"), rule)
    assert ids(Item("x", "alpha\nbeta\n"), rule)
    assert ids(Item("x", files=(ObservedFile(path="\ud800"), ObservedFile(path="beta"))), rule)
    assert not ids(Item("beta gamma", "a" * 300_000 + "\nbeta"), rule)


@pytest.mark.parametrize(
    ("sources", "site", "holds"),
    [
        ((), "a", True),
        (("a",), "a", True),
        (("A*",), "abc", True),
        (("torznab",), "known", True),
        (("torz*",), "known", True),
        (("torznab",), "unknown", False),
        (("b", "c"), "a", False),
        (("*",), "", False),
    ],
)
def test_scope(sources: tuple[str, ...], site: str, holds: bool) -> None:
    """A rule with sources holds for sites whose name or kind fits one of them."""
    rule = made(any_tokens=("x",), sources=sources)
    assert bool(ids(Item("x", site=site), rule, kinds={"known": "torznab"})) is holds


def test_reasons_name_each_condition() -> None:
    """Why a rule holds or not is told condition by condition."""
    rule = made(
        all_tokens=("a", "b"),
        none_tokens=("c",),
        files=parse_condition("count(ext == pth) > 1"),
        sources=("s",),
    )
    item = Item("a c", files=(ObservedFile(path="x.pth"),), site="t")
    told = [(one.condition, one.holds, one.found) for one in reasons(item, rule, RulePack((rule,)))]
    assert told == [
        ("all_tokens", False, "missing: b"),
        ("none_tokens", False, "c"),
        ("files count(ext == pth) > 1", False, "count(ext in [pth]) = 1"),
        ("sources s", False, "t"),
    ]


WORDS = st.sampled_from(["leak", "torrent", "7b", "tide", "слив", "磁力", "new york"])
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "all_tokens": st.lists(WORDS, max_size=2).map(tuple),
            "any_tokens": st.lists(WORDS, max_size=2).map(tuple),
            "none_tokens": st.lists(WORDS, max_size=1).map(tuple),
            "patterns": st.lists(st.sampled_from(["leak", r"\d+b", "^tide"]), max_size=2).map(tuple),
            "files": st.sampled_from([None, parse_condition("count() > 1")]),
        }
    ),
    max_size=8,
)


@given(RULES, st.lists(WORDS, max_size=5).map(" ".join), st.integers(0, 2))
@settings(deadline=None, max_examples=200)
def test_the_index_finds_what_trying_each_rule_finds(
    told: list[dict[str, object]], text: str, files: int
) -> None:
    """A rule holds in a pack exactly if it holds alone and each of its reasons holds; the order changes nothing."""
    rules = [made(f"a.b.c{number}", **one) for number, one in enumerate(told)]
    rules = [one for one in rules if one.files or not one.needs_only_files]
    item = Item(text, files=(ObservedFile(path="f"),) * files)
    found = ids(item, *rules)
    assert found == {one.id for one in rules if ids(item, one)} == ids(item, *reversed(rules))
    pack = RulePack(tuple(rules))
    assert found == {one.id for one in rules if all(each.holds for each in reasons(item, one, pack))}


def test_the_check_names_what_does_not_keep_to_its_examples() -> None:
    """An example that does not match and a counter-example that does are problems, with their own lines."""
    rule = made(
        any_tokens=("x",),
        sources=("torznab",),
        examples=(Example("x", line=5), Example("y", line=6), Example("x", source="other", line=7)),
        counter_examples=(Example("x", line=8), Example("z", line=9)),
        file="f.yaml",
        line=1,
    )
    told = [(one.line, one.message) for one in check(RulePack((rule,)))]
    assert told == [
        (6, "the example 'y' does not match"),
        (7, "the example 'x' does not match"),
        (8, "the counter-example 'x' matches"),
    ]


def test_the_shipped_rules_keep_to_their_examples() -> None:
    """At least forty rules, each right about its own examples and documented in the changelog."""
    assert check(SHIPPED) == []
    assert len(SHIPPED.rules) >= 40
    changelog = (Path(__file__).parents[3] / "CHANGELOG.md").read_text("utf-8")
    assert [one.id for one in SHIPPED.rules if f"`{one.id}`" not in changelog] == []


def test_each_shipped_rule_has_a_near_miss() -> None:
    """In every file as many counter-examples are marked as near misses as there are rules."""
    for file in sorted((Path(__file__).parents[3] / "rules").rglob("*.yaml")):
        text = file.read_text("utf-8")
        if file.parent.name != "context":
            assert text.count("# near miss") >= text.count("  - id: "), file


SCRIPTS = ["latin", "cyrillic", "han", "kana", "hangul", "arabic", "hebrew", "devanagari", "thai"]
LETTERS = dict(
    zip(
        SCRIPTS,
        [
            "a-z",
            "а-яё",
            "\u4e00-\u9fff",
            "\u3040-\u30ff",
            "\uac00-\ud7af",
            "\u0600-\u06ff",
            "\u0590-\u05ff",
            "\u0900-\u097f",
            "\u0e00-\u0e7f",
        ],
        strict=True,
    )
)
TALK = [
    one
    for one in SHIPPED.rules
    if one.id in ("noise.news.words", "noise.review.words", "noise.request.words")
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_talk_is_known_in_many_scripts(script: str) -> None:
    """News, reviews and requests have words in every script that the sources use."""
    assert len(TALK) == 3
    for rule in TALK:
        assert any(re.search(f"[{LETTERS[script]}]", word) for word in rule.any_tokens), (rule.id, script)


def test_noise_never_stands_for_an_asset() -> None:
    """Noise is context against, and every shipped noise rule says so."""
    noise = {one.id for one in SHIPPED.rules if one.effect is Effect.NOISE}
    assert noise == {one.id for one in SHIPPED.rules if one.id.startswith("noise.")}
    assert not any(one.asset for one in SHIPPED.rules)
