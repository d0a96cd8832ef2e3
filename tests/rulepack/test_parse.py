"""The expression language of `files:`: what it accepts, and where it points when it does not."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.rulepack.condition import Between, Both, Compare, Count, Ending, Not, Number, Sized, Some, Sum
from leakwatch.rulepack.lexemes import ConditionError
from leakwatch.rulepack.parse import bytes_of, parse_condition


def test_the_example_of_the_documentation() -> None:
    """Counts and sums compare with numbers and sizes, joined by `and`."""
    found = parse_condition("count(ext in [safetensors, gguf, pth]) >= 2 and sum(size) > 1 GiB").root
    assert found == Both(
        (
            Compare(Count(Ending(frozenset({"safetensors", "gguf", "pth"}))), ">=", Number(2)),
            Compare(Sum(None), ">", Number(2**30)),
        )
    )


def test_not_binds_closer_than_and_and_and_closer_than_or() -> None:
    """The usual order of operators, and parentheses over it."""
    plain = parse_condition("not any(size < 1 B) and count() == 1 or count() == 2").root
    inner = Both((Not(Some(Sized("<", 1))), Compare(Count(None), "==", Number(1))))
    assert plain.parts[0] == inner
    grouped = parse_condition("not (any(size < 1 B) and (count() == 1 or count() == 2))").root
    assert isinstance(grouped, Not)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1 KiB", 1024), ("1.5 MiB", 1572864), ("2GB", 2 * 10**9), ("7 b", 7), ("1 TiB", 2**40)],
)
def test_units(text: str, size: int) -> None:
    """Binary and decimal units, with a fraction, in either case, with or without a space."""
    assert bytes_of(text) == size
    assert parse_condition(f"any(size in 0 B to {text})").root == Some(Between(0, size))


@pytest.mark.parametrize("text", ["", "5", "1.2.3 GiB", "GiB", "1 XiB", "1 GiB 2"])
def test_what_is_no_size(text: str) -> None:
    """A size has one number and one unit."""
    assert bytes_of(text) is None


@pytest.mark.parametrize(
    ("text", "at", "told"),
    [
        ("", 0, "expected count"),
        ("count() >", 9, "expected count"),
        ("count() > 1 GiB", 10, "no unit"),
        ("sum(size) > 5", 12, "needs a unit"),
        ("1 > 2", 0, "compares two numbers"),
        ("count() > 1.5", 10, "no fraction"),
        ("any(ext = pth)", 8, "unexpected '='"),
        ("any(extension in [pth])", 4, "expected ext, name, path or size"),
        ("any(ext in pth)", 11, "expected '['"),
        ("any(ext in [])", 12, "expected a name"),
        ('any(name matches "x)', 17, "not closed"),
        ("any(name matches x)", 17, "glob in quotes"),
        ('any(name matches "**")', 17, "matches the empty text"),
        ("any(path == x)", 9, "expected `matches`"),
        ("any(size in 2 GiB to 1 GiB)", 12, "ends before it begins"),
        ("any(size > 1 XB)", 11, "needs a unit"),
        ("count() > 1 count()", 12, "expected `and`, `or` or the end"),
        ("__import__('os')", 11, "unexpected"),
        ("any(size > 1 GiB", 16, "expected ')'"),
    ],
)
def test_errors_point_at_the_place(text: str, at: int, told: str) -> None:
    """What cannot be read is refused, with the character where it goes wrong."""
    with pytest.raises(ConditionError, match=re.escape(told)) as refused:
        parse_condition(text)
    assert refused.value.at == at


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("(" * 5000, "longer than"),
        ("(" * 100 + "count() > 1" + ")" * 100, "nested deeper"),
        ("not " * 100 + "count() > 1", "nested deeper"),
        (" or ".join(["1<count()"] * 140), "more than 100 parts"),
        (f'any(name matches "{"?" * 150}")', "too costly"),
        (f'any(name matches "{"a" * 300}")', "a glob longer"),
    ],
)
def test_what_is_too_large_is_refused(text: str, told: str) -> None:
    """Length, depth, number of parts and the cost of a glob are bounded."""
    with pytest.raises(ConditionError, match=told):
        parse_condition(text)


ALPHABET = st.sampled_from(
    [
        *"()[],<>=\"' ",
        "count",
        "sum",
        "size",
        "any",
        "all",
        "not",
        "and",
        "or",
        "ext",
        "in",
        "name",
        "matches",
        "1",
        "GiB",
        "to",
        "é",
    ]
)


@given(st.lists(ALPHABET, max_size=30).map(" ".join) | st.text(string.printable, max_size=60))
@settings(deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    """On any text the parser answers a condition or a ConditionError that points into it."""
    try:
        parse_condition(text)
    except ConditionError as error:
        at = error.at
    else:
        at = 0
    assert 0 <= at <= len(text)
