"""Writes a small database in MaxMind's format."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path

Field = str | int | list[str] | Mapping[str, "Field"]


WIDTHS = {"autonomous_system_number": b"\xc0", "node_count": b"\xc0", "build_epoch": b"\0\x02"}
"""Numbers that are not of 16 bits: of 32, of 64. Each as the control byte (or two) without a size."""


def encoded(value: Field, name: str = "") -> bytes:
    """A value of the data section. Source: MaxMind DB format 2.0, "Data field format"."""
    match value:
        case str():
            return bytes([2 << 5 | len(value)]) + value.encode()
        case int():
            body = value.to_bytes(8, "big").lstrip(b"\0")
            kind = WIDTHS.get(name, b"\xa0")
            return bytes([kind[0] | len(body)]) + kind[1:] + body
        case list():
            return bytes([len(value), 11 - 7]) + b"".join(encoded(each) for each in value)
        case _:
            pairs = b"".join(encoded(key) + encoded(each, key) for key, each in value.items())
            return bytes([7 << 5 | len(value)]) + pairs


def write_mmdb(file: Path, networks: Mapping[str, Field]) -> Path:
    """Write a database of IPv4 networks: a binary tree with records of 24 bits, data, and metadata."""
    tree: list[list[int | None]] = [[None, None]]
    data = b""
    for text, record in networks.items():
        network = ipaddress.IPv4Network(text)
        node = 0
        for depth in range(network.prefixlen):
            bit = int(network.network_address) >> (31 - depth) & 1
            if depth == network.prefixlen - 1:
                tree[node][bit] = -1 - len(data)
                break
            if tree[node][bit] is None:
                tree.append([None, None])
                tree[node][bit] = len(tree) - 1
            node = tree[node][bit]
        data += encoded(record)
    count = len(tree)

    def pointer(value: int | None) -> bytes:
        where = count if value is None else value if value >= 0 else count + 16 + -1 - value
        return where.to_bytes(3, "big")

    about: dict[str, Field] = {
        "node_count": count,
        "record_size": 24,
        "ip_version": 4,
        "database_type": "Test",
        "languages": ["en"],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1_700_000_000,
        "description": {"en": "a test"},
    }
    nodes = b"".join(pointer(value) for pair in tree for value in pair)
    file.write_bytes(nodes + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + encoded(about))
    return file
