"""Sizes in words are intervals, by the digits that are told and both readings of the unit."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.extract.told_sizes import told_as, told_sizes

GIB = 2**30


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("13.5GB", [13_476_939_516, int(13.5 * GIB)], [13_000_000_000, 14_000_000_000]),
        ("1.4 GiB", [int(1.4 * GIB), int(1.36 * GIB)], [1_400_000_000, int(1.52 * GIB)]),
        ("1,4 Go", [1_400_000_000], [1_200_000_000]),
        ("1,400 MB", [1_400_000_000, 1400 * 2**20], [1_400_000]),
        ("4 gb", [4_200_000_000, 3_600_000_000], [3_300_000_000, 6_000_000_000]),
        ("1,37 ГБ", [1_370_000_000], [1_300_000_000]),
        ("700MB", [734_003_200, 700_000_000], [720_000_000]),
    ],
)
def test_a_told_size_is_an_interval(text: str, inside: list[int], outside: list[int]) -> None:
    """More digits make it narrower; GB may be 10^9 or 2^30 bytes, GiB only the latter."""
    (told,) = told_sizes(f"LLaMA ({text}) magnet")
    assert all(told.holds(size) for size in inside)
    assert not any(told.holds(size) for size in outside)


@pytest.mark.parametrize(
    "text", ["7B weights", "100 Mb/s", "24GB VRAM", "16 GB of RAM", "v1.4.2 GBA", "3GBx", "0 GB"]
)
def test_what_is_no_size_is_not_read(text: str) -> None:
    """Parameters, speeds and memory of machines are no sizes of files."""
    assert list(told_sizes(text)) == []


@given(st.integers(100, 9999), st.integers(0, 2), st.sampled_from(["MB", "MiB", "GB", "GiB"]))
def test_what_is_shown_holds_what_was_meant(figure: int, decimals: int, unit: str) -> None:
    """Whatever is rounded to a few digits and told lies in the interval, and so it does when bytes are made of it."""
    value = figure / 10**decimals
    exact = int(value * (1024 if "i" in unit else 1000) ** (2 if unit[0] == "M" else 3))
    (told,) = told_sizes(f"{value:.{decimals}f} {unit}")
    assert told.holds(exact)
    assert told_as(exact).holds(exact)


@given(st.integers(0, 2**63))
def test_any_number_of_bytes_lies_in_its_own_interval(size: int) -> None:
    """An inexact number of bytes may be itself, whatever it is."""
    assert size < 1 or told_as(size).holds(size)


def test_a_long_text_of_sizes_is_bounded() -> None:
    """Sixteen sizes are read of a text, in time that grows with it."""
    start = time.perf_counter()
    assert len(list(told_sizes("1.5 GB " * 100_000))) == 16
    assert not list(told_sizes("1,111" * 200_000))
    assert time.perf_counter() - start < 2
