"""File lists and a hub's counts against a print, with sizes of files that were really published."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.errors import LeakwatchError
from leakwatch.headers.parameters import by_parameters, element_counts
from leakwatch.headers.prints import HeaderPrint, print_of
from leakwatch.headers.quants import expected_bytes, quant_named
from leakwatch.headers.sizes import by_sizes
from leakwatch.headers.tensor import Header, Tensor
from leakwatch.torrent.metainfo import parse_torrent


def decoder(
    hidden: int, inner: int, layers: int, narrow: int, words: int, *, bias: bool = False, tied: bool = False
) -> HeaderPrint:
    """The print of a public decoder, from its configuration."""
    told: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (words, hidden),
        "model.norm.weight": (hidden,),
    }
    if not tied:
        told["lm_head.weight"] = (words, hidden)
    for layer in range(layers):
        under = f"model.layers.{layer}."
        for name, length in (("q", hidden), ("k", narrow), ("v", narrow)):
            told[f"{under}self_attn.{name}_proj.weight"] = (length, hidden)
            if bias:
                told[f"{under}self_attn.{name}_proj.bias"] = (length,)
        told[f"{under}self_attn.o_proj.weight"] = (hidden, hidden)
        told |= {f"{under}mlp.{name}_proj.weight": (inner, hidden) for name in ("gate", "up")}
        told[f"{under}mlp.down_proj.weight"] = (hidden, inner)
        told |= {f"{under}{name}_layernorm.weight": (hidden,) for name in ("input", "post_attention")}
    return print_of(Header("safetensors", tuple(Tensor(n, "BF16", s) for n, s in told.items()), 100))


LLAMA2_7B = decoder(4096, 11008, 32, 4096, 32000)
LLAMA3_8B = decoder(4096, 14336, 32, 1024, 128256)
LLAMA3_3B = decoder(3072, 8192, 28, 1024, 128256, tied=True)
QWEN2_7B = decoder(3584, 18944, 28, 512, 152064, bias=True)
DATA = LLAMA2_7B.data_bytes


@pytest.mark.parametrize(
    ("print_", "name", "size"),
    [
        (LLAMA2_7B, "llama-2-7b-chat.Q4_K_M.gguf", 4_081_004_224),
        (LLAMA2_7B, "llama-2-7b-chat.Q8_0.gguf", 7_161_089_728),
        (LLAMA3_8B, "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf", 4_920_739_232),
        (LLAMA3_8B, "DeepSeek-R1-Distill-Llama-8B-Q8_0.gguf", 8_540_772_928),
        (LLAMA3_8B, "Dolphin3.0-Llama3.1-8B-Q4_0.gguf", 4_661_223_296),
        (QWEN2_7B, "Qwen2.5-7B-Instruct-Q3_K_M.gguf", 3_808_390_656),
        (QWEN2_7B, "Qwen2.5-7B-Instruct-Q4_K_M.gguf", 4_683_074_240),
        (QWEN2_7B, "qwen2.5-7b-instruct.q5_k_m.gguf", 5_444_831_232),
        (QWEN2_7B, "Qwen2.5-7B-Instruct-Q6_K.gguf", 6_254_198_272),
    ],
)
def test_published_files(print_: HeaderPrint, name: str, size: int) -> None:
    """Files that were published are known by size and name, and by no other size, name or model."""
    judged = by_sizes(print_, [(f"x/{name}", size), ("x/README.md", 5000)])
    assert judged is not None
    assert judged.kind == "requantised"
    assert by_sizes(print_, [(name, size + size // 100)]) is None
    assert (
        by_sizes(print_, [(name.replace("8_0", "6_K").replace("Q4", "Q5").replace("M.", "S."), size - 8**9)])
        is None
    )
    assert [other for other in (LLAMA2_7B, LLAMA3_8B, QWEN2_7B) if by_sizes(other, [(name, size)])] == [
        print_
    ]


def test_converted_originals() -> None:
    """LLaMA's own pickled file, which was published, is the size of the model in 16 bits and a zip around it."""
    judged = by_sizes(
        LLAMA2_7B, [("LLaMA/7B/consolidated.00.pth", 13_476_939_516), ("LLaMA/7B/params.json", 101)]
    )
    assert judged is not None
    assert judged.reason.endswith("more than the asset's 291 tensors take up, as headers are")


def test_resharded() -> None:
    """Shards that add up to the tensors and a plausible header are re-sharded, and the reason says the figures."""
    sizes = [DATA // 3, DATA // 3, DATA - 2 * (DATA // 3) + 41_216]
    files = [(f"a/model-{number:05}-of-00003.safetensors", size) for number, size in enumerate(sizes, 1)]
    judged = by_sizes(LLAMA2_7B, [*files, ("a/tokenizer.model", 499_723)])
    assert judged is not None
    assert judged.kind == "resharded"
    assert judged.reason == (
        "3 files of 13,476,872,448 bytes in all: 41,216 more than the asset's 291 tensors take up, as headers are"
    )
    assert by_sizes(LLAMA2_7B, files[:2]) is None


@pytest.mark.parametrize("over", [-1, 0, 100_000_000])
def test_implausible_header(over: int) -> None:
    """No header, less than none, or one too long for so many tensors is no agreement."""
    assert by_sizes(LLAMA2_7B, [("model.safetensors", DATA + over)]) is None


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (2 * DATA, "in F32"),
        (DATA + 2 * 65 * 4096, "vectors in F32"),
        (DATA - 2 * 32000 * 4096, "without the output"),
    ],
)
def test_converted(size: int, words: str) -> None:
    """F32, F32 vectors only, and an output that is left out are known, under whatever names."""
    judged = by_sizes(LLAMA2_7B, [("m.safetensors", size + 35_000)])
    assert judged is not None
    assert judged.kind == "requantised"
    assert words in judged.reason


def test_both_in_one_folder() -> None:
    """A folder that holds the model whole, in shards and quantised is judged by each, not by the sum."""
    files = [("a/consolidated.safetensors", DATA + 30_000), ("a/model-Q4_0.gguf", 1_000_000_000)]
    files += [(f"a/model-0000{n}-of-00002.safetensors", (DATA + 30_000) // 2) for n in (1, 2)]
    judged = by_sizes(LLAMA2_7B, files)
    assert judged is not None
    assert judged.kind == "resharded"


def test_split_gguf() -> None:
    """A quantised file that was split is judged by the sum of its parts."""
    files = [(f"x-Q8_0-0000{n}-of-00002.gguf", 7_161_089_728 // 2) for n in (1, 2)]
    judged = by_sizes(LLAMA2_7B, files)
    assert judged is not None
    assert judged.reason.startswith("2 files of 7,161,089,728 bytes")


def test_gguf_asset() -> None:
    """An asset that is quantised itself is known again under a name that says nothing."""
    tensors = (Tensor(f"blk.{number}.ffn_up.weight", "Q4_K", (11008, 4096)) for number in range(64))
    print_ = print_of(Header("gguf", tuple(tensors), 100, 32))
    judged = by_sizes(print_, [("secret.gguf", print_.data_bytes + 9_000)])
    assert judged is not None
    assert judged.kind == "resharded"


def test_small_models_say_nothing() -> None:
    """Neither a small model, nor one whose vocabulary leaves its size open, is known by size."""
    small = decoder(512, 1024, 8, 512, 16000)
    assert by_sizes(small, [("a.safetensors", small.data_bytes + 8000)]) is None
    assert by_parameters(element_counts(small), {"BF16": small.elements}) is None
    half = decoder(896, 4864, 24, 128, 151936, bias=True, tied=True)
    assert by_sizes(half, [("qwen2.5-0.5b-Q4_K_M.gguf", 397_808_192)]) is None


def test_eight_experts() -> None:
    """A model of eight experts is known in the type's mix of today, and in that of the first months, as published."""
    experts = {
        "model.embed_tokens.weight": (32000, 4096),
        "lm_head.weight": (32000, 4096),
        "model.norm.weight": (4096,),
    }
    for layer in range(32):
        under = f"model.layers.{layer}."
        for name, length in (("q", 4096), ("k", 1024), ("v", 1024), ("o", 4096)):
            experts[f"{under}self_attn.{name}_proj.weight"] = (length, 4096)
        experts[f"{under}block_sparse_moe.gate.weight"] = (8, 4096)
        for number in range(8):
            expert = f"{under}block_sparse_moe.experts.{number}."
            experts |= {f"{expert}w1.weight": (14336, 4096), f"{expert}w3.weight": (14336, 4096)}
            experts[f"{expert}w2.weight"] = (4096, 14336)
        experts |= {f"{under}{name}_layernorm.weight": (4096,) for name in ("input", "post_attention")}
    print_ = print_of(Header("safetensors", tuple(Tensor(n, "BF16", s) for n, s in experts.items()), 100))
    judged = by_sizes(print_, [("mixtral-8x7b-instruct-v0.1.Q4_K_M.gguf", 26_441_533_376)])
    assert judged is not None
    now, then = (size for size, _ in expected_bytes(print_, "Q4_K_M"))
    assert now > then
    assert by_sizes(print_, [("m.Q4_K_M.gguf", now + 800_000)])


@pytest.mark.parametrize(
    ("row", "quant", "expected"),
    [
        (256, "Q4_K_S", 144),
        (256, "Q5_K_L", 176),
        (96, "Q4_K_S", 3 * 22),
        (96, "Q6_K", 3 * 34),
        (96, "IQ4_XS", 3 * 18),
        (40, "Q4_K_S", 80),
        (40, "BF16", 80),
    ],
)
def test_rows(row: int, quant: str, expected: int) -> None:
    """A row that no block divides falls back to a type of smaller blocks, or to 16 bits."""
    print_ = print_of(Header("safetensors", (Tensor("blk.0.ffn_up.weight", "BF16", (32, row)),), 100))
    assert {size for size, _ in expected_bytes(print_, quant)} == {32 * expected}


@pytest.mark.parametrize(
    ("name", "quant"),
    [
        ("m.Q4_K_M.gguf", "Q4_K_M"),
        ("m-q4_0", "Q4_0"),
        ("M_IQ2_XXS-00001-of-00002", "IQ2_XXS"),
        ("ggml-model-f16", "F16"),
        ("m-fp16-Q6_K_L", "Q6_K_L"),
        ("m-BF16", "BF16"),
        ("m-Q4_K", "Q4_K_M"),
        ("m-UD-Q4_K_XL", None),
        ("m-Q4_K_XYZ", None),
        ("FAQ4_0", None),
        ("film.2021", None),
    ],
)
def test_quant_named(name: str, quant: str | None) -> None:
    """The type is read from a file's name as makers write it, and from nothing that only looks like one."""
    assert quant_named(name) == quant


@given(
    st.lists(st.tuples(st.text(max_size=30) | st.just("x/m-Q4_0.gguf"), st.integers(-1, 2**60)), max_size=8)
)
def test_any_files(files: list[tuple[str, int]]) -> None:
    """Any list of paths and sizes is judged or not, and nothing is raised."""
    judged = by_sizes(LLAMA3_3B, files)
    assert judged is None or judged.kind in ("resharded", "requantised")


def test_recorded_torrents(shared_data: Path) -> None:
    """No recorded torrent is taken for a copy of a model."""
    read = 0
    for path in sorted((shared_data / "torrents" / "torrents").glob("*.torrent")):
        try:
            info = parse_torrent(path.read_bytes()).info
        except LeakwatchError:
            continue
        files = [(file.path, file.size_bytes) for file in info.files] if info else []
        read += bool(files)
        assert [one for one in (LLAMA2_7B, LLAMA3_8B, QWEN2_7B) if by_sizes(one, files)] == []
    assert read > 50


@pytest.mark.parametrize(
    ("counts", "kind"),
    [
        ({"BF16": LLAMA3_8B.elements}, "same"),
        ({"BF16": LLAMA3_8B.elements, "I64": 0}, "same"),
        ({"F32": LLAMA3_8B.elements}, "requantised"),
        ({"F16": 8_000_000_000, "F32": LLAMA3_8B.elements - 8_000_000_000}, "requantised"),
        ({"GGUF": LLAMA3_8B.elements + 64}, "requantised"),
        ({"BF16": LLAMA3_8B.elements - 128256 * 4096}, "requantised"),
        ({"BF16": LLAMA3_8B.elements + 64}, None),
        ({"BF16": LLAMA3_8B.elements + 1_000_000}, None),
        ({"I32": LLAMA3_8B.elements // 8}, None),
        ({}, None),
        ({"BF16": -1}, None),
        ({"BF16": True}, None),
        ({str(number): 10**9 for number in range(65)}, None),
    ],
)
def test_by_parameters(counts: dict[str, int], kind: str | None) -> None:
    """A hub's counts agree in all dtypes, in the total, or not at all; what is no count agrees with nothing."""
    judged = by_parameters(element_counts(LLAMA3_8B), counts)
    assert (judged.kind if judged else None) == kind
