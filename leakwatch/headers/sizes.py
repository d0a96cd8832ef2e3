"""A torrent's file list against a model's header print: sizes alone, to the byte.

What a model's tensors take up in a given type follows from their shapes. A file is that, and a header: little, and
of a size that can be foretold within bounds. So the sum of the weights files, less the tensors, must be what headers
are; chance seldom hits that window.

What sizes cannot tell: fine-tunes of the same architecture, which have the same sizes; F16 from BF16; files whose
tensors were each given a type of their own (`UD-`), packings of other tools (GPTQ, AWQ, EXL2), pruned models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from leakwatch.headers.likeness import Likeness, tied_elements
from leakwatch.headers.prints import HeaderPrint
from leakwatch.headers.quants import expected_bytes, quant_named
from leakwatch.headers.tensor import MAX_SIZE, MAX_TENSORS, bytes_of

LEAST_DATA_BYTES = 100_000_000
"""Below so many bytes of tensors nothing is said: the window of headers is then no longer small beside the file."""
MIX_TOLERANCE = 0.0002
"""What a mix of quantisations may be off by. The rules meet published files to 0.0001 once the header is taken off:
what is left is routers in F16 and the like. A wider band lets neighbours in: one layer of a hundred is 0.01."""
_LEAST_PER_TENSOR = 16
"""Bytes of header: less than any format's least, for tensors may have been merged."""
_MOST_PER_TENSOR = {"safetensors": 200, "pickle": 800, "gguf": 250}
"""A long name and its numbers; in a pickled zip also two zip entries and padding to 64 bytes
(343 in LLaMA's own file)."""
_MOST_OF_TEXT = 32 * 1024
"""Free text: a licence, a template of prompts."""
_MOST_PER_FILE = 1024
"""Padding, and what every shard repeats."""
_PER_WORD = (18, 72)
"""Bytes a word of the vocabulary takes up in a GGUF header, with its score, type and merges: 23 to 61 in public files."""
MOST_WINDOW = 0.01
"""The part of a file that the bounds of its header may leave open. A small model with a large vocabulary leaves more,
and a layer more or less then fits as well: nothing is said of it."""
_MAX_FILES = 20_000
_MAX_GROUPS = 1_000
_SUFFIXES = {"safetensors": "safetensors", "gguf": "gguf"} | dict.fromkeys(
    ("bin", "pth", "pt", "ckpt"), "pickle"
)
_SHARD = re.compile(r"[._-](?:part)?\d{1,5}-of-\d{1,5}\Z|(?<![qQ]\d)[._-]\d{1,5}\Z")
"""What a shard's name ends with; the end of `Q4_0` is none."""
_PICKLED = re.compile(r"model|consolidated|weights|checkpoint", re.IGNORECASE)
"""What a `.bin` is called that is no part of a game."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Files that may be one model: their container, what their names have in common, how many, and how much."""

    container: str
    stem: str
    count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Expected:
    """What a model would take up: in which types, told in words; `slack` bytes are allowed both ways."""

    size_bytes: int
    types: str
    is_own: bool = False
    slack: int = 0


def by_sizes(print_: HeaderPrint, files: Sequence[tuple[str, int]]) -> Likeness | None:
    """Judge a list of (path, size in bytes), as a torrent's metadata gives it, against the asset's print.

    resharded    the weights files together are the asset's tensors in their own types, and headers.
    requantised  they are the asset's tensors in F32 or 16 bits, or quantised as the file's name says, and a header.
    None         no such agreement, or a model too small to be known by its size. It does not mean `different`.
    """
    if print_.data_bytes < LEAST_DATA_BYTES:
        return None
    found = [judged for group in _groups(files) if (judged := _judge(print_, group))]
    return min(found, key=lambda judged: judged.kind != "resharded", default=None)


def _groups(files: Iterable[tuple[str, int]]) -> list[_Group]:
    """Weights files by name without the shard's number; all in a folder; all there are. GGUF by name only.

    A folder often holds a model twice, whole and in shards, or quantised in ten ways.
    """
    members: dict[tuple[str, str, str], list[int]] = {}
    taken = 0
    for path, size in files:
        folder, _, name = path.rpartition("/")
        stem, _, suffix = name.rpartition(".")
        container = _SUFFIXES.get(suffix.lower())
        if container is None or not 0 < size <= MAX_SIZE or taken >= _MAX_FILES:
            continue
        if suffix.lower() == "bin" and not _PICKLED.search(stem[-255:]):
            continue
        taken += 1
        keys = {("name", folder, _SHARD.sub("", stem))}
        if container != "gguf":
            keys |= {("folder", folder, ""), ("all", "", "")}
        for how, where, what in keys:
            members.setdefault((container, f"{how}:{where}", what), []).append(size)
    told = [
        _Group(container, stem, len(sizes), sum(sizes)) for (container, _, stem), sizes in members.items()
    ]
    return sorted(set(told), key=lambda group: -group.size_bytes)[:_MAX_GROUPS]


def _judge(print_: HeaderPrint, group: _Group) -> Likeness | None:
    expected = _quantised(print_, group) if group.container == "gguf" else _unquantised(print_)
    least, most = _overhead(print_, group)
    if most - least > MOST_WINDOW * group.size_bytes:
        return None
    for one in expected:
        over = group.size_bytes - one.size_bytes
        if least - one.slack <= over <= most + one.slack:
            files = f"{group.count} files" if group.count > 1 else "1 file"
            much = f"{abs(over):,} {'more' if over >= 0 else 'less'} than the asset's {print_.tensor_count} tensors"
            reason = (
                f"{files} of {group.size_bytes:,} bytes in all: {much} take up{one.types}, as headers are"
            )
            share = min(one.size_bytes / group.size_bytes, 1.0)
            return Likeness("resharded" if one.is_own else "requantised", share, reason)
    return None


def _overhead(print_: HeaderPrint, group: _Group) -> tuple[int, int]:
    """The least and the most that headers can take up."""
    tensors = sum(line.count * (min(line.shape) if len(line.shape) > 2 else 1) for line in print_.histogram)
    least = _LEAST_PER_TENSOR * len(print_.histogram)
    most = (
        min(tensors, MAX_TENSORS) * _MOST_PER_TENSOR[group.container]
        + group.count * _MOST_PER_FILE
        + _MOST_OF_TEXT
    )
    words = _words(print_) if group.container == "gguf" else 0
    return least + _PER_WORD[0] * words, most + _PER_WORD[1] * words


def _words(print_: HeaderPrint) -> int:
    """The size of the vocabulary: the longer side of the word embedding; files of models without one have none."""
    return max(
        (max(line.shape, default=0) for line in print_.histogram if line.role == "embedding"), default=0
    )


def _unquantised(print_: HeaderPrint) -> Iterator[_Expected]:
    """The asset's tensors as they are, and as F32 and 16 bits; with and without what files may lack.

    Buffers and the output that shares the word embedding are there in some files and not in others.
    """
    if print_.format == "safetensors":
        yield _Expected(print_.data_bytes, "", is_own=True)
    lines = [line for line in print_.histogram if line.role != "dropped"]
    matrices = sum(line.elements for line in lines if line.rank > 1)
    vectors = sum(line.elements for line in lines) - matrices
    buffers = print_.elements - matrices - vectors
    tied = tied_elements(print_)
    for width, types in ((2, " in 16 bits"), (4, " in F32")):
        for more, words in ((0, ""), (tied, " and the output"), (-tied, " without the output")):
            yield _Expected(width * (matrices + vectors + more), types + words)
            if buffers:
                yield _Expected(width * (matrices + vectors + buffers + more), types + words)
            if width == 2:
                yield _Expected(width * (matrices + more) + 4 * vectors, f"{types}, vectors in F32{words}")


def _quantised(print_: HeaderPrint, group: _Group) -> Iterator[_Expected]:
    """The asset's tensors as the file's name says they are; a name that says nothing may be of any exact type."""
    if print_.format == "gguf":
        own = sum(line.count * -(-bytes_of(line.dtype, line.each) // 32) * 32 for line in print_.histogram)
        yield _Expected(own, "", is_own=True)
    named = quant_named(group.stem)
    for quant in (named,) if named else ("F16", "F32", "Q8_0"):
        for size_bytes, is_mix in expected_bytes(print_, quant):
            slack = int(size_bytes * MIX_TOLERANCE) if is_mix else 0
            yield _Expected(size_bytes, f" in {quant}", slack=slack)
