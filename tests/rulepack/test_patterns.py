"""Patterns on RE2: what is refused, and that none can hang."""

from __future__ import annotations

import re
import time

import pytest

from leakwatch.rulepack.patterns import MAX_LENGTH, Pattern, PatternError, PatternSet
from leakwatch.service import load_rules

EVIL = [
    "(a+)+$",
    "(x+x+)+y",
    "(a|a)*b",
    "(a|b)*a(a|b){12}$",
    "(.*a){20}$",
    "(a?){30}a{30}$",
    r"(\w+\s?)+$",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
]


@pytest.mark.parametrize("pattern", EVIL)
def test_catastrophic_patterns_are_linear(pattern: str) -> None:
    """Patterns that a backtracking engine never finishes take less than two seconds of this thread on 100 kB."""
    compiled = Pattern(pattern)
    for text in (b"a" * 100_000, b"ab" * 50_000, b"x" * 100_000 + b"!"):
        start = time.thread_time()
        compiled.find(text)
        assert time.thread_time() - start < 2.0


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("((a{1,100}){1,100}){1,100}", "too costly"),
        ("a{1,900}b{1,900}", "too costly: 3"),
        (r"\pL{1,100}x", "too costly"),
        ("a{1001}", "too costly for RE2"),
        ("x" * (MAX_LENGTH + 1), "longer than"),
        ("a(?=b)", "lookahead"),
        ("(?<!a)b", "lookbehind"),
        (r"(a)\1", "back-references"),
        (r"a\C", "letters into bytes"),
        ("(", "missing"),
        ("a)(b)c)", "not a pattern"),
        ("a\nb", "one line"),
        ("x*", "empty text"),
        ("^$", "empty text"),
        ("a|", "empty text"),
        ("\ud800", "not a pattern"),
    ],
)
def test_what_is_refused(pattern: str, told: str) -> None:
    """Bombs, what RE2 does not offer, and what would match everything are refused with the reason."""
    with pytest.raises(PatternError, match=told):
        Pattern(pattern)


def test_a_match_stays_on_its_line() -> None:
    """`^` and `$` are the ends of a line, letters match in either case, and no match crosses a line."""
    assert Pattern("^b$").find(b"a\nB\nc") == "B"
    assert Pattern(r"a\sb").find(b"a\nb") is None
    assert Pattern("a[^x]b").find(b"a\nb") is None
    assert Pattern("стр.ка").find("Строка".encode()) == "Строка"


@pytest.mark.parametrize("number", [0, 1, 499, 500, 501, 1300])
def test_a_set_finds_what_single_patterns_find(number: int) -> None:
    """Whatever their number, patterns in a set answer as they do one by one."""
    patterns = [Pattern(rf"\bword{index}\b") for index in range(number)]
    text = b"word0 word499 word500 Word1299 word13000"
    expected = [index for index, one in enumerate(patterns) if one.find(text)]
    assert list(PatternSet(patterns).matching(text)) == expected
    assert expected == [index for index in (0, 499, 500, 1299) if index < number]


def test_a_set_that_runs_out_of_memory_asks_one_by_one() -> None:
    """Where the automaton of a set outgrows its memory, nothing is missed."""
    patterns = [Pattern(f"word{index}[a-f]{{0,30}}") for index in range(40)]
    made = PatternSet(patterns, memory=7131)
    text = b"word0 word39 word5"
    assert list(made.matching(text)) == [0, 3, 5, 39]
    assert made.fallbacks
    roomy = PatternSet(patterns)
    assert list(roomy.matching(text)) == [0, 3, 5, 39]
    assert not roomy.fallbacks


@pytest.mark.parametrize("text", [r"\bçatı", r"lã\b", r"x|\bépisodes?\b"])
def test_a_word_edge_beside_letters_that_re2_does_not_know_is_refused(text: str) -> None:
    """RE2 takes only ASCII letters for those of words: such a pattern would match nothing, or within words."""
    with pytest.raises(PatternError, match="ASCII letters only"):
        Pattern(text)


_WORDS = re.compile(r"\\b\(([^()]+)\)\\b")


def test_each_word_between_edges_of_shipped_rules_is_found() -> None:
    """Of a list of words between edges, each that is plain letters is found as a word of its own."""
    lost = [
        (rule.id, word)
        for rule in load_rules(None).rules
        for pattern in rule.patterns
        for words in _WORDS.findall(pattern)
        for word in words.split("|")
        if word.isalpha() and not Pattern(rf"\b({words})\b").find(f"a {word} b".encode())
    ]
    assert lost == []
