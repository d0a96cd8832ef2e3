"""Infohashes and the names of swarms: bytes with a kind."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import NewType

from leakwatch.errors import InfohashError

InfohashV1 = NewType("InfohashV1", bytes)
"""20 bytes: SHA-1 of the info dictionary (BEP 3)."""
InfohashV2 = NewType("InfohashV2", bytes)
"""32 bytes: SHA-256 of the info dictionary (BEP 52)."""
PiecesRoot = NewType("PiecesRoot", bytes)
"""32 bytes: Merkle root of one file (BEP 52, "pieces root")."""
SwarmKey = NewType("SwarmKey", bytes)
"""20 bytes: what DHT and trackers know a swarm by: a v1 infohash, or the first 20 bytes of a v2 one."""

_HEX40 = re.compile(r"[0-9a-fA-F]{40}\Z")
_BASE32 = re.compile(r"[A-Za-z2-7]{32}\Z")
_MULTIHASH = re.compile(r"1220([0-9a-fA-F]{64})\Z")


@dataclass(frozen=True, slots=True)
class Infohashes:
    """The infohash or the two infohashes of one torrent; a hybrid has both. At least one is set."""

    v1: InfohashV1 | None = None
    v2: InfohashV2 | None = None

    def __post_init__(self) -> None:
        if self.v1 is None and self.v2 is None:
            raise InfohashError("neither a v1 nor a v2 infohash")

    @property
    def swarm_keys(self) -> tuple[SwarmKey, ...]:
        """The swarms in which peers of this torrent meet; two for a hybrid (BEP 52, "upgrade path")."""
        keys = [SwarmKey(bytes(self.v1))] if self.v1 else []
        return tuple(keys + ([swarm_key(self.v2)] if self.v2 else []))

    def __str__(self) -> str:
        return "+".join(part.hex() for part in (self.v1, self.v2) if part)


def swarm_key(infohash: InfohashV1 | InfohashV2) -> SwarmKey:
    """The name that DHT and trackers use for an infohash of either version."""
    return SwarmKey(bytes(infohash)[:20])


def parse_v1(text: str) -> InfohashV1:
    """A v1 infohash from 40 hex or 32 base32 digits (BEP 9)."""
    if _HEX40.match(text):
        return InfohashV1(bytes.fromhex(text))
    if _BASE32.match(text):
        try:
            return InfohashV1(base64.b32decode(text.upper()))
        except binascii.Error as error:
            raise InfohashError(value=text) from error
    raise InfohashError(value=text)


def parse_v2(text: str) -> InfohashV2:
    """A v2 infohash from its multihash: 12 (SHA-256), 20 (32 bytes), then 64 hex digits (BEP 9, BEP 52)."""
    found = _MULTIHASH.match(text)
    if not found:
        raise InfohashError(value=text)
    return InfohashV2(bytes.fromhex(found[1]))
