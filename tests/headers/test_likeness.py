"""Models against models by their headers: copies, parts, adapters, and neighbours that are none."""

from __future__ import annotations

import pytest

from leakwatch.headers.likeness import Kind, likeness
from leakwatch.headers.prints import HeaderPrint, joined, print_of
from leakwatch.headers.tensor import Format, Header, Tensor

Shapes = dict[str, tuple[int, ...]]
HIDDEN, INNER, WORDS = 256, 768, 4000


def model(layers: int = 6, *, experts: int = 0, words: int = WORDS, output: bool = True) -> Shapes:
    """A small decoder as transformers names it."""
    told: Shapes = {"model.embed_tokens.weight": (words, HIDDEN)}
    for layer in range(layers):
        under = f"model.layers.{layer}."
        told |= {f"{under}self_attn.{name}_proj.weight": (HIDDEN, HIDDEN) for name in "qkvo"}
        told[f"{under}input_layernorm.weight"] = (HIDDEN,)
        for part in [f"experts.{number}." for number in range(experts)] or [""]:
            told |= {f"{under}mlp.{part}{name}_proj.weight": (INNER, HIDDEN) for name in ("gate", "up")}
            told[f"{under}mlp.{part}down_proj.weight"] = (HIDDEN, INNER)
    told["model.norm.weight"] = (HIDDEN,)
    return told | ({"lm_head.weight": (words, HIDDEN)} if output else {})


def printed(shapes: Shapes, dtype: str = "BF16", of_format: Format = "safetensors") -> HeaderPrint:
    """The print of one file with vectors in F32 where matrices are quantised."""
    tensors = (
        Tensor(name, "F32" if of_format == "gguf" and len(shape) < 2 else dtype, shape)
        for name, shape in shapes.items()
    )
    return print_of(Header(of_format, tuple(tensors), 100))


def as_gguf(shapes: Shapes) -> Shapes:
    """The same model under names of its own, experts of a layer stacked."""
    told: Shapes = {}
    for name, shape in shapes.items():
        layer, _, rest = name.partition(".experts.")
        new = f"blk.{layer}.{rest.partition('.')[2]}_exps" if rest else f"blk.{name}"
        told[new] = (told.get(new, (0,))[0] + 1, *shape) if rest else shape
    return told


def renamed(shapes: Shapes) -> Shapes:
    """Names that say nothing."""
    return {f"t{number}": shape for number, shape in enumerate(shapes.values())}


def fused(shapes: Shapes) -> Shapes:
    """Query, key and value in one matrix."""
    told: Shapes = {}
    for name, shape in shapes.items():
        new = name.replace("q_proj", "qkv").replace("k_proj", "qkv").replace("v_proj", "qkv")
        told[new] = (told[new][0] + shape[0], *shape[1:]) if new in told else shape
    return told


def adapter(shapes: Shapes, *, layers: int = 99, rank: int = 8) -> Shapes:
    """A LoRA on query and value of the first layers."""
    told: Shapes = {}
    for name, shape in shapes.items():
        if ("q_proj" in name or "v_proj" in name) and int(name.split(".")[2]) < layers:
            core = f"base_model.model.{name.removesuffix('.weight')}"
            told |= {f"{core}.lora_A.weight": (rank, shape[1]), f"{core}.lora_B.weight": (shape[0], rank)}
    return told


def part_of(shapes: Shapes, count: int) -> Shapes:
    """The first tensors."""
    return dict(list(shapes.items())[:count])


MODEL, MOE = model(), model(3, experts=8)
HEAD = {"score.weight": (2, HIDDEN)}


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (printed(MODEL), printed(dict(reversed(MODEL.items()))), "same"),
        (printed(MODEL), printed(MODEL, "F32"), "requantised"),
        (printed(MODEL), printed(renamed(MODEL)), "resharded"),
        (printed(MODEL), printed(renamed(MODEL), "F16"), "requantised"),
        (printed(MODEL), printed(as_gguf(MODEL), "Q4_K", "gguf"), "requantised"),
        (printed(MOE), printed(as_gguf(MOE), "Q4_K", "gguf"), "requantised"),
        (printed(as_gguf(MOE), "F16", "gguf"), printed(MOE), "requantised"),
        (printed(MODEL), printed(fused(MODEL)), "resharded"),
        (printed(MODEL), printed(model(output=False)), "resharded"),
        (printed(model(output=False)), printed(MODEL, "F16"), "requantised"),
        (printed(MODEL), printed(part_of(MODEL, 20)), "related"),
        (printed(MODEL), printed(MODEL | {"vision.patch.weight": (900, HIDDEN)}), "related"),
        (printed(MODEL), printed(model(words=WORDS + 64)), "related"),
        (printed(MODEL), printed(adapter(MODEL)), "related"),
        (printed(MODEL), printed(MODEL | HEAD), "resharded"),
        (printed(MODEL), printed(model(7)), "different"),
        (printed(MODEL), printed(model(5)), "different"),
        (printed(MODEL), printed(as_gguf(model(7)), "Q4_K", "gguf"), "different"),
        (printed(MODEL), printed(model(words=4 * WORDS)), "different"),
        (printed(MODEL), printed(adapter(MODEL, layers=3)), "different"),
        (printed(MODEL), printed({"a": (3000, 1000)}), "different"),
        (printed(MODEL), printed({}), "different"),
    ],
)
def test_kinds(one: HeaderPrint, other: HeaderPrint, kind: Kind) -> None:
    """Copies are told from parts and adapters, and from models of another depth or vocabulary."""
    judged = likeness(one, other)
    assert judged.kind == kind, judged
    assert 0 <= judged.share <= 1
    assert "proj" not in judged.reason


def test_resharded() -> None:
    """The same tensors in other files are re-sharded; in the same files they are the same."""
    halves = [printed(part_of(MODEL, 20)), printed(dict(list(MODEL.items())[20:]))]
    judged = likeness(printed(MODEL), joined(halves))
    assert (judged.kind, judged.reason) == (
        "resharded",
        f"all {len(MODEL)} tensors have the asset's names and shapes and dtypes, in 2 files for 1",
    )
    assert likeness(joined(halves), joined(halves[::-1])).kind == "same"


def test_kohya_names() -> None:
    """An adapter is known under names with underscores, too, and for convolutions."""
    base = {f"down_blocks.{number}.conv.weight": (320, 320, 3, 3) for number in range(9)}
    halves = {
        f"lora_unet_down_blocks_{number}_conv.lora_{half}.weight": shape
        for number in range(9)
        for half, shape in (("down", (4, 320, 3, 3)), ("up", (320, 4, 1, 1)))
    }
    assert likeness(printed(base), printed(halves)).kind == "related"
    assert likeness(printed(base), printed(part_of(halves, 14))).kind == "different"
    assert likeness(printed(base), printed(renamed(halves))).kind == "different"


def test_small_models_are_not_compared() -> None:
    """Below a million elements shapes alone say nothing, names and shapes still do."""
    small = {"a.weight": (64, 64), "b.weight": (64, 32)}
    assert likeness(printed(small), printed(renamed(small))).kind == "different"
    assert likeness(printed(small), printed(small, "F16")).kind == "requantised"
