"""Byte sizes: how many agree, how rare they are, and what chance makes of them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from importlib.resources import files as package_files
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from leakwatch.matching.engine import match
from leakwatch.matching.index import Index, build_index
from leakwatch.matching.weights import parse_weights
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Match, SignalKind, Tier
from leakwatch.model.observation import Observation, ObservedFile

WEIGHTS = parse_weights((package_files("leakwatch.matching") / "weights.yaml").read_text("utf-8"))
GIB = 2**30


def asset(ident: str, sizes: list[int], title: str = "Copper Kettle", form: str = "w/{0}.bin") -> Asset:
    """An asset with files of these sizes."""
    files = tuple(AssetFile(path=form.format(n), size_bytes=size) for n, size in enumerate(sizes))
    return Asset(id=AssetId(ident), title=title, files=files)


def seen(sizes: list[int], title: str = "x", form: str = "f{0}", **told: Any) -> Observation:
    """An observation of files of these sizes."""
    files = tuple(ObservedFile(path=form.format(n), size_bytes=size) for n, size in enumerate(sizes))
    return Observation(
        site="s",
        native_id="1",
        title=title,
        fetched_at=datetime(2026, 11, 20, tzinfo=UTC),
        files=files,
        **told,
    )


def bits(found: tuple[Match, ...], kind: SignalKind = SignalKind.SIZE) -> float:
    """The sum of an only match's signals of a kind."""
    return sum(signal.weight for one in found for signal in one.signals if signal.kind is kind)


def odd(random: Random, least: int = 30 * 2**20, most: int = 40 * 2**20) -> int:
    """A size that is not round."""
    return random.randrange(least, most) | 1


def test_more_sizes_say_more_but_not_as_often() -> None:
    """Each further size that agrees adds less than the one before; what all add is no more than a digest says."""
    random = Random(1)
    sizes = [odd(random, 2**bit, 2 ** (bit + 1)) for bit in range(21, 40)]
    index = build_index([asset("a", sizes)])
    told = [bits(match(seen(sizes[:count]), index, WEIGHTS)) for count in range(1, len(sizes) + 1)]
    steps = [later - earlier for earlier, later in pairwise(told)]
    assert told[0] == WEIGHTS["size"]
    assert all(step >= 0 for step in steps)
    assert all(later <= earlier + 0.02 for earlier, later in pairwise(steps))
    assert max(told) == WEIGHTS["size_most"]


def test_a_size_that_many_assets_have_says_less() -> None:
    """Twice as many holders of a size are a bit less."""
    size = 30_000_001
    one, four = ([asset(str(n), [size]) for n in range(count)] for count in (1, 4))
    assert bits(match(seen([size]), build_index(one), WEIGHTS)) == WEIGHTS["size"]
    assert bits(match(seen([size], "Copper Kettle"), build_index(four), WEIGHTS)) == 4 * (WEIGHTS["size"] - 2)
    crowd = build_index([asset(str(n), [size]) for n in range(20_000)])
    assert bits(match(seen([size]), crowd, WEIGHTS)) == 0


@pytest.mark.parametrize("size", [4_699_979_776, 1_261_824, 64 * 2**20, 700_000_000, 1_474_560])
def test_sizes_of_discs_and_floppies_do_not_corroborate(size: int) -> None:
    """A full disc, floppy or cartridge has the size of thousands of others."""
    index = build_index([asset("a", [size])])
    found = match(seen([size], "Copper Kettle 1080p x264-GRP"), index, WEIGHTS)
    assert bits(found) == WEIGHTS["size_round"]
    assert found[0].tier is Tier.REVIEW


def test_common_sizes_never_corroborate_however_many() -> None:
    """A hundred side files and round sizes that agree stay below what corroborates."""
    sizes = [1000 + n for n in range(100)] + [n * 2**20 for n in range(1, 40)]
    index = build_index([asset("a", sizes)])
    found = match(seen(sizes[:-1], "Copper Kettle 1080p x264-GRP"), index, WEIGHTS)
    assert bits(found) == WEIGHTS["size_common_most"]
    assert found[0].tier is Tier.REVIEW


def test_a_stray_size_among_ten_thousand_says_nothing() -> None:
    """One of 10,000 files of one magnitude agrees by chance; one of three hardly does."""
    random = Random(2)
    size = odd(random)
    index = build_index([asset("a", [size])])
    crowd = [odd(random) for _ in range(9_999)]
    stray = match(seen([*crowd, size], "Copper Kettle 1080p x264-GRP"), index, WEIGHTS)
    few = match(seen([*crowd[:2], size], "Copper Kettle 1080p x264-GRP"), index, WEIGHTS)
    assert bits(stray) < 4
    assert stray[0].tier is Tier.REVIEW
    assert bits(few) > 12
    assert few[0].tier is Tier.AUTO


def test_coverage_outweighs_chance() -> None:
    """Where all of 10,000 sizes agree chance is no reason; where a hundredth does it is."""
    random = Random(3)
    sizes = [odd(random) for _ in range(10_000)]
    index = build_index([asset("a", sizes)])
    assert bits(match(seen(sizes), index, WEIGHTS)) == WEIGHTS["size_most"]
    part = sizes[:100] + [odd(random) for _ in range(9_900)]
    assert bits(match(seen(part), index, WEIGHTS)) < WEIGHTS["size"]


def test_unrelated_lists_of_many_files_do_not_agree() -> None:
    """Of 200 pairs of unrelated lists of a thousand files none is strong enough to corroborate a name."""
    random = Random(4)
    index = build_index([asset(str(n), [odd(random) for _ in range(1000)], f"Kettle {n}") for n in range(20)])
    for _ in range(10):
        found = match(seen([odd(random) for _ in range(1000)]), index, WEIGHTS)
        assert all(signal.weight < 10 for one in found for signal in one.signals)


def test_equal_shards_count_once_and_their_number_counts() -> None:
    """Thirty-three shards of one size are one size, and that there are thirty-three is a sign of its own."""
    sizes = [9_976_570_305] * 32 + [4_000_000_001]
    index = build_index([asset("a", sizes, form="m-{0:05}-of-00033.safetensors")])
    same = match(seen(sizes), index, WEIGHTS)
    fewer = match(seen(sizes[1:]), index, WEIGHTS)
    assert bits(same) == pytest.approx(bits(fewer) + WEIGHTS["size_repeated"], abs=0.01)


def test_a_hundred_thousand_files_are_matched_in_linear_time() -> None:
    """Asset and observation of 100,000 files each are compared within seconds, and the match stays small."""
    random, count = Random(5), 100_000
    sizes = [odd(random, 2**20, 2**36) for _ in range(count)]
    files = tuple(
        AssetFile(path=f"d{n % 100}/scene-{n}.bin", size_bytes=size, sha256=n.to_bytes(32, "big"))
        for n, size in enumerate(sizes)
    )
    index: Index = build_index([Asset(id=AssetId("a"), title="Copper Kettle", files=files)])
    listed = tuple(
        ObservedFile(path=f"d{n % 100}/scene-{n}.bin", size_bytes=size, sha256=n.to_bytes(32, "big").hex())
        for n, size in enumerate(sizes)
    )
    observation = Observation(
        site="s", native_id="1", title="x", fetched_at=datetime(2026, 11, 20, tzinfo=UTC), files=listed
    )
    start = time.perf_counter()
    found = match(observation, index, WEIGHTS)
    assert time.perf_counter() - start < 30
    assert found[0].tier is Tier.AUTO
    assert len(found[0].signals) < 30
    assert len(found[0].artefacts) <= 1000
