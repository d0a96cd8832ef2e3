"""The DHT's messages: the three questions that we can write, and what comes back.

There is no code here that could announce a peer or answer a query. Each question says that we are read-only,
so that nobody puts us into a routing table.
Source: BEP 5 (KRPC), BEP 32 (`nodes6`), BEP 33 (`scrape`), BEP 43 (`ro`), BEP 51 (`sample_infohashes`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from leakwatch.errors import BencodeError, SwarmError
from leakwatch.swarm.hosts import Endpoint
from leakwatch.torrent.bencode import Value, decode, encode
from leakwatch.torrent.infohash import SwarmKey

ID_BYTES = 20
FILTER_BYTES = 256
MAX_DATAGRAM = 8192
MAX_NODES, MAX_PEERS, MAX_SAMPLES = 16, 200, 100
"""Taken of one answer; honest ones have 8, at most a hundred, and 20."""
MAX_INTERVAL_S = 21_600
"""The longest interval that BEP 51 allows; what a node means that names none."""


class Ask(Enum):
    """What a node can be asked."""

    FIND_NODE = b"find_node"
    GET_PEERS = b"get_peers"
    SAMPLE = b"sample_infohashes"


@dataclass(frozen=True, slots=True)
class Question:
    """One question about a target of 20 bytes; `wants_filters` asks for BEP 33's filters in place of peers."""

    ask: Ask
    target: bytes
    wants_filters: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A DHT node as another one named it."""

    ident: bytes
    endpoint: Endpoint = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a node answered. Addresses are not shown.

    Units:  `interval_s` from 0 to 21,600. `samples` is None where the node does not speak BEP 51; the filters
    are None where it knows no peer of the swarm or does not speak BEP 33.
    """

    ident: bytes
    nodes: tuple[Node, ...] = field(default=(), repr=False)
    peers: tuple[Endpoint, ...] = field(default=(), repr=False)
    samples: tuple[SwarmKey, ...] | None = None
    interval_s: int = MAX_INTERVAL_S
    seed_filter: bytes | None = None
    leecher_filter: bytes | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A node's error message. Its text is not kept."""

    code: int


def write_question(question: Question, transaction: bytes, own_id: bytes) -> bytes:
    """The datagram of a question."""
    name = b"info_hash" if question.ask is Ask.GET_PEERS else b"target"
    told: dict[bytes, Value] = {b"id": own_id, name: question.target}
    if question.wants_filters:
        told[b"scrape"] = 1
    return encode({b"a": told, b"q": question.ask.value, b"ro": 1, b"t": transaction, b"y": b"q"})


def read_answer(datagram: bytes) -> tuple[bytes, Reply | Refusal]:
    """Transaction id and content of a node's answer.

    Raises: SwarmError if it is none, or any part that we use is malformed.
    """
    if len(datagram) > MAX_DATAGRAM:
        raise SwarmError("larger than a DHT message")
    try:
        message = decode(datagram).value
    except BencodeError as error:
        raise SwarmError("not a DHT message") from error
    match message:
        case {b"t": bytes(transaction), b"y": b"r", b"r": dict(told)}:
            return transaction, _reply(told)
        case {b"t": bytes(transaction), b"y": b"e", b"e": [int(code), *_]} if abs(code) < 2**31:
            return transaction, Refusal(code)
        case _:
            raise SwarmError("not a DHT answer")


def distance(one: bytes, other: bytes) -> int:
    """How far apart two ids are (BEP 5, "Overview")."""
    return int.from_bytes(one, "big") ^ int.from_bytes(other, "big")


def _reply(told: dict[bytes, Value]) -> Reply:
    ident, interval = told.get(b"id"), told.get(b"interval")
    if not isinstance(ident, bytes) or len(ident) != ID_BYTES:
        raise SwarmError("a DHT answer without the id of a node")
    if not isinstance(interval, int) or not 0 <= interval <= MAX_INTERVAL_S:
        interval = MAX_INTERVAL_S
    nodes = [*_nodes(told.get(b"nodes", b""), 4), *_nodes(told.get(b"nodes6", b""), 16)]
    return Reply(
        ident,
        nodes=tuple(nodes),
        peers=tuple(_peers(told.get(b"values", []))),
        samples=_samples(told.get(b"samples")),
        interval_s=interval,
        seed_filter=_filter(told.get(b"BFsd")),
        leecher_filter=_filter(told.get(b"BFpe")),
    )


def _nodes(packed: Value, address_bytes: int) -> Iterator[Node]:
    """Nodes in compact form: id, address, port."""
    size = ID_BYTES + address_bytes + 2
    if not isinstance(packed, bytes) or len(packed) % size:
        raise SwarmError("a DHT answer with a malformed list of nodes")
    for start in range(0, min(len(packed), MAX_NODES * size), size):
        yield Node(packed[start : start + ID_BYTES], _endpoint(packed[start + ID_BYTES : start + size]))


def _peers(packed: Value) -> Iterator[Endpoint]:
    """Peers in compact form; of two families in one list."""
    if not isinstance(packed, list):
        raise SwarmError("a DHT answer with a malformed list of peers")
    for each in packed[:MAX_PEERS]:
        if not isinstance(each, bytes) or len(each) not in (6, 18):
            raise SwarmError("a DHT answer with a malformed list of peers")
        yield _endpoint(each)


def _endpoint(packed: bytes) -> Endpoint:
    return str(ipaddress.ip_address(packed[:-2])), int.from_bytes(packed[-2:], "big")


def _samples(packed: Value | None) -> tuple[SwarmKey, ...] | None:
    if packed is None:
        return None
    if not isinstance(packed, bytes) or len(packed) % ID_BYTES:
        raise SwarmError("a DHT answer with malformed samples")
    ends = min(len(packed), MAX_SAMPLES * ID_BYTES)
    return tuple(SwarmKey(packed[start : start + ID_BYTES]) for start in range(0, ends, ID_BYTES))


def _filter(told: Value | None) -> bytes | None:
    if told is None:
        return None
    if not isinstance(told, bytes) or len(told) != FILTER_BYTES:
        raise SwarmError("a DHT answer with a malformed filter")
    return told
