"""What the daemon and its libtorrent child say to one another, in bytes.

A frame is four bytes of length and a body: numbers packed by `struct`, then bytes as they are. Both sides read each
field by hand: the child handles hostile bytes, so what it says is believed only as far as it can be checked. No
answer carries an address.
"""

from __future__ import annotations

import math
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from leakwatch.errors import SwarmError
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2

HEADER_BYTES = 4
_MAX_PEERS = 200
_ROOM_BYTES = 4096
"""What a frame may hold besides metadata: numbers, infohashes, peers."""
_ANSWER = struct.Struct("!IB")  # number, problem
_ASK = struct.Struct("!IdBBBB")  # number, deadline, bytes of both infohashes, IPv4 peers, IPv6 peers
_V1_BYTES, _V2_BYTES = 20, 32
_FAMILIES = ((socket.AF_INET, struct.Struct("!4sH")), (socket.AF_INET6, struct.Struct("!16sH")))

PROBLEMS: Mapping[str, str] = {
    "nowhere": "no peer is known and no DHT node to ask: set swarm.dht_bootstrap",
    "nobody": "no peer of this torrent was found in time",
    "silent": "peers were found, and none gave the metadata in time",
    "refused": "the metadata that a peer gave was not valid",
    "too_large": "the metadata is larger than the limit",
    "stalled": "the DHT had fallen silent; the session was built anew",
}
"""Why the child has no metadata: a closed list, so that no text of a peer's gets out."""
_BY_CODE = ("", *PROBLEMS)
_CODES = {problem: code for code, problem in enumerate(_BY_CODE)}


@dataclass(frozen=True, slots=True)
class Ask:
    """Daemon to child: fetch this. Without infohashes: forget fetch `number`."""

    number: int
    infohashes: Infohashes | None = None
    peers: tuple[tuple[str, int], ...] = ()
    deadline_s: float = 0.0

    def frame(self) -> bytes:
        """The frame of this message. Peers that are no address, which no wall would admit, are left out."""
        v1 = (self.infohashes.v1 if self.infohashes else None) or b""
        v2 = (self.infohashes.v2 if self.infohashes else None) or b""
        four, six = ([*_packed(self.peers[:_MAX_PEERS], *family)] for family in _FAMILIES)
        numbers = _ASK.pack(self.number, self.deadline_s, len(v1), len(v2), len(four), len(six))
        return _frame(b"".join((numbers, v1, v2, *four, *six)))


@dataclass(frozen=True, slots=True)
class Answer:
    """Child to daemon: the raw info dictionary, or a key of `PROBLEMS`. Number 0: the child is ready."""

    number: int
    raw: bytes = b""
    problem: str = ""

    def frame(self) -> bytes:
        """The frame of this message."""
        return _frame(_ANSWER.pack(self.number, _CODES[self.problem]) + self.raw)


class Frames:
    """Cuts what arrives into bodies of frames, of which none is larger than can be honest."""

    def __init__(self, max_metadata_bytes: int) -> None:
        self._limit = max_metadata_bytes + _ROOM_BYTES
        self._received = bytearray()

    def cut(self, data: bytes | memoryview) -> Iterator[bytes]:
        """The bodies that are whole now. Raises: SwarmError at a frame that is too large."""
        self._received += data
        while len(self._received) >= HEADER_BYTES:
            end = HEADER_BYTES + int.from_bytes(self._received[:HEADER_BYTES], "big")
            if end > HEADER_BYTES + self._limit:
                raise SwarmError("the libtorrent child sent too much")
            if len(self._received) < end:
                return
            body = bytes(self._received[HEADER_BYTES:end])
            del self._received[:end]
            yield body


def read_ask(body: bytes) -> Ask:
    """The daemon's message. Raises: SwarmError if it is not one."""
    try:
        number, deadline_s, v1, v2, four, six = _ASK.unpack_from(body)
    except struct.error as error:
        raise SwarmError("not a message") from error
    counts, at = (four, six), _ASK.size + v1 + v2
    sizes = [count * layout.size for count, (_, layout) in zip(counts, _FAMILIES, strict=True)]
    if v1 not in {0, _V1_BYTES} or v2 not in {0, _V2_BYTES} or not math.isfinite(deadline_s):
        raise SwarmError("not a message")
    if len(body) != at + sum(sizes) or sum(counts) > _MAX_PEERS:
        raise SwarmError("not a message")
    asked = None
    if v1 or v2:
        first, second = body[at - v2 - v1 : at - v2], body[at - v2 : at]
        asked = Infohashes(InfohashV1(first) if v1 else None, InfohashV2(second) if v2 else None)
    peers = [
        *_unpacked(body[at : at + sizes[0]], *_FAMILIES[0]),
        *_unpacked(body[at + sizes[0] :], *_FAMILIES[1]),
    ]
    return Ask(number, asked, tuple(peers), deadline_s)


def read_answer(body: bytes) -> Answer:
    """The child's message. Raises: SwarmError if it is not one."""
    if len(body) < _ANSWER.size:
        raise SwarmError("the libtorrent child sent what is not a message")
    number, code = _ANSWER.unpack_from(body)
    raw = body[_ANSWER.size :]
    if code >= len(_BY_CODE) or (code and raw):
        raise SwarmError("the libtorrent child sent what is not a message")
    return Answer(number, raw, _BY_CODE[code])


def _frame(body: bytes) -> bytes:
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def _packed(
    peers: Iterable[tuple[str, int]], family: socket.AddressFamily, layout: struct.Struct
) -> Iterator[bytes]:
    for host, port in peers:
        try:
            yield layout.pack(socket.inet_pton(family, host), port)
        except (OSError, ValueError, struct.error):  # of the other family, or no address at all
            continue


def _unpacked(
    packed: bytes, family: socket.AddressFamily, layout: struct.Struct
) -> Iterator[tuple[str, int]]:
    for address, port in layout.iter_unpack(packed):
        yield socket.inet_ntop(family, address), port
