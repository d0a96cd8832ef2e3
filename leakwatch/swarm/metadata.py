"""How to take part in a swarm, and the check of what a swarm gave."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from leakwatch.errors import ConfigError, SwarmError
from leakwatch.swarm.frames import PROBLEMS
from leakwatch.torrent.infohash import Infohashes, InfohashV2, swarm_key

_ENDPOINT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+):[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class SwarmSettings:
    """How to take part in a swarm without being part of it.

    Units:  `deadline_s` is the most that one torrent may take, whatever the caller allows.
    `listen` is the address of the DHT's socket; `dht_bootstrap` are nodes as host:port, none switches the DHT
    off. A session that looks for something and has no packet from the DHT for `stall_s` is built anew.
    `allow_networks` are networks whose addresses may be dialled although they are not public ones.
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


def checked(raw: bytes, asked: Infohashes, max_bytes: int) -> bytes:
    """The bytes, if they are what was asked for: every infohash that was given must be theirs.

    Twenty bytes alone may be all that the DHT tells of a v2 infohash (BEP 52), and are then the beginning of theirs.
    Raises: SwarmError if they are larger than allowed or of another torrent.
    """
    if len(raw) > max_bytes:
        raise SwarmError(PROBLEMS["too_large"])
    if asked.v1 and asked.v1 != hashlib.sha1(raw, usedforsecurity=False).digest():
        its_v2 = InfohashV2(hashlib.sha256(raw).digest())
        if asked.v2 or asked.v1 != swarm_key(its_v2):
            raise SwarmError("the metadata does not have the v1 infohash that was asked for")
    if asked.v2 and asked.v2 != hashlib.sha256(raw).digest():
        raise SwarmError("the metadata does not have the v2 infohash that was asked for")
    return raw
