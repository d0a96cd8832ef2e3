"""Infohashes: 40 hex, 32 base32, multihash; and the swarms they name."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.errors import InfohashError
from leakwatch.torrent.infohash import (
    Infohashes,
    InfohashV1,
    InfohashV2,
    parse_v1,
    parse_v2,
    swarm_key,
)

V1 = InfohashV1(bytes(range(20)))
V2 = InfohashV2(bytes(range(100, 132)))


@given(st.binary(min_size=20, max_size=20))
def test_v1_comes_back_from_every_spelling(digest: bytes) -> None:
    """Hex and base32, in capitals or not, give the same 20 bytes."""
    base32 = base64.b32encode(digest).decode()
    for text in (digest.hex(), digest.hex().upper(), base32, base32.lower()):
        assert parse_v1(text) == digest


@given(st.binary(min_size=32, max_size=32))
def test_v2_comes_back_from_its_multihash(digest: bytes) -> None:
    """The multihash of SHA-256 in either case of hex gives the same 32 bytes."""
    assert parse_v2("1220" + digest.hex()) == digest
    assert parse_v2("1220" + digest.hex().upper()) == digest


@given(st.text(max_size=70) | st.text("0123456789abcdefABCDEF234567xyz=\n", min_size=30, max_size=70))
@settings(max_examples=200)
def test_any_text_is_an_infohash_or_an_error(text: str) -> None:
    """Arbitrary text gives 20 or 32 bytes, or an InfohashError that carries the text."""
    for parse, size in ((parse_v1, 20), (parse_v2, 32)):
        told: object
        try:
            told = len(parse(text))
        except InfohashError as error:
            told = error.value
        assert told in (size, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 39,
        "0" * 41,
        "g" * 40,
        "0" * 40 + "\n",
        " " + "0" * 40,
        "A" * 31,
        "A" * 33,
        "1" * 32,
        "٠" * 40,
    ],
)
def test_v1_of_another_form_is_refused(text: str) -> None:
    """A wrong length, a foreign digit or a space around it is no v1 infohash."""
    with pytest.raises(InfohashError):
        parse_v1(text)


@pytest.mark.parametrize(
    "text", ["0" * 64, "1220" + "0" * 63, "1220" + "0" * 65, "1114" + "0" * 64, "1220" + "g" * 64, "1220"]
)
def test_v2_without_its_multihash_prefix_is_refused(text: str) -> None:
    """A v2 infohash is written with its multihash prefix for SHA-256 and 32 bytes, and in no other way."""
    with pytest.raises(InfohashError):
        parse_v2(text)


def test_a_swarm_is_named_by_twenty_bytes() -> None:
    """DHT and trackers know a v1 infohash whole and of a v2 infohash the first 20 bytes."""
    assert swarm_key(V1) == V1
    assert swarm_key(V2) == V2[:20]


@pytest.mark.parametrize(
    ("hashes", "keys", "text"),
    [
        (Infohashes(v1=V1), (V1,), V1.hex()),
        (Infohashes(v2=V2), (V2[:20],), V2.hex()),
        (Infohashes(v1=V1, v2=V2), (V1, V2[:20]), f"{V1.hex()}+{V2.hex()}"),
    ],
    ids=["v1", "v2", "hybrid"],
)
def test_a_hybrid_meets_in_two_swarms(hashes: Infohashes, keys: tuple[bytes, ...], text: str) -> None:
    """Each version present names one swarm, in the order v1, v2."""
    assert hashes.swarm_keys == keys
    assert str(hashes) == text


def test_no_infohash_at_all_is_refused() -> None:
    """A torrent without any infohash cannot be named."""
    with pytest.raises(InfohashError, match="neither"):
        Infohashes()
