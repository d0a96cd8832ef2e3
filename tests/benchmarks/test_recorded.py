"""The table of recorded answers: how much of what others found in them is found here, and every difference by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import recorded
from recorded_facts import facts_of
from recorded_ways import NOT_READ

from leakwatch.sources._kind import Page

AGREED = {
    "cardigann": (11, 0, 702, 702),
    "feed": (47, 0, 264, 266),
    "github": (25, 10, 396, 396),
    "imageboard": (3, 2, 9, 9),
    "mastodon": (23, 2, 153, 153),
    "page": (18, 5, 104, 114),
    "reddit": (14, 0, 664, 664),
    "torznab": (10, 0, 61, 61),
}
"""By kind: answers, those of them that are none of the kind's, facts that agree, facts."""
DIFFERENCES = {
    "indexer_api/TorrentRss__Ezrss.xml": ["infohashes"],
    "indexer_api/TorrentRss__LimeTorrents.xml": ["infohashes"],
    "indexer_html/elitetorrent__backlog.html": ["1. title", "2. title"],
    "indexer_html/elitetorrent__daily.html": ["1. title", "2. title", "3. title"],
    "indexer_html/horriblesubs__backlog.html": ["1. title", "2. title"],
    "indexer_html/horriblesubs__daily.html": ["1. title", "2. title", "3. title"],
}
"""Explained in docs/benchmarks.md: infohashes that only we look for, titles to which the other reader adds words."""


@pytest.fixture(scope="module")
def found(shared_data: Path) -> list[recorded.Held]:
    """All recorded answers, read."""
    return recorded.held(shared_data / "payloads")


def test_every_answer_is_read_or_known_to_be_none(found: list[recorded.Held]) -> None:
    """Each answer has facts that were held against ours, or a reason why no kind reads it, and is then no empty page."""
    assert len(found) == 151
    assert [one.file for one in found if not one.is_as_told] == []
    assert sum(bool(one.way.why) for one in found) == 19
    assert {part for part in NOT_READ if not any(part in one.file for one in found)} == set()


def test_facts_agree(found: list[recorded.Held]) -> None:
    """The figures of each kind are those of docs/benchmarks.md."""
    told = {}
    for kind in AGREED:
        many = [one for one in found if one.way.kind == kind]
        facts = sum(len(one.facts) for one in many)
        wrong = sum(len(one.differences) for one in many)
        told[kind] = (len(many), sum(bool(one.way.why) for one in many), facts - wrong, facts)
    assert told == AGREED


def test_every_difference_is_known(found: list[recorded.Held]) -> None:
    """What differs is what is explained; the titles differ by what the other reader puts around ours."""
    assert {
        one.file: [fact.name for fact in one.differences] for one in found if one.differences
    } == DIFFERENCES
    for one in found:
        for fact in one.differences:
            if fact.name.endswith("title"):
                assert str(fact.ours) in str(fact.theirs)
            else:
                assert isinstance(fact.ours, int)
                assert isinstance(fact.theirs, int)
                assert fact.ours > fact.theirs


def test_lists_leave_nothing_out(found: list[recorded.Held]) -> None:
    """Every row of a list is an item of its own, and none is left out or unread."""
    lists = [one for one in found if one.way.kind in ("page", "cardigann") and not one.way.why]
    assert len(lists) == 24
    for one in lists:
        assert isinstance(one.outcome, Page), one.file
        ids = [seen.native_id for seen in one.outcome.observations]
        assert len(ids) == len(set(ids)), one.file
        assert one.outcome.incomplete == "", one.file


def test_the_table_sees_a_wrong_reading() -> None:
    """An empty page in place of a list is told as a difference."""
    expected = {"magnet_links": 2, "distinct_infohashes": 2, "first_magnet_infohash": "a" * 40}
    told = facts_of("indexer_html/x.html", expected, b"", Page(), "https://a.example")
    assert [one.agrees for one in told] == [False] * 4
