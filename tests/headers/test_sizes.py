"""File lists and counts against a header print: sizes to the byte, published sizes, and what says nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.headers.parameters import by_parameters
from leakwatch.headers.prints import HeaderPrint, print_of
from leakwatch.headers.quants import RECIPES, expected_bytes, quant_named
from leakwatch.headers.sizes import by_sizes
from leakwatch.headers.tensor import Header, Tensor

Build = Callable[..., list[Tensor]]
Printed = Callable[..., HeaderPrint]
LLAMA_8B = {"hidden": 4096, "inner": 14_336, "layers": 32, "narrow": 1024, "words": 128_256}
LLAMA_7B = {"hidden": 4096, "inner": 11_008, "layers": 32, "narrow": 4096, "words": 32_000}


def shards(total: int, count: int, suffix: str = "safetensors") -> list[tuple[str, int]]:
    """So many files of so many bytes in all, beside files of other kinds."""
    each = total // count
    sizes = [each] * (count - 1) + [total - each * (count - 1)]
    files = [(f"m/model-{n:05}-of-{count:05}.{suffix}", size) for n, size in enumerate(sizes, 1)]
    return [("m/config.json", 900), *files, ("m/tokenizer.json", 9_000_000)]


@pytest.mark.parametrize("count", [1, 2, 7, 30])
def test_resharded(count: int, decoder: Build, printed: Printed) -> None:
    """Files of the tensors' bytes and a plausible header in all are the asset re-sharded, and the reason counts them."""
    print_ = printed(decoder())
    told = by_sizes(print_, shards(print_.data_bytes + 12_000 + 300 * count, count))
    assert told is not None
    assert told.kind == "resharded"
    assert f"{count} file" in told.reason
    assert f"{12_000 + 300 * count:,} more than the asset's {print_.tensor_count} tensors" in told.reason
    assert "model" not in told.reason


@pytest.mark.parametrize("over", [-1, 0, 100, 200_000, 5_000_000])
def test_no_header_is_so_large(over: int, decoder: Build, printed: Printed) -> None:
    """Less than the tensors, or more than headers take up, is no agreement."""
    print_ = printed(decoder())
    assert by_sizes(print_, shards(print_.data_bytes + over, 3)) is None


def test_converted(decoder: Build, printed: Printed) -> None:
    """Twice the bytes are the asset in F32, in shards of a pickle too; a copy without the output is found."""
    print_ = printed(decoder())
    wide = by_sizes(print_, shards(4 * print_.elements + 12_000, 5))
    pickled = by_sizes(print_, shards(4 * print_.elements + 40_000, 2, "bin"))
    assert wide is not None
    assert pickled is not None
    assert (wide.kind, pickled.kind) == ("requantised", "requantised")
    assert "in F32" in wide.reason
    bare = by_sizes(print_, shards(print_.data_bytes - 2 * 32_000 * 1024 + 12_000, 2))
    assert bare is not None
    assert "without the output" in bare.reason


PUBLISHED = [
    (LLAMA_8B, "Meta-Llama-3.1-8B-Instruct-Q8_0.gguf", 8_540_772_928),
    (LLAMA_8B, "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf", 4_920_739_232),
    (LLAMA_8B, "Meta-Llama-3.1-8B-Instruct-Q4_0.gguf", 4_661_223_296),
    (LLAMA_7B, "llama-2-7b.Q4_K_M.gguf", 4_081_004_224),
    (LLAMA_7B, "llama-2-7b.Q8_0.gguf", 7_161_089_728),
]
"""Sizes of real files, read in public catalogues; LLaMA 1 and 2 of 7 billion have the same shapes."""


@pytest.mark.parametrize(("shape", "name", "size"), PUBLISHED)
def test_published_files(
    shape: dict[str, int], name: str, size: int, decoder: Build, printed: Printed
) -> None:
    """A published GGUF file is its model requantised, and no other model is; nor is it under another type's name."""
    told = by_sizes(printed(decoder(**shape)), [(name, size)])
    assert told is not None
    assert told.kind == "requantised"
    other = LLAMA_7B if shape is LLAMA_8B else LLAMA_8B
    assert by_sizes(printed(decoder(**other)), [(name, size)]) is None
    assert by_sizes(printed(decoder(**shape)), [("x.Q6_K.gguf", size)]) is None


@pytest.mark.parametrize("change", [{"layers": 13}, {"layers": 11}, {"inner": 4352}, {"words": 32_768}])
def test_neighbours(change: dict[str, int], decoder: Build, printed: Printed) -> None:
    """Shards of a model with a layer more or less, or another width or vocabulary, are not the asset."""
    files = shards(printed(decoder(**change)).data_bytes + 12_000, 4)
    assert by_sizes(printed(decoder()), files) is None


def test_small_models_and_other_files(decoder: Build, printed: Printed) -> None:
    """Nothing is said of a small model, of films and games, or of no files at all."""
    small = printed(decoder(layers=1, words=1000))
    assert by_sizes(small, shards(small.data_bytes + 12_000, 1)) is None
    print_ = printed(decoder())
    size = print_.data_bytes + 12_000
    assert by_sizes(print_, []) is None
    assert by_sizes(print_, [("film.mkv", size), ("data.bin", size), ("noend", size)]) is None


@pytest.mark.parametrize(
    ("name", "quant"),
    [
        ("m7-70B.Q4_K_M", "Q4_K_M"),
        ("m7-q8_0-00001-of-00002", "Q8_0"),
        ("m7.fp16", "F16"),
        ("m7.F16.Q5_K", "Q5_K_M"),
        ("m7-UD-Q4_K_XL", None),
        ("m7-IQ2_XXS", "IQ2_XXS"),
        ("m7", None),
        ("FAQ4_0day", None),
    ],
)
def test_quant_named(name: str, quant: str | None) -> None:
    """The type is read from a file's name, and only where it stands by itself."""
    assert quant_named(name) == quant


def test_expected_bytes() -> None:
    """Blocks, padding and what stays F32 are counted as the formats' block sizes say."""
    tensors = (Tensor("model.layers.0.mlp.up_proj.weight", "BF16", (100, 512)), Tensor("norm", "BF16", (7,)))
    print_ = print_of(Header("safetensors", tensors, 9))
    vector = 32  # 28 bytes of F32, padded
    matrix = {"F32": 51_200 * 4, "F16": 51_200 * 2, "Q8_0": 1600 * 34, "Q4_0": 1600 * 18, "Q6_K": 200 * 210}
    for quant, size in matrix.items():
        assert next(expected_bytes(print_, quant))[0] == -(-size // 32) * 32 + vector
    assert list(expected_bytes(print_, "Q9_Z")) == []
    odd = print_of(Header("safetensors", (Tensor("up_proj", "BF16", (10, 96)),), 9))
    assert next(expected_bytes(odd, "Q4_K"), None) is None
    assert {size for size, _ in expected_bytes(odd, "Q4_K_M")} == {-(-30 * 22 // 32) * 32}


def test_every_recipe_is_between_its_neighbours(decoder: Build, printed: Printed) -> None:
    """Whatever the type, a model takes up less than in F32 and more than one bit an element."""
    print_ = printed(decoder())
    for quant in RECIPES:
        for size, _ in expected_bytes(print_, quant):
            assert print_.elements / 8 < size <= 4 * print_.elements + 32 * print_.tensor_count


def test_by_parameters(decoder: Build, printed: Printed) -> None:
    """Equal counts of every dtype are the same, an equal total in other dtypes is requantised, another total nothing."""
    print_ = printed(decoder())
    total, tied = print_.elements, 32_000 * 1024
    same = by_parameters(print_, {"BF16": total})
    assert same is not None
    assert same.kind == "same"
    for counts in ({"F32": total}, {"F16": total - 5, "F32": 5}, {"GGUF": total + 64}, {"F16": total - tied}):
        told = by_parameters(print_, counts)
        assert told is not None
        assert told.kind == "requantised"
    for counts in (
        {"BF16": total + 1},
        {"BF16": total + 64},
        {"GGUF": total + 5000},
        {"I32": total // 8},
        {},
    ):
        assert by_parameters(print_, counts) is None


def test_hostile_counts(decoder: Build, printed: Printed) -> None:
    """Counts that are none, too many of them, and small models say nothing."""
    print_ = printed(decoder())
    total = print_.elements
    assert by_parameters(print_, {"BF16": -total, "F16": 2 * total}) is None
    assert by_parameters(print_, {"BF16": True, "F16": total - 1}) is None
    assert by_parameters(print_, {"BF16": total} | {f"x{n}": 0 for n in range(64)}) is None
    small = printed(decoder(layers=1, words=1000))
    assert by_parameters(small, {"BF16": small.elements}) is None


PATHS = st.text(st.sampled_from("aQ4_0KM-.1f/\ud800"), max_size=12) | st.sampled_from(
    ["m-00001-of-00002", "x/pytorch_model", "UD-Q4_K_M"]
)
SUFFIXES = st.sampled_from([".safetensors", ".gguf", ".bin", ".PT", ".mkv", ""])


@given(
    st.lists(st.tuples(PATHS, SUFFIXES, st.integers(-5, 2**64)), max_size=8),
    st.sampled_from([(), (0,), (1, 2**26), (2**14, 2**14), (64, 2**10, 2**10)]),
    st.sampled_from(["BF16", "F32", "Q8_0"]),
)
@settings(deadline=None, max_examples=200)
def test_any_list(files: list[tuple[str, str, int]], shape: tuple[int, ...], dtype: str) -> None:
    """Any file list against any print is judged or not, and nothing else happens."""
    print_ = print_of(Header("gguf", (Tensor("token_embd.weight", dtype, shape),), 900, 32, "llama"))
    told = by_sizes(print_, [(path + suffix, size) for path, suffix, size in files])
    assert told is None or told.kind in ("resharded", "requantised")
