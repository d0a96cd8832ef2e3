"""Rule files: fields, overrides, and mistakes with their place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.errors import RuleError
from leakwatch.model.observation import ObservedFile
from leakwatch.rulecheck import check
from leakwatch.rulepack.load import MAX_ONLY_FILES, load_pack
from leakwatch.rulepack.schema import Confidence, Effect, Example, RulePack

HEAD = "schema: 1\nrules:\n"
TAIL = "    examples: [a]\n    counter_examples: [b, c]\n"


def rule(ident: str = "a.b.c", body: str = "    any_tokens: [x]\n", tail: str = TAIL) -> str:
    """One rule as YAML."""
    return f"  - id: {ident}\n    title: t\n    confidence: low\n{body}{tail}"


def pack(*texts: str) -> RulePack:
    """A pack of files 1.yaml, 2.yaml and so on."""
    return load_pack((f"{number}.yaml", text) for number, text in enumerate(texts, 1))


def test_every_field() -> None:
    """A rule with all it can have comes out as it was written."""
    body = """\
    asset: "0123"
    all_tokens: [a]
    any_tokens: [b]
    none_tokens: [c]
    patterns: ['x+']
    files: any(size > 1 KiB)
    sources: [torznab, "site-*"]
"""
    tail = """\
    examples:
      - plain
      - {name: n, source: torznab, files: [a.bin, {path: b.bin, size: 1.5 KiB}]}
    counter_examples: [d, e]
    references: [f]
"""
    made = pack(HEAD + rule(body=body, tail=tail)).rules[0]
    assert (made.asset, made.effect) == ("0123", Effect.SIGN)
    assert (made.all_tokens, made.any_tokens, made.none_tokens) == (("a",), ("b",), ("c",))
    assert (made.patterns, made.sources, made.references) == (("x+",), ("torznab", "site-*"), ("f",))
    assert made.files
    assert made.files.text == "any(size > 1 KiB)"
    files = (ObservedFile(path="a.bin"), ObservedFile(path="b.bin", size_bytes=1536))
    assert made.examples == (
        Example("plain", file="1.yaml", line=14),
        Example("n", files, "torznab", "1.yaml", 15),
    )
    assert (made.file, made.line) == ("1.yaml", 3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1.yaml:1: the file is empty"),
        ("rules: []", "1.yaml:1: schema: expected schema: 1"),
        ("schema: 1", "1.yaml:1: rules: expected a list"),
        ("schema: 1\nrules: 5", "1.yaml:2: rules: expected a list"),
        (HEAD + rule("abc"), "1.yaml:3: id: expected theme.subject.aspect"),
        (HEAD + rule(body=""), "1.yaml:3: needs all_tokens, any_tokens, patterns or files"),
        (HEAD + rule(body="    none_tokens: [x]\n"), "1.yaml:3: needs all_tokens"),
        (
            HEAD + rule(body="    any_tokens: ['!']\n"),
            "1.yaml:6: any_tokens: '!' has neither letters nor digits",
        ),
        (
            HEAD + rule(body="    any_token: [x]\n"),
            "1.yaml:6: any_token: unknown key; did you mean 'any_tokens'?",
        ),
        (HEAD + rule(body="    patterns: ['a(?=b)']\n"), "1.yaml:6:17: patterns: lookahead and lookbehind"),
        (
            HEAD + rule(body="    patterns:\n      - x\n      - '(a)\\1'\n"),
            "1.yaml:8:10: patterns: back-references",
        ),
        (HEAD + rule(body="    files: any(size > 5)\n"), "1.yaml:6:23: files: a size needs a unit"),
        (
            HEAD + rule(body="    files: >-\n      any(size >\n      5)\n"),
            "1.yaml:6: files: a size needs a unit, such as 1 GiB (character 12 of",
        ),
        (
            HEAD + rule(body="    any_tokens: [x]\n    effect: huge\n"),
            "1.yaml:7: effect: expected one of sign, noise",
        ),
        (
            HEAD + rule(body="    any_tokens: [x]\n    effect: noise\n    asset: m\n"),
            "noise speaks against any asset",
        ),
        (
            HEAD + rule(tail="    examples: []\n    counter_examples: [b, c]\n"),
            "examples: at least one is needed",
        ),
        (
            HEAD + rule(tail="    examples: [a]\n    counter_examples: [b]\n"),
            "counter_examples: at least two are needed",
        ),
        (
            HEAD + rule(body="    any_tokens: [x]\n    severity: high\n"),
            "1.yaml:7: severity: unknown key; known are id, asset",
        ),
        (HEAD + rule(tail="    examples: [{files: [{size: 1 B}]}]\n"), "1.yaml:7: path: is missing"),
        (
            HEAD + rule(tail="    examples: [{files: [{path: x, size: 5}]}]\n"),
            "size: expected a size such as",
        ),
        (HEAD + rule() + rule(), "1.yaml:9: id: the id was used in 1.yaml:3"),
        (HEAD + "  - &a x\n", "anchors and aliases"),
        ("[" * 5000, "1.yaml:1: nested too deeply"),
    ],
)
def test_mistakes_have_their_place(text: str, told: str) -> None:
    """Each mistake names file, line and field, and the column where it lies inside a value."""
    with pytest.raises(RuleError) as refused:
        pack(text)
    assert told in str(refused.value)


def override(text: str) -> str:
    """A file that overrides a.b.c."""
    return f"schema: 1\noverrides:\n  - override: a.b.c\n    reason: because\n{text}"


def test_overrides_change_a_rule_where_it_stands() -> None:
    """Confidence, scope and tokens are changed; the rest and its examples stay."""
    changes = """\
    confidence: high
    sources: [torznab]
    add_any_tokens: [y]
    add_none_tokens: [z]
"""
    made = pack(HEAD + rule(), override(changes)).rules[0]
    assert (made.confidence, made.sources) == (Confidence.HIGH, ("torznab",))
    assert (made.any_tokens, made.none_tokens) == (("x", "y"), ("z",))
    assert (made.file, made.line, made.examples[0].name) == ("1.yaml", 3, "a")


def test_overrides_add_every_condition() -> None:
    """Words, patterns and a condition on files are added; examples take the place of the rule's own."""
    body = "    any_tokens: [x]\n    patterns: ['p']\n    files: count() >= 2\n"
    changes = """\
    add_all_tokens: [w]
    add_patterns: ['q+']
    add_files: any(ext == pdb)
    examples: [{name: x w q, files: [a.pdb, b]}]
    counter_examples: [{name: x w q, files: [a, b]}, {name: x w q, files: [a.pdb]}]
"""
    made = pack(HEAD + rule(body=body), override(changes))
    one = made.rules[0]
    assert (one.all_tokens, one.any_tokens, one.patterns) == (("w",), ("x",), ("p", "q+"))
    assert one.files
    assert one.files.text == "(count() >= 2) and (any(ext == pdb))"
    assert check(made) == []
    worse = pack(HEAD + rule(body=body), override(changes.replace("[{name: x w q", "[{name: x q", 1)))
    assert [(one.file, one.line) for one in check(worse)] == [("2.yaml", 8)]


def test_a_condition_on_files_is_added_where_there_was_none() -> None:
    """A rule of words alone asks for files, too."""
    made = pack(HEAD + rule(), override("    add_files: count() >= 2\n")).rules[0]
    assert made.files
    assert made.files.text == "count() >= 2"


def test_a_rule_is_switched_off_by_an_override() -> None:
    """A rule that is switched off is not in the pack, and the pack says so."""
    made = pack(HEAD + rule() + rule("a.b.d"), override("    enabled: false\n"))
    assert [one.id for one in made.rules] == ["a.b.d"]
    assert made.switched_off == ("a.b.c",)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ((override("    enabled: false\n"),), "1.yaml:3: override: no rule 'a.b.c'"),
        ((HEAD + rule(), override("")), "2.yaml:3: override: changes nothing"),
        ((HEAD + rule(), override("    enabled: no\n")), "2.yaml:5: enabled: expected true or false"),
        ((HEAD + rule(), override("    title: x\n")), "2.yaml:5: title: unknown key"),
        (
            (HEAD + rule(), "schema: 1\noverrides: [{override: a.b.c, enabled: false}]"),
            "2.yaml:2: reason: is missing",
        ),
        (
            (HEAD + rule(), override("    enabled: false\n"), override("    confidence: low\n")),
            "3.yaml:3: override: a.b.c is overridden in 2.yaml:3 already",
        ),
        (
            (HEAD + rule(body="    all_tokens: [x]\n"), override("    add_any_tokens: [y]\n")),
            "2.yaml:3: add_any_tokens: a.b.c has no any_tokens",
        ),
        (
            (HEAD + rule(), override("    add_patterns: [y]\n")),
            "2.yaml:3: add_patterns: a.b.c has no patterns",
        ),
        ((HEAD + rule(), override("    add_patterns: ['(']\n")), "2.yaml:5:21: add_patterns: "),
        ((HEAD + rule(), override("    add_files: any(\n")), "2.yaml:5:20: add_files: "),
        ((HEAD + rule(), override("    examples: [a]\n")), "2.yaml:3: override: changes nothing"),
        (
            (HEAD + rule(), override("    add_all_tokens: [y]\n    counter_examples: [b]\n")),
            "2.yaml:3: counter_examples: at least two are needed",
        ),
    ],
)
def test_overrides_that_cannot_be(texts: tuple[str, ...], told: str) -> None:
    """An override of nothing, without a reason, twice, or of what it may not change is refused with its line."""
    with pytest.raises(RuleError) as refused:
        pack(*texts)
    assert told in str(refused.value)


def test_rules_of_files_alone_are_few() -> None:
    """Rules that every list of files must be held against are bounded."""
    text = HEAD + "".join(
        rule(f"a.b.c{number}", "    files: count() > 1\n") for number in range(MAX_ONLY_FILES + 1)
    )
    with pytest.raises(RuleError, match="neither tokens nor patterns"):
        pack(text)


@given(st.text(max_size=200) | st.text(st.sampled_from("-: [],{}'\"\n #&*!|>abc1rules"), max_size=200))
@settings(deadline=None)
def test_any_text_is_a_pack_or_a_rule_error(text: str) -> None:
    """Whatever stands in a rule file, it is read or refused with a RuleError."""
    try:
        made = pack(text)
    except RuleError as error:
        file = error.file
    else:
        file = "1.yaml"
        assert not made.rules
    assert file == "1.yaml"
