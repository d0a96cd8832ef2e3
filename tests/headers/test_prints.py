"""Prints of headers: joining shards, storing, and what is refused when it is read back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.errors import HeaderError
from leakwatch.headers.prints import HeaderPrint, by_shape, joined, print_of
from leakwatch.headers.stored import from_json, to_json
from leakwatch.headers.tensor import Header, Tensor

LAYERS = tuple(
    Tensor(f"layers.{layer}.{name}.weight", "BF16", shape)
    for layer in range(12)
    for name, shape in (("wq", (64, 64)), ("w1", (256, 64)), ("norm", (64,)))
)
MODEL = (*LAYERS, Tensor("tok_embeddings.weight", "BF16", (1000, 64)), Tensor("odd{}name.1", "F32", (3, 1)))


def printed(*tensors: Tensor) -> HeaderPrint:
    """The print of one file."""
    return print_of(Header("safetensors", tensors, 100))


def test_figures() -> None:
    """A print counts tensors, elements and bytes exactly, and sorts shapes without order and without ones."""
    told = printed(*MODEL)
    elements = 12 * (64 * 64 + 256 * 64 + 64) + 64_000
    assert (told.tensor_count, told.elements, told.data_bytes) == (38, elements + 3, 2 * elements + 12)
    assert by_shape(told)["BF16"][256, 64] == (12 * 256 * 64, 12)
    assert by_shape(told)["F32"] == {(3,): (3, 1)}


@given(st.permutations(range(5)), st.lists(st.integers(0, 4), min_size=38, max_size=38), st.integers(0, 4))
@settings(deadline=None, max_examples=60)
def test_joined(order: list[int], places: list[int], again: int) -> None:
    """Shards in any order, however cut and one of them twice, are the model: its digest, elements and bytes."""
    shards = [
        printed(*(one for one, place in zip(MODEL, places, strict=True) if place == part))
        for part in range(5)
    ]
    whole = joined([*(shards[part] for part in order), shards[again]])
    one = printed(*MODEL)
    assert (whole.digest, whole.histogram, whole.data_bytes) == (one.digest, one.histogram, one.data_bytes)
    assert whole == joined([*shards, shards[again]])


def test_digest_is_of_names_and_shapes() -> None:
    """The digest stays in another dtype and changes with a name or a shape."""
    first = printed(Tensor("a", "F16", (2, 3)))
    assert printed(Tensor("a", "F32", (2, 3))).digest == first.digest
    assert printed(Tensor("b", "F16", (2, 3))).digest != first.digest
    assert printed(Tensor("a", "F16", (3, 2))).digest != first.digest


def test_joined_refused() -> None:
    """Files of two models, of two formats, or none at all are not joined."""
    gguf = print_of(Header("gguf", (Tensor("b", "F16", (2,)),), 100))
    one = printed(Tensor("a", "F16", (2, 3)))
    for prints in ([], [one, gguf], [one, printed(Tensor("a", "F16", (3, 2)))]):
        with pytest.raises(HeaderError, match="shards of one model"):
            joined(prints)


NAMES = st.text(st.sampled_from("a0.1{}9_ü"), max_size=12)


@given(
    st.dictionaries(NAMES, st.tuples(st.sampled_from(["F16", "Q4_0"]), st.sampled_from([(), (32,), (2, 64)])))
)
@settings(deadline=None, max_examples=200)
def test_json_round_trip(told: dict[str, tuple[str, tuple[int, ...]]]) -> None:
    """A print is read back as it was, whatever the names and the numbers in them."""
    first = printed(*(Tensor(name, dtype, shape) for name, (dtype, shape) in told.items()))
    assert from_json(json.loads(json.dumps(to_json(first)))) == first


def test_json_is_small() -> None:
    """Layers and experts share a line, so that a print of many tensors stays small."""
    experts = (Tensor(f"layers.{n // 128}.experts.{n % 128}.w1", "BF16", (768, 2048)) for n in range(6144))
    assert len(json.dumps(to_json(printed(*experts)))) < 8 * 6144


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema", 2),
        ("format", "pickle"),
        ("architecture", 7),
        ("architecture", "x" * 65),
        ("header_bytes", -1),
        ("header_bytes", True),
        ("digest", "00"),
        ("parts", []),
        ("parts", ["zz"]),
        ("parts", ["0" * 32] * 10_001),
        ("tensors", {}),
        ("tensors", [7]),
        ("tensors", [{"name": "a", "dtype": "F17", "shape": []}]),
        ("tensors", [{"name": "a", "dtype": "F16", "shape": [-1]}]),
        ("tensors", [{"name": "a", "dtype": "F16", "shape": [1.5]}]),
        ("tensors", [{"name": "a", "dtype": "F16", "shape": [2**48, 2**48]}]),
        ("tensors", [{"name": None, "dtype": "F16", "shape": []}]),
        ("tensors", [{"name": "\ud800", "dtype": "F16", "shape": []}]),
        ("tensors", [{"name": "a.{}", "dtype": "F16", "shape": [], "at": "1 x"}]),
        ("tensors", [{"name": "a.{}", "dtype": "F16", "shape": [], "at": "1.2"}]),
        (
            "tensors",
            [{"name": "a.{}", "dtype": "F16", "shape": [], "at": " ".join(map(str, range(200_001)))}],
        ),
        ("tensors", [{"name": "a.{}", "dtype": "F16", "shape": [], "at": "1 1"}]),
        ("tensors", [{"name": "{}" * 30_000, "dtype": "F16", "shape": [], "at": "1"}]),
    ],
)
def test_json_refused(field: str, value: Any) -> None:
    """Every field of a stored print is checked, and bounded."""
    told = to_json(printed(*MODEL)) | {field: value}
    with pytest.raises(HeaderError):
        from_json(told)


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5), lambda one: st.lists(one, max_size=3), max_leaves=4
)


@given(
    field=st.sampled_from(["format", "architecture", "header_bytes", "digest", "parts", "tensors"]),
    inner=st.sampled_from(["name", "dtype", "shape", "at"]),
    value=JSON,
)
@settings(deadline=None, max_examples=200)
def test_any_json(field: str, inner: str, value: Any) -> None:
    """Any value in any field is a print or a HeaderError."""
    told = to_json(printed(*MODEL))
    for changed in (told | {field: value}, told | {"tensors": [told["tensors"][0] | {inner: value}]}, value):
        try:
            assert from_json(changed).tensor_count == 38
        except HeaderError:
            continue
