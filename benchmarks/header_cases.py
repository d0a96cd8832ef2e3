"""Copies of public models, and what is none: headers, file lists and counts, for `benchmarks/headers.py`.

Sizes of quantised files are added up tensor by tensor here, by name and layer, as llama.cpp's quantize does; the
package reckons with a histogram. Headers are written out and measured, not estimated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from gguf_names import as_gguf
from model_shapes import MODELS, T5, Decoder, Model, NeoX, Shape, UNet, Whisper, typed

from leakwatch.headers.prints import HeaderPrint, joined, print_of
from leakwatch.headers.tensor import GGML_TYPES, Header, Tensor

FileList = list[tuple[str, int]]
BLOCK = {name: (elements, size) for name, elements, size in GGML_TYPES.values()}
QUANTS = ("Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_K_S", "Q4_0", "Q3_K_M", "Q2_K", "F16", "BF16")


def named(model: Model) -> list[tuple[str, Shape]]:
    """A model's tensors."""
    return list(model.tensors())


def plain(model: Model, dtype: str = "BF16") -> HeaderPrint:
    """The owner's print: one safetensors file."""
    return print_of(Header("safetensors", tuple(typed(named(model), lambda _n, _s: dtype)), 1000))


def json_header(tensors: list[Tensor]) -> bytes:
    """A safetensors header as the library writes it: padded to eight bytes."""
    told: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for one in tensors:
        told[one.name] = {
            "dtype": one.dtype,
            "shape": list(one.shape),
            "data_offsets": [offset, offset + one.size_bytes],
        }
        offset += one.size_bytes
    text = json.dumps(told, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def shards(tensors: list[Tensor], count: int, rng: Random) -> list[list[Tensor]]:
    """The tensors in so many files, cut at random places; one of them stands in two files."""
    cuts = sorted(rng.sample(range(1, len(tensors)), min(count, len(tensors)) - 1))
    parts = [tensors[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(tensors)], strict=True)]
    return [part for part in parts if part]


def shard_files(tensors: list[Tensor], count: int, rng: Random, suffix: str = "safetensors") -> FileList:
    """A file list of them, with the small files that stand beside."""
    parts = shards(tensors, count, rng)
    files = [
        (
            f"leak/model-{number:05}-of-{len(parts):05}.{suffix}",
            len(json_header(part)) + sum(one.size_bytes for one in part),
        )
        for number, part in enumerate(parts, 1)
    ]
    return [*files, ("leak/config.json", 661), ("leak/tokenizer.model", 499_723)]


def quant_type(
    name: str, shape: Shape, quant: str, layers: int, experts: int, *, tied: bool, gqa: int
) -> str:
    """The type that llama.cpp's quantize gives one tensor (llama-quant.cpp, `llama_tensor_get_type_impl`)."""
    if len(shape) < 2 or "norm" in name or "ffn_gate_inp" in name or name.endswith("bias") or "rel_b" in name:
        return "F32"
    if quant in ("F16", "BF16", "Q8_0"):
        return quant
    base = {"Q2_K": "Q2_K", "Q4_0": "Q4_0", "Q6_K": "Q6_K"}.get(quant, quant[:4])
    found = re.search(r"blk\.(\d+)\.", name)
    layer = int(found[1]) if found else 0
    more = layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2
    told = base
    if name.startswith("output.") or (tied and name.startswith("token_embd")):
        told = "Q6_K"
    elif "attn_v." in name:
        told = {
            "Q2_K": "Q4_K" if gqa >= 4 else "Q3_K",
            "Q3_K_M": "Q5_K" if layer < 2 else "Q4_K",
            "Q4_K_M": "Q6_K" if more else base,
            "Q5_K_M": "Q6_K" if more else base,
            "Q4_K_S": "Q5_K" if layer < 4 else base,
        }.get(quant, base)
        told = "Q8_0" if experts == 8 else told
    elif "attn_k." in name and experts == 8:
        told = "Q8_0"
    elif "ffn_down" in name:
        told = {
            "Q2_K": "Q3_K",
            "Q3_K_M": "Q5_K" if layer < layers // 16 else "Q4_K",
            "Q4_K_M": "Q6_K" if more else base,
            "Q5_K_M": "Q6_K" if more else base,
            "Q4_K_S": "Q5_K" if layer < layers // 8 else base,
        }.get(quant, base)
    elif "attn_output" in name:
        eight = experts == 8 and quant in ("Q2_K", "Q3_K_M", "Q4_K_S", "Q4_K_M")
        told = "Q5_K" if eight else {"Q2_K": "Q3_K", "Q3_K_M": "Q4_K"}.get(quant, base)
    elif "attn_qkv" in name:
        told = {"Q3_K_M": "Q4_K", "Q4_K_M": "Q5_K", "Q5_K_M": "Q6_K"}.get(quant, base)
    if shape[-1] % BLOCK[told][0]:
        told = {"Q2_K": "Q4_0", "Q3_K": "Q4_0", "Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}.get(
            told, told
        )
    return "F16" if shape[-1] % BLOCK[told][0] else told


def gguf_tensors(model: Model, quant: str) -> list[Tensor]:
    """A model as GGUF of one file type."""
    tensors = as_gguf(named(model))
    tied = not any(name.startswith("output.") for name, _ in tensors)
    layers = getattr(model, "layers", 12)
    experts = getattr(model, "experts", 0)
    gqa = getattr(model, "heads", 1) // getattr(model, "kv_heads", getattr(model, "heads", 1))
    return typed(
        tensors, lambda name, shape: quant_type(name, shape, quant, layers, experts, tied=tied, gqa=gqa)
    )


def gguf_file(model: Model, quant: str, rng: Random, label: str | None = None) -> FileList:
    """A GGUF file list: tensors padded to 32 bytes, their descriptions, a vocabulary of a usual density."""
    tensors = gguf_tensors(model, quant)
    data = sum(-(-one.size_bytes // 32) * 32 for one in tensors)
    infos = sum(8 + len(one.name) + 4 + 8 * len(one.shape) + 12 for one in tensors)
    words = getattr(model, "vocabulary", 0)
    head = 24 + infos + 2_000 + int(words * rng.uniform(23, 62))
    return [(f"leak/model-{label or quant}.gguf", data + -(-head // 32) * 32), ("leak/README.md", 4123)]


def merged(tensors: list[tuple[str, Shape]]) -> list[tuple[str, Shape]]:
    """Query, key and value in one matrix, half of the experts stacked: what other tools make of a model."""
    told: dict[str, Shape] = {}
    for name, shape in tensors:
        new = re.sub(r"self_attn\.[qkv]_proj", "self_attn.qkv", name)
        new = re.sub(r"experts\.[0-3]\.", "experts.first.", new)
        if new in told and new != name:
            told[new] = (told[new][0] + shape[0], *shape[1:])
        else:
            told[new] = shape
    return list(told.items())


def like_headers(model: Model, rng: Random) -> Iterator[tuple[str, HeaderPrint]]:
    """Copies of a model, as their headers are read."""
    tensors = named(model)
    bf16 = typed(tensors, lambda _n, _s: "BF16")
    parts = shards(bf16, rng.randint(2, 12), rng)
    prints = [print_of(Header("safetensors", tuple(part), 900)) for part in parts]
    rng.shuffle(prints)
    yield "re-sharded", joined([*prints, prints[0]])
    yield "F32", print_of(Header("safetensors", tuple(typed(tensors, lambda _n, _s: "F32")), 900))
    mixed = typed(tensors, lambda _n, s: "F16" if len(s) > 1 else "F32")
    yield "F16, vectors F32", print_of(Header("safetensors", tuple(mixed), 900))
    renamed = [Tensor(f"{rng.getrandbits(64):x}", one.dtype, one.shape) for one in bf16]
    yield "renamed", print_of(Header("safetensors", tuple(renamed), 900))
    yield "merged", print_of(Header("safetensors", tuple(typed(merged(tensors), lambda _n, _s: "F16")), 900))
    for quant in ("F16", "Q4_K_M", "Q8_0"):
        yield f"GGUF {quant}", print_of(Header("gguf", tuple(gguf_tensors(model, quant)), 900, 32, "llama"))


def like_files(model: Model, rng: Random) -> Iterator[tuple[str, FileList]]:
    """Copies of a model, as a torrent lists them."""
    tensors = named(model)
    yield "re-sharded", shard_files(typed(tensors, lambda _n, _s: "BF16"), rng.randint(1, 30), rng)
    yield "F32", shard_files(typed(tensors, lambda _n, _s: "F32"), rng.randint(1, 30), rng)
    mixed = typed(tensors, lambda _n, s: "F16" if len(s) > 1 else "F32")
    yield "F16, vectors F32", shard_files(mixed, rng.randint(1, 8), rng)
    renamed = [Tensor(f"{rng.getrandbits(64):x}", "F16", shape) for _, shape in tensors]
    yield "renamed", shard_files(renamed, 3, rng)
    if isinstance(model, (Decoder, NeoX, T5)):
        for quant in QUANTS:
            yield f"GGUF {quant}", gguf_file(model, quant, rng)


def like_counts(model: Model) -> Iterator[tuple[str, dict[str, int]]]:
    """Copies of a model, as a hub counts them."""
    told = plain(model)
    vectors = sum(line.elements for line in told.histogram if len(line.shape) < 2)
    yield "same dtypes", {"BF16": told.elements}
    yield "F32", {"F32": told.elements}
    yield "F16, vectors F32", {"F16": told.elements - vectors, "F32": vectors}
    whole = [one for one in as_gguf(named(model)) if not one[0].endswith("inv_freq")]
    total = print_of(Header("gguf", tuple(typed(whole, lambda _n, _s: "F16")), 900)).elements
    yield "GGUF", {"GGUF": total + 64}


def related_headers(model: Model) -> Iterator[tuple[str, HeaderPrint]]:
    """Parts and adapters of a model, and fine-tunes with more tensors."""
    tensors = named(model)
    third = typed(tensors[: len(tensors) // 3], lambda _n, _s: "BF16")
    yield "one shard", print_of(Header("safetensors", tuple(third), 900))
    if isinstance(model, Decoder) and not model.fused:
        words = replace(model, vocabulary=model.vocabulary + 8)
        yield "some words more", plain(words)
        adapted = [(n, s) for n, s in tensors if re.search(r"[qv]_proj\.weight", n)]
        halves = [
            half
            for name, shape in adapted
            for half in (
                (f"base_model.model.{name.removesuffix('.weight')}.lora_A.weight", (16, shape[1])),
                (f"base_model.model.{name.removesuffix('.weight')}.lora_B.weight", (shape[0], 16)),
            )
        ]
        yield "LoRA", print_of(Header("safetensors", tuple(typed(halves, lambda _n, _s: "F32")), 900))


def neighbours(model: Model) -> Iterator[Model]:
    """Architectures that are nearly the model's: a layer more or less, a little wider or narrower inside."""
    if isinstance(model, (Decoder, NeoX, T5, Whisper)):
        yield replace(model, layers=model.layers + 1)
        yield replace(model, layers=model.layers - 1)
    if isinstance(model, (Decoder, T5)):
        yield replace(model, inner=model.inner + 256)
        yield replace(model, inner=model.inner - 256)
    if isinstance(model, UNet):
        yield replace(model, depths=(0, 2, 9))
        yield replace(model, context=1024)


def by_chance(model: Model, rng: Random) -> HeaderPrint:
    """Tensors of other shapes with nearly the model's number of elements in all."""
    left, tensors = plain(model).elements, list[tuple[str, Shape]]()
    width = 64 * rng.randint(12, 130)
    while left > width * width:
        shape = (rng.choice((width, 3 * width, 64 * rng.randint(12, 400))), width)
        if shape[0] * shape[1] <= left:
            tensors.append((f"model.layers.{len(tensors)}.weight", shape))
            left -= shape[0] * shape[1]
    tensors.append(("model.rest.weight", (max(1, left),)))
    return print_of(Header("safetensors", tuple(typed(tensors, lambda _n, _s: "BF16")), 900))


def random_files(rng: Random) -> FileList:
    """A file list as torrents of anything have them: weights, films, games."""
    kind = rng.choice(("weights", "quant", "film", "game"))
    if kind == "weights":
        shard = rng.choice((2**30, 5 * 10**9, 10**10)) * rng.uniform(0.9, 1.0)
        count, suffix = rng.randint(1, 40), rng.choice(("safetensors", "bin", "pth"))
        sizes = [int(shard * rng.uniform(0.9, 1)) for _ in range(count - 1)] + [int(shard * rng.random()) + 1]
        return [(f"m/model-{n:05}-of-{count:05}.{suffix}", size) for n, size in enumerate(sizes, 1)]
    if kind == "quant":
        return [(f"m/model-{rng.choice(QUANTS)}.gguf", int(10 ** rng.uniform(8, 11.3)))]
    if kind == "film":
        return [("f/film.2021.1080p.mkv", int(10 ** rng.uniform(8.8, 10.8))), ("f/film.nfo", 2341)]
    return [(f"g/data{number}.bin", int(10 ** rng.uniform(6, 10.5))) for number in range(rng.randint(1, 30))]


def wrong_names(model: Model, rng: Random) -> Iterator[FileList]:
    """Quantised files whose names tell another type than their sizes."""
    for quant, label in (("Q4_K_M", "Q5_K_M"), ("Q5_K_M", "Q4_K_M"), ("Q8_0", "Q6_K"), ("Q4_0", "Q8_0")):
        yield gguf_file(model, quant, rng, label)


def all_models() -> dict[str, Model]:
    """The models, by name."""
    return MODELS
