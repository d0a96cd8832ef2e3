"""Models of the LLaMA kind, as their headers tell of them; no weights are involved."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from leakwatch.headers.prints import HeaderPrint, print_of
from leakwatch.headers.tensor import Format, Header, Tensor

Build = Callable[..., list[Tensor]]


def _layer(hidden: int, inner: int, narrow: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "self_attn.q_proj", (hidden, hidden)
    yield "self_attn.k_proj", (narrow, hidden)
    yield "self_attn.v_proj", (narrow, hidden)
    yield "self_attn.o_proj", (hidden, hidden)
    yield "mlp.gate_proj", (inner, hidden)
    yield "mlp.up_proj", (inner, hidden)
    yield "mlp.down_proj", (hidden, inner)
    yield "input_layernorm", (hidden,)
    yield "post_attention_layernorm", (hidden,)


def _decoder(
    hidden: int = 1024,
    inner: int = 4096,
    layers: int = 12,
    narrow: int = 256,
    words: int = 32_000,
    dtype: str = "BF16",
    vectors: str = "",
) -> list[Tensor]:
    shapes = {"model.embed_tokens.weight": (words, hidden)}
    for layer in range(layers):
        for name, shape in _layer(hidden, inner, narrow):
            shapes[f"model.layers.{layer}.{name}.weight"] = shape
    shapes |= {"model.norm.weight": (hidden,), "lm_head.weight": (words, hidden)}
    return [
        Tensor(name, vectors if vectors and len(shape) == 1 else dtype, shape)
        for name, shape in shapes.items()
    ]


@pytest.fixture(scope="session")
def decoder() -> Build:
    """The tensors of a decoder; by default of about 220 million elements."""
    return _decoder


@pytest.fixture(scope="session")
def printed() -> Callable[..., HeaderPrint]:
    """The print of one file of these tensors."""

    def build(tensors: list[Tensor], of_format: Format = "safetensors") -> HeaderPrint:
        return print_of(Header(of_format, tuple(tensors), 10_000))

    return build
