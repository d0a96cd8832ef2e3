"""Filters of BEP 33: what they hold, how they join, and who is not believed."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.swarm.estimate import believable, deviation, filter_size, joined, union
from leakwatch.swarm.krpc import FILTER_BYTES, Reply

# BEP 33, "Test vectors": 192.0.2.0 to 192.0.2.255 and 2001:DB8:: to 2001:DB8::3E7.
VECTOR = bytes.fromhex(
    "F6C3F5EAA07FFD91BDE89F777F26FB2BFF37BDB8FB2BBAA2FD3DDDE7BACFFF75EE7CCBAEFE5EEDB1FBFAFF67F6ABFF5E"
    "43DDBCA3FD9B9FFDF4FFD3E9DFF12D1BDF59DB53DBE9FA5B7FF3B8FDFCDE1AFB8BEDD7BE2F3EE71EBBBFE93BCDEEFE14"
    "8246C2BC5DBFF7E7EFDCF24FD8DC7ADFFD8FFFDFDDFFF7A4BBEEDF5CB95CE81FC7FCFF1FF4FFFFDFE5F7FDCBB7FD79B3"
    "FA1FC77BFE07FFF905B7B7FFC7FEFEFFE0B8370BB0CD3F5B7F2BD93FEB4386CFDD6F7FD5BFAF2E9EBFFFFEECD67ADBF7"
    "C67F17EFD5D75EBA6FFEBA7FFF47A91EB1BFBB53E8ABFB5762ABE8FF237279BFEFBFEEF5FFC5FEBFDFE5ADFFADFEE1FB"
    "737FFFFBFD9F6AEFFEEE76B6FD8F72EF"
)
EMPTY, FULL = bytes(FILTER_BYTES), b"\xff" * FILTER_BYTES


def filter_of(addresses: Iterable[str]) -> bytes:
    """The filter of some addresses, as a node of the DHT makes it (BEP 33, "Bloom filters")."""
    bits = bytearray(FILTER_BYTES)
    for address in addresses:
        digest = hashlib.sha1(ipaddress.ip_address(address).packed).digest()
        for place in (digest[0] | digest[1] << 8, digest[2] | digest[3] << 8):
            bits[place % 2048 // 8] |= 1 << place % 8
    return bytes(bits)


def some_addresses(count: int, seed: int) -> list[str]:
    """Addresses drawn at random."""
    return [str(ipaddress.IPv4Address(number)) for number in random.Random(seed).sample(range(2**32), count)]


def test_the_beps_own_vector() -> None:
    """The test vector of BEP 33: its filter, and the size that is read from it."""
    addresses = [f"192.0.2.{number}" for number in range(256)] + [
        f"2001:db8::{number:x}" for number in range(1000)
    ]
    assert filter_of(addresses) == VECTOR
    assert filter_size(VECTOR) == pytest.approx(1224.9308, abs=1e-4)


def test_ends_of_the_scale() -> None:
    """An empty filter is nobody, and a full one is as many as a filter can tell."""
    assert filter_size(EMPTY) == 0
    assert 7800 < filter_size(FULL) < 7810


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_error_is_what_it_says(count: int) -> None:
    """Of 150 swarms of a size, about 95 % are within two deviations of it."""
    sizes = [filter_size(filter_of(some_addresses(count, seed))) for seed in range(150)]
    within = sum(abs(size - count) <= 2 * deviation(count) + 1e-9 for size in sizes)
    assert 136 <= within <= 150
    spread = math.sqrt(sum((size - count) ** 2 for size in sizes) / len(sizes))
    assert spread == pytest.approx(deviation(count), rel=0.25)


@given(st.binary(min_size=256, max_size=256), st.binary(min_size=256, max_size=256))
def test_union_grows(one: bytes, other: bytes) -> None:
    """A union is no smaller than its parts, whatever their order, and any filter has a size."""
    both = union([one, other])
    assert both == union([other, one, one])
    assert filter_size(both) >= max(filter_size(one), filter_size(other)) >= 0


def reply(seeds: bytes | None = None, leechers: bytes | None = None) -> Reply:
    """What a node answers."""
    return Reply(bytes(20), seed_filter=seeds, leecher_filter=leechers)


def test_nodes_that_know_different_peers() -> None:
    """Peers scattered over nodes are counted once each: the union of overlapping filters has the right size."""
    everybody = some_addresses(60, 1)
    parts = [everybody[start : start + 30] for start in (0, 10, 20, 30)]
    answers = [reply(filter_of(part), filter_of(part[:5])) for part in parts]
    found = joined([*answers, reply()], peers_seen=7)
    assert abs(found.seeds - 60) <= found.error
    assert abs(found.leechers - 20) <= found.error
    assert (found.nodes_answered, found.filters, found.peers_seen) == (5, 4, 7)


def test_one_liar_is_not_believed() -> None:
    """A node that claims a swarm of thousands alone does not change the count of the others."""
    honest = [reply(filter_of(some_addresses(20, 2)), EMPTY) for _ in range(3)]
    assert joined([*honest, reply(FULL, FULL)], 0).seeds in (19, 20, 21)
    assert joined([*honest, reply(FULL, FULL)], 0).leechers == 0
    assert believable([FULL, EMPTY]) == [FULL, EMPTY]


def test_nobody_knows_the_swarm() -> None:
    """Nodes that answer without filters make an estimate of zero that says so."""
    found = joined([reply(), reply()], 0)
    assert (found.seeds, found.leechers, found.error, found.nodes_answered, found.filters) == (0, 0, 0, 2, 0)
