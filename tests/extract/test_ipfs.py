"""IPFS content ids: found in every form and base, checked by their multihash, peers' ids left alone."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leakwatch.extract.ipfs import cid_v1
from leakwatch.extract.links import find_locators, locate
from leakwatch.matching.engine import artefact_keys
from leakwatch.model.observation import LocatorKind, Observation

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
MULTIHASH = b"\x12\x20" + hashlib.sha256(b"northwind").digest()


def positional(data: bytes, alphabet: str) -> str:
    """Digits of the bytes as one number."""
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, len(alphabet))
        digits = alphabet[digit] + digits
    return digits


def base32(data: bytes) -> str:
    """Multibase `b`."""
    return "b" + base64.b32encode(data).decode().rstrip("=").lower()


V0 = positional(MULTIHASH, BASE58)
V1 = base32(b"\x01\x70" + MULTIHASH)
RAW = base32(b"\x01\x55" + MULTIHASH)
NAME = "k" + positional(b"\x01\x72\x00\x24\x08\x01\x12\x20" + hashlib.sha256(b"key").digest(), BASE36)


def test_the_example_of_the_specification_is_read() -> None:
    """The pair of ids that the documentation of IPFS converts is one content."""
    v0 = "QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR"
    assert cid_v1(v0) == "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (V0, V0),
        (f"get {V1}!", V1),
        (RAW, RAW),
        (f"ipfs://{V1}/weights", V1),
        (f"ipfs://{V0}", V0),
        (f"/ipfs/{V0}/x", V0),
        (f"https://ipfs.io/ipfs/{V0}?filename=x", V0),
        (f"http://127.0.0.1:8080/ipfs/{V1}", V1),
        (f"https://{V1}.ipfs.dweb.link/x", V1),
        (f"https://gateway.example/ipns/{NAME}", NAME),
        (f"ipns://{NAME}", NAME),
        (NAME, NAME),
        (
            "ipfs://z" + positional(b"\x01\x70" + MULTIHASH, BASE58),
            "z" + positional(b"\x01\x70" + MULTIHASH, BASE58),
        ),
        (f"ipfs://f0170{MULTIHASH.hex()}", f"f0170{MULTIHASH.hex()}"),
    ],
)
def test_each_form_is_found(text: str, value: str) -> None:
    """Bare ids, `ipfs://`, and gateways in path and subdomain style give the id as written, where the link began."""
    (found,) = find_locators(f"here: {text}")
    assert (found.kind, found.value) == (LocatorKind.IPFS, value)
    assert found.offset == (10 if text.startswith("get") else 6)


@pytest.mark.parametrize(
    "text",
    [
        V0[:-1] + ("1" if V0[-1] != "1" else "2") + "x",
        V1[:-1],
        V1[:-2] + "a2a",
        "Qm" + "a" * 44 + "a",
        "Qm" + "z" * 44,
        f"/ip4/198.51.100.7/tcp/4001/p2p/{V0}",
        f"/ip4/198.51.100.7/tcp/4001/ipfs/{V0}",
        f"peer id: {V0}",
        f"https://a.example/{V0}x",
        "https://ipfs.io/ipfs/abcdefabcdefabcdefabcdefabcdefabcdefabcdef",
        "ipfs://" + base32(b"\x01\x70\x12\x1f" + MULTIHASH[2:]),
        "ipfs://" + base32(b"\x02\x70" + MULTIHASH),
        "bafy" + "a" * 55,
    ],
)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    """Wrong lengths, wrong versions, peers' ids and other words are no content."""
    assert find_locators(text) == ()


def test_versions_of_one_content_are_one_artefact() -> None:
    """An id of version 0 and of version 1 name the same content."""
    keys = {
        artefact_keys(
            locate(
                Observation(
                    site="b",
                    native_id="1",
                    title="",
                    fetched_at=datetime(2026, 11, 20, tzinfo=UTC),
                    text=text,
                )
            )
        )
        for text in (V0, f"https://{V1}.ipfs.dweb.link/")
    }
    assert keys == {(f"ipfs:{V1}",)}


@example("B\x80")
@given(st.text(max_size=130) | st.binary(min_size=34, max_size=40).map(base32))
def test_any_text_is_an_id_or_none(text: str) -> None:
    """Arbitrary text raises nothing, and what is an id is one again in its version 1."""
    told = cid_v1(text)
    assert told is None or cid_v1(told) == told
