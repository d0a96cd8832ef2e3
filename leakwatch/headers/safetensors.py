"""The header of a safetensors file: eight bytes of length, then JSON.

Source: safetensors, README "Format" and `SafeTensors::read_metadata`: at most 100 MB, every byte of the data
belongs to exactly one tensor, `__metadata__` is free text.
"""

from __future__ import annotations

import json
import re
from math import prod
from typing import Any, NoReturn

from leakwatch.errors import HeaderError
from leakwatch.headers.tensor import (
    MAX_DIMENSIONS,
    MAX_HEADER_BYTES,
    MAX_SIZE,
    MAX_TENSORS,
    SAFETENSORS_TYPES,
    Header,
    Tensor,
    bytes_of,
)

_LENGTH = 8
_MAX_MARKS = 20 * MAX_TENSORS
"""Commas and brackets: what JSON of this size can unfold to in memory, before it is parsed."""
_HALF_PAIR = re.compile("[\ud800-\udfff]")

_INTEGERS: set[type] = {int}

Span = tuple[int, int]


def is_safetensors(head: bytes) -> bool:
    """Whether the first bytes can begin such a file: a length of less than 2^40, and an open brace."""
    return len(head) > _LENGTH and head[5:9] == b"\0\0\0{"


def header_bytes(head: bytes) -> int:
    """How many bytes length and JSON take up together.

    Raises: HeaderError if that is more than any such file may have, or too little to be JSON.
    """
    length = int.from_bytes(head[:_LENGTH], "little")
    if not 2 <= length <= MAX_HEADER_BYTES:
        raise HeaderError(f"a safetensors header of {length} bytes", length)
    return _LENGTH + length


def read_safetensors(head: bytes, size_bytes: int | None = None) -> Header:
    """Read the header at the start of `head`. `size_bytes`, the whole file's size, bounds the offsets where known.

    Raises: HeaderError naming the first rule that is broken.
    """
    end = header_bytes(head)
    if len(head) < end:
        raise HeaderError(f"ends after {len(head)} of {end} bytes of header")
    entries = _object(head[_LENGTH:end])
    entries.pop("__metadata__", None)
    if len(entries) > MAX_TENSORS:
        raise HeaderError(f"more than {MAX_TENSORS} tensors")
    spans: list[Span] = []
    tensors = tuple(_tensor(name, entry, spans) for name, entry in entries.items())
    _check_spans(spans, None if size_bytes is None else size_bytes - end)
    return Header("safetensors", tensors, end)


def _object(data: bytes) -> dict[str, Any]:
    if data.count(b",") + data.count(b"[") + data.count(b"{") > _MAX_MARKS:
        raise HeaderError("the header's JSON has too many parts")
    try:
        told = json.loads(data.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise HeaderError(f"the header is not JSON: {type(error).__name__}") from error
    if not isinstance(told, dict):
        raise HeaderError("the header is not a JSON object")
    return told


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) != len(pairs):
        raise HeaderError("a key stands in the header twice")
    return told


def _constant(text: str) -> NoReturn:
    raise HeaderError(f"{text} is no JSON number")


def _tensor(name: str, entry: Any, spans: list[Span]) -> Tensor:
    if _HALF_PAIR.search(name):
        raise HeaderError("a tensor's name has half a surrogate pair, which is no character")
    if not isinstance(entry, dict):
        raise HeaderError("a tensor is not described by an object", name)
    dtype = entry.get("dtype")
    if not isinstance(dtype, str) or dtype not in SAFETENSORS_TYPES:
        raise HeaderError("a tensor's dtype is not one of the format's", dtype)
    shape, offsets = _numbers(entry.get("shape")), _numbers(entry.get("data_offsets"))
    if shape is None or len(shape) > MAX_DIMENSIONS:
        raise HeaderError("a tensor's shape is not a short list of lengths", entry.get("shape"))
    if offsets is None or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise HeaderError("a tensor's data_offsets are not a begin and an end", entry.get("data_offsets"))
    elements = prod(shape)
    if elements > MAX_SIZE or bytes_of(dtype, elements) != offsets[1] - offsets[0]:
        raise HeaderError("a tensor's data_offsets do not fit its shape", name)
    spans.append((offsets[0], offsets[1]))
    return Tensor(name, dtype, shape)


def _numbers(told: Any) -> tuple[int, ...] | None:
    """A list of lengths, or None. `True` is an int to Python, and no length."""
    if not isinstance(told, list) or not set(map(type, told)) <= _INTEGERS:
        return None
    return tuple(told) if not told or 0 <= min(told) <= max(told) <= MAX_SIZE else None


def _check_spans(spans: list[Span], data_bytes: int | None) -> None:
    """Every byte once: no overlap, no hole, nothing behind the file's end."""
    reached = 0
    for begin, end in sorted(spans):
        if begin != reached:
            raise HeaderError("tensors overlap, or leave a hole between them", (begin, reached))
        reached = end
    if reached > (MAX_SIZE if data_bytes is None else data_bytes):
        raise HeaderError("tensors reach behind the end of the file", reached)
