"""Shards, trees of files and sizes told roughly: signs beside a name that never corroborate it."""

from __future__ import annotations

from typing import Any

import pytest

from leakwatch.matching.engine import match
from leakwatch.matching.index import build_index
from leakwatch.matching.shapes import layouts_of, shape_of
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import SignalKind, Tier
from leakwatch.model.observation import Locator, LocatorKind, Observation

from .test_sizes import WEIGHTS, asset, bits, seen

NAME = "Copper Kettle 1080p x264-GRP"
MAGNET = Locator(LocatorKind.MAGNET, "magnet:?xt=urn:btih:" + "ab" * 20)


@pytest.mark.parametrize(
    ("paths", "layout"),
    [
        ([f"m-{n:05}-of-00033.safetensors" for n in (1, 2)], {("of", ".safetensors"): 33}),
        ([f"k.part{n:02}.rar" for n in range(1, 8)], {("part", ".rar"): 7}),
        (["k.rar", *(f"k.r{n:02}" for n in range(12))], {("old rar", ""): 12}),
        ([f"7B/consolidated.{n:02}.pth" for n in range(8)], {("consolidated", ".pth"): 8}),
        (["Kettle CD1.avi", "Kettle CD2.avi"], {("disc", ""): 2}),
        ([f"k.7z.{n:03}" for n in range(1, 4)], {("split", ""): 3}),
        (["a.mkv", "b.mkv", "one of two.txt"], {}),
    ],
)
def test_layouts_of_parts_are_read(paths: list[str], layout: dict[tuple[str, str], int]) -> None:
    """Shards, volumes and discs are told by scheme and count; a first part alone says how many there are."""
    assert layouts_of(paths) == layout


def test_as_many_shards_are_a_sign() -> None:
    """The same scheme and count as the asset's speaks for it beside a name; another count says nothing."""
    form = "m-{0:05}-of-00033.safetensors"
    index = build_index([asset("a", [1] * 33, form=form)])
    same = match(seen([2] * 33, NAME, form), index, WEIGHTS)
    other = match(seen([2] * 33, NAME, "m-{0:05}-of-00081.safetensors"), index, WEIGHTS)
    assert bits(same, SignalKind.SHARDS) == WEIGHTS["shards"]
    assert bits(other, SignalKind.SHARDS) == 0
    assert not any(one.tier for one in match(seen([2] * 33, "x", form), index, WEIGHTS))


def tree(ident: str, paths: list[str]) -> Asset:
    """An asset with files at these paths, their sizes unknown."""
    return Asset(id=AssetId(ident), title="Copper Kettle", files=tuple(AssetFile(path=one) for one in paths))


def listing(paths: list[str], title: str = NAME) -> Observation:
    """An observation of files at these paths."""
    return seen(list(range(1, len(paths) + 1)), title, "{0}").__class__(
        site="s",
        native_id="1",
        title=title,
        fetched_at=seen([]).fetched_at,
        files=tuple(
            one.__class__(path=path) for one, path in zip(seen([0] * len(paths)).files, paths, strict=True)
        ),
    )


PATHS = [f"Kettle/reel {one}/shot-{one}-take.mov" for one in ("ash", "birch", "elm", "fir", "oak", "yew")] + [
    "Kettle/readme.txt"
]


def test_a_like_tree_speaks_for_the_asset() -> None:
    """The more names of folders and files agree the more they say, and never enough by themselves."""
    index = build_index([tree("a", PATHS), tree("b", ["x/readme.txt", "x/data/setup.exe"])])
    whole, half = match(listing(PATHS), index, WEIGHTS), match(listing(PATHS[:4]), index, WEIGHTS)
    alike = [
        bits(found[:1], SignalKind.TREE) + bits(found[:1], SignalKind.FILE_NAME) for found in (whole, half)
    ]
    assert alike[0] == pytest.approx(WEIGHTS["tree"], abs=0.01)
    assert alike[0] >= alike[1] > 0
    assert whole[0].tier is Tier.REVIEW
    assert not any(one.tier for one in match(listing(PATHS, "x"), index, WEIGHTS))


def test_names_that_everybody_gives_are_no_tree() -> None:
    """Readmes, licences and what tools write make no likeness."""
    paths = ["README.md", "config.json", "LICENSE", "model-00001-of-00002.safetensors", "tokenizer.json"]
    index = build_index([tree("a", paths)])
    assert bits(match(listing(paths), index, WEIGHTS), SignalKind.TREE) == 0


LLAMA = Asset(
    id=AssetId("llama"),
    title="Gullfoss Cascade",
    files=tuple(
        AssetFile(path=f"{n}.pth", size_bytes=size)
        for n, size in enumerate((13_476_939_516, 26_032_000_001, 65_000_000_003, 130_500_000_007))
    ),
)


@pytest.mark.parametrize(
    "told",
    [
        {"title": "Gullfoss Cascade 13.5GB"},
        {"title": "Gullfoss Cascade", "text": "the thing, 13.5 GB, have fun"},
        {"title": "Gullfoss Cascade", "size_bytes": 13_500_000_000, "size_is_exact": False},
        {"title": "Gullfoss Cascade", "text": "219 GB in all: 235 GB"},
        {"title": "a post", "text": "1 GB a\n2 GB b\n3 GB c\n4 GB d\nGullfoss Cascade:\n13.5 GB\n"},
    ],
)
def test_a_size_told_roughly_is_weak(told: dict[str, Any]) -> None:
    """A size in words, or an inexact one, is worth a few bits and wakes nobody, a locator or not."""
    index = build_index([LLAMA])
    title = told.pop("title")
    found = match(seen([], title, locators=(MAGNET,), **told), index, WEIGHTS)
    assert 0 < bits(found, SignalKind.SIZE_NEAR) <= WEIGHTS["size_near_most"]
    assert bits(found) == 0
    assert found[0].tier is not Tier.AUTO


@pytest.mark.parametrize(
    "text", ["14.2 GB", "1 GB a\n2 GB b\n3 GB c\nGullfoss Cascade\n5 GB\n\n\n13.5 GB", "7B 24GB VRAM"]
)
def test_a_size_that_is_not_its_own_says_nothing(text: str) -> None:
    """Neither another size, nor one that stands elsewhere in a list of many, nor the memory of a machine."""
    found = match(seen([], "Gullfoss Cascade", text=text), build_index([LLAMA]), WEIGHTS)
    assert bits(found, SignalKind.SIZE_NEAR) == 0


def test_a_rough_size_says_less_in_a_crowd() -> None:
    """Where many of the catalogue have such a size, it tells them apart less."""
    crowd = [asset(str(n), [13_460_000_000 + 1_000_003 * n], f"Other {n}") for n in range(100)]
    alone, among = (
        match(seen([], "Gullfoss Cascade 13.5GB"), build_index([LLAMA, *others]), WEIGHTS)
        for others in ([], crowd)
    )
    assert bits(among[:1], SignalKind.SIZE_NEAR) < bits(alone[:1], SignalKind.SIZE_NEAR) / 2


def test_an_index_forgets_what_is_removed() -> None:
    """Adding an asset and removing it again leaves sizes, shapes and names as they were."""
    base = build_index([asset("a", [30_000_001, 2]), tree("t", PATHS)])
    same = base.with_assets([asset("b", [30_000_001, 5]), tree("u", PATHS)]).without(
        [AssetId("b"), AssetId("u")]
    )
    assert (same.sizes, same.shapes, same.spread) == (base.sizes, base.shapes, base.spread)
    assert (same.by_size, same.by_file_name) == (base.by_size, base.by_file_name)
    assert shape_of(tree("t", PATHS)) == base.shapes[AssetId("t")]
