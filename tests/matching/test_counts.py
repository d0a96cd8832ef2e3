"""A hub's counts of elements against header prints: a reason to look, and to alert only beside a name."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files as package_files
from typing import Any

import pytest

from leakwatch.headers.prints import print_of
from leakwatch.headers.stored import to_text
from leakwatch.headers.tensor import Header, Tensor
from leakwatch.matching.engine import match
from leakwatch.matching.index import build_index
from leakwatch.matching.weights import parse_weights
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Match, Signal, SignalKind, Tier
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile

WEIGHTS = parse_weights((package_files("leakwatch.matching") / "weights.yaml").read_text("utf-8"))
WIDE, DEEP = 2**12, 2**13
ELEMENTS = 32_001 * WIDE + WIDE * DEEP + WIDE
SIZE = 2 * ELEMENTS + 100


def printed(words: int = 32_001) -> str:
    """The print of a small model with a vocabulary of its own."""
    tensors = (
        Tensor("model.embed_tokens.weight", "BF16", (words, WIDE)),
        Tensor("model.layers.0.mlp.up_proj.weight", "BF16", (DEEP, WIDE)),
        Tensor("model.norm.weight", "BF16", (WIDE,)),
    )
    return to_text(print_of(Header("safetensors", tensors, 1000)))


ASSETS = (
    Asset(
        id=AssetId("m7"),
        title="Northwind Model",
        files=(
            AssetFile(path="w/model.safetensors", size_bytes=SIZE, header=printed()),
            AssetFile(path="w/tokenizer.json", size_bytes=500_003, sha256=b"\x05" * 32),
            AssetFile(path="w/config.json", size_bytes=701, sha256=b"\x06" * 32),
        ),
    ),
    Asset(id=AssetId("other"), title="Gullfoss", files=(AssetFile(path="g", header=printed(40_007)),)),
    Asset(id=AssetId("bare"), title="Quartz Lantern"),
)
INDEX = build_index(ASSETS)
SAME = (("BF16", ELEMENTS),)


def seen(title: str = "some-body/plain-name", **fields: Any) -> Observation:
    """A repository on a hub."""
    return Observation(
        site="hub",
        native_id=title,
        title=title,
        fetched_at=datetime(2026, 11, 20, tzinfo=UTC),
        locators=(Locator(LocatorKind.REPOSITORY, f"https://hub.example/{title}"),),
        **fields,
    )


def only(observation: Observation) -> Match | None:
    """The match with the printed asset; no other asset may match."""
    found = match(observation, INDEX, WEIGHTS)
    assert {one.asset for one in found} <= {"m7"}
    return found[0] if found else None


def counted(one: Match) -> Signal:
    """The signal of the counts, which is there once."""
    (signal,) = (signal for signal in one.signals if signal.kind is SignalKind.ELEMENTS)
    return signal


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        (SAME, f"safetensors counts agree with the header print: {ELEMENTS:,} elements, as many of every"),
        ((("F32", ELEMENTS),), "in other dtypes"),
        ((("F16", ELEMENTS - WIDE), ("F32", WIDE)), "in other dtypes"),
        ((("GGUF", ELEMENTS + 64),), "GGUF counts agree"),
        ((("BF16", 5), ("GGUF", ELEMENTS)), "GGUF counts agree"),
        ((("BF16", ELEMENTS), ("GGUF", ELEMENTS)), "as many of every dtype"),
        ((("BF16", ELEMENTS + 32_001 * WIDE),), "with the output once more"),
    ],
)
def test_counts_alone_wait_for_a_look(counts: tuple[tuple[str, int], ...], told: str) -> None:
    """A repository whose elements are the asset's is for review, whatever its name, dtypes and format."""
    found = only(seen(parameters=counts))
    assert found is not None
    assert found.tier is Tier.REVIEW
    assert not found.is_exact
    assert told in counted(found).detail
    assert "fine-tunes have the same" in counted(found).detail


@pytest.mark.parametrize(
    "counts",
    [
        (),
        (("BF16", ELEMENTS + 1),),
        (("BF16", ELEMENTS - 1),),
        (("BF16", ELEMENTS), ("F32", WIDE)),
        (("GGUF", ELEMENTS + 4097),),
        (("I32", ELEMENTS // 8),),
        (("BF16", 2**62), ("GGUF", 2**62)),
    ],
)
def test_other_counts_say_nothing(counts: tuple[tuple[str, int], ...]) -> None:
    """Another number of elements is no reason at all."""
    assert only(seen(parameters=counts)) is None


def test_a_name_beside_the_counts_alerts() -> None:
    """The name alone is for review, and with the counts it is strong enough for an alert."""
    named = only(seen("some-body/Northwind-Model-GGUF"))
    both = only(seen("some-body/Northwind-Model-GGUF", parameters=(("GGUF", ELEMENTS),)))
    assert named is not None
    assert both is not None
    assert (named.tier, both.tier) == (Tier.REVIEW, Tier.AUTO)
    assert not both.is_exact


def test_what_fine_tunes_share_never_alerts() -> None:
    """A fine-tune of the same base has its counts, its tokenizer and its small files: that is for review."""
    tune = only(
        seen(
            parameters=SAME,
            files=(
                ObservedFile(path="model.safetensors"),
                ObservedFile(path="tokenizer.json", size_bytes=500_003, sha256="05" * 32),
                ObservedFile(path="config.json", size_bytes=701, sha256="06" * 32),
            ),
        )
    )
    assert tune is not None
    assert tune.score > WEIGHTS["auto"]
    assert tune.tier is Tier.REVIEW


def test_counts_that_follow_from_a_size_add_nothing() -> None:
    """Where the exact size of the weights agrees, the counts are told and weigh nothing."""
    files = (ObservedFile(path="model.safetensors", size_bytes=SIZE),)
    by_size, both = only(seen(files=files)), only(seen(files=files, parameters=SAME))
    assert by_size is not None
    assert both is not None
    assert (both.score, both.tier) == (by_size.score, by_size.tier)
    assert counted(both).weight == 0


def test_counts_are_content() -> None:
    """A repository whose counts changed is a new observation; one without any keeps its digest of before counts."""
    digests = {seen(parameters=counts).content_digest for counts in (SAME, (("BF16", 7),), ())}
    assert len(digests) == 3
    assert seen().content_digest == "7d4192f22adab9703acf7783b78ff868981e64ed3c621240c534d17894c62ea5"


def test_the_right_one_of_many() -> None:
    """Among a thousand printed assets the one with the counted elements is found, and a step beside it none."""
    many = build_index(
        Asset(id=AssetId(f"a{number}"), title=f"Kite {number}", files=(AssetFile(path="w", header=header),))
        for number in range(1000)
        if (header := printed(20_000 + number))
    )
    for number in (0, 1, 500, 999):
        elements = (20_000 + number) * WIDE + WIDE * DEEP + WIDE
        hit = match(seen(parameters=(("BF16", elements),)), many, WEIGHTS)
        assert [one.asset for one in hit] == [f"a{number}"]
        assert match(seen(parameters=(("BF16", elements + 7),)), many, WEIGHTS) == ()
