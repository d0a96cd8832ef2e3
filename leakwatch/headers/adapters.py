"""Adapters (LoRA): pairs of thin matrices whose product has the shape of a tensor of the model they belong to.

Source: LoRA (arXiv 2106.09685): W + B·A with A of (rank, in) and B of (out, rank). Names: `…lora_A.weight` (PEFT),
`lora_unet_….lora_down.weight` (kohya, dots as underscores).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod

from leakwatch.headers.prints import HeaderPrint
from leakwatch.headers.tensor import Tensor

ADAPTER_SHARE = 0.9
"""Pairs that must fit: a few may belong to parts the asset's file does not have, such as a text encoder."""
LEAST_PAIRS = 8
"""Fewer pairs fit models of many families."""
_LONGEST_NAME = 500
_HALF = re.compile(r"(.+?)[._]lora[._]?(a|b|down|up)\b(?:\.default)?(?:\.weight)?\Z", re.IGNORECASE)
_PREFIX = re.compile(
    r"\A(?:base_model[._]model[._]|lora[._](?:unet|te\d?|transformer)[._]|diffusion_model[._])+"
)


@dataclass(slots=True)
class _Pair:
    """The two halves of one adapter."""

    first: tuple[int, ...] | None = None
    second: tuple[int, ...] | None = None

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether the product has so many rows and so long ones."""
        if not self.first or not self.second or len(shape) < 2:
            return False
        return (self.second[0], prod(self.first[1:])) == (shape[0], prod(shape[1:]))


def adapter_share(one: HeaderPrint, other: HeaderPrint) -> float:
    """The share of the other's pairs that fit the asset, or 0 where it is no adapter of it.

    A pair fits by name and by shape; and where it adapts one layer's tensor it must adapt every layer's, for a model
    of the same width and another depth would fit in part.
    """
    pairs = _pairs(other.tensors)
    if len(pairs) < LEAST_PAIRS:
        return 0.0
    shapes = {
        _core(tensor.name.removesuffix(".weight")): tensor.shape for tensor in one.tensors if tensor.shape
    }
    fitting = {name for name, pair in pairs.items() if name in shapes and pair.fits(shapes[name])}
    share = len(fitting) / len(pairs)
    return share if share >= ADAPTER_SHARE and _is_whole(fitting, set(shapes)) else 0.0


def _is_whole(adapted: set[str], all_names: set[str]) -> bool:
    kinds = {_kind(name) for name in adapted}
    wanted = sum(_kind(name) in kinds for name in all_names)
    return len(adapted) >= ADAPTER_SHARE * wanted


def _pairs(tensors: tuple[Tensor, ...]) -> dict[str, _Pair]:
    told: dict[str, _Pair] = {}
    for tensor in tensors:
        half = _HALF.match(tensor.name) if len(tensor.name) < _LONGEST_NAME else None
        if half:
            pair = told.setdefault(_core(half[1]), _Pair())
            if half[2].lower() in ("a", "down"):
                pair.first = tensor.shape
            else:
                pair.second = tensor.shape
    return told


def _core(name: str) -> str:
    """A name as both conventions write it: without what tools put before it, dots as underscores."""
    return _PREFIX.sub("", name).replace(".", "_")


def _kind(name: str) -> str:
    return re.sub(r"[0-9]+", "#", name)
