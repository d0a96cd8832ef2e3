"""The header of a GGUF file, versions 2 and 3, little-endian: counts, key-value pairs, tensor descriptions.

It does not say how long it is, so the reader walks it; where the bytes at hand end too early it says how many
it wants. Of the key-value pairs only the architecture and the alignment are kept.
Source: ggml, docs/gguf.md.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from leakwatch.errors import HeaderError
from leakwatch.headers.tensor import (
    GGML_TYPES,
    MAX_DIMENSIONS,
    MAX_HEADER_BYTES,
    MAX_SIZE,
    MAX_TENSORS,
    Header,
    Tensor,
)

MAGIC = b"GGUF"
_MAX_PAIRS = 65_536
_MAX_VALUES = 4_000_000
"""Values that must be walked one by one: the strings of a vocabulary and its merges, eight times over."""
_SLOW = 16
"""What a value counts for that is no string: arrays in arrays are walked in Python, one call each."""
_MAX_NAME_BYTES = 65_535
_MAX_ARRAY_DEPTH = 4
_ALIGNMENT = 32
_SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_UINT32, _STRING, _ARRAY = 4, 8, 9
_U32, _U64, _ARRAY_HEAD = struct.Struct("<I"), struct.Struct("<Q"), struct.Struct("<IQ")


class MoreNeeded(Exception):
    """The bytes at hand end before the header does; `end` is the least that is wanted."""

    def __init__(self, end: int) -> None:
        self.end = end
        super().__init__()


def read_gguf(head: bytes, size_bytes: int | None = None) -> Header:
    """Read the header at the start of `head`. `size_bytes`, the whole file's size, bounds the offsets where known.

    Raises: HeaderError naming the first rule that is broken; MoreNeeded if `head` ends too early.
    """
    walk = _Walk(head)
    _check_version(walk.u32())
    tensor_count, pair_count = walk.u64(), walk.u64()
    if tensor_count > MAX_TENSORS or pair_count > _MAX_PAIRS:
        raise HeaderError(f"{tensor_count} tensors and {pair_count} key-value pairs")
    for _ in range(pair_count):
        walk.pair()
    places = [_place(walk) for _ in range(tensor_count)]
    if len({place.tensor.name for place in places}) != len(places):
        raise HeaderError("two tensors have the same name")
    end = -(-walk.position // walk.alignment) * walk.alignment
    _check_places(places, walk.alignment, None if size_bytes is None else size_bytes - end)
    return Header("gguf", tuple(place.tensor for place in places), end, walk.alignment, walk.architecture)


def _check_version(version: int) -> None:
    if version & 0xFFFF == 0 and version:
        raise HeaderError("a big-endian GGUF file, which is not supported")
    if version == 1:
        raise HeaderError("a GGUF file of version 1, which is not supported")
    if version not in (2, 3):
        raise HeaderError(f"a GGUF file of unknown version {version}", version)


@dataclass(frozen=True, slots=True)
class _Place:
    """A tensor and where its bytes begin, counted from the first tensor."""

    tensor: Tensor
    offset: int


@dataclass(slots=True)
class _Walk:
    """A position in the header, and what was learnt so far."""

    head: bytes
    position: int = len(MAGIC)
    values: int = 0
    architecture: str | None = None
    alignment: int = _ALIGNMENT
    keys: set[bytes] = field(default_factory=set)

    def skip(self, count: int) -> int:
        """Go on by so many bytes; where they began."""
        began, self.position = self.position, self.position + count
        if self.position > MAX_HEADER_BYTES:
            raise HeaderError(f"a GGUF header of more than {MAX_HEADER_BYTES} bytes")
        if self.position > len(self.head):
            raise MoreNeeded(self.position)
        return began

    def u32(self) -> int:
        return _U32.unpack_from(self.head, self.skip(4))[0]

    def u64(self) -> int:
        return _U64.unpack_from(self.head, self.skip(8))[0]

    def text(self, limit: int = MAX_HEADER_BYTES) -> bytes:
        length = self.u64()
        if length > limit:
            raise HeaderError(f"a text of {length} bytes", length)
        began = self.skip(length)
        return self.head[began : self.position]

    def pair(self) -> None:
        key = self.text(_MAX_NAME_BYTES)
        if key in self.keys:
            raise HeaderError("a key stands in the header twice", key)
        self.keys.add(key)
        kind = self.u32()
        if key == b"general.architecture" and kind == _STRING:
            self.architecture = self.text().decode("utf-8", "replace")[:64]
        elif key == b"general.alignment" and kind == _UINT32:
            self.alignment = self.u32()
            if not 1 <= self.alignment <= 2**20 or self.alignment & (self.alignment - 1):
                raise HeaderError("general.alignment is not a power of two", self.alignment)
        else:
            self.value(kind, 0)

    def value(self, kind: int, depth: int) -> None:
        """Walk over one value."""
        if kind in _SCALAR_BYTES:
            self.skip(_SCALAR_BYTES[kind])
        elif kind == _STRING:
            self.text()
        elif kind == _ARRAY and depth < _MAX_ARRAY_DEPTH:
            self.array(depth)
        else:
            raise HeaderError("a value of unknown kind, or arrays nested too deep", kind)

    def array(self, depth: int) -> None:
        kind, count = _ARRAY_HEAD.unpack_from(self.head, self.skip(_ARRAY_HEAD.size))
        if kind in _SCALAR_BYTES:
            self.skip(count * _SCALAR_BYTES[kind])
            return
        self.values += count if kind == _STRING else _SLOW * count
        if self.values > _MAX_VALUES:
            raise HeaderError(f"more than {_MAX_VALUES} values")
        if kind == _STRING:
            self.texts(count)
            return
        for _ in range(count):
            self.value(kind, depth + 1)

    def texts(self, count: int) -> None:
        """Walk over many strings: nine tenths of a header are vocabulary, so this loop is kept bare."""
        head, position, length_at = self.head, self.position, _U64.unpack_from
        last = min(len(head), MAX_HEADER_BYTES) - 8
        while count and position <= last:
            position += 8 + length_at(head, position)[0]
            count -= 1
        self.skip(position - self.position)
        if count:
            self.skip(8 * count)  # at the least: it does not fit, and this says so


def _place(walk: _Walk) -> _Place:
    name = walk.text(_MAX_NAME_BYTES)
    count = walk.u32()
    if count > MAX_DIMENSIONS:
        raise HeaderError(f"a tensor of {count} dimensions", count)
    shape = tuple(walk.u64() for _ in range(count))[::-1]
    number, offset = walk.u32(), walk.u64()
    if number not in GGML_TYPES:
        raise HeaderError(f"a tensor of unknown type {number}", number)
    dtype, block, _ = GGML_TYPES[number]
    try:
        tensor = Tensor(name.decode("utf-8"), dtype, shape)
    except UnicodeDecodeError as error:
        raise HeaderError("a tensor's name is not UTF-8", name) from error
    if max(shape, default=1) > MAX_SIZE or tensor.elements > MAX_SIZE or offset > MAX_SIZE:
        raise HeaderError("a tensor is larger than is possible", shape)
    if (shape[-1] if shape else 1) % block:
        raise HeaderError(f"a row of {dtype} does not end with a block", shape)
    return _Place(tensor, offset)


def _check_places(places: list[_Place], alignment: int, data_bytes: int | None) -> None:
    """No overlap, every beginning aligned, nothing behind the file's end."""
    reached = 0
    for place in sorted(places, key=_offset):
        if place.offset < reached:
            raise HeaderError("tensors overlap", place.offset)
        if place.offset % alignment:
            raise HeaderError(f"a tensor does not begin at a multiple of {alignment} bytes", place.offset)
        reached = place.offset + place.tensor.size_bytes
    if reached > (MAX_SIZE if data_bytes is None else data_bytes):
        raise HeaderError("tensors reach behind the end of the file", reached)


def _offset(place: _Place) -> int:
    return place.offset
