"""The print of a model's header: all that comparing needs, and it survives new shards, formats and quantisations.

A model lies in one file or in many; `print_of` is for one, `joined` makes of many prints the model's.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

from leakwatch.errors import HeaderError
from leakwatch.headers.roles import Role, role_of
from leakwatch.headers.tensor import MAX_TENSORS, Format, Header, Tensor, canonical

MAX_FILES = 10_000


@dataclass(frozen=True, slots=True)
class ShapeCount:
    """Tensors that are alike: one line of the histogram.

    Shape:  `shape` is canonical, `row` the length of the row as it lies in the file, `rank` the number of dimensions
            written down; `elements` are those of all `count` tensors.
    """

    dtype: str
    shape: tuple[int, ...]
    row: int
    rank: int
    role: Role
    count: int
    elements: int

    @property
    def each(self) -> int:
        """Elements of one of them."""
        return self.elements // self.count


@dataclass(frozen=True, slots=True)
class HeaderPrint:
    """What a model's headers say of it.

    Shape:  `tensors` ordered by name, each once; `parts` one digest a file, ordered; `digest` is the SHA-256 of names
            and shapes, whatever the dtypes and files.
    Units:  `header_bytes` of all files together; `data_bytes` of all tensors, exact, without padding between them.
    """

    format: Format
    architecture: str | None
    tensors: tuple[Tensor, ...]
    parts: tuple[bytes, ...]
    header_bytes: int
    digest: bytes
    histogram: tuple[ShapeCount, ...]
    elements: int
    data_bytes: int

    @property
    def tensor_count(self) -> int:
        """How many tensors the model has."""
        return len(self.tensors)


def print_of(header: Header) -> HeaderPrint:
    """The print of one file."""
    tensors = _ordered(header.tensors)
    return assembled(header.format, header.architecture, tensors, [_part(tensors)], header.header_bytes)


def joined(prints: Iterable[HeaderPrint]) -> HeaderPrint:
    """Unite the shards of one model, in any order; a tensor that stands in several is counted once.

    Shards that were cut *through* tensors, as tensor parallelism does, have the same names and shapes in every file:
    they are taken for copies, and the result is the size of one.
    Raises: HeaderError if these are not shards of one model: no print, two formats, or one name with two shapes.
    """
    shards = list(prints)
    if not shards or len({one.format for one in shards}) != 1:
        raise HeaderError("not the shards of one model: there is none, or they are of two formats")
    tensors: dict[str, Tensor] = {}
    for shard in shards:
        for tensor in shard.tensors:
            if tensors.setdefault(tensor.name, tensor) != tensor:
                raise HeaderError(
                    "not the shards of one model: a tensor has two shapes or dtypes", tensor.name
                )
    names = sorted({one.architecture for one in shards if one.architecture})
    return assembled(
        shards[0].format,
        names[0] if names else None,
        _ordered(tensors.values()),
        [part for shard in shards for part in shard.parts],
        sum(shard.header_bytes for shard in shards),
    )


def assembled(
    of_format: Format,
    architecture: str | None,
    tensors: Sequence[Tensor],
    parts: Iterable[bytes],
    header_bytes: int,
) -> HeaderPrint:
    """A print of these tensors, which are ordered by name and each there once; all else is computed."""
    kept = tuple(sorted(parts))
    if len(tensors) > MAX_TENSORS or len(kept) > MAX_FILES:
        raise HeaderError(f"more than {MAX_TENSORS} tensors or {MAX_FILES} files")
    return HeaderPrint(
        format=of_format,
        architecture=architecture,
        tensors=tuple(tensors),
        parts=kept,
        header_bytes=header_bytes,
        digest=_digest(tensors),
        histogram=_histogram(tensors),
        elements=sum(tensor.elements for tensor in tensors),
        data_bytes=sum(tensor.size_bytes for tensor in tensors),
    )


def by_shape(print_: HeaderPrint) -> dict[str, dict[tuple[int, ...], tuple[int, int]]]:
    """Dtype -> canonical shape -> (elements, count), for the eye and for comparing."""
    told: dict[str, dict[tuple[int, ...], tuple[int, int]]] = {}
    for line in print_.histogram:
        shapes = told.setdefault(line.dtype, {})
        elements, count = shapes.get(line.shape, (0, 0))
        shapes[line.shape] = (elements + line.elements, count + line.count)
    return told


def _ordered(tensors: Iterable[Tensor]) -> list[Tensor]:
    return sorted(tensors, key=lambda tensor: tensor.name)


def _digest(tensors: Sequence[Tensor]) -> bytes:
    """SHA-256 over names and shapes; a name cannot hold the zero byte that ends it and still be read as another."""
    digest = hashlib.sha256()
    for tensor in tensors:
        name = tensor.name.encode()
        shape = ",".join(map(str, tensor.shape))
        digest.update(b"%d:%s %s;" % (len(name), name, shape.encode()))
    return digest.digest()


def _part(tensors: Sequence[Tensor]) -> bytes:
    """What tells one shard from another: which tensors it has, and of which dtypes."""
    dtypes = ",".join(tensor.dtype for tensor in tensors)
    return hashlib.sha256(_digest(tensors) + dtypes.encode()).digest()[:16]


def _histogram(tensors: Sequence[Tensor]) -> tuple[ShapeCount, ...]:
    alike: Counter[tuple[str, tuple[int, ...], int, int, Role]] = Counter()
    for tensor in tensors:
        row = tensor.shape[-1] if tensor.shape else 1
        alike[tensor.dtype, canonical(tensor.shape), row, len(tensor.shape), role_of(tensor.name)] += 1
    lines = [
        ShapeCount(dtype, shape, row, rank, role, count, count * prod(shape))
        for (dtype, shape, row, rank, role), count in alike.items()
    ]
    return tuple(
        sorted(
            lines, key=lambda line: (-line.elements, line.shape, line.dtype, line.role, line.row, line.rank)
        )
    )
