"""Header against header: copies in every disguise, parts and adapters, and neighbours that are no copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.headers.likeness import likeness
from leakwatch.headers.prints import HeaderPrint, joined, print_of
from leakwatch.headers.tensor import Header, Tensor

Build = Callable[..., list[Tensor]]
Printed = Callable[..., HeaderPrint]


def test_same(decoder: Build, printed: Printed) -> None:
    """The same names, shapes, dtypes and files are the same model, whatever the order in the file."""
    told = likeness(printed(decoder()), printed(decoder()[::-1]))
    assert (told.kind, told.share) == ("same", 1.0)
    assert "model.layers" not in told.reason


def test_resharded(decoder: Build, printed: Printed) -> None:
    """The same tensors in other files, or under other names, are re-sharded."""
    tensors = decoder()
    cut = joined([printed(tensors[:50]), printed(tensors[50:])])
    renamed = [replace(one, name=f"x{number}") for number, one in enumerate(tensors)]
    assert likeness(printed(tensors), cut).kind == "resharded"
    assert likeness(printed(tensors), printed(renamed)).kind == "resharded"


def test_requantised(decoder: Build, printed: Printed) -> None:
    """Other dtypes are requantised: under the same names, and as GGUF under other names with an output of its own."""
    one = printed(decoder())
    assert likeness(one, printed(decoder(dtype="F16", vectors="F32"))).kind == "requantised"
    gguf = [
        replace(tensor, name=f"blk.{number}.weight")
        for number, tensor in enumerate(decoder(dtype="Q8_0", vectors="F32"))
    ]
    told = likeness(one, printed(gguf, "gguf"))
    assert (told.kind, round(told.share, 3)) == ("requantised", 1.0)
    tied = [tensor for tensor in decoder(dtype="F16") if tensor.name != "lm_head.weight"]
    assert likeness(one, printed([replace(t, name=t.name + "_") for t in tied])).kind == "requantised"


def test_stacked_experts(printed: Printed) -> None:
    """Experts that lie stacked in one tensor, as in GGUF, are those that lie single."""
    single = [
        Tensor(f"model.layers.{layer}.mlp.experts.{expert}.up_proj.weight", "BF16", (512, 1024))
        for layer in range(4)
        for expert in range(8)
    ]
    stacked = [Tensor(f"blk.{layer}.ffn_up_exps.weight", "Q4_K", (8, 512, 1024)) for layer in range(4)]
    assert likeness(printed(single), printed(stacked, "gguf")).kind == "requantised"


def test_related(decoder: Build, printed: Printed) -> None:
    """A shard is a part; a vocabulary with some words more belongs to a fine-tune; and the share says how much."""
    one = printed(decoder())
    shard = likeness(one, printed(decoder()[:30]))
    assert shard.kind == "related"
    assert 0.1 < shard.share < 0.5
    assert likeness(printed(decoder(layers=48)), printed(decoder(layers=48, words=33_000))).kind == "related"


def adapter(tensors: list[Tensor], layers: int) -> list[Tensor]:
    """A LoRA of rank 16 on queries and values of the first layers."""
    told: list[Tensor] = []
    for tensor in tensors:
        parts = tensor.name.split(".")
        if parts[-2] in ("q_proj", "v_proj") and int(parts[2]) < layers:
            core = f"base_model.model.{tensor.name.removesuffix('.weight')}"
            told.append(Tensor(f"{core}.lora_A.weight", "F32", (16, tensor.shape[1])))
            told.append(Tensor(f"{core}.lora_B.weight", "F32", (tensor.shape[0], 16)))
    return told


def test_adapter(decoder: Build, printed: Printed) -> None:
    """A LoRA for all layers is related; one made for a model of half the layers, or another width, is not."""
    tensors = decoder(layers=24)
    one = printed(tensors)
    told = likeness(one, printed(adapter(tensors, 24)))
    assert told.kind == "related"
    assert told.reason.startswith("an adapter: 100%")
    assert likeness(one, printed(adapter(tensors, 12))).kind == "different"
    assert likeness(one, printed(adapter(decoder(hidden=1280, layers=24), 24))).kind == "different"


@pytest.mark.parametrize(
    "change",
    [{"layers": 13}, {"layers": 11}, {"inner": 4352}, {"hidden": 1152}, {"words": 128_256}, {"narrow": 512}],
)
def test_neighbours_are_different(change: dict[str, int], decoder: Build, printed: Printed) -> None:
    """A layer more or less, another width, another vocabulary: another architecture, also in another format."""
    one = printed(decoder())
    assert likeness(one, printed(decoder(**change))).kind == "different"
    quantised = [replace(t, name=f"blk.{n}") for n, t in enumerate(decoder(**change, dtype="Q8_0"))]
    assert likeness(one, printed(quantised, "gguf")).kind == "different"


def test_small_models_are_not_compared(printed: Printed) -> None:
    """Below a million elements only the very same names and shapes are alike."""
    one, other = printed([Tensor("a", "F16", (100, 100))]), printed([Tensor("b", "F32", (100, 100))])
    assert likeness(one, one).kind == "same"
    assert (likeness(one, other).kind, likeness(one, other).share) == ("different", 0.0)


TENSORS = st.dictionaries(
    st.sampled_from(
        ["wte.weight", "h.0.attn.c_attn.weight", "a.lora_A.weight", "a.lora_B.weight", "b", "é.1"]
    ),
    st.tuples(
        st.sampled_from(["F16", "F32", "Q4_0"]),
        st.lists(st.sampled_from([0, 1, 32, 4096, 2**20]), max_size=3).map(tuple),
    ),
)


@given(TENSORS, TENSORS)
@settings(deadline=None, max_examples=300)
def test_any_two(
    one: dict[str, tuple[str, tuple[int, ...]]], other: dict[str, tuple[str, tuple[int, ...]]]
) -> None:
    """Any two prints are judged, empty ones and zero lengths included; of itself each is the same."""
    first, second = (
        print_of(
            Header(
                "safetensors", tuple(Tensor(name, dtype, shape) for name, (dtype, shape) in told.items()), 9
            )
        )
        for told in (one, other)
    )
    assert likeness(first, second).kind in ("same", "resharded", "requantised", "related", "different")
    assert likeness(first, first).kind == "same"
