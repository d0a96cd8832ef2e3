"""Questions: what a site may be asked about which asset, a few at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.catalogue import asset_from_json, asset_json
from leakwatch.errors import InputError
from leakwatch.model.asset import Asset, AssetFile, AssetId, QueryMode, Released
from leakwatch.questions import questions

FILES = (
    AssetFile(path="w.bin", size_bytes=1000, sha256=b"\x11" * 32, md5=b"\x22" * 16),
    AssetFile(path="LICENSE", size_bytes=1, sha256=b"\x33" * 32),
)
DIRECT = Asset(
    id=AssetId("d"), title="Tideglass", aliases=("Tide Glass", "TG"), query_mode=QueryMode.DIRECT, files=FILES
)
GENERIC = Asset(id=AssetId("g"), title="Northwind", files=FILES)
SILENT = Asset(id=AssetId("s"), title="Sundial", query_mode=QueryMode.FEED_ONLY, files=FILES)


def asked(
    *assets: Asset, words: tuple[str, ...] = ()
) -> list[tuple[str, dict[str, tuple[str, ...]], str | None]]:
    """All questions."""
    return [(one.words, dict(one.digests), one.asset) for _, one in questions(assets, words, "", 1000)]


def test_direct_names_everything_that_stands_for_it() -> None:
    """Title, aliases and the digests of telling files; no two letters, no licence text."""
    assert asked(DIRECT) == [
        ("", {"sha256": ("11" * 32,), "md5": ("22" * 16,)}, "d"),
        ("Tide Glass", {}, "d"),
        ("Tideglass", {}, "d"),
    ]


def test_generic_asks_the_operators_words_only() -> None:
    """A generic asset is never named; the site's words are asked because of it."""
    assert asked(GENERIC, words=("gguf weights", " leak ")) == [
        ("gguf weights", {}, None),
        ("leak", {}, None),
    ]
    assert asked(GENERIC) == []


def test_feed_only_asks_nothing() -> None:
    """Not even the site's words are asked for the sake of assets that are feed-only."""
    assert asked(SILENT, words=("gguf",)) == []
    assert asked(words=("gguf",)) == []


@pytest.mark.parametrize("mode", [None, *QueryMode])
def test_embargo_beats_every_mode(mode: QueryMode | None) -> None:
    """An asset under embargo is feed-only, even where a database says otherwise."""
    assert asked(replace(DIRECT, embargoed=True, query_mode=mode), words=("gguf",)) == []


def test_somebody_may_let_it_be_asked_for() -> None:
    """With a name and a time it is asked for by name, in direct mode alone."""
    released = replace(DIRECT, embargoed=True, released=Released("ona", datetime(2026, 11, 20, tzinfo=UTC)))
    assert asked(released) == asked(DIRECT)
    assert not released.is_contradictory
    generic = replace(released, query_mode=QueryMode.GENERIC)
    assert asked(generic, words=("gguf",)) == []
    assert generic.is_contradictory


def test_default_modes() -> None:
    """Nothing is named unless somebody said so."""
    assert GENERIC.asked_as is QueryMode.GENERIC
    assert replace(GENERIC, embargoed=True).asked_as is QueryMode.FEED_ONLY


@pytest.mark.parametrize("mode", ["generic", "direct"])
def test_a_contradiction_is_refused(mode: str) -> None:
    """Embargoed and yet asked for: the catalogue names the field."""
    with pytest.raises(InputError, match="feed-only") as told:
        asset_from_json({"id": "a", "title": "A b c", "embargoed": True, "query_mode": mode})
    assert told.value.field == "query_mode"
    with pytest.raises(InputError):
        asset_from_json({"id": "a", "title": "A b c", "query_mode": "loud"})


def test_catalogue_line() -> None:
    """The mode goes into a line and comes back."""
    for one in (DIRECT, GENERIC, SILENT):
        assert asset_from_json(asset_json(one)) == one


@given(st.integers(1, 7), st.integers(1, 12))
def test_turn_by_turn_everything_is_asked(limit: int, count: int) -> None:
    """Polls that go on where the last one ended ask everything once before anything again."""
    assets = [
        replace(DIRECT, id=AssetId(f"a{n}"), title=f"Title {n}", aliases=(), files=()) for n in range(count)
    ]
    seen: list[str] = []
    after = ""
    while len(seen) < count:
        told = questions(assets, ("words",), after, limit)
        seen += [one.words for _, one in told]
        after = told[-1][0]
    assert set(seen[: count + 1]) == {"words", *(f"Title {n}" for n in range(count))} or len(seen) == count
    assert len(set(seen[:count])) == count
