"""Headers of safetensors and GGUF files, written here by hand from the formats' specifications."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.errors import HeaderError, LeakwatchError
from leakwatch.headers.prints import print_of
from leakwatch.headers.reader import HeaderKeeper, bytes_needed, read_header
from leakwatch.headers.stored import from_json, to_json
from leakwatch.headers.tensor import GGML_TYPES, MAX_HEADER_BYTES, Header, Tensor

NUMBERS = {name: number for number, (name, _, _) in GGML_TYPES.items()}
U8, BOOL, STRING, ARRAY, UINT32 = 0, 7, 8, 9, 4


def framed(text: bytes) -> bytes:
    """A safetensors header of this JSON text."""
    return len(text).to_bytes(8, "little") + text


def entry(dtype: str, shape: Sequence[int], begin: int, end: int) -> dict[str, Any]:
    """What safetensors says of one tensor."""
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def safetensors(entries: dict[str, Any]) -> bytes:
    """A safetensors header of these entries."""
    return framed(json.dumps(entries).encode())


def text(told: str) -> bytes:
    """A GGUF string."""
    return struct.pack("<Q", len(told.encode())) + told.encode()


def pair(key: str, kind: int, value: bytes) -> bytes:
    """A GGUF key-value pair."""
    return text(key) + struct.pack("<I", kind) + value


def info(name: str, dtype: int, lengths: Sequence[int], offset: int) -> bytes:
    """A GGUF tensor description; `lengths` in the file's order, the row first."""
    return text(name) + struct.pack(f"<I{len(lengths)}QIQ", len(lengths), *lengths, dtype, offset)


def gguf(infos: Sequence[bytes], pairs: Sequence[bytes] = (), version: int = 3) -> bytes:
    """A GGUF header, padded to 32 bytes."""
    head = b"GGUF" + struct.pack("<IQQ", version, len(infos), len(pairs)) + b"".join(pairs) + b"".join(infos)
    return head + bytes(-len(head) % 32)


TWO = {"a": entry("F16", (2, 3), 0, 12), "b": entry("F32", (), 12, 16)}
EVERY_KIND = [
    pair("general.architecture", STRING, text("llama")),
    *(
        pair(f"k{kind}", kind, bytes(size))
        for kind, size in enumerate((1, 1, 2, 2, 4, 4, 4, 1))
        if kind != STRING
    ),
    *(pair(f"k{kind}", kind, bytes(8)) for kind in (10, 11, 12)),
    pair("numbers", ARRAY, struct.pack("<IQ", UINT32, 3) + bytes(12)),
    pair("tokens", ARRAY, struct.pack("<IQ", STRING, 2) + text("a") + text("ü")),
    pair("nested", ARRAY, struct.pack("<IQ", ARRAY, 1) + struct.pack("<IQ", U8, 5) + bytes(5)),
]
QUANTISED = gguf([info("q", NUMBERS["Q4_K"], (512, 3), 0), info("n", 0, (7,), 864)], EVERY_KIND)


def test_safetensors() -> None:
    """A safetensors header gives names, dtypes, shapes and its own length; free text is passed over."""
    head = safetensors({"__metadata__": {"format": "pt"}, **TWO})
    expected = Header("safetensors", (Tensor("a", "F16", (2, 3)), Tensor("b", "F32", ())), len(head))
    assert read_header(head + bytes(16), len(head) + 16) == expected
    assert [tensor.size_bytes for tensor in expected.tensors] == [12, 4]


def test_gguf() -> None:
    """A GGUF header gives tensors with the row last, the architecture and where the data begins, past values of all kinds."""
    tensors = (Tensor("q", "Q4_K", (3, 512)), Tensor("n", "F32", (7,)))
    assert read_header(QUANTISED, len(QUANTISED) + 892) == Header(
        "gguf", tensors, len(QUANTISED), 32, "llama"
    )
    assert tensors[0].size_bytes == 6 * 144


def test_gguf_alignment() -> None:
    """The alignment that a file states is the one its data begins at."""
    head = gguf(
        [info("a", 0, (1,), 0), info("b", 0, (1,), 128)],
        [pair("general.alignment", 4, struct.pack("<I", 128))],
    )
    header = read_header(head + bytes(256))
    assert header is not None
    assert (header.alignment, header.header_bytes % 128) == (128, 0)


@pytest.mark.parametrize("data", [b"", b"GGM", b"\x89PNG\r\n\x1a\n{}", b"PK\3\4" + bytes(40), b"{" * 64])
def test_neither(data: bytes) -> None:
    """What is neither format is None, and wants no more bytes than tell so."""
    assert read_header(data) is None
    assert bytes_needed(data) <= 9


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ({"a": entry("F16", (2, 3), 0, 10)}, "fit its shape"),
        ({"a": entry("F16", (2,), 0, 4), "b": entry("F16", (2,), 2, 6)}, "overlap"),
        ({"a": entry("F16", (2,), 0, 4), "b": entry("F16", (2,), 8, 12)}, "hole"),
        ({"a": entry("F16", (2,), 4, 0)}, "begin and an end"),
        ({"a": entry("F16", (-1,), 0, 4)}, "shape"),
        ({"a": entry("F16", (True,), 0, 2)}, "shape"),
        ({"a": entry("F16", (1,) * 9, 0, 2)}, "shape"),
        ({"a": entry("F16", (2**40, 2**40), 0, 2**81)}, "data_offsets"),
        ({"a": entry("Q4_K", (256,), 0, 144)}, "dtype"),
        ({"a": 1}, "object"),
        ({"a": {"dtype": "F16"}}, "shape"),
        ({"\ud800": entry("F16", (1,), 0, 2)}, "surrogate"),
        ({"a": entry("F16", (2,), 0, 4000)}, "fit its shape"),
    ],
)
def test_safetensors_refused(entries: dict[str, Any], problem: str) -> None:
    """A header whose tensors overlap, leave holes, or do not fit their shapes is refused with the rule it breaks."""
    with pytest.raises(HeaderError, match=problem):
        read_header(safetensors(entries))


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (framed(b'{"a":{},"a":{}}'), "twice"),
        (framed(b'{"a":NaN}'), "number"),
        (framed(b'{"a":{}') + b"}", "not JSON"),
        (framed(b'{"\xff":1}'), "not JSON"),
        (framed(b'{"a":' + b"[" * 100_000), "not JSON"),
        (framed(b'{"a":' + b"[]," * 3_000_000), "too many parts"),
        (framed(b'{"a":1' + b"0" * 5000 + b"}"), "not JSON"),
        (framed(b"{}")[:-1], "ends after"),
        ((MAX_HEADER_BYTES + 1).to_bytes(8, "little") + b"{", "header of 100000001 bytes"),
    ],
)
def test_safetensors_malformed(head: bytes, problem: str) -> None:
    """Repeated keys, deep nesting, text that is no UTF-8 and absurd lengths are refused."""
    with pytest.raises(HeaderError, match=problem):
        read_header(head)


def test_file_too_short() -> None:
    """Tensors that reach behind the end of a file of known size are refused, in both formats."""
    head = safetensors(TWO)
    with pytest.raises(HeaderError, match="behind the end"):
        read_header(head, len(head) + 15)
    with pytest.raises(HeaderError, match="behind the end"):
        read_header(QUANTISED, len(QUANTISED) + 800)


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (gguf([], version=1), "version 1"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian"),
        (gguf([], version=4), "unknown version 4"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**40, 0), "tensors and"),
        (gguf([], [pair("a", 13, b"")]), "unknown kind"),
        (gguf([], [pair("a", U8, b"1"), pair("a", U8, b"1")]), "twice"),
        (gguf([], [pair("a", ARRAY, struct.pack("<IQ", STRING, 2**30))]), "more than"),
        (gguf([], [pair("a", ARRAY, struct.pack("<IQ", U8, 2**60))]), "more than"),
        (gguf([], [pair("a", ARRAY, struct.pack("<IQ", STRING, 1) + b"\xff" * 8)]), "more than"),
        (gguf([], [pair("a", ARRAY, struct.pack("<IQ", ARRAY, 1) * 9)]), "nested too deep"),
        (gguf([], [pair("general.alignment", 4, struct.pack("<I", 24))]), "power of two"),
        (gguf([info("a", 5, (32,), 0)]), "unknown type 5"),
        (gguf([info("a", 0, (1,) * 9, 0)]), "9 dimensions"),
        (gguf([info("a", 0, (2**47, 2**47), 0)]), "larger than is possible"),
        (gguf([info("a", NUMBERS["Q4_0"], (31,), 0)]), "end with a block"),
        (gguf([info("a", 0, (64,), 0), info("b", 0, (1,), 32)]), "overlap"),
        (gguf([info("a", 0, (1,), 8)]), "multiple of 32"),
        (gguf([info("a", 0, (1,), 0), info("a", 0, (1,), 32)]), "same name"),
        (gguf([struct.pack("<Q", 1) + b"\xff" + info("", 0, (1,), 0)[8:]]), "not UTF-8"),
        (QUANTISED[:200], "within the header"),
    ],
)
def test_gguf_refused(head: bytes, problem: str) -> None:
    """A GGUF header of another version or byte order, with unknown, overlapping or impossible parts, is refused by name."""
    with pytest.raises(HeaderError, match=problem):
        read_header(head)


@pytest.mark.parametrize("head", [safetensors(TWO), QUANTISED])
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_keeper(head: bytes, step: int) -> None:
    """Whatever the chunks, the keeper ends with the header of the file, and keeps no more than a little beyond it."""
    data = head + bytes(300_000)
    keeper = HeaderKeeper()
    for start in range(0, len(data), step):
        keeper.update(memoryview(data)[start : start + step])
    assert keeper.finish() == read_header(head)
    assert len(keeper._head) <= max(len(head), 64 * 1024)


@pytest.mark.parametrize("head", [safetensors(TWO), QUANTISED])
def test_bytes_needed(head: bytes) -> None:
    """Asked with what it asked for before, it asks for more until the header can be read, and then for nothing."""
    have, steps = 0, 0
    while (wanted := bytes_needed(head[:have])) > have:
        assert wanted <= MAX_HEADER_BYTES + 8
        have, steps = wanted, steps + 1
    assert steps <= 3
    assert read_header(head[:have]) == read_header(head)


def test_long_vocabulary() -> None:
    """A vocabulary of many strings is walked in steps that double."""
    words = b"".join(text(f"word{number}") for number in range(50_000))
    head = gguf([info("a", 0, (4,), 0)], [pair("t", ARRAY, struct.pack("<IQ", STRING, 50_000) + words)])
    keeper = HeaderKeeper()
    keeper.update(head + bytes(16))
    header = keeper.finish()
    assert header is not None
    assert header.header_bytes == len(head)


def survives(data: bytes) -> None:
    """Reading gives a value or a LeakwatchError, and what it gives can be stored."""
    assert bytes_needed(data) <= MAX_HEADER_BYTES + 8
    try:
        header = read_header(data, len(data))
        if header is not None:
            told = print_of(header)
            assert from_json(json.loads(json.dumps(to_json(told)))) == told
    except LeakwatchError:
        return


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda data: b"GGUF\3\0\0\0" + data)))
@settings(deadline=None, max_examples=300)
def test_any_bytes(data: bytes) -> None:
    """On any bytes a reader returns or raises a LeakwatchError."""
    survives(data)
    survives(framed(b"{" + data))


@given(
    head=st.sampled_from([safetensors(TWO) + bytes(16), QUANTISED + bytes(896)]),
    edits=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), min_size=1, max_size=4),
    cut=st.integers(0, 700),
)
@settings(deadline=None, max_examples=400)
def test_mutated_headers(head: bytes, edits: list[tuple[int, int]], cut: int) -> None:
    """A header with some bytes changed, or cut off, is read or refused, and nothing else happens."""
    data = bytearray(head)
    for place, value in edits:
        data[place % len(data)] = value
    survives(bytes(data))
    survives(bytes(data[:cut]))
