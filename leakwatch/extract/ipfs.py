"""IPFS content identifiers: checked by decoding multibase and multihash, never by their looks alone.

Source: multiformats/cid ("How does it work", "Decoding Algorithm"), multiformats/multibase and multicodec tables;
        docs.ipfs.tech "Address IPFS on the web" for the path and the subdomain style of gateways.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_CODECS = frozenset([0x55, 0x70, 0x71, 0x72, 0x0129, 0x0200])
"""raw, dag-pb, dag-cbor, libp2p-key, dag-json, json: what content and names are published as."""
_HASHES = {0x12: 32, 0x13: 64, 0x1B: 32, 0x1E: 32, 0xB220: 32}
"""Multihash codes and their lengths: SHA-256, SHA-512, Keccak-256, BLAKE3, BLAKE2b-256."""
_IDENTITY, _IDENTITY_LENGTHS = 0x00, (36, 37)
"""Small keys are given whole, as names in IPNS are."""
_MAX_CID = 120

_WORD = r"[0-9A-Za-z]{40,110}(?![0-9A-Za-z])"
_ADDRESS = re.compile(rf"(?:(?<![0-9A-Za-z])ip[fn]s:(?://|/)(?:ip[fn]s/)?|/ip[fn]s/)({_WORD})", re.IGNORECASE)
_SUBDOMAIN = re.compile(rf"(?<![0-9A-Za-z])({_WORD})\.ip[fn]s\.[a-z0-9-]{{1,63}}(?:\.|:\d)", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![0-9A-Za-z/_+-])(?:Qm[1-9A-HJ-NP-Za-km-z]{44}|baf[a-z2-7]{50,105}|k51[0-9a-z]{59})(?![0-9A-Za-z_+-])"
)
_PEER = re.compile(
    r"/(?:p2p|tcp|udp|quic(?:-v1)?|ws|wss|tcp/\d{1,5}|udp/\d{1,5})/?$|peer[\s_-]?id\W{0,4}$", re.IGNORECASE
)


def cid_v1(text: str) -> str | None:
    """A CID of any version and base as version 1 in base32; None if it is none."""
    if len(text) > _MAX_CID or not text.isascii():
        return None
    binary = _binary(text)
    if binary is None:
        return None
    body = binary
    if not (len(text) == 46 and text.startswith("Qm")):
        version, body = _varint(body)
        codec, body = _varint(body)
        if version != 1 or codec not in _CODECS:
            return None
    else:
        binary = b"\x01\x70" + binary
    code, body = _varint(body)
    length, body = _varint(body)
    if length != len(body):
        return None
    if _HASHES.get(code) != length and not (code == _IDENTITY and length in _IDENTITY_LENGTHS):
        return None
    return "b" + base64.b32encode(binary).decode().rstrip("=").lower()


def _binary(text: str) -> bytes | None:
    """The bytes by multibase prefix; version 0 has none."""
    if len(text) == 46 and text.startswith("Qm"):
        return _positional(text, _BASE58)
    prefix, digits = text[:1], text[1:]
    if prefix in "bB" and prefix:
        try:
            return base64.b32decode(digits.upper() + "=" * (-len(digits) % 8))
        except binascii.Error:
            return None
    if prefix in "fF" and prefix:
        return bytes.fromhex(digits) if re.fullmatch("(?:[0-9a-fA-F]{2})+", digits) else None
    if prefix in "kK" and prefix:
        return _positional(digits.lower(), _BASE36)
    return _positional(digits, _BASE58) if prefix == "z" else None


def _positional(digits: str, alphabet: str) -> bytes | None:
    number = 0
    for digit in digits:
        value = alphabet.find(digit)
        if value < 0:
            return None
        number = number * len(alphabet) + value
    zeros = len(digits) - len(digits.lstrip(alphabet[0]))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _varint(data: bytes) -> tuple[int, bytes]:
    """An unsigned varint of at most four bytes and what follows it; -1 where there is none."""
    value = 0
    for index, byte in enumerate(data[:4]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, data[index + 1 :]
    return -1, b""


def find_cids(text: str, lowered: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and CID as written: `ipfs://`, paths and subdomains of gateways, and bare ones. No peer ids."""
    if "ipfs" in lowered or "ipns" in lowered:
        for pattern in (_ADDRESS, _SUBDOMAIN):
            for found in pattern.finditer(text):
                if cid_v1(found[1]) and not _PEER.search(text[max(0, found.start() - 14) : found.start()]):
                    yield _url_start(text, found.start()), found.end(1), found[1]
    for prefix in ("Qm", "bafy", "bafk", "bafz", "k51"):
        at = text.find(prefix)
        while at >= 0:
            found = _BARE.match(text, at)
            if found and cid_v1(found[0]) and not _PEER.search(text[max(0, at - 14) : at]):
                yield at, found.end(), found[0]
            at = text.find(prefix, at + 3)


def _url_start(text: str, position: int) -> int:
    """Where the address around a position begins."""
    before = text[max(0, position - 300) : position]
    scheme = max(before.rfind("http://"), before.rfind("https://"))
    if scheme < 0 or re.search(r"[\s\"'<>]", before[scheme:]):
        return position
    return position - len(before) + scheme
