"""Conditions over lists of files: the meaning of each, against a slow reading of the same, and their cost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.matching.rules.files import MAX_FILES, Listing, extension_of
from leakwatch.model.observation import ObservedFile
from leakwatch.rulepack.parse import parse_condition

LLAMA = [
    ("LLaMA/7B/consolidated.00.pth", 13_476_939_516),
    ("LLaMA/7B/params.json", 101),
    ("LLaMA/tokenizer.model", 499_723),
    ("LLaMA/README", None),
]


def listing(files: list[tuple[str, int | None]]) -> Listing:
    """A list of files."""
    return Listing([ObservedFile(path=path, size_bytes=size) for path, size in files])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count() == 4", True),
        ("count(ext in [pth, json]) == 2", True),
        ("count(ext in [pth]) >= count(ext in [json])", True),
        ("sum(size) > 12 GiB and sum(size) < 13 GiB", True),
        ("sum(size where ext in [json, model]) == 499824 B", True),
        ('any(name matches "consolidated.??.pth")', True),
        ('any(name matches "CONSOLIDATED.*.PTH")', True),
        ('any(name matches "consolidated.?.pth")', False),
        ('any(path matches "*/7b/*.pth")', True),
        ('any(path matches "*.pth")', False),
        ('any(path matches "**.pth")', True),
        ("any(name == params.json)", True),
        ('any(name in ["README", x])', True),
        ("any(size in 100 B to 101 B)", True),
        ("all(size < 1 TiB)", False),
        ("all(size < 1 TiB or name == readme)", True),
        ("any(not ext in [pth, json, model])", True),
        ("not any(ext == exe) and not count() < 4", True),
        ("any(size > 1 GiB and ext == json)", False),
        ("0 < count(size != 101 B)", True),
    ],
)
def test_what_conditions_mean(text: str, expected: bool) -> None:
    """Each kind of condition over one list; a size that is not told compares with nothing."""
    assert listing(LLAMA).holds(parse_condition(text)) is expected


@pytest.mark.parametrize("text", ["count() == 0", "all(size > 1 B)", "not any(ext == exe)"])
def test_of_no_files_nothing_holds(text: str) -> None:
    """A source that shows no list of files says nothing about them."""
    assert not listing([]).holds(parse_condition(text))


def test_hostile_names() -> None:
    """Surrogates, line ends, backslashes and endless names are files like others."""
    files: list[tuple[str, int | None]] = [
        ("\ud800\n.pth", 1),
        ("a\\b\\c.pth", 1),
        ("x" * 10**6 + ".pth", 1),
        ("", 1),
    ]
    made = listing(files)
    assert made.holds(parse_condition("count(ext == pth) == 3"))
    assert made.holds(parse_condition('any(path matches "a/b/c.pth")'))


def test_extensions() -> None:
    """What follows the last dot, unless nothing stands before it or it is too long to be one."""
    assert [extension_of(name) for name in ("a.tar.gz", ".env", "a.", "a", "a." + "x" * 13)] == [
        "gz",
        "",
        "",
        "",
        "",
    ]


SIZES = st.none() | st.integers(0, 3)
FILES = st.lists(
    st.tuples(st.sampled_from(["a.x", "d/b.y", "d/a.y", "c", "e.x/a.z"]), SIZES), min_size=1, max_size=6
)
TESTS = st.sampled_from(
    [
        "ext in [x, y]",
        "ext == z",
        "name == a.x",
        "name in [a.y, c]",
        'name matches "a.?"',
        'name matches "*.y"',
        'path matches "d/*"',
        "size > 1 B",
        "size in 1 B to 2 B",
    ]
)
JOINED = st.recursive(
    TESTS,
    lambda inner: (
        st.builds("({} and {})".format, inner, inner)
        | st.builds("({} or {})".format, inner, inner)
        | st.builds("not {}".format, inner)
    ),
    max_leaves=5,
)


@given(FILES, JOINED)
@settings(deadline=None, max_examples=300)
def test_the_short_cut_by_extension_changes_nothing(files: list[tuple[str, int | None]], test: str) -> None:
    """Counting all files one by one gives what the listing counts."""
    single = sum(listing([one]).holds(parse_condition(f"any({test})")) for one in files)
    assert listing(files).holds(parse_condition(f"count({test}) == {single}"))
    assert listing(files).holds(parse_condition(f"all({test})")) is (single == len(files))


def test_a_hundred_thousand_files() -> None:
    """100,000 files are read and answered in seconds of this thread, and more are cut off."""
    files = [
        ObservedFile(path=f"a/{number % 97}/file{number}.c", size_bytes=number)
        for number in range(MAX_FILES + 5)
    ]
    start = time.thread_time()
    made = Listing(files)
    assert made.holds(parse_condition(f"count() == {MAX_FILES}"))
    assert made.holds(
        parse_condition(
            'count(name matches "file*9.c" or path matches "**/96/*") > 1000 and sum(size) > 1 GiB'
        )
    )
    assert time.thread_time() - start < 10
