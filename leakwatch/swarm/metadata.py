"""What the daemon and its libtorrent child say to one another, and the check of what a swarm gave.

A frame is four bytes of length and a JSON object. Both sides read each field by hand: the child handles
hostile bytes, so what it says is believed only as far as it can be checked. No answer carries an address.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from leakwatch.errors import ConfigError, InfohashError, SwarmError
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2, swarm_key

HEADER_BYTES = 4
_MAX_PEERS = 200
_ENDPOINT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+):[0-9]{1,5}")
_ROOM_BYTES = 64 * 1024
"""What a frame may hold besides metadata: infohashes, peers, names of fields."""

PROBLEMS: Mapping[str, str] = {
    "nowhere": "no peer is known and no DHT node to ask: set swarm.dht_bootstrap",
    "nobody": "no peer of this torrent was found in time",
    "silent": "peers were found, and none gave the metadata in time",
    "refused": "the metadata that a peer gave was not valid",
    "too_large": "the metadata is larger than the limit",
    "stalled": "the DHT had fallen silent; the session was built anew",
}
"""Why the child has no metadata: a closed list, so that no text of a peer's gets out."""


@dataclass(frozen=True, slots=True)
class SwarmSettings:
    """How to take part in a swarm without being part of it.

    Units:  `deadline_s` is the most that one torrent may take, whatever the caller allows.
    `listen` is the address of the DHT's socket; `dht_bootstrap` are nodes as host:port, none switches the DHT
    off. A session of which no look-up is answered for `stall_s` is rebuilt. `allow_networks` are networks whose addresses may be dialled although they are not public ones.
    """

    listen: str = "0.0.0.0:0"
    dht_bootstrap: tuple[str, ...] = ()
    allow_networks: tuple[str, ...] = ()
    deadline_s: float = 60
    max_metadata_bytes: int = 4 * 2**20
    stall_s: float = 120

    def __post_init__(self) -> None:
        for text in self.allow_networks:
            try:
                ipaddress.ip_network(text)
            except ValueError as error:
                raise ConfigError(f"not a network: {text}", field="swarm.allow_networks") from error
        for text in (self.listen, *self.dht_bootstrap):
            if not _ENDPOINT.fullmatch(text):
                raise ConfigError(f"not host:port: {text}", field="swarm")

    def to_json(self) -> str:
        """What the child is started with."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> SwarmSettings:
        """The settings that `to_json` wrote."""
        told: dict[str, Any] = json.loads(text)
        for name in ("dht_bootstrap", "allow_networks"):
            told[name] = tuple(told[name])
        return cls(**told)


@dataclass(frozen=True, slots=True)
class Ask:
    """Daemon to child: fetch this. Without infohashes: forget fetch `number`."""

    number: int
    infohashes: Infohashes | None = None
    peers: tuple[tuple[str, int], ...] = ()
    deadline_s: float = 0.0

    def frame(self) -> bytes:
        """The frame of this message."""
        asked = self.infohashes
        return _frame(
            {
                "number": self.number,
                "v1": asked.v1.hex() if asked and asked.v1 else "",
                "v2": asked.v2.hex() if asked and asked.v2 else "",
                "peers": [list(peer) for peer in self.peers[:_MAX_PEERS]],
                "deadline_s": self.deadline_s,
            }
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """Child to daemon: the raw info dictionary, or a key of `PROBLEMS`. Number 0: the child is ready."""

    number: int
    raw: bytes = b""
    problem: str = ""

    def frame(self) -> bytes:
        """The frame of this message."""
        return _frame({"number": self.number, "raw": self.raw.hex(), "problem": self.problem})


def frame_limit(max_metadata_bytes: int) -> int:
    """The largest frame that can be honest."""
    return 2 * max_metadata_bytes + _ROOM_BYTES


def body_length(header: bytes, limit: int) -> int:
    """Bytes that follow a header. Raises: SwarmError if they are more than can be honest."""
    length = int.from_bytes(header, "big")
    if length > limit:
        raise SwarmError("the libtorrent child sent too much")
    return length


def read_ask(body: bytes) -> Ask:
    """The daemon's message. Raises: SwarmError if it is not one."""
    fields = _fields(body)
    peers, deadline = fields.get("peers"), fields.get("deadline_s")
    if not isinstance(peers, list) or not isinstance(deadline, int | float):
        raise SwarmError("not a message")
    v1, v2 = _hex(fields, "v1"), _hex(fields, "v2")
    try:
        asked = Infohashes(InfohashV1(v1) if v1 else None, InfohashV2(v2) if v2 else None)
    except InfohashError:
        asked = None
    return Ask(_number(fields), asked, tuple(_endpoints(cast("list[object]", peers))), float(deadline))


def read_answer(body: bytes) -> Answer:
    """The child's message. Raises: SwarmError if it is not one."""
    fields = _fields(body)
    problem = fields.get("problem")
    if not isinstance(problem, str) or (problem and problem not in PROBLEMS):
        raise SwarmError("the libtorrent child sent what is not a message")
    return Answer(_number(fields), _hex(fields, "raw"), problem)


def checked(raw: bytes, asked: Infohashes, max_bytes: int) -> bytes:
    """The bytes, if they are what was asked for: every infohash that was given must be theirs.

    Twenty bytes alone may be all that the DHT tells of a v2 infohash (BEP 52), and are then the beginning of theirs.
    Raises: SwarmError if they are larger than allowed or of another torrent.
    """
    if len(raw) > max_bytes:
        raise SwarmError(PROBLEMS["too_large"])
    theirs = {hashlib.sha1(raw, usedforsecurity=False).digest()}
    if not asked.v2:
        theirs.add(swarm_key(InfohashV2(hashlib.sha256(raw).digest())))
    if asked.v1 and asked.v1 not in theirs:
        raise SwarmError("the metadata does not have the v1 infohash that was asked for")
    if asked.v2 and hashlib.sha256(raw).digest() != asked.v2:
        raise SwarmError("the metadata does not have the v2 infohash that was asked for")
    return raw


def _frame(fields: Mapping[str, object]) -> bytes:
    body = json.dumps(fields).encode()
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def _fields(body: bytes) -> dict[str, object]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SwarmError("the libtorrent child sent what is not a message") from error
    if not isinstance(fields, dict):
        raise SwarmError("the libtorrent child sent what is not a message")
    return cast("dict[str, object]", fields)


def _number(fields: Mapping[str, object]) -> int:
    number = fields.get("number")
    if not isinstance(number, int) or number < 0:
        raise SwarmError("the libtorrent child sent what is not a message")
    return number


def _hex(fields: Mapping[str, object], name: str) -> bytes:
    text = fields.get(name)
    try:
        return bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError as error:
        raise SwarmError("the libtorrent child sent what is not a message") from error


def _endpoints(peers: list[object]) -> Iterator[tuple[str, int]]:
    for peer in peers:
        match peer:
            case [str() as host, int() as port]:
                yield host, port
            case _:
                raise SwarmError("not a message")
