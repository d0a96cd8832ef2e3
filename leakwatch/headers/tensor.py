"""A tensor as a header names it, and what its elements take up.

Shapes stand here as Python and safetensors write them, the row last; GGUF writes them the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

Format = Literal["safetensors", "gguf"]

MAX_HEADER_BYTES = 100_000_000
"""What a header may take up. Source: safetensors, `MAX_HEADER_SIZE`; GGUF has no limit of its own."""
MAX_TENSORS = 200_000
"""Twice the tensors of the largest public model, one of 61 layers of 256 experts with their scales."""
MAX_DIMENSIONS = 8
MAX_SIZE = 2**48
"""Elements or bytes of one tensor, and of all."""

GGML_TYPES: dict[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    31: ("Q4_0_4_4", 32, 18),
    32: ("Q4_0_4_8", 32, 18),
    33: ("Q4_0_8_8", 32, 18),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}
"""Number -> name, elements of a block, bytes of a block. Source: ggml.h, `ggml_type`; ggml-common.h, `block_*`."""

SAFETENSORS_TYPES: dict[str, tuple[int, int]] = {
    "BOOL": (1, 1),
    "F4": (2, 1),
    "F6_E2M3": (4, 3),
    "F6_E3M2": (4, 3),
    "U8": (1, 1),
    "I8": (1, 1),
    "F8_E5M2": (1, 1),
    "F8_E4M3": (1, 1),
    "F8_E8M0": (1, 1),
    "F8_E4M3FNUZ": (1, 1),
    "F8_E5M2FNUZ": (1, 1),
    "I16": (1, 2),
    "U16": (1, 2),
    "F16": (1, 2),
    "BF16": (1, 2),
    "I32": (1, 4),
    "U32": (1, 4),
    "F32": (1, 4),
    "C64": (1, 8),
    "F64": (1, 8),
    "I64": (1, 8),
    "U64": (1, 8),
}
"""Name -> elements and bytes of the smallest whole. Source: safetensors, `Dtype::bitsize`."""

BLOCKS: dict[str, tuple[int, int]] = SAFETENSORS_TYPES | {
    name: (elements, size) for name, elements, size in GGML_TYPES.values()
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor; `dtype` is a name of `BLOCKS`, `shape` has the row last."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        """How many numbers it holds; a scalar has one."""
        return prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """What its elements take up, without padding behind it."""
        return bytes_of(self.dtype, self.elements)


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the tensors' bytes of one file.

    Units:  `header_bytes` counts all before the first tensor, padding included; `alignment` is 1 where none is asked.
    """

    format: Format
    tensors: tuple[Tensor, ...]
    header_bytes: int
    alignment: int = 1
    architecture: str | None = None


def bytes_of(dtype: str, elements: int) -> int:
    """Bytes of so many elements; a block that is begun counts whole."""
    block, size = BLOCKS[dtype]
    return -(-elements // block) * size


def canonical(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without dimensions of 1 and without order, largest first: formats and tools turn shapes about."""
    return tuple(sorted((length for length in shape if length != 1), reverse=True))
