"""A header print as JSON and back. Tensors that differ in numbers only, such as layers and experts, share a line.

`{"schema": 1, "format", "architecture", "header_bytes", "digest", "parts": [hex],
  "tensors": [{"name": "layers.{}.wq", "dtype", "shape", "at": "0 1 2"}]}`; a line without `at` is one tensor of that
very name. The digest is computed anew and must agree: what was stored or imported is no more trusted than a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from math import prod
from typing import Any

from leakwatch.errors import HeaderError
from leakwatch.headers.prints import MAX_FILES, HeaderPrint, assembled
from leakwatch.headers.tensor import BLOCKS, MAX_DIMENSIONS, MAX_HEADER_BYTES, MAX_SIZE, MAX_TENSORS, Tensor

_SCHEMA = 1
_NUMBER = re.compile(r"(?<![0-9])(?:0|[1-9][0-9]{0,8})(?![0-9])")
"""A number that is written back as it was read: no zero before it."""
_AT = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_HOLE = "{}"
_MAX_NAME = 65_535
_HALF_PAIR = re.compile("[\ud800-\udfff]")

MAX_TEXT = 16 * 2**20
"""Characters of a print as text."""
_Line = tuple[str, str, tuple[int, ...]]


def to_text(print_: HeaderPrint) -> str:
    """The print as compact JSON text, of ASCII only. Raises: HeaderError if it is longer than `MAX_TEXT`."""
    text = json.dumps(to_json(print_), separators=(",", ":"))
    if len(text) > MAX_TEXT:
        raise HeaderError(f"a header print of more than {MAX_TEXT} characters")
    return text


def from_text(text: str) -> HeaderPrint:
    """The print that `to_text` wrote. Raises: HeaderError if it is no JSON, too long, or no such print."""
    if len(text) > MAX_TEXT:
        raise HeaderError(f"a header print of more than {MAX_TEXT} characters")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HeaderError("a header print is JSON") from error
    return from_json(told)


def to_json(print_: HeaderPrint) -> dict[str, Any]:
    """All that is needed to build the print again."""
    lines: dict[tuple[_Line, bool], list[str]] = {}
    for tensor in print_.tensors:
        name, numbers = _without_numbers(tensor.name)
        at = lines.setdefault(((name, tensor.dtype, tensor.shape), bool(numbers)), [])
        if numbers:
            at.append(".".join(numbers))
    return {
        "schema": _SCHEMA,
        "format": print_.format,
        "architecture": print_.architecture,
        "header_bytes": print_.header_bytes,
        "digest": print_.digest.hex(),
        "parts": [part.hex() for part in print_.parts],
        "tensors": [_line(line, at) for (line, _), at in lines.items()],
    }


def from_json(told: Any) -> HeaderPrint:
    """The print that `to_json` wrote.

    Raises: HeaderError naming the first field that is not as it is written there.
    """
    if not isinstance(told, dict) or told.get("schema") != _SCHEMA:
        raise HeaderError("a header print is an object of schema 1")
    of_format, architecture = told.get("format"), told.get("architecture")
    if of_format not in ("safetensors", "gguf"):
        raise HeaderError("format: neither safetensors nor gguf", of_format)
    if architecture is not None and not _is_name(architecture, 64):
        raise HeaderError("architecture: not a short text", architecture)
    header_bytes = told.get("header_bytes")
    if type(header_bytes) is not int or not 0 <= header_bytes <= MAX_FILES * (MAX_HEADER_BYTES + 8):
        raise HeaderError("header_bytes: not a number of bytes", header_bytes)
    tensors = sorted(_tensors(told.get("tensors")), key=lambda tensor: tensor.name)
    if any(one.name == other.name for one, other in pairwise(tensors)):
        raise HeaderError("tensors: a name stands here twice")
    built = assembled(of_format, architecture, tensors, _parts(told.get("parts")), header_bytes)
    if told.get("digest") != built.digest.hex():
        raise HeaderError("digest: not that of these tensors", told.get("digest"))
    return built


def _without_numbers(name: str) -> tuple[str, list[str]]:
    """A name with its numbers cut out; one that has the mark of a hole already stays whole."""
    if _HOLE in name:
        return name, []
    return _NUMBER.sub(_HOLE, name), _NUMBER.findall(name)


def _line(line: _Line, at: list[str]) -> dict[str, Any]:
    name, dtype, shape = line
    told: dict[str, Any] = {"name": name, "dtype": dtype, "shape": list(shape)}
    return told | {"at": " ".join(at)} if at else told


def _parts(told: Any) -> list[bytes]:
    if not isinstance(told, list) or not 1 <= len(told) <= MAX_FILES:
        raise HeaderError("parts: not a list of digests")
    if not all(isinstance(part, str) and re.fullmatch(r"[0-9a-f]{32}", part) for part in told):
        raise HeaderError("parts: not digests of 32 hex digits")
    return [bytes.fromhex(part) for part in told]


def _tensors(told: Any) -> Iterator[Tensor]:
    if not isinstance(told, list) or len(told) > MAX_TENSORS:
        raise HeaderError("tensors: not a list, or too long")
    left = MAX_TENSORS
    name_bytes = 0
    for line in told:
        if not isinstance(line, dict):
            raise HeaderError("tensors: a line is not an object")
        dtype, shape = line.get("dtype"), _shape(line.get("shape"))
        if not isinstance(dtype, str) or dtype not in BLOCKS:
            raise HeaderError("tensors: an unknown dtype", dtype)
        for name in _names(line.get("name"), line.get("at"), left):
            left -= 1
            name_bytes += len(name)
            if left < 0 or name_bytes > MAX_HEADER_BYTES:
                raise HeaderError("tensors: more than a header holds")
            yield Tensor(name, dtype, shape)


def _shape(told: Any) -> tuple[int, ...]:
    if not isinstance(told, list) or len(told) > MAX_DIMENSIONS:
        raise HeaderError("tensors: a shape is not a short list", told)
    if not all(type(one) is int and 0 <= one <= MAX_SIZE for one in told) or prod(told) > MAX_SIZE:
        raise HeaderError("tensors: a shape is not made of lengths", told)
    return tuple(told)


def _names(name: Any, at: Any, most: int) -> Iterator[str]:
    """The names that a line stands for."""
    if not _is_name(name, _MAX_NAME):
        raise HeaderError("tensors: a name is not a text")
    if at is None:
        yield name
        return
    if not isinstance(at, str) or len(at) > MAX_HEADER_BYTES or at.count(" ") >= most:
        raise HeaderError("tensors: too many numbers in a line")
    between = name.split(_HOLE)
    for numbers in at.split(" "):
        if not _AT.fullmatch(numbers) or numbers.count(".") != len(between) - 2:
            raise HeaderError("tensors: numbers that do not fit the name", numbers[:100])
        filled = (text + number for text, number in zip(between, numbers.split("."), strict=False))
        yield "".join(filled) + between[-1]


def _is_name(told: Any, most: int) -> bool:
    return isinstance(told, str) and len(told) <= most and not _HALF_PAIR.search(told)
