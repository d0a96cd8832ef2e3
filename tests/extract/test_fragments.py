"""Infohashes told in parts: joined where a text or a thread speaks of a torrent, and nowhere else."""

from __future__ import annotations

import pytest

from leakwatch.extract.fragments import join_posts
from leakwatch.extract.links import find_locators
from leakwatch.model.observation import LocatorKind

HEX = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
LONG = "caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e"
A, B = HEX[:20], HEX[20:]


@pytest.mark.parametrize(
    ("text", "digits", "begins"),
    [
        (f"infohash, first half: {A} second half: {B}", HEX, A),
        (f"torrent hash\n{A}\n{B}", HEX, A),
        (f"btih {A} + {B}", HEX, A),
        (f"magnet hash: {' '.join(HEX[at : at + 8] for at in range(0, 40, 8))}", HEX, HEX[:8]),
        (f"infohash {'-'.join(HEX[at : at + 4] for at in range(0, 40, 4))}", HEX, HEX[:4]),
        (f"torrent in two parts. Part 1: {A}, part 2: {B}", HEX, A),
        (f"infohash 1/2 {A}\n2/2 {B}", HEX, A),
        (f"хеш торрента: {A} вторая половина {B}", HEX, A),
        (f"种子哈希 第一部分 {A} 第二部分 {B}", HEX, A),
        (f"v2 infohash: {LONG[:32]}\n{LONG[32:]}", LONG, LONG[:32]),
        (f"torrent<br>{A}<br>{B}", HEX, A),
    ],
)
def test_parts_of_an_infohash_are_joined(text: str, digits: str, begins: str) -> None:
    """Parts that come to an infohash, where the text speaks of one, are put together."""
    (found,) = find_locators(text)
    assert (found.kind, found.value) == (LocatorKind.INFOHASH, digits)
    assert found.decode_chain[-1] == "fragments"
    assert found.offset == text.index(begins)


@pytest.mark.parametrize(
    "text",
    [
        f"{A} {B}",
        f"first half: {A} second half: {B}",
        f"commit first half {A} second half {B}",
        f"torrent client fix, commit {A} then {B}",
        f"git hash\n{A}\n{B}",
        f"infohash {A} {B}0",
        f"infohash {A} {B[1:]}",
        f"infohash {A} and, a long story later that nobody wants to read, it goes on as {B}",
        "torrent hash 00000000000000000000 00000000000000000000",
        "torrent sizes 12345678 12345678 12345678 12345678 12345678",
        "torrent of 2023 added face dead beef decade facade",
        f"sha256 of the torrent: {LONG[:32]} {LONG[32:]}",
        f"torrent {LONG[:32]} {LONG[32:]}",
    ],
)
def test_other_digits_are_not_joined(text: str) -> None:
    """Digits of commits and sums, too many or too few, or too far apart, are left alone."""
    assert find_locators(text) == ()


@pytest.mark.parametrize(
    ("posts", "found"),
    [
        ([("1", f"infohash: {A}"), ("2", B)], [("2", ("1", "2"), HEX)]),
        (
            [("1", f"torrent, first half {A}"), ("2", "nice"), ("3", f"second half {B}")],
            [("3", ("1", "3"), HEX)],
        ),
        ([("1", f"{A}"), ("2", f">>1\n{B} there is your torrent hash")], []),
        (
            [("1", f"torrent hash {HEX[:16]}"), ("2", HEX[16:30]), ("3", HEX[30:])],
            [("3", ("1", "2", "3"), HEX)],
        ),
        ([("1", f"v2 infohash {LONG[:32]}"), ("2", LONG[32:])], [("2", ("1", "2"), LONG)]),
        ([("1", f"commit {A}"), ("2", B)], []),
        ([("1", A), ("2", B)], []),
        ([("1", f"infohash {A}"), ("2", "a"), ("3", "b"), ("4", "c"), ("5", B)], []),
        ([("1", f"infohash {A}"), ("2", f"my build broke at {B}, what a week, any ideas why it did")], []),
        ([("1", f"infohash {HEX}"), ("2", B)], []),
        ([("1", f"infohash {A}")], []),
        ([], []),
    ],
)
def test_parts_in_neighbouring_posts(
    posts: list[tuple[str, str]], found: list[tuple[str, tuple[str, ...], str]]
) -> None:
    """Neighbouring posts that tell an infohash in parts give it, at the post that completes it."""
    assert join_posts(posts) == found


def test_a_thread_of_many_parts_costs_little() -> None:
    """Thousands of posts with a part each are read in one pass, and each part is used once."""
    posts = [(str(n), f"torrent hash {A}" if n % 2 == 0 else B) for n in range(4000)]
    found = join_posts(posts)
    assert len(found) == 2000
    assert {digits for _, _, digits in found} == {HEX}
