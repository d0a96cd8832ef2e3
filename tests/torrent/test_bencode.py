"""Bencoding: what is written is read back, what is odd is remarked, what is broken is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.errors import BencodeError
from leakwatch.torrent.bencode import MAX_BYTES, MAX_DEPTH, Value, decode, encode

SCALARS = st.integers(-(10**19), 10**19) | st.binary(max_size=40)
VALUES: st.SearchStrategy[Value] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=8), inner, max_size=4),
    max_leaves=20,
)
ALMOST = st.binary(max_size=200) | st.lists(
    st.sampled_from([b"d", b"l", b"i", b"e", b"0", b"1", b"9", b"-", b":", b"4:info", b"i1e", b"le", b"de"]),
    max_size=40,
).map(b"".join)


@given(VALUES)
@settings(deadline=None)
def test_what_is_written_is_read_back(value: Value) -> None:
    """Every value comes back from its bytes, to the last byte and without a remark."""
    data = encode(value)
    decoded = decode(data)
    assert (decoded.value, decoded.end, decoded.remarks) == (value, len(data), [])


@given(st.dictionaries(st.binary(max_size=8), VALUES, min_size=1, max_size=5), st.binary(max_size=5))
@settings(deadline=None, max_examples=60)
def test_spans_cut_out_each_value(top: dict[bytes, Value], rest: bytes) -> None:
    """The span of a key cuts exactly the bytes of its value, whatever follows the dictionary."""
    data = encode(top) + rest
    decoded = decode(data)
    assert decoded.spans.keys() == top.keys()
    assert {key: data[start:end] for key, (start, end) in decoded.spans.items()} == {
        key: encode(value) for key, value in top.items()
    }
    assert data[decoded.end :] == rest


@given(VALUES, st.data())
@settings(deadline=None, max_examples=60)
def test_a_cut_value_is_refused(value: Value, data: st.DataObject) -> None:
    """No beginning of a value passes for a whole one."""
    whole = encode(value)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(BencodeError):
        decode(whole[:cut])


@given(ALMOST)
@settings(deadline=None, max_examples=300)
def test_any_bytes_give_a_value_or_an_error(data: bytes) -> None:
    """Arbitrary bytes are decoded to a value that can be written again, or are refused."""
    try:
        decoded = decode(data)
    except BencodeError:
        return
    assert 0 < decoded.end <= len(data)
    assert decode(encode(decoded.value)).value == decoded.value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"e",
        b"x",
        b"-1:a",
        b":",
        b"1",
        b"1:",
        b"2:a",
        b"99999999999999999999:a",
        b"123456789012345678901:a",
        b"i",
        b"ie",
        b"i-e",
        b"i--1e",
        b"i+1e",
        b"i 1e",
        b"i1.5e",
        b"i1",
        b"i123456789012345678901e",
        "i٣e".encode(),
        b"l",
        b"li1e",
        b"d",
        b"d1:ae",
        b"di1e1:ae",
        b"dle1:ae",
        b"d1:a",
    ],
)
def test_malformed_bytes_are_refused(data: bytes) -> None:
    """Each way of being malformed is a BencodeError that blames the sender."""
    with pytest.raises(BencodeError) as caught:
        decode(data)
    assert caught.value.blame == "theirs"


@pytest.mark.parametrize(
    ("data", "value", "remark"),
    [
        (b"i03e", 3, "integer not in its shortest form"),
        (b"i-0e", 0, "integer not in its shortest form"),
        (b"i1ejunk", 1, "4 bytes after the end"),
        (b"d1:ai1e1:ai2ee", {b"a": 1}, "key repeated"),
    ],
)
def test_what_clients_overlook_is_remarked(data: bytes, value: Value, remark: str) -> None:
    """Sloppy bytes that clients accept are read, the first of repeated keys counts, and the remark says so."""
    decoded = decode(data)
    assert decoded.value == value
    assert [text for text in decoded.remarks if text.startswith(remark)]


def test_unsorted_keys_and_padded_lengths_are_read() -> None:
    """Keys out of order and lengths with leading zeros are read as they stand."""
    assert decode(b"d1:bi1e1:ai2ee").value == {b"b": 1, b"a": 2}
    assert decode(b"03:abc").value == b"abc"


@pytest.mark.parametrize(("opening", "closing"), [(b"l", b"e"), (b"d1:a", b"e")])
def test_depth_has_a_limit(opening: bytes, closing: bytes) -> None:
    """The deepest allowed nesting is read and one level more is refused, without exhausting the stack."""
    fits = opening * (MAX_DEPTH - 1) + b"le" + closing * (MAX_DEPTH - 1)
    assert decode(fits).end == len(fits)
    with pytest.raises(BencodeError, match="nested deeper"):
        decode(opening * MAX_DEPTH + b"le" + closing * MAX_DEPTH)
    with pytest.raises(BencodeError, match="nested deeper"):
        decode(opening * 500_000)


def test_size_has_a_limit() -> None:
    """More bytes than the cap are refused before any of them is read."""
    with pytest.raises(BencodeError, match="larger than"):
        decode(bytes(MAX_BYTES + 1))


def test_dictionaries_are_written_sorted() -> None:
    """Keys are written in the order of their bytes, as BEP 3 asks."""
    assert encode({b"b": [1, b"x"], b"a": {b"": -2}}) == b"d1:ad0:i-2ee1:bli1e1:xee"
